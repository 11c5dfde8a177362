/* SPDX-License-Identifier: MIT */
/* The ledger of a program that holds 1 GiB in every way there is: threads with pools and blocks of
 * all sizes, reallocs, frees at random, libc's malloc beside.
 *
 * What the ledger says is compared with what the program itself knows it holds, and with the
 * system; while the threads run, and when they rest. */
#include "check.h"
#include "ledgers.h"
#include "pools.h"
#include "rng.h"
#include "scale.h"
#include "threads.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    N_WORKERS = 4,
    N_PLACES = 1 << 17,
    N_STEPS = 200000,
    N_POOLS = 6,
    N_COMPONENTS = 3,
    UNKNOWN_BYTES = 8 * MIB, /* a mapping that the ledger must find unexplained */
};
#define WORKER_BYTES ((uint64_t)280 * MIB)

static const size_t pool_bytes[N_POOLS] = {24, 200, 1000, 4096, 10000, 40000};
static struct mempool *pools[N_POOLS];
static struct mempool_component *components[N_COMPONENTS];

enum kind { NOTHING, OBJECT, BLOCK, LIBC };

struct place {
    void *start;
    size_t bytes;
    enum kind kind;
};

struct worker {
    pthread_t thread;
    struct rng rng;
    uint64_t held_bytes;    /* all kinds */
    uint64_t ours_bytes;    /* of those, objects and blocks */
    struct place *places;   /* N_PLACES */
};

static struct worker workers[N_WORKERS];
static pthread_barrier_t barrier;
static atomic_uint n_running;

/* ---- the program ----------------------------------------------------------------------------- */

/* 16 bytes to 4 MiB: small ones are many, large ones have most of the bytes. */
static size_t random_bytes(struct rng *rng) {
    unsigned shift = 4;
    while (shift < 21 && rng_chance(rng, 65)) {
        shift++;
    }
    size_t least = (size_t)1 << shift;
    return least + rng_below(rng, least);
}

static void hold(struct worker *worker, struct place *place, void *start, size_t bytes) {
    CHECK(start != NULL);
    memset(start, (int)place->kind, bytes);
    place->start = start;
    place->bytes = bytes;
    worker->held_bytes += bytes;
    worker->ours_bytes += place->kind == LIBC ? 0 : bytes;
}

static void fill(struct worker *worker, struct place *place) {
    size_t bytes = random_bytes(&worker->rng), chance = rng_below(&worker->rng, 100);
    if (chance < 35) {
        size_t i = rng_below(&worker->rng, N_POOLS);
        place->kind = OBJECT;
        hold(worker, place, mempool_get(pools[i]), pool_bytes[i]);
    } else if (chance < 75) {
        size_t i = rng_below(&worker->rng, N_COMPONENTS);
        struct mempool_component *before = mempool_component_enter(components[i]);
        place->kind = BLOCK;
        void *block = chance < 55 ? mempool_malloc(bytes, "text")
                                  : mempool_calloc(1, bytes, "table");
        hold(worker, place, block, bytes);
        mempool_component_leave(before);
    } else {
        place->kind = LIBC;
        hold(worker, place, malloc(bytes), bytes);
    }
}

static void drop(struct worker *worker, struct place *place) {
    worker->held_bytes -= place->bytes;
    worker->ours_bytes -= place->kind == LIBC ? 0 : place->bytes;
    switch (place->kind) {
    case OBJECT:
        mempool_put(place->start);
        break;
    case BLOCK:
        mempool_free(place->start);
        break;
    default:
        free(place->start);
    }
    *place = (struct place){0};
}

static void resize(struct worker *worker, struct place *place) {
    size_t bytes = random_bytes(&worker->rng);
    worker->held_bytes -= place->bytes;
    worker->ours_bytes -= place->bytes;
    hold(worker, place, mempool_realloc(place->start, bytes), bytes);
}

