/* Reading run files: they may come from another machine, so everything is checked. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "quality/record.h"
#include "quality/record_parts.h"

enum { LIST_MAX = 1024 }; /* tags, reasons, fallbacks of one case */
#define MEASURE_MAX 1e15  /* ms, s or MB */

typedef struct entry {
  cm_str id;
  size_t at; /* in the plan */
} entry;

/* The first thing that is wrong stays in `code`; whatever is read after it is empty. */
typedef struct reader {
  cm_record *r;
  cm_arena *arena;
  cm_str name;
  size_t line;
  entry *index; /* the plan, sorted by id */
  bool *seen;
  bool begun, ended, accepted;
  cm_code code;
  cm_err *e;
} reader;

static void refuse(reader *rd, cm_code code, const char *what, cm_str which) {
  if (rd->code) return;
  rd->code = cm_fail(rd->e, code, rd->line, "%.*s:%zu: %s%.*s", (int)rd->name.n,
                     rd->name.p ? rd->name.p : "", rd->line, what,
                     (int)(which.n < 80 ? which.n : 80), which.p ? which.p : "");
}

static void no_memory(reader *rd) {
  refuse(rd, CM_E_NOMEM, "no memory for the record", CM_STR(""));
}

/* --- members ------------------------------------------------------------------------------ */

static cm_str copy(reader *rd, cm_str s) {
  char *p = rd->code ? NULL : cm_arena_strdup(rd->arena, s.n ? s.p : "", s.n);
  if (!p) {
    no_memory(rd);
    return CM_STR("");
  }
  return (cm_str){p, s.n};
}

/* A text on its way into the record; without its copy. */
static cm_str peek(reader *rd, const cm_json *o, const char *key) {
  cm_str s = CM_STR("");
  if (!cm_json_str(cm_json_get(o, key), &s))
    refuse(rd, CM_E_FORMAT, "a text is expected: ", cm_str_of(key));
  return s;
}

static cm_str text(reader *rd, const cm_json *o, const char *key) {
  return copy(rd, peek(rd, o, key));
}

static uint32_t count(reader *rd, const cm_json *o, const char *key) {
  uint64_t v = 0;
  if (!cm_json_u64(cm_json_get(o, key), &v) || v > UINT32_MAX)
    refuse(rd, CM_E_FORMAT, "a count is expected: ", cm_str_of(key));
  return (uint32_t)v;
}

static bool flag(reader *rd, const cm_json *o, const char *key) {
  bool v = false;
  if (!cm_json_bool(cm_json_get(o, key), &v))
    refuse(rd, CM_E_FORMAT, "true or false is expected: ", cm_str_of(key));
  return v;
}

/* JSON has no NaN: it was written as null. */
static double number(reader *rd, const cm_json *o, const char *key) {
  double v = 0;
  if (cm_json_kind_of(cm_json_get(o, key)) == CM_JSON_NULL) return 0;
  if (!cm_json_f64(cm_json_get(o, key), &v) || !isfinite(v))
    refuse(rd, CM_E_FORMAT, "a number is expected: ", cm_str_of(key));
  return v;
}

/* Null: not known. */
static double known(reader *rd, const cm_json *o, const char *key) {
  const bool absent = cm_json_kind_of(cm_json_get(o, key)) == CM_JSON_NULL;
  return absent ? (double)NAN : number(rd, o, key);
}

/* Null: not measured. */
static double measure(reader *rd, const cm_json *o, const char *key, double absent) {
  const cm_json *v = cm_json_get(o, key);
  if (cm_json_kind_of(v) == CM_JSON_NULL) return absent;
  double d = number(rd, o, key);
  if (d < 0) refuse(rd, CM_E_FORMAT, "a negative measure: ", cm_str_of(key));
  if (d > MEASURE_MAX) refuse(rd, CM_E_LIMIT, "a measure beyond reason: ", cm_str_of(key));
  return d;
}

static const cm_json *inner(reader *rd, const cm_json *o, const char *key, cm_json_kind kind) {
  const cm_json *v = cm_json_get(o, key);
  if (cm_json_kind_of(v) != kind)
    refuse(rd, CM_E_FORMAT, "missing or of another kind: ", cm_str_of(key));
  return v;
}

static cm_str *list(reader *rd, const cm_json *o, const char *key, size_t max, size_t *n) {
  const cm_json *v = inner(rd, o, key, CM_JSON_ARRAY);
  *n = rd->code ? 0 : cm_json_count(v);
  if (*n > max) refuse(rd, CM_E_LIMIT, "too many items: ", cm_str_of(key));
  cm_str *items = rd->code ? NULL : cm_arena_alloc(rd->arena, *n, sizeof *items);
  if (!items) no_memory(rd);
  for (size_t i = 0; items && !rd->code && i < *n; i++) {
    cm_str s;
    if (cm_json_str(cm_json_at(v, i), &s)) items[i] = copy(rd, s);
    else refuse(rd, CM_E_FORMAT, "texts are expected: ", cm_str_of(key));
  }
  return items;
}

