/* SPDX-License-Identifier: MIT */
/* Functions by the symbols of their file, with elfutils' libelf.
 *
 * Files are another's, who may cut them while they are read: nothing is mapped. */
#include "inspect/symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspect/image_layout.h"

enum {
    SYMBOLS_MAX = 1 << 24,
    NAMES_BYTES_MAX = 1 << 30,
};

struct symbol {
    uint64_t start, bytes;
    size_t name; /* offset in names */
};

struct symbols {
    struct symbol *list; /* by start */
    size_t n;
    char *names; /* the string table; a NUL is behind it */
    size_t names_bytes;
};

static bool is_function(const GElf_Sym *symbol) {
    int type = GELF_ST_TYPE(symbol->st_info);
    return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol->st_shndx != SHN_UNDEF &&
           symbol->st_value != 0;
}

/* Of several names of one address, that of the longest is kept, and of those the first in the table of
 * names, so that it is always the same. */
static int compare(const void *left, const void *right) {
    const struct symbol *a = left, *b = right;
    if (a->start != b->start) {
        return a->start < b->start ? -1 : 1;
    }
    if (a->bytes != b->bytes) {
        return a->bytes > b->bytes ? -1 : 1;
    }
    return (a->name > b->name) - (a->name < b->name);
}

static int copy_names(struct symbols *symbols, Elf *elf, size_t section) {
    Elf_Scn *names = elf_getscn(elf, section);
    Elf_Data *data = names ? elf_getdata(names, NULL) : NULL;
    if (!data || !data->d_buf || data->d_size > NAMES_BYTES_MAX) {
        return -ENOEXEC;
    }
    symbols->names = malloc(data->d_size + 1);
    if (!symbols->names) {
        return -ENOMEM;
    }
    memcpy(symbols->names, data->d_buf, data->d_size);
    symbols->names[data->d_size] = '\0';
    symbols->names_bytes = data->d_size;
    return 0;
}

static void sort(struct symbols *symbols) {
    size_t kept = 0;
    if (symbols->n > 1) {
        qsort(symbols->list, symbols->n, sizeof(*symbols->list), compare);
    }
    for (size_t i = 0; i < symbols->n; i++) {
        if (kept == 0 || symbols->list[i].start != symbols->list[kept - 1].start) {
            symbols->list[kept++] = symbols->list[i];
        }
    }
    symbols->n = kept;
}

static int copy_symbols(struct symbols *symbols, Elf *elf, Elf_Scn *section,
                        const GElf_Shdr *header) {
    Elf_Data *data = elf_getdata(section, NULL);
    size_t n = header->sh_entsize ? (size_t)(header->sh_size / header->sh_entsize) : 0;
    if (!data || n == 0 || n > SYMBOLS_MAX) {
        return -ENOEXEC;
    }
    symbols->list = malloc(n * sizeof(*symbols->list));
    int result = symbols->list ? copy_names(symbols, elf, header->sh_link) : -ENOMEM;
    for (size_t i = 0; i < n && result == 0; i++) {
        GElf_Sym symbol;
        if (gelf_getsym(data, (int)i, &symbol) && is_function(&symbol) &&
            symbol.st_name < symbols->names_bytes) {
            symbols->list[symbols->n++] = (struct symbol){
                .start = symbol.st_value,
                .bytes = symbol.st_size,
                .name = symbol.st_name,
            };
        }
    }
    sort(symbols);
    return result;
}

static void forget(struct symbols *symbols) {
    free(symbols->list);
    free(symbols->names);
    *symbols = (struct symbols){.n = 0};
}

/* The table of one type; false: there is none. */
static bool take_table(struct symbols *symbols, Elf *elf, uint32_t type) {
    Elf_Scn *section = NULL;
    GElf_Shdr header;
    while ((section = elf_nextscn(elf, section))) {
        if (gelf_getshdr(section, &header) && header.sh_type == type) {
            if (copy_symbols(symbols, elf, section, &header) == 0 && symbols->n > 0) {
                return true;
            }
            forget(symbols);
        }
    }
    return false;
}

static bool take_from(struct symbols *symbols, int fd, uint32_t type) {
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    bool is_taken = elf && elf_kind(elf) == ELF_K_ELF && take_table(symbols, elf, type);
    elf_end(elf);
    return is_taken;
}

/* Debug information that is kept apart, where debuggers look for it. */
static bool take_from_debug_file(struct symbols *symbols, const char *build_id) {
    char path[256];
    if (strlen(build_id) < 4 || strlen(build_id) > 2 * (size_t)IMAGE_BUILD_ID_BYTES) {
        return false;
    }
    snprintf(path, sizeof(path), "/usr/lib/debug/.build-id/%.2s/%.128s.debug", build_id,
             build_id + 2);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool is_taken = fd >= 0 && take_from(symbols, fd, SHT_SYMTAB);
    if (fd >= 0) {
        close(fd);
    }
    return is_taken;
}

struct symbols *symbols_read(int fd, const char *build_id) {
    struct image_layout layout;
    int result = image_layout_read(&layout, &(struct image_bytes){.fd = fd});
    if (result == 0 && build_id[0] != '\0' && strcmp(build_id, layout.build_id) != 0) {
        result = -ESTALE;
    }
    if (result != 0) {
        errno = -result;
        return NULL;
    }
    struct symbols *symbols = calloc(1, sizeof(*symbols));
    if (symbols && !take_from(symbols, fd, SHT_SYMTAB) &&
        !take_from_debug_file(symbols, layout.build_id)) {
        take_from(symbols, fd, SHT_DYNSYM); /* or none: then there is nothing to be found */
    }
    return symbols;
}

/* What lies behind a symbol's end is another's, whose name was stripped. */
const char *symbols_find(const struct symbols *symbols, uint64_t address, uint64_t *ret_behind) {
    size_t low = 0, high = symbols->n;
    while (low < high) { /* the first that begins behind it */
        size_t middle = low + (high - low) / 2;
        if (symbols->list[middle].start <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const struct symbol *symbol = low > 0 ? &symbols->list[low - 1] : NULL;
    if (!symbol || address - symbol->start >= symbol->bytes) {
        return NULL;
    }
    *ret_behind = address - symbol->start;
    return symbols->names + symbol->name;
}

void symbols_free(struct symbols *symbols) {
    if (symbols) {
        forget(symbols);
        free(symbols);
    }
}
