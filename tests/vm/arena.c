/* SPDX-License-Identifier: MIT */
/* Runs of chunks compared with a map of who has which chunk: random takes and gives, and spans.
 *
 * The one thread here needs no lock, and an assert that jumped out would leave it taken. */
#include "unit.h"

#include "rng.h"
#include "scale.h"

#include "base/bits.h"
#include "vm/arena.h"
#include "vm/space.h"

enum {
    N_CHUNKS = 1 << 16, /* of the model: more than a test takes */
    N_RUNS = 300,       /* held at once */
    N_SPANS = 3,
    N_STEPS = 20000,
    POOL_PLACE_BYTES = 640,
    SLAB_PLACE_BYTES = 128,
};

struct run {
    uint32_t first, chunks;
};

static unsigned char taken[N_CHUNKS];  /* 1: handed out by the arena */
static bool advised[N_CHUNKS >> 5];    /* the system was told to use huge pages, by span */
static struct run runs[N_RUNS];
static size_t n_runs;
static struct span spans[N_SPANS];
static struct sys_operations real;

static uint32_t arena_chunks(void) {
    return (uint32_t)(load_relaxed(&space.arena_used) >> CHUNK_SHIFT);
}

static void watch_huge(void *start, size_t bytes, bool wanted) {
    uintptr_t offset = (uintptr_t)start - space.arena_start;
    CHECK(offset % HUGE_BYTES == 0 && bytes == HUGE_BYTES);
    CHECK(advised[offset >> HUGE_SHIFT] != wanted);
    advised[offset >> HUGE_SHIFT] = wanted;
}

static void mark(uint32_t first, uint32_t chunks, bool out) {
    assert_true(first + chunks <= arena_chunks());
    for (uint32_t chunk = first; chunk < first + chunks; chunk++) {
        assert_true(taken[chunk] != out);
        taken[chunk] = out;
    }
}

/* The boundary tags must tile the arena, and say free where nobody has the chunks. What a span has
 * not handed out yet counts as taken by the span. */
static void check_tiles(void) {
    const struct chunk_run *tags = (const struct chunk_run *)(void *)space.runs.start;
    static unsigned char expected[N_CHUNKS];
    memcpy(expected, taken, arena_chunks());
    for (size_t i = 0; i < N_SPANS; i++) {
        memset(&expected[spans[i].next], 1, spans[i].left);
    }
    uint32_t is_free_before = 0;
    for (uint32_t at = 0; at < arena_chunks(); at += tags[at].chunks) {
        const struct chunk_run *head = &tags[at];
        assert_false(is_free_before && head->is_free); /* they would be one */
        is_free_before = head->is_free;
        assert_true(head->chunks >= 1 && head->chunks <= arena_chunks() - at);
        const struct chunk_run *tail = head + head->chunks - 1;
        assert_int_equal(tail->chunks, head->chunks);
        assert_int_equal(tail->is_free, head->is_free);
        for (uint32_t i = 0; i < head->chunks; i++) {
            assert_int_equal(expected[at + i], !head->is_free);
        }
    }
}

/* No huge page lies wholly in memory that nobody has. */
static void check_advice(void) {
    for (uint32_t first = 0; first + HUGE_CHUNKS <= arena_chunks(); first += HUGE_CHUNKS) {
        bool used = false;
        for (uint32_t i = 0; i < HUGE_CHUNKS; i++) {
            used = used || taken[first + i];
        }
        for (size_t i = 0; i < N_SPANS; i++) {
            used = used || (spans[i].left > 0 && spans[i].next - first < HUGE_CHUNKS);
        }
        assert_true(used || !advised[first / HUGE_CHUNKS]);
    }
}

static void hold(uint32_t first, uint32_t chunks) {
    assert_true(first != CHUNK_NONE);
    mark(first, chunks, true);
    runs[n_runs].first = first;
    runs[n_runs++].chunks = chunks;
}

static void give_back(size_t i) {
    struct run run = runs[i];
    runs[i] = runs[--n_runs];
    mark(run.first, run.chunks, false);
    arena_give(run.first, run.chunks);
}

static void take_from_span(struct rng *rng) {
    struct span *span = &spans[rng_below(rng, N_SPANS)];
    uint32_t chunks = 1 + (uint32_t)rng_below(rng, rng_chance(rng, 70) ? 2 : HUGE_CHUNKS);
    struct span before = *span;
    uint32_t first = arena_take_from_span(span, chunks);
    if (before.left >= chunks) {
        assert_int_equal(first, before.next);
        assert_int_equal(span->left, before.left - chunks);
    } else {
        assert_int_equal(first % HUGE_CHUNKS, 0);
        assert_int_equal(span->left, HUGE_CHUNKS - chunks);
    }
    assert_true(span->left == 0 || span->next == first + chunks);
    assert_true(advised[first / HUGE_CHUNKS]);
    hold(first, chunks);
}

