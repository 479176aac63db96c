/* data/sha256: SHA-256 (FIPS 180-4), over libcrypto. */
#ifndef CM_DATA_SHA256_H
#define CM_DATA_SHA256_H
#include "base/err.h"
#include "base/str.h"

typedef struct cm_sha256 {
  _Alignas(16) unsigned char state[128];
} cm_sha256;

void cm_sha256_init(cm_sha256 *s);
void cm_sha256_add(cm_sha256 *s, const void *p, size_t n);
/* 64 hexadecimal digits and a NUL. */
void cm_sha256_hex(cm_sha256 *s, char out[65]);

void cm_sha256_of(cm_str bytes, char out[65]);
/* Of a file's bytes; CM_E_NOTFOUND, CM_E_IO. */
cm_code cm_sha256_file(const char *path, char out[65], cm_err *e);

#endif
