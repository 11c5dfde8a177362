/* SPDX-License-Identifier: MIT */
/* A model of threads' caches, run over a trace. */
#include "analysis/magazines.h"

#include <string.h>

const uint32_t magazines_rounds[MAGAZINES_SIZES] = {1, 2, 3, 7, 15, 31, 63, 127, 255};

enum {
    NONE = -1,
    /* As the depot has them; a test compares what comes of it. */
    RAPID_BYTES = 32 << 10,
    CALM_BYTES = 4 << 10,
    ONE_ROUND_BYTES = 64 << 10,
    UNCACHED_BYTES = 256 << 10,
    DEPOT_BYTES = 4 << 20,
    DEPOT_ROUNDS = 32 << 10,
    DEPOT_MAGAZINES = 16,
    TABLE_BITS_FIRST = 10,
};

/* The cache of one thread and pool, in each size. */
struct pair {
    uint32_t thread, pool;
    int32_t next_of_thread;
    uint16_t loaded[MAGAZINES_SIZES], previous[MAGAZINES_SIZES], parked[MAGAZINES_SIZES];
};

/* What the threads share of one pool, in each size. */
struct shared {
    uint64_t live;
    uint64_t depot[MAGAZINES_SIZES], cached[MAGAZINES_SIZES];
    uint64_t bound[MAGAZINES_SIZES];
};

struct model {
    const struct trace *trace;
    struct magazines *result;
    struct replay_memory memory;
    struct shared *shared; /* by class */
    int32_t *first_of_thread;
    uint16_t *getter; /* by object */
    struct pair *pairs;
    uint32_t n_pairs, room_pairs;
    int32_t *table; /* pair by thread and pool: open addressing, at most half full */
    unsigned table_bits;
};

static uint32_t rounds_of_bytes(size_t slot_bytes, size_t bytes) {
    size_t fit = bytes / slot_bytes, rounds = 255;
    while (rounds > fit && rounds > 1) {
        rounds /= 2;
    }
    return (uint32_t)rounds;
}

uint32_t magazines_most_rounds(size_t slot_bytes, bool is_rapid) {
    if (slot_bytes >= UNCACHED_BYTES) {
        return 0;
    }
    if (slot_bytes >= ONE_ROUND_BYTES) {
        return 1;
    }
    uint32_t rounds = rounds_of_bytes(slot_bytes, is_rapid ? RAPID_BYTES : CALM_BYTES);
    return is_rapid && rounds < 2 ? 2 : rounds;
}

static uint32_t place_of(const struct model *model, uint32_t thread, uint32_t pool) {
    uint64_t key = (uint64_t)thread << 32 | pool;
    return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - model->table_bits));
}

static void enter(struct model *model, int32_t pair) {
    uint32_t mask = ((uint32_t)1 << model->table_bits) - 1;
    uint32_t at = place_of(model, model->pairs[pair].thread, model->pairs[pair].pool);
    while (model->table[at] != NONE) {
        at = (at + 1) & mask;
    }
    model->table[at] = pair;
}

/* Room for twice as many pairs; what was there before is given back at the end. */
static bool grow(struct model *model) {
    unsigned bits = model->table_bits == 0 ? TABLE_BITS_FIRST : model->table_bits + 1;
    uint32_t room = (uint32_t)1 << (bits - 1);
    struct pair *pairs = replay_memory_take(&model->memory, room, sizeof(*pairs));
    int32_t *table = replay_memory_take(&model->memory, (size_t)room * 2, sizeof(*table));
    if (!pairs || !table) {
        return false;
    }
    if (model->n_pairs > 0) {
        memcpy(pairs, model->pairs, model->n_pairs * sizeof(*pairs));
    }
    memset(table, 0xff, (size_t)room * 2 * sizeof(*table));
    model->pairs = pairs;
    model->room_pairs = room;
    model->table = table;
    model->table_bits = bits;
    for (uint32_t pair = 0; pair < model->n_pairs; pair++) {
        enter(model, (int32_t)pair);
    }
    return true;
}

