#ifndef LOW_PART_H
#define LOW_PART_H
/* The guard has the wrong name. */
#endif
