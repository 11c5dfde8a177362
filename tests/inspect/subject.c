/* SPDX-License-Identifier: MIT */
/* A process to look at: it makes pools, blocks, threads and mappings, says what it has on standard
 * output, and obeys words on standard input.
 *
 *      subject THREADS POOLS
 *
 * "ledger": print its own ledger; "fork": a child that says what it has; "exec": become sleep(1);
 * "leave": the first thread ends, others go on; "churn": threads get and put all the time, until the
 * next word; "end": end. */
#include <mempool/account.h>
#include <mempool/mempool.h>
#include <mempool/observe.h>

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { OBJECTS = 1000, BLOCKS = 300, AT_ONCE = 8, NAMED_BYTES = 1 << 16, LARGE_BYTES = 1 << 20 };

static struct mempool *pool, *spill;
static void *objects[OBJECTS], *spilled[2], *put_one;
static void *blocks[BLOCKS], *large;
static atomic_int n_ready, is_over, is_churning;

/* Call sites are looked for by its name. */
void *subject_get(void);
__attribute__((noinline)) void *subject_get(void) {
    void *object = mempool_get(pool);
    __asm__ volatile("" : : : "memory"); /* no tail call */
    return object;
}

static struct mempool *make_pool(const char *name, size_t bytes, size_t count,
                                 enum mempool_on_empty on_empty) {
    struct mempool_options options = {
        .struct_size = sizeof options,
        .name = name,
        .object_bytes = bytes,
        .count = count,
        .on_empty = on_empty,
    };
    struct mempool *made = mempool_create(&options);
    if (made == NULL) {
        perror("mempool_create");
        exit(1);
    }
    return made;
}

static void churn(void) {
    void *some[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++) {
        some[i] = subject_get();
    }
    for (int i = 0; i < AT_ONCE; i++) {
        mempool_put(some[i]);
    }
}

static void *run(void *argument) {
    char name[16];
    snprintf(name, sizeof name, "worker-%d", *(int *)argument);
    pthread_setname_np(pthread_self(), name);
    mempool_put(subject_get());
    atomic_fetch_add_explicit(&n_ready, 1, memory_order_relaxed);
    while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
        if (atomic_load_explicit(&is_churning, memory_order_relaxed)) {
            churn();
        } else {
            usleep(10000);
        }
    }
    return NULL;
}

static void make_pools(int n) {
    char name[48];
    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof name, "many%d", i);
        mempool_put(mempool_get(make_pool(name, 64, 0, MEMPOOL_GROW)));
    }
}

static void make_all(void) {
    pool = make_pool("object", 100, 0, MEMPOOL_GROW);
    spill = make_pool("spill", 200, 1, MEMPOOL_HEAP);
    for (int i = 0; i < OBJECTS; i++) {
        objects[i] = subject_get();
        memset(objects[i], 1, 100);
    }
    put_one = subject_get();
    mempool_put(put_one);
    for (int i = 0; i < 2; i++) {
        spilled[i] = mempool_get(spill);
    }
    struct mempool_component *component = mempool_component_create("parser", NULL);
    struct mempool_component *before = mempool_component_enter(component);
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = mempool_malloc_typed(50, mempool_type("token"));
        memset(blocks[i], 1, 50);
    }
    mempool_component_leave(before);
}

/* What a ledger tells only from inside. */
static void make_others(void) {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    char *named = mmap(NULL, NAMED_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (named == MAP_FAILED || mempool_mapping_name(named, NAMED_BYTES, "named") != 0) {
        exit(1);
    }
    memset(named, 1, NAMED_BYTES);
    large = malloc(LARGE_BYTES);
    memset(large, 1, LARGE_BYTES);
}

static void print_ledger(void) {
    struct mempool_ledger ledger = {.struct_size = sizeof ledger};
    const uint64_t *values = &ledger.resident;
    if (mempool_ledger(&ledger) != 0) {
        printf("no ledger\n");
        return;
    }
    printf("ledger");
    for (size_t i = 0; i < 12; i++) {
        printf(" %" PRIu64, values[i]);
    }
    printf("\n");
}

static void say(const char *who) {
    printf("%s %ld live=%p put=%p heap=%p block=%p foreign=%p\n", who, (long)getpid(), objects[7],
           put_one, spilled[1], blocks[3], (void *)&pool);
}

static void obey(const char *word) {
    atomic_store_explicit(&is_churning, strcmp(word, "churn") == 0, memory_order_relaxed);
    if (strcmp(word, "ledger") == 0) {
        print_ledger();
    } else if (strcmp(word, "fork") == 0 && fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)subject_get();
        say("child");
        fflush(stdout);
        pause();
    } else if (strcmp(word, "exec") == 0) {
        execl("/bin/sleep", "sleep", "60", (char *)NULL);
    } else if (strcmp(word, "leave") == 0) {
        pthread_exit(NULL);
    } else if (strcmp(word, "end") == 0) {
        atomic_store_explicit(&is_over, 1, memory_order_relaxed);
    }
}

int main(int argc, char **argv) {
    int n_threads = argc > 1 ? atoi(argv[1]) : 0;
    pthread_t *threads = calloc((size_t)n_threads + 1, sizeof *threads);
    int *numbers = calloc((size_t)n_threads + 1, sizeof *numbers);
    char word[64];
    alarm(300); /* whoever started it is gone */
    make_all();
    make_others();
    make_pools(argc > 2 ? atoi(argv[2]) : 0);
    for (int i = 0; i < n_threads; i++) {
        numbers[i] = i;
        pthread_create(&threads[i], NULL, run, &numbers[i]);
    }
    while (atomic_load_explicit(&n_ready, memory_order_relaxed) < n_threads) {
        usleep(1000);
    }
    say("ready");
    fflush(stdout);
    while (!atomic_load_explicit(&is_over, memory_order_relaxed) && scanf("%63s", word) == 1) {
        obey(word);
        fflush(stdout);
    }
    atomic_store_explicit(&is_over, 1, memory_order_relaxed);
    for (int i = 0; i < n_threads; i++) {
        pthread_join(threads[i], NULL);
    }
    free(threads);
    free(numbers);
    free(large);
    return 0;
}
