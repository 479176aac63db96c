#include "backend/stops.h"

size_t cm_stops_find(const cm_request *q, cm_str text) {
  size_t at = SIZE_MAX;
  for (size_t k = 0; k < q->n_stops; k++) {
    const size_t found = q->stops[k].n ? cm_str_find(text, q->stops[k]) : SIZE_MAX;
    if (found < at) at = found;
  }
  return at;
}

size_t cm_stops_begun(const cm_request *q, cm_str text) {
  size_t most = 0;
  for (size_t i = 0; i < q->n_stops; i++) {
    const cm_str stop = q->stops[i];
    size_t n = stop.n ? stop.n - 1 : 0;
    if (n > text.n) n = text.n;
    while (n > most && !cm_str_ends(text, (cm_str){stop.p, n})) n--;
    if (n > most) most = n;
  }
  return most;
}
