/* SPDX-License-Identifier: MIT */
/* Memory of zlib's streams, each charged to a component. */
#ifndef MEMPOOL_ADAPT_ZLIB_H
#define MEMPOOL_ADAPT_ZLIB_H

#include <mempool/adapt/hook.h>

#include <stdint.h>
#include <zlib.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline voidpf mempool_hook_zlib_malloc(voidpf component, uInt items, uInt bytes) {
    if (bytes != 0 && items > SIZE_MAX / bytes) {
        return Z_NULL; /* where size_t has 32 bits */
    }
    return mempool_hook_malloc((struct mempool_component *)component, MEMPOOL_TYPE("zlib"),
                               (size_t)items * bytes);
}

static inline void mempool_hook_zlib_free(voidpf component, voidpf block) {
    (void)component;
    mempool_free(block);
}

/** mempool_adapt_zlib: charge a stream's memory to `component`, type "zlib".
 *      z_stream stream = {0};
 *      mempool_adapt_zlib(component, &stream);
 *      deflateInit(&stream, Z_DEFAULT_COMPRESSION);
 *  When:    before deflateInit, inflateInit or their kin, for each stream; sets zalloc, zfree and
 *           opaque. A copy by deflateCopy or inflateCopy is charged as its source.
 *  Threads: a stream is used by one thread at a time, as ever; streams may have components of
 *           their own.
 *  Rest:    0 bytes after deflateEnd or inflateEnd. compress, uncompress and gzopen make streams
 *           of their own, with malloc.                                        Since: 0.1 */
static inline void mempool_adapt_zlib(struct mempool_component *component, z_stream *stream) {
    stream->zalloc = mempool_hook_zlib_malloc;
    stream->zfree = mempool_hook_zlib_free;
    stream->opaque = (voidpf)component;
}

#ifdef __cplusplus
}
#endif
#endif
