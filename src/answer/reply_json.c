/* JSON as models print it. data/json is strict; here `\;` in a string, an unescaped quote or a
 * missing bracket must not cost the answer. */
#include <string.h>

#include "answer/reply_parts.h"

/* What the reader looks for, by key. */
enum { KEY_OTHER, KEY_COMMAND, KEY_COMMANDS, KEY_EXPLANATION, KEY_REASON };

static int key_of(cm_str name) {
  static const struct {
    const char *name;
    int key;
  } keys[] = {
      {"command", KEY_COMMAND},         {"cmd", KEY_COMMAND},
      {"commands", KEY_COMMANDS},       {"explanation", KEY_EXPLANATION},
      {"description", KEY_EXPLANATION}, {"reason", KEY_REASON},
      {"refusal", KEY_REASON},          {"error", KEY_REASON},
  };
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (name.n == strlen(keys[i].name) && cm_phrase_starts(name, keys[i].name)) return keys[i].key;
  return KEY_OTHER;
}

/* --- where a string ends --- */

static size_t skip(cm_str t, size_t i, const char *set) {
  while (i < t.n && t.p[i] && strchr(set, t.p[i])) i++;
  return i;
}

static bool next_is(cm_str t, size_t i, const char *set) {
  return i < t.n && t.p[i] && strchr(set, t.p[i]);
}

/* Is the quote before position i the string's end, or one that should have been escaped? */
static bool closes(cm_str t, size_t i, bool value) {
  i = skip(t, i, " \t");
  if (i == t.n) return true;
  char c = t.p[i];
  if (c == ':') return !value;
  size_t after = skip(t, i + 1, " \t\n");
  if (c == ',' || c == '\n') return after == t.n || next_is(t, after, "\"'}]{");
  return (c == '}' || c == ']') && (i + 1 == t.n || next_is(t, i + 1, " \t\n,}]`<."));
}

/* The raw string whose quote stands at t.p[i]; false when it never ends. */
static bool raw_string(cm_str t, size_t i, bool value, cm_str *raw) {
  char quote = t.p[i++];
  size_t begin = i;
  for (; i < t.n; i++) {
    if (t.p[i] == '\\') {
      i++;
    } else if (t.p[i] == quote && closes(t, i + 1, value)) {
      *raw = (cm_str){t.p + begin, i - begin};
      return true;
    }
  }
  return false;
}

/* --- what a string says --- */

/* Four hexadecimal digits at s; UINT32_MAX if they aren't. */
static uint32_t hex4(cm_str s) {
  uint32_t v = 0;
  if (s.n < 4) return UINT32_MAX;
  for (size_t i = 0; i < 4; i++) {
    const char *digits = "0123456789abcdef", *d;
    char c = s.p[i] >= 'A' && s.p[i] <= 'F' ? (char)(s.p[i] + 'a' - 'A') : s.p[i];
    d = c ? strchr(digits, c) : NULL;
    if (!d) return UINT32_MAX;
    v = v << 4 | (uint32_t)(d - digits);
  }
  return v;
}

/* \uXXXX or a pair of them at s; returns the bytes read, 0 when it is none. */
static size_t unicode_escape(cm_str s, uint32_t *cp) {
  size_t n = 6;
  if (s.n < 6 || s.p[1] != 'u') return 0;
  *cp = hex4((cm_str){s.p + 2, s.n - 2});
  if (*cp == UINT32_MAX) return 0;
  if (*cp >= 0xD800 && *cp < 0xDC00 && s.n >= 12 && s.p[6] == '\\' && s.p[7] == 'u') {
    uint32_t low = hex4((cm_str){s.p + 8, s.n - 8});
    if (low >= 0xDC00 && low < 0xE000) {
      *cp = 0x10000 + ((*cp - 0xD800) << 10) + (low - 0xDC00);
      n = 12;
    }
  }
  if (*cp >= 0xD800 && *cp < 0xE000) *cp = 0xFFFD;
  return n;
}

