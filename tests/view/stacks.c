/* SPDX-License-Identifier: MIT */
/* Sampled call stacks in snapshots: whose they are, their frames, what they hold; and who got a
 * sample, which its record does not tell. */
#include "unit.h"

#include "accounts.h"
#include "child.h"
#include "threads.h"

#include "self.h"
#include "view/describe.h"

#include <mempool/observe.h>

enum { N = 300, BLOCK_BYTES = 100 };

static void *objects[N], *blocks[N];

__attribute__((noinline)) static void *get_here(struct mempool *pool) {
    void *object = mempool_get(pool);
    __asm__ volatile("" ::: "memory"); /* no jump */
    return object;
}

static bool is_in(uint64_t frame, void *(*function)(struct mempool *)) {
    return frame > (uintptr_t)function && frame < (uintptr_t)function + 256;
}

static int never_on(void *unused) {
    (void)unused;
    void *object = mempool_get(pool_of(64));
    struct snapshot *snapshot = self_snapshot(SNAPSHOT_WANT_STACKS);
    CHECK(snapshot->has_stacks && snapshot->n_stacks == 0 && snapshot->sample_bytes == 0);
    snapshot_free(snapshot);
    CHECK_EQUAL(mempool_sample_stacks(77), 0);
    snapshot = self_snapshot(0);
    CHECK(!snapshot->has_stacks && snapshot->n_stacks == 0);
    snapshot_free(snapshot);
    snapshot = self_snapshot(SNAPSHOT_WANT_STACKS);
    CHECK(snapshot->has_stacks && snapshot->sample_bytes == 77);
    snapshot_free(snapshot);
    mempool_put(object);
    return 0;
}

static int all_sampled(void *unused) {
    (void)unused;
    CHECK_EQUAL(mempool_sample_stacks(1), 0);
    struct mempool *pool = pool_of(64), *zombie = pool_of(32);
    mempool_free(mempool_malloc(1, "sampled"));
    for (size_t i = 0; i < N; i++) {
        objects[i] = get_here(pool);
        blocks[i] = mempool_malloc(BLOCK_BYTES, "sampled");
    }
    void *left = mempool_get(zombie);
    CHECK_EQUAL(mempool_destroy(zombie), 1);
    struct snapshot *snapshot = self_snapshot(SNAPSHOT_WANT_STACKS | SNAPSHOT_WANT_GROUPS);
    CHECK(snapshot->n_stacks == 3 && snapshot->sample_bytes == 1);
    const struct snapshot_stack *of_blocks = &snapshot->stacks[0];
    const struct snapshot_stack *of_pool = &snapshot->stacks[1];
    const struct snapshot_stack *of_zombie = &snapshot->stacks[2];
    CHECK(of_blocks->samples == N && of_blocks->count == N);
    CHECK(of_blocks->bytes == N * BLOCK_BYTES && of_blocks->pool == SNAPSHOT_NONE);
    CHECK(strcmp(snapshot->accounts[of_blocks->account].type, "sampled") == 0);
    CHECK(strstr(of_blocks->what, ":sampled") != NULL);
    CHECK(of_pool->samples == N && of_pool->count == N && of_pool->bytes == N * 64);
    CHECK(&snapshot->pools[of_pool->pool] == row_of(snapshot, pool));
    CHECK(strcmp(of_pool->what, "test:thing") == 0 && of_pool->account == SNAPSHOT_NONE);
    CHECK(of_pool->n_frames > 0 && is_in(of_pool->frames[0], get_here));
    CHECK(snapshot->pools[of_zombie->pool].kind == SNAPSHOT_ZOMBIE && of_zombie->samples == 1);
    /* groups count samples as they count others */
    CHECK(snapshot->n_groups == 3 && snapshot->groups[1].count == N);
    snapshot_free(snapshot);
    put_all(objects, N);
    mempool_put(left);
    for (size_t i = 0; i < N; i++) {
        mempool_free(blocks[i]);
    }
    snapshot = self_snapshot(SNAPSHOT_WANT_STACKS);
    CHECK(snapshot->has_stacks && snapshot->n_stacks == 0);
    snapshot_free(snapshot);
    return 0;
}

static void *get_one(void *pool) {
    objects[1] = mempool_get(pool);
    return NULL;
}

static struct view_description describe(const void *address) {
    struct view_source source;
    struct view_description found;
    struct snapshot_error error;
    CHECK(view_source_self(&source));
    CHECK_EQUAL(view_describe(&found, &source, (uintptr_t)address, &error), 0);
    return found;
}

static int getters(void *unused) {
    (void)unused;
    CHECK_EQUAL(mempool_sample_stacks(1), 0);
    struct mempool *pool = pool_of(64);
    objects[0] = mempool_get(pool);
    thread_run(get_one, pool);
    struct view_description found = describe(objects[0]);
    CHECK(found.state == MEMPOOL_STATE_LIVE && found.thread == gettid());
    CHECK(!found.has_thread_exited && found.site != 0);
    found = describe(objects[1]);
    CHECK(found.state == MEMPOOL_STATE_LIVE && found.thread != 0 && found.thread != gettid());
    CHECK(found.has_thread_exited);
    mempool_put(objects[0]);
    CHECK(describe(objects[0]).state == MEMPOOL_STATE_FREE);
    mempool_put(objects[1]);
    return 0;
}

static void only_where_wanted_and_on(void **state) {
    (void)state;
    assert_int_equal(child_status(never_on, NULL), 0);
}

static void stacks_tell_what_they_hold(void **state) {
    (void)state;
    assert_int_equal(child_status(all_sampled, NULL), 0);
}

static void getters_are_known(void **state) {
    (void)state;
    assert_int_equal(child_status(getters, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_where_wanted_and_on),
        cmocka_unit_test(stacks_tell_what_they_hold),
        cmocka_unit_test(getters_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
