/* SPDX-License-Identifier: MIT */
/* libuv: a loop with timers, a pipe's two ends, and work on the threads of its pool. */
#include "books.h"

#include <mempool/adapt/libuv.h>

#include <stdlib.h>

enum { TIMERS = 200, JOBS = 20 };

static int fired, worked, finished, scanned;

static void on_timer(uv_timer_t *timer) {
    fired++;
    uv_close((uv_handle_t *)timer, NULL);
}

static void on_pool_thread(uv_work_t *job) {
    (void)job;
    __atomic_add_fetch(&worked, 1, __ATOMIC_RELAXED);
}

static void after_work(uv_work_t *job, int status) {
    (void)job;
    CHECK(status == 0);
    finished++;
}

/* The entries are allocated on a thread of the pool, and freed here. */
static void on_folder(uv_fs_t *request) {
    CHECK(request->result > 0);
    uv_dirent_t entry;
    while (uv_fs_scandir_next(request, &entry) == 0) {
        scanned++;
    }
    uv_fs_req_cleanup(request);
}

/* Environment variables are a plain malloc'ed list. */
static void list_environment(struct mempool_component *component) {
    uv_env_item_t *items;
    int count;
    CHECK(uv_os_environ(&items, &count) == 0);
    CHECK(count > 0);
    books_check_live(component, "libuv", (uint64_t)count);
    uv_os_free_environ(items, count);
}

int main(void) {
    struct mempool_component *component = books_begin("loop");
    CHECK(setenv("UV_THREADPOOL_SIZE", "8", 1) == 0); /* beyond the four that libuv has built in */
    CHECK(mempool_adapt_libuv(component) == 0);

    uv_loop_t loop;
    CHECK(uv_loop_init(&loop) == 0);
    static uv_timer_t timers[TIMERS];
    for (int i = 0; i < TIMERS; i++) {
        CHECK(uv_timer_init(&loop, &timers[i]) == 0);
        CHECK(uv_timer_start(&timers[i], on_timer, (uint64_t)(i % 7), 0) == 0);
    }
    static uv_work_t jobs[JOBS];
    for (int i = 0; i < JOBS; i++) {
        CHECK(uv_queue_work(&loop, &jobs[i], on_pool_thread, after_work) == 0);
    }
    uv_fs_t request;
    CHECK(uv_fs_scandir(&loop, &request, "/", 0, on_folder) == 0);
    list_environment(component);
    books_check_live(component, "libuv", 100);
    CHECK(uv_run(&loop, UV_RUN_DEFAULT) == 0);
    CHECK(fired == TIMERS && worked == JOBS && finished == JOBS && scanned > 2);

    CHECK(uv_loop_close(&loop) == 0);
    uv_library_shutdown();
    books_check_rest(component);
    return 0;
}
