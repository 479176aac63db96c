/* Clients of databases. What they would do is in the text they are given: SQL (sql.h), commands of
 * Redis, JavaScript of MongoDB (db_other.c). */
#include "safety/db.h"
#include "safety/packs.h"

#define PSQL                                                                        \
  "command= file= dbname= host= port= username= variable= output= log-file= pset= " \
  "field-separator= record-separator= table-attr= set= list echo-all quiet single-transaction "
#define MYSQL                                                                                 \
  "execute= database= host= port= user= password=? socket= protocol= default-character-set= " \
  "init-command= tee= delimiter= pager= ssl-ca= ssl-cert= ssl-key= defaults-file= "           \
  "defaults-extra-file= defaults-group-suffix= login-path= connect-timeout= max-allowed-packet= "
#define REDIS                                                                                    \
  "user= pass= askpass eval= pattern= rdb= functions-rdb= show-pushes= quoted-pattern= count= "  \
  "cluster= cluster-replicas= tls cacert= cert= key= sni= intrinsic-latency= lru-test= latency " \
  "scan bigkeys memkeys hotkeys stat pipe pipe-timeout= no-auth-warning csv json raw "

static const cm_program programs[] = {
    {"arangosh|couchbase-cli|cbq|mongo-express", "c:u:p:e:b:s:",
     "server.endpoint= javascript.execute= javascript.execute-string= cluster= username= "
     "password= bucket= script=",
     0, CM_SAFE},
    {"beeline|hive|impala-shell|spark-sql|presto|trino|athenacli|snowsql|vsql|exasol|exaplus",
     "e:f:q:u:n:p:i:d:o:c:h:U:w:",
     "execute= query= file= server= catalog= schema= database= output_file= command= filename= "
     "host= user= password=",
     0, CM_SAFE},
    {"clickhouse|clickhouse-client|clickhouse-local|chdb", "q:h:u:d:",
     "query= queries-file= host= port= user= password= database= format= multiquery param= time",
     0, CM_SAFE},
    {"cockroach|dolt sql", "e:d:u:q:f:r:",
     "execute= url= host= database= user= query= file= certs-dir= insecure", 0, CM_SAFE},
    {"cockroach|dolt|sqlx-cli", "e:d:u:q:",
     "execute= url= host= database= user= query= file= certs-dir= insecure", 0, CM_MODERATE},
    {"cqlsh", "e:f:u:p:k:",
     "execute= file= username= password= keyspace= cqlshrc= connect-timeout= ssl", 0, CM_SAFE},
    {"cypher-shell",
     "a:u:p:d:f:P:", "address= username= password= database= file= param= format=", 0, CM_SAFE},
    {"db2|isql|isql-fb|osql|sqlplus|sql|rqlite|surreal|tsql|bteq|nzsql", "S:U:P:D:H:d:t:", NULL, 0,
     CM_SAFE},
    {"duckdb", "c:s:f:", "cmd= init= separator= newline= nullvalue=", CM_ARGV_DASH, CM_SAFE},
    {"influx", "b:o:t:p:",
     "execute= database= host= port= username= password= bucket= org= token= predicate= start= "
     "stop= file= id= name= format= type= path=",
     CM_ARGV_DASH, CM_MODERATE},
    {"memcached-tool|memcstat|memccat|memcdump", NULL, NULL, 0, CM_SAFE},
    {"mongo|mongosh", "u:p:f:h:",
     "eval= file= host= port= username= password= authenticationDatabase= tls json=? quiet", 0,
     CM_SAFE},
    {"mysql|mariadb|mycli|mysqlsh|tidb|perconasql",
     "e:D:h:P:u:p::S:", MYSQL "file= sql js py uri=", 0, CM_SAFE},
    {"pgcli|psql|psql.bin|vcluster-psql", "c:d:f:h:p:U:v:o:L:P:F:R:T:", PSQL, 0, CM_SAFE},
    {"redis-cli|valkey-cli|keydb-cli|dragonfly-cli|iredis", "h:p:s:a:u:n:r:i:d:D:t:X:", REDIS,
     CM_ARGV_STOP, CM_SAFE},
    {"sqlcmd|bcp", "S:U:P:d:Q:q:i:o:v:t:l:h:s:w:", NULL, 0, CM_SAFE},
    {"sqlite3|sqlite|sqlcipher|litecli|usql|libsql", "c:f:e:",
     "cmd= init= separator= newline= nullvalue= maxsize= mmap= vfs= lookaside= pagecache= "
     "command= file= readonly "
     "execute=",
     CM_ARGV_DASH, CM_SAFE},
};

