/* The table of wrappers, and the plain ones: options, then a command. */
#include "sh/wrap.h"

#include <string.h>

cm_rword cm_wrap_piece(const cm_rword *w, cm_str text) {
  cm_rword out = *w;
  out.text = text;
  if (!cm_str_has(text, CM_HOLE)) {
    out.from = 0;
    out.source = NULL;
  }
  return out;
}

/* NAME=VALUE words in front of a command; returns how many. */
static size_t take_env(cm_eval *ev, const cm_rword *words, size_t n) {
  size_t count = 0;
  cm_renv *env = NULL;
  for (; count < n; count++) {
    cm_str w = words[count].text;
    const char *equals = w.n ? memchr(w.p, '=', w.n) : NULL;
    if (!equals || equals == w.p || !cm_is_name((cm_str){w.p, (size_t)(equals - w.p)})) break;
  }
  if (count) env = cm_ev_new(ev, count, sizeof *env);
  for (size_t i = 0; env && i < count; i++) {
    cm_str w = words[i].text;
    size_t name = (size_t)((const char *)memchr(w.p, '=', w.n) - w.p);
    env[i].name = (cm_str){w.p, name};
    env[i].value = cm_wrap_piece(&words[i], (cm_str){w.p + name + 1, w.n - name - 1});
    cm_var *var = cm_env_var(ev, CM_VARS, env[i].name);
    if (!var) continue;
    cm_env_set(ev, var, cm_val_of_word(&env[i].value));
    var->exported = true;
  }
  ev->f.env = env;
  ev->f.n_env = env ? count : 0;
  return count;
}

bool cm_wrap_words(cm_eval *ev, cm_evrun *r, const cm_wrapper *w, const cm_rword *words,
                   size_t n) {
  cm_frame saved = ev->f;
  cm_log *mark = ev->log;
  if (w->how & CM_WRAP_ROOT) ev->f.root = true;
  if (w->how & (CM_WRAP_REMOTE | CM_WRAP_ELSEWHERE)) ev->f.remote = true;
  if (w->how & CM_WRAP_ELSEWHERE) {
    ev->f.elsewhere = true;
    ev->f.root = false;
    cm_env_set(ev, &ev->cwd, cm_val_hole(CM_FROM_INPUT, NULL));
  }
  size_t env = w->how & CM_WRAP_ENV ? take_env(ev, words, n) : 0;
  bool started = env < n;
  if (started && w->how & CM_WRAP_CODE) {
    cm_rword code = cm_words_joined(ev, words + env, n - env);
    cm_wrap_code(ev, r, &code, NULL, 0);
  } else if (started) {
    unsigned how = w->how & CM_WRAP_SHELL ? CM_START_NO_FUNCTION : CM_START_PROGRAM;
    cm_run_words(ev, r, words + env, n - env, how);
  } else if (w->how & CM_WRAP_LOGIN) {
    started = cm_wrap_stdin(ev, r, NULL, 0);
  }
  ev->f = saved;
  cm_env_back(ev, mark);
  return started;
}

bool cm_wrap_start(cm_eval *ev, cm_evrun *r, const cm_wrapper *w, size_t at) {
  if (at > r->run.n) at = r->run.n;
  return cm_wrap_words(ev, r, w, r->run.words + at, r->run.n - at);
}

