#ifndef CM_HIGH_HIGH_H
#define CM_HIGH_HIGH_H
#endif
