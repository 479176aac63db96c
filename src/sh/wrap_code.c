/* Programs that take a command, or code of another language, as an option's value or an operand.
 */
#include <string.h>

#include "sh/wrap.h"

typedef void reader(cm_eval *ev, cm_evrun *r, const cm_rword *value);

static bool starts(cm_str s, const char *prefix) { return cm_str_starts(s, cm_str_of(prefix)); }

static cm_rword behind(const cm_rword *w, size_t skip) {
  return cm_wrap_piece(w, (cm_str){w->text.p + skip, w->text.n - skip});
}

/* --- what the values mean --- */

/* "ssh -p 22 -i key" is a way to a host, not a command on one. */
static bool plain_ssh(cm_str s) {
  if (!starts(s, "ssh") || cm_str_find(s, CM_STR("roxy")) != SIZE_MAX) return false;
  bool value = false;
  for (size_t i = 3; i < s.n;) {
    if (s.p[i] == ' ' && ++i) continue;
    if (s.p[i] != '-' && !value) return false;
    value = s.p[i] == '-';
    while (i < s.n && s.p[i] != ' ')
      if (strchr("'\"\\$`;|&<>()\n", s.p[i++])) return false;
  }
  return true;
}

static void read_shell(cm_eval *ev, cm_evrun *r, const cm_rword *value) {
  if (value->text.n && !plain_ssh(value->text)) cm_wrap_code(ev, r, value, NULL, 0);
}

/* tar --checkpoint-action=exec=… */
static void read_checkpoint(cm_eval *ev, cm_evrun *r, const cm_rword *value) {
  if (!starts(value->text, "exec=")) return;
  cm_rword code = behind(value, 5);
  cm_wrap_code(ev, r, &code, NULL, 0);
}

/* git -c key=value; an alias with "!" and the keys that name programs. */
static void read_git(cm_eval *ev, cm_evrun *r, const cm_rword *value) {
  static const char *const keys[] = {
      "core.pager",    "core.editor",   "core.sshcommand", "core.askpass", "core.fsmonitor",
      "core.gitproxy", "diff.external", "sequence.editor", "gpg.program",  "core.hookspath"};
  const char *equals = value->text.n ? memchr(value->text.p, '=', value->text.n) : NULL;
  if (!equals) return;
  size_t n = (size_t)(equals - value->text.p);
  cm_rword code = behind(value, n + 1);
  bool command = code.text.n && code.text.p[0] == '!';
  for (size_t i = 0; i < sizeof keys / sizeof *keys && !command; i++) {
    bool same = strlen(keys[i]) == n;
    for (size_t k = 0; same && k < n; k++) same = (value->text.p[k] | 32) == (keys[i][k] | 32);
    if (same && code.text.n) read_shell(ev, r, &code);
  }
  if (!command) return;
  code = behind(&code, 1);
  cm_wrap_code(ev, r, &code, NULL, 0);
}

/* apt -o APT::Update::Pre-Invoke::=… */
static void read_apt(cm_eval *ev, cm_evrun *r, const cm_rword *value) {
  const char *equals = value->text.n ? memchr(value->text.p, '=', value->text.n) : NULL;
  if (!equals || cm_str_find(value->text, CM_STR("nvoke")) == SIZE_MAX) return;
  cm_rword code = behind(value, (size_t)(equals + 1 - value->text.p));
  cm_wrap_code(ev, r, &code, NULL, 0);
}

/* :!cmd, :%!cmd, :r !cmd; not :q! */
static void read_vim(cm_eval *ev, cm_evrun *r, const cm_rword *value) {
  cm_str s = value->text;
  for (size_t i = 0; i < s.n; i++) {
    bool word = i && ((s.p[i - 1] | 32) >= 'a' && (s.p[i - 1] | 32) <= 'z');
    if (s.p[i] != '!' || word || i + 1 == s.n) continue;
    cm_rword code = behind(value, i + 1);
    const char *end = memchr(code.text.p, '\n', code.text.n);
    if (end) code.text.n = (size_t)(end - code.text.p);
    cm_wrap_code(ev, r, &code, NULL, 0);
    return;
  }
  cm_script(ev, r, "vim", value);
}