/* The arena ends with a free run that is too short: the span comes from behind it, and what lies
 * between is free with it. */
static void a_span_behind_a_free_end(void **state) {
    (void)state;
    assert_int_equal(arena_chunks(), 0);
    hold(arena_take(3), 3);
    hold(arena_take(2), 2);
    give_back(1);
    uint32_t first = arena_take_from_span(&spans[0], 1);
    assert_int_equal(first, HUGE_CHUNKS);
    hold(first, 1);
    check_tiles();
    hold(arena_take(HUGE_CHUNKS - 3), HUGE_CHUNKS - 3);
    assert_int_equal(runs[2].first, 3);
    while (n_runs > 0) {
        give_back(0);
    }
    arena_give_span(&spans[0]);
    check_tiles();
    check_advice();
}

static uint32_t random_length(struct rng *rng) {
    uint32_t bound = 1u << rng_below(rng, 9);
    return 1 + (uint32_t)rng_below(rng, bound);
}

static void random_step(struct rng *rng, unsigned percent_take) {
    if (n_runs < N_RUNS && rng_chance(rng, percent_take)) {
        if (rng_chance(rng, 30)) {
            take_from_span(rng);
        } else {
            uint32_t chunks = random_length(rng);
            hold(arena_take(chunks), chunks);
        }
    } else if (rng_chance(rng, 3)) {
        arena_give_span(&spans[rng_below(rng, N_SPANS)]);
    } else if (n_runs > 0) {
        give_back(rng_below(rng, n_runs));
    }
}

static void give_all_back(struct rng *rng) {
    while (n_runs > 0) {
        give_back(rng_below(rng, n_runs));
    }
    for (size_t i = 0; i < N_SPANS; i++) {
        arena_give_span(&spans[i]);
    }
    check_tiles();
    check_advice();
}

static void random_steps_as_in_a_map(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    for (int round = 0; round < 6; round++) {
        for (size_t step = test_scaled(N_STEPS) / 6; step > 0; step--) {
            /* more takes than gives for a while, then fewer */
            random_step(&rng, step % 1000 < 500 ? 65 : 35);
            assert_true(arena_chunks() < N_CHUNKS);
            if (step % 64 == 0) {
                check_tiles();
                check_advice();
            }
        }
        give_all_back(&rng);
    }
}

/* Everything that came back is one run: it can be taken as one, and the arena does not grow. */
static void all_that_is_back_is_one_run(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    for (int round = 0; round < 10; round++) {
        for (int step = 0; step < 200; step++) {
            random_step(&rng, 70);
        }
        give_all_back(&rng);
        uint32_t all = arena_chunks();
        hold(arena_take(all), all);
        assert_int_equal(runs[0].first, 0);
        assert_int_equal(arena_chunks(), all);
        give_back(0);
    }
}

/* What was taken can be written, and a run of the arena is committed to its end. */
static void chunks_are_usable_memory(void **state) {
    (void)state;
    for (uint32_t chunks = 1; chunks <= 64; chunks *= 2) {
        hold(arena_take(chunks), chunks);
        char *start = space_chunk_address(runs[n_runs - 1].first);
        assert_int_equal((uintptr_t)start % CHUNK_BYTES, 0);
        assert_true(space_covers(space_offset(start)));
        for (size_t at = 0; at < (size_t)chunks << CHUNK_SHIFT; at += 4096) {
            start[at] = 1;
        }
        start[((size_t)chunks << CHUNK_SHIFT) - 1] = 1;
    }
    assert_false(space_covers(space_offset((char *)space.arena_start - 1))); /* NOLINT */
    assert_false(space_covers(load_relaxed(&space.arena_used)));
    while (n_runs > 0) {
        give_back(0);
    }
}

static int setup(void **state) {
    (void)state;
    real = sys_operations;
    sys_operations.huge = watch_huge;
    return space_init(POOL_PLACE_BYTES, SLAB_PLACE_BYTES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_span_behind_a_free_end), /* first: of an arena not yet used */
        cmocka_unit_test(all_that_is_back_is_one_run),
        cmocka_unit_test(random_steps_as_in_a_map),
        cmocka_unit_test(chunks_are_usable_memory),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
