#include "quality/pattern.h"

#include <string.h>

/* --- alternatives --- */

/* Behind a character class that starts at `i` ("[…]"). */
static size_t skip_class(cm_str s, size_t i) {
  i++;
  if (i < s.n && s.p[i] == '^') i++;
  if (i < s.n && s.p[i] == ']') i++;
  while (i < s.n && s.p[i] != ']') i += s.p[i] == '\\' ? 2 : 1;
  return i < s.n ? i + 1 : s.n;
}

/* Behind the item at `i`: an escape (with "\Q…\E"), a class or one byte. */
static size_t skip_item(cm_str s, size_t i) {
  if (s.p[i] == '[') return skip_class(s, i);
  if (s.p[i] != '\\' || i + 1 >= s.n) return i + 1;
  if (s.p[i + 1] != 'Q') return i + 2;
  size_t end = cm_str_find((cm_str){s.p + i, s.n - i}, CM_STR("\\E"));
  return end == SIZE_MAX ? s.n : i + end + 2;
}

bool cm_pattern_alternative(cm_str *rest, cm_str *out) {
  if (!rest->p || !rest->n) return false;
  size_t i = 0, depth = 0;
  for (; i < rest->n; i = skip_item(*rest, i)) {
    char c = rest->p[i];
    if (c == '|' && !depth) break;
    if (c == '(') depth++;
    if (c == ')' && depth) depth--;
  }
  if (i > rest->n) i = rest->n;
  *out = (cm_str){rest->p, i};
  bool more = i < rest->n;
  rest->p += i + more, rest->n -= i + more;
  return true;
}

static bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool cm_pattern_is_option(cm_str s) {
  if (s.n < 2 || s.p[0] != '-') return false;
  size_t i = s.p[1] == '-' ? 2 : 1;
  if (i == s.n || !is_alnum(s.p[i])) return false;
  bool value = false;
  for (; i < s.n; i++) {
    if (is_alnum(s.p[i]) || (i > 2 && (s.p[i] == '-' || s.p[i] == '_'))) continue;
    if (s.p[1] == '-' && s.p[i] == '=' && !value) value = true;
    else if (!value || !strchr("_,:/-", s.p[i])) return false;
  }
  return true;
}

/* "(?<name>", "(?<=", "(?>" … hold no operators. */
static size_t skip_group(cm_str s, size_t i) {
  if (i + 1 >= s.n || s.p[i + 1] != '?') return i + 1;
  i += 2;
  if (i < s.n && s.p[i] == 'P') i++;
  if (i < s.n && s.p[i] == '>') return i + 1;
  if (i >= s.n || s.p[i] != '<') return i;
  for (i++; i < s.n && (is_alnum(s.p[i]) || s.p[i] == '_'); i++) {}
  return i < s.n && s.p[i] == '>' ? i + 1 : i;
}

bool cm_pattern_has_operator(cm_str s) {
  for (size_t i = 0; i < s.n;) {
    if (strchr("<>&;", s.p[i]) && s.p[i]) return true;
    size_t next = s.p[i] == '(' ? skip_group(s, i) : skip_item(s, i);
    if (next > s.n) next = s.n;
    bool inside = s.p[i] == '\\' || s.p[i] == '[';
    for (size_t j = i + 1; inside && j < next; j++)
      if (strchr("|<>&;", s.p[j]) && s.p[j]) return true;
    i = next;
  }
  return false;
}

/* --- compiling --- */

/* A match that begins with a letter, digit or "_" has none of them before it, and no "-" either
 * unless that is the single dash in front of a word ("delete" is in "-delete", "rm" is not in
 * "--rm" or "farm-rm"); one that begins with "-" begins a word. What it ends with likewise has
 * nothing of its kind behind it. */
#define BEGINS                      \
  "(?:(?=-)(?<![\\w-])|(?![\\w-])|" \
  "(?=\\w)(?:(?<![\\w-])|(?<=\\A-|[\\s;|&(<>]-)))"
#define ENDS "(?:(?<!\\w)|(?!\\w))"

