/* SPDX-License-Identifier: MIT */
/* Entering samples, and taking them out. */
#include "sample/table.h"

#include "base/bits.h"
#include "sample/rate.h"
#include "vm/blocks.h"
#include "vm/space.h"

#include <errno.h>
#include <string.h>

enum { READER_TRIES = 1000 }; /* of a change whose thread is off its processor in the middle */

struct sample_table *_Atomic sample_table;
struct sys_lock sample_lock;

static struct sample_table *table(void) {
    return load_relaxed(&sample_table);
}

static uint32_t bucket_of_hash(uint64_t hash) {
    return (uint32_t)((hash * UINT64_C(0x9e3779b97f4a7c15)) >> 48);
}
_Static_assert(SAMPLE_BUCKETS == 1 << 16, "the hash has 16 bits");

static uint32_t bucket_of(const void *object) {
    return bucket_of_hash((uintptr_t)object >> 4);
}

static struct sample *sample_at(uint32_t place) {
    return &table()->samples[place];
}

static struct sample_stack *stack_at(uint32_t place) {
    return &table()->stacks[place];
}

/* Around changes that readers without the lock must not take half of. */
static void change_begin(_Atomic uint32_t *version) {
    store_relaxed(version, load_relaxed(version) + 1);
    /* Y1 pairs with Y4: who sees a part of what follows sees the odd version, or a newer one */
    atomic_thread_fence(memory_order_release);
}

