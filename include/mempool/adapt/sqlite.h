/* SPDX-License-Identifier: MIT */
/* SQLite's memory as a component of its own. */
#ifndef MEMPOOL_ADAPT_SQLITE_H
#define MEMPOOL_ADAPT_SQLITE_H

#include <mempool/adapt/hook.h>

#include <errno.h>
#include <sqlite3.h>

#ifdef __cplusplus
extern "C" {
#endif

static struct mempool_component *mempool_hook_sqlite_component;

static inline void *mempool_hook_sqlite_malloc(int bytes) {
    return mempool_hook_malloc(mempool_hook_sqlite_component, MEMPOOL_TYPE("sqlite"),
                               (size_t)bytes);
}

static inline void *mempool_hook_sqlite_realloc(void *block, int bytes) {
    return mempool_hook_realloc(mempool_hook_sqlite_component, MEMPOOL_TYPE("sqlite"), block,
                                (size_t)bytes);
}

/* SQLite uses all of this, and counts it in sqlite3_memory_used. The largest blocks have 2 GiB,
 * more than an int can tell. */
static inline int mempool_hook_sqlite_size(void *block) {
    const size_t most = 0x7ffffff8;
    size_t bytes = mempool_usable_bytes(block);
    return (int)(bytes < most ? bytes : most);
}

/* What is asked for, in eights as SQLite's own allocator does: SQLite asks for no more than 2 GiB
 * less 256 bytes. Any rounding beyond is told by the block's size. */
static inline int mempool_hook_sqlite_round_up(int bytes) {
    return (bytes + 7) & ~7;
}

static inline int mempool_hook_sqlite_init(void *unused) {
    (void)unused;
    return SQLITE_OK;
}

static inline void mempool_hook_sqlite_shutdown(void *unused) {
    (void)unused;
}

/** mempool_adapt_sqlite: charge what SQLite allocates to `component`, type "sqlite".
 *      mempool_adapt_sqlite(mempool_component_create("sqlite", NULL));
 *      sqlite3_open(...);
 *  When:    before sqlite3_initialize, which sqlite3_open and most others call; or after
 *           sqlite3_shutdown, with nothing of SQLite's left.
 *  Errors:  -EBUSY: SQLite was initialized already, and all stays as it was.
 *  Threads: while no other uses SQLite, as sqlite3_config; SQLite itself then from any.
 *  Rest:    0 bytes after sqlite3_shutdown. Free sqlite3_mprintf's texts and the like with
 *           sqlite3_free as ever.                                             Since: 0.1 */
static inline int mempool_adapt_sqlite(struct mempool_component *component) {
    sqlite3_mem_methods methods = {
        mempool_hook_sqlite_malloc,   mempool_free,
        mempool_hook_sqlite_realloc,  mempool_hook_sqlite_size,
        mempool_hook_sqlite_round_up, mempool_hook_sqlite_init,
        mempool_hook_sqlite_shutdown, 0,
    };
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK) {
        return -EBUSY;
    }
    mempool_hook_sqlite_component = component;
    return 0;
}

#ifdef __cplusplus
}
#endif
#endif
