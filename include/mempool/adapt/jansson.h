/* SPDX-License-Identifier: MIT */
/* Jansson's memory as a component of its own. */
#ifndef MEMPOOL_ADAPT_JANSSON_H
#define MEMPOOL_ADAPT_JANSSON_H

#include <mempool/adapt/hook.h>

#include <jansson.h>

#ifdef __cplusplus
extern "C" {
#endif

static struct mempool_component *mempool_hook_jansson_component;

static inline void *mempool_hook_jansson_malloc(size_t bytes) {
    return mempool_hook_malloc(mempool_hook_jansson_component, MEMPOOL_TYPE("jansson"), bytes);
}

/** mempool_adapt_jansson: charge what Jansson allocates to `component`, type "jansson".
 *      mempool_adapt_jansson(mempool_component_create("json", NULL));
 *      json_t *value = json_loads(...);
 *  When:    before any other function of Jansson: Jansson does not notice a late call, and would
 *           give malloc's memory to mempool_free, which refuses it.
 *  Threads: before there are others; Jansson then as ever.
 *  Rest:    0 bytes once all values are released. What json_dumps returns is to be freed with
 *           mempool_free, no longer with free.                                Since: 0.1 */
static inline void mempool_adapt_jansson(struct mempool_component *component) {
    mempool_hook_jansson_component = component;
    json_set_alloc_funcs(mempool_hook_jansson_malloc, mempool_free);
}

#ifdef __cplusplus
}
#endif
#endif
