/* net/url: the addresses that we fetch from. Strict: what isn't plainly an http or https URL is
 * refused here, so that no other program's idea of one counts when it is decided who gets a key.
 * Pure functions. */
#ifndef CM_NET_URL_H
#define CM_NET_URL_H
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

enum { CM_URL_MAX = 8192 };

typedef struct cm_url {
  bool https;
  cm_str host; /* with the brackets of an IPv6 address; as written */
  uint16_t port;
  cm_str path; /* from its "/"; query and fragment included; may be empty */
} cm_url;

/* Parts of `text`, which they point into. CM_E_FORMAT: another scheme, user and password in it,
 * a host or port that can't be, control characters, blanks, bytes beyond ASCII; CM_E_LIMIT: more
 * than CM_URL_MAX bytes. Grammar: RFC 3986, section 3. */
cm_code cm_url_parse(cm_str text, cm_url *out, cm_err *e);

/* Scheme, host and port are equal, as browsers compare origins (RFC 6454). */
bool cm_url_same_origin(const cm_url *a, const cm_url *b);

/* The host is this machine by its very name: "localhost", an address in 127.0.0.0/8 with its four
 * numbers, "[::1]". Nothing is looked up. */
bool cm_url_is_local(const cm_url *u);

/* Appends `s` with everything but unreserved characters (RFC 3986, 2.3) as %XX; "/" stays with
 * `slashes`. */
void cm_url_escape(cm_str s, bool slashes, cm_buf *out);

/* The last part of the path, without query and fragment, as it stands; empty when the path ends
 * with "/". */
cm_str cm_url_file(const cm_url *u);

#endif
