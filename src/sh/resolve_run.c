/* What a command's first word starts. */
#include <string.h>

#include "sh/eval.h"

/* Folders whose programs are known by their base names. */
static const char *const system_folders[] = {
    "/bin",           "/sbin",           "/usr/bin",          "/usr/sbin",
    "/usr/local/bin", "/usr/local/sbin", "/opt/homebrew/bin", "/opt/local/bin",
    "/usr/games",     "/snap/bin",       "/usr/libexec",      "/run/current-system/sw/bin"};

/* Programs that a glob in a path is tried on, worst first. */
static const char *const system_programs[] = {
    "rm",      "dd",        "mkfs",      "sh",        "bash",    "dash",    "zsh",    "shred",
    "nc",      "ncat",      "python3",   "python",    "perl",    "ruby",    "php",    "node",
    "curl",    "wget",      "chmod",     "chown",     "mv",      "cp",      "tee",    "find",
    "xargs",   "env",       "sudo",      "su",        "kill",    "killall", "pkill",  "reboot",
    "halt",    "shutdown",  "poweroff",  "ln",        "wipefs",  "fdisk",   "sfdisk", "parted",
    "mount",   "umount",    "crontab",   "at",        "ssh",     "scp",     "rsync",  "tar",
    "base64",  "base32",    "xxd",       "openssl",   "aws",     "awk",     "sed",    "cat",
    "less",    "more",      "head",      "tail",      "tac",     "nl",      "od",     "cut",
    "ls",      "echo",      "printf",    "id",        "whoami",  "uname",   "ps",     "grep",
    "busybox", "mkfs.ext4", "iptables",  "systemctl", "userdel", "useradd", "passwd", "truncate",
    "unlink",  "rmdir",     "touch",     "mkdir",     "sort",    "uniq",    "wc",     "date",
    "df",      "du",        "git",       "docker",    "podman",  "kubectl", "helm",   "terraform",
    "psql",    "mysql",     "redis-cli", "mongosh",   "sqlite3", "gcloud",  "az",     "gsutil",
    "ufw",     "nft",       "setcap",    "chattr",    "usermod", "lua",     "tclsh",  "expect",
    "gawk",    "vim",       "make",      "man",       "zip",     "split",   "socat",  "telnet",
    "busybox"};

/* Names that people and other programs use: a function of this name runs some day. */
bool cm_is_common(cm_str name) {
  static const char *const more[] = {"cd",
                                     "git",
                                     "vi",
                                     "vim",
                                     "nano",
                                     "make",
                                     "exit",
                                     "pwd",
                                     "docker",
                                     "npm",
                                     "apt",
                                     "pip",
                                     "man",
                                     "clear",
                                     "history",
                                     "test",
                                     "export",
                                     "source",
                                     "command_not_found_handle"};
  for (size_t i = 0; i < sizeof system_programs / sizeof *system_programs; i++)
    if (cm_str_is(name, system_programs[i])) return true;
  for (size_t i = 0; i < sizeof more / sizeof *more; i++)
    if (cm_str_is(name, more[i])) return true;
  return false;
}

static bool has_hole(cm_str s) { return s.n && memchr(s.p, CM_HOLE, s.n); }

static cm_str base_name(cm_str path) {
  for (size_t i = path.n; i-- > 0;)
    if (path.p[i] == '/') return (cm_str){path.p + i + 1, path.n - i - 1};
  return path;
}

/* "/???/r[m]": the first known program that it can mean. */
static cm_str match_program(cm_eval *ev, cm_str pattern) {
  cm_str last = base_name(pattern), folder = {pattern.p, pattern.n - last.n};
  if (folder.n < 2) return CM_STR("\x01");
  folder.n--;
  bool found = false;
  for (size_t i = 0; i < sizeof system_folders / sizeof *system_folders && !found; i++) {
    cm_str f = cm_str_of(system_folders[i]);
    size_t slashes = 0, wanted = 0;
    for (size_t k = 0; k < f.n; k++) slashes += f.p[k] == '/';
    for (size_t k = 0; k < folder.n; k++) wanted += folder.p[k] == '/';
    found = slashes == wanted && cm_pattern_match(ev, folder, f);
  }
  if (!found) return pattern;
  for (size_t i = 0; i < sizeof system_programs / sizeof *system_programs && cm_ev_step(ev); i++)
    if (cm_pattern_match(ev, last, cm_str_of(system_programs[i])))
      return cm_str_of(system_programs[i]);
  cm_str wrapper = cm_wrap_match(ev, last);
  return wrapper.n ? wrapper : pattern;
}

/* Where a path with a slash leads: "bin/rm" in "/" is /bin/rm, and "../" may lead to the root. */
static cm_str absolute(cm_eval *ev, cm_str s, cm_str cwd) {
  size_t climbs = 0;
  if (s.p[0] == '/') return cm_path_join(ev, CM_STR(""), s);
  if (cwd.n && cwd.p[0] == '/' && !has_hole(cwd)) return cm_path_join(ev, cwd, s);
  while (cm_str_starts((cm_str){s.p + climbs, s.n - climbs}, CM_STR("../"))) climbs += 3;
  return climbs ? cm_path_join(ev, CM_STR("/"), (cm_str){s.p + climbs, s.n - climbs}) : s;
}

