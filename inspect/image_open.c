/* SPDX-License-Identifier: MIT */
/* The file of a program or library that a process has loaded. */
#include "inspect/image_open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
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

/* Links lead to what they mean there, not here. */
static int open_below(int root, const char *path) {
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
    long place = syscall(SYS_openat2, root, path, &how, sizeof(how));
    if (place < 0 && errno == ENOSYS) {
        place = openat(root, path + 1, O_PATH | O_CLOEXEC | O_NOFOLLOW);
    }
    return place >= 0 ? (int)place : -errno;
}

int image_open(int folder, const char *path) {
    if (path[0] != '/') {
        return -ENOENT;
    }
    if (folder < 0) {
        return reopen_regular(proc_file_open_place(AT_FDCWD, path));
    }
    int root = openat(folder, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) {
        return -errno;
    }
    int place = open_below(root, path);
    close(root);
    return reopen_regular(place);
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
