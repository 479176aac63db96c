/* convert/quantize: a model file to one in another mixture of types. */
#ifndef CM_CONVERT_QUANTIZE_H
#define CM_CONVERT_QUANTIZE_H
#include "base/err.h"
#include "base/pool.h"
#include "convert/mix.h"

typedef struct cm_quantize_stats {
  uint64_t bytes_in, bytes_out; /* of tensor data */
  uint64_t tensors[CM_Q_COUNT]; /* written, by type */
} cm_quantize_stats;

/* Reads `in`, writes `out` with the same metadata and tensors, types changed to the mixture `mix`
 * (a name of cm_mix_by_name). `out` appears whole or not at all; only one stretch of rows at a
 * time is in memory. The result doesn't depend on the number of threads (`pool` may be NULL).
 *
 * Tensors that are quantized already are only copied, or turned to F32, F16 or BF16; quantizing
 * them anew adds their errors up and must be asked for by `requantize`, else CM_E_UNSUPPORTED.
 * CM_E_USAGE: no such mixture; CM_E_FORMAT: not a model file, or a value that is infinite, not a
 * number or (but for F32 and BF16) beyond binary16; and the codes of gguf's reader and writer. */
cm_code cm_quantize_file(const char *in, const char *out, const char *mix, bool requantize,
                         cm_pool *pool, cm_quantize_stats *stats, cm_err *e);

#endif
