/* SPDX-License-Identifier: MIT */
/* Components and accounts; what threads' tallies add comes from take_threads. */
#include "base/bits.h"
#include "view/take.h"

#include <errno.h>

/* ---- components ------------------------------------------------------------------------------ */

static uint64_t not_negative(int64_t value) {
    return value > 0 ? (uint64_t)value : 0;
}

static void read_component(struct take *take, const char *bytes, struct snapshot_component *row) {
    const struct layout *layout = &take->layout;
    const char *name =
        layout_text(layout, bytes, FIELD_mempool_component_name, &take->snapshot->memory);
    row->name = name != NULL ? name : "";
    row->generation = (uint32_t)layout_get(layout, bytes, FIELD_mempool_component_generation);
    row->ended = layout_get(layout, bytes, FIELD_mempool_component_ended) != 0;
    row->charged_bytes =
        not_negative(layout_get_signed(layout, bytes, FIELD_mempool_component_charged));
    row->pool_bytes =
        not_negative(layout_get_signed(layout, bytes, FIELD_mempool_component_pool_bytes));
    row->hard_bytes = layout_get(layout, bytes, FIELD_mempool_component_hard_bytes);
    row->soft_bytes = layout_get(layout, bytes, FIELD_mempool_component_soft_bytes);
    row->refused = layout_get(layout, bytes, FIELD_mempool_component_refused);
}

/* How many there are, by following the list. */
static int count_components(struct take *take, uint64_t first, char *bytes, size_t *ret) {
    size_t n = 0;
    for (uint64_t at = first; at != 0; n++) {
        if (n == TAKE_COMPONENTS_MAX) {
            return -EBADMSG;
        }
        int result = take_read(take, at, bytes, take->layout.sizes[SIZE_mempool_component]);
        if (result != 0) {
            return result;
        }
        at = layout_get(&take->layout, bytes, FIELD_mempool_component_next);
    }
    *ret = n;
    return 0;
}

/* Rows, in the order of the list; parents come before their children. */
static int read_components(struct take *take, uint64_t first, size_t n, char *bytes) {
    struct snapshot *snapshot = take->snapshot;
    uint64_t at = first;
    while (at != 0 && snapshot->n_components < n) {
        struct snapshot_component *row = &snapshot->components[snapshot->n_components];
        int result = take_read(take, at, bytes, take->layout.sizes[SIZE_mempool_component]);
        if (result != 0) {
            return result;
        }
        uint32_t parent;
        uint64_t above = layout_get(&take->layout, bytes, FIELD_mempool_component_parent);
        read_component(take, bytes, row);
        row->address = at;
        row->parent = view_index_find(&take->components, above, &parent) ? (int32_t)parent
                                                                         : SNAPSHOT_NONE;
        if (!view_index_add(&take->components, at, (uint32_t)snapshot->n_components)) {
            return -EBADMSG;
        }
        snapshot->n_components++;
        at = layout_get(&take->layout, bytes, FIELD_mempool_component_next);
    }
    return 0;
}

int take_components(struct take *take) {
    struct snapshot *snapshot = take->snapshot;
    char *bytes = view_take(&take->scratch, take->layout.sizes[SIZE_mempool_component]);
    uint64_t first;
    size_t n = 0;
    if (bytes == NULL) {
        return take_fail(take, -ENOMEM, NULL);
    }
    int result = layout_root(&take->layout, ROOT_OF_components, &first);
    result = result != 0 ? result : count_components(take, first, bytes, &n);
    if (result != 0) {
        return take_fail(take, result, "components");
    }
    snapshot->components = view_take_array(&snapshot->memory, n, sizeof snapshot->components[0]);
    if (snapshot->components == NULL || !view_index_init(&take->components, n, &take->scratch)) {
        return take_fail(take, -ENOMEM, NULL);
    }
    result = read_components(take, first, n, bytes);
    return result != 0 ? take_fail(take, result, "components") : 0;
}

/* ---- accounts -------------------------------------------------------------------------------- */

static void read_account(const struct layout *layout, const char *bytes,
                         struct take_account *account) {
    account->component = layout_get(layout, bytes, FIELD_account_component);
    account->type = layout_get(layout, bytes, FIELD_account_type);
    account->granted = layout_get_signed(layout, bytes, FIELD_account_granted);
    account->peak_bytes = layout_get_signed(layout, bytes, FIELD_account_peak_bytes);
    account->peak_blocks = layout_get_signed(layout, bytes, FIELD_account_peak_blocks);
    account->total_blocks = layout_get(layout, bytes, FIELD_account_past_blocks);
    account->total_frees = layout_get(layout, bytes, FIELD_account_past_frees);
}

