/* sh/parse: what the files of the parser share; private to it.
 *
 * One pass. The parser asks for tokens and says what a word may be where it stands (`mode`); a
 * word is parsed to its end when it is read, with all that is nested in it. Where a stretch has to
 * be read again, its bytes are charged to a budget. The first failure is kept in `code` and makes
 * the rest of the text look empty, and cm_sh_new never gives NULL but the same spare node again
 * and again, so that almost nothing needs to check for errors: the door does, at the end. Only who
 * looks something up in a node has to check `code` before. */
#ifndef CM_SH_PARSE_H
#define CM_SH_PARSE_H
#include "sh/sh.h"

typedef enum cm_tok_kind {
  CM_TOK_END,
  CM_TOK_NEWLINE,
  CM_TOK_WORD,
  CM_TOK_ASSIGN,
  CM_TOK_REDIR,
  CM_TOK_AMP,
  CM_TOK_SEMI,
  CM_TOK_CASE_END, /* ;; ;& ;;& */
  CM_TOK_LPAREN,
  CM_TOK_RPAREN,
  CM_TOK_PIPE,
  CM_TOK_PIPE_ERR,
  CM_TOK_AND,
  CM_TOK_OR
} cm_tok_kind;

typedef enum cm_key {
  CM_KEY_NONE,
  CM_KEY_BANG,
  CM_KEY_COND,
  CM_KEY_COND_END,
  CM_KEY_CASE,
  CM_KEY_COPROC,
  CM_KEY_DO,
  CM_KEY_DONE,
  CM_KEY_ELIF,
  CM_KEY_ELSE,
  CM_KEY_ESAC,
  CM_KEY_FI,
  CM_KEY_FOR,
  CM_KEY_FUNCTION,
  CM_KEY_IF,
  CM_KEY_IN,
  CM_KEY_SELECT,
  CM_KEY_THEN,
  CM_KEY_TIME,
  CM_KEY_UNTIL,
  CM_KEY_WHILE,
  CM_KEY_OPEN,
  CM_KEY_CLOSE
} cm_key;

typedef struct cm_tok {
  cm_tok_kind kind;
  uint32_t start, end; /* positions in the parser's text */
  cm_word *word;       /* WORD */
  cm_str plain;        /* WORD: its characters if nothing in it is quoted or expanded */
  cm_key key;          /* WORD: which reserved word it is, where one may stand */
  cm_assign *assign;   /* ASSIGN */
  cm_redir_op op;      /* REDIR: as written, BOTH only for &> */
  const char *text;    /* an operator */
  bool strip;          /* REDIR: <<- */
  int fd;              /* REDIR: see cm_redir */
  cm_str fd_name;
} cm_tok;

/* What a word may be, besides a word. */
enum {
  CM_LEX_COMMAND = 1,   /* an assignment */
  CM_LEX_ARRAY = 2,     /* name=( … ) behind declare and its like */
  CM_LEX_ELEMENT = 4,   /* [sub]=word inside ( … ) */
  CM_LEX_PATTERN = 8,   /* an extended pattern: @(a|b) */
  CM_LEX_REGEX = 16,    /* right of =~: ( and | belong to it */
  CM_LEX_NO_REDIR = 32, /* digits in front of < are a word */
  CM_LEX_DASH = 64      /* a "-" is a word, whatever follows */
};

/* A here-document whose body starts behind the next newline. */
typedef struct cm_here {
  struct cm_here *next;
  cm_redir *redir;
  cm_str end; /* the delimiter's characters */
  bool quoted, strip;
} cm_here;

typedef struct cm_parser {
  const char *s;       /* the text, or an unescaped copy of a part of it */
  uint32_t pos, limit; /* what is left: [pos, limit) */
  const uint32_t *map; /* of a copy: where each byte (and the end) stood in the text */
  cm_dialect dialect;
  cm_arena *arena;
  cm_tok tok; /* looked ahead at, if `have` */
  bool have;
  uint32_t done; /* end of the last token that was taken */
  cm_here *heres, **heres_tail;
  bool closing; /* inside $( ): its parenthesis may end a here-document */
  unsigned depth;
  /* What outlives a part of the text that is parsed on its own. */
  unsigned nodes;
  size_t again; /* bytes looked at more than once */
  bool warned;
  cm_code code;
  const char *what; /* the message: what, then `near` in quotes */
  cm_str near;
  uint32_t bad; /* its position in the whole text */
  cm_cmd spare; /* what cm_sh_new gives once memory or nodes ran out */
} cm_parser;

