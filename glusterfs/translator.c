/* SPDX-License-Identifier: MIT */
/* Components of translators: made, ended, and told to GlusterFS. */
#include "translator.h"

#include "account/books.h"

#include <mempool/account.h>

#include <string.h>

struct translator translators[TRANSLATORS_MAX];
__thread void **translator_this_location MEMPOOL_TLS_MODEL;

/* glusterfs_lock */
static uint32_t n_translators = 1; /* 0 is nobody's number */
static struct mempool_component *own; /* of what this layer allocates; NULL: not made yet */

/* ---- making ---------------------------------------------------------------------------------- */

static bool has_places(struct translator *translator, uint32_t n_types) {
    if (translator->types_max < n_types) {
        mempool_free((void *)(uintptr_t)translator->places); /* NOLINT: without its qualifiers */
        translator->places = mempool_calloc_typed(n_types, sizeof translator->places[0],
                                                  mempool_type("translators"));
        translator->types_max = translator->places != NULL ? n_types : 0;
    }
    return translator->types_max >= n_types;
}

/* One that has ended and whose place is large enough, or a new one; NULL: none. */
static struct translator *take_translator(uint32_t n_types) {
    for (uint32_t i = 1; i < n_translators; i++) {
        if (load_relaxed(&translators[i].records) == NULL && translators[i].types_max >= n_types) {
            return &translators[i];
        }
    }
    if (n_translators == TRANSLATORS_MAX || !has_places(&translators[n_translators], n_types)) {
        return NULL;
    }
    return &translators[n_translators++];
}

/* glusterfs_lock is held; the thread's component is our own. */
static void register_locked(struct glusterfs_records *records, const char *name) {
    struct translator *translator = take_translator(records->n_types);
    if (translator == NULL) {
        return; /* the process is charged */
    }
    name = name != NULL && name[0] != '\0' ? name : "unnamed";
    struct mempool_component *component = component_resume(name);
    if (component == NULL) {
        component = mempool_component_create(name, NULL);
    }
    if (component == NULL) {
        return;
    }
    for (uint32_t i = 0; i < translator->types_max; i++) {
        store_relaxed(&translator->places[i], PLACE_NONE);
    }
    translator->component = component;
    store_relaxed(&translator->n_types, records->n_types);
    store_relaxed(&records->number, (uint32_t)(translator - translators));
    /* N1 pairs with N2 in translator.h */
    store_release(&translator->records, records);
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

/* Once: from then on the books tell less. */
static void say_if_others(uint32_t place, const struct mempool_type *type) {
    static _Atomic uint32_t is_said;
    if (account_at(account_of_place(place))->type != type &&
        exchange_relaxed(&is_said, 1) == 0) {
        original_say("no account is left for %s: what is new is charged to \"other\"",
                     type->name);
    }
}

uint32_t translator_place_slow(uint32_t type, const char *type_name,
                               struct mempool_type **ret_type) {
    struct mempool_type *handle = mempool_type(type_name);
    struct translator *translator = current();
    *ret_type = handle;
    if (translator != NULL && type < load_relaxed(&translator->n_types) && handle != NULL) {
        uint32_t place = account_find(translator->component, handle);
        if (place != PLACE_NONE) {
            say_if_others(place, handle);
            store_relaxed(&translator->places[type], place);
            return place;
        }
    }
    (void)mempool_component_enter(translator != NULL ? translator->component : NULL);
    return PLACE_NONE;
}

void translator_enter(void) {
    struct translator *translator = current();
    (void)mempool_component_enter(translator != NULL ? translator->component : NULL);
}

/* ---- GlusterFS's side ------------------------------------------------------------------------ */

/* No block of ours refers to the records. glusterfs_lock is held, and dropped. */
static void forget_and_unlock(struct translator *translator) {
    if (translator != NULL) {
        store_relaxed(&translator->records, NULL);
    }
    pthread_mutex_unlock(&glusterfs_lock);
    if (translator != NULL) {
        (void)mempool_component_end(translator->component);
    }
}

/* By their address alone: what the original has dropped may be no memory any more. */
static void forget_replaced(const struct glusterfs_records *records) {
    struct translator *translator = NULL;
    pthread_mutex_lock(&glusterfs_lock);
    for (uint32_t i = 1; i < n_translators && translator == NULL; i++) {
        if (load_relaxed(&translators[i].records) == records) {
            translator = &translators[i];
        }
    }
    forget_and_unlock(translator);
}

GLUSTERFS_API int xlator_mem_acct_init(void *translator, int n_types);
GLUSTERFS_API int xlator_mem_acct_init(void *translator, int n_types) {
    bool engaged = original_engaged() && translator != NULL;
    struct glusterfs_records *before = engaged ? records_of(translator) : NULL;
    int result = original.records_init(translator, n_types);
    struct glusterfs_records *records = engaged && result == 0 ? records_of(translator) : NULL;
    /* Each glfs_new gives the process's own translator new records, and drops none. */
    if (before != NULL && records != before) {
        forget_replaced(before);
    }
    /* Where accounting is off none were made. */
    if (records != NULL && records != before) {
        /* It may hold what another's had. */
        store_relaxed(&records->number, 0);
        register_records(records, translator_pointer(translator, original_layout.translator_name));
    }
    return result;
}

/* GlusterFS is about to free them: nothing refers to them but the translator. */
static void forget_records(struct glusterfs_records *records) {
    pthread_mutex_lock(&glusterfs_lock);
    forget_and_unlock(translator_known(records));
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

/* Numbers may share a name: the first has them all. */
static bool is_first(const struct translator *translator, uint32_t number, uint32_t place) {
    uint32_t i = 0;
    while (i < number && load_relaxed(&translator->places[i]) != place) {
        i++;
    }
    return i == number;
}

static void sync_record(char *record_of_type, uint32_t place, bool is_first_of_place) {
    struct mempool_account account = {.live_blocks = 0};
    account_read(account_of_place(place), &account);
    int64_t live = is_first_of_place ? (int64_t)account.live_blocks : 0;
    const char *name = live > 0 ? account.type_name : NULL;
    memcpy(record_of_type + original_layout.record_type_name, &name, sizeof name);
    store_relaxed(
        (_Atomic int64_t *)(void *)(record_of_type + original_layout.record_allocations), live);
}

static void sync_records(const struct translator *translator, struct glusterfs_records *records) {
    for (uint32_t i = 0; i < load_relaxed(&translator->n_types); i++) {
        uint32_t place = load_relaxed(&translator->places[i]);
        /* What is charged to the process's "other" is not known to be this translator's. */
        if (place != PLACE_NONE &&
            account_at(account_of_place(place))->component == translator->component) {
            sync_record(records->records + (size_t)i * RECORD_BYTES, place,
                        is_first(translator, i, place));
        }
    }
}

void translators_sync(void) {
    pthread_mutex_lock(&glusterfs_lock);
    for (uint32_t i = 1; i < n_translators; i++) {
        struct glusterfs_records *records = load_relaxed(&translators[i].records);
        if (records != NULL) {
            sync_records(&translators[i], records);
        }
    }
    pthread_mutex_unlock(&glusterfs_lock);
}