static void change_end(_Atomic uint32_t *version) {
    /* Y2 pairs with Y3: what was changed is whole */
    store_release(version, load_relaxed(version) + 1);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static bool take_array(size_t n, size_t bytes, void **ret) {
    *ret = block_take(n * bytes);
    return *ret != NULL;
}

static void give_array(size_t n, size_t bytes, void *array) {
    if (array != NULL) {
        block_give(array, n * bytes);
    }
}

static bool make_arrays(struct sample_table *made) {
    void *samples = NULL, *stacks = NULL, *sample_buckets = NULL, *stack_buckets = NULL;
    if (take_array(SAMPLE_PLACES, sizeof(struct sample), &samples) &&
        take_array(SAMPLE_STACKS, sizeof(struct sample_stack), &stacks) &&
        take_array(SAMPLE_BUCKETS, sizeof(uint32_t), &sample_buckets) &&
        take_array(SAMPLE_BUCKETS, sizeof(uint32_t), &stack_buckets)) {
        made->samples = samples;
        made->stacks = stacks;
        made->sample_buckets = sample_buckets;
        made->stack_buckets = stack_buckets;
        return true;
    }
    give_array(SAMPLE_PLACES, sizeof(struct sample), samples);
    give_array(SAMPLE_STACKS, sizeof(struct sample_stack), stacks);
    give_array(SAMPLE_BUCKETS, sizeof(uint32_t), sample_buckets);
    return false;
}

static int make_table(void) {
    struct sample_table *made = block_take(sizeof *made);
    if (made == NULL) {
        return -ENOMEM;
    }
    if (!make_arrays(made)) {
        block_give(made, sizeof *made);
        return -ENOMEM;
    }
    /* Y5 pairs with Y6: it is whole */
    store_release(&sample_table, made);
    space_root_set(ROOT_SAMPLES, (uintptr_t)made);
    return 0;
}

int sample_turn(uint64_t mean_bytes) {
    int result = 0;
    sys_lock_take(&sample_lock);
    if (table() == NULL && mean_bytes != 0) {
        result = make_table();
    }
    if (result == 0 && table() != NULL) {
        store_relaxed(&table()->mean_bytes, mean_bytes);
        sample_set_mean(mean_bytes);
    }
    sys_lock_drop(&sample_lock);
    return result;
}

/* ---- stacks ---------------------------------------------------------------------------------- */

static uint64_t hash_stack(const struct sample_subject *subject) {
    uint64_t hash = (uintptr_t)subject->owner ^ subject->account;
    for (uint32_t i = 0; i < subject->n_frames; i++) {
        hash = (hash ^ subject->frames[i]) * UINT64_C(0x100000001b3);
        hash ^= hash >> 29;
    }
    return hash;
}

static bool is_stack_of(const struct sample_stack *stack, const struct sample_subject *subject,
                        uint64_t hash) {
    return stack->hash == hash && load_relaxed(&stack->owner) == subject->owner &&
           load_relaxed(&stack->account) == subject->account &&
           load_relaxed(&stack->n_frames) == subject->n_frames &&
           memcmp(load_relaxed(&stack->frames), subject->frames,
                  subject->n_frames * sizeof subject->frames[0]) == 0;
}

/* A free place; 0: none. */
static uint32_t take_stack_place(void) {
    uint32_t place = table()->free_stack;
    if (place != 0) {
        table()->free_stack = load_relaxed(&stack_at(place)->next);
        return place;
    }
    place = load_relaxed(&table()->stacks_used) + 1;
    if (place == SAMPLE_STACKS) {
        return 0;
    }
    store_relaxed(&table()->stacks_used, place);
    return place;
}

static void give_stack_place(uint32_t place) {
    store_relaxed(&stack_at(place)->next, table()->free_stack);
    table()->free_stack = place;
}

static size_t frames_bytes(uint32_t n_frames) {
    return max_size(n_frames, 1) * sizeof(uintptr_t);
}

static uint32_t make_stack(const struct sample_subject *subject, uint64_t hash, uint32_t *bucket) {
    uint32_t place = take_stack_place();
    uintptr_t *frames = place != 0 ? block_take(frames_bytes(subject->n_frames)) : NULL;
    if (frames == NULL) {
        if (place != 0) {
            give_stack_place(place);
        }
        return 0;
    }
    memcpy(frames, subject->frames, subject->n_frames * sizeof frames[0]);
    struct sample_stack *stack = stack_at(place);
    change_begin(&stack->version);
    stack->hash = hash;
    store_relaxed(&stack->owner, subject->owner);
    store_relaxed(&stack->account, subject->account);
    store_relaxed(&stack->frames, frames);
    store_relaxed(&stack->n_frames, subject->n_frames);
    store_relaxed(&stack->samples, 0);
    store_relaxed(&stack->count, 0);
    store_relaxed(&stack->bytes, 0);
    store_relaxed(&stack->next, *bucket);
    change_end(&stack->version);
    *bucket = place;
    return place;
}

/* Its place, made where it is new; 0: no room. */
static uint32_t find_stack(const struct sample_subject *subject) {
    uint64_t hash = hash_stack(subject);
    uint32_t *bucket = &table()->stack_buckets[bucket_of_hash(hash)];
    uint32_t place = *bucket;
    while (place != 0 && !is_stack_of(stack_at(place), subject, hash)) {
        place = load_relaxed(&stack_at(place)->next);
    }
    return place != 0 ? place : make_stack(subject, hash, bucket);
}

/* The last sample of a stack is gone, or there never was one: out of its bucket. */
static void leave_stack(uint32_t place) {
    struct sample_stack *stack = stack_at(place);
    uint32_t *link = &table()->stack_buckets[bucket_of_hash(stack->hash)];
    if (*link == place) {
        *link = load_relaxed(&stack->next);
    } else {
        struct sample_stack *before = stack_at(*link);
        while (load_relaxed(&before->next) != place) {
            before = stack_at(load_relaxed(&before->next));
        }
        store_relaxed(&before->next, load_relaxed(&stack->next));
    }
    store_relaxed(&stack->next, table()->left_stack);
    table()->left_stack = place;
}

/* Memory of stacks that were left: for who may take space.lock. */
static void give_left_stacks(void) {
    uint32_t place;
    while ((place = table()->left_stack) != 0) {
        struct sample_stack *stack = stack_at(place);
        uintptr_t *frames = load_relaxed(&stack->frames);
        size_t bytes = frames_bytes(load_relaxed(&stack->n_frames));
        table()->left_stack = load_relaxed(&stack->next);
        change_begin(&stack->version);
        store_relaxed(&stack->n_frames, 0);
        store_relaxed(&stack->frames, NULL);
        change_end(&stack->version);
        block_give(frames, bytes);
        give_stack_place(place);
    }
}

/* Bytes that a sample stands for. */
static uint64_t weigh(uint64_t bytes, uint64_t weight) {
    return (uint64_t)((double)bytes * (double)weight / SAMPLE_ONE + 0.5);
}

/* `samples`: 1, or -1 as an unsigned number. */
static void add_to_stack(struct sample_stack *stack, uint32_t samples, uint64_t count,
                         uint64_t bytes) {
    change_begin(&stack->version);
    bump_owned(&stack->samples, samples);
    bump_owned(&stack->count, count);
    bump_owned(&stack->bytes, bytes);
    change_end(&stack->version);
}

/* ---- samples --------------------------------------------------------------------------------- */

static uint32_t take_sample_place(void) {
    uint32_t place = table()->free_sample;
    if (place != 0) {
        table()->free_sample = load_relaxed(&sample_at(place)->next);
        return place;
    }
    place = load_relaxed(&table()->samples_used) + 1;
    if (place == SAMPLE_PLACES) {
        return 0;
    }
    store_relaxed(&table()->samples_used, place);
    return place;
}

static void give_sample_place(uint32_t place) {
    store_relaxed(&sample_at(place)->next, table()->free_sample);
    table()->free_sample = place;
}

/* By its object, for who has the lock; 0: none. */
static uint32_t find_sample(const void *object) {
    uint32_t place = load_relaxed(&table()->sample_buckets[bucket_of(object)]);
    while (place != 0 && load_relaxed(&sample_at(place)->object) != object) {
        place = load_relaxed(&sample_at(place)->next);
    }
    return place;
}

static void fill_sample(uint32_t place, const struct sample_subject *subject, uint32_t stack,
                        unsigned thread) {
    struct sample *sample = sample_at(place);
    _Atomic(uint32_t) *bucket = &table()->sample_buckets[bucket_of(subject->object)];
    change_begin(&table()->version);
    store_relaxed(&sample->object, subject->object);
    store_relaxed(&sample->bytes, subject->bytes);
    store_relaxed(&sample->weight, subject->weight);
    store_relaxed(&sample->stack, stack);
    store_relaxed(&sample->thread, thread);
    store_relaxed(&sample->next, load_relaxed(bucket));
    store_relaxed(bucket, place);
    change_end(&table()->version);
    add_to_stack(stack_at(stack), 1, subject->weight, weigh(subject->bytes, subject->weight));
    bump_owned(&table()->live, 1);
    bump_owned(&table()->taken, 1);
}

static void unlink_sample(uint32_t place) {
    struct sample *sample = sample_at(place);
    void *object = load_relaxed(&sample->object);
    _Atomic(uint32_t) *link = &table()->sample_buckets[bucket_of(object)];
    while (load_relaxed(link) != place) {
        link = &sample_at(load_relaxed(link))->next;
    }
    change_begin(&table()->version);
    store_relaxed(link, load_relaxed(&sample->next));
    store_relaxed(&sample->object, NULL);
    change_end(&table()->version);
}

static void drop_sample(uint32_t place) {
    const struct sample *sample = sample_at(place);
    uint32_t stack_place = load_relaxed(&sample->stack);
    struct sample_stack *stack = stack_at(stack_place);
    uint64_t weight = load_relaxed(&sample->weight);
    unlink_sample(place);
    add_to_stack(stack, 0 - (uint32_t)1, 0 - weight,
                 0 - weigh(load_relaxed(&sample->bytes), weight));
    if (load_relaxed(&stack->samples) == 0) {
        leave_stack(stack_place);
    }
    give_sample_place(place);
    bump_owned(&table()->live, 0 - (uint64_t)1);
}

void sample_enter(const struct sample_subject *subject) {
    uint64_t value = load_relaxed(subject->slot_record);
    uint32_t stale = find_sample(subject->object);
    if (stale != 0) {
        drop_sample(stale);
    }
    give_left_stacks();
    uint32_t place = take_sample_place();
    uint32_t stack = place != 0 ? find_stack(subject) : 0;
    if (stack == 0) {
        bump_owned(&table()->dropped, 1);
        if (place != 0) {
            give_sample_place(place);
        }
        return;
    }
    fill_sample(place, subject, stack, record_thread(value));
    /* Put meanwhile by who has no right to: then it is no sample. */
    if (!record_is_live(value) || record_is_sampled(value) ||
        !swap_if_relaxed(subject->slot_record, &value,
                         record_with_thread(value, RECORD_THREAD_MASK))) {
        drop_sample(place);
    }
}

void sample_leave(void *object, record *slot_record, bool interrupting) {
    uint64_t value = load_relaxed(slot_record);
    if (!record_is_sampled(value)) {
        return; /* somebody else was sooner */
    }
    uint32_t place = find_sample(object);
    unsigned thread = place != 0 ? load_relaxed(&sample_at(place)->thread) : 0;
    if (place != 0) {
        drop_sample(place);
    }
    store_relaxed(slot_record, record_with_thread(value, thread));
    if (!interrupting) {
        give_left_stacks();
    }
}

void sample_resize(const void *object, size_t bytes) {
    uint32_t place = find_sample(object);
    if (place != 0) {
        struct sample *sample = sample_at(place);
        uint64_t weight = load_relaxed(&sample->weight);
        uint64_t before = weigh(load_relaxed(&sample->bytes), weight);
        store_relaxed(&sample->bytes, bytes);
        add_to_stack(stack_at(load_relaxed(&sample->stack)), 0, 0, weigh(bytes, weight) - before);
    }
}

/* ---- without the lock ------------------------------------------------------------------------ */

/* Whatever the links say meanwhile, it ends. */
static unsigned look_up_thread(const struct sample_table *samples, const void *object) {
    uint32_t place = load_relaxed(&samples->sample_buckets[bucket_of(object)]);
    for (uint32_t steps = 0; place != 0 && steps < SAMPLE_PLACES; steps++) {
        const struct sample *sample = &samples->samples[place];
        if (load_relaxed(&sample->object) == object) {
            return load_relaxed(&sample->thread);
        }
        place = load_relaxed(&sample->next);
    }
    return 0;
}

uint64_t sample_plain(uint64_t value, const void *object) {
    if (!record_is_sampled(value)) {
        return value;
    }
    /* Y6 pairs with Y5 */
    const struct sample_table *samples = load_acquire(&sample_table);
    for (int tries = 0; samples != NULL && tries < READER_TRIES; tries++) {
        /* Y3 pairs with Y2 */
        uint32_t version = load_acquire(&samples->version);
        unsigned thread = look_up_thread(samples, object);
        /* Y4 pairs with Y1: a part of a change that was seen shows in the version */
        atomic_thread_fence(memory_order_acquire);
        if (version % 2 == 0 && load_relaxed(&samples->version) == version) {
            return record_with_thread(value, thread);
        }
    }
    return record_with_thread(value, 0);
}
