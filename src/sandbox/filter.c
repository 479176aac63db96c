/* The seccomp part. bubblewrap's namespaces close everything already; its filter only takes away
 * calls that no case needs and that holes in kernels were found behind. With Landlock the filter
 * carries weight: it refuses what Landlock does not cover. */
#include "sandbox/way.h"

#ifdef __linux__
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Refused everywhere. Names separated by blanks. */
static const char always[] =
    /* other roots, mounts, namespaces */
    "mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick unshare "
    "setns name_to_handle_at open_by_handle_at "
    /* other processes */
    "ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd "
    /* the kernel itself */
    "bpf perf_event_open userfaultfd kexec_load kexec_file_load init_module finit_module "
    "delete_module reboot swapon swapoff acct quotactl syslog settimeofday clock_settime "
    "clock_adjtime adjtimex sethostname setdomainname vhangup lookup_dcookie "
    "add_key request_key keyctl fanotify_init migrate_pages move_pages mbind set_mempolicy";

/* Rings do file and network calls that no filter sees. */
static const char absent[] = "io_uring_setup io_uring_enter io_uring_register clone3";

/* By path: Landlock lets these through, and nothing tells whether the path is in the folder. The
 * calls on open files stay, because only files of the folder can be opened for them. */
static const char by_path[] =
    "chmod fchmodat chown lchown fchownat utime utimes futimesat setxattr lsetxattr removexattr "
    "lremovexattr "
    /* objects of the machine that have no path */
    "socket shmget shmat shmctl msgget msgsnd msgrcv msgctl semget semop semtimedop semctl "
    "mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify "
    /* who leaves the process group could outlive the run */
    "setsid setpgid "
    "inotify_init inotify_init1 inotify_add_watch sched_setattr process_madvise";

static const char signalling[] =
    "kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal";

/* Calls whose argument number `arg` names a process: only 0, the caller itself, is fine. */
typedef struct pid_call {
  const char *name;
  unsigned arg;
} pid_call;
static const pid_call on_process[] = {{"prlimit64", 0},          {"sched_setaffinity", 0},
                                      {"sched_setscheduler", 0}, {"sched_setparam", 0},
                                      {"setpriority", 1},        {"ioprio_set", 1}};

static int refuse_list(scmp_filter_ctx ctx, const char *names, int error) {
  char name[40];
  for (const char *p = names; *p;) {
    size_t n = strcspn(p, " ");
    if (n >= sizeof name) return -1;
    memcpy(name, p, n);
    name[n] = 0;
    p += n + (p[n] == ' ');
    int nr = seccomp_syscall_resolve_name(name);
    if (nr == __NR_SCMP_ERROR && strcmp(name, "process_madvise") != 0) return -1;
    /* A negative number: this processor's table has no such call. */
    if (nr >= 0 && seccomp_rule_add(ctx, SCMP_ACT_ERRNO((uint32_t)error), nr, 0) != 0) return -1;
  }
  return 0;
}

static int refuse_if(scmp_filter_ctx ctx, const char *name, struct scmp_arg_cmp when) {
  int nr = seccomp_syscall_resolve_name(name);
  if (nr == __NR_SCMP_ERROR) return -1;
  return nr < 0 ? 0 : seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), nr, 1, when);
}

