/* Code in another language: its calls that start programs, delete, write and the like, as the
 * commands that they amount to. */
#include "sh/script.h"

#include <string.h>

enum { ARGS = 8 };

typedef struct call {
  cm_code_reader *s;
  cm_evrun *via;
  cm_str name;
  cm_code_value args[ARGS];
  size_t n;
  bool recursive; /* {recursive: true} stands somewhere in the arguments */
} call;

/* --- commands made of a call --- */

static cm_rword word_of(cm_eval *ev, const char *text) {
  return (cm_rword){.text = cm_str_of(text), .span = ev->f.whole};
}

static cm_rword arg_word(const call *c, size_t i) {
  cm_val v = i < c->n ? c->args[i].v : cm_val_hole(CM_FROM_INPUT, NULL);
  if (!v.from && cm_str_has(v.text, CM_HOLE)) v.from = CM_FROM_INPUT;
  return cm_word_of_val(&v, c->s->ev->f.whole);
}

static cm_evrun *make(call *c, const cm_rword *words, size_t n) {
  cm_eval *ev = c->s->ev;
  size_t at = cm_run_reserve(ev);
  cm_evrun *r = cm_run_made(ev, words, n);
  if (!r) return NULL;
  r->run.in = NULL;
  r->run.in_text = NULL;
  if (n) r->run.program = cm_program_name(ev, &words[0]);
  cm_run_put(ev, at, r);
  return r;
}

/* "rm -r" and the call's first arguments. */
static void as_command(call *c, const char *words, size_t args) {
  cm_rword all[8];
  size_t n = 0;
  for (cm_str rest = cm_str_of(words); rest.n && n < 4;) {
    const char *blank = memchr(rest.p, ' ', rest.n);
    size_t len = blank ? (size_t)(blank - rest.p) : rest.n;
    all[n++] = (cm_rword){.text = {rest.p, len}, .span = c->s->ev->f.whole};
    rest.p += len + (blank != NULL), rest.n -= len + (blank != NULL);
  }
  for (size_t i = 0; i < args; i++) all[n++] = arg_word(c, i);
  make(c, all, n);
}

static void as_redirection(call *c, cm_redir_op op, cm_rword target) {
  cm_eval *ev = c->s->ev;
  cm_rredir *d = cm_ev_new(ev, 1, sizeof *d);
  size_t at = cm_run_reserve(ev);
  cm_evrun *r = cm_run_new(ev);
  if (!d || !r) return;
  *d = (cm_rredir){.op = op, .fd = op == CM_REDIR_READ ? 0 : 1, .target = target};
  d->span = target.span;
  r->run.kind = CM_RUN_ASSIGN;
  r->run.in = NULL;
  r->run.in_text = NULL;
  r->run.redirs = d;
  r->run.n_redirs = 1;
  cm_run_put(ev, at, r);
}

static void shell(call *c, cm_rword code) {
  cm_eval *ev = c->s->ev;
  const char *language = ev->f.language;
  if (!code.text.n) return;
  ev->f.language = NULL;
  if (cm_str_all_holes(code.text)) {
    cm_rword words[3] = {word_of(ev, "sh"), word_of(ev, "-c"), code};
    cm_evrun *r = make(c, words, 3);
    if (r) r->run.kind = CM_RUN_CODE;
  } else {
    cm_walk_shell(ev, &code, c->via, NULL, 0);
  }
  ev->f.language = language;
}

static void start(call *c, const cm_rword *words, size_t n) {
  cm_eval *ev = c->s->ev;
  const char *language = ev->f.language;
  ev->f.language = NULL;
  cm_run_words(ev, c->via, words, n, CM_START_PROGRAM);
  ev->f.language = language;
}

/* --- kinds of calls --- */

static void do_shell(call *c) {
  cm_eval *ev = c->s->ev;
  if (c->n > 1 && strchr("lr", c->s->language)) { /* system("rm", "-rf", x) */
    cm_rword words[ARGS];
    for (size_t i = 0; i < c->n; i++) words[i] = arg_word(c, i);
    cm_rword *copy = cm_ev_new(ev, c->n, sizeof *copy);
    if (!copy) return;
    memcpy(copy, words, c->n * sizeof *copy);
    start(c, copy, c->n);
    return;
  }
  if (c->n && c->args[0].list && c->args[0].items.n)
    start(c, c->args[0].items.v, c->args[0].items.n);
  else shell(c, arg_word(c, 0));
}

