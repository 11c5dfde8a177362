/* SPDX-License-Identifier: MIT */
/* Where GlusterFS's own structs have their fields, release by release.
 *
 * THEORY
 *
 * Its headers cannot be compiled from outside, and are no promise. So the few fields that we must
 * read or write are named here by their offsets, for releases whose offsets are known; a release
 * that is not in the table is left alone. The release is told by the text that its library prints
 * in a crash report ("package-string: glusterfs 10.3"), which lies in its memory.
 *
 * A text can be wrong, so the library's own function is tried on a translator of zeros: it must
 * find the context, and leave its records, where the table says (layout_fits).
 *
 * The struct of a pool and a translator's records are the same in all of them: pools.c and
 * translator.h have them as structs. */
#ifndef GLUSTERFS_LAYOUT_H
#define GLUSTERFS_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct layout {
    unsigned major, minor_first, minor_last; /* releases that have it */
    /* of a translator (xlator_t) */
    uint16_t translator_name, translator_context, translator_records;
    uint16_t context_accounting; /* of a context (glusterfs_ctx_t): int, accounting is on */
    uint16_t record_type_name, record_allocations; /* of one record (struct mem_acct_rec) */
};

enum { RELEASE_TEXT_BYTES = 32, SCRATCH_BYTES = 16384, SCRATCH_TYPES = 5 };

/* struct mem_acct. */
struct glusterfs_records {
    uint32_t n_types;
    _Atomic uint32_t number; /* padding there, of any value; see translator.h */
    _Atomic int64_t references;
    char records[]; /* RECORD_BYTES each */
};
enum { RECORD_BYTES = 16 };

/* The layout of a release's text ("10.3"), or NULL. */
const struct layout *layout_of_release(const char *release);

/* Does the library's xlator_mem_acct_init agree? The release may be a distribution's own. */
bool layout_fits(const struct layout *layout, int (*records_init)(void *translator, int n_types));

/* Of the library that a function is in: its release's text, "" where it does not tell. */
void layout_release_of_library(const void *function, char ret_release[RELEASE_TEXT_BYTES]);

#endif
