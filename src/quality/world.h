/* quality/world: the small file trees that commands are tried in: made, looked at, compared. */
#ifndef CM_QUALITY_WORLD_H
#define CM_QUALITY_WORLD_H
#include "base/os_tree.h"
#include "quality/suite.h"

/* What a world may cost, and a tree that a command left. */
enum {
  CM_WORLD_BYTES_MAX = 64 << 20, /* of all files, holes aside */
  CM_TREE_ENTRIES_MAX = 20000
};
#define CM_TREE_BYTES_MAX ((uint64_t)256 << 20) /* of data that is hashed; holes cost nothing */

/* Makes a copy of the world in the folder `dir` (there, empty, ours). All times that the world
 * doesn't set are a minute before `now` (seconds since 1970), so that two copies are alike to the
 * last bit that a command can print. Modes are set last: folders may end up unwritable.
 * CM_E_FORMAT, CM_E_LIMIT: the world can't be made (the message has its name and the path);
 * CM_E_WRITE, CM_E_NOMEM. */
cm_code cm_world_make(const cm_world *w, const char *dir, int64_t now, cm_arena *a, cm_err *e);

/* One thing in a tree. */
typedef struct cm_tree_entry {
  cm_str path; /* "." is the root; any byte but NUL */
  cm_os_kind kind;
  unsigned mode; /* 07777 */
  uint64_t size, links;
  int64_t mtime_ns;
  cm_str target;          /* of a link */
  unsigned char hash[32]; /* FILE: SHA-256 over the blocks that aren't zero and their places, so
                             that a hole and zeros written out are one */
} cm_tree_entry;

typedef struct cm_tree {
  cm_tree_entry *items; /* sorted by path */
  size_t n;
} cm_tree;

/* Looks at the folder `dir`; everything lives in `a`. CM_E_LIMIT: more than the limits above;
 * CM_E_IO, CM_E_NOMEM. */
cm_code cm_tree_look(const char *dir, cm_arena *a, cm_tree *out, cm_err *e);

enum { CM_TREE_LINES_MAX = 5 };

/* Appends what is different in `got`, one line each, without a newline at the end, at most
 * CM_TREE_LINES_MAX and then "and N more": `missing: "a"`, `unexpected: "b"`, `content of "c"`,
 * `mode of "d": 644, expected 755`, `type of …`, `size of …`, `target of …`, `links of …`. Type,
 * mode, size, content, link target and the number of names of a file count; times don't. Returns
 * the number of differences. */
size_t cm_tree_diff(const cm_tree *want, const cm_tree *got, cm_buf *lines);

/* "Now", in seconds since 1970: what the commands' clock says, and between which times they really
 * ran: the kernel gives files its own. */
typedef struct cm_tree_now {
  int64_t told, from, to;
} cm_tree_now;

/* The same for times of change, for commands whose task they are: of what is in `want` and `got`
 * and isn't a link, the time must be kept where `want` keeps that of `before`, and else be that of
 * `want`, give or take two minutes. A time that the kernel gave is the same as `told`. */
size_t cm_tree_diff_times(const cm_tree *before, const cm_tree *want, const cm_tree *got,
                          const cm_tree_now *now, cm_buf *lines);

const cm_tree_entry *cm_tree_find(const cm_tree *t, cm_str path); /* NULL: it isn't there */

#endif