static void step(struct worker *worker) {
    struct place *place = &worker->places[rng_below(&worker->rng, N_PLACES)];
    if (place->kind == NOTHING) {
        if (worker->held_bytes < WORKER_BYTES) {
            fill(worker, place);
        }
    } else if (place->kind == BLOCK && rng_chance(&worker->rng, 20)) {
        resize(worker, place);
    } else if (rng_chance(&worker->rng, 40)) {
        drop(worker, place);
    }
}

static void grow_to(struct worker *worker, uint64_t bytes) {
    while (worker->held_bytes < bytes) {
        step(worker);
    }
}

static void shrink_to(struct worker *worker, uint64_t bytes) {
    for (size_t i = 0; worker->held_bytes > bytes; i = (i + 7) % N_PLACES) {
        if (worker->places[i].kind != NOTHING) {
            drop(worker, &worker->places[i]);
        }
    }
}

static void rest(void) {
    pthread_barrier_wait(&barrier); /* all are at rest: the first thread looks */
    pthread_barrier_wait(&barrier);
}

static void *work(void *argument) {
    struct worker *worker = argument;
    grow_to(worker, WORKER_BYTES / 2);
    rest();
    grow_to(worker, WORKER_BYTES);
    for (size_t i = 0; i < N_STEPS; i++) {
        step(worker);
    }
    grow_to(worker, WORKER_BYTES);
    /* Relaxed: a hint for how long to look. */
    atomic_fetch_sub_explicit(&n_running, 1, memory_order_relaxed);
    rest();
    shrink_to(worker, WORKER_BYTES / 4);
    rest();
    shrink_to(worker, 0);
    rest();
    return NULL;
}

/* ---- what the system says -------------------------------------------------------------------- */

/* Rss of smaps_rollup, in bytes. Allocates nothing. */
static uint64_t rollup(void) {
    static char text[4096];
    int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    ssize_t n = read(fd, text, sizeof text - 1);
    CHECK(n > 0);
    text[n] = '\0';
    close(fd);
    const char *line = strstr(text, "\nRss:");
    CHECK(line != NULL);
    return strtoull(line + 5, NULL, 10) * 1024;
}

/* Exactly what the system says. Nothing of ours runs, but the system may bring in or drop pages of
 * files, and make huge pages of small ones: then once more. */
static struct mempool_ledger ledger_between_rollups(void) {
    for (int tries = 0; tries < 100; tries++) {
        uint64_t before = rollup();
        struct mempool_ledger ledger = ledger_now();
        if (rollup() == before && ledger.resident == before) {
            return ledger;
        }
        sleep_ms(20);
    }
    fprintf(stderr, "the ledger's sum is never what the system says\n");
    CHECK(false);
    return (struct mempool_ledger){0};
}

/* ---- what must agree ------------------------------------------------------------------------- */

static uint64_t sum_ours(void) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < N_WORKERS; i++) {
        bytes += workers[i].ours_bytes;
    }
    return bytes;
}

static uint64_t sum_libc(void) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < N_WORKERS; i++) {
        bytes += workers[i].held_bytes - workers[i].ours_bytes;
    }
    return bytes;
}

static int add_account(const struct mempool_account *account, void *arg) {
    *(uint64_t *)arg += account->live_bytes;
    return 0;
}

/* Pool by pool, and account by account, it is the same as in total. */
static void check_parts(const struct mempool_ledger *whole) {
    uint64_t live = 0, resident = 0, padding = 0, cached = 0;
    for (size_t i = 0; i < N_POOLS; i++) {
        struct mempool_ledger part = {.struct_size = sizeof part};
        CHECK_EQUAL(mempool_pool_ledger(pools[i], &part), 0);
        check_sum(&part);
        live += part.live;
        padding += part.padding;
        cached += part.cached;
        resident += part.resident;
    }
    (void)mempool_accounts(add_account, &live);
    CHECK_EQUAL(live, whole->live);
    CHECK(padding <= whole->padding && cached <= whole->cached);
    CHECK(resident <= whole->live + whole->padding + whole->cached + whole->free);
}

