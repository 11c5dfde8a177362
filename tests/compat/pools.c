/* SPDX-License-Identifier: MIT */
/* Classic pools: counters step by step, order, zeros, what is logged, what is refused. */
#include "compat.h"

#include <stdalign.h>
#include <sys/wait.h>
#include <unistd.h>

struct thing {
    uint64_t words[10]; /* fd_t's 80 bytes */
};

static char name_a[] = "patchy-a";

/* Functions of the classic's own names, as of the real libglusterfs in the same process. */
void *others_mem_get(void *pool) __asm__("mem_get");
void others_mem_put(void *object) __asm__("mem_put");
static unsigned others_called;
void *others_mem_get(void *pool) {
    others_called++;
    return pool;
}
void others_mem_put(void *object) {
    others_called += object != NULL;
}

#define assert_counters(pool, hot, cold, gets, misses, max, stdalloc, max_std)                     \
    do {                                                                                           \
        mempool_gf_pool_refresh(pool);                                                             \
        assert_int_equal((pool)->hot_count, hot);                                                  \
        assert_int_equal((pool)->cold_count, cold);                                                \
        assert_int_equal((pool)->alloc_count, gets);                                               \
        assert_int_equal((pool)->pool_misses, misses);                                             \
        assert_int_equal((pool)->max_alloc, max);                                                  \
        assert_int_equal((pool)->curr_stdalloc, stdalloc);                                         \
        assert_int_equal((pool)->max_stdalloc, max_std);                                           \
    } while (0)

static void counters_are_the_classics_at_every_step(void **state) {
    (void)state;
    struct mem_pool *pool = mem_pool_new(struct thing, 2);
    assert_non_null(pool);
    assert_string_equal(pool->name, "glusterfs:struct thing");
    assert_int_equal(pool->real_sizeof_type, 80);
    assert_in_range(pool->padded_sizeof_type, 80, 80 + alignof(max_align_t));
    assert_counters(pool, 0, 2, 0, 0, 0, 0, 0);
    void *first = mem_get(pool);
    assert_counters(pool, 1, 1, 1, 0, 1, 0, 0);
    void *second = mem_get0(pool);
    assert_counters(pool, 2, 0, 2, 0, 2, 0, 0);
    void *third = mem_get(pool); /* from malloc */
    assert_counters(pool, 2, 0, 3, 1, 2, 1, 1);
    void *fourth = mem_get0(pool);
    assert_counters(pool, 2, 0, 4, 2, 2, 2, 2);
    mem_put(third);
    assert_counters(pool, 2, 0, 4, 2, 2, 1, 2);
    mem_put(first);
    assert_counters(pool, 1, 1, 4, 2, 2, 1, 2);
    first = mem_get(pool);
    assert_counters(pool, 2, 0, 5, 2, 2, 1, 2);
    mem_put(first);
    mem_put(second);
    mem_put(fourth);
    assert_counters(pool, 0, 2, 5, 2, 2, 0, 2);
    assert_nothing_logged();
    mem_pool_destroy(pool);
}

static void without_refresh_the_struct_stays_as_it_was(void **state) {
    (void)state;
    struct mem_pool *pool = mem_pool_new(struct thing, 4);
    struct mem_pool *other = mem_pool_new(struct thing, 4);
    void *object = mem_get(pool), *others = mem_get(other);
    assert_int_equal(pool->hot_count, 0);
    mempool_gf_pool_refresh(pool);
    assert_int_equal(pool->hot_count, 1);
    assert_int_equal(other->hot_count, 0);
    mempool_gf_pool_refresh(NULL); /* all */
    assert_int_equal(other->hot_count, 1);
    mem_put(object);
    gf_proc_dump_mempool_info(glusterfs_ctx_get());
    assert_int_equal(pool->hot_count, 0);
    mempool_gf_pool_refresh((struct mem_pool *)(void *)state); /* none: nothing happens */
    mem_put(others);
    mem_pool_destroy(pool);
    mem_pool_destroy(other);
}

