/* SPDX-License-Identifier: MIT */
/* Snapshots as OpenMetrics text: each family once, with a line for each thing in each process.
 *
 * What is counted by call site is not here: a series for each would be more than a Prometheus
 * should keep. Names and labels are for ever; docs/formats.md has them all. */
#include "export/derive.h"
#include "export/export.h"
#include "export/fields.h"

#include <stddef.h>
#include <string.h>

enum metric_type { GAUGE, COUNTER };

struct family {
    const char *name; /* behind "mempool_" */
    enum metric_type type;
    const char *unit; /* the name's end; "": it has none */
    const char *help;
    size_t offset; /* of a uint64_t in the item, where it is not derived */
    uint64_t (*derive)(const struct snapshot_pool *pool);
    bool zero_is_none; /* a limit of 0 is no limit */
};

/* What has a line in each family of a table. */
struct scope {
    const struct family *families;
    size_t n_families;
    enum fields_list list;
    void (*add_labels)(const struct snapshot *snapshot, const void *item,
                       struct export_output *output);
};

#define FAMILY(structure, name, type, unit, member, help)                                          \
    { name, type, unit, help, offsetof(structure, member), NULL, false }
#define LIMIT(structure, name, unit, member, help)                                                 \
    { name, GAUGE, unit, help, offsetof(structure, member), NULL, true }
#define DERIVED(name, unit, derive, help)                                                          \
    { name, GAUGE, unit, help, 0, derive, false }

/* ---- names ---------------------------------------------------------------------------------- */

#define POOL(name, type, unit, member, help)                                                       \
    FAMILY(struct snapshot_pool, "pool_" name, type, unit, member, help)
static const struct family pool_families[] = {
    DERIVED("pool_live_objects", "objects", derive_live_objects,
            "Objects that were got and not put, heap objects included."),
    DERIVED("pool_live_bytes", "bytes", derive_live_bytes,
            "Bytes of those, as asked for; of kind heap-class: bytes of their slots."),
    POOL("free_objects", GAUGE, "objects", cold, "Free slots that are ready for a get."),
    POOL("cached_objects", GAUGE, "objects", cached, "Free slots in threads' caches."),
    POOL("depot_objects", GAUGE, "objects", depot, "Free slots in the depot."),
    POOL("heap_objects", GAUGE, "objects", curr_stdalloc,
         "Live single allocations from malloc, of pools whose policy is heap."),
    POOL("peak_objects", GAUGE, "objects", max_alloc, "Highest number of live slots."),
    POOL("peak_heap_objects", GAUGE, "objects", max_stdalloc,
         "Highest number of live single allocations from malloc."),
    LIMIT(struct snapshot_pool, "pool_limit_objects", "objects", limit,
          "Most objects that may be live at once; not there: no limit."),
    POOL("ready_objects", GAUGE, "objects", count, "Objects that were asked for in advance."),
    POOL("object_bytes", GAUGE, "bytes", object_bytes, "Size of an object, as asked for."),
    POOL("slot_bytes", GAUGE, "bytes", padded_bytes, "Size of a slot: object and padding."),
    POOL("slabs", GAUGE, "slabs", slabs, "Slabs held."),
    POOL("slabs_bytes", GAUGE, "bytes", slab_bytes,
         "Address space of the slabs held, not all of it resident."),
    POOL("caches", GAUGE, "caches", caches, "Threads that have a cache of the pool."),
    POOL("gets", COUNTER, "", alloc_count, "Gets that returned an object."),
    POOL("puts", COUNTER, "", put_count, "Puts that were accepted."),
    POOL("refused", COUNTER, "", refused, "Gets that returned NULL."),
    POOL("misses", COUNTER, "", pool_misses,
         "What was needed beyond the objects made in advance: slots, heap objects, refusals."),
    POOL("misuses", COUNTER, "", misuses, "Reports of misuse about the pool."),
};

#define ACCOUNT(name, type, unit, member, help)                                                    \
    FAMILY(struct snapshot_account, "account_" name, type, unit, member, help)
