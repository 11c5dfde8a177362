/* SPDX-License-Identifier: MIT */
/* Threads that hand blocks to each other: whenever all rest, every counter is exact, also of what
 * was allocated by threads that have ended since. */
#include "exchange.h"

#include "accounts.h"
#include "crew.h"
#include "pattern.h"
#include "rng.h"
#include "scale.h"

enum { N_THREADS = 4, N_COMPONENTS = 3, N_TYPES = 3, HELD_MAX = 300, N_ROUNDS = 10 };
enum { N_ACCOUNTS = N_COMPONENTS * N_TYPES };

static const char *const type_names[N_TYPES] = {"alpha", "beta", "gamma"};
static struct mempool_component *components[N_COMPONENTS];

struct worker {
    struct rng rng;
    struct parcel held[HELD_MAX]; /* pool_idx: the account */
    size_t n_held;
    /* what this worker did; bytes live by its doing, which may be below 0 */
    uint64_t n_blocks[N_ACCOUNTS], n_frees[N_ACCOUNTS], bytes[N_ACCOUNTS];
};

static struct worker workers[N_THREADS];
static struct exchange exchange = EXCHANGE_EMPTY;
static size_t n_steps;
static uint64_t highest_bytes[N_ACCOUNTS]; /* that were seen at rest */

static size_t random_bytes(struct rng *rng) {
    unsigned dice = (unsigned)rng_below(rng, 100);
    return 8 + rng_below(rng, dice < 80 ? 200 : dice < 97 ? 5000 : 300000);
}

static void step_allocate(struct worker *worker) {
    if (worker->n_held < HELD_MAX) {
        size_t i = rng_below(&worker->rng, N_ACCOUNTS), bytes = random_bytes(&worker->rng);
        struct mempool_component *before = mempool_component_enter(components[i / N_TYPES]);
        void *block = mempool_malloc_typed(bytes, mempool_type(type_names[i % N_TYPES]));
        mempool_component_leave(before);
        CHECK(block != NULL);
        struct parcel parcel = {block, rng_next(&worker->rng), i};
        pattern_fill(block, bytes, parcel.key);
        worker->held[worker->n_held++] = parcel;
        worker->n_blocks[i]++;
        worker->bytes[i] += bytes;
    }
}

static void free_parcel(struct worker *worker, struct parcel parcel) {
    struct mempool_block block = block_description(parcel.object);
    CHECK(block.component == components[parcel.pool_idx / N_TYPES]);
    CHECK(pattern_intact(parcel.object, block.bytes, parcel.key));
    mempool_free(parcel.object);
    worker->n_frees[parcel.pool_idx]++;
    worker->bytes[parcel.pool_idx] -= block.bytes;
}

static void step_free(struct worker *worker) {
    if (worker->n_held > 0) {
        free_parcel(worker, worker->held[--worker->n_held]);
    }
}

static void step_realloc(struct worker *worker) {
    if (worker->n_held > 0) {
        struct parcel *parcel = &worker->held[worker->n_held - 1];
        size_t before = block_description(parcel->object).bytes;
        size_t bytes = random_bytes(&worker->rng);
        parcel->object = mempool_realloc(parcel->object, bytes);
        CHECK(parcel->object != NULL);
        pattern_fill(parcel->object, bytes, parcel->key);
        worker->bytes[parcel->pool_idx] += bytes - before;
    }
}

static void step_hand_over(struct worker *worker) {
    struct parcel parcel;
    if (worker->n_held > 0 && exchange_leave(&exchange, worker->held[worker->n_held - 1])) {
        worker->n_held--;
    }
    if (exchange_fetch(&exchange, &parcel)) {
        if (worker->n_held < HELD_MAX) {
            worker->held[worker->n_held++] = parcel;
        } else {
            free_parcel(worker, parcel);
        }
    }
}

static void work(size_t nth) {
    struct worker *worker = &workers[nth];
    for (size_t i = 0; i < n_steps; i++) {
        switch (rng_below(&worker->rng, 8)) {
        case 0:
        case 1:
        case 2:
            step_allocate(worker);
            break;
        case 3:
        case 4:
            step_free(worker);
            break;
        case 5:
            step_realloc(worker);
            break;
        default:
            step_hand_over(worker);
        }
    }
}

static void check_account(size_t i) {
    uint64_t n_blocks = 0, n_frees = 0, bytes = 0;
    for (size_t j = 0; j < N_THREADS; j++) {
        n_blocks += workers[j].n_blocks[i];
        n_frees += workers[j].n_frees[i];
        bytes += workers[j].bytes[i];
    }
    struct mempool_account account =
        account_of(components[i / N_TYPES], type_names[i % N_TYPES]);
    CHECK_EQUAL(account.live_bytes, bytes);
    CHECK_EQUAL(account.live_blocks, n_blocks - n_frees);
    CHECK_EQUAL(account.total_blocks, n_blocks);
    CHECK_EQUAL(account.total_frees, n_frees);
    highest_bytes[i] = bytes > highest_bytes[i] ? bytes : highest_bytes[i];
    /* Each thread's grant is at most 1 MiB and a sixteenth of what is live. */
    uint64_t error = N_THREADS * ((1 << 20) + highest_bytes[i] / 16);
    CHECK(account.peak_bytes >= bytes && account.peak_bytes + error >= highest_bytes[i]);
    CHECK(account.peak_blocks >= account.live_blocks);
}

static void check_books(void) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < N_ACCOUNTS; i++) {
        check_account(i);
        bytes += account_of(components[i / N_TYPES], type_names[i % N_TYPES]).live_bytes;
    }
    CHECK(component_stats(components[0]).charged_bytes >= bytes);
}

static void free_all(void) {
    struct parcel parcel;
    while (exchange_fetch(&exchange, &parcel)) {
        free_parcel(&workers[0], parcel);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        while (workers[i].n_held > 0) {
            step_free(&workers[i]);
        }
    }
    check_books();
    for (size_t i = 0; i < N_COMPONENTS; i++) {
        CHECK_EQUAL(component_stats(components[i]).live_blocks, 0);
    }
}

int main(void) {
    uint64_t seed = rng_seed();
    watchdog_set(test_runtime_is_plain() ? 120 : 600);
    components[0] = component_of("all", NULL);
    components[1] = component_of("one", components[0]);
    components[2] = component_of("two", components[1]);
    for (size_t i = 0; i < N_THREADS; i++) {
        workers[i].rng.state = seed + i;
    }
    n_steps = test_scaled(20000);
    const struct crew crew = {N_THREADS, N_ROUNDS, work, check_books};
    crew_run_resting(&crew);
    crew_run_ending(&crew);
    free_all();
    return 0;
}
