/* Around databases: servers, dumps, administration, queues, and schema migrations. */
#include "safety/db.h"
#include "safety/packs.h"

#define PG                                                                                      \
  "host= port= username= dbname= maintenance-db= file= format= jobs= table= schema= "           \
  "exclude-table= "                                                                             \
  "exclude-schema= encoding= owner= template= tablespace= role= compress= section= superuser= " \
  "lock-wait-timeout= clean create list if-exists data-only schema-only no-owner force "        \
  "interactive pgdata= connection-limit= "
#define MY                                                                                      \
  "user= password=? host= port= socket= databases all-databases result-file= where= tables "    \
  "single-transaction default-character-set= defaults-file= defaults-extra-file= delete force " \
  "add-drop-table add-drop-database no-data routines "
#define MONGO                                                                                 \
  "host= port= username= password= db= collection= out= uri= authenticationDatabase= query= " \
  "gzip "                                                                                     \
  "archive=? nsInclude= nsExclude= nsFrom= nsTo= file= type= fields= drop dir= dryRun jsonArray "
#define KAFKA                                                                               \
  "bootstrap-server= zookeeper= topic= partitions= replication-factor= config= group= "     \
  "command-config= entity-type= entity-name= add-config= delete-config= offset-json-file= " \
  "to-offset= reassignment-json-file= topics-to-move-json-file= cluster-id= list describe " \
  "create "                                                                                 \
  "alter delete execute reset-offsets dry-run verify generate"

