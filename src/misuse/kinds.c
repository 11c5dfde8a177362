/* SPDX-License-Identifier: MIT */
/* The table of misuses. */
#include "misuse/kinds.h"

#include "base/attributes.h"

#include <stddef.h>

#define FOREIGN_ADVICE "give memory back the way it was taken; the pool refused it"

const struct misuse_kind misuse_kinds[MEMPOOL_MISUSE_KINDS] = {
    [MEMPOOL_MISUSE_DOUBLE_PUT] = {"double-put", "put of an object that was put before",
                                   "one of the two call sites does not own the object", 0, false},
    [MEMPOOL_MISUSE_RACING_PUT] = {"racing-put", "two threads put one object at the same time",
                                   "found out at this site; the object has one owner", 0, false},
    [MEMPOOL_MISUSE_WRONG_CALL] = {"wrong-call", "put of a heap block, or free of a pool's object",
                                   "give it back by the call that belongs to it", 0, false},
    [MEMPOOL_MISUSE_INTERIOR] = {"interior", "put of a pointer into the middle of an object",
                                 "put the pointer that get returned", MEMPOOL_MISUSE_ABORT, false},
    [MEMPOOL_MISUSE_PAST_END] = {"past-end", "put of a pointer behind the end of an object",
                                 "put the pointer that get returned", MEMPOOL_MISUSE_ABORT, false},
    [MEMPOOL_MISUSE_NEVER_GOT] = {"never-got", "put of a slot that was never handed out",
                                  "the pointer was computed, not got", 0, false},
    [MEMPOOL_MISUSE_RETURNED] = {"returned", "put of memory that went back to the system",
                                 "the object was put before, some time ago", 0, false},
    [MEMPOOL_MISUSE_STACK] = {"stack", "put of a variable on the stack", FOREIGN_ADVICE, 0, true},
    [MEMPOOL_MISUSE_GLOBAL] = {"global", "put of a global, of code, or of a constant",
                               FOREIGN_ADVICE, 0, true},
    [MEMPOOL_MISUSE_HEAP] = {"heap", "put of a block of malloc's", FOREIGN_ADVICE, 0, true},
    [MEMPOOL_MISUSE_MAPPED] = {"mapped", "put of mapped memory that no pool gave", FOREIGN_ADVICE,
                               0, true},
    [MEMPOOL_MISUSE_UNMAPPED] = {"unmapped", "put of an address where nothing is", FOREIGN_ADVICE,
                                 0, true},
    [MEMPOOL_MISUSE_TINY] = {"tiny", "put of a small number", FOREIGN_ADVICE, 0, true},
    [MEMPOOL_MISUSE_NON_CANONICAL] = {"non-canonical", "put of a number that is no address",
                                      FOREIGN_ADVICE, 0, true},
    [MEMPOOL_MISUSE_DEAD_OBJECT] = {"dead-object", "put of what is not live, of a destroyed pool",
                                    "the object was put before, and its pool is gone", 0, false},
    [MEMPOOL_MISUSE_DEAD_POOL_GET] = {"dead-pool-get", "use of a destroyed pool",
                                      "stop the users of a pool before destroying it", 0, false},
    [MEMPOOL_MISUSE_DEAD_POOL_DESTROY] = {"dead-pool-destroy", "destroy of a destroyed pool",
                                          "one owner destroys, once", 0, false},
    [MEMPOOL_MISUSE_NOT_A_POOL] = {"not-a-pool", "a handle that never was a pool",
                                   "pass what mempool_create returned", 0, false},
    [MEMPOOL_MISUSE_LIVE_AT_DESTROY] = {"live-at-destroy", "destroy of a pool with live objects",
                                        "they stay valid until put; the sites above got them", 0,
                                        false},
    [MEMPOOL_MISUSE_REENTERED] = {"reentered", "refused in a signal handler",
                                  "the interrupted call holds what this one needs", 0, false},
    [MEMPOOL_MISUSE_BAD_SETTING] = {"bad-setting",
                                    "a word in a setting of the environment means nothing",
                                    "MEMPOOL_ON_MISUSE: kind=action, kind, all or foreign; report, "
                                    "abort or callback; MEMPOOL_SAMPLE_BYTES: a number",
                                    0, false},
};

MEMPOOL_API const char *mempool_misuse_name(enum mempool_misuse_kind kind) {
    return (unsigned)kind < MEMPOOL_MISUSE_KINDS ? misuse_kinds[kind].name : NULL;
}
