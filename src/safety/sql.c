#include "safety/sql.h"

#include <string.h>

#include "sh/resolve.h"

enum { FIRST_MAX = 8, GROUP_MAX = 4 };

/* A statement while its tokens go by. */
typedef struct reading {
  cm_sql_statement *out;
  cm_sql_token first[FIRST_MAX]; /* its first words, without EXPLAIN in front */
  size_t n_first;
  cm_sql_token before, before2; /* the two tokens before the one at hand */
  unsigned depth, verb_depth;   /* of parentheses */
  bool explains, analyzes;
  bool drops, everything, superuser, into, prints; /* words that were seen */
  bool closed;           /* behind ORDER BY, LIMIT or RETURNING, which hold no condition … */
  unsigned closed_depth; /* … of these parentheses or inner ones */
  bool where, always;    /* WHERE, and a condition that is always true */
  cm_sql_token group[GROUP_MAX]; /* tokens since WHERE or OR, at most */
  size_t n_group;
  bool wants_shell, wants_file; /* the next string is a command, a file */
  cm_sql_kind inside;           /* of a DELETE or UPDATE in a WITH */
  bool with;
} reading;

static void raise_kind(cm_sql_statement *s, cm_sql_kind kind) {
  if (kind > s->kind) s->kind = kind;
}

/* --- WHERE ----------------------------------------------------------------------------------- */

static bool same_text(const cm_sql_token *a, const cm_sql_token *b) {
  return a->type == b->type && cm_str_eq(a->text, b->text);
}

/* 1, TRUE, 1=1, 'a'='a', x=x */
static bool is_always(const reading *r) {
  const cm_sql_token *g = r->group;
  if (r->n_group == 1)
    return cm_sql_is(g, "true") || (g->type == CM_SQL_NUMBER && !cm_str_is(g->text, "0"));
  return r->n_group == 3 && cm_sql_is(&g[1], "=") && same_text(&g[0], &g[2]);
}

static void end_group(reading *r) {
  if (r->where && is_always(r)) r->always = true;
  r->n_group = 0;
}

static void note_condition(reading *r, const cm_sql_token *t) {
  if (r->closed && r->depth >= r->closed_depth) return;
  r->closed = false;
  if (cm_sql_is(t, "where") && r->depth == r->verb_depth) {
    r->where = true;
    r->n_group = 0;
  } else if (r->where && cm_sql_is(t, "or|returning|limit|order")) {
    end_group(r);
    r->closed = !cm_sql_is(t, "or");
    r->closed_depth = r->depth;
  } else if (r->where && !cm_sql_is(t, "(|)")) {
    if (r->n_group < GROUP_MAX) r->group[r->n_group++] = *t;
  }
}

static cm_sql_kind row_kind(const reading *r) {
  return r->where && !r->always ? CM_SQL_CHANGES : CM_SQL_LOSES;
}

/* --- words with a meaning wherever they stand ------------------------------------------------ */

static bool is_text(const cm_sql_token *t) {
  return t->type == CM_SQL_STRING || (t->type == CM_SQL_WORD && t->quoted);
}

static void note_string(reading *r, const cm_sql_token *t) {
  if (r->wants_shell) {
    r->out->shell = t->text;
    r->out->server = true;
  }
  if (r->wants_file) r->out->file = t->text;
  r->wants_shell = r->wants_file = false;
  if (cm_str_is(t->text, "xp_cmdshell")) raise_kind(r->out, CM_SQL_RIGHTS);
}

/* A call whose name stands in front of a parenthesis. */
static void note_call(reading *r, const cm_sql_token *name) {
  if (cm_sql_is(name,
                "pg_terminate_backend|pg_cancel_backend|setval|pg_reload_conf|pg_switch_wal|"
                "lo_import|lo_unlink|pg_promote|dblink_exec|set_config"))
    raise_kind(r->out, CM_SQL_CHANGES);
  if (cm_sql_is(name, "pg_drop_replication_slot|lo_unlink|pg_file_unlink|pg_file_rename"))
    raise_kind(r->out, CM_SQL_LOSES);
  if (cm_sql_is(name, "load_extension|dblink_exec|pg_execute_server_program"))
    raise_kind(r->out, CM_SQL_UNKNOWN);
  if (cm_sql_is(name, "sys_exec|sys_eval|shell|system")) r->wants_shell = true;
  if (cm_sql_is(name, "lo_export|pg_file_write|writefile")) r->wants_file = true;
}

