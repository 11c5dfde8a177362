/* SPDX-License-Identifier: MIT */
/* Libevent: timers, a pair of bufferevents, and lines out of a buffer. */
#include "books.h"

#include <mempool/adapt/libevent.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

enum { TIMERS = 200, BYTES = 100000 };

static int fired;
static size_t received;
static struct mempool_component *component;

static void on_timer(evutil_socket_t unused, short what, void *arg) {
    (void)unused;
    (void)arg;
    fired += what == EV_TIMEOUT;
}

static void on_read(struct bufferevent *end, void *base) {
    books_check_live(component, "libevent", 10000);
    struct evbuffer *input = bufferevent_get_input(end);
    received += evbuffer_get_length(input);
    evbuffer_drain(input, evbuffer_get_length(input));
    if (received == BYTES) {
        bufferevent_disable(end, EV_READ);
        event_base_loopexit((struct event_base *)base, NULL);
    }
}

static void send_through_pair(struct event_base *base) {
    static char bytes[BYTES];
    struct bufferevent *ends[2];
    CHECK(bufferevent_pair_new(base, 0, ends) == 0);
    bufferevent_setcb(ends[1], on_read, NULL, NULL, base);
    bufferevent_enable(ends[1], EV_READ);
    CHECK(bufferevent_write(ends[0], bytes, BYTES) == 0);
    CHECK(event_base_dispatch(base) >= 0);
    CHECK_EQUAL(received, BYTES);
    bufferevent_free(ends[0]);
    bufferevent_free(ends[1]);
    event_base_loop(base, EVLOOP_NONBLOCK); /* their last references go in the loop */
}

static void run_timers(struct event_base *base) {
    struct event *timers[TIMERS];
    for (int i = 0; i < TIMERS; i++) {
        struct timeval delay = {0, i % 7 * 1000};
        timers[i] = evtimer_new(base, on_timer, NULL);
        CHECK(timers[i] && evtimer_add(timers[i], &delay) == 0);
    }
    books_check_live(component, "libevent", TIMERS * 100);
    CHECK(event_base_dispatch(base) >= 0);
    CHECK_EQUAL(fired, TIMERS);
    for (int i = 0; i < TIMERS; i++) {
        event_free(timers[i]);
    }
}

static void read_lines(void) {
    struct evbuffer *buffer = evbuffer_new();
    CHECK(evbuffer_add_printf(buffer, "first\nsecond %d\n", 2) > 0);
    char *line = evbuffer_readln(buffer, NULL, EVBUFFER_EOL_LF);
    CHECK(line && strcmp(line, "first") == 0);
    mempool_free(line);
    evbuffer_free(buffer);
}

/* Its book: a block resized to 0 is freed. */
static void resize_to_nothing(void) {
    void *block = mempool_hook_libevent_realloc(NULL, 100);
    uint64_t live = books_of(component, "libevent").live_blocks;
    CHECK(block && !mempool_hook_libevent_realloc(block, 0));
    CHECK_EQUAL(books_of(component, "libevent").live_blocks, live - 1);
}

int main(void) {
    component = books_begin("loop");
    mempool_adapt_libevent(component);
    struct event_base *base = event_base_new();
    CHECK(base);
    run_timers(base);
    send_through_pair(base);
    read_lines();
    resize_to_nothing();
    event_base_free(base);
    libevent_global_shutdown();
    books_check_rest(component);
    return 0;
}
