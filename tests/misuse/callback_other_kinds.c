/* SPDX-License-Identifier: MIT */
/* The callback for kinds without a past, and for live objects at destroy.
 * never: . */
#include "misuse.h"

static struct mempool_misuse last;
static char last_pool_name[MEMPOOL_NAME_BYTES];

static void observe(const struct mempool_misuse *misuse, void *argument) {
    CHECK(argument == NULL);
    last = *misuse;
    strcpy(last_pool_name, misuse->pool_name);
}

int main(void) {
    mempool_misuse_callback_set(observe, NULL);
    CHECK(mempool_misuse_action_set(MEMPOOL_MISUSE_KINDS, MEMPOOL_MISUSE_CALLBACK) == 0);
    struct mempool *pool = pool_of(64);
    int local;
    PUT_MISUSED(&local);
    CHECK(last.kind == MEMPOOL_MISUSE_STACK && last.address == &local);
    CHECK(last.pool == NULL && last.has_past == 0 && strcmp(last_pool_name, "-") == 0);
    char *object = mempool_get(pool);
    PUT_MISUSED(object + 4);
    CHECK(last.kind == MEMPOOL_MISUSE_INTERIOR && last.has_past == 1);
    CHECK(last.address == object + 4 && last.past.state == MEMPOOL_STATE_LIVE);
    CHECK(mempool_get(pool) != NULL);
    CHECK_EQUAL(mempool_destroy(pool), 2);
    CHECK(last.kind == MEMPOOL_MISUSE_LIVE_AT_DESTROY && last.live == 2);
    CHECK(strcmp(last_pool_name, "test:thing") == 0);
    CHECK(mempool_get(pool) == NULL && last.kind == MEMPOOL_MISUSE_DEAD_POOL_GET);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 4);
    return 0;
}
