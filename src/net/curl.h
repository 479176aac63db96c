/* Inside net: the functions of libcurl that we call, found when they are first needed. */
#ifndef CM_NET_CURL_H
#define CM_NET_CURL_H
#include <curl/curl.h>

#include "base/err.h"

typedef struct cm_curl {
  CURL *(*open)(void);
  void (*close)(CURL *);
  CURLcode (*set)(CURL *, CURLoption, ...);
  CURLcode (*get)(CURL *, CURLINFO, ...);
  CURLcode (*perform)(CURL *);
  const char *(*text_of)(CURLcode);
  struct curl_slist *(*append)(struct curl_slist *, const char *);
  void (*free_all)(struct curl_slist *);
  CURLM *(*multi_open)(void);
  CURLMcode (*multi_close)(CURLM *);
  CURLMcode (*multi_add)(CURLM *, CURL *);
  CURLMcode (*multi_remove)(CURLM *, CURL *);
  CURLMcode (*multi_perform)(CURLM *, int *);
  CURLMcode (*multi_poll)(CURLM *, struct curl_waitfd *, unsigned, int, int *);
  CURLMsg *(*multi_read)(CURLM *, int *);
} cm_curl;

/* The functions; the library stays open. Not for two threads at once before the first call came
 * back. CM_E_UNSUPPORTED: no libcurl here. */
cm_code cm_curl_load(const cm_curl **out, cm_err *e);

#endif