static const cm_rule rules[] = {
    {"db.write", "psql|pgcli @-o|--output|-L|--log-file", CM_FX_CREATE,
     "writes the output to a file"},
    {"db.write", "mysql|mariadb @--tee", CM_FX_CREATE, "writes the output to a file"},
    {"db.write", "sqlcmd @-o", CM_FX_CREATE, "writes the output to a file"},
    {"db.write", "sqlite3|sqlite|duckdb @1", CM_FX_CREATE, "makes or opens a database file"},
    {"db.write", "redis-cli|valkey-cli @--rdb|--functions-rdb", CM_FX_CREATE,
     "writes a copy of the data"},
    {"db.file", "psql|pgcli -f|--file", CM_FX_MODERATE, "runs the SQL of a file"},
    {"db.file",
     "beeline|hive|impala-shell|spark-sql|presto|trino|snowsql|vsql|cqlsh|cypher-shell -f|--file",
     CM_FX_MODERATE, "runs the statements of a file"},
    {"db.file", "clickhouse|clickhouse-client --queries-file", CM_FX_MODERATE,
     "runs the SQL of a file"},
    {"db.file", "sqlite3|duckdb --init", CM_FX_MODERATE, "runs the SQL of a file"},
    {"db.file", "sqlcmd -i", CM_FX_MODERATE, "runs the SQL of a file"},
    {"db.file", "mongo|mongosh -f|--file", CM_FX_MODERATE, "runs the code of a file"},
    {"db.file", "mongo|mongosh ~*.js", CM_FX_MODERATE, "runs the code of a file"},
    {"db.file", "mysqlsh -f|--file", CM_FX_MODERATE, "runs the statements of a file"},
    {"db.file", "sqlplus ~\\@*", CM_FX_MODERATE, "runs the SQL of a file"},
    {"db.file", "redis-cli|valkey-cli --eval|--pipe", CM_FX_MODERATE,
     "runs the commands of a file"},
    {"db.file", "bcp * in", CM_FX_MODERATE, "loads rows into a table"},
    {"db.file", "bcp * out|queryout @1", CM_FX_CREATE, "writes rows to a file"},

    {"db.store", "influx delete", CM_FX_HIGH, "deletes stored data"},
    {"db.store", "influx bucket|org|user|auth|task|stack delete|rm", CM_FX_HIGH,
     "deletes stored data"},
    {"db.store", "influx restore --full", CM_FX_HIGH, "replaces all data"},
    {"db.store", "influx query|ping|version|backup|export|config|help", CM_FX_SAFE, "reads"},
    {"db.store", "influx bucket|org|user|auth|task|stack list|find|ls", CM_FX_SAFE, "reads"},
    {"db.store", "influx --execute", CM_FX_SAFE, "its text is looked at"},
    {"db.store", "influx write|setup|apply|restore|task", CM_FX_MODERATE, "changes stored data"},
    {"db.store", "couchbase-cli bucket-delete|bucket-flush|node-reset|failover", CM_FX_HIGH,
     "deletes stored data"},
    {"db.store", "couchbase-cli *-create|*-edit|setting-*|user-manage|rebalance|server-add",
     CM_FX_MODERATE, "changes the store"},
    {"db.store", "cockroach node|debug decommission|drain|reset-quorum|zip", CM_FX_HIGH,
     "takes a node out of the cluster"},
    {"db.store", "cockroach version|demo|gen|init|start|start-single-node|cert", CM_FX_SAFE,
     "starts a server"},
    {"db.store", "dolt reset --hard", CM_FX_HIGH, "throws uncommitted work away"},
    {"db.store", "dolt push -f|--force", CM_FX_HIGH, "overwrites commits on the remote"},
    {"db.store", "dolt table|branch rm|-D", CM_FX_HIGH, "deletes stored data"},
    {"db.store",
     "dolt add|commit|log|status|diff|show|ls|clone|init|fetch|schema|version|blame|dump",
     CM_FX_SAFE, "reads or commits"},
};

/* --- where the text is ----------------------------------------------------------------------- */

enum { STDIN = 4, JAVASCRIPT = 8, REDIS_COMMANDS = 16, CYPHER = 32 };

typedef struct client {
  const char *programs, *options; /* '|' between */
  unsigned char operand;          /* number of the first operand that is text; 0: none */
  unsigned char how;              /* CM_SQL_… and the flags above */
} client;

