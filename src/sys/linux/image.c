/* SPDX-License-Identifier: MIT */
/* Which file an address's code is from, and where in it. Without malloc. */
#include "base/bits.h"
#include "sys/linux/proc.h"
#include "sys/sys.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

/* What is asked for, and what the caller had before. */
struct query {
    uintptr_t address;
    struct sys_image *image;
    bool found;
    bool has_path; /* nothing was unloaded since it was found for this image */
};

static bool is_loaded(const struct dl_phdr_info *info, uintptr_t at, size_t bytes, bool is_code) {
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_LOAD && (!is_code || (segment->p_flags & PF_X) != 0) &&
            at - start < segment->p_memsz && bytes <= segment->p_memsz - (at - start)) {
            return true;
        }
    }
    return false;
}

static void find_bounds(const struct dl_phdr_info *info, struct sys_image *image) {
    image->start = UINTPTR_MAX;
    image->end = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD) {
            uintptr_t start = info->dlpi_addr + segment->p_vaddr;
            image->start = start < image->start ? start : image->start;
            image->end = max_size(start + segment->p_memsz, image->end);
        }
    }
    image->start &= ~(uintptr_t)(sys_page_bytes() - 1);
    image->end = round_up(image->end, sys_page_bytes());
}

static size_t padded(size_t bytes, size_t align) {
    return (bytes + align - 1) & ~(align - 1);
}

/* The build id among the notes at `at`; false: none, or one that we have no room for. */
static bool find_build_id(const unsigned char *at, size_t bytes, size_t align,
                          struct sys_image *image) {
    ElfW(Nhdr) note;
    while (bytes >= sizeof note) {
        memcpy(&note, at, sizeof note);
        size_t described_at = padded(sizeof note + note.n_namesz, align);
        if (described_at > bytes || note.n_descsz > bytes - described_at) {
            return false;
        }
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof ELF_NOTE_GNU &&
            memcmp(at + sizeof note, ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) == 0) {
            bool fits = note.n_descsz <= sizeof image->build_id;
            image->build_id_bytes = fits ? note.n_descsz : 0;
            memcpy(image->build_id, at + described_at, image->build_id_bytes);
            return fits;
        }
        size_t whole = min_size(padded(described_at + note.n_descsz, align), bytes);
        at += whole;
        bytes -= whole;
    }
    return false;
}

static void read_build_id(const struct dl_phdr_info *info, struct sys_image *image) {
    image->build_id_bytes = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *notes = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + notes->p_vaddr;
        if (notes->p_type == PT_NOTE && is_loaded(info, start, notes->p_memsz, false) &&
            find_build_id((const unsigned char *)start, notes->p_memsz, notes->p_align == 8 ? 8 : 4,
                          image)) {
            return;
        }
    }
}

static int visit(struct dl_phdr_info *info, size_t info_bytes, void *argument) {
    struct query *query = argument;
    struct sys_image *image = query->image;
    (void)info_bytes;
    if (!is_loaded(info, query->address, 1, true)) {
        return 0;
    }
    query->found = true;
    query->has_path = image->headers == info->dlpi_phdr && image->n_unloads == info->dlpi_subs;
    image->offset = query->address - info->dlpi_addr;
    if (!query->has_path) {
        image->headers = info->dlpi_phdr;
        image->n_unloads = info->dlpi_subs;
        read_build_id(info, image);
        find_bounds(info, image);
        /* The program has no name, and others may have one that was relative to where the process
         * was then: those are asked of the system, outside the dynamic linker's lock. */
        size_t length = strlen(info->dlpi_name);
        image->path[0] = '\0';
        if (info->dlpi_name[0] == '/' && length < sizeof image->path) {
            memcpy(image->path, info->dlpi_name, length + 1);
            query->has_path = true;
        }
    }
    return 1;
}

/* A file that was removed, or replaced: what is there now is told apart by its build id. */
static void drop_deleted(char *path) {
    static const char deleted[] = " (deleted)";
    size_t length = strlen(path);
    if (length >= sizeof deleted && strcmp(path + length - (sizeof deleted - 1), deleted) == 0) {
        path[length - (sizeof deleted - 1)] = '\0';
    }
}

/* The file that is mapped where the image's headers are: its code may have been moved to huge pages
 * meanwhile. */
static void find_mapped_path(struct sys_image *image) {
    uintptr_t address = (uintptr_t)image->headers, start, end;
    struct proc_reader reader = {.fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)};
    bool found = false;
    while (!found && reader.fd >= 0 && proc_next_line(&reader, image->path, sizeof image->path)) {
        const char *at = proc_hex(image->path, &start);
        (void)proc_hex(*at == '-' ? at + 1 : at, &end);
        found = address >= start && address < end;
    }
    const char *path = found ? strchr(image->path, '/') : NULL;
    memmove(image->path, path != NULL ? path : "", path != NULL ? strlen(path) + 1 : 1);
    drop_deleted(image->path);
    if (reader.fd >= 0) {
        close(reader.fd);
    }
}

bool sys_image_of(uintptr_t code_address, struct sys_image *image) {
    struct query query = {.address = code_address, .image = image};
    (void)dl_iterate_phdr(visit, &query);
    if (query.found && !query.has_path) {
        find_mapped_path(image);
    }
    return query.found && image->path[0] != '\0';
}
