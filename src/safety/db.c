#include "safety/db.h"

#include <string.h>

#include "safety/origin.h"
#include "safety/shape.h"

/* --- SQL ------------------------------------------------------------------------------------- */

static void report_kind(cm_judging *j, cm_sql_kind kind, const cm_rword *word, const cm_run *run) {
  switch (kind) {
    case CM_SQL_READS: return;
    case CM_SQL_CHANGES:
      cm_report(j, "db.change", CM_MODERATE, "changes data or tables", run, word->span);
      return;
    case CM_SQL_LOSES:
      cm_report(j, "db.loss", CM_HIGH, "deletes tables, databases or all rows of a table", run,
                word->span);
      return;
    case CM_SQL_RIGHTS:
      cm_report(j, "db.rights", CM_HIGH, "gives strong rights away or changes the server itself",
                run, word->span);
      return;
    case CM_SQL_UNKNOWN: break;
  }
  j->unresolved = true;
  cm_report(j, "db.unknown", CM_MODERATE, "runs a statement that isn't known", run, word->span);
}

/* What \! of these clients starts is a run of its own already. */
static bool is_seen(cm_str program, const cm_sql_statement *s) {
  return !s->server && !s->piped && cm_glob_any(CM_STR("psql|mysql|mariadb|sqlite3"), program);
}

static void judge_statement(cm_judging *j, const cm_sql_statement *s, const cm_rword *word,
                            const cm_run *run) {
  report_kind(j, s->kind, word, run);
  if (s->shell.n && s->server)
    cm_report(j, "db.server-shell", CM_HIGH, "runs a command on the server of the database", run,
              word->span);
  if (s->shell.n && !is_seen(run->program, s)) cm_judge_code(j, s->shell, run);
  if (s->file.n) {
    cm_rword file = {.text = s->file, .span = word->span};
    cm_judge_path(j, "db.write", CM_FX_CREATE, "writes the output to a file", &file, run);
  }
}

void cm_db_sql(cm_judging *j, unsigned dialect, const cm_rword *word, const cm_run *run) {
  cm_str rest = word->text;
  for (cm_sql_statement s; cm_sql_next(&rest, dialect, &s);) judge_statement(j, &s, word, run);
}

/* --- JavaScript of MongoDB ------------------------------------------------------------------- */

static bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$';
}

/* The first argument of a call is {}, or there is none: all documents. */
static bool takes_all(cm_str args) {
  char first[3] = {0};
  size_t n = 0;
  for (size_t i = 0; i < args.n && n < 2; i++)
    if (!strchr(" \t\n\r", args.p[i])) first[n++] = args.p[i];
  return first[0] == ')' || (first[0] == '{' && first[1] == '}');
}

typedef struct call_row {
  const char *names;
  cm_risk risk;
  bool if_all; /* only when it takes all documents; else moderate */
} call_row;

static const call_row calls[] = {
    {"dropDatabase|drop|dropCollection|dropIndexes|dropIndex|dropUser|dropAllUsers|dropRole|"
     "truncate|runProgram|rawMongoProgramRun",
     CM_HIGH, false},
    {"deleteMany|remove", CM_HIGH, true},
    {"insert|insertOne|insertMany|update|updateOne|updateMany|replaceOne|deleteOne|save|bulkWrite|"
     "findOneAndUpdate|findOneAndDelete|findOneAndReplace|findAndModify|createCollection|"
     "createIndex|createIndexes|createUser|updateUser|grantRolesToUser|renameCollection|"
     "shutdownServer|killOp|setProfilingLevel|reconfig|initiate|stepDown|adminCommand|runCommand|"
     "copyDatabase|load|eval|createRole|createView|enableSharding|shardCollection",
     CM_MODERATE, false},
};

static void judge_call(cm_judging *j, cm_str name, cm_str args, const cm_rword *word,
                       const cm_run *run) {
  for (size_t i = 0; i < CM_COUNT(calls); i++) {
    if (!cm_glob_any(cm_str_of(calls[i].names), name)) continue;
    bool loses = calls[i].risk == CM_HIGH && (!calls[i].if_all || takes_all(args));
    report_kind(j, loses ? CM_SQL_LOSES : CM_SQL_CHANGES, word, run);
  }
}

