/* What a line looks like: a command or prose. Judged by its words alone, so that it is right most
 * of the time and never sure; wrong the careful way round is to call a command prose. */
#include <string.h>

#include "answer/reply_parts.h"

/* --- word lists --- */

/* clang-format off */
static const char *const utilities[] = {
    "7z", "ab", "ack", "adduser", "ag", "alias", "ansible", "apk", "apropos", "apt", "apt-cache",
    "apt-get", "ar", "arch", "aria2c", "arp", "as", "at", "atq", "aws", "awk", "base32", "base64",
    "basename", "bash", "bat", "bc", "bg", "blkid", "brew", "bunzip2", "busybox", "bzip2", "cal",
    "cargo", "cat", "cd", "chattr", "chgrp", "chmod", "chown", "chroot", "chsh", "cksum", "clang",
    "clear", "cloc", "cmake", "cmp", "code", "column", "comm", "compgen", "convert", "cp", "cpio",
    "cron", "crontab", "csplit", "curl", "cut", "dash", "date", "dc", "dd", "declare", "df",
    "dhclient", "diff", "dig", "dirname", "dirs", "disown", "dmesg", "dmidecode", "dnf", "docker",
    "docker-compose", "dos2unix", "dot", "dpkg", "du", "echo", "ed", "egrep", "eject", "emacs",
    "env", "eval", "ex", "exa", "exec", "exiftool", "exit", "expand", "export", "expr",
    "fallocate", "false", "fc", "fd", "fdisk", "fg", "fgrep", "ffmpeg", "ffprobe", "file", "find",
    "finger", "fish", "flatpak", "flock", "fmt", "fold", "free", "fsck", "ftp", "fuser", "fzf",
    "g++", "gawk", "gcc", "gdb", "gem", "getent", "getfacl", "gh", "git", "go", "gpasswd", "gpg",
    "gradle", "grep", "groupadd", "groupdel", "groupmod", "groups", "gunzip", "gzip", "halt",
    "hash", "head", "help", "helm", "hexdump", "history", "host", "hostname", "hostnamectl",
    "htop", "iconv", "id", "identify", "ifconfig", "iftop", "import", "info", "ionice", "iostat",
    "iotop", "ip", "iptables", "iw", "java", "javac", "jobs", "join", "journalctl", "jq", "julia",
    "kill", "killall", "ksh", "kubectl", "last", "lastlog", "ldd", "less", "ln", "local", "locale",
    "localectl", "locate", "logger", "login", "logname", "logout", "look", "losetup", "ls",
    "lsattr", "lsblk", "lscpu", "lsmod", "lsof", "lspci", "lsusb", "lua", "lvs", "lynx", "magick",
    "mail", "make", "man", "md5sum", "mkdir", "mkfifo", "mkfs", "mknod", "mkswap", "mktemp",
    "modinfo", "modprobe", "mongo", "more", "mosh", "mount", "mpstat", "mtr", "mv", "mvn", "mysql",
    "mysqldump", "nano", "nc", "ncal", "ncdu", "netcat", "netstat", "nginx", "nice", "nl", "nm",
    "nmap", "nmcli", "node", "nohup", "npm", "nproc", "npx", "nslookup", "numfmt", "nvim",
    "objdump", "od", "openssl", "pacman", "pandoc", "parallel", "parted", "paste", "pdftotext",
    "perl", "pgrep", "php", "pidof", "pidstat", "ping", "ping6", "pip", "pip3", "pipx", "pkill",
    "pmap", "pnpm", "podman", "poetry", "popd", "poweroff", "pr", "printenv", "printf", "ps",
    "psql", "pstree", "pushd", "pv", "pvs", "pwd", "pwdx", "pytest", "python", "python2",
    "python3", "rclone", "read", "readelf", "readlink", "realpath", "reboot", "rename", "renice",
    "reset", "resolvectl", "rev", "rg", "rm", "rmdir", "route", "rpm", "rsync", "ruby", "rustc",
    "sar", "say", "scp", "screen", "script", "sed", "seq", "service", "set", "setfacl", "sftp",
    "sh", "sha1sum", "sha256sum", "sha512sum", "shasum", "shellcheck", "shopt", "shred", "shuf",
    "shutdown", "sleep", "smartctl", "snap", "socat", "sort", "source", "split", "sqlite3", "ss",
    "ssh", "ssh-add", "ssh-copy-id", "ssh-keygen", "stat", "strace", "strings", "strip", "stty",
    "su", "sudo", "sum", "swapoff", "swapon", "sync", "sysctl", "systemctl", "tac", "tail", "tar",
    "tcpdump", "tee", "telnet", "terraform", "test", "time", "timedatectl", "timeout", "tmux",
    "top", "touch", "tput", "tr", "traceroute", "trap", "tree", "true", "truncate", "tshark",
    "tty", "tune2fs", "type", "tzselect", "ufw", "ulimit", "umask", "umount", "unalias", "uname",
    "unexpand", "uniq", "unix2dos", "unlink", "unset", "unxz", "unzip", "uptime", "useradd",
    "userdel", "usermod", "users", "uuidgen", "vagrant", "vi", "vim", "vmstat", "w", "wait",
    "watch", "wc", "wget", "whatis", "whereis", "which", "who", "whoami", "whois", "xargs",
    "xclip", "xdg-open", "xxd", "xz", "yarn", "yes", "yq", "yum", "zcat", "zgrep", "zip", "zless",
    "zsh", "zstd", "zypper", "[", "[[", ".", ":", "!", "{", "((", "Rscript", "Xvfb", "R"};

