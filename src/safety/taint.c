#include "safety/taint.h"

#include <string.h>

/* What is known of one run. */
typedef struct flow {
  const cm_run *run;  /* NULL: a free slot */
  struct flow *feeds; /* one more run whose output this one reads, beside run->in */
  struct flow *next;  /* another one with the same reader */
  uint8_t in, out;
  bool has_in, has_out, busy;
} flow;

struct cm_taints {
  flow *flows; /* [mask + 1], by address */
  size_t mask;
  cm_written *files; /* [file_mask + 1], by path */
  size_t n_files, file_mask;
  cm_call call;
  unsigned depth;
};

enum {
  FLOW_DEPTH_MAX = 200, /* runs behind runs; deeper ones are unknown */
  KEY_CWD_MAX = 1024    /* files below a longer directory are told apart by what is written */
};

/* --- tables ---------------------------------------------------------------------------------- */

static size_t spread(size_t h) { return (h ^ (h >> 15)) * 0x9e3779b1u; }

static flow *flow_of(cm_taints *t, const cm_run *run) {
  size_t i = spread((size_t)(uintptr_t)run >> 4) & t->mask;
  while (t->flows[i].run && t->flows[i].run != run) i = (i + 1) & t->mask;
  return &t->flows[i];
}

static cm_written *find_file(const cm_taints *t, cm_str key, const cm_run *source) {
  size_t h = (size_t)(uintptr_t)source >> 4;
  for (size_t i = 0; i < key.n; i++) h = h * 31 + (unsigned char)key.p[i];
  size_t at = spread(h) & t->file_mask;
  while (t->files[at].key.n &&
         !(t->files[at].source == source && cm_str_eq(t->files[at].key, key)))
    at = (at + 1) & t->file_mask;
  return &t->files[at];
}

static bool grow_files(cm_judging *j) {
  cm_taints *t = j->taints, old = *t;
  size_t more = old.files ? 2 * (old.file_mask + 1) : 16;
  t->files = cm_arena_alloc(j->arena, more, sizeof *t->files);
  if (!t->files) {
    t->files = old.files;
    j->no_memory = true;
    return false;
  }
  t->file_mask = more - 1;
  for (size_t i = 0; old.files && i <= old.file_mask; i++)
    if (old.files[i].key.n) *find_file(t, old.files[i].key, old.files[i].source) = old.files[i];
  return true;
}

/* The path as the key of a file: absolute where the directory is known, without "./". */
static cm_str key_of(cm_judging *j, const cm_rword *word, const cm_run *run) {
  cm_str path = word->text, cwd = run->cwd.text.n ? run->cwd.text : j->context->cwd;
  while (path.n > 2 && path.p[0] == '.' && path.p[1] == '/') path.p += 2, path.n -= 2;
  bool whole = !path.n || path.p[0] == '/' || path.p[0] == '~' || path.p[0] == CM_HOLE;
  if (whole || !cwd.n || cwd.n > KEY_CWD_MAX) return path;
  char *key = cm_arena_alloc(j->arena, cwd.n + 1 + path.n, 1);
  if (!key) {
    j->no_memory = true;
    return path;
  }
  memcpy(key, cwd.p, cwd.n);
  key[cwd.n] = '/';
  memcpy(key + cwd.n + 1, path.p, path.n);
  return (cm_str){key, cwd.n + 1 + path.n};
}

bool cm_taint_any_file(const cm_judging *j) { return j->taints && j->taints->n_files; }

/* The folder above that came as a whole: of git clone, of an archive. */
static const cm_written *fetched_tree(const cm_judging *j, cm_str key) {
  for (size_t n = key.n; n > 1; n--) {
    if (key.p[n - 1] != '/') continue;
    const cm_written *tree = find_file(j->taints, (cm_str){key.p, n}, NULL);
    if (tree->key.n) return tree;
  }
  return NULL;
}