static void invalid_arguments_are_logged(void **state) {
    (void)state;
    struct mem_pool *pool;
    assert_refused(pool = mem_pool_new(struct thing, 0), EINVAL);
    assert_string_equal(log_seen.kept[0].function, "mem_pool_new_fn");
    assert_logged(GF_LOG_ERROR, "mem-pool", "invalid argument");
    assert_refused(pool = mem_pool_new_fn(0, 5, "nothing"), EINVAL);
    assert_logged(GF_LOG_ERROR, "mem-pool", "invalid argument");
    assert_refused(pool = mem_pool_new_fn(MEMPOOL_OBJECT_BYTES_MAX + 1, 5, "huge"), EINVAL);
    assert_logged(GF_LOG_ERROR, "mem-pool", "invalid argument");
    assert_refused(pool = mem_pool_new_fn(8, SIZE_MAX / 4, "too many"), EINVAL);
    assert_logged(GF_LOG_ERROR, "mem-pool", "invalid argument");
    assert_refused(mem_get(NULL), EINVAL);
    assert_logged(GF_LOG_ERROR, "mem-pool", "invalid argument");
    assert_refused(mem_get0(NULL), EINVAL);
    assert_logged(GF_LOG_ERROR, "mem-pool", "invalid argument");
    errno = EXDEV;
    mem_put(NULL);
    assert_int_equal(errno, EXDEV);
    assert_string_equal(log_seen.kept[0].function, "mem_put");
    assert_logged(GF_LOG_ERROR, "mem-pool", "invalid argument");
    mem_pool_destroy(NULL);
    assert_nothing_logged();
}

static void misses_are_logged_as_debug(void **state) {
    (void)state;
    struct mem_pool *pool = mem_pool_new(struct thing, 1);
    gf_log_set_loglevel(GF_LOG_DEBUG);
    errno = EXDEV;
    void *objects[] = {mem_get(pool), mem_get(pool), NULL};
    assert_int_equal(errno, EXDEV);
    assert_logged(GF_LOG_DEBUG, "mem-pool", "Mem pool is full. Callocing mem");
    objects[2] = mem_get0(pool);
    assert_logged(GF_LOG_DEBUG, "mem-pool", "Mem pool is full. Callocing mem");
    gf_log_set_loglevel(GF_LOG_INFO);
    void *another = mem_get(pool);
    assert_nothing_logged();
    mem_put(another);
    put_all(objects, 3);
    mem_pool_destroy(pool);
}

static bool is_zero(const void *object, size_t bytes) {
    const unsigned char *at = object;
    size_t i = 0;
    while (i < bytes && at[i] == 0) {
        i++;
    }
    return i == bytes;
}

/* Memory that others have left full, and then a pool there: its slots' first use is zero, and so is
 * what comes from malloc. */
static void first_use_is_zero(void **state) {
    (void)state;
    enum { N = 3000, POOL = 2000, LARGE_BYTES = 1 << 20 };
    static void *objects[N];
    for (int round = 0; round < 4; round++) {
        char *large = GF_MALLOC(LARGE_BYTES, gf_common_mt_char);
        assert_non_null(large);
        memset(large, 0xa5, LARGE_BYTES);
        GF_FREE(large); /* its memory is used again as it is */
        struct mem_pool *pool = mem_pool_new(struct thing, POOL);
        for (int i = 0; i < N; i++) {
            objects[i] = mem_get(pool);
            assert_non_null(objects[i]);
            assert_int_equal((uintptr_t)objects[i] % alignof(struct thing), 0);
            assert_true(is_zero(objects[i], sizeof(struct thing)));
            memset(objects[i], 0xa5, sizeof(struct thing));
        }
        put_all(objects, N);
        mem_pool_destroy(pool);
    }
}

static void get0_is_zero_and_order_is_last_in_first_out(void **state) {
    (void)state;
    enum { N = 64 };
    void *objects[N];
    struct mem_pool *pool = mem_pool_new(struct thing, N);
    for (int i = 0; i < N; i++) {
        objects[i] = mem_get(pool);
        memset(objects[i], 0xa5, sizeof(struct thing));
    }
    for (int i = 0; i < N; i++) {
        mem_put(objects[i]);
    }
    for (int i = N; i-- > 0;) {
        unsigned char *object = i % 2 == 0 ? mem_get0(pool) : mem_get(pool);
        assert_ptr_equal(object, objects[i]);
        if (i % 2 == 0) {
            assert_true(is_zero(object, sizeof(struct thing)));
        } else {
            assert_true(object[9] == 0xa5 || object[9] == 0); /* stale, or fetched anew */
        }
    }
    put_all(objects, N);
    mem_pool_destroy(pool);
}

