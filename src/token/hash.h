/* token/hash: what the room's two hash tables (open addressing, linear probing) share. */
#ifndef CM_TOKEN_HASH_H
#define CM_TOKEN_HASH_H
#include <stdint.h>
#include <string.h>

#include "base/str.h"

/* Slots for n entries: a power of two, at most 3/5 full. */
static inline uint32_t cm_hash_slots(uint32_t n) {
  uint32_t slots = 16;
  while (slots / 5 * 3 < n) slots *= 2;
  return slots;
}

/* All 64 bits depend on all of h. */
static inline uint64_t cm_hash_mix(uint64_t h) {
  h *= 0x9E3779B97F4A7C15;
  return h ^ h >> 32;
}

static inline uint64_t cm_hash_bytes(const char *p, size_t n) {
  uint64_t w = 0;
  memcpy(&w, p, n);
  return w;
}

/* Eight bytes at a time; the last eight may overlap those before. Reads of fixed sizes only: most
 * spellings have less than eight bytes, and opening a vocabulary hashes half a million. */
static inline uint64_t cm_hash_str(cm_str s) {
  uint64_t h = s.n;
  if (s.n >= 8) {
    for (size_t i = 0; i + 8 < s.n; i += 8) h = cm_hash_mix(h ^ cm_hash_bytes(s.p + i, 8));
    h ^= cm_hash_bytes(s.p + s.n - 8, 8);
  } else if (s.n >= 4) {
    h = cm_hash_mix(h ^ cm_hash_bytes(s.p, 4)) ^ cm_hash_bytes(s.p + s.n - 4, 4);
  } else if (s.n) {
    h ^= cm_hash_bytes(s.p, 1) << 8 | cm_hash_bytes(s.p + s.n / 2, 1) << 16 |
         cm_hash_bytes(s.p + s.n - 1, 1) << 24;
  }
  return cm_hash_mix(cm_hash_mix(h));
}

#endif
