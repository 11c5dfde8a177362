/* SPDX-License-Identifier: MIT */
/* What a process publishes: one memfd, readable by its owner, a fork's child its own; and what
 * becomes of it where there are no descriptors, no permission or no room. */
#include "unit.h"

#include "child.h"
#include "threads.h"

#include "self.h"
#include "view/publication.h"
#include "vm/blocks.h"
#include "vm/space.h"

#include <mempool/account.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { N = 500 };

static void *objects[N];

/* Our mappings of that memfd, in a process: how many; the first one's start. */
static int n_mappings(pid_t pid, uintptr_t *ret_start) {
    char line[600];
    int n = 0;
    snprintf(line, sizeof line, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(line, "r");
    CHECK(maps != NULL);
    while (fgets(line, sizeof line, maps) != NULL) {
        if (strstr(line, "/memfd:" PUBLICATION_NAME " (deleted)") != NULL) {
            if (n++ == 0) {
                *ret_start = (uintptr_t)strtoull(line, NULL, 16);
            }
        }
    }
    fclose(maps);
    return n;
}

/* Our descriptor of it: found as others find it; -1: none. */
static int find_descriptor(void) {
    DIR *folder = opendir("/proc/self/fd");
    struct dirent *entry;
    int found = -1;
    CHECK(folder != NULL);
    while ((entry = readdir(folder)) != NULL) {
        char path[64], target[64];
        snprintf(path, sizeof path, "/proc/self/fd/%.20s", entry->d_name);
        ssize_t length = readlink(path, target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        if (strcmp(target, "/memfd:" PUBLICATION_NAME " (deleted)") == 0) {
            CHECK(found < 0);
            found = atoi(entry->d_name);
        }
    }
    closedir(folder);
    return found;
}

static const struct publication *published(void) {
    return (const struct publication *)(const void *)space.publication.start;
}

static int one_memfd(void *unused) {
    (void)unused;
    uintptr_t start;
    CHECK(n_mappings(getpid(), &start) == 0);
    struct mempool *pool = pool_of(64);
    CHECK(n_mappings(getpid(), &start) >= 1);
    const struct publication *head = (const struct publication *)start;
    CHECK(head == published());
    CHECK(memcmp(head->magic, PUBLICATION_MAGIC, sizeof head->magic) == 0);
    CHECK(head->address == start && head->pid == (uint64_t)getpid());
    int fd = find_descriptor();
    struct stat status;
    CHECK(fd >= 0 && fstat(fd, &status) == 0);
    CHECK((status.st_mode & 07777) == S_IRUSR && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(ftruncate(fd, 0) == -1 && errno == EPERM);
    /* what is read there is live */
    struct publication copy;
    CHECK(pread(fd, &copy, sizeof copy, 0) == (ssize_t)sizeof copy);
    CHECK(memcmp(&copy, head, sizeof copy) == 0);
    uint64_t places;
    off_t at = (off_t)(PUBLICATION_BYTES + ROOT_PLACES * sizeof places);
    CHECK(pread(fd, &places, sizeof places, at) == (ssize_t)sizeof places && places == 1);
    (void)pool_of(64);
    CHECK(pread(fd, &places, sizeof places, at) == (ssize_t)sizeof places && places == 2);
    (void)pool;
    return 0;
}

static void a_process_has_one_memfd(void **state) {
    (void)state;
    assert_int_equal(child_status(one_memfd, NULL), 0);
}

static int not_published(void *unused) {
    uintptr_t start;
    struct mempool *pool = pool_of(64);
    (void)unused;
    CHECK(space.shared == NULL && n_mappings(getpid(), &start) == 0 && find_descriptor() < 0);
    /* the process itself still reads its books, and forks */
    struct snapshot *snapshot = self_snapshot(0);
    CHECK(row_of(snapshot, pool) != NULL);
    snapshot_free(snapshot);
    objects[0] = mempool_get(pool);
    return 0;
}

static int forbidden(void *unused) {
    CHECK(setenv("MEMPOOL_PUBLISH", "0", 1) == 0);
    return not_published(unused);
}

static int files_are_bounded(void *unused) {
    struct rlimit limit = {1 << 20, 1 << 20};
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    return not_published(unused);
}

static int no_descriptors(void *unused) {
    struct rlimit limit = {0, 0};
    if (test_runtime() == TEST_RUNTIME_VALGRIND) {
        return 0; /* which keeps that limit to itself */
    }
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    struct mempool *pool = pool_of(64);
    CHECK(space.shared == NULL && mempool_get(pool) != NULL);
    (void)unused;
    end_leaking(); /* the sanitizer would look through /proc */
    return 0;
}

static void without_a_memfd_all_else_works(void **state) {
    (void)state;
    assert_int_equal(child_status(forbidden, NULL), 0);
    assert_int_equal(child_status(files_are_bounded, NULL), 0);
    assert_int_equal(child_status(no_descriptors, NULL), 0);
}

/* ---- fork ------------------------------------------------------------------------------------ */

static struct mempool *pool;

static void check_live(uint64_t live) {
    struct snapshot *snapshot = self_snapshot(0);
    CHECK_EQUAL(row_of(snapshot, pool)->hot, live);
    CHECK_EQUAL(pool_live(pool), live);
    snapshot_free(snapshot);
}

static int use_in_child(void *shared) {
    check_live(N / 2);
    put_all(objects, N / 2);
    check_live(0);
    CHECK(published()->pid == (uint64_t)getpid());
    CHECK((space.shared != NULL) == *(bool *)shared);
    CHECK((find_descriptor() >= 0) == *(bool *)shared);
    (void)pool_of(128);
    get_all(pool, objects, N);
    check_live(N);
    return 0;
}

static int books_apart(void *shared) {
    pool = pool_of(64);
    get_all(pool, objects, N / 2);
    bool parent_shared = true;
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(child_status(use_in_child, &parent_shared), 0);
        check_live(N / 2);
        CHECK(published()->pid == (uint64_t)getpid());
        struct snapshot *snapshot = self_snapshot(0);
        CHECK_EQUAL(snapshot->n_pools, 1);
        snapshot_free(snapshot);
    }
    put_all(objects, N / 2);
    check_live(0);
    (void)shared;
    return 0;
}

static void a_child_has_books_of_its_own(void **state) {
    (void)state;
    assert_int_equal(child_status(books_apart, NULL), 0);
}

/* A program that closes what it does not know, and then whatever comes by that number. */
static int descriptor_is_closed(void *unused) {
    (void)unused;
    pool = pool_of(64);
    get_all(pool, objects, N / 2);
    int fd = find_descriptor();
    CHECK(close(fd) == 0 && open("/dev/null", O_RDONLY) >= 0 && dup2(0, fd) == fd);
    bool shared = true;
    CHECK_EQUAL(child_status(use_in_child, &shared), 0);
    CHECK(fcntl(fd, F_GETFD) >= 0); /* it was somebody else's by then */
    check_live(N / 2);
    return 0;
}

/* No descriptor is to be had for the child's: its books are private then. */
static int fork_without_descriptors(void *unused) {
    (void)unused;
    pool = pool_of(64);
    get_all(pool, objects, N / 2);
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = 0;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        watchdog_set(60);
        limit.rlim_cur = limit.rlim_max;
        CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
        bool shared = false;
        CHECK_EQUAL(use_in_child(&shared), 0);
        /* and so are those of its children */
        put_all(objects + N / 2, N / 2);
        CHECK_EQUAL(child_status(use_in_child, &shared), 0);
        _exit(0);
    }
    int status;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    check_live(N / 2);
    end_leaking();
    return 0;
}

static void a_child_has_books_whatever_became_of_descriptors(void **state) {
    (void)state;
    if (test_runtime() == TEST_RUNTIME_VALGRIND) {
        skip(); /* it sees memory that was never written go into a file, as it must then */
    }
    assert_int_equal(child_status(descriptor_is_closed, NULL), 0);
    assert_int_equal(child_status(fork_without_descriptors, NULL), 0);
}

/* Handlers that a program registers before its first pool: they may use pools on both sides. */
static void use_in_handler(void) {
    if (pool != NULL) {
        mempool_put(mempool_get(pool));
        objects[N - 1] = mempool_get(pool);
        mempool_put(objects[N - 1]);
    }
}

static int early_handlers(void *unused) {
    (void)unused;
    CHECK(pthread_atfork(use_in_handler, use_in_handler, use_in_handler) == 0);
    pool = pool_of(64);
    get_all(pool, objects, N / 2);
    bool shared = true;
    CHECK_EQUAL(child_status(use_in_child, &shared), 0);
    check_live(N / 2);
    return 0;
}

static void handlers_of_forks_may_use_pools(void **state) {
    (void)state;
    assert_int_equal(child_status(early_handlers, NULL), 0);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static uint64_t memfd_bytes(void) {
    struct stat status;
    CHECK(fstat(find_descriptor(), &status) == 0);
    return (uint64_t)status.st_blocks * 512;
}

static int pages_go_back(void *unused) {
    (void)unused;
    enum { BYTES = 4 << 20 };
    pool = pool_of(64);
    uint64_t before = memfd_bytes();
    char *block = block_take(BYTES);
    memset(block, 1, BYTES);
    CHECK(memfd_bytes() >= before + BYTES);
    block_give(block, BYTES);
    CHECK(memfd_bytes() < before + BYTES / 16);
    char *again = block_take(BYTES);
    CHECK(again == block && again[0] == 0 && again[BYTES - 1] == 0);
    return 0;
}

static void what_is_given_back_leaves_the_memfd(void **state) {
    (void)state;
    assert_int_equal(child_status(pages_go_back, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_has_one_memfd),
        cmocka_unit_test(without_a_memfd_all_else_works),
        cmocka_unit_test(a_child_has_books_of_its_own),
        cmocka_unit_test(a_child_has_books_whatever_became_of_descriptors),
        cmocka_unit_test(handlers_of_forks_may_use_pools),
        cmocka_unit_test(what_is_given_back_leaves_the_memfd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
