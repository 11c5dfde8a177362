/* SPDX-License-Identifier: MIT */
/* Where the parts of a program or library lie that a process has loaded. */
#ifndef INSPECT_IMAGE_LAYOUT_H
#define INSPECT_IMAGE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "view/source.h"

enum {
    IMAGE_SEGMENTS_MAX = 16,
    IMAGE_BUILD_ID_BYTES = 64,
};

/* As the process has it: addresses are where it was moved to. */
struct image_segment {
    uint64_t start, file_end, end; /* file_end: from there on it is zeroed data, not the file's */
    bool is_code;
};

struct image_layout {
    uint64_t bias; /* how far it was moved at loading */
    uint64_t start, end;
    size_t n_segments;
    struct image_segment segments[IMAGE_SEGMENTS_MAX];
    char build_id[2 * IMAGE_BUILD_ID_BYTES + 1]; /* hexadecimal; "": none */
};

/* Where its bytes are: in the process's memory, whose address `start` has the file's beginning, or,
 * where source is NULL, in the file itself. */
struct image_bytes {
    struct view_source *source;
    uint64_t start;
    int fd;
};

/** image_layout_read: 0; -ENOEXEC: it is no such file, or one of another kind of machine; or what
 *  reading failed with. */
int image_layout_read(struct image_layout *ret, const struct image_bytes *bytes);

/** image_layout_has_code: whether an address lies in its code. */
bool image_layout_has_code(const struct image_layout *layout, uint64_t address);

/** image_layout_code_of_low: the address in its code with those low 32 bits; 0: there is none. */
uint64_t image_layout_code_of_low(const struct image_layout *layout, uint32_t low);

#endif
