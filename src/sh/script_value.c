/* Constant expressions of scripting languages: texts put together, decoders, lists. */
#include <string.h>

#include "sh/decode.h"
#include "sh/script.h"

enum { VALUE_DEPTH = 24, SKIPPED_MAX = 200000 };

bool cm_tok_is(const cm_tok *t, const char *text) {
  return (t->kind == CM_TOK_NAME || t->kind == CM_TOK_MARK) && cm_str_is(t->text, text);
}

const cm_tok *cm_script_tok(const cm_code_reader *s, size_t i) {
  return &s->toks.v[i < s->toks.n ? i : s->toks.n];
}

static bool is(const cm_code_reader *s, size_t i, const char *text) {
  return cm_tok_is(cm_script_tok(s, i), text);
}

cm_binding *cm_script_binding(cm_code_reader *s, cm_str name) {
  cm_binding *b = s->bindings;
  while (b && !cm_str_eq(b->name, name)) b = b->next;
  return b;
}

/* --- names --- */

static cm_str dotted(cm_eval *ev, cm_str a, cm_str b) {
  return a.n ? cm_ev_join(ev, cm_ev_join(ev, a, CM_STR(".")), b) : b;
}

/* require('x'), __import__('x'): the module's name; *end is behind it. */
static bool module_call(cm_code_reader *s, size_t i, cm_str *out, size_t *end) {
  if (!is(s, i, "require") && !is(s, i, "__import__") && !is(s, i, "import_module")) return false;
  if (!is(s, i + 1, "(") || cm_script_tok(s, i + 2)->kind != CM_TOK_TEXT || !is(s, i + 3, ")"))
    return false;
  *out = cm_script_tok(s, i + 2)->text;
  if (cm_str_starts(*out, CM_STR("node:"))) *out = (cm_str){out->p + 5, out->n - 5};
  *end = i + 4;
  return true;
}

/* getattr(os, 'system') */
static bool attribute_call(cm_code_reader *s, size_t i, cm_str *out, size_t *end) {
  if (!is(s, i, "getattr") || !is(s, i + 1, "(") || s->depth > VALUE_DEPTH) return false;
  size_t at;
  s->depth++;
  cm_str object = cm_script_name(s, i + 2, &at);
  s->depth--;
  if (!object.n || !is(s, at, ",")) return false;
  at++;
  cm_code_value name = cm_script_value(s, &at);
  if (!is(s, at, ")") || !cm_val_known(&name.v)) return false;
  *out = dotted(s->ev, object, name.v.text);
  *end = at + 1;
  return true;
}

/* How many tokens a "." "::" "->" or "?." takes. */
static size_t member_mark(const cm_code_reader *s, size_t i) {
  if (is(s, i, ".")) return s->language == 'l' || s->language == 'h' ? 0 : 1;
  if ((is(s, i, ":") && is(s, i + 1, ":")) || (is(s, i, "-") && is(s, i + 1, ">"))) return 2;
  return s->language == 'u' && is(s, i, ":") ? 1 : 0;
}

cm_str cm_script_name(cm_code_reader *s, size_t i, size_t *end) {
  cm_str out;
  *end = i;
  if (cm_script_tok(s, i)->kind != CM_TOK_NAME) return CM_STR("");
  if (!module_call(s, i, &out, end) && !attribute_call(s, i, &out, end)) {
    const cm_binding *b = cm_script_binding(s, cm_script_tok(s, i)->text);
    out = b && b->target.n ? b->target : cm_script_tok(s, i)->text;
    *end = i + 1;
  }
  for (size_t n; (n = member_mark(s, *end)) && cm_script_tok(s, *end + n)->kind == CM_TOK_NAME;) {
    out = dotted(s->ev, out, cm_script_tok(s, *end + n)->text);
    *end += n + 1;
  }
  return out;
}

/* --- functions of constants --- */

static cm_code_value unknown(void) {
  return (cm_code_value){.v = cm_val_hole(CM_FROM_INPUT, NULL)};
}

static cm_code_value text_of(cm_str s) { return (cm_code_value){.v = cm_val_text(s)}; }

typedef bool decoder(cm_arena *a, cm_str in, cm_str *out);

static bool base64(cm_arena *a, cm_str in, cm_str *out) {
  return cm_decode_base64(a, in, true, out);
}
static bool rot13(cm_arena *a, cm_str in, cm_str *out) {
  return cm_filter_tr(a, in, "", CM_STR("A-Za-z"), CM_STR("N-ZA-Mn-za-m"), out);
}
static bool same(cm_arena *a, cm_str in, cm_str *out) {
  (void)a;
  *out = in;
  return true;
}

