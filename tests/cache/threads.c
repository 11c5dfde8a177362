/* SPDX-License-Identifier: MIT */
/* Threads attached and ended: their structs, their numbers, and the notes that outlive them. */
#include "unit.h"

#include "child.h"
#include "faults.h"
#include "plain_pool.h"
#include "scale.h"

#include "vm/blocks.h"

#include <semaphore.h>
#include <sys/prctl.h>

enum { N_CROWD = 1100, CROWD_STACK_BYTES = 128 << 10, N_IN_A_ROW = 50 };

static struct depot depot;
static unsigned last_number;
static long last_id;

static void *attach_and_end(void *name) {
    CHECK(prctl(PR_SET_NAME, name, 0, 0, 0) == 0);
    CHECK(thread_current == &thread_none);
    void *object = plain_get(&depot);
    CHECK(thread_attached(thread_current));
    last_number = load_relaxed(&thread_current->number);
    last_id = sys_thread_id();
    const struct thread_note *note = thread_note(last_number);
    CHECK(load_relaxed(&note->id) == last_id && load_relaxed(&note->exited) == 0);
    plain_put(&depot, object);
    return NULL;
}

/* A number is used again as late as possible, so that its note lasts. */
static int notes_last(void *unused) {
    (void)unused;
    static char name[] = "worker";
    unsigned numbers[N_IN_A_ROW];
    long ids[N_IN_A_ROW];
    plain_begin(&depot, 64, 1);
    for (int i = 0; i < N_IN_A_ROW; i++) {
        thread_run(attach_and_end, name);
        numbers[i] = last_number;
        ids[i] = last_id;
        CHECK(last_number > 0 && last_number < THREAD_NUMBERS);
        CHECK(i == 0 || numbers[i] == numbers[i - 1] + 1);
    }
    for (int i = 0; i < N_IN_A_ROW; i++) {
        const struct thread_note *note = thread_note(numbers[i]);
        CHECK(load_relaxed(&note->exited) == 1 && load_relaxed(&note->id) == ids[i]);
        CHECK(strcmp(note->name, "worker") == 0);
    }
    size_t n_structs = 0;
    for (const struct thread *at = threads_first(); at != NULL; at = at->next_all) {
        n_structs++;
    }
    CHECK_EQUAL(n_structs, 1); /* each used the struct that the last one left */
    plain_check(&depot, 0);
    return 0;
}

static void notes_outlive_their_threads(void **state) {
    (void)state;
    assert_int_equal(child_status(notes_last, NULL), 0);
}

static sem_t arrived, leave;
static _Atomic unsigned n_unnumbered;

static void *join_crowd(void *argument) {
    (void)argument;
    void *object = plain_get(&depot);
    CHECK(object != NULL);
    (void)add_relaxed(&n_unnumbered, load_relaxed(&thread_current->number) == 0);
    sem_post(&arrived);
    sem_wait(&leave);
    plain_put(&depot, object);
    return NULL;
}

/* More threads at once than there are numbers: some have none, and work all the same. */
static int a_crowd_works(void *unused) {
    (void)unused;
    static pthread_t threads[N_CROWD];
    pthread_attr_t attributes;
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstacksize(&attributes, CROWD_STACK_BYTES) == 0);
    CHECK(sem_init(&arrived, 0, 0) == 0 && sem_init(&leave, 0, 0) == 0);
    plain_begin(&depot, 64, 1);
    for (int i = 0; i < N_CROWD; i++) {
        CHECK(pthread_create(&threads[i], &attributes, join_crowd, NULL) == 0);
        sem_wait(&arrived);
    }
    CHECK_EQUAL(load_relaxed(&n_unnumbered), N_CROWD - (THREAD_NUMBERS - 1));
    plain_check(&depot, N_CROWD);
    for (int i = 0; i < N_CROWD; i++) {
        sem_post(&leave);
    }
    for (int i = 0; i < N_CROWD; i++) {
        thread_join(threads[i]);
    }
    plain_check(&depot, 0);
    CHECK_EQUAL(plain_sum(&depot).caches, 0);
    return 0;
}

static void more_threads_than_numbers(void **state) {
    (void)state;
    if (!test_runtime_is_plain()) {
        skip(); /* a tool's threads are too large for so many */
    }
    assert_int_equal(child_status(a_crowd_works, NULL), 0);
}

static int init_fails(void *unused) {
    (void)unused;
    CHECK(space_init(DEPOTS_POOL_PLACE_BYTES, SLAB_BYTES) == 0);
    faults_arm(FAULT_COMMIT, 1, UINT64_MAX);
    CHECK(threads_init(plain_nothing_deferred) == -ENOMEM);
    CHECK_EQUAL(faults_disarm(), 1);
    plain_begin(&depot, 64, 1);
    plain_put(&depot, plain_get(&depot));
    CHECK(threads_init(plain_nothing_deferred) == 0); /* once and for all */
    return 0;
}

static void initialisation_may_be_tried_again(void **state) {
    (void)state;
    assert_int_equal(child_status(init_fails, NULL), 0);
}

static void *attach_without_memory(void *argument) {
    (void)argument;
    void *for_struct = block_take(sizeof(struct thread));
    faults_arm(FAULT_COMMIT, 1, UINT64_MAX);
    while (block_take(sizeof(struct thread)) != NULL) {
    }
    while (block_take(4096) != NULL) {
    }
    CHECK(!thread_attach() && thread_current == &thread_none); /* no struct */
    block_give(for_struct, sizeof(struct thread));
    CHECK(!thread_attach() && thread_current == &thread_none); /* no table */
    thread_flush();
    CHECK(faults_disarm() > 0);
    CHECK(thread_attach() && thread_attached(thread_current));
    CHECK(thread_attach()); /* is attached already */
    return NULL;
}

static int attaching_fails(void *unused) {
    (void)unused;
    plain_begin(&depot, 64, 1);
    thread_run(attach_without_memory, NULL);
    return 0;
}

static void a_thread_that_cannot_attach_may_try_again(void **state) {
    (void)state;
    assert_int_equal(child_status(attaching_fails, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_outlive_their_threads),
        cmocka_unit_test(more_threads_than_numbers),
        cmocka_unit_test(initialisation_may_be_tried_again),
        cmocka_unit_test(a_thread_that_cannot_attach_may_try_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