static void read_bang(cm_eval *ev, cm_evrun *r, const cm_rword *value) {
  cm_str rest = value->text, line;
  while (cm_str_line(&rest, &line)) {
    line = cm_str_trim(line);
    size_t skip = starts(line, "!") ? 1 : starts(line, "\\!") ? 2 : starts(line, "shell ") ? 6 : 0;
    if (starts(line, ".shell ")) skip = 7;
    if (starts(line, ".system ")) skip = 8;
    if (starts(line, "system ")) skip = 7;
    if (!skip) continue;
    cm_rword code = cm_wrap_piece(value, (cm_str){line.p + skip, line.n - skip});
    cm_wrap_code(ev, r, &code, NULL, 0);
  }
}

/* COPY … FROM PROGRAM 'cmd' */
static void read_psql(cm_eval *ev, cm_evrun *r, const cm_rword *value) {
  size_t at = cm_str_find(value->text, CM_STR("PROGRAM '"));
  if (at == SIZE_MAX) at = cm_str_find(value->text, CM_STR("program '"));
  if (at == SIZE_MAX) {
    read_bang(ev, r, value);
    return;
  }
  cm_rword code = behind(value, at + 9);
  const char *end = memchr(code.text.p, '\'', code.text.n);
  if (end) code.text.n = (size_t)(end - code.text.p);
  cm_wrap_code(ev, r, &code, NULL, 0);
}

/* $(shell cmd), and the recipes of a makefile on stdin. */
static void read_make(cm_eval *ev, cm_evrun *r, const cm_rword *value) {
  cm_str rest = value->text, line;
  static const char call[] = "$(shell ";
  for (size_t at; (at = cm_str_find(rest, CM_STR(call))) != SIZE_MAX;) {
    size_t depth = 1, i = at += sizeof call - 1;
    for (; i < rest.n && depth; i++)
      depth += (size_t)(rest.p[i] == '('), depth -= rest.p[i] == ')';
    cm_rword code = cm_wrap_piece(value, (cm_str){rest.p + at, i - at - (depth == 0)});
    cm_wrap_code(ev, r, &code, NULL, 0);
    rest.p += i, rest.n -= i;
  }
  for (rest = value->text; cm_str_line(&rest, &line);) {
    const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
    const char *recipe = colon ? memchr(colon, ';', (size_t)(line.p + line.n - colon)) : NULL;
    if (!line.n || (line.p[0] != '\t' && !recipe)) continue;
    size_t skip = line.p[0] == '\t' ? 1 : (size_t)(recipe + 1 - line.p);
    while (skip < line.n && strchr("@-+ \t", line.p[skip])) skip++;
    cm_rword code = cm_wrap_piece(value, (cm_str){line.p + skip, line.n - skip});
    bool computed = cm_str_starts(code.text, CM_STR("$("));
    if (code.text.n && !computed) cm_wrap_code(ev, r, &code, NULL, 0);
  }
}

/* socat EXEC:cmd,opts SYSTEM:cmd */
static void read_socat(cm_eval *ev, cm_evrun *r, const cm_rword *value) {
  size_t skip = starts(value->text, "EXEC:") || starts(value->text, "exec:")       ? 5
                : starts(value->text, "SYSTEM:") || starts(value->text, "system:") ? 7
                                                                                   : 0;
  if (!skip) return;
  cm_rword code = behind(value, skip);
  const char *comma = memchr(code.text.p, ',', code.text.n);
  if (comma) code.text.n = (size_t)(comma - code.text.p);
  cm_wrap_code(ev, r, &code, NULL, 0);
}

/* --- sed --- */

/* Passes over a section that ends with `end`. */
static size_t sed_section(cm_str s, size_t i, char end) {
  for (bool set = false; i < s.n && (set || s.p[i] != end); i++) {
    if (s.p[i] == '\\' && !set) i++;
    else if (s.p[i] == '[' && end != '[') set = true;
    else if (s.p[i] == ']') set = false;
    if (i < s.n && s.p[i] == '\n') set = false;
  }
  return i < s.n ? i + 1 : s.n;
}

static size_t sed_address(cm_str s, size_t i) {
  while (i < s.n) {
    if (s.p[i] == '/') i = sed_section(s, i + 1, '/');
    else if (s.p[i] == '\\' && i + 1 < s.n) i = sed_section(s, i + 2, s.p[i + 1]);
    else if (strchr("0123456789$,~+!IM \t", s.p[i])) i++;
    else break;
  }
  return i;
}

static size_t line_end(cm_str s, size_t i) {
  while (i < s.n && s.p[i] != '\n') i++;
  return i;
}

