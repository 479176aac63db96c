/* A model hub for tests, which misbehaves on demand:
 *
 *   hub DIR [CERTIFICATE KEY]      prints "PORT CDN_PORT", serves until its stdin ends
 *
 * GET /OWNER/REPO/resolve/REVISION/FILE is answered as the real hub does for a large file: 302 to
 * the other port, with X-Linked-Etag, X-Linked-Size and X-Repo-Commit; that port is the CDN, which
 * honours Range and has an ETag of its own. FILE is a file of DIR. GET /plain/FAULTS/FILE is the
 * file at once. GET /requests lists what was asked for, one line each:
 * "hub|cdn PATH range=… if-range=… auth=…". With a certificate both ports speak TLS.
 *
 * OWNER (or FAULTS) names what goes wrong, joined by "_"; N is a number:
 *   cut.N    a body ends after N bytes        cutonce.N   the first one does
 *   hash     X-Linked-Etag is another one     length      X-Linked-Size is another one
 *   busy.N   429 with Retry-After, N times    limit.N     429 with RateLimit instead
 *   fail.N   500, N times                     drip        some bytes a second
 *   slow     a pause before each block
 *   loop     redirects to itself              norange     ignores Range
 *   change   another file (FILE.next) from the second request on
 *   plain    no X-Linked-…                    noetag      no ETag at the CDN
 *   bare     200 at once instead of 302       key         401 without Authorization
 *   html     a web page with status 200       down        redirects to a closed port
 *   huge     announces a petabyte             lie         the CDN sends X-Linked-… too
 *   long     sends more than it announced     full        a Range gives 416 */
#include <fcntl.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATHS = 512, LOG_MAX = 1 << 20, KNOWN = 16 };

typedef struct seen {
  char path[600];
  unsigned hub, cdn; /* requests so far */
} seen;

static struct {
  const char *dir;
  bool tls;
  unsigned port, cdn_port;
  pthread_mutex_t lock;
  seen paths[PATHS];
  size_t n;
  char log[LOG_MAX];
  size_t logged;
} hub = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* One request. */
typedef struct ask {
  struct MHD_Connection *c;
  bool cdn;
  char owner[300], file[300];
  const char *range, *auth;
  unsigned count; /* of this path at this port, from 1 */
  char path[700]; /* of the file on the disk */
  uint64_t bytes;
} ask;

/* --- faults --- */

/* Whether a fault is asked for; *n is its number, or 0. */
static bool fault(const ask *a, const char *name, uint64_t *n) {
  const size_t length = strlen(name);
  for (const char *p = a->owner; *p;) {
    const size_t word = strcspn(p, "_");
    if (strncmp(p, name, length) == 0 && (word == length || p[length] == '.')) {
      *n = word == length ? 0 : strtoull(p + length + 1, NULL, 10);
      return true;
    }
    p += word + (p[word] == '_');
  }
  return false;
}

static bool has(const ask *a, const char *name) {
  uint64_t n;
  return fault(a, name, &n);
}

/* --- files --- */

static void sha256_of(const char *path, char out[65]) {
  unsigned char sum[EVP_MAX_MD_SIZE], chunk[65536];
  unsigned size = 0;
  EVP_MD_CTX *m = EVP_MD_CTX_new();
  FILE *f = fopen(path, "rb");
  EVP_DigestInit_ex(m, EVP_sha256(), NULL);
  for (size_t n; f && (n = fread(chunk, 1, sizeof chunk, f)) > 0;) EVP_DigestUpdate(m, chunk, n);
  EVP_DigestFinal_ex(m, sum, &size);
  EVP_MD_CTX_free(m);
  if (f) fclose(f);
  for (unsigned i = 0; i < 32; i++) snprintf(out + (size_t)2 * i, 3, "%02x", sum[i]);
}

