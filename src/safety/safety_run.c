/* One run: the user's lists, the packs' rules, the program's own risk. */
#include <string.h>

#include "safety/judge.h"
#include "safety/taint.h"

/* Places that a container has of its own: what happens there stays there. */
static cm_risk in_container(cm_risk risk, cm_place place) {
  bool own = place == CM_PLACE_ROOT || place == CM_PLACE_SYSTEM || place == CM_PLACE_HOME ||
             place == CM_PLACE_ACCOUNT || place == CM_PLACE_KEYS;
  return own && risk == CM_CRITICAL ? CM_HIGH : risk;
}

/* nsenter leads out of the container. */
static bool is_inside(const cm_run *run) {
  for (const cm_run *r = run->via; r; r = r->via)
    if (cm_str_is(r->program, "nsenter")) return false;
  return run->elsewhere;
}

static cm_harm harm_at(cm_effect effect, cm_place place, const cm_run *run) {
  cm_harm harm = cm_effect_on(effect, place);
  if (is_inside(run)) harm.risk = in_container(harm.risk, place);
  return harm;
}

/* What an effect does to one word; *path is its place. */
static cm_harm harm_on(const cm_judging *j, cm_effect effect, const cm_rword *word,
                       const cm_run *run, cm_path *path) {
  cm_harm harm = {CM_SAFE, false};
  *path = (cm_path){.place = CM_PLACE_NULL};
  if (effect == CM_FX_READ) return harm;
  if (cm_effect_fixed(effect, &harm.risk)) return harm;
  *path = cm_path_of(word, &run->cwd, j->context);
  harm = harm_at(effect, path->place, run);
  /* A folder can't be written like a file. */
  if (effect < CM_FX_DELETE || effect == CM_FX_WRITE_DEVICE) return harm;
  if (path->filtered) {
    bool files =
        effect == CM_FX_DELETE || path->place == CM_PLACE_ARTEFACT || path->place == CM_PLACE_FILE;
    return files ? harm_at(CM_FX_DELETE_SOME, path->also, run) : harm;
  }
  if (effect == CM_FX_MODE && word->from == CM_FROM_FILES) {
    effect = CM_FX_MODE_TREE; /* one by one, all that find gives is a tree */
    harm = harm_at(effect, path->place, run);
  }
  cm_harm also = harm_at(effect, path->also, run);
  return (cm_harm){harm.risk > also.risk ? harm.risk : also.risk,
                   harm.unresolved || also.unresolved};
}

static cm_span span_of(const cm_rword *word, const cm_run *run) {
  return word && word->span.end > word->span.start ? word->span : run->span;
}

cm_path cm_judge_path(cm_judging *j, const char *rule, cm_effect effect, const char *why,
                      const cm_rword *word, const cm_run *run) {
  cm_path path;
  cm_harm harm = harm_on(j, effect, word, run, &path);
  j->unresolved |= harm.unresolved;
  cm_report(j, rule, harm.risk, why, run, span_of(word, run));
  return path;
}

/* A rule that fits: one finding, about the worst of its targets. */
static void apply(cm_judging *j, const cm_rule *rule, const cm_shape *shape, const cm_run *run) {
  cm_harm worst = {CM_SAFE, false};
  cm_rword word, at = {0};
  size_t next = 0;
  (void)cm_effect_fixed(rule->effect, &worst.risk);
  while (cm_shape_target(shape, &j->call, &next, &word)) {
    cm_path path;
    cm_harm harm = harm_on(j, rule->effect, &word, run, &path);
    if (harm.risk > worst.risk || !at.text.p) at = word;
    if (harm.risk > worst.risk) worst.risk = harm.risk;
    worst.unresolved |= harm.unresolved;
  }
  j->unresolved |= worst.unresolved;
  cm_report(j, rule->id, worst.risk, rule->why, run, span_of(at.text.p ? &at : NULL, run));
}

/* --- the user's lists ------------------------------------------------------------------------ */