static void note_word(reading *r, const cm_sql_token *t) {
  if (cm_sql_is(t, "analyze|analyse")) r->analyzes = true;
  if (cm_sql_is(t, "all") && cm_sql_is(&r->before, "grant")) r->everything = true;
  if (cm_sql_is(t, "superuser|sysadmin|super|dba|rds_superuser")) r->superuser = true;
  if (cm_sql_is(t, "into")) r->into = true;
  if (cm_sql_is(t, "program|xp_cmdshell")) r->wants_shell = true;
  if (cm_sql_is(t, "outfile|dumpfile")) r->wants_file = true;
  if (cm_sql_is(t, "to") && cm_sql_is(&r->first[0], "copy|backup|unload|export|vacuum"))
    r->wants_file = true;
  if (cm_sql_is(t, "stdout") && r->wants_file) {
    r->wants_file = false;
    r->prints = true;
  }
}

/* DROP in ALTER TABLE: a column or partition is data, a default or constraint isn't. */
static void note_drop(reading *r, const cm_sql_token *t) {
  if (!cm_sql_is(&r->before, "drop")) return;
  if (!cm_sql_is(t,
                 "not|default|constraint|index|key|primary|foreign|check|identity|expression|"
                 "attribute"))
    r->drops = true;
}

/* The verb of a statement inside WITH, or behind a parenthesis of one. */
static void note_inner_verb(reading *r, const cm_sql_token *t) {
  bool deletes = cm_sql_is(t, "from") && cm_sql_is(&r->before, "delete");
  bool updates =
      cm_sql_is(t, "update") && cm_sql_is(&r->before, "(|)") && !cm_sql_is(&r->before2, "for");
  if (deletes || updates) {
    r->inside = CM_SQL_LOSES;
    r->verb_depth = r->depth;
    r->where = r->always = r->closed = false;
  }
  if (cm_sql_is(t, "into") && cm_sql_is(&r->before, "insert|merge") && r->inside < CM_SQL_CHANGES)
    r->inside = CM_SQL_CHANGES;
}

/* --- statements ------------------------------------------------------------------------------ */

static bool first_is(const reading *r, size_t i, const char *keywords) {
  return i < r->n_first && cm_sql_is(&r->first[i], keywords);
}

/* What a block of code loses is looked for in all its words, also in strings in it. */
static bool names_loss(cm_str body, int depth) {
  cm_sql_token t;
  do {
    t = cm_sql_take(&body, 0, false);
    if (cm_sql_is(&t, "drop|truncate|delete")) return true;
    if (t.type == CM_SQL_STRING && depth && names_loss(t.text, depth - 1)) return true;
  } while (t.type != CM_SQL_END);
  return false;
}

static cm_sql_kind alter_kind(const reading *r) {
  if (r->superuser || first_is(r, 1, "system")) return CM_SQL_RIGHTS;
  for (size_t i = 1; i + 1 < r->n_first; i++)
    if (first_is(r, i, "disable") && first_is(r, i + 1, "row")) return CM_SQL_RIGHTS;
  return r->drops ? CM_SQL_LOSES : CM_SQL_CHANGES;
}

static cm_sql_kind code_kind(const reading *r, cm_str whole) {
  bool starts =
      r->n_first == 1 ||
      first_is(r, 1, "transaction|tran|work|isolation|read|deferred|immediate|exclusive");
  if (first_is(r, 0, "begin") && starts) return CM_SQL_READS;
  return names_loss(whole, 3) ? CM_SQL_LOSES : CM_SQL_CHANGES;
}

