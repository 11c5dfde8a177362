/* SPDX-License-Identifier: MIT */
/* What call sites are: which image, which function. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "inspect/image_open.h"
#include "inspect/images_own.h"

enum {
    FIRST_PLACES = 1 << 10,
    SYMBOL_BYTES = 512,
};

/* ---- one site -------------------------------------------------------------------------------- */

static struct image *find_by_code(const struct images *images, uint64_t *address) {
    bool is_low = *address >> 32 == 0;
    for (size_t i = 0; i < images->known.n; i++) {
        struct image *image = images->known.list[i];
        if (!image->is_code) {
            continue;
        }
        if (image_layout_has_code(&image->layout, *address)) {
            return image;
        }
        uint64_t full = is_low ? image_layout_code_of_low(&image->layout, (uint32_t)*address) : 0;
        if (full != 0) {
            *address = full;
            return image;
        }
    }
    return NULL;
}

static void find_in_other_code(const struct images *images, uint64_t *address) {
    for (size_t i = 0; i < images->n_others && *address >> 32 == 0; i++) {
        const struct code_range *range = &images->others[i];
        uint64_t behind = (uint32_t)((uint32_t)*address - (uint32_t)range->start);
        if (behind < range->end - range->start) {
            *address = range->start + behind;
        }
    }
}

static const char *name_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The call ends where its site begins, which may be another function already. */
static const char *find_symbol(const struct images *images, struct image *image, uint64_t offset,
                               uint64_t *ret_behind) {
    if (!image->has_asked_symbols) {
        image->has_asked_symbols = true;
        image->symbols = image_read_symbols(images_folder(images), image);
    }
    const char *name = image->symbols ? symbols_find(image->symbols, offset - 1, ret_behind) : NULL;
    *ret_behind += name ? 1 : 0;
    return name;
}

static int describe(struct images *images, uint64_t site, struct images_site *ret) {
    struct images_site found = {.address = site};
    char text[SYMBOL_BYTES];
    uint64_t behind = 0;
    struct image *image = find_by_code(images, &found.address);
    if (image) {
        found.image = image;
        found.offset = found.address - image->layout.bias;
        const char *name = find_symbol(images, image, found.offset, &behind);
        behind = name ? behind : found.address - image->start;
        snprintf(text, sizeof(text), "%.400s+0x%llx", name ? name : name_of(image->path),
                 (unsigned long long)behind);
    } else {
        find_in_other_code(images, &found.address);
        snprintf(text, sizeof(text), "0x%llx", (unsigned long long)found.address);
    }
    found.symbol = view_take_text(&images->texts, text, sizeof(text));
    if (!found.symbol) {
        return -ENOMEM;
    }
    *ret = found;
    return 0;
}

/* ---- the table ------------------------------------------------------------------------------- */

static struct site_place *find_place(struct site_place *places, size_t n, uint64_t site) {
    size_t at = (size_t)hash_of_key(site, places) & (n - 1);
    while (places[at].site != 0 && places[at].site != site) {
        at = (at + 1) & (n - 1);
    }
    return &places[at];
}

static int grow(struct images *images) {
    size_t n = images->n_places ? images->n_places * 2 : FIRST_PLACES;
    struct site_place *places = calloc(n, sizeof(*places));
    if (!places) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < images->n_places; i++) {
        if (images->places[i].site != 0) {
            *find_place(places, n, images->places[i].site) = images->places[i];
        }
    }
    free(images->places);
    images->places = places;
    images->n_places = n;
    return 0;
}

void images_forget(struct images *images) {
    free(images->places);
    images->places = NULL;
    images->n_places = images->n_used = 0;
    view_give_all(&images->texts);
}

int images_find(struct images *images, uint64_t site, struct images_site *ret) {
    if (site == 0) {
        *ret = (struct images_site){.symbol = "unknown"};
        return 0;
    }
    if (images->n_used * 2 >= images->n_places && grow(images) != 0) {
        return -ENOMEM;
    }
    struct site_place *place = find_place(images->places, images->n_places, site);
    if (place->site == 0) {
        int result = describe(images, site, &place->found);
        if (result != 0) {
            return result;
        }
        place->site = site;
        images->n_used++;
    }
    *ret = place->found;
    return 0;
}

/* ---- a whole snapshot ------------------------------------------------------------------------ */

/* Into its list; the number of each in it is found by address later. */
struct copying {
    struct snapshot *snapshot;
    struct snapshot_image *list;
    size_t n;
    bool is_short; /* of memory */
};

static void count_image(const struct image *image, void *argument) {
    (void)image;
    ++*(size_t *)argument;
}