const cm_written *cm_taint_file(cm_judging *j, const cm_rword *word, const cm_run *run) {
  if (!cm_taint_any_file(j) || !word->text.n) return NULL;
  cm_str key = key_of(j, word, run);
  const cm_written *file = find_file(j->taints, key, word->source);
  return file->key.n ? file : fetched_tree(j, key);
}

void cm_taint_write(cm_judging *j, const cm_rword *word, const cm_run *run, unsigned taint,
                    cm_str text) {
  cm_taints *t = j->taints;
  if (!word->text.n || (!taint && !text.p)) return;
  if ((!t->files || 2 * t->n_files > t->file_mask) && !grow_files(j)) return;
  cm_str key = key_of(j, word, run);
  cm_written *file = find_file(t, key, word->source);
  if (!file->key.n) {
    bool tree = key.p[key.n - 1] == '/' && !word->source;
    *file = (cm_written){.key = key, .source = word->source, .tree = tree, .text = text};
    t->n_files++;
  } else if (file->text.p != text.p) {
    file->text = text;
  }
  file->taint |= taint;
}

/* Programs whose subcommands aren't listed here, one of which is "completion". */
static bool has_completion(cm_str program) {
  return cm_glob_any(
      CM_STR("bw|consul|glab|helmfile|hugo|kops|localstack|ng|nomad|op|podman|poetry|rustup|"
             "trivy|tilt|vault"),
      program);
}

/* Options by which programs print settings of the shell. */
static bool asks_settings(const cm_call *call, cm_str program) {
  if (call->n_options != 1) return false;
  static const char *const rows[][2] = {
      {"fzf", "bash|zsh|fish"},
      {"bat|delta|just|rg|sk|stern|task|tv", "completion|completions"},
      {"hub", "s"},
      {"pkgx", "shellcode"}};
  for (size_t i = 0; i < CM_COUNT(rows); i++)
    if (cm_glob_any(cm_str_of(rows[i][0]), program))
      return cm_glob_any(cm_str_of(rows[i][1]), call->options[0].name);
  return false;
}

/* Python's click: _FLASK_COMPLETE=bash_source flask */
static bool asks_click(const cm_run *run) {
  if (run->n != 1 || run->n_env != 1 || run->in || run->in_text) return false;
  return cm_glob(CM_STR("_*_COMPLETE"), run->env[0].name) && !run->env[0].value.from &&
         cm_glob_any(CM_STR("*_source|source_*"), run->env[0].value.text);
}

static bool is_completion(const cm_call *call, size_t at) {
  return at < call->n_operands &&
         cm_glob_any(CM_STR("completion|completions"), call->operands[at].value);
}

/* "kubectl completion bash": every program of many subcommands has this one or none. */
static bool prints_completion(const cm_known *known, const cm_call *call) {
  cm_str name = known->name;
  bool first = is_completion(call, 0);
  if (first && known->base->depth > 1) return true;
  if ((first || is_completion(call, 1)) && has_completion(name)) return true;
  return asks_settings(call, name);
}

unsigned cm_taint_program(cm_judging *j, const cm_run *run, const cm_call **call) {
  cm_known known;
  if (!cm_call_read(j->safety->index, run, j->arena, &j->taints->call, &known))
    j->no_memory = true;
  if (call) *call = &j->taints->call;
  bool click = asks_click(run);
  if (!known.base) return click ? CM_PROGRAM_INIT : 0;
  unsigned init = click || prints_completion(&known, &j->taints->call) ? CM_PROGRAM_INIT : 0;
  return known.program->how | init;
}

/* --- flow ------------------------------------------------------------------------------------ */

/* Programs that name files and say nothing of what is in them. */
static bool names_only(cm_str program) {
  return cm_glob_any(CM_STR("echo|printf|ls|stat|dirname|basename|realpath|readlink|test|[|[[|cd|"
                            "find|which|type|file|du|ssh-keygen|ssh-add|ssh|git|mkdir|touch|chmod|"
                            "chown|rm|id|pwd|export|:|true"),
                     program);
}

