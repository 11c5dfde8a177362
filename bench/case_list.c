/* SPDX-License-Identifier: MIT */
/* The table of cases. */
#include "bench/case_list.h"

#define LIVE_MILLION ((size_t)1000 * 1000)
#define TAIL_LIVE ((size_t)4000)

/* One case at the four sizes that the get+put cases are measured at. */
#define AT_SIZES(name_, kind_, group_, live_, threads_, ours_)                                     \
    AT_SIZE(name_, 32, kind_, group_, live_, threads_, ours_),                                     \
        AT_SIZE(name_, 64, kind_, group_, live_, threads_, ours_),                                 \
        AT_SIZE(name_, 256, kind_, group_, live_, threads_, ours_),                                \
        AT_SIZE(name_, 1024, kind_, group_, live_, threads_, ours_)

#define AT_SIZE(name_, bytes_, kind_, group_, live_, threads_, ours_)                              \
    {                                                                                              \
        .name = name_ "/" #bytes_, .kind = (kind_), .group = (group_), .unit = UNIT_NS,            \
        .object_bytes = (bytes_), .live = (live_), .threads = (threads_), .ours_only = (ours_),    \
    }

#define TAIL(one_in_)                                                                              \
    {                                                                                              \
        .name = "tail-" #one_in_, .kind = CASE_TAIL, .group = GROUP_TAIL, .unit = UNIT_NS,         \
        .live = TAIL_LIVE, .one_in = (one_in_), .threads = 1,                                      \
    }

const struct bench_case bench_cases[] = {
    AT_SIZES("lifo-1", CASE_LIFO_1, GROUP_GET_PUT, 1, 1, false),
    AT_SIZES("lifo-8", CASE_LIFO_8, GROUP_GET_PUT, 8, 1, false),
    AT_SIZES("fifo-1000", CASE_FIFO, GROUP_GET_PUT, 1000, 1, false),
    AT_SIZES("random-1000", CASE_RANDOM, GROUP_GET_PUT, 1000, 1, false),
    {.name = "six-pools",
     .kind = CASE_SIX_POOLS,
     .group = GROUP_GET_PUT,
     .unit = UNIT_NS,
     .live = 1,
     .threads = 1},
    {.name = "in-flight-256",
     .kind = CASE_IN_FLIGHT,
     .group = GROUP_GET_PUT,
     .unit = UNIT_NS,
     .live = 256,
     .threads = 1},
    AT_SIZES("bulk-32", CASE_BULK, GROUP_SINGLE, BULK_OBJECTS, 1, false),
    AT_SIZES("replace-10k", CASE_REPLACE, GROUP_SINGLE, 10000, 1, false),
    AT_SIZE("replace-1M", 64, CASE_REPLACE, GROUP_SINGLE, LIVE_MILLION, 1, false),
    {.name = "replace-8M/64",
     .kind = CASE_REPLACE,
     .group = GROUP_SINGLE,
     .unit = UNIT_NS,
     .object_bytes = 64,
     .live = 8 * LIVE_MILLION,
     .threads = 1,
     .fresh = true},
    AT_SIZE("get0", 176, CASE_GET0, GROUP_SINGLE, 1, 1, false),
    AT_SIZE("get0", 1864, CASE_GET0, GROUP_SINGLE, 1, 1, false),
    AT_SIZE("get0", 12120, CASE_GET0, GROUP_SINGLE, 1, 1, false),
    AT_SIZES("one-by-one-32", CASE_ONE_BY_ONE, GROUP_OWN, BULK_OBJECTS, 1, true),
    AT_SIZES("producer-consumer", CASE_PRODUCER_CONSUMER, GROUP_THREADS, 1024, 2, false),
    {.name = "crowd-24",
     .kind = CASE_CROWD,
     .group = GROUP_CROWD,
     .unit = UNIT_NS,
     .live = CROWD_THREADS * CROWD_REQUESTS,
     .threads = 2},
    {.name = "replay-1-worker",
     .kind = CASE_REPLAY,
     .group = GROUP_REPLAY,
     .unit = UNIT_NS,
     .threads = 1},
    {.name = "replay-2-workers",
     .kind = CASE_REPLAY,
     .group = GROUP_REPLAY,
     .unit = UNIT_NS,
     .threads = 2},
    AT_SIZES("heap-lifo", CASE_HEAP_LIFO, GROUP_HEAP, 1, 1, false),
    {.name = "replay-heap-1-worker",
     .kind = CASE_HEAP_REPLAY,
     .group = GROUP_HEAP,
     .unit = UNIT_NS,
     .threads = 1},
    {.name = "replay-heap-2-workers",
     .kind = CASE_HEAP_REPLAY,
     .group = GROUP_HEAP,
     .unit = UNIT_NS,
     .threads = 2},
    TAIL(1000),
    TAIL(10000),
    TAIL(100000),
    {.name = "resident-8M/64",
     .kind = CASE_RESIDENT_LIVE,
     .group = GROUP_RESIDENT,
     .unit = UNIT_BYTES_PER_BYTE,
     .object_bytes = 64,
     .live = 8 * LIVE_MILLION,
     .threads = 1,
     .fresh = true},
    {.name = "resident-replay",
     .kind = CASE_RESIDENT_REPLAY,
     .group = GROUP_RESIDENT,
     .unit = UNIT_KIB,
     .threads = 1,
     .fresh = true},
    {.name = "resident-replay-heap",
     .kind = CASE_RESIDENT_HEAP,
     .group = GROUP_RESIDENT,
     .unit = UNIT_KIB,
     .threads = 1,
     .fresh = true},
    {.name = "resident-crowd-24",
     .kind = CASE_RESIDENT_CROWD,
     .group = GROUP_RESIDENT,
     .unit = UNIT_KIB,
     .live = CROWD_THREADS * CROWD_REQUESTS,
     .threads = 2,
     .fresh = true},
    {.name = "pool-one-live/64",
     .kind = CASE_POOL_ONE_LIVE,
     .group = GROUP_RESIDENT,
     .unit = UNIT_KIB,
     .object_bytes = 64,
     .live = 10000,
     .threads = 1,
     .ours_only = true,
     .fresh = true},
    {.name = "pool-idle/64",
     .kind = CASE_POOL_IDLE,
     .group = GROUP_RESIDENT,
     .unit = UNIT_KIB,
     .object_bytes = 64,
     .live = 10000,
     .threads = 1,
     .ours_only = true,
     .fresh = true},
};

