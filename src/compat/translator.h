/* SPDX-License-Identifier: MIT */
/* Translators: GlusterFS's owners of memory, as components.
 *
 * THEORY
 *
 * THIS is a thread's own pointer, which programs assign to as they like; nobody is told. So each
 * call by a classic name that allocates compares it with the translator that the thread entered
 * last, and enters the component of another one then. The process's translator is the process's
 * component, and is not entered as long as a thread never left it: so what the thread entered by
 * mempool_component_enter stays entered.
 *
 * A translator's object is the program's, which may free it. What the statedump needs is copied
 * when the component is made, into an `owner`, which stays for ever, as the component does.
 *
 * Locks: compat_lock guards the lists of owners and pools, and making components. Rank: above those
 * of all layers below; held across a fork; never while something is logged, written, or called
 * that takes a lower one but for the allocations of a new component. */
#ifndef MEMPOOL_COMPAT_TRANSLATOR_H
#define MEMPOOL_COMPAT_TRANSLATOR_H

#include "base/attributes.h"
#include "cache/thread.h"

#include "compat/classic.h"

enum { OWNER_TITLE_BYTES = 2 * MEMPOOL_ACCOUNT_NAME_BYTES };

struct owner {
    struct owner *next; /* made later; compat_lock, written once */
    struct mempool_component *component;
    const glusterfs_ctx_t *ctx;    /* only to be compared */
    char title[OWNER_TITLE_BYTES]; /* type.name */
};

/* One thread's. */
struct standing {
    xlator_t *translator;                /* THIS; NULL: the process's */
    xlator_t *entered;                   /* likewise, when the thread last entered one */
    struct mempool_component *component; /* what that had then */
};
extern __thread struct standing standing_here MEMPOOL_TLS_MODEL;

extern struct sys_lock compat_lock;
void compat_lock_take(struct sys_signals *ret_before);
void compat_lock_drop(const struct sys_signals *before);
/* Before the lock is used: 0 or -ENOMEM. Any thread, any number of times. */
int compat_init(void);

/* NULL: none yet, or the process's. */
static inline struct mempool_component *translator_component(const xlator_t *translator) {
    /* X2 pairs with X1 in compat/translator.c: the component is whole */
    return __atomic_load_n(&translator->mem_acct.component, __ATOMIC_ACQUIRE);
}

/* Enter the component of THIS. */
MEMPOOL_COLD void translator_enter_this(void);
/* The same where it is another than the last time, or the same address has another now. */
static inline void translator_follow_this(void) {
    const struct standing *here = &standing_here;
    const xlator_t *translator = here->translator;
    if (MEMPOOL_UNLIKELY(translator != here->entered) ||
        (translator != NULL && translator_component(translator) != here->component)) {
        translator_enter_this();
    }
}
/* Its name, or what stands for none. */
const char *translator_name(const xlator_t *translator);
/* The process's component, as that of a translator. */
extern const char translator_process_title[];

/* The first owner, or the one after `before`, in the order in which they were made. */
const struct owner *owner_after(const struct owner *before);

#endif
