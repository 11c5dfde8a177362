/* SPDX-License-Identifier: MIT */
/* Memory that is given back all at once. */
#include "view/memory.h"

#include "base/bits.h"
#include "sys/sys.h"

#include <string.h>

enum {
    PIECE_BYTES = 256 << 10,
    ALIGN = 16,
};

/* The start of each piece. */
struct view_piece {
    struct view_piece *older;
    size_t bytes;
};

static bool add_piece(struct view_memory *memory, size_t bytes) {
    if (bytes > SIZE_MAX / 2) {
        return false;
    }
    size_t head = round_up(sizeof(struct view_piece), ALIGN);
    size_t whole = round_up(max_size(bytes + head, PIECE_BYTES), sys_page_bytes());
    struct view_piece *piece = sys_operations.reserve(whole);
    if (piece == NULL) {
        return false;
    }
    if (sys_operations.commit(piece, whole) != 0) {
        sys_operations.release(piece, whole);
        return false;
    }
    piece->older = memory->newest;
    piece->bytes = whole;
    memory->newest = piece;
    memory->at = (char *)piece + head;
    memory->left = whole - head;
    return true;
}

void *view_take(struct view_memory *memory, size_t bytes) {
    size_t whole = round_up(max_size(bytes, 1), ALIGN);
    if (whole < bytes || (whole > memory->left && !add_piece(memory, whole))) {
        memory->is_short = true;
        return NULL;
    }
    void *taken = memory->at;
    memory->at += whole;
    memory->left -= whole;
    return taken;
}

void *view_take_array(struct view_memory *memory, size_t n, size_t bytes) {
    return bytes != 0 && n > SIZE_MAX / bytes ? NULL : view_take(memory, n * bytes);
}

const char *view_take_text(struct view_memory *memory, const char *bytes, size_t n) {
    const char *end = memchr(bytes, '\0', n);
    size_t length = end != NULL ? (size_t)(end - bytes) : n;
    char *text = view_take(memory, length + 1);
    if (text != NULL) {
        for (size_t i = 0; i < length; i++) {
            text[i] = view_is_printable((unsigned char)bytes[i]) ? bytes[i] : '?';
        }
    }
    return text;
}

void view_give_all(struct view_memory *memory) {
    struct view_piece *piece = memory->newest;
    while (piece != NULL) {
        struct view_piece *older = piece->older;
        sys_operations.release(piece, piece->bytes);
        piece = older;
    }
    memset(memory, 0, sizeof *memory);
}
