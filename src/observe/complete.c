/* SPDX-License-Identifier: MIT */
/* Names of code, and the ledger, for a snapshot of the process itself. */
#include "observe/complete.h"

#include "base/bits.h"
#include "base/sort.h"
#include "base/text.h"
#include "observe/ledger.h"
#include "sys/sys.h"

#include <errno.h>
#include <string.h>

enum {
    SYMBOL_BYTES = 640,
    IMAGES_MAX = 4096, /* more have no name */
};

/* What is known of one address, and what looking many up needs. */
struct code {
    struct snapshot *snapshot;
    struct sys_image image; /* of the last one */
    struct text text;
    char buffer[SYMBOL_BYTES];
};

/* ---- images -------------------------------------------------------------------------------- */

static const char *take_build_id(struct snapshot *snapshot, const struct sys_image *image) {
    static const char digits[] = "0123456789abcdef";
    char text[2 * SYS_BUILD_ID_BYTES];
    for (size_t i = 0; i < image->build_id_bytes; i++) {
        text[2 * i] = digits[image->build_id[i] >> 4];
        text[2 * i + 1] = digits[image->build_id[i] & 15];
    }
    return view_take_text(&snapshot->memory, text, 2 * image->build_id_bytes);
}

/* Add the image that was found, unless it is there. */
static int add_image(struct snapshot *snapshot, const struct sys_image *found) {
    for (size_t i = 0; i < snapshot->n_images; i++) {
        if (snapshot->images[i].start == found->start) {
            return 0;
        }
    }
    if (snapshot->n_images == IMAGES_MAX) {
        return 0;
    }
    struct snapshot_image image = {.start = found->start, .end = found->end};
    image.path = view_take_text(&snapshot->memory, found->path, sizeof found->path);
    image.build_id = take_build_id(snapshot, found);
    if (image.path == NULL || image.build_id == NULL) {
        return -ENOMEM;
    }
    snapshot->images[snapshot->n_images++] = image;
    return 0;
}

static int compare_images(const void *left, const void *right) {
    const struct snapshot_image *a = left, *b = right;
    return a->start < b->start ? -1 : a->start > b->start;
}

/* Once all are there, and sorted. */
static int32_t image_at(const struct snapshot *snapshot, uint64_t address) {
    for (size_t i = 0; i < snapshot->n_images; i++) {
        const struct snapshot_image *image = &snapshot->images[i];
        if (address >= image->start && address < image->end) {
            return (int32_t)i;
        }
    }
    return SNAPSHOT_NONE;
}

/* ---- addresses ----------------------------------------------------------------------------- */

/* What an address is called, and where its file has it; its image joins the others. */
static int name_code(struct code *code, uint64_t address, uint64_t *ret_offset,
                     const char **ret_symbol) {
    struct snapshot *snapshot = code->snapshot;
    int result = 0;
    if (sys_image_of((uintptr_t)address, &code->image)) {
        *ret_offset = code->image.offset;
        result = add_image(snapshot, &code->image);
    }
    text_init(&code->text, code->buffer, sizeof code->buffer);
    sys_symbol((uintptr_t)address, &code->text, true);
    const char *symbol = view_take_text(&snapshot->memory, code->buffer, code->text.length);
    if (symbol == NULL) {
        return -ENOMEM;
    }
    *ret_symbol = symbol;
    return result;
}

static int complete_group(struct code *code, struct snapshot_group *group) {
    uint64_t site = group->site <= UINT32_MAX ? sys_code_address((uint32_t)group->site, true)
                                              : group->site;
    if (site == 0) {
        return 0; /* unknown, or its code was unloaded */
    }
    group->site = site;
    return name_code(code, site, &group->offset, &group->symbol);
}

static int compare_symbols(const void *left, const void *right) {
    const struct snapshot_symbol *a = left, *b = right;
    return a->address < b->address ? -1 : a->address > b->address;
}

/* The addresses of all frames, each once, by address. */
static int collect_frames(struct snapshot *snapshot) {
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < snapshot->n_stacks; i++) {
        n += snapshot->stacks[i].n_frames;
    }
    struct snapshot_symbol *symbols = view_take_array(&snapshot->memory, n, sizeof *symbols);
    if (symbols == NULL) {
        return -ENOMEM;
    }
    n = 0;
    for (size_t i = 0; i < snapshot->n_stacks; i++) {
        for (uint32_t k = 0; k < snapshot->stacks[i].n_frames; k++) {
            symbols[n++].address = snapshot->stacks[i].frames[k];
        }
    }
    sort_items(symbols, n, sizeof *symbols, compare_symbols);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || symbols[i].address != symbols[kept - 1].address) {
            symbols[kept] = symbols[i];
            symbols[kept].image = SNAPSHOT_NONE;
            symbols[kept++].symbol = "";
        }
    }
    snapshot->symbols = symbols;
    snapshot->n_symbols = kept;
    return 0;
}

static int complete_symbols(struct code *code) {
    struct snapshot *snapshot = code->snapshot;
    int result = collect_frames(snapshot);
    for (size_t i = 0; i < snapshot->n_symbols && result == 0; i++) {
        struct snapshot_symbol *symbol = &snapshot->symbols[i];
        result = name_code(code, symbol->address, &symbol->offset, &symbol->symbol);
    }
    return result;
}

int complete_code(struct snapshot *snapshot) {
    struct code *code = view_take(&snapshot->memory, sizeof *code);
    snapshot->images = view_take_array(&snapshot->memory, IMAGES_MAX, sizeof *snapshot->images);
    if (code == NULL || snapshot->images == NULL) {
        return -ENOMEM;
    }
    code->snapshot = snapshot;
    int result = 0;
    for (size_t i = 0; i < snapshot->n_groups && result == 0; i++) {
        result = complete_group(code, &snapshot->groups[i]);
    }
    if (result == 0) {
        result = complete_symbols(code);
    }
    sort_items(snapshot->images, snapshot->n_images, sizeof *snapshot->images, compare_images);
    for (size_t i = 0; i < snapshot->n_groups; i++) {
        snapshot->groups[i].image = image_at(snapshot, snapshot->groups[i].site);
    }
    for (size_t i = 0; i < snapshot->n_symbols; i++) {
        snapshot->symbols[i].image = image_at(snapshot, snapshot->symbols[i].address);
    }
    return result;
}

/* ---- the ledger ---------------------------------------------------------------------------- */

int complete_ledger(struct snapshot *snapshot) {
    struct mempool_ledger ledger;
    struct ledger_room *room = ledger_room_take();
    int result = room != NULL ? ledger_take(&ledger, room) : -ENOMEM;
    ledger_room_give(room);
    if (result != 0) {
        return result;
    }
    snapshot->ledger = (struct snapshot_ledger){
        .is_known = true,
        .resident = ledger.resident,
        .live = ledger.live,
        .padding = ledger.padding,
        .cached = ledger.cached,
        .free = ledger.free,
        .untouched = ledger.untouched,
        .records = ledger.records,
        .libc_heap = ledger.libc_heap,
        .files = ledger.files,
        .stack = ledger.stack,
        .named = ledger.named,
        .unexplained = ledger.unexplained,
    };
    return 0;
}
