/* Subcommands that start a command: docker exec, kubectl exec, ip netns exec, poetry run …; and
 * terminals and schedulers that take one. */
#include <string.h>

#include "sh/decode.h"
#include "sh/wrap.h"

#define ELSEWHERE CM_WRAP_ELSEWHERE
#define REMOTE    CM_WRAP_REMOTE
#define CODE      CM_WRAP_CODE
#define DASHES    CM_WRAP_DASHES
#define OPT_C     CM_WRAP_OPT_C

#define CONTAINER_EXEC "e:u:w:", "env= env-file= user= workdir= detach-keys= index="
#define CONTAINER_RUN                                                                             \
  "a:c:e:h:l:m:p:u:v:w:",                                                                         \
      "add-host= annotation= attach= cap-add= cap-drop= cgroup-parent= cgroupns= cidfile= cpus= " \
      "cpu-shares= cpuset-cpus= device= dns= domainname= entrypoint= env= env-file= expose= "     \
      "gpus= group-add= health-cmd= hostname= ip= ipc= isolation= label= label-file= link= "      \
      "log-driver= log-opt= mac-address= memory= memory-swap= mount= name= net= network= "        \
      "network-alias= pid= pids-limit= platform= publish= pull= restart= runtime= "               \
      "security-opt= shm-size= stop-signal= stop-timeout= storage-opt= sysctl= tmpfs= ulimit= "   \
      "user= userns= uts= volume= volume-driver= volumes-from= workdir="

enum {
  NO_OPERANDS = 99
}; /* `skip` where operands are no command: only an option's value is one */

typedef struct subcommand {
  const char *programs; /* separated by "|" */
  const char *path;     /* "compose exec" */
  const char *shorts, *longs;
  unsigned how, skip;
} subcommand;

static const subcommand subcommands[] = {
    {"docker|podman|nerdctl|docker-compose|podman-compose", "exec", CONTAINER_EXEC, ELSEWHERE, 1},
    {"docker|podman|nerdctl|docker-compose|podman-compose", "run", CONTAINER_RUN, ELSEWHERE, 1},
    {"docker|podman|nerdctl", "create", CONTAINER_RUN, ELSEWHERE, 1},
    {"docker|podman", "container exec", CONTAINER_EXEC, ELSEWHERE, 1},
    {"docker|podman", "container run", CONTAINER_RUN, ELSEWHERE, 1},
    {"docker|podman|nerdctl", "compose exec", CONTAINER_EXEC, ELSEWHERE, 1},
    {"docker|podman|nerdctl", "compose run", CONTAINER_RUN, ELSEWHERE, 1},
    {"podman|buildah", "unshare", NULL, NULL, 0, 0},
    {"kubectl|oc", "exec", "c:n:f:", "container= namespace= filename=", ELSEWHERE | DASHES, 1},
    {"kubectl|oc", "run", "n:l:o:",
     "image= namespace= overrides= output= restart= env= labels= port= annotations= "
     "image-pull-policy= field-manager= pod-running-timeout= context= dry-run=? attach=?",
     ELSEWHERE | DASHES, 1},
    {"kubectl|oc", "debug", "n:c:o:f:",
     "image= namespace= target= container= copy-to= env= profile= set-image= output= filename=",
     ELSEWHERE | DASHES, 1},
    {"oc", "rsh", "c:", "container=", ELSEWHERE, 1},
    {"lxc|incus", "exec", NULL, "env= user= group= cwd= mode=", ELSEWHERE, 1},
    {"multipass", "exec", "d:", "working-directory=", ELSEWHERE, 1},
    {"distrobox", "enter", "n:e:", "name= additional-flags=", 0, 1},
    {"toolbox", "run", "c:d:r:", "container= distro= release=", 0, 0},
    {"machinectl", "shell", "E:", "uid= setenv=", ELSEWHERE, 1},
    {"ip", "netns exec", NULL, NULL, 0, 1},
    {"ip", "vrf exec", NULL, NULL, 0, 1},
    {"perf", "stat|record|trace|mem|lock", "e:o:p:t:C:F:g:c:r:x:G:I:D:j:", "event= output=", 0, 0},
    {"vagrant", "ssh", "c:", "command=", REMOTE | OPT_C, NO_OPERANDS},
    {"gcloud", "compute ssh", NULL, "command= zone= project=", REMOTE | OPT_C, NO_OPERANDS},
    {"minikube", "ssh", "n:p:", "node= profile=", REMOTE | CODE, 0},
    {"adb", "shell", "e:", NULL, REMOTE | CODE, 0},
    {"heroku", "run", "a:", "app= size=", REMOTE | CODE, 0},
    {"conda|mamba", "run", "n:p:", "name= prefix= cwd=", 0, 0},
    {"launchctl", "submit", "l:p:o:e:", NULL, 0, 0},
    {"direnv", "exec", NULL, NULL, 0, 1},
    {"rustup", "run", NULL, NULL, 0, 1},
    {"mise|asdf|rbenv|pyenv", "exec|x", NULL, NULL, 0, 0},
    {"poetry|pipenv|uv|hatch", "run", "p:", "with= python= extra= group= env-file=", 0, 0},
    {"bundle", "exec", NULL, NULL, 0, 0},
    {"npm|pnpm|yarn", "exec|x|dlx", "p:c:w:", "package= workspace=", 0, 0},
    {"pipx", "run", NULL, "spec= python= pip-args= index-url=", 0, 0},
    {"nix", "develop|shell|run", "c:", "command=", DASHES, NO_OPERANDS},
    {"op", "run", NULL, "env-file= account=", DASHES, 0},
    {"flatpak", "run", NULL, "command= env= branch= arch= filesystem=", 0, NO_OPERANDS},
};

