/* SPDX-License-Identifier: MIT */
/* Translators and contexts. */
#include "compat/translator.h"

#include "account/type.h"
#include "base/text.h"
#include "sys/sys.h"
#include "vm/blocks.h"

#include <errno.h>

struct sys_lock compat_lock;
__thread struct standing standing_here MEMPOOL_TLS_MODEL;

const char translator_process_title[] = "global.glusterfs";

static char process_name[] = "glusterfs", process_type[] = "global";
static glusterfs_ctx_t process_ctx = {
    .page_size = 4096,
    .mempool_list = {&process_ctx.mempool_list, &process_ctx.mempool_list},
};
static xlator_t process_translator = {
    .name = process_name, .type = process_type, .ctx = &process_ctx};

static struct owner *first_owner, *last_owner; /* compat_lock */
static _Atomic uint32_t is_ready;
static _Atomic uint32_t accounting_flag;

static void before_fork(void) {
    sys_lock_take(&compat_lock);
}

static void after_fork(void) {
    sys_lock_drop(&compat_lock);
}

/* compat_lock is held, or nobody is there yet. */
static bool watch_forks(void) {
    static bool watched;
    watched = watched || sys_fork_watch(before_fork, after_fork, after_fork) == 0;
    return watched;
}

__attribute__((constructor(SYS_FORKS_OF_COMPAT))) static void watch_forks_from_start(void) {
    (void)watch_forks();
}

int compat_init(void) {
    struct sys_signals before;
    /* C2 pairs with C1: forks are watched */
    if (load_acquire(&is_ready) != 0) {
        return 0;
    }
    int result = account_init();
    if (result != 0) {
        return result;
    }
    compat_lock_take(&before);
    result = watch_forks() ? 0 : -ENOMEM;
    compat_lock_drop(&before);
    if (result == 0) {
        /* C1 pairs with C2 */
        store_release(&is_ready, 1);
    }
    return result;
}

void compat_lock_take(struct sys_signals *ret_before) {
    sys_signals_block(ret_before);
    sys_lock_take(&compat_lock);
}

void compat_lock_drop(const struct sys_signals *before) {
    sys_lock_drop(&compat_lock);
    sys_signals_restore(before);
}

const char *translator_name(const xlator_t *translator) {
    return translator->name != NULL && translator->name[0] != '\0' ? translator->name : "unnamed";
}

/* ---- components ------------------------------------------------------------------------------ */

/* compat_lock is held, and the component made. */
static void add_owner(struct owner *owner, const xlator_t *translator,
                      struct mempool_component *component) {
    struct text text;
    text_init(&text, owner->title, sizeof owner->title);
    text_add(&text, translator->type != NULL ? translator->type : "unknown");
    text_add(&text, ".");
    text_add(&text, translator_name(translator));
    owner->component = component;
    owner->ctx = translator->ctx;
    if (last_owner != NULL) {
        last_owner->next = owner;
    } else {
        first_owner = owner;
    }
    last_owner = owner;
}

/* compat_lock is held. */
static void make_component(xlator_t *translator) {
    struct owner *owner = block_take(sizeof *owner);
    struct mempool_component *component = NULL;
    if (owner != NULL) {
        component = mempool_component_create(translator_name(translator), NULL);
    }
    if (component != NULL) {
        add_owner(owner, translator, component);
        /* X1 pairs with X2 in compat/translator.h */
        __atomic_store_n(&translator->mem_acct.component, component, __ATOMIC_RELEASE);
    } else if (owner != NULL) {
        block_give(owner, sizeof *owner);
    }
}

/* NULL: the process's, also for want of memory. */
static struct mempool_component *component_of_translator(xlator_t *translator) {
    struct sys_signals before;
    if (translator == NULL || translator == &process_translator) {
        return NULL;
    }
    if (translator_component(translator) == NULL && compat_init() == 0) {
        compat_lock_take(&before);
        if (translator_component(translator) == NULL) {
            make_component(translator);
        }
        compat_lock_drop(&before);
    }
    return translator_component(translator);
}

void translator_enter_this(void) {
    struct standing *here = &standing_here;
    int saved_errno = errno;
    here->component = component_of_translator(here->translator);
    here->entered = here->translator;
    (void)mempool_component_enter(here->component);
    errno = saved_errno;
}

const struct owner *owner_after(const struct owner *before) {
    struct sys_signals signals;
    compat_lock_take(&signals);
    const struct owner *owner = before != NULL ? before->next : first_owner;
    compat_lock_drop(&signals);
    return owner;
}

/* ---- public ---------------------------------------------------------------------------------- */

MEMPOOL_API glusterfs_ctx_t *mempool_gf_ctx_get(void) {
    return &process_ctx;
}

MEMPOOL_API xlator_t **mempool_gf_this_location(void) {
    /* Not a look at the translator that is there: it may be gone, and about to be replaced. */
    struct standing *here = &standing_here;
    if (here->translator == NULL) {
        here->translator = &process_translator;
        if (here->entered == NULL) {
            here->entered = &process_translator; /* where it was, by another name */
        }
    }
    return &here->translator;
}

MEMPOOL_API xlator_t *mempool_gf_enter(xlator_t *translator) {
    xlator_t **location = mempool_gf_this_location();
    xlator_t *before = *location;
    *location = translator != NULL ? translator : &process_translator;
    translator_follow_this();
    return before;
}

MEMPOOL_API size_t mempool_gf_xlator_end(xlator_t *translator) {
    if (translator == NULL || translator == &process_translator) {
        return 0;
    }
    return mempool_component_end(translator_component(translator));
}

MEMPOOL_API int mempool_gf_xlator_mem_acct_init(xlator_t *translator, int n_types) {
    bool is_process = translator == &process_translator;
    if (translator == NULL || (component_of_translator(translator) == NULL && !is_process)) {
        return -1;
    }
    translator->mem_acct.num_types = n_types > 0 ? (uint32_t)n_types : gf_common_mt_end;
    return 0;
}

MEMPOOL_API void mempool_gf_mem_acct_enable_set(void) {
    store_relaxed(&accounting_flag, 1);
}

MEMPOOL_API int mempool_gf_mem_acct_is_enabled(void) {
    return load_relaxed(&accounting_flag) != 0;
}