/* No command begins with these. */
static const char *const openers[] = {
    "a", "above", "after", "again", "all", "also", "although", "an", "and", "another", "answer",
    "any", "anyway", "are", "as,", "because", "before", "below", "both", "but", "can", "command",
    "could", "do", "does", "each", "either", "every", "example", "explanation", "finally", "first",
    "from", "given", "he", "hence", "here", "here's", "hello", "hi", "how", "however", "i", "i'd",
    "i'll", "i'm", "in", "into", "is", "it", "it's", "its", "just", "let", "let's", "lists",
    "maybe", "my", "never", "next", "no", "not", "note", "now", "of", "often", "ok", "okay", "on",
    "once", "one", "only", "or", "otherwise", "our", "output", "please", "prints", "result", "run",
    "second", "see", "shows", "simply", "since", "so", "some", "sure", "that", "that's", "the",
    "their", "then", "there", "these", "they", "this", "those", "though", "thus", "to", "try",
    "unfortunately", "use", "using", "want", "we", "what", "when", "where", "whether", "while,",
    "will", "with", "without", "would", "you", "you'll", "you're", "your"};

/* Words of sentences that hardly ever are a command's arguments. */
static const char *const sentence_words[] = {
    "a", "an", "are", "be", "because", "been", "but", "can", "could", "does", "has", "have", "how",
    "if", "is", "it", "its", "should", "sure", "that", "the", "their", "then", "these", "they",
    "this", "was", "we", "were", "what", "when", "which", "will", "would", "you", "your"};

/* Words of requests in plain language; some of them are arguments too. */
static const char *const request_words[] = {
    "about", "all", "and", "any", "anything", "at", "biggest", "by", "called", "containing",
    "current", "directory", "each", "every", "file", "files", "folder", "folders", "for", "from",
    "greater", "here", "in", "into", "larger", "largest", "less", "line", "lines", "list", "more",
    "most", "my", "named", "newest", "of", "oldest", "on", "or", "over", "please", "show", "size",
    "smaller", "sort", "than", "there", "to", "under", "using", "with", "word", "words"};

static const char *const talkers[] = {
    "echo", "printf"};
static const char *const remote_copiers[] = {
    "scp", "rsync", "sftp", "ssh"};
/* clang-format on */