static const struct family account_families[] = {
    ACCOUNT("live_bytes", GAUGE, "bytes", live_bytes, "Bytes asked for and not freed."),
    ACCOUNT("live_blocks", GAUGE, "blocks", live_blocks, "Blocks not freed."),
    ACCOUNT("peak_bytes", GAUGE, "bytes", peak_bytes, "Highest number of live bytes."),
    ACCOUNT("peak_blocks", GAUGE, "blocks", peak_blocks, "Highest number of live blocks."),
    ACCOUNT("allocations", COUNTER, "", total_blocks, "Allocations; a realloc is none."),
    ACCOUNT("frees", COUNTER, "", total_frees, "Frees."),
};

#define COMPONENT(name, type, unit, member, help)                                                  \
    FAMILY(struct snapshot_component, "component_" name, type, unit, member, help)
static const struct family component_families[] = {
    COMPONENT("live_bytes", GAUGE, "bytes", live_bytes,
              "Bytes of live blocks of the component's accounts, not of components below it."),
    COMPONENT("live_blocks", GAUGE, "blocks", live_blocks, "Live blocks of its accounts."),
    COMPONENT("pools_bytes", GAUGE, "bytes", pool_bytes, "Slabs of its pools."),
    COMPONENT("charged_bytes", GAUGE, "bytes", charged_bytes,
              "Charged against its limits, with all components below it, and grants."),
    LIMIT(struct snapshot_component, "component_soft_limit_bytes", "bytes", soft_bytes,
          "Soft limit; not there: none."),
    LIMIT(struct snapshot_component, "component_hard_limit_bytes", "bytes", hard_bytes,
          "Hard limit; not there: none."),
    COMPONENT("refused", COUNTER, "", refused, "Allocations that its hard limit refused."),
};

static const struct family misuse_families[] = {
    FAMILY(struct snapshot_misuse, "misuses", COUNTER, "", count, "Reports of misuse, by kind."),
};

#define PROCESS(name, member, help)                                                                \
    FAMILY(struct snapshot, "process_" name, GAUGE, "bytes", member, help)
static const struct family process_families[] = {
    FAMILY(struct snapshot, "process_uptime_seconds", GAUGE, "seconds", uptime_seconds,
           "Since the process made its first pool."),
    FAMILY(struct snapshot, "process_threads", GAUGE, "threads", n_running,
           "Running threads that used a pool or the accounted heap."),
    PROCESS("slabs_bytes", slabs_bytes, "Slabs of all pools, those of the accounted heap too."),
    PROCESS("arena_bytes", arena_bytes, "Address space that slabs were ever cut from."),
};
_Static_assert(sizeof(size_t) == sizeof(uint64_t), "threads are counted by a size_t");

/* Parts that add up to what is resident, when `untouched` is taken off. */
static const struct {
    const char *name;
    size_t offset;
    bool is_in_books; /* known also where the process's mappings are not */
} ledger_parts[] = {
    {"live", offsetof(struct snapshot_ledger, live), true},
    {"padding", offsetof(struct snapshot_ledger, padding), true},
    {"cached", offsetof(struct snapshot_ledger, cached), true},
    {"free", offsetof(struct snapshot_ledger, free), false},
    {"records", offsetof(struct snapshot_ledger, records), false},
    {"libc-heap", offsetof(struct snapshot_ledger, libc_heap), false},
    {"files", offsetof(struct snapshot_ledger, files), false},
    {"stack", offsetof(struct snapshot_ledger, stack), false},
    {"named", offsetof(struct snapshot_ledger, named), false},
    {"unexplained", offsetof(struct snapshot_ledger, unexplained), false},
};

/* ---- lines ---------------------------------------------------------------------------------- */

static void add_head(struct export_output *output, const char *name, const char *type,
                     const char *unit, const char *help) {
    static const char *const words[] = {"# TYPE mempool_", "# UNIT mempool_", "# HELP mempool_"};
    const char *values[] = {type, unit, help};
    for (int i = 0; i < 3; i++) {
        if (values[i][0] != '\0') {
            export_text(output, words[i]);
            export_text(output, name);
            export_text(output, " ");
            export_text(output, values[i]);
            export_text(output, "\n");
        }
    }
}

