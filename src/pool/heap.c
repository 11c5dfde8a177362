/* SPDX-License-Identifier: MIT */
/* Single allocations of MEMPOOL_HEAP pools. */
#include "pool/heap.h"

#include "base/bits.h"
#include "cache/thread.h"
#include "misuse/explain.h"
#include "pool/destroy.h"
#include "pool/interrupting.h"
#include "pool/recorder.h"
#include "vm/blocks.h"

#include <errno.h>
#include <string.h>

struct sys_lock heap_lock;

static struct heap_note **buckets; /* heap_lock; made with the first object */
static uint64_t last_serial;
static _Atomic size_t n_notes;

const void *heap_buckets_place(void) {
    return &buckets;
}

static struct heap_note **bucket_of(const void *object) {
    uint64_t hash = ((uintptr_t)object >> 4) * HEAP_HASH;
    return &buckets[hash >> (64 - HEAP_BUCKETS_SHIFT)];
}

static struct heap_note *note_insert(struct mempool *pool, void *object, uintptr_t site) {
    struct heap_note *note = block_take(sizeof *note);
    if (note == NULL) {
        return NULL;
    }
    (void)thread_clock();
    uint32_t stamp = load_relaxed(&thread_current->stamp);
    note->object = object;
    note->pool = pool;
    note->record_value = record_make(site, stamp, RECORD_LIVE);
    sys_lock_take(&heap_lock);
    if (buckets == NULL) {
        buckets = block_take(HEAP_BUCKETS * sizeof *buckets);
    }
    if (buckets == NULL) {
        sys_lock_drop(&heap_lock);
        block_give(note, sizeof *note);
        return NULL;
    }
    note->serial = ++last_serial;
    struct heap_note **bucket = bucket_of(object);
    note->next = *bucket;
    /* N1 pairs with N2 in view/heap_notes.c: what the bucket leads to is whole */
    atomic_thread_fence(memory_order_release);
    *bucket = note;
    bump_owned(&n_notes, 1);
    sys_lock_drop(&heap_lock);
    return note;
}

/* In a handler that interrupted a get or put it only tries: who has the lock may wait for that call
 * to end. HEAP pools are not for handlers, but any pointer comes by here that is no right one. */
static bool lock_notes(void) {
    if (thread_interrupted()) {
        return handler_lock(&heap_lock);
    }
    sys_lock_take(&heap_lock);
    return true;
}

static struct heap_note *note_remove(const void *object) {
    struct heap_note *note = NULL;
    if (!lock_notes()) {
        return NULL;
    }
    if (buckets != NULL) {
        struct heap_note **at = bucket_of(object);
        while (*at != NULL && (*at)->object != object) {
            at = &(*at)->next;
        }
        note = *at;
        if (note != NULL) {
            *at = note->next;
            note->serial = 0;
            bump_owned(&n_notes, 0 - (size_t)1);
        }
    }
    sys_lock_drop(&heap_lock);
    return note;
}

/* Count one more live object if the pool's limit allows: 0, ENOMEM, or EAGAIN. */
static int count_up(struct mempool *pool) {
    struct depot *depot = &pool->depot;
    int why = 0;
    sys_lock_take(&depot->lock);
    uint64_t live = load_relaxed(&pool->heap_live) + 1;
    if (load_relaxed(&depot->state) != DEPOT_ALIVE) {
        why = ENOMEM;
    } else if (pool->limit != 0) {
        if (!depot->tight) {
            why = EAGAIN;
        } else if (depot_out(depot) + live > pool->limit) {
            why = ENOMEM;
        }
    }
    if (why == 0) {
        store_relaxed(&pool->heap_live, live);
        bump_owned(&pool->heap_gets, 1);
    }
    sys_lock_drop(&depot->lock);
    return why;
}

/* One less; `got`: it was handed out, so this is a put. */
static void count_down(struct mempool *pool, bool got) {
    sys_lock_take(&pool->depot.lock);
    bump_owned(&pool->heap_live, 0 - (uint64_t)1);
    if (got) {
        bump_owned(&pool->heap_puts, 1);
    } else {
        bump_owned(&pool->heap_gets, 0 - (uint64_t)1);
    }
    bool last = zombie_is_over(pool);
    sys_lock_drop(&pool->depot.lock);
    if (last) {
        zombie_end(pool);
    }
}