static bool find_word(const char *const *list, size_t n, cm_str word) {
  for (size_t i = 0; word.n && i < n; i++)
    if (word.p[0] == list[i][0] && cm_str_is(word, list[i])) return true;
  return false;
}

#define IN_LIST(list, word) find_word(list, sizeof list / sizeof *list, word)

bool cm_line_known_utility(cm_str word) { return IN_LIST(utilities, word); }

/* --- phrases --- */

static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return is_upper(c) || is_lower(c); }
static bool is_blank(char c) { return c == ' ' || c == '\t'; }
static bool one_of(char c, const char *set) { return c && strchr(set, c); }

/* One letter of s in lower case, a typographic apostrophe as a plain one; *n is what it took. */
static char folded(cm_str s, size_t *n) {
  bool curly = s.p[0] == '\xE2' && cm_str_starts(s, CM_STR("\xE2\x80\x99"));
  *n = curly ? 3 : 1;
  if (curly) return '\'';
  return is_upper(s.p[0]) ? (char)(s.p[0] + 'a' - 'A') : s.p[0];
}

bool cm_phrase_starts(cm_str s, const char *phrase) {
  for (; *phrase; phrase++) {
    size_t n;
    if (s.n == 0 || folded(s, &n) != *phrase) return false;
    s = (cm_str){s.p + n, s.n - n};
  }
  return true;
}

bool cm_phrase_in(cm_str s, const char *phrase) {
  for (; s.n; s.p++, s.n--)
    if (cm_phrase_starts(s, phrase)) return true;
  return false;
}

cm_str cm_first_word(cm_str s) {
  size_t n = 0;
  while (n < s.n && !is_blank(s.p[n]) && s.p[n] != '\n') n++;
  return (cm_str){s.p, n};
}

static cm_str unquoted(cm_str word) {
  bool quotes = word.n > 2 && one_of(word.p[0], "\"'") && word.p[word.n - 1] == word.p[0];
  return quotes ? (cm_str){word.p + 1, word.n - 2} : word;
}

static cm_str after_word(cm_str s, cm_str word) {
  return cm_str_trim((cm_str){s.p + word.n, s.n - word.n});
}

/* The word in lower case, in `low`; empty when it is too long for any list. */
enum { LISTED_MAX = 32 };

static cm_str fold(cm_str word, char low[LISTED_MAX]) {
  size_t n = 0;
  while (word.n) {
    size_t used;
    if (n == LISTED_MAX) return (cm_str){low, 0};
    low[n++] = folded(word, &used);
    word = (cm_str){word.p + used, word.n - used};
  }
  return (cm_str){low, n};
}

/* --- the words after the first --- */

typedef struct signs {
  size_t words, sentence, request;
  bool hard;    /* quotes, operators, expansions, paths */
  bool comment; /* "# …" follows */
  bool soft;    /* flags and names such as a.txt, a_b, host:x: prose may mention them too */
} signs;

static bool has_any(cm_str s, const char *set) {
  for (size_t i = 0; i < s.n; i++)
    if (one_of(s.p[i], set)) return true;
  return false;
}

static void judge_word(cm_str w, signs *out) {
  cm_str bare = w;
  while (bare.n && one_of(bare.p[bare.n - 1], ".,:;!?")) bare.n--;
  bool dots = cm_str_is(w, ".") || cm_str_is(w, "..");
  bool path = w.p[0] == '/' || cm_str_starts(w, CM_STR("./")) || cm_str_starts(w, CM_STR("~")) ||
              cm_str_starts(w, CM_STR("../"));
  bool flag = w.n > 1 && (w.p[0] == '-' || w.p[0] == '+') && !is_blank(w.p[1]);
  out->words++;
  if (w.p[0] == '"' || w.p[0] == '\'' || dots || path || has_any(w, "|><$*=\\`{&"))
    out->hard = true;
  if (flag || has_any(bare, "._:@%/^")) out->soft = true;
  char low[LISTED_MAX];
  bare = fold(bare, low);
  if (IN_LIST(sentence_words, bare)) out->sentence++;
  if (IN_LIST(request_words, bare)) out->request++;
}

