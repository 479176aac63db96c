#include "store/pull.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "base/os_lines.h"
#include "data/sha256.h"
#include "net/fetch.h"
#include "store/part.h"
#include "store/parts.h"

enum { ATTEMPTS = 4, PROGRESS = 1 << 20, WAIT_MAX = 900, SPARE = 32 << 20 };

/* One call of cm_store_pull. */
typedef struct pulling {
  const cm_store *s;
  const cm_ref *ref;
  cm_pulled *out;
  cm_part part;
  cm_reply reply;  /* of the last try */
  char sha256[65]; /* what the file must have; "": whatever comes */
  char commit[41], quantization[32];
  uint64_t before; /* bytes that an earlier try brought */
  bool resumed;    /* this try went on with what was there */
  bool restart;    /* what is there is of another file */
  bool restarted;  /* that happened before */
  uint64_t start_ns;
  cm_err *e;
} pulling;

cm_code cm_store_lock_pull(const cm_store *s, int *lock, cm_err *e) {
  char path[4096];
  *lock = -1;
  cm_code code = cm_store_path(s, CM_STR("pull.lock"), path, e);
  if (code) return code;
  cm_os_make_folders(path);
  code = cm_os_lock_try(path, CM_OS_ALONE, true, lock, e);
  if (code || *lock >= 0) return code;
  cm_store_note(s, "another cmdai is fetching a model; waiting for it");
  return cm_os_lock_wait(path, s->o.cancel, lock, e);
}

/* --- what the server announces --- */

static cm_code differs(pulling *p, const char *what, uint64_t said, uint64_t is) {
  return cm_fail(p->e, CM_E_FORMAT, 0,
                 "%s: announced are %" PRIu64 " bytes, sent would be %" PRIu64, what, said, is);
}

/* The hash is the catalogue's, or the hub's. */
static cm_code expect(pulling *p, const cm_reply *r) {
  const cm_model_row *row = p->ref->row;
  if (row && r->linked_sha256[0] && strcmp(row->sha256, r->linked_sha256) != 0)
    return cm_fail(
        p->e, CM_E_FORMAT, 0,
        "the hub announces another file for %s than the catalogue has (SHA-256 %.16s..., "
        "not %.16s...)",
        row->id, r->linked_sha256, row->sha256);
  snprintf(p->sha256, sizeof p->sha256, "%s", row ? row->sha256 : r->linked_sha256);
  snprintf(p->commit, sizeof p->commit, "%s", r->commit);
  return CM_OK;
}

/* The whole file's length, 0 if nobody says it; the ones that are said must agree. */
static cm_code length(pulling *p, const cm_reply *r, uint64_t *total) {
  const uint64_t sent = r->status == 206 ? r->total : r->bytes;
  const uint64_t row = p->ref->row ? p->ref->row->bytes : 0;
  *total = sent == UINT64_MAX ? 0 : sent;
  if (row && r->linked_bytes && row != r->linked_bytes)
    return differs(p, "not the catalogue's file", row, r->linked_bytes);
  if (r->linked_bytes && *total && r->linked_bytes != *total)
    return differs(p, "wrong length", r->linked_bytes, *total);
  if (row && *total && row != *total) return differs(p, "wrong length", row, *total);
  if (!*total) *total = r->linked_bytes ? r->linked_bytes : row;
  return CM_OK;
}

static cm_code room(pulling *p, uint64_t total) {
  const uint64_t space = cm_os_free_bytes(p->s->models);
  const uint64_t more = total > p->part.bytes ? total - p->part.bytes : 0;
  if (total && space != UINT64_MAX && (space < SPARE || space - SPARE < more))
    return cm_fail(p->e, CM_E_LIMIT, 0,
                   "no room on the disk: %.1f MB are to come, %.1f MB are free in %.100s",
                   (double)more / 1e6, (double)space / 1e6, p->s->models);
  return cm_store_make_room(p->s, total, cm_str_of(p->ref->id), p->e);
}

