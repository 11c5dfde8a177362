/* SPDX-License-Identifier: MIT */
/* mempool_ledger of what lies outside the pools: stacks, static data, shared memory, mappings with
 * and without a name, libc's malloc.
 *
 * Each test is a process of its own. */
#include "unit.h"

#include "child.h"
#include "ledgers.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>

enum { BYTES = 32 * MIB, SLACK = MIB / 2 };

static char *map(size_t bytes, int kind, int fd) {
    char *mapping = mmap(NULL, bytes, PROT_READ | PROT_WRITE, kind, fd, 0);
    CHECK(mapping != MAP_FAILED);
    return mapping;
}

static char *map_touched(size_t bytes) {
    char *mapping = map(bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    memset(mapping, 1, bytes);
    return mapping;
}

/* ---- stacks ---------------------------------------------------------------------------------- */

enum { N_THREADS = 20, DEPTH_BYTES = MIB };
static pthread_barrier_t barrier;

static void *use_stack(void *unused) {
    (void)unused;
    volatile char deep[DEPTH_BYTES];
    for (size_t i = 0; i < sizeof deep; i += PAGE_BYTES) {
        deep[i] = 1;
    }
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return NULL;
}

static int of_stacks(void *unused) {
    (void)unused;
    pthread_t threads[N_THREADS];
    struct mempool_ledger before = ledger_now();
    CHECK(pthread_barrier_init(&barrier, NULL, N_THREADS + 1) == 0);
    pthread_attr_t small; /* smaller than the default, so that others lie in its reach */
    CHECK(pthread_attr_init(&small) == 0);
    CHECK(pthread_attr_setstacksize(&small, 2 * DEPTH_BYTES) == 0);
    for (size_t i = 0; i < N_THREADS; i++) {
        /* between stacks, and next to them, something that is none */
        CHECK(map_touched(MIB) != NULL);
        CHECK(pthread_create(&threads[i], &small, use_stack, NULL) == 0);
    }
    CHECK(map_touched(MIB) != NULL);
    pthread_barrier_wait(&barrier);
    struct mempool_ledger during = ledger_now();
    pthread_barrier_wait(&barrier);
    for (size_t i = 0; i < N_THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    check_near(during.stack - before.stack, N_THREADS * DEPTH_BYTES, N_THREADS * 32 * 1024);
    check_near(during.unexplained - before.unexplained, (N_THREADS + 1) * MIB, SLACK);
    return 0;
}

/* A stack that the program made, in the middle of a mapping: without a word of the program, as much
 * as the default size is taken for stack. */
static int of_own_stack(void *unused) {
    enum { STACK = BYTES / 8, DEFAULT = BYTES / 4 };
    (void)unused;
    pthread_attr_t attributes;
    struct mempool_ledger before = ledger_now();
    char *mapping = map_touched(BYTES);
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstack(&attributes, mapping + BYTES / 2, STACK) == 0);
    CHECK(pthread_barrier_init(&barrier, NULL, 2) == 0);
    pthread_t thread;
    CHECK(pthread_create(&thread, &attributes, use_stack, NULL) == 0);
    pthread_barrier_wait(&barrier);
    struct mempool_ledger during = ledger_now();
    check_near(during.stack - before.stack, DEFAULT, SLACK);
    check_near(during.unexplained - before.unexplained, BYTES - DEFAULT, SLACK);
    /* what is below it is something else */
    CHECK_EQUAL(mempool_mapping_name(mapping, BYTES / 2, "index"), 0);
    during = ledger_now();
    check_near(during.stack - before.stack, STACK, SLACK);
    CHECK_EQUAL(during.named - before.named, BYTES / 2);
    CHECK_EQUAL(mempool_mapping_name(mapping, BYTES / 2, NULL), 0);
    /* all of it is */
    CHECK_EQUAL(mempool_mapping_name(mapping, BYTES, "stacks"), 0);
    during = ledger_now();
    check_near(during.stack, before.stack, SLACK);
    CHECK_EQUAL(during.named - before.named, BYTES);
    pthread_barrier_wait(&barrier);
    thread_join(thread);
    return 0;
}

/* ---- mappings -------------------------------------------------------------------------------- */

static char zeroed[BYTES];

static int of_static_data(void *unused) {
    (void)unused;
    struct mempool_ledger before = ledger_now();
    for (size_t i = 0; i < BYTES; i += PAGE_BYTES) {
        ((volatile char *)zeroed)[i] = 1;
    }
    struct mempool_ledger after = ledger_now();
    check_near(after.files - before.files, BYTES, SLACK);
    check_near(after.unexplained, before.unexplained, SLACK);
    return 0;
}

static int of_shared_memory(void *unused) {
    (void)unused;
    struct mempool_ledger before = ledger_now();
    int fd = memfd_create("ring", MFD_CLOEXEC);
    CHECK(fd >= 0 && ftruncate(fd, BYTES) == 0);
    memset(map(BYTES, MAP_SHARED, fd), 1, BYTES);
    struct mempool_ledger ring = ledger_now();
    check_near(ring.named - before.named, BYTES, SLACK);
    check_near(ring.unexplained, before.unexplained, SLACK);
    /* nobody knows what that is */
    char *unknown = map(BYTES, MAP_SHARED | MAP_ANONYMOUS, -1);
    memset(unknown, 1, BYTES);
    struct mempool_ledger more = ledger_now();
    check_near(more.named, ring.named, SLACK);
    check_near(more.unexplained - ring.unexplained, BYTES, SLACK);
    CHECK_EQUAL(mempool_mapping_name(unknown, BYTES, "board"), 0);
    check_near(ledger_now().named - ring.named, BYTES, SLACK);
    return 0;
}

static int of_names(void *unused) {
    (void)unused;
    struct mempool_ledger before = ledger_now();
    /* two named neighbours and one without, which may be one mapping to the system */
    char *mapping = map(BYTES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    memset(mapping, 1, BYTES / 2);
    CHECK_EQUAL(mempool_mapping_name(mapping, BYTES / 4, "index"), 0);
    CHECK_EQUAL(mempool_mapping_name(mapping + BYTES / 2, BYTES / 4, "index"), 0); /* untouched */
    struct mempool_ledger named = ledger_now();
    CHECK_EQUAL(named.named - before.named, BYTES / 4);
    check_near(named.unexplained - before.unexplained, BYTES / 4, SLACK);
    memset(mapping, 1, BYTES);
    CHECK_EQUAL(ledger_now().named - before.named, BYTES / 2);
    CHECK_EQUAL(mempool_mapping_name(mapping, BYTES / 4, NULL), 0);
    CHECK_EQUAL(ledger_now().named - before.named, BYTES / 4);
    /* the rest of a page, and all of it in one */
    CHECK_EQUAL(mempool_mapping_name(mapping + BYTES / 2, BYTES / 4, NULL), 0);
    CHECK_EQUAL(mempool_mapping_name(mapping, BYTES - 1, "all of it"), 0);
    CHECK_EQUAL(ledger_now().named - before.named, BYTES);
    return 0;
}

/* A small name and a large one in one mapping, each more than half of what the other leaves. */
static int of_unequal_names(void *unused) {
    (void)unused;
    struct mempool_ledger before = ledger_now();
    char *mapping = map(BYTES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    memset(mapping, 1, BYTES);
    CHECK_EQUAL(mempool_mapping_name(mapping, BYTES / 4, "index"), 0);
    CHECK_EQUAL(mempool_mapping_name(mapping + BYTES / 4, BYTES / 4 * 3, "table"), 0);
    struct mempool_ledger named = ledger_now();
    CHECK_EQUAL(named.named - before.named, BYTES);
    check_near(named.unexplained, before.unexplained, SLACK);
    return 0;
}

static int of_wrong_names(void *unused) {
    (void)unused;
    char *at = map(BYTES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    errno = 77;
    CHECK_EQUAL(mempool_mapping_name(NULL, PAGE_BYTES, "a"), -EINVAL);
    CHECK_EQUAL(mempool_mapping_name(at, 0, "a"), -EINVAL);
    CHECK_EQUAL(mempool_mapping_name(at + 8, PAGE_BYTES, "a"), -EINVAL);
    CHECK_EQUAL(mempool_mapping_name(at, SIZE_MAX - PAGE_BYTES, "a"), -EINVAL);
    CHECK_EQUAL(mempool_mapping_name(at, PAGE_BYTES, NULL), -ENOENT);
    CHECK_EQUAL(mempool_mapping_name(at, 2 * PAGE_BYTES, "a"), 0);
    CHECK_EQUAL(mempool_mapping_name(at, 2 * PAGE_BYTES, "a"), -EEXIST);
    CHECK_EQUAL(mempool_mapping_name(at + PAGE_BYTES, PAGE_BYTES, "b"), -EEXIST);
    CHECK_EQUAL(mempool_mapping_name(at, PAGE_BYTES, NULL), -ENOENT);
    CHECK_EQUAL(mempool_mapping_name(at + PAGE_BYTES, PAGE_BYTES, NULL), -ENOENT);
    for (int i = 1; i < 256; i++) {
        CHECK_EQUAL(mempool_mapping_name(at + 2 * i * PAGE_BYTES, PAGE_BYTES, "b"), 0);
    }
    CHECK_EQUAL(mempool_mapping_name(at + 512 * PAGE_BYTES, PAGE_BYTES, "b"), -ENOSPC);
    CHECK_EQUAL(mempool_mapping_name(at, 2 * PAGE_BYTES, NULL), 0);
    CHECK_EQUAL(mempool_mapping_name(at + 512 * PAGE_BYTES, PAGE_BYTES, "b"), 0);
    CHECK_EQUAL(errno, 77);
    return 0;
}

/* ---- libc ------------------------------------------------------------------------------------ */

static void *fill_arena(void *unused) {
    (void)unused;
    for (size_t bytes = 0; bytes < 3 * BYTES; bytes += 10000) { /* more than a piece of 64 MiB */
        char *volatile block = malloc(10000);
        CHECK(block != NULL);
        memset(block, 1, 10000);
    }
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return NULL;
}

static int of_arenas(void *unused) {
    (void)unused;
    struct mempool_ledger before = ledger_now();
    CHECK(pthread_barrier_init(&barrier, NULL, 3) == 0);
    pthread_t one = thread_start(fill_arena, NULL), other = thread_start(fill_arena, NULL);
    pthread_barrier_wait(&barrier);
    struct mempool_ledger during = ledger_now();
    pthread_barrier_wait(&barrier);
    thread_join(one);
    thread_join(other);
    check_near(during.libc_heap - before.libc_heap, 6 * (uint64_t)BYTES, 2 * MIB);
    check_near(during.unexplained, before.unexplained, SLACK);
    return 0;
}

/* Used, and given back but for the last block, which keeps the end where it is. */
static void *use_and_trim(void *unused) {
    enum { N = 3000, BLOCK_BYTES = 20000 };
    static void *blocks[N];
    (void)unused;
    for (size_t i = 0; i < N; i++) {
        blocks[i] = malloc(BLOCK_BYTES);
        CHECK(blocks[i] != NULL);
        memset(blocks[i], 1, BLOCK_BYTES);
    }
    for (size_t i = 0; i + 1 < N; i++) {
        free(blocks[i]);
    }
    malloc_trim(0);
    return NULL;
}

/* What libc says to have, and is no longer resident, must not hide what nobody knows. */
static int of_trimmed_heap(void *unused) {
    (void)unused;
    struct mempool_ledger before = ledger_now();
    (void)use_and_trim(NULL);
    thread_run(use_and_trim, NULL);
    CHECK(map_touched(BYTES) != NULL);
    struct mempool_ledger after = ledger_now();
    check_near(after.libc_heap, before.libc_heap, SLACK);
    check_near(after.unexplained - before.unexplained, BYTES, SLACK);
    return 0;
}

#define PART(name)                                                                                \
    static void part_##name(void **state) {                                                       \
        (void)state;                                                                              \
        assert_int_equal(child_status(of_##name, NULL), 0);                                       \
    }
/* Under a tool there are mappings, and a malloc, of its own. */
#define PLAIN_PART(name)                                                                          \
    static void part_##name(void **state) {                                                       \
        (void)state;                                                                              \
        if (!test_runtime_is_plain()) {                                                           \
            skip();                                                                               \
        }                                                                                         \
        assert_int_equal(child_status(of_##name, NULL), 0);                                       \
    }
PLAIN_PART(stacks)
PLAIN_PART(own_stack)
PLAIN_PART(static_data)
PLAIN_PART(shared_memory)
PLAIN_PART(names)
PLAIN_PART(unequal_names)
PART(wrong_names)
PLAIN_PART(arenas)
PLAIN_PART(trimmed_heap)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(part_stacks),      cmocka_unit_test(part_own_stack),
        cmocka_unit_test(part_static_data), cmocka_unit_test(part_shared_memory),
        cmocka_unit_test(part_names),       cmocka_unit_test(part_wrong_names),
        cmocka_unit_test(part_arenas),      cmocka_unit_test(part_trimmed_heap),
        cmocka_unit_test(part_unequal_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
