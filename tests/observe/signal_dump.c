/* SPDX-License-Identifier: MIT */
/* mempool_dump_on_signal: whole files or none, wherever the signal hits. */
#include "unit.h"

#include "child.h"
#include "faults.h"
#include "report.h"

#include <dirent.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { N_POOLS = 40, N_LIVE = 3, MOST_LIVE = 100000, NAME_BYTES = PATH_MAX + 320 };

/* What handlers run on is of the least size that is promised; a sanitizer wants more. */
enum { HANDLER_STACK_BYTES = 16 << 10, WATCHED_STACK_BYTES = 1 << 20 };

static char *begin_handler_stack(void) {
    bool is_plain = test_runtime() == TEST_RUNTIME_PLAIN;
    size_t bytes = is_plain ? HANDLER_STACK_BYTES : WATCHED_STACK_BYTES;
    char *stack = malloc(bytes);
    const stack_t wanted = {.ss_sp = stack, .ss_size = bytes};
    CHECK(stack != NULL && sigaltstack(&wanted, NULL) == 0);
    return stack;
}

static void end_handler_stack(char *stack) {
    const stack_t none = {.ss_flags = SS_DISABLE};
    CHECK(sigaltstack(&none, NULL) == 0);
    free(stack);
}

static char folder[64];
static struct mempool *pools[N_POOLS];

static void make_pools(void) {
    for (int i = 0; i < N_POOLS; i++) {
        char name[32];
        snprintf(name, sizeof name, "pool %d", i);
        pools[i] = pool_of_options(&NAMED_POOL_OPTIONS(name, .object_bytes = 64));
        for (int k = 0; k < N_LIVE; k++) {
            CHECK(mempool_get(pools[i]) != NULL);
        }
    }
}

static void make_folder(void) {
    snprintf(folder, sizeof folder, "/tmp/mempool-dump.XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
}

/* How many files the folder has; of one of them the name. */
static size_t count_files(char ret_name[NAME_BYTES]) {
    size_t n = 0;
    DIR *list = opendir(folder);
    CHECK(list != NULL);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            snprintf(ret_name, NAME_BYTES, "%s/%s", folder, entry->d_name);
            n++;
        }
    }
    closedir(list);
    return n;
}

static void end_folder(void) {
    char name[NAME_BYTES];
    while (count_files(name) > 0) {
        CHECK(unlink(name) == 0);
    }
    CHECK(rmdir(folder) == 0);
}

/* Every dump is a whole one: of the process, with all pools, the oldest at its end. Counters that
 * change meanwhile are of slightly different moments. */
static void check_dump(const char *name, pid_t pid, bool stands_still) {
    char start[NAME_BYTES];
    snprintf(start, sizeof start, "%s/mempool.%ld.dump.", folder, (long)pid);
    CHECK(strncmp(name, start, strlen(start)) == 0);
    CHECK(strspn(name + strlen(start), "0123456789") == strlen(name + strlen(start)));
    struct stat status;
    CHECK(stat(name, &status) == 0 && (status.st_mode & 0777) == 0600);
    int fd = open(name, O_RDONLY);
    CHECK(fd >= 0);
    const char *text = report_text(fd);
    CHECK(strstr(text, "\n[mempool]\n") != NULL);
    for (int i = 0; i < N_POOLS; i++) {
        char line[64];
        snprintf(line, sizeof line, "pool-name=test:pool %d\n", i);
        const char *entry = strstr(text, line);
        CHECK(entry != NULL);
        uint64_t live = number_at(entry, "hot-count=");
        CHECK(stands_still ? live >= N_LIVE : live < MOST_LIVE);
    }
    CHECK(text[strlen(text) - 1] == '\n');
}

static void check_the_dump(pid_t pid) {
    char name[NAME_BYTES];
    CHECK_EQUAL(count_files(name), 1);
    check_dump(name, pid, true);
}

static void check_no_file(void) {
    char name[NAME_BYTES];
    CHECK_EQUAL(count_files(name), 0);
}

/* ---- what was before ----------------------------------------------------------------------- */

static volatile sig_atomic_t n_old;

static void old_handler(int number) {
    (void)number;
    n_old++;
}

