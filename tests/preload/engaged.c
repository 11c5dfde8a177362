/* SPDX-License-Identifier: MIT */
/* A program of a GlusterFS whose release is known, with our library preloaded. */
#include "unit.h"

#include "fake_glusterfs.h"

#include <mempool/observe.h>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OBJECT_BYTES = 120, N_TYPES = 8, TYPE = 3, FILE_BYTES = 1 << 18 };

static struct fake_context context = {.accounting = 1};
static char pool_name[] = "fd_t";
static char directory[] = "/tmp/mempool-preload-XXXXXX";
static char text[FILE_BYTES];

/* A translator like those of a graph, which the thread enters. */
static struct fake_translator *enter(const char *name) {
    struct fake_translator *translator = calloc(1, sizeof *translator);
    translator->name = name;
    translator->context = &context;
    assert_int_equal(xlator_mem_acct_init(translator, N_TYPES), 0);
    THIS = translator;
    return translator;
}

static void path_of(char *ret, size_t bytes, const char *kind) {
    assert_true(snprintf(ret, bytes, "%s/mempool.%d.%s", directory, (int)getpid(), kind) > 0);
}

/* A file of this process, "" where there is none. */
static const char *file(const char *kind) {
    char path[256];
    path_of(path, sizeof path, kind);
    int fd = open(path, O_RDONLY);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    text[n > 0 ? n : 0] = '\0';
    if (fd >= 0) {
        close(fd);
    }
    return text;
}

static void forget_reports(void) {
    char path[256];
    path_of(path, sizeof path, "misuse");
    (void)unlink(path);
}

static void pools_are_ours(void **state) {
    (void)state;
    enter("fuse");
    struct fake_calls before = fake_calls;
    struct fake_pool *pool = mem_pool_new_fn(&context, OBJECT_BYTES, 512, pool_name);
    assert_non_null(pool);
    assert_int_equal(*pool->shared, 9); /* what statedump reads there */
    char *object = mem_get_malloc(pool);
    struct mempool_description description = {.struct_size = sizeof description};
    assert_int_equal(mempool_describe(object, &description), 0);
    assert_string_equal(description.pool_name, "fuse:fd_t");
    assert_int_equal(description.object_bytes, OBJECT_BYTES);
    memset(object, 0xff, OBJECT_BYTES);
    mem_put_pool(object);
    object = mem_get_calloc(pool);
    for (size_t i = 0; i < OBJECT_BYTES; i++) {
        assert_int_equal(object[i], 0);
    }
    mem_put_pool(object);
    mem_pool_destroy(pool);
    assert_int_equal(fake_calls.get, before.get);
    assert_int_equal(fake_calls.put, before.put);
    assert_int_equal(fake_calls.pool_new, before.pool_new + 1);
    assert_int_equal(fake_calls.pool_destroy, before.pool_destroy + 1);
    assert_string_equal(file("misuse"), "");
}

static void a_size_of_zero_is_refused(void **state) {
    (void)state;
    assert_null(mem_pool_new_fn(&context, 0, 1, pool_name));
}

static void no_pool_is_the_originals_to_complain_of(void **state) {
    (void)state;
    int gets = fake_calls.get, puts = fake_calls.put;
    assert_null(mem_get_malloc(NULL));
    assert_null(mem_get_calloc(NULL));
    mem_put_pool(NULL);
    assert_int_equal(fake_calls.get, gets + 2);
    assert_int_equal(fake_calls.put, puts + 1);
}

/* Not static: reports name it. */
void put_it(void *object);
__attribute__((noinline)) void put_it(void *object) {
    mem_put_pool(object);
    __asm__ volatile(""); /* no jump in place of the call */
}

static void a_second_put_is_reported(void **state) {
    (void)state;
    forget_reports();
    struct fake_pool *pool = mem_pool_new_fn(&context, OBJECT_BYTES, 1, pool_name);
    void *object = mem_get_malloc(pool);
    mem_put_pool(object);
    put_it(object);
    assert_non_null(strstr(file("misuse"), "mempool: misuse: double-put pool=fuse:fd_t"));
    assert_non_null(strstr(text, "site=put_it+"));
    mem_pool_destroy(pool);
    forget_reports();
}

