/* SPDX-License-Identifier: MIT */
/* Drawing in other threads' caches: the other side of the door (cache/thread.h). */
#include "cache/drain.h"

#include "cache/park.h"
#include "cache/thread.h"

static struct cache *cache_of(struct thread *thread, struct depot *depot) {
    struct cache *cache = load_relaxed(&thread->in_use)
                              ? thread_find_cache(thread, depot->cache_offset)
                              : NULL;
    return cache != NULL && load_relaxed(&cache->depot) == depot ? cache : NULL;
}

/* Until the owner is not inside a hit that began before its gates were closed. It may be off its
 * processor meanwhile, but it waits for nothing. */
static void wait_at_door(struct thread *thread) {
    while (!thread_outside_hits(thread)) {
        sys_yield();
    }
}

static void close_all(struct thread *thread) {
    struct cache *cache;
    for (uint32_t nth = 0; (cache = thread_nth_cache(thread, nth)) != NULL; nth++) {
        if (load_relaxed(&cache->depot) != NULL) {
            cache_close_gates(cache);
        }
    }
}

bool stop_all_caches(void) {
    if (!sys_barrier_available()) {
        return false;
    }
    for (struct thread *thread = threads_first(); thread != NULL; thread = thread->next_all) {
        if (thread != thread_current && load_relaxed(&thread->in_use)) {
            close_all(thread);
        }
    }
    if (!sys_barrier_all_threads()) {
        return false;
    }
    for (struct thread *thread = threads_first(); thread != NULL; thread = thread->next_all) {
        if (thread != thread_current && load_relaxed(&thread->in_use)) {
            wait_at_door(thread);
        }
    }
    return true;
}

/* Nobody is inside a hit on them. */
static void empty_caches(struct thread *thread) {
    struct cache *cache;
    for (uint32_t nth = 0; (cache = thread_nth_cache(thread, nth)) != NULL; nth++) {
        struct depot *depot = load_relaxed(&cache->depot);
        if (depot != NULL) {
            cache_close_gates(cache);
            cache_empty_out(cache, depot);
        }
    }
}

bool draw_in_all_caches(void) {
    if (!stop_all_caches()) {
        return false;
    }
    for (struct thread *thread = threads_first(); thread != NULL; thread = thread->next_all) {
        if (load_relaxed(&thread->in_use)) {
            empty_caches(thread);
        }
    }
    return true;
}

bool drain_caches(struct depot *depot, bool fold) {
    bool others = false;
    for (struct thread *thread = threads_first(); thread != NULL; thread = thread->next_all) {
        struct cache *cache = cache_of(thread, depot);
        if (cache != NULL) {
            others = others || thread != thread_current;
        }
    }
    bool reachable = !others || sys_barrier_available();
    for (struct thread *thread = threads_first(); thread != NULL; thread = thread->next_all) {
        struct cache *cache = cache_of(thread, depot);
        if (cache != NULL && (reachable || thread == thread_current)) {
            cache_close_gates(cache);
        }
    }
    if (others && reachable) {
        reachable = sys_barrier_all_threads();
    }
    for (struct thread *thread = threads_first(); thread != NULL; thread = thread->next_all) {
        struct cache *cache = cache_of(thread, depot);
        if (cache == NULL || (!reachable && thread != thread_current)) {
            continue;
        }
        if (thread != thread_current) {
            wait_at_door(thread);
        }
        if (fold) {
            cache_return(cache, depot);
        } else {
            cache_empty_out(cache, depot);
        }
    }
    park_settle_all(depot);
    return reachable;
}