void cm_db_javascript(cm_judging *j, const cm_rword *word, const cm_run *run) {
  cm_str s = word->text;
  if (memchr(s.p, CM_HOLE, s.n) && s.n == 1) report_kind(j, CM_SQL_UNKNOWN, word, run);
  for (size_t i = 0; i < s.n;) {
    size_t from = i;
    while (i < s.n && is_name_char(s.p[i])) i++;
    cm_str name = {s.p + from, i - from};
    while (name.n && i < s.n && strchr(" \t\n\r", s.p[i])) i++;
    if (name.n && i < s.n && s.p[i] == '(')
      judge_call(j, name, (cm_str){s.p + i + 1, s.n - i - 1}, word, run);
    if (!name.n) i++;
  }
}

/* --- Cypher of Neo4j ------------------------------------------------------------------------- */

void cm_db_cypher(cm_judging *j, const cm_rword *word, const cm_run *run) {
  cm_str rest = word->text;
  bool deletes = false, filtered = false, changes = false, drops = false;
  for (;;) {
    cm_sql_token t = cm_sql_take(&rest, 0, false);
    if (t.type == CM_SQL_END) break;
    deletes |= cm_sql_is(&t, "delete");
    drops |= cm_sql_is(&t, "drop");
    changes |= cm_sql_is(&t, "create|merge|set|remove|load");
    filtered |= cm_sql_is(&t, "where|{");
  }
  if (drops || (deletes && !filtered)) report_kind(j, CM_SQL_LOSES, word, run);
  else if (deletes || changes) report_kind(j, CM_SQL_CHANGES, word, run);
}

/* --- Redis ----------------------------------------------------------------------------------- */

typedef struct redis_row {
  const char *first, *second; /* second NULL: any */
  cm_sql_kind kind;
} redis_row;

/* The first row that fits counts; other commands change something. */
static const redis_row redis_rows[] = {
    {"flushall|flushdb", NULL, CM_SQL_LOSES},
    {"config", "get|help|resetstat", CM_SQL_READS},
    {"config", "set|rewrite", CM_SQL_RIGHTS},
    {"module", "load|loadex", CM_SQL_RIGHTS},
    {"module", "list|help", CM_SQL_READS},
    {"debug", NULL, CM_SQL_LOSES},
    {"cluster", "reset|flushslots|forget|failover|delslots|delslotsrange", CM_SQL_LOSES},
    {"cluster", "info|nodes|slots|shards|keyslot|myid|links|countkeysinslot|getkeysinslot",
     CM_SQL_READS},
    {"replicaof|slaveof", "no", CM_SQL_CHANGES},
    {"replicaof|slaveof", NULL, CM_SQL_LOSES},
    {"client", "list|id|info|getname|no-evict|tracking|trackinginfo", CM_SQL_READS},
    {"acl", "list|whoami|users|getuser|cat|log|genpass|dryrun", CM_SQL_READS},
    {"function", "flush|delete", CM_SQL_LOSES},
    {"function|script|memory|latency|object|pubsub|command|slowlog|xinfo",
     "list|exists|stats|usage|doctor|latest|history|encoding|freq|idletime|refcount|channels|"
     "numsub|"
     "count|docs|info|get|len|stream|groups|consumers|help|dump|graph|histogram|malloc-stats|"
     "getkeys",
     CM_SQL_READS},
    {"get|mget|strlen|getrange|substr|exists|keys|scan|type|ttl|pttl|expiretime|dbsize|info|ping|"
     "echo|"
     "hget|hgetall|hmget|hkeys|hvals|hlen|hexists|hscan|hstrlen|hrandfield|lrange|llen|lindex|"
     "lpos|"
     "smembers|scard|sismember|smismember|sscan|srandmember|sinter|sunion|sdiff|zrange|zcard|"
     "zscore|"
     "zrank|zrevrank|zcount|zscan|zrangebyscore|zrevrange|zrevrangebyscore|zmscore|xrange|"
     "xrevrange|"
     "xlen|xread|xpending|bitcount|bitpos|getbit|pfcount|geopos|geodist|geosearch|geohash|monitor|"
     "subscribe|psubscribe|time|lastsave|role|randomkey|auth|select|hello|command|help|quit|exit|"
     "wait|readonly|readwrite|asking|multi|exec|discard|watch|unwatch|json.get|ft.search|ft.info|"
     "ts.range|ts.get|touch|dump|lolwut|sort_ro|bgsave|save|lcs|memory",
     NULL, CM_SQL_READS},
};

