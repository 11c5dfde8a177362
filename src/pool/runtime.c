/* SPDX-License-Identifier: MIT */
/* Initialisation and fork.
 *
 * FORK. The forking thread takes every lock of the library in order of rank, with its signals
 * blocked, so that no other thread is inside a locked section when the process is copied; then it
 * closes all gates and waits until none is inside a hit. The child gives back what the other
 * threads had cached (threads_child); the parent only drops the locks again. */
#include "pool/runtime.h"

#include "cache/drain.h"
#include "cache/seat.h"
#include "cache/thread.h"
#include "misuse/policy.h"
#include "misuse/report.h"
#include "pool/heap.h"
#include "pool/hold.h"
#include "pool/interrupting.h"
#include "pool/reclaim.h"
#include "pool/recorder.h"
#include "pool/registry.h"
#include "pool/sampled.h"
#include "vm/space.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool fork_watched, published;
/* registry_lock: */
static struct sys_signals fork_signals;
static bool fork_stopped;
static bool fork_is_whole; /* there was something to hold: not before the first pool */

void runtime_lock_depots(void) {
    for (uint32_t i = 0; i < registry_places(); i++) {
        sys_lock_take(&registry_place(i)->depot.lock);
    }
}

void runtime_drop_depots(void) {
    for (uint32_t i = registry_places(); i > 0; i--) {
        sys_lock_drop(&registry_place(i - 1)->depot.lock);
    }
}

static void before_fork(void) {
    struct sys_signals before;
    sys_signals_block(&before);
    runtime_fork_begin();
    sys_lock_take(&registry_lock);
    fork_signals = before;
    fork_is_whole = space.ready;
    if (!fork_is_whole) {
        return;
    }
    sys_lock_take(&threads_lock);
    runtime_lock_depots();
    sys_lock_take(&heap_lock);
    sys_lock_take(&sample_lock);
    fork_stopped = stop_all_caches();
    sys_lock_take(&space.lock);
    sys_lock_take(&recorder_lock);
    space_before_fork();
}

static void drop_registry(void) {
    struct sys_signals before = fork_signals;
    sys_lock_drop(&registry_lock);
    runtime_fork_end();
    sys_signals_restore(&before);
}

static void drop_all(void) {
    sys_lock_drop(&sample_lock);
    sys_lock_drop(&heap_lock);
    runtime_drop_depots();
    sys_lock_drop(&threads_lock);
    drop_registry();
}

static void parent_after_fork(void) {
    if (!fork_is_whole) {
        drop_registry();
        return;
    }
    space_parent();
    sys_lock_drop(&recorder_lock);
    sys_lock_drop(&space.lock);
    drop_all();
}

static void child_after_fork(void) {
    if (!fork_is_whole) {
        drop_registry();
        return;
    }
    /* Before anything else: the books are the parent's until then. */
    space_child();
    /* Nobody else is there; the blocks that the others' caches free need it. */
    sys_lock_drop(&recorder_lock);
    sys_lock_drop(&space.lock);
    recorder_child();
    hold_end();
    threads_child(fork_stopped);
    reclaim_child();
    runtime_publish();
    drop_all();
}

/* At loading, so that handlers that the program registers, and that use pools, run before ours on
 * the way into a fork, and after ours in the child. */
__attribute__((constructor(SYS_FORKS_OF_POOLS))) static void watch_forks(void) {
    if (!fork_watched) {
        fork_watched = sys_fork_watch(before_fork, parent_after_fork, child_after_fork) == 0;
    }
}

/* MEMPOOL_CACHES: whose caches threads use. */
static void choose_caches(void) {
    const char *text = sys_environment("MEMPOOL_CACHES");
    if (text == NULL) {
        return; /* as who embeds the library chose, or did not */
    }
    if (strcmp(text, "auto") == 0) {
        seats_choose(SEATS_WHERE_MANY);
    } else if (strcmp(text, "processor") == 0) {
        seats_choose(SEATS_ALWAYS);
    } else if (strcmp(text, "thread") == 0) {
        seats_choose(SEATS_NEVER);
    } else {
        report_bad_setting(text, strlen(text));
    }
}

int runtime_init(void) {
    policy_init();
    int result = space_init(POOL_BYTES, SLAB_BYTES);
    if (result == 0 && !published) {
        choose_caches();
    }
    if (result == 0) {
        result = threads_init(pool_put_deferred_slow);
    }
    if (result == 0) {
        watch_forks();
        result = fork_watched ? 0 : -ENOMEM;
    }
    if (result == 0 && !published) {
        runtime_publish();
        published = true;
    }
    if (result == 0) {
        pool_sample_init();
    }
    return result;
}

void (*_Atomic runtime_first)(void);

void runtime_call_first(void) {
    if (load_relaxed(&runtime_first) != NULL) {
        void (*first)(void) = exchange_relaxed(&runtime_first, NULL);
        if (first != NULL) {
            first();
        }
    }
}

int runtime_start(void) {
    struct sys_signals before;
    sys_signals_block(&before);
    sys_lock_take(&registry_lock);
    int result = runtime_init();
    sys_lock_drop(&registry_lock);
    sys_signals_restore(&before);
    pool_sample_prepare();
    return result;
}