/* A list of words, a shell command, or a program and a list. */
static void do_argv(call *c) {
  cm_fields all = {0};
  if (!c->n) return;
  if (c->args[0].list && c->args[0].items.n) {
    start(c, c->args[0].items.v, c->args[0].items.n);
    return;
  }
  if (c->n == 1 || !c->args[1].list) {
    shell(c, arg_word(c, 0));
    return;
  }
  cm_rword program = arg_word(c, 0);
  cm_fields_add(c->s->ev, &all, &program);
  for (size_t i = 0; i < c->args[1].items.n; i++)
    cm_fields_add(c->s->ev, &all, &c->args[1].items.v[i]);
  start(c, all.v, all.n);
}

/* os.execv(path, [argv0, …]), os.execl(path, argv0, …) */
static void do_exec(call *c) {
  cm_fields all = {0};
  cm_rword program = arg_word(c, 0);
  cm_fields_add(c->s->ev, &all, &program);
  for (size_t i = 1; c->n > 1 && c->args[1].list && i < c->args[1].items.n; i++)
    cm_fields_add(c->s->ev, &all, &c->args[1].items.v[i]);
  for (size_t i = 2; i < c->n && !c->args[1].list; i++) {
    cm_rword w = arg_word(c, i);
    cm_fields_add(c->s->ev, &all, &w);
  }
  start(c, all.v, all.n);
}

static void do_spawn(call *c) { /* os.spawnv(mode, path, args) */
  for (size_t i = 1; i < c->n; i++) c->args[i - 1] = c->args[i];
  if (c->n) c->n--;
  do_exec(c);
}

static void do_remove_tree(call *c) { as_command(c, "rm -r", 1); }
static void do_remove(call *c) { as_command(c, c->recursive ? "rm -r" : "rm", 1); }
static void do_rename(call *c) { as_command(c, "mv", 2); }
static void do_copy(call *c) { as_command(c, "cp", 2); }
static void do_copy_tree(call *c) { as_command(c, "cp -r", 2); }
static void do_truncate(call *c) { as_command(c, "truncate -s 0", 1); }
static void do_kill(call *c) { as_command(c, "kill", 1); }
static void do_mkdir(call *c) { as_command(c, "mkdir", 1); }
static void do_link(call *c) { as_command(c, "ln -s", 2); }
static void do_fetch(call *c) { as_command(c, "curl", 1); }

static void do_send(call *c) {
  cm_rword words[4] = {word_of(c->s->ev, "curl"), word_of(c->s->ev, "-d"), arg_word(c, 1),
                       arg_word(c, 0)};
  make(c, words, 4);
}

/* chmod: the mode is the second argument, in Perl and Ruby the first. */
static void do_chmod(call *c) {
  bool first = strchr("lr", c->s->language) != NULL;
  cm_rword words[3] = {word_of(c->s->ev, "chmod"), arg_word(c, first ? 0 : 1),
                       arg_word(c, first ? 1 : 0)};
  if (cm_str_starts(words[1].text, CM_STR("0o")))
    words[1].text = (cm_str){words[1].text.p + 2, words[1].text.n - 2};
  make(c, words, 3);
}

static void do_chown(call *c) {
  cm_rword words[3] = {word_of(c->s->ev, "chown"), arg_word(c, 1), arg_word(c, 0)};
  make(c, words, 3);
}

static void do_write(call *c) { as_redirection(c, CM_REDIR_WRITE, arg_word(c, 0)); }
static void do_append(call *c) { as_redirection(c, CM_REDIR_APPEND, arg_word(c, 0)); }
static void do_read(call *c) { as_redirection(c, CM_REDIR_READ, arg_word(c, 0)); }

