/* SPDX-License-Identifier: MIT */
/* A process to watch: watched POOLS OBJECTS THREADS. So many pools, with so many live objects in
 * all; threads that get and put; and one object more of the pool "leak" each ten milliseconds, up
 * to a million. It says "ready", and ends when its standard input does. */
#include <mempool/account.h>
#include <mempool/mempool.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LEAKS_MAX = 1000000, AT_ONCE = 16, LEAK_BYTES = 200, BLOCK_BYTES = 1000, BLOCKS = 100 };

static struct mempool *busy, *leak;
static atomic_int is_over;

static struct mempool *make(const char *name, size_t bytes) {
    struct mempool_options options = {
        .struct_size = sizeof(options), .name = name, .object_bytes = bytes};
    struct mempool *pool = mempool_create(&options);
    if (pool == NULL) {
        perror("mempool_create");
        exit(1);
    }
    return pool;
}

/* Found in call sites by its name. */
void *watched_get(struct mempool *pool);
__attribute__((noinline)) void *watched_get(struct mempool *pool) {
    void *object = mempool_get(pool);
    __asm__ volatile("" : : : "memory"); /* no tail call */
    return object;
}

static void *work(void *unused) {
    (void)unused;
    void *some[AT_ONCE];
    while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
        for (int i = 0; i < AT_ONCE; i++) {
            some[i] = mempool_get(busy);
        }
        for (int i = 0; i < AT_ONCE; i++) {
            mempool_put(some[i]);
        }
        usleep(1000);
    }
    return NULL;
}

static void *grow(void *unused) {
    (void)unused;
    for (int i = 0; i < LEAKS_MAX && !atomic_load_explicit(&is_over, memory_order_relaxed); i++) {
        watched_get(leak);
        usleep(10000);
    }
    return NULL;
}

static void fill(size_t n_pools, size_t n_objects) {
    for (size_t i = 0; i < n_pools; i++) {
        char name[32];
        snprintf(name, sizeof(name), "kind%zu", i);
        struct mempool *pool = make(name, 64);
        for (size_t n = 0; n < n_objects / n_pools; n++) {
            watched_get(pool);
        }
    }
    struct mempool_type *type = mempool_type("block");
    for (int i = 0; i < BLOCKS; i++) {
        mempool_malloc_typed(BLOCK_BYTES, type);
    }
}

int main(int argc, char **argv) {
    size_t n_pools = argc > 1 ? strtoul(argv[1], NULL, 10) : 3;
    size_t n_objects = argc > 2 ? strtoul(argv[2], NULL, 10) : 30;
    size_t n_threads = argc > 3 ? strtoul(argv[3], NULL, 10) : 2;
    pthread_t thread;
    fill(n_pools, n_objects);
    busy = make("busy", 128);
    leak = make("leak", LEAK_BYTES);
    if (pthread_create(&thread, NULL, grow, NULL) != 0) {
        return 1;
    }
    for (size_t i = 0; i < n_threads; i++) {
        if (pthread_create(&thread, NULL, work, NULL) != 0) {
            return 1;
        }
    }
    usleep(20000);
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF) {
    }
    atomic_store_explicit(&is_over, 1, memory_order_relaxed);
    return 0;
}
