/* SPDX-License-Identifier: MIT */
/* Many threads in turns, compiled once per kind of peer. Included by bench/cases_template.h. */

/*
 * THEORY
 *
 * A daemon's threads pass requests on: one reads them, another serves them, a third answers. Each
 * runs for a few microseconds and sleeps; what one got another puts; and whoever runs next finds
 * its processor's caches full of the others'.
 *
 *      thread 0 --token--> thread 1 --token--> ... thread 23 --.
 *         ^----------------------------------------------------'
 *
 * Two tokens go round, one for each processor. Who is woken with one puts the objects that it
 * brings, gets as many anew, and wakes the next. Only the gets and puts are measured, not the
 * sleeping.
 */

#include "bench/worker.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { CROWD_TOKENS = 2, CROWD_OBJECTS = CROWD_REQUESTS * REQUEST_OBJECTS };

struct token {
    void *objects[CROWD_OBJECTS];
    size_t n;
};

struct member {
    sem_t woken;
    struct token *_Atomic inbox[CROWD_TOKENS];
    uint64_t ns, pairs; /* in this measurement; read when all sleep or have ended */
    pthread_t thread;
};

static struct {
    struct member members[CROWD_THREADS];
    struct token tokens[CROWD_TOKENS];
    atomic_bool is_over;
} crowd;

static void crowd_hand_over(struct member *member, struct token *token) {
    size_t at = 0;
    struct token *none = NULL;
    /* Release and acquire: the token's objects, and what was written to them. */
    while (!atomic_compare_exchange_strong_explicit(&member->inbox[at % CROWD_TOKENS], &none, token,
                                                    memory_order_release, memory_order_relaxed)) {
        none = NULL;
        at++;
    }
    (void)sem_post(&member->woken);
}

static struct token *crowd_receive(struct member *member) {
    struct token *token = NULL;
    while (sem_wait(&member->woken) != 0) {
    }
    for (size_t at = 0; token == NULL; at++) {
        token =
            atomic_exchange_explicit(&member->inbox[at % CROWD_TOKENS], NULL, memory_order_acquire);
    }
    return token;
}

static void crowd_serve(struct token *token) {
    for (size_t i = 0; i < token->n; i++) {
        peer_put(pools[i % REQUEST_OBJECTS], token->objects[i]);
    }
    for (size_t i = 0; i < CROWD_OBJECTS; i++) {
        token->objects[i] = take(pools[i % REQUEST_OBJECTS]);
    }
    token->n = CROWD_OBJECTS;
}

static void *crowd_member(void *arg) {
    struct member *self = arg;
    struct member *next = self + 1 < crowd.members + CROWD_THREADS ? self + 1 : crowd.members;
    PEER_THREAD_START();
    for (;;) {
        struct token *token = crowd_receive(self);
        if (atomic_load(&crowd.is_over)) {
            crowd_hand_over(next, token); /* and so all hear of it */
            break;
        }
        uint64_t begin = worker_now_ns();
        crowd_serve(token);
        self->ns += worker_now_ns() - begin;
        self->pairs += CROWD_OBJECTS;
        crowd_hand_over(next, token);
    }
    PEER_THREAD_STOP();
    return NULL;
}

static void crowd_begin(void) {
    atomic_store(&crowd.is_over, false);
    for (size_t i = 0; i < CROWD_THREADS; i++) {
        struct member *member = &crowd.members[i];
        *member = (struct member){.ns = 0};
        (void)sem_init(&member->woken, 0, 0);
        if (pthread_create(&member->thread, NULL, crowd_member, member) != 0) {
            worker_give_up(-EAGAIN, "a thread of the crowd could not be started");
        }
    }
    for (size_t i = 0; i < CROWD_TOKENS; i++) {
        crowd_hand_over(&crowd.members[i * CROWD_THREADS / CROWD_TOKENS], &crowd.tokens[i]);
    }
}

/* A token that comes to a member that has ended stays there, with its objects. */
static void crowd_end(void) {
    atomic_store(&crowd.is_over, true);
    for (size_t i = 0; i < CROWD_THREADS; i++) {
        (void)pthread_join(crowd.members[i].thread, NULL);
        (void)sem_destroy(&crowd.members[i].woken);
    }
}

static void crowd_run(uint64_t target_ns) {
    struct timespec time = {.tv_sec = (time_t)(target_ns / 1000000000u),
                            .tv_nsec = (long)(target_ns % 1000000000u)};
    crowd_begin();
    (void)nanosleep(&time, NULL);
    crowd_end();
}

static double measure_crowd(const struct work *work, uint64_t target_ns) {
    uint64_t ns = 0, pairs = 0;
    worker_pin_all(work);
    crowd_run(target_ns);
    for (size_t i = 0; i < CROWD_THREADS; i++) {
        ns += crowd.members[i].ns;
        pairs += crowd.members[i].pairs;
    }
    return pairs > 0 ? (double)ns / (double)pairs : 0.0;
}

/* After so long that each has had many turns: it does not grow with time. Two tokens are all that
 * is live. */
static double measure_resident_crowd(const struct work *work) {
    struct timespec time = {.tv_sec = 0, .tv_nsec = 300000000};
    worker_pin_all(work);
    size_t before = worker_resident_bytes();
    crowd_begin();
    (void)nanosleep(&time, NULL);
    size_t after = worker_resident_bytes();
    crowd_end();
    return (double)(after > before ? after - before : 0) / 1024.0;
}
