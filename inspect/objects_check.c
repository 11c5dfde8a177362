/* SPDX-License-Identifier: MIT */
/* Objects of a file: what whoever explains addresses by them relies on. */
#include "inspect/objects.h"

#include "view/slots.h"

enum { SLOTS_MAX = 1 << 20 }; /* of one slab */

/* Threads by number. */
static bool has_note(const struct snapshot *snapshot, uint32_t number) {
    size_t low = 0, high = snapshot->n_thread_notes;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (snapshot->thread_notes[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < snapshot->n_thread_notes && snapshot->thread_notes[low].number == number;
}

static const char *check_past(const struct snapshot *snapshot, const struct slot_past *past) {
    if (past->site > snapshot->n_sites) {
        return "names a site that is not there";
    }
    if (past->account > snapshot->n_accounts) {
        return "names an account that is not there";
    }
    return past->thread == 0 || has_note(snapshot, past->thread)
               ? NULL
               : "names a thread that is not there";
}

static const char *check_slots(const struct snapshot *snapshot, const struct snapshot_slab *slab) {
    struct slots_reader reader;
    struct slots_stretch stretch;
    uint64_t n = 0;
    const char *wrong = NULL;
    int result;
    slots_open(&reader, slab->records);
    while (!wrong && (result = slots_next(&reader, &stretch)) != 0) {
        n += result == 1 ? stretch.slots : 0;
        wrong = result != 1 ? "is damaged" : check_past(snapshot, &stretch.past);
        wrong = !wrong && n > slab->slots ? "is of more slots" : wrong;
    }
    return !wrong && n < slab->slots ? "is of fewer slots" : wrong;
}

static const char *check_heap(const struct snapshot *snapshot,
                              const struct snapshot_heap_list *list) {
    struct slots_reader reader;
    struct slots_stretch stretch;
    uint64_t n = 0, address = 0;
    const char *wrong = NULL;
    int result;
    slots_open(&reader, list->records);
    while (!wrong && (result = slots_next_at(&reader, &stretch)) != 0) {
        if (result != 1 || stretch.distance > UINT64_MAX - address) {
            return "is damaged";
        }
        address += stretch.distance;
        n++;
        wrong = check_past(snapshot, &stretch.past);
    }
    return !wrong && n != list->count ? "is of another count" : wrong;
}

/* ---- lists ----------------------------------------------------------------------------------- */

static bool is_wrong(struct objects_fault *fault, const char *key, const char *what) {
    fault->key = key;
    fault->what = what;
    return what != NULL;
}

static bool is_slab_wrong(const struct snapshot *snapshot, const struct snapshot_slab *slab,
                          uint64_t end, struct objects_fault *fault) {
    if (slab->pool == SNAPSHOT_NONE) {
        return is_wrong(fault, "pool", "is none");
    }
    uint64_t offset = slab->address - snapshot->arena_start;
    if (slab->address < end) {
        return is_wrong(fault, "address", "is out of order");
    }
    if (slab->address < snapshot->arena_start || offset >= snapshot->arena_bytes) {
        return is_wrong(fault, "address", "is not in the arena");
    }
    if (slab->bytes == 0 || slab->bytes > snapshot->arena_bytes - offset) {
        return is_wrong(fault, "bytes", "is not in the arena");
    }
    uint64_t stride = snapshot->pools[slab->pool].padded_bytes;
    if (slab->slots > SLOTS_MAX || stride == 0 || slab->slots > slab->bytes / stride) {
        return is_wrong(fault, "slots", "is more than there is room for");
    }
    return is_wrong(fault, "records", check_slots(snapshot, slab));
}

static bool check_slabs(const struct snapshot *snapshot, struct objects_fault *fault) {
    uint64_t end = 0;
    fault->list = "slabs";
    for (size_t i = 0; i < snapshot->n_slabs; i++) {
        const struct snapshot_slab *slab = &snapshot->slabs[i];
        fault->item = i;
        if (is_slab_wrong(snapshot, slab, end, fault)) {
            return false;
        }
        end = slab->address + slab->bytes;
    }
    return true;
}

static bool check_heap_lists(const struct snapshot *snapshot, struct objects_fault *fault) {
    fault->list = "heap_lists";
    for (size_t i = 0; i < snapshot->n_heap_lists; i++) {
        const struct snapshot_heap_list *list = &snapshot->heap_lists[i];
        fault->item = i;
        if (list->pool == SNAPSHOT_NONE ? is_wrong(fault, "pool", "is none")
                                        : is_wrong(fault, "records", check_heap(snapshot, list))) {
            return false;
        }
    }
    return true;
}

static bool check_notes(const struct snapshot *snapshot, struct objects_fault *fault) {
    uint32_t before = 0;
    fault->list = "thread_notes";
    for (size_t i = 0; i < snapshot->n_thread_notes; i++) {
        fault->item = i;
        if (snapshot->thread_notes[i].number <= before) {
            return !is_wrong(fault, "number", "is out of order");
        }
        before = snapshot->thread_notes[i].number;
    }
    return true;
}

bool objects_check(const struct snapshot *snapshot, struct objects_fault *ret) {
    *ret = (struct objects_fault){.list = NULL};
    if (!snapshot->has_objects) {
        return true;
    }
    if (snapshot->arena_start == 0 || snapshot->arena_bytes > UINT64_MAX - snapshot->arena_start) {
        return !is_wrong(ret, "arena_start",
                         snapshot->arena_start == 0 ? "is missing" : "is no place for an arena");
    }
    return check_notes(snapshot, ret) && check_slabs(snapshot, ret) &&
           check_heap_lists(snapshot, ret);
}