static int dump_and_undo(void *unused) {
    (void)unused;
    make_pools();
    make_folder();
    signal(SIGUSR1, old_handler);
    CHECK_EQUAL(mempool_dump_on_signal(SIGUSR1, folder), 0);
    errno = EXDEV;
    CHECK(raise(SIGUSR1) == 0);
    CHECK(errno == EXDEV);
    check_the_dump(getpid());
    CHECK(n_old == 0);
    CHECK_EQUAL(mempool_dump_on_signal(SIGUSR1, folder), 0); /* again: the same is before it */
    CHECK_EQUAL(mempool_dump_on_signal(SIGUSR1, NULL), 0);
    CHECK(raise(SIGUSR1) == 0);
    CHECK(n_old == 1);
    CHECK_EQUAL(mempool_dump_on_signal(SIGUSR1, NULL), -ENOENT);
    /* Somebody else's handler is left alone. */
    CHECK_EQUAL(mempool_dump_on_signal(SIGUSR2, folder), 0);
    signal(SIGUSR2, old_handler);
    CHECK_EQUAL(mempool_dump_on_signal(SIGUSR2, NULL), 0);
    CHECK(raise(SIGUSR2) == 0);
    CHECK(n_old == 2);
    end_folder();
    return 0;
}

static void the_old_handler_comes_back(void **state) {
    (void)state;
    assert_int_equal(child_status(dump_and_undo, NULL), 0);
}

/* ---- what is refused ----------------------------------------------------------------------- */

static void signals_of_faults_are_refused(void) {
    const int refused[] = {0, -1, SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGABRT, SIGXFSZ, 100000};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        CHECK(mempool_dump_on_signal(refused[i], folder) == -EINVAL);
    }
}

static int refusals(void *unused) {
    char path[PATH_MAX * 2];
    (void)unused;
    make_folder();
    errno = EXDEV;
    signals_of_faults_are_refused();
    CHECK(mempool_dump_on_signal(SIGUSR1, "/nowhere/at/all") == -ENOENT);
    CHECK(mempool_dump_on_signal(SIGUSR1, "/dev/null") == -ENOTDIR);
    CHECK(mempool_dump_on_signal(SIGUSR1, "") == -ENOENT);
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    CHECK(mempool_dump_on_signal(SIGUSR1, path) == -ENAMETOOLONG);
    CHECK(mempool_dump_on_signal(SIGUSR1, NULL) == -ENOENT);
    CHECK(mempool_dump_on_signal(SIGUSR1, folder) == 0);
    CHECK(mempool_dump_on_signal(SIGUSR2, folder) == -EBUSY);
    CHECK(mempool_dump_on_signal(SIGUSR2, NULL) == -ENOENT);
    CHECK(mempool_dump_on_signal(SIGUSR1, NULL) == 0);
    CHECK(mempool_dump_on_signal(SIGUSR2, folder) == 0);
    CHECK(errno == EXDEV);
    CHECK(chmod(folder, 0500) == 0);
    if (getuid() != 0 || seteuid(65534) == 0) {
        int refused = mempool_dump_on_signal(SIGUSR2, folder);
        CHECK(getuid() != 0 || seteuid(0) == 0);
        CHECK(refused == -EACCES);
    }
    CHECK(chmod(folder, 0700) == 0);
    end_folder();
    return 0;
}

static void what_cannot_be_is_refused(void **state) {
    (void)state;
    assert_int_equal(child_status(refusals, NULL), 0);
}

static int relative(void *unused) {
    (void)unused;
    make_pools();
    make_folder();
    CHECK(chdir(folder) == 0);
    CHECK_EQUAL(mempool_dump_on_signal(SIGUSR1, "."), 0);
    CHECK(chdir("/") == 0);
    CHECK(raise(SIGUSR1) == 0);
    char name[NAME_BYTES];
    CHECK_EQUAL(count_files(name), 1);
    end_folder();
    return 0;
}

static void the_directory_is_that_of_then(void **state) {
    (void)state;
    assert_int_equal(child_status(relative, NULL), 0);
}

/* ---- no half files ------------------------------------------------------------------------- */