static struct pair *add_pair(struct model *model, uint32_t thread, uint32_t pool) {
    if (model->n_pairs == model->room_pairs && !grow(model)) {
        return NULL;
    }
    int32_t number = (int32_t)model->n_pairs++;
    struct pair *pair = &model->pairs[number];
    pair->thread = thread;
    pair->pool = pool;
    pair->next_of_thread = model->first_of_thread[thread];
    model->first_of_thread[thread] = number;
    model->result->pools[pool].threads++;
    enter(model, number);
    return pair;
}

static struct pair *find_pair(struct model *model, uint32_t thread, uint32_t pool) {
    uint32_t mask = ((uint32_t)1 << model->table_bits) - 1;
    uint32_t at = place_of(model, thread, pool);
    for (; model->table[at] != NONE; at = (at + 1) & mask) {
        struct pair *pair = &model->pairs[model->table[at]];
        if (pair->thread == thread && pair->pool == pool) {
            return pair;
        }
    }
    return add_pair(model, thread, pool);
}

/* Rounds come to the depot; beyond its bound they go home to the slabs. */
static void give_depot(struct shared *shared, size_t size, uint64_t rounds) {
    shared->cached[size] -= rounds;
    shared->depot[size] += rounds;
    if (shared->depot[size] > shared->bound[size]) {
        shared->depot[size] = shared->bound[size];
    }
}

static void get_of_size(struct pair *pair, struct shared *shared, struct magazines_of_size *result,
                        size_t size) {
    uint16_t rounds = (uint16_t)magazines_rounds[size];
    if (pair->loaded[size] == 0) {
        pair->loaded[size] = pair->previous[size];
        pair->previous[size] = 0;
    }
    if (pair->loaded[size] == 0) {
        result->misses++;
        uint64_t from_depot = shared->depot[size] < rounds ? shared->depot[size] : rounds;
        /* What the depot has is taken as it is; only an empty one sends to the slabs. */
        pair->loaded[size] = from_depot > 0 ? (uint16_t)from_depot : rounds;
        shared->depot[size] -= from_depot;
        shared->cached[size] += pair->loaded[size];
    }
    pair->loaded[size]--;
    shared->cached[size]--;
}

static void put_of_size(struct pair *pair, struct shared *shared, struct magazines_of_size *result,
                        size_t size) {
    uint16_t rounds = (uint16_t)magazines_rounds[size];
    if (pair->loaded[size] == rounds) {
        uint16_t previous = pair->previous[size];
        pair->previous[size] = rounds;
        pair->loaded[size] = 0;
        if (previous > 0) {
            result->misses++;
            give_depot(shared, size, previous);
        }
    }
    pair->loaded[size]++;
    shared->cached[size]++;
}

static void park_of_size(struct pair *pair, struct shared *shared, struct magazines_of_size *result,
                         size_t size) {
    if (pair->parked[size] == magazines_rounds[size]) {
        result->misses++;
        give_depot(shared, size, pair->parked[size]);
        pair->parked[size] = 0;
    }
    pair->parked[size]++;
    shared->cached[size]++;
}

static void note_peaks(const struct shared *shared, struct magazines_of_pool *pool) {
    for (size_t size = 0; size < MAGAZINES_SIZES; size++) {
        struct magazines_of_size *result = &pool->sizes[size];
        uint64_t cached = shared->cached[size];
        uint64_t slots = shared->live + cached + shared->depot[size];
        result->peak_cached = cached > result->peak_cached ? cached : result->peak_cached;
        result->peak_slots = slots > result->peak_slots ? slots : result->peak_slots;
    }
}

static bool use(struct model *model, uint32_t event, uint8_t operation) {
    uint32_t pool = trace_class(model->trace, event), thread = trace_thread(model->trace, event);
    uint32_t object = model->trace->classes[pool].first_object + trace_slot(model->trace, event);
    struct shared *shared = &model->shared[pool];
    struct magazines_of_pool *result = &model->result->pools[pool];
    struct pair *pair = find_pair(model, thread, pool);
    if (!pair) {
        return false;
    }
    bool is_put = operation == TRACE_PUT;
    void (*act)(struct pair *, struct shared *, struct magazines_of_size *, size_t) =
        !is_put                           ? get_of_size
        : model->getter[object] == thread ? put_of_size
                                          : park_of_size;
    for (size_t size = 0; size < MAGAZINES_SIZES; size++) {
        act(pair, shared, &result->sizes[size], size);
    }
    model->getter[object] = (uint16_t)thread;
    result->operations++;
    shared->live += is_put ? (uint64_t)-1 : 1;
    note_peaks(shared, result);
    return true;
}