/* GNU sed's e command and the e flag of s run the shell. */
static void read_sed(cm_eval *ev, cm_evrun *r, const cm_rword *value) {
  cm_str s = value->text;
  for (size_t i = 0; i < s.n;) {
    i = sed_address(s, i);
    char c = i < s.n ? s.p[i++] : 0;
    if ((c == 's' || c == 'y') && i < s.n) {
      char end = s.p[i];
      i = sed_section(s, sed_section(s, i + 1, end), end);
      size_t flags = i;
      while (i < s.n && !strchr(";}\n w", s.p[i])) i++;
      if (c == 's' && i > flags && memchr(s.p + flags, 'e', i - flags)) cm_run_is_code(ev, r);
    } else if (c == 'e') {
      size_t end = line_end(s, i);
      cm_rword code = cm_wrap_piece(value, cm_str_trim((cm_str){s.p + i, end - i}));
      if (code.text.n) cm_wrap_code(ev, r, &code, NULL, 0);
      else cm_run_is_code(ev, r);
      i = end;
    } else if (c && strchr("aicrRwW", c)) {
      i = line_end(s, i);
    } else if (c && strchr(":btT", c)) {
      while (i < s.n && !strchr(";\n}", s.p[i])) i++;
    }
  }
}

/* --- the table --- */

/* Programs with the same rows. */
typedef enum group {
  OF_TAR,
  OF_RSYNC,
  OF_SCP,
  OF_MAN,
  OF_SORT,
  OF_SPLIT,
  OF_RG,
  OF_ZIP,
  OF_GIT,
  OF_MAKE,
  OF_VIM,
  OF_ED,
  OF_MARIADB,
  OF_PSQL,
  OF_SQLITE3,
  OF_DC,
  OF_APT,
  OF_SOCAT,
  OF_NC,
  OF_ALACRITTY,
  OF_START_STOP_DAEMON,
  OF_GSED,
  OF_NPX,
  OF_CPIO,
  OF_NMAP
} group;

typedef struct taker {
  group of; /* see taker_names */
  const char *shorts, *longs;
  unsigned how;        /* CM_ARGV_… and what else holds code */
  const char *options; /* names separated by blanks */
  reader *read;        /* NULL: what follows the option is a command */
} taker;

#define BARE CM_ARGV_BARE
#define DASH CM_ARGV_DASH

enum {
  OPERANDS = 256, /* all operands */
  FIRST = 512,    /* the first operand, unless an option of the list is there */
  STDIN = 1024,
  PLUS = 2048 /* +CODE */
};

