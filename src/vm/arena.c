/* SPDX-License-Identifier: MIT */
/* Runs of chunks, with boundary tags. */
#include "vm/arena.h"

#include "base/bits.h"
#include "vm/space.h"

enum {
    BINS = 32,
    BIN_SCAN = 16,                  /* runs looked at in the bin that may or may not fit */
    ARENA_COMMIT_BYTES = 1 << 20,
};

/* Heads of the bins by kind, as chunk number + 1, so that zero is "none" without initialisation. */
static uint32_t bins[RUN_DIRTY + 1][BINS];
static _Atomic uint32_t clean, dirty; /* chunks in such runs */
static uint32_t dirty_low;

static struct chunk_run *run_at(uint32_t chunk) {
    return (struct chunk_run *)(void *)space.runs.start + chunk;
}

static unsigned bin_of(uint32_t chunks) {
    return 31u - (unsigned)__builtin_clz(chunks);
}

static void tag(uint32_t first, uint32_t chunks, enum run_kind kind) {
    struct chunk_run *head = run_at(first);
    struct chunk_run *tail = run_at(first + chunks - 1);
    tail->chunks = chunks;
    tail->is_free = kind;
    head->chunks = chunks;
    head->is_free = kind;
}

static void count_dirty(uint32_t now) {
    store_relaxed(&dirty, now);
    if (now < dirty_low) {
        dirty_low = now;
    }
}

static void bin_insert(uint32_t first, uint32_t chunks, enum run_kind kind) {
    uint32_t *head = &bins[kind][bin_of(chunks)];
    struct chunk_run *run = run_at(first);
    tag(first, chunks, kind);
    run->previous = CHUNK_NONE;
    run->next = *head - 1;
    if (run->next != CHUNK_NONE) {
        run_at(run->next)->previous = first;
    }
    *head = first + 1;
    if (kind == RUN_DIRTY) {
        count_dirty(load_relaxed(&dirty) + chunks);
    } else {
        bump_owned(&clean, chunks);
    }
}

static void bin_remove(uint32_t first) {
    struct chunk_run *run = run_at(first);
    if (run->next != CHUNK_NONE) {
        run_at(run->next)->previous = run->previous;
    }
    if (run->previous != CHUNK_NONE) {
        run_at(run->previous)->next = run->next;
    } else {
        bins[run->is_free][bin_of(run->chunks)] = run->next + 1;
    }
    if (run->is_free == RUN_DIRTY) {
        count_dirty(load_relaxed(&dirty) - run->chunks);
    } else {
        bump_owned(&clean, 0 - run->chunks);
    }
}

static uint32_t bin_find(enum run_kind kind, unsigned bin, uint32_t chunks) {
    uint32_t at = bins[kind][bin] - 1;
    for (int seen = 0; at != CHUNK_NONE && seen < BIN_SCAN; seen++) {
        if (run_at(at)->chunks >= chunks) {
            return at;
        }
        at = run_at(at)->next;
    }
    return CHUNK_NONE;
}

/* Grow the arena by `chunks` at its end. */
static uint32_t extend(uint32_t chunks) {
    size_t used = load_relaxed(&space.arena_used);
    size_t bytes = (size_t)chunks << CHUNK_SHIFT;
    if (bytes > space.arena_bytes - used) {
        return CHUNK_NONE;
    }
    size_t end_chunk = (used + bytes) >> CHUNK_SHIFT;
    if (area_commit(&space.descriptor_area, end_chunk * sizeof(struct descriptor)) != 0 ||
        area_commit(&space.runs, end_chunk * sizeof(struct chunk_run)) != 0) {
        return CHUNK_NONE;
    }
    if (used + bytes > space.arena_committed) {
        size_t target =
            min_size(round_up(used + bytes, ARENA_COMMIT_BYTES), space.arena_bytes);
        char *from = space_chunk_address((uint32_t)(space.arena_committed >> CHUNK_SHIFT));
        if (sys_operations.commit(from, target - space.arena_committed) != 0) {
            return CHUNK_NONE;
        }
        space.arena_committed = target;
    }
    uint32_t first = (uint32_t)(used >> CHUNK_SHIFT);
    tag(first, chunks, RUN_TAKEN);
    store_relaxed(&space.arena_used, used + bytes);
    space_root_set(ROOT_ARENA_USED, used + bytes);
    return first;
}

/* Take the first chunks of a free run. */
static void cut(uint32_t first, uint32_t chunks) {
    enum run_kind kind = run_at(first)->is_free;
    uint32_t length = run_at(first)->chunks;
    bin_remove(first);
    tag(first, chunks, RUN_TAKEN);
    if (length > chunks) {
        bin_insert(first + chunks, length - chunks, kind);
    }
}

/* From the free runs of a kind only. */
static uint32_t take_free(enum run_kind kind, uint32_t chunks) {
    uint32_t first = CHUNK_NONE;
    for (unsigned bin = bin_of(chunks); bin < BINS && first == CHUNK_NONE; bin++) {
        first = bin_find(kind, bin, chunks);
    }
    if (first != CHUNK_NONE) {
        cut(first, chunks);
    }
    return first;
}