static const cm_program programs[] = {
    {"alembic", "c:n:x:", "config= name= sql rev-id= autogenerate message=", 0, CM_MODERATE},
    {"artisan", NULL, "env= database= seed force path= step=", 0, CM_MODERATE},
    {"barman|pgbackrest|wal-g|wal-e|pg_probackup|pg_rman|xtrabackup|mariabackup|mydumper|myloader",
     "o:t:u:p:d:B:h:",
     "stanza= type= target= target-dir= backup-dir= user= password= datadir= config= outputdir= "
     "directory= "
     "repo= set= confirm overwrite-tables",
     0, CM_MODERATE},
    {"clusterdb|reindexdb|vacuumdb|pg_repack|pg_squeeze", "h:p:U:d:t:j:S:", PG, 0, CM_MODERATE},
    {"createdb|createuser", "h:p:U:O:D:E:T:l:c:g:", PG, 0, CM_MODERATE},
    {"curator|curator_cli|elasticdump|es-rally|elasticsearch-plugin", NULL,
     "config= host= input= output= type= "
     "dry-run",
     0, CM_MODERATE},
    {"dbmate|goose|sqlx|diesel|atlas|sqitch|skeema|yoyo|tern|pgroll|graphile-migrate|"
     "drizzle-kit|"
     "kysely|node-pg-migrate|db-migrate|migrate-mongo|umzug|mikro-orm|objection|typeorm|knex|"
     "sequelize|"
     "sequelize-cli|prisma|ecto|phinx|doctrine|propel|aerich|dbt|soda|sqlfluff|mage",
     "d:u:e:p:n:",
     "database= url= env= path= source= schema= config= dir= env-file= force dry-run all step= "
     "to= "
     "force-reset accept-data-loss full-refresh dry_run",
     0, CM_MODERATE},
    {"django-admin|manage.py", "v:",
     "settings= pythonpath= database= verbosity= plan list check dry-run noinput", 0, CM_SAFE},
    {"dropdb|dropuser", "h:p:U:", PG, 0, CM_HIGH},
    {"drush|drupal|wp",
     "r:l:", "root= uri= path= url= user= ssh= allow-root yes force dry-run all sql-mode=", 0,
     CM_MODERATE},
    {"flyway|liquibase", NULL,
     "url= user= username= password= configFiles= locations= schemas= changelog-file= "
     "changeLogFile= driver= "
     "defaultsFile= defaults-file= tag= count= date=",
     CM_ARGV_DASH, CM_MODERATE},
    {"initdb|pg_basebackup|pg_createcluster|pg_verifybackup|pg_receivewal", "D:h:p:U:E:A:X:F:",
     "pgdata= host= port= username= auth= encoding= locale= format= wal-method=", 0, CM_SAFE},
    {"kafka-acls|kafka-configs|kafka-consumer-groups|kafka-delete-records|kafka-topics|"
     "kafka-reassign-partitions|kafka-storage|kafka-streams-application-reset|kafka-acls.sh|"
     "kafka-configs.sh|kafka-consumer-groups.sh|kafka-delete-records.sh|kafka-topics.sh|"
     "kafka-reassign-partitions.sh|kafka-storage.sh",
     "t:c:", KAFKA, 0, CM_MODERATE},
    {"kafka-console-consumer|kafka-console-producer|kafka-console-consumer.sh|kafka-console-"
     "producer.sh|"
     "kcat|kafkacat|kafka-get-offsets|kafka-get-offsets.sh|kafka-dump-log",
     "b:t:X:G:", KAFKA "property= max-messages= partition=", 0, CM_SAFE},
    {"kafka-server-start|kafka-server-stop|kafka-server-start.sh|kafka-server-stop.sh|"
     "zookeeper-server-start|zookeeper-server-stop|zookeeper-server-start.sh|zookeeper-server-"
     "stop.sh|"
     "zkServer.sh",
     NULL, NULL, 0, CM_MODERATE},
    {"memcached|mongod|mongos|mysqld|mysqld_safe|mariadbd|postgres|redis-server|redis-sentinel|"
     "valkey-server|influxd|elasticsearch|opensearch|rabbitmq-server|clickhouse-server|pgbouncer|"
     "neo4j-admin|"
     "neo4j",
     "f:c:D:p:h:u:", "config= dbpath= port= datadir= from= to= database=", 0, CM_MODERATE},
    {"migrate", NULL, "path= database= source= lock-timeout= ext= dir=", CM_ARGV_DASH,
     CM_MODERATE},
    {"mongodump|mongoexport|mongofiles|mongostat|mongotop|bsondump", "h:u:p:d:c:o:q:", MONGO, 0,
     CM_SAFE},
    {"mongoimport|mongorestore", "h:u:p:d:c:", MONGO, 0, CM_MODERATE},
    {"mysql_config|mysqlbinlog|mysqldump|mysqlpump|mysqlshow|mysqlslap|mariadb-dump|mariadb-show|"
     "mariadb-binlog|"
     "mysqldumpslow|perror|innochecksum",
     "u:p::h:P:S:r:w:B", MY, 0, CM_SAFE},
    {"mysql_install_db|mysql_secure_installation|mysql_upgrade|mysql_tzinfo_to_sql|mysqlcheck|"
     "myisamchk|"
     "aria_chk|mysqlimport|mariadb-import|mariadb-check|mysqlreplicate|mariadb-install-db",
     "u:p::h:P:S:", MY, 0, CM_MODERATE},
    {"mysqladmin|mariadb-admin", "u:p::h:P:S:i:c:", MY "sleep= count= relative", 0, CM_MODERATE},
    {"nats|pulsar-admin|rpk|kaf|kafkactl", "s:X:b:", "server= brokers= context= admin-url= force",
     0, CM_MODERATE},
    {"nodetool|sstableloader|cassandra", "h:p:u:", "host= port= username= password= keyspace= all",
     0, CM_MODERATE},
    {"pg_config|pg_controldata|pg_isready|pg_lsclusters|pg_test_fsync|pg_waldump|pgbench|pg_top|"
     "pgbadger|"
     "pg_activity|pgloader",
     "h:p:U:d:c:t:T:j:s:", PG, 0, CM_SAFE},
    {"pg_ctl", "D:l:o:m:t:p:", "pgdata= log= options= mode= timeout=", 0, CM_MODERATE},
    {"pg_ctlcluster|pg_dropcluster|pg_renamecluster|pg_upgradecluster|pg_upgrade|pg_rewind|pg_"
     "archivecleanup|"
     "pg_resetwal|pg_resetxlog|pg_checksums|repmgr|patronictl|stolonctl",
     "D:d:b:c:f:m:",
     "pgdata= old-datadir= new-datadir= mode= config-file= target-pgdata= stop stop-server "
     "dry-run",
     0, CM_MODERATE},
    {"pg_dump|pg_dumpall", "h:p:U:d:f:F:j:t:n:T:N:Z:E:s:l:", PG, 0, CM_SAFE},
    {"pg_restore", "h:p:U:d:f:F:j:t:n:N:L:T:P:I:S:", PG "use-list=", 0, CM_MODERATE},
    {"pt-archiver|pt-online-schema-change|gh-ost|pt-table-sync|pt-kill|pt-query-digest|pt-table-"
     "checksum",
     "h:u:p:",
     "source= dest= where= purge alter= execute dry-run kill print host= user= password= "
     "database= table=",
     0, CM_MODERATE},
    {"rabbitmqadmin|rabbitmqctl|rabbitmq-plugins|rabbitmq-diagnostics|rabbitmq-queues",
     "n:p:H:u:P:V:", "node= vhost= host= username= password= port= timeout= all", 0, CM_MODERATE},
    {"redis-benchmark|redis-check-aof|redis-check-rdb|valkey-benchmark", "h:p:a:c:n:", "fix", 0,
     CM_SAFE},
    {"zkCli.sh|zkcli|zookeepercli", NULL, "server=", CM_ARGV_DASH, CM_MODERATE},
};

