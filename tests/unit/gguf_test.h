/* cmocka with what it needs before it, in that order. */
#ifndef CM_TESTS_GGUF_TEST_H
#define CM_TESTS_GGUF_TEST_H
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
/* clang-format on */
#endif
