/* SPDX-License-Identifier: MIT */
/* libuv's memory as a component of its own. */
#ifndef MEMPOOL_ADAPT_LIBUV_H
#define MEMPOOL_ADAPT_LIBUV_H

#include <mempool/adapt/hook.h>

#include <uv.h>

#ifdef __cplusplus
extern "C" {
#endif

static struct mempool_component *mempool_hook_libuv_component;

static inline void *mempool_hook_libuv_malloc(size_t bytes) {
    return mempool_hook_malloc(mempool_hook_libuv_component, MEMPOOL_TYPE("libuv"), bytes);
}

static inline void *mempool_hook_libuv_calloc(size_t n, size_t bytes) {
    return mempool_hook_calloc(mempool_hook_libuv_component, MEMPOOL_TYPE("libuv"), n, bytes);
}

static inline void *mempool_hook_libuv_realloc(void *block, size_t bytes) {
    return mempool_hook_realloc(mempool_hook_libuv_component, MEMPOOL_TYPE("libuv"), block, bytes);
}

/** mempool_adapt_libuv: charge what libuv allocates to `component`, type "libuv".
 *      mempool_adapt_libuv(mempool_component_create("libuv", NULL));
 *      uv_loop_init(&loop);
 *  When:    before any other function of libuv, uv_setup_args included: libuv does not notice a
 *           late call, and would give malloc's memory to mempool_free, which refuses it.
 *  Returns: what uv_replace_allocator does, 0.
 *  Threads: before there are others; libuv's own allocate and free as they like.
 *  Rest:    0 bytes after uv_library_shutdown. Handles, requests and read buffers are the
 *           caller's own memory, and not libuv's.                             Since: 0.1 */
static inline int mempool_adapt_libuv(struct mempool_component *component) {
    mempool_hook_libuv_component = component;
    return uv_replace_allocator(mempool_hook_libuv_malloc, mempool_hook_libuv_realloc,
                                mempool_hook_libuv_calloc, mempool_free);
}

#ifdef __cplusplus
}
#endif
#endif