static void add_label(struct export_output *output, const char *name, const char *value) {
    export_text(output, ",");
    export_text(output, name);
    export_text(output, "=");
    export_quoted(output, value);
}

static void add_number_label(struct export_output *output, const char *name, uint64_t value) {
    export_text(output, ",");
    export_text(output, name);
    export_text(output, "=\"");
    export_unsigned(output, value);
    export_text(output, "\"");
}

/* A line up to the labels that all have. */
static void begin_line(const struct snapshot *snapshot, struct export_output *output,
                       const char *name, const char *suffix) {
    export_text(output, "mempool_");
    export_text(output, name);
    export_text(output, suffix);
    export_text(output, "{process=");
    export_quoted(output, snapshot->program);
    export_text(output, ",pid=\"");
    export_signed(output, snapshot->pid);
    export_text(output, "\"");
}

static void end_line(struct export_output *output, uint64_t value) {
    export_text(output, "} ");
    export_unsigned(output, value);
    export_text(output, "\n");
}

static void add_pool_labels(const struct snapshot *snapshot, const void *item,
                            struct export_output *output) {
    const struct snapshot_pool *pool = item;
    size_t n;
    const char *component = derive_component(snapshot, pool, &n);
    add_label(output, "pool", pool->name);
    export_text(output, ",component=");
    export_quoted_part(output, component, n);
    add_number_label(output, "generation", derive_generation(snapshot, pool));
    add_label(output, "type", derive_type(snapshot, pool));
    add_label(output, "kind", field_word(field_pool_kinds, (uint32_t)pool->kind));
    add_number_label(output, "number", pool->number);
}

static void add_component_labels(const struct snapshot *snapshot, const void *item,
                                 struct export_output *output) {
    const struct snapshot_component *component = item;
    (void)snapshot;
    add_label(output, "component", component->name);
    add_number_label(output, "generation", component->generation);
}

static void add_account_labels(const struct snapshot *snapshot, const void *item,
                               struct export_output *output) {
    const struct snapshot_account *account = item;
    if (account->component >= 0 && (size_t)account->component < snapshot->n_components) {
        add_component_labels(snapshot, &snapshot->components[account->component], output);
    }
    add_label(output, "type", account->type);
}

static void add_misuse_labels(const struct snapshot *snapshot, const void *item,
                              struct export_output *output) {
    const struct snapshot_misuse *misuse = item;
    (void)snapshot;
    add_label(output, "kind", misuse->kind);
}

/* ---- families ------------------------------------------------------------------------------- */

static uint64_t value_of(const struct family *family, const void *item) {
    uint64_t value;
    if (family->derive != NULL) {
        return family->derive(item);
    }
    memcpy(&value, (const char *)item + family->offset, sizeof value);
    return value;
}

static void begin_family(const struct family *family, struct export_output *output) {
    add_head(output, family->name, family->type == COUNTER ? "counter" : "gauge", family->unit,
             family->help);
}

static void add_lines(const struct snapshot *snapshot, const struct scope *scope,
                      const struct family *family, struct export_output *output) {
    const struct field_list *list = &field_lists[scope->list];
    size_t n;
    const void *items = field_items(snapshot, list, &n);
    for (size_t i = 0; i < n; i++) {
        const void *item = field_item(list, items, i);
        uint64_t value = value_of(family, item);
        if (value != 0 || !family->zero_is_none) {
            begin_line(snapshot, output, family->name, family->type == COUNTER ? "_total" : "");
            scope->add_labels(snapshot, item, output);
            end_line(output, value);
        }
    }
}

static void add_processes(const struct snapshot *const *snapshots, size_t n,
                          struct export_output *output) {
    size_t n_families = sizeof process_families / sizeof process_families[0];
    for (size_t i = 0; i < n_families; i++) {
        begin_family(&process_families[i], output);
        for (size_t k = 0; k < n; k++) {
            begin_line(snapshots[k], output, process_families[i].name, "");
            end_line(output, value_of(&process_families[i], snapshots[k]));
        }
    }
}