const size_t bench_n_cases = sizeof(bench_cases) / sizeof(bench_cases[0]);

_Static_assert(sizeof(bench_cases) / sizeof(bench_cases[0]) <= CASES_MAX, "room for results");

/* Frame, two data pairs, datum, dict and call stack of one brick request. */
const size_t request_object_bytes[REQUEST_OBJECTS] = {176, 48, 48, 32, 152, 1864};

const char *case_kind_text(enum case_kind kind) {
    static const char *const texts[] = {
        [CASE_LIFO_1] = "get one object, put it",
        [CASE_LIFO_8] = "get 8 objects, put them last first",
        [CASE_FIFO] = "get 1000 objects, put them first first",
        [CASE_RANDOM] = "get 1000 objects, put them in a random order",
        [CASE_SIX_POOLS] = "get one object from each of six pools, put the six",
        [CASE_IN_FLIGHT] = "256 requests of six objects: a random one ends, another begins",
        [CASE_BULK] = "get 32 objects in one call, put them in one call (one by one without it)",
        [CASE_ONE_BY_ONE] = "get 32 objects and put them, one by one (to compare bulk with)",
        [CASE_REPLACE] = "many live objects: a random one is replaced by a new one",
        [CASE_GET0] = "get one zeroed object, put it",
        [CASE_PRODUCER_CONSUMER] = "one thread gets, another puts",
        [CASE_CROWD] = "24 threads in turns on two CPUs put what others got from six pools",
        [CASE_REPLAY] = "every get and put of a recorded trace",
        [CASE_HEAP_LIFO] = "allocate one accounted block, free it",
        [CASE_HEAP_REPLAY] = "every get and put, malloc and free of a recorded trace",
        [CASE_TAIL] = "bursts of blocks: what one malloc or free in so many exceeds",
        [CASE_RESIDENT_LIVE] = "resident memory per byte of live objects",
        [CASE_RESIDENT_REPLAY] = "highest growth of resident memory during a replay",
        [CASE_RESIDENT_HEAP] = "the same with every malloc and free",
        [CASE_RESIDENT_CROWD] = "growth of resident memory by 24 threads in turns",
        [CASE_POOL_IDLE] = "resident memory of a pool that is never used",
        [CASE_POOL_ONE_LIVE] = "resident memory of a pool with one live object",
    };
    return texts[kind];
}

const char *case_group_title(enum case_group group) {
    static const char *const titles[GROUP_COUNT] = {
        [GROUP_GET_PUT] = "Get and put, one thread",
        [GROUP_SINGLE] = "Bulk, replacement and zeroed gets, one thread",
        [GROUP_OWN] = "Ours only: what bulk is compared with",
        [GROUP_THREADS] = "Two threads",
        [GROUP_CROWD] = "Many threads, in turns on two CPUs",
        [GROUP_REPLAY] = "Replay of a recorded trace",
        [GROUP_HEAP] = "The accounted heap, and its replay with that of pools",
        [GROUP_TAIL] = "The slowest mallocs and frees: what one call in so many exceeds",
        [GROUP_RESIDENT] = "Resident memory",
    };
    return titles[group];
}

const char *case_unit_text(enum case_unit unit) {
    static const char *const texts[] = {
        [UNIT_NS] = "ns",
        [UNIT_BYTES_PER_BYTE] = "B/B",
        [UNIT_KIB] = "KiB",
    };
    return texts[unit];
}

bool case_replays(const struct bench_case *test) {
    return test->kind == CASE_REPLAY || test->kind == CASE_HEAP_REPLAY ||
           test->kind == CASE_RESIDENT_REPLAY || test->kind == CASE_RESIDENT_HEAP;
}

bool case_uses_heap(const struct bench_case *test) {
    return test->group == GROUP_HEAP || test->group == GROUP_TAIL ||
           test->kind == CASE_RESIDENT_HEAP;
}

bool case_is_single_thread(const struct bench_case *test) {
    return test->threads == 1 && (test->group == GROUP_GET_PUT || test->group == GROUP_SINGLE ||
                                  test->group == GROUP_REPLAY);
}