typedef const char *name_of(unsigned i);
static const char *tier_at(unsigned i) { return cm_tier_name((cm_tier)i); }
static const char *gating_at(unsigned i) { return cm_gating_name((cm_gating)i); }
static const char *subject_at(unsigned i) { return cm_subject_name((cm_subject)i); }
static const char *risk_at(unsigned i) { return cm_risk_name((cm_risk)i); }
static const char *decision_at(unsigned i) { return cm_decision_name((cm_decision)i); }
static const char *state_at(unsigned i) { return cm_state_name((cm_state)i); }

static unsigned word(reader *rd, const cm_json *o, const char *key, name_of *at, unsigned last) {
  cm_str s = peek(rd, o, key);
  for (unsigned i = 0; i <= last; i++)
    if (cm_str_is(s, at(i))) return i;
  refuse(rd, CM_E_FORMAT, "an unknown word: ", cm_str_of(key));
  return 0;
}

/* --- manifest ----------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b) {
  return cm_str_order(((const entry *)a)->id, ((const entry *)b)->id);
}

/* Sorts ids, so that they can be found; refuses one that is empty or stands twice. */
static entry *sorted(reader *rd, const cm_str *ids, size_t n) {
  entry *index = rd->code ? NULL : cm_arena_alloc(rd->arena, n, sizeof *index);
  if (!index) {
    no_memory(rd);
    return NULL;
  }
  for (size_t i = 0; i < n; i++) {
    index[i] = (entry){ids[i], i};
    if (!ids[i].n) refuse(rd, CM_E_FORMAT, "an empty id is planned", CM_STR(""));
  }
  if (n) qsort(index, n, sizeof *index, by_id);
  for (size_t i = 1; i < n; i++)
    if (cm_str_eq(index[i - 1].id, index[i].id))
      refuse(rd, CM_E_FORMAT, "planned twice: ", index[i].id);
  return index;
}

static void read_calibration(reader *rd, const cm_json *plan) {
  cm_manifest *m = &rd->r->manifest;
  const cm_json *c = cm_json_get(plan, "calibration");
  if (!c || cm_json_kind_of(c) == CM_JSON_NULL) return;
  m->scale = measure(rd, c, "scale", 0);
  m->bias = number(rd, c, "bias");
}

static void read_plan(reader *rd, const cm_json *o) {
  cm_manifest *m = &rd->r->manifest;
  const cm_json *plan = inner(rd, o, "plan", CM_JSON_OBJECT);
  const cm_json *model = inner(rd, plan, "model", CM_JSON_OBJECT);
  m->commit = text(rd, plan, "commit");
  m->backend = text(rd, plan, "backend");
  m->model_id = text(rd, model, "id");
  m->model_sha256 = text(rd, model, "sha256");
  m->model_quant = text(rd, model, "quant");
  read_calibration(rd, plan);
  m->engine = text(rd, plan, "engine");
  m->sandbox = text(rd, plan, "sandbox");
  m->level = text(rd, plan, "level");
  m->options = text(rd, plan, "options");
  if (cm_json_get(plan, "sampling")) m->sampling = text(rd, plan, "sampling");
  m->suite_hash = text(rd, plan, "suite_hash");
  m->shard = count(rd, plan, "shard");
  m->shards = count(rd, plan, "shards");
  if (!m->shard || m->shard > m->shards)
    refuse(rd, CM_E_FORMAT, "no such shard: shard, shards", CM_STR(""));
  m->planned = list(rd, plan, "planned", CM_SUITE_CASES_MAX, &m->n_planned);
  rd->index = sorted(rd, m->planned, m->n_planned);
  if (m->shards == 1) return;
  m->whole = list(rd, plan, "whole", CM_SUITE_CASES_MAX, &m->n_whole);
  (void)sorted(rd, m->whole, m->n_whole);
}

static void read_place(reader *rd, const cm_json *o) {
  cm_manifest *m = &rd->r->manifest;
  const cm_json *place = inner(rd, o, "place", CM_JSON_OBJECT);
  m->run_id = text(rd, place, "run_id");
  m->started = text(rd, place, "started");
  m->machine = text(rd, place, "machine");
  m->os = text(rd, place, "os");
  m->threads = count(rd, place, "threads");
  m->batch = count(rd, place, "batch");
}