/* By the last part of the name. */
static const struct {
  const char *name;
  decoder *decode;
} decoders[] = {{"b64decode", base64},
                {"decode64", base64},
                {"base64_decode", base64},
                {"decode_base64", base64},
                {"atob", base64},
                {"urlsafe_decode64", base64},
                {"strict_decode64", base64},
                {"fromhex", cm_decode_hex},
                {"unhexlify", cm_decode_hex},
                {"hex2bin", cm_decode_hex},
                {"str_rot13", rot13},
                {"strrev", cm_filter_rev},
                {"reverse", cm_filter_rev},
                {"str", same},
                {"String", same},
                {"Path", same},
                {"PurePath", same},
                {"abspath", same},
                {"realpath", same},
                {"fspath", same},
                {"bytes", same},
                {"resolve", same},
                {"File", same},
                {"Pathname", same},
                {"new", same},
                {"expand_path", same},
                {"b", same},
                {"fsencode", same},
                {"quote", same},
                {"bytearray", same}};

static cm_str last_part(cm_str name) {
  for (size_t i = name.n; i-- > 0;)
    if (name.p[i] == '.') return (cm_str){name.p + i + 1, name.n - i - 1};
  return name;
}

static cm_val home_of(cm_eval *ev) {
  bool set;
  return cm_param_get(ev, CM_STR("HOME"), NULL, &set);
}

static cm_code_value expand_user(cm_eval *ev, cm_code_value v) {
  if (!cm_str_starts(v.v.text, CM_STR("~"))) return v;
  cm_val home = home_of(ev);
  v.v.text = cm_ev_join(ev, home.text, (cm_str){v.v.text.p + 1, v.v.text.n - 1});
  return v;
}

static cm_code_value join_path(cm_eval *ev, const cm_code_value *args, size_t n) {
  cm_code_value out = args[0];
  for (size_t i = 1; i < n; i++) {
    bool absolute = cm_str_starts(args[i].v.text, CM_STR("/"));
    cm_str base = absolute ? CM_STR("") : cm_ev_join(ev, out.v.text, CM_STR("/"));
    out.v.text = cm_ev_join(ev, base, args[i].v.text);
    out.v.from |= args[i].v.from;
  }
  return out;
}

static cm_code_value call_value(cm_code_reader *s, cm_str name, const cm_code_value *args,
                                size_t n) {
  cm_str last = last_part(name);
  cm_str out;
  long code;
  if (cm_str_is(name, "Path.home") || cm_str_is(name, "pathlib.Path.home") ||
      cm_str_is(name, "os.homedir"))
    return (cm_code_value){.v = home_of(s->ev)};
  if (!n) return unknown();
  if (cm_str_is(last, "expanduser")) return expand_user(s->ev, args[0]);
  if (cm_str_is(last, "join") && args[0].v.text.n && !args[0].list)
    return join_path(s->ev, args, n);
  if ((cm_str_is(last, "getenv") || cm_str_is(last, "get")) && cm_str_is(args[0].v.text, "HOME"))
    return (cm_code_value){.v = home_of(s->ev)};
  bool chr = cm_str_is(last, "chr") || cm_str_is(last, "fromCharCode") || cm_str_is(last, "char");
  if (chr && cm_str_number(args[0].v.text, &code) && code > 1 && code < 127) {
    cm_txt t = {0};
    for (size_t i = 0; i < n; i++)
      if (cm_str_number(args[i].v.text, &code)) cm_txt_putc(s->ev, &t, (char)code);
    return text_of(cm_txt_str(&t));
  }
  bool codec = cm_str_is(last, "decode") && n > 1 && cm_str_is(args[1].v.text, "rot13");
  if (codec && rot13(s->ev->a, args[0].v.text, &out)) return text_of(out);
  if (cm_str_is(name, "Buffer.from") && n > 1)
    return cm_str_is(args[1].v.text, "base64") && base64(s->ev->a, args[0].v.text, &out)
               ? text_of(out)
           : cm_str_is(args[1].v.text, "hex") && cm_decode_hex(s->ev->a, args[0].v.text, &out)
               ? text_of(out)
               : args[0];
  for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++) {
    if (!cm_str_is(last, decoders[i].name)) continue;
    if (decoders[i].decode == same) return args[0];
    if (cm_val_known(&args[0].v) && decoders[i].decode(s->ev->a, args[0].v.text, &out))
      return text_of(out);
  }
  return unknown();
}

/* --- expressions --- */

