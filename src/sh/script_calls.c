/* Calls that start programs, delete, write and the like, as the commands that they amount to. */
#include "sh/script.h"

#include <string.h>

/* --- commands made of a call --- */

cm_rword cm_script_word(cm_eval *ev, const char *text) {
  return (cm_rword){.text = cm_str_of(text), .span = ev->f.whole};
}

cm_rword cm_script_arg(const cm_code_call *c, size_t i) {
  cm_val v = i < c->n ? c->args[i].v : cm_val_hole(CM_FROM_INPUT, NULL);
  if (!v.from && cm_str_has(v.text, CM_HOLE)) v.from = CM_FROM_INPUT;
  return cm_word_of_val(&v, c->s->ev->f.whole);
}

cm_evrun *cm_script_make(cm_code_call *c, const cm_rword *words, size_t n) {
  cm_eval *ev = c->s->ev;
  size_t at = cm_run_reserve(ev);
  cm_evrun *r = cm_run_made(ev, words, n);
  if (!r) return NULL;
  r->run.in = NULL;
  r->run.in_text = NULL;
  if (n) r->run.program = cm_program_name(ev, &words[0], r->run.cwd.text);
  cm_run_put(ev, at, r);
  return r;
}

/* "rm -r" and the call's first arguments. */
static void as_command(cm_code_call *c, const char *words, size_t args) {
  cm_rword all[8];
  size_t n = 0;
  for (cm_str rest = cm_str_of(words); rest.n && n < 4;) {
    const char *blank = memchr(rest.p, ' ', rest.n);
    size_t len = blank ? (size_t)(blank - rest.p) : rest.n;
    all[n++] = (cm_rword){.text = {rest.p, len}, .span = c->s->ev->f.whole};
    rest.p += len + (blank != NULL), rest.n -= len + (blank != NULL);
  }
  for (size_t i = 0; i < args; i++) all[n++] = cm_script_arg(c, i);
  cm_script_make(c, all, n);
}