static bool among(const char *names, cm_str name) { return cm_listed(names, '|', name); }

/* Passes over the words of a path ("compose exec") and the options between them. */
static bool follow_path(cm_argv *v, const char *path) {
  cm_arg arg;
  for (cm_str rest = cm_str_of(path); rest.n;) {
    const char *blank = memchr(rest.p, ' ', rest.n);
    size_t n = blank ? (size_t)(blank - rest.p) : rest.n;
    char name[32];
    while (cm_argv_next(v, &arg)) continue;
    if (v->next >= v->n || n >= sizeof name) return false;
    memcpy(name, rest.p, n);
    name[n] = 0;
    if (!among(name, v->words[v->next].text)) return false;
    v->next++;
    v->ended = false;
    rest.p += n + (blank != NULL), rest.n -= n + (blank != NULL);
  }
  return true;
}

/* docker run --entrypoint PROGRAM IMAGE ARGUMENTS */
static bool start_entrypoint(cm_eval *ev, cm_evrun *r, const cm_wrapper *w,
                             const cm_rword *program, size_t at) {
  cm_fields all = {0};
  cm_fields_add(ev, &all, program);
  for (; at < r->run.n; at++) cm_fields_add(ev, &all, &r->run.words[at]);
  return cm_wrap_words(ev, r, w, all.v, all.n);
}

static bool start_sub(cm_eval *ev, cm_evrun *r, const subcommand *s, cm_argv v) {
  cm_wrapper as = {.how = s->how, .skip = s->skip};
  cm_arg arg;
  cm_rword entrypoint = {0};
  v.spec.shorts = s->shorts ? s->shorts : "";
  v.spec.longs = s->longs ? s->longs : "";
  if (s->how & OPT_C) v.spec.how &= ~(unsigned)CM_ARGV_STOP; /* ssh HOST --command CODE */
  cm_frame saved = ev->f;
  while (cm_argv_next(&v, &arg)) {
    bool command = cm_str_is(arg.name, "c") || cm_str_is(arg.name, "command");
    if (cm_str_is(arg.name, "entrypoint") && arg.has_value)
      entrypoint = cm_wrap_piece(arg.at, arg.value);
    if (command && arg.has_value && s->skip == NO_OPERANDS && s->how & DASHES) {
      cm_run_words(ev, r, arg.at, (size_t)(r->run.words + r->run.n - arg.at), CM_START_PROGRAM);
      return true; /* nix develop -c COMMAND ARGUMENTS */
    }
    if (!command || !arg.has_value || !(s->how & OPT_C)) continue;
    cm_rword code = cm_wrap_piece(arg.at, arg.value);
    ev->f.remote = true;
    cm_wrap_code(ev, r, &code, NULL, 0);
    ev->f = saved;
    return true;
  }
  size_t at = v.next + s->skip, dashes = v.next;
  while (dashes < r->run.n && !cm_str_is(r->run.words[dashes].text, "--")) dashes++;
  if (s->how & DASHES && s->skip == 1 && dashes == r->run.n && at < dashes) {
    v.next = at;
    v.ended = false;
    while (cm_argv_next(&v, &arg)) continue; /* options behind the operand that is passed over */
    at = v.next;
  }
  bool first = dashes == at;
  if (s->how & DASHES && dashes < r->run.n) at = dashes;
  else if (s->how & DASHES && s->skip == NO_OPERANDS) return false;
  if (at < r->run.n && (first || s->how & DASHES) && cm_str_is(r->run.words[at].text, "--")) at++;
  if (entrypoint.text.n) return start_entrypoint(ev, r, &as, &entrypoint, at);
  return at < r->run.n && cm_wrap_start(ev, r, &as, at);
}

