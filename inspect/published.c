/* SPDX-License-Identifier: MIT */
/* Finding a publication in a process. */
#include "inspect/published.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/proc_file.h"

static const char wanted_path[] = "/memfd:" PUBLICATION_NAME;

/* ---- the file -------------------------------------------------------------------------------- */

/* All files of memfd_create(2) are in one file system, which cannot be mounted: what is on it is
 * memory, and reading it waits for nobody. 0: not known. */
static uint64_t memfd_device(void) {
    static uint64_t device;
    struct stat status;
    int fd = device ? -1 : memfd_create("probe", MFD_CLOEXEC);
    if (fd >= 0) {
        device = fstat(fd, &status) == 0 ? status.st_dev : 0;
        close(fd);
    }
    return device;
}

static bool is_candidate(const struct mapped *mapped) {
    return mapped->is_deleted && strcmp(mapped->path, wanted_path) == 0 &&
           mapped->device == memfd_device();
}

/* The same file as is mapped? Then it is opened. */
static int open_if_same(int folder, const char *path, const struct mapped *mapped) {
    uint64_t device, inode;
    int place = proc_file_open_place(folder, path);
    if (place < 0) {
        return place;
    }
    if (proc_file_identity(place, &device, &inode) == 0 && device == mapped->device &&
        inode == mapped->inode) {
        return proc_file_reopen(place);
    }
    close(place);
    return -ENOENT;
}

static int open_among(DIR *folder, const struct mapped *mapped) {
    const struct dirent *entry;
    int result = -ENOENT;
    while (result < 0 && (entry = readdir(folder))) {
        char link[sizeof(wanted_path) + 1];
        ssize_t n = readlinkat(dirfd(folder), entry->d_name, link, sizeof(link));
        if (n >= (ssize_t)sizeof(wanted_path) &&
            strncmp(link, wanted_path, sizeof(wanted_path) - 1) == 0) {
            result = open_if_same(dirfd(folder), entry->d_name, mapped);
        }
    }
    return result;
}

/* By the process's descriptors; where it has closed its own, by the mapping itself, which the
 * system shows to few. */
