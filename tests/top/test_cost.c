/* SPDX-License-Identifier: MIT */
/* What a look costs beside reading the process: 10,000 pools, 2,000 accounts and 30 threads, and
 * all call sites that a snapshot has, within the 50 ms of processor time that a look may take. */
#include "cli/top/session.h"
#include "made.h"
#include "scale.h"

#include <stdlib.h>
#include <time.h>

enum {
    N_POOLS = 10000,
    N_COMPONENTS = 500,
    N_ACCOUNTS = 2000,
    N_THREADS = 30,
    N_SITES = 8000,
    N_LOOKS = 21,
    LOOK_MAX_US = 25000, /* half of it: the other is for reading */
};

static struct snapshot *process(uint64_t look) {
    struct snapshot *made = made_snapshot(N_POOLS, N_COMPONENTS, N_ACCOUNTS, N_THREADS);
    for (size_t i = 0; i < N_POOLS; i++) {
        made->pools[i].hot = (i * 2654435761U + look * 97) % 5000;
        made->pools[i].alloc_count = look * 1000 + i;
        made->pools[i].put_count = look * 990 + i;
        made->pools[i].component = (int32_t)(i % N_COMPONENTS);
    }
    for (size_t i = 0; i < N_ACCOUNTS; i++) {
        made->accounts[i].component = (int32_t)(i % N_COMPONENTS);
        made->accounts[i].live_bytes = (i * 40503 + look) % 100000;
    }
    made_groups(made, N_SITES);
    return made;
}

static int64_t cpu_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int compare(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static int64_t look(struct top_session *session, uint64_t nth) {
    struct snapshot *snapshot = process(nth);
    int64_t before = cpu_us();
    CHECK(top_model_update(&session->model, snapshot, (int64_t)nth * 1000000000) == 0);
    CHECK(top_session_settle(session, 40) == 0);
    struct top_grid grid = {.is_ascii = true};
    CHECK(top_grid_resize(&grid, 120, 50) == 0);
    struct top_scene scene = top_session_scene(session);
    top_draw(&grid, &scene);
    top_grid_free(&grid);
    return cpu_us() - before;
}

int main(void) {
    struct top_feed feed = {.name = "made"};
    struct top_session session = {.feed = NULL};
    top_session_begin(&session, &feed, 1000000000);
    for (int view = 0; view < TOP_VIEWS; view++) {
        int64_t costs[N_LOOKS];
        session.state.view = (enum top_view)view;
        for (uint64_t nth = 0; nth < N_LOOKS; nth++) {
            costs[nth] = look(&session, (uint64_t)view * N_LOOKS + nth + 1);
        }
        qsort(costs, N_LOOKS, sizeof(costs[0]), compare);
        int64_t median_us = costs[N_LOOKS / 2];
        printf("%s: %lld us of processor time a look\n", top_views_known[view].word,
               (long long)median_us);
        CHECK(test_runtime() != TEST_RUNTIME_PLAIN || median_us <= LOOK_MAX_US);
    }
    top_session_end(&session);
    return 0;
}
