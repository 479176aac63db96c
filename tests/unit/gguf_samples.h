/* A small valid GGUF file, and the ways to break it: used by the unit tests and tools/mkbroken,
 * which writes them out for the tests of the program. Bytes are spelled out here, not made by our
 * writer: the two must not share a mistake. */
#ifndef CM_TESTS_GGUF_SAMPLES_H
#define CM_TESTS_GGUF_SAMPLES_H
#include "base/mem.h"
#include "gguf/gguf.h"

typedef struct raw {
  const char *p;
  size_t n;
} raw;

#define RAW(literal) \
  { literal, sizeof(literal) - 1 }

/* One tensor description. */
typedef struct shape {
  const char *name;
  uint32_t n_dims;
  uint64_t dims[5];
  uint32_t type;
  uint64_t offset;
} shape;

/* One way to change the sample file, and what the reader must say if that breaks it. */
typedef struct broken {
  const char *name; /* of the file, without ".gguf" */
  cm_code code;
  const char *says; /* part of the message */
  raw kv;           /* appended to the metadata */
  shape tensor;     /* in place of the second tensor when its name is not NULL */
  raw patch;        /* bytes that overwrite those at `at` */
  size_t at;
  size_t keep; /* cut the file to this size; KEEP_NONE: empty */
} broken;

enum { KEEP_NONE = 1 << 30 };

/* What the sample file holds, and where. */
enum {
  SAMPLE_KV = 5,
  SAMPLE_TENSORS = 2,
  SAMPLE_FIRST_OFFSET_AT = 245, /* the field in the description of the first tensor */
  SAMPLE_DATA_AT = 320,
  SAMPLE_BYTES = 386 /* the end of the second tensor: no padding after it */
};

/* clang-format off */
#define SAMPLE_KV_BYTES                                                     \
  "\x14\0\0\0\0\0\0\0general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0qwen2" \
  "\x05\0\0\0\0\0\0\0a.u32\x04\0\0\0\x07\0\0\0"                             \
  "\x06\0\0\0\0\0\0\0a.i32s\x09\0\0\0\x05\0\0\0\x03\0\0\0\0\0\0\0"          \
      "\x01\0\0\0\xff\xff\xff\xff\x02\0\0\0"                                \
  "\x06\0\0\0\0\0\0\0a.strs\x09\0\0\0\x08\0\0\0\x02\0\0\0\0\0\0\0"          \
      "\x02\0\0\0\0\0\0\0hi\0\0\0\0\0\0\0\0"                                \
  "\x08\0\0\0\0\0\0\0a.double\x0c\0\0\0\0\0\0\0\0\0\xf8\x3f"
static const shape sample_first = {"first", 2, {4, 2}, 0, 0};  /* F32: 32 bytes */
static const shape sample_second = {"second", 1, {32}, 8, 32}; /* Q8_0: 34 bytes */
/* clang-format on */

static inline void add_u32(cm_buf *b, uint32_t v) { cm_buf_add(b, &v, sizeof v); }
static inline void add_u64(cm_buf *b, uint64_t v) { cm_buf_add(b, &v, sizeof v); }

static inline void add_shape(cm_buf *b, const shape *s) {
  add_u64(b, strlen(s->name));
  cm_buf_puts(b, s->name);
  add_u32(b, s->n_dims);
  for (uint32_t i = 0; i < s->n_dims && i < 5; i++) add_u64(b, s->dims[i]);
  add_u32(b, s->type);
  add_u64(b, s->offset);
}

/* Appends the sample file with these changes. */
static inline void add_sample(cm_buf *b, const broken *how) {
  size_t start = b->n;
  cm_buf_puts(b, "GGUF");
  add_u32(b, 3);
  add_u64(b, SAMPLE_TENSORS);
  add_u64(b, SAMPLE_KV + (how->kv.n ? 1 : 0));
  cm_buf_add(b, SAMPLE_KV_BYTES, sizeof SAMPLE_KV_BYTES - 1);
  cm_buf_add(b, how->kv.p, how->kv.n);
  add_shape(b, &sample_first);
  add_shape(b, how->tensor.name ? &how->tensor : &sample_second);
  while ((b->n - start) % CM_GGUF_ALIGNMENT) cm_buf_putc(b, 0);
  for (int i = 0; i < 66; i++) cm_buf_putc(b, (char)i);
  if (how->patch.n) memcpy(b->p + start + how->at, how->patch.p, how->patch.n);
  if (how->keep) b->n = start + (how->keep == KEEP_NONE ? 0 : how->keep);
}

