/* SPDX-License-Identifier: MIT */
/* A handler that allocates or frees between any two instructions of a call: nothing is lost, and
 * the books stay exact.
 *
 * A child does one call again and again; its parent lets it take n single steps into it, and then
 * has it handle a signal: n = 0, 1, 2 ... until the call is over before. The child stops itself
 * before each call and behind it. */
#include "check.h"

#include "accounts.h"
#include "scale.h"
#include "threads.h"

#include <mempool/account.h>
#include <mempool/misuse.h>

#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    HELD = 8,
    TYPES = 200, /* more than a thread's first tallies: these grow while it is in a call */
    FIRST_TYPES = 400,
    BULK = 8,
    STEPS_MAX = 20000,
    BYTES = 60,
    MORE_BYTES = 500,
};

/* ---- what the handler does ------------------------------------------------------------------- */

static struct mempool *pool;
static struct mempool_type *types[TYPES];
static void *blocks[HELD], *objects[HELD];
static size_t n_blocks, n_objects, n_handled;

/* Refused where the interrupted call holds what it needs: then NULL. */
static void allocate_one(struct mempool_type *type) {
    void *block = mempool_malloc_typed(BYTES, type);
    if (block != NULL) {
        blocks[n_blocks++] = block;
    }
}

/* Of the type that the call is of, too, and of one that the thread may not have used yet. */
static void allocate_some(void) {
    void *object = mempool_get(pool);
    allocate_one(types[0]);
    allocate_one(types[n_handled % TYPES]);
    if (object != NULL) {
        objects[n_objects++] = object;
    }
}

static void free_all(void) {
    while (n_blocks > 0) {
        mempool_free(blocks[--n_blocks]);
    }
    while (n_objects > 0) {
        mempool_put(objects[--n_objects]);
    }
}

static void handle(int number) {
    (void)number;
    n_handled++;
    if (n_blocks + 2 > HELD || n_objects == HELD || n_handled % 3 == 0) {
        free_all();
    } else {
        allocate_some();
    }
}

/* ---- the calls ------------------------------------------------------------------------------- */

static void *own[BULK];
static struct mempool_type *first_types[FIRST_TYPES];
static size_t n_first;
static size_t own_blocks, own_more_bytes, own_objects;

static void call_malloc(void) {
    own[0] = mempool_malloc_typed(BYTES, types[0]);
    own_blocks = own[0] != NULL;
}

/* Of a type that has no account yet. */
static void call_malloc_first(void) {
    CHECK(n_first < FIRST_TYPES);
    own[0] = mempool_malloc_typed(BYTES, first_types[n_first++]);
    own_blocks = own[0] != NULL;
}

static void call_calloc(void) {
    own[0] = mempool_calloc_typed(1, BYTES, types[0]);
    own_blocks = own[0] != NULL;
}

static void call_free(void) {
    mempool_free(own[0]);
    own_blocks = own_more_bytes = 0;
}

static void call_realloc(void) {
    own[0] = mempool_realloc(own[0], BYTES + MORE_BYTES);
    own_more_bytes = MORE_BYTES;
    CHECK(own[0] != NULL);
}

static void call_get(void) {
    own[0] = mempool_get(pool);
    own_objects = own[0] != NULL;
}

static void call_put(void) {
    mempool_put(own[0]);
    own_objects = 0;
}

static void call_get_bulk(void) {
    own_objects = mempool_get_bulk(pool, own, BULK);
}

static void call_put_bulk(void) {
    mempool_put_bulk(own, own_objects);
    own_objects = 0;
}

static void nothing(void) {
}

static const struct call {
    void (*before)(void), (*call)(void), (*behind)(void);
    size_t stride; /* of steps: long calls are not looked at after each */
} calls[] = {
    {nothing, call_malloc, call_free, 1},
    {nothing, call_calloc, call_free, 1},
    {call_malloc, call_free, nothing, 1},
    {nothing, call_malloc_first, call_free, 101},
    {call_malloc, call_realloc, call_free, 17},
    {nothing, call_get, call_put, 1},
    {call_get, call_put, nothing, 1},
    {nothing, call_get_bulk, call_put_bulk, 3},
    {call_get_bulk, call_put_bulk, nothing, 3},
};
enum { CALLS = sizeof calls / sizeof calls[0] };

/* ---- the child ------------------------------------------------------------------------------- */

