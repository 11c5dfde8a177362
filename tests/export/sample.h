/* SPDX-License-Identifier: MIT */
/* A rich snapshot made by hand: something of everything, and the awkward values of each.
 *
 * Its numbers agree with each other where a real process's would (objects and bytes, sums of
 * groups), so that tests can add them up. */
#ifndef TESTS_EXPORT_SAMPLE_H
#define TESTS_EXPORT_SAMPLE_H

#include "check.h"
#include "view/snapshot.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { SAMPLE_PID = 4711 };

/* A copy of a table into the snapshot's memory; its length into n. */
#define SAMPLE_COPY(snapshot, field, n_field, table)                                               \
    do {                                                                                           \
        (snapshot)->field = view_take_array(&(snapshot)->memory, sizeof(table) / sizeof(table)[0], \
                                            sizeof(table)[0]);                                     \
        CHECK((snapshot)->field != NULL);                                                          \
        memcpy((snapshot)->field, (table), sizeof(table));                                         \
        (snapshot)->n_field = sizeof(table) / sizeof(table)[0];                                    \
    } while (0)

/* clang-format off */
static const struct snapshot_component sample_components[] = {
    {.address = 0x7f0000100000, .name = "brick", .generation = 1, .parent = SNAPSHOT_NONE,
     .live_bytes = 300, .live_blocks = 3, .pool_bytes = 131072, .charged_bytes = 5243712},
    {.address = 0x7f0000100400, .name = "dht", .generation = 1, .ended = true, .parent = 0,
     .live_bytes = 2097152, .live_blocks = 2, .charged_bytes = 2097152},
    {.address = 0x7f0000100800, .name = "dht", .generation = 2, .parent = 0,
     .live_bytes = 48, .live_blocks = 1, .pool_bytes = 65536, .charged_bytes = 65584,
     .soft_bytes = 1048576, .hard_bytes = 2097152, .refused = 7},
    /* quotes, a backslash, UTF-8, and what is none */
    {.address = 0x7f0000100c00, .name = "odd \"\\ \xc3\xa4 \xff", .generation = 1, .parent = 2},
};

static const struct snapshot_account sample_accounts[] = {
    {.number = 1, .component = 0, .type = "gf_common_mt_char", .live_bytes = 300, .live_blocks = 3,
     .peak_bytes = 500, .peak_blocks = 5, .total_blocks = 5, .total_frees = 2},
    {.number = 2, .component = 0, .type = "untyped", .peak_bytes = 1, .peak_blocks = 1,
     .total_blocks = 1, .total_frees = 1},
    {.number = 3, .component = 1, .type = "gf_dht_mt_loc", .live_bytes = 2097152, .live_blocks = 2,
     .peak_bytes = 2097152, .peak_blocks = 2, .total_blocks = 2},
    {.number = 4, .component = 2, .type = "gf_dht_mt_loc", .live_bytes = 48, .live_blocks = 1,
     .peak_bytes = 48, .peak_blocks = 1, .total_blocks = UINT64_MAX,
     .total_frees = UINT64_MAX - 1},
};

