/* SPDX-License-Identifier: MIT */
/* Threads that work in rounds; between two of them nobody works, and the books can be checked. */
#ifndef TESTS_SUPPORT_CREW_H
#define TESTS_SUPPORT_CREW_H

#include "threads.h"

#include <stddef.h>

enum { CREW_THREADS_MAX = 16 };

struct crew {
    size_t n_threads, n_rounds;
    void (*work)(size_t nth); /* one round of the nth thread's */
    void (*check)(void);      /* after each round */
};

struct crew_member {
    const struct crew *crew;
    size_t nth;
    size_t n_rounds; /* of this thread */
    pthread_barrier_t *rest_begins, *rest_ends;
};

static inline void *crew_member_run(void *argument) {
    const struct crew_member *member = argument;
    for (size_t round = 0; round < member->n_rounds; round++) {
        member->crew->work(member->nth);
        pthread_barrier_wait(member->rest_begins);
        pthread_barrier_wait(member->rest_ends);
    }
    return NULL;
}

/* One generation of threads, which rest so many times and end. */
static inline void crew_run_generation(const struct crew *crew, size_t n_rounds) {
    pthread_t threads[CREW_THREADS_MAX];
    struct crew_member members[CREW_THREADS_MAX];
    pthread_barrier_t rest_begins, rest_ends;
    CHECK(crew->n_threads <= CREW_THREADS_MAX);
    CHECK(pthread_barrier_init(&rest_begins, NULL, (unsigned)crew->n_threads + 1) == 0);
    CHECK(pthread_barrier_init(&rest_ends, NULL, (unsigned)crew->n_threads + 1) == 0);
    for (size_t i = 0; i < crew->n_threads; i++) {
        members[i] = (struct crew_member){crew, i, n_rounds, &rest_begins, &rest_ends};
        threads[i] = thread_start(crew_member_run, &members[i]);
    }
    for (size_t round = 0; round < n_rounds; round++) {
        pthread_barrier_wait(&rest_begins);
        crew->check();
        pthread_barrier_wait(&rest_ends);
    }
    for (size_t i = 0; i < crew->n_threads; i++) {
        thread_join(threads[i]);
    }
    CHECK(pthread_barrier_destroy(&rest_begins) == 0 && pthread_barrier_destroy(&rest_ends) == 0);
    crew->check();
}

/* All rounds by the same threads, which rest with what they cache. */
static inline void crew_run_resting(const struct crew *crew) {
    crew_run_generation(crew, crew->n_rounds);
}

/* Each round by new threads, which go on with the work of those that ended. */
static inline void crew_run_ending(const struct crew *crew) {
    for (size_t round = 0; round < crew->n_rounds; round++) {
        crew_run_generation(crew, 1);
    }
}

#endif
