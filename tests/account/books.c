/* SPDX-License-Identifier: MIT */
/* Random allocations of one thread against a model: every counter of every account is exact at any
 * moment, peaks included; and what becomes of components that end. */
#include "accounts.h"

#include "pattern.h"
#include "rng.h"
#include "scale.h"
#include "threads.h"

#include <errno.h>

enum { N_COMPONENTS = 4, N_TYPES = 5, N_ACCOUNTS = N_COMPONENTS * N_TYPES, HELD_MAX = 2000 };

static const char *const type_names[N_TYPES] = {"alpha", "beta", "gamma", "delta", "epsilon"};

/* What the books must say of one account. */
struct model {
    uint64_t live_bytes, live_blocks, peak_bytes, peak_blocks, total_blocks, total_frees;
};

struct held {
    char *block;
    size_t bytes, account;
    uint64_t key;
};

static struct mempool_component *components[N_COMPONENTS];
static struct model models[N_ACCOUNTS];
static struct held held[HELD_MAX];
static size_t n_held;
static struct rng rng;

static void model_raise(struct model *model) {
    if (model->live_bytes > model->peak_bytes) {
        model->peak_bytes = model->live_bytes;
    }
    if (model->live_blocks > model->peak_blocks) {
        model->peak_blocks = model->live_blocks;
    }
}

static void check_account(size_t i) {
    const struct model *model = &models[i];
    struct mempool_account account =
        account_of(components[i / N_TYPES], type_names[i % N_TYPES]);
    CHECK_EQUAL(account.live_bytes, model->live_bytes);
    CHECK_EQUAL(account.live_blocks, model->live_blocks);
    CHECK_EQUAL(account.total_blocks, model->total_blocks);
    CHECK_EQUAL(account.total_frees, model->total_frees);
    CHECK_EQUAL(account.peak_bytes, model->peak_bytes);
    CHECK_EQUAL(account.peak_blocks, model->peak_blocks);
}

static void check_component(size_t idx) {
    struct mempool_component_stats stats = component_stats(components[idx]);
    uint64_t bytes = 0, blocks = 0, all_bytes = 0;
    for (size_t i = 0; i < N_ACCOUNTS; i++) {
        bool own = i / N_TYPES == idx;
        bytes += own ? models[i].live_bytes : 0;
        blocks += own ? models[i].live_blocks : 0;
        all_bytes += models[i].live_bytes;
    }
    CHECK_EQUAL(stats.live_bytes, bytes);
    CHECK_EQUAL(stats.live_blocks, blocks);
    CHECK(stats.charged_bytes >= (idx == 0 ? all_bytes : bytes));
    CHECK_EQUAL(stats.refused, 0);
}

static void check_books(void) {
    for (size_t i = 0; i < N_ACCOUNTS; i++) {
        check_account(i);
    }
    for (size_t i = 0; i < N_COMPONENTS; i++) {
        check_component(i);
    }
}

/* ---- steps ----------------------------------------------------------------------------------- */

static size_t random_bytes(void) {
    unsigned dice = (unsigned)rng_below(&rng, 100);
    return rng_below(&rng, dice < 70 ? 200 : dice < 95 ? 5000 : dice < 99 ? 100000 : 600000);
}

static void note_allocated(char *block, size_t bytes, size_t i) {
    CHECK(block != NULL);
    held[n_held] = (struct held){block, bytes, i, rng_next(&rng)};
    pattern_fill(block, bytes, held[n_held].key);
    n_held++;
    models[i].live_bytes += bytes;
    models[i].live_blocks++;
    models[i].total_blocks++;
    model_raise(&models[i]);
}

static void step_allocate(void) {
    size_t i = rng_below(&rng, N_ACCOUNTS);
    size_t bytes = random_bytes();
    struct mempool_type *type = mempool_type(type_names[i % N_TYPES]);
    if (n_held == HELD_MAX) {
        return;
    }
    struct mempool_component *before = mempool_component_enter(components[i / N_TYPES]);
    char *block = rng_chance(&rng, 30)   ? mempool_calloc_typed(1, bytes, type)
                  : rng_chance(&rng, 10) ? mempool_aligned_typed(256, bytes, type)
                                         : mempool_malloc_typed(bytes, type);
    mempool_component_leave(before);
    note_allocated(block, bytes, i);
}

