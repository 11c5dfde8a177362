/* SPDX-License-Identifier: MIT */
/* The census. */
#include "observe/census.h"

#include "account/books.h"
#include "base/sort.h"
#include "base/text.h"
#include "pool/heap.h"
#include "pool/registry.h"
#include "pool/view.h"
#include "vm/blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FULL_AT = CENSUS_GROUPS - CENSUS_GROUPS / 8 };

static const int64_t age_limits[CENSUS_AGES - 1] = {10, 60, 600, 3600, 86400};

static struct census_group *find_group(struct census *census, uint32_t whose, uint32_t site) {
    uint64_t key = (uint64_t)whose << 32 | site;
    size_t at = (size_t)((key * 0x9e3779b97f4a7c15u) >> 51); /* Fibonacci hashing: 13 bits */
    for (;; at = (at + 1) % CENSUS_GROUPS) {
        struct census_group *group = &census->groups[at];
        if (group->count == 0) {
            if (census->n_groups == FULL_AT) {
                return &census->rest;
            }
            census->n_groups++;
            group->whose = whose;
            group->site = site;
            return group;
        }
        if (group->whose == whose && group->site == site) {
            return group;
        }
    }
}
_Static_assert(CENSUS_GROUPS == 1 << 13, "the hash has 13 bits");

static void add_to_group(struct census_group *group, uint64_t bytes, int64_t age) {
    size_t bucket = 0;
    while (bucket < CENSUS_AGES - 1 && age >= age_limits[bucket]) {
        bucket++;
    }
    group->count++;
    group->bytes += bytes;
    group->ages[bucket]++;
    if (age > group->oldest_seconds) {
        group->oldest_seconds = age;
    }
}

static void count_one(struct census *census, uint32_t whose, uint32_t site, uint64_t bytes,
                      int64_t age) {
    census->count++;
    census->bytes += bytes;
    add_to_group(find_group(census, whose, site), bytes, age);
}

/* Younger than the mark? Times wrap. */
static bool is_wanted(const struct census *census, uint32_t time, int64_t age) {
    if (census->since != 0) {
        uint32_t behind = (time - census->since) & RECORD_TIME_MASK;
        if (time == 0 || behind > RECORD_TIME_MASK / 2) {
            return false;
        }
    }
    return age >= census->min_seconds;
}

/* What has to be known of a slab; its pool may be gone when its records are read. */
struct slab_view {
    struct shape shape;
    uint32_t whose;
    const record *records;
};

static void count_slot(struct census *census, const struct slab_view *view,
                       const record *slot_record) {
    uint64_t value = load_relaxed(slot_record);
    if (!record_is_live(value)) {
        return;
    }
    int64_t age = thread_age(record_time(value));
    if (!is_wanted(census, record_time(value), age)) {
        return;
    }
    uint32_t whose = view->whose;
    uint64_t bytes = view->shape.object_bytes;
    if (view->shape.tagged != 0) {
        uint64_t tag = load_relaxed(slot_record + 1);
        whose = CENSUS_ACCOUNT | tag_account(tag);
        bytes = tag_bytes(tag);
    }
    count_one(census, whose, record_site(value), bytes, age);
}

/* Under the lock of the pool that it belongs to, so that no other takes the pool's place meanwhile.
 * False: no pool's any more. */
static bool view_slab(const struct slab *slab, size_t chunk, struct slab_view *ret) {
    struct depot *depot = load_relaxed(&slab->owner);
    struct sys_signals before;
    if (depot == NULL || load_relaxed(&slab->first_chunk) != chunk) {
        return false;
    }
    sys_signals_block(&before);
    sys_lock_take(&depot->lock);
    bool is_its = load_relaxed(&slab->owner) == depot &&
                  load_relaxed(&slab->first_chunk) == chunk &&
                  load_relaxed(&depot->state) != DEPOT_UNUSED;
    if (is_its) {
        ret->shape = depot->shape;
        ret->whose = depot->number;
        ret->records = slab_records(slab);
    }
    sys_lock_drop(&depot->lock);
    sys_signals_restore(&before);
    return is_its;
}

static void count_slab(struct census *census, size_t chunk, const struct slab *slab) {
    struct slab_view view;
    if (view_slab(slab, chunk, &view)) {
        for (uint32_t slot = 0; slot < view.shape.slots; slot++) {
            count_slot(census, &view, &view.records[shape_record_index(&view.shape, slot)]);
        }
    }
}