/* The position after the quoted text that opens at s.p[0]; 0 when it doesn't close. */
static size_t quoted_length(cm_str s) {
  for (size_t i = 1; i < s.n; i++)
    if (s.p[i] == s.p[0]) return i + 1;
  return 0;
}

/* Of at most so many words: a longer line is judged by its beginning. */
enum { WORDS_JUDGED = 100 };

static signs read_signs(cm_str rest) {
  signs out = {0};
  while ((rest = cm_str_trim(rest)).n && out.words < WORDS_JUDGED) {
    cm_str word = cm_first_word(rest);
    if (word.p[0] == '#') {
      out.comment = true;
      return out;
    }
    judge_word(word, &out);
    bool quote = rest.p[0] == '"' || rest.p[0] == '\'';
    size_t skip = quote ? quoted_length(rest) : 0;
    if (quote && skip == 0) return out; /* goes on over the line's end */
    if (skip < word.n) skip = word.n;
    rest = (cm_str){rest.p + skip, rest.n - skip};
  }
  return out;
}

/* --- the first word --- */

static bool is_assignment(cm_str word) {
  size_t i = 0;
  while (i < word.n && (is_letter(word.p[i]) || word.p[i] == '_' || (i && is_digit(word.p[i]))))
    i++;
  return i > 0 && i < word.n && word.p[i] == '=';
}

/* Capital letter, then small ones: English, not a utility. */
static bool is_capitalised(cm_str word) {
  size_t i = 1;
  while (i < word.n && (is_lower(word.p[i]) || word.p[i] == '\'')) i++;
  return word.n > 1 && is_upper(word.p[0]) && i == word.n;
}

static bool is_number(cm_str word) {
  for (size_t i = 0; i < word.n; i++)
    if (!is_digit(word.p[i]) && word.p[i] != '.') return false;
  return is_digit(word.p[0]);
}

static bool has_apostrophe(cm_str word) {
  for (size_t i = 1; i + 1 < word.n; i++)
    if (word.p[i] == '\'' && is_letter(word.p[i - 1]) && is_letter(word.p[i + 1])) return true;
  return false;
}

/* <answer> or </answer>, but not <in.txt sort >out.txt. */
static bool is_tag(cm_str line) {
  size_t i = 1;
  while (i < line.n && (is_letter(line.p[i]) || line.p[i] == '_' || line.p[i] == '/')) i++;
  return i > 1 && i < line.n && line.p[i] == '>';
}

/* The line's first bytes rule a command out. */
static bool starts_as_prose(cm_str line, cm_str word) {
  char c = word.p[0], next = word.n > 1 ? word.p[1] : 0, last = word.p[word.n - 1];
  if (c & 0x80 || !c || one_of(c, "`|*=-+,;)]}&%@?^#")) return true;
  if (c == '"' || c == '\'')
    return !one_of(next, "/~$.") && !cm_line_known_utility(unquoted(word));
  if (c == '{') return word.n > 1;
  if (c == '$') return is_digit(next) || !next;
  if (c == '[') return word.n > 1 && !cm_str_is(word, "[[");
  if (c == '<') return is_tag(line);
  if (word.n > 1 && (one_of(last, ",!?:") || (last == '.' && is_letter(word.p[word.n - 2])))) {
    if (!has_any(word, "/$(")) return true;
  }
  if (is_number(word) || has_apostrophe(word)) return true;
  char low[LISTED_MAX];
  cm_str lower = fold(word, low);
  if (IN_LIST(openers, lower)) return true;
  return is_capitalised(word) && !cm_line_known_utility(word);
}

static cm_str without_operators(cm_str word) {
  while (word.n > 1 && has_any((cm_str){word.p + word.n - 1, 1}, ";|&")) word.n--;
  return word;
}