static const taker takers[] = {
    {OF_TAR, "f:C:I:F:T:X:b:L:N:K:g:H:V:",
     "checkpoint-action= to-command= use-compress-program= info-script= new-volume-script= "
     "rsh-command= file= directory= exclude= transform= checkpoint=?",
     BARE, "checkpoint-action", read_checkpoint},
    {OF_TAR, "f:C:I:F:T:X:b:L:N:K:g:H:V:",
     "checkpoint-action= to-command= use-compress-program= info-script= new-volume-script= "
     "rsh-command= file= directory= exclude= transform= checkpoint=?",
     BARE, "to-command I use-compress-program F info-script new-volume-script rsh-command",
     read_shell},
    {OF_RSYNC, "e:f:B:M:T:", "rsh= rsync-path= exclude= include=", 0, "e rsh rsync-path",
     read_shell},
    {OF_SCP, "S:c:F:i:J:l:o:P:D:b:B:R:s:X:", NULL, 0, "S", read_shell},
    {OF_MAN, "P:H::M:L:m:s:S:e:C:E:p:R:r:", "pager= html=? preprocessor=", 0, "P pager",
     read_shell},
    {OF_SORT, "k:t:o:S:T:", "compress-program= key= field-separator= output=", 0,
     "compress-program", read_shell},
    {OF_SPLIT, "b:C:l:n:a:t:", "filter= bytes= lines= number= suffix-length=", 0, "filter",
     read_shell},
    {OF_RG, "e:f:g:t:T:A:B:C:m:j:r:M:", "pre= pre-glob= glob= type= regexp= file=", 0, "pre",
     read_shell},
    {OF_ZIP, "b:n:t:x:i:P:s:", "unzip-command=", DASH, "TT unzip-command", read_shell},
    {OF_GIT, "c:C:", "git-dir= work-tree= namespace= exec-path=? config-env=", CM_ARGV_STOP, "c",
     read_git},
    {OF_GIT, "c:C:m:u:x:",
     "exec= extcmd= upload-pack= receive-pack= tree-filter= index-filter= msg-filter= env-filter= "
     "commit-filter= parent-filter= tag-name-filter= open-files-in-pager=? message=",
     0,
     "exec extcmd upload-pack receive-pack tree-filter index-filter msg-filter env-filter "
     "commit-filter parent-filter tag-name-filter open-files-in-pager",
     read_shell},
    {OF_MAKE, "f:C:I:o:W:j::l::", "eval= file= directory= makefile=", 0, "eval E", read_make},
    {OF_MAKE, "C:I:o:W:j::l::", "eval= directory=", STDIN, "", read_make},
    {OF_VIM, "c:S:u:U:i:T:t:w:W:", "cmd=", CM_ARGV_PLUS | PLUS, "c cmd", read_vim},
    {OF_ED, "p:", NULL, STDIN, "", read_bang},
    {OF_MARIADB, "e:h:u:D:P:S:", "execute= host= user= database= port= socket= defaults-file=",
     STDIN, "e execute", read_bang},
    {OF_PSQL, "c:d:f:h:U:p:v:o:L:P:F:R:T:", "command= dbname= file= host= username= port= set=",
     STDIN, "c command", read_psql},
    {OF_SQLITE3, "", "cmd= init= separator= nullvalue=", DASH | OPERANDS | STDIN, "cmd",
     read_bang},
    {OF_DC, NULL, NULL, STDIN, "", read_bang},
    {OF_APT, "o:t:c:q::", "option= target-release= config-file=", 0, "o option", read_apt},
    {OF_SOCAT, "b:d::t:T:l:", NULL, OPERANDS, "", read_socat},
    {OF_NC, "c:e:i:p:s:w:g:G:m:x:X:q:", "sh-exec= exec= lua-exec=", 0, "c sh-exec", read_shell},
    {OF_ALACRITTY, NULL, NULL, DASH, "e", NULL},
    {OF_START_STOP_DAEMON, "x:a:n:p:u:g:c:d:s:", "exec= startas= name= pidfile= user= chuid=", 0,
     "x exec a startas", read_shell},
    {OF_GSED, "e:f:l:", "expression= file= line-length=", FIRST, "e expression f file", read_sed},
    {OF_NPX, "c:p:", "call= package=", 0, "c call", read_shell},
    {OF_CPIO, "F:I:O:E:H:R:", "rsh-command= file=", 0, "rsh-command", read_shell},
    {OF_NMAP, NULL, "script= script-args=", DASH, "", read_shell},
};

/* The programs and their rows, sorted: most commands are none of them. */
static const struct taker_name {
  const char *name;
  group of;
} taker_names[] = {{"alacritty", OF_ALACRITTY},
                   {"apt", OF_APT},
                   {"apt-get", OF_APT},
                   {"aptitude", OF_APT},
                   {"bsdtar", OF_TAR},
                   {"cpio", OF_CPIO},
                   {"dc", OF_DC},
                   {"ed", OF_ED},
                   {"ex", OF_VIM},
                   {"ftp", OF_DC},
                   {"git", OF_GIT},
                   {"gmake", OF_MAKE},
                   {"gsed", OF_GSED},
                   {"gtar", OF_TAR},
                   {"gvim", OF_VIM},
                   {"kitty", OF_ALACRITTY},
                   {"konsole", OF_ALACRITTY},
                   {"make", OF_MAKE},
                   {"man", OF_MAN},
                   {"mariadb", OF_MARIADB},
                   {"mysql", OF_MARIADB},
                   {"nc", OF_NC},
                   {"ncat", OF_NC},
                   {"netcat", OF_NC},
                   {"nmap", OF_NMAP},
                   {"npx", OF_NPX},
                   {"nvim", OF_VIM},
                   {"psql", OF_PSQL},
                   {"red", OF_ED},
                   {"rg", OF_RG},
                   {"rsync", OF_RSYNC},
                   {"rvim", OF_VIM},
                   {"scp", OF_SCP},
                   {"sed", OF_GSED},
                   {"sftp", OF_SCP},
                   {"socat", OF_SOCAT},
                   {"sort", OF_SORT},
                   {"split", OF_SPLIT},
                   {"sqlite3", OF_SQLITE3},
                   {"start-stop-daemon", OF_START_STOP_DAEMON},
                   {"tar", OF_TAR},
                   {"telnet", OF_DC},
                   {"urxvt", OF_ALACRITTY},
                   {"vi", OF_VIM},
                   {"view", OF_VIM},
                   {"vim", OF_VIM},
                   {"vimdiff", OF_VIM},
                   {"x-terminal-emulator", OF_ALACRITTY},
                   {"xterm", OF_ALACRITTY},
                   {"zip", OF_ZIP}};