/* The same, remembered: hashing a large file takes longer than sending it. */
static void remembered_sha256(const ask *a, char out[65]) {
  static struct {
    char path[700], sum[65];
    time_t changed;
  } known[KNOWN];
  static size_t next;
  struct stat st;
  pthread_mutex_lock(&hub.lock);
  size_t i = 0;
  const bool there = stat(a->path, &st) == 0;
  while (i < KNOWN && (strcmp(known[i].path, a->path) != 0 || known[i].changed != st.st_mtime))
    i++;
  if (i == KNOWN) {
    i = next++ % KNOWN;
    snprintf(known[i].path, sizeof known[i].path, "%s", a->path);
    known[i].changed = there ? st.st_mtime : 0;
    sha256_of(a->path, known[i].sum);
  }
  memcpy(out, known[i].sum, 65);
  pthread_mutex_unlock(&hub.lock);
}

static bool find_file(ask *a) {
  struct stat st;
  const bool next = has(a, "change") && a->count > 1;
  if (strstr(a->file, "..")) return false;
  snprintf(a->path, sizeof a->path, "%s/%s%s", hub.dir, a->file, next ? ".next" : "");
  if (stat(a->path, &st) != 0) return false;
  a->bytes = (uint64_t)st.st_size;
  return true;
}

/* --- answers --- */

static enum MHD_Result send_and_free(ask *a, unsigned status, struct MHD_Response *r) {
  enum MHD_Result ok = MHD_queue_response(a->c, status, r);
  MHD_destroy_response(r);
  return ok;
}

static struct MHD_Response *text(const char *s) {
  return MHD_create_response_from_buffer(strlen(s), (void *)(uintptr_t)s, MHD_RESPMEM_MUST_COPY);
}

static void header(struct MHD_Response *r, const char *name, const char *value) {
  (void)MHD_add_response_header(r, name, value);
}

static void linked_headers(const ask *a, struct MHD_Response *r) {
  char sum[65], value[80];
  if (has(a, "plain")) return;
  remembered_sha256(a, sum);
  if (has(a, "hash")) sum[0] = sum[0] == '0' ? '1' : '0';
  snprintf(value, sizeof value, "\"%s\"", sum);
  header(r, "X-Linked-Etag", value);
  const uint64_t size = has(a, "huge") ? UINT64_C(1) << 50 : a->bytes + (has(a, "length") ? 7 : 0);
  snprintf(value, sizeof value, "%" PRIu64, size);
  header(r, "X-Linked-Size", value);
  header(r, "X-Repo-Commit", "0123456789abcdef0123456789abcdef01234567");
}

/* A body that may end too early, too late or come slowly. */
typedef struct body {
  int fd;
  uint64_t from, end, cut; /* cut: bytes of this body, UINT64_MAX: all */
  bool drip, slow;
} body;

static ssize_t body_read(void *user, uint64_t at, char *out, size_t max) {
  body *b = user;
  if (at >= b->cut) return MHD_CONTENT_READER_END_WITH_ERROR;
  if (max > b->cut - at) max = (size_t)(b->cut - at);
  if (b->slow) nanosleep(&(struct timespec){0, 1000000}, NULL);
  if (b->drip) {
    nanosleep(&(struct timespec){0, 100000000}, NULL);
    if (max > 20) max = 20;
  }
  const ssize_t n = pread(b->fd, out, max, (off_t)(b->from + at));
  if (n == 0) { /* beyond the file's end: what "huge" and "long" promised */
    memset(out, 'x', max);
    return (ssize_t)max;
  }
  return n < 0 ? MHD_CONTENT_READER_END_WITH_ERROR : n;
}

static void body_free(void *user) {
  close(((body *)user)->fd);
  free(user);
}

/* A file from `from` on, without anything wrong, goes out as fast as it can. */
static struct MHD_Response *file_body(ask *a, uint64_t from) {
  uint64_t n, cut = UINT64_MAX;
  const uint64_t size = has(a, "huge") ? UINT64_C(1) << 50 : a->bytes;
  if (fault(a, "cut", &n) || (fault(a, "cutonce", &n) && a->count == 1)) cut = n;
  const int fd = open(a->path, O_RDONLY | O_CLOEXEC);
  if (cut == UINT64_MAX && !has(a, "drip") && !has(a, "slow") && !has(a, "huge") &&
      !has(a, "long"))
    return MHD_create_response_from_fd_at_offset64(size - from, fd, from);
  body *b = calloc(1, sizeof *b);
  *b = (body){fd, from, size, cut, has(a, "drip"), has(a, "slow")};
  const uint64_t announced = has(a, "long") ? MHD_SIZE_UNKNOWN : size - from;
  if (has(a, "long")) b->cut = size + 100000;
  return MHD_create_response_from_callback(announced, 65536, body_read, b, body_free);
}

