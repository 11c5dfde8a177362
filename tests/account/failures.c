/* SPDX-License-Identifier: MIT */
/* Each call for memory fails in turn, alone and with all that follow it: allocations return NULL
 * and ENOMEM, blocks that are there stay intact, the books stay exact, and afterwards everything
 * works again. */
#include "unit.h"

#include "account/books.h"

#include "accounts.h"
#include "child.h"
#include "fail_in_turn.h"
#include "one_processor.h"
#include "pattern.h"
#include "scale.h"
#include "threads.h"

enum { HELD_MAX = 6000 };

struct held {
    void *block;
    size_t bytes;
    uint64_t key;
    const struct mempool_component *component;
    const struct mempool_type *type;
};

static struct held held[HELD_MAX];
static size_t n_held, n_refused;
static uint64_t next_key;
static bool may_fail;
static struct mempool_component *outer, *inner;

static void note_refused(void) {
    CHECK(may_fail && errno == ENOMEM);
    n_refused++;
}

/* Whose it is, the block says itself: a type that could not be registered is "other". */
static void note_block(void *block, size_t bytes) {
    if (block == NULL) {
        note_refused();
        return;
    }
    CHECK(n_held < HELD_MAX);
    struct mempool_block description = block_description(block);
    CHECK_EQUAL(description.bytes, bytes);
    held[n_held] =
        (struct held){block, bytes, next_key++, description.component, description.type};
    pattern_fill(block, bytes, held[n_held].key);
    n_held++;
}

static void allocate(size_t n, size_t bytes, const char *type) {
    for (size_t i = 0; i < n; i++) {
        errno = 0;
        note_block(mempool_malloc_typed(bytes, mempool_type(type)), bytes);
    }
}

static void free_each(size_t step) {
    for (size_t i = n_held; i > 0; i--) {
        if (i % step == 0) {
            struct held *gone = &held[i - 1];
            CHECK(pattern_intact(gone->block, gone->bytes, gone->key));
            errno = EXDEV;
            mempool_free(gone->block);
            CHECK_EQUAL(errno, EXDEV);
            *gone = held[--n_held];
        }
    }
}

/* A block that shrinks is never refused. */
static void resize_each(size_t step, size_t bytes) {
    for (size_t i = 0; i < n_held; i += step) {
        struct held *changed = &held[i];
        CHECK(pattern_intact(changed->block, changed->bytes, changed->key));
        errno = 0;
        void *block = mempool_realloc(changed->block, bytes);
        if (block == NULL) {
            CHECK(bytes > changed->bytes);
            note_refused();
            CHECK(pattern_intact(changed->block, changed->bytes, changed->key));
            continue;
        }
        CHECK_EQUAL(block_description(block).bytes, bytes);
        changed->block = block;
        changed->bytes = bytes;
        pattern_fill(block, bytes, changed->key);
    }
}

/* ---- the books ------------------------------------------------------------------------------- */

static int check_account(const struct mempool_account *account, void *unused) {
    uint64_t bytes = 0, blocks = 0;
    (void)unused;
    for (size_t i = 0; i < n_held; i++) {
        if (held[i].component == account->component && held[i].type == account->type) {
            bytes += held[i].bytes;
            blocks++;
        }
    }
    CHECK_EQUAL(account->live_bytes, bytes);
    CHECK_EQUAL(account->live_blocks, blocks);
    CHECK_EQUAL(account->total_blocks - account->total_frees, blocks);
    CHECK(account->peak_bytes >= bytes && account->peak_blocks >= blocks);
    return 0;
}

static bool is_within(const struct mempool_component *component,
                      const struct mempool_component *above) {
    while (component != NULL && component != above) {
        component = component->parent;
    }
    return component != NULL;
}

/* What components are charged is what their accounts were granted, to the byte. */
static void check_charged(const struct mempool_component *component) {
    int64_t granted = 0;
    for (uint32_t i = 1; account_ready() && i < accounts_used(); i++) {
        if (is_within(account_at(i)->component, component)) {
            granted += load_relaxed(&account_at(i)->granted);
        }
    }
    CHECK_EQUAL(load_relaxed(&component->charged), granted);
}