/* open(x, "w"), open(F, ">x"), open(F, ">", "x") */
static void do_open(call *c) {
  bool perl = c->s->language == 'l';
  cm_rword path = arg_word(c, perl ? (c->n > 2 ? 2 : 1) : 0), mode = arg_word(c, 1);
  cm_str m = c->n > 1 ? mode.text : CM_STR("");
  if (perl && c->n < 3) {
    size_t skip = 0;
    while (skip < path.text.n && strchr("><+| ", path.text.p[skip])) skip++;
    path.text = (cm_str){path.text.p + skip, path.text.n - skip};
    if (skip && memchr(m.p, '|', skip)) {
      shell(c, path);
      return;
    }
  }
  bool write = cm_str_has(m, 'w') || cm_str_has(m, 'x') || (perl && cm_str_starts(m, CM_STR(">")));
  bool append = cm_str_has(m, 'a') || (perl && cm_str_starts(m, CM_STR(">>")));
  bool pipe = perl && c->n > 2 && cm_str_has(m, '|');
  if (pipe) shell(c, path);
  else as_redirection(c, append ? CM_REDIR_APPEND : write ? CM_REDIR_WRITE : CM_REDIR_READ, path);
}

/* eval and exec of text: known text is code again. */
static void do_eval(call *c) {
  cm_eval *ev = c->s->ev;
  static const char *const harmless[] = {"open", "input"};
  if (!c->n) return;
  cm_rword code = arg_word(c, 0);
  for (size_t i = 0; i < sizeof harmless / sizeof *harmless && code.from; i++)
    if (cm_str_is(c->args[0].v.text, harmless[i])) return;
  if (!code.from) {
    const char *language = ev->f.language;
    cm_script(ev, c->via, language, &code);
    ev->f.language = language;
    return;
  }
  cm_rword words[2] = {word_of(ev, ev->f.language), code};
  cm_evrun *r = make(c, words, 2);
  if (r) r->run.kind = CM_RUN_CODE;
}

/* --- the table --- */

typedef struct primitive {
  const char *languages; /* letters of cm_code_reader */
  const char *names;     /* separated by blanks; ".x": any object's method */
  void (*run)(call *c);
  bool bare; /* may stand without parentheses: system "rm" */
} primitive;