static enum MHD_Result give_file(ask *a) {
  char value[120], sum[65];
  uint64_t from = 0;
  bool part = a->range && strncmp(a->range, "bytes=", 6) == 0 && !has(a, "norange");
  const char *if_range = MHD_lookup_connection_value(a->c, MHD_HEADER_KIND, "If-Range");
  remembered_sha256(a, sum);
  snprintf(value, sizeof value, "\"cdn-%.32s\"", sum);
  if (if_range && strcmp(if_range, value) != 0) part = false;
  if (part) from = strtoull(a->range + 6, NULL, 10);
  if (part && (from >= a->bytes || has(a, "full"))) return send_and_free(a, 416, text("no\n"));
  struct MHD_Response *r = file_body(a, from);
  if (!has(a, "noetag")) header(r, "ETag", value);
  if (has(a, "lie")) {
    header(r, "X-Linked-Etag", "0000000000000000000000000000000000000000000000000000000000000000");
    header(r, "X-Linked-Size", "1");
  }
  header(r, "Content-Type", has(a, "html") ? "text/html; charset=utf-8" : "binary/octet-stream");
  header(r, "Accept-Ranges", "bytes");
  if (part) {
    snprintf(value, sizeof value, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, from, a->bytes - 1,
             a->bytes);
    header(r, "Content-Range", value);
  }
  return send_and_free(a, part ? 206 : 200, r);
}

static enum MHD_Result redirect(ask *a, const char *url) {
  char to[1024];
  const char *scheme = hub.tls ? "https" : "http";
  struct MHD_Response *r = text("Found. Redirecting\n");
  if (has(a, "loop")) snprintf(to, sizeof to, "%s", url);
  else if (has(a, "down")) snprintf(to, sizeof to, "%s://127.0.0.1:1%s", scheme, url);
  else snprintf(to, sizeof to, "%s://127.0.0.1:%u%s?Signature=x%%2Fy", scheme, hub.cdn_port, url);
  header(r, "Location", to);
  linked_headers(a, r);
  return send_and_free(a, 302, r);
}

/* Answers that are no file, as often as asked for; MHD_NO: none. */
static enum MHD_Result trouble(ask *a) {
  uint64_t n;
  struct MHD_Response *r;
  if (fault(a, "fail", &n) && a->count <= n) return send_and_free(a, 500, text("oops\n"));
  if (has(a, "key") && !a->auth) return send_and_free(a, 401, text("who?\n"));
  if (fault(a, "busy", &n) && a->count <= n) {
    r = text("slow down\n");
    header(r, "Retry-After", "1");
    return send_and_free(a, 429, r);
  }
  if (fault(a, "limit", &n) && a->count <= n) {
    r = text("slow down\n");
    header(r, "RateLimit", "\"resolvers\";r=0;t=1");
    return send_and_free(a, 429, r);
  }
  return MHD_NO;
}

/* --- requests --- */

static void note(ask *a, const char *url) {
  const char *if_range = MHD_lookup_connection_value(a->c, MHD_HEADER_KIND, "If-Range");
  pthread_mutex_lock(&hub.lock);
  size_t i = 0;
  while (i < hub.n && strcmp(hub.paths[i].path, url) != 0) i++;
  if (i == hub.n && hub.n + 1 < PATHS)
    snprintf(hub.paths[hub.n++].path, sizeof hub.paths->path, "%s", url);
  a->count = a->cdn ? ++hub.paths[i].cdn : ++hub.paths[i].hub;
  if (hub.logged + 2000 < LOG_MAX)
    hub.logged += (size_t)snprintf(hub.log + hub.logged, 2000,
                                   "%s %.600s range=%.40s if-range=%.200s auth=%.200s\n",
                                   a->cdn ? "cdn" : "hub", url, a->range ? a->range : "",
                                   if_range ? if_range : "", a->auth ? a->auth : "");
  pthread_mutex_unlock(&hub.lock);
}

