/* SPDX-License-Identifier: MIT */
/* Components of translators: made, ended, and told to GlusterFS. */
#include "translator.h"

#include "account/books.h"

#include <mempool/account.h>

#include <string.h>

struct translator *_Atomic translators[TRANSLATORS_MAX];
__thread void **translator_this_location MEMPOOL_TLS_MODEL;

/* glusterfs_lock */
static uint32_t n_translators = 1; /* 0 is nobody's number */
static struct mempool_component *own; /* of what this layer allocates; NULL: not made yet */

/* ---- making ---------------------------------------------------------------------------------- */

static bool has_room(struct translator *translator, uint32_t n_types) {
    struct mempool_type *type = mempool_type("translators");
    if (translator->types_max < n_types) {
        mempool_free((void *)(uintptr_t)translator->types); /* NOLINT: without its qualifiers */
        translator->types = mempool_calloc_typed(n_types, sizeof translator->types[0], type);
        translator->types_max = translator->types != NULL ? n_types : 0;
    }
    return translator->types_max >= n_types;
}

/* One that has ended and whose place is large enough, or a new one, with its number. */
static struct translator *take_struct(uint32_t n_types, uint32_t *ret_number) {
    for (uint32_t i = 1; i < n_translators; i++) {
        struct translator *ended = load_relaxed(&translators[i]);
        if (load_relaxed(&ended->records) == NULL && ended->types_max >= n_types) {
            *ret_number = i;
            return ended;
        }
    }
    struct mempool_type *type = mempool_type("translators");
    struct translator *fresh = NULL;
    if (n_translators < TRANSLATORS_MAX) {
        fresh = mempool_calloc_typed(1, sizeof *fresh, type);
    }
    if (fresh != NULL && !has_room(fresh, n_types)) {
        mempool_free(fresh);
        fresh = NULL;
    }
    if (fresh != NULL) {
        *ret_number = n_translators++;
    }
    return fresh;
}

/* glusterfs_lock is held; the thread's component is our own. */
static void register_locked(struct glusterfs_records *records, const char *name) {
    uint32_t number = 0;
    struct translator *translator = take_struct(records->n_types, &number);
    struct mempool_component *component = mempool_component_create(
        name != NULL && name[0] != '\0' ? name : "unnamed", NULL);
    if (translator == NULL || component == NULL) {
        return; /* the process is charged */
    }
    for (uint32_t i = 0; i < translator->types_max; i++) {
        store_relaxed(&translator->types[i], NULL);
    }
    translator->component = component;
    translator->n_types = records->n_types;
    store_relaxed(&records->number, number);
    store_relaxed(&translator->records, records);
    /* N1 pairs with N2 in translator.h */
    store_release(&translators[number], translator);
}

static void register_records(struct glusterfs_records *records, const char *name) {
    pthread_mutex_lock(&glusterfs_lock);
    if (own == NULL) {
        own = mempool_component_create("mempool-glusterfs", NULL);
    }
    struct mempool_component *before = mempool_component_enter(own);
    if (translator_known(records) == NULL) {
        register_locked(records, name);
    }
    mempool_component_leave(before);
    pthread_mutex_unlock(&glusterfs_lock);
}

static struct glusterfs_records *records_of(const char *translator) {
    return translator_pointer(translator, original_layout.translator_records);
}

/* ---- charging -------------------------------------------------------------------------------- */

bool translator_accounting(void) {
    const char *context = translator_pointer(translator_this(),
                                             original_layout.translator_context);
    return context != NULL &&
           *(const int *)(const void *)(context + original_layout.context_accounting) != 0;
}

static struct translator *current(void) {
    const char *this = translator_this();
    struct glusterfs_records *records = records_of(this);
    if (records == NULL) {
        return NULL;
    }
    if (translator_known(records) == NULL) {
        register_records(records, translator_pointer(this, original_layout.translator_name));
    }
    return translator_known(records);
}

