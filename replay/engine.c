/* SPDX-License-Identifier: MIT */
/* Runs a plan through a contender. */
#include "replay/engine.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "replay/pin.h"

/* When the workers may go on: opened step by step by the thread that runs the round. */
enum gate_step {
    GATE_CLOSED = 0,
    GATE_RUN,
    GATE_LEAVE,
};

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum gate_step step;
    unsigned n_arrived;
};

struct replay_engine {
    const struct plan *plan;
    struct replay_memory memory; /* holds this struct too */
    void **handles;              /* of each class */
    uint32_t n_made;
    void **objects;
    struct replay_cell *cells;
    struct replay_worker workers[PLAN_WORKERS_MAX];
    unsigned n_started;
    /* of the present round */
    const struct replay_contender *contender;
    const struct replay_options *options;
    struct gate gate;
    atomic_bool stop;
    _Atomic unsigned n_running; /* workers that are past the gate */
};

/* ---- helpers of the hot loops ---- */

void replay_sample(struct replay_worker *worker) {
    const struct replay_options *options = worker->engine->options;
    if (options->on_sample) {
        options->on_sample(options->arg);
    }
}

void replay_stop(struct replay_worker *worker, enum replay_fault_kind kind,
                 const struct plan_event *event) {
    int error_number = errno;
    worker->fault = (struct replay_fault){
        .kind = kind,
        .class = event->class,
        .object = event->object,
        .error_number = kind == REPLAY_NO_OBJECT ? error_number : 0,
    };
    /* Relaxed: the others only look whether to stop; the fault is read after they are joined. */
    atomic_store_explicit(worker->stop, true, memory_order_relaxed);
}

void replay_fill(void *object, size_t bytes, uint64_t stamp) {
    size_t at = 0;
    for (; at + sizeof(stamp) <= bytes; at += sizeof(stamp)) {
        memcpy((char *)object + at, &stamp, sizeof(stamp));
    }
    memcpy((char *)object + at, &stamp, bytes - at);
}

bool replay_is_filled(const void *object, size_t bytes, uint64_t stamp) {
    const char *byte = object;
    size_t at = 0;
    for (; at + sizeof(stamp) <= bytes; at += sizeof(stamp)) {
        uint64_t found;
        memcpy(&found, byte + at, sizeof(found));
        if (found != stamp) {
            return false;
        }
    }
    return memcmp(byte + at, &stamp, bytes - at) == 0;
}

bool replay_is_zero(const void *object, size_t bytes) {
    const unsigned char *byte = object;
    unsigned char any = 0;
    for (size_t i = 0; i < bytes; i++) {
        any |= byte[i];
    }
    return any == 0;
}

/* ---- the gate ---- */

static void gate_init(struct gate *gate) {
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->changed, NULL);
    gate->step = GATE_CLOSED;
    gate->n_arrived = 0;
}

static void gate_fini(struct gate *gate) {
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->lock);
}

/* A worker is there, and waits for a step. */
static void gate_pass(struct gate *gate, enum gate_step step) {
    pthread_mutex_lock(&gate->lock);
    gate->n_arrived++;
    pthread_cond_broadcast(&gate->changed);
    while (gate->step < step) {
        pthread_cond_wait(&gate->changed, &gate->lock);
    }
    pthread_mutex_unlock(&gate->lock);
}

/* Wait until n workers are there. */
static void gate_await(struct gate *gate, unsigned n) {
    pthread_mutex_lock(&gate->lock);
    while (gate->n_arrived < n) {
        pthread_cond_wait(&gate->changed, &gate->lock);
    }
    gate->n_arrived = 0;
    pthread_mutex_unlock(&gate->lock);
}

