#include "net/url.h"

#include <strings.h>

static bool is_plain(cm_str s) {
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '\\') return false;
  return true;
}

static bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

static bool is_address_char(char c) {
  return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' ||
         c == '.';
}

/* How many bytes of an authority are its host; 0: none can be. */
static size_t host_length(cm_str authority) {
  size_t i = 0;
  if (authority.n && authority.p[0] == '[') {
    for (i = 1; i < authority.n && is_address_char(authority.p[i]); i++) {}
    return i > 1 && i < authority.n && authority.p[i] == ']' ? i + 1 : 0;
  }
  while (i < authority.n && is_host_char(authority.p[i])) i++;
  return i;
}

static bool take_scheme(cm_str *rest, bool *https) {
  static const struct {
    const char *text;
    size_t n;
  } schemes[] = {{"http://", 7}, {"https://", 8}};
  for (size_t i = 0; i < 2; i++) {
    if (rest->n < schemes[i].n || strncasecmp(rest->p, schemes[i].text, schemes[i].n) != 0)
      continue;
    *https = i == 1;
    *rest = (cm_str){rest->p + schemes[i].n, rest->n - schemes[i].n};
    return true;
  }
  return false;
}

/* What a message may show of it: no query, and nothing where a password may stand. */
static cm_str shown(cm_str text) {
  size_t n = 0;
  for (; n < text.n && n < 100 && text.p[n] != '?' && text.p[n] != '#'; n++) {}
  if (cm_str_find(text, CM_STR("@")) != SIZE_MAX) return CM_STR("one with a user in it");
  return (cm_str){text.p, n};
}

cm_code cm_url_parse(cm_str text, cm_url *out, cm_err *e) {
  *out = (cm_url){0};
  if (text.n > CM_URL_MAX)
    return cm_fail(e, CM_E_LIMIT, 0, "an address of more than %d bytes", CM_URL_MAX);
  if (!is_plain(text))
    return cm_fail(e, CM_E_FORMAT, 0, "an address has characters that must be escaped");
  cm_str rest = text;
  if (!take_scheme(&rest, &out->https))
    return cm_fail(e, CM_E_FORMAT, 0, "not an http or https address: %.*s", (int)shown(text).n,
                   shown(text).p);
  size_t n = 0;
  while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?' && rest.p[n] != '#') n++;
  const cm_str authority = {rest.p, n};
  const size_t host = host_length(authority);
  out->host = (cm_str){rest.p, host};
  out->path = (cm_str){rest.p + n, rest.n - n};
  out->port = out->https ? 443 : 80;
  uint64_t port = out->port;
  const bool more = host < n;
  const cm_str digits = {rest.p + host + 1, more ? n - host - 1 : 0};
  if (!host || (more && (rest.p[host] != ':' || !cm_str_u64(digits, 1, 65535, &port))))
    return cm_fail(e, CM_E_FORMAT, 0, "the address has no usable host and port: %.*s",
                   (int)shown(text).n, shown(text).p);
  out->port = (uint16_t)port;
  return CM_OK;
}

bool cm_url_same_origin(const cm_url *a, const cm_url *b) {
  return a->https == b->https && a->port == b->port && a->host.n == b->host.n &&
         strncasecmp(a->host.p, b->host.p, a->host.n) == 0;
}

/* "127." and three more numbers: a name may begin so too. */
static bool is_loopback_v4(cm_str host) {
  size_t parts = 0;
  uint64_t number = 0;
  for (bool more = true; more; parts++) {
    const size_t dot = cm_str_find(host, CM_STR("."));
    more = dot != SIZE_MAX;
    const size_t n = more ? dot : host.n;
    const bool first = parts == 0;
    if (n > 3 || !cm_str_u64((cm_str){host.p, n}, first ? 127 : 0, first ? 127 : 255, &number))
      return false;
    if (more) host = (cm_str){host.p + n + 1, host.n - n - 1};
  }
  return parts == 4;
}

bool cm_url_is_local(const cm_url *u) {
  const bool named = u->host.n == 9 && strncasecmp(u->host.p, "localhost", 9) == 0;
  return named || cm_str_is(u->host, "[::1]") || is_loopback_v4(u->host);
}

void cm_url_escape(cm_str s, bool slashes, cm_buf *out) {
  for (size_t i = 0; i < s.n; i++) {
    const unsigned char c = (unsigned char)s.p[i];
    const bool plain = is_host_char((char)c) || c == '~' || (slashes && c == '/');
    if (plain) cm_buf_putc(out, (char)c);
    else cm_buf_printf(out, "%%%02X", c);
  }
}

cm_str cm_url_file(const cm_url *u) {
  size_t n = 0, start = 0;
  for (; n < u->path.n && u->path.p[n] != '?' && u->path.p[n] != '#'; n++)
    if (u->path.p[n] == '/') start = n + 1;
  return (cm_str){u->path.p + start, n - start};
}
