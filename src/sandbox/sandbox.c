/* The door: checks a job, fills in what it leaves open, and sends it the sandbox's way. */
#include "sandbox/sandbox.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os_tree.h"
#include "sandbox/way.h"

static const char safe_path[] = "/usr/bin:/bin:/usr/sbin:/sbin";

/* --- the handle ------------------------------------------------------------------------------ */

/* What programs need: themselves, libraries, the loader's cache, Debian's choices (awk, …). */
static void find_shown(cm_sandbox *s) {
  static const char *const paths[] = {"/usr",
                                      "/bin",
                                      "/sbin",
                                      "/lib",
                                      "/lib32",
                                      "/lib64",
                                      "/libx32",
                                      "/etc/alternatives",
                                      "/etc/ld.so.cache"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    cm_shown *shown = &s->shown[s->nshown++];
    struct stat st;
    shown->path = paths[i];
    shown->there = lstat(paths[i], &st) == 0;
    if (!shown->there || !S_ISLNK(st.st_mode)) continue;
    ssize_t n = readlink(paths[i], shown->link, sizeof shown->link);
    if (n < 0 || n == (ssize_t)sizeof shown->link) shown->there = false;
    if (n >= 0 && n < (ssize_t)sizeof shown->link) shown->link[n] = 0;
  }
}

static cm_code run_once(cm_sandbox *s, const char *folder, cm_arena *a, cm_err *e) {
  cm_sandbox_job job = {
      .shell = "sh", .command = "date +%s; exit 42", .tree = folder, .now = 1000000000};
  cm_sandbox_result r;
  cm_code code = cm_sandbox_run(s, &job, a, &r, e);
  if (code) return code;
  if (r.exit_status != 42)
    return cm_fail(e, CM_E_UNSUPPORTED, 0, "a command in %s ended with %d, not 42", s->name,
                   r.exit_status);
  s->no_clock = !cm_str_is(r.out, "1000000000\n");
  return CM_OK;
}

cm_code cm_sandbox_try(cm_sandbox *s, cm_err *e) {
  char folder[64];
  s->no_clock = false;
  cm_code code = cm_sandbox_folder(s, NULL, folder, sizeof folder, e);
  if (code) return code;
  cm_arena *a = cm_arena_open(1 << 20);
  code = a ? run_once(s, folder, a, e) : cm_fail(e, CM_E_NOMEM, 0, "no memory for the sandbox");
  cm_arena_close(a);
  (void)cm_os_tree_remove(folder, NULL);
  return code;
}

static cm_code probe_each(cm_sandbox *s, cm_sandbox_want want, cm_err *e) {
  cm_err first = {.code = CM_OK}, second = {.code = CM_OK};
  if (want != CM_SANDBOX_LANDLOCK && cm_bwrap_probe(s, &first) == CM_OK) return CM_OK;
  if (want != CM_SANDBOX_BWRAP && cm_landlock_probe(s, &second) == CM_OK) return CM_OK;
  if (want == CM_SANDBOX_LANDLOCK)
    return cm_fail(e, CM_E_UNSUPPORTED, 0, "no Landlock sandbox: %s", second.msg);
  return cm_fail(e, CM_E_UNSUPPORTED, 0,
                 "no sandbox: %.90s. Install bubblewrap; on Ubuntu: sudo sysctl -w "
                 "kernel.apparmor_restrict_unprivileged_userns=0",
                 first.msg);
}

cm_code cm_sandbox_open(cm_sandbox **out, cm_sandbox_want want, cm_err *e) {
  *out = NULL;
  cm_sandbox *s = cm_alloc(1, sizeof *s);
  if (!s) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the sandbox");
  s->root = geteuid() == 0;
  find_shown(s);
  cm_code code = probe_each(s, want, e);
  if (code) cm_sandbox_close(s);
  else *out = s;
  return code;
}

