/* SPDX-License-Identifier: MIT */
/* The benchmark's cases: one table that the driver and its workers share. */
#ifndef BENCH_CASE_LIST_H
#define BENCH_CASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* What a worker does; bench/cases_template.h has one function for each. */
enum case_kind {
    CASE_LIFO_1,            /* get, put */
    CASE_LIFO_8,            /* get 8, put them last first */
    CASE_FIFO,              /* get `live`, put them first first */
    CASE_RANDOM,            /* get `live`, put them in a random order */
    CASE_SIX_POOLS,         /* get one from each of six pools, put the six */
    CASE_IN_FLIGHT,         /* `live` requests of six objects: one at random ends, one begins */
    CASE_BULK,              /* get_bulk `live`, put_bulk `live`; one by one where there is none */
    CASE_ONE_BY_ONE,        /* the same without bulk */
    CASE_REPLACE,           /* `live` objects, a random one is replaced by a new one */
    CASE_GET0,              /* zeroed get, put */
    CASE_PRODUCER_CONSUMER, /* one thread gets, another puts */
    CASE_CROWD,             /* many threads in turns put what others got */
    CASE_REPLAY,            /* a recorded trace, `threads` workers */
    CASE_HEAP_LIFO,         /* malloc, free of one size */
    CASE_HEAP_REPLAY,       /* a recorded trace with heap events, `threads` workers */
    CASE_TAIL,              /* bursts of up to `live` blocks: what 1 call in `one_in` exceeds */
    CASE_RESIDENT_LIVE,     /* resident growth per live byte, `live` objects */
    CASE_RESIDENT_REPLAY,   /* highest resident growth during a replay */
    CASE_RESIDENT_HEAP,     /* the same with heap events */
    CASE_RESIDENT_CROWD,    /* resident growth when many threads have taken turns */
    CASE_POOL_IDLE,         /* resident growth per pool, `live` pools, none used */
    CASE_POOL_ONE_LIVE,     /* the same, one object live in each */
};

/* Which part of the report a case is in, and which targets look at it. */
enum case_group {
    GROUP_GET_PUT,  /* single thread, get and put of one size or six */
    GROUP_SINGLE,   /* single thread, all else that is timed */
    GROUP_OWN,      /* only to compare ours with ours */
    GROUP_THREADS,  /* two threads */
    GROUP_CROWD,    /* many, on two CPUs */
    GROUP_REPLAY,   /* trace replay, timed */
    GROUP_HEAP,     /* the accounted heap, timed */
    GROUP_TAIL,     /* its slowest calls */
    GROUP_RESIDENT, /* memory */
    GROUP_COUNT
};

enum case_unit {
    UNIT_NS,             /* nanoseconds per get+put, or malloc+free; of a tail, per call */
    UNIT_BYTES_PER_BYTE, /* resident bytes per live byte */
    UNIT_KIB,            /* KiB */
};

struct bench_case {
    const char *name; /* unique, as --cases matches it */
    enum case_kind kind;
    enum case_group group;
    enum case_unit unit;
    size_t object_bytes;
    size_t live;      /* objects, requests or pools at once */
    size_t one_in;    /* of a tail */
    unsigned threads; /* 1 or 2; of a crowd: CPUs */
    bool ours_only;
    bool fresh; /* each round in a new worker process, and fewer rounds */
};

#define CASES_MAX 64

extern const struct bench_case bench_cases[];
extern const size_t bench_n_cases;

/* Sizes of the objects that one request takes, one pool each: those of a GlusterFS brick's. */
#define REQUEST_OBJECTS 6
extern const size_t request_object_bytes[REQUEST_OBJECTS];

/* Threads that take turns, and requests that each has at a time. */
#define CROWD_THREADS 24
#define CROWD_REQUESTS 8

/* Objects in each get_bulk and put_bulk. */
#define BULK_OBJECTS 32

/* One sentence on what cases of this kind do. */
const char *case_kind_text(enum case_kind kind);

/* A group's heading in the report. */
const char *case_group_title(enum case_group group);

/* A unit as written in the report. */
const char *case_unit_text(enum case_unit unit);

/* Whether the case replays a trace: timed or for its memory, without heap events or with them. */
bool case_replays(const struct bench_case *test);

/* Whether it uses the heap, beside pools or alone. */
bool case_uses_heap(const struct bench_case *test);

/* Whether the case counts as a single-thread case for the geometric mean. */
bool case_is_single_thread(const struct bench_case *test);

#endif
