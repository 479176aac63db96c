/* What kind of place a word names, one line a promise. Sources: the levels' rules, the Filesystem
 * Hierarchy Standard. */
#include "safety/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "safety_line.h"

static const cm_sh_context context = {.home = CM_STR("/h/user"), .cwd = CM_STR("/h/user/project")};
static const cm_sh_context nowhere;

static cm_path path_of(cm_arena *a, const char *text, const char *cwd, unsigned from,
                       const cm_sh_context *where) {
  cm_rword *word = safety_line(a, text)->words, dir = {.text = cm_str_of(cwd)};
  if (from) word->from = from;
  return cm_path_of(word, &dir, where);
}

/* "place" or "place or place". Overwritten by the next call. */
static const char *spell(cm_path path) {
  static char text[64];
  bool same = path.also == path.place;
  snprintf(text, sizeof text, "%s%s%s", cm_place_name(path.place), same ? "" : " or ",
           same ? "" : cm_place_name(path.also));
  return text;
}

typedef struct place_case {
  const char *text, *place;
} place_case;

static void check_all(const place_case *cases, size_t n, const char *cwd, unsigned from,
                      const cm_sh_context *where) {
  cm_arena *a = cm_arena_open(1 << 20);
  for (size_t i = 0; i < n; i++) {
    const char *got = spell(path_of(a, cases[i].text, cwd, from, where));
    if (strcmp(got, cases[i].place) != 0)
      fail_msg("%s is %s, not %s", cases[i].text, got, cases[i].place);
  }
  cm_arena_close(a);
}

#define CHECK(cases, cwd, from, where) \
  check_all(cases, sizeof(cases) / sizeof *(cases), cwd, from, where)

static const place_case known[] = {
    {"/", "root"},
    {"//", "root"},
    {"/.", "root"},
    {"/../..", "root"},
    {"/*", "root"},
    {"/usr/..", "root"},
    {"/usr", "system"},
    {"/usr/", "system"},
    {"//usr//bin/", "system"},
    {"/usr/*", "system"},
    {"/et*", "system"},
    {"/[a-z]*", "system"},
    {"/?sr", "system"},
    {"/usr/bin/ls", "system-in"},
    {"/usr/local/lib/x", "app"},
    {"/opt/x", "app"},
    {"/var/www/html", "app"},
    {"/etc", "system"},
    {"/etc/*", "system"},
    {"/etc/hosts", "etc"},
    {"/etc/nginx/nginx.conf", "etc"},
    {"/private/etc/hosts", "etc"},
    {"/proc/1/root/etc/hosts", "etc"},
    {"/etc/passwd", "account"},
    {"/etc/pass*", "account"},
    {"/etc/sudoers.d/x", "account"},
    {"/etc/pam.d/sshd", "account"},
    {"/etc/ld.so.preload", "account"},
    {"/boot/vmlinuz", "account"},
    {"/tmp", "app"},
    {"/tmp/*", "tmp"},
    {"/tmp/x/y", "tmp"},
    {"/tmp/../etc/passwd", "account"},
    {"/var/log", "logs"},
    {"/var/log/*", "logs"},
    {"/var/log/syslog", "app"},
    {"/var/cache/apt", "artefact"},
    {"/sys/class/x", "kernel"},
    {"/dev/null", "null"},
    {"/dev/stderr", "null"},
    {"/dev/fd/3", "null"},
    {"/dev/pts/0", "null"},
    {"/dev/ttyUSB0", "null"},
    {"-", "null"},
    {"", "null"},
    {"/dev/sda", "device"},
    {"/dev/sd*", "device"},
    {"/dev/nvme0n1p2", "device"},
    {"/dev/disk/by-id/x", "device"},
    {"/dev/mapper/root", "device"},
    {"/dev/vg0/data", "device"},
    {"/dev/mem", "device"},
    {"/dev/ada0", "device"},
    {"/dev/video0", "null"},
    {"/dev/shm/x", "tmp"},
    {"/dev/tcp/host/80", "remote"},
    {"host:file", "remote"},
    {"user@host:/etc", "remote"},
    {"https://example.org/", "remote"},
    {"./a:b", "work"},
    {"/home", "home"},
    {"/home/ada", "home"},
    {"/home/*", "home"},
    {"/home/ada/*", "home"},
    {"/Users/ada/", "home"},
    {"/root", "home"},
    {"/h/user", "home"},
    {"~", "home"},
    {"~/", "home"},
    {"~/*", "home"},
    {"~ada", "home"},
    {"~/..", "app"},
    {"/home/ada/file", "work"},
    {"~/Documents", "work"},
    {"~/.bashrc", "dotfile"},
    {"~/.config", "dotfile"},
    {"~/.config/app/x", "work"},
    {"~/.ssh", "secret"},
    {"~/.ssh/id_rsa", "secret"},
    {"~/.ssh/id_rsa.pub", "dotfile"},
    {"~/.ssh/authorized_keys", "keys"},
    {"/root/.ssh/authorized_keys", "keys"},
    {"~/.cache/pip", "artefact"},
    {".", "all-work"},
    {"./", "all-work"},
    {"*", "all-work"},
    {"./*", "all-work"},
    {".*", "all-work"},
    {"src/..", "all-work"},
    {"/h/user/project", "all-work"},
    {"src", "work"},
    {"src/*", "work"},
    {"*.txt", "file"},
    {"notes.md", "file"},
    {"v1.2", "work"},
    {"..", "home"},
    {"../other", "work"},
    {"../../../etc/passwd", "account"},
    {"build", "artefact"},
    {"./build/lib", "artefact"},
    {"node_modules", "artefact"},
    {"a.o", "artefact"},
    {"disk.img", "file"},
    {".env", "secret"},
    {".env.example", "work"},
    {"server.key", "secret"},
    {"/Volumes/Disk", "system"},
    {"/mnt/c", "system"},
    {"/mnt/c/Windows/x", "system-in"},
    {"/mnt/c/Users/ada", "home"},
    {"/mnt/c/Users/ada/x", "work"},
};

