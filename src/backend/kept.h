/* backend/kept: the folder of states that were computed once (engine/prefix), KEY.kv, 0600 in
 * 0700. Nothing is locked: a file appears whole under its name or not at all, and one that is
 * removed stays for who reads it. */
#ifndef CM_BACKEND_KEPT_H
#define CM_BACKEND_KEPT_H
#include "backend/backend.h"

/* Path of a key's file in the folder; CM_E_USAGE: too long. */
cm_code cm_kept_path(const cm_keep *k, const char key[65], char out[4096], cm_err *e);

/* Reads a file of `size` bytes whose first 64 are the hash of the others; *out is yours to
 * cm_free. It counts as used now. CM_E_NOTFOUND; CM_E_FORMAT, CM_E_IO: it is not to be trusted. */
cm_code cm_kept_read(const cm_keep *k, const char key[65], size_t size, uint8_t **out, cm_err *e);

/* Writes the hash into the first 64 of p[0..n) and all of it to the key's file; those that were
 * used longest ago make room under k's limits. CM_E_LIMIT: too large; CM_E_IO, CM_E_WRITE. */
cm_code cm_kept_write(const cm_keep *k, const char key[65], uint8_t *p, size_t n, cm_err *e);

#endif