static inline bool cm_sh_is_bash(const cm_parser *p) { return p->dialect == CM_SH_BASH; }

/* A position in the whole text. */
static inline uint32_t cm_sh_at(const cm_parser *p, uint32_t pos) {
  return p->map ? p->map[pos] : pos;
}

static inline cm_span cm_sh_span(const cm_parser *p, uint32_t start, uint32_t end) {
  return (cm_span){cm_sh_at(p, start), cm_sh_at(p, end)};
}

/* The next character, behind line continuations; -1 at the end. */
static inline int cm_sh_peek(cm_parser *p) {
  while (p->pos + 1 < p->limit && p->s[p->pos] == '\\' && p->s[p->pos + 1] == '\n') p->pos += 2;
  return p->pos < p->limit ? (unsigned char)p->s[p->pos] : -1;
}

static inline cm_str cm_sh_slice(const cm_parser *p, uint32_t start, uint32_t end) {
  return (cm_str){p->s + start, end - start};
}

/* --- parse.c --------------------------------------------------------------------------------- */

/* Zeroed. Counts a node; never NULL. `size` is at most that of a cm_cmd. */
void *cm_sh_new(cm_parser *p, size_t size);
/* Bytes of the arena for a copy; NULL after a failure. */
void *cm_sh_bytes(cm_parser *p, size_t n, size_t size);
/* Fails at `pos` of the parser's text: "WHAT `NEAR'". Keeps the first failure. */
void cm_sh_fail(cm_parser *p, uint32_t pos, const char *what, cm_str near);
/* Pairs around whatever can be nested. */
void cm_sh_enter(cm_parser *p);
void cm_sh_leave(cm_parser *p);
/* Charges n bytes that are read a second time: the sum has a limit, which keeps parsing linear. */
void cm_sh_reread(cm_parser *p, size_t n);

/* Parses a part of the text (or of a copy of it) on its own: begin returns what finish needs. A
 * mistake inside is no mistake outside: finish then says false and warns. */
cm_parser cm_sh_begin(cm_parser *p, const char *s, const uint32_t *map, uint32_t start,
                      uint32_t end);
bool cm_sh_finish(cm_parser *p, const cm_parser *outer);
/* The commands of such a part, as far as their lines are right. */
cm_sh_list *cm_sh_inner_lines(cm_parser *p, const char *s, const uint32_t *map, uint32_t start,
                              uint32_t end);
/* A list up to what can't go on with it, which is left to be taken. */
cm_sh_list *cm_sh_compound(cm_parser *p);
cm_cmd *cm_sh_command(cm_parser *p);
/* Words, assignments and redirections; `first` was taken already, or is NULL. */
void cm_sh_simple(cm_parser *p, cm_cmd *c, cm_word *first);
void cm_sh_redirections(cm_parser *p, cm_cmd *c);

/* --- parse_compound.c, parse_cond.c ---------------------------------------------------------- */

cm_key cm_sh_key_of(const cm_parser *p, cm_str word);
/* The reserved word that the next token is, and whether it ends a list. */
cm_key cm_sh_key(cm_parser *p);
bool cm_sh_closing_key(cm_key key);
/* A compound command with its redirections; false: the next token starts none. */
bool cm_sh_compound_command(cm_parser *p, cm_cmd *c);
/* Behind the name of a function and its "(". */
void cm_sh_function(cm_parser *p, cm_cmd *c, const cm_tok *name);
void cm_sh_cond(cm_parser *p, cm_cmd *c); /* behind "[[" */

/* --- lex.c, lex_here.c ----------------------------------------------------------------------- */

cm_tok *cm_sh_lex(cm_parser *p, unsigned mode);
/* The next token, without taking it; after a failure always the end. */
static inline cm_tok *cm_sh_tok(cm_parser *p, unsigned mode) {
  return p->have ? &p->tok : cm_sh_lex(p, mode);
}
/* The characters of a token. */
cm_str cm_sh_tok_text(const cm_parser *p, const cm_tok *t);
/* In dash a name must be one; bash takes any word and complains when it runs. */
void cm_sh_check_name(cm_parser *p, const cm_tok *t);
/* Takes the token that was looked at. */
void cm_sh_take(cm_parser *p);
bool cm_sh_take_kind(cm_parser *p, cm_tok_kind kind, unsigned mode);
void cm_sh_newlines(cm_parser *p, unsigned mode);
/* Fails at the token that was looked at. */
void cm_sh_unexpected(cm_parser *p);
void cm_sh_here_add(cm_parser *p, cm_redir *r, bool strip);
/* The bodies of all waiting here-documents; `pos` is behind the newline. */
void cm_sh_here_bodies(cm_parser *p);