static void copy_image(const struct image *image, void *argument) {
    struct copying *copying = argument;
    struct view_memory *memory = &copying->snapshot->memory;
    struct snapshot_image *ret = &copying->list[copying->n++];
    ret->path = view_take_text(memory, image->shown, strlen(image->shown));
    ret->build_id = view_take_text(memory, image->layout.build_id, sizeof(image->layout.build_id));
    ret->start = image->start;
    ret->end = image->layout.end;
    copying->is_short |= !ret->path || !ret->build_id;
}

static int copy_images(const struct images *images, struct snapshot *snapshot) {
    size_t n = 0;
    images_each(images, count_image, &n);
    struct copying copying = {
        .snapshot = snapshot,
        .list = view_take_array(&snapshot->memory, n, sizeof(*copying.list)),
    };
    if (copying.list) {
        images_each(images, copy_image, &copying);
    }
    if (!copying.list || copying.is_short) {
        return -ENOMEM;
    }
    snapshot->images = copying.list;
    snapshot->n_images = copying.n;
    return 0;
}

static int32_t number_of(const struct snapshot *snapshot, const struct image *image) {
    size_t low = 0, high = image ? snapshot->n_images : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (snapshot->images[middle].start < image->start) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return image && low < snapshot->n_images ? (int32_t)low : SNAPSHOT_NONE;
}

static int fill_group(struct images *images, struct snapshot *snapshot,
                      struct snapshot_group *group) {
    struct images_site found;
    int result = images_find(images, group->site, &found);
    const char *symbol =
        result == 0 ? view_take_text(&snapshot->memory, found.symbol, SYMBOL_BYTES) : NULL;
    if (!symbol) {
        return -ENOMEM;
    }
    group->site = found.address;
    group->image = number_of(snapshot, found.image);
    group->offset = found.offset;
    group->symbol = symbol;
    return 0;
}

static int fill_symbol(struct images *images, struct snapshot *snapshot,
                       struct snapshot_symbol *frame) {
    struct images_site found;
    int result = images_find(images, frame->address, &found);
    frame->symbol =
        result == 0 ? view_take_text(&snapshot->memory, found.symbol, SYMBOL_BYTES) : NULL;
    if (!frame->symbol) {
        return -ENOMEM;
    }
    frame->image = number_of(snapshot, found.image);
    frame->offset = found.offset;
    return 0;
}

/* That of a record: the full address is put in the place of its low half. */
static int fill_site(struct images *images, struct snapshot *snapshot,
                     struct snapshot_symbol *site) {
    struct images_site found;
    int result = images_find(images, site->address, &found);
    site->address = result == 0 ? found.address : site->address;
    return result == 0 ? fill_symbol(images, snapshot, site) : result;
}

static int compare(const void *left, const void *right) {
    const struct snapshot_symbol *a = left, *b = right;
    return (a->address > b->address) - (a->address < b->address);
}

/* Each address of the stacks once. */
static int fill_symbols(struct images *images, struct snapshot *snapshot) {
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < snapshot->n_stacks; i++) {
        n += snapshot->stacks[i].n_frames;
    }
    struct snapshot_symbol *frames =
        n > 0 ? view_take_array(&snapshot->memory, n, sizeof(*frames)) : NULL;
    if (!frames) {
        return n > 0 ? -ENOMEM : 0;
    }
    n = 0;
    for (size_t i = 0; i < snapshot->n_stacks; i++) {
        const struct snapshot_stack *stack = &snapshot->stacks[i];
        for (uint32_t frame = 0; frame < stack->n_frames && frame < SNAPSHOT_FRAMES; frame++) {
            frames[n++].address = stack->frames[frame];
        }
    }
    qsort(frames, n, sizeof(*frames), compare);
    int result = 0;
    for (size_t i = 0; i < n && result == 0; i++) {
        if (kept == 0 || frames[i].address != frames[kept - 1].address) {
            frames[kept] = frames[i];
            result = fill_symbol(images, snapshot, &frames[kept++]);
        }
    }
    if (result == 0) {
        snapshot->symbols = frames;
        snapshot->n_symbols = kept;
    }
    return result;
}

int images_resolve(struct images *images, struct snapshot *snapshot) {
    int result = images_refresh(images);
    if (result == 0) {
        result = copy_images(images, snapshot);
    }
    for (size_t i = 0; i < snapshot->n_groups && result == 0; i++) {
        if (snapshot->groups[i].site != 0) {
            result = fill_group(images, snapshot, &snapshot->groups[i]);
        }
    }
    for (size_t i = 0; i < snapshot->n_sites && result == 0; i++) {
        result = fill_site(images, snapshot, &snapshot->sites[i]);
    }
    return result == 0 ? fill_symbols(images, snapshot) : result;
}
