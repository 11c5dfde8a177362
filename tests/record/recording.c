/* SPDX-License-Identifier: MIT */
/* What is written: all that is live before, all that is done meanwhile, nothing after. */
#include "stream.h"
#include "temporary.h"
#include "threads.h"

#include <mempool/misuse.h>
#include <mempool/observe.h>

#include <errno.h>

enum { N = 500 };

static struct mempool *pool, *heap_pool;
static void *objects[N];

static void *work(void *argument) {
    (void)argument;
    for (int i = 0; i < N; i++) {
        mempool_put(objects[i]);
    }
    return NULL;
}

static struct mempool_stats stats_of(const struct mempool *of) {
    struct mempool_stats stats = {.struct_size = sizeof stats};
    CHECK_EQUAL(mempool_stats(of, &stats), 0);
    return stats;
}

/* Live when it begins: objects of a pool, of libc's malloc, of a destroyed pool, a block. */
static void make_before(void) {
    struct mempool_options options = {.struct_size = sizeof options,
                                      .name = "heap",
                                      .object_bytes = 40,
                                      .count = 2,
                                      .on_empty = MEMPOOL_HEAP};
    pool = mempool_create_typed(64, 16, "before", 10);
    heap_pool = mempool_create(&options);
    CHECK(pool != NULL && heap_pool != NULL);
    for (int i = 0; i < N; i++) {
        objects[i] = mempool_get(pool);
    }
}

static void check_counts(const struct stream_sums *sums) {
    CHECK_EQUAL(sums->n[STREAM_BEGIN], 1);
    CHECK_EQUAL(sums->n[STREAM_READY], 1);
    CHECK_EQUAL(sums->n[STREAM_END], 1);
    CHECK_EQUAL(sums->n[STREAM_POOL], 4); /* before, heap, zombie, and one made meanwhile */
    CHECK_EQUAL(sums->n[STREAM_DESTROY], 2);
    CHECK_EQUAL(sums->n[STREAM_LIVE], N + 3 + 1);
    CHECK_EQUAL(sums->n[STREAM_LIVE_BLOCK], 1);
    CHECK_EQUAL(sums->n[STREAM_THREAD], 2);
    CHECK_EQUAL(sums->n[STREAM_EXIT], 1);
    CHECK_EQUAL(sums->n[STREAM_GET], N + 4 + 1);
    CHECK_EQUAL(sums->n[STREAM_GET_ZEROED], 2);
    CHECK_EQUAL(sums->n[STREAM_MALLOC], 2);
    CHECK_EQUAL(sums->n[STREAM_CALLOC], 1);
    CHECK_EQUAL(sums->n[STREAM_REALLOC], 3);
    CHECK_EQUAL(sums->n[STREAM_MOVE], 1);
    CHECK_EQUAL(sums->got_twice, 0);
    CHECK_EQUAL(sums->unknown, 0);
    CHECK_EQUAL(sums->lost, 0);
    CHECK_EQUAL(sums->live, N + 1);
    CHECK(strstr(sums->texts, "10 record_recording:before\n") != NULL);
    CHECK(strstr(sums->texts, "record_recording:meanwhile\n") != NULL);
    CHECK(strstr(sums->texts, "part:kind\n") != NULL);
}

static void work_on_blocks(void *block) {
    struct mempool_component *part = mempool_component_create("part", NULL);
    struct mempool_component *outside = mempool_component_enter(part);
    char *small = mempool_malloc(20, "kind");
    char *zeroed = mempool_calloc(3, 100, "kind");
    CHECK(small != NULL && zeroed != NULL);
    CHECK(mempool_realloc(small, 24) == small);
    char *large = mempool_realloc(small, 5000);
    CHECK(large != NULL && large != small);
    CHECK(mempool_realloc(zeroed, 299) == zeroed);
    mempool_free(zeroed);
    mempool_free(large);
    mempool_free(block);
    CHECK(mempool_malloc((size_t)3 << 30, "kind") == NULL);
    mempool_component_leave(outside);
    CHECK(mempool_strdup("stays", "kind") != NULL);
}

static void work_on_pools(void) {
    void *some[4];
    struct mempool *meanwhile = mempool_create_typed(100, 16, "meanwhile", 0);
    CHECK_EQUAL(mempool_get_bulk(meanwhile, some, 4), 4);
    struct mempool_description description = {.struct_size = sizeof description};
    CHECK_EQUAL(mempool_describe(some[0], &description), 0);
    CHECK_EQUAL(description.thread, getpid()); /* records keep who got it */
    CHECK_EQUAL(stats_of(meanwhile).cached, 0);
    mempool_put_bulk(some, 4);
    mempool_put(mempool_get0(meanwhile));
    CHECK_EQUAL(mempool_destroy(meanwhile), 0);
}

int main(void) {
    struct stream_sums sums;
    int fd = temporary_file();
    CHECK_EQUAL(mempool_record(-1), -EBADF);
    CHECK_EQUAL(mempool_record_end(), -ENOENT);
    make_before();
    struct mempool *zombie = mempool_create_typed(32, 16, "zombie", 0);
    void *heap_objects[3] = {mempool_get(heap_pool), mempool_get(heap_pool),
                             mempool_get(heap_pool)};
    void *late = mempool_get(zombie);
    void *block = mempool_malloc(1000, "kind");
    mempool_misuse_sink_set(-1);
    CHECK_EQUAL(mempool_destroy(zombie), 1);
    mempool_put(mempool_get(pool)); /* so that something is cached */
    CHECK(stats_of(pool).cached > 0);

    errno = E2BIG;
    CHECK_EQUAL(mempool_record(fd), 0);
    CHECK_EQUAL(mempool_record(fd), -EBUSY);
    CHECK_EQUAL(errno, E2BIG);
    CHECK_EQUAL(stats_of(pool).cached, 0);
    thread_run(work, NULL);
    for (int i = 0; i < N; i++) {
        objects[i] = mempool_get(pool);
    }
    CHECK_EQUAL(stats_of(pool).cached, 0);
    mempool_put(objects[0]);
    mempool_put(objects[0]); /* a misuse is no event */
    objects[0] = mempool_get0(pool);
    for (int i = 0; i < 3; i++) {
        mempool_put(heap_objects[i]);
    }
    mempool_put(late);
    void *of_heap = mempool_get(heap_pool);
    mempool_put(of_heap);
    work_on_pools();
    work_on_blocks(block);
    CHECK_EQUAL(mempool_record_end(), 0);
    CHECK_EQUAL(mempool_record_end(), -ENOENT);

    mempool_put(mempool_get(pool)); /* not recorded, and hits again */
    CHECK(stats_of(pool).cached > 0);
    close(fd);
    stream_read(temporary_path, &sums);
    check_counts(&sums);
    CHECK_EQUAL(stats_of(pool).hot, N);
    CHECK_EQUAL(stats_of(pool).alloc_count, 2 * N + 3);
    return 0;
}
