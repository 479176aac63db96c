/* gguf/writer: writes GGUF version 3 files.
 *
 * Order of calls: open, metadata and tensor declarations in any order, begin_data, the tensors'
 * bytes in the order of their declaration, commit. The first failure of a declaration is
 * remembered and reported by begin_data, so that declarations need no checks of their own.
 * begin_data runs the reader over the header: what is written can be read. The file appears under
 * its name only with commit (see cm_os_out).
 */
#ifndef CM_GGUF_WRITER_H
#define CM_GGUF_WRITER_H
#include "gguf/gguf.h"

typedef struct cm_gguf_writer cm_gguf_writer;

/* CM_E_WRITE, CM_E_NOMEM; *out is NULL then. */
cm_code cm_gguf_writer_open(const char *path, cm_gguf_writer **out, cm_err *e);

/* Metadata. Keys, strings and arrays are copied. A U32 entry "general.alignment" also sets the
 * alignment of the file, and must precede all tensors. */
void cm_gguf_writer_u32(cm_gguf_writer *w, const char *key, uint32_t v);
void cm_gguf_writer_u64(cm_gguf_writer *w, const char *key, uint64_t v);
void cm_gguf_writer_i32(cm_gguf_writer *w, const char *key, int32_t v);
void cm_gguf_writer_f32(cm_gguf_writer *w, const char *key, float v);
void cm_gguf_writer_bool(cm_gguf_writer *w, const char *key, bool v);
void cm_gguf_writer_str(cm_gguf_writer *w, const char *key, cm_str v);
void cm_gguf_writer_strs(cm_gguf_writer *w, const char *key, const cm_str *v, size_t n);
/* Any other type: a scalar, or an array of n scalars, lying at `v` in this machine's
 * (little-endian) form. */
void cm_gguf_writer_scalar(cm_gguf_writer *w, const char *key, cm_gguf_type type, const void *v);
void cm_gguf_writer_array(cm_gguf_writer *w, const char *key, cm_gguf_type item, const void *v,
                          size_t n);
/* An entry of an open file as it is, of whatever type. */
void cm_gguf_writer_copy(cm_gguf_writer *w, const cm_gguf_kv *kv);

/* Declares the next tensor; dims as in cm_gguf_tensor. */
void cm_gguf_writer_tensor(cm_gguf_writer *w, cm_str name, cm_qid type, uint32_t n_dims,
                           const uint64_t *dims);

/* Writes the header. Any failure so far, and whatever the reader would refuse (duplicates, limits,
 * sizes). */
cm_code cm_gguf_writer_begin_data(cm_gguf_writer *w, cm_err *e);
/* The next n bytes of the current tensor, in pieces of any size that don't cross its end
 * (CM_E_INTERNAL); padding and moving on to the next tensor happen by themselves. */
cm_code cm_gguf_writer_data(cm_gguf_writer *w, const void *p, size_t n, cm_err *e);

/* Both end the writer and free it. commit: CM_E_INTERNAL when tensor bytes are missing,
 * CM_E_WRITE; the file is not there then. abort: leaves nothing behind; NULL is fine. */
cm_code cm_gguf_writer_commit(cm_gguf_writer *w, cm_err *e);
void cm_gguf_writer_abort(cm_gguf_writer *w);

#endif
