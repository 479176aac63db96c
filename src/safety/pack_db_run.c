/* Schema migrations that are started through another program: rails, php artisan, python
 * manage.py, npx prisma … The programs themselves belong to other packs. */
#include "safety/judge.h"
#include "safety/packs.h"

static const cm_program programs[] = {
    {"bundle|bunx|bun|composer|flask|mix|node|npm|npx|php|pnpm|pnpx|poetry|python|python3|rails|"
     "rake|ruby|sail|"
     "symfony|uv|yarn",
     NULL, NULL, 0, CM_SAFE},
};

/* A command behind the program or script that knows it. */
typedef struct row {
  const char *programs, *scripts; /* scripts NULL: the command follows the program itself */
  const char *commands;
  const char *option; /* must be there too; NULL: none */
  cm_risk risk;
} row;

#define LOSES_RAILS                                                                     \
  "db:drop|db:reset|db:purge|db:migrate:reset|db:schema:load|db:setup|db:truncate_all|" \
  "db:structure:load|db:drop:*|db:reset:*|db:seed:replant"
#define CHANGES_RAILS                                                                          \
  "db:migrate|db:rollback|db:create|db:seed|db:migrate:up|db:migrate:down|db:migrate:redo|db:" \
  "forward|db:prepare"
#define LOSES_DJANGO  "flush|reset_db|sqlflush|reset_schema"
#define LOSES_ARTISAN "migrate:fresh|migrate:reset|migrate:refresh|db:wipe"
#define LOSES_SYMFONY \
  "doctrine:database:drop|doctrine:schema:drop|doctrine:fixtures:load|d:d:d|d:s:d|d:f:l"
#define LOSES_ECTO "ecto.drop|ecto.reset|ecto.rollback"
#define NODE       "npx|bunx|bun|pnpm|pnpx|yarn|npm"

static const row rows[] = {
    {"rails|rake", NULL, LOSES_RAILS, NULL, CM_HIGH},
    {"rails|rake", NULL, CHANGES_RAILS, NULL, CM_MODERATE},
    {"bundle|ruby", "rails|rake|bin/rails|bin/rake|./bin/rails|./bin/rake", LOSES_RAILS, NULL,
     CM_HIGH},
    {"bundle|ruby", "rails|rake|bin/rails|bin/rake|./bin/rails|./bin/rake", CHANGES_RAILS, NULL,
     CM_MODERATE},
    {"python|python3|poetry|uv", "manage.py|*/manage.py", LOSES_DJANGO, NULL, CM_HIGH},
    {"python|python3|poetry|uv", "manage.py|*/manage.py", "migrate|loaddata|createsuperuser", NULL,
     CM_MODERATE},
    {"python|python3|poetry|uv", "alembic", "downgrade", NULL, CM_HIGH},
    {"python|python3|poetry|uv", "alembic", "upgrade|stamp", NULL, CM_MODERATE},
    {"flask", "db", "downgrade", NULL, CM_HIGH},
    {"flask", "db", "upgrade|stamp|migrate", NULL, CM_MODERATE},
    {"php|sail", "artisan|*/artisan", LOSES_ARTISAN, NULL, CM_HIGH},
    {"php|sail", "artisan|*/artisan", "migrate|migrate:rollback|db:seed", NULL, CM_MODERATE},
    {"sail", NULL, LOSES_ARTISAN, NULL, CM_HIGH},
    {"php|symfony", "console|*/console", LOSES_SYMFONY, NULL, CM_HIGH},
    {"php|symfony", "console|*/console", "doctrine:migrations:*|doctrine:schema:update", NULL,
     CM_MODERATE},
    {"mix", NULL, LOSES_ECTO, NULL, CM_HIGH},
    {"mix", NULL, "ecto.migrate|ecto.create|ecto.setup", NULL, CM_MODERATE},
    {NODE, "prisma", "reset", NULL, CM_HIGH},
    {NODE, "prisma", "push", "--force-reset|--accept-data-loss", CM_HIGH},
    {NODE, "prisma", "push|deploy|dev|seed|execute", NULL, CM_MODERATE},
    {NODE, "sequelize|sequelize-cli", "db:drop|db:migrate:undo:all", NULL, CM_HIGH},
    {NODE, "sequelize|sequelize-cli", "db:migrate|db:migrate:undo|db:seed*", NULL, CM_MODERATE},
    {NODE, "knex", "migrate:rollback", "--all", CM_HIGH},
    {NODE, "knex", "migrate:*|seed:run", NULL, CM_MODERATE},
    {NODE, "typeorm|typeorm-ts-node-commonjs|mikro-orm",
     "schema:drop|migration:fresh|schema:fresh", NULL, CM_HIGH},
    {NODE, "typeorm|typeorm-ts-node-commonjs|mikro-orm",
     "migration:run|migration:revert|schema:sync|migration:up", NULL, CM_MODERATE},
    {NODE, "supabase", "reset", NULL, CM_HIGH},
};

/* The first word at or behind `from` that matches; run->n: none. */
static size_t find(const cm_run *run, size_t from, const char *alternatives) {
  size_t i = from;
  while (i < run->n && !cm_glob_any(cm_str_of(alternatives), run->words[i].text)) i++;
  return i;
}

static bool fits(const row *r, const cm_run *run, size_t *at) {
  size_t from = 0;
  if (r->scripts) from = find(run, 1, r->scripts);
  if (from >= run->n) return false;
  *at = find(run, from + 1, r->commands);
  return *at < run->n && (!r->option || find(run, from + 1, r->option) < run->n);
}

static void look(cm_judging *j, const cm_run *run) {
  size_t at;
  for (size_t i = 0; i < CM_COUNT(rows); i++) {
    if (!cm_glob_any(cm_str_of(rows[i].programs), j->known.name) || !fits(&rows[i], run, &at))
      continue;
    cm_report(
        j, rows[i].risk == CM_HIGH ? "migrate.reset" : "migrate.up", rows[i].risk,
        rows[i].risk == CM_HIGH ? "drops the database or tables of it" : "changes the schema", run,
        run->words[at].span);
    return;
  }
}

const cm_pack cm_pack_db_run = {"db_run", programs, CM_COUNT(programs), NULL, 0, look};