static cm_sql_kind reset_kind(const reading *r) {
  return first_is(r, 1, "master|slave|replica|binary") ? CM_SQL_LOSES : CM_SQL_READS;
}

static cm_sql_kind select_kind(const reading *r) {
  if (first_is(r, 0, "with") && r->inside)
    return r->inside == CM_SQL_LOSES ? row_kind(r) : r->inside;
  return r->into && !r->out->file.n ? CM_SQL_CHANGES : CM_SQL_READS;
}

static const char reading_verbs[] =
    "select|with|values|table|show|explain|describe|desc|help|use|set|start|commit|end|rollback|"
    "abort|savepoint|release|fetch|move|close|pragma|listen|unlisten|print|checkpoint|analyze|"
    "analyse|go|list|delimiter|consistency|tracing|paging|expand|exit|quit|status|prompt|spool|"
    "whenever|column|connect|backup|check|check_table|from|summarize|ping|return|if|prepare|"
    "deallocate|waitfor|exists|let|for";

static cm_sql_kind verb_kind(const reading *r, cm_str whole) {
  if (first_is(r, 0, "drop"))
    return first_is(r, 1, "temporary|temp") ? CM_SQL_CHANGES : CM_SQL_LOSES;
  if (first_is(r, 0, "truncate|purge|flashback")) return CM_SQL_LOSES;
  if (first_is(r, 0, "restore")) return CM_SQL_LOSES;
  if (first_is(r, 0, "delete")) return row_kind(r);
  if (first_is(r, 0, "update")) return first_is(r, 1, "statistics") ? CM_SQL_CHANGES : row_kind(r);
  if (first_is(r, 0, "alter")) return alter_kind(r);
  if (first_is(r, 0, "grant"))
    return r->everything || r->superuser ? CM_SQL_RIGHTS : CM_SQL_CHANGES;
  if (first_is(r, 0, "create")) return r->superuser ? CM_SQL_RIGHTS : CM_SQL_CHANGES;
  if (first_is(r, 0, "set") && first_is(r, 1, "global|persist|password|session_authorization"))
    return CM_SQL_CHANGES;
  if (first_is(r, 0, "reset")) return reset_kind(r);
  if (first_is(r, 0, "do|execute|exec|declare|begin|call")) return code_kind(r, whole);
  if (first_is(r, 0, "select|with|from|values|table")) return select_kind(r);
  if (first_is(r, 0, "copy") && (r->prints || r->out->file.n)) return CM_SQL_READS;
  return first_is(r, 0, reading_verbs) ? CM_SQL_READS : CM_SQL_CHANGES;
}

static void end_statement(reading *r, cm_str whole) {
  end_group(r);
  if (!r->n_first || (r->explains && !r->analyzes)) return;
  if (r->first[0].type == CM_SQL_HIDDEN) raise_kind(r->out, CM_SQL_UNKNOWN);
  else raise_kind(r->out, verb_kind(r, whole));
}

/* EXPLAIN and what belongs to it stand in front of the verb. */
static bool is_prefix(reading *r, const cm_sql_token *t) {
  if (r->n_first) return false;
  if (cm_sql_is(t, "explain|describe|desc")) return r->explains = true;
  if (cm_sql_is(t,
                "(|)|,|analyze|analyse|verbose|format|query|plan|for|costs|buffers|on|off|"
                "json|text|extended|timing"))
    return r->explains || cm_sql_is(t, "(");
  return false;
}

static void take_word(reading *r, const cm_sql_token *t) {
  if (cm_sql_is(t, "(")) r->depth++;
  if (cm_sql_is(t, ")") && r->depth) r->depth--;
  if (cm_sql_is(t, "(") && r->before.type == CM_SQL_WORD) note_call(r, &r->before);
  note_word(r, t);
  note_drop(r, t);
  note_inner_verb(r, t);
  note_condition(r, t);
  if (is_text(t)) note_string(r, t);
  if (!is_prefix(r, t) && r->n_first < FIRST_MAX) {
    if (!r->n_first) r->verb_depth = r->depth;
    r->first[r->n_first++] = *t;
  }
  r->before2 = r->before;
  r->before = *t;
}

