#include "data/re.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* A pattern may try this often before it is given up: some 50 ms. */
enum { MATCH_LIMIT = 1000000, DEPTH_LIMIT = 20000, HEAP_LIMIT_KIB = 16 << 10 };

struct cm_re {
  pcre2_code *code;
};

static cm_code no_memory(cm_err *e) {
  return cm_fail(e, CM_E_NOMEM, 0, "no memory for a regular expression");
}

static void *take(size_t n, void *unused) {
  (void)unused;
  return cm_alloc(n, 1);
}

static void give(void *p, void *unused) {
  (void)unused;
  cm_free(p);
}

static cm_code compile(cm_re *re, cm_str pattern, uint32_t options, cm_err *e) {
  pcre2_general_context *memory = pcre2_general_context_create(take, give, NULL);
  pcre2_compile_context *limits = memory ? pcre2_compile_context_create(memory) : NULL;
  int error = PCRE2_ERROR_NOMEMORY;
  size_t at = 0;
  if (limits) {
    pcre2_set_max_pattern_length(limits, CM_RE_PATTERN_MAX);
    re->code = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.n, options, &error, &at, limits);
  }
  pcre2_compile_context_free(limits);
  pcre2_general_context_free(memory);
  if (re->code) return CM_OK;
  unsigned char why[120];
  pcre2_get_error_message(error, why, sizeof why);
  if (error == PCRE2_ERROR_NOMEMORY || error == PCRE2_ERROR_HEAP_FAILED) return no_memory(e);
  return cm_fail(e, CM_E_FORMAT, at, "%s (at byte %zu of the pattern)", (const char *)why, at);
}

cm_code cm_re_open(cm_re **out, cm_str pattern, unsigned flags, cm_err *e) {
  *out = NULL;
  if (pattern.n > CM_RE_PATTERN_MAX)
    return cm_fail(e, CM_E_LIMIT, 0, "a pattern has more than %d bytes", CM_RE_PATTERN_MAX);
  cm_re *re = cm_alloc(1, sizeof *re);
  if (!re) return no_memory(e);
  uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
  if (flags & CM_RE_IGNORE_CASE) options |= PCRE2_CASELESS;
  cm_code code = compile(re, pattern.p ? pattern : CM_STR(""), options, e);
  if (code) cm_free(re);
  else *out = re;
  return code;
}

void cm_re_close(cm_re *re) {
  if (!re) return;
  pcre2_code_free(re->code);
  cm_free(re);
}

cm_code cm_re_find(const cm_re *re, cm_str text, size_t from, bool *found, size_t *start,
                   size_t *end, cm_err *e) {
  *found = false;
  pcre2_general_context *memory = pcre2_general_context_create(take, give, NULL);
  pcre2_match_context *limits = memory ? pcre2_match_context_create(memory) : NULL;
  pcre2_match_data *data = memory ? pcre2_match_data_create_from_pattern(re->code, memory) : NULL;
  int n = PCRE2_ERROR_NOMEMORY;
  if (limits && data) {
    pcre2_set_match_limit(limits, MATCH_LIMIT);
    pcre2_set_depth_limit(limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(limits, HEAP_LIMIT_KIB);
    n = pcre2_match(re->code, (PCRE2_SPTR)(text.p ? text.p : ""), text.n, from, 0, data, limits);
  }
  if (n >= 0) {
    const size_t *at = pcre2_get_ovector_pointer(data);
    *found = true, *start = at[0], *end = at[1];
  }
  pcre2_match_data_free(data);
  pcre2_match_context_free(limits);
  pcre2_general_context_free(memory);
  if (n >= 0 || n == PCRE2_ERROR_NOMATCH) return CM_OK;
  if (n == PCRE2_ERROR_NOMEMORY) return no_memory(e);
  return cm_fail(e, CM_E_LIMIT, 0, "a regular expression takes too long on this text");
}