/* "(" value, … ")": the arguments; *i is behind them. */
static size_t arguments(cm_code_reader *s, size_t *i, cm_code_value *args, size_t max) {
  size_t n = 0;
  for (++*i; *i < s->toks.n && !is(s, *i, ")");) {
    size_t before = *i;
    cm_code_value v = cm_script_value(s, i);
    if (n < max) args[n++] = v;
    if (is(s, *i, ",") || *i == before) ++*i;
  }
  *i += *i < s->toks.n;
  return n;
}

static cm_code_value list_value(cm_code_reader *s, size_t *i) {
  cm_code_value out = {.list = true, .v = cm_val_hole(CM_FROM_INPUT, NULL)};
  const char *end = is(s, *i, "[") ? "]" : ")";
  for (++*i; *i < s->toks.n && !is(s, *i, end);) {
    size_t before = *i;
    cm_code_value v = cm_script_value(s, i);
    cm_rword w = cm_word_of_val(&v.v, s->ev->f.whole);
    cm_fields_add(s->ev, &out.items, &w);
    if (is(s, *i, ",") || *i == before) ++*i;
  }
  *i += *i < s->toks.n;
  if (out.items.n == 1) out.v = cm_val_of_word(&out.items.v[0]);
  return out;
}

static cm_code_value name_value(cm_code_reader *s, size_t *i) {
  size_t end;
  cm_code_value args[8];
  cm_str name = cm_script_name(s, *i, &end);
  const cm_binding *b = cm_script_binding(s, name);
  bool environment = cm_str_is(name, "os.environ") || cm_str_is(name, "ENV") ||
                     cm_str_is(name, "$ENV") || cm_str_is(name, "process.env");
  *i = end;
  if (cm_str_is(name, "process.env.HOME")) return (cm_code_value){.v = home_of(s->ev)};
  if (environment && cm_script_tok(s, end + 1)->kind != CM_TOK_END && !is(s, end, ".")) {
    bool home = cm_str_is(cm_script_tok(s, end + 1)->text, "HOME");
    *i = end + 3 <= s->toks.n ? end + 3 : s->toks.n;
    return home ? (cm_code_value){.v = home_of(s->ev)} : unknown();
  }
  if (is(s, end, "(")) {
    size_t n = arguments(s, i, args, 8);
    return call_value(s, name, args, n);
  }
  return b && !b->target.n ? (cm_code_value){.v = b->value} : unknown();
}

static cm_code_value primary(cm_code_reader *s, size_t *i);

/* "%s" and "{}" in a text that is formatted are holes. */
static void formatted(cm_code_reader *s, cm_code_value *v, char mark) {
  cm_txt t = {0};
  cm_str in = v->v.text;
  for (size_t i = 0; i < in.n; i++) {
    bool hole = in.p[i] == mark && i + 1 < in.n && in.p[i + 1] != mark;
    if (hole) {
      while (i + 1 < in.n && (mark == '{' ? in.p[i] != '}' : !strchr("sdrxif", in.p[i]))) i++;
    }
    cm_txt_add(s->ev, &t, hole ? CM_STR("\x01") : (cm_str){in.p + i, 1});
  }
  v->v.text = cm_txt_str(&t);
  v->v.from |= CM_FROM_INPUT;
}

static void join_list(cm_code_reader *s, cm_code_value *v, const cm_fields *items) {
  cm_txt t = {0};
  for (size_t i = 0; i < items->n; i++) {
    if (i) cm_txt_add(s->ev, &t, v->v.text);
    cm_txt_add(s->ev, &t, items->v[i].text);
    v->v.from |= items->v[i].from;
  }
  v->v.text = cm_txt_str(&t);
}

static cm_code_value primary(cm_code_reader *s, size_t *i) {
  const cm_tok *t = cm_script_tok(s, *i);
  cm_code_value out;
  if (t->kind == CM_TOK_TEXT) {
    out = text_of(t->text);
    if (cm_str_has(t->text, CM_HOLE)) out.v.from = CM_FROM_INPUT;
    for (++*i; cm_script_tok(s, *i)->kind == CM_TOK_TEXT && s->language != 'l';
         ++*i) /* "a" "b" is "ab" */
      out.v.text = cm_ev_join(s->ev, out.v.text, cm_script_tok(s, *i)->text);
    return out;
  }
  if (t->kind == CM_TOK_NUMBER) return ++*i, text_of(t->text);
  if (is(s, *i, "[") || is(s, *i, "(")) return list_value(s, i);
  if (s->language == 'a' && is(s, *i, "$")) {
    ++*i;
    (void)primary(s, i);
    return unknown();
  }
  if (is(s, *i, "new") || is(s, *i, "await")) return ++*i, cm_script_value(s, i);
  if (t->kind == CM_TOK_NAME) return name_value(s, i);
  return unknown();
}