static unsigned count_reports(void) {
    char path[256], line[512];
    unsigned n = 0;
    path_of(path, sizeof path, "misuse");
    FILE *reports = fopen(path, "r");
    assert_non_null(reports);
    while (fgets(line, sizeof line, reports) != NULL) {
        n += strstr(line, "mempool: misuse: double-put ") != NULL;
    }
    (void)fclose(reports);
    return n;
}

/* The first 1000 are written, then one in 1000. */
static void a_flood_is_thinned(void **state) {
    enum { N = 5000 };
    (void)state;
    forget_reports();
    struct fake_pool *pool = mem_pool_new_fn(&context, OBJECT_BYTES, 1, pool_name);
    void *object = mem_get_malloc(pool);
    mem_put_pool(object);
    for (int i = 0; i < N; i++) {
        mem_put_pool(object);
    }
    assert_in_range(count_reports(), 1000, 1000 + N / 1000);
    mem_pool_destroy(pool);
    forget_reports();
}

/* GlusterFS puts frame->local, whatever it is. */
static void puts_of_other_memory_do_nothing(void **state) {
    (void)state;
    static int global_int;
    int local_int;
    void *from_libc = malloc(16);
    void *block = __gf_malloc(16, TYPE, "fake_mt_local");
    int puts = fake_calls.put;
    mem_put_pool(&global_int);
    mem_put_pool(&local_int);
    mem_put_pool(from_libc);
    mem_put_pool(block);
    assert_int_equal(fake_calls.put, puts);
    assert_string_equal(file("misuse"), "");
    struct mempool_block described = {.struct_size = sizeof described};
    assert_int_equal(mempool_block_describe(block, &described), 0); /* live still */
    __gf_free(block);
    free(from_libc);
}

static void put_inside(void *object) {
    mem_put_pool((char *)object + 8);
}