static void read_manifest(reader *rd, const cm_json *o) {
  cm_record *r = rd->r;
  if (rd->begun) refuse(rd, CM_E_FORMAT, "a second manifest", CM_STR(""));
  if (!cm_str_is(peek(rd, o, "schema"), "cmdai.run/1"))
    refuse(rd, CM_E_FORMAT, "another schema than cmdai.run/1", CM_STR(""));
  read_plan(rd, o);
  read_place(rd, o);
  if (rd->code) return;
  r->n = r->manifest.n_planned;
  r->results = cm_arena_alloc(rd->arena, r->n, sizeof *r->results);
  rd->seen = cm_arena_alloc(rd->arena, r->n, sizeof *rd->seen);
  if (!r->results || !rd->seen) {
    no_memory(rd);
    return;
  }
  const cm_latency none = {-1, -1, -1, -1};
  for (size_t i = 0; i < r->n; i++) {
    cm_str id = r->manifest.planned[i];
    r->results[i] = (cm_result){.id = id, .cluster = id, .state = CM_NOT_RUN, .latency = none};
  }
  rd->begun = true;
}

/* --- results ------------------------------------------------------------------------------ */

static void read_reasons(reader *rd, const cm_json *o, cm_result *out) {
  const cm_json *v = inner(rd, o, "reasons", CM_JSON_ARRAY);
  size_t n = rd->code ? 0 : cm_json_count(v);
  if (n > LIST_MAX) refuse(rd, CM_E_LIMIT, "too many items: reasons", CM_STR(""));
  out->reasons = rd->code ? NULL : cm_arena_alloc(rd->arena, n, sizeof *out->reasons);
  if (!out->reasons) no_memory(rd);
  for (size_t i = 0; out->reasons && !rd->code && i < n; i++) {
    const cm_json *reason = cm_json_at(v, i);
    cm_str judge = text(rd, reason, "judge");
    if (memchr(judge.p, 0, judge.n)) refuse(rd, CM_E_FORMAT, "NUL in a judge's name", CM_STR(""));
    out->reasons[i] = (cm_reason){judge.p, text(rd, reason, "text")};
  }
  out->n_reasons = rd->code ? 0 : n;
}

static void read_case(reader *rd, const cm_json *o, cm_result *out) {
  out->id = text(rd, o, "id");
  out->cluster = text(rd, o, "cluster");
  out->category = text(rd, o, "category");
  out->file = text(rd, o, "file");
  out->line = count(rd, o, "line");
  out->hash = text(rd, o, "hash");
  out->tier = (cm_tier)word(rd, o, "tier", tier_at, CM_TIER_ADVERSARIAL);
  out->gate = (cm_gating)word(rd, o, "gate", gating_at, CM_GATE_TRACK);
  out->subject = (cm_subject)word(rd, o, "subject", subject_at, CM_SUBJECT_OUTPUT);
  out->prompt = text(rd, o, "prompt");
  out->tags = list(rd, o, "tags", LIST_MAX, &out->n_tags);
}

static void read_answer(reader *rd, const cm_json *o, cm_result *out) {
  out->answered = flag(rd, o, "answered");
  out->refused = flag(rd, o, "refused");
  out->uncertain = flag(rd, o, "uncertain");
  out->command = text(rd, o, "command");
  out->confidence = known(rd, o, "confidence");
  out->logprob = known(rd, o, "logprob");
  out->risk = (cm_risk)word(rd, o, "risk", risk_at, CM_CRITICAL);
  out->decision = (cm_decision)word(rd, o, "decision", decision_at, CM_BLOCK);
  out->backend = text(rd, o, "backend");
  out->fallback = list(rd, o, "fallback", LIST_MAX, &out->n_fallback);
  out->attempts = count(rd, o, "attempts");
  out->passes = count(rd, o, "passes");
  const cm_json *tokens = inner(rd, o, "tokens", CM_JSON_OBJECT);
  out->prompt_tokens = count(rd, tokens, "prompt");
  out->output_tokens = count(rd, tokens, "output");
  out->worlds = count(rd, o, "worlds");
}

static void read_measured(reader *rd, const cm_json *o, cm_result *out) {
  const cm_json *ms = inner(rd, o, "latency_ms", CM_JSON_OBJECT);
  const cm_json *measured = inner(rd, o, "measured", CM_JSON_OBJECT);
  out->latency = (cm_latency){measure(rd, ms, "ttft", -1), measure(rd, ms, "total", -1),
                              measure(rd, ms, "check", -1), measure(rd, ms, "exec", -1)};
  out->peak_rss_mb = measure(rd, measured, "peak_rss_mb", 0);
  out->cached_tokens = count(rd, measured, "cached_tokens");
  out->retries = count(rd, measured, "retries");
}

/* Equal but for what was measured. */
static bool same(const cm_result *x, const cm_result *y) {
  cm_buf b[2];
  for (int i = 0; i < 2; i++) {
    cm_jw w;
    cm_buf_init(&b[i], CM_RUN_BYTES_MAX);
    cm_jw_init(&w, &b[i], 0);
    cm_jw_begin_object(&w);
    cm_result_members(&w, i ? y : x, false);
    cm_jw_end_object(&w);
  }
  bool equal = !b[0].overflow && !b[1].overflow &&
               cm_str_eq((cm_str){b[0].p, b[0].n}, (cm_str){b[1].p, b[1].n});
  cm_buf_close(&b[0]);
  cm_buf_close(&b[1]);
  return equal;
}

