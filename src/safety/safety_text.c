/* The one look at the raw bytes: what a reader of the line would not see, or take for something
 * else. Source: Unicode 15 (Bidi_Control, Default_Ignorable_Code_Point), Unicode TR 36 and 39. */
#include <string.h>

#include "safety/judge.h"

enum { PADDING_MAX = 40 };

typedef struct range {
  uint32_t first, last;
} range;

/* Sorted. Emoji need U+200D and variation selectors: see is_joined. */
static const range invisible[] = {
    {0x00ad, 0x00ad}, {0x034f, 0x034f}, {0x061c, 0x061c},   {0x115f, 0x1160},
    {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x200b, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x206f}, {0x2800, 0x2800}, {0x3164, 0x3164},   {0xfeff, 0xfeff},
    {0xffa0, 0xffa0}, {0xfff9, 0xfffb}, {0x1bca0, 0x1bca3}, {0xe0000, 0xe0fff},
};

static const range bidirectional[] = {
    {0x061c, 0x061c}, {0x200e, 0x200f}, {0x202a, 0x202e}, {0x2066, 0x2069}};

static bool is_in(const range *r, size_t n, uint32_t cp) {
  for (size_t i = 0; i < n && r[i].first <= cp; i++)
    if (cp <= r[i].last) return true;
  return false;
}

/* A joiner between two emoji shows. */
static bool is_joined(uint32_t before, uint32_t cp) { return cp == 0x200d && before >= 0x2190; }

/* Once a rule: the first place is enough. */
static void found(cm_judging *j, const char *rule, const char *why, size_t at, size_t n) {
  for (size_t i = 0; i < j->n_found; i++)
    if (strcmp(j->found[i].rule, rule) == 0) return;
  cm_report(j, rule, CM_HIGH, why, NULL, (cm_span){(uint32_t)at, (uint32_t)(at + n)});
}

static void judge_control(cm_judging *j, cm_str text, size_t at) {
  char c = text.p[at];
  bool line_end = c == '\r' && (at + 1 == text.n || text.p[at + 1] == '\n');
  if (c == '\n' || c == '\t' || line_end) return;
  found(j, c == 0x1b ? "text.escape" : "text.control",
        "holds a control character, which can hide what is shown", at, 1);
}

static void judge_character(cm_judging *j, uint32_t before, uint32_t cp, size_t at, size_t n) {
  if (cp == UINT32_MAX) {
    found(j, "text.encoding", "holds bytes that are not UTF-8", at, n);
  } else if (cp >= 0x80 && cp < 0xa0) {
    found(j, "text.control", "holds a control character, which can hide what is shown", at, n);
  } else if (is_in(bidirectional, CM_COUNT(bidirectional), cp)) {
    found(j, "text.bidirectional", "holds a character that turns the order of what is shown", at,
          n);
  } else if (is_in(invisible, CM_COUNT(invisible), cp) && !is_joined(before, cp)) {
    found(j, "text.invisible", "holds a character that nobody can see", at, n);
  }
}

/* --- padding --------------------------------------------------------------------------------- */

/* Many blanks push what follows out of sight. Those that begin a line are indentation. */
static void judge_padding(cm_judging *j, cm_str text) {
  size_t blanks = 0, lines = 0;
  bool begin = true;
  if (text.n <= PADDING_MAX) return;
  for (size_t i = 0; i < text.n; i++) {
    char c = text.p[i];
    if (c == '\n') {
      begin = true;
      blanks = 0;
      lines++;
    } else if (c == ' ' || c == '\t') {
      blanks++;
    } else {
      if ((blanks > PADDING_MAX && !begin) || lines > PADDING_MAX) {
        found(j, "text.padding", "hides what follows behind many blanks", i, 1);
        return;
      }
      begin = false;
      blanks = lines = 0;
    }
  }
}

/* --- look-alikes ----------------------------------------------------------------------------- */

/* Letters of other scripts that look like ASCII ones: Greek, Cyrillic, Armenian, full width. */
static bool is_look_alike(uint32_t cp) {
  return (cp >= 0x0370 && cp <= 0x058f) || (cp >= 0x1d400 && cp <= 0x1d7ff) ||
         (cp >= 0xff01 && cp <= 0xff5e) || (cp >= 0x2100 && cp <= 0x214f);
}

static bool is_ascii_letter(uint32_t cp) { return (cp | 32) >= 'a' && (cp | 32) <= 'z'; }

/* A part of a name ("раypal" in "раypal.com") that mixes scripts. */
static bool is_mixed(cm_str name) {
  bool ascii = false, other = false;
  for (size_t i = 0; i < name.n;) {
    uint32_t cp;
    i += cm_utf8_next(name.p + i, name.n - i, &cp);
    if (cp == '.' || cp == '-' || cp == '/') ascii = other = false;
    ascii |= is_ascii_letter(cp);
    other |= cp != UINT32_MAX && is_look_alike(cp);
    if (ascii && other) return true;
  }
  return false;
}

static bool ends_host(char c) {
  return c == '/' || c == ' ' || c == '\t' || c == '\n' || c == '"' || c == '\'' || c == '?' ||
         c == '#';
}

static void judge_hosts(cm_judging *j, cm_str text) {
  for (size_t at = 0; at + 3 < text.n; at++) {
    if (text.p[at] != ':' || text.p[at + 1] != '/' || text.p[at + 2] != '/') continue;
    size_t end = at += 3;
    while (end < text.n && !ends_host(text.p[end])) end++;
    if (is_mixed((cm_str){text.p + at, end - at}))
      found(j, "text.look-alike", "names a host in letters that look like others", at, end - at);
  }
}

static void judge_programs(cm_judging *j) {
  for (size_t i = 0; i < j->runs->n; i++) {
    const cm_run *run = j->runs->items[i];
    if (run->n && is_mixed(run->program))
      found(j, "text.look-alike", "names a program in letters that look like others",
            run->words[0].span.start, run->words[0].span.end - run->words[0].span.start);
  }
}

void cm_judge_text(cm_judging *j, cm_str text) {
  uint32_t before = 0;
  bool ascii = true;
  for (size_t i = 0; i < text.n;) {
    unsigned char c = (unsigned char)text.p[i];
    if (c < 0x80) {
      if (c < 0x20 || c == 0x7f) judge_control(j, text, i);
      before = c;
      i++;
      continue;
    }
    uint32_t cp;
    size_t n = cm_utf8_next(text.p + i, text.n - i, &cp);
    judge_character(j, before, cp, i, n);
    ascii = false;
    before = cp;
    i += n;
  }
  judge_padding(j, text);
  if (ascii) return;
  judge_hosts(j, text);
  judge_programs(j);
}
