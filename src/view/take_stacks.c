/* SPDX-License-Identifier: MIT */
/* Sampled call stacks and what they hold: one pass over the process's table (sample/table.h). A
 * stack that changed while its frames were read is read again, or left out. */
#include "base/bits.h"
#include "base/sort.h"
#include "view/name.h"
#include "view/take.h"

#include <errno.h>
#include <string.h>

enum { STACKS_MAX = 1 << 16 };

/* All stacks of the table, from place 1 on; what is behind them is not believed. */
struct stacks {
    uint64_t start; /* address of the first */
    size_t n;
    char *bytes;
};

static int read_stacks(struct take *take, struct stacks *ret) {
    const struct layout *layout = &take->layout;
    size_t size = layout->sizes[SIZE_sample_stack];
    uint64_t address;
    int result = layout_root(layout, ROOT_OF_samples, &address);
    if (result != 0 || address == 0) {
        return result; /* sampling was never on */
    }
    char *table = view_take(&take->scratch, layout->sizes[SIZE_sample_table]);
    if (table == NULL) {
        return -ENOMEM;
    }
    result = take_read(take, address, table, layout->sizes[SIZE_sample_table]);
    if (result != 0) {
        return result;
    }
    take->snapshot->sample_bytes = layout_get(layout, table, FIELD_sample_table_mean_bytes);
    take->snapshot->samples_dropped = layout_get(layout, table, FIELD_sample_table_dropped);
    ret->start = layout_get(layout, table, FIELD_sample_table_stacks) + size;
    ret->n = (size_t)layout_get(layout, table, FIELD_sample_table_stacks_used);
    if (ret->n > STACKS_MAX) {
        return -EBADMSG;
    }
    ret->bytes = view_take_array(&take->scratch, ret->n, size);
    return ret->bytes == NULL ? -ENOMEM : take_read(take, ret->start, ret->bytes, ret->n * size);
}

/* The frames of a stack, if it is still what `bytes` say; false: it is not. */
static bool read_frames(struct take *take, uint64_t address, char *bytes,
                        struct snapshot_stack *row) {
    const struct layout *layout = &take->layout;
    size_t size = layout->sizes[SIZE_sample_stack];
    for (int tries = 0; tries < TAKE_TRIES; tries++) {
        uint64_t version = layout_get(layout, bytes, FIELD_sample_stack_version);
        uint64_t n = layout_get(layout, bytes, FIELD_sample_stack_n_frames);
        n = n < SNAPSHOT_FRAMES ? n : SNAPSHOT_FRAMES;
        uint64_t frames = layout_get(layout, bytes, FIELD_sample_stack_frames);
        bool is_read = take_read(take, frames, row->frames, n * sizeof row->frames[0]) == 0;
        char again[LAYOUT_STRUCT_BYTES_MAX];
        if (take_read(take, address, again, size) != 0) {
            return false;
        }
        if (is_read && version % 2 == 0 &&
            layout_get(layout, again, FIELD_sample_stack_version) == version) {
            row->n_frames = (uint32_t)n;
            return true;
        }
        memcpy(bytes, again, size);
    }
    return false;
}

/* False: nobody's that we know. */
static bool fill_owner(struct take *take, const char *bytes, struct snapshot_stack *row) {
    const struct layout *layout = &take->layout;
    uint64_t account = layout_get(layout, bytes, FIELD_sample_stack_account);
    uint64_t owner = layout_get(layout, bytes, FIELD_sample_stack_owner);
    uint32_t number;
    row->pool = row->account = SNAPSHOT_NONE;
    if (account != 0) {
        row->account = account < take->n_accounts ? take->account_rows[account] : SNAPSHOT_NONE;
        row->what = row->account == SNAPSHOT_NONE
                        ? "?"
                        : name_of_account(take->snapshot, &take->snapshot->accounts[row->account],
                                          &take->snapshot->memory);
    } else if (take_place_of_depot(take, owner, &number) &&
               take->places[number].pool != SNAPSHOT_NONE) {
        row->pool = take->places[number].pool;
        row->what = take->snapshot->pools[row->pool].name;
    } else {
        row->what = "?";
    }
    return row->what != NULL;
}

static int compare_rows(const void *left, const void *right) {
    const struct snapshot_stack *a = left, *b = right;
    if (a->bytes != b->bytes) {
        return a->bytes < b->bytes ? 1 : -1;
    }
    if (a->samples != b->samples) {
        return a->samples < b->samples ? 1 : -1;
    }
    int order = strcmp(a->what, b->what);
    return order != 0 ? order : memcmp(a->frames, b->frames, sizeof a->frames);
}

static int fill_row(struct take *take, const char *bytes, struct snapshot_stack *row) {
    const struct layout *layout = &take->layout;
    uint64_t one = layout_number(layout, NUMBER_sample_one);
    uint64_t count = layout_get(layout, bytes, FIELD_sample_stack_count);
    row->samples = layout_get(layout, bytes, FIELD_sample_stack_samples);
    row->count = count / one + (count % one >= one - one / 2);
    row->bytes = layout_get(layout, bytes, FIELD_sample_stack_bytes);
    return fill_owner(take, bytes, row) ? 0 : -ENOMEM;
}

static int make_rows(struct take *take, struct stacks *stacks) {
    const struct layout *layout = &take->layout;
    struct snapshot *snapshot = take->snapshot;
    size_t size = layout->sizes[SIZE_sample_stack], n = 0;
    for (size_t i = 0; i < stacks->n; i++) {
        n += layout_get(layout, stacks->bytes + i * size, FIELD_sample_stack_samples) != 0;
    }
    snapshot->stacks = view_take_array(&snapshot->memory, n, sizeof snapshot->stacks[0]);
    int result = snapshot->stacks != NULL ? 0 : -ENOMEM;
    for (size_t i = 0; i < stacks->n && result == 0 && snapshot->n_stacks < n; i++) {
        char *bytes = stacks->bytes + i * size;
        struct snapshot_stack *row = &snapshot->stacks[snapshot->n_stacks];
        if (layout_get(layout, bytes, FIELD_sample_stack_samples) != 0 &&
            read_frames(take, stacks->start + i * size, bytes, row) &&
            layout_get(layout, bytes, FIELD_sample_stack_samples) != 0) {
            result = fill_row(take, bytes, row);
            snapshot->n_stacks += result == 0;
        }
    }
    sort_items(snapshot->stacks, snapshot->n_stacks, sizeof snapshot->stacks[0], compare_rows);
    return result;
}

int take_stacks(struct take *take) {
    struct stacks stacks = {.n = 0};
    int result = read_stacks(take, &stacks);
    result = result != 0 ? result : make_rows(take, &stacks);
    return result != 0 ? take_fail(take, result, "sampled call stacks") : 0;
}