/* Whatever component is current: a block is its own component's. */
static void step_free(void) {
    if (n_held > 0) {
        size_t which = rng_below(&rng, n_held);
        struct held gone = held[which];
        struct mempool_component *before =
            mempool_component_enter(components[rng_below(&rng, N_COMPONENTS)]);
        CHECK(pattern_intact(gone.block, gone.bytes, gone.key));
        mempool_free(gone.block);
        mempool_component_leave(before);
        held[which] = held[--n_held];
        models[gone.account].live_bytes -= gone.bytes;
        models[gone.account].live_blocks--;
        models[gone.account].total_frees++;
    }
}

static void step_realloc(void) {
    if (n_held > 0) {
        struct held *changed = &held[rng_below(&rng, n_held)];
        struct model *model = &models[changed->account];
        size_t bytes = random_bytes();
        size_t kept = bytes < changed->bytes ? bytes : changed->bytes;
        changed->block = mempool_realloc(changed->block, bytes);
        CHECK(changed->block != NULL);
        for (size_t i = 0; i < kept && i < PATTERN_END_BYTES; i++) {
            CHECK(changed->bytes > 2 * PATTERN_END_BYTES ||
                  (unsigned char)changed->block[i] == pattern_byte(changed->key, i));
        }
        model->live_bytes += bytes - changed->bytes;
        changed->bytes = bytes;
        pattern_fill(changed->block, bytes, changed->key);
        model_raise(model);
    }
}

/* Phases of growth and of decline, so that peaks lie behind. */
static void run_steps(size_t n_steps) {
    for (size_t i = 0; i < n_steps; i++) {
        unsigned dice = (unsigned)rng_below(&rng, 10);
        bool grow = i / 3000 % 2 == 0;
        if (dice < (grow ? 6 : 3)) {
            step_allocate();
        } else if (dice < 8) {
            step_free();
        } else {
            step_realloc();
        }
        check_account(rng_below(&rng, N_ACCOUNTS));
        if (i % 500 == 0) {
            check_books();
        }
    }
    check_books();
}

/* ---- the rest -------------------------------------------------------------------------------- */

/* The byte peak and the block peak need not be at one time. */
static void peaks_apart(void) {
    void *blocks[50];
    struct mempool_component *component = component_of("peaks", NULL);
    struct mempool_component *before = mempool_component_enter(component);
    mempool_free(mempool_malloc(100000, "apart"));
    for (int i = 0; i < 50; i++) {
        blocks[i] = mempool_malloc(1, "apart");
        CHECK(blocks[i] != NULL);
    }
    for (int i = 0; i < 50; i++) {
        mempool_free(blocks[i]);
    }
    struct mempool_account account = account_of(component, "apart");
    CHECK_EQUAL(account.peak_bytes, 100000);
    CHECK_EQUAL(account.peak_blocks, 50);
    mempool_component_leave(before);
}

static void refused_is_no_peak(void) {
    struct mempool_component *component = component_of("refused", NULL);
    struct mempool_component *before = mempool_component_enter(component);
    limit_hard(component, 10000);
    void *block = mempool_malloc(6000, "apart");
    CHECK(block != NULL && mempool_malloc(6000, "apart") == NULL);
    CHECK(mempool_realloc(block, 20000) == NULL);
    struct mempool_account account = account_of(component, "apart");
    CHECK_EQUAL(account.peak_bytes, 6000);
    CHECK_EQUAL(account.peak_blocks, 1);
    CHECK_EQUAL(account.total_blocks, 1);
    mempool_free(block);
    mempool_component_leave(before);
}

