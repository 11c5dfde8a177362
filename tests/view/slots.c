/* SPDX-License-Identifier: MIT */
/* Slots as text: what was written is read again, equal ones are short, and damage is noticed, or
 * harmless. */
#include "unit.h"

#include "rng.h"
#include "scale.h"

#include "view/slots.h"

enum { SLOTS = 300, ROUNDS = 300, DAMAGED = 20000 };

struct slot {
    enum slot_state state;
    uint64_t distance;
    struct slot_past past;
};

static struct view_memory memory;

static void release_all(void) {
    view_give_all(&memory);
}

static const char *written(const struct slot *slots, size_t n, bool is_heap) {
    struct slots_writer writer = {.scratch = &memory};
    CHECK(slots_begin(&writer, n));
    for (size_t i = 0; i < n; i++) {
        if (is_heap) {
            slots_add_at(&writer, slots[i].distance, &slots[i].past);
        } else {
            slots_add(&writer, slots[i].state, &slots[i].past);
        }
    }
    const char *text = slots_end(&writer, &memory);
    CHECK(text != NULL);
    return text;
}

static void check_same(const struct slots_stretch *read, const struct slot *slot) {
    CHECK_EQUAL(read->state, slot->state);
    CHECK_EQUAL(read->past.site, slot->past.site);
    CHECK_EQUAL(read->past.thread, slot->past.thread);
    CHECK_EQUAL(read->past.age, slot->past.age);
    CHECK_EQUAL(read->past.account, slot->past.account);
    CHECK_EQUAL(read->past.bytes, slot->past.bytes);
}

static void check_read(const char *text, const struct slot *slots, size_t n, bool is_heap) {
    struct slots_reader reader;
    struct slots_stretch read;
    size_t i = 0;
    int result;
    slots_open(&reader, text);
    while ((result = is_heap ? slots_next_at(&reader, &read) : slots_next(&reader, &read)) == 1) {
        CHECK(read.slots <= n - i && (!is_heap || read.slots == 1));
        CHECK(!is_heap || read.distance == slots[i].distance);
        for (uint64_t k = 0; k < read.slots; k++) {
            check_same(&read, &slots[i++]);
        }
    }
    CHECK_EQUAL(result, 0);
    CHECK_EQUAL(i, n);
}

/* ---- what is written by hand ----------------------------------------------------------------- */

static void check_text(const struct slot *slots, size_t n, const char *text) {
    assert_string_equal(written(slots, n, false), text);
    check_read(text, slots, n, false);
}

/* By the rules of docs/formats.md. */
static void texts_are_as_the_format_has_them(void **state) {
    static const struct slot virgin = {.state = SLOT_VIRGIN};
    static const struct slot live = {
        .state = SLOT_LIVE, .past = {.site = 1, .thread = 2, .age = 200, .account = 3, .bytes = 5}};
    static const struct slot older = {
        .state = SLOT_LIVE, .past = {.site = 1, .thread = 2, .age = 201, .account = 3, .bytes = 5}};
    static const struct slot put = {.state = SLOT_PUT, .past = {.site = 1}};
    struct slot mixed[] = {live, put, live, older, live, put}, many[200] = {virgin};
    (void)state;
    check_text(NULL, 0, "");
    check_text(&virgin, 1, "AA");                /* 00 */
    check_text(many, 2, "gAA");                  /* 80 00 */
    check_text(many, 200, "gMYB");               /* 80, 198 as c6 01 */
    /* 7e 01 02 2*200 as 90 03, 03 05; 05 01; 02; 12 02; 12 01; 01 */
    check_text(mixed, 6, "fgECkAMDBQUBAhICEgEB");
    view_give_all(&memory);
}

static void slots_by_turns_take_a_byte_each(void **state) {
    struct slot slots[SLOTS];
    (void)state;
    for (size_t i = 0; i < SLOTS; i++) {
        bool is_live = i % 2 == 0;
        slots[i] = (struct slot){.state = is_live ? SLOT_LIVE : SLOT_PUT,
                                 .past = {.site = is_live ? 7 : 9, .thread = 3, .age = 100}};
    }
    const char *text = written(slots, SLOTS, false);
    assert_true(strlen(text) < SLOTS * 4 / 3 + 20);
    check_read(text, slots, SLOTS, false);
    view_give_all(&memory);
}

/* ---- and read again -------------------------------------------------------------------------- */

static uint64_t any(struct rng *rng, uint64_t most) {
    uint64_t edges[] = {0, 1, 127, 128, most};
    uint64_t number = rng_chance(rng, 50) ? edges[rng_below(rng, 5)]
                                          : rng_next(rng) >> rng_below(rng, 64);
    return number < most ? number : most;
}