static const struct snapshot_pool sample_pools[] = {
    {.address = 0x7f0000200000, .number = 9, .serial = 12, .name = "dht:inode", .component = 2,
     .on_empty = 0, .has_constructor = true, .object_bytes = 168, .padded_bytes = 176, .align = 16,
     .count = 64, .hot = 40, .cold = 300, .alloc_count = 1000, .put_count = 960,
     .pool_misses = 12, .max_alloc = 76, .slabs = 1, .slab_bytes = 65536, .slots = 372,
     .cached = 200, .depot = 68, .caches = 3, .misuses = 1, .magazine_rounds = 64},
    /* its name again, in the place of one that is gone */
    {.address = 0x7f0000200400, .number = 4, .serial = 11, .name = "dht:inode", .component = 2,
     .on_empty = 1, .is_uncached = true, .is_tight = true, .object_bytes = 168,
     .padded_bytes = 176, .align = 16, .limit = 8, .hot = 8, .alloc_count = 30, .put_count = 22,
     .refused = 4, .pool_misses = 14, .max_alloc = 8, .slots = 8},
    {.address = 0x7f0000200800, .number = 3, .serial = 3, .name = "brick:struct frame",
     .component = 0, .on_empty = 2, .object_bytes = 60, .padded_bytes = 64, .align = 16,
     .count = 4, .hot = 4, .cold = 60, .alloc_count = 10, .put_count = 4, .pool_misses = 3,
     .max_alloc = 4, .curr_stdalloc = 2, .max_stdalloc = 3, .slabs = 2, .slab_bytes = 131072,
     .slots = 2048, .cached = 60, .caches = 1, .magazine_rounds = 32},
    {.address = 0x7f0000200c00, .number = 2, .serial = 2, .name = "heap:112",
     .component = SNAPSHOT_NONE, .kind = SNAPSHOT_HEAP_CLASS, .object_bytes = 112,
     .padded_bytes = 112, .align = 16, .hot = 4, .cold = 581, .alloc_count = 6, .put_count = 2,
     .max_alloc = 5, .slabs = 1, .slab_bytes = 65536, .slots = 585, .cached = 28, .caches = 2,
     .magazine_rounds = 32},
    /* charged to another than its name says */
    {.address = 0x7f0000201000, .number = 7, .serial = 7, .name = "odd:zombie",
     .component = 1, .kind = SNAPSHOT_ZOMBIE, .object_bytes = 1000,
     .padded_bytes = 1008, .align = 16, .hot = 1, .alloc_count = 1, .max_alloc = 1, .slabs = 1,
     .slab_bytes = 65536, .slots = 65},
};

static const struct snapshot_thread sample_threads[] = {
    {.number = 1, .id = 4711, .name = "brick", .attached_seconds = 86500, .caches = 3,
     .cached_objects = 200, .cached_bytes = 35200, .granted_bytes = 65536},
    {.number = 2, .id = 4712, .name = "io worker", .attached_seconds = 9, .caches = 2,
     .cached_objects = 88, .cached_bytes = 6976},
    {.name = "processor 1", .is_processor = true, .attached_seconds = -1, .caches = 1,
     .cached_objects = 10, .cached_bytes = 640},
};

static const struct snapshot_misuse sample_misuses[] = {
    {"double-put", 1}, {"racing-put", 0}, {"wrong-call", 2}, {"interior", 0},
};

static const struct snapshot_image sample_images[] = {
    {.path = "/usr/sbin/brick", .build_id = "00112233445566778899aabbccddeeff00112233",
     .start = 0x555500000000, .end = 0x555500010000},
    {.path = "/usr/lib/dht \"odd\" \xff.so", .build_id = "", .start = 0x7f1000000000,
     .end = 0x7f1000200000},
};

static const struct snapshot_group sample_groups[] = {
    {.pool = SNAPSHOT_NONE, .account = 2, .what = "dht:gf_dht_mt_loc", .site = 0x7f1000001234,
     .image = 1, .offset = 0x1234, .symbol = "dht_layout_new+0x34", .count = 2, .bytes = 2097152,
     .oldest_seconds = 90000, .ages = {0, 0, 0, 0, 1, 1}},
    {.pool = 0, .account = SNAPSHOT_NONE, .what = "dht:inode", .site = 0x7f1000002000, .image = 1,
     .offset = 0x2000, .symbol = "inode_new+0x10", .count = 30, .bytes = 5040,
     .oldest_seconds = 700, .ages = {5, 5, 10, 10, 0, 0}},
    {.pool = 0, .account = SNAPSHOT_NONE, .what = "dht:inode", .site = 0x555500002000, .image = 0,
     .offset = 0x2000, .symbol = "main+0x100", .count = 10, .bytes = 1680, .oldest_seconds = 3,
     .ages = {10, 0, 0, 0, 0, 0}},
    {.pool = 1, .account = SNAPSHOT_NONE, .what = "dht:inode", .site = 0x7f1000002000, .image = 1,
     .offset = 0x2000, .symbol = "inode_new+0x10", .count = 8, .bytes = 1344,
     .oldest_seconds = 100, .ages = {0, 0, 8, 0, 0, 0}},
    {.pool = 2, .account = SNAPSHOT_NONE, .what = "brick:struct frame", .site = 0x7ffff0000000,
     .image = SNAPSHOT_NONE, .symbol = "0x7ffff0000000", .count = 6, .bytes = 360,
     .oldest_seconds = 59, .ages = {3, 3, 0, 0, 0, 0}},
    {.pool = SNAPSHOT_NONE, .account = 0, .what = "brick:gf_common_mt_char",
     .site = 0x555500003000, .image = 0, .offset = 0x3000, .symbol = "read_line;all+0x8",
     .count = 3, .bytes = 300, .oldest_seconds = 86400, .ages = {1, 0, 0, 1, 0, 1}},
    {.pool = SNAPSHOT_NONE, .account = SNAPSHOT_NONE, .what = "(rest)", .site = 0,
     .image = SNAPSHOT_NONE, .symbol = "", .count = 1, .bytes = 48, .ages = {1, 0, 0, 0, 0, 0}},
};