static bool same_word(cm_str word, const char *alternatives) {
  cm_sql_token t = {CM_SQL_WORD, word, false};
  return cm_sql_is(&t, alternatives);
}

static cm_sql_kind redis_kind(cm_str first, cm_str second) {
  for (size_t i = 0; i < CM_COUNT(redis_rows); i++) {
    const redis_row *row = &redis_rows[i];
    if (same_word(first, row->first) && (!row->second || same_word(second, row->second)))
      return row->kind;
  }
  if (memchr(first.p, CM_HOLE, first.n)) return CM_SQL_UNKNOWN;
  return CM_SQL_CHANGES;
}

/* Lua can call whatever it likes. */
static bool names_flush(cm_str code) {
  for (cm_sql_token t;;) {
    t = cm_sql_take(&code, 0, false);
    if (t.type == CM_SQL_END) return false;
    if (same_word(t.text, "flushall|flushdb")) return true;
  }
}

/* DEL of what `redis-cli keys '*'` printed. */
static bool deletes_all(cm_str first, const cm_run *run) {
  if (!same_word(first, "del|unlink")) return false;
  for (size_t i = 1; i < run->n; i++) {
    const cm_run *from = cm_origin(run, &run->words[i]);
    if (from && cm_has_word(from, "\\*|--scan") && !cm_has_word(from, "--pattern*")) return true;
  }
  return false;
}

/* CONFIG SET of limits and logging, which neither open the server nor move its files. */
static bool sets_limit(const cm_run *run, size_t at) {
  return at + 2 < run->n && same_word(run->words[at].text, "config") &&
         same_word(run->words[at + 1].text, "set") &&
         cm_glob_any(
             CM_STR("active*|appendfsync|client-*|hash-max-*|hz|latency-*|lazyfree-*|lfu-*|"
                    "list-max-*|loglevel|maxclients|maxmemory*|notify-keyspace-events|"
                    "set-max-*|slowlog-*|tcp-keepalive|timeout|zset-max-*"),
             run->words[at + 2].text);
}

/* With CM_ARGV_STOP the command is what follows the options. */
bool cm_db_redis(cm_judging *j, const cm_run *run) {
  const cm_call *call = &j->call;
  size_t at = 1;
  for (size_t i = 0; i < call->n_options; i++) {
    const cm_arg *arg = &call->options[i];
    size_t next = arg->index + 1 + (arg->at && arg->at != arg->word);
    if (next > at) at = next;
  }
  if (at >= run->n) return false;
  cm_str first = run->words[at].text, second = {0};
  if (at + 1 < run->n) second = run->words[at + 1].text;
  cm_sql_kind kind = redis_kind(first, second);
  if (same_word(first, "eval|eval_ro|fcall") && names_flush(second)) kind = CM_SQL_LOSES;
  if (deletes_all(first, run)) kind = CM_SQL_LOSES;
  if (kind == CM_SQL_RIGHTS && sets_limit(run, at)) kind = CM_SQL_CHANGES;
  report_kind(j, kind, &run->words[at], run);
  return true;
}

static cm_str take_word(cm_str *line) {
  *line = cm_str_trim(*line);
  size_t n = 0;
  while (n < line->n && !strchr(" \t", line->p[n])) n++;
  cm_str word = {line->p, n};
  *line = (cm_str){line->p + n, line->n - n};
  return word;
}

void cm_db_redis_lines(cm_judging *j, const cm_rword *word, const cm_run *run) {
  cm_str rest = word->text;
  for (cm_str line; cm_str_line(&rest, &line);) {
    cm_str first = take_word(&line), second = take_word(&line);
    if (first.n) report_kind(j, redis_kind(first, second), word, run);
  }
}
