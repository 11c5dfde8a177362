/* SPDX-License-Identifier: MIT */
/* A worker process: answers the driver's requests with rounds of one case. */
#include "bench/worker.h"
#include "bench/random.h"
#include "replay/resident.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define STRETCH_NS ((uint64_t)50 * 1000) /* work between two looks at the clock */
#define PROBES 3                         /* runs that tell how long a stretch takes */
#define REPETITIONS_MAX ((uint64_t)1 << 30)

static int reply_fd = -1; /* the driver's end of what was our standard output */

void worker_text(char *ret, size_t bytes, const char *text) {
    size_t length = strnlen(text, bytes - 1);
    memcpy(ret, text, length);
    ret[length] = '\0';
}

/* All of it or nothing: 0 at the end of input or where the driver is gone. */
static int read_whole(void *ret, size_t bytes) {
    char *at = ret;
    while (bytes > 0) {
        ssize_t got = read(STDIN_FILENO, at, bytes);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return 0;
        }
        at += got;
        bytes -= (size_t)got;
    }
    return 1;
}

/* Without the driver there is nobody to tell. */
static void write_whole(const void *data, size_t bytes) {
    const char *at = data;
    while (bytes > 0) {
        ssize_t put = write(reply_fd, at, bytes);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            _exit(1);
        }
        at += put;
        bytes -= (size_t)put;
    }
}

_Noreturn void worker_give_up(int status, const char *reason) {
    struct worker_reply reply = {.status = status};
    worker_text(reply.reason, sizeof(reply.reason), reason);
    write_whole(&reply, sizeof(reply));
    _exit(1);
}

void *worker_map(size_t bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) {
        worker_give_up(-ENOMEM, "no memory for the harness's own arrays");
    }
    return memory;
}

void worker_pin(int cpu) {
    if (cpu < 0) {
        return;
    }
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    /* Refused where the CPU went away meanwhile: the figures are then noisier, not wrong. */
    (void)sched_setaffinity(0, sizeof(set), &set);
}

void worker_pin_all(const struct work *work) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (unsigned i = 0; i < work->test->threads && i < 2; i++) {
        if (work->cpus[i] < 0) {
            return;
        }
        CPU_SET((size_t)work->cpus[i], &set);
    }
    (void)sched_setaffinity(0, sizeof(set), &set);
}

static uint64_t clock_ns(clockid_t clock) {
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t worker_now_ns(void) {
    return clock_ns(CLOCK_MONOTONIC);
}

size_t worker_resident_bytes(void) {
    bool is_exact = false;
    size_t bytes = (size_t)resident_now(&is_exact);
    if (bytes == 0) {
        worker_give_up(-ENOSYS, "resident memory cannot be read from /proc");
    }
    return bytes;
}

/* The shortest of a few runs: the first one maps memory, any one may be interrupted. */
static uint64_t shortest_run_ns(struct work *work, work_loop loop, uint64_t repetitions) {
    uint64_t shortest_ns = UINT64_MAX;
    for (int i = 0; i < PROBES; i++) {
        uint64_t begin = worker_now_ns();
        loop(work, repetitions);
        uint64_t took_ns = worker_now_ns() - begin;
        shortest_ns = took_ns < shortest_ns ? took_ns : shortest_ns;
    }
    return shortest_ns;
}

/* How many repetitions take STRETCH_NS; runs them, so it warms up as well. */
static uint64_t find_repetitions(struct work *work, work_loop loop) {
    uint64_t repetitions = 1;
    while (repetitions < REPETITIONS_MAX && shortest_run_ns(work, loop, repetitions) < STRETCH_NS) {
        repetitions *= 2;
    }
    return repetitions;
}

double worker_measure_loop(struct work *work, work_loop loop, uint64_t pairs, uint64_t target_ns) {
    if (work->repetitions == 0) {
        work->repetitions = find_repetitions(work, loop);
    }
    uint64_t stretches = 0;
    uint64_t begin = worker_now_ns();
    /* The time that the thread had the CPU: another process's turns are not the loop's. */
    uint64_t cpu_begin = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    do {
        loop(work, work->repetitions);
        stretches++;
    } while (worker_now_ns() - begin < target_ns);
    uint64_t cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_begin;
    return (double)cpu_ns / (double)(stretches * work->repetitions * pairs);
}

static void fill_shuffles(struct work *work) {
    for (size_t turn = 0; turn < SHUFFLES; turn++) {
        uint16_t *shuffle = work->shuffles[turn];
        for (uint16_t i = 0; i < SHUFFLE_OBJECTS; i++) {
            size_t other = (size_t)random_below(&work->random, (uint64_t)i + 1);
            shuffle[i] = shuffle[other];
            shuffle[other] = i;
        }
    }
}

static void prepare(struct work *work, const struct worker_request *request) {
    if (request->case_index >= bench_n_cases) {
        worker_give_up(-EINVAL, "no such case: driver and worker are of different builds");
    }
    work->test = &bench_cases[request->case_index];
    work->cpus[0] = request->cpus[0];
    work->cpus[1] = request->cpus[1];
    worker_pin(work->cpus[0]);
    fill_shuffles(work);
    size_t live = work->test->live > 0 ? work->test->live : 1;
    for (size_t i = 0; i < IN_FLIGHT_CHOICES; i++) {
        work->choices[i] = (uint16_t)(random_next(&work->random) % (live < 65536 ? live : 65536));
    }
    size_t pointers = work->test->kind == CASE_IN_FLIGHT ? live * REQUEST_OBJECTS : live;
    work->objects = worker_map(pointers * sizeof(void *));
}

static void serve(struct work *work) {
    struct worker_request request;
    while (read_whole(&request, sizeof(request))) {
        struct worker_reply reply = {0};
        if (work->test == NULL) {
            prepare(work, &request);
            reply.status = case_prepare(work);
            if (reply.status != 0) {
                worker_give_up(reply.status, reply.status == -ENOTSUP ? "this peer has no such case"
                                                                      : strerror(-reply.status));
            }
        }
        reply.value = case_measure(work, request.target_ns);
        write_whole(&reply, sizeof(reply));
    }
}

int main(int argc, char **argv) {
    static struct work work = {.random = 20240607};
    if (argc != 3 || isatty(STDIN_FILENO)) {
        (void)fprintf(stderr, "%s: started by mempool-bench, not by hand\n", argv[0]);
        return 2;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    work.trace_path = argv[1];
    work.heap_trace_path = argv[2];
    /* A peer's library may print something: that must not get between the replies. */
    reply_fd = dup(STDOUT_FILENO);
    if (reply_fd < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
        return 2;
    }
    struct worker_hello hello = {0};
    hello.status = peer_start(&hello);
    write_whole(&hello, sizeof(hello));
    if (hello.status == 0) {
        serve(&work);
    }
    /* No exit handlers: a peer's own may take long over millions of live objects. */
    _exit(hello.status == 0 ? 0 : 1);
}