static const struct snapshot_stack sample_stacks[] = {
    {.pool = SNAPSHOT_NONE, .account = 2, .what = "dht:gf_dht_mt_loc",
     .frames = {0x7f1000001234, 0x7f1000005678, 0x555500001000}, .n_frames = 3, .samples = 2,
     .count = 2, .bytes = 2097152},
    {.pool = 0, .account = SNAPSHOT_NONE, .what = "dht:inode",
     .frames = {0x7f1000002000, 0x555500001000}, .n_frames = 2, .samples = 1, .count = 3120,
     .bytes = 524288},
    {.pool = SNAPSHOT_NONE, .account = SNAPSHOT_NONE, .what = "(rest)", .n_frames = 0,
     .samples = 1, .count = 1, .bytes = 524288},
};

static const struct snapshot_symbol sample_symbols[] = {
    {.address = 0x555500001000, .image = 0, .offset = 0x1000, .symbol = "main+0x20"},
    {.address = 0x7f1000001234, .image = 1, .offset = 0x1234, .symbol = "dht_layout_new+0x34"},
    {.address = 0x7f1000002000, .image = 1, .offset = 0x2000, .symbol = "inode_new+0x10"},
    {.address = 0x7f1000005678, .image = 1, .offset = 0x5678,
     .symbol = "dht \"odd\" \xff.so+0x5678"},
};

/* Records are what view/slots.h writes; tests/view/slots.c has how they come about. */
static const struct snapshot_slab sample_slabs[] = {
    /* 40 live that dht_layout_new got, 300 put elsewhere, the rest never handed out */
    {.pool = 0, .address = 0x7f2000000000, .bytes = 65536, .slots = 372,
     .records = "ngEBdiadAgIsqgKAHg"},
    /* behind a gap: a live block of account 1, one that is free, the rest never handed out */
    {.pool = 3, .address = 0x7f2000020000, .bytes = 65536, .slots = 585,
     .records = "fgECCgFkDQICgMUE"},
    /* one live, of whom nothing is known */
    {.pool = 4, .address = 0x7f2000030000, .bytes = 131072, .slots = 65,
     .records = "AoA+"},
};

static const struct snapshot_heap_list sample_heap_lists[] = {
    {.pool = 2, .count = 2, .records = "gICAgOCqFR4CAQKAAgI"},
    {.pool = 0, .count = 1, .records = "IAI"},
};

static const struct snapshot_symbol sample_sites[] = {
    {.address = 0x7f1000001234, .image = 1, .offset = 0x1234, .symbol = "dht_layout_new+0x34"},
    {.address = 0x1000, .image = SNAPSHOT_NONE, .symbol = "0x1000"},
};