static void large_alignment_is_the_types(void **state) {
    (void)state;
    struct wide {
        alignas(128) char bytes[40];
    };
    struct mem_pool *pool = mem_pool_new(struct wide, 1);
    void *objects[] = {mem_get(pool), mem_get(pool)};
    assert_int_equal((uintptr_t)objects[0] % 128, 0);
    assert_int_equal((uintptr_t)objects[1] % 128, 0);
    put_all(objects, 2);
    mem_pool_destroy(pool);
}

/* The classic's line, then the report, in one message; and nothing has changed. */
static void a_second_put_is_one_critical_message(void **state) {
    (void)state;
    char line[128];
    struct mem_pool *pool = mem_pool_new(struct thing, 2);
    void *object = mem_get(pool);
    uint64_t before = mempool_misuse_count(MEMPOOL_MISUSE_DOUBLE_PUT);
    mem_put(object);
    assert_nothing_logged();
    errno = EXDEV;
    mem_put(object);
    assert_int_equal(errno, EXDEV);
    assert_int_equal(log_seen.n, 1);
    assert_int_equal(log_seen.kept[0].level, GF_LOG_CRITICAL);
    assert_string_equal(log_seen.kept[0].domain, "mem-pool");
    assert_string_equal(log_seen.kept[0].function, "mem_put");
    int length = snprintf(line, sizeof line,
                          "mem_put called on freed ptr %p of mem pool %p\n"
                          "mempool: misuse: double-put pool=glusterfs:struct_thing ",
                          object, (void *)pool);
    assert_memory_equal(log_seen.kept[0].text, line, (size_t)length);
    assert_non_null(strstr(log_seen.kept[0].text, "\n  put before at "));
    assert_int_equal(mempool_misuse_count(MEMPOOL_MISUSE_DOUBLE_PUT), before + 1);
    assert_counters(pool, 0, 2, 1, 0, 1, 0, 0);
    assert_ptr_equal(mem_get(pool), object);
    assert_ptr_not_equal(mem_get(pool), object);
    mem_pool_destroy(pool);
}

/* Of a flood not every report is told, but every line of the classic's. */
static void a_flood_of_second_puts_is_logged_whole(void **state) {
    (void)state;
    enum { N = 1200 };
    struct mem_pool *pool = mem_pool_new(struct thing, 2);
    void *object = mem_get(pool);
    mem_put(object);
    for (int i = 0; i < N; i++) {
        mem_put(object);
    }
    assert_int_equal(log_seen.n, N);
    const char *last = log_seen.kept[(N - 1) % LOG_KEPT].text;
    assert_memory_equal(last, "mem_put called on freed ptr ", 28);
    assert_null(strstr(last, "mempool: misuse: "));
    mem_pool_destroy(pool);
}

static unsigned called_back;
static void count_misuse(const struct mempool_misuse *misuse, void *arg) {
    (void)arg;
    CHECK_EQUAL(misuse->kind, MEMPOOL_MISUSE_DOUBLE_PUT);
    called_back++;
}

/* Where the program has chosen, the report goes there; the classic's line is logged in any case. */
static void a_chosen_way_of_reports_is_kept(void **state) {
    (void)state;
    char line[128], written[4096] = "";
    FILE *sink = tmpfile();
    struct mem_pool *pool = mem_pool_new(struct thing, 2);
    void *object = mem_get(pool);
    mem_put(object);
    snprintf(line, sizeof line, "mem_put called on freed ptr %p of mem pool %p", object,
             (void *)pool);
    mempool_misuse_sink_set(fileno(sink));
    mem_put(object);
    assert_logged(GF_LOG_CRITICAL, "mem-pool", line);
    mem_put(line); /* no line of the classic's */
    assert_nothing_logged();
    mempool_misuse_sink_set(2);
    rewind(sink);
    assert_true(fread(written, 1, sizeof written - 1, sink) > 0);
    assert_memory_equal(written, "mempool: misuse: double-put ", 28);
    assert_non_null(strstr(written, "\nmempool: misuse: stack "));
    fclose(sink);
    mempool_misuse_callback_set(count_misuse, NULL);
    mempool_misuse_action_set(MEMPOOL_MISUSE_DOUBLE_PUT, MEMPOOL_MISUSE_CALLBACK);
    mem_put(object);
    mempool_misuse_action_set(MEMPOOL_MISUSE_DOUBLE_PUT, MEMPOOL_MISUSE_REPORT);
    mempool_misuse_callback_set(NULL, NULL);
    assert_int_equal(called_back, 1);
    assert_logged(GF_LOG_CRITICAL, "mem-pool", line);
    mem_pool_destroy(pool);
}