static bool listed(const char *list, cm_str name) { return cm_listed(list, ' ', name); }

/* xterm -e PROGRAM ARGUMENTS: all that is left. */
static void take_rest(cm_eval *ev, cm_evrun *r, size_t at) {
  if (at + 1 == r->run.n) cm_wrap_code(ev, r, &r->run.words[at], NULL, 0);
  else if (at < r->run.n) cm_run_words(ev, r, r->run.words + at, r->run.n - at, CM_START_PROGRAM);
}

static void take(cm_eval *ev, cm_evrun *r, const taker *t) {
  cm_argv v = cm_argv_of(r->run.words, r->run.n, (cm_argv_spec){t->shorts, t->longs, t->how});
  cm_arg arg;
  bool operands = t->how & OPERANDS, first = t->how & FIRST, plus = t->how & PLUS;
  const cm_rword *operand = NULL;
  while (cm_argv_next(&v, &arg)) {
    bool vim_command = plus && arg.option && arg.name.n > 1 && arg.name.p[0] == '+';
    bool option = arg.option && listed(t->options, arg.name);
    if (option) first = false;
    if (option && !t->read) {
      take_rest(ev, r, arg.index + 1);
      return;
    }
    if (!arg.option && !operand) operand = arg.word;
    if (option && (cm_str_is(arg.name, "f") || cm_str_is(arg.name, "file"))) continue;
    if (!option && !vim_command && !(operands && !arg.option)) continue;
    cm_rword value = vim_command                ? behind(arg.word, 1)
                     : arg.has_value            ? cm_wrap_piece(arg.at, arg.value)
                     : arg.index + 1 < r->run.n ? r->run.words[arg.index + 1]
                                                : *arg.word;
    t->read(ev, r, &value);
  }
  if (first && operand) t->read(ev, r, operand);
  if (t->how & STDIN && r->run.in_text) t->read(ev, r, r->run.in_text);
}

/* git submodule foreach CODE, bisect run CMD…, rebase -x CODE, config alias.x '!CODE' */
static void git_subcommands(cm_eval *ev, cm_evrun *r) {
  const cm_rword *w = r->run.words;
  for (size_t i = 1; i + 2 < r->run.n; i++) {
    cm_str a = w[i].text, b = w[i + 1].text;
    if (cm_str_is(a, "submodule") && cm_str_is(b, "foreach")) {
      size_t at = i + 2;
      while (at < r->run.n && starts(w[at].text, "--")) at++;
      cm_rword code = cm_words_joined(ev, w + at, r->run.n - at);
      if (code.text.n) cm_wrap_code(ev, r, &code, NULL, 0);
      return;
    }
    if (cm_str_is(a, "bisect") && cm_str_is(b, "run")) {
      cm_run_words(ev, r, w + i + 2, r->run.n - i - 2, CM_START_PROGRAM);
      return;
    }
    if (cm_str_is(b, "-x") && (cm_str_is(a, "rebase") || cm_str_is(a, "difftool")))
      read_shell(ev, r, &w[i + 2]);
    bool alias = starts(b, "alias.") && starts(w[i + 2].text, "!");
    if (!alias) continue;
    cm_rword code = behind(&w[i + 2], 1);
    cm_defer_code(ev, &code, false);
  }
}

bool cm_wrap_options(cm_eval *ev, cm_evrun *r) {
  const struct taker_name *name = CM_TABLE_FIND(taker_names, r->run.program);
  for (size_t i = 0; name && i < sizeof takers / sizeof *takers; i++)
    if (takers[i].of == name->of) take(ev, r, &takers[i]);
  if (cm_str_is(r->run.program, "git")) git_subcommands(ev, r);
  cm_wrap_interpreter(ev, r);
  return false;
}

/* /lib64/ld-linux-x86-64.so.2 /bin/rm */
bool cm_wrap_loader(cm_eval *ev, cm_evrun *r) {
  static const cm_wrapper as = {.longs = "library-path= preload= audit= argv0="};
  cm_str name = r->run.program;
  if (cm_str_find(name, CM_STR("/ld-linux")) == SIZE_MAX &&
      cm_str_find(name, CM_STR("/ld-musl")) == SIZE_MAX)
    return false;
  return cm_wrap_plain(ev, r, &as);
}
