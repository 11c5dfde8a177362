/* SPDX-License-Identifier: MIT */
/* A program to be recorded: threads that get, put, allocate, resize and free, and what the library
 * says of them in the end.
 *
 *      recorded N         N steps a thread, then the totals
 *      recorded forever   until a line comes on standard input
 *      recorded idle      the same, and does nothing meanwhile */
#include "exchange.h"
#include "rng.h"
#include "threads.h"

#include <mempool/observe.h>

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

enum { THREADS = 3, HELD = 50 };

static struct mempool *requests, *answers;
static struct exchange exchange = EXCHANGE_EMPTY;
static _Atomic int is_over;
static uint64_t n_steps;
static long pause_ms; /* now and then */

static void put_others(void) {
    struct parcel parcel;
    if (exchange_fetch(&exchange, &parcel)) {
        mempool_put(parcel.object);
    }
}

static void step(struct rng *rng, void *objects[HELD], void *blocks[HELD]) {
    size_t i = (size_t)rng_below(rng, HELD);
    if (objects[i] == NULL) {
        objects[i] = rng_below(rng, 2) != 0 ? mempool_get(requests) : mempool_get0(answers);
    } else if (exchange_leave(&exchange, (struct parcel){.object = objects[i]})) {
        objects[i] = NULL;
        put_others();
    }
    i = (size_t)rng_below(rng, HELD);
    if (blocks[i] == NULL) {
        blocks[i] = rng_below(rng, 2) != 0 ? mempool_malloc(i * 10, "text")
                                           : mempool_calloc(i, 30, "table");
    } else if (rng_below(rng, 4) == 0) {
        blocks[i] = mempool_realloc(blocks[i], (size_t)rng_below(rng, 3000));
    } else {
        mempool_free(blocks[i]);
        blocks[i] = NULL;
    }
}

static void *work(void *argument) {
    void *objects[HELD] = {NULL}, *blocks[HELD] = {NULL};
    struct rng rng = {.state = (uintptr_t)argument};
    for (uint64_t n = 0; n < n_steps && !atomic_load(&is_over); n++) {
        step(&rng, objects, blocks);
        if (pause_ms > 0 && n % 256 == 0) {
            sleep_ms(pause_ms);
        }
    }
    /* Some stay live. */
    for (size_t i = 5; i < HELD; i++) {
        mempool_put(objects[i]);
        mempool_free(blocks[i]);
    }
    return NULL;
}

static int add_account(const struct mempool_account *account, void *arg) {
    struct mempool_account *sums = arg;
    sums->total_blocks += account->total_blocks;
    sums->total_frees += account->total_frees;
    sums->live_blocks += account->live_blocks;
    return 0;
}

static void print_totals(void) {
    struct mempool_account sums = {.live_blocks = 0};
    const struct mempool *pools[] = {requests, answers};
    uint64_t gets = 0, puts = 0, live = 0;
    for (size_t i = 0; i < 2; i++) {
        struct mempool_stats stats = {.struct_size = sizeof stats};
        CHECK_EQUAL(mempool_stats(pools[i], &stats), 0);
        gets += stats.alloc_count;
        puts += stats.put_count;
        live += stats.hot;
    }
    (void)mempool_accounts(add_account, &sums);
    printf("gets=%" PRIu64 " puts=%" PRIu64 " mallocs=%" PRIu64 " frees=%" PRIu64
           " live_at_end=%" PRIu64 "\n",
           gets, puts, sums.total_blocks, sums.total_frees, live + sums.live_blocks);
}

int main(int argc, char **argv) {
    pthread_t threads[THREADS];
    const char *what = argc > 1 ? argv[1] : "1000";
    bool is_idle = strcmp(what, "idle") == 0;
    bool waits = is_idle || strcmp(what, "forever") == 0;
    n_steps = waits ? UINT64_MAX : strtoull(what, NULL, 10);
    pause_ms = waits ? 1 : 0;
    requests = mempool_create_typed(200, 16, "request", 100);
    answers = mempool_create_typed(1000, 16, "answer", 0);
    CHECK(requests != NULL && answers != NULL);
    for (uintptr_t i = 0; !is_idle && i < THREADS; i++) {
        threads[i] = thread_start(work, (void *)(i + 1));
    }
    if (waits) {
        printf("ready\n");
        fflush(stdout);
        (void)getchar();
        atomic_store(&is_over, 1);
    }
    for (size_t i = 0; !is_idle && i < THREADS; i++) {
        thread_join(threads[i]);
    }
    print_totals();
    return 0;
}
