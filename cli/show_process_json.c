/* SPDX-License-Identifier: MIT */
/* `mempool show` of a whole process, as JSON. */
#include <stdlib.h>

#include "cli/json_value.h"
#include "cli/live_bytes.h"
#include "cli/show.h"
#include "cli/view_json.h"

static json_t *misuses(const struct snapshot *snapshot) {
    json_t *object = json_object();
    for (size_t i = 0; i < snapshot->n_misuses; i++) {
        json_object_set_new(object, snapshot->misuses[i].kind,
                            value_count(snapshot->misuses[i].count));
    }
    return object;
}

/* NULL: no memory. */
static json_t *pools(const struct show *show) {
    size_t n;
    const struct snapshot_pool **ordered = show_pools_order(show, &n);
    json_t *array = ordered ? json_array() : NULL;
    for (size_t i = 0; ordered && i < n && i < show->most; i++) {
        json_array_append_new(array, view_json_pool(show->snapshot, ordered[i]));
    }
    free(ordered);
    return array;
}

static json_t *accounts(const struct show *show) {
    size_t n;
    const struct snapshot_account **ordered = show_accounts_order(show, &n);
    json_t *array = ordered ? json_array() : NULL;
    for (size_t i = 0; ordered && i < n && i < show->most; i++) {
        json_array_append_new(array, view_json_account(show->snapshot, ordered[i]));
    }
    free(ordered);
    return array;
}

static json_t *components(const struct show *show) {
    json_t *array = json_array();
    for (size_t i = 0; i < show->snapshot->n_components && i < show->most; i++) {
        json_array_append_new(
            array, view_json_component(show->snapshot, &show->snapshot->components[i]));
    }
    return array;
}

static json_t *threads(const struct show *show) {
    json_t *array = json_array();
    for (size_t i = 0; i < show->snapshot->n_threads && i < show->most; i++) {
        json_array_append_new(array, view_json_thread(&show->snapshot->threads[i]));
    }
    return array;
}

json_t *show_process_json(const struct show *show) {
    json_t *whole = view_json_head(show->snapshot);
    json_object_set_new(whole, "live_bytes", value_count(live_bytes(show->snapshot)));
    json_object_set_new(whole, "misuses", misuses(show->snapshot));
    json_object_set_new(whole, "ledger", view_json_ledger(&show->snapshot->ledger));
    json_object_set_new(whole, "components", components(show));
    json_object_set_new(whole, "threads", threads(show));
    if (json_object_set_new(whole, "pools", pools(show)) != 0 ||
        json_object_set_new(whole, "accounts", accounts(show)) != 0) {
        json_decref(whole);
        return NULL;
    }
    return whole;
}