bool cm_wrap_plain(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  cm_argv v =
      cm_argv_of(r->run.words, r->run.n, (cm_argv_spec){w->shorts, w->longs, CM_ARGV_STOP});
  cm_arg arg;
  bool code = false;
  while (cm_argv_next(&v, &arg)) {
    if (w->how & CM_WRAP_NO_V && (cm_str_is(arg.name, "v") || cm_str_is(arg.name, "V")))
      return false;
    if (w->how & CM_WRAP_NO_P && (cm_str_is(arg.name, "p") || cm_str_is(arg.name, "pid")))
      return false;
    if (!(w->how & CM_WRAP_OPT_C) || !arg.has_value) continue;
    if (!cm_str_is(arg.name, "c") && !cm_str_is(arg.name, "command")) continue;
    cm_rword text = cm_wrap_piece(arg.at, arg.value);
    cm_wrap_code(ev, r, &text, NULL, 0);
    code = true;
  }
  if (code) return true;
  size_t at = v.next + w->skip;
  if (w->skip && at < r->run.n && r->run.words[at].text.n > 1 &&
      r->run.words[at].text.p[0] == '-' && !(w->how & CM_WRAP_OPT_C)) {
    v.next = at;
    v.ended = false;
    while (cm_argv_next(&v, &arg)) continue;
    at = v.next;
  }
  if (w->how & CM_WRAP_DASHES)
    for (at = v.next; at > 1 && at < r->run.n && !cm_str_is(r->run.words[at - 1].text, "--");)
      at++;
  if (w->how & CM_WRAP_OPT_C && at + 1 < r->run.n && cm_str_is(r->run.words[at].text, "-c")) {
    cm_wrap_code(ev, r, &r->run.words[at + 1], NULL, 0);
    return true;
  }
  return cm_wrap_start(ev, r, w, at);
}

/* sudo -u NAME isn't root; sudo -s and -i hand the words to a shell. */
bool cm_wrap_sudo(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  cm_argv v =
      cm_argv_of(r->run.words, r->run.n, (cm_argv_spec){w->shorts, w->longs, CM_ARGV_STOP});
  cm_arg arg;
  cm_wrapper as = *w;
  cm_frame saved = ev->f;
  while (cm_argv_next(&v, &arg)) {
    bool user = cm_str_is(arg.name, "u") || cm_str_is(arg.name, "user");
    if (user && arg.has_value && !cm_str_is(arg.value, "root") && !cm_str_is(arg.value, "#0") &&
        !arg.at->from) {
      as.how &= ~(unsigned)CM_WRAP_ROOT;
      ev->f.root = false;
    }
    if (cm_str_is(arg.name, "e") || cm_str_is(arg.name, "edit") || cm_str_is(arg.name, "l"))
      return ev->f = saved, false;
    if (cm_str_is(arg.name, "s") || cm_str_is(arg.name, "i") || cm_str_is(arg.name, "login") ||
        cm_str_is(arg.name, "shell"))
      as.how |= CM_WRAP_CODE | CM_WRAP_LOGIN;
  }
  bool started = cm_wrap_start(ev, r, &as, v.next);
  ev->f = saved;
  return started;
}

/* --- env --- */

/* Splits the string of env -S: blanks, quotes and backslashes, no expansions. */
static void split_string(cm_eval *ev, const cm_rword *w, cm_str s, cm_fields *out) {
  cm_txt t = {0};
  bool any = false;
  char quote = 0;
  for (size_t i = 0; i <= s.n; i++) {
    char c = i < s.n ? s.p[i] : ' ';
    bool end = i == s.n || (!quote && strchr(" \t\n", c));
    if (end && (any || t.n)) {
      cm_rword piece = cm_wrap_piece(w, cm_txt_str(&t));
      cm_fields_add(ev, out, &piece);
      t = (cm_txt){0};
      any = false;
    }
    if (end) continue;
    any = true;
    if (quote ? c == quote : c == '"' || c == '\'') quote = quote ? 0 : c;
    else if (c == '\\' && quote != '\'' && i + 1 < s.n) cm_txt_add(ev, &t, (cm_str){s.p + ++i, 1});
    else cm_txt_add(ev, &t, (cm_str){s.p + i, 1});
  }
}