/* The libraries' versions, and when snapshots were taken. */
static void add_build(const struct snapshot *const *snapshots, size_t n,
                      struct export_output *output) {
    add_head(output, "build", "info", "", "The library in the process.");
    for (size_t k = 0; k < n; k++) {
        begin_line(snapshots[k], output, "build", "_info");
        add_label(output, "version", snapshots[k]->version);
        end_line(output, 1);
    }
    add_head(output, "snapshot_timestamp_seconds", "gauge", "seconds",
             "When the numbers were read, since 1970.");
    for (size_t k = 0; k < n; k++) {
        begin_line(snapshots[k], output, "snapshot_timestamp_seconds", "");
        export_text(output, "} ");
        export_signed(output, snapshots[k]->taken_seconds);
        export_text(output, ".");
        for (uint32_t digit = 100000; digit > 0; digit /= 10) {
            export_unsigned(output, snapshots[k]->taken_microseconds / digit % 10);
        }
        export_text(output, "\n");
    }
}

static void add_ledger_parts(const struct snapshot *snapshot, struct export_output *output) {
    for (size_t i = 0; i < sizeof ledger_parts / sizeof ledger_parts[0]; i++) {
        uint64_t value;
        if (ledger_parts[i].is_in_books || snapshot->ledger.is_known) {
            memcpy(&value, (const char *)&snapshot->ledger + ledger_parts[i].offset, sizeof value);
            begin_line(snapshot, output, "ledger_bytes", "");
            add_label(output, "part", ledger_parts[i].name);
            end_line(output, value);
        }
    }
}

static void add_ledgers(const struct snapshot *const *snapshots, size_t n,
                        struct export_output *output) {
    static const struct {
        const char *name, *help;
        size_t offset;
    } sums[] = {
        {"ledger_untouched_bytes", "Used slots, or parts of them, that were never written.",
         offsetof(struct snapshot_ledger, untouched)},
        {"ledger_resident_bytes", "Resident memory: the sum of the parts, less the untouched.",
         offsetof(struct snapshot_ledger, resident)},
    };
    add_head(output, "ledger_bytes", "gauge", "bytes",
             "What resident memory consists of, by part.");
    for (size_t k = 0; k < n; k++) {
        add_ledger_parts(snapshots[k], output);
    }
    for (size_t i = 0; i < 2; i++) {
        add_head(output, sums[i].name, "gauge", "bytes", sums[i].help);
        for (size_t k = 0; k < n; k++) {
            uint64_t value;
            if (snapshots[k]->ledger.is_known) {
                memcpy(&value, (const char *)&snapshots[k]->ledger + sums[i].offset, sizeof value);
                begin_line(snapshots[k], output, sums[i].name, "");
                end_line(output, value);
            }
        }
    }
}

#define TABLE(families) families, sizeof(families) / sizeof(families)[0]
static const struct scope scopes[] = {
    {TABLE(pool_families), LIST_POOLS, add_pool_labels},
    {TABLE(account_families), LIST_ACCOUNTS, add_account_labels},
    {TABLE(component_families), LIST_COMPONENTS, add_component_labels},
    {TABLE(misuse_families), LIST_MISUSES, add_misuse_labels},
};

void export_openmetrics(const struct snapshot *const *snapshots, size_t n,
                        struct export_output *output) {
    add_build(snapshots, n, output);
    add_processes(snapshots, n, output);
    add_ledgers(snapshots, n, output);
    for (size_t s = 0; s < sizeof scopes / sizeof scopes[0]; s++) {
        for (size_t i = 0; i < scopes[s].n_families; i++) {
            begin_family(&scopes[s].families[i], output);
            for (size_t k = 0; k < n; k++) {
                add_lines(snapshots[k], &scopes[s], &scopes[s].families[i], output);
            }
        }
    }
    export_text(output, "# EOF\n");
}
