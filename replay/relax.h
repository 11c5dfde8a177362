/* SPDX-License-Identifier: MIT */
/* What a thread does in a loop that waits for another thread. */
#ifndef REPLAY_RELAX_H
#define REPLAY_RELAX_H

#include <sched.h>

enum {
    RELAX_AT_ONCE = 200, /* tries without a pause: what is waited for mostly comes that soon, and a
                          * pause takes as long as a cache line needs between two processors */
    RELAX_SPINS = 264,   /* tries before the processor is offered to others */
};

#if defined(__x86_64__) || defined(__i386__)
#define RELAX_HINT() __builtin_ia32_pause()
#elif defined(__aarch64__) || defined(__arm__)
#define RELAX_HINT() __asm__ __volatile__("yield")
#else
#define RELAX_HINT() __asm__ __volatile__("")
#endif

/* Try number *tries has failed: wait a little, longer after many tries. */
static inline void relax(unsigned *tries) {
    if (++*tries < RELAX_AT_ONCE) {
        return;
    }
    if (*tries < RELAX_SPINS) {
        RELAX_HINT();
    } else {
        *tries = 0;
        sched_yield();
    }
}

#endif
