/* Right as well: "strcpy(", 'a' and malloc( in comments and
 * literals are text, and x->malloc(1) is a member. */
#include "low/low.h"

#include <sys/mman.h>
#include <time.h>

#include "low/part.h"
#include "low/twice_body.h"

static const char text[] = "strcpy(\"x\") /* // ' ";
static const char quote = '"';

int cm_low(size_t n) {
  const cm_part p = {text[n], quote};
  return p.malloc(1);
}
