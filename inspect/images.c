/* SPDX-License-Identifier: MIT */
/* The programs and libraries that a process has mapped: which there are. */
#include "inspect/images.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspect/image_open.h"
#include "inspect/images_own.h"
#include "inspect/mapped.h"

enum {
    NEIGHBOURS_MAX = 16, /* mappings behind an image's first among which its code is */
    IMAGES_MAX = 4096,
};

/* ---- which there are ------------------------------------------------------------------------- */

/* Debuggers leave code out of their core files, which do not tell then what rights it had. */
static bool is_executable(const struct mapped *mapped) {
    return (mapped->rights & MAPPED_EXECUTE) || !mapped->has_rights;
}

/* Is there code close behind? Else it is not even touched: a file that is mapped may lie on a
 * server that does not answer. Code may have been moved out of its file, to huge pages. */
static bool may_be_code(const struct mapped_list *maps, size_t i) {
    const struct mapped *first = &maps->list[i];
    if (first->path[0] != '/' || strncmp(first->path, "/dev/", 5) == 0 || first->file_offset != 0 ||
        (first->rights & MAPPED_SHARED)) {
        return false;
    }
    for (size_t next = i; next < maps->n && next - i < NEIGHBOURS_MAX; next++) {
        const struct mapped *mapped = &maps->list[next];
        if (is_executable(mapped) &&
            (mapped->path[0] == '\0' || strcmp(mapped->path, first->path) == 0)) {
            return true;
        }
    }
    return false;
}

/* Is any of its code where the layout says? Else the file was mapped as data. */
static bool is_loaded(const struct image_layout *layout, const struct mapped_list *maps) {
    for (size_t i = 0; i < layout->n_segments; i++) {
        const struct image_segment *segment = &layout->segments[i];
        const struct mapped *mapped = mapped_find(maps, segment->start);
        if (segment->is_code && mapped && is_executable(mapped)) {
            return true;
        }
    }
    return false;
}

/* From memory, which is what runs; where we may not read it, or it was not saved, from the file. */
static int read_layout(const struct images *images, struct image *image) {
    struct image_bytes bytes = {
        .source = images->core ? core_source(images->core) : process_source(images->process),
        .start = image->start,
    };
    int result = image_layout_read(&image->layout, &bytes);
    if (result == 0 || result == -ENOEXEC || image->is_deleted) {
        return result;
    }
    bytes.source = NULL;
    bytes.fd = image_open(images_folder(images), image->path);
    if (bytes.fd < 0) {
        return bytes.fd;
    }
    result = image_layout_read(&image->layout, &bytes);
    close(bytes.fd);
    return result;
}

static void free_image(struct image *image) {
    if (image) {
        symbols_free(image->symbols);
        free(image->path);
        free(image->shown);
        free(image);
    }
}

/* Whoever looks at the process has a terminal, which obeys what it is shown. */
static char *printable_copy(const char *path) {
    char *copy = strdup(path);
    for (char *at = copy; at && *at; at++) {
        *at = view_is_printable((unsigned char)*at) ? *at : '?';
    }
    return copy;
}

static struct image *new_image(const struct images *images, const struct mapped_list *maps,
                               const struct mapped *mapped) {
    struct image *image = calloc(1, sizeof(*image));
    char *path = strdup(mapped->path), *shown = printable_copy(mapped->path);
    if (!image || !path || !shown) {
        free(image);
        free(path);
        free(shown);
        return NULL;
    }
    image->start = mapped->start;
    image->inode = mapped->inode;
    image->path = path;
    image->shown = shown;
    image->is_deleted = mapped->is_deleted;
    image->is_code = read_layout(images, image) == 0 && is_loaded(&image->layout, maps);
    return image;
}

static struct image *find_known(const struct image_list *list, const struct mapped *mapped) {
    for (size_t i = 0; i < list->n; i++) {
        struct image *image = list->list[i];
        if (image->start == mapped->start && image->inode == mapped->inode &&
            image->is_deleted == mapped->is_deleted && strcmp(image->path, mapped->path) == 0) {
            return image;
        }
    }
    return NULL;
}

