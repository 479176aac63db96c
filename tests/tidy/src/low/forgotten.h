#ifndef CM_LOW_FORGOTTEN_H
#define CM_LOW_FORGOTTEN_H
#endif
