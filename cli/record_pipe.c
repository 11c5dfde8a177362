/* SPDX-License-Identifier: MIT */
/* A pipe with a name, in another process's /tmp. */
#include "cli/record_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/proc_file.h"

enum { PIPE_BYTES = 1 << 20, NAME_TRIES = 100, OURS_ALONE = 0700 };

static const char pipe_name[] = "pipe";

static void close_one(int *fd) {
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

/* What was made under a name may be something else by now. */
static int open_folder(struct record_pipe *pipe) {
    struct stat status;
    pipe->folder = openat(pipe->tmp, pipe->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (pipe->folder < 0 || fstat(pipe->folder, &status) != 0) {
        return -errno;
    }
    if (status.st_uid != geteuid() || (status.st_mode & 0777) != OURS_ALONE) {
        close_one(&pipe->folder); /* nothing is to be removed from it */
        return -EEXIST;
    }
    return 0;
}

static int make_folder(struct record_pipe *pipe) {
    for (int i = 0; i < NAME_TRIES; i++) {
        uint64_t random;
        if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
            return -errno;
        }
        snprintf(pipe->name, sizeof(pipe->name), "mempool-%016" PRIx64, random);
        if (mkdirat(pipe->tmp, pipe->name, OURS_ALONE) == 0) {
            return open_folder(pipe);
        }
        if (errno != EEXIST) {
            return -errno;
        }
    }
    return -EEXIST;
}

static int open_pipe(struct record_pipe *pipe) {
    struct stat status;
    if (mkfifoat(pipe->folder, pipe_name, 0600) != 0) {
        return -errno;
    }
    pipe->fd = openat(pipe->folder, pipe_name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (pipe->fd < 0 || fstat(pipe->fd, &status) != 0) {
        return -errno;
    }
    (void)fcntl(pipe->fd, F_SETPIPE_SZ, PIPE_BYTES);
    return S_ISFIFO(status.st_mode) && status.st_uid == geteuid() ? 0 : -EEXIST;
}

static int give_away(const struct record_pipe *pipe, int process) {
    struct stat owner;
    if (fstat(process, &owner) != 0) {
        return -errno;
    }
    bool is_ours = owner.st_uid == geteuid();
    return is_ours || (fchown(pipe->fd, owner.st_uid, owner.st_gid) == 0 &&
                       fchown(pipe->folder, owner.st_uid, owner.st_gid) == 0)
               ? 0
               : -errno;
}

int record_pipe_make(struct record_pipe *ret, int process) {
    struct record_pipe pipe = {.fd = -1, .folder = -1};
    pipe.tmp = proc_file_open_in_root(process, "/tmp");
    int result = pipe.tmp < 0 ? pipe.tmp : make_folder(&pipe);
    result = result == 0 ? open_pipe(&pipe) : result;
    result = result == 0 ? give_away(&pipe, process) : result;
    if (result != 0) {
        record_pipe_remove(&pipe);
        close_one(&pipe.fd);
    }
    snprintf(pipe.path, sizeof(pipe.path), "/tmp/%s/%s", pipe.name, pipe_name);
    *ret = pipe;
    return result;
}

static bool has_its_name(const struct record_pipe *pipe) {
    struct stat there, ours;
    return fstatat(pipe->tmp, pipe->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstat(pipe->folder, &ours) == 0 && there.st_dev == ours.st_dev &&
           there.st_ino == ours.st_ino;
}

void record_pipe_remove(struct record_pipe *pipe) {
    if (pipe->folder >= 0) {
        (void)unlinkat(pipe->folder, pipe_name, 0);
        if (has_its_name(pipe)) {
            (void)unlinkat(pipe->tmp, pipe->name, AT_REMOVEDIR);
        }
    }
    close_one(&pipe->folder);
    close_one(&pipe->tmp);
}