static void gate_open(struct gate *gate, enum gate_step step) {
    pthread_mutex_lock(&gate->lock);
    gate->step = step;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

/* ---- workers ---- */

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The gate wakes the workers one after the other: let none begin before all are awake. */
static void start_together(struct replay_engine *engine) {
    unsigned n = engine->plan->n_workers;
    unsigned tries = 0;
    /* Relaxed: only a meeting in time; what the workers read was made before the gate opened. */
    atomic_fetch_add_explicit(&engine->n_running, 1, memory_order_relaxed);
    while (atomic_load_explicit(&engine->n_running, memory_order_relaxed) < n) {
        relax(&tries);
    }
}

static void run_worker(struct replay_worker *worker) {
    struct replay_engine *engine = worker->engine;
    const struct replay_contender *contender = engine->contender;
    void (*run)(struct replay_worker *) = engine->options->verified     ? contender->run_verified
                                          : engine->plan->n_workers > 1 ? contender->run_shared
                                                                        : contender->run_single;
    start_together(engine);
    worker->start_ns = now_ns();
    run(worker);
    worker->end_ns = now_ns();
}

static void *worker_main(void *arg) {
    struct replay_worker *worker = arg;
    struct replay_engine *engine = worker->engine;
    if (engine->plan->n_workers > 1) {
        pin_thread((unsigned)(worker - engine->workers));
    }
    if (engine->contender->thread_start) {
        engine->contender->thread_start();
    }
    gate_pass(&engine->gate, GATE_RUN);
    /* Relaxed: set before the gate opened, if at all (no pools, or too few workers). */
    if (!atomic_load_explicit(&engine->stop, memory_order_relaxed)) {
        run_worker(worker);
    }
    gate_pass(&engine->gate, GATE_LEAVE);
    if (engine->contender->thread_stop) {
        engine->contender->thread_stop();
    }
    return NULL;
}

static void prepare_worker(struct replay_engine *engine, unsigned number) {
    const struct plan_worker *share = &engine->plan->workers[number];
    const struct replay_options *options = engine->options;
    struct replay_worker *worker = &engine->workers[number];
    size_t interval = options->n_samples ? share->n_events / options->n_samples : 0;
    *worker = (struct replay_worker){
        .events = share->events,
        .events_end = share->events + share->n_events,
        .tickets = share->tickets,
        .bytes = share->bytes,
        .handles = engine->handles,
        .object_bytes = engine->plan->object_bytes,
        .objects = engine->objects,
        .cells = engine->cells,
        .stop = &engine->stop,
        .engine = engine,
        /* Worker 0 has the busiest of the threads. */
        .sample_interval = number > 0 || options->n_samples == 0 ? SIZE_MAX : interval + 1,
    };
}

static int start_workers(struct replay_engine *engine, struct replay_fault *fault) {
    for (unsigned i = 0; i < engine->plan->n_workers; i++) {
        prepare_worker(engine, i);
        int error =
            pthread_create(&engine->workers[i].thread, NULL, worker_main, &engine->workers[i]);
        if (error != 0) {
            *fault = (struct replay_fault){.kind = REPLAY_NO_THREAD, .error_number = error};
            return -EFAULT;
        }
        engine->n_started++;
    }
    return 0;
}

static void join_workers(struct replay_engine *engine) {
    for (unsigned i = 0; i < engine->n_started; i++) {
        pthread_join(engine->workers[i].thread, NULL);
    }
}

/* ---- a round ---- */

static void *create_handle(const struct replay_contender *contender,
                           const struct trace_class *class) {
    errno = 0;
    return class->is_site ? contender->site_create(class->name)
                          : contender->pool_create(class->object_bytes, class->count, class->name);
}

static int create_pools(struct replay_engine *engine, struct replay_fault *fault) {
    const struct trace *trace = engine->plan->trace;
    const struct replay_contender *contender = engine->contender;
    if (trace->n_sites > 0 && !contender->site_create) {
        *fault = (struct replay_fault){.kind = REPLAY_NO_HEAP};
        return -EFAULT;
    }
    int begun = contender->round_begin ? contender->round_begin(trace) : 0;
    if (begun != 0) {
        *fault = (struct replay_fault){.kind = REPLAY_NO_START, .error_number = -begun};
        return -EFAULT;
    }
    for (; engine->n_made < trace->n_classes; engine->n_made++) {
        uint32_t number = engine->n_made;
        void *made = create_handle(contender, &trace->classes[number]);
        if (!made) {
            *fault = (struct replay_fault){
                .kind = REPLAY_NO_POOL, .class = (uint16_t)number, .error_number = errno};
            return -EFAULT;
        }
        engine->handles[number] = made;
    }
    return 0;
}

static void destroy_pools(struct replay_engine *engine) {
    while (engine->n_made > 0) {
        engine->n_made--;
        if (!engine->plan->trace->classes[engine->n_made].is_site) {
            engine->contender->pool_destroy(engine->handles[engine->n_made]);
        }
    }
    if (engine->contender->round_end) {
        engine->contender->round_end();
    }
}

static void put_leftovers(struct replay_engine *engine) {
    const struct plan *plan = engine->plan;
    bool in_cells = engine->options->verified || plan->n_workers > 1;
    for (uint32_t i = 0; i < plan->n_leftovers; i++) {
        const struct plan_leftover *left = &plan->leftovers[i];
        void *object =
            in_cells ? engine->cells[left->object].object : engine->objects[left->object];
        if (plan->trace->classes[left->class].is_site) {
            engine->contender->free(engine->handles[left->class], object);
        } else {
            engine->contender->put(engine->handles[left->class], object);
        }
    }
}

/* Both arrays afresh, which also makes them resident before memory is measured. */
static void reset(struct replay_engine *engine, const struct replay_contender *contender,
                  const struct replay_options *options) {
    uint32_t n = engine->plan->trace->n_objects;
    engine->contender = contender;
    engine->options = options;
    engine->n_started = 0;
    engine->n_made = 0;
    for (uint32_t i = 0; i < n; i++) {
        engine->objects[i] = NULL;
        engine->cells[i].object = NULL;
        /* Relaxed: no worker is there yet. */
        atomic_store_explicit(&engine->cells[i].ticket, 0, memory_order_relaxed);
    }
    atomic_store_explicit(&engine->stop, false, memory_order_relaxed);
    atomic_store_explicit(&engine->n_running, 0, memory_order_relaxed);
    gate_init(&engine->gate);
}

/* From the start of the workers until all of them are through, and still there. */
static int run_workers(struct replay_engine *engine, struct replay_fault *fault) {
    const struct replay_options *options = engine->options;
    int result = start_workers(engine, fault);
    gate_await(&engine->gate, engine->n_started);
    if (options->before_pools) {
        options->before_pools(options->arg);
    }
    if (result == 0) {
        result = create_pools(engine, fault);
    }
    if (result != 0) {
        /* Relaxed: the gate's lock orders it. */
        atomic_store_explicit(&engine->stop, true, memory_order_relaxed);
    }
    gate_open(&engine->gate, GATE_RUN);
    gate_await(&engine->gate, engine->n_started);
    return result;
}

static int gather(const struct replay_engine *engine, struct replay_outcome *outcome) {
    uint64_t first_ns = UINT64_MAX;
    uint64_t last_ns = 0;
    for (unsigned i = 0; i < engine->n_started; i++) {
        const struct replay_worker *worker = &engine->workers[i];
        if (worker->fault.kind != REPLAY_NO_FAULT) {
            outcome->fault = worker->fault;
            return -EFAULT;
        }
        first_ns = worker->start_ns < first_ns ? worker->start_ns : first_ns;
        last_ns = worker->end_ns > last_ns ? worker->end_ns : last_ns;
    }
    outcome->elapsed_ns = last_ns - first_ns;
    return 0;
}

int replay_round(struct replay_engine *engine, const struct replay_contender *contender,
                 const struct replay_options *options, struct replay_outcome *outcome) {
    *outcome = (struct replay_outcome){0};
    reset(engine, contender, options);
    int result = run_workers(engine, &outcome->fault);
    if (result == 0) {
        result = gather(engine, outcome);
    }
    if (result == 0 && options->at_end) {
        options->at_end(options->arg, engine->handles, engine->plan->trace->n_classes);
    }
    gate_open(&engine->gate, GATE_LEAVE);
    join_workers(engine);
    if (result == 0) {
        put_leftovers(engine);
        destroy_pools(engine);
    }
    gate_fini(&engine->gate);
    return result;
}

struct replay_engine *replay_engine_create(const struct plan *plan) {
    struct replay_memory memory = {0};
    struct replay_engine *engine = replay_memory_take(&memory, 1, sizeof(*engine));
    if (!engine) {
        return NULL;
    }
    engine->memory = memory;
    engine->plan = plan;
    const struct trace *trace = plan->trace;
    engine->handles = replay_memory_take(&engine->memory, trace->n_classes, sizeof(void *));
    engine->objects = replay_memory_take(&engine->memory, trace->n_objects, sizeof(void *));
    engine->cells =
        replay_memory_take(&engine->memory, trace->n_objects, sizeof(struct replay_cell));
    if (!engine->handles || !engine->objects || !engine->cells) {
        replay_engine_destroy(engine);
        errno = ENOMEM;
        return NULL;
    }
    return engine;
}

void replay_engine_destroy(struct replay_engine *engine) {
    if (engine) {
        struct replay_memory memory = engine->memory; /* which holds the engine itself */
        replay_memory_release(&memory);
    }
}

void replay_engine_each_mapping(const struct replay_engine *engine,
                                void (*visit)(void *start, size_t bytes)) {
    replay_memory_each(&engine->memory, visit);
    replay_memory_each(&engine->plan->memory, visit);
    replay_memory_each(&engine->plan->trace->memory, visit);
}

/* A fault of a contender or a pool, or of one object. */
static bool is_of_object(enum replay_fault_kind kind) {
    return kind >= REPLAY_NO_OBJECT;
}

void replay_fault_text(const struct replay_fault *fault, const struct trace *trace, char *text,
                       size_t bytes) {
    static const char *const what[] = {
        [REPLAY_NO_FAULT] = "nothing is wrong",
        [REPLAY_NO_START] = "cannot be prepared",
        [REPLAY_NO_HEAP] = "has no heap, which this trace needs",
        [REPLAY_NO_POOL] = "cannot create",
        [REPLAY_NO_THREAD] = "cannot start a worker",
        [REPLAY_NO_OBJECT] = "a get returned nothing from",
        [REPLAY_OVERLAP] = "overlap: a live object lost what was written to it, of",
        [REPLAY_NOT_ZEROED] = "a zeroed get was not zero, from",
        [REPLAY_NOT_KEPT] = "a realloc lost what was written to the block, of",
    };
    const char *reason = fault->error_number ? strerror(fault->error_number) : "";
    const char *colon = fault->error_number ? ": " : "";
    if (fault->kind != REPLAY_NO_POOL && !is_of_object(fault->kind)) {
        snprintf(text, bytes, "%s%s%s", what[fault->kind], colon, reason);
        return;
    }
    const struct trace_class *class = &trace->classes[fault->class];
    char size[32] = "";
    char object[32] = "";
    if (!class->is_site) {
        snprintf(size, sizeof(size), " (%u bytes)", class->object_bytes);
    }
    if (is_of_object(fault->kind)) {
        snprintf(object, sizeof(object), ", object %u", fault->object - class->first_object);
    }
    snprintf(text, bytes, "%s %s %s%s%s%s%s", what[fault->kind], class->is_site ? "site" : "pool",
             class->name, size, object, colon, reason);
}
