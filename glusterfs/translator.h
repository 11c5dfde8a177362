/* SPDX-License-Identifier: MIT */
/* Translators as components: who is charged for a block.
 *
 * THEORY
 *
 * GlusterFS has a current translator per thread (THIS), and for each an array of records, by the
 * numbers of its types (struct mem_acct). Here each such array is a component of ours, named as
 * the translator, and each number a type, named as GlusterFS names it:
 *
 *      THIS ---> translator ---> records {n_types, number, ...}        GlusterFS's
 *                                             |
 *                     translators[number] ----'---> component, types[] ours
 *
 * `number` lies in four bytes of the records that are padding. It is trusted only if what it leads
 * to leads back to the same records. So an allocation needs no lock and no search.
 *
 * A graph switch makes new translators of the same names: further generations of the components.
 * When a translator drops its records, its component ends; blocks that are live stay on its books.
 * GlusterFS keeps such records alive while blocks are; ours need not be, because the books know
 * their accounts, and nothing of a block leads to the records.
 *
 * What GlusterFS reads in its records (how many are live, the type's name) is written there when it
 * is about to read: translators_sync. */
#ifndef GLUSTERFS_TRANSLATOR_H
#define GLUSTERFS_TRANSLATOR_H

#include "original.h"

#include "account/component.h"

struct translator {
    struct glusterfs_records *_Atomic records; /* NULL: ended */
    struct mempool_component *component;
    uint32_t n_types;
    uint32_t types_max; /* that there is room for */
    struct mempool_type *_Atomic *types;
};

enum { TRANSLATORS_MAX = 1 << 14 };
extern struct translator *_Atomic translators[TRANSLATORS_MAX];

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
    struct translator *found = NULL;
    if (MEMPOOL_LIKELY(number < TRANSLATORS_MAX)) {
        /* N2 pairs with N1 in translator.c: it is whole */
        found = load_acquire(&translators[number]);
    }
    return MEMPOOL_LIKELY(found != NULL) && load_relaxed(&found->records) == records ? found : NULL;
}

/* The type of a number, NULL: not met yet. */
MEMPOOL_HOT_INLINE struct mempool_type *translator_type(const struct translator *translator,
                                                        uint32_t number) {
    /* N4 pairs with N3 in translator.c: it is whole */
    return load_acquire(&translator->types[number]);
}

/* Make the current translator's component the thread's, and find the type. NULL: it is not that
 * simple. */
MEMPOOL_HOT_INLINE struct mempool_type *translator_charge(uint32_t type) {
    void *const *location = translator_this_location;
    if (MEMPOOL_UNLIKELY(location == NULL) || MEMPOOL_UNLIKELY(*location == NULL)) {
        return NULL;
    }
    const struct glusterfs_records *records =
        translator_pointer(*location, original_layout.translator_records);
    const struct translator *translator = records != NULL ? translator_known(records) : NULL;
    if (MEMPOOL_UNLIKELY(translator == NULL) || MEMPOOL_UNLIKELY(type >= translator->n_types)) {
        return NULL;
    }
    struct mempool_type *handle = translator_type(translator, type);
    return MEMPOOL_LIKELY(handle != NULL) && component_make_current(translator->component) ? handle
                                                                                          : NULL;
}

/* The same, simple or not; NULL: no memory for the type's name. Where we are engaged and accounting
 * is on. */
MEMPOOL_COLD struct mempool_type *translator_charge_slow(uint32_t type, const char *type_name);

/* Is accounting on where this thread is? Where it is off, the original uses libc's malloc. */
bool translator_accounting(void);

/* Enter the current translator's component; for pools. */
void translator_enter(void);

/* Write live blocks and types' names into GlusterFS's records. */
void translators_sync(void);

#endif
