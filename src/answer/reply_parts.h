/* answer/reply_parts: the pieces of the reply parser. Only reply*.c include it. */
#ifndef CM_ANSWER_REPLY_PARTS_H
#define CM_ANSWER_REPLY_PARTS_H
#include "answer/reply.h"

/* --- reply_clean.c --- */

/* A copy of the text in `a` without what only the model's plumbing put there: byte order mark,
 * carriage returns before line ends, thinking, special tokens and all that follows them; no-break
 * spaces outside of quotes become spaces. False without memory. */
bool cm_reply_clean(cm_str text, cm_arena *a, cm_str *out);

/* --- reply_shell.c --- */

typedef struct cm_statement {
  size_t end;     /* just after the last byte: a line end's position, or the end of the text */
  size_t comment; /* where a comment on the last line begins; `end` without one */
  size_t words;   /* outermost words */
  bool compound;  /* it has operators (; | &) between outermost words */
  bool complete;  /* nothing is left open at the end of the text */
  bool document;  /* incomplete: it is a here-document that is open */
} cm_statement;

/* How far the command that begins at text.p[from] goes: to the first line end at which no quote,
 * bracket, here-document, loop or conditional is open and no operator asks for more. */
cm_statement cm_shell_statement(cm_str text, size_t from);

/* --- reply_words.c --- */

/* What a line looks like, judged by its words alone. */
typedef enum cm_line_kind {
  CM_LINE_PROSE,  /* words, a table, a number: no command */
  CM_LINE_WEAK,   /* could be a command if nothing better is around */
  CM_LINE_LIKELY, /* a known utility, or an unknown one with flags, paths or operators */
  CM_LINE_SURE
} cm_line_kind;

cm_line_kind cm_line_classify(cm_str line);
bool cm_line_known_utility(cm_str word);

/* The line begins with the phrase, whatever the letters' case and the apostrophes' form. `phrase`
 * is in lower case. */
bool cm_phrase_starts(cm_str s, const char *phrase);
/* The phrase stands somewhere in s. */
bool cm_phrase_in(cm_str s, const char *phrase);

/* The first word: up to white space. */
cm_str cm_first_word(cm_str s);

/* --- reply_json.c --- */

typedef struct cm_reply_object {
  cm_str command, explanation, reason; /* decoded, in the arena; empty when absent */
  bool extra;                          /* it names more than one command */
  size_t end;                          /* just after the object */
} cm_reply_object;

/* Reads the object or array at text.p[from] as a model meant it: unknown escapes, unescaped
 * quotes, trailing commas and missing brackets are fine; a string that never ends is not. False
 * without memory. */
bool cm_reply_object_read(cm_str text, size_t from, cm_arena *a, cm_reply_object *out);

/* --- reply_walk.c --- */

/* Goes through a text's commands. */
typedef struct cm_walk {
  cm_str text;
  size_t pos;
  cm_line_kind least; /* what a line must at least look like */
  bool block;         /* the text is the inside of a fence, not a whole reply */
  bool prompts;       /* only lines behind a prompt are commands; the others are output */
  bool root;          /* "# " is a prompt here, not a comment */
} cm_walk;

typedef struct cm_found {
  cm_str command;
  size_t from, end; /* where it stands in the walk's text */
  bool apart;       /* prose stands between it and the one before */
  bool prepares;    /* it changes the shell and has no effect without what follows */
} cm_found;

/* Begins a walk. `console`: the text is a recorded session. False without memory: where the text
 * shows prompts, it is copied to get rid of the second ones ("> "). */
bool cm_walk_open(cm_walk *w, cm_str text, cm_line_kind least, bool block, bool console,
                  cm_arena *a);
/* The next command; false when none is left. */
bool cm_walk_next(cm_walk *w, cm_found *out);

/* The line at text.p[from], without its end. */
cm_str cm_line_at(cm_str text, size_t from);

/* The length of a shell's prompt at the start of the line, else 0. */
size_t cm_prompt_length(cm_str line);

/* --- reply_fence.c --- */

typedef enum cm_fence_lang {
  CM_FENCE_SHELL,
  CM_FENCE_NONE,
  CM_FENCE_TEXT,
  CM_FENCE_JSON,
  CM_FENCE_OTHER
} cm_fence_lang;

/* A code fence's opening (or closing) line. */
typedef struct cm_fence {
  size_t indent, length; /* columns before it; of its run of ` or ~ */
  char mark;
  cm_str info; /* what follows it, trimmed */
  cm_fence_lang lang;
  bool console;
} cm_fence;

bool cm_fence_read(cm_str line, cm_fence *out);

/* A name such as "bash", in any case. */
bool cm_fence_is_shell(cm_str name);

typedef struct cm_block {
  cm_fence fence;
  size_t line, begin, end, next; /* the opening line, the content, what follows the closing line */
} cm_block;

/* The first block at or after text.p[from]; one that never closes goes to the text's end. */
bool cm_block_next(cm_str text, size_t from, cm_block *out);
/* Where the content at text.p[from] ends; *next: where the text goes on after the closing line. */
size_t cm_block_end(cm_str text, size_t from, const cm_fence *open, size_t *next);

#endif
