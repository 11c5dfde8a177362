/* SPDX-License-Identifier: MIT */
/* A core file, read with elfutils' libelf.
 *
 * Nothing of the file is mapped: it may be cut while it is read. Its notes tell names and files;
 * where they do not tell where the publication is, the starts of its segments do. */
#include "inspect/core.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/core_maps.h"
#include "inspect/failure.h"
#include "view/publication.h"

enum {
    SEGMENTS_MAX = 1 << 20,
    NOTES_BYTES_MAX = 256 << 20, /* of all of them: libelf holds them until it is closed */
    STEP_BYTES = 4096,
    STEPS_MAX = 16, /* pages of a segment that are looked at for a publication */
};

/* A piece of the process's memory in the file. */
struct segment {
    uint64_t start, bytes, offset;
};

struct core {
    struct view_source source;
    int fd;
    uint64_t file_bytes;
    struct segment *segments; /* by address */
    size_t n_segments;
    bool is_truncated;
    uint64_t notes_left; /* bytes that notes may still have */
    int64_t pid;
    char program[sizeof(((struct elf_prpsinfo *)NULL)->pr_fname) + 1];
    struct mapped_list mapped;
};

bool core_is_supported(void) {
    return true;
}

/* ---- reading --------------------------------------------------------------------------------- */

static int read_at(const struct core *core, uint64_t offset, void *into, size_t n) {
    char *at = into;
    while (n > 0) {
        ssize_t got = pread(core->fd, at, n, (off_t)offset);
        if (got == 0) {
            return -EFAULT;
        }
        if (got < 0 && errno != EINTR) {
            return -errno;
        }
        if (got > 0) {
            at += got;
            offset += (uint64_t)got;
            n -= (size_t)got;
        }
    }
    return 0;
}

static const struct segment *find_segment(const struct core *core, uint64_t address) {
    size_t low = 0, high = core->n_segments;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct segment *segment = &core->segments[middle];
        if (address < segment->start) {
            high = middle;
        } else if (address - segment->start >= segment->bytes) {
            low = middle + 1;
        } else {
            return segment;
        }
    }
    return NULL;
}

/* Neighbouring segments are one memory. */
static int read_source(struct view_source *source, uint64_t address, void *into, size_t n) {
    const struct core *core = (const struct core *)(const void *)source;
    char *at = into;
    while (n > 0) {
        const struct segment *segment = find_segment(core, address);
        if (!segment) {
            return -EFAULT;
        }
        uint64_t behind = address - segment->start;
        size_t part = segment->bytes - behind < n ? (size_t)(segment->bytes - behind) : n;
        int result = read_at(core, segment->offset + behind, at, part);
        if (result != 0) {
            return result;
        }
        at += part;
        address += part;
        n -= part;
    }
    return 0;
}

/* ---- segments -------------------------------------------------------------------------------- */

/* What a file that was cut has of it. */
static void add_segment(struct core *core, const GElf_Phdr *header) {
    uint64_t bytes = header->p_filesz;
    uint64_t left = header->p_offset < core->file_bytes ? core->file_bytes - header->p_offset : 0;
    if (bytes > left) {
        core->is_truncated = true;
        bytes = left;
    }
    if (bytes > 0 && bytes <= UINT64_MAX - header->p_vaddr) {
        core->segments[core->n_segments++] = (struct segment){
            .start = header->p_vaddr,
            .bytes = bytes,
            .offset = header->p_offset,
        };
    }
}

static int compare(const void *left, const void *right) {
    const struct segment *a = left, *b = right;
    return (a->start > b->start) - (a->start < b->start);
}

/* Where two overlap, which no system writes, the second begins behind the first. */
static void sort_segments(struct core *core) {
    size_t kept = 0;
    uint64_t end = 0;
    if (core->n_segments > 1) {
        qsort(core->segments, core->n_segments, sizeof(*core->segments), compare);
    }
    for (size_t i = 0; i < core->n_segments; i++) {
        struct segment segment = core->segments[i];
        if (segment.start < end) {
            continue;
        }
        end = segment.start + segment.bytes;
        core->segments[kept++] = segment;
    }
    core->n_segments = kept;
}

/* ---- notes ----------------------------------------------------------------------------------- */

static void take_process(struct core *core, const char *described, size_t n) {
    struct elf_prpsinfo process;
    if (n >= sizeof(process)) {
        memcpy(&process, described, sizeof(process));
        core->pid = process.pr_pid;
        for (size_t i = 0; i < sizeof(process.pr_fname) && process.pr_fname[i]; i++) {
            unsigned char byte = (unsigned char)process.pr_fname[i];
            core->program[i] = byte < 0x20 || byte == 0x7f ? '?' : process.pr_fname[i];
        }
    }
}

static int take_note(struct core *core, const GElf_Nhdr *note, const char *described) {
    switch (note->n_type) {
    case NT_PRPSINFO:
        take_process(core, described, note->n_descsz);
        return 0;
    case NT_FILE:
        return core_maps_add(&core->mapped, described, note->n_descsz);
    default:
        return 0;
    }
}