/* Whether the rest that comes now belongs to what is there. */
static bool fits(const pulling *p, const cm_reply *r, uint64_t total) {
  if (r->first != p->part.bytes || (p->part.total && total != p->part.total)) return false;
  if (p->sha256[0]) return strcmp(p->sha256, p->part.sha256) == 0;
  return p->part.etag[0] && strcmp(p->part.etag, r->etag) == 0;
}

static cm_code on_begin(void *user, const cm_reply *r, cm_err *e) {
  pulling *p = user;
  uint64_t total = 0;
  (void)e; /* the same as p->e */
  if (cm_str_starts(cm_str_of(r->type), CM_STR("text/html")))
    return cm_fail(p->e, CM_E_FORMAT, 0, "the server sent a web page and no model");
  cm_code code = expect(p, r);
  if (!code) code = length(p, r, &total);
  if (code) return code;
  if (r->status == 206 && !fits(p, r, total)) {
    p->restart = true;
    return cm_fail(p->e, CM_E_IO, 0, "the file changed on the server");
  }
  p->resumed = r->status == 206;
  if (r->status == 200 && p->part.bytes) code = cm_part_restart(&p->part, p->e);
  if (!code) code = room(p, total);
  if (!code && r->status == 200)
    code = cm_part_describe(&p->part, p->sha256, r->etag, total, p->e);
  p->before = p->part.bytes;
  return code;
}

static cm_code on_data(void *user, const void *data, size_t n, cm_err *e) {
  pulling *p = user;
  cm_code code = cm_part_add(&p->part, data, n, e);
  if (code) return code;
  if (p->part.total && p->part.bytes > p->part.total)
    return cm_fail(e, CM_E_FORMAT, 0,
                   "the server sends more than the %" PRIu64 " bytes it announced", p->part.total);
  if (p->s->o.progress) p->s->o.progress(p->s->o.user, p->part.bytes, p->part.total, p->before);
  return CM_OK;
}

/* --- one try --- */

/* What an answer without a file means. */
static cm_code refused(pulling *p) {
  cm_reply *r = &p->reply;
  const char *id = p->ref->id;
  if (r->status == 404 || r->status == 410)
    return cm_fail(p->e, CM_E_NOTFOUND, 0, "the server has no such file (%d): %.150s", r->status,
                   p->ref->url);
  if (r->status == 401 || r->status == 403)
    return cm_fail(
        p->e, CM_E_IO, 0,
        "the server refuses %.80s (%d): it may need an account: set HF_TOKEN, and accept "
        "the model's licence on its page",
        id, r->status);
  if (r->status == 416 && p->part.bytes && !p->restarted) p->restart = true;
  r->again = r->status == 408 || r->status == 425 || r->status == 429 || r->status >= 500;
  if (r->status == 429)
    return cm_fail(p->e, CM_E_IO, 0, "the server says: too many requests (429)");
  return cm_fail(p->e, CM_E_IO, 0, "the server answers with status %d", r->status);
}

static cm_code fetch(pulling *p) {
  const cm_store_options *o = &p->s->o;
  const cm_fetch f = {.url = p->ref->url,
                      .token = p->ref->repo[0] ? o->token : NULL,
                      .from = p->part.bytes,
                      .if_range = p->sha256[0] || p->part.sha256[0] ? NULL : p->part.etag,
                      .stall_seconds = o->stall_seconds,
                      .cancel = o->cancel,
                      .user = p,
                      .begin = on_begin,
                      .data = on_data};
  p->restart = p->resumed = false;
  cm_code code = cm_fetch_run(&f, &p->reply, p->e);
  if (cm_part_flush(&p->part, code ? NULL : p->e) && !code) code = CM_E_WRITE;
  if (!code && p->reply.status != 200 && p->reply.status != 206) code = refused(p);
  if (!code && p->part.total && p->part.bytes != p->part.total) {
    p->reply.again = true;
    code = cm_fail(p->e, CM_E_IO, 0, "the file was cut after %" PRIu64 " of %" PRIu64 " bytes",
                   p->part.bytes, p->part.total);
  }
  return code;
}

/* A part that lacks nothing: a program was ended between its last byte and its name. */
static bool is_whole(const pulling *p) {
  const cm_part *x = &p->part;
  return x->total && x->bytes == x->total && x->sha256[0] &&
         (!p->ref->row || strcmp(p->ref->row->sha256, x->sha256) == 0);
}

