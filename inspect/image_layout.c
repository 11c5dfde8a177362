/* SPDX-License-Identifier: MIT */
/* Where the parts of a program or library lie, by its program headers. */
#include "inspect/image_layout.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

enum {
    HEADERS_MAX = 64,
    NOTES_BYTES_MAX = 4096,
};

struct reader {
    const struct image_bytes *bytes;
    ElfW(Phdr) headers[HEADERS_MAX];
    size_t n_headers;
};

/* Some of it, by its place in the file, and by its address there. */
static int read_part(const struct image_bytes *bytes, uint64_t offset, uint64_t address, void *into,
                     size_t n) {
    if (bytes->source) {
        return view_read(bytes->source, address, into, n);
    }
    ssize_t got = offset <= INT64_MAX ? pread(bytes->fd, into, n, (off_t)offset) : -1;
    return got == (ssize_t)n ? 0 : -ENOEXEC;
}

static int read_headers(struct reader *reader) {
    ElfW(Ehdr) header;
    const unsigned char wanted[] = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
                                    sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32};
    uint64_t start = reader->bytes->start;
    int result = read_part(reader->bytes, 0, start, &header, sizeof(header));
    if (result != 0) {
        return result;
    }
    if (memcmp(header.e_ident, wanted, sizeof(wanted)) != 0 ||
        (header.e_type != ET_EXEC && header.e_type != ET_DYN) || header.e_phnum > HEADERS_MAX ||
        header.e_phentsize != sizeof(reader->headers[0])) {
        return -ENOEXEC;
    }
    reader->n_headers = header.e_phnum;
    return read_part(reader->bytes, header.e_phoff, start + header.e_phoff, reader->headers,
                     reader->n_headers * sizeof(reader->headers[0]));
}

/* The segment that has the file's beginning tells how far all were moved. */
static bool find_bias(const struct reader *reader, uint64_t *ret) {
    for (size_t i = 0; i < reader->n_headers; i++) {
        const ElfW(Phdr) *header = &reader->headers[i];
        if (header->p_type == PT_LOAD && header->p_offset < header->p_align) {
            *ret = reader->bytes->start - (header->p_vaddr - header->p_offset);
            return true;
        }
    }
    return false;
}

static void add_segments(const struct reader *reader, struct image_layout *ret) {
    ret->start = UINT64_MAX;
    for (size_t i = 0; i < reader->n_headers && ret->n_segments < IMAGE_SEGMENTS_MAX; i++) {
        const ElfW(Phdr) *header = &reader->headers[i];
        uint64_t start = ret->bias + header->p_vaddr;
        if (header->p_type != PT_LOAD || header->p_memsz > UINT64_MAX - start) {
            continue;
        }
        struct image_segment *segment = &ret->segments[ret->n_segments++];
        segment->start = start;
        segment->end = start + header->p_memsz;
        segment->file_end =
            start + (header->p_filesz < header->p_memsz ? header->p_filesz : header->p_memsz);
        segment->is_code = (header->p_flags & PF_X) != 0;
        ret->start = start < ret->start ? start : ret->start;
        ret->end = segment->end > ret->end ? segment->end : ret->end;
    }
}

/* ---- the build id ---------------------------------------------------------------------------- */

static size_t padded(size_t bytes, size_t align) {
    return (bytes + align - 1) & ~(align - 1);
}

static void write_digits(char *ret, const unsigned char *bytes, size_t n) {
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        ret[2 * i] = hex[bytes[i] >> 4];
        ret[2 * i + 1] = hex[bytes[i] & 15];
    }
    ret[2 * n] = '\0';
}

static bool find_build_id(const unsigned char *notes, size_t n, size_t align, char *ret) {
    ElfW(Nhdr) note;
    size_t at = 0;
    while (n - at >= sizeof(note)) {
        memcpy(&note, notes + at, sizeof(note));
        size_t left = n - at;
        if (note.n_namesz > left || note.n_descsz > left) {
            return false;
        }
        size_t described_at = padded(sizeof(note) + note.n_namesz, align);
        if (described_at > left || note.n_descsz > left - described_at) {
            return false;
        }
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof(ELF_NOTE_GNU) &&
            memcmp(notes + at + sizeof(note), ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0) {
            bool fits = note.n_descsz <= IMAGE_BUILD_ID_BYTES;
            write_digits(ret, notes + at + described_at, fits ? note.n_descsz : 0);
            return fits;
        }
        size_t whole = padded(described_at + note.n_descsz, align);
        at += whole < left ? whole : left;
    }
    return false;
}

static void read_build_id(const struct reader *reader, struct image_layout *ret) {
    unsigned char notes[NOTES_BYTES_MAX];
    for (size_t i = 0; i < reader->n_headers; i++) {
        const ElfW(Phdr) *header = &reader->headers[i];
        if (header->p_type == PT_NOTE && header->p_filesz <= sizeof(notes) &&
            read_part(reader->bytes, header->p_offset, ret->bias + header->p_vaddr, notes,
                      header->p_filesz) == 0 &&
            find_build_id(notes, header->p_filesz, header->p_align == 8 ? 8 : 4, ret->build_id)) {
            return;
        }
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

int image_layout_read(struct image_layout *ret, const struct image_bytes *bytes) {
    struct reader reader = {.bytes = bytes};
    struct image_layout layout = {.bias = 0};
    int result = read_headers(&reader);
    if (result != 0) {
        return result;
    }
    if (!find_bias(&reader, &layout.bias)) {
        return -ENOEXEC;
    }
    add_segments(&reader, &layout);
    read_build_id(&reader, &layout);
    *ret = layout;
    return 0;
}

bool image_layout_has_code(const struct image_layout *layout, uint64_t address) {
    for (size_t i = 0; i < layout->n_segments; i++) {
        const struct image_segment *segment = &layout->segments[i];
        if (segment->is_code && address >= segment->start && address < segment->end) {
            return true;
        }
    }
    return false;
}

uint64_t image_layout_code_of_low(const struct image_layout *layout, uint32_t low) {
    for (size_t i = 0; i < layout->n_segments; i++) {
        const struct image_segment *segment = &layout->segments[i];
        /* the first address from its start on with these low bits */
        uint64_t behind = (uint32_t)(low - (uint32_t)segment->start);
        if (segment->is_code && behind < segment->end - segment->start) {
            return segment->start + behind;
        }
    }
    return 0;
}
