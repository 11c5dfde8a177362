/* SPDX-License-Identifier: MIT */
/* Live objects and blocks by what they are and where they were got: every record is read.
 * observe/census.h does the same from inside. */
#include "base/sort.h"
#include "base/text.h"
#include "view/growing.h"
#include "view/name.h"
#include "view/take.h"

#include <errno.h>
#include <string.h>

enum { GROUPS_MAX = 7 << 13 }; /* what has none is counted as the rest */

/* Whose: a pool's number, or an account's. */
#define OF_ACCOUNT ((uint64_t)1 << 31)

struct group {
    uint64_t key; /* whose, site */
    uint64_t count, bytes;
    int64_t oldest_seconds;
    uint64_t ages[SNAPSHOT_AGES];
};

struct census {
    struct take *take;
    struct growing groups;    /* of struct group */
    struct view_index numbers; /* of groups, by key */
    struct group rest;
};

/* NULL: no memory. */
static struct group *find_group(struct census *census, uint64_t key) {
    struct view_memory *memory = &census->take->scratch;
    uint32_t number;
    if (view_index_find(&census->numbers, key, &number)) {
        return (struct group *)census->groups.items + number;
    }
    if (census->groups.n == GROUPS_MAX) {
        return &census->rest;
    }
    number = (uint32_t)census->groups.n;
    struct group *group = growing_add(&census->groups, memory);
    if (group == NULL || !view_index_add_growing(&census->numbers, key, number, memory)) {
        return NULL;
    }
    group->key = key;
    return group;
}

static void add_to_group(struct group *group, uint64_t bytes, int64_t age) {
    size_t bucket = 0;
    while (bucket < SNAPSHOT_AGES - 1 && age >= snapshot_age_limits[bucket]) {
        bucket++;
    }
    group->count++;
    group->bytes += bytes;
    group->ages[bucket]++;
    group->oldest_seconds = age > group->oldest_seconds ? age : group->oldest_seconds;
}

/* Seconds since a record's time, as cache/thread.c has it; -1: unknown. */
static int64_t age_of(const struct census *census, uint64_t time) {
    uint64_t mask = layout_number(&census->take->layout, NUMBER_record_time_mask);
    uint64_t age = (census->take->seconds - time) & mask;
    return time == 0 ? -1 : age == mask ? 0 : (int64_t)age;
}

/* Younger than the mark? Times wrap. */
static bool is_wanted(const struct census *census, uint64_t time, int64_t age) {
    const struct snapshot_options *options = census->take->options;
    uint64_t mask = layout_number(&census->take->layout, NUMBER_record_time_mask);
    if (options->since != 0 && (time == 0 || ((time - options->since) & mask) > mask / 2)) {
        return false;
    }
    return age >= (int64_t)options->min_age_seconds || options->min_age_seconds == 0;
}

/* Is it the record of a live object? */
static bool is_live(const struct layout *layout, uint64_t value) {
    return (value & layout_number(layout, NUMBER_record_state_mask)) ==
           layout_number(layout, NUMBER_record_live);
}

static int count_live(struct census *census, uint64_t whose, uint64_t value, uint64_t bytes) {
    const struct layout *layout = &census->take->layout;
    uint64_t time = value >> layout_number(layout, NUMBER_record_time_shift) &
                    layout_number(layout, NUMBER_record_time_mask);
    int64_t age = age_of(census, time);
    if (!is_wanted(census, time, age)) {
        return 0;
    }
    uint64_t site = value >> layout_number(layout, NUMBER_record_site_shift);
    struct group *group = find_group(census, whose << 32 | (uint32_t)site);
    if (group == NULL) {
        return -ENOMEM;
    }
    add_to_group(group, bytes, age);
    return 0;
}