/* Libseccomp's macros for these leave fields out. */
static struct scmp_arg_cmp masked(unsigned arg, uint64_t mask, uint64_t value) {
  return (struct scmp_arg_cmp){
      .arg = arg, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

static struct scmp_arg_cmp not_zero(unsigned arg) {
  return (struct scmp_arg_cmp){.arg = arg, .op = SCMP_CMP_NE, .datum_a = 0, .datum_b = 0};
}

/* The lower half of an argument: all that the kernel reads of an int. */
static struct scmp_arg_cmp is_int(unsigned arg, uint64_t value) {
  return masked(arg, 0xffffffffu, value);
}

/* New namespaces by clone (clone3, whose flags can't be seen, is absent), and pushing input into
 * a terminal. */
static int refuse_flags(scmp_filter_ctx ctx) {
  static const unsigned flags[] = {CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,   CLONE_NEWNET,
                                   CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP};
  enum { PUSH_KEYS = 0x5412, SELECT_AND_PASTE = 0x541C };
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (refuse_if(ctx, "clone", masked(0, flags[i], flags[i])) != 0) return -1;
  if (refuse_if(ctx, "ioctl", is_int(1, PUSH_KEYS)) != 0) return -1;
  return refuse_if(ctx, "ioctl", is_int(1, SELECT_AND_PASTE));
}

/* F_SETOWN, F_SETOWN_EX and FIOSETOWN name a process that gets signals. */
static int refuse_owners(scmp_filter_ctx ctx) {
  static const unsigned commands[] = {8, 15}, requests[] = {0x8901, 0x8902};
  for (size_t i = 0; i < 2; i++) {
    if (refuse_if(ctx, "fcntl", is_int(1, commands[i])) != 0) return -1;
    if (refuse_if(ctx, "ioctl", is_int(1, requests[i])) != 0) return -1;
  }
  return 0;
}

static int refuse_for_landlock(scmp_filter_ctx ctx, bool signals) {
  if (refuse_list(ctx, by_path, EPERM) != 0) return -1;
  if (!signals && refuse_list(ctx, signalling, EPERM) != 0) return -1;
  for (size_t i = 0; i < sizeof on_process / sizeof *on_process; i++)
    if (refuse_if(ctx, on_process[i].name, not_zero(on_process[i].arg)) != 0) return -1;
  /* utimensat on an open file has no path. */
  if (refuse_if(ctx, "utimensat", not_zero(1)) != 0) return -1;
  /* Threads of a process group's leader aside, priorities of groups and users are others'. */
  if (refuse_if(ctx, "setpriority", not_zero(0)) != 0) return -1;
  return refuse_owners(ctx);
}

static int fill(scmp_filter_ctx ctx, cm_filter_for way, bool signals) {
  /* The calls of another processor mode (32 bits) have other numbers: they end the program. */
  if (refuse_list(ctx, always, EPERM) != 0 || refuse_list(ctx, absent, ENOSYS) != 0) return -1;
  if (refuse_flags(ctx) != 0) return -1;
  return way == CM_FILTER_LANDLOCK ? refuse_for_landlock(ctx, signals) : 0;
}

/* Calls that are newer than this list are absent too (a call of 2025 sets attributes by path).
 * From 424 on numbers are the same on all processors; 440 is where libseccomp 2.5.0 ends. */
static void put_newest_rule(struct sock_filter to[3]) {
  enum { FIRST_UNKNOWN = 440 };
  to[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
  to[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_UNKNOWN, 0, 1);
  to[2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
}

static int export_to(scmp_filter_ctx ctx, cm_filter *f) {
  enum { HEAD = 3, MOST = 4000 };
  int fd = memfd_create("filter", MFD_CLOEXEC), bad = -1;
  struct stat st;
  if (fd < 0) return -1;
  if (seccomp_export_bpf(ctx, fd) == 0 && fstat(fd, &st) == 0 && st.st_size > 0 &&
      (size_t)st.st_size % sizeof(struct sock_filter) == 0) {
    size_t n = (size_t)st.st_size / sizeof(struct sock_filter);
    f->p = n <= MOST ? cm_alloc(n + HEAD, sizeof(struct sock_filter)) : NULL;
    f->n = n + HEAD;
    struct sock_filter *to = (struct sock_filter *)(void *)f->p;
    if (to && pread(fd, to + HEAD, (size_t)st.st_size, 0) == st.st_size) {
      put_newest_rule(to);
      bad = 0;
    }
  }
  close(fd);
  return bad;
}

cm_code cm_filter_build(cm_filter *f, cm_filter_for way, bool signals, cm_err *e) {
  *f = (cm_filter){0};
  scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
  int bad = !ctx ? -1 : fill(ctx, way, signals);
  if (!bad) bad = export_to(ctx, f);
  if (ctx) seccomp_release(ctx);
  if (!bad) return CM_OK;
  cm_filter_free(f);
  return cm_fail(e, CM_E_UNSUPPORTED, 0, "libseccomp can't build the filter of the sandbox");
}

int cm_filter_enter(const cm_filter *f) {
  struct sock_fprog program = {.len = (unsigned short)f->n,
                               .filter = (struct sock_filter *)(void *)f->p};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? 0 : errno;
}

#else /* no seccomp: neither way exists */

cm_code cm_filter_build(cm_filter *f, cm_filter_for way, bool signals, cm_err *e) {
  (void)way, (void)signals;
  *f = (cm_filter){0};
  return cm_fail(e, CM_E_UNSUPPORTED, 0, "commands can be closed in on Linux only");
}

int cm_filter_enter(const cm_filter *f) {
  (void)f;
  return -1;
}
#endif

void cm_filter_free(cm_filter *f) {
  cm_free(f->p);
  *f = (cm_filter){0};
}