static bool listed(const cm_judging *j, const cm_listed *list, size_t n, cm_str program) {
  for (size_t i = 0; i < n; i++)
    if (cm_glob_any(cm_shape_program(&list[i].shape), program) &&
        cm_shape_fits(&list[i].shape, &j->call))
      return true;
  return false;
}

static cm_str base_name(cm_str path) {
  size_t at = path.n;
  while (at && path.p[at - 1] != '/') at--;
  return (cm_str){path.p + at, path.n - at};
}

/* A word that may be anything can't be covered by a list that allows. */
static bool is_known(const cm_run *run) {
  for (size_t i = 0; i < run->n; i++)
    if (run->words[i].from & ~(unsigned)(CM_FROM_NUMBER | CM_FROM_FILES)) return false;
  return run->kind == CM_RUN_COMMAND;
}

static void judge_deny(cm_judging *j, const cm_run *run) {
  const cm_safety *s = j->safety;
  if (!listed(j, s->deny, s->n_deny, run->program) &&
      !listed(j, s->deny, s->n_deny, base_name(run->program)))
    return;
  j->denied = true;
  cm_report(j, "user.deny", CM_HIGH, "is on your list of denied commands", run, run->span);
}

/* Takes back the findings since `mark` that a list may take back. */
static void forgive(cm_judging *j, size_t mark) {
  size_t kept = mark;
  for (size_t i = mark; i < j->n_found; i++)
    if (j->found[i].risk == CM_CRITICAL) j->found[kept++] = j->found[i];
  j->n_found = kept;
}

/* --- the program ----------------------------------------------------------------------------- */

/* --help or --version in front of any operand: programs print it and do nothing else. */
static bool asks_help(const cm_judging *j) {
  const cm_call *call = &j->call;
  size_t first = SIZE_MAX, n_sub = j->known.n_sub;
  if (!n_sub && j->known.base && j->known.base->depth > 1)
    n_sub = 1; /* a subcommand that has no row */
  if (call->n_operands > n_sub) first = call->operands[n_sub].index;
  for (size_t i = 0; i < call->n_options; i++)
    if ((cm_str_is(call->options[i].name, "help") ||
         cm_str_is(call->options[i].name, "version")) &&
        call->options[i].word->text.n > 5 && call->options[i].index < first)
      return true;
  return false;
}

static bool is_hole(const cm_rword *word) {
  for (size_t i = 0; i < word->text.n; i++)
    if (word->text.p[i] != CM_HOLE) return false;
  return word->text.n && (word->from & ~(unsigned)(CM_FROM_NUMBER | CM_FROM_FILES));
}

/* A program of many subcommands whose subcommand isn't known. */
static void judge_subcommand(cm_judging *j, const cm_run *run) {
  const cm_call *call = &j->call;
  if (j->known.base->depth < 2 || j->known.n_sub || !call->n_operands) return;
  if (!is_hole(call->operands[0].at)) return;
  j->unresolved = true;
  cm_report(j, "program.subcommand", CM_MODERATE, "does something that isn't known", run,
            call->operands[0].at->span);
}

/* Directories that hold a project's own copies of known programs. */
static bool is_project_bin(cm_str path) {
  return cm_glob_any(CM_STR("*venv*/bin/*|node_modules/.bin/*|*/node_modules/.bin/*|vendor/bin/*|"
                            "*/vendor/bin/*|*/.local/bin/*|*/.cargo/bin/*|/opt/homebrew/*|"
                            "/usr/local/*|/nix/store/*|/snap/bin/*|/opt/*/bin/*|*/go/bin/*|"
                            "*/.nvm/*/bin/*|*/.pyenv/*/*|*/.rbenv/*/*"),
                     path);
}

/* Scripts of a project that only build, test or set up, by convention. */
static bool is_build_script(cm_str path) {
  return cm_glob_any(
      CM_STR(
          "./configure|../configure|./gradlew|./mvnw|./autogen.sh|./bootstrap|"
          "./bootstrap.sh|./build.sh|./test.sh|./run_tests.sh|./manage.py|"
          "./waf|./sbt|./x.py|./Configure|./bin/*|bin/*|script/test|script/build|./scripts/test*|"
          "./scripts/build*|./a.out|./build/*|./target/*|./dist/*"),
      path);
}