/* Few different ones, so that there are stretches. */
static void make_random(struct rng *rng, struct slot *slots, size_t n, bool is_heap) {
    for (size_t i = 0; i < n; i++) {
        struct slot *slot = &slots[i];
        if (i > 0 && rng_chance(rng, 60)) {
            *slot = slots[rng_below(rng, i)];
            continue;
        }
        *slot = (struct slot){.state = is_heap ? SLOT_LIVE : (enum slot_state)rng_below(rng, 3)};
        slot->distance = any(rng, UINT64_MAX);
        if (slot->state != SLOT_VIRGIN) {
            slot->past.site = (uint32_t)any(rng, UINT32_MAX);
            slot->past.thread = (uint32_t)any(rng, UINT32_MAX);
            slot->past.age = (uint32_t)any(rng, SLOTS_AGES);
        }
        if (slot->state == SLOT_LIVE) {
            slot->past.account = (uint32_t)any(rng, UINT32_MAX);
            slot->past.bytes = any(rng, UINT64_MAX);
        }
    }
}

static void random_slots_are_read_again(void **state) {
    struct rng rng = {.state = rng_seed()};
    struct slot slots[SLOTS];
    (void)state;
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t n = rng_below(&rng, SLOTS + 1);
        bool is_heap = round % 2 == 0;
        make_random(&rng, slots, n, is_heap);
        check_read(written(slots, n, is_heap), slots, n, is_heap);
        release_all();
    }
}

/* ---- damage ---------------------------------------------------------------------------------- */

static int read_all(const char *text, bool is_heap) {
    struct slots_reader reader;
    struct slots_stretch read;
    int result;
    slots_open(&reader, text);
    while ((result = is_heap ? slots_next_at(&reader, &read) : slots_next(&reader, &read)) == 1) {
        CHECK(read.state < SLOT_STATES && read.slots > 0 && read.past.age <= SLOTS_AGES);
        CHECK(read.state != SLOT_VIRGIN ||
              (read.past.site | read.past.thread | read.past.age) == 0);
        CHECK(read.state == SLOT_LIVE || (read.past.account | read.past.bytes) == 0);
    }
    CHECK(result == 0 || result == -EBADMSG);
    return result;
}

static void damaged_texts_are_refused(void **state) {
    static const char *const texts[] = {
        "A",        /* six bits */
        "AB",       /* bits left that are not 0 */
        "AA=",      /* padding */
        "A A",      /* no digit */
        "Aw",       /* state 3 */
        "BAE",      /* a virgin slot's site */
        "IQE",      /* a free block's account */
        "Bg",       /* live, and the number of its site missing */
        "BoA",      /* a number that goes on */
        "BoAA",     /* a number that is longer than it need be */
        "Bv////8P", /* one that is right */
        "Bv////8f", /* a site of 33 bits */
        "EgE",      /* an age below 0 */
        "EoKAgAM",  /* an age above all */
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int wanted = strcmp(texts[i], "Bv////8P") == 0 ? 0 : -EBADMSG;
        if (read_all(texts[i], false) != wanted) {
            fail_msg("\"%s\": %d, not %d", texts[i], -wanted, wanted);
        }
    }
    assert_int_equal(read_all("EAI", true), 0);         /* 16 bytes on, a live one */
    assert_int_equal(read_all("EAA", true), -EBADMSG);  /* not live */
    assert_int_equal(read_all("EIIA", true), -EBADMSG); /* two of them */
    assert_int_equal(read_all("EA", true), -EBADMSG);   /* nothing there */
}

static void damage_anywhere_ends_the_reading_or_does_not(void **state) {
    struct rng rng = {.state = rng_seed()};
    struct slot slots[SLOTS];
    size_t refused = 0, n_rounds = test_scaled(DAMAGED);
    (void)state;
    for (size_t round = 0; round < n_rounds; round++) {
        bool is_heap = round % 2 == 0;
        make_random(&rng, slots, SLOTS / 10, is_heap);
        char *text = (char *)(uintptr_t)written(slots, SLOTS / 10, is_heap);
        size_t length = strlen(text);
        for (uint64_t k = rng_below(&rng, 3) + 1; k > 0 && length > 0; k--) {
            static const char bytes[] = "AZaz09+/=\x01\xff-";
            text[rng_below(&rng, length)] = bytes[rng_below(&rng, sizeof bytes)];
        }
        refused += read_all(text, is_heap) != 0;
        release_all();
    }
    assert_true(refused > n_rounds / 10 && refused < n_rounds);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_as_the_format_has_them),
        cmocka_unit_test(slots_by_turns_take_a_byte_each),
        cmocka_unit_test(random_slots_are_read_again),
        cmocka_unit_test(damaged_texts_are_refused),
        cmocka_unit_test(damage_anywhere_ends_the_reading_or_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