static const struct snapshot_thread_note sample_thread_notes[] = {
    {.number = 1, .id = 4711, .name = "brick", .attached_seconds = 86500},
    {.number = 2, .id = 4690, .name = "odd \\x0a", .has_exited = true, .attached_seconds = 90},
};
/* clang-format on */

/* live + padding + cached + free - untouched + records + libc_heap + files + stack + named +
 * unexplained is resident. */
static inline struct snapshot_ledger sample_ledger(void) {
    return (struct snapshot_ledger){
        .is_known = true,
        .resident = 9002,
        .live = 4000,
        .padding = 300,
        .cached = 600,
        .free = 100,
        .untouched = 1000,
        .records = 800,
        .libc_heap = 700,
        .files = 3000,
        .stack = 200,
        .named = 100,
        .unexplained = 202,
    };
}

/* To be given back by snapshot_free. */
static inline struct snapshot *sample_snapshot(void) {
    struct snapshot *sample = snapshot_new();
    CHECK(sample != NULL);
    sample->source = SNAPSHOT_OF_PROCESS;
    sample->pid = SAMPLE_PID;
    sample->program = "brick";
    sample->version = "0.1.0";
    sample->taken_seconds = 1700000000;
    sample->taken_microseconds = 42;
    sample->uptime_seconds = 90061;
    sample->arena_start = 0x7f2000000000;
    sample->arena_bytes = 2097152;
    sample->slabs_bytes = 327680;
    SAMPLE_COPY(sample, components, n_components, sample_components);
    SAMPLE_COPY(sample, accounts, n_accounts, sample_accounts);
    SAMPLE_COPY(sample, pools, n_pools, sample_pools);
    SAMPLE_COPY(sample, threads, n_threads, sample_threads);
    sample->n_running = 2;
    SAMPLE_COPY(sample, misuses, n_misuses, sample_misuses);
    sample->has_groups = true;
    SAMPLE_COPY(sample, groups, n_groups, sample_groups);
    sample->has_stacks = true;
    sample->sample_bytes = 524288;
    sample->samples_dropped = 3;
    SAMPLE_COPY(sample, stacks, n_stacks, sample_stacks);
    SAMPLE_COPY(sample, images, n_images, sample_images);
    SAMPLE_COPY(sample, symbols, n_symbols, sample_symbols);
    sample->has_objects = true;
    SAMPLE_COPY(sample, slabs, n_slabs, sample_slabs);
    SAMPLE_COPY(sample, heap_lists, n_heap_lists, sample_heap_lists);
    SAMPLE_COPY(sample, sites, n_sites, sample_sites);
    SAMPLE_COPY(sample, thread_notes, n_thread_notes, sample_thread_notes);
    sample->ledger = sample_ledger();
    return sample;
}

/* Of another process there is a core file, of which little is known. */
static inline struct snapshot *sample_core(void) {
    struct snapshot *sample = snapshot_new();
    CHECK(sample != NULL);
    sample->source = SNAPSHOT_OF_CORE;
    sample->pid = SAMPLE_PID + 1;
    sample->program = "client";
    sample->version = "0.1.0";
    sample->taken_seconds = 1700000001;
    sample->taken_microseconds = 999999;
    sample->uptime_seconds = 1;
    SAMPLE_COPY(sample, components, n_components,
                ((struct snapshot_component[]){{.address = 0x7f0000100000,
                                                .name = "client",
                                                .generation = 1,
                                                .parent = SNAPSHOT_NONE}}));
    SAMPLE_COPY(sample, pools, n_pools,
                ((struct snapshot_pool[]){{.address = 0x7f0000200000,
                                           .number = 2,
                                           .serial = 2,
                                           .name = "client:call",
                                           .component = 0,
                                           .object_bytes = 8,
                                           .padded_bytes = 16,
                                           .align = 16,
                                           .hot = 1,
                                           .alloc_count = 1,
                                           .max_alloc = 1,
                                           .slabs = 1,
                                           .slab_bytes = 65536,
                                           .slots = 4096,
                                           .cold = 4095}}));
    sample->ledger.live = 8;
    sample->ledger.padding = 8;
    return sample;
}

#endif
