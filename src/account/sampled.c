/* SPDX-License-Identifier: MIT */
/* Samples of the accounted heap's allocations. */
#include "account/sampled.h"

#include "account/class.h"
#include "base/chance.h"
#include "pool/interrupting.h"
#include "pool/sampled.h"

enum {
    TICKS_SHIFT = 7,      /* one candidate in as many allocations costs next to nothing */
    LEVEL_MAX = 16,       /* of doublings: from a 128th of the mean to all that tallies count */
    HALVING_CHANCE = 16,
    CANDIDATE_BYTES = 64, /* at least: with a mean of a few bytes, each is one at once */
};

static double candidate_bytes(const struct tally *tally, double mean_bytes) {
    double bytes = mean_bytes * (1 << tally->sample_level) / (1 << TICKS_SHIFT);
    return bytes > CANDIDATE_BYTES ? bytes : CANDIDATE_BYTES;
}

/* Of a candidate of so many bytes: its weight, or 0: it is no sample. */
static uint64_t weigh_candidate(struct thread *thread, size_t bytes, double of_candidates) {
    double probability = sample_probability((double)bytes);
    double candidate = sample_probability(of_candidates);
    if (probability >= candidate) {
        return candidate > 0 ? sample_weight(candidate) : 0;
    }
    bool kept = chance_unit(&thread->random) * candidate <= probability;
    return kept && probability > 0 ? sample_weight(probability) : 0;
}

static void follow_size(struct thread *thread, struct tally *tally, size_t bytes,
                        double of_candidates) {
    if ((double)bytes > of_candidates) {
        if (tally->sample_level < LEVEL_MAX) {
            tally->sample_level++;
        }
    } else if (tally->sample_level > 0 && chance_next(&thread->random) % HALVING_CHANCE == 0) {
        tally->sample_level--;
    }
}

uint32_t account_sample_stop(struct tally *tally, size_t bytes, int blocks, uint32_t interval) {
    struct thread *thread = thread_current;
    double mean_bytes = (double)load_relaxed(&sample_mean_bytes);
    double of_candidates = candidate_bytes(tally, mean_bytes);
    if (blocks == 0) {
        return 0; /* the next allocation will be here again */
    }
    if (sample_is_due(&tally->sampling, &thread->random, of_candidates) &&
        bytes <= CLASS_BYTES_CACHED) {
        thread->sample_weight = weigh_candidate(thread, bytes, of_candidates);
        follow_size(thread, tally, bytes, of_candidates);
        of_candidates = candidate_bytes(tally, mean_bytes);
    }
    return sample_draw(&tally->sampling, &thread->random, of_candidates, interval);
}

static void enter(void *block, size_t bytes, uint64_t weight, uintptr_t site) {
    struct descriptor *descriptor;
    struct sample_subject subject = {.object = block, .bytes = bytes, .weight = weight};
    if (slot_find(block, &descriptor, &subject.slot_record) == SLOT_FOUND) {
        subject.account = tag_account(load_relaxed(slot_tag(subject.slot_record)));
        pool_sample(&subject, site);
    }
}

static void draw_one(struct thread *thread, void *block, size_t bytes, uintptr_t site) {
    if (sample_one(&thread->random, (double)bytes)) {
        double probability = sample_probability((double)bytes);
        if (probability > 0) {
            enter(block, bytes, sample_weight(probability), site);
        }
    }
}

void account_sample(void *block, size_t bytes, uintptr_t site) {
    struct thread *thread = thread_current;
    uint64_t weight = thread->sample_weight;
    if (!thread_attached(thread)) {
        return;
    }
    thread->sample_weight = 0;
    if (block == NULL) {
        return;
    }
    if (weight > 0) {
        enter(block, bytes, weight, site);
    } else if (bytes > CLASS_BYTES_CACHED) {
        draw_one(thread, block, bytes, site);
    }
}

void account_sample_moved(void *block, size_t bytes, uintptr_t site) {
    struct thread *thread = thread_current;
    if (thread_attached(thread)) {
        draw_one(thread, block, bytes, site);
    }
}

void account_sample_resized(void *block, const record *slot_record, size_t bytes) {
    struct pool_section section;
    if (MEMPOOL_UNLIKELY(record_is_sampled(load_relaxed(slot_record)))) {
        pool_section_begin(&section);
        sys_lock_take(&sample_lock);
        sample_resize(block, bytes);
        sys_lock_drop(&sample_lock);
        pool_section_end(&section);
    }
}
