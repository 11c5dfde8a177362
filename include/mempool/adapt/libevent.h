/* SPDX-License-Identifier: MIT */
/* Libevent's memory as a component of its own. */
#ifndef MEMPOOL_ADAPT_LIBEVENT_H
#define MEMPOOL_ADAPT_LIBEVENT_H

#include <mempool/adapt/hook.h>

#include <event2/event.h>

#ifdef __cplusplus
extern "C" {
#endif

static struct mempool_component *mempool_hook_libevent_component;

static inline void *mempool_hook_libevent_malloc(size_t bytes) {
    return mempool_hook_malloc(mempool_hook_libevent_component, MEMPOOL_TYPE("libevent"), bytes);
}

/* Libevent wants a block resized to 0 freed, as its book says of such functions. */
static inline void *mempool_hook_libevent_realloc(void *block, size_t bytes) {
    if (block && bytes == 0) {
        mempool_free(block);
        return 0;
    }
    return mempool_hook_realloc(mempool_hook_libevent_component, MEMPOOL_TYPE("libevent"), block,
                                bytes);
}

/** mempool_adapt_libevent: charge what Libevent allocates to `component`, type "libevent".
 *      mempool_adapt_libevent(mempool_component_create("libevent", NULL));
 *      struct event_base *base = event_base_new();
 *  When:    before any other function of Libevent, evthread_use_pthreads included: Libevent does
 *           not notice a late call, and would give malloc's memory to mempool_free, which refuses
 *           it. Not for a Libevent that was built without event_set_mem_functions.
 *  Threads: before there are others; Libevent then as ever.
 *  Rest:    0 bytes after libevent_global_shutdown. What Libevent returns and the caller frees,
 *           such as evbuffer_readln's lines, is to be freed with mempool_free. Since: 0.1 */
static inline void mempool_adapt_libevent(struct mempool_component *component) {
    mempool_hook_libevent_component = component;
    event_set_mem_functions(mempool_hook_libevent_malloc, mempool_hook_libevent_realloc,
                            mempool_free);
}

#ifdef __cplusplus
}
#endif
#endif