/* What a dump that fails says, in one line. */
static void check_failure(int read_end, int error) {
    char line[PATH_MAX + 128], wanted[64];
    struct pollfd ready = {.fd = read_end, .events = POLLIN};
    CHECK(poll(&ready, 1, 0) == 1);
    ssize_t n = read(read_end, line, sizeof line - 1);
    CHECK(n > 0 && line[n - 1] == '\n');
    line[n] = '\0';
    snprintf(wanted, sizeof wanted, "mempool: no dump: errno=%d directory=", error);
    CHECK(strncmp(line, wanted, strlen(wanted)) == 0);
    CHECK(strncmp(line + strlen(wanted), folder, strlen(folder)) == 0);
}

static int begin_failing(void) {
    int ends[2];
    make_pools();
    make_folder();
    CHECK(pipe(ends) == 0);
    mempool_misuse_sink_set(ends[1]);
    return ends[0];
}

static int too_large(void *unused) {
    (void)unused;
    int read_end = begin_failing();
    const struct rlimit limit = {1000, 1000};
    CHECK_EQUAL(mempool_dump_on_signal(SIGUSR1, folder), 0);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    errno = EXDEV;
    CHECK(raise(SIGUSR1) == 0);
    CHECK(errno == EXDEV);
    check_no_file();
    check_failure(read_end, EFBIG);
    end_folder();
    return 0;
}