static const cm_rule rules[] = {
    {"dbtool.dry-run",
     "dbmate|goose|sqlx|dbt|migrate|atlas|skeema|drizzle-kit|phinx|wp|curator --dry-run",
     CM_FX_HARMLESS, "only says what it would do"},
    {"dbtool.dry-run",
     "pt-archiver|pt-online-schema-change|pt-table-sync|gh-ost --dry-run|--print "
     "!--execute|--kill",
     CM_FX_HARMLESS, "only says what it would do"},
    {"dbtool.dry-run", "pg_rewind|pg_archivecleanup|pg_resetwal -n|--dry-run", CM_FX_HARMLESS,
     "only says what it would do"},
    {"dbtool.dry-run", "pg_upgrade -c|--check", CM_FX_HARMLESS, "only checks"},
    {"dbtool.dry-run", "mongorestore|mongoimport --dryRun", CM_FX_HARMLESS,
     "only says what it would do"},
    {"dbtool.dry-run", "django-admin|manage.py --plan|--list|--check|--dry-run", CM_FX_HARMLESS,
     "only says what it would do"},
    {"dbtool.dry-run", "alembic upgrade|downgrade --sql", CM_FX_HARMLESS, "only prints the SQL"},

    /* Servers and dumps. */
    {"dbtool.drop", "dropdb", CM_FX_HIGH, "deletes a database"},
    {"dbtool.drop", "dropuser", CM_FX_HIGH, "deletes a user of the database"},
    {"dbtool.drop", "mysqladmin|mariadb-admin ~drop", CM_FX_HIGH, "deletes a database"},
    {"dbtool.drop", "pg_dropcluster", CM_FX_HIGH, "deletes a whole server with all its databases"},
    {"dbtool.drop", "pg_resetwal|pg_resetxlog", CM_FX_HIGH, "throws the write-ahead log away"},
    {"dbtool.drop", "pg_rewind", CM_FX_HIGH, "overwrites the data of a server"},
    {"dbtool.drop", "pg_archivecleanup", CM_FX_HIGH, "deletes archived logs"},
    {"dbtool.drop", "patronictl remove", CM_FX_HIGH, "deletes the state of a cluster"},
    {"dbtool.drop", "mysqlimport|mariadb-import -d|--delete", CM_FX_HIGH,
     "empties the tables first"},
    {"dbtool.drop", "mongorestore|mongoimport --drop", CM_FX_HIGH,
     "deletes the collections first"},
    {"dbtool.drop", "pg_restore -c|--clean !-f|--file", CM_FX_HIGH, "deletes the objects first"},
    {"dbtool.drop", "myloader -o|--overwrite-tables", CM_FX_HIGH, "deletes the tables first"},
    {"dbtool.drop", "pt-archiver --purge", CM_FX_HIGH, "deletes rows"},
    {"dbtool.drop", "neo4j-admin ~load|restore", CM_FX_HIGH, "replaces a whole database"},
    {"dbtool.rights", "createuser -s|--superuser", CM_FX_HIGH, "makes a user with all rights"},
    {"dbtool.backup", "barman|pgbackrest|wal-g|pg_probackup delete|stanza-delete|purge",
     CM_FX_HIGH, "deletes backups"},
    {"dbtool.backup", "pgbackrest|barman|pg_probackup|wal-g restore|recover|backup-fetch",
     CM_FX_HIGH, "replaces the data of a server"},
    {"dbtool.backup", "xtrabackup|mariabackup --copy-back|--move-back", CM_FX_HIGH,
     "replaces the data of a server"},
    {"dbtool.backup",
     "barman|pgbackrest|wal-g|pg_probackup list-*|show-*|show|check|info|status|version|"
     "backup-list|verify|help",
     CM_FX_SAFE, "reads"},
    {"dbtool.backup",
     "pgbackrest|barman|wal-g|pg_probackup|mydumper|xtrabackup|mariabackup "
     "!restore|recover|backup-fetch|delete|purge|stanza-delete|check|info|list*|show*|"
     "backup-list|version|verify|help|status",
     CM_FX_MODERATE, "makes a backup"},
    {"dbtool.write", "pg_dump|pg_dumpall|pg_restore @-f|--file", CM_FX_CREATE, "writes a dump"},
    {"dbtool.write", "mysqldump|mariadb-dump @-r|--result-file", CM_FX_CREATE, "writes a dump"},
    {"dbtool.write", "mongodump|mongoexport @-o|--out", CM_FX_CREATE, "writes a dump"},
    {"dbtool.write", "initdb|pg_basebackup @-D|--pgdata", CM_FX_CREATE, "makes a data directory"},
    {"dbtool.change", "pg_restore !-l|--list !-f|--file", CM_FX_MODERATE, "loads a dump"},
    {"dbtool.change", "pg_restore -l|--list", CM_FX_SAFE, "lists a dump"},
    {"dbtool.change", "pg_ctl start|stop|restart|reload|promote|init|initdb|kill|register",
     CM_FX_MODERATE, "starts or stops a server"},
    {"dbtool.change", "pg_ctl status", CM_FX_SAFE, "reads"},
    {"dbtool.change",
     "mysqladmin|mariadb-admin ~create|shutdown|password|flush-*|kill|reload|refresh|"
     "start-slave|stop-slave",
     CM_FX_MODERATE, "changes the server"},
    {"dbtool.change",
     "mysqladmin|mariadb-admin status|ping|version|processlist|variables|extended-status",
     CM_FX_SAFE, "reads"},
    {"dbtool.change",
     "mysqlcheck|mariadb-check -c|--check|-C|--check-only-changed !-r|--repair "
     "!-o|--optimize !--auto-repair",
     CM_FX_HARMLESS, "only checks tables"},
    {"dbtool.change", "patronictl list|topology|history|show-config|version|query|dsn", CM_FX_SAFE,
     "reads"},
    {"dbtool.change", "pgbench -i|--initialize", CM_FX_MODERATE, "makes its tables anew"},
    {"dbtool.change", "pgloader", CM_FX_MODERATE, "loads data"},
    {"dbtool.change", "pt-query-digest|pt-table-checksum", CM_FX_SAFE, "reads"},
    {"dbtool.change", "redis-check-aof --fix", CM_FX_MODERATE, "shortens a file"},

    /* Queues and other stores. */
    {"queue.delete", "kafka-topics|kafka-topics.sh --delete", CM_FX_HIGH,
     "deletes topics with their messages"},
    {"queue.delete", "kafka-delete-records|kafka-delete-records.sh", CM_FX_HIGH,
     "deletes messages"},
    {"queue.delete", "kafka-storage|kafka-storage.sh format", CM_FX_HIGH,
     "formats the storage of a server"},
    {"queue.delete", "kafka-consumer-groups|kafka-consumer-groups.sh --delete", CM_FX_HIGH,
     "deletes consumer groups"},
    {"queue.delete", "kafka-streams-application-reset !--dry-run", CM_FX_HIGH,
     "resets an application"},
    {"queue.delete",
     "rabbitmqctl reset|force_reset|delete_vhost|purge_queue|delete_queue|forget_cluster_node",
     CM_FX_HIGH, "deletes queues with their messages"},
    {"queue.delete", "rabbitmqadmin delete|purge", CM_FX_HIGH,
     "deletes queues with their messages"},
    {"queue.delete", "nats stream|str|kv|object|consumer rm|purge|del|delete", CM_FX_HIGH,
     "deletes stored messages"},
    {"queue.delete",
     "pulsar-admin * delete|delete-partitioned-topic|unload|clear-backlog|terminate", CM_FX_HIGH,
     "deletes topics with their messages"},
    {"queue.delete", "rpk|kaf|kafkactl topic|cluster|delete|group delete|trim-prefix|topic|remove",
     CM_FX_HIGH, "deletes topics with their messages"},
    {"queue.delete", "zkCli.sh|zkcli|zookeepercli ~deleteall|rmr", CM_FX_HIGH,
     "deletes everything below"},
    {"queue.delete", "nodetool decommission|removenode|assassinate|clearsnapshot|truncatehints",
     CM_FX_HIGH, "takes a node out of the cluster or deletes snapshots"},
    {"queue.delete",
     "curator_cli ~delete_indices|delete-indices|delete_snapshots|delete-snapshots", CM_FX_HIGH,
     "deletes indices"},
    {"queue.change", "kafka-topics|kafka-topics.sh --create|--alter", CM_FX_MODERATE,
     "changes topics"},
    {"queue.change",
     "rabbitmqctl|rabbitmqadmin|rabbitmq-plugins add_*|set_*|start_app|stop_app|stop|shutdown|"
     "change_password|delete_user|clear_*|join_cluster|enable|disable|declare|publish|"
     "close_*|rotate_logs|import|eval|sync_queue",
     CM_FX_MODERATE, "changes the message broker"},
    {"queue.read",
     "kafka-topics|kafka-configs|kafka-consumer-groups|kafka-acls|kafka-topics.sh|kafka-configs."
     "sh|"
     "kafka-consumer-groups.sh|kafka-acls.sh --list|--describe "
     "!--delete|--create|--alter|--execute|--add",
     CM_FX_SAFE, "reads"},
    {"queue.read", "kafka-consumer-groups|kafka-consumer-groups.sh --reset-offsets !--execute",
     CM_FX_SAFE, "only says what it would do"},
    {"queue.read",
     "rabbitmqctl|rabbitmqadmin|rabbitmq-diagnostics|rabbitmq-plugins "
     "list_*|status|cluster_status|"
     "report|environment|ping|list|show|help|version|get|export|check_*|eval_file|memory_"
     "breakdown",
     CM_FX_SAFE, "reads"},
    {"queue.read",
     "nats stream|kv|object|consumer|server|account "
     "ls|info|report|get|view|list|check|status|watch",
     CM_FX_SAFE, "reads"},
    {"queue.read", "nats sub|rtt|bench|context|latency|events|schema", CM_FX_SAFE, "reads"},
    {"queue.read",
     "nodetool status|info|ring|tpstats|tablestats|cfstats|describecluster|netstats|version|"
     "compactionstats|gossipinfo|listsnapshots|getendpoints|proxyhistograms|help",
     CM_FX_SAFE, "reads"},
    {"queue.read",
     "rpk|kaf|kafkactl "
     "topic|topics|cluster|group|groups|get|describe|consume|list|ls|info|describe|"
     "consume|status|health|metadata|nodes",
     CM_FX_SAFE, "reads"},

    /* Migrations. */
    {"migrate.reset", "alembic downgrade", CM_FX_HIGH,
     "takes migrations back, which drops tables or columns"},
    {"migrate.reset", "flyway clean|undo", CM_FX_HIGH, "drops everything in the schema"},
    {"migrate.reset", "liquibase drop-all|dropAll|rollback*|drop-all-foreign*", CM_FX_HIGH,
     "drops or takes back what the change log made"},
    {"migrate.reset", "prisma migrate reset", CM_FX_HIGH, "drops the database and builds it anew"},
    {"migrate.reset", "prisma db push --force-reset|--accept-data-loss", CM_FX_HIGH, "drops data"},
    {"migrate.reset", "knex migrate:rollback --all", CM_FX_HIGH, "takes all migrations back"},
    {"migrate.reset", "sequelize|sequelize-cli db:drop|db:migrate:undo:all", CM_FX_HIGH,
     "drops the database"},
    {"migrate.reset",
     "typeorm|mikro-orm|doctrine schema:drop|orm:schema-tool:drop|migration:fresh|schema:fresh",
     CM_FX_HIGH, "drops the whole schema"},
    {"migrate.reset",
     "dbmate|sqlx|diesel|migrate|goose|atlas|tern|db-migrate drop|reset|clean|db:drop", CM_FX_HIGH,
     "drops the database"},
    {"migrate.reset", "sqlx|diesel|atlas database|schema|setup drop|reset|clean", CM_FX_HIGH,
     "drops the database"},
    {"migrate.reset", "migrate down|drop", CM_FX_HIGH,
     "takes migrations back, which drops tables or columns"},
    {"migrate.reset", "goose ~down|down-to|reset|redo", CM_FX_HIGH,
     "takes migrations back, which drops tables or columns"},
    {"migrate.reset", "sqitch|phinx revert|rollback", CM_FX_HIGH,
     "takes migrations back, which drops tables or columns"},
    {"migrate.reset", "drizzle-kit drop|push", CM_FX_MODERATE, "changes the schema"},
    {"migrate.reset", "dbt run|build|seed --full-refresh", CM_FX_HIGH,
     "drops and rebuilds tables"},
    {"migrate.reset", "artisan migrate:fresh|migrate:reset|migrate:refresh|db:wipe", CM_FX_HIGH,
     "drops all tables"},
    {"migrate.reset", "django-admin|manage.py flush|reset_db|sqlflush|reset_schema", CM_FX_HIGH,
     "deletes all data of the database"},
    {"migrate.reset", "django-admin|manage.py migrate ~zero", CM_FX_HIGH,
     "drops the tables of an application"},
    {"migrate.reset", "wp db drop|reset|clean", CM_FX_HIGH, "drops the tables of the site"},
    {"migrate.reset", "wp site empty|delete", CM_FX_HIGH, "deletes the contents of the site"},
    {"migrate.reset", "drush|drupal sql:drop|sql-drop|site:install|site-install|si", CM_FX_HIGH,
     "drops the tables of the site"},
    {"migrate.up", "alembic upgrade|stamp|merge|revision|edit|init", CM_FX_MODERATE,
     "changes the schema"},
    {"migrate.up",
     "flyway|liquibase migrate|repair|baseline|update*|tag|release-locks|clear-checksums",
     CM_FX_MODERATE, "changes the schema"},
    {"migrate.up",
     "django-admin|manage.py migrate|loaddata|createsuperuser|changepassword|"
     "delete*|remove_stale_contenttypes|clearsessions|createcachetable",
     CM_FX_MODERATE, "changes the database"},
    {"migrate.read", "alembic history|current|heads|branches|show|check|ensure_version",
     CM_FX_SAFE, "reads"},
    {"migrate.read",
     "flyway|liquibase info|validate|status|history|diff*|snapshot*|version|*-sql|*SQL|generate-*",
     CM_FX_SAFE, "reads"},
    {"migrate.read", "prisma generate|studio|format|validate|version|init|debug", CM_FX_SAFE,
     "reads"},
    {"migrate.read", "prisma migrate|db status|diff|pull", CM_FX_SAFE, "reads"},
    {"migrate.read",
     "dbmate|goose|migrate|atlas|sqitch|knex|sequelize|sequelize-cli|typeorm|phinx|aerich|"
     "drizzle-kit|db-migrate "
     "status|version|dump|migrate:status|migrate:list|migrate:currentVersion|"
     "db:migrate:status|migration:show|log|verify|plan|generate|check|studio|new|create|make|"
     "migrate:make|migration:create|migration:generate|history|heads|inspect|help",
     CM_FX_SAFE, "reads or writes a new migration"},
    {"migrate.read", "dbt debug|compile|docs|ls|list|parse|test|deps|source|show|init|snapshot",
     CM_FX_SAFE, "reads or tests"},
    {"migrate.read", "sqlfluff|soda lint|parse|scan|test-connection", CM_FX_SAFE, "reads"},
    {"migrate.read",
     "artisan migrate:status|list|route:list|tinker|serve|test|about|env|make:*|db:show|"
     "schedule:list|help|inspire",
     CM_FX_SAFE, "reads or writes a new file"},
    {"migrate.read", "diesel|sqlx print-schema|prepare", CM_FX_SAFE, "reads"},
    {"migrate.read", "diesel|sqlx migration list|info|generate|add|pending", CM_FX_SAFE, "reads"},
    {"migrate.read",
     "wp|drush|drupal status|list|help|info|version|search-replace|watchdog:show|ws|pml|"
     "config:get|core:status|sql:dump|sql-dump|php|shell|cli",
     CM_FX_SAFE, "reads"},
    {"migrate.read",
     "wp db|plugin|theme|post|user|option|core|site|cron|cache|media|menu|comment|role "
     "list|get|status|export|check|check-update|version|search|tables|size|is-installed|query",
     CM_FX_SAFE, "reads"},
    {"migrate.up", "wp search-replace", CM_FX_MODERATE, "changes the database"},
};

const cm_pack cm_pack_db_tool = {"db_tool", programs,        CM_COUNT(programs),
                                 rules,     CM_COUNT(rules), cm_db_look};