static void foreign_pointers_are_refused(void **state) {
    (void)state;
    static char global[256];
    char local[256];
    char *block = malloc(256);
    struct mem_pool *pool = mem_pool_new(struct thing, 2);
    void *wrong[] = {global + 64, local + 64, block + 64};
    /* what the classic would take for a header, and hand to free() */
    memcpy(local + 64 - 12, &pool, sizeof pool);
    for (int i = 0; i < 3; i++) {
        mem_put(wrong[i]);
        assert_int_equal(log_seen.n, 1);
        assert_int_equal(log_seen.kept[0].level, GF_LOG_CRITICAL);
        assert_non_null(strstr(log_seen.kept[0].text, "\nmempool: misuse: "));
        log_seen.n = 0;
    }
    assert_counters(pool, 0, 2, 0, 0, 0, 0, 0);
    char *accounted = GF_CALLOC(1, 10, gf_common_mt_char);
    mem_put(accounted);
    assert_non_null(strstr(log_seen.kept[0].text, "\nmempool: misuse: wrong-call "));
    log_seen.n = 0;
    GF_FREE(accounted);
    assert_nothing_logged();
    free(block);
    mem_pool_destroy(pool);
}

static void log_to_stderr_and_put_middle(struct mem_pool *pool) {
    mempool_gf_log_set(NULL, NULL);
    mem_put((char *)mem_get(pool) + 8);
    _exit(0);
}

static void a_pointer_into_an_object_aborts(void **state) {
    (void)state;
    char written[4096] = "";
    int pipes[2], status;
    struct mem_pool *pool = mem_pool_new(struct thing, 2);
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], 2);
        log_to_stderr_and_put_middle(pool);
    }
    close(pipes[1]);
    assert_true(read(pipes[0], written, sizeof written - 1) > 0);
    close(pipes[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(written, "] C ["));
    assert_non_null(strstr(written, "\nmempool: misuse: interior pool=glusterfs:struct_thing "));
    mem_pool_destroy(pool);
}

static void destroy_logs_the_three_sums(void **state) {
    (void)state;
    char line[64];
    xlator_t translator = TRANSLATOR(name_a);
    struct mem_pool *pool = mem_pool_new(struct thing, 4);
    void *objects[] = {mem_get(pool), mem_get(pool), mem_get(pool)};
    put_all(objects, 3);
    mem_put(mem_get(pool));
    snprintf(line, sizeof line, "size=%lu max=3 total=4", pool->padded_sizeof_type);
    THIS = &translator; /* the destroyer's name, as the classic has it */
    mem_pool_destroy(pool);
    assert_string_equal(log_seen.kept[0].callers, "");
    assert_logged(GF_LOG_INFO, "patchy-a", line);
}

static void live_objects_outlive_their_pool(void **state) {
    (void)state;
    struct mem_pool *pool = mem_pool_new(struct thing, 1);
    void *object = mem_get(pool), *from_malloc = mem_get(pool);
    mem_pool_destroy(pool);
    assert_int_equal(log_seen.n, 2);
    assert_int_equal(log_seen.kept[0].level, GF_LOG_INFO);
    assert_int_equal(log_seen.kept[1].level, GF_LOG_WARNING);
    assert_non_null(strstr(log_seen.kept[1].text, "\nmempool: misuse: live-at-destroy "));
    assert_non_null(strstr(log_seen.kept[1].text, " live=2 "));
    log_seen.n = 0;
    memset(object, 1, sizeof(struct thing));
    mem_put(object);
    mem_put(from_malloc);
    assert_nothing_logged();
    mem_put(object);
    assert_non_null(strstr(log_seen.kept[0].text, "mempool: misuse: dead-object "));
}