static cm_code check(pulling *p) {
  char sum[65];
  cm_code code = cm_part_hash(&p->part, sum, p->e);
  if (code) return code;
  snprintf(p->out->sha256, sizeof p->out->sha256, "%s", sum);
  if (p->sha256[0] && strcmp(sum, p->sha256) != 0) {
    p->restart = p->resumed && !p->restarted;
    return cm_fail(p->e, CM_E_FORMAT, 0,
                   "what came is not what was announced: its SHA-256 is %.16s..., not %.16s...; "
                   "nothing was kept",
                   sum, p->sha256);
  }
  code = cm_store_look_into(p->part.path, cm_str_of(p->ref->name), p->quantization, p->e);
  return code == CM_E_LIMIT ? CM_E_FORMAT : code;
}

static cm_code try_once(pulling *p) {
  cm_code code = CM_OK;
  if (is_whole(p)) {
    snprintf(p->sha256, sizeof p->sha256, "%s", p->part.sha256);
    p->restart = false, p->resumed = true, p->reply.again = false;
  } else {
    if (p->part.bytes && !cm_part_can_go_on(&p->part)) code = cm_part_restart(&p->part, p->e);
    if (!code) code = fetch(p);
  }
  return code ? code : check(p);
}

/* --- again and again --- */

static cm_code pause_between(pulling *p, unsigned tries, unsigned attempts) {
  const cm_store_options *o = &p->s->o;
  const double wait = p->reply.wait_seconds ? (double)p->reply.wait_seconds : o->pause_seconds;
  if (wait > WAIT_MAX)
    return cm_fail(p->e, CM_E_IO, 0, "the server asks to wait %.0f s; try again later", wait);
  cm_store_note(p->s, "%s; trying again in %.3g s (%u of %u)", p->e->msg, wait, tries + 1,
                attempts);
  const uint64_t until = cm_os_now_ns() + (uint64_t)(wait * 1e9);
  while (cm_os_now_ns() < until) {
    if (o->cancel && *o->cancel) return cm_fail(p->e, CM_E_CANCELLED, 0, "interrupted");
    const uint64_t left = (until - cm_os_now_ns()) / 1000000;
    cm_os_sleep_ms(left < 100 ? (uint32_t)left + 1 : 100);
  }
  return CM_OK;
}

/* Begins again, once: what is there turned out to be of another file. */
static cm_code begin_again(pulling *p) {
  cm_store_note(p->s, "%s; starting over", p->e->msg);
  p->restarted = true;
  p->sha256[0] = 0;
  return cm_part_restart(&p->part, p->e);
}

static cm_code try_all(pulling *p) {
  const unsigned attempts = p->s->o.attempts ? p->s->o.attempts : ATTEMPTS;
  for (unsigned tries = 1;; tries++) {
    const uint64_t had = p->part.bytes;
    cm_code code = try_once(p);
    if (!code) return CM_OK;
    if (p->restart && !p->restarted) {
      code = begin_again(p);
      tries--;
      if (code) return code;
      continue;
    }
    if (code == CM_E_FORMAT) cm_part_remove(&p->part); /* wrong bytes are worth nothing */
    if (!p->reply.again || code != CM_E_IO) return code;
    if (p->part.bytes >= had + PROGRESS) tries = 1; /* a bad line, but one that brings something */
    if (tries >= attempts) {
      char gave[64];
      snprintf(gave, sizeof gave, "gave up after %u tries", tries);
      cm_err_prefix(p->e, gave);
      return CM_E_IO;
    }
    code = pause_between(p, tries, attempts);
    if (code) return code;
  }
}

/* --- before and after --- */