static void as_redirection(cm_code_call *c, cm_redir_op op, cm_rword target) {
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

void cm_script_shell(cm_code_call *c, cm_rword code) {
  cm_eval *ev = c->s->ev;
  const char *language = ev->f.language;
  if (!code.text.n) return;
  ev->f.language = NULL;
  if (cm_str_all_holes(code.text)) {
    cm_rword words[3] = {cm_script_word(ev, "sh"), cm_script_word(ev, "-c"), code};
    cm_evrun *r = cm_script_make(c, words, 3);
    if (r) r->run.kind = CM_RUN_CODE;
  } else {
    cm_walk_shell(ev, &code, c->via, NULL, 0);
  }
  ev->f.language = language;
}

static void start(cm_code_call *c, const cm_rword *words, size_t n) {
  cm_eval *ev = c->s->ev;
  const char *language = ev->f.language;
  ev->f.language = NULL;
  cm_run_words(ev, c->via, words, n, CM_START_PROGRAM);
  ev->f.language = language;
}

/* --- kinds of calls --- */

static void do_shell(cm_code_call *c) {
  cm_eval *ev = c->s->ev;
  if (c->n > 1 && strchr("lr", c->s->language)) { /* system("rm", "-rf", x) */
    cm_rword words[CM_CODE_ARGS];
    for (size_t i = 0; i < c->n; i++) words[i] = cm_script_arg(c, i);
    cm_rword *copy = cm_ev_new(ev, c->n, sizeof *copy);
    if (!copy) return;
    memcpy(copy, words, c->n * sizeof *copy);
    start(c, copy, c->n);
    return;
  }
  if (c->n && c->args[0].list && c->args[0].items.n)
    start(c, c->args[0].items.v, c->args[0].items.n);
  else cm_script_shell(c, cm_script_arg(c, 0));
}

/* A list of words, a shell command, or a program and a list. */
static void do_argv(cm_code_call *c) {
  cm_fields all = {0};
  if (!c->n) return;
  if (c->args[0].list && c->args[0].items.n) {
    start(c, c->args[0].items.v, c->args[0].items.n);
    return;
  }
  if (c->n == 1 || !c->args[1].list) {
    cm_script_shell(c, cm_script_arg(c, 0));
    return;
  }
  cm_rword program = cm_script_arg(c, 0);
  cm_fields_add(c->s->ev, &all, &program);
  for (size_t i = 0; i < c->args[1].items.n; i++)
    cm_fields_add(c->s->ev, &all, &c->args[1].items.v[i]);
  start(c, all.v, all.n);
}

/* os.execv(path, [argv0, …]), os.execl(path, argv0, …) */
static void do_exec(cm_code_call *c) {
  cm_fields all = {0};
  cm_rword program = cm_script_arg(c, 0);
  cm_fields_add(c->s->ev, &all, &program);
  for (size_t i = 1; c->n > 1 && c->args[1].list && i < c->args[1].items.n; i++)
    cm_fields_add(c->s->ev, &all, &c->args[1].items.v[i]);
  for (size_t i = 2; i < c->n && !c->args[1].list; i++) {
    cm_rword w = cm_script_arg(c, i);
    cm_fields_add(c->s->ev, &all, &w);
  }
  start(c, all.v, all.n);
}

static void do_spawn(cm_code_call *c) { /* os.spawnv(mode, path, args) */
  for (size_t i = 1; i < c->n; i++) c->args[i - 1] = c->args[i];
  if (c->n) c->n--;
  do_exec(c);
}

static void do_remove_tree(cm_code_call *c) { as_command(c, "rm -r", 1); }
static void do_remove(cm_code_call *c) { as_command(c, c->recursive ? "rm -r" : "rm", 1); }
static void do_rename(cm_code_call *c) { as_command(c, "mv", 2); }
static void do_copy(cm_code_call *c) { as_command(c, "cp", 2); }
static void do_copy_tree(cm_code_call *c) { as_command(c, "cp -r", 2); }
static void do_truncate(cm_code_call *c) { as_command(c, "truncate -s 0", 1); }
static void do_kill(cm_code_call *c) { as_command(c, "kill", 1); }
static void do_mkdir(cm_code_call *c) { as_command(c, "mkdir", 1); }
static void do_link(cm_code_call *c) { as_command(c, "ln -s", 2); }
static void do_fetch(cm_code_call *c) { as_command(c, "curl", 1); }

static void do_send(cm_code_call *c) {
  cm_rword words[4] = {cm_script_word(c->s->ev, "curl"), cm_script_word(c->s->ev, "-d"),
                       cm_script_arg(c, 1), cm_script_arg(c, 0)};
  cm_script_make(c, words, 4);
}

/* chmod: the mode is the second argument, in Perl and Ruby the first. */
static void do_chmod(cm_code_call *c) {
  bool first = strchr("lr", c->s->language) != NULL;
  cm_rword words[3] = {cm_script_word(c->s->ev, "chmod"), cm_script_arg(c, first ? 0 : 1),
                       cm_script_arg(c, first ? 1 : 0)};
  if (cm_str_starts(words[1].text, CM_STR("0o")))
    words[1].text = (cm_str){words[1].text.p + 2, words[1].text.n - 2};
  cm_script_make(c, words, 3);
}

static void do_chown(cm_code_call *c) {
  cm_rword words[3] = {cm_script_word(c->s->ev, "chown"), cm_script_arg(c, 1),
                       cm_script_arg(c, 0)};
  cm_script_make(c, words, 3);
}

static void do_write(cm_code_call *c) { as_redirection(c, CM_REDIR_WRITE, cm_script_arg(c, 0)); }
static void do_append(cm_code_call *c) { as_redirection(c, CM_REDIR_APPEND, cm_script_arg(c, 0)); }
static void do_read(cm_code_call *c) { as_redirection(c, CM_REDIR_READ, cm_script_arg(c, 0)); }

static void open_as(cm_code_call *c, cm_str mode, cm_rword path) {
  bool append = cm_str_has(mode, 'a') || cm_str_starts(mode, CM_STR(">>"));
  bool write = cm_str_has(mode, 'w') || cm_str_has(mode, 'x') || cm_str_has(mode, '>');
  if (cm_str_has(mode, '|')) cm_script_shell(c, path);
  else as_redirection(c, append ? CM_REDIR_APPEND : write ? CM_REDIR_WRITE : CM_REDIR_READ, path);
}

/* open(x, "w") */
static void do_open(cm_code_call *c) {
  open_as(c, c->n > 1 ? c->args[1].v.text : CM_STR("r"), cm_script_arg(c, 0));
}

/* open(F, ">x"), open(F, ">", "x"), open(F, "cmd|") */
static void do_open_perl(cm_code_call *c) {
  cm_rword path = cm_script_arg(c, 1);
  cm_str mode = {path.text.p, 0};
  if (c->n > 2) {
    open_as(c, path.text, cm_script_arg(c, 2));
    return;
  }
  while (mode.n < path.text.n && strchr("><+| ", path.text.p[mode.n])) mode.n++;
  path.text = (cm_str){path.text.p + mode.n, path.text.n - mode.n};
  if (path.text.n && path.text.p[path.text.n - 1] == '|') path.text.n--, mode = CM_STR("|");
  open_as(c, mode, path);
}

/* eval and exec of text: known text is code again. */
static void do_eval(cm_code_call *c) {
  cm_eval *ev = c->s->ev;
  static const char *const harmless[] = {"open", "input"};
  if (!c->n) return;
  cm_rword code = cm_script_arg(c, 0);
  for (size_t i = 0; i < sizeof harmless / sizeof *harmless && code.from; i++)
    if (cm_str_is(c->args[0].v.text, harmless[i])) return;
  if (!code.from) {
    const char *language = ev->f.language;
    cm_script(ev, c->via, language, &code);
    ev->f.language = language;
    return;
  }
  cm_rword words[2] = {cm_script_word(ev, ev->f.language), code};
  cm_evrun *r = cm_script_make(c, words, 2);
  if (r) r->run.kind = CM_RUN_CODE;
}

/* --- the table --- */

static const cm_primitive primitives[] = {
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
    {"l", "open sysopen", do_open_perl, true},
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
    {"i", "rm", do_remove, false},
    {"o", "system run exec shell", do_shell, true},
    {"o", "unlink file.remove rm", do_remove, false},
    {"pjlrhuo", "mkdir os.mkdir os.makedirs fs.mkdirSync fs.mkdir FileUtils.mkdir_p Dir.mkdir",
     do_mkdir, false},
};

static bool has_name(const char *names, cm_str name) { return cm_listed(names, ' ', name); }

const cm_primitive *cm_script_find(const cm_code_reader *s, cm_str name) {
  for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++)
    if (strchr(primitives[i].languages, s->language) && has_name(primitives[i].names, name))
      return &primitives[i];
  return NULL;
}

