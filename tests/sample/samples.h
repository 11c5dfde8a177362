/* SPDX-License-Identifier: MIT */
/* What the table of samples says, added up. */
#ifndef TESTS_SAMPLE_SAMPLES_H
#define TESTS_SAMPLE_SAMPLES_H

#include "check.h"

#include "sample/rate.h"
#include "sample/table.h"
#include "slab/slab.h"

#include <math.h>

/* Of the samples of one owner, or account, or (both none) of all. */
struct samples {
    uint64_t samples, stacks;
    double count, bytes; /* estimates */
    const struct sample_stack *last;
};

static inline struct sample_table *samples_table(void) {
    return load_relaxed(&sample_table);
}

static inline struct samples samples_of(const void *owner, uint32_t account) {
    struct samples sums = {.last = NULL};
    const struct sample_table *table = samples_table();
    for (uint32_t i = 1; table != NULL && i <= load_relaxed(&table->stacks_used); i++) {
        const struct sample_stack *stack = &table->stacks[i];
        if (load_relaxed(&stack->samples) == 0 ||
            ((owner != NULL || account != 0) && (load_relaxed(&stack->owner) != owner ||
                                                 load_relaxed(&stack->account) != account))) {
            continue;
        }
        sums.samples += load_relaxed(&stack->samples);
        sums.stacks++;
        sums.count += (double)load_relaxed(&stack->count) / SAMPLE_ONE;
        sums.bytes += (double)load_relaxed(&stack->bytes);
        sums.last = stack;
    }
    return sums;
}

static inline uint64_t samples_live(void) {
    uint64_t live = samples_table() != NULL ? load_relaxed(&samples_table()->live) : 0;
    CHECK_EQUAL(live, samples_of(NULL, 0).samples);
    return live;
}

static inline record *sample_record(const void *object) {
    struct descriptor *descriptor;
    record *slot_record = NULL;
    CHECK(slot_find(object, &descriptor, &slot_record) == SLOT_FOUND);
    return slot_record;
}

static inline bool is_sample(const void *object) {
    return record_is_sampled(load_relaxed(sample_record(object)));
}

/* No samples, no stacks, and nothing in the buckets. */
static inline void samples_check_none(void) {
    CHECK_EQUAL(samples_live(), 0);
    const struct sample_table *table = samples_table();
    for (uint32_t i = 0; table != NULL && i < SAMPLE_BUCKETS; i++) {
        CHECK(load_relaxed(&table->sample_buckets[i]) == 0);
        CHECK(table->stack_buckets[i] == 0);
    }
    CHECK(table == NULL || table->left_stack == 0);
}

/* Every sample is of a live object, which says so; and the sums are theirs. */
static inline void samples_check(void) {
    uint64_t n = 0;
    const struct sample_table *table = samples_table();
    for (uint32_t i = 1; table != NULL && i <= load_relaxed(&table->samples_used); i++) {
        void *object = load_relaxed(&table->samples[i].object);
        if (object != NULL) {
            CHECK(is_sample(object));
            CHECK(load_relaxed(&table->samples[i].stack) != 0);
            n++;
        }
    }
    CHECK_EQUAL(n, samples_live());
}

#endif