static cm_code enter(pulling *p) {
  char now[21];
  const cm_ref *r = p->ref;
  cm_entry x = {.id = cm_str_of(r->id),
                .file = cm_str_of(r->name),
                .repo = cm_str_of(r->repo),
                .revision = cm_str_of(p->commit[0] ? p->commit : r->revision),
                .source = cm_str_of(r->url),
                .sha256 = cm_str_of(p->out->sha256),
                .quantization = cm_str_of(r->row ? r->row->quant : p->quantization),
                .licence = cm_str_of(p->out->licence),
                .seconds = (double)(cm_os_now_ns() - p->start_ns) / 1e9};
  cm_os_utc(now);
  x.downloaded_at = x.last_used = cm_str_of(now);
  cm_code code = cm_os_identify(p->out->path, &x.at, p->e);
  p->out->bytes = x.at.bytes;
  return code ? code : cm_store_add(p->s, &x, p->e);
}

static cm_code download(pulling *p) {
  const cm_ref *r = p->ref;
  if (p->s->o.offline)
    return cm_fail(p->e, CM_E_NOTFOUND, 0,
                   "%.120s is not here, and the network is off limits "
                   "(--offline or HF_HUB_OFFLINE)",
                   r->id);
  p->start_ns = cm_os_now_ns();
  cm_code code = cm_part_open(&p->part, p->s, p->out->path, p->e);
  if (!code) code = try_all(p);
  if (!code) code = cm_part_finish(&p->part, p->out->path, p->e);
  if (code && !p->part.bytes) cm_part_remove(&p->part);
  cm_part_close(&p->part);
  return code ? code : enter(p);
}

/* A file with its name but without an entry: a program was ended between the two. Its hash tells
 * whether it is whole, if it is known what that must be. */
static bool is_orphan(pulling *p) {
  const cm_model_row *row = p->ref->row;
  if (!row || cm_sha256_file(p->out->path, p->out->sha256, NULL)) return false;
  return strcmp(p->out->sha256, row->sha256) == 0;
}

static cm_code find(pulling *p, cm_inventory *m, bool *here) {
  bool renewed = false;
  *here = false;
  cm_code code = cm_store_read(p->s, m, p->e);
  if (code) return code;
  cm_entry *x = cm_inventory_find(m, cm_str_of(p->ref->id));
  if (!x) {
    *here = is_orphan(p);
    return *here ? enter(p) : CM_OK;
  }
  code = cm_store_path(p->s, x->file, p->out->path, p->e);
  if (code) return code;
  code = cm_store_check(p->s, x, false, &renewed, p->e);
  if (code == CM_E_FORMAT) cm_store_note(p->s, "%s was changed; fetching it again", p->ref->id);
  if (code) return code == CM_E_FORMAT || code == CM_E_NOTFOUND ? CM_OK : code;
  *here = true;
  p->out->bytes = x->at.bytes;
  snprintf(p->out->sha256, sizeof p->out->sha256, "%.*s", (int)x->sha256.n, x->sha256.p);
  return renewed ? cm_store_add(p->s, x, p->e) : CM_OK;
}

static cm_code pull(pulling *p) {
  int lock = -1;
  bool here = false;
  cm_inventory *m = cm_inventory_new(p->e);
  if (!m) return CM_E_NOMEM;
  cm_code code = cm_store_lock_pull(p->s, &lock, p->e);
  if (!code) cm_store_sweep(p->s);
  if (!code) code = find(p, m, &here);
  cm_inventory_free(m);
  if (!code && !here) {
    code = cm_store_path(p->s, cm_str_of(p->ref->name), p->out->path, p->e);
    if (!code) code = download(p);
  }
  p->out->was_here = here;
  cm_os_unlock(lock);
  return code;
}

cm_code cm_store_pull(const cm_store *s, const cm_ref *ref, cm_pulled *out, cm_err *e) {
  cm_err own;
  pulling *p = cm_alloc(1, sizeof *p);
  *out = (cm_pulled){0};
  if (!p) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a download");
  *p = (pulling){.s = s, .ref = ref, .out = out, .e = e ? e : &own, .part.fd = -1};
  snprintf(out->id, sizeof out->id, "%s", ref->id);
  snprintf(out->licence, sizeof out->licence, "%s", ref->row ? ref->row->licence : "");
  cm_code code = cm_store_path(s, cm_str_of(ref->name), out->path, p->e);
  if (!code) code = pull(p);
  cm_free(p);
  return code;
}