static int read_accounts(struct take *take, uint64_t start) {
    size_t account_bytes = take->layout.sizes[SIZE_account];
    uint32_t in_piece = (uint32_t)(TAKE_PIECE_BYTES / account_bytes);
    char *piece = view_take(&take->scratch, TAKE_PIECE_BYTES);
    if (piece == NULL) {
        return -ENOMEM;
    }
    for (uint32_t first = 0; first < take->n_accounts; first += in_piece) {
        uint32_t n = (uint32_t)min_size(in_piece, take->n_accounts - first);
        int result = take_read(take, start + first * account_bytes, piece, n * account_bytes);
        if (result != 0) {
            return result;
        }
        for (uint32_t i = 0; i < n; i++) {
            read_account(&take->layout, piece + i * account_bytes, &take->accounts[first + i]);
        }
    }
    return 0;
}

int take_accounts(struct take *take) {
    uint64_t start, n;
    int result = layout_root(&take->layout, ROOT_OF_accounts, &start);
    result = result != 0 ? result : layout_root(&take->layout, ROOT_OF_n_accounts, &n);
    if (result == 0 && n > TAKE_ACCOUNTS_MAX) {
        result = -EBADMSG;
    }
    if (result != 0) {
        return take_fail(take, result, "accounts");
    }
    take->n_accounts = start != 0 ? (uint32_t)n : 0;
    take->accounts =
        view_take_array(&take->scratch, take->n_accounts, sizeof take->accounts[0]);
    take->account_rows =
        view_take_array(&take->scratch, take->n_accounts, sizeof take->account_rows[0]);
    result = take->accounts != NULL && take->account_rows != NULL ? read_accounts(take, start)
                                                                  : -ENOMEM;
    return result != 0 ? take_fail(take, result, "accounts") : 0;
}

/* ---- sums are known -------------------------------------------------------------------------- */

/* Names of types, each read once. */
struct types {
    struct view_index index;
    const char **names;
    uint32_t n;
    char *bytes;
};

static const char *type_name(struct take *take, struct types *types, uint64_t address) {
    uint32_t number;
    if (view_index_find(&types->index, address, &number)) {
        return types->names[number];
    }
    const char *name = NULL;
    if (take_read(take, address, types->bytes, take->layout.sizes[SIZE_mempool_type]) == 0) {
        name = layout_text(&take->layout, types->bytes, FIELD_mempool_type_name,
                           &take->snapshot->memory);
    }
    name = name != NULL ? name : "?";
    if (view_index_add(&types->index, address, types->n)) {
        types->names[types->n++] = name;
    }
    return name;
}

static int64_t most(int64_t a, int64_t b) {
    return a > b ? a : b;
}

/* As account/read.c. */
static void finish_account(const struct take_account *account, struct snapshot_account *row) {
    int64_t live = layout_subtract(account->granted, account->balances);
    int64_t blocks = (int64_t)(account->total_blocks - account->total_frees);
    int64_t peak = account->peak_bytes, peak_blocks = account->peak_blocks;
    if (account->n_threads == 1) {
        peak = most(peak, account->thread_peak_bytes);
        peak_blocks = most(peak_blocks, account->thread_peak_blocks);
    }
    row->live_bytes = not_negative(live);
    row->live_blocks = not_negative(blocks);
    row->peak_bytes = not_negative(most(peak, live));
    row->peak_blocks = not_negative(most(peak_blocks, blocks));
    row->total_blocks = account->total_blocks;
    row->total_frees = account->total_frees;
}

static void add_row(struct take *take, struct types *types, uint32_t number) {
    struct snapshot *snapshot = take->snapshot;
    const struct take_account *account = &take->accounts[number];
    uint32_t component;
    if (account->total_blocks == 0 ||
        !view_index_find(&take->components, account->component, &component)) {
        return;
    }
    struct snapshot_account *row = &snapshot->accounts[snapshot->n_accounts];
    take->account_rows[number] = (int32_t)snapshot->n_accounts++;
    row->number = number;
    row->component = (int32_t)component;
    row->type = type_name(take, types, account->type);
    finish_account(account, row);
    snapshot->components[component].live_bytes += row->live_bytes;
    snapshot->components[component].live_blocks += row->live_blocks;
}

int take_finish_accounts(struct take *take) {
    struct snapshot *snapshot = take->snapshot;
    struct types types = {.n = 0};
    uint32_t n = take->n_accounts;
    snapshot->accounts = view_take_array(&snapshot->memory, n, sizeof snapshot->accounts[0]);
    types.names = view_take_array(&take->scratch, n, sizeof types.names[0]);
    types.bytes = view_take(&take->scratch, take->layout.sizes[SIZE_mempool_type]);
    if (snapshot->accounts == NULL || types.names == NULL || types.bytes == NULL ||
        !view_index_init(&types.index, n, &take->scratch)) {
        return take_fail(take, -ENOMEM, NULL);
    }
    for (uint32_t number = 0; number < n; number++) {
        take->account_rows[number] = SNAPSHOT_NONE;
        if (number > 0) {
            add_row(take, &types, number);
        }
    }
    return 0;
}
