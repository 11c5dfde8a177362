/* SPDX-License-Identifier: MIT */
/* A program to be traced: it says what a tracer must see, in the same words.
 *
 * usage: traced */
#include <mempool/account.h>
#include <mempool/misuse.h>

#include <inttypes.h>
#include <stdio.h>

enum { OBJECT_BYTES = 64, N_BULK = 3 };

static void say_one(const char *probe, const void *first) {
    printf("%s %#" PRIxPTR "\n", probe, (uintptr_t)first);
    fflush(stdout);
}

static void say_two(const char *probe, const void *first, uintptr_t second) {
    printf("%s %#" PRIxPTR " %#" PRIxPTR "\n", probe, (uintptr_t)first, second);
    fflush(stdout);
}

static void use_pool(struct mempool *pool) {
    void *objects[N_BULK];
    for (int i = 0; i < 3; i++) { /* a miss, then hits */
        void *object = i % 2 == 0 ? mempool_get(pool) : mempool_get0(pool);
        say_two("get", pool, (uintptr_t)object);
        mempool_put(object);
        say_one("put", object);
        if (i == 2) {
            mempool_put(object); /* once too often: no put */
        }
    }
    size_t n = mempool_get_bulk(pool, objects, N_BULK);
    for (size_t i = 0; i < n; i++) {
        say_two("get", pool, (uintptr_t)objects[i]);
    }
    mempool_put_bulk(objects, n);
    for (size_t i = 0; i < n; i++) {
        say_one("put", objects[i]);
    }
}

static void use_heap(void) {
    for (size_t bytes = 1000; bytes <= 200000; bytes += 99500) {
        for (int i = 0; i < 2; i++) { /* a miss, then a hit, where threads cache such blocks */
            void *block = mempool_malloc(bytes, "traced");
            say_two("alloc", block, bytes);
            void *moved = mempool_realloc(block, 2 * bytes);
            say_one("free", block);
            say_two("alloc", moved, 2 * bytes);
            mempool_free(moved);
            say_one("free", moved);
        }
    }
}

int main(void) {
    const struct mempool_options options = {
        .struct_size = sizeof options,
        .name = "item",
        .component = "traced",
        .object_bytes = OBJECT_BYTES,
    };
    mempool_misuse_sink_set(-1);
    struct mempool *pool = mempool_create(&options);
    if (pool == NULL) {
        return 1;
    }
    say_two("pool_create", pool, OBJECT_BYTES);
    use_pool(pool);
    use_heap();
    void *left = mempool_get(pool);
    say_two("get", pool, (uintptr_t)left);
    size_t live = mempool_destroy(pool);
    say_two("pool_destroy", pool, live);
    mempool_put(left);
    say_one("put", left);
    return 0;
}
