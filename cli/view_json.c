/* SPDX-License-Identifier: MIT */
/* Parts of a snapshot as JSON, for the verbs that look at processes. */
#include "cli/view_json.h"

#include "cli/json_value.h"
#include "export/derive.h"

struct member {
    const char *name;
    uint64_t value;
};

static void add_counts(json_t *object, const struct member *members, size_t n) {
    for (size_t i = 0; i < n; i++) {
        json_object_set_new(object, members[i].name, value_count(members[i].value));
    }
}

#define ADD_COUNTS(object, ...)                                             \
    add_counts(object, (const struct member[]){__VA_ARGS__},                \
               sizeof((const struct member[]){__VA_ARGS__}) / sizeof(struct member))
#define FIELD(struct_pointer, field) {#field, (struct_pointer)->field}

json_t *view_json_head(const struct snapshot *snapshot) {
    json_t *head = json_object();
    json_object_set_new(head, "source",
                        json_string(snapshot->source == SNAPSHOT_OF_CORE ? "core" : "process"));
    json_object_set_new(head, "pid", json_integer(snapshot->pid));
    json_object_set_new(head, "program", value_text(snapshot->program));
    json_object_set_new(head, "version", value_text(snapshot->version));
    json_object_set_new(head, "taken_seconds", json_integer(snapshot->taken_seconds));
    ADD_COUNTS(head, FIELD(snapshot, taken_microseconds), FIELD(snapshot, uptime_seconds),
               FIELD(snapshot, arena_bytes), FIELD(snapshot, slabs_bytes));
    return head;
}

static json_t *component_name(const struct snapshot *snapshot, int32_t component) {
    bool is_known = component >= 0 && (size_t)component < snapshot->n_components;
    return is_known ? value_text(snapshot->components[component].name) : json_null();
}

static const char *kind_name(enum snapshot_pool_kind kind) {
    switch (kind) {
    case SNAPSHOT_HEAP_CLASS: return "heap-class";
    case SNAPSHOT_ZOMBIE: return "zombie";
    default: return "pool";
    }
}

json_t *view_json_pool(const struct snapshot *snapshot, const struct snapshot_pool *pool) {
    json_t *object = json_object();
    json_object_set_new(object, "name", value_text(pool->name));
    json_object_set_new(object, "address", value_address(pool->address));
    json_object_set_new(object, "component_name", component_name(snapshot, pool->component));
    json_object_set_new(object, "kind", json_string(kind_name(pool->kind)));
    json_object_set_new(object, "is_uncached", json_boolean(pool->is_uncached));
    json_object_set_new(object, "is_tight", json_boolean(pool->is_tight));
    json_object_set_new(object, "has_constructor", json_boolean(pool->has_constructor));
    ADD_COUNTS(object, FIELD(pool, number), FIELD(pool, serial), FIELD(pool, on_empty),
               FIELD(pool, object_bytes), FIELD(pool, padded_bytes), FIELD(pool, align),
               FIELD(pool, count), FIELD(pool, limit), FIELD(pool, hot), FIELD(pool, cold),
               {"live_objects", derive_live_objects(pool)},
               {"live_bytes", derive_live_bytes(pool)}, FIELD(pool, alloc_count),
               FIELD(pool, put_count), FIELD(pool, refused), FIELD(pool, pool_misses),
               FIELD(pool, max_alloc), FIELD(pool, curr_stdalloc), FIELD(pool, max_stdalloc),
               FIELD(pool, slabs), FIELD(pool, slab_bytes), FIELD(pool, slots),
               FIELD(pool, cached), FIELD(pool, depot), FIELD(pool, caches),
               FIELD(pool, misuses), FIELD(pool, magazine_rounds));
    return object;
}

json_t *view_json_component(const struct snapshot *snapshot,
                            const struct snapshot_component *component) {
    json_t *object = json_object();
    json_object_set_new(object, "name", value_text(component->name));
    json_object_set_new(object, "address", value_address(component->address));
    json_object_set_new(object, "parent", json_integer(component->parent));
    json_object_set_new(object, "parent_name", component_name(snapshot, component->parent));
    json_object_set_new(object, "ended", json_boolean(component->ended));
    ADD_COUNTS(object, FIELD(component, generation), FIELD(component, live_bytes),
               FIELD(component, live_blocks), FIELD(component, pool_bytes),
               FIELD(component, charged_bytes), FIELD(component, soft_bytes),
               FIELD(component, hard_bytes), FIELD(component, refused));
    return object;
}

json_t *view_json_account(const struct snapshot *snapshot,
                          const struct snapshot_account *account) {
    json_t *object = json_object();
    json_object_set_new(object, "component", json_integer(account->component));
    json_object_set_new(object, "component_name", component_name(snapshot, account->component));
    json_object_set_new(object, "type", value_text(account->type));
    ADD_COUNTS(object, FIELD(account, number), FIELD(account, live_bytes),
               FIELD(account, live_blocks), FIELD(account, peak_bytes),
               FIELD(account, peak_blocks), FIELD(account, total_blocks),
               FIELD(account, total_frees));
    return object;
}

json_t *view_json_thread(const struct snapshot_thread *thread) {
    json_t *object = json_object();
    json_object_set_new(object, "id", json_integer(thread->id));
    json_object_set_new(object, "name", value_text(thread->name));
    json_object_set_new(object, "is_processor", json_boolean(thread->is_processor));
    json_object_set_new(object, "attached_seconds", json_integer(thread->attached_seconds));
    ADD_COUNTS(object, FIELD(thread, number), FIELD(thread, caches),
               FIELD(thread, cached_objects), FIELD(thread, cached_bytes),
               FIELD(thread, granted_bytes));
    return object;
}

json_t *view_json_ledger(const struct snapshot_ledger *ledger) {
    static const char *const unknown[] = {"resident",  "free",  "untouched", "records",
                                          "libc_heap", "files", "stack",     "named",
                                          "unexplained"};
    json_t *object = json_object();
    json_object_set_new(object, "is_known", json_boolean(ledger->is_known));
    ADD_COUNTS(object, FIELD(ledger, resident), FIELD(ledger, live), FIELD(ledger, padding),
               FIELD(ledger, cached), FIELD(ledger, free), FIELD(ledger, untouched),
               FIELD(ledger, records), FIELD(ledger, libc_heap), FIELD(ledger, files),
               FIELD(ledger, stack), FIELD(ledger, named), FIELD(ledger, unexplained));
    for (size_t i = 0; !ledger->is_known && i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        json_object_set_new(object, unknown[i], json_null());
    }
    return object;
}
