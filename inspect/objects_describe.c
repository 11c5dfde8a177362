/* SPDX-License-Identifier: MIT */
/* One address explained by a snapshot's objects: view/describe.c does it by the process itself, and
 * both say the same. */
#include "inspect/objects.h"

#include <string.h>

#include "base/text.h"
#include "view/slots.h"

struct describing {
    const struct snapshot *snapshot;
    struct view_description *found;
    const struct snapshot_symbol **site;
};

static void add_escaped(struct text *text, const char *string) {
    text_add_escaped(text, string, strlen(string));
}

static void name_pool(struct describing *d, const struct snapshot_pool *pool) {
    struct text text;
    text_init(&text, d->found->what, sizeof(d->found->what));
    add_escaped(&text, pool->name);
}

/* "component#2 (ended):type" */
static void name_account(struct describing *d, uint32_t number) {
    const struct snapshot *snapshot = d->snapshot;
    struct text text;
    text_init(&text, d->found->what, sizeof(d->found->what));
    if (number == 0) {
        text_add(&text, "?");
        return;
    }
    const struct snapshot_account *account = &snapshot->accounts[number - 1];
    const struct snapshot_component *component = &snapshot->components[account->component];
    add_escaped(&text, component->name);
    if (component->generation > 1) {
        text_add(&text, "#");
        text_add_unsigned(&text, component->generation);
    }
    text_add(&text, component->ended ? " (ended):" : ":");
    add_escaped(&text, account->type);
}

/* ---- the past -------------------------------------------------------------------------------- */

static const struct snapshot_thread_note *find_note(const struct snapshot *snapshot,
                                                    uint32_t number) {
    for (size_t i = 0; i < snapshot->n_thread_notes; i++) {
        if (snapshot->thread_notes[i].number == number) {
            return &snapshot->thread_notes[i];
        }
    }
    return NULL;
}

static void tell_thread(struct describing *d, uint32_t number) {
    struct view_description *found = d->found;
    const struct snapshot_thread_note *note = find_note(d->snapshot, number);
    struct text text;
    if (number == 0 || !note) {
        return;
    }
    if (found->age_seconds >= 0 && found->age_seconds > note->attached_seconds) {
        found->has_thread_exited = true; /* the number had another thread then */
        return;
    }
    text_init(&text, found->thread_name, sizeof(found->thread_name));
    text_add(&text, note->name);
    found->thread = note->id;
    found->has_thread_exited = note->has_exited;
}

static void tell_past(struct describing *d, const struct slot_past *past) {
    if (past->site > 0) {
        *d->site = &d->snapshot->sites[past->site - 1];
        d->found->site = (uint32_t)(*d->site)->address;
    }
    d->found->age_seconds = (int64_t)past->age - 1;
    tell_thread(d, past->thread);
}

/* ---- slots ----------------------------------------------------------------------------------- */

/* The slab of an address; NULL: none. */
static const struct snapshot_slab *find_slab(const struct snapshot *snapshot, uint64_t address) {
    size_t low = 0, high = snapshot->n_slabs;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (snapshot->slabs[middle].address <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const struct snapshot_slab *slab = low > 0 ? &snapshot->slabs[low - 1] : NULL;
    return slab && address - slab->address < slab->bytes ? slab : NULL;
}

static bool find_stretch(const struct snapshot_slab *slab, uint64_t slot,
                         struct slots_stretch *ret) {
    struct slots_reader reader;
    uint64_t end = 0;
    slots_open(&reader, slab->records);
    while (slots_next(&reader, ret) == 1) {
        end += ret->slots;
        if (slot < end) {
            return true;
        }
    }
    return false;
}

static void describe_slot(struct describing *d, const struct snapshot_slab *slab) {
    static const enum mempool_state states[] = {
        [SLOT_VIRGIN] = MEMPOOL_STATE_VIRGIN,
        [SLOT_PUT] = MEMPOOL_STATE_FREE,
        [SLOT_LIVE] = MEMPOOL_STATE_LIVE,
    };
    const struct snapshot_pool *pool = &d->snapshot->pools[slab->pool];
    struct view_description *found = d->found;
    uint64_t distance = found->address - slab->address;
    struct slots_stretch stretch;
    found->slot = distance / pool->padded_bytes;
    found->object = slab->address + found->slot * pool->padded_bytes;
    found->offset = distance % pool->padded_bytes;
    found->object_bytes = pool->object_bytes;
    found->padded_bytes = pool->padded_bytes;
    found->is_block = pool->kind == SNAPSHOT_HEAP_CLASS;
    found->is_pool_destroyed = pool->kind == SNAPSHOT_ZOMBIE;
    found->pool = pool->kind == SNAPSHOT_POOL ? pool->address : 0;
    name_pool(d, pool);
    if (!find_stretch(slab, found->slot, &stretch)) {
        found->state = MEMPOOL_STATE_TAIL;
        return;
    }
    found->state = states[stretch.state];
    if (stretch.state == SLOT_LIVE && found->is_block) {
        found->object_bytes = stretch.past.bytes;
        name_account(d, stretch.past.account);
    }
    if (stretch.state != SLOT_VIRGIN) {
        tell_past(d, &stretch.past);
    }
}

/* ---- single allocations ---------------------------------------------------------------------- */

static bool describe_in_list(struct describing *d, const struct snapshot_heap_list *list) {
    const struct snapshot_pool *pool = &d->snapshot->pools[list->pool];
    struct view_description *found = d->found;
    struct slots_reader reader;
    struct slots_stretch stretch;
    uint64_t object = 0;
    slots_open(&reader, list->records);
    while (slots_next_at(&reader, &stretch) == 1) {
        object += stretch.distance;
        if (object > found->address || found->address - object >= pool->object_bytes) {
            continue;
        }
        found->state = MEMPOOL_STATE_LIVE;
        found->is_heap = true;
        found->object = object;
        found->offset = found->address - object;
        found->object_bytes = found->padded_bytes = pool->object_bytes;
        found->is_pool_destroyed = pool->kind == SNAPSHOT_ZOMBIE;
        found->pool = found->is_pool_destroyed ? 0 : pool->address;
        name_pool(d, pool);
        tell_past(d, &stretch.past);
        return true;
    }
    return false;
}

/* ---- all of it ------------------------------------------------------------------------------- */

void objects_describe(const struct snapshot *snapshot, uint64_t address,
                      struct view_description *ret, const struct snapshot_symbol **ret_site) {
    struct describing d = {.snapshot = snapshot, .found = ret, .site = ret_site};
    *ret = (struct view_description){.address = address, .age_seconds = -1};
    *ret_site = NULL;
    if (address - snapshot->arena_start < snapshot->arena_bytes) {
        const struct snapshot_slab *slab = find_slab(snapshot, address);
        ret->state = MEMPOOL_STATE_UNUSED;
        if (slab) {
            describe_slot(&d, slab);
        }
        return;
    }
    for (size_t i = 0; i < snapshot->n_heap_lists; i++) {
        if (describe_in_list(&d, &snapshot->heap_lists[i])) {
            return;
        }
    }
}