/* Single allocations of pools that fall back to malloc. */
static void count_heap_object(const struct mempool *pool, uint64_t value, void *arg) {
    struct census *census = arg;
    int64_t age = thread_age(record_time(value));
    if (is_wanted(census, record_time(value), age)) {
        count_one(census, pool->depot.number, record_site(value), pool->depot.shape.object_bytes,
                  age);
    }
}

/* Memory for the groups, and back. Signals are blocked: a handler may want the same lock. */
static struct census_group *take_groups(void) {
    struct sys_signals before;
    sys_signals_block(&before);
    struct census_group *groups = block_take(CENSUS_GROUPS * sizeof *groups);
    sys_signals_restore(&before);
    return groups;
}

static void give_groups(struct census_group *groups) {
    struct sys_signals before;
    sys_signals_block(&before);
    block_give(groups, CENSUS_GROUPS * sizeof *groups);
    sys_signals_restore(&before);
}

int census_take(struct census *census) {
    census->groups = take_groups();
    census->n_groups = 0;
    census->count = census->bytes = 0;
    memset(&census->rest, 0, sizeof census->rest);
    if (census->groups == NULL) {
        return -ENOMEM;
    }
    (void)thread_clock();
    size_t chunks = load_relaxed(&space.arena_used) >> CHUNK_SHIFT;
    for (size_t chunk = 0; chunk < chunks; chunk++) {
        const struct descriptor *descriptor = &space.descriptors[chunk];
        const struct slab *slab = load_relaxed(&descriptor->slab);
        if (slab != NULL && load_relaxed(&descriptor->reciprocal) != 0) {
            count_slab(census, chunk, slab);
        }
    }
    heap_each(count_heap_object, census);
    return 0;
}

static int compare_groups(const void *left, const void *right) {
    const struct census_group *a = left, *b = right;
    if (a->bytes != b->bytes) {
        return a->bytes < b->bytes ? 1 : -1;
    }
    return a->count != b->count ? (a->count < b->count ? 1 : -1) : 0;
}

void census_sort(struct census *census) {
    size_t n = 0;
    for (size_t i = 0; i < CENSUS_GROUPS; i++) {
        if (census->groups[i].count > 0) {
            census->groups[n++] = census->groups[i];
        }
    }
    census->n_groups = n;
    sort_items(census->groups, n, sizeof census->groups[0], compare_groups);
}

/* Behind census_sort. Groups are few by now: accounts and pools. */
void census_join_sites(struct census *census) {
    size_t kept = 0;
    for (size_t i = 0; i < census->n_groups; i++) {
        struct census_group *from = &census->groups[i];
        size_t at = 0;
        while (at < kept && census->groups[at].whose != from->whose) {
            at++;
        }
        struct census_group *to = &census->groups[at];
        if (at == kept) {
            *to = *from;
            kept++;
            continue;
        }
        to->count += from->count;
        to->bytes += from->bytes;
        for (size_t age = 0; age < CENSUS_AGES; age++) {
            to->ages[age] += from->ages[age];
        }
        to->oldest_seconds = from->oldest_seconds > to->oldest_seconds ? from->oldest_seconds
                                                                      : to->oldest_seconds;
    }
    census->n_groups = kept;
}

void census_end(struct census *census) {
    if (census->groups != NULL) {
        give_groups(census->groups);
    }
}

void census_name(uint32_t whose, char *ret, size_t bytes) {
    struct text text;
    text_init(&text, ret, bytes);
    if ((whose & CENSUS_ACCOUNT) == 0) {
        char name[MEMPOOL_NAME_BYTES];
        pool_copy_name(registry_place(whose), name);
        text_add(&text, name);
        return;
    }
    const struct account *account = account_at(whose & ~CENSUS_ACCOUNT);
    if (account->component == NULL) {
        text_add(&text, "?"); /* its tag has yet to be written */
        return;
    }
    text_add(&text, account->component->name);
    if (account->component->generation > 1) {
        text_add(&text, "#");
        text_add_unsigned(&text, account->component->generation);
    }
    text_add(&text, load_relaxed(&account->component->ended) ? " (ended):" : ":");
    text_add(&text, account->type->name);
}
