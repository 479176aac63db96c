/* The low-level functions: libcrypto's newer interface looks providers up at run time, which costs
 * a small program more than its hashing. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "data/sha256.h"

#include <openssl/sha.h>

#include "base/os.h"

_Static_assert(sizeof(SHA256_CTX) <= sizeof(cm_sha256), "cm_sha256 is too small");

static SHA256_CTX *of(cm_sha256 *s) { return (SHA256_CTX *)(void *)s->state; }

void cm_sha256_init(cm_sha256 *s) { SHA256_Init(of(s)); }

void cm_sha256_add(cm_sha256 *s, const void *p, size_t n) { SHA256_Update(of(s), p, n); }

void cm_sha256_hex(cm_sha256 *s, char out[65]) {
  static const char digits[] = "0123456789abcdef";
  unsigned char sum[SHA256_DIGEST_LENGTH];
  SHA256_Final(sum, of(s));
  for (int i = 0; i < SHA256_DIGEST_LENGTH; i++) {
    out[2 * i] = digits[sum[i] >> 4];
    out[2 * i + 1] = digits[sum[i] & 15];
  }
  out[64] = 0;
}

void cm_sha256_of(cm_str bytes, char out[65]) {
  cm_sha256 s;
  cm_sha256_init(&s);
  cm_sha256_add(&s, bytes.p, bytes.n);
  cm_sha256_hex(&s, out);
}

cm_code cm_sha256_file(const char *path, char out[65], cm_err *e) {
  cm_map map;
  cm_code code = cm_os_map(path, &map, e);
  if (code) return code;
  cm_sha256_of((cm_str){(const char *)map.p, map.n}, out);
  cm_os_unmap(&map);
  return CM_OK;
}
