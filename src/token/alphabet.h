/* token/alphabet: GPT-2 spells the bytes of a token as printable characters. The printable ones of
 * Latin-1 stand for themselves; the other 68 are the characters from U+0100 on, in order:
 * 0x00-0x20 at U+0100, 0x7F-0xA0 at U+0121 and 0xAD at U+0143. */
#ifndef CM_TOKEN_ALPHABET_H
#define CM_TOKEN_ALPHABET_H
#include <stdint.h>

static inline uint32_t cm_alphabet_char(uint8_t byte) {
  if (byte <= 0x20) return 0x100u + byte;
  if (byte >= 0x7F && byte <= 0xA0) return 0x121u + (byte - 0x7Fu);
  return byte == 0xAD ? 0x143 : byte;
}

/* The byte that a character stands for, or -1 for a character outside the alphabet. */
static inline int cm_alphabet_byte(uint32_t cp) {
  if (cp > 0x143) return -1;
  if (cp == 0x143) return 0xAD;
  if (cp >= 0x121) return (int)(cp - 0x121 + 0x7F);
  if (cp >= 0x100) return (int)(cp - 0x100);
  return cm_alphabet_char((uint8_t)cp) == cp ? (int)cp : -1;
}

#endif
