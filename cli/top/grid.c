/* SPDX-License-Identifier: MIT */
/* A grid of characters. */
#include "cli/top/grid.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum {
    GLYPH_BAD = '?',
    LINE_BYTES = 1024, /* of formatted text; more than a line of any grid */
};

int top_grid_resize(struct top_grid *grid, int width, int height) {
    size_t n = (size_t)width * (size_t)height;
    if (width != grid->width || height != grid->height || grid->cells == NULL) {
        struct top_cell *cells = realloc(grid->cells, (n ? n : 1) * sizeof(*cells));
        if (cells == NULL) {
            return -ENOMEM;
        }
        grid->cells = cells;
        grid->width = width;
        grid->height = height;
    }
    for (size_t i = 0; i < n; i++) {
        grid->cells[i] = (struct top_cell){' ', TOP_PLAIN};
    }
    return 0;
}

void top_grid_free(struct top_grid *grid) {
    free(grid->cells);
    grid->cells = NULL;
    grid->width = grid->height = 0;
}

/* The character at *text, which moves on; what is no UTF-8 is GLYPH_BAD, a byte at a time. */
static uint32_t decode(const char **text) {
    const unsigned char *byte = (const unsigned char *)*text;
    unsigned more = *byte < 0x80 ? 0 : *byte >= 0xf0 ? 3 : *byte >= 0xe0 ? 2 : 1;
    uint32_t glyph = more == 0 ? *byte : *byte & (0x3fU >> more);
    bool is_bad = *byte >= 0xf8 || (*byte >= 0x80 && *byte < 0xc2);
    for (unsigned i = 1; i <= more && !is_bad; i++) {
        is_bad = (byte[i] & 0xc0) != 0x80;
        glyph = glyph << 6 | (byte[i] & 0x3fU);
    }
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    is_bad = is_bad || glyph < least[more] || glyph > 0x10ffff || (glyph >> 11) == 0x1b;
    *text += is_bad ? 1 : more + 1;
    return is_bad ? GLYPH_BAD : glyph;
}

/* How many columns a character takes: 0 for one that is not to be written. */
static int columns_of(uint32_t glyph) {
    if (glyph < 0x80) {
        return glyph >= 0x20 && glyph != 0x7f;
    }
    int columns = wcwidth((wchar_t)glyph);
    return columns < 0 ? 1 : columns;
}

/* What stands for it where only one of known width may be written. */
static uint32_t writable(const struct top_grid *grid, uint32_t glyph) {
    bool is_known = glyph < 0x80 || (!grid->is_ascii && wcwidth((wchar_t)glyph) > 0);
    return is_known ? glyph : GLYPH_BAD;
}

static struct top_cell *cell_at(struct top_grid *grid, int x, int y) {
    bool is_inside = x >= 0 && y >= 0 && x < grid->width && y < grid->height;
    return is_inside ? &grid->cells[(size_t)y * (size_t)grid->width + (size_t)x] : NULL;
}

static void put_cell(struct top_grid *grid, int x, int y, enum top_style style, uint32_t glyph) {
    struct top_cell *cell = cell_at(grid, x, y);
    if (cell != NULL) {
        *cell = (struct top_cell){glyph, (uint8_t)style};
    }
}

int top_put(struct top_grid *grid, int x, int y, enum top_style style, int columns,
            const char *text) {
    int end = x + columns < grid->width ? x + columns : grid->width;
    while (*text) {
        uint32_t glyph = decode(&text);
        int wide = columns_of(glyph);
        if (wide == 0) {
            continue;
        }
        uint32_t shown = writable(grid, glyph);
        wide = shown == glyph ? wide : 1;
        if (x + wide > end) {
            break;
        }
        put_cell(grid, x, y, style, shown);
        if (wide == 2) {
            put_cell(grid, x + 1, y, style, 0);
        }
        x += wide;
    }
    return x;
}

int top_columns(const char *text) {
    int columns = 0;
    while (*text) {
        columns += columns_of(decode(&text));
    }
    return columns;
}

void top_put_right(struct top_grid *grid, int x, int y, enum top_style style, int columns,
                   const char *text) {
    int wide = top_columns(text);
    int skipped = wide < columns ? columns - wide : 0;
    top_put(grid, x + skipped, y, style, columns - skipped, text);
}

int top_putf(struct top_grid *grid, int x, int y, enum top_style style, const char *format, ...) {
    char text[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return x < grid->width ? top_put(grid, x, y, style, grid->width - x, text) : x;
}

void top_put_glyph(struct top_grid *grid, int x, int y, enum top_style style, uint32_t glyph) {
    put_cell(grid, x, y, style, grid->is_ascii && glyph > 0x7f ? GLYPH_BAD : glyph);
}

void top_fill(struct top_grid *grid, int x, int y, int columns, enum top_style style) {
    for (int i = 0; i < columns; i++) {
        struct top_cell *cell = cell_at(grid, x + i, y);
        if (cell != NULL) {
            cell->style = (uint8_t)style;
        }
    }
}

void top_copy(struct top_grid *to, int to_y, const struct top_grid *from, int from_y, int rows) {
    int width = to->width < from->width ? to->width : from->width;
    for (int row = 0; row < rows; row++) {
        if (from_y + row >= from->height || to_y + row >= to->height) {
            return;
        }
        memcpy(cell_at(to, 0, to_y + row),
               from->cells + (size_t)(from_y + row) * (size_t)from->width,
               (size_t)width * sizeof(struct top_cell));
    }
}

unsigned top_encode(uint32_t glyph, char bytes[4]) {
    if (glyph < 0x80) {
        bytes[0] = (char)glyph;
        return 1;
    }
    unsigned more = glyph < 0x800 ? 1 : glyph < 0x10000 ? 2 : 3;
    for (unsigned i = more; i > 0; i--) {
        bytes[i] = (char)(0x80 | (glyph & 0x3f));
        glyph >>= 6;
    }
    static const unsigned char heads[] = {0, 0xc0, 0xe0, 0xf0};
    bytes[0] = (char)(heads[more] | glyph);
    return more + 1;
}

void top_grid_print(const struct top_grid *grid, int rows, FILE *stream) {
    for (int y = 0; y < rows && y < grid->height; y++) {
        const struct top_cell *row = grid->cells + (size_t)y * (size_t)grid->width;
        int end = grid->width;
        while (end > 0 && row[end - 1].glyph == ' ') {
            end--;
        }
        for (int x = 0; x < end; x++) {
            char bytes[4];
            if (row[x].glyph != 0) {
                fwrite(bytes, 1, top_encode(row[x].glyph, bytes), stream);
            }
        }
        fputc('\n', stream);
    }
}
