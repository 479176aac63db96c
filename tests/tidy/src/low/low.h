/* Nothing is wrong with this one. */
#ifndef CM_LOW_LOW_H
#define CM_LOW_LOW_H
#include <stddef.h>
int cm_low(size_t n);
#endif
