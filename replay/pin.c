/* SPDX-License-Identifier: MIT */
/* Keeps a worker on one processor. */
#define _GNU_SOURCE /* the affinity calls */
#include "replay/pin.h"

#include <pthread.h>
#include <sched.h>

void pin_thread(unsigned worker) {
    cpu_set_t allowed, only;
    if (pthread_getaffinity_np(pthread_self(), sizeof(allowed), &allowed) != 0 ||
        CPU_COUNT(&allowed) == 0) {
        return;
    }
    unsigned left = worker % (unsigned)CPU_COUNT(&allowed);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &allowed) && left-- == 0) {
            CPU_ZERO(&only);
            CPU_SET(cpu, &only);
            pthread_setaffinity_np(pthread_self(), sizeof(only), &only);
            return;
        }
    }
}