uint32_t arena_take(uint32_t chunks) {
    uint32_t first = take_free(RUN_CLEAN, chunks);
    return first != CHUNK_NONE ? first : extend(chunks);
}

uint32_t arena_take_any(uint32_t chunks, bool *ret_dirty) {
    uint32_t first = take_free(RUN_DIRTY, chunks);
    *ret_dirty = first != CHUNK_NONE;
    return *ret_dirty ? first : arena_take(chunks);
}

uint32_t arena_take_dirty(uint32_t chunks, uint32_t *ret_chunks) {
    for (unsigned bin = BINS; bin-- > 0;) {
        uint32_t first = bins[RUN_DIRTY][bin] - 1;
        if (first != CHUNK_NONE) {
            uint32_t length = run_at(first)->chunks;
            *ret_chunks = length < chunks ? length : chunks;
            cut(first, *ret_chunks);
            return first;
        }
    }
    return CHUNK_NONE;
}

uint32_t arena_dirty(void) {
    return load_relaxed(&dirty);
}

uint32_t arena_resident(void) {
    /* Without the lock a run may be counted in one and not yet in the other: of no harm to who only
     * wants to know how large the process is. */
    uint32_t used = (uint32_t)(load_relaxed(&space.arena_used) >> CHUNK_SHIFT);
    uint32_t free_clean = load_relaxed(&clean);
    return used > free_clean ? used - free_clean : 0;
}

uint32_t arena_settle_dirty(void) {
    uint32_t low = dirty_low;
    dirty_low = load_relaxed(&dirty);
    return low;
}

/* Spans that lie wholly in a free run are advised huge no longer. */
static void make_ordinary(uint32_t first, uint32_t end) {
    uint32_t at = (uint32_t)round_up(first, HUGE_CHUNKS);
    for (; at + HUGE_CHUNKS <= end; at += HUGE_CHUNKS) {
        if (run_at(at)->huge) {
            run_at(at)->huge = 0;
            sys_operations.huge(space_chunk_address(at), HUGE_BYTES, false);
        }
    }
}

static void give(uint32_t first, uint32_t chunks, enum run_kind kind) {
    uint32_t end = first + chunks;
    uint32_t low = first & ~(HUGE_CHUNKS - 1u); /* spans that this run may make whole */
    uint32_t high = (uint32_t)round_up(end, HUGE_CHUNKS);
    if (end < load_relaxed(&space.arena_used) >> CHUNK_SHIFT && run_at(end)->is_free == kind) {
        uint32_t length = run_at(end)->chunks;
        bin_remove(end);
        end += length;
    }
    if (first > 0 && run_at(first - 1)->is_free == kind) {
        first -= run_at(first - 1)->chunks;
        bin_remove(first);
    }
    if (chunks < end - first || chunks >= HUGE_CHUNKS) {
        make_ordinary(first > low ? first : low, end < high ? end : high);
    }
    bin_insert(first, end - first, kind);
}

void arena_give(uint32_t first, uint32_t chunks) {
    give(first, chunks, RUN_CLEAN);
}

void arena_give_dirty(uint32_t first, uint32_t chunks) {
    give(first, chunks, RUN_DIRTY);
}

/* An aligned run of one span's length, from free runs or the arena's end. */
static uint32_t take_span(void) {
    uint32_t slack = HUGE_CHUNKS - 1;
    uint32_t end = (uint32_t)(load_relaxed(&space.arena_used) >> CHUNK_SHIFT);
    uint32_t padding = (uint32_t)round_up(end, HUGE_CHUNKS) - end;
    uint32_t first = take_free(RUN_CLEAN, HUGE_CHUNKS + slack);
    uint32_t length = HUGE_CHUNKS + slack;
    if (first == CHUNK_NONE) {
        length = HUGE_CHUNKS + padding;
        first = extend(length);
    }
    if (first == CHUNK_NONE) {
        return CHUNK_NONE;
    }
    uint32_t aligned = (uint32_t)round_up(first, HUGE_CHUNKS);
    /* What is left on both sides merges with what is free beside it. */
    tag(aligned, HUGE_CHUNKS, RUN_TAKEN);
    if (aligned > first) {
        arena_give(first, aligned - first);
    }
    if (aligned + HUGE_CHUNKS < first + length) {
        arena_give(aligned + HUGE_CHUNKS, first + length - aligned - HUGE_CHUNKS);
    }
    run_at(aligned)->huge = 1;
    sys_operations.huge(space_chunk_address(aligned), HUGE_BYTES, true);
    return aligned;
}

uint32_t arena_take_from_span(struct span *span, uint32_t chunks) {
    if (span->left < chunks) {
        arena_give_span(span);
        uint32_t first = take_span();
        if (first == CHUNK_NONE) {
            return arena_take(chunks);
        }
        span->next = first;
        span->left = HUGE_CHUNKS;
    }
    uint32_t first = span->next;
    span->next += chunks;
    span->left -= chunks;
    tag(first, chunks, RUN_TAKEN);
    if (span->left > 0) {
        tag(span->next, span->left, RUN_TAKEN);
    }
    return first;
}

void arena_give_span(struct span *span) {
    if (span->left > 0) {
        arena_give(span->next, span->left);
        span->left = 0;
    }
}