void cm_sandbox_close(cm_sandbox *s) {
  if (!s) return;
  cm_filter_free(&s->filter);
  cm_free(s);
}

const char *cm_sandbox_name(const cm_sandbox *s) { return s->name; }

unsigned cm_sandbox_lacks(const cm_sandbox *s) {
  enum { FIRST_ABI_WITH_SIGNALS = 6 };
  unsigned no = s->no_clock ? CM_SANDBOX_NO_CLOCK : 0;
  if (!s->landlock) return no;
  no |= CM_SANDBOX_NO_CHMOD | CM_SANDBOX_NO_TMP | CM_SANDBOX_NO_PROC | CM_SANDBOX_NO_HOME;
  return s->abi < FIRST_ABI_WITH_SIGNALS ? no | CM_SANDBOX_NO_SIGNALS : no;
}

/* --- is the job sensible? -------------------------------------------------------------------- */

bool cm_sandbox_is_user(const char *name) {
  if (!name[0] || strlen(name) > 32 || isdigit((unsigned char)name[0]) || name[0] == '-')
    return false;
  return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == 0 &&
         strcmp(name, "root") != 0;
}

static bool is_variable(const char *pair) {
  size_t n = strcspn(pair, "=");
  if (!n || !pair[n] || isdigit((unsigned char)pair[0])) return false;
  for (size_t i = 0; i < n; i++)
    if (!isalnum((unsigned char)pair[i]) && pair[i] != '_') return false;
  return strlen(pair) <= CM_SANDBOX_MAX_COMMAND;
}

/* Below the home, and never up. */
static bool is_below(const char *path) {
  if (path[0] == '/' || strlen(path) > 1000) return false;
  for (const char *p = path; *p;) {
    size_t n = strcspn(p, "/");
    if (n == 2 && memcmp(p, "..", 2) == 0) return false;
    p += n + (p[n] == '/');
  }
  return true;
}

static cm_code check_job(const cm_sandbox *s, const cm_sandbox_job *j, cm_err *e) {
  struct stat st;
  size_t nenv = 0;
  if (!j->command || !j->shell || !j->tree || j->tree[0] != '/')
    return cm_fail(e, CM_E_USAGE, 0, "a command, a shell and a folder are needed");
  if (strlen(j->command) > CM_SANDBOX_MAX_COMMAND)
    return cm_fail(e, CM_E_LIMIT, 0, "a command may have %d bytes", CM_SANDBOX_MAX_COMMAND);
  if (j->user && !cm_sandbox_is_user(j->user))
    return cm_fail(e, CM_E_USAGE, 0, "\"%.40s\" can't be the user of a sandbox", j->user);
  if (j->cwd && !is_below(j->cwd))
    return cm_fail(e, CM_E_USAGE, 0, "\"%.80s\" is not below the home", j->cwd);
  if (j->now && s->no_clock)
    return cm_fail(e, CM_E_UNSUPPORTED, 0, "%s can't hide the machine's clock", s->name);
  for (; j->env && j->env[nenv]; nenv++)
    if (nenv == CM_SANDBOX_MAX_ENV || !is_variable(j->env[nenv]))
      return cm_fail(e, CM_E_USAGE, 0, "\"%.60s\" can't be in the environment", j->env[nenv]);
  if (lstat(j->tree, &st) != 0 || !S_ISDIR(st.st_mode))
    return cm_fail(e, CM_E_USAGE, 0, "%.150s is no folder", j->tree);
  return CM_OK;
}

static void fill_limits(cm_sandbox_limits *l) {
  if (!l->wall_ms) l->wall_ms = 10000;
  if (!l->cpu_s) l->cpu_s = 10;
  if (!l->processes) l->processes = 64;
  if (!l->file_bytes) l->file_bytes = 64u << 20;
  if (!l->disk_bytes) l->disk_bytes = 256u << 20;
  if (!l->memory_bytes) l->memory_bytes = (uint64_t)2 << 30;
  if (!l->output_bytes) l->output_bytes = 1u << 20;
}