/* ansible HOSTS -m shell -a CODE; "command" is what it does without -m. */
bool cm_wrap_ansible(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  cm_argv v = cm_argv_of(r->run.words, r->run.n, (cm_argv_spec){w->shorts, w->longs, 0});
  cm_arg arg, code = {0};
  bool runs = true;
  cm_frame saved = ev->f;
  while (cm_argv_next(&v, &arg)) {
    if (cm_str_is(arg.name, "m") || cm_str_is(arg.name, "module-name"))
      runs = cm_str_ends(arg.value, CM_STR("shell")) || cm_str_is(arg.value, "raw") ||
             cm_str_ends(arg.value, CM_STR("command"));
    if (cm_str_is(arg.name, "a") || cm_str_is(arg.name, "args")) code = arg;
    if (cm_str_is(arg.name, "b") || cm_str_is(arg.name, "become")) ev->f.root = true;
  }
  if (runs && code.has_value) {
    cm_rword text = cm_wrap_piece(code.at, code.value);
    ev->f.remote = true;
    cm_wrap_code(ev, r, &text, NULL, 0);
  }
  ev->f = saved;
  return runs && code.has_value;
}

bool cm_wrap_sub(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++) {
    const subcommand *s = &subcommands[i];
    if (!among(s->programs, r->run.program)) continue;
    cm_argv v =
        cm_argv_of(r->run.words, r->run.n, (cm_argv_spec){w->shorts, w->longs, CM_ARGV_STOP});
    cm_arg arg;
    bool alternatives = strchr(s->path, '|') != NULL, found;
    if (alternatives) {
      while (cm_argv_next(&v, &arg)) continue;
      found = v.next < v.n && among(s->path, v.words[v.next].text);
      v.next++;
      v.ended = false;
    } else {
      found = follow_path(&v, s->path);
    }
    if (found) return start_sub(ev, r, s, v);
  }
  return false;
}

bool cm_wrap_nix_shell(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  cm_argv v = cm_argv_of(r->run.words, r->run.n, (cm_argv_spec){w->shorts, w->longs, 0});
  cm_arg arg;
  while (cm_argv_next(&v, &arg)) {
    if (!cm_str_is(arg.name, "run") && !cm_str_is(arg.name, "command")) continue;
    cm_rword code = cm_wrap_piece(arg.at ? arg.at : arg.word, arg.value);
    cm_wrap_code(ev, r, &code, NULL, 0);
    return true;
  }
  return false;
}

/* --- terminals --- */

/* tmux send-keys 'rm x' Enter: what is typed. */
static cm_rword typed_keys(cm_eval *ev, const cm_rword *words, size_t n) {
  cm_rword out = {.text = CM_STR("")};
  cm_txt t = {0};
  for (size_t i = 0; i < n; i++) {
    cm_str w = words[i].text;
    bool enter = among("Enter|C-m|KPEnter|C-j", w);
    if (i == 0) out.span = words[i].span;
    out.span.end = words[i].span.end;
    out.from |= words[i].from;
    if (!out.source) out.source = words[i].source;
    cm_txt_add(ev, &t, enter ? CM_STR("\n") : cm_str_is(w, "Space") ? CM_STR(" ") : w);
  }
  out.text = cm_txt_str(&t);
  return out;
}

bool cm_wrap_tmux(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  cm_argv v =
      cm_argv_of(r->run.words, r->run.n, (cm_argv_spec){w->shorts, w->longs, CM_ARGV_STOP});
  cm_arg arg;
  cm_wrapper as = {.how = CODE};
  while (cm_argv_next(&v, &arg)) continue;
  if (v.next >= r->run.n) return false;
  cm_str verb = r->run.words[v.next].text;
  bool keys = among("send-keys|send", verb);
  if (!keys && !among("new-session|new|new-window|neww|split-window|splitw|respawn-pane|respawnp|"
                      "respawn-window|respawnw|run-shell|run|if-shell|pipe-pane|pipep|"
                      "display-popup|popup",
                      verb))
    return false;
  v.next++;
  v.ended = false;
  v.spec.shorts = keys ? "N:t:c:" : "c:e:F:f:n:s:t:x:y:l:p:h:w:";
  while (cm_argv_next(&v, &arg)) continue;
  if (!keys) return cm_wrap_start(ev, r, &as, v.next);
  cm_rword code = typed_keys(ev, r->run.words + v.next, r->run.n - v.next);
  if (code.text.n) cm_wrap_code(ev, r, &code, NULL, 0);
  return code.text.n > 0;
}