/* A file system of one page, where the system lets us have one. */
static int full_disk(void *unused) {
    (void)unused;
    int read_end = begin_failing();
    if ((unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ||
        mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", folder, "tmpfs", 0, "size=4096") != 0) {
        rmdir(folder);
        return TEST_SKIPPED;
    }
    CHECK_EQUAL(mempool_dump_on_signal(SIGUSR1, folder), 0);
    CHECK(raise(SIGUSR1) == 0);
    check_no_file();
    check_failure(read_end, ENOSPC);
    /* With room, the next one is there. */
    CHECK(mount("tmpfs", folder, "tmpfs", MS_REMOUNT, "size=1m") == 0);
    CHECK(raise(SIGUSR1) == 0);
    check_the_dump(getpid());
    CHECK(umount(folder) == 0);
    CHECK(rmdir(folder) == 0);
    return 0;
}

static int vanished(void *unused) {
    (void)unused;
    int read_end = begin_failing();
    CHECK_EQUAL(mempool_dump_on_signal(SIGUSR1, folder), 0);
    CHECK(rmdir(folder) == 0);
    CHECK(raise(SIGUSR1) == 0);
    check_failure(read_end, ENOENT);
    CHECK(mkdir(folder, 0700) == 0);
    CHECK(raise(SIGUSR1) == 0);
    check_the_dump(getpid());
    end_folder();
    return 0;
}

/* Nobody reads what is said about it: no SIGPIPE ends the process. */
static int unheard(void *unused) {
    (void)unused;
    int read_end = begin_failing();
    CHECK_EQUAL(mempool_dump_on_signal(SIGUSR1, folder), 0);
    CHECK(rmdir(folder) == 0);
    close(read_end);
    CHECK(raise(SIGUSR1) == 0);
    mempool_misuse_sink_set(-1);
    CHECK(raise(SIGUSR1) == 0);
    return 0;
}

static int memory_fails(void *unused) {
    (void)unused;
    int read_end = begin_failing();
    CHECK_EQUAL(mempool_dump_on_signal(SIGUSR1, folder), 0);
    for (uint64_t nth = 1;; nth++) {
        char name[NAME_BYTES];
        faults_arm(FAULT_RESERVE | FAULT_COMMIT, nth, nth);
        CHECK(raise(SIGUSR1) == 0);
        if (faults_disarm() == 0) {
            CHECK(nth > 4);
            break;
        }
        CHECK_EQUAL(count_files(name), 0);
        check_failure(read_end, ENOMEM);
    }
    check_the_dump(getpid());
    end_folder();
    return 0;
}

static void there_is_no_half_file(void **state) {
    (void)state;
    assert_int_equal(child_status(too_large, NULL), 0);
    assert_int_equal(child_status(vanished, NULL), 0);
    assert_int_equal(child_status(unheard, NULL), 0);
    assert_int_equal(child_status(memory_fails, NULL), 0);
}

static void a_full_disk_leaves_no_file(void **state) {
    (void)state;
    int status = child_status(full_disk, NULL);
    if (status == TEST_SKIPPED) {
        skip();
    }
    assert_int_equal(status, 0);
}

/* ---- several at once ----------------------------------------------------------------------- */

static void *raise_thrice(void *unused) {
    (void)unused;
    sigset_t ours; /* it was started where signals are blocked */
    sigemptyset(&ours);
    sigaddset(&ours, SIGUSR1);
    CHECK(pthread_sigmask(SIG_UNBLOCK, &ours, NULL) == 0);
    for (int i = 0; i < 3; i++) {
        CHECK(raise(SIGUSR1) == 0);
    }
    return NULL;
}

/* In the middle of a dump, another thread gets the signal, and does not wait. */
static void *raising_reserve(size_t bytes) {
    static bool is_done;
    if (!is_done) {
        is_done = true;
        thread_run(raise_thrice, NULL);
    }
    return faults.real.reserve(bytes);
}

static int several(void *unused) {
    char lines[PATH_MAX];
    (void)unused;
    int read_end = begin_failing();
    CHECK_EQUAL(mempool_dump_on_signal(SIGUSR1, folder), 0);
    CHECK(rmdir(folder) == 0);
    faults_arm(0, 0, 0);
    sys_operations.reserve = raising_reserve;
    CHECK(raise(SIGUSR1) == 0);
    ssize_t n = read(read_end, lines, sizeof lines);
    size_t n_lines = 0;
    for (ssize_t i = 0; i < n; i++) {
        n_lines += lines[i] == '\n';
    }
    CHECK_EQUAL(n_lines, 2); /* that one, and one more for all three */
    return 0;
}

static void signals_meanwhile_make_one_more(void **state) {
    (void)state;
    if (test_runtime() == TEST_RUNTIME_TSAN || test_runtime() == TEST_RUNTIME_VALGRIND) {
        skip(); /* the one minds threads that are started in a handler; for the other see below */
    }
    assert_int_equal(child_status(several, NULL), 0);
}

/* ---- forks --------------------------------------------------------------------------------- */

static int dump_in_child(void *argument) {
    (void)argument;
    CHECK(raise(SIGUSR1) == 0);
    char name[NAME_BYTES];
    CHECK_EQUAL(count_files(name), 1);
    check_dump(name, getpid(), true);
    CHECK(unlink(name) == 0);
    return 0;
}

static int forks(void *unused) {
    (void)unused;
    make_pools();
    make_folder();
    CHECK_EQUAL(mempool_dump_on_signal(SIGUSR1, folder), 0);
    CHECK_EQUAL((uint64_t)child_status(dump_in_child, NULL), 0);
    CHECK(raise(SIGUSR1) == 0);
    check_the_dump(getpid());
    end_folder();
    return 0;
}

static void a_child_dumps_as_itself(void **state) {
    (void)state;
    assert_int_equal(child_status(forks, NULL), 0);
}

/* ---- wherever it hits ---------------------------------------------------------------------- */

static int raise_at; /* the raise-at-th commit from now on; 0: none */

static int raising_commit(void *start, size_t bytes) {
    if (raise_at > 0 && --raise_at == 0) {
        CHECK(raise(SIGUSR1) == 0);
    }
    return faults.real.commit(start, bytes);
}

/* Inside a get that holds its pool's lock, and the arena's. */
static int under_locks(void *unused) {
    (void)unused;
    make_pools();
    make_folder();
    faults_arm(0, 0, 0);
    sys_operations.commit = raising_commit;
    CHECK_EQUAL(mempool_dump_on_signal(SIGUSR1, folder), 0);
    char name[NAME_BYTES];
    raise_at = 1;
    for (int i = 0; raise_at > 0; i++) {
        CHECK(i < 1000000);
        CHECK(mempool_get(pools[i % N_POOLS]) != NULL);
    }
    /* Signals wait where the library has blocked them. */
    CHECK_EQUAL(count_files(name), 1);
    check_dump(name, getpid(), true);
    end_folder();
    return 0;
}

static void locks_of_the_interrupted_do_no_harm(void **state) {
    (void)state;
    assert_int_equal(child_status(under_locks, NULL), 0);
}

/* ---- a storm ------------------------------------------------------------------------------- */

enum {
    N_THREADS = 4,
    N_HELD = 200,
    STORM_MS = 1500,
    SIGNALS_A_LOOK = 64,
};

static _Atomic bool is_over;
static _Atomic uint32_t n_rounds;

/* Gets and puts as hard as it can. */
static void *busy(void *argument) {
    (void)argument;
    void *held[N_HELD];
    char *stack = begin_handler_stack();
    while (!load_relaxed(&is_over)) {
        struct mempool *pool = pools[load_relaxed(&n_rounds) % N_POOLS];
        for (size_t i = 0; i < N_HELD; i++) {
            held[i] = mempool_get(pool);
            CHECK(held[i] != NULL);
        }
        put_all(held, N_HELD);
        (void)add_relaxed(&n_rounds, 1);
    }
    end_handler_stack(stack);
    return NULL;
}

static int raise_once(void *unused) {
    (void)unused;
    CHECK(raise(SIGUSR1) == 0);
    _exit(0);
}

/* All files there are, our child's too: whole, or not yet finished. */
static size_t check_dumps(bool may_be_unfinished) {
    size_t n = 0;
    DIR *list = opendir(folder);
    CHECK(list != NULL);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        char name[NAME_BYTES];
        long pid;
        snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        CHECK(may_be_unfinished || strncmp(entry->d_name, ".mempool", 8) != 0);
        if (sscanf(entry->d_name, "mempool.%ld.dump.", &pid) == 1) {
            check_dump(name, (pid_t)pid, false);
            n++;
        }
    }
    closedir(list);
    return n;
}

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void send_signals(const pthread_t *threads) {
    uint64_t end_ms = now_ms() + STORM_MS;
    for (size_t n = 1; now_ms() < end_ms; n++) {
        CHECK(pthread_kill(threads[n % N_THREADS], SIGUSR1) == 0);
        if (n % SIGNALS_A_LOOK == 0) {
            (void)check_dumps(true);
        }
        if (n % (2 * SIGNALS_A_LOOK) == 0) {
            CHECK_EQUAL((uint64_t)child_status(raise_once, NULL), 0);
        }
    }
}