/* Programs that give their input or files on as they are. */
static bool copies_text(cm_str program) {
  return cm_glob_any(CM_STR("cat|tee|head|tail|pv|sponge|less|more"), program);
}

static bool prints_environment(const cm_run *run) {
  bool bare =
      run->n == 1 || (run->n == 2 && run->words[1].text.n == 2 && run->words[1].text.p[0] == '-');
  return bare && cm_glob_any(CM_STR("env|printenv|set|export|declare|typeset"), run->program);
}

/* Commands that print secrets of their own. */
static bool prints_secrets(const cm_run *run) {
  static const struct {
    const char *programs, *word; /* NULL: whatever its words are */
  } rows[] = {
      {"history", NULL},
      {"gpg|gpg2", "--export-secret*"},
      {"security", "find-*-password|export|dump-keychain"},
      {"pass|gopass|secret-tool|op|bw|lpass", "show|lookup|read|item|get|export"},
      {"vault", "read|kv|unwrap|print"},
      {"aws", "get-secret-value|get-parameter*|export-credentials"},
      {"gcloud", "secrets|print-*-token"},
      {"kubectl|oc", "secret|secrets|view|secret/*|secrets/*"},
      {"git", "credential|credential-store"},
      {"gh|glab", "token"},
      {"heroku", "config|config:get|auth:token"},
      {"az", "get-access-token|keys|list-keys|secret"},
      {"sops", "-d|--decrypt|decrypt"},
      {"ansible-vault", "view|decrypt"},
      {"rclone", "show|dump"},
      {"curl|wget|http|https|xh",
       "*169.254.169.254/*|*metadata.google.internal/*|*100.100.100.200/*"},
      {"printenv", "*KEY*|*TOKEN*|*SECRET*|*PASS*"},
  };
  for (size_t k = 0; k < CM_COUNT(rows); k++) {
    if (!cm_glob_any(cm_str_of(rows[k].programs), run->program)) continue;
    if (!rows[k].word) return true;
    for (size_t i = 1; i < run->n; i++)
      if (cm_glob_any(cm_str_of(rows[k].word), run->words[i].text)) return true;
  }
  return false;
}

static unsigned taint_of_word(cm_judging *j, const cm_rword *word) {
  if (word->source) return cm_taint_out(j, word->source);
  return word->from & ~(unsigned)(CM_FROM_NUMBER | CM_FROM_FILES) ? CM_TAINT_UNKNOWN : 0;
}

/* The same of text that is passed on as it is: what echo prints, a here-document. */
static unsigned taint_of_text(cm_judging *j, const cm_rword *word) {
  unsigned named = cm_taint_names_secret(word) ? CM_TAINT_VARIABLE : 0;
  return taint_of_word(j, word) | named;
}

static unsigned taint_of_path(cm_judging *j, const cm_rword *word, const cm_run *run) {
  const cm_written *file = cm_taint_file(j, word, run);
  unsigned taint = file ? file->taint : word->from ? 0 : CM_TAINT_FILE;
  cm_path path = cm_path_of(word, &run->cwd, j->context);
  if (path.secret) taint |= CM_TAINT_SECRET;
  if (path.network) taint |= CM_TAINT_NETWORK;
  return taint;
}

static unsigned taint_of_redirs(cm_judging *j, const cm_run *run) {
  unsigned taint = 0;
  for (size_t i = 0; i < run->n_redirs; i++) {
    const cm_rredir *r = &run->redirs[i];
    if (r->op == CM_REDIR_HERE_DOC || r->op == CM_REDIR_HERE_STRING)
      taint |= taint_of_text(j, &r->target);
    else if (r->op != CM_REDIR_READ && r->op != CM_REDIR_READ_WRITE) continue;
    else if (r->sub) taint |= cm_taint_out(j, r->sub);
    else taint |= taint_of_path(j, &r->target, run);
  }
  return taint;
}

