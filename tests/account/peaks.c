/* SPDX-License-Identifier: MIT */
/* Peaks of blocks, where threads end while others look, and where blocks have no bytes. */
#include "check.h"

#include "accounts.h"
#include "scale.h"
#include "threads.h"

#include <stdatomic.h>
#include <stdbool.h>

enum { N_BLOCKS = 20000, ROUNDS = 300, HANDED_ON = 100000 };

static void *blocks[N_BLOCKS];
static atomic_bool is_over;

static void *fill(void *type) {
    for (int i = 0; i < N_BLOCKS; i++) {
        blocks[i] = mempool_malloc_typed(16, type);
    }
    return NULL;
}

/* Peaks are noted by who sets a limit, whatever it is. */
static void *look(void *type) {
    while (!atomic_load(&is_over)) {
        mempool_free(mempool_malloc_typed(16, type));
        CHECK_EQUAL(mempool_component_limit(mempool_component_process(), NULL), 0);
    }
    return NULL;
}

/* What a thread had when it ended is counted once. */
static void threads_that_end(void) {
    struct mempool_type *type = mempool_type("ends");
    pthread_t looking = thread_start(look, type);
    for (size_t round = 0; round < test_scaled(ROUNDS); round++) {
        thread_run(fill, type);
        for (int i = 0; i < N_BLOCKS; i++) {
            mempool_free(blocks[i]);
        }
    }
    atomic_store(&is_over, true);
    thread_join(looking);
    struct mempool_account account = account_of(mempool_component_process(), "ends");
    CHECK_EQUAL(account.live_blocks, 0);
    /* There never were more, but that a balance holds up to four grants, which are noted late. */
    CHECK(account.peak_blocks >= N_BLOCKS && account.peak_blocks <= N_BLOCKS + N_BLOCKS / 4);
}

static void *_Atomic handed;

static void *free_what_comes(void *type) {
    void *own = mempool_malloc_typed(0, type);
    for (size_t i = 0; i < test_scaled(HANDED_ON); i++) {
        void *block;
        while ((block = atomic_exchange(&handed, NULL)) == NULL) {
        }
        mempool_free(block);
    }
    mempool_free(own);
    return NULL;
}

/* One allocates what another frees: a few are live at any time. */
static void blocks_of_no_bytes(void) {
    enum { PEAK_MAX = 1000 };
    struct mempool_type *type = mempool_type("empty");
    mempool_free(mempool_malloc_typed(0, type));
    pthread_t freeing = thread_start(free_what_comes, type);
    for (size_t i = 0; i < test_scaled(HANDED_ON); i++) {
        void *block = mempool_malloc_typed(0, type);
        while (atomic_load(&handed) != NULL) {
        }
        atomic_store(&handed, block);
    }
    thread_join(freeing);
    struct mempool_account account = account_of(mempool_component_process(), "empty");
    CHECK_EQUAL(account.live_blocks, 0);
    CHECK(account.peak_blocks >= 1 && account.peak_blocks <= PEAK_MAX);
}

int main(void) {
    watchdog_set(test_runtime_is_plain() ? 110 : 290);
    threads_that_end();
    blocks_of_no_bytes();
    return 0;
}