/* Shell grammar's own words, which are English words too: 1 command, 0 prose, -1 none of them. */
static int keyword(cm_str word, cm_str rest) {
  cm_str second = cm_first_word(rest), tail = after_word(rest, second);
  if (cm_str_is(word, "for") || cm_str_is(word, "select"))
    return cm_str_is(cm_first_word(tail), "in") || cm_str_starts(second, CM_STR("(("));
  if (cm_str_is(word, "case")) return cm_phrase_in(rest, " in");
  if (cm_str_is(word, "function")) return second.n > 0;
  if (cm_str_is(word, "if") || cm_str_is(word, "while") || cm_str_is(word, "until"))
    return cm_line_known_utility(without_operators(second)) || has_any(second, "(/");
  return -1;
}

/* Like "Done." or "as follows:", and long enough to be a sentence. */
static bool ends_as_prose(cm_str line, const signs *s) {
  if (s->hard || s->comment || line.n < 2) return false;
  char last = line.p[line.n - 1];
  if (!(is_letter(line.p[line.n - 2]) || line.p[line.n - 2] == ')')) return false;
  return last == ':' || (s->words >= 3 && (last == '.' || last == '!' || last == '?'));
}

static cm_line_kind judge_known(cm_str line, cm_str word, const signs *s) {
  if (IN_LIST(talkers, word)) return s->words ? CM_LINE_SURE : CM_LINE_LIKELY;
  if (s->sentence >= 2 && !s->hard) return CM_LINE_PROSE;
  if (!IN_LIST(remote_copiers, word) && ends_as_prose(line, s)) return CM_LINE_PROSE;
  if (s->hard || s->soft) return CM_LINE_SURE;
  return s->request >= 2 || (s->request && s->words >= 4) ? CM_LINE_WEAK : CM_LINE_LIKELY;
}

static cm_line_kind judge_unknown(cm_str line, cm_str word, const signs *s) {
  bool path = has_any((cm_str){word.p, 1}, "/~$\"'") || cm_str_starts(word, CM_STR("./")) ||
              cm_str_starts(word, CM_STR("../"));
  if (path) return CM_LINE_SURE;
  if (has_any(word, "()[]{},;!?<>\"'"))
    return cm_phrase_in(line, "()") && has_any(line, "{") ? CM_LINE_SURE : CM_LINE_PROSE;
  if (s->sentence >= 2 || s->request >= 2 || (s->sentence && !s->hard)) return CM_LINE_PROSE;
  if (ends_as_prose(line, s)) return CM_LINE_PROSE;
  if (s->hard || s->soft) return CM_LINE_LIKELY;
  return s->words >= 4 ? CM_LINE_PROSE : CM_LINE_WEAK;
}

/* "> file" truncates a file; with more words it is a quotation. */
static cm_line_kind judge_output(cm_str line) {
  signs s = read_signs((cm_str){line.p + 1, line.n - 1});
  return s.words == 1 ? CM_LINE_SURE : CM_LINE_PROSE;
}

cm_line_kind cm_line_classify(cm_str line) {
  line = cm_str_trim(line);
  while (line.n > 1 && line.p[0] == '(' && line.p[1] != '(') {
    line = cm_str_trim((cm_str){line.p + 1, line.n - 1});
    if (line.n && line.p[line.n - 1] == ')') line.n--;
  }
  cm_str word = cm_first_word(line);
  if (word.n == 0) return CM_LINE_PROSE;
  if (word.p[0] == '(') return CM_LINE_SURE;
  if (word.p[0] == '>') return judge_output(line);
  if (starts_as_prose(line, word)) return CM_LINE_PROSE;
  if (word.p[0] == '<' || is_assignment(word)) return CM_LINE_SURE;
  cm_str rest = after_word(line, word);
  int grammar = keyword(word, rest);
  if (grammar >= 0) return grammar ? CM_LINE_SURE : CM_LINE_PROSE;
  signs s = read_signs(rest);
  cm_str name = unquoted(without_operators(word));
  if (without_operators(word).n < word.n) s.hard = true;
  return cm_line_known_utility(name) ? judge_known(line, name, &s) : judge_unknown(line, word, &s);
}
