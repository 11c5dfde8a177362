/* SPDX-License-Identifier: MIT */
/* Restartable sequences: are there any? */
#include "sys/processor.h"

#include "sys/sys.h"

#ifdef SYS_HAS_RSEQ

#include <sched.h>
#include <sys/rseq.h>
#include <unistd.h>

_Static_assert(RSEQ_SIG == 0x53053053, "what stands before where sequences begin again");
_Static_assert(offsetof(struct rseq, cpu_id) == 4 && offsetof(struct rseq, rseq_cs) == 8,
               "as sys_processor_take has them");

ptrdiff_t sys_rseq_offset;

uint32_t sys_processors(void) {
    long n = sysconf(_SC_NPROCESSORS_CONF);
    /* glibc's registration fails where the kernel has none, under valgrind, and where the tunable
     * glibc.pthread.rseq is 0. */
    if (__rseq_size == 0 || n <= 0 || n > INT32_MAX) {
        return 0;
    }
    sys_rseq_offset = __rseq_offset;
    return (uint32_t)n;
}

static uint32_t allowed_at_loading;

/* Before main, which may bind its thread to one of them. */
__attribute__((constructor)) static void count_allowed(void) {
    cpu_set_t allowed;
    /* It fails where there are more processors than the set has room for. */
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        allowed_at_loading = (uint32_t)CPU_COUNT(&allowed);
    }
}

uint32_t sys_processors_allowed(void) {
    return allowed_at_loading != 0 ? allowed_at_loading : sys_processors();
}

uint32_t sys_processor_now(void) {
    const char *area = (const char *)__builtin_thread_pointer() + sys_rseq_offset;
    return load_relaxed((const _Atomic(uint32_t) *)(const void *)(area + 4));
}

#else

uint32_t sys_processors(void) {
    return 0;
}

uint32_t sys_processors_allowed(void) {
    return 0;
}

uint32_t sys_processor_now(void) {
    return 0;
}

#endif
