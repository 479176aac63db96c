/* Inside backend: the stops of a request. Pure. */
#ifndef CM_BACKEND_STOPS_H
#define CM_BACKEND_STOPS_H
#include "backend/backend.h"

/* Where the first stop begins in `text`; SIZE_MAX: nowhere. */
size_t cm_stops_find(const cm_request *q, cm_str text);
/* How many bytes at the end of `text` may become a stop. */
size_t cm_stops_begun(const cm_request *q, cm_str text);

#endif