/* --- calls in the text --- */

void cm_script_args(cm_code_call *c, size_t i, bool parens) {
  cm_code_reader *s = c->s;
  while (i < s->toks.n && c->n < CM_CODE_ARGS) {
    if (cm_tok_is(cm_script_tok(s, i), ")") || cm_tok_is(cm_script_tok(s, i), ";") ||
        cm_tok_is(cm_script_tok(s, i), "}"))
      break;
    if (!parens && cm_tok_is(cm_script_tok(s, i), "\n")) break;
    size_t before = i;
    bool keyword = cm_script_tok(s, i)->kind == CM_TOK_NAME &&
                   cm_tok_is(cm_script_tok(s, i + 1), "=") &&
                   !cm_tok_is(cm_script_tok(s, i + 2), "=");
    cm_code_value v = cm_script_value(s, &i);
    if (!keyword) c->args[c->n++] = v;
    for (size_t k = before; k < i; k++)
      c->recursive |= cm_tok_is(cm_script_tok(s, k), "recursive");
    if (!cm_tok_is(cm_script_tok(s, i), ",")) break;
    i++;
  }
}

/* Path('x').unlink() */
void cm_script_path(cm_code_call *base, size_t i) {
  static const struct {
    const char *names;
    void (*run)(cm_code_call *c);
  } methods[] = {{"unlink rmdir", do_remove},
                 {"write_text write_bytes touch", do_write},
                 {"read_text read_bytes", do_read},
                 {"rename replace", do_rename}};
  cm_code_call c = *base;
  cm_code_reader *s = base->s;
  size_t depth = 0;
  cm_script_args(&c, i + 1, true);
  for (; i < s->toks.n; i++) {
    depth += cm_tok_is(cm_script_tok(s, i), "(");
    if (cm_tok_is(cm_script_tok(s, i), ")") && --depth == 0) break;
  }
  if (!cm_tok_is(cm_script_tok(s, i + 1), ".")) return;
  for (size_t k = 0; k < sizeof methods / sizeof *methods; k++)
    if (has_name(methods[k].names, cm_script_tok(s, i + 2)->text)) methods[k].run(&c);
}