static void known_places(void **state) {
  (void)state;
  CHECK(known, "", 0, &context);
}

static void unknown_places(void **state) {
  (void)state;
  static const place_case unset[] = {
      {"\x01", "unknown"},
      {"\x01/", "unknown-all"},
      {"\x01/*", "unknown-all"},
      {"\x01\x01", "unknown"},
      {"\x01/name", "unknown-in"},
      {"\x01/build", "artefact"},
      {"\x01/\x01", "unknown or unknown-all"},
      {"\x01.txt", "file"},
      {"/\x01", "app or root"},
      {"/\x01/*", "app or root"},
      {"/home/\x01", "home"},
      {"/home/\x01/*", "home"},
      {"/home/\x01/x", "work"},
      {"~/\x01", "work or home"},
      {"./\x01", "work or all-work"},
      {"src/\x01", "work"},
      {"/tmp/\x01", "tmp or app"},
      {"/etc/\x01", "etc or system"},
      {"/dev/\x01", "device or system"},
  };
  static const place_case number[] = {
      {"\x01", "work"}, {"/tmp/x\x01", "tmp"}, {"/home/\x01", "home"}, {"./\x01", "work"}};
  /* All that "*" or "src/" with a star gives. */
  static const place_case files[] = {{"\x01", "work or all-work"},
                                     {"src/\x01", "work"},
                                     {"/tmp/x\x01", "tmp"},
                                     {"/etc/\x01", "etc or system"},
                                     {"/\x01", "app or root"}};
  CHECK(unset, "", CM_FROM_UNSET, &context);
  CHECK(number, "", CM_FROM_NUMBER, &context);
  CHECK(files, "", CM_FROM_FILES, &context);
}

/* Names that find gives: with what leaves some out, and with nothing. */
static void found_places(void **state) {
  (void)state;
  static const struct {
    const char *find, *name, *place;
    bool filtered;
  } cases[] = {
      {"find .", "./\x01", "work or all-work", false},
      {"find . -type f", "./\x01", "work or all-work", false},
      {"find . -name *", "./\x01", "work or all-work", false},
      {"find . -name node_modules", "./\x01", "artefact or all-work", true},
      {"find . -name *.txt", "./\x01", "file or all-work", true},
      {"find . -mtime +7", "./\x01", "work or all-work", true},
      {"find / -name src", "/\x01", "app or root", true},
      {"ls", "\x01", "work or all-work", false},
      {"ls -t", "\x01", "work", false},
  };
  cm_arena *a = cm_arena_open(1 << 20);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cm_rword *word = safety_line(a, cases[i].name)->words;
    word->from = CM_FROM_FILES;
    word->source = safety_line(a, cases[i].find);
    cm_path path = cm_path_of(word, NULL, &context);
    if (strcmp(spell(path), cases[i].place) != 0 || path.filtered != cases[i].filtered)
      fail_msg("%s is %s", cases[i].find, spell(path));
  }
  cm_arena_close(a);
}

static void directories(void **state) {
  (void)state;
  static const place_case root[] = {{"*", "root"}, {"etc", "system"}, {".", "root"}};
  static const place_case etc[] = {{"*", "system"}, {"passwd", "account"}, {"x", "etc"}};
  static const place_case unknown[] = {{"*", "unknown-all"}, {"x", "unknown-in"}};
  static const place_case build[] = {{"*", "artefact"}, {"..", "all-work"}};
  static const place_case none[] = {{"*", "all-work"}, {"x", "work"},
                                    {"~", "home"},     {"~/.bashrc", "dotfile"},
                                    {"~/..", "home"},  {"..", "all-work"}};
  CHECK(root, "/", 0, &context);
  CHECK(etc, "/etc", 0, &context);
  CHECK(build, "/h/user/project/build", 0, &context);
  CHECK(none, "", 0, &nowhere);
  cm_arena *a = cm_arena_open(1 << 20);
  cm_rword dir = {.text = CM_STR("\x01"), .from = CM_FROM_UNSET};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
    assert_string_equal(
        cm_place_name(cm_path_of(safety_line(a, unknown[i].text)->words, &dir, &context).place),
        unknown[i].place);
  cm_arena_close(a);
}

static void secrets(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool secret;
  } cases[] = {
      {"/etc/passwd", true},
      {"/etc/shadow", true},
      {"/etc/hosts", false},
      {"~/.ssh", true},
      {"~/.ssh/id_ed25519", true},
      {"~/.ssh/id_ed25519.pub", false},
      {"~/.ssh/known_hosts", false},
      {"~/.aws/credentials", true},
      {"~/.ssh/authorized_keys", false},
      {".env", true},
      {"README.md", false},
      {"certs/ca.pem", false},
      {"certs/privkey.pem", true},
      {"/var/lib/app/.env", true},
      {"/proc/self/environ", true},
      {"~/.bash_history", true},
  };
  cm_arena *a = cm_arena_open(1 << 20);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (path_of(a, cases[i].text, "", 0, &context).secret != cases[i].secret)
      fail_msg("%s: secret", cases[i].text);
  cm_arena_close(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_places), cmocka_unit_test(unknown_places),
      cmocka_unit_test(found_places), cmocka_unit_test(directories),
      cmocka_unit_test(secrets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