static cm_code find_shell(cm_prepared *p, cm_err *e) {
  static const char *const shells[][3] = {{"bash", "/bin/bash", "/usr/bin/bash"},
                                          {"sh", "/bin/sh", "/usr/bin/sh"},
                                          {"zsh", "/bin/zsh", "/usr/bin/zsh"}};
  for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
    if (strcmp(p->job.shell, shells[i][0]) != 0) continue;
    for (size_t k = 1; k < 3 && !p->shell; k++)
      if (access(shells[i][k], X_OK) == 0) p->shell = shells[i][k];
    if (p->shell) return CM_OK;
    return cm_fail(e, CM_E_NOTFOUND, 0, "%s is not installed", p->job.shell);
  }
  return cm_fail(e, CM_E_USAGE, 0, "no sandbox for the shell \"%.40s\"", p->job.shell);
}

/* --- the job's surroundings ------------------------------------------------------------------ */

static char *join(cm_arena *a, const char *x, const char *between, const char *y) {
  size_t size = strlen(x) + strlen(between) + strlen(y) + 1;
  char *p = cm_arena_alloc(a, size, 1);
  if (p) snprintf(p, size, "%s%s%s", x, between, y);
  return p;
}

static bool given(const cm_sandbox_job *j, const char *name) {
  size_t n = strlen(name);
  for (const char *const *v = j->env; v && *v; v++)
    if (strncmp(*v, name, n) == 0 && (*v)[n] == '=') return true;
  return false;
}

/* One variable, unless the job gives it. False without memory. */
static bool put(cm_prepared *p, const char *name, const char *value) {
  if (given(&p->job, name)) return true;
  p->env[p->nenv] = join(p->arena, name, "=", value);
  return p->env[p->nenv++] != NULL;
}

static bool fill_env(cm_prepared *p) {
  enum { OURS = 12 };
  const cm_sandbox_job *j = &p->job;
  p->env = cm_arena_alloc(p->arena, CM_SANDBOX_MAX_ENV + OURS, sizeof *p->env);
  if (!p->env) return false;
  for (const char *const *v = j->env; v && *v; v++) p->env[p->nenv++] = *v;
  return put(p, "HOME", p->home) && put(p, "USER", j->user) && put(p, "LOGNAME", j->user) &&
         put(p, "SHELL", p->shell) && put(p, "PATH", safe_path) && put(p, "TZ", "UTC") &&
         put(p, "LC_ALL", "C") && put(p, "TERM", "dumb");
}

const char *cm_sandbox_home(const cm_sandbox *s, const cm_sandbox_job *job, cm_arena *a) {
  return s->landlock ? job->tree : join(a, "/home", "/", job->user ? job->user : "user");
}

static cm_code prepare(cm_prepared *p, cm_err *e) {
  cm_sandbox_job *j = &p->job;
  cm_code code = check_job(p->s, j, e);
  if (!code) code = find_shell(p, e);
  if (code) return code;
  if (!j->user) j->user = "user";
  fill_limits(&j->limits);
  p->home = cm_sandbox_home(p->s, j, p->arena);
  p->start = !p->home              ? NULL
             : j->cwd && j->cwd[0] ? join(p->arena, p->home, "/", j->cwd)
                                   : p->home;
  if (!p->start || !fill_env(p)) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a sandbox");
  p->free_bytes = cm_tree_free(j->tree);
  p->used_bytes = cm_tree_bytes(j->tree);
  if (p->used_bytes == UINT64_MAX)
    return cm_fail(e, CM_E_LIMIT, 0, "%.150s has too many files", j->tree);
  return p->s->root ? cm_tree_give(j->tree, CM_SANDBOX_UID, e) : CM_OK;
}

/* --- running --------------------------------------------------------------------------------- */