/* A path in "@file", "name=@file", "name=file", "<file". */
static cm_rword path_in(const cm_rword *word, cm_str text) {
  cm_rword out = *word;
  out.text = text;
  for (size_t i = 0; i < text.n; i++) {
    bool mark = text.p[i] == '@' ? i == 0 || text.p[i - 1] == '=' || text.p[i - 1] == ':'
                                 : text.p[i] == '=' || (text.p[i] == '<' && i == 0);
    if (mark) out.text = (cm_str){text.p + i + 1, text.n - i - 1};
  }
  return out;
}

/* Options whose value is a key to log in with, or where output goes: not what is sent. */
static bool is_own_option(const cm_arg *arg) {
  return cm_glob_any(CM_STR("i|E|key|cert|cacert|identity*|private-key|o|output|O|out|e|rsh"),
                     arg->name);
}

static unsigned taint_of_args(cm_judging *j, const cm_run *run) {
  const cm_call *call;
  unsigned how = cm_taint_program(j, run, &call), taint = 0;
  if ((how & CM_ARGV_NONE) || names_only(run->program)) return 0;
  for (size_t i = 0; i < call->n_operands; i++) {
    cm_rword word = path_in(call->operands[i].at, call->operands[i].value);
    taint |= taint_of_path(j, &word, run);
  }
  for (size_t i = 0; i < call->n_options; i++) {
    if (!call->options[i].has_value || is_own_option(&call->options[i])) continue;
    cm_rword word = path_in(call->options[i].at, call->options[i].value);
    taint |= taint_of_path(j, &word, run) & ~(unsigned)CM_TAINT_FILE;
  }
  return taint;
}

/* What spreads through files, and from each of several commands into one pipe. */
enum { SPREADS = CM_TAINT_PRIVATE | CM_TAINT_VARIABLE | CM_TAINT_NETWORK | CM_TAINT_DECODED };

static unsigned taint_in(cm_judging *j, const cm_run *run) {
  unsigned taint = taint_of_redirs(j, run);
  if (run->in) taint |= cm_taint_out(j, run->in);
  for (const flow *f = flow_of(j->taints, run)->feeds; f; f = f->next)
    taint |= cm_taint_out(j, f->run) & SPREADS;
  if (run->in_text) taint |= taint_of_text(j, run->in_text);
  bool prints = cm_glob_any(CM_STR("echo|printf|print"), run->program);
  for (size_t i = 1; i < run->n; i++) {
    const cm_rword *word = &run->words[i];
    bool fed = word->source && word->source->in == run; /* >(…) */
    if (!fed) taint |= prints ? taint_of_text(j, word) : taint_of_word(j, word);
  }
  return run->n ? taint | taint_of_args(j, run) : taint;
}

unsigned cm_taint_in(cm_judging *j, const cm_run *run) {
  flow *f = flow_of(j->taints, run);
  if (f->has_in) return f->in;
  if (f->busy || j->taints->depth > FLOW_DEPTH_MAX || !f->run) return CM_TAINT_UNKNOWN;
  f->busy = true;
  j->taints->depth++;
  f->in = (uint8_t)taint_in(j, run);
  j->taints->depth--;
  f->busy = false;
  f->has_in = true;
  return f->in;
}

/* Whether another machine prints it: ssh HOST cat FILE. */
static bool is_over_network(const cm_run *run) {
  const cm_run *via = run->remote ? run->via : NULL;
  for (; via; via = via->via)
    if (cm_glob_any(CM_STR("ssh|mosh|slogin|rsh|vagrant|gcloud"), via->program)) return true;
  return false;
}

