/* sh/decode: what decoders and simple filters make of a known text. Pure. */
#ifndef CM_SH_DECODE_H
#define CM_SH_DECODE_H
#include "base/mem.h"
#include "base/str.h"

/* All give false when the program would refuse, when the answer isn't known here, or without
 * memory; *out lies in `a` (or is a piece of `in`). */

/* RFC 4648, as base64 -d and base32 -d read it: line ends are passed over; with `garbage` (-i)
 * everything else is, too. */
bool cm_decode_base64(cm_arena *a, cm_str in, bool garbage, cm_str *out);
bool cm_decode_base32(cm_arena *a, cm_str in, bool garbage, cm_str *out);
bool cm_decode_hex(cm_arena *a, cm_str in, cm_str *out);     /* xxd -r -p */
bool cm_decode_hexdump(cm_arena *a, cm_str in, cm_str *out); /* xxd -r */

/* \n \t \0NNN \xHH \uHHHH …, as echo -e (`echo`) and printf's format read them. *ended: \c. */
bool cm_decode_escapes(cm_arena *a, cm_str in, bool echo, cm_str *out, bool *ended);

bool cm_filter_rev(cm_arena *a, cm_str in, cm_str *out);
bool cm_filter_tac(cm_arena *a, cm_str in, cm_str *out);
/* tr [-cds] SET1 [SET2]; `flags`: letters. */
bool cm_filter_tr(cm_arena *a, cm_str in, const char *flags, cm_str set1, cm_str set2,
                  cm_str *out);
/* cut: a list like 1,3-5,7-; by bytes or by fields. */
bool cm_filter_cut(cm_arena *a, cm_str in, cm_str list, char delimiter, bool fields, cm_str *out);
/* One s/a/b/[g] or y/a/b/ command with literal texts. */
bool cm_filter_sed(cm_arena *a, cm_str in, cm_str script, cm_str *out);
/* The first n lines or bytes (head), or the last ones. */
cm_str cm_filter_ends(cm_str in, size_t n, bool lines, bool last);

#endif
