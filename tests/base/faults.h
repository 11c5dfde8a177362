/* SPDX-License-Identifier: MIT */
/* The operating system's memory calls, failing on demand: wrappers in sys_operations. */
#ifndef TESTS_BASE_FAULTS_H
#define TESTS_BASE_FAULTS_H

#include "sys/sys.h"

#include <errno.h>

enum {
    FAULT_RESERVE = 1,
    FAULT_COMMIT = 2,
    FAULT_PURGE = 4,
    FAULT_HEAP = 8,
};

static struct {
    struct sys_operations real;
    _Atomic unsigned kinds;    /* of the calls that are counted */
    _Atomic uint64_t n_calls;  /* so far */
    _Atomic uint64_t first;    /* the number of the call that fails; 0: none */
    _Atomic uint64_t last;     /* and of the last one that fails */
    _Atomic uint64_t n_failed; /* calls */
} faults;

/* Is this call one that fails? */
static inline bool fault_due(unsigned kind) {
    if ((load_relaxed(&faults.kinds) & kind) == 0) {
        return false;
    }
    uint64_t number = add_relaxed(&faults.n_calls, 1) + 1;
    uint64_t first = load_relaxed(&faults.first);
    bool due = first != 0 && number >= first && number <= load_relaxed(&faults.last);
    if (due) {
        (void)add_relaxed(&faults.n_failed, 1);
    }
    return due;
}

static inline void *faulty_reserve(size_t bytes) {
    return fault_due(FAULT_RESERVE) ? NULL : faults.real.reserve(bytes);
}

static inline int faulty_commit(void *start, size_t bytes) {
    return fault_due(FAULT_COMMIT) ? -ENOMEM : faults.real.commit(start, bytes);
}

static inline int faulty_purge(void *start, size_t bytes) {
    return fault_due(FAULT_PURGE) ? -EINVAL : faults.real.purge(start, bytes);
}

static inline void *faulty_heap_allocate(size_t bytes, size_t align) {
    return fault_due(FAULT_HEAP) ? NULL : faults.real.heap_allocate(bytes, align);
}

/* Count calls of these kinds from now on; let those numbered `first` to `last` fail. */
static inline void faults_arm(unsigned kinds, uint64_t first, uint64_t last) {
    if (faults.real.reserve == NULL) {
        faults.real = sys_operations;
        sys_operations.reserve = faulty_reserve;
        sys_operations.commit = faulty_commit;
        sys_operations.purge = faulty_purge;
        sys_operations.heap_allocate = faulty_heap_allocate;
    }
    store_relaxed(&faults.n_calls, 0);
    store_relaxed(&faults.n_failed, 0);
    store_relaxed(&faults.first, first);
    store_relaxed(&faults.last, last);
    store_relaxed(&faults.kinds, kinds);
}

/* No call fails any more; how many did. */
static inline uint64_t faults_disarm(void) {
    store_relaxed(&faults.kinds, 0);
    return load_relaxed(&faults.n_failed);
}

#endif
