/* SPDX-License-Identifier: MIT */
/* The functions of libglusterfs that this library takes the place of.
 *
 * THEORY
 *
 * Loaded before libglusterfs (LD_PRELOAD), this library defines functions of the same names; so
 * the dynamic linker leads all calls here, also those of libglusterfs itself. What was there is
 * still needed: for what we only watch (dumps), for what is not ours (blocks that libc gave), and
 * for everything where we do not engage.
 *
 *      UNKNOWN --original_engage--> ENGAGED   all of pools, heap and dumps is ours
 *                              `--> REFUSED   the release's layout is not known: said once, on
 *                                             stderr; every call goes on to the original
 *
 * It is decided by the first call, or at loading where libglusterfs is there already, and never
 * again: a pool or block made by one side is never given to the other. Programs that do not use
 * libglusterfs (a daemon's helpers inherit its environment) never call, and nothing happens.
 *
 * No thread is started but in the place of the original's sweeper (sweeper.h): processes fork when
 * they become daemons. Locks: `glusterfs_lock` for registers of this layer, held across
 * forks. It is taken by nothing that a get, put, allocation or free of a known pool or type does.
 * GlusterFS's own ctx->lock is never taken by those either. */
#ifndef GLUSTERFS_ORIGINAL_H
#define GLUSTERFS_ORIGINAL_H

#include "layout.h"

#include "base/attributes.h"
#include "base/atomics.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#define GLUSTERFS_API __attribute__((visibility("default")))

/* Under this lock: pools.c's and translator.c's registers. */
extern pthread_mutex_t glusterfs_lock;

struct glusterfs_pool;
struct glusterfs_records;

struct original {
    void *(*malloc)(size_t bytes, uint32_t type, const char *type_name);
    void *(*calloc)(size_t n, size_t bytes, uint32_t type, const char *type_name);
    void *(*realloc)(void *block, size_t bytes);
    void (*free)(void *block);
    int (*vasprintf)(char **ret, const char *format, va_list list);
    struct glusterfs_pool *(*pool_new)(void *context, unsigned long bytes, unsigned long count,
                                       char *name);
    void *(*get)(struct glusterfs_pool *pool);
    void *(*get0)(struct glusterfs_pool *pool);
    void (*put)(void *object);
    void (*pool_destroy)(struct glusterfs_pool *pool);
    void (*pools_init)(void);
    void (*pools_fini)(void);
    int (*records_init)(void *translator, int n_types);
    void (*records_unref)(struct glusterfs_records *records);   /* to 10.3; NULL later */
    void (*records_destroy)(struct glusterfs_records *records); /* from 10.4 on */
    void **(*this_location)(void);
    void (*dump)(int signal, void *context);
    void (*dump_pools)(void *context);
    void (*dump_pools_to_dict)(void *context, void *dict);
    void (*dump_translator)(void *translator, void *text);
    char *(*monitor)(void *context);
};
/* Filled once engaged or refused. */
extern struct original original;

enum original_state { ORIGINAL_UNKNOWN, ORIGINAL_ENGAGED, ORIGINAL_REFUSED };
extern _Atomic uint32_t original_state;
/* Of the release; engaged only. */
extern struct layout original_layout;

/* Decide, once. True: engaged. */
MEMPOOL_COLD bool original_engage(void);

MEMPOOL_HOT_INLINE bool original_engaged(void) {
    /* E2 pairs with E1 in original.c: the functions and the layout are there */
    return MEMPOOL_LIKELY(load_acquire(&original_state) == ORIGINAL_ENGAGED) || original_engage();
}

/* One line on stderr, with the library's name before it. */
MEMPOOL_COLD void original_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