static void put_texts(const cm_pattern *p, cm_buf *b) {
  cm_str rest = p->text, one;
  size_t before = b->n;
  while (cm_pattern_alternative(&rest, &one)) {
    if (cm_pattern_is_option(one)) continue;
    if (b->n > before) cm_buf_putc(b, '|');
    cm_buf_add(b, one.p, one.n);
  }
}

static void put_wrapped(const cm_pattern *p, cm_buf *b) {
  bool words = p->on == CM_ON_COMMAND;
  cm_buf_puts(b, words ? BEGINS "(?:" : "\\A(?:");
  size_t before = b->n;
  if (words) put_texts(p, b);
  else cm_buf_add(b, p->text.p, p->text.n);
  if (b->n == before) cm_buf_reset(b);
  else cm_buf_puts(b, words ? "\\E)" ENDS : "\\E)\\z"); /* \E ends a \Q that nothing ends */
}

cm_code cm_pattern_wrap(const cm_pattern *p, cm_arena *a, cm_str *out) {
  *out = p->text;
  if (p->on == CM_ON_RAW) return CM_OK;
  cm_buf b;
  cm_buf_init(&b, CM_RE_PATTERN_MAX + 256);
  put_wrapped(p, &b);
  bool failed = b.overflow;
  *out = (cm_str){b.n ? cm_arena_strdup(a, b.p, b.n) : NULL, b.n};
  failed = failed || (b.n && !out->p);
  cm_buf_close(&b);
  return failed ? CM_E_NOMEM : CM_OK;
}

/* --- options --- */

/* Which letters of common programs take a value, and who has long options with one dash. Source:
 * their manuals (GNU coreutils, findutils, grep, tar, procps, iproute2; POSIX.1-2017 for the
 * rest). */
static const struct {
  const char *programs;
  cm_argv_spec spec;
} known[] = {
    {"find java javac terraform openssl ffmpeg ffprobe convert magick identify mogrify xset xclip "
     "packer vault consul nomad gcc cc clang g++ go xrandr pdftotext ip 7z",
     {NULL, NULL, CM_ARGV_DASH}},
    {"tar", {"f:C:b:T:X:g:I:K:N:V:L:F:", "file= directory= exclude=", CM_ARGV_BARE}},
    /* "u" and "g" take a value behind a dash only, and `ps aux` is what people write. */
    {"ps", {"C:o:p:U:G:t:q:", "sort= format= pid= user=", CM_ARGV_BARE}},
    {"sudo", {"u:g:p:C:h:r:t:D:R:T:U:", "user= group= prompt=", CM_ARGV_STOP}},
    {"env", {"u:C:S:", "unset= chdir= split-string=", CM_ARGV_STOP}},
    {"xargs", {"I:n:P:d:L:s:E:a:", "max-args= max-procs= delimiter= arg-file=", CM_ARGV_STOP}},
    {"timeout", {"s:k:", "signal= kill-after=", CM_ARGV_STOP}},
    {"nice", {"n:", "adjustment=", CM_ARGV_STOP}},
    {"time", {"f:o:", "format= output=", CM_ARGV_STOP}},
    {"watch", {"n:", "interval=", CM_ARGV_STOP}},
    {"nohup setsid command exec", {NULL, NULL, CM_ARGV_STOP}},
    {"grep egrep fgrep zgrep",
     {"e:f:m:A:B:C:d:D:", "regexp= file= max-count= include= exclude= exclude-dir=", 0}},
    {"sort", {"k:t:o:S:T:", "key= field-separator= output= buffer-size= parallel=", 0}},
    {"cut", {"d:f:c:b:", "delimiter= fields= characters= bytes= output-delimiter=", 0}},
    {"head tail", {"n:c:s:", "lines= bytes= pid= sleep-interval=", 0}},
    {"awk gawk mawk", {"F:v:f:", "field-separator= assign= file=", 0}},
    {"sed", {"e:f:l:i::", "expression= file= line-length= in-place=?", 0}},
    {"du", {"d:B:t:X:", "max-depth= block-size= threshold= exclude=", 0}},
    {"df", {"B:t:x:", "block-size= type= exclude-type=", 0}},
    {"ls", {"I:w:T:", "ignore= width= hide= sort= time= color=?", 0}},
    {"cp mv ln", {"t:S:", "target-directory= suffix=", 0}},
    {"mkdir", {"m:", "mode=", 0}},
    {"touch", {"d:r:t:", "date= reference= time=", 0}},
    {"date", {"d:r:f:s:", "date= reference= file= set=", 0}},
    {"stat", {"c:", "format= printf=", 0}},
    {"uniq", {"f:s:w:", "skip-fields= skip-chars= check-chars=", 0}},
    {"split", {"b:l:n:a:C:", "bytes= lines= number= suffix-length=", 0}},
    {"diff", {"U:C:x:", "unified=? exclude=", 0}},
    {"curl", {"o:H:d:X:u:A:e:F:T:m:b:c:", "output= header= data= request= user=", 0}},
    {"wget", {"O:P:t:T:o:", "output-document= directory-prefix=", 0}},
    {"ssh", {"p:i:l:o:L:R:D:F:J:", NULL, CM_ARGV_STOP}},
    {"scp", {"P:i:o:F:J:", NULL, 0}},
    {"rsync", {"e:", "rsh= exclude= include=", 0}},
    {"paste", {"d:", "delimiters=", 0}},
    {"mktemp", {"p:", "suffix= tmpdir=?", 0}},
    {"rm rmdir cat wc tee tac rev chmod chown chgrp dirname realpath readlink sha256sum md5sum "
     "comm "
     "tr gzip gunzip bzip2 uname id who free uptime",
     {NULL, NULL, 0}},
};

