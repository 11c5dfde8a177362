/* SPDX-License-Identifier: MIT */
/* The census: all live objects and blocks, added up by what they are and where they were got.
 *
 * THEORY
 *
 * Descriptors lead to slabs, slabs to records. All of that may change while we read. A slab's shape
 * is copied under its pool's lock: a new pool in the place of one that ended takes that, too. From
 * then on only its records are read, without a lock: their memory is only ever used for records. If
 * the slab is retired meanwhile, some of another slab's live slots may be counted in its name.
 *
 * Groups are found through an open hash table of fixed size. When it is full, what has no group is
 * counted as `rest`. */
#ifndef MEMPOOL_OBSERVE_CENSUS_H
#define MEMPOOL_OBSERVE_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CENSUS_GROUPS = 8192, /* a table of one megabyte */
    CENSUS_AGES = 6,      /* below 10 s, 1 min, 10 min, 1 h, 1 day; older */
};

/* Whose: a pool's number, or an account's. */
#define CENSUS_ACCOUNT ((uint32_t)1 << 31)

struct census_group {
    uint32_t whose;
    uint32_t site; /* low 32 bits of the address */
    uint64_t count; /* 0: no group here */
    uint64_t bytes;
    int64_t oldest_seconds;
    uint64_t ages[CENSUS_AGES];
};

struct census {
    struct census_group *groups; /* CENSUS_GROUPS places; after census_sort the first n_groups */
    size_t n_groups;
    struct census_group rest;
    uint64_t count, bytes;
    /* what to count */
    uint32_t since;      /* a mark; 0: all */
    int64_t min_seconds;
};

/* Count; 0 or -ENOMEM. Gives `groups` memory; census_end takes it back. */
int census_take(struct census *census);
/* Groups to the front, most bytes first. */
void census_sort(struct census *census);
/* Groups of the same `whose` become one, without site; sorted. */
void census_join_sites(struct census *census);
void census_end(struct census *census);

/* "component:type" into a buffer. */
void census_name(uint32_t whose, char *ret, size_t bytes);

#endif
