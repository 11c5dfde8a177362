/* SPDX-License-Identifier: MIT */
/* Requests as another process makes them: carried out by a thread that gets, answered once. */
#include "stream.h"
#include "temporary.h"
#include "threads.h"

#include "record/control.h"

#include <mempool/observe.h>

#include <errno.h>
#include <stdatomic.h>

static struct mempool *pool;
static char fifo[96];

static void remove_fifo(void) {
    unlink(fifo);
}

/* As from outside: plain writes. */
static int request(enum control_request what, const char *path) {
    uint32_t before = atomic_load(&recording_control.answers);
    snprintf(recording_control.path, sizeof recording_control.path, "%s", path);
    atomic_store(&recording_control.request, what);
    for (int i = 0; i < 1000 && atomic_load(&recording_control.answers) == before; i++) {
        mempool_put(mempool_get(pool));
        sleep_ms(5);
    }
    CHECK_EQUAL(atomic_load(&recording_control.answers), before + 1);
    CHECK_EQUAL(atomic_load(&recording_control.request), CONTROL_NONE);
    return atomic_load(&recording_control.result);
}

int main(void) {
    char bytes[4096];
    struct stream_event last;
    watchdog_set(120);
    pool = mempool_create_typed(64, 16, "asked", 0);
    CHECK_EQUAL(recording_control.bytes, sizeof recording_control);
    CHECK_EQUAL(request(CONTROL_BEGIN, "/nonexistent/pipe"), -ENOENT);
    CHECK_EQUAL(request(CONTROL_END, ""), -ENOENT);
    close(temporary_file());
    snprintf(fifo, sizeof fifo, "%s.pipe", temporary_path);
    CHECK(mkfifo(fifo, 0600) == 0);
    atexit(remove_fifo);
    CHECK_EQUAL(request(CONTROL_BEGIN, fifo), -ENXIO); /* nobody reads */
    int fd = open(fifo, O_RDONLY | O_NONBLOCK);
    CHECK_EQUAL(request(CONTROL_BEGIN, fifo), 0);
    CHECK_EQUAL(request(CONTROL_BEGIN, fifo), -EBUSY);
    CHECK_EQUAL(request(CONTROL_END, ""), 0);
    CHECK_EQUAL(mempool_record_end(), -ENOENT);
    ssize_t n = 0, got;
    while ((got = read(fd, bytes + n, sizeof bytes - (size_t)n)) > 0) {
        n += got;
    }
    CHECK_EQUAL(got, 0); /* it was closed */
    CHECK(n > (ssize_t)sizeof last);
    memcpy(&last, bytes + n - sizeof last, sizeof last);
    CHECK_EQUAL(stream_kind(&last), STREAM_END);
    return 0;
}
