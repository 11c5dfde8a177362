/* SPDX-License-Identifier: MIT */
/* The program's own function is told everything about a double put; nothing is written.
 * never: . */
#include "misuse.h"

#include <sys/syscall.h>

static int n_calls;
static struct mempool *pool;
static void *object;

static void observe(const struct mempool_misuse *misuse, void *argument) {
    static const char line[] = "mempool: misuse: double-put pool=test:thing obj=0x";
    CHECK(argument == &n_calls && ++n_calls == 1);
    CHECK(misuse->struct_size >= sizeof *misuse);
    CHECK(misuse->kind == MEMPOOL_MISUSE_DOUBLE_PUT && misuse->address == object);
    CHECK(misuse->pool == pool && strcmp(misuse->pool_name, "test:thing") == 0);
    CHECK(misuse->site != 0 && misuse->thread == syscall(SYS_gettid));
    CHECK(misuse->has_past == 1 && misuse->past.state == MEMPOOL_STATE_FREE);
    CHECK(misuse->past.pool == pool && misuse->past.site != 0);
    CHECK(misuse->past.site != misuse->site && misuse->past.thread == misuse->thread);
    CHECK(strncmp(misuse->text, line, sizeof line - 1) == 0);
    CHECK(misuse->text[strlen(misuse->text) - 1] == '\n');
    check_pool_is_sound(pool); /* no lock is held */
}

int main(void) {
    CHECK(mempool_misuse_action_set(MEMPOOL_MISUSE_DOUBLE_PUT, MEMPOOL_MISUSE_CALLBACK) == 0);
    mempool_misuse_callback_set(observe, &n_calls);
    pool = pool_of(64);
    object = mempool_get(pool);
    mempool_put(object);
    PUT_MISUSED(object);
    CHECK(n_calls == 1);
    CHECK_ONLY_MISUSES(MEMPOOL_MISUSE_DOUBLE_PUT, 1);
    check_pool_is_sound(pool);
    return 0;
}