bool cm_wrap_env(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  cm_argv v =
      cm_argv_of(r->run.words, r->run.n, (cm_argv_spec){w->shorts, w->longs, CM_ARGV_STOP});
  cm_arg arg;
  cm_fields split = {0};
  cm_log *mark = ev->log;
  while (cm_argv_next(&v, &arg)) {
    if (!arg.has_value) continue;
    if (cm_str_is(arg.name, "S") || cm_str_is(arg.name, "split-string"))
      split_string(ev, arg.at, arg.value, &split);
    if (cm_str_is(arg.name, "C") || cm_str_is(arg.name, "chdir"))
      cm_env_set(ev, &ev->cwd, cm_val_text(cm_path_join(ev, r->run.cwd.text, arg.value)));
  }
  bool started;
  if (split.n) {
    for (size_t i = v.next; i < r->run.n; i++) cm_fields_add(ev, &split, &r->run.words[i]);
    started = cm_wrap_words(ev, r, w, split.v, split.n);
  } else {
    started = cm_wrap_start(ev, r, w, v.next);
  }
  cm_env_back(ev, mark);
  return started;
}

/* setarch [architecture] [options] program */
bool cm_wrap_setarch(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  static const char names[] =
      "x86_64 i386 i486 i586 i686 linux32 linux64 aarch64 arm armv7l armv8l "
      "uname26 ppc ppc64 s390 s390x";
  cm_wrapper as = *w;
  as.skip = r->run.n > 1 && cm_listed(names, ' ', r->run.words[1].text);
  return cm_wrap_plain(ev, r, &as);
}

/* watch hands its words to a shell, joined; with -x it starts them. */
bool cm_wrap_watch(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  cm_argv v =
      cm_argv_of(r->run.words, r->run.n, (cm_argv_spec){w->shorts, w->longs, CM_ARGV_STOP});
  cm_arg arg;
  cm_wrapper as = *w;
  while (cm_argv_next(&v, &arg))
    if (cm_str_is(arg.name, "x") || cm_str_is(arg.name, "exec")) as.how &= ~(unsigned)CM_WRAP_CODE;
  return cm_wrap_start(ev, r, &as, v.next);
}

/* faketime [-m] [-f] WHEN program, where WHEN may be "-1d". */
bool cm_wrap_faketime(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  size_t at = 1;
  while (at < r->run.n && (cm_listed("-f -m", ' ', r->run.words[at].text) ||
                           cm_str_starts(r->run.words[at].text, CM_STR("--"))))
    at++;
  return cm_wrap_start(ev, r, w, at + 1);
}

/* --- the table --- */

#define ROOT   CM_WRAP_ROOT
#define ENV    CM_WRAP_ENV
#define REMOTE CM_WRAP_REMOTE
#define CODE   CM_WRAP_CODE
#define SHELL  CM_WRAP_SHELL
#define OPT_C  CM_WRAP_OPT_C
#define LOGIN  CM_WRAP_LOGIN
#define NO_P   CM_WRAP_NO_P
#define NO_V   CM_WRAP_NO_V
#define DASHES CM_WRAP_DASHES

#define PSSH                                                             \
  "h:H:l:p:o:e:t:O:x:X:g:",                                              \
      "hosts= host= user= par= outdir= errdir= timeout= options= args= " \
      "extra-arg="

