/* SPDX-License-Identifier: MIT */
/* Signal handlers that get and put while their thread is being recorded: nothing hangs, also beside
 * another thread; what they did is told, or counted as lost. */
#include "stream.h"
#include "temporary.h"
#include "threads.h"

#include <mempool/misuse.h>
#include <mempool/observe.h>

#include <errno.h>
#include <stdatomic.h>
#include <sys/time.h>

enum { SECONDS = 2, HANDLED_MIN = 100 };

static struct mempool *pool;
static atomic_int handled, refused; /* of both threads */

static void handle(int number) {
    (void)number;
    int saved_errno = errno;
    void *object = mempool_get(pool);
    if (object != NULL) {
        mempool_put(object);
    } else {
        atomic_fetch_add(&refused, 1);
    }
    atomic_fetch_add(&handled, 1);
    errno = saved_errno;
}

static uint64_t now_ms(void) {
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static const struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};

static void *get_and_put(void *end) {
    while (now_ms() < *(const uint64_t *)end) {
        void *object = mempool_get(pool);
        CHECK(object != NULL);
        mempool_put(object);
    }
    return NULL;
}

/* One may have the depot's lock and wait for the recorder, which the other has when its handler
 * comes. */
static void beside_another(void) {
    uint64_t end = now_ms() + SECONDS * 1000;
    int fd = open("/dev/null", O_WRONLY);
    CHECK(fd >= 0);
    CHECK_EQUAL(mempool_record(fd), 0);
    CHECK(setitimer(ITIMER_PROF, &often, NULL) == 0);
    pthread_t thread = thread_start(get_and_put, &end);
    (void)get_and_put(&end);
    thread_join(thread);
    CHECK(setitimer(ITIMER_PROF, &never, NULL) == 0);
    CHECK_EQUAL(mempool_record_end(), 0);
    close(fd);
}

int main(void) {
    struct stream_sums sums;
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    watchdog_set(120);
    pool = mempool_create_typed(64, 16, "handlers", 1000);
    mempool_misuse_sink_set(-1);
    CHECK(sigaction(SIGPROF, &action, NULL) == 0);
    beside_another();
    atomic_store(&handled, 0);
    atomic_store(&refused, 0);
    int fd = temporary_file();
    CHECK_EQUAL(mempool_record(fd), 0);
    CHECK(setitimer(ITIMER_PROF, &often, NULL) == 0);
    uint64_t end = now_ms() + SECONDS * 1000;
    uint64_t pairs = 0;
    while ((now_ms() < end || handled < HANDLED_MIN) && pairs < 400000) {
        void *object = mempool_get(pool);
        CHECK(object != NULL);
        mempool_put(object);
        pairs++;
    }
    CHECK(setitimer(ITIMER_PROF, &never, NULL) == 0);
    /* One that is still to come would be handled after the end. */
    sigset_t late;
    CHECK(sigemptyset(&late) == 0 && sigaddset(&late, SIGPROF) == 0);
    CHECK(sigprocmask(SIG_BLOCK, &late, NULL) == 0);
    CHECK_EQUAL(mempool_record_end(), 0);
    close(fd);
    stream_read(temporary_path, &sums);
    CHECK(sums.is_whole && handled > 0);
    uint64_t got = pairs + (uint64_t)handled - (uint64_t)refused;
    CHECK(sums.n[STREAM_GET] <= got && sums.n[STREAM_PUT] <= got);
    CHECK(sums.n[STREAM_GET] + sums.n[STREAM_PUT] + sums.lost >= 2 * got);
    CHECK(sums.unknown + sums.got_twice <= sums.lost);
    return 0;
}