static bool listed(const char *list, cm_str word) {
  cm_str rest = cm_str_of(list);
  while (rest.n) {
    size_t n = cm_str_find(rest, CM_STR(" "));
    if (n == SIZE_MAX) n = rest.n;
    if (cm_str_eq((cm_str){rest.p, n}, word)) return true;
    rest.p += n + (n < rest.n), rest.n -= n + (n < rest.n);
  }
  return false;
}

cm_argv_spec cm_pattern_spec(cm_str program, bool *sure) {
  *sure = true;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (listed(known[i].programs, program)) return known[i].spec;
  *sure = false;
  return (cm_argv_spec){NULL, NULL, 0};
}

/* One option that the alternative asks for, among those of the command. */
static bool has(const cm_arg *want, const cm_run *run, cm_argv_spec spec) {
  cm_argv v = cm_argv_of(run->words, run->n, spec);
  for (cm_arg got; cm_argv_next(&v, &got);)
    if (got.option && cm_str_eq(got.name, want->name) &&
        (!want->has_value || (got.has_value && cm_str_eq(got.value, want->value))))
      return true;
  return false;
}

/* `head -20`, or an option that isn't taken apart. */
static bool has_word(cm_str word, const cm_run *run) {
  for (size_t i = 1; i < run->n; i++)
    if (cm_str_eq(run->words[i].text, word)) return true;
  return false;
}

static bool all_digits(cm_str s) {
  for (size_t i = 1; i < s.n; i++)
    if (s.p[i] < '0' || s.p[i] > '9') return false;
  return true;
}

bool cm_pattern_option_in(cm_str alternative, const cm_run *run) {
  if (!run->n) return false;
  if (all_digits(alternative)) return has_word(alternative, run);
  bool sure;
  cm_argv_spec spec = cm_pattern_spec(run->program, &sure), plain = spec;
  plain.how &= ~(unsigned)CM_ARGV_BARE;
  cm_rword words[2] = {run->words[0], {.text = alternative}};
  cm_argv v = cm_argv_of(words, 2, plain);
  size_t n = 0;
  for (cm_arg want; cm_argv_next(&v, &want); n++)
    if (!want.option || !has(&want, run, spec)) return false;
  return n > 0;
}