/* Sorted by name. */
static const cm_wrapper wrappers[] = {
    {"adb", "s:H:P:t:", NULL, 0, 0, cm_wrap_sub},
    {"ansible", "a:B:c:e:f:i:l:m:M:P:t:T:u:", "args= module-name= inventory= limit= user= forks=",
     CM_WRAP_REMOTE, 0, cm_wrap_ansible},
    {"asdf", NULL, NULL, 0, 0, cm_wrap_sub},
    {"ash", NULL, NULL, 0, 0, cm_wrap_sh},
    {"at", "q:f:t:c:d:r:", NULL, 0, 0, cm_wrap_at},
    {"aws-vault", NULL, NULL, DASHES, 0, NULL},
    {"bash", NULL, NULL, 0, 0, cm_wrap_sh},
    {"batch", "q:f:t:", NULL, 0, 0, cm_wrap_at},
    {"buildah", NULL, NULL, 0, 0, cm_wrap_sub},
    {"builtin", NULL, NULL, SHELL, 0, NULL},
    {"bundle", NULL, NULL, 0, 0, cm_wrap_sub},
    {"bunx", "p:", "package=", 0, 0, NULL},
    {"busybox", NULL, NULL, 0, 0, NULL},
    {"caffeinate", "t:w:", NULL, 0, 0, NULL},
    {"capsh", NULL, NULL, OPT_C, 0, NULL},
    {"catchsegv", NULL, NULL, 0, 0, NULL},
    {"cgexec", "g:", NULL, 0, 0, NULL},
    {"chpst", "u:U:b:e:/:n:l:L:m:d:o:p:f:c:r:t:", NULL, 0, 0, NULL},
    {"chronic", NULL, NULL, 0, 0, NULL},
    {"chroot", NULL, "userspec= groups=", REMOTE | LOGIN, 1, NULL},
    {"chrt", "T:P:D:", "sched-runtime= sched-period= sched-deadline=", NO_P, 1, NULL},
    {"clush", "w:x:g:X:l:t:u:f:o:O:", "hostfile= user= group= command_timeout=", REMOTE | CODE, 0,
     NULL},
    {"command", NULL, NULL, SHELL | NO_V, 0, NULL},
    {"conda", NULL, NULL, 0, 0, cm_wrap_sub},
    {"crontab", "u:", NULL, 0, 0, cm_wrap_crontab},
    {"cross-env", NULL, NULL, ENV, 0, NULL},
    {"csh", NULL, NULL, 0, 0, cm_wrap_sh},
    {"dash", NULL, NULL, 0, 0, cm_wrap_sh},
    {"dbus-launch", NULL, NULL, 0, 0, NULL},
    {"dbus-run-session", NULL, "config-file= dbus-daemon=", 0, 0, NULL},
    {"direnv", NULL, NULL, 0, 0, cm_wrap_sub},
    {"distrobox", NULL, NULL, 0, 0, cm_wrap_sub},
    {"doas", "C:u:", NULL, ROOT, 0, cm_wrap_sudo},
    {"docker", "c:H:l:", "config= context= host= log-level=", 0, 0, cm_wrap_sub},
    {"docker-compose", "f:p:c:H:", "file= project-name= profile= env-file= project-directory=", 0,
     0, cm_wrap_sub},
    {"doppler", NULL, NULL, DASHES, 0, NULL},
    {"dotenv", "f:e:", NULL, DASHES, 0, NULL},
    {"dsh", "g:m:n:f:o:r:F:", "group= machine= num-topology= file= forklimit= remoteshell=",
     REMOTE | CODE, 0, NULL},
    {"eatmydata", NULL, NULL, 0, 0, NULL},
    {"entr", NULL, NULL, 0, 0, NULL},
    {"env", "u:S:C:P:", "unset= split-string= chdir= block-signal=? default-signal=?", ENV, 0,
     cm_wrap_env},
    {"fab", "H:i:u:c:r:t:", "hosts= identity= user= collection= search-root=",
     REMOTE | CODE | DASHES, 0, NULL},
    {"fakeroot", "l:s:i:b:", "lib= faked=", 0, 0, NULL},
    {"faketime", NULL, NULL, 0, 0, cm_wrap_faketime},
    {"fd", NULL, NULL, 0, 0, cm_wrap_fd},
    {"fdfind", NULL, NULL, 0, 0, cm_wrap_fd},
    {"find", NULL, NULL, 0, 0, cm_wrap_find},
    {"firejail", NULL, NULL, 0, 0, NULL},
    {"fish", NULL, NULL, 0, 0, cm_wrap_sh},
    {"flatpak", NULL, NULL, 0, 0, cm_wrap_sub},
    {"flock", "c:w:E:", "command= wait= timeout= conflict-exit-code=", OPT_C, 1, NULL},
    {"gcloud", NULL, "project= account= zone= command=", 0, 0, cm_wrap_sub},
    {"gdb", NULL,
     "args eval-command= ex= init-eval-command= iex= command= batch pid= core= exec= symbols=", 0,
     0, cm_wrap_gdb},
    {"gnome-terminal", NULL, "title= working-directory= geometry= profile= command=", DASHES, 0,
     NULL},
    {"gosu", NULL, NULL, 0, 1, NULL},
    {"gtimeout", "k:s:", "kill-after= signal=", 0, 1, NULL},
    {"gxargs", NULL, NULL, 0, 0, cm_wrap_xargs},
    {"hatch", "e:", NULL, 0, 0, cm_wrap_sub},
    {"heroku", "a:", "app=", 0, 0, cm_wrap_sub},
    {"hyperfine", "w:m:M:r:S:p:c:s:n:P:D:L:", "warmup= runs= prepare= shell= export-json=", CODE,
     0, NULL},
    {"ifne", NULL, NULL, 0, 0, NULL},
    {"incus", NULL, NULL, 0, 0, cm_wrap_sub},
    {"ionice", "c:n:p:P:u:", "class= classdata= pid= pgid= uid=", 0, 0, NULL},
    {"ip", "f:n:", "family= netns=", 0, 0, cm_wrap_sub},
    {"ksh", NULL, NULL, 0, 0, cm_wrap_sh},
    {"kubectl", "n:s:", "context= namespace= kubeconfig= cluster= user= server= token=", 0, 0,
     cm_wrap_sub},
    {"launchctl", NULL, NULL, 0, 0, cm_wrap_sub},
    {"linux32", NULL, NULL, 0, 0, NULL},
    {"linux64", NULL, NULL, 0, 0, NULL},
    {"logsave", NULL, NULL, 0, 1, NULL},
    {"ltrace", "a:A:D:e:l:n:o:p:s:u:w:x:F:", "output=", NO_P, 0, NULL},
    {"lxc", NULL, NULL, 0, 0, cm_wrap_sub},
    {"machinectl", "M:H:", NULL, 0, 0, cm_wrap_sub},
    {"mamba", NULL, NULL, 0, 0, cm_wrap_sub},
    {"minikube", "p:", "profile=", 0, 0, cm_wrap_sub},
    {"mise", NULL, NULL, 0, 0, cm_wrap_sub},
    {"mksh", NULL, NULL, 0, 0, cm_wrap_sh},
    {"mosh", NULL, "ssh= client= server= predict= port=", REMOTE, 1, NULL},
    {"multipass", NULL, NULL, 0, 0, cm_wrap_sub},
    {"mussh", "c:h:H:l:i:m:o:s:t:p:", NULL, OPT_C, 0, NULL},
    {"nerdctl", "a:n:H:", "address= namespace= host=", 0, 0, cm_wrap_sub},
    {"nice", "n:", "adjustment=", 0, 0, NULL},
    {"nix", NULL, NULL, 0, 0, cm_wrap_sub},
    {"nix-shell", "p:A:E:I:j:", "run= command= packages=", 0, 0, cm_wrap_nix_shell},
    {"nocorrect", NULL, NULL, SHELL, 0, NULL},
    {"noglob", NULL, NULL, SHELL, 0, NULL},
    {"nohup", NULL, NULL, 0, 0, NULL},
    {"npm", "C:w:", "prefix= workspace=", 0, 0, cm_wrap_sub},
    {"npx", "c:p:w:", "call= package= workspace=", OPT_C, 0, NULL},
    {"nsenter", "t:S:G:m::u::i::n::p::U::C::r::w::", "target= setuid= setgid= wdns= root=? wd=?",
     LOGIN, 0, NULL},
    {"nu", NULL, NULL, 0, 0, cm_wrap_sh},
    {"numactl", "i:N:m:C:p:l:", "interleave= membind= cpunodebind= physcpubind= preferred=", 0, 0,
     NULL},
    {"oc", "n:s:", "context= namespace= kubeconfig= cluster= user= server= token=", 0, 0,
     cm_wrap_sub},
    {"op", NULL, NULL, 0, 0, cm_wrap_sub},
    {"parallel", NULL, NULL, 0, 0, cm_wrap_parallel},
    {"parallel-ssh", PSSH, REMOTE | CODE, 0, NULL},
    {"pdsh", "w:x:l:t:u:f:g:X:R:M:", NULL, REMOTE | CODE, 0, NULL},
    {"perf", NULL, NULL, 0, 0, cm_wrap_sub},
    {"pipenv", NULL, NULL, 0, 0, cm_wrap_sub},
    {"pipx", NULL, NULL, 0, 0, cm_wrap_sub},
    {"pkexec", "u:", "user=", ROOT, 0, cm_wrap_sudo},
    {"pnpm", "C:F:", "dir= filter=", 0, 0, cm_wrap_sub},
    {"pnpx", "p:", "package=", 0, 0, NULL},
    {"podman", "c:r:", "connection= log-level= root= runroot= url=", 0, 0, cm_wrap_sub},
    {"podman-compose", "f:p:", "file= project-name=", 0, 0, cm_wrap_sub},
    {"poetry", "C:P:", "directory=", 0, 0, cm_wrap_sub},
    {"prlimit", "p:o:", "pid= output=", NO_P, 0, NULL},
    {"proot", "r:b:w:q:R:S:i:k:m:", "rootfs= bind= cwd= qemu=", 0, 0, NULL},
    {"proxychains", "f:", NULL, 0, 0, NULL},
    {"proxychains4", "f:", NULL, 0, 0, NULL},
    {"pssh", PSSH, REMOTE | CODE, 0, NULL},
    {"pyenv", NULL, NULL, 0, 0, cm_wrap_sub},
    {"rbash", NULL, NULL, 0, 0, cm_wrap_sh},
    {"rbenv", NULL, NULL, 0, 0, cm_wrap_sub},
    {"rlwrap", "f:H:s:", NULL, 0, 0, NULL},
    {"rsh", "l:", NULL, REMOTE | CODE, 1, NULL},
    {"run0", "u:g:D:",
     "unit= property= description= slice= user= group= nice= chdir= setenv= "
     "background= machine=",
     ROOT, 0, NULL},
    {"runcon", "u:r:t:l:", "user= role= type= range=", 0, 0, NULL},
    {"runuser", "c:g:G:s:u:w:", "command= session-command= group= shell= user=", 0, 0, cm_wrap_su},
    {"rustup", NULL, NULL, 0, 0, cm_wrap_sub},
    {"screen", "c:e:h:p:s:S:t:T:", NULL, 0, 0, cm_wrap_screen},
    {"script", "c:E:I:O:B:T:m:o:",
     "command= echo= log-in= log-out= log-io= log-timing= output-limit=", OPT_C, 1, NULL},
    {"sem", "j:", "jobs= id=", CODE, 0, NULL},
    {"setarch", NULL, NULL, 0, 0, cm_wrap_setarch},
    {"setpriv", NULL,
     "reuid= regid= groups= inh-caps= ambient-caps= bounding-set= securebits= pdeathsig= "
     "selinux-label= apparmor-profile=",
     0, 0, NULL},
    {"setsid", NULL, NULL, 0, 0, NULL},
    {"sg", NULL, NULL, OPT_C, 1, NULL},
    {"sh", NULL, NULL, 0, 0, cm_wrap_sh},
    {"shx", NULL, NULL, 0, 0, NULL},
    {"softlimit", "a:d:s:l:m:o:p:c:f:r:t:", NULL, 0, 0, NULL},
    {"ssh", "B:b:c:D:E:e:F:I:i:J:L:l:m:O:o:P:p:Q:R:S:W:w:", NULL, REMOTE, 1, cm_wrap_ssh},
    {"sshpass", "p:f:d:P:", NULL, 0, 0, NULL},
    {"stdbuf", "i:o:e:", "input= output= error=", 0, 0, NULL},
    {"strace", "a:b:e:E:I:o:O:p:P:s:S:u:U:X:", "trace= output= attach= env= user=", NO_P, 0, NULL},
    {"su", "c:g:G:s:w:C:",
     "command= session-command= group= supp-group= shell= whitelist-environment=", ROOT, 0,
     cm_wrap_su},
    {"su-exec", NULL, NULL, 0, 1, NULL},
    {"sudo", "C:D:g:h:p:R:r:T:t:U:u:",
     "user= group= prompt= close-from= chdir= chroot= host= role= type= command-timeout= "
     "other-user= preserve-env=?",
     ROOT | ENV, 0, cm_wrap_sudo},
    {"systemd-cat", "t:p:", "identifier= priority= stderr-priority= level-prefix= namespace=", 0,
     0, NULL},
    {"systemd-inhibit", NULL, "what= who= why= mode=", 0, 0, NULL},
    {"systemd-run", "p:u:E:t:H:M:d:",
     "unit= property= slice= uid= gid= setenv= description= service-type= nice= host= machine= "
     "working-directory= on-active= on-boot= on-startup= on-unit-active= on-unit-inactive= "
     "on-calendar= timer-property= path-property= socket-property=",
     0, 0, NULL},
    {"taskset", NULL, NULL, NO_P, 1, NULL},
    {"tcsh", NULL, NULL, 0, 0, cm_wrap_sh},
    {"time", "f:o:", "format= output=", 0, 0, NULL},
    {"timeout", "k:s:", "kill-after= signal=", 0, 1, NULL},
    {"tmux", "c:f:L:S:T:", NULL, 0, 0, cm_wrap_tmux},
    {"toolbox", NULL, NULL, 0, 0, cm_wrap_sub},
    {"torify", NULL, NULL, 0, 0, NULL},
    {"torsocks", NULL, NULL, 0, 0, NULL},
    {"toybox", NULL, NULL, 0, 0, NULL},
    {"tsocks", NULL, NULL, 0, 0, NULL},
    {"unbuffer", NULL, NULL, 0, 0, NULL},
    {"unshare", "R:S:G:w:",
     "root= wd= setuid= setgid= map-user= map-group= propagation= mount-proc=?", LOGIN, 0, NULL},
    {"uv", NULL, "directory= project=", 0, 0, cm_wrap_sub},
    {"uvx", "p:w:", "from= with= python= index-url= index=", 0, 0, NULL},
    {"vagrant", NULL, NULL, 0, 0, cm_wrap_sub},
    {"valgrind", NULL, NULL, 0, 0, NULL},
    {"watch", "n:q:", "interval= equexit=", CODE, 0, cm_wrap_watch},
    {"wsl", "d:u:", "distribution= user=", 0, 0, NULL},
    {"wsl.exe", "d:u:", "distribution= user=", 0, 0, NULL},
    {"xargs", NULL, NULL, 0, 0, cm_wrap_xargs},
    {"xonsh", NULL, NULL, 0, 0, cm_wrap_sh},
    {"xvfb-run", "e:f:n:p:s:w:",
     "error-file= auth-file= server-num= xauth-protocol= server-args= wait=", 0, 0, NULL},
    {"yarn", NULL, "cwd=", 0, 0, cm_wrap_sub},
    {"yash", NULL, NULL, 0, 0, cm_wrap_sh},
    {"zsh", NULL, NULL, 0, 0, cm_wrap_sh},
};

bool cm_wrap(cm_eval *ev, cm_evrun *r) {
  const cm_wrapper *w = CM_TABLE_FIND(wrappers, r->run.program);
  if (!w) return cm_wrap_loader(ev, r) || cm_wrap_options(ev, r);
  return w->run ? w->run(ev, r, w) : cm_wrap_plain(ev, r, w);
}

cm_str cm_wrap_match(cm_eval *ev, cm_str pattern) {
  for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++)
    if (cm_pattern_match(ev, pattern, cm_str_of(wrappers[i].name)))
      return cm_str_of(wrappers[i].name);
  return (cm_str){0};
}
