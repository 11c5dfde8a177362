/* SPDX-License-Identifier: MIT */
/* A pool is destroyed with live objects: they stay good, can be put, and then their memory goes.
 * expect: ^mempool: misuse: live-at-destroy pool=test:thing .*site=main\+0x
 * also: \b23\b
 * also: ^\s.*\bleaky_getter\+0x[0-9a-f]+ */
#include "misuse.h"
#include "pattern.h"

enum { N_LIVE = 23, OBJECT_BYTES = 640 };

void *leaky_getter(struct mempool *pool);

CALL_SITE void *leaky_getter(struct mempool *pool) {
    void *object = mempool_get(pool);
    pattern_fill(object, OBJECT_BYTES, (uintptr_t)object);
    return object;
}

int main(void) {
    struct mempool *pool = pool_of(OBJECT_BYTES);
    void *objects[N_LIVE];
    for (size_t i = 0; i < N_LIVE; i++) {
        objects[i] = leaky_getter(pool);
    }
    errno = ERRNO_BEFORE;
    CHECK_EQUAL(mempool_destroy(pool), N_LIVE);
    CHECK(errno == ERRNO_BEFORE);
    check_pool_is_sound(pool_of(OBJECT_BYTES)); /* which takes none of their memory */
    for (size_t i = 0; i < N_LIVE; i++) {
        struct mempool_description description = address_description(objects[i]);
        CHECK(description.state == MEMPOOL_STATE_LIVE && description.pool_destroyed == 1);
        CHECK(pattern_intact(objects[i], OBJECT_BYTES, (uintptr_t)objects[i]));
        mempool_put(objects[i]);
    }
    CHECK(address_state(objects[0]) == MEMPOOL_STATE_UNUSED);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_LIVE_AT_DESTROY, 1);
    return 0;
}