static void what_is_no_pool_is_not_destroyed(void **state) {
    (void)state;
    struct mem_pool forged = {.name = name_a};
    struct mem_pool *pool = mem_pool_new(struct thing, 1);
    mem_pool_destroy(pool);
    log_seen.n = 0;
    mem_pool_destroy(pool);
    assert_int_equal(log_seen.n, 1);
    assert_int_equal(log_seen.kept[0].level, GF_LOG_CRITICAL);
    assert_non_null(strstr(log_seen.kept[0].text, "\nmempool: misuse: dead-pool-destroy "));
    log_seen.n = 0;
    mem_pool_destroy(&forged);
    assert_int_equal(log_seen.n, 1);
    assert_non_null(strstr(log_seen.kept[0].text, "\nmempool: misuse: not-a-pool "));
}

static void contexts_list_their_pools_newest_first(void **state) {
    (void)state;
    glusterfs_ctx_t ctx = {.graph_id = 7}; /* zero-filled */
    xlator_t translator = TRANSLATOR(name_a);
    struct mem_pool *at, *after;
    char names[128] = "";
    translator.ctx = &ctx;
    THIS = &translator;
    struct mem_pool *first = mem_pool_new(struct thing, 1);
    assert_int_equal(mem_pool_new(int, 1)->real_sizeof_type, sizeof(int));
    assert_non_null(mem_pool_new_fn(100, 1, "third"));
    translator.ctx = NULL; /* in no list */
    struct mem_pool *unlisted = mem_pool_new(long, 1);
    assert_true(list_empty(&unlisted->global_list));
    mem_pool_destroy(first);
    list_for_each_entry(at, &ctx.mempool_list, global_list) {
        strcat(strcat(names, at->name), " ");
    }
    assert_string_equal(names, "patchy-a:third patchy-a:int ");
    list_for_each_entry_safe(at, after, &ctx.mempool_list, global_list) {
        mem_pool_destroy(at);
    }
    assert_true(list_empty(&ctx.mempool_list));
    mem_pool_destroy(unlisted);
}

static void long_names_are_kept_whole(void **state) {
    (void)state;
    char name[300];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct mem_pool *pool = mem_pool_new_fn(8, 1, name);
    assert_int_equal(strlen(pool->name), strlen("glusterfs:") + strlen(name));
    mem_pool_destroy(pool);
}

static void names_of_others_are_others(void **state) {
    (void)state;
    struct mem_pool *pool = mem_pool_new(struct thing, 1);
    others_called = 0;
    void *object = mem_get(pool);
    mem_put(object);
    assert_int_equal(others_called, 0);
    assert_ptr_equal(others_mem_get(pool), pool);
    others_mem_put(object);
    assert_int_equal(others_called, 2);
    mem_pool_destroy(pool);
}

static void init_and_fini_are_counted(void **state) {
    (void)state;
    assert_int_equal(mempool_gf_mem_pools_users(), 0);
    mem_pools_init();
    mem_pools_init();
    assert_int_equal(mempool_gf_mem_pools_users(), 2);
    mem_pools_fini();
    mem_pools_fini();
    mem_pools_fini();
    assert_int_equal(mempool_gf_mem_pools_users(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        log_test(counters_are_the_classics_at_every_step),
        log_test(without_refresh_the_struct_stays_as_it_was),
        log_test(invalid_arguments_are_logged),
        log_test(misses_are_logged_as_debug),
        log_test(first_use_is_zero),
        log_test(get0_is_zero_and_order_is_last_in_first_out),
        log_test(large_alignment_is_the_types),
        log_test(a_second_put_is_one_critical_message),
        log_test(a_chosen_way_of_reports_is_kept),
        log_test(foreign_pointers_are_refused),
        log_test(a_pointer_into_an_object_aborts),
        log_test(destroy_logs_the_three_sums),
        log_test(live_objects_outlive_their_pool),
        log_test(what_is_no_pool_is_not_destroyed),
        log_test(contexts_list_their_pools_newest_first),
        log_test(long_names_are_kept_whole),
        log_test(names_of_others_are_others),
        log_test(init_and_fini_are_counted),
        log_test(a_flood_of_second_puts_is_logged_whole), /* last: it uses up the reports */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