/* Decodes the escape at s; returns the bytes read. \b and \f stay as they are: no command holds a
 * backspace, but many a pattern \b. */
static size_t decode_escape(cm_str s, char bytes[4], size_t *n) {
  static const char letters[] = "\"\\/nrt", meanings[] = "\"\\/\n\r\t";
  uint32_t cp;
  size_t used = unicode_escape(s, &cp);
  if (used) {
    *n = cm_utf8_put(cp, bytes);
    return used;
  }
  const char *known = s.n > 1 && s.p[1] ? strchr(letters, s.p[1]) : NULL;
  bytes[0] = known ? meanings[known - letters] : '\\';
  *n = 1;
  return known ? 2 : 1;
}

static bool decode(cm_str raw, cm_arena *a, cm_str *out) {
  char *p = cm_arena_alloc(a, raw.n + 1, 1);
  size_t n = 0;
  if (!p) return false;
  for (size_t i = 0; i < raw.n;) {
    if (raw.p[i] != '\\') {
      p[n++] = raw.p[i++];
      continue;
    }
    char bytes[4];
    size_t written;
    i += decode_escape((cm_str){raw.p + i, raw.n - i}, bytes, &written);
    memcpy(p + n, bytes, written);
    n += written;
  }
  *out = (cm_str){p, n};
  return true;
}

/* --- the object --- */

typedef struct reader {
  cm_str t;
  size_t i, depth;
  int key;
  bool value;    /* a value, not a key, comes next */
  bool list;     /* inside [ ] */
  size_t of_key; /* strings that the key holds so far */
  cm_str raw;    /* the first command, not decoded */
  bool argv;     /* "command" holds a list of words: nothing that we can quote for it */
  cm_reply_object *out;
} reader;

static void take_command(reader *r, cm_str raw) {
  r->of_key++;
  if (r->key == KEY_COMMAND && r->of_key > 1) r->argv = true;
  if (!r->raw.p) r->raw = raw;
  else if (!cm_str_eq(r->raw, raw)) r->out->extra = true;
}

static bool take_value(reader *r, cm_str raw, cm_arena *a) {
  if (r->key == KEY_COMMAND || r->key == KEY_COMMANDS) take_command(r, raw);
  if (r->key == KEY_EXPLANATION && !r->out->explanation.n)
    return decode(raw, a, &r->out->explanation);
  if (r->key == KEY_REASON && !r->out->reason.n) return decode(raw, a, &r->out->reason);
  return true;
}

/* At a quote. False without memory. */
static bool take_string(reader *r, cm_arena *a) {
  cm_str raw;
  if (!raw_string(r->t, r->i, r->value, &raw)) {
    r->i = r->t.n;
    return true;
  }
  r->i += raw.n + 2;
  size_t colon = skip(r->t, r->i, " \t\n");
  if (!r->value && next_is(r->t, colon, ":")) {
    r->key = key_of(raw);
    r->of_key = 0;
    r->value = true;
    r->i = colon + 1;
    return true;
  }
  r->value = r->list;
  return take_value(r, raw, a);
}

/* Brackets and commas; anything else (numbers, true, null) is passed over. */
static void take_mark(reader *r, char c) {
  if (c == '{' || c == '[') r->depth++;
  if (c == '}' || c == ']') r->depth--;
  if (c == '{') r->key = KEY_OTHER;
  if (c == '{' || c == '[' || c == ']') r->list = c == '[';
  if (c && strchr("{}[],", c)) r->value = r->list;
  r->i++;
}

bool cm_reply_object_read(cm_str text, size_t from, cm_arena *a, cm_reply_object *out) {
  reader r = {.t = text, .i = from, .out = out};
  *out = (cm_reply_object){0};
  do {
    char c = text.p[r.i];
    if (c != '"' && c != '\'') take_mark(&r, c);
    else if (!take_string(&r, a)) return false;
  } while (r.depth > 0 && r.i < text.n);
  out->end = r.i;
  if (r.argv || !r.raw.p) return true;
  return decode(r.raw, a, &out->command);
}