static void judge_unknown(cm_judging *j, const cm_run *run) {
  const cm_call *call = &j->call;
  if (run->n == 2 &&
      cm_glob_any(CM_STR("--help|--version|-h|-V|-v|help|version"), run->words[1].text))
    return;
  if (call->n_options && asks_help(j)) return;
  if (is_build_script(run->program)) return;
  cm_report(j, "program.unknown", CM_MODERATE, "runs a program that isn't known here", run,
            run->words[0].span);
}

static const char *own_risk(cm_risk risk) {
  return risk == CM_MODERATE ? "changes something, as this program does"
                             : "does damage, as this program does";
}

/* Whether nothing else counts. */
static bool is_harmless(const cm_judging *j) {
  if (asks_help(j)) return true;
  cm_rule_walk w = cm_rules_of(j->safety->index, j->known.base);
  for (const cm_rule *rule; (rule = cm_rule_next(&w));) {
    if (rule->effect != CM_FX_HARMLESS) continue;
    cm_shape shape = cm_rule_shape(&w);
    if (cm_shape_fits(&shape, &j->call)) return true;
  }
  return false;
}

static bool apply_rules(cm_judging *j, const cm_run *run) {
  bool any = false;
  cm_rule_walk w = cm_rules_of(j->safety->index, j->known.base);
  for (const cm_rule *rule; (rule = cm_rule_next(&w));) {
    if (rule->effect == CM_FX_HARMLESS) continue;
    cm_shape shape = cm_rule_shape(&w);
    if (!cm_shape_fits(&shape, &j->call)) continue;
    apply(j, rule, &shape, run);
    any = true;
  }
  return any;
}

static void look(cm_judging *j, const cm_run *run) {
  const cm_index *x = j->safety->index;
  uint64_t packs = j->known.base->packs;
  for (size_t k = 0; packs; k++, packs >>= 1)
    if ((packs & 1) && x->packs[k]->look) x->packs[k]->look(j, run);
}

static void judge_known(cm_judging *j, const cm_run *run) {
  bool own = j->known.by_path && !is_project_bin(run->program);
  if (own && !is_build_script(run->program))
    cm_report(j, "program.unknown", CM_MODERATE, "runs a program that isn't known here", run,
              run->words[0].span);
  else if (is_harmless(j)) return;
  size_t before = j->n_found;
  judge_subcommand(j, run);
  bool any = apply_rules(j, run);
  look(j, run);
  if (!any && j->n_found == before)
    cm_report(j, "program.risk", j->known.program->risk, own_risk(j->known.program->risk), run,
              run->span);
}

static bool has_hole(cm_str s) { return s.n && memchr(s.p, CM_HOLE, s.n); }

static void judge_program(cm_judging *j, const cm_run *run) {
  if (has_hole(run->program)) {
    j->unresolved = true;
    cm_report(j, "program.hidden", CM_HIGH, "runs a program whose name isn't known", run,
              run->words[0].span);
  } else if (j->known.base) {
    judge_known(j, run);
  } else if (run->kind == CM_RUN_COMMAND) {
    judge_unknown(j, run);
  }
}

void cm_judge_run(cm_judging *j, const cm_run *run) {
  size_t mark = j->n_found;
  if (!cm_call_read(j->safety->index, run, j->arena, &j->call, &j->known)) {
    j->no_memory = true;
    return;
  }
  if (run->n) judge_program(j, run);
  if (j->safety->n_allow && run->n && is_known(run) &&
      listed(j, j->safety->allow, j->safety->n_allow, run->program))
    forgive(j, mark);
  if (j->safety->n_deny && run->n) judge_deny(j, run);
  if (run->kind == CM_RUN_FORKS)
    cm_report(j, "proc.fork-bomb", CM_CRITICAL, "starts itself without end", run, run->span);
  cm_judge_flow(j, run);
  cm_judge_env(j, run);
  if (run->n_redirs) cm_judge_redirs(j, run);
}