static unsigned taint_out(cm_judging *j, const cm_run *run) {
  unsigned how = cm_taint_program(j, run, NULL), taint = cm_taint_in(j, run);
  if (prints_environment(run)) return CM_TAINT_ENV;
  if (how & CM_PROGRAM_INIT) return CM_TAINT_INIT;
  if (prints_secrets(run)) return CM_TAINT_SECRET | CM_TAINT_UNKNOWN;
  if (how & CM_PROGRAM_QUIET) return CM_TAINT_UNKNOWN;
  if (how & CM_PROGRAM_FETCHES || is_over_network(run)) taint |= CM_TAINT_NETWORK;
  if (how & CM_PROGRAM_DECODES) taint |= CM_TAINT_DECODED;
  return copies_text(run->program) ? taint : taint | CM_TAINT_UNKNOWN;
}

unsigned cm_taint_out(cm_judging *j, const cm_run *run) {
  flow *f = flow_of(j->taints, run);
  if (!f->run || f->busy) return CM_TAINT_UNKNOWN;
  if (!f->has_out) f->out = (uint8_t)taint_out(j, run);
  f->has_out = true;
  return f->out;
}

cm_str cm_taint_text(cm_judging *j, const cm_run *run) {
  if (run->n == 1 && run->in_text && cm_glob_any(CM_STR("cat|tee"), run->program))
    return run->in_text->text;
  if (run->n < 2 || !cm_glob_any(CM_STR("echo|printf"), run->program)) return (cm_str){0};
  size_t n = 0, at = 0;
  for (size_t i = 1; i < run->n; i++) n += run->words[i].text.n + 1;
  char *text = cm_arena_alloc(j->arena, n, 1);
  if (!text) {
    j->no_memory = true;
    return (cm_str){0};
  }
  bool escapes = cm_str_is(run->program, "printf") || cm_str_is(run->words[1].text, "-e") ||
                 cm_str_is(run->words[1].text, "-ne");
  for (size_t i = 1; i < run->n; i++) {
    cm_str word = run->words[i].text;
    if (i == 1 && word.n > 1 && word.p[0] == '-') continue;
    if (i == 1 && run->n > 2 && cm_glob_any(CM_STR("%s|%s\\\\n|%b|%b\\\\n"), word)) continue;
    for (size_t k = 0; k < word.n; k++) {
      bool line = escapes && word.p[k] == '\\' && k + 1 < word.n && word.p[k + 1] == 'n';
      text[at++] = line ? '\n' : word.p[k];
      k += line;
    }
    text[at++] = ' ';
  }
  return (cm_str){text, at};
}

/* --- files ----------------------------------------------------------------------------------- */

/* Programs that put what they read into the files they name. */
static bool copies_files(cm_str program) {
  return cm_glob_any(CM_STR("tee|sponge|cp|mv|install|ln|tar|zip|7z|7za|gzip|xz|gpg|openssl|"
                            "base64|xxd|dd|rsync|bsdtar"),
                     program);
}

static cm_rword with_text(const cm_rword *word, cm_str text) {
  cm_rword out = *word;
  out.text = text;
  return out;
}

/* The last part of a URL, which is how a fetched file is called. */
static cm_str name_of_url(cm_str url) {
  size_t end = 0;
  while (end < url.n && url.p[end] != '?' && url.p[end] != '#') end++;
  size_t begin = end;
  while (begin && url.p[begin - 1] != '/' && url.p[begin - 1] != ':') begin--;
  return begin ? (cm_str){url.p + begin, end - begin} : (cm_str){0};
}

static bool is_output_option(cm_str name) {
  return cm_glob_any(CM_STR("o|O|output|output-document|out|output-file"), name);
}