bool cm_wrap_screen(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  cm_argv v =
      cm_argv_of(r->run.words, r->run.n, (cm_argv_spec){w->shorts, w->longs, CM_ARGV_STOP});
  cm_arg arg;
  cm_wrapper as = {0};
  bool control = false, attaches = false;
  while (cm_argv_next(&v, &arg)) {
    control |= cm_str_is(arg.name, "X");
    attaches |= among("r|R|x|ls|list|wipe", arg.name);
  }
  if (attaches && !control) return false;
  if (!control) return cm_wrap_start(ev, r, &as, v.next);
  if (v.next + 1 >= r->run.n || !among("stuff|exec|screen", r->run.words[v.next].text))
    return false;
  cm_rword code = r->run.words[v.next + 1];
  bool ended;
  if (!cm_str_is(r->run.words[v.next].text, "stuff")) return cm_wrap_start(ev, r, &as, v.next + 1);
  (void)cm_decode_escapes(ev->a, code.text, false, &code.text, &ended);
  cm_wrap_code(ev, r, &code, NULL, 0);
  return true;
}

/* --- schedulers --- */

bool cm_wrap_at(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  cm_argv v = cm_argv_of(r->run.words, r->run.n, (cm_argv_spec){w->shorts, w->longs, 0});
  cm_arg arg;
  while (cm_argv_next(&v, &arg))
    if (arg.option && among("f|l|r|d|c|V", arg.name)) return false;
  return cm_wrap_stdin(ev, r, NULL, 0);
}

/* The command of a line of a crontab. */
static cm_str cron_command(cm_str line) {
  line = cm_str_trim(line);
  size_t fields = line.n && line.p[0] == '@' ? 1 : 5;
  if (!line.n || line.p[0] == '#') return CM_STR("");
  for (; fields; fields--) {
    size_t n = 0;
    while (n < line.n && !strchr(" \t", line.p[n])) n++;
    if (memchr(line.p, '=', n)) return CM_STR("");
    line = cm_str_trim((cm_str){line.p + n, line.n - n});
  }
  return line;
}

bool cm_wrap_crontab(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  cm_argv v = cm_argv_of(r->run.words, r->run.n, (cm_argv_spec){w->shorts, w->longs, 0});
  cm_arg arg;
  bool reads = r->run.n == 1;
  while (cm_argv_next(&v, &arg)) reads |= !arg.option && cm_str_is(arg.value, "-");
  const cm_rword *text = r->run.in_text;
  if (!text && !r->own_in && ev->f.partial) text = &ev->f.partial->word;
  if (!reads || !text) return false;
  cm_str rest = text->text, line;
  cm_frame saved = ev->f;
  ev->f.in = NULL;
  ev->f.input = ev->f.partial = NULL;
  while (cm_str_line(&rest, &line) && cm_ev_step(ev)) {
    cm_str command = cron_command(line);
    cm_rword code = cm_wrap_piece(text, command);
    if (command.n && !cm_str_all_holes(command)) cm_walk_shell(ev, &code, r, NULL, 0);
  }
  ev->f = saved;
  return true;
}

/* --- gdb --- */

bool cm_wrap_gdb(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  cm_argv v = cm_argv_of(r->run.words, r->run.n,
                         (cm_argv_spec){w->shorts, w->longs, CM_ARGV_STOP | CM_ARGV_DASH});
  cm_arg arg;
  bool args = false, any = false;
  cm_wrapper as = {0};
  while (cm_argv_next(&v, &arg)) {
    args |= cm_str_is(arg.name, "args");
    if (!arg.has_value || !among("ex|iex|eval-command|init-eval-command", arg.name)) continue;
    cm_str s = cm_str_trim(arg.value);
    bool bang = s.n && s.p[0] == '!', shell = cm_str_starts(s, CM_STR("shell "));
    if (!bang && !shell) {
      if (!cm_str_starts(s, CM_STR("python "))) continue;
      cm_rword python = cm_wrap_piece(arg.at, (cm_str){s.p + 7, s.n - 7});
      cm_script(ev, r, "python", &python);
      any = true;
      continue;
    }
    size_t skip = bang ? 1 : 6;
    cm_rword code = cm_wrap_piece(arg.at, (cm_str){s.p + skip, s.n - skip});
    cm_wrap_code(ev, r, &code, NULL, 0);
    any = true;
  }
  return (args && cm_wrap_start(ev, r, &as, v.next)) || any;
}
