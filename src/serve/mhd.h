/* Inside serve: the functions of libmicrohttpd that we call, found when a server is started. */
#ifndef CM_SERVE_MHD_H
#define CM_SERVE_MHD_H
#include <microhttpd.h>

#include "base/err.h"

typedef struct cm_mhd {
  struct MHD_Daemon *(*start)(unsigned, uint16_t, MHD_AcceptPolicyCallback, void *,
                              MHD_AccessHandlerCallback, void *, ...);
  void (*stop)(struct MHD_Daemon *);
  void (*suspend)(struct MHD_Connection *);
  void (*resume)(struct MHD_Connection *);
  int (*headers)(struct MHD_Connection *, enum MHD_ValueKind, MHD_KeyValueIterator, void *);
  const union MHD_ConnectionInfo *(*info)(struct MHD_Connection *, enum MHD_ConnectionInfoType,
                                          ...);
  struct MHD_Response *(*whole)(size_t, void *, enum MHD_ResponseMemoryMode);
  struct MHD_Response *(*stream)(uint64_t, size_t, MHD_ContentReaderCallback, void *,
                                 MHD_ContentReaderFreeCallback);
  enum MHD_Result (*add_header)(struct MHD_Response *, const char *, const char *);
  enum MHD_Result (*answer)(struct MHD_Connection *, unsigned, struct MHD_Response *);
  void (*free_response)(struct MHD_Response *);
  size_t (*unescape)(char *);
} cm_mhd;

/* The library stays open. CM_E_UNSUPPORTED: it isn't here. */
cm_code cm_mhd_load(cm_mhd *out, cm_err *e);

#endif