/* FOLDER/NAME for every URL among the operands; the folder is an option's value, or empty. */
static void collect_urls(cm_judging *j, const cm_run *run, const cm_call *call, unsigned taint,
                         cm_str folder) {
  for (size_t i = 0; i < call->n_operands; i++) {
    cm_rword word = with_text(call->operands[i].at, name_of_url(call->operands[i].value));
    if (folder.n && folder.n <= KEY_CWD_MAX && word.text.n) {
      char *path = cm_arena_alloc(j->arena, folder.n + 1 + word.text.n, 1);
      if (!path) {
        j->no_memory = true;
        return;
      }
      memcpy(path, folder.p, folder.n);
      path[folder.n] = '/';
      memcpy(path + folder.n + 1, word.text.p, word.text.n);
      word.text = (cm_str){path, folder.n + 1 + word.text.n};
    }
    cm_taint_write(j, &word, run, taint, (cm_str){0});
  }
}

static void collect_fetched(cm_judging *j, const cm_run *run, const cm_call *call,
                            unsigned taint) {
  cm_str folder = {0};
  for (size_t i = 0; i < call->n_options; i++) {
    const cm_arg *arg = &call->options[i];
    if (!arg->has_value) continue;
    if (cm_glob_any(CM_STR("P|directory-prefix|output-dir"), arg->name)) folder = arg->value;
    if (!is_output_option(arg->name)) continue;
    cm_rword word = with_text(arg->at, arg->value);
    cm_taint_write(j, &word, run, taint, (cm_str){0});
  }
  while (folder.n > 1 && folder.p[folder.n - 1] == '/') folder.n--;
  collect_urls(j, run, call, taint, folder);
}

/* git clone URL [FOLDER], gh repo clone URL [FOLDER]: all below is another's. */
static void collect_clone(cm_judging *j, const cm_run *run) {
  const cm_call *call;
  (void)cm_taint_program(j, run, &call);
  size_t at = 0;
  while (at < call->n_operands && !cm_str_is(call->operands[at].value, "clone")) at++;
  if (at + 1 >= call->n_operands) return;
  const cm_arg *url = &call->operands[at + 1];
  bool named = at + 2 < call->n_operands;
  cm_str name = named ? call->operands[at + 2].value : name_of_url(url->value);
  while (name.n > 1 && name.p[name.n - 1] == '/') name.n--;
  if (cm_str_ends(name, CM_STR(".git"))) name.n -= 4;
  cm_str in = CM_STR(""); /* git -C FOLDER clone … */
  for (size_t i = 0; i < call->n_options; i++)
    if (cm_str_is(call->options[i].name, "C") && call->options[i].has_value)
      in = call->options[i].value;
  if (!name.n || in.n > KEY_CWD_MAX || name.n > KEY_CWD_MAX) return;
  if (name.p[0] == '/' || name.p[0] == '~') in.n = 0;
  char *tree = cm_arena_alloc(j->arena, in.n + name.n + 2, 1);
  if (!tree) {
    j->no_memory = true;
    return;
  }
  size_t at_name = in.n + (in.n != 0);
  if (in.n) memcpy(tree, in.p, in.n), tree[in.n] = '/';
  memcpy(tree + at_name, name.p, name.n);
  tree[at_name + name.n] = '/';
  name = (cm_str){tree, at_name + name.n};
  cm_rword word =
      with_text(named ? call->operands[at + 2].at : url->at, (cm_str){tree, name.n + 1});
  word.source = NULL;
  cm_taint_write(j, &word, run, CM_TAINT_NETWORK, (cm_str){0});
}

/* scp HOST:x FILE */
static void collect_remote(cm_judging *j, const cm_run *run) {
  const cm_call *call;
  (void)cm_taint_program(j, run, &call);
  for (size_t i = 0; i + 1 < call->n_operands; i++)
    if (cm_path_of(call->operands[i].at, &run->cwd, j->context).place == CM_PLACE_REMOTE)
      cm_taint_write(j, call->operands[call->n_operands - 1].at, run, CM_TAINT_NETWORK,
                     (cm_str){0});
}