static int count_slab(void *argument, const struct take_slab *slab) {
    struct census *census = argument;
    const struct layout *layout = &census->take->layout;
    const struct take_place *place = &census->take->places[slab->place];
    size_t step = place->tagged != 0 ? 2 : 1;
    uint64_t bytes = census->take->snapshot->pools[place->pool].object_bytes;
    uint64_t bytes_shift = layout_number(layout, NUMBER_tag_bytes_shift);
    uint64_t place_shift = layout_number(layout, NUMBER_place_shift);
    int result = 0;
    for (size_t i = 0; i < place->slots && result == 0; i++) {
        uint64_t value = slab->records[i * step];
        if (!is_live(layout, value)) {
            continue;
        }
        if (place->tagged == 0) {
            result = count_live(census, slab->place, value, bytes);
            continue;
        }
        uint64_t tag = slab->records[i * step + 1];
        uint64_t account = (tag & UINT32_MAX) >> place_shift;
        result = count_live(census, OF_ACCOUNT | account, value, tag >> bytes_shift);
    }
    return result;
}

static int count_heap_object(void *argument, const struct take_heap_note *note) {
    struct census *census = argument;
    struct take *take = census->take;
    if (!is_live(&take->layout, note->record)) {
        return 0;
    }
    int32_t row = take->places[note->place].pool;
    return count_live(census, note->place, note->record, take->snapshot->pools[row].object_bytes);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static const char *number_text(struct take *take, uint64_t site) {
    char number[32];
    struct text text;
    text_init(&text, number, sizeof number);
    text_add_hex(&text, site);
    return view_take_text(&take->snapshot->memory, number, text.length);
}

static void fill_row(struct take *take, const struct group *group, struct snapshot_group *row) {
    uint64_t whose = group->key >> 32;
    memcpy(row->ages, group->ages, sizeof row->ages);
    row->count = group->count;
    row->bytes = group->bytes;
    row->oldest_seconds = group->oldest_seconds;
    row->site = (uint32_t)group->key;
    row->pool = row->account = row->image = SNAPSHOT_NONE;
    if ((whose & OF_ACCOUNT) != 0) {
        uint64_t account = whose & (OF_ACCOUNT - 1);
        row->account = account < take->n_accounts ? take->account_rows[account] : SNAPSHOT_NONE;
        row->what = row->account == SNAPSHOT_NONE
                        ? "?"
                        : name_of_account(take->snapshot, &take->snapshot->accounts[row->account],
                                          &take->snapshot->memory);
    } else {
        row->pool = take->places[whose].pool;
        row->what = take->snapshot->pools[row->pool].name;
    }
    row->symbol = number_text(take, row->site);
    row->symbol = row->symbol != NULL ? row->symbol : "";
    row->what = row->what != NULL ? row->what : "";
}

static int compare_rows(const void *left, const void *right) {
    const struct snapshot_group *a = left, *b = right;
    if (a->bytes != b->bytes) {
        return a->bytes < b->bytes ? 1 : -1;
    }
    if (a->count != b->count) {
        return a->count < b->count ? 1 : -1;
    }
    int order = strcmp(a->what, b->what);
    return order != 0 ? order : a->site < b->site ? -1 : a->site > b->site;
}

static int make_rows(struct census *census) {
    struct take *take = census->take;
    struct snapshot *snapshot = take->snapshot;
    const struct group *groups = census->groups.items;
    size_t n = census->groups.n;
    snapshot->groups = view_take_array(&snapshot->memory, n + 1, sizeof snapshot->groups[0]);
    if (snapshot->groups == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        fill_row(take, &groups[i], &snapshot->groups[i]);
    }
    snapshot->n_groups = n;
    if (census->rest.count > 0) {
        struct snapshot_group *row = &snapshot->groups[snapshot->n_groups++];
        memcpy(row->ages, census->rest.ages, sizeof row->ages);
        row->count = census->rest.count;
        row->bytes = census->rest.bytes;
        row->oldest_seconds = census->rest.oldest_seconds;
        row->pool = row->account = row->image = SNAPSHOT_NONE;
        row->what = "(rest)";
        row->symbol = "?";
    }
    sort_items(snapshot->groups, snapshot->n_groups, sizeof snapshot->groups[0], compare_rows);
    return 0;
}

int take_groups(struct take *take) {
    struct census census = {.take = take, .groups.bytes = sizeof(struct group)};
    int result = take_each_slab(take, count_slab, &census);
    result = result != 0 ? result : take_each_heap_note(take, count_heap_object, &census);
    result = result != 0 ? result : make_rows(&census);
    return result != 0 ? take_fail(take, result, "records of single objects") : 0;
}
