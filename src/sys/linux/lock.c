/* SPDX-License-Identifier: MIT */
/* A 4-byte lock: spin a little, then sleep in the kernel (Drepper, "Futexes are tricky", 2011). */
#include "sys/sys.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    /* The sections are a few hundred cycles; longer waits mean that the holder does not run. */
    LOCK_SPINS = 100,
};

void sys_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#else
    signal_fence();
#endif
}

void sys_lock_wait(struct sys_lock *lock) {
    for (int spin = 0; spin < LOCK_SPINS; spin++) {
        if (load_relaxed(&lock->state) == 0 && sys_lock_try(lock)) {
            return;
        }
        sys_pause();
    }
    /* L2 pairs with U1, as in sys_lock_try; 2 because we cannot know that nobody else sleeps */
    while (atomic_exchange_explicit(&lock->state, 2, memory_order_acquire) != 0) {
        syscall(SYS_futex, &lock->state, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0);
    }
}

void sys_lock_wake(struct sys_lock *lock) {
    syscall(SYS_futex, &lock->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