static void check_explained(const struct mempool_ledger *ledger) {
    CHECK(ledger->unexplained < ledger->resident / 50);
}

static struct mempool_ledger look(const char *when) {
    struct mempool_ledger ledger = ledger_between_rollups();
    show(when, &ledger);
    CHECK_EQUAL(ledger.live, sum_ours());
    CHECK(ledger.libc_heap >= sum_libc());
    check_parts(&ledger);
    return ledger;
}

static void look_while_they_run(void) {
    uint64_t most = 0;
    unsigned n = 0;
    do {
        struct mempool_ledger ledger = ledger_now();
        if (ledger.unexplained >= ledger.resident / 50) {
            show("while they run", &ledger);
        }
        check_explained(&ledger);
        most = ledger.resident > most ? ledger.resident : most;
        n++;
        sleep_ms(50);
    } while (atomic_load_explicit(&n_running, memory_order_relaxed) > 0);
    printf("%u times while they ran: at most %llu resident\n", n, (unsigned long long)most);
}

/* The ledger finds what nobody explains, whatever libc has or had; and what is named. */
static void check_unknown(const struct mempool_ledger *before) {
    char *unknown = mmap(NULL, UNKNOWN_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                         -1, 0);
    CHECK(unknown != MAP_FAILED);
    memset(unknown, 1, UNKNOWN_BYTES);
    struct mempool_ledger after = ledger_between_rollups();
    check_near(after.unexplained - before->unexplained, UNKNOWN_BYTES, MIB);
    CHECK_EQUAL(mempool_mapping_name(unknown, UNKNOWN_BYTES, "known"), 0);
    after = ledger_between_rollups();
    CHECK_EQUAL(after.named - before->named, UNKNOWN_BYTES);
    check_near(after.unexplained, before->unexplained, MIB);
    CHECK_EQUAL(mempool_mapping_name(unknown, UNKNOWN_BYTES, NULL), 0);
    munmap(unknown, UNKNOWN_BYTES);
}

/* ---- its course ------------------------------------------------------------------------------ */

static void begin(void) {
    struct rng seeds = {.state = rng_seed()};
    for (size_t i = 0; i < N_POOLS; i++) {
        pools[i] = pool_of(pool_bytes[i]);
    }
    components[0] = mempool_component_create("cache", NULL);
    components[1] = mempool_component_create("index", components[0]);
    components[2] = mempool_component_create("wire", NULL);
    CHECK(pthread_barrier_init(&barrier, NULL, N_WORKERS + 1) == 0);
    atomic_store_explicit(&n_running, N_WORKERS, memory_order_relaxed);
    static struct place places[N_WORKERS][N_PLACES];
    for (size_t i = 0; i < N_WORKERS; i++) {
        workers[i].rng.state = rng_next(&seeds);
        workers[i].places = places[i];
        workers[i].thread = thread_start(work, &workers[i]);
    }
}

int main(void) {
    if (!test_runtime_is_plain()) {
        test_skip("a tool's own memory is not ours to explain");
    }
    watchdog_set(240);
    begin();
    pthread_barrier_wait(&barrier);
    struct mempool_ledger half = look("half way up");
    check_explained(&half);
    CHECK(half.resident > 512 * MIB);
    pthread_barrier_wait(&barrier);
    look_while_they_run();
    pthread_barrier_wait(&barrier);
    struct mempool_ledger full = look("at the top");
    check_explained(&full);
    CHECK(full.live + full.libc_heap > 1024 * (uint64_t)MIB);
    check_unknown(&full);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    struct mempool_ledger quarter = look("a quarter left");
    check_explained(&quarter);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    CHECK_EQUAL(look("all given back").live, 0);
    pthread_barrier_wait(&barrier);
    for (size_t i = 0; i < N_WORKERS; i++) {
        thread_join(workers[i].thread);
    }
    return 0;
}
