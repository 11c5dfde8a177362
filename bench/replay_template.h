/* SPDX-License-Identifier: MIT */
/* The replay of a trace, compiled once per kind of peer. Included by bench/cases_template.h. */

#include "bench/worker.h"
#include "replay/engine.h"
#include "replay/plan.h"
#include "replay/trace.h"

#include <errno.h>

#define RESIDENT_SAMPLES 200 /* looks at resident memory during one replay */

#define REPLAY_PREFIX replayed
#define REPLAY_GET(pool, object_bytes) peer_get(pool)
#define REPLAY_GET0(pool, object_bytes) peer_get0(pool)
#define REPLAY_PUT(pool, object) peer_put((pool), (object))
#define REPLAY_MALLOC(site, bytes) (peer_enter(worker, site), peer_malloc((site), (bytes)))
#define REPLAY_CALLOC(site, bytes) (peer_enter(worker, site), peer_calloc((site), (bytes)))
#define REPLAY_REALLOC(site, block, bytes) peer_realloc((block), (bytes))
#define REPLAY_FREE(site, block) peer_free(block)

#include "replay/engine_template.h"

static struct {
    struct trace *trace;
    struct plan *plan;
    struct replay_engine *engine;
    size_t resident_before, resident_most; /* bytes */
} replay;

static void *replay_pool_create(size_t object_bytes, size_t count, const char *name) {
    peer_pool pool;
    (void)name;
    int status = peer_open(&pool, object_bytes, count);
    if (status != 0) {
        errno = -status;
        return NULL;
    }
    return pool;
}

static void replay_pool_destroy(void *handle) {
    peer_close(handle);
}

static void *replay_site_create(const char *name) {
    return peer_site_open(name);
}

static void replay_thread_start(void) {
    PEER_THREAD_START();
}

static void replay_thread_stop(void) {
    PEER_THREAD_STOP();
}

static const struct replay_contender replay_contender = {
    .name = "peer",
    .summary = "the peer of this worker",
    .pool_create = replay_pool_create,
    .pool_destroy = replay_pool_destroy,
    .put = replayed_put,
    .site_create = replay_site_create,
    .free = replayed_free,
    .run_single = replayed_run_single,
    .run_shared = replayed_run_shared,
    .run_verified = replayed_run_verified,
    .thread_start = replay_thread_start,
    .thread_stop = replay_thread_stop,
};

static int replay_prepare(struct work *work) {
    struct trace_error error;
    const char *path = case_uses_heap(work->test) ? work->heap_trace_path : work->trace_path;
    int status = trace_load(&replay.trace, path, &error);
    if (status != 0) {
        worker_give_up(status, error.text);
    }
    replay.plan = plan_create(replay.trace, work->test->threads);
    replay.engine = replay.plan != NULL ? replay_engine_create(replay.plan) : NULL;
    if (replay.engine == NULL) {
        return -errno;
    }
    worker_pin_all(work);
    return 0;
}

/* One round; gives up with the fault in words. */
static uint64_t replay_once(const struct replay_options *options) {
    struct replay_outcome outcome;
    if (replay_round(replay.engine, &replay_contender, options, &outcome) != 0) {
        char text[REASON_BYTES];
        replay_fault_text(&outcome.fault, replay.trace, text, sizeof(text));
        worker_give_up(-EFAULT, text);
    }
    return outcome.elapsed_ns;
}

static void replay_note_before(void *arg) {
    (void)arg;
    replay.resident_before = worker_resident_bytes();
    replay.resident_most = replay.resident_before;
}

static void replay_note_sample(void *arg) {
    (void)arg;
    size_t now = worker_resident_bytes();
    replay.resident_most = now > replay.resident_most ? now : replay.resident_most;
}

static void replay_note_end(void *arg, void *const *handles, size_t n_classes) {
    (void)handles;
    (void)n_classes;
    replay_note_sample(arg);
}

/* KiB. */
static double replay_measure_resident(void) {
    const struct replay_options options = {
        .verified = true,
        .n_samples = RESIDENT_SAMPLES,
        .before_pools = replay_note_before,
        .on_sample = replay_note_sample,
        .at_end = replay_note_end,
    };
    (void)replay_once(&options);
    return (double)(replay.resident_most - replay.resident_before) / 1024.0;
}

/* Nanoseconds per get and put, or malloc and free; the first call plays once more, to warm up. */
static double replay_measure(struct work *work, uint64_t target_ns) {
    const struct replay_options options = {0};
    if (work->test->group == GROUP_RESIDENT) {
        return replay_measure_resident();
    }
    if (work->repetitions == 0) {
        (void)replay_once(&options);
    }
    uint64_t elapsed_ns = 0;
    uint64_t rounds = 0;
    do {
        elapsed_ns += replay_once(&options);
        rounds++;
    } while (elapsed_ns < target_ns);
    work->repetitions = rounds;
    return (double)elapsed_ns / (double)rounds / (double)trace_pairs(replay.trace);
}