/* Every file that a copying program names may now hold what it read. */
static void collect_copied(cm_judging *j, const cm_run *run, unsigned taint, cm_str text) {
  const cm_call *call;
  (void)cm_taint_program(j, run, &call);
  for (size_t i = 0; i < call->n_operands; i++) {
    cm_str value = call->operands[i].value;
    cm_rword word = with_text(call->operands[i].at, value);
    if (cm_str_starts(value, CM_STR("of="))) word.text = (cm_str){value.p + 3, value.n - 3};
    cm_taint_write(j, &word, run, taint, text);
  }
  for (size_t i = 0; i < call->n_options; i++) {
    if (!call->options[i].has_value) continue;
    cm_rword word = with_text(call->options[i].at, call->options[i].value);
    cm_taint_write(j, &word, run, taint, text);
  }
}

static bool writes(const cm_rredir *r) {
  return !r->sub &&
         (r->op == CM_REDIR_WRITE || r->op == CM_REDIR_CLOBBER || r->op == CM_REDIR_APPEND ||
          r->op == CM_REDIR_BOTH || r->op == CM_REDIR_APPEND_BOTH);
}

static void collect_run(cm_judging *j, const cm_run *run) {
  const cm_call *call;
  unsigned how = cm_taint_program(j, run, &call);
  unsigned own = (how & CM_PROGRAM_FETCHES ? CM_TAINT_NETWORK : 0u) |
                 (how & CM_PROGRAM_DECODES ? CM_TAINT_DECODED : 0u);
  if (own) collect_fetched(j, run, call, own);
  if (cm_glob_any(CM_STR("scp|rsync|rcp"), run->program)) collect_remote(j, run);
  if (cm_glob_any(CM_STR("git|gh|glab"), run->program)) collect_clone(j, run);
  if (copies_files(run->program)) {
    cm_str text = run->in_text && !run->in_text->from ? run->in_text->text : (cm_str){0};
    collect_copied(j, run, cm_taint_in(j, run) & SPREADS, text);
  }
  cm_str text = run->n_redirs ? cm_taint_text(j, run) : (cm_str){0};
  for (size_t i = 0; i < run->n_redirs; i++)
    if (writes(&run->redirs[i]))
      cm_taint_write(j, &run->redirs[i].target, run, cm_taint_out(j, run) & SPREADS, text);
}

/* What a fetching program writes is known first, as a pipe in a circle reads it before. */
static void collect_circle(cm_judging *j, const cm_run *run) {
  if (!run->n_redirs || !(cm_taint_program(j, run, NULL) & CM_PROGRAM_FETCHES)) return;
  for (size_t i = 0; i < run->n_redirs; i++)
    if (writes(&run->redirs[i]))
      cm_taint_write(j, &run->redirs[i].target, run, CM_TAINT_NETWORK, (cm_str){0});
}

/* Notes who writes into a pipe beside the command that its reader knows: { cat a; date; } | x. */
static void collect_feeder(cm_taints *t, const cm_run *run) {
  if (!run->out || run->out->in == run) return;
  flow *reader = flow_of(t, run->out), *f = flow_of(t, run);
  if (!reader->run) return;
  f->next = reader->feeds;
  reader->feeds = f;
}

void cm_taint_collect(cm_judging *j) {
  size_t slots = 4, n = j->runs->n;
  cm_taints *t = cm_arena_alloc(j->arena, 1, sizeof *t);
  while (slots < 2 * n) slots *= 2;
  if (t) t->flows = cm_arena_alloc(j->arena, slots, sizeof *t->flows);
  if (!t || !t->flows) {
    j->no_memory = true;
    return;
  }
  t->mask = slots - 1;
  j->taints = t;
  for (size_t i = 0; i < n; i++) flow_of(t, j->runs->items[i])->run = j->runs->items[i];
  if (n < 2) return;
  for (size_t i = 0; i < n; i++) collect_feeder(t, j->runs->items[i]);
  for (size_t i = 0; i < n && !j->no_memory; i++) collect_circle(j, j->runs->items[i]);
  for (size_t i = 0; i < n && !j->no_memory; i++) collect_run(j, j->runs->items[i]);
}
