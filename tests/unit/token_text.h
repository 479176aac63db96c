/* Random text that provokes a tokenizer, the same in every run. */
#ifndef CM_TESTS_TOKEN_TEXT_H
#define CM_TESTS_TOKEN_TEXT_H
#include <stdint.h>
#include <string.h>

#include "base/str.h"

enum { TEXT_MAX = 4096 };

static uint64_t text_state = 88172645463325252;

static inline uint32_t text_random(uint32_t below) {
  text_state ^= text_state << 13;
  text_state ^= text_state >> 7;
  text_state ^= text_state << 17;
  return (uint32_t)((text_state >> 32) * below >> 32);
}

/* Pieces at which the pre-tokenizer, special tokens and merges have something to decide. */
static const char *const text_pieces[] = {
    " ",      " ",      "  ",           "\t",         "\n",       "\r",         "\r\n",
    "\n \n",  "\u00a0", "\u3000",       "\u2028",     "\xC2\x85", "\v",         "'",
    "'s",     "'S",     "'\u017f",      "'t",         "'re",      "'rE",        "'ve",
    "'m",     "'M",     "'ll",          "'lL",        "'l",       "'d",         "a",
    "B",      "low",    "er",           "aaaa",       "abc",      "\u00e4",     "e\u0301",
    "\u0628", "\u4e2d", "\u0915\u093f", "\U00020000", "\u01c5",   "\u02b0",     "\u017f",
    "\u212a", "0",      "42",           "\u0663",     "\u2167",   "\u00bd",     "\U0001d7d8",
    "!",      "?",      "...",          "<",          "<|",       "<tool",      "_",
    "-",      "$",      "\u20ac",       "\u2019",     "\u200b",   "\U0001f600", "\u200d",
    "\u0301", "\ufffd", "\x01",         "\x7f"};

static inline uint32_t text_code_point(void) {
  static const uint32_t ends[] = {0x80, 0x250, 0x3000, 0x10000, 0x110000};
  uint32_t cp = text_random(ends[text_random(5)]);
  return cp >= 0xD800 && cp <= 0xDFFF ? 'x' : cp;
}

/* Up to `pieces` (at most 200) characters and pieces: valid UTF-8. */
static inline cm_str text_unicode(char buf[TEXT_MAX], uint32_t pieces) {
  size_t n = 0;
  for (uint32_t left = text_random(pieces + 1); left; left--) {
    const char *piece = text_pieces[text_random(sizeof text_pieces / sizeof *text_pieces)];
    if (text_random(4) == 0) {
      n += cm_utf8_put(text_code_point(), buf + n);
    } else {
      memcpy(buf + n, piece, strlen(piece));
      n += strlen(piece);
    }
  }
  return (cm_str){buf, n};
}

static inline cm_str text_bytes(char buf[TEXT_MAX], uint32_t max) {
  uint32_t n = text_random(max + 1);
  for (uint32_t i = 0; i < n; i++) buf[i] = (char)text_random(256);
  return (cm_str){buf, n};
}

#endif
