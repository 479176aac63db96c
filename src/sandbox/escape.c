/* The self-test: every way out that is known, tried from inside. An attempt that got out says
 * ESCAPED, or the machine shows it. None does harm where it works: files are opened for appending
 * and not written, signals are number 0. */
#include "sandbox/escape.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct way_out {
  const char *name;
  const char *needs; /* a program, or NULL */
  const char *shell;
  const char *script;
  cm_sandbox_limits limits;
  /* How the run has to end; CM_SANDBOX_ENDED: anyhow. */
  cm_sandbox_stopped must_stop;
} way_out;

/* Numbers of system calls by processor, for perl. */
#define PERL_CALL(name, x86, other) \
  "my $" name " = (`uname -m` =~ /^x86_64/) ? " #x86 " : " #other ";"

static const way_out ways[] = {
    {.name = "files of the system",
     .script = "for d in /usr /usr/bin /bin /sbin /lib /etc /var /root /home /opt /dev /dev/shm "
               "/proc /sys /run /; do (: > $d/cmdai-escape) && echo ESCAPED $d; done"},
    {.name = "system made writable",
     .script = "mount -o remount,rw /usr; mount -o remount,bind,rw /usr; mount -o remount,rw /; "
               "unshare -Urm mount -o remount,bind,rw /usr; "
               "(: > /usr/cmdai-escape) && echo ESCAPED"},
    {.name = "mounts",
     .script = "mkdir m; mount -t tmpfs none m && echo ESCAPED; mount --bind /usr m && "
               "echo ESCAPED; unshare -Urm mount -t tmpfs none m && echo ESCAPED"},
    {.name = "namespaces",
     .script = "unshare -U true && echo ESCAPED; unshare -Ur true && echo ESCAPED; "
               "unshare -n true && echo ESCAPED; nsenter -t 1 -m true && echo ESCAPED"},
    {.name = "settings of the kernel",
     .script = "for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname "
               "/proc/sys/kernel/modprobe /proc/sys/vm/overcommit_memory /proc/sysrq-trigger "
               "/proc/sys/fs/suid_dumpable /proc/mtrr /sys/power/state "
               "/sys/kernel/mm/transparent_hugepage/enabled /sys/kernel/uevent_helper; do "
               "(: >> $f) && echo ESCAPED $f; done"},
    {.name = "devices",
     .script = "mknod b b 8 0 && echo ESCAPED; mknod c c 1 1 && echo ESCAPED; "
               "for d in /dev/sda /dev/vda /dev/nvme0n1 /dev/mem /dev/kmsg /dev/kvm /dev/fuse; do "
               "(: < $d) && echo ESCAPED $d; done"},
    {.name = "secrets",
     .script = "for f in /etc/shadow /etc/gshadow /etc/sudoers /etc/machine-id /root/.bashrc "
               "/root/.profile /proc/$HOST/environ /proc/$HOST/mem /proc/kcore; do "
               "head -c 1 $f | grep -q . && echo ESCAPED $f; done; "
               "ls /root && echo ESCAPED; ls /var && echo ESCAPED; ls /run && echo ESCAPED"},
    {.name = "reading outside",
     .script = "cat \"$OUT/canary\" out/canary | grep -q \"$SECRET\" && echo ESCAPED; "
               "ls \"$OUT\" | grep canary && echo ESCAPED; ls out/ | grep canary && echo ESCAPED; "
               "cp \"$OUT/canary\" copy && echo ESCAPED"},
    {.name = "writing outside",
     .script = "cd /; for f in \"$OUT\" \"$HOME/out\"; do echo x > \"$f/canary\"; "
               "echo x >> \"$f/canary\"; echo x > \"$f/new\"; mkdir \"$f/dir\"; "
               "rm -f \"$f/canary\"; mv \"$f/canary\" \"$HOME/moved\"; "
               "truncate -s 0 \"$f/canary\"; ln \"$f/canary\" \"$HOME/hard\" && "
               "echo x >> \"$HOME/hard\"; ln -s /usr \"$f/link\"; mkfifo \"$f/fifo\"; done"},
    {.name = "modes and times outside",
     .script =
         "cd /; for f in \"$OUT\" \"$OUT/canary\" \"$HOME/out/canary\"; do chmod 700 \"$f\"; "
         "chmod 755 \"$f\"; touch -c -d @1000 \"$f\"; chgrp \"$(id -g)\" \"$f\"; "
         "done"},
    {.name = "signals", .script = "kill -0 $HOST && echo ESCAPED; kill -0 -$HOST && echo ESCAPED"},
    {.name = "tracing",
     .needs = "/usr/bin/perl",
     .script = "perl -e '" PERL_CALL("p", 101, 117)
         PERL_CALL("v", 310, 270) "print \"ESCAPED\" if syscall($p, 16, $ENV{HOST}, 0, 0) == 0; "
                                  "print \"ESCAPED\" if syscall($p, 0, 0, 0, 0) == 0; "
                                  "$! = 0; syscall($v, $ENV{HOST} + 0, 0, 0, 0, 0, 0); "
                                  "print \"ESCAPED\" if $! == 0;'"},
    {.name = "TCP",
     .needs = "/bin/bash",
     .shell = "bash",
     .script = "exec 3<>/dev/tcp/127.0.0.1/$TCP && echo ESCAPED"},
    {.name = "UDP",
     .needs = "/bin/bash",
     .shell = "bash",
     .script = "echo x >/dev/udp/127.0.0.1/$UDP; sleep 0.05"},
    {.name = "sockets",
     .needs = "/usr/bin/perl",
     .script = "perl -e 'use Socket; for my $to (\"$ENV{OUT}/socket\", \"\\0$ENV{MARK}\", "
               "\"/run/systemd/private\", \"/run/docker.sock\") { my $s; "
               "socket($s, PF_UNIX, SOCK_STREAM, 0) or next; "
               "connect($s, pack(\"Sa*\", PF_UNIX, $to)) and print \"ESCAPED $to\"; }'"},
    {.name = "keys of the kernel",
     .needs = "/usr/bin/perl",
     .script = "perl -e '" PERL_CALL(
         "k", 250, 219) "print \"ESCAPED\" if syscall($k, 0, -3, 0, 0, 0) >= 0;'"},
    {.name = "becoming root",
     .script = "[ \"$(id -u)\" = 0 ] && echo ESCAPED; for by in 'su root -c' 'su -c' 'sudo -n' "
               "pkexec 'setpriv --reuid=0'; do "
               "($by id </dev/null | grep -q uid=0 && echo ESCAPED $by) & done; wait",
     .limits = {.wall_ms = 400}},
    {.name = "the terminal",
     .script = "(exec 3<>/dev/tty) && echo ESCAPED; (exec 3<>/dev/console) && echo ESCAPED; "
               "(exec 3<>/dev/tty1) && echo ESCAPED"},
    {.name = "open files",
     .script = "fd=3; while [ $fd -lt 64 ]; do (exec <&$fd) && echo ESCAPED $fd; "
               "(exec >&$fd) && echo ESCAPED $fd; fd=$((fd + 1)); done"},
    {.name = "environment",
     .script = "env | grep -v -E '^(SHELL|PWD|OLDPWD|LOGNAME|HOME|TZ|TERM|USER|SHLVL|LC_ALL|PATH|"
               "TMPDIR|OUT|HOST|TCP|UDP|MARK|SECRET|_)=' && echo ESCAPED"},
    {.name = "staying behind",
     .script = "setsid sleep $MARK & nohup sleep $MARK & (trap '' HUP TERM; sleep $MARK) & "
               "(setsid setsid sleep $MARK &) & sleep 0.05"},
    {.name = "staying behind after time-out",
     .script = "setsid sleep $MARK & (setsid setsid sleep $MARK &) & sleep $MARK",
     .limits = {.wall_ms = 150},
     .must_stop = CM_SANDBOX_STOPPED_TIME},
    {.name = "many processes",
     .script = "(i=0; while [ $i -lt 80 ]; do sleep 3 & i=$((i + 1)); echo $i; done) | "
               "grep -qx 60 && echo ESCAPED",
     .limits = {.processes = 16, .wall_ms = 400}},
    {.name = "a large file",
     .script = "head -c 3000000 /dev/zero > big; [ $(wc -c < big) -gt 1048576 ] && echo ESCAPED",
     .limits = {.file_bytes = 1 << 20}},
    {.name = "many files",
     .script = "i=0; while :; do head -c 1000000 /dev/zero > f$i; i=$((i + 1)); done",
     .limits = {.file_bytes = 1 << 20, .disk_bytes = 8 << 20, .wall_ms = 20000},
     .must_stop = CM_SANDBOX_STOPPED_DISK},
    {.name = "a full /tmp",
     .script = "for d in /tmp /dev/shm /dev / /home; do i=0; while [ $i -lt 40 ] && "
               "head -c 1000000 /dev/zero > $d/cmdai-escape$i; do i=$((i + 1)); done; "
               "[ $i -gt 20 ] && echo ESCAPED; rm -f $d/cmdai-escape[0-9]*; done",
     .limits = {.disk_bytes = 8 << 20}},
    {.name = "memory",
     .script = "head -c 160000000 /dev/zero | tail -n 1 | wc -c | grep -x 160000000 && "
               "echo ESCAPED",
     .limits = {.memory_bytes = 96 << 20}},
    {.name = "much output", .script = "yes", .must_stop = CM_SANDBOX_STOPPED_OUTPUT},
    {.name = "much time",
     .script = "trap '' TERM HUP INT XCPU; while :; do :; done",
     .limits = {.wall_ms = 150},
     .must_stop = CM_SANDBOX_STOPPED_TIME},
};
enum { WAYS = sizeof ways / sizeof *ways };