/* Allocate, construct, note. */
static void *make_object(struct mempool *pool, uintptr_t site) {
    size_t bytes = pool->depot.shape.object_bytes;
    void *object = sys_operations.heap_allocate(bytes, max_size(pool->object_align, 16));
    if (object == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    errno = ENOMEM; /* unless the constructor says otherwise */
    if (pool->construct != NULL && pool->construct(object, pool->arg) != 0) {
        sys_operations.heap_free(object);
        return NULL;
    }
    struct sys_signals before;
    sys_signals_block(&before);
    struct heap_note *note = note_insert(pool, object, site);
    sys_signals_restore(&before);
    if (note == NULL) {
        if (pool->destruct != NULL) {
            pool->destruct(object, pool->arg);
        }
        sys_operations.heap_free(object);
        errno = ENOMEM;
        return NULL;
    }
    return object;
}

static void note_peak(struct mempool *pool) {
    uint64_t live = load_relaxed(&pool->heap_live);
    uint64_t peak = load_relaxed(&pool->heap_peak);
    while (live > peak && !swap_if_relaxed(&pool->heap_peak, &peak, live)) {
    }
}

void *heap_get(struct mempool *pool, uintptr_t site, bool *ret_try_slots) {
    struct sys_signals before;
    sys_signals_block(&before);
    int why_not = count_up(pool);
    sys_signals_restore(&before);
    *ret_try_slots = why_not == EAGAIN;
    if (why_not != 0) {
        errno = why_not;
        return NULL;
    }
    int saved_errno = errno;
    void *object = make_object(pool, site);
    if (object == NULL) {
        int why = errno;
        sys_signals_block(&before);
        count_down(pool, false);
        sys_signals_restore(&before);
        errno = why;
        return NULL;
    }
    note_peak(pool);
    errno = saved_errno;
    return object;
}

bool heap_put(void *object) {
    struct sys_signals before;
    if (load_relaxed(&n_notes) == 0) {
        return false;
    }
    sys_signals_block(&before);
    struct heap_note *note = note_remove(object);
    sys_signals_restore(&before);
    if (note == NULL) {
        return false;
    }
    struct mempool *pool = note->pool;
    recorder_put(object);
    if (pool->destruct != NULL) {
        pool->destruct(object, pool->arg);
    }
    sys_operations.heap_free(object);
    sys_signals_block(&before);
    block_give(note, sizeof *note);
    count_down(pool, true);
    sys_signals_restore(&before);
    return true;
}

/* The note of the object that holds `address`; heap_lock. */
static const struct heap_note *note_around(const void *address) {
    if (buckets == NULL) {
        return NULL;
    }
    const struct heap_note *note = *bucket_of(address);
    while (note != NULL && note->object != address) {
        note = note->next;
    }
    for (size_t i = 0; note == NULL && i < HEAP_BUCKETS; i++) {
        note = buckets[i];
        while (note != NULL && (uintptr_t)address - (uintptr_t)note->object >=
                                   note->pool->depot.shape.object_bytes) {
            note = note->next;
        }
    }
    return note;
}

void heap_each(void (*visit)(const struct mempool *pool, uint64_t record_value, void *arg),
               void *arg) {
    struct sys_signals before;
    for (size_t i = 0; load_relaxed(&n_notes) > 0 && i < HEAP_BUCKETS; i++) {
        sys_signals_block(&before);
        sys_lock_take(&heap_lock);
        for (const struct heap_note *note = buckets != NULL ? buckets[i] : NULL; note != NULL;
             note = note->next) {
            visit(note->pool, note->record_value, arg);
        }
        sys_lock_drop(&heap_lock);
        sys_signals_restore(&before);
    }
}

void heap_each_locked(void (*visit)(const struct mempool *pool, const void *object)) {
    for (size_t i = 0; load_relaxed(&n_notes) > 0 && i < HEAP_BUCKETS; i++) {
        for (const struct heap_note *note = buckets[i]; note != NULL; note = note->next) {
            visit(note->pool, note->object);
        }
    }
}

static void describe_note(const struct heap_note *note, struct mempool_description *ret) {
    const struct mempool *pool = note->pool;
    memset(ret, 0, sizeof *ret);
    ret->struct_size = sizeof *ret;
    ret->state = MEMPOOL_STATE_LIVE;
    ret->pool_destroyed = load_relaxed(&pool->depot.state) != DEPOT_ALIVE;
    ret->pool = ret->pool_destroyed ? NULL : note->pool;
    memcpy(ret->pool_name, pool->name, sizeof ret->pool_name);
    ret->object = note->object;
    ret->object_bytes = ret->padded_bytes = pool->depot.shape.object_bytes;
    ret->heap = 1;
    explain_past(note->record_value, ret);
}

bool heap_describe(const void *address, struct mempool_description *ret, bool wait) {
    struct sys_signals before;
    struct heap_note found = {.object = NULL};
    if (load_relaxed(&n_notes) == 0) {
        return false;
    }
    sys_signals_block(&before);
    if (wait) {
        sys_lock_take(&heap_lock);
    }
    if (wait || sys_lock_try(&heap_lock)) {
        const struct heap_note *note = note_around(address);
        if (note != NULL) {
            found = *note;
        }
        sys_lock_drop(&heap_lock);
    }
    sys_signals_restore(&before);
    if (found.object == NULL) {
        return false;
    }
    describe_note(&found, ret);
    ret->offset = (size_t)((const char *)address - (const char *)found.object);
    return true;
}

/* The pool's note with the lowest serial above *serial. */
static bool next_note(const struct mempool *pool, uint64_t *serial, struct heap_note *ret_note) {
    struct sys_signals before;
    bool found = false;
    sys_signals_block(&before);
    sys_lock_take(&heap_lock);
    for (size_t i = 0; buckets != NULL && i < HEAP_BUCKETS; i++) {
        for (const struct heap_note *note = buckets[i]; note != NULL; note = note->next) {
            if (note->pool == pool && note->serial > *serial &&
                (!found || note->serial < ret_note->serial)) {
                *ret_note = *note;
                found = true;
            }
        }
    }
    sys_lock_drop(&heap_lock);
    sys_signals_restore(&before);
    if (found) {
        *serial = ret_note->serial;
    }
    return found;
}

size_t heap_walk(struct mempool *pool,
                 int (*visit)(void *object, const struct mempool_description *description,
                              void *arg),
                 void *arg, bool *ended) {
    size_t visited = 0;
    uint64_t serial = 0;
    struct heap_note note;
    *ended = false;
    while (load_relaxed(&pool->heap_live) > 0 && !*ended && next_note(pool, &serial, &note)) {
        struct mempool_description description;
        describe_note(&note, &description);
        visited++;
        *ended = visit(note.object, &description, arg) != 0;
    }
    return visited;
}
