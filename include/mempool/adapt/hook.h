/* SPDX-License-Identifier: MIT */
/* What the adapters share: allocating for a given component, whatever the thread's current one. */
#ifndef MEMPOOL_ADAPT_HOOK_H
#define MEMPOOL_ADAPT_HOOK_H

#include <mempool/account.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * THEORY
 *
 * A library that lets its user choose its malloc is given functions that charge one component. Only
 * a new block needs to know which: a block's component and type stay its own in mempool_realloc,
 * and mempool_free asks for none. Most libraries hand their hooks no argument of the caller's, so
 * an adapter keeps the component in a static variable of the source file that includes it: call
 * the adapter from one source file.
 *
 * A component of NULL is the process's: where mempool_component_create failed for want of memory,
 * the library still works. After mempool_component_end new blocks are charged to the parent.
 */

/* As malloc, but 0 bytes are a valid block. */
static inline void *mempool_hook_malloc(struct mempool_component *component,
                                        struct mempool_type *type, size_t bytes) {
    struct mempool_component *before = mempool_component_enter(component);
    void *block = mempool_malloc_typed(bytes, type);
    mempool_component_leave(before);
    return block;
}

/* As calloc. */
static inline void *mempool_hook_calloc(struct mempool_component *component,
                                        struct mempool_type *type, size_t n, size_t bytes) {
    struct mempool_component *before = mempool_component_enter(component);
    void *block = mempool_calloc_typed(n, bytes, type);
    mempool_component_leave(before);
    return block;
}

/* As realloc, but 0 bytes are a valid block. mempool_realloc of NULL would lose the type. */
static inline void *mempool_hook_realloc(struct mempool_component *component,
                                         struct mempool_type *type, void *block, size_t bytes) {
    return block ? mempool_realloc(block, bytes) : mempool_hook_malloc(component, type, bytes);
}

#ifdef __cplusplus
}
#endif
#endif
