/* What the system holds of a file in memory, and the file that this program came from. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"

enum { WINDOW_PAGES = 1 << 14 };

#ifdef __linux__
static uint64_t bytes_in_memory(int fd, uint64_t size) {
  static const uint64_t one = 1;
  const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), pages = (size + page - 1) / page;
  void *p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
  if (p == MAP_FAILED) return size;
  uint64_t held = 0;
  for (uint64_t at = 0; at < pages; at += WINDOW_PAGES) {
    unsigned char in[WINDOW_PAGES];
    const uint64_t n = pages - at < WINDOW_PAGES ? pages - at : WINDOW_PAGES;
    if (mincore((char *)p + at * page, n * page, in) != 0) memset(in, 1, n);
    for (uint64_t i = 0; i < n; i++) held += in[i] & one;
  }
  munmap(p, size);
  return held * page < size ? held * page : size;
}

/* Only what is on the disk can be forgotten. */
static void forget(int fd) {
  (void)fdatasync(fd);
  (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}
#else
static uint64_t bytes_in_memory(int fd, uint64_t size) {
  (void)fd;
  return size;
}
static void forget(int fd) { (void)fd; }
#endif

cm_code cm_os_forget_file(const char *path, uint64_t *size, uint64_t *held, cm_err *e) {
  struct stat st;
  *size = *held = 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return cm_fail(e, errno == ENOENT || errno == ENOTDIR ? CM_E_NOTFOUND : CM_E_IO, 0,
                   "can't open %.150s: %s", path, strerror(errno));
  cm_code code = CM_OK;
  if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
    code = cm_fail(e, CM_E_IO, 0, "%.180s is not a regular file", path);
  } else if (st.st_size > 0) {
    forget(fd);
    *size = (uint64_t)st.st_size;
    *held = bytes_in_memory(fd, *size);
  }
  close(fd);
  return code;
}

cm_code cm_os_own_program(char *out, size_t size, cm_err *e) {
  ssize_t n = readlink("/proc/self/exe", out, size);
  if (n < 0) return cm_fail(e, CM_E_UNSUPPORTED, 0, "the system doesn't say what program this is");
  if ((size_t)n >= size) return cm_fail(e, CM_E_IO, 0, "the path of the program is too long");
  out[n] = 0;
  return CM_OK;
}
