#include "backend/breaker.h"

static const uint64_t second = 1000000000;

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t most(uint64_t a, uint64_t b) { return a > b ? a : b; }

bool cm_breaker_pass(cm_breaker *b, const cm_job *job, uint64_t now_ns) {
  if (b->trial && b->trial->alive) cm_breaker_answer(b);
  if (!b->until_ns) return true;
  if (b->trial || now_ns < b->until_ns) return false;
  b->until_ns = now_ns + b->shut_ns;
  b->trial = job;
  return true;
}

/* What fails at once may be tried again soon: a server that starts anew is away for a moment. Who
 * lets everybody wait for a minute is left alone for longer. */
void cm_breaker_fail(cm_breaker *b, const cm_job *job, uint64_t took_ns, const cm_err *why,
                     uint64_t now_ns) {
  if (b->until_ns && b->trial != job) return;
  const uint64_t cap = CM_BREAK_FIRST_SECONDS * second;
  const uint64_t first =
      most(least(took_ns, cap) * CM_BREAK_TIMES, CM_BREAK_LEAST_SECONDS * second);
  b->shut_ns = least(most(2 * b->shut_ns, least(first, cap)), CM_BREAK_MOST_SECONDS * second);
  b->until_ns = now_ns + b->shut_ns;
  b->why = *why;
}

void cm_breaker_answer(cm_breaker *b) {
  b->until_ns = b->shut_ns = 0;
  b->trial = NULL;
}

void cm_breaker_leave(cm_breaker *b, const cm_job *job) {
  if (b->trial == job) b->trial = NULL;
}

uint64_t cm_breaker_again(const cm_breaker *b, uint64_t now_ns) {
  if (!b->until_ns) return 0;
  return b->trial ? most(b->until_ns, now_ns + CM_BREAK_LEAST_SECONDS * second) : b->until_ns;
}