/* --- word*.c --------------------------------------------------------------------------------- */

/* Characters that are borrowed while they stand together in the text, else copied. */
typedef struct cm_text {
  const char *p;
  size_t n, cap;
} cm_text;

/* A word that grows. Its parts lie side by side: each starts where the one before it ends. */
typedef struct cm_wordb {
  cm_part *first, *last;
  cm_part *open; /* the last part, if it is a text that goes on */
  cm_text text;  /* of `open` */
  uint32_t from; /* end of the last closed part */
  uint32_t upto; /* end of `open` */
  bool quoted;   /* parts are marked as quoted */
  bool dq;       /* escapes and quotes mean what they mean in "…" */
} cm_wordb;

void cm_sh_text_add(cm_parser *p, cm_text *t, const char *s, size_t n);
/* Text that stands in front of `end`. */
void cm_wordb_text(cm_parser *p, cm_wordb *b, const char *s, size_t n, uint32_t end);
void cm_wordb_close(cm_parser *p, cm_wordb *b);
/* A new part; the caller ends it with cm_wordb_end. */
cm_part *cm_wordb_part(cm_parser *p, cm_wordb *b, cm_part_kind kind);
void cm_wordb_end(cm_parser *p, cm_wordb *b);
/* Moves the parts of `more` to the end. */
void cm_wordb_join(cm_parser *p, cm_wordb *b, cm_wordb *more);
cm_word *cm_wordb_done(cm_parser *p, cm_wordb *b, uint32_t start);

/* A word at `pos`; sets the token's word or assignment. */
void cm_sh_word(cm_parser *p, unsigned mode, cm_tok *t);
/* At a word's start: NAME= or NAME[sub]= and an array's elements; `b` starts the value. If there
 * is none, `b` may hold the first parts of the word. */
bool cm_sh_assign_head(cm_parser *p, unsigned mode, cm_wordb *b, cm_assign *as);
void cm_sh_element_head(cm_parser *p, cm_wordb *b); /* [sub] */
/* The quote, escape or expansion at `pos`, or else the character. */
void cm_sh_special(cm_parser *p, cm_wordb *b);
void cm_sh_double(cm_parser *p, cm_wordb *b); /* at the quote */

/* Text inside an expansion up to `close`, or to `stop` outside of nested pairs (a } stops
 * anywhere); neither is taken. Pairs `open` `close` nest unless open is 0. */
typedef struct cm_group {
  char open, close, stop;
  bool process; /* <( ) is an expansion */
} cm_group;
void cm_sh_group(cm_parser *p, cm_wordb *b, cm_group g);

void cm_sh_dollar(cm_parser *p, cm_wordb *b);    /* at "$": an expansion or the "$" itself */
void cm_sh_param(cm_parser *p, cm_wordb *b);     /* behind "${" */
bool cm_sh_opens_process(cm_parser *p);          /* at "<" or ">": whether it is "<(" */
void cm_sh_process(cm_parser *p, cm_wordb *b);   /* at "<(" */
void cm_sh_backquote(cm_parser *p, cm_wordb *b); /* at "`" */
void cm_sh_ansi(cm_parser *p, cm_wordb *b);      /* behind "$'" */
/* At the second parenthesis of "((": if it is arithmetic up to "))", takes it all and gives the
 * expressions, divided by `stop`; else takes nothing. */
bool cm_sh_double_paren(cm_parser *p, char stop, cm_word **out, size_t *count);
/* The text of [start, end) as in "…"; from the first wrong expansion on it is only text. */
void cm_sh_loose(cm_parser *p, cm_wordb *b, uint32_t start, uint32_t end);

bool cm_sh_name_char(int c, bool first);
cm_str cm_sh_name(cm_parser *p); /* an identifier at `pos`, empty if there is none */

#endif