/* --- commands of the clients ----------------------------------------------------------------- */

static cm_str first_word(cm_str *line) {
  size_t n = 0;
  while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t') n++;
  cm_str word = {line->p, n};
  *line = cm_str_trim((cm_str){line->p + n, line->n - n});
  return word;
}

static bool is_one(cm_str word, const char *names) {
  cm_sql_token t = {CM_SQL_WORD, word, false};
  return cm_sql_is(&t, names);
}

/* `to '/path'` or `to program '…'` of \copy. */
static void read_copy(cm_str line, cm_sql_statement *out) {
  reading r = {.out = out};
  r.first[0] = (cm_sql_token){CM_SQL_WORD, CM_STR("copy"), false};
  out->kind = CM_SQL_CHANGES;
  for (;;) {
    cm_sql_token t = cm_sql_take(&line, 0, false);
    if (t.type == CM_SQL_END) return;
    note_word(&r, &t);
    if (is_text(&t)) note_string(&r, &t);
    if (out->file.n) out->kind = CM_SQL_READS;
  }
}

static void write_to(cm_str target, cm_sql_statement *out) {
  out->piped = target.n && target.p[0] == '|';
  if (out->piped) out->shell = (cm_str){target.p + 1, target.n - 1};
  else if (target.n > 1 && target.p[0] == '\'') out->file = (cm_str){target.p + 1, target.n - 2};
  else out->file = target;
}

static void read_client(cm_str line, cm_sql_statement *out) {
  *out = (cm_sql_statement){.kind = CM_SQL_READS};
  line = cm_str_trim(line);
  if (line.n && line.p[0] == '!') {
    out->shell = (cm_str){line.p + 1, line.n - 1};
    return;
  }
  cm_str word = first_word(&line);
  if (is_one(word, "shell|system|sh")) out->shell = line;
  else if (is_one(word, "copy")) read_copy(line, out);
  else if (is_one(word, "o|out|w|write|g|gx|output|once|excel|tee|backup|save|log"))
    write_to(line, out);
  else if (is_one(word, "gexec|load")) out->kind = CM_SQL_UNKNOWN;
  else if (is_one(word, "i|ir|include|include_relative|read|import|source|password|restore|clone"))
    out->kind = CM_SQL_CHANGES;
}

/* mysql knows some of its commands without a backslash. */
static bool is_mysql_command(const cm_sql_token *t) { return cm_sql_is(t, "system|source|tee"); }

static void rest_of_line(cm_str *rest, cm_str word, cm_sql_statement *out) {
  const char *end = memchr(rest->p, '\n', rest->n);
  size_t n = end ? (size_t)(end - rest->p) : rest->n;
  read_client((cm_str){word.p, word.n + n}, out);
  *rest = (cm_str){rest->p + n, rest->n - n};
}

bool cm_sql_next(cm_str *rest, unsigned dialect, cm_sql_statement *out) {
  reading r = {.out = out};
  *out = (cm_sql_statement){.kind = CM_SQL_READS};
  *rest = cm_str_trim(*rest);
  cm_str whole = *rest;
  for (;;) {
    cm_str before = *rest;
    cm_sql_token t = cm_sql_take(rest, dialect, !r.n_first);
    if (t.type == CM_SQL_CLIENT && r.n_first) { /* \g and the like end a statement */
      *rest = before;
      t = (cm_sql_token){CM_SQL_END, {0}, false};
    } else if (t.type == CM_SQL_CLIENT) {
      read_client(t.text, out);
      return true;
    }
    if (!r.n_first && (dialect & CM_SQL_MYSQL) && is_mysql_command(&t)) {
      rest_of_line(rest, t.text, out);
      return true;
    }
    if (t.type == CM_SQL_END || cm_sql_is(&t, ";")) {
      whole.n -= rest->n;
      end_statement(&r, whole);
      return whole.n > 0;
    }
    take_word(&r, &t);
  }
}