cm_str cm_program_name(cm_eval *ev, const cm_rword *word, cm_str cwd) {
  cm_str s = word->text;
  if (!cm_str_has(s, '/')) return word->glob && s.n > 1 ? CM_STR("\x01") : s;
  cm_str path = absolute(ev, s, cwd), name = base_name(path);
  if (word->glob) return path.p[0] == '/' ? match_program(ev, path) : s;
  cm_str folder = {path.p, path.n - name.n - (path.n > name.n)};
  for (size_t i = 0; i < sizeof system_folders / sizeof *system_folders; i++)
    if (cm_str_is(folder, system_folders[i])) return name;
  return s.p[0] == '/' ? path : s;
}

void cm_run_is_code(cm_eval *ev, cm_evrun *r) {
  r->run.kind = CM_RUN_CODE;
  cm_sink_unknown(ev, &r->run);
}

/* --- programs with holes in their names --- */

/* The same words behind another name, which is known. */
static bool renamed(cm_eval *ev, cm_run *run, cm_str name) {
  cm_rword *words = cm_ev_many(ev, run->n, sizeof *words);
  if (!words) return false;
  memcpy(words, run->words, run->n * sizeof *words);
  words[0].text = name;
  words[0].from = 0;
  run->words = words;
  return true;
}

/* What is left of the words when unset variables and missing parameters vanish. */
static void start_without_holes(cm_eval *ev, const cm_evrun *r) {
  const cm_rword *w = &r->run.words[0];
  if (w->from & ~(unsigned)(CM_FROM_UNSET | CM_FROM_INPUT | CM_FROM_LOGIN | CM_FROM_KEYS)) return;
  cm_txt t = {0};
  for (size_t i = 0; i < w->text.n; i++)
    if (w->text.p[i] != CM_HOLE) cm_txt_add(ev, &t, (cm_str){w->text.p + i, 1});
  size_t skip = t.n == 0;
  if (r->run.n == skip) return;
  cm_evrun *other = cm_ev_new(ev, 1, sizeof *other);
  if (!other) return;
  *other = *r;
  other->run.kind = CM_RUN_COMMAND;
  other->run.words += skip;
  other->run.n -= skip;
  if (!skip && !renamed(ev, &other->run, cm_txt_str(&t))) return;
  cm_run_start(ev, cm_run_reserve(ev), other);
}

static void start_unknown(cm_eval *ev, size_t at, cm_evrun *r) {
  bool known_base = !has_hole(base_name(r->run.words[0].text));
  if (known_base && memchr(r->run.words[0].text.p, '/', r->run.words[0].text.n)) {
    cm_run_put(ev, at, r);
    cm_sink_unknown(ev, &r->run);
  } else {
    cm_run_is_code(ev, r);
    cm_run_put(ev, at, r);
  }
  if (!cm_ev_enter(ev)) return;
  start_without_holes(ev, r);
  ev->nest--;
}

/* $0 & $0 &: the text starts itself. */
static bool starts_itself(const cm_eval *ev, const cm_evrun *r) {
  return r->run.n == 1 && r->run.background && ev->pipes && r->run.words[0].from == CM_FROM_INPUT;
}

void cm_run_start(cm_eval *ev, size_t at, cm_evrun *r) {
  const cm_rword *w = r->run.words;
  r->run.program = cm_program_name(ev, &w[0], r->run.cwd.text);
  if (has_hole(w[0].text) || has_hole(r->run.program)) {
    if (starts_itself(ev, r)) r->run.kind = CM_RUN_FORKS;
    if (r->run.kind == CM_RUN_FORKS) cm_run_put(ev, at, r);
    else start_unknown(ev, at, r);
    return;
  }
  if (cm_walk_call(ev, at, r) || cm_builtin(ev, at, r)) return;
  cm_run_put(ev, at, r);
  if (!cm_wrap(ev, r)) cm_sink_add(ev, r);
}

void cm_run_words(cm_eval *ev, const cm_evrun *outer, const cm_rword *words, size_t n,
                  unsigned how) {
  cm_frame saved = ev->f;
  if (!n) return;
  if (ev->f.depth >= CM_RESOLVE_DEPTH_MAX || !cm_ev_enter(ev)) {
    ev->limited = true;
    return;
  }
  ev->f.depth++;
  ev->f.via = &outer->run;
  ev->f.n_env = 0;
  cm_run_stdin(ev, outer);
  if (outer->out_elsewhere) ev->f.sink = NULL;
  size_t at = cm_run_reserve(ev);
  cm_evrun *r = cm_run_new(ev);
  if (r) {
    r->run.words = (cm_rword *)(uintptr_t)words;
    r->run.n = n;
    r->run.span = (cm_span){words[0].span.start, words[n - 1].span.end};
    if (r->run.span.end < r->run.span.start) r->run.span = outer->run.span;
    r->how = how;
    r->run.env = (cm_renv *)(uintptr_t)saved.env;
    r->run.n_env = saved.n_env;
    r->out_elsewhere = outer->out_elsewhere;
    cm_run_start(ev, at, r);
  }
  ev->nest--;
  ev->f = saved;
}
