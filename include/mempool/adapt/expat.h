/* SPDX-License-Identifier: MIT */
/* Memory of Expat's parsers as a component of its own. */
#ifndef MEMPOOL_ADAPT_EXPAT_H
#define MEMPOOL_ADAPT_EXPAT_H

#include <mempool/adapt/hook.h>

#include <expat.h>

#ifdef __cplusplus
extern "C" {
#endif

static struct mempool_component *mempool_hook_expat_component;

static inline void *mempool_hook_expat_malloc(size_t bytes) {
    return mempool_hook_malloc(mempool_hook_expat_component, MEMPOOL_TYPE("expat"), bytes);
}

static inline void *mempool_hook_expat_realloc(void *block, size_t bytes) {
    return mempool_hook_realloc(mempool_hook_expat_component, MEMPOOL_TYPE("expat"), block, bytes);
}

/** mempool_adapt_expat: functions for XML_ParserCreate_MM that charge a parser's memory to
 *  `component`, type "expat". They are valid as long as the process lives.
 *      parser = XML_ParserCreate_MM(NULL, mempool_adapt_expat(component), NULL);
 *  When:    at any time: it is each parser that is given them. A source file's parsers share one
 *           component: that of the last call counts for all new blocks.
 *  Threads: call it before there are others, and keep what it returns; a parser is used by one
 *           thread at a time, as ever.
 *  Rest:    0 bytes once the parsers are freed. Free the content models that element declaration
 *           handlers get with XML_FreeContentModel.                           Since: 0.1 */
static inline const XML_Memory_Handling_Suite *
mempool_adapt_expat(struct mempool_component *component) {
    static const XML_Memory_Handling_Suite suite = {
        mempool_hook_expat_malloc,
        mempool_hook_expat_realloc,
        mempool_free,
    };
    mempool_hook_expat_component = component;
    return &suite;
}

#ifdef __cplusplus
}
#endif
#endif
