/* cli: the commands of the program. Only this room prints to stdout, reads argv or chooses the
 * exit status. */
#ifndef CM_CLI_CLI_H
#define CM_CLI_CLI_H
#include "base/str.h"
#include "cli/opts.h"

/* Exit statuses (docs: cmdai --help). 1 is for output that could not be written. */
enum {
  CM_EXIT_OK = 0,
  CM_EXIT_WRITE = 1,
  CM_EXIT_USAGE = 2,
  CM_EXIT_NO_BACKEND = 3,
  CM_EXIT_MODEL = 4,
  CM_EXIT_NO_ANSWER = 5,
  CM_EXIT_BLOCKED = 6, /* by the safety level */
  CM_EXIT_CONFIRM = 7, /* a person has to confirm it, or declined */
  CM_EXIT_TIMEOUT = 8,
  CM_EXIT_NOT_RUN = 125, /* with -x: blocked, declined or impossible to start */
  CM_EXIT_INTERRUPTED = 130
};

/* One command: a file cmd_NAME.c and a row in main.c. `operands` are what is left of argv after
 * the options. */
typedef struct cm_command {
  const char *name;
  unsigned option_set; /* CM_FOR_… */
  bool options_anywhere;
  int (*run)(const cm_opts *o, char **operands, size_t n);
  const char *usage; /* after "cmdai " */
  const char *help;  /* one line */
} cm_command;

const cm_command *cm_command_at(size_t i); /* NULL past the end */

/* Which sources this program was made of: 12 hexadecimal digits (cmake/build_id.cmake). */
extern const char cm_build_id[];

/* A request whose options are wrong: the message and, if -o asked for one, the document. */
int cm_ask_refuse(const cm_opts *o, const cm_err *e);
int cm_cmd_check(const cm_opts *o, char **operands, size_t n);
int cm_cmd_ask(const cm_opts *o, char **operands, size_t n);
int cm_cmd_models(const cm_opts *o, char **operands, size_t n);
int cm_cmd_bench(const cm_opts *o, char **operands, size_t n);
int cm_cmd_debug(const cm_opts *o, char **operands, size_t n);
int cm_cmd_test(const cm_opts *o, char **operands, size_t n);
int cm_cmd_serve(const cm_opts *o, char **operands, size_t n);
int cm_cmd_completion(const cm_opts *o, char **operands, size_t n);
int cm_cmd_config(const cm_opts *o, char **operands, size_t n);
int cm_cmd_doctor(const cm_opts *o, char **operands, size_t n);
int cm_cmd_init(const cm_opts *o, char **operands, size_t n);

/* What `cmdai completion SHELL` writes; false: no such shell. */
bool cm_completion_write(const char *shell, cm_buf *out);

/* --- ui.c --- */

/* "cmdai: MESSAGE" on stderr, one line, safe for a terminal. Returns `status`. */
int cm_ui_fail(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same without the name; nothing with --quiet. */
void cm_ui_note(const cm_opts *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "debug: TIME MESSAGE" for bug reports, if cm_opts_debug(o), also with --quiet. The time is that
 * since the first trace. Never a key, never a user's words. */
void cm_ui_trace(const cm_opts *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Writes bytes to stdout as they are. CM_EXIT_OK, or CM_EXIT_WRITE after a message. */
int cm_ui_out(const char *p, size_t n);
/* Ends a command: writes `b` to stdout unless it overflowed, and closes it. */
int cm_ui_out_buf(cm_buf *b);
/* The same for what -o decides: `b` is text, or if cm_opts_document(o) one JSON document, which is
 * written in the format that was asked for. This is the one place that knows another. */
int cm_ui_out_as(const cm_opts *o, cm_buf *b);
/* The last step of a command whose stdout is one document, also when it fails: if nothing was
 * written there, and -o asked for one, a document with `status` and the last message of cm_ui_fail
 * (schemas/cmdai.error.1.json). Returns `status`. */
int cm_ui_owe(const cm_opts *o, int status);

/* Appends text with everything that could move a terminal's cursor, hide or reorder text escaped:
 * \n, \x1b, \u202e. */
void cm_ui_escape(cm_str s, cm_buf *out);

/* Exit status for an error of the engine, the model file or a backend. */
int cm_ui_status(const cm_err *e);

/* Becomes 1 with the first Ctrl-C or SIGTERM; set up by main. */
extern volatile int cm_ui_cancel;

#endif
