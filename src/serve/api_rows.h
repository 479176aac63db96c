/* Inside serve: the interfaces, each a list of rows that ends with one without a method. */
#ifndef CM_SERVE_API_ROWS_H
#define CM_SERVE_API_ROWS_H
#include "serve/api.h"

extern const cm_api cm_api_ollama[], cm_api_openai[], cm_api_own[];

#endif