struct mempool_type *translator_charge_slow(uint32_t type, const char *type_name) {
    struct mempool_type *handle = mempool_type(type_name);
    struct translator *translator = current();
    if (translator != NULL && type < translator->n_types) {
        /* N3 pairs with N4 in translator.h */
        store_release(&translator->types[type], handle);
    }
    (void)mempool_component_enter(translator != NULL ? translator->component : NULL);
    return handle;
}

void translator_enter(void) {
    struct translator *translator = current();
    (void)mempool_component_enter(translator != NULL ? translator->component : NULL);
}

/* ---- GlusterFS's side ------------------------------------------------------------------------ */

GLUSTERFS_API int xlator_mem_acct_init(void *translator, int n_types);
GLUSTERFS_API int xlator_mem_acct_init(void *translator, int n_types) {
    bool engaged = original_engaged();
    int result = original.records_init(translator, n_types);
    struct glusterfs_records *records =
        engaged && result == 0 && translator != NULL ? records_of(translator) : NULL;
    if (records != NULL) {
        /* It may hold what another's had. */
        store_relaxed(&records->number, 0);
        register_records(records, translator_pointer(translator, original_layout.translator_name));
    }
    return result;
}

/* GlusterFS is about to free them: nothing refers to them but the translator, because no block of
 * ours does. */
static void forget_records(struct glusterfs_records *records) {
    pthread_mutex_lock(&glusterfs_lock);
    struct translator *translator = translator_known(records);
    if (translator != NULL) {
        store_relaxed(&translator->records, NULL);
    }
    pthread_mutex_unlock(&glusterfs_lock);
    if (translator != NULL) {
        (void)mempool_component_end(translator->component);
    }
}

/* Up to 10.3. */
GLUSTERFS_API void xlator_mem_acct_unref(struct glusterfs_records *records);
GLUSTERFS_API void xlator_mem_acct_unref(struct glusterfs_records *records) {
    if (original_engaged() && load_relaxed(&records->references) == 1) {
        forget_records(records);
    }
    original.records_unref(records);
}

/* From 10.4 on. */
GLUSTERFS_API void xlator_mem_acct_destroy(struct glusterfs_records *records);
GLUSTERFS_API void xlator_mem_acct_destroy(struct glusterfs_records *records) {
    if (original_engaged()) {
        forget_records(records);
    }
    original.records_destroy(records);
}

/* Live blocks of a component and type. */
static int64_t live_blocks(const struct mempool_component *component,
                           const struct mempool_type *type) {
    struct mempool_account account = {.live_blocks = 0};
    uint32_t place = account_known(component->account_places, type);
    if (place != PLACE_NONE) {
        account_read(account_of_place(place), &account);
    }
    return (int64_t)account.live_blocks;
}

/* Numbers may share a name: the first has them all. */
static bool is_first(const struct translator *translator, uint32_t number,
                     const struct mempool_type *type) {
    uint32_t i = 0;
    while (i < number && load_relaxed(&translator->types[i]) != type) {
        i++;
    }
    return i == number;
}

static void sync_records(const struct translator *translator, struct glusterfs_records *records) {
    for (uint32_t i = 0; i < translator->n_types; i++) {
        struct mempool_type *type = translator_type(translator, i);
        char *at = records->records + (size_t)i * RECORD_BYTES;
        if (type == NULL) {
            continue;
        }
        int64_t live =
            is_first(translator, i, type) ? live_blocks(translator->component, type) : 0;
        const char *name = live > 0 ? type->name : NULL;
        memcpy(at + original_layout.record_type_name, &name, sizeof name);
        store_relaxed((_Atomic int64_t *)(void *)(at + original_layout.record_allocations),
                      live);
    }
}

void translators_sync(void) {
    pthread_mutex_lock(&glusterfs_lock);
    for (uint32_t i = 1; i < n_translators; i++) {
        const struct translator *translator = load_relaxed(&translators[i]);
        struct glusterfs_records *records = load_relaxed(&translator->records);
        if (records != NULL) {
            sync_records(translator, records);
        }
    }
    pthread_mutex_unlock(&glusterfs_lock);
}