static const primitive primitives[] = {
    {"p",
     "os.system os.popen subprocess.getoutput subprocess.getstatusoutput commands.getoutput "
     "asyncio.create_subprocess_shell pty.spawn",
     do_shell, false},
    {"p",
     "subprocess.run subprocess.call subprocess.Popen subprocess.check_call "
     "subprocess.check_output sh.Command",
     do_argv, false},
    {"p",
     "os.execv os.execvp os.execve os.execl os.execlp os.execle os.execvpe "
     "asyncio.create_subprocess_exec os.posix_spawn os.posix_spawnp",
     do_exec, false},
    {"p", "os.spawnl os.spawnv os.spawnlp os.spawnvp os.spawnve", do_spawn, false},
    {"p", "shutil.rmtree", do_remove_tree, false},
    {"p", "os.remove os.unlink os.rmdir os.removedirs", do_remove, false},
    {"p", "os.rename os.replace shutil.move", do_rename, false},
    {"p", "shutil.copy shutil.copyfile shutil.copy2", do_copy, false},
    {"p", "shutil.copytree", do_copy_tree, false},
    {"p", "os.truncate", do_truncate, false},
    {"p", "os.kill os.killpg", do_kill, false},
    {"p", "os.symlink", do_link, false},
    {"p", "os.chmod", do_chmod, false},
    {"p", "os.chown shutil.chown", do_chown, false},
    {"p", "open io.open codecs.open os.open", do_open, false},
    {"p",
     "urllib.request.urlopen urllib2.urlopen requests.get urlopen urllib.request.urlretrieve "
     "httpx.get",
     do_fetch, false},
    {"p", "requests.post requests.put httpx.post", do_send, false},
    {"p", "exec eval", do_eval, false},
    {"j", "child_process.exec child_process.execSync execSync Deno.run Bun.spawn Bun.spawnSync",
     do_shell, false},
    {"j",
     "child_process.spawn child_process.spawnSync child_process.execFile "
     "child_process.execFileSync spawnSync execFileSync",
     do_argv, false},
    {"j",
     "rimraf rimraf.sync fs.rmdirSync fs.rmdir fs.rm fs.rmSync fs.promises.rm "
     "fs.promises.rmdir fs-extra.removeSync fs-extra.remove Deno.remove Deno.removeSync "
     "fs/promises.rm",
     do_remove, false},
    {"j", "fs.unlink fs.unlinkSync fs.promises.unlink fs/promises.unlink", do_remove, false},
    {"j",
     "fs.writeFile fs.writeFileSync fs.createWriteStream fs.promises.writeFile "
     "Deno.writeTextFile Deno.writeTextFileSync",
     do_write, false},
    {"j", "fs.appendFile fs.appendFileSync", do_append, false},
    {"j", "fs.readFile fs.readFileSync fs.createReadStream fs.promises.readFile", do_read, false},
    {"j", "fs.rename fs.renameSync", do_rename, false},
    {"j", "fs.copyFile fs.copyFileSync", do_copy, false},
    {"j", "fs.truncate fs.truncateSync", do_truncate, false},
    {"j", "fs.chmod fs.chmodSync", do_chmod, false},
    {"j", "fetch axios.get https.get http.get", do_fetch, false},
    {"j", "axios.post", do_send, false},
    {"j", "process.kill", do_kill, false},
    {"j", "eval Function vm.runInThisContext vm.runInNewContext", do_eval, false},
    {"l", "system exec IPC.Open3.open3 open2", do_shell, true},
    {"l", "unlink rmdir", do_remove, true},
    {"l", "rmtree remove_tree File.Path.rmtree File.Path.remove_tree", do_remove_tree, true},
    {"l", "open sysopen", do_open, true},
    {"l", "rename", do_rename, true},
    {"l", "chmod", do_chmod, true},
    {"l", "kill", do_kill, true},
    {"l", "truncate", do_truncate, true},
    {"l", "get getstore", do_fetch, true},
    {"l", "eval", do_eval, true},
    {"r",
     "system exec spawn Kernel.system Kernel.exec Kernel.spawn IO.popen Process.spawn "
     "Open3.capture2 Open3.capture3 Open3.popen3 Open3.capture2e PTY.spawn",
     do_shell, true},
    {"r",
     "FileUtils.rm_rf FileUtils.rm_r FileUtils.remove_dir FileUtils.remove_entry "
     "FileUtils.rmtree FileUtils.remove_entry_secure rm_rf rm_r",
     do_remove_tree, true},
    {"r",
     "File.delete File.unlink Dir.rmdir Dir.delete FileUtils.rm FileUtils.rm_f "
     "FileUtils.remove Dir.unlink",
     do_remove, true},
    {"r", "File.write IO.write File.binwrite", do_write, true},
    {"r", "File.open open File.new", do_open, true},
    {"r", "File.read IO.read File.readlines", do_read, true},
    {"r", "File.rename FileUtils.mv", do_rename, true},
    {"r", "FileUtils.cp", do_copy, true},
    {"r", "File.truncate", do_truncate, true},
    {"r", "File.chmod FileUtils.chmod FileUtils.chmod_R", do_chmod, true},
    {"r", "Process.kill", do_kill, true},
    {"r", "URI.open Net.HTTP.get", do_fetch, true},
    {"r", "eval instance_eval class_eval", do_eval, true},
    {"h", "system exec shell_exec passthru popen proc_open pcntl_exec", do_shell, false},
    {"h", "unlink rmdir", do_remove, false},
    {"h", "file_put_contents", do_write, false},
    {"h", "file_get_contents readfile file", do_read, false},
    {"h", "fopen", do_open, false},
    {"h", "rename", do_rename, false},
    {"h", "copy", do_copy, false},
    {"h", "chmod", do_chmod, false},
    {"h", "posix_kill", do_kill, false},
    {"h", "eval assert create_function", do_eval, false},
    {"u", "os.execute io.popen", do_shell, false},
    {"u", "os.remove", do_remove, false},
    {"u", "os.rename", do_rename, false},
    {"u", "io.open", do_open, false},
    {"u", "load loadstring dofile", do_eval, false},
    {"a", "system", do_shell, false},
    {"v", "system systemlist", do_shell, false},
    {"o", "system run exec shell", do_shell, true},
    {"o", "unlink file.remove rm", do_remove, false},
    {"pjlrhuo", "mkdir os.mkdir os.makedirs fs.mkdirSync fs.mkdir FileUtils.mkdir_p Dir.mkdir",
     do_mkdir, false},
};