#define K         "\x01\0\0\0\0\0\0\0k" /* the key of the entries below; type and value follow */
#define ALIGNMENT "\x11\0\0\0\0\0\0\0general.alignment"
#define NAME_65   "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg"

/* clang-format off */
static const broken broken_files[] = {
  {"empty", CM_E_FORMAT, "cut off", .keep = KEEP_NONE},
  {"magic-wrong", CM_E_FORMAT, "not a GGUF file: it starts with 67 67 6d 6c",
   .patch = RAW("ggml")},
  {"magic-cut", CM_E_FORMAT, "cut off", .keep = 3},
  {"version-0", CM_E_UNSUPPORTED, "version 0", .at = 4, .patch = RAW("\0")},
  {"version-1", CM_E_UNSUPPORTED, "version 1", .at = 4, .patch = RAW("\x01")},
  {"version-4", CM_E_UNSUPPORTED, "version 4", .at = 4, .patch = RAW("\x04")},
  {"big-endian-2", CM_E_UNSUPPORTED, "big-endian", .at = 4, .patch = RAW("\0\0\0\x02")},
  {"big-endian-3", CM_E_UNSUPPORTED, "big-endian", .at = 4, .patch = RAW("\0\0\0\x03")},
  {"header-cut", CM_E_FORMAT, "header is cut off", .keep = 13},
  {"tensor-count-over-limit", CM_E_LIMIT, "announces 65537 tensors",
   .at = 8, .patch = RAW("\x01\0\x01")},
  {"tensor-count-max", CM_E_LIMIT, "announces 18446744073709551615 tensors", .at = 8,
   .patch = RAW("\xff\xff\xff\xff\xff\xff\xff\xff")},
  {"tensor-count-beyond-file", CM_E_FORMAT, "announces 60000 tensors",
   .at = 8, .patch = RAW("\x60\xea")},
  {"kv-count-over-limit", CM_E_LIMIT, "announces 65537 metadata",
   .at = 16, .patch = RAW("\x01\0\x01")},
  {"kv-count-max", CM_E_LIMIT, "announces 18446744073709551615 metadata", .at = 16,
   .patch = RAW("\xff\xff\xff\xff\xff\xff\xff\xff")},
  {"kv-count-beyond-file", CM_E_FORMAT, "announces 60000 metadata",
   .at = 16, .patch = RAW("\x60\xea")},
  {"kv-count-too-small", CM_E_FORMAT, "tensor a.double has 12 dimensions",
   .at = 16, .patch = RAW("\x04")},

  {"key-empty", CM_E_FORMAT, "number 6 has an empty name",
   .kv = RAW("\0\0\0\0\0\0\0\0\x07\0\0\0\x01")},
  {"key-too-long", CM_E_LIMIT, "65536 bytes", .kv = RAW("\0\0\x01\0\0\0\0\0")},
  {"key-length-max", CM_E_LIMIT, "18446744073709551615 bytes",
   .kv = RAW("\xff\xff\xff\xff\xff\xff\xff\xffk")},
  {"key-control-character", CM_E_FORMAT, "printable",
   .kv = RAW("\x01\0\0\0\0\0\0\0\x1b\x07\0\0\0\x01")},
  {"key-invalid-utf8", CM_E_FORMAT, "printable",
   .kv = RAW("\x01\0\0\0\0\0\0\0\xff\x07\0\0\0\x01")},
  {"key-bidi-override", CM_E_FORMAT, "printable",
   .kv = RAW("\x03\0\0\0\0\0\0\0\xe2\x80\xae\x07\0\0\0\x01")},
  {"key-twice", CM_E_FORMAT, "a.u32 is there twice",
   .kv = RAW("\x05\0\0\0\0\0\0\0a.u32\x04\0\0\0\x07\0\0\0")},
  {"key-cut", CM_E_FORMAT, "number 3 is cut off", .keep = 100},
  {"value-cut", CM_E_FORMAT, "a.double is cut off", .keep = 204},
  {"value-type-unknown", CM_E_FORMAT, "entry k has unknown type 13",
   .kv = RAW(K "\x0d\0\0\0\0\0\0\0")},
  {"value-type-max", CM_E_FORMAT, "unknown type 4294967295", .kv = RAW(K "\xff\xff\xff\xff")},
  {"bool-2", CM_E_FORMAT, "bool that is 2", .kv = RAW(K "\x07\0\0\0\x02")},
  {"bool-2-in-array", CM_E_FORMAT, "bool that is 255",
   .kv = RAW(K "\x09\0\0\0\x07\0\0\0\x03\0\0\0\0\0\0\0\x01\0\xff")},
  {"string-too-long", CM_E_LIMIT, "16777217 bytes", .kv = RAW(K "\x08\0\0\0\x01\0\0\x01\0\0\0\0")},
  {"string-length-max", CM_E_LIMIT, "18446744073709551615 bytes",
   .kv = RAW(K "\x08\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff")},
  {"string-beyond-file", CM_E_FORMAT, "entry k is cut off",
   .kv = RAW(K "\x08\0\0\0\0\0\x10\0\0\0\0\0")},

  {"array-type-unknown", CM_E_FORMAT, "array of unknown type 99",
   .kv = RAW(K "\x09\0\0\0\x63\0\0\0\x01\0\0\0\0\0\0\0")},
  {"array-nested", CM_E_UNSUPPORTED, "array of arrays",
   .kv = RAW(K "\x09\0\0\0\x09\0\0\0\x01\0\0\0\0\0\0\0\x04\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0")},
  {"array-count-max", CM_E_FORMAT, "more than the file can hold",
   .kv = RAW(K "\x09\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff")},
  {"array-size-overflow", CM_E_FORMAT, "2305843009213693953 elements",
   .kv = RAW(K "\x09\0\0\0\x0a\0\0\0\x01\0\0\0\0\0\0\x20\0\0\0\0\0\0\0\0")},
  {"array-beyond-file", CM_E_FORMAT, "65536 elements",
   .kv = RAW(K "\x09\0\0\0\x04\0\0\0\0\0\x01\0\0\0\0\0")},
  {"array-cut", CM_E_FORMAT, "a.i32s has 3 elements, more", .keep = 126},
  {"strings-count-beyond-file", CM_E_FORMAT, "1000 elements, more",
   .kv = RAW(K "\x09\0\0\0\x08\0\0\0\xe8\x03\0\0\0\0\0\0")},
  {"strings-element-too-long", CM_E_LIMIT, "18446744073709551615 bytes",
   .kv = RAW(K "\x09\0\0\0\x08\0\0\0\x02\0\0\0\0\0\0\0"
             "\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff")},
  {"strings-element-beyond-file", CM_E_FORMAT, "entry k is cut off",
   .kv = RAW(K "\x09\0\0\0\x08\0\0\0\x01\0\0\0\0\0\0\0\0\x10\0\0\0\0\0\0")},
  {"strings-length-cut", CM_E_FORMAT, "a.strs is cut off", .keep = 178},

  {"alignment-0", CM_E_FORMAT, "alignment is 0", .kv = RAW(ALIGNMENT "\x04\0\0\0\0\0\0\0")},
  {"alignment-4", CM_E_FORMAT, "alignment is 4", .kv = RAW(ALIGNMENT "\x04\0\0\0\x04\0\0\0")},
  {"alignment-48", CM_E_FORMAT, "alignment is 48", .kv = RAW(ALIGNMENT "\x04\0\0\0\x30\0\0\0")},
  {"alignment-max", CM_E_FORMAT, "alignment is 2147483648",
   .kv = RAW(ALIGNMENT "\x04\0\0\0\0\0\0\x80")},
  {"alignment-text", CM_E_FORMAT, "alignment has type string, not an integer",
   .kv = RAW(ALIGNMENT "\x08\0\0\0\x02\0\0\0\0\0\0\x00" "32")},

  {"tensor-name-cut", CM_E_FORMAT, "tensor number 2 is cut off", .keep = 264},
  {"tensor-info-cut", CM_E_FORMAT, "tensor second is cut off", .keep = 280},
  {"tensor-name-empty", CM_E_FORMAT, "number 2 has an empty name", .tensor = {"", 1, {32}, 8, 32}},
  {"tensor-name-too-long", CM_E_LIMIT, "65 bytes", .tensor = {NAME_65, 1, {32}, 8, 32}},
  {"tensor-name-control-character", CM_E_FORMAT, "printable", .tensor = {"a\nb", 1, {32}, 8, 32}},
  {"tensor-twice", CM_E_FORMAT, "tensor first is there twice",
   .tensor = {"first", 1, {32}, 8, 32}},
  {"tensor-dims-0", CM_E_FORMAT, "second has 0 dimensions", .tensor = {"second", 0, {0}, 8, 32}},
  {"tensor-dims-5", CM_E_FORMAT, "second has 5 dimensions",
   .tensor = {"second", 5, {32, 1, 1, 1, 1}, 8, 32}},
  {"tensor-dims-max", CM_E_FORMAT, "has 4294967295 dimensions",
   .tensor = {"second", UINT32_MAX, {32}, 8, 32}},
  {"tensor-row-zero", CM_E_FORMAT, "size 0 in dimension 1",
   .tensor = {"second", 2, {0, 1}, 8, 32}},
  {"tensor-rows-zero", CM_E_FORMAT, "size 0 in dimension 2",
   .tensor = {"second", 2, {32, 0}, 8, 32}},
  {"tensor-rows-overflow", CM_E_FORMAT, "overflows",
   .tensor = {"second", 4, {32, UINT64_C(1) << 32, UINT64_C(1) << 31, 2}, 8, 32}},
  {"tensor-row-bytes-overflow", CM_E_FORMAT, "overflows",
   .tensor = {"second", 1, {UINT64_C(1) << 62}, 0, 32}},
  {"tensor-bytes-overflow", CM_E_FORMAT, "overflows",
   .tensor = {"second", 2, {UINT64_C(1) << 40, UINT64_C(1) << 40}, 8, 32}},
  {"tensor-row-not-whole-blocks", CM_E_FORMAT,
   "rows of 33 values, not a multiple of Q8_0's block of 32",
   .tensor = {"second", 1, {33}, 8, 32}},
  {"tensor-row-not-whole-superblocks", CM_E_FORMAT, "not a multiple of Q4_K's block of 256",
   .tensor = {"second", 1, {32}, 12, 32}},
  {"tensor-type-133", CM_E_UNSUPPORTED,
   "tensor second has type 133 (Q6_0 (ik_llama.cpp)), which is not supported",
   .tensor = {"second", 1, {32}, 133, 32}},
  {"tensor-type-iq2_xxs", CM_E_UNSUPPORTED, "type 16 (IQ2_XXS)",
   .tensor = {"second", 1, {256}, 16, 32}},
  {"tensor-type-removed", CM_E_UNSUPPORTED, "type 4 (Q4_2", .tensor = {"second", 1, {32}, 4, 32}},
  {"tensor-type-unknown", CM_E_UNSUPPORTED, "unknown type 9999",
   .tensor = {"second", 1, {32}, 9999, 32}},
  {"tensor-type-wrong-for-size", CM_E_FORMAT, "lies outside the file",
   .tensor = {"second", 1, {32}, 0, 32}},
  {"tensor-misaligned", CM_E_FORMAT, "second is misaligned: offset 33",
   .tensor = {"second", 1, {32}, 8, 33}},
  {"tensor-same-place", CM_E_FORMAT, "second overlaps tensor first",
   .tensor = {"second", 1, {32}, 8, 0}},
  {"tensor-overlap", CM_E_FORMAT, "first overlaps tensor second", .patch = RAW("\x20"),
   .at = SAMPLE_FIRST_OFFSET_AT,
   .tensor = {"second", 1, {32}, 8, 0}},
  {"tensor-offset-outside", CM_E_FORMAT, "lies outside the file: 34 bytes at offset 4096 of 66",
   .tensor = {"second", 1, {32}, 8, 4096}},
  {"tensor-offset-max", CM_E_FORMAT, "offset 18446744073709551584",
   .tensor = {"second", 1, {32}, 8, UINT64_MAX - 31}},
  {"tensor-larger-than-file", CM_E_FORMAT, "lies outside the file: 34000 bytes",
   .tensor = {"second", 2, {32, 1000}, 8, 32}},
  {"data-cut", CM_E_FORMAT, "second lies outside the file", .keep = SAMPLE_BYTES - 1},
  {"data-missing", CM_E_FORMAT, "first lies outside the file", .keep = SAMPLE_DATA_AT},
  {"padding-missing", CM_E_FORMAT, "first lies outside the file", .keep = SAMPLE_DATA_AT - 1},
};
/* Valid variations: every type of value, alone and in arrays, and what is unusual but allowed. */
static const broken good_files[] = {
  {.name = "plain"},
  {"version-2-valid", .at = 4, .patch = RAW("\x02")},
  {"alignment-8", .kv = RAW(ALIGNMENT "\x04\0\0\0\x08\0\0\0")},
  {"u8", .kv = RAW(K "\x00\0\0\0\xff")},
  {"i8", .kv = RAW(K "\x01\0\0\0\xff")},
  {"u16", .kv = RAW(K "\x02\0\0\0\xff\xff")},
  {"i16", .kv = RAW(K "\x03\0\0\0\xff\xff")},
  {"i32", .kv = RAW(K "\x05\0\0\0\xff\xff\xff\xff")},
  {"f32", .kv = RAW(K "\x06\0\0\0\0\0\xc0\x7f")},
  {"bool", .kv = RAW(K "\x07\0\0\0\x01")},
  {"string-hostile", .kv = RAW(K "\x08\0\0\0\x0c\0\0\0\0\0\0\0\x1b[31m\0\xff\xe2\x80\xae\"\n")},
  {"u64", .kv = RAW(K "\x0a\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff")},
  {"i64", .kv = RAW(K "\x0b\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff")},
  {"array-u8", .kv = RAW(K "\x09\0\0\0\x00\0\0\0\x03\0\0\0\0\0\0\0\x01\x02\x03")},
  {"array-i16", .kv = RAW(K "\x09\0\0\0\x03\0\0\0\x02\0\0\0\0\0\0\0\x01\x02\xff\xff")},
  {"array-bool", .kv = RAW(K "\x09\0\0\0\x07\0\0\0\x02\0\0\0\0\0\0\0\x01\0")},
  {"array-f32", .kv = RAW(K "\x09\0\0\0\x06\0\0\0\x01\0\0\0\0\0\0\0\0\0\x80\x3f")},
  {"array-f64", .kv = RAW(K "\x09\0\0\0\x0c\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\xf0\x3f")},
  {"array-empty", .kv = RAW(K "\x09\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0")},
  {"tensor-4d", .tensor = {"second", 4, {2, 2, 2, 1}, 1, 32}},
  {"tensors-out-of-order", .tensor = {"second", 1, {4}, 0, 0}, .at = SAMPLE_FIRST_OFFSET_AT,
   .patch = RAW("\x20")},
};
/* clang-format on */

enum {
  BROKEN_FILES = sizeof broken_files / sizeof *broken_files,
  GOOD_FILES = sizeof good_files / sizeof *good_files
};

#undef K
#undef ALIGNMENT
#undef NAME_65

#endif
