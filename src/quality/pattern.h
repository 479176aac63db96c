/* quality/pattern: what the patterns of a case mean. A pattern is split at its top-level "|" into
 * alternatives. On ON_COMMAND an alternative that is written like an option is one, whatever
 * cluster, order or attached value it stands in:
 *
 *   -l        the option l       passes on `ls -la`, not on `find -ls` or `cat a-l`
 *   -czf      all of c, z, f     passes on `tar -c -z -f x` and `tar czf x`
 *   -n5       n with the value   passes on `head -n 5`
 *   --all     that option        passes on `--all` and `--all=x`, not on `--all-x`
 *   -size     of programs whose long options have one dash, the option "size"
 *
 * Every other alternative is a regular expression that must match whole words (judge_text.c). */
#ifndef CM_QUALITY_PATTERN_H
#define CM_QUALITY_PATTERN_H
#include "quality/suite.h"
#include "sh/argv.h"

/* Cuts the next alternative off `rest`; false at the end. An empty `rest` has none. */
bool cm_pattern_alternative(cm_str *rest, cm_str *out);

/* Whether an alternative is written like an option: "-" and letters or digits, or "--name" with
 * or without "=value"; a pattern on a number such as "-20" is one too. */
bool cm_pattern_is_option(cm_str alternative);

/* Whether the text of a pattern names an operator of the shell (| < > & ;), so that it is meant
 * for the whole command and not for the words of one program. */
bool cm_pattern_has_operator(cm_str text);

/* The regular expression that a pattern is compiled as. ON_COMMAND: its alternatives but options,
 * between conditions for whole words (out->p is NULL when there are only options); ON_ARGV,
 * ON_UTILITY and ON_FLAGS: the whole subject; ON_RAW: as it is. CM_E_NOMEM. */
cm_code cm_pattern_wrap(const cm_pattern *p, cm_arena *a, cm_str *out);

/* How the options of a program are read; a program that isn't known has flags only. *sure: it is
 * known, so that options may change places (`-l -a` and `-al`). */
cm_argv_spec cm_pattern_spec(cm_str program, bool *sure);

/* Whether the command has the option that an alternative is written like. */
bool cm_pattern_option_in(cm_str alternative, const cm_run *run);

#endif