/* In a child, which must abort, with a report. */
static void an_interior_put_aborts(void **state) {
    (void)state;
    struct fake_pool *pool = mem_pool_new_fn(&context, OBJECT_BYTES, 1, pool_name);
    void *object = mem_get_malloc(pool);
    int status;
    char path[256];
    pid_t child = fork();
    if (child == 0) {
        put_inside(object);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    snprintf(path, sizeof path, "%s/mempool.%d.misuse", directory, (int)child);
    assert_int_equal(access(path, R_OK), 0);
    (void)unlink(path);
    mem_put_pool(object);
    mem_pool_destroy(pool);
}

static void a_pool_that_is_gone_is_told(void **state) {
    (void)state;
    forget_reports();
    struct fake_pool *pool = mem_pool_new_fn(&context, OBJECT_BYTES, 1, pool_name);
    struct fake_pool copy = *pool;
    void *object = mem_get_malloc(pool);
    mem_pool_destroy(pool);
    assert_non_null(strstr(file("misuse"), "live-at-destroy"));
    assert_null(mem_get_malloc(&copy)); /* what its memory may still be */
    assert_non_null(strstr(file("misuse"), "dead-pool-get"));
    forget_reports();
    mem_put_pool(object);
    assert_string_equal(file("misuse"), "");
}

static void a_strange_pool_stays_the_originals(void **state) {
    (void)state;
    fake_pool_is_strange = true;
    struct fake_pool *pool = mem_pool_new_fn(&context, OBJECT_BYTES, 1, pool_name);
    fake_pool_is_strange = false;
    int gets = fake_calls.get;
    void *object = mem_get_malloc(pool);
    assert_int_equal(fake_calls.get, gets + 1);
    free(object);
    mem_pool_destroy(pool);
}

static struct mempool_block described(const void *block) {
    struct mempool_block ret = {.struct_size = sizeof ret};
    assert_int_equal(mempool_block_describe(block, &ret), 0);
    return ret;
}

struct find {
    const char *component, *type;
    struct mempool_account found;
};

static int find_account(const struct mempool_account *account, void *arg) {
    struct find *find = arg;
    if (strcmp(account->component_name, find->component) == 0 &&
        strcmp(account->type_name, find->type) == 0) {
        find->found = *account; /* the youngest generation */
    }
    return 0;
}

static struct mempool_account account(const char *component, const char *type) {
    struct find find = {.component = component, .type = type};
    (void)mempool_accounts(find_account, &find);
    return find.found;
}

static void blocks_are_charged_to_their_translator(void **state) {
    (void)state;
    struct fake_translator *one = enter("one");
    char *block = __gf_malloc(100, TYPE, "fake_mt_thing");
    char *zeroed = __gf_calloc(3, 100, TYPE, "fake_mt_thing");
    enter("two");
    char *other = __gf_malloc(50, TYPE, "fake_mt_thing");
    assert_int_equal(account("one", "fake_mt_thing").live_bytes, 400);
    assert_int_equal(account("two", "fake_mt_thing").live_bytes, 50);
    block = __gf_realloc(block, 1000); /* its own, whoever it is that changes it */
    assert_int_equal(account("one", "fake_mt_thing").live_bytes, 1300);
    assert_int_equal(described(block).bytes, 1000);
    __gf_free(block);
    __gf_free(zeroed);
    __gf_free(NULL);
    assert_int_equal(account("one", "fake_mt_thing").live_blocks, 0);
    assert_int_equal(account("two", "fake_mt_thing").live_blocks, 1);
    __gf_free(other);
    THIS = one;
}

static void numbers_beyond_the_records_do_no_harm(void **state) {
    (void)state;
    enter("short");
    void *block = __gf_malloc(10, N_TYPES, "fake_mt_beyond");
    void *another = __gf_malloc(10, UINT32_MAX, "fake_mt_beyond");
    assert_int_equal(account("short", "fake_mt_beyond").live_blocks, 2);
    __gf_free(block);
    __gf_free(another);
}

static void a_translator_without_records_is_the_processs(void **state) {
    (void)state;
    struct fake_translator bare = {.name = "bare", .context = &context};
    THIS = &bare;
    void *block = __gf_malloc(10, TYPE, "fake_mt_bare");
    assert_ptr_equal(described(block).component, mempool_component_process());
    __gf_free(block);
    enter("again");
}

static void texts_belong_to_who_formats_them(void **state) {
    (void)state;
    char *name;
    assert_int_equal(gf_asprintf(&name, "%s-%d", "text", 7), 6);
    assert_string_equal(name, "text-7");
    struct mempool_block block = described(name);
    uintptr_t here = (uintptr_t)texts_belong_to_who_formats_them;
    assert_true(block.site - here < 512);
    __gf_free(name);
}

static void without_accounting_it_is_libcs(void **state) {
    (void)state;
    static struct fake_context off = {.accounting = 0};
    struct fake_translator plain = {.name = "plain", .context = &off};
    THIS = &plain;
    int mallocs = fake_calls.malloc, frees = fake_calls.free;
    void *block = __gf_malloc(10, TYPE, "fake_mt_off");
    free(block); /* as callers do */
    block = __gf_realloc(__gf_calloc(1, 10, TYPE, "fake_mt_off"), 20);
    __gf_free(block);
    assert_int_equal(fake_calls.malloc, mallocs + 2);
    assert_int_equal(fake_calls.realloc, 1);
    assert_int_equal(fake_calls.free, frees + 1);
    enter("on");
    block = __gf_malloc(10, TYPE, "fake_mt_on");
    THIS = &plain;
    __gf_free(block); /* told by its address */
    assert_int_equal(fake_calls.free, frees + 1);
    enter("on");
}

static void a_foreign_free_is_reported(void **state) {
    (void)state;
    forget_reports();
    void *from_libc = malloc(10);
    int frees = fake_calls.free;
    __gf_free(from_libc);
    assert_int_equal(fake_calls.free, frees);
    assert_non_null(strstr(file("misuse"), "mempool: misuse: heap"));
    free(from_libc);
    forget_reports();
}

static void an_ended_translator_leaves_its_blocks(void **state) {
    (void)state;
    struct fake_translator *first = enter("graph");
    void *block = __gf_malloc(100, TYPE, "fake_mt_graph");
    fake_forget_records(first);
    assert_int_equal(fake_calls.unref, 1);
    assert_int_equal(account("graph", "fake_mt_graph").ended, 1);
    enter("graph");
    void *later = __gf_malloc(10, TYPE, "fake_mt_graph");
    struct mempool_account second = account("graph", "fake_mt_graph");
    assert_int_equal(second.generation, 2);
    assert_int_equal(second.live_bytes, 10);
    assert_int_equal(described(block).bytes, 100);
    __gf_free(block);
    __gf_free(later);
}

static size_t n_accounts;
static int count_account(const struct mempool_account *account, void *unused) {
    (void)account;
    (void)unused;
    n_accounts++;
    return 0;
}

/* glfs_new and glfs_fini over and over: translators that left nothing go on, on the same books. */
static void translators_that_come_and_go_use_no_accounts_up(void **state) {
    enum { CYCLES = 300 };
    (void)state;
    size_t n_first = 0;
    for (int i = 0; i < CYCLES; i++) {
        struct fake_translator *translator = enter("cycle");
        __gf_free(__gf_malloc(100, TYPE, "fake_mt_cycle"));
        __gf_free(__gf_malloc(100, TYPE + 1, i % 2 == 0 ? "fake_mt_even" : "fake_mt_odd"));
        assert_int_equal(account("cycle", "fake_mt_cycle").generation, 1);
        assert_int_equal(account("cycle", "fake_mt_cycle").ended, 0);
        assert_int_equal(account("cycle", "fake_mt_cycle").total_blocks, i + 1);
        fake_forget_records(translator);
        assert_int_equal(account("cycle", "fake_mt_cycle").ended, 1);
        n_accounts = 0;
        (void)mempool_accounts(count_account, NULL);
        n_first = i == 1 ? n_accounts : n_first;
        assert_true(i <= 1 || n_accounts == n_first);
    }
}

/* glfs_new gives one translator new records each time, more often than there are places. */
static void new_records_take_the_place_of_the_old(void **state) {
    enum { TIMES = 17000 };
    (void)state;
    struct fake_translator *translator = enter("anew");
    for (int i = 0; i < TIMES; i++) {
        struct fake_records *before = translator->records;
        assert_int_equal(xlator_mem_acct_init(translator, N_TYPES), 0);
        assert_ptr_not_equal(translator->records, before);
        free(before);
        __gf_free(__gf_malloc(100, TYPE, "fake_mt_anew"));
    }
    assert_int_equal(account("anew", "fake_mt_anew").generation, 1);
    assert_int_equal(account("anew", "fake_mt_anew").total_blocks, TIMES);
}

static struct fake_pool *read_pool;
static struct fake_records *read_records;
static bool was_read;

static void read_while_dumping(void) {
    was_read = true;
    CHECK_EQUAL(read_pool->active, 2);
    CHECK_EQUAL(read_records->records[TYPE].allocations, 3);
    CHECK(strcmp(read_records->records[TYPE].type_name, "fake_mt_dumped") == 0);
    CHECK_EQUAL(read_records->records[TYPE + 1].allocations, 0);
    CHECK(read_records->records[TYPE + 1].type_name == NULL);
}

static void dumps_are_right_and_ours_beside_them(void **state) {
    (void)state;
    struct fake_translator *translator = enter("dumped");
    void *blocks[4];
    read_pool = mem_pool_new_fn(&context, OBJECT_BYTES, 1, pool_name);
    read_records = translator->records;
    for (int i = 0; i < 3; i++) {
        blocks[i] = __gf_malloc(10, TYPE, "fake_mt_dumped");
    }
    __gf_free(__gf_malloc(10, TYPE + 1, "fake_mt_gone"));
    void *object = mem_get_malloc(read_pool), *another = mem_get_malloc(read_pool);
    fake_dump_reads = read_while_dumping;
    gf_proc_dump_info(SIGUSR1, &context);
    fake_dump_reads = NULL;
    assert_true(was_read);
    assert_non_null(strstr(file("dump"), "pool-name=dumped:fd_t\nhot-count=2\n"));
    assert_non_null(strstr(text, "usage-type fake_mt_dumped memusage]\nsize=30\nnum_allocs=3\n"));
    assert_non_null(strstr(text, "[mempool.ledger]\nresident="));
    assert_non_null(strstr(text, "\nforeign-puts=4\n"));
    assert_non_null(strstr(text, "call-sites="));
    assert_non_null(strstr(file("snapshot"), "fake_mt_dumped"));
    assert_string_equal(file("dump.unfinished"), "");
    mem_put_pool(object);
    mem_put_pool(another);
    for (int i = 0; i < 3; i++) {
        __gf_free(blocks[i]);
    }
    mem_pool_destroy(read_pool);
}

static void a_dump_that_cannot_be_written_is_said(void **state) {
    (void)state;
    char line[256] = "";
    int both[2], saved = dup(STDERR_FILENO);
    assert_int_equal(pipe(both), 0);
    assert_int_equal(dup2(both[1], STDERR_FILENO), STDERR_FILENO);
    setenv("MEMPOOL_GLUSTERFS_DIR", "/nonexistent", 1);
    gf_proc_dump_info(SIGUSR1, &context);
    setenv("MEMPOOL_GLUSTERFS_DIR", directory, 1);
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    assert_true(read(both[0], line, sizeof line - 1) > 0);
    assert_non_null(strstr(line, "mempool-glusterfs: /nonexistent/mempool."));
    assert_non_null(strstr(line, "No such file or directory"));
    close(both[0]);
    close(both[1]);
    close(saved);
}

static int n_threads(void) {
    DIR *tasks = opendir("/proc/self/task");
    int n = -2; /* itself and the one above */
    while (readdir(tasks) != NULL) {
        n++;
    }
    closedir(tasks);
    return n;
}

/* One that was joined stays in the list until the system has cleared it away. */
static int n_threads_left(int awaited) {
    for (int i = 0; i < 1000 && n_threads() > awaited; i++) {
        usleep(10000);
    }
    return n_threads();
}

/* There is one of ours in its place, from the first init to the last fini; what a peak left goes
 * back when nothing goes on. */
static void the_sweeper_is_ours(void **state) {
    (void)state;
    enum { N = 20000 };
    static void *objects[N];
    assert_int_equal(n_threads(), 1);
    mem_pools_init();
    mem_pools_init();
    assert_int_equal(n_threads(), 2);
    struct fake_pool *pool = mem_pool_new_fn(&context, 4000, 1, pool_name);
    for (int i = 0; i < N; i++) {
        objects[i] = mem_get_calloc(pool);
    }
    struct mempool_ledger peak = {.struct_size = sizeof peak}, rest = peak;
    assert_int_equal(mempool_ledger(&peak), 0);
    for (int i = 0; i < N; i++) {
        mem_put_pool(objects[i]);
    }
    uint64_t resident = UINT64_MAX;
    for (int i = 0; i < 200 && resident > peak.resident - (40 << 20); i++) {
        usleep(100000);
        assert_int_equal(mempool_ledger(&rest), 0);
        resident = rest.resident;
    }
    assert_true(resident <= peak.resident - (40 << 20)); /* of 80 MB */
    mem_pool_destroy(pool);
    mem_pools_fini();
    assert_int_equal(n_threads(), 2);
    mem_pools_fini();
    assert_int_equal(n_threads_left(1), 1);
    mem_pools_fini(); /* one too many */
    assert_int_equal(fake_calls.pools_init, 0);
}

static sem_t finished;

static void *finish(void *barrier) {
    (void)pthread_barrier_wait(barrier);
    mem_pools_fini();
    (void)sem_post(&finished);
    return NULL;
}

/* Who ends the sweeper comes back, also where another begins at that moment and stays. */
static void a_last_user_does_not_wait_for_the_next(void **state) {
    enum { ROUNDS = 300, SECONDS = 20 };
    (void)state;
    pthread_t thread;
    pthread_barrier_t barrier;
    assert_int_equal(pthread_barrier_init(&barrier, NULL, 2), 0);
    assert_int_equal(sem_init(&finished, 0, 0), 0);
    for (int i = 0; i < ROUNDS; i++) {
        struct timespec until;
        mem_pools_init();
        assert_int_equal(pthread_create(&thread, NULL, finish, &barrier), 0);
        (void)pthread_barrier_wait(&barrier);
        mem_pools_init();
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += SECONDS;
        assert_int_equal(sem_timedwait(&finished, &until), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        mem_pools_fini();
    }
    (void)pthread_barrier_destroy(&barrier);
    (void)sem_destroy(&finished);
}

static void a_child_goes_on(void **state) {
    (void)state;
    struct fake_pool *pool = mem_pool_new_fn(&context, OBJECT_BYTES, 1, pool_name);
    void *object = mem_get_malloc(pool), *block = __gf_malloc(10, TYPE, "fake_mt_fork");
    int status;
    mem_pools_init();
    pid_t child = fork();
    if (child == 0) {
        alarm(60);
        mem_pools_fini(); /* of a thread that is not there */
        mem_put_pool(object);
        __gf_free(block);
        enter("child");
        __gf_free(__gf_malloc(10, TYPE, "fake_mt_fork"));
        mem_pool_destroy(pool);
        _exit(file("misuse")[0] != '\0');
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    mem_pools_fini();
    mem_put_pool(object);
    __gf_free(block);
    mem_pool_destroy(pool);
}

static int begin(void **state) {
    (void)state;
    if (mkdtemp(directory) == NULL) {
        return 1;
    }
    return setenv("MEMPOOL_GLUSTERFS_DIR", directory, 1);
}

static int end(void **state) {
    (void)state;
    static const char *const kinds[] = {"dump", "snapshot", "misuse"};
    char path[256];
    for (size_t i = 0; i < 3; i++) {
        path_of(path, sizeof path, kinds[i]);
        (void)unlink(path);
    }
    return rmdir(directory); /* nothing else is left there */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pools_are_ours),
        cmocka_unit_test(a_size_of_zero_is_refused),
        cmocka_unit_test(no_pool_is_the_originals_to_complain_of),
        cmocka_unit_test(a_second_put_is_reported),
        cmocka_unit_test(a_flood_is_thinned),
        cmocka_unit_test(puts_of_other_memory_do_nothing),
        cmocka_unit_test(an_interior_put_aborts),
        cmocka_unit_test(a_pool_that_is_gone_is_told),
        cmocka_unit_test(a_strange_pool_stays_the_originals),
        cmocka_unit_test(blocks_are_charged_to_their_translator),
        cmocka_unit_test(numbers_beyond_the_records_do_no_harm),
        cmocka_unit_test(a_translator_without_records_is_the_processs),
        cmocka_unit_test(texts_belong_to_who_formats_them),
        cmocka_unit_test(without_accounting_it_is_libcs),
        cmocka_unit_test(a_foreign_free_is_reported),
        cmocka_unit_test(an_ended_translator_leaves_its_blocks),
        cmocka_unit_test(translators_that_come_and_go_use_no_accounts_up),
        cmocka_unit_test(new_records_take_the_place_of_the_old),
        cmocka_unit_test(dumps_are_right_and_ours_beside_them),
        cmocka_unit_test(a_dump_that_cannot_be_written_is_said),
        cmocka_unit_test(the_sweeper_is_ours),
        cmocka_unit_test(a_last_user_does_not_wait_for_the_next),
        cmocka_unit_test(a_child_goes_on),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