static int take_notes(struct core *core, Elf *elf, const GElf_Phdr *header) {
    if (header->p_filesz > core->notes_left || header->p_offset > core->file_bytes ||
        header->p_filesz > core->file_bytes - header->p_offset) {
        core->is_truncated = true;
        return 0;
    }
    core->notes_left -= header->p_filesz;
    Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)header->p_offset, header->p_filesz,
                                          header->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
    GElf_Nhdr note;
    size_t at = 0, name_at, described_at;
    int result = 0;
    while (data && result == 0 && at < data->d_size &&
           (at = gelf_getnote(data, at, &note, &name_at, &described_at)) > 0) {
        const char *bytes = data->d_buf;
        if (note.n_namesz == sizeof("CORE") && memcmp(bytes + name_at, "CORE", 5) == 0) {
            result = take_note(core, &note, bytes + described_at);
        }
    }
    return result;
}

/* ---- the publication ------------------------------------------------------------------------- */

static bool is_publication(struct core *core, uint64_t address) {
    struct publication header;
    return view_read(&core->source, address, &header, sizeof(header)) == 0 &&
           memcmp(header.magic, PUBLICATION_MAGIC, sizeof(header.magic)) == 0 &&
           header.address == address;
}

/* First where segments begin; a debugger may have joined some. */
static uint64_t find_publication(struct core *core) {
    for (uint64_t step = 0; step < STEPS_MAX; step++) {
        for (size_t i = 0; i < core->n_segments; i++) {
            uint64_t behind = step * STEP_BYTES;
            if (behind < core->segments[i].bytes &&
                is_publication(core, core->segments[i].start + behind)) {
                return core->segments[i].start + behind;
            }
        }
    }
    return 0;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* NULL, or why it is none that we read. */
static const char *refuse(Elf *elf) {
    GElf_Ehdr header;
    const uint16_t order = 1;
    unsigned char ours = *(const unsigned char *)&order == 1 ? ELFDATA2LSB : ELFDATA2MSB;
    if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header) || header.e_type != ET_CORE) {
        return "is no core file";
    }
    if (header.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)) {
        return sizeof(void *) == 8 ? "is the core file of a 32-bit process: not supported"
                                   : "is the core file of a 64-bit process: not supported";
    }
    return header.e_ident[EI_DATA] == ours
               ? NULL
               : "is a core file of a machine with another order of bytes: not supported";
}

static int read_headers(struct core *core, Elf *elf) {
    size_t n;
    if (elf_getphdrnum(elf, &n) != 0 || n == 0 || n > SEGMENTS_MAX) {
        return -ENOEXEC;
    }
    core->segments = calloc(n, sizeof(*core->segments));
    if (!core->segments) {
        return -ENOMEM;
    }
    int result = 0;
    for (size_t i = 0; i < n && result == 0; i++) {
        GElf_Phdr header;
        if (!gelf_getphdr(elf, (int)i, &header)) {
            core->is_truncated = true;
            break;
        }
        if (header.p_type == PT_LOAD) {
            add_segment(core, &header);
        } else if (header.p_type == PT_NOTE) {
            result = take_notes(core, elf, &header);
        }
    }
    for (size_t i = 0; i < n && result == 0; i++) {
        GElf_Phdr header;
        if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_LOAD) {
            core_maps_add_rights(&core->mapped, header.p_vaddr, header.p_memsz, header.p_flags);
        }
    }
    sort_segments(core);
    return result;
}

static int open_file(struct core *core, const char *path, struct snapshot_error *error) {
    struct stat status;
    core->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (core->fd < 0 || fstat(core->fd, &status) != 0) {
        return failure(error, -errno, "%s: %s", path, strerror(errno));
    }
    if (!S_ISREG(status.st_mode)) {
        return failure(error, -ENOEXEC, "%s: is no regular file", path);
    }
    core->file_bytes = (uint64_t)status.st_size;
    return 0;
}

static int open_core(struct core *core, const char *path, struct snapshot_error *error) {
    int result = open_file(core, path, error);
    if (result != 0) {
        return result;
    }
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(core->fd, ELF_C_READ, NULL);
    const char *why = elf ? refuse(elf) : "is no core file";
    result = why ? -ENOEXEC : read_headers(core, elf);
    elf_end(elf);
    if (result != 0) {
        why = why ? why : result == -ENOEXEC ? "is a damaged core file" : strerror(-result);
        return failure(error, result, "%s: %s", path, why);
    }
    core->source.header = find_publication(core);
    if (core->source.header == 0) {
        return failure(error, -ENODATA, "%s: %s", path,
                       core->is_truncated
                           ? "is cut, and what is left of it has no publication of this library"
                           : "has no publication of this library");
    }
    return 0;
}

int core_open(struct core **ret, const char *path, struct snapshot_error *error) {
    struct core *core = calloc(1, sizeof(*core));
    if (!core) {
        return failure(error, -ENOMEM, "%s", strerror(ENOMEM));
    }
    core->source = (struct view_source){.read = read_source, .kind = SNAPSHOT_OF_CORE};
    core->notes_left = NOTES_BYTES_MAX;
    int result = open_core(core, path, error);
    if (result != 0) {
        core_close(core);
        return result;
    }
    core->source.pid = core->pid;
    *ret = core;
    return 0;
}

void core_close(struct core *core) {
    if (core) {
        if (core->fd >= 0) {
            close(core->fd);
        }
        mapped_release(&core->mapped);
        free(core->segments);
        free(core);
    }
}

/* ---- what is known of it --------------------------------------------------------------------- */

struct view_source *core_source(struct core *core) {
    return &core->source;
}

const char *core_program(const struct core *core) {
    return core->program;
}

int64_t core_pid(const struct core *core) {
    return core->pid;
}

bool core_is_truncated(const struct core *core) {
    return core->is_truncated;
}

const struct mapped_list *core_mapped(const struct core *core) {
    return &core->mapped;
}
