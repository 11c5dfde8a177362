/* SPDX-License-Identifier: MIT */
/* The file of a program or library that a process has loaded. */
#include "inspect/image_open.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "inspect/proc_file.h"

static int reopen_regular(int place) {
    uint64_t device, inode;
    int result = place < 0 ? place : proc_file_identity(place, &device, &inode);
    if (result == 0) {
        return proc_file_reopen(place);
    }
    if (place >= 0) {
        close(place);
    }
    return result;
}

int image_open(int folder, const char *path) {
    if (path[0] != '/') {
        return -ENOENT;
    }
    return reopen_regular(folder < 0 ? proc_file_open_place(AT_FDCWD, path)
                                     : proc_file_open_in_root(folder, path));
}

/* The program itself can be had even where its file was removed. */
static int open_program(int folder, const struct image *image) {
    uint64_t device, inode;
    int place = folder >= 0 ? proc_file_open_place(folder, "exe") : -ENOENT;
    if (place >= 0 && proc_file_identity(place, &device, &inode) == 0 && inode == image->inode) {
        return proc_file_reopen(place);
    }
    if (place >= 0) {
        close(place);
    }
    return -ENOENT;
}

static struct symbols *read_and_close(int fd, const char *build_id) {
    if (fd < 0) {
        return NULL;
    }
    struct symbols *symbols = symbols_read(fd, build_id);
    close(fd);
    return symbols;
}

struct symbols *image_read_symbols(int folder, const struct image *image) {
    const char *build_id = image->layout.build_id;
    struct symbols *symbols = NULL;
    if (!image->is_deleted || build_id[0] != '\0') {
        symbols = read_and_close(image_open(folder, image->path), build_id);
    }
    return symbols ? symbols : read_and_close(open_program(folder, image), build_id);
}