static int open_file(int folder, const struct mapped *mapped) {
    int result = openat(folder, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *descriptors = result >= 0 ? fdopendir(result) : NULL;
    if (!descriptors) {
        int saved = errno;
        if (result >= 0) {
            close(result);
        }
        return -saved;
    }
    result = open_among(descriptors, mapped);
    closedir(descriptors);
    if (result < 0) {
        char path[64];
        snprintf(path, sizeof(path), "map_files/%llx-%llx", (unsigned long long)mapped->start,
                 (unsigned long long)mapped->end);
        result = open_if_same(folder, path, mapped);
    }
    return result;
}

/* ---- the header ------------------------------------------------------------------------------ */

static int read_whole(int fd, uint64_t offset, void *into, size_t n) {
    if (fd < 0) {
        return -EPERM;
    }
    ssize_t got;
    do {
        got = pread(fd, into, n, (off_t)offset);
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)n ? 0 : -EFAULT;
}

static bool is_header(const struct publication *header, uint64_t address) {
    return memcmp(header->magic, PUBLICATION_MAGIC, sizeof(header->magic)) == 0 &&
           header->order == PUBLICATION_ORDER && header->address == address;
}

static bool is_plausible(const struct publication *header) {
    uint64_t ranges_bytes = (uint64_t)header->n_ranges * sizeof(struct publication_range);
    return header->bytes >= sizeof(*header) && header->bytes <= PUBLICATION_BYTES &&
           header->n_ranges <= PUBLISHED_RANGES_MAX && header->ranges <= header->bytes &&
           ranges_bytes <= header->bytes - header->ranges;
}

/* Of a version that we do not know no range is believed: all is read from memory. */
static int take_ranges(struct published *ret, const struct publication *header, int fd,
                       uint64_t offset) {
    struct publication_range ranges[PUBLISHED_RANGES_MAX];
    size_t n = header->major == PUBLICATION_MAJOR ? header->n_ranges : 0;
    if (!is_plausible(header)) {
        return -EBADMSG;
    }
    if (read_whole(fd, offset + header->ranges, ranges, n * sizeof(ranges[0])) != 0) {
        return -EBADMSG;
    }
    ret->n_ranges = 0;
    for (size_t i = 0; i < n; i++) {
        if (ranges[i].file_offset <= INT64_MAX && ranges[i].bytes <= INT64_MAX) {
            ret->ranges[ret->n_ranges++] = ranges[i];
        }
    }
    ret->copied = *header;
    return 0;
}

static int read_at_start(struct published *ret, const struct mapped *mapped, int file, int memory) {
    struct publication header;
    int fd = file >= 0 ? file : memory;
    uint64_t offset = file >= 0 ? mapped->file_offset : mapped->start;
    int result = read_whole(fd, offset, &header, sizeof(header));
    if (result != 0) {
        return result;
    }
    if (!is_header(&header, mapped->start)) {
        return -EFAULT;
    }
    *ret = (struct published){.header = mapped->start, .mapping_offset = mapped->file_offset};
    return take_ranges(ret, &header, fd, offset);
}

/* Where the process got no memfd, for want of descriptors or by a limit on files' sizes, it has all
 * in private memory, behind a guard. Only who has the library loaded, or is meant, is asked. */
static int find_private(struct published *ret, const struct mapped_list *maps, int memory) {
    for (size_t i = 0; i < maps->n; i++) {
        const struct mapped *mapped = &maps->list[i];
        unsigned wanted = MAPPED_READ | MAPPED_WRITE;
        if (mapped->path[0] == '\0' && mapped->rights == wanted) {
            int result = read_at_start(ret, mapped, -ENOENT, memory);
            if (result != -EFAULT) {
                return result;
            }
        }
    }
    return -ENODATA;
}

static bool has_library(const struct mapped_list *maps) {
    for (size_t i = 0; i < maps->n; i++) {
        if (strstr(maps->list[i].path, "/libmempool")) {
            return true;
        }
    }
    return false;
}

/* The memfd has several mappings where its pages have different rights; it is opened once. */
int published_find(struct published *ret, int *ret_file, int folder, const struct mapped_list *maps,
                   int memory, bool is_meant) {
    uint64_t inode = 0;
    int file = -ENOENT, result = -ENODATA;
    for (size_t i = 0; i < maps->n && result != 0; i++) {
        const struct mapped *mapped = &maps->list[i];
        if (!is_candidate(mapped)) {
            continue;
        }
        if (mapped->inode != inode) {
            if (file >= 0) {
                close(file);
            }
            inode = mapped->inode;
            file = open_file(folder, mapped);
        }
        int here = read_at_start(ret, mapped, file, memory);
        result = here == -EFAULT ? result : here;
    }
    if (result == 0) {
        *ret_file = file;
        return 0;
    }
    if (file >= 0) {
        close(file);
    }
    if (result == -ENODATA && memory >= 0 && (is_meant || has_library(maps))) {
        result = find_private(ret, maps, memory);
        *ret_file = -ENOENT;
    }
    return result;
}

int published_refresh(struct published *published, int file) {
    struct publication header;
    if (file < 0) {
        return 0; /* nothing is read by ranges */
    }
    if (read_whole(file, published->mapping_offset, &header, sizeof(header)) != 0 ||
        !is_header(&header, published->header)) {
        return -EBADMSG;
    }
    bool is_same = memcmp(&header, &published->copied, sizeof(header)) == 0;
    return is_same ? 0 : take_ranges(published, &header, file, published->mapping_offset);
}

bool published_in_file(const struct published *published, uint64_t address, size_t n,
                       uint64_t *ret_offset) {
    uint64_t in_header = address - published->header;
    if (in_header < published->copied.bytes && n <= published->copied.bytes - in_header) {
        *ret_offset = published->mapping_offset + in_header;
        return true;
    }
    for (size_t i = 0; i < published->n_ranges; i++) {
        const struct publication_range *range = &published->ranges[i];
        uint64_t behind = address - range->start;
        if (behind < range->bytes && n <= range->bytes - behind) {
            *ret_offset = range->file_offset + behind;
            return true;
        }
    }
    return false;
}
