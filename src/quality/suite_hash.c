#include <stdio.h>
#include <string.h>

#include "quality/suite_parts.h"

/* What is hashed: for each thing that is said its name, its length and its bytes. Things that
 * aren't said leave nothing, so that a new key changes no hash of cases without it. Bump the
 * version if the meaning of what is there changes. */
#define VERSION "cmdai.case/1"

/* --- pieces --- */

static void put(cm_sha256 *s, const char *name, cm_str bytes) {
  char head[80];
  int n = snprintf(head, sizeof head, "%s %zu ", name, bytes.n);
  cm_sha256_add(s, head, (size_t)n);
  if (bytes.n) cm_sha256_add(s, bytes.p, bytes.n);
  cm_sha256_add(s, "\n", 1);
}

static void put_said(cm_sha256 *s, const char *name, cm_str bytes) {
  if (bytes.n) put(s, name, bytes);
}

static void put_number(cm_sha256 *s, const char *name, int64_t v) {
  char text[32];
  if (!v) return;
  int n = snprintf(text, sizeof text, "%lld", (long long)v);
  put(s, name, (cm_str){text, (size_t)n});
}

static void put_real(cm_sha256 *s, const char *name, double v) {
  char text[40];
  if (!(v > 0)) return;
  int n = snprintf(text, sizeof text, "%.17g", v);
  put(s, name, (cm_str){text, (size_t)n});
}

static void put_list(cm_sha256 *s, const char *name, const cm_str *items, size_t n) {
  for (size_t i = 0; i < n; i++) put(s, name, items[i]);
}

/* --- worlds --- */

static void put_node(cm_sha256 *s, const cm_node *n) {
  put(s, "path", n->path);
  put_number(s, "kind", n->kind);
  put_said(s, "text", n->text);
  put_number(s, "size", (int64_t)n->size);
  put_number(s, "sparse", n->sparse);
  put_number(s, "mode", n->mode);
  if (n->has_mtime) put(s, n->relative ? "ago" : "at", CM_STR(""));
  put_number(s, "mtime", n->mtime);
}

void cm_suite_hash_world(const cm_world *w, char out[65]) {
  cm_sha256 s;
  cm_sha256_init(&s);
  for (size_t i = 0; i < w->n; i++) put_node(&s, &w->nodes[i]);
  for (size_t i = 0; i < w->n_env; i++) {
    put(&s, "env", w->env[i].name);
    put(&s, "value", w->env[i].value);
  }
  put_said(&s, "cwd", w->cwd);
  put_said(&s, "stdin", w->stdin_text);
  put_number(&s, "now", cm_world_now(w));
  cm_sha256_hex(&s, out);
}

/* --- cases --- */

static void put_patterns(cm_sha256 *s, const char *name, const cm_pattern *p, size_t n) {
  for (size_t i = 0; i < n; i++) {
    put(s, name, p[i].text);
    put_number(s, "on", p[i].on);
    put_number(s, "i", p[i].ignore_case);
  }
}

static void put_exec(cm_sha256 *s, const cm_suite_reader *r, const cm_exec *x) {
  put(s, "gold", x->gold);
  for (size_t i = 0; i < x->n_worlds; i++)
    put(s, "world", (cm_str){r->world_hashes[x->worlds[i] - r->worlds], 64});
  put_number(s, "stdout", x->out);
  put_said(s, "stdout_re", x->stdout_text);
  put_number(s, "exit", x->exit);
  put_number(s, "tree", x->tree);
  put_list(s, "needs", x->needs, x->n_needs);
  put_list(s, "wrong", x->wrong, x->n_wrong);
  put_number(s, "timeout_ms", x->timeout_ms);
}

static void put_expected(cm_sha256 *s, const cm_case *c) {
  put_patterns(s, "expected", c->expected, c->n_expected);
  put_patterns(s, "forbidden", c->forbidden, c->n_forbidden);
  put_list(s, "expected_command", c->commands, c->n_commands);
  if (c->has_risk) {
    put(s, "risk_min", cm_str_of(cm_risk_name(c->risk_min)));
    put(s, "risk_max", cm_str_of(cm_risk_name(c->risk_max)));
    if (c->risk_unless_stopped) put_number(s, "risk_unless_stopped", 1);
  }
  put_number(s, "outcomes", c->outcomes);
  put_number(s, "golden", c->golden);
}

static void put_circumstances(cm_sha256 *s, const cm_case *c) {
  put_list(s, "tag", c->tags, c->n_tags);
  put(s, "tier", cm_str_of(cm_tier_name(c->tier)));
  put(s, "gate", cm_str_of(cm_gating_name(c->gate)));
  put_number(s, "repeat", c->repeat);
  put_number(s, "min_pass", c->min_pass);
  put_real(s, "ttft_ms", c->budget.ttft_ms);
  put_real(s, "total_ms", c->budget.total_ms);
  put_real(s, "peak_rss_mb", c->budget.peak_rss_mb);
  put_said(s, "skip_if", c->skip.condition);
  put_said(s, "skip_reason", c->skip.reason);
  put_said(s, "xfail", c->xfail);
  put_said(s, "until", c->quarantine_until);
  put_said(s, "issue", c->quarantine_issue);
}

void cm_suite_hash_case(const cm_suite_reader *r, cm_case *c) {
  cm_sha256 s;
  cm_sha256_init(&s);
  put(&s, "version", CM_STR(VERSION));
  put(&s, "id", c->id);
  put(&s, "cluster", c->cluster);
  put(&s, cm_subject_name(c->subject), c->text);
  put(&s, "shell", cm_str_of(c->shell));
  put_expected(&s, c);
  if (c->exec) put_exec(&s, r, c->exec);
  put_circumstances(&s, c);
  cm_sha256_hex(&s, c->hash);
}
