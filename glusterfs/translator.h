/* SPDX-License-Identifier: MIT */
/* Translators as components: who is charged for a block.
 *
 * THEORY
 *
 * GlusterFS has a current translator per thread (THIS), and for each an array of records, by the
 * numbers of its types (struct mem_acct). Here each such array is a component of ours, named as
 * the translator, and each number a type, named as GlusterFS names it; both together an account:
 *
 *      THIS ---> translator ---> records {n_types, number, ...}        GlusterFS's
 *                                             |
 *                     translators[number] ----'---> component, accounts' places    ours
 *
 * `number` lies in four bytes of the records that are padding. It is trusted only if what it leads
 * to leads back to the same records. So an allocation needs no lock and no search.
 *
 * A graph switch makes new translators of the same names: further generations of the components,
 * or the same again where nothing of the one that ended is live.
 * When a translator drops its records, its component ends; blocks that are live stay on its books.
 * GlusterFS keeps such records alive while blocks are; ours need not be, because the books know
 * their accounts, and nothing of a block leads to the records.
 *
 * What GlusterFS reads in its records (how many are live, the type's name) is written there when it
 * is about to read: translators_sync. */
#ifndef GLUSTERFS_TRANSLATOR_H
#define GLUSTERFS_TRANSLATOR_H

#include "original.h"

#include "account/books.h"

/* Half a cache line. */
struct translator {
    struct glusterfs_records *_Atomic records; /* NULL: ended, or none yet */
    _Atomic(uint32_t) *places; /* of accounts, by the number of a type; PLACE_NONE: not met */
    _Atomic uint32_t n_types;
    uint32_t types_max;        /* that there is room for */
    struct mempool_component *component;
};

enum { TRANSLATORS_MAX = 1 << 14 };
extern struct translator translators[TRANSLATORS_MAX];

/* Where the thread's THIS is, asked for once; NULL: not yet, or a text is being formatted (heap.c).
 * Only where we are engaged is it anything else. */
extern __thread void **translator_this_location MEMPOOL_TLS_MODEL;

/* THIS, wherever it is. */
static inline const char *translator_this(void) {
    return *original.this_location();
}

static inline void *translator_pointer(const char *translator, uint16_t offset) {
    return *(void *const *)(const void *)(translator + offset);
}

/* Ours of GlusterFS's records; NULL: not met yet. */
MEMPOOL_HOT_INLINE struct translator *translator_known(const struct glusterfs_records *records) {
    uint32_t number = load_relaxed(&records->number);
    if (MEMPOOL_UNLIKELY(number >= TRANSLATORS_MAX)) {
        return NULL;
    }
    struct translator *found = &translators[number];
    /* N2 pairs with N1 in translator.c: it is whole */
    return MEMPOOL_LIKELY(load_acquire(&found->records) == records) ? found : NULL;
}

/* The place of the account that a block is to be charged to, of the translator that THIS, at
 * `location`, leads to. PLACE_NONE: it is not that simple. */
MEMPOOL_HOT_INLINE uint32_t translator_place(void *const *location, uint32_t type) {
    if (MEMPOOL_UNLIKELY(location == NULL) || MEMPOOL_UNLIKELY(*location == NULL)) {
        return PLACE_NONE;
    }
    const struct glusterfs_records *records =
        translator_pointer(*location, original_layout.translator_records);
    const struct translator *translator = records != NULL ? translator_known(records) : NULL;
    if (MEMPOOL_UNLIKELY(translator == NULL) ||
        MEMPOOL_UNLIKELY(type >= load_relaxed(&translator->n_types))) {
        return PLACE_NONE;
    }
    return load_relaxed(&translator->places[type]);
}

/* The same, simple or not. Where it is not: makes the translator's component the thread's, and
 * returns PLACE_NONE with the type in *ret_type (NULL: no memory for its name). Where we are
 * engaged and accounting is on. */
MEMPOOL_COLD uint32_t translator_place_slow(uint32_t type, const char *type_name,
                                            struct mempool_type **ret_type);

/* Is accounting on where this thread is? Where it is off, the original uses libc's malloc. */
bool translator_accounting(void);

/* Enter the current translator's component; for pools. */
void translator_enter(void);

/* Write live blocks and types' names into GlusterFS's records. */
void translators_sync(void);

#endif