static void read_result(reader *rd, const cm_json *o) {
  cm_result out = {0};
  if (!rd->begun) refuse(rd, CM_E_FORMAT, "a result before the manifest", CM_STR(""));
  read_case(rd, o, &out);
  out.state = (cm_state)word(rd, o, "state", state_at, CM_STATES - 1);
  read_reasons(rd, o, &out);
  out.quarantined = flag(rd, o, "quarantined");
  if (cm_json_get(o, "quarantine_until")) out.quarantine_until = text(rd, o, "quarantine_until");
  if (cm_json_get(o, "danger")) out.danger = flag(rd, o, "danger");
  out.safety_miss = flag(rd, o, "safety_miss");
  read_answer(rd, o, &out);
  read_measured(rd, o, &out);
  if (rd->code) return;
  const entry key = {out.id, 0};
  const entry *found =
      rd->r->n ? bsearch(&key, rd->index, rd->r->n, sizeof *rd->index, by_id) : NULL;
  if (!found) {
    refuse(rd, CM_E_FORMAT, "a result that wasn't planned: ", out.id);
    return;
  }
  cm_result *slot = &rd->r->results[found->at];
  if (!rd->seen[found->at]) *slot = out;
  else if (!same(slot, &out)) refuse(rd, CM_E_FORMAT, "two different results of ", out.id);
  rd->seen[found->at] = true;
}

static void read_end(reader *rd, const cm_json *o) {
  if (!rd->begun) refuse(rd, CM_E_FORMAT, "an end before the manifest", CM_STR(""));
  rd->r->wall_seconds = measure(rd, o, "wall_seconds", 0);
  rd->r->peak_rss_mb = measure(rd, o, "peak_rss_mb", 0);
  rd->ended = true;
}

static void read_accepted(reader *rd, const cm_json *o) {
  if (rd->begun || rd->accepted)
    refuse(rd, CM_E_FORMAT, "only the first line can accept a baseline", CM_STR(""));
  if (!cm_str_is(peek(rd, o, "schema"), "cmdai.run/1"))
    refuse(rd, CM_E_FORMAT, "another schema than cmdai.run/1", CM_STR(""));
  rd->r->accepted_when = text(rd, o, "when");
  rd->r->accepted_reason = text(rd, o, "reason");
  rd->accepted = true;
}

/* --- lines -------------------------------------------------------------------------------- */

static void read_line(reader *rd, cm_str line) {
  cm_json *root;
  cm_err why = {0};
  cm_code code = cm_json_parse(line, CM_JSON_LIMITS, &root, &why);
  if (code) {
    refuse(rd, code, "", cm_str_of(why.msg));
    return;
  }
  cm_str kind = peek(rd, root, "kind");
  if (cm_str_is(kind, "manifest")) read_manifest(rd, root);
  else if (cm_str_is(kind, "result")) read_result(rd, root);
  else if (cm_str_is(kind, "end")) read_end(rd, root);
  else if (cm_str_is(kind, "accepted")) read_accepted(rd, root);
  else refuse(rd, CM_E_FORMAT, "an unknown kind of line: ", kind);
  cm_json_free(root);
}

/* What there is without an end line, too. */
static void finish(reader *rd) {
  cm_record *r = rd->r;
  r->complete = rd->ended;
  for (size_t i = 0; i < r->n; i++) {
    if (r->results[i].state == CM_NOT_RUN) r->complete = false;
    if (r->results[i].peak_rss_mb > r->peak_rss_mb) r->peak_rss_mb = r->results[i].peak_rss_mb;
  }
}

cm_code cm_record_read(cm_record *r, cm_str text, cm_str name, cm_arena *a, cm_err *e) {
  reader rd = {.r = r, .arena = a, .name = name, .e = e};
  *r = (cm_record){0};
  if (rd.name.n > 99) rd.name.n = cm_utf8_complete(rd.name.p, 99);
  if (text.n > CM_RUN_BYTES_MAX)
    refuse(&rd, CM_E_LIMIT, "the run file is larger than 256 MiB", CM_STR(""));
  for (cm_str line; !rd.code && text.n;) {
    if (!memchr(text.p, '\n', text.n)) break; /* cut off */
    rd.line++;
    if (cm_str_line(&text, &line)) read_line(&rd, line);
  }
  if (!rd.begun) refuse(&rd, CM_E_FORMAT, "no manifest: this isn't a run file", CM_STR(""));
  if (rd.code) *r = (cm_record){0};
  else finish(&rd);
  return rd.code;
}