/* .decode() .toString() [::-1] .split() … behind a value. */
static void postfix(cm_code_reader *s, size_t *i, cm_code_value *v) {
  cm_code_value args[8];
  cm_str out;
  for (;;) {
    size_t n = member_mark(s, *i);
    if (n && cm_script_tok(s, *i + n)->kind == CM_TOK_NAME) {
      cm_str method = cm_script_tok(s, *i + n)->text;
      *i += n + 1;
      size_t count = is(s, *i, "(") ? arguments(s, i, args, 8) : 0;
      bool rot = cm_str_is(method, "decode") && count && cm_str_is(args[0].v.text, "rot13");
      if (cm_str_is(method, "split") && !v->list && cm_val_known(&v->v)) {
        cm_rword w = cm_word_of_val(&v->v, s->ev->f.whole);
        cm_build b = {.ev = s->ev, .out = &v->items};
        b.word.span = w.span;
        cm_build_val(&b, &v->v, false);
        cm_build_break(&b);
        v->list = true;
      } else if (cm_str_is(method, "reverse") && cm_filter_rev(s->ev->a, v->v.text, &out)) {
        v->v.text = out;
      } else if (rot && rot13(s->ev->a, v->v.text, &out)) {
        v->v.text = out;
      } else if (cm_str_is(method, "format")) {
        formatted(s, v, '{');
      } else if (cm_str_is(method, "read") || cm_str_is(method, "replace")) {
        *v = unknown();
      } else if (cm_str_is(method, "join") && count && args[0].list) {
        join_list(s, v, &args[0].items);
      }
      continue;
    }
    if (!is(s, *i, "[") || *i + 1 >= s->toks.n) return;
    bool reversed = is(s, *i + 1, ":") && is(s, *i + 2, ":") && is(s, *i + 3, "-");
    while (*i < s->toks.n && !is(s, *i, "]")) ++*i;
    *i += *i < s->toks.n;
    if (!reversed || !cm_filter_rev(s->ev->a, v->v.text, &out)) *v = unknown();
    else v->v.text = out;
  }
}

/* The rest of an expression that isn't understood, up to a comma or a closing bracket. */
static void skip_rest(cm_code_reader *s, size_t *i) {
  long depth = 0;
  for (; *i < s->toks.n; ++*i) {
    if (++s->skipped > SKIPPED_MAX) {
      s->ev->limited = true;
      *i = s->toks.n;
      return;
    }
    if (depth == 0 && (is(s, *i, ",") || is(s, *i, ";") || is(s, *i, "\n"))) return;
    if (is(s, *i, "(") || is(s, *i, "[") || is(s, *i, "{")) depth++;
    if (is(s, *i, ")") || is(s, *i, "]") || is(s, *i, "}")) {
      if (depth-- == 0) return;
    }
  }
}

static bool ends(const cm_code_reader *s, size_t i) {
  return i >= s->toks.n || is(s, i, ",") || is(s, i, ")") || is(s, i, "]") || is(s, i, "}") ||
         is(s, i, ";") || is(s, i, "\n") || is(s, i, "|");
}

cm_code_value cm_script_value(cm_code_reader *s, size_t *i) {
  if (s->depth > VALUE_DEPTH || !cm_ev_step(s->ev)) {
    skip_rest(s, i);
    return unknown();
  }
  s->depth++;
  while (is(s, *i, "\n")) ++*i;
  cm_code_value out = primary(s, i);
  postfix(s, i, &out);
  while (is(s, *i, "\n")) ++*i;
  const char *plus = strchr("lh", s->language) ? "." : s->language == 'u' ? "." : "+";
  while (is(s, *i, plus) || is(s, *i, "+") || (s->language == 'a' && !ends(s, *i))) {
    while (is(s, *i, plus) || is(s, *i, "+")) ++*i;
    size_t before = *i;
    cm_code_value more = primary(s, i);
    if (*i == before) break;
    postfix(s, i, &more);
    out.v.text = cm_ev_join(s->ev, out.v.text, more.v.text);
    out.v.from |= more.v.from;
    out.list = false;
  }
  if (!ends(s, *i)) {
    if (is(s, *i, "%")) formatted(s, &out, '%');
    else out.v.text = cm_ev_join(s->ev, out.v.text, CM_STR("\x01"));
    out.v.from |= CM_FROM_INPUT;
    skip_rest(s, i);
  }
  s->depth--;
  return out;
}