/* Components beside and below one another; the third is entered when it has ended. */
static void ended_components(void) {
    struct mempool_component *outer = component_of("outer", NULL);
    struct mempool_component *inner = component_of("plug-in", outer);
    struct mempool_component *before = mempool_component_enter(inner);
    CHECK(mempool_component_current() == inner);
    void *kept = mempool_malloc(100, "ends"), *freed = mempool_malloc(50, "ends");
    CHECK_EQUAL(mempool_component_end(inner), 2);
    void *late = mempool_malloc(30, "ends"); /* still inside */
    CHECK(block_description(late).component == outer);
    struct mempool *pool = mempool_create_typed(100, 16, "made late", 0);
    mempool_put(mempool_get(pool));
    CHECK_EQUAL(component_stats(inner).pool_bytes, 0);
    CHECK(component_stats(outer).pool_bytes > 0);
    CHECK_EQUAL(mempool_destroy(pool), 0);
    mempool_component_leave(before);
    CHECK(mempool_component_enter(inner) == before);
    void *later = mempool_malloc(20, "other");
    CHECK(block_description(later).component == outer);
    mempool_free(freed);
    struct mempool_account account = account_of(inner, "ends");
    CHECK_EQUAL(account.live_bytes, 100);
    CHECK_EQUAL(account.live_blocks, 1);
    CHECK_EQUAL(account.total_frees, 1);
    CHECK_EQUAL(account.ended, 1);
    CHECK_EQUAL(account.generation, 1);
    kept = mempool_realloc(kept, 5000); /* a block stays its component's */
    CHECK_EQUAL(account_of(inner, "ends").live_bytes, 5000);
    CHECK_EQUAL(account_of(outer, "ends").live_bytes, 30);

    struct mempool_component *again = component_of("plug-in", outer);
    CHECK(again != inner);
    (void)mempool_component_enter(again);
    void *new = mempool_malloc(7, "ends");
    account = account_of(again, "ends");
    CHECK_EQUAL(account.generation, 2);
    CHECK_EQUAL(account.ended, 0);
    CHECK_EQUAL(account.live_bytes, 7);
    CHECK_EQUAL(component_stats(again).generation, 2);
    CHECK(component_stats(again).parent == outer);

    mempool_component_leave(inner);
    CHECK_EQUAL(mempool_component_end(outer), 2);
    void *last = mempool_malloc(1, "ends"); /* inside one that ended, below one that ended since */
    CHECK(block_description(last).component == mempool_component_process());
    mempool_component_leave(before);
    void *blocks[] = {kept, late, later, new, last};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        mempool_free(blocks[i]);
    }
    CHECK_EQUAL(account_of(inner, "ends").live_bytes, 0);
    CHECK_EQUAL(account_of(inner, "ends").total_frees, 2);
    CHECK_EQUAL(mempool_component_end(again), 0);
    CHECK_EQUAL(mempool_component_end(NULL), 0);
    CHECK_EQUAL(mempool_component_end(mempool_component_process()), 0);
    CHECK_EQUAL(component_stats(mempool_component_process()).ended, 0);
}

static void *begin_in_the_process(void *unused) {
    CHECK(mempool_component_current() == mempool_component_process());
    void *block = mempool_malloc(10, "thread");
    CHECK(block_description(block).component == mempool_component_process());
    mempool_free(block);
    (void)mempool_component_enter(components[1]);
    CHECK(mempool_component_current() == components[1]);
    return unused;
}

static void components_of_threads(void) {
    struct mempool_component *before = mempool_component_enter(components[2]);
    thread_run(begin_in_the_process, NULL);
    thread_run(begin_in_the_process, NULL); /* on what the first left behind */
    CHECK(mempool_component_current() == components[2]);
    CHECK(mempool_component_enter(NULL) == components[2]);
    CHECK(mempool_component_current() == mempool_component_process());
    mempool_component_leave(before);
    errno = 0;
    CHECK(mempool_component_create(NULL, NULL) == NULL && errno == EINVAL);
    errno = 0;
    CHECK(mempool_component_create("", NULL) == NULL && errno == EINVAL);
    CHECK_EQUAL(mempool_component_stats(components[1], NULL), -EINVAL);
    CHECK_EQUAL(mempool_accounts(NULL, NULL), 0);
}

/* Oldest first, each once. */
static int check_order(const struct mempool_account *account, void *arg) {
    struct account_wanted *before = arg;
    CHECK(account->component != before->component || account->type != before->type);
    CHECK(account->total_blocks >= account->total_frees);
    before->component = account->component;
    before->type = account->type;
    return 0;
}

int main(void) {
    rng.state = rng_seed();
    watchdog_set(test_runtime_is_plain() ? 60 : 300);
    components[0] = mempool_component_process();
    components[1] = component_of("first", NULL);
    components[2] = component_of("second", components[1]);
    components[3] = component_of("third", components[2]);
    run_steps(test_scaled(60000));
    while (n_held > 0) {
        step_free();
    }
    check_books();
    peaks_apart();
    refused_is_no_peak();
    ended_components();
    components_of_threads();
    struct account_wanted before = {.component = NULL};
    CHECK(mempool_accounts(check_order, &before) >= N_ACCOUNTS);
    return 0;
}
