/* Inside store: what its files share. */
#ifndef CM_STORE_PARTS_H
#define CM_STORE_PARTS_H
#include "store/store.h"

/* A note for the person, if somebody listens. */
void cm_store_note(const cm_store *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The lock of who fetches; says so when it has to wait. */
cm_code cm_store_lock_pull(const cm_store *s, int *lock, cm_err *e);

/* Removes what ended programs left of texts that they were writing; with the lock of
 * cm_store_lock_pull. */
void cm_store_sweep(const cm_store *s);

/* Puts an entry into the manifest of the disk. */
cm_code cm_store_add(const cm_store *s, const cm_entry *entry, cm_err *e);

/* What kind of weights a model file has: from its name ("…-q4_k_m.gguf" is Q4_K_M), else the
 * type that most bytes of its tensors have. CM_E_FORMAT …: it is no model at all. */
cm_code cm_store_look_into(const char *path, cm_str name, char quantization[32], cm_err *e);

#endif
