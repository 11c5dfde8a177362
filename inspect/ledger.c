/* SPDX-License-Identifier: MIT */
/* The ledger of another process. */
#include "inspect/ledger.h"

#include <errno.h>
#include <stdlib.h>

#include "inspect/resident.h"
#include "view/layout.h"

enum { CLAIMS_MAX = 1 << 14 }; /* threads and images; more stay unexplained */

/* Where the process has its arena, and all that describes it. */
static int find_ranges(struct process *process, struct sys_residency *ret,
                       struct snapshot_error *error) {
    struct view_memory memory = {.left = 0};
    struct layout *layout = view_take(&memory, sizeof(*layout));
    int result = layout ? layout_read(layout, process_source(process), &memory, error) : -ENOMEM;
    if (result == 0) {
        const struct publication_range *arena = layout_range(layout, "arena");
        const struct publication_range *all = layout_range(layout, "reservation");
        if (arena && all) {
            ret->first_start = (uintptr_t)arena->start;
            ret->first_end = (uintptr_t)(arena->start + arena->bytes);
            ret->second_start = (uintptr_t)all->start;
            ret->second_end = (uintptr_t)(all->start + all->bytes);
        } else {
            result = -EBADMSG;
        }
    }
    view_give_all(&memory);
    return result;
}

static void fill(struct snapshot_ledger *ledger, const struct sys_residency *found,
                 uint64_t arenas) {
    uint64_t used = ledger->live + ledger->padding + ledger->cached;
    uint64_t libc = arenas < found->anonymous ? arenas : found->anonymous;
    ledger->free = found->first > used ? found->first - used : 0;
    ledger->untouched = used > found->first ? used - found->first : 0;
    ledger->records = found->second;
    ledger->libc_heap = found->libc_heap + libc;
    ledger->files = found->files;
    ledger->stack = found->stack;
    ledger->named = found->named;
    ledger->unexplained = found->anonymous - libc;
    ledger->resident = found->total;
    ledger->is_known = true;
}

int ledger_complete(struct process *process, struct images *images, struct snapshot *snapshot) {
    struct snapshot_error error;
    uint64_t arenas = 0;
    struct sys_residency found = {
        .claims = calloc(CLAIMS_MAX, sizeof(*found.claims)),
        .claims_max = CLAIMS_MAX,
    };
    int result = found.claims ? find_ranges(process, &found, &error) : -ENOMEM;
    if (result == 0) {
        result = images_refresh(images);
    }
    if (result == 0) {
        result = resident_read(process, images, &found, &arenas);
    }
    if (result == 0) {
        fill(&snapshot->ledger, &found, arenas);
    }
    free(found.claims);
    return result;
}