static const char *verdict(const way_out *w, const cm_sandbox_result *r) {
  if (cm_str_find(r->out, CM_STR("ESCAPED")) != SIZE_MAX) return "the attempt says so";
  if (w->must_stop && r->stopped != w->must_stop) return "the limit did not end it";
  return NULL;
}

static cm_code attempt(const cm_sandbox *s, const way_out *w, cm_bait *b, cm_arena *a,
                       cm_sandbox_attempt *row, cm_err *e) {
  const char *const env[] = {b->env[0], b->env[1], b->env[2], b->env[3],
                             b->env[4], b->env[5], NULL};
  cm_sandbox_job job = {.shell = w->shell ? w->shell : "sh",
                        .command = w->script,
                        .tree = b->tree,
                        .env = env,
                        .limits = w->limits};
  cm_sandbox_result r;
  cm_code code = cm_sandbox_run(s, &job, a, &r, e);
  if (code) return code;
  const char *how = verdict(w, &r), *damage = cm_bait_damage(b);
  if (damage) how = damage;
  row->held = !how;
  if (how) snprintf(row->detail, sizeof row->detail, "%s", how);
  return CM_OK;
}

/* Whether the attempt's program is there. */
static bool can_try(const way_out *w, cm_sandbox_attempt *row) {
  row->name = w->name;
  row->tried = !w->needs || access(w->needs, X_OK) == 0;
  if (!row->tried) snprintf(row->detail, sizeof row->detail, "needs %s", w->needs);
  return row->tried;
}

cm_code cm_sandbox_self_test(const cm_sandbox *s, cm_arena *a, const cm_sandbox_attempt **attempts,
                             size_t *n, cm_err *e) {
  cm_bait bait;
  *n = 0;
  cm_sandbox_attempt *rows = cm_arena_alloc(a, WAYS, sizeof *rows);
  cm_arena *each = rows ? cm_arena_open(8 << 20) : NULL;
  if (!each) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the self-test");
  cm_code code = cm_bait_open(&bait, s, e);
  for (size_t i = 0; !code && i < WAYS; i++) {
    if (can_try(&ways[i], &rows[i])) code = attempt(s, &ways[i], &bait, each, &rows[i], e);
    cm_arena_reset(each);
  }
  cm_bait_close(&bait);
  cm_arena_close(each);
  *attempts = rows;
  if (!code) *n = WAYS;
  return code;
}
