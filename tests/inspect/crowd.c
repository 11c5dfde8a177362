/* SPDX-License-Identifier: MIT */
/* A process whose records are as unlike their neighbours as they get: crowd OBJECTS. About so many
 * live objects and blocks in all, of random sizes and types, got by 64 threads one after the other,
 * each at one of 32 places in the code at random, in slots that others had put or freed before.
 * It says "ready", and ends when its standard input does. */
#include <mempool/account.h>
#include <mempool/mempool.h>

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 8, POOLS = 4, TYPES = 8, SITES = 32, BLOCK_BYTES_MAX = 300 };

static struct mempool *pools[POOLS];
static struct mempool_type *types[TYPES];
static void **places; /* twice as many as are to be live */
static size_t n_places;
static uint64_t state = 1;

static uint64_t below(uint64_t n) { /* one thread at a time: xorshift */
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % n;
}

static struct mempool *make(int i) {
    char name[16];
    snprintf(name, sizeof(name), "kind%d", i);
    struct mempool_options options = {
        .struct_size = sizeof(options), .name = name, .object_bytes = (size_t)40 << i};
    struct mempool *pool = mempool_create(&options);
    if (pool == NULL) {
        perror("mempool_create");
        exit(1);
    }
    return pool;
}

/* Each number is a place in the code of its own. */
#define AT(n)                                                                                      \
    case n:                                                                                        \
        got = is_block ? mempool_malloc_typed(1 + below(BLOCK_BYTES_MAX), types[below(TYPES)])     \
                       : mempool_get(pools[below(POOLS)]);                                         \
        __asm__ volatile("" : : "i"(n) : "memory");                                                \
        break;
#define AT_4(n) AT(n) AT((n) + 1) AT((n) + 2) AT((n) + 3)

static void *get_somewhere(size_t place) {
    int is_block = place % 2 == 0;
    void *got = NULL;
    switch (below(SITES / 2)) {
        AT_4(0)
        AT_4(4)
        AT_4(8)
        AT_4(12)
    default:
        break;
    }
    if (got == NULL) {
        perror("crowd");
        exit(1);
    }
    return got;
}

static void put(size_t place) {
    if (place % 2 == 0) {
        mempool_free(places[place]);
    } else {
        mempool_put(places[place]);
    }
    places[place] = NULL;
}

/* Fill places at random, and empty as many again: another thread's, mostly. */
static void *run(void *turns) {
    for (size_t i = 0; i < (size_t)(uintptr_t)turns; i++) {
        size_t place = below(n_places);
        if (places[place] == NULL) {
            places[place] = get_somewhere(place);
        } else {
            put(place);
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    n_places = argc > 1 ? 2 * strtoul(argv[1], NULL, 10) : 2000;
    places = calloc(n_places, sizeof(*places));
    for (int i = 0; i < POOLS; i++) {
        pools[i] = make(i);
    }
    for (int i = 0; i < TYPES; i++) {
        char name[16];
        snprintf(name, sizeof(name), "type%d", i);
        types[i] = mempool_type(name);
    }
    for (int i = 0; i < 8 * THREADS && places != NULL; i++) {
        pthread_t thread;
        void *turns = (void *)(uintptr_t)(n_places / THREADS);
        if (pthread_create(&thread, NULL, run, turns) != 0 || pthread_join(thread, NULL) != 0) {
            return 1;
        }
    }
    printf("ready\n");
    fflush(stdout);
    while (getchar() != EOF) {
    }
    return 0;
}
