/* SPDX-License-Identifier: MIT */
/* Facts about the machine, for the report's head and for choosing CPUs. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <stddef.h>
#include <stdint.h>

struct machine_facts {
    char cpu_model[128];
    unsigned cpus;     /* that this process may run on */
    double memory_gib; /* installed */
    char kernel[160];  /* name, release, architecture */
    char libc[64];
    char compiler[128];  /* of the benchmark and its workers */
    char huge_pages[64]; /* the kernel's setting for transparent ones */
    double load_average; /* over the last minute, when the run began; -1: unknown */
    int optimized;       /* 1: the benchmark is compiled with optimisation */
};

void machine_read(struct machine_facts *ret);

/** machine_n_cpus: CPUs that this process may run on. */
unsigned machine_n_cpus(void);

/** machine_cpus: one for the first thread, one for the second (-1 where there is none). */
void machine_cpus(int32_t ret_cpus[2]);

/** machine_available_bytes: memory that can be had without swapping. */
size_t machine_available_bytes(void);

#endif
