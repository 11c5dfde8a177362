/* SPDX-License-Identifier: MIT */
/* cJSON's memory as a component of its own. */
#ifndef MEMPOOL_ADAPT_CJSON_H
#define MEMPOOL_ADAPT_CJSON_H

#include <mempool/adapt/hook.h>

#include <cjson/cJSON.h>

#ifdef __cplusplus
extern "C" {
#endif

static struct mempool_component *mempool_hook_cjson_component;

static inline void *mempool_hook_cjson_malloc(size_t bytes) {
    return mempool_hook_malloc(mempool_hook_cjson_component, MEMPOOL_TYPE("cjson"), bytes);
}

/** mempool_adapt_cjson: charge what cJSON allocates to `component`, type "cjson".
 *      mempool_adapt_cjson(mempool_component_create("json", NULL));
 *      cJSON *value = cJSON_Parse(...);
 *  When:    before any other function of cJSON: cJSON does not notice a late call, and would give
 *           malloc's memory to mempool_free, which refuses it.
 *  Threads: before there are others; cJSON then as ever.
 *  Rest:    0 bytes once all values are deleted. What cJSON_Print returns is to be freed with
 *           cJSON_free, no longer with free.                                  Since: 0.1 */
static inline void mempool_adapt_cjson(struct mempool_component *component) {
    cJSON_Hooks hooks = {mempool_hook_cjson_malloc, mempool_free};
    mempool_hook_cjson_component = component;
    cJSON_InitHooks(&hooks);
}

#ifdef __cplusplus
}
#endif
#endif
