/* SPDX-License-Identifier: MIT */
/* Threads allocate, resize, hand over and free at full speed; threads come and go, components end;
 * others look at everything and trim. No byte may change hands, and at the end nothing is live. */
#include "exchange.h"

#include "accounts.h"
#include "pattern.h"
#include "rng.h"
#include "scale.h"
#include "threads.h"

#include <mempool/misuse.h>

#include <fcntl.h>
#include <stdatomic.h>

enum { N_WORKERS = 4, N_ROUNDS = 6, N_TYPES = 40, HELD_MAX = 400 };

static struct exchange exchange = EXCHANGE_EMPTY; /* pool_idx of a parcel: bytes of the block */
static struct mempool_component *shared;
static size_t n_steps;
static atomic_bool is_over;

struct worker {
    struct rng rng;
    struct parcel held[HELD_MAX];
    size_t n_held;
};

static size_t random_bytes(struct rng *rng) {
    unsigned dice = (unsigned)rng_below(rng, 1000);
    return rng_below(rng, dice < 800 ? 256 : dice < 980 ? 6000 : dice < 998 ? 200000 : 1500000);
}

static struct mempool_type *random_type(struct rng *rng) {
    char name[32];
    snprintf(name, sizeof name, "type %u", (unsigned)rng_below(rng, N_TYPES));
    return mempool_type(name);
}

static void allocate(struct worker *worker) {
    if (worker->n_held < HELD_MAX) {
        size_t bytes = random_bytes(&worker->rng);
        struct mempool_type *type = random_type(&worker->rng);
        char *block = rng_chance(&worker->rng, 20)
                          ? mempool_aligned_typed((size_t)16 << rng_below(&worker->rng, 9), bytes,
                                                  type)
                          : mempool_malloc_typed(bytes, type);
        CHECK(block != NULL && mempool_usable_bytes(block) >= bytes);
        struct parcel parcel = {block, rng_next(&worker->rng), bytes};
        pattern_fill(block, bytes, parcel.key);
        worker->held[worker->n_held++] = parcel;
    }
}

static void free_parcel(struct parcel parcel) {
    CHECK(pattern_intact(parcel.object, parcel.pool_idx, parcel.key));
    if (parcel.pool_idx > 0) {
        memset(parcel.object, 0xdd, parcel.pool_idx < 64 ? parcel.pool_idx : 64);
    }
    mempool_free(parcel.object);
}

static void resize(struct worker *worker) {
    if (worker->n_held > 0) {
        struct parcel *parcel = &worker->held[rng_below(&worker->rng, worker->n_held)];
        size_t bytes = random_bytes(&worker->rng);
        size_t kept = bytes < parcel->pool_idx ? bytes : parcel->pool_idx;
        CHECK(pattern_intact(parcel->object, parcel->pool_idx, parcel->key));
        unsigned char *block = mempool_realloc(parcel->object, bytes);
        CHECK(block != NULL);
        for (size_t i = 0; i < kept && i < PATTERN_END_BYTES; i++) {
            CHECK(block[i] == pattern_byte(parcel->key, i));
        }
        parcel->object = block;
        parcel->pool_idx = bytes;
        pattern_fill(block, bytes, parcel->key);
    }
}

static void hand_over(struct worker *worker) {
    struct parcel parcel;
    if (worker->n_held > 0 && exchange_leave(&exchange, worker->held[worker->n_held - 1])) {
        worker->n_held--;
    }
    if (exchange_fetch(&exchange, &parcel)) {
        free_parcel(parcel);
    }
}

static void *work(void *argument) {
    struct worker worker = {.rng.state = *(uint64_t *)argument};
    struct mempool_component *own = component_of("worker", shared);
    (void)mempool_component_enter(rng_chance(&worker.rng, 50) ? own : shared);
    for (size_t i = 0; i < n_steps; i++) {
        unsigned dice = (unsigned)rng_below(&worker.rng, 100);
        if (dice < 40) {
            allocate(&worker);
        } else if (dice < 60 && worker.n_held > 0) {
            free_parcel(worker.held[--worker.n_held]);
        } else if (dice < 75) {
            resize(&worker);
        } else {
            hand_over(&worker);
        }
        if (i == n_steps / 2) {
            (void)mempool_component_end(own);
        }
    }
    while (worker.n_held > 0) {
        free_parcel(worker.held[--worker.n_held]);
    }
    return NULL;
}

/* ---- reading meanwhile ----------------------------------------------------------------------- */

static int look_at_account(const struct mempool_account *account, void *unused) {
    (void)unused;
    CHECK(account->component_name != NULL && account->type_name != NULL);
    CHECK(account->live_bytes < (uint64_t)1 << 40 && account->peak_bytes < (uint64_t)1 << 40);
    CHECK(account->peak_bytes >= account->live_bytes);
    return 0;
}

static void look_at_parcel(void) {
    struct mempool_block block = {.struct_size = sizeof block};
    pthread_mutex_lock(&exchange.lock);
    if (exchange.n_parcels > 0) {
        const struct parcel *parcel = &exchange.parcels[exchange.first];
        CHECK_EQUAL(mempool_block_describe(parcel->object, &block), 0);
        CHECK_EQUAL(block.bytes, parcel->pool_idx);
    }
    pthread_mutex_unlock(&exchange.lock);
}

static void *observe(void *unused) {
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    for (size_t i = 0; !atomic_load(&is_over); i++) {
        (void)mempool_accounts(look_at_account, NULL);
        CHECK(component_stats(shared).live_bytes < (uint64_t)1 << 40);
        look_at_parcel();
        CHECK_EQUAL(mempool_dump(fd), 0);
        if (i % 16 == 0) {
            (void)mempool_trim(NULL);
        }
        sleep_ms(1);
    }
    close(fd);
    return unused;
}

static int nothing_is_live(const struct mempool_account *account, void *unused) {
    (void)unused;
    CHECK_EQUAL(account->live_bytes, 0);
    CHECK_EQUAL(account->live_blocks, 0);
    CHECK_EQUAL(account->total_blocks, account->total_frees);
    return 0;
}

int main(void) {
    uint64_t seeds[N_WORKERS], seed = rng_seed();
    struct parcel parcel;
    watchdog_set(test_runtime_is_plain() ? 120 : 600);
    n_steps = test_scaled(80000);
    shared = component_of("shared", NULL);
    pthread_t observer = thread_start(observe, NULL);
    for (size_t round = 0; round < N_ROUNDS; round++) {
        pthread_t threads[N_WORKERS];
        for (size_t i = 0; i < N_WORKERS; i++) {
            seeds[i] = seed + round * N_WORKERS + i;
            threads[i] = thread_start(work, &seeds[i]);
        }
        for (size_t i = 0; i < N_WORKERS; i++) {
            thread_join(threads[i]);
        }
    }
    atomic_store(&is_over, true);
    thread_join(observer);
    while (exchange_fetch(&exchange, &parcel)) {
        free_parcel(parcel);
    }
    CHECK(mempool_accounts(nothing_is_live, NULL) > N_TYPES);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
    return 0;
}
