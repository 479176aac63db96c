/* base/os_tree: folders that nobody trusts: made, looked at and removed. Everything below a root
 * is reached through open folders, never through a symbolic link, so that no name, link or race in
 * the folder leads outside of it. */
#ifndef CM_BASE_OS_TREE_H
#define CM_BASE_OS_TREE_H
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

int64_t cm_os_wall_seconds(void); /* since 1970, UTC; may jump */

/* A folder in memory in which everybody may make files and execute them, with `bytes` free, or
 * NULL: small files in it are some ten times cheaper than on a disk. Static. */
const char *cm_os_memory_folder(uint64_t bytes);

typedef enum cm_os_kind {
  CM_OS_FILE,
  CM_OS_DIR,
  CM_OS_LINK,
  CM_OS_FIFO,
  CM_OS_OTHER /* sockets, devices */
} cm_os_kind;

/* --- making --------------------------------------------------------------------------------- */

enum { CM_OS_PATH_MAX = 4096, CM_OS_DEPTH_MAX = 64 };

/* A folder that is being filled. Lives on the caller's stack. */
typedef struct cm_os_tree {
  int root, parent;        /* descriptors; parent: of the folder used last */
  size_t n;                /* bytes of its path */
  char at[CM_OS_PATH_MAX]; /* that path, below the root */
} cm_os_tree;

/* One thing to make. */
typedef struct cm_os_node {
  cm_str path; /* below the root, of any bytes but NUL; folders above it are made with mode 0700 */
  cm_os_kind kind;
  cm_str text;   /* FILE: its bytes; LINK: the target */
  uint64_t size; /* FILE: bytes; `text` is cut, or repeated up to that */
  bool sparse;   /* not repeated: a hole follows (as it does an empty text) */
  unsigned mode; /* permission bits, whatever the umask; not for links */
  int64_t mtime; /* seconds since 1970; of FILE, LINK and FIFO */
} cm_os_node;

/* CM_E_NOTFOUND, CM_E_IO: `path` is not a folder, or is a link. */
cm_code cm_os_tree_open(cm_os_tree *t, const char *path, cm_err *e);
void cm_os_tree_close(cm_os_tree *t);

/* Makes one node; a folder gets mode 0700 now (cm_os_tree_stamp sets the rest when all is in it),
 * and may be there already. CM_E_FORMAT: no such path can be (empty, absolute, "." or "..", longer
 * or deeper than the limits above), something stands there already, or something above it is no
 * folder. CM_E_UNSUPPORTED: kind OTHER. CM_E_WRITE: the system refused. */
cm_code cm_os_tree_make(cm_os_tree *t, const cm_os_node *node, cm_err *e);

/* Mode and time of a folder that was made; an empty path is the root itself. Folders below others
 * first: what is in a folder that can't be searched can't be reached any more. */
cm_code cm_os_tree_stamp(cm_os_tree *t, cm_str path, unsigned mode, int64_t mtime, cm_err *e);

/* --- looking -------------------------------------------------------------------------------- */

typedef struct cm_os_entry {
  cm_str path; /* below the root, "" for the root; valid during the call */
  cm_os_kind kind;
  unsigned mode;    /* 07777 */
  uint64_t size;    /* FILE: bytes, else 0 */
  uint64_t links;   /* FILE: names that it has, else 0 */
  int64_t mtime_ns; /* since 1970 */
  cm_str target;    /* LINK: what it points to; valid during the call */
} cm_os_entry;

typedef struct cm_os_walk {
  void *user;
  /* One block of a file's bytes that isn't all zero: CM_OS_BLOCK of them, or fewer at the end;
   * `offset` is a multiple of CM_OS_BLOCK. Called before the file's entry. */
  cm_code (*data)(void *user, uint64_t offset, const void *p, size_t n, cm_err *e);
  cm_code (*entry)(void *user, const cm_os_entry *entry, cm_err *e);
  size_t max_entries;
  uint64_t max_bytes; /* of data read; holes cost nothing */
} cm_os_walk;

enum { CM_OS_BLOCK = 4096 };

/* Visits the root and everything below it, a folder before what is in it, in no order. What its
 * owner made unreadable is read all the same, and its mode put back. CM_E_LIMIT: more than the
 * limits say, or deeper than CM_OS_DEPTH_MAX; CM_E_IO; a visitor's code ends the walk. */
cm_code cm_os_tree_walk(const char *path, const cm_os_walk *walk, cm_err *e);

/* --- removing ------------------------------------------------------------------------------- */

/* Removes `path` and everything in it, folders without permissions and of any depth too; links are
 * removed, not followed. CM_E_NOTFOUND: it isn't there; CM_E_IO: something stayed. */
cm_code cm_os_tree_remove(const char *path, cm_err *e);

#endif
