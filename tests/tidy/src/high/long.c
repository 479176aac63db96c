/* 42 lines, and a function of 8 lines. */
#define MANY(x) \
  do {          \
  } while (x)

int table[] = {
    1,
    2,
    3,
    4,
    5,
    6,
};

int cm_short(void) { return 1; }

int cm_fits(int a,
            int b) {
  int c = a;
  c += b;
  return c;
}

#if 1
int cm_long(int a) {
#else
int cm_long(char a) {
#endif
  int c = a;
  c++;
  return c;
}

int cm_fits_too(int a) {
  if (a) {
    a++;
  }
  return a;
}

int last;
int really;