static bool has_name(const char *names, cm_str name) { return cm_listed(names, ' ', name); }

static const primitive *find(const cm_code_reader *s, cm_str name) {
  for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++)
    if (strchr(primitives[i].languages, s->language) && has_name(primitives[i].names, name))
      return &primitives[i];
  return NULL;
}

/* --- imports and assignments --- */

static const cm_tok *tok(const cm_code_reader *s, size_t i) {
  return &s->toks.v[i < s->toks.n ? i : s->toks.n];
}

static void bind(cm_code_reader *s, cm_str name, cm_str target, cm_val value) {
  cm_binding *b = cm_ev_new(s->ev, 1, sizeof *b);
  if (!b) return;
  *b = (cm_binding){s->bindings, name, target, value};
  s->bindings = b;
}

/* import a.b as c; from a import b as c, d: returns what is behind it. */
static size_t bind_import(cm_code_reader *s, size_t i) {
  size_t end = i + 1;
  cm_str module = CM_STR("");
  if (cm_tok_is(tok(s, i), "from")) {
    module = cm_script_name(s, i + 1, &end);
    if (!cm_tok_is(tok(s, end), "import")) return i + 1;
    end++;
  }
  while (end < s->toks.n && tok(s, end)->kind == CM_TOK_NAME) {
    cm_str name = cm_script_name(s, end, &end), full = name, local = name;
    if (module.n) full = cm_ev_join(s->ev, cm_ev_join(s->ev, module, CM_STR(".")), name);
    if (cm_tok_is(tok(s, end), "as")) local = tok(s, end + 1)->text, end += 2;
    if (full.n && !cm_str_eq(full, local)) bind(s, local, full, cm_val_text(CM_STR("")));
    if (!cm_tok_is(tok(s, end), ",")) break;
    end++;
  }
  return end > i ? end : i + 1;
}

/* const {a, b: c} = require('m') and import {a} from 'm' */
static void bind_members(cm_code_reader *s, size_t i) {
  size_t close = i, at;
  while (close < s->toks.n && !cm_tok_is(tok(s, close), "}")) close++;
  at = close + 2; /* behind "=" or "from" */
  size_t end;
  cm_str module = tok(s, at)->kind == CM_TOK_TEXT ? tok(s, at)->text : cm_script_name(s, at, &end);
  if (!module.n || close - i > 40) return;
  for (size_t k = i + 1; k < close; k++) {
    if (tok(s, k)->kind != CM_TOK_NAME) continue;
    cm_str name = tok(s, k)->text, local = name;
    if (cm_tok_is(tok(s, k + 1), ":")) local = tok(s, k + 2)->text, k += 2;
    cm_str full = cm_ev_join(s->ev, cm_ev_join(s->ev, module, CM_STR(".")), name);
    bind(s, local, full, cm_val_text(CM_STR("")));
  }
}

/* x = 'text', x = require('m') */
static void bind_assignment(cm_code_reader *s, size_t i) {
  size_t at = i + 2, end;
  if (!cm_tok_is(tok(s, i + 1), "=") || cm_tok_is(tok(s, i + 2), "=")) return;
  cm_str name = cm_script_name(s, at, &end);
  bool alias = name.n && !cm_tok_is(tok(s, end), "(") && find(s, name);
  if (name.n &&
      (cm_tok_is(tok(s, at), "require") || cm_tok_is(tok(s, at), "__import__") || alias)) {
    bind(s, tok(s, i)->text, name, cm_val_text(CM_STR("")));
    return;
  }
  cm_code_value v = cm_script_value(s, &at);
  if (!v.list && !v.v.from) bind(s, tok(s, i)->text, CM_STR(""), v.v);
}

/* --- the scan --- */