struct shared {
    volatile bool is_over; /* the call was, before all steps were taken */
};
static struct shared *shared;

static void stop_here(void) {
    CHECK(kill(getpid(), SIGSTOP) == 0);
}

struct live {
    uint64_t blocks, bytes;
};

static int add_live(const struct mempool_account *account, void *argument) {
    struct live *live = argument;
    live->blocks += account->live_blocks;
    live->bytes += account->live_bytes;
    return 0;
}

static void check_books(void) {
    struct mempool_stats stats = {.struct_size = sizeof stats};
    struct live live = {.blocks = 0};
    (void)mempool_accounts(add_live, &live);
    CHECK_EQUAL(live.blocks, n_blocks + own_blocks);
    CHECK_EQUAL(live.bytes, (n_blocks + own_blocks) * BYTES + own_more_bytes);
    CHECK_EQUAL(mempool_stats(pool, &stats), 0);
    CHECK_EQUAL(stats.hot, n_objects + own_objects);
}

static void ignore(const struct mempool_misuse *misuse, void *unused) {
    (void)unused;
    CHECK_EQUAL(misuse->kind, MEMPOOL_MISUSE_REENTERED);
}

static void make_types(struct mempool_type **ret, int n, const char *prefix) {
    for (int i = 0; i < n; i++) {
        char name[32];
        CHECK(snprintf(name, sizeof name, "%s %d", prefix, i) > 0);
        ret[i] = mempool_type(name);
    }
}

static void run_child(void) {
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) {
        _exit(TEST_SKIPPED);
    }
    /* Refusals in the handler are not what is looked at. */
    mempool_misuse_callback_set(ignore, NULL);
    CHECK(mempool_misuse_action_set(MEMPOOL_MISUSE_REENTERED, MEMPOOL_MISUSE_CALLBACK) == 0);
    CHECK(signal(SIGUSR1, handle) != SIG_ERR);
    pool = mempool_create_typed(BYTES, 16, "pool", 0);
    CHECK(pool != NULL);
    make_types(types, TYPES, "type");
    make_types(first_types, FIRST_TYPES, "first");
    for (size_t i = 0; i < CALLS; i++) {
        shared->is_over = false;
        while (!shared->is_over) {
            calls[i].before();
            stop_here();
            calls[i].call();
            stop_here();
            check_books();
            calls[i].behind();
            check_books();
        }
        free_all();
    }
    free_all();
    check_books();
    CHECK_EQUAL(mempool_destroy(pool), 0);
    _exit(0);
}

/* ---- the parent ------------------------------------------------------------------------------ */

/* Until the child's next stop: its signal. */
static int await_stop(pid_t child) {
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == TEST_SKIPPED) {
        test_skip("tracing is not allowed here");
    }
    CHECK(WIFSTOPPED(status));
    return WSTOPSIG(status);
}

static void go_on(pid_t child, int number) {
    CHECK(ptrace(PTRACE_CONT, child, NULL, (void *)(intptr_t)number) == 0);
}

/* The child is before its call. False: it was over before n steps. */
static bool interrupt_after(pid_t child, size_t n) {
    for (size_t i = 0; i < n; i++) {
        CHECK(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) == 0);
        if (await_stop(child) == SIGSTOP) {
            return false;
        }
    }
    int number = SIGUSR1;
    do { /* again where the call had signals off */
        go_on(child, number);
        number = await_stop(child);
    } while (number == SIGUSR1);
    CHECK_EQUAL(number, SIGSTOP);
    return true;
}

static void run_parent(pid_t child) {
    CHECK_EQUAL(await_stop(child), SIGSTOP);
    CHECK(ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)PTRACE_O_EXITKILL) == 0);
    for (size_t i = 0; i < CALLS; i++) {
        size_t n = 0;
        while (interrupt_after(child, n)) {
            n += calls[i].stride;
            CHECK(n < STEPS_MAX);
            go_on(child, 0);
            CHECK_EQUAL(await_stop(child), SIGSTOP);
        }
        printf("call %zu: %zu steps\n", i, n);
        shared->is_over = true;
        go_on(child, 0);
        if (i + 1 < CALLS) {
            CHECK_EQUAL(await_stop(child), SIGSTOP);
        }
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
    if (!test_runtime_is_plain()) {
        test_skip("the steps would be another program's, or too many");
    }
    watchdog_set(280);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        run_child();
    }
    run_parent(child);
    return 0;
}