static enum MHD_Result give_log(ask *a) {
  pthread_mutex_lock(&hub.lock);
  struct MHD_Response *r = text(hub.log);
  pthread_mutex_unlock(&hub.lock);
  return send_and_free(a, 200, r);
}

/* "/OWNER/REPO/resolve/REVISION/FILE" or "/plain/FAULTS/FILE". */
static bool split(ask *a, const char *url, bool *plain) {
  *plain = strncmp(url, "/plain/", 7) == 0;
  const char *owner = url + (*plain ? 7 : 1);
  const size_t n = strcspn(owner, "/");
  const char *file = *plain ? owner + n : strstr(owner, "/resolve/");
  if (!*plain && file) file = strchr(file + 9, '/');
  if (!file || *file != '/' || n >= sizeof a->owner) return false;
  memcpy(a->owner, owner, n);
  a->owner[n] = 0;
  snprintf(a->file, sizeof a->file, "%s", file + 1);
  return true;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **state) {
  ask a = {.c = c, .cdn = user != NULL};
  bool plain = false;
  static int begun;
  (void)method, (void)version, (void)data, (void)size;
  if (!*state) { /* the head alone; answered at the second call */
    *state = &begun;
    return MHD_YES;
  }
  a.range = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Range");
  a.auth = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
  if (strcmp(url, "/requests") == 0) return give_log(&a);
  note(&a, url);
  if (!split(&a, url, &plain) || !find_file(&a)) return send_and_free(&a, 404, text("none\n"));
  const enum MHD_Result answered = a.cdn ? MHD_NO : trouble(&a);
  if (answered == MHD_YES) return answered;
  if (a.cdn || plain || has(&a, "bare")) return give_file(&a);
  return redirect(&a, url);
}

/* --- the program --- */

static char *whole(const char *path) {
  char *p = calloc(1, 65536);
  FILE *f = fopen(path, "rb");
  if (f) {
    (void)!fread(p, 1, 65535, f);
    fclose(f);
  }
  return p;
}

static struct MHD_Daemon *serve(bool cdn, const char *certificate, const char *key,
                                unsigned *port) {
  struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
  struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)certificate},
                                 {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
                                 {MHD_OPTION_END, 0, NULL}};
  struct sockaddr_in here = {.sin_family = AF_INET};
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD;
  struct MHD_Daemon *d = MHD_start_daemon(
      flags | (certificate ? MHD_USE_TLS : 0), 0, NULL, NULL, on_request, cdn ? &hub : NULL,
      MHD_OPTION_SOCK_ADDR, &here, MHD_OPTION_ARRAY, certificate ? tls : none, MHD_OPTION_END);
  const union MHD_DaemonInfo *info = d ? MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT) : NULL;
  *port = info ? info->port : 0;
  return d;
}

int main(int argc, char **argv) {
  if (argc != 2 && argc != 4) {
    fputs("usage: hub DIR [CERTIFICATE KEY]\n", stderr);
    return 2;
  }
  hub.dir = argv[1];
  hub.tls = argc == 4;
  char *certificate = hub.tls ? whole(argv[2]) : NULL, *key = hub.tls ? whole(argv[3]) : NULL;
  struct MHD_Daemon *a = serve(false, certificate, key, &hub.port),
                    *b = serve(true, certificate, key, &hub.cdn_port);
  if (!a || !b || !hub.port || !hub.cdn_port) {
    fputs("hub: can't listen\n", stderr);
    return 1;
  }
  printf("%u %u\n", hub.port, hub.cdn_port);
  fflush(stdout);
  while (getchar() != EOF) {}
  MHD_stop_daemon(a);
  MHD_stop_daemon(b);
  free(certificate);
  free(key);
  return 0;
}