/* Looking into the folder costs time, so the file system's free space is asked first. Others may
 * fill the disk as well: only the folder convicts, or so much that deleted open files are likely.
 */
static bool fills_disk(void *ctx) {
  enum { HIDDEN = 8 };
  const cm_prepared *p = ctx;
  uint64_t most = p->job.limits.disk_bytes, now = cm_tree_free(p->job.tree);
  if (p->tmp && cm_tree_bytes(p->tmp) > most) return true;
  uint64_t grown = p->free_bytes > now ? p->free_bytes - now : 0;
  if (grown <= most) return false;
  if (grown / HIDDEN > most) return true;
  now = cm_tree_bytes(p->job.tree);
  return now > p->used_bytes && now - p->used_bytes > most;
}

cm_os_spawn_job cm_prepared_spawn(cm_prepared *p) {
  enum { WATCH_NS = 50000000, OPEN_FILES = 256 };
  const cm_sandbox_limits *l = &p->job.limits;
  return (cm_os_spawn_job){
      .cwd = "/",
      .in = p->job.in,
      .in_n = p->job.in_n,
      .out_max = l->output_bytes,
      .err_max = l->output_bytes,
      .kill_on_flood = true,
      .wall_ns = l->wall_ms * 1000000,
      .cancel = p->job.cancel,
      .limits = {.cpu_s = l->cpu_s,
                 .memory_bytes = l->memory_bytes,
                 .file_bytes = l->file_bytes,
                 .open_files = OPEN_FILES},
      .as_uid = p->s->root ? CM_SANDBOX_UID : 0,
      .as_gid = p->s->root ? CM_SANDBOX_UID : 0,
      .watch = fills_disk,
      .watch_ctx = p,
      .watch_ns = WATCH_NS,
  };
}

static cm_sandbox_stopped reason(const cm_os_spawn_result *got) {
  if (got->stopped == CM_OS_STOPPED_TIME) return CM_SANDBOX_STOPPED_TIME;
  if (got->stopped == CM_OS_STOPPED_WATCH) return CM_SANDBOX_STOPPED_DISK;
  bool flood = got->stopped == CM_OS_STOPPED_FLOOD || got->out_cut || got->err_cut;
  return flood ? CM_SANDBOX_STOPPED_OUTPUT : CM_SANDBOX_ENDED;
}

static bool keep(cm_arena *a, const cm_buf *b, cm_str *to) {
  char *p = cm_arena_strdup(a, b->n ? b->p : "", b->n);
  if (p) *to = (cm_str){p, b->n};
  return p != NULL;
}

cm_code cm_prepared_result(cm_prepared *p, const cm_os_spawn_result *got, cm_sandbox_result *r,
                           cm_err *e) {
  *r = (cm_sandbox_result){.stopped = reason(got),
                           .exit_status = -1,
                           .wall_ns = got->wall_ns,
                           .user_ns = got->user_ns,
                           .sys_ns = got->sys_ns};
  if (!keep(p->arena, &got->out, &r->out) || !keep(p->arena, &got->err, &r->err))
    return cm_fail(e, CM_E_NOMEM, 0, "no memory for a command's output");
  if (r->stopped) return CM_OK;
  r->exit_status = got->signal ? 128 + got->signal : got->exit_status;
  if (r->exit_status > 128 && r->exit_status <= 128 + 64) r->signal = r->exit_status - 128;
  return CM_OK;
}

cm_code cm_sandbox_run(const cm_sandbox *s, const cm_sandbox_job *job, cm_arena *a,
                       cm_sandbox_result *r, cm_err *e) {
  *r = (cm_sandbox_result){.exit_status = -1};
  cm_prepared p = {.s = s, .job = *job, .arena = a};
  cm_code code = prepare(&p, e);
  if (code) return code;
  return s->landlock ? cm_landlock_run(&p, r, e) : cm_bwrap_run(&p, r, e);
}