static void end_thread(struct model *model, uint32_t thread) {
    for (int32_t at = model->first_of_thread[thread]; at != NONE;) {
        struct pair *pair = &model->pairs[at];
        for (size_t size = 0; size < MAGAZINES_SIZES; size++) {
            give_depot(&model->shared[pair->pool], size,
                       (uint64_t)pair->loaded[size] + pair->previous[size] + pair->parked[size]);
            pair->loaded[size] = pair->previous[size] = pair->parked[size] = 0;
        }
        at = pair->next_of_thread;
    }
}

static bool prepare(struct model *model) {
    const struct trace *trace = model->trace;
    model->shared = replay_memory_take(&model->memory, trace->n_classes, sizeof(model->shared[0]));
    model->getter = replay_memory_take(&model->memory, trace->n_objects, sizeof(uint16_t));
    model->first_of_thread = replay_memory_take(&model->memory, trace->n_threads, sizeof(int32_t));
    if (!model->shared || !model->getter || !model->first_of_thread || !grow(model)) {
        return false;
    }
    memset(model->first_of_thread, 0xff, trace->n_threads * sizeof(int32_t));
    for (uint32_t pool = 0; pool < trace->n_classes; pool++) {
        size_t slot_bytes = ((size_t)trace->classes[pool].object_bytes + 15) & ~(size_t)15;
        slot_bytes = slot_bytes ? slot_bytes : 16;
        size_t by_bytes = DEPOT_BYTES / slot_bytes;
        by_bytes = by_bytes < DEPOT_ROUNDS ? by_bytes : DEPOT_ROUNDS;
        for (size_t size = 0; size < MAGAZINES_SIZES; size++) {
            size_t magazines = (size_t)DEPOT_MAGAZINES * magazines_rounds[size];
            model->shared[pool].bound[size] = magazines > by_bytes ? magazines : by_bytes;
        }
    }
    return true;
}

static bool run(struct model *model) {
    const struct trace *trace = model->trace;
    bool is_good = prepare(model);
    for (uint32_t event = 0; is_good && event < trace->n_events; event++) {
        uint8_t operation = trace_operation(trace, event);
        if (operation <= TRACE_PUT) {
            is_good = use(model, event, operation);
        } else if (operation == TRACE_THREAD_EXIT) {
            end_thread(model, trace_thread(trace, event));
        }
    }
    return is_good;
}

struct magazines *magazines_of_trace(const struct trace *trace) {
    struct replay_memory memory = {0};
    struct magazines *result = replay_memory_take(&memory, 1, sizeof(*result));
    if (!result) {
        return NULL;
    }
    result->memory = memory;
    result->pools = replay_memory_take(&result->memory, trace->n_classes, sizeof(result->pools[0]));
    struct model model = {.trace = trace, .result = result};
    if (!result->pools || !run(&model)) {
        magazines_free(result);
        result = NULL;
    }
    replay_memory_release(&model.memory);
    return result;
}

void magazines_free(struct magazines *magazines) {
    if (magazines) {
        struct replay_memory memory = magazines->memory; /* which holds the struct itself */
        replay_memory_release(&memory);
    }
}

unsigned magazines_hits(const struct magazines_of_pool *pool, size_t size) {
    uint64_t hits = pool->operations - pool->sizes[size].misses;
    return pool->operations == 0 ? 1000 : (unsigned)(hits * 1000 / pool->operations);
}

int magazines_choose(const struct magazines_of_pool *pool, size_t slot_bytes) {
    uint32_t most = magazines_most_rounds(slot_bytes, true);
    int best = -1;
    for (int size = 0; size < MAGAZINES_SIZES && magazines_rounds[size] <= most; size++) {
        unsigned hits = magazines_hits(pool, (size_t)size);
        if (best < 0 || hits > magazines_hits(pool, (size_t)best)) {
            best = size;
        }
        if (hits >= MAGAZINES_ENOUGH) {
            return size;
        }
    }
    return best;
}