static int storm(void *unused) {
    (void)unused;
    pthread_t threads[N_THREADS];
    make_pools();
    make_folder();
    CHECK_EQUAL(mempool_dump_on_signal(SIGUSR1, folder), 0);
    for (size_t i = 0; i < N_THREADS; i++) {
        threads[i] = thread_start(busy, NULL);
    }
    send_signals(threads);
    store_relaxed(&is_over, true);
    for (size_t i = 0; i < N_THREADS; i++) {
        thread_join(threads[i]);
    }
    CHECK(load_relaxed(&n_rounds) > 0);
    CHECK(check_dumps(false) > 0);
    for (size_t i = 0; i < N_POOLS; i++) {
        CHECK_EQUAL(pool_live(pools[i]), N_LIVE);
    }
    end_folder();
    return 0;
}

static void a_storm_of_signals_does_no_harm(void **state) {
    (void)state;
    if (test_runtime() == TEST_RUNTIME_VALGRIND) {
        skip(); /* behind a handler on a stack of its own it takes the thread's for no memory */
    }
    assert_int_equal(child_status(storm, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_old_handler_comes_back),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(the_directory_is_that_of_then),
        cmocka_unit_test(there_is_no_half_file),
        cmocka_unit_test(a_full_disk_leaves_no_file),
        cmocka_unit_test(signals_meanwhile_make_one_more),
        cmocka_unit_test(a_child_dumps_as_itself),
        cmocka_unit_test(locks_of_the_interrupted_do_no_harm),
        cmocka_unit_test(a_storm_of_signals_does_no_harm),
    };
    char *stack = begin_handler_stack();
    int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    end_handler_stack(stack);
    return n_failed;
}
