/* SPDX-License-Identifier: MIT */
/* The table of what is live: against a plain array, and with addresses that a recording could have
 * been given so that they come to one place. */
#include "check.h"

#include "cli/live_table.h"
#include "rng.h"

#include <string.h>
#include <unistd.h>

/* Few addresses, so that they come and go, next to one another and not. */
static void what_is_live_is_found(void) {
    enum { ADDRESSES = 5000, STEPS = 400000 };
    static bool is_live[ADDRESSES];
    struct live_table table = {.n = 0};
    struct rng rng = {.state = rng_seed()};
    size_t n = 0;
    for (uint32_t step = 0; step < STEPS; step++) {
        uint32_t number = (uint32_t)rng_below(&rng, ADDRESSES);
        uint64_t address = 0x7f0000000000 + (uint64_t)number * 16;
        struct live *found = live_find(&table, address);
        CHECK((found != NULL) == is_live[number]);
        if (found != NULL) {
            CHECK(found->address == address && found->slot == number);
            live_remove(&table, found);
        } else {
            struct live live = {.address = address, .slot = number, .kind = LIVE_GOT};
            CHECK(live_add(&table, live));
        }
        is_live[number] = !is_live[number];
        n += is_live[number] ? 1 : (size_t)-1;
        CHECK_EQUAL(table.n, n);
    }
    live_free(&table);
}

/* Quick, however they were chosen: an alarm ends the test, else. */
static void no_addresses_take_long(void) {
    enum { ADDRESSES = 1 << 19, SECONDS = 30 };
    struct live_table table = {.n = 0};
    (void)alarm(SECONDS);
    for (uint64_t i = 0; i < ADDRESSES; i++) {
        CHECK(live_add(&table, (struct live){.address = i << 45, .kind = LIVE_GOT}));
    }
    for (uint64_t i = 0; i < ADDRESSES; i++) {
        live_remove(&table, live_find(&table, i << 45));
    }
    (void)alarm(0);
    CHECK_EQUAL(table.n, 0);
    live_free(&table);
}

int main(void) {
    what_is_live_is_found();
    no_addresses_take_long();
    return 0;
}