static void check_books(void) {
    (void)mempool_accounts(check_account, NULL);
    const struct mempool_component *components[] = {mempool_component_process(), outer, inner};
    for (size_t i = 0; i < 3; i++) {
        if (components[i] != NULL) {
            check_charged(components[i]);
        }
    }
    for (size_t i = 0; i < n_held; i++) {
        CHECK(pattern_intact(held[i].block, held[i].bytes, held[i].key));
        CHECK(mempool_usable_bytes(held[i].block) >= held[i].bytes);
    }
}

/* ---- what is tried --------------------------------------------------------------------------- */

static struct mempool_component *create(const char *name, struct mempool_component *parent) {
    errno = 0;
    struct mempool_component *component = mempool_component_create(name, parent);
    if (component == NULL) {
        note_refused();
    }
    return component;
}

static void try_text(void) {
    char *text;
    errno = 0;
    int length = mempool_asprintf(&text, "text", "%0*d", 3000, 1);
    CHECK(length == 3000 || (length == -1 && text == NULL));
    note_block(text, 3001);
    errno = 0;
    note_block(mempool_strdup("some text", "text"), 10);
    errno = 0;
    note_block(mempool_calloc(3, 1000, "zeroed"), 3000);
    errno = 0;
    note_block(mempool_aligned(4096, 100, "aligned"), 100);
}

static void *run_thread(void *unused) {
    struct mempool_component *before = mempool_component_enter(inner);
    allocate(200, 40, "thread");
    allocate(3, 20000, "another");
    allocate(2, 500000, "another");
    free_each(3);
    resize_each(4, 300);
    mempool_component_leave(before);
    allocate(5, 100, "thread");
    return unused;
}

static void use_heap(void) {
    static const size_t sizes[] = {1, 100, 1000, 9000, 70000, 300000, 2000000};
    char name[32];
    outer = create("outer", NULL);
    inner = create("inner", outer);
    struct mempool_component *before = mempool_component_enter(outer);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        allocate(6, sizes[i], "sizes");
    }
    check_books();
    for (size_t i = 0; i < 120; i++) { /* so many accounts that tallies grow */
        snprintf(name, sizeof name, "type %zu", i);
        allocate(1, 30, name);
    }
    check_books();
    try_text();
    resize_each(5, 5000);
    check_books();
    resize_each(3, 200);
    resize_each(7, 0);
    check_books();
    allocate(2500, 50, "many");
    thread_run(run_thread, NULL);
    check_books();
    free_each(2);
    (void)mempool_trim(NULL);
    check_books();
    if (inner != NULL) {
        (void)mempool_component_end(inner);
    }
    allocate(300, 600, "many");
    mempool_component_leave(before);
    check_books();
}

static int run_with_failure(void *argument) {
    const struct failure *failure = argument;
    may_fail = true;
    faults_arm(failure->kinds, failure->first, failure->and_later ? UINT64_MAX : failure->first);
    use_heap();
    uint64_t n_failed = faults_disarm();
    may_fail = false;
    free_each(3);
    use_heap();
    free_each(1);
    check_books();
    CHECK_EQUAL(n_held, 0);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
    return n_failed == 0 ? NOTHING_FAILED : 0;
}

/* Memory fails in the middle, and comes back while everything is in use. */
static int recover_in_use(void *argument) {
    use_heap();
    free_each(4);
    return run_with_failure(argument);
}

static const unsigned all_kinds = FAULT_RESERVE | FAULT_COMMIT | FAULT_HEAP;

static void one_call_fails(void **state) {
    (void)state;
    fail_in_turn(run_with_failure, (struct failure){all_kinds, 1, false}, 12);
}

static void all_calls_fail_from_one_on(void **state) {
    (void)state;
    fail_in_turn(run_with_failure, (struct failure){all_kinds, 1, true}, 12);
}

static void memory_comes_back_in_use(void **state) {
    (void)state;
    fail_in_turn(recover_in_use, (struct failure){all_kinds, 1, true}, 1);
}

int main(void) {
    caches_stay();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_call_fails),
        cmocka_unit_test(all_calls_fail_from_one_on),
        cmocka_unit_test(memory_comes_back_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