static const client clients[] = {
    {"arangosh", "javascript.execute-string", 0, STDIN | JAVASCRIPT},
    {"beeline|hive|spark-sql", "e", 0, STDIN | CM_SQL_MYSQL},
    {"bq", "", 2, CM_SQL_MYSQL},
    {"cbq", "s|script", 0, STDIN},
    {"clickhouse|clickhouse-client|clickhouse-local", "q|query", 0, STDIN | CM_SQL_MYSQL},
    {"cockroach", "e|execute", 0, STDIN | CM_SQL_NESTS},
    {"cqlsh", "e|execute", 0, STDIN},
    {"cypher-shell", "", 1, STDIN | CYPHER},
    {"bteq|isql|isql-fb|nzsql|osql|rqlite|sqlplus|surreal|tsql", "q|Q", 0, STDIN},
    {"db2", "", 1, STDIN},
    {"dolt", "q|query", 0, STDIN | CM_SQL_MYSQL},
    {"duckdb", "c|cmd|s", 2, STDIN},
    {"heroku", "c|command", 0, CM_SQL_NESTS},
    {"impala-shell|vsql", "q|query|c|command", 0, STDIN},
    {"influx", "execute", 0, 0},
    {"mongo|mongosh", "eval", 0, STDIN | JAVASCRIPT},
    {"mysql|mariadb|mycli|mysqlsh", "e|execute|init-command|sql", 0, STDIN | CM_SQL_MYSQL},
    {"pgcli|psql", "c|command", 0, STDIN | CM_SQL_NESTS},
    {"presto|trino", "execute", 0, STDIN},
    {"redis-cli|valkey-cli|keydb-cli|dragonfly-cli|iredis", "", 1, STDIN | REDIS_COMMANDS},
    {"snowsql", "q|query", 0, STDIN},
    {"sqlcmd|bcp", "Q|q", 0, STDIN | CM_SQL_NESTS},
    {"sqlite3|sqlite|sqlcipher|litecli|libsql", "cmd|e|execute", 2, STDIN},
    {"usql", "c|command", 0, STDIN | CM_SQL_NESTS},
    {"wrangler", "command", 0, 0},
    {"turso", "", 4, 0},
    {"wp", "", 3, CM_SQL_MYSQL},
    {"drush", "", 2, CM_SQL_MYSQL},
};

static const client *find_client(cm_str program) {
  for (size_t i = 0; i < CM_COUNT(clients); i++)
    if (cm_glob_any(cm_str_of(clients[i].programs), program)) return &clients[i];
  return NULL;
}

static void judge_text(cm_judging *j, const client *c, const cm_rword *word, const cm_run *run) {
  if (c->how & JAVASCRIPT) cm_db_javascript(j, word, run);
  else if (c->how & CYPHER) cm_db_cypher(j, word, run);
  else if (c->how & REDIS_COMMANDS) cm_db_redis_lines(j, word, run);
  else cm_db_sql(j, c->how & (CM_SQL_NESTS | CM_SQL_MYSQL), word, run);
}

static bool judge_options(cm_judging *j, const client *c, const cm_run *run) {
  bool any = false;
  for (size_t i = 0; i < j->call.n_options; i++) {
    const cm_arg *arg = &j->call.options[i];
    if (!arg->has_value || !cm_glob_any(cm_str_of(c->options), arg->name)) continue;
    cm_rword word = *(arg->at ? arg->at : arg->word);
    word.text = arg->value;
    judge_text(j, c, &word, run);
    any = true;
  }
  return any;
}

static bool judge_operands(cm_judging *j, const client *c, const cm_run *run) {
  bool any = false;
  for (size_t i = c->operand ? c->operand - 1u : SIZE_MAX; i < j->call.n_operands; i++) {
    judge_text(j, c, j->call.operands[i].at, run);
    any = true;
  }
  return any;
}

static bool reads_file(const cm_run *run) {
  for (size_t i = 0; i < run->n_redirs; i++)
    if (run->redirs[i].op == CM_REDIR_READ && run->redirs[i].fd == 0) return true;
  return false;
}

/* Its stdin, or that of the wrapper that starts it (docker exec -i db psql < dump.sql). */
static bool is_fed(const cm_run *run) {
  for (; run; run = run->via)
    if (run->in || reads_file(run)) return true;
  return false;
}

static void judge_stdin(cm_judging *j, const client *c, const cm_run *run) {
  if (run->in_text) judge_text(j, c, run->in_text, run);
  else if (is_fed(run))
    cm_report(j, "db.stdin", CM_MODERATE, "runs statements that come from elsewhere", run,
              run->span);
}

/* Several programs are only clients with the right subcommand. */
static bool is_client(const cm_call *call, cm_str program) {
  static const char *const needs[][2] = {
      {"bq", "query"},    {"cockroach", "sql"},
      {"dolt", "sql"},    {"heroku", "pg:psql"},
      {"wrangler", "d1"}, {"turso", "db"},
      {"wp", "db"},       {"drush", "sql:query|sqlq|sql-query"}};
  for (size_t i = 0; i < CM_COUNT(needs); i++)
    if (cm_str_is(program, needs[i][0]))
      return call->n_operands && cm_glob_any(cm_str_of(needs[i][1]), call->operands[0].value);
  return true;
}

void cm_db_look(cm_judging *j, const cm_run *run) {
  const client *c = find_client(j->known.name);
  if (!c || !is_client(&j->call, j->known.name)) return;
  if (c->how & REDIS_COMMANDS) {
    if (cm_db_redis(j, run)) return;
    judge_stdin(j, c, run);
    return;
  }
  bool any = judge_options(j, c, run);
  any |= judge_operands(j, c, run);
  if (!any && (c->how & STDIN)) judge_stdin(j, c, run);
}

const cm_pack cm_pack_db = {"db",  programs,        CM_COUNT(programs),
                            rules, CM_COUNT(rules), cm_db_look};