static void read_args(call *c, size_t i, bool parens) {
  cm_code_reader *s = c->s;
  while (i < s->toks.n && c->n < ARGS) {
    if (cm_tok_is(tok(s, i), ")") || cm_tok_is(tok(s, i), ";") || cm_tok_is(tok(s, i), "}")) break;
    if (!parens && cm_tok_is(tok(s, i), "\n")) break;
    size_t before = i;
    bool keyword = tok(s, i)->kind == CM_TOK_NAME && cm_tok_is(tok(s, i + 1), "=") &&
                   !cm_tok_is(tok(s, i + 2), "=");
    cm_code_value v = cm_script_value(s, &i);
    if (!keyword) c->args[c->n++] = v;
    for (size_t k = before; k < i; k++) c->recursive |= cm_tok_is(tok(s, k), "recursive");
    if (!cm_tok_is(tok(s, i), ",")) break;
    i++;
  }
}

/* What the whole code shows: loops, forks, sockets and shells. */
typedef struct signs {
  bool loop, fork, socket, shell, connect;
  cm_str host;
} signs;

static bool names_shell(cm_str s) {
  return cm_str_find(s, CM_STR("/bin/sh")) != SIZE_MAX ||
         cm_str_find(s, CM_STR("/bin/bash")) != SIZE_MAX ||
         cm_str_find(s, CM_STR("/bin/zsh")) != SIZE_MAX || cm_str_is(s, "sh") ||
         cm_str_is(s, "bash") || cm_str_is(s, "sh -i") || cm_str_is(s, "cmd.exe");
}

static void look_for_signs(const cm_tok *t, cm_str name, signs *g) {
  static const char loops[] = "while for loop until goto forever map times",
                    forks[] = "fork os.fork pcntl_fork Process.fork child_process.fork",
                    sockets[] =
                        "socket.socket socket.create_connection TCPSocket.new TCPSocket.open "
                        "TCPSocket fsockopen net.connect net.Socket net.createConnection "
                        "IO.Socket.INET socket socket.tcp pfsockopen stream_socket_client "
                        "net.socket socket.connect";
  if (t->kind == CM_TOK_TEXT) {
    g->shell |= names_shell(t->text);
    bool host = t->text.n > 3 && t->text.n < 64 && cm_str_has(t->text, '.') &&
                !cm_str_has(t->text, '/') && !cm_str_has(t->text, ' ');
    if (host && !g->host.n) g->host = t->text;
  }
  if (t->kind != CM_TOK_NAME) return;
  g->loop |= has_name(loops, name);
  g->fork |= has_name(forks, name);
  g->socket |= has_name(sockets, name);
}

static void report_signs(call *c, const signs *g) {
  cm_eval *ev = c->s->ev;
  if (g->loop && g->fork) {
    cm_rword words[1] = {word_of(ev, "fork")};
    cm_evrun *r = make(c, words, 1);
    if (r) r->run.kind = CM_RUN_FORKS;
  }
  if (!g->socket || !g->shell) return;
  cm_rword words[4] = {word_of(ev, "nc"), word_of(ev, "-e"), word_of(ev, "/bin/sh"), {.from = 0}};
  cm_val host = g->host.n ? cm_val_text(g->host) : cm_val_hole(CM_FROM_INPUT, NULL);
  words[3] = cm_word_of_val(&host, ev->f.whole);
  make(c, words, 4);
}

/* do shell script "…" of AppleScript, and awk's pipes. */
static void phrase(call *c, size_t i) {
  cm_code_reader *s = c->s;
  char l = s->language;
  bool script = l == 's' && cm_tok_is(tok(s, i), "shell") && cm_tok_is(tok(s, i + 1), "script");
  bool to = l == 'a' && cm_tok_is(tok(s, i), "|") && !cm_tok_is(tok(s, i + 1), "|") &&
            !cm_tok_is(tok(s, i + 1), "getline") && (i == 0 || !cm_tok_is(tok(s, i - 1), "|"));
  bool from = l == 'a' && i && cm_tok_is(tok(s, i), "|") && cm_tok_is(tok(s, i + 1), "getline");
  if (!script && !to && !from) return;
  size_t at = script ? i + 2 : to ? i + 1 : i - 1;
  if (from && tok(s, at)->kind == CM_TOK_TEXT) {
    cm_val v = cm_val_text(tok(s, at)->text);
    c->args[0] = (cm_code_value){.v = v};
  } else if (from) {
    c->args[0] = (cm_code_value){.v = cm_val_hole(CM_FROM_INPUT, NULL)};
  } else {
    c->args[0] = cm_script_value(s, &at);
  }
  c->n = 1;
  shell(c, arg_word(c, 0));
}