static bool has(const struct image_list *list, const struct image *image) {
    for (size_t i = 0; i < list->n; i++) {
        if (list->list[i] == image) {
            return true;
        }
    }
    return false;
}

/* Free those of one list that are not in the other. */
static void release(struct image_list *list, const struct image_list *kept) {
    for (size_t i = 0; i < list->n; i++) {
        if (!has(kept, list->list[i])) {
            free_image(list->list[i]);
        }
    }
    free(list->list);
    *list = (struct image_list){.n = 0};
}

static int collect(const struct images *images, const struct mapped_list *maps,
                   struct image_list *ret) {
    for (size_t i = 0; i < maps->n && ret->n < IMAGES_MAX; i++) {
        if (!may_be_code(maps, i)) {
            continue;
        }
        struct image *image = find_known(&images->known, &maps->list[i]);
        image = image ? image : new_image(images, maps, &maps->list[i]);
        struct image **larger =
            image ? realloc(ret->list, (ret->n + 1) * sizeof(*ret->list)) : NULL;
        if (!larger) {
            if (image && !has(&images->known, image)) {
                free_image(image);
            }
            return -ENOMEM;
        }
        ret->list = larger;
        ret->list[ret->n++] = image;
    }
    return 0;
}

static bool is_same(const struct image_list *left, const struct image_list *right) {
    return left->n == right->n &&
           (left->n == 0 || memcmp(left->list, right->list, left->n * sizeof(*left->list)) == 0);
}

/* Code that no file has, as compilers at run time make it. */
static void note_other_code(struct images *images, const struct mapped_list *maps) {
    images->n_others = 0;
    for (size_t i = 0; i < maps->n && images->n_others < IMAGES_OTHERS_MAX; i++) {
        const struct mapped *mapped = &maps->list[i];
        if ((mapped->rights & MAPPED_EXECUTE) && mapped->start >> 63 == 0) {
            images->others[images->n_others++] =
                (struct code_range){.start = mapped->start, .end = mapped->end};
        }
    }
}

static int take_maps(struct images *images, const struct mapped_list *maps) {
    struct image_list found = {.n = 0};
    int result = collect(images, maps, &found);
    if (result != 0) {
        release(&found, &images->known);
        return result;
    }
    if (is_same(&found, &images->known)) {
        free(found.list);
    } else {
        images_forget(images);
        release(&images->known, &found);
        images->known = found;
    }
    note_other_code(images, maps);
    return 0;
}

int images_refresh(struct images *images) {
    if (images->core) {
        /* It does not change. */
        return images->known.n > 0 ? 0 : take_maps(images, core_mapped(images->core));
    }
    struct mapped_list maps = {.n = 0};
    int result = mapped_read(&maps, process_folder(images->process));
    if (result == 0) {
        result = take_maps(images, &maps);
    }
    mapped_release(&maps);
    return result;
}

void images_each(const struct images *images,
                 void (*visit)(const struct image *image, void *argument), void *argument) {
    for (size_t i = 0; i < images->known.n; i++) {
        if (images->known.list[i]->is_code) {
            visit(images->known.list[i], argument);
        }
    }
}

/* ---- beginning and end ----------------------------------------------------------------------- */

struct images *images_of_process(struct process *process) {
    struct images *images = calloc(1, sizeof(*images));
    if (images) {
        images->process = process;
    }
    return images;
}

struct images *images_of_core(struct core *core) {
    struct images *images = calloc(1, sizeof(*images));
    if (images) {
        images->core = core;
    }
    return images;
}

int images_folder(const struct images *images) {
    return images->process ? process_folder(images->process) : -1;
}

void images_free(struct images *images) {
    if (images) {
        const struct image_list none = {.n = 0};
        images_forget(images);
        release(&images->known, &none);
        free(images);
    }
}