static void scan_name(call *base, size_t i, cm_str name, size_t end) {
  cm_code_reader *s = base->s;
  const primitive *p = find(s, name);
  bool parens = cm_tok_is(tok(s, end), "(");
  bool text = tok(s, end)->kind == CM_TOK_TEXT || tok(s, end)->kind == CM_TOK_NAME;
  bool defined = i && (cm_tok_is(tok(s, i - 1), "def") || cm_tok_is(tok(s, i - 1), "function"));
  if (!p || defined || !(parens || (p->bare && text))) return;
  call c = *base;
  c.name = name;
  read_args(&c, parens ? end + 1 : end, parens);
  p->run(&c);
}

static void scan(call *base) {
  cm_code_reader *s = base->s;
  signs g = {0};
  for (size_t i = 0; i < s->toks.n && cm_ev_step(s->ev);) {
    const cm_tok *t = tok(s, i);
    size_t end = i + 1;
    call c = *base;
    cm_str name = cm_script_name(s, i, &end);
    look_for_signs(t, name, &g);
    if (t->kind == CM_TOK_SHELL) {
      c.args[0] = (cm_code_value){.v = cm_val_text(t->text)};
      c.n = 1;
      shell(&c, arg_word(&c, 0));
    }
    bool member = i && cm_tok_is(tok(s, i - 1), ".");
    if (s->language == 'p' && (cm_tok_is(t, "import") || cm_tok_is(t, "from"))) {
      i = bind_import(s, i);
      continue;
    }
    if (t->kind == CM_TOK_NAME && !member) {
      bind_assignment(s, i);
      scan_name(base, i, name, end);
    }
    if (s->language == 'j' && cm_tok_is(t, "{") &&
        (i == 0 || cm_tok_is(tok(s, i - 1), "const") || cm_tok_is(tok(s, i - 1), "let") ||
         cm_tok_is(tok(s, i - 1), "var") || cm_tok_is(tok(s, i - 1), "import")))
      bind_members(s, i);
    phrase(&c, i);
    i = end > i ? end : i + 1;
  }
  report_signs(base, &g);
}

static char letter_of(const char *language) {
  static const struct {
    const char *name;
    char letter;
  } names[] = {{"python", 'p'},     {"perl", 'l'},        {"ruby", 'r'},
               {"javascript", 'j'}, {"php", 'h'},         {"lua", 'u'},
               {"awk", 'a'},        {"applescript", 's'}, {"vim", 'v'}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(names[i].name, language) == 0) return names[i].letter;
  return 'o';
}

void cm_script(cm_eval *ev, cm_evrun *via, const char *language, const cm_rword *code) {
  cm_frame saved = ev->f;
  if (ev->f.depth >= CM_RESOLVE_DEPTH_MAX || !cm_ev_enter(ev)) {
    ev->limited = true;
    return;
  }
  cm_code_reader s = {.ev = ev, .language = letter_of(language)};
  ev->bytes += code->text.n;
  ev->f.depth++;
  ev->f.via = &via->run;
  ev->f.language = language;
  ev->f.whole = code->span;
  ev->f.literal = false;
  ev->f.holes = false;
  ev->f.sink = NULL;
  ev->f.in = NULL;
  ev->f.input = ev->f.partial = NULL;
  s.toks = cm_script_lex(ev, s.language, code->text);
  call base = {.s = &s, .via = via};
  if (s.toks.v && ev->bytes <= CM_SH_TEXT_MAX + CM_EV_BYTES) scan(&base);
  else ev->limited = true;
  ev->nest--;
  ev->f = saved;
}
