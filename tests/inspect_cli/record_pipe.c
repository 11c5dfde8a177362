/* SPDX-License-Identifier: MIT */
/* The pipe of `mempool record PID`: whose it is, and what becomes of it where the process that is
 * recorded makes names mean something else. That happens at the worst moments: right behind the
 * calls that make the folder and the pipe. */
#include "check.h"

#include "cli/record_pipe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { NOBODY = 65534 };

static char place[PATH_MAX / 4];  /* what the test has to itself */
static char victim[PATH_MAX / 2]; /* a folder of ours in it, which nobody may get */
static bool swaps_folder, swaps_pipe;

/* The linker puts these in the place of libc's. */
int __real_mkdirat(int folder, const char *name, mode_t mode);
int __wrap_mkdirat(int folder, const char *name, mode_t mode);
int __real_mkfifoat(int folder, const char *name, mode_t mode);
int __wrap_mkfifoat(int folder, const char *name, mode_t mode);

int __wrap_mkdirat(int folder, const char *name, mode_t mode) {
    int result = __real_mkdirat(folder, name, mode);
    if (result == 0 && swaps_folder) {
        CHECK(renameat(folder, name, folder, "moved") == 0);
        CHECK(symlinkat(victim, folder, name) == 0);
    }
    return result;
}

int __wrap_mkfifoat(int folder, const char *name, mode_t mode) {
    char path[PATH_MAX];
    int result = __real_mkfifoat(folder, name, mode);
    if (result == 0 && swaps_pipe) {
        snprintf(path, sizeof path, "%s/file", victim);
        CHECK(unlinkat(folder, name, 0) == 0);
        CHECK(symlinkat(path, folder, name) == 0);
    }
    return result;
}

static void write_path(char *ret, size_t bytes, const char *name) {
    CHECK(snprintf(ret, bytes, "%s/%s", place, name) < (int)bytes);
}

static size_t count_in(const char *path) {
    DIR *folder = opendir(path);
    size_t n = 0;
    CHECK(folder != NULL);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    closedir(folder);
    return n;
}

static void check_victim(void) {
    struct stat status;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/file", victim);
    CHECK_EQUAL(count_in(victim), 1);
    CHECK(lstat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid());
    CHECK(stat(victim, &status) == 0 && status.st_uid == geteuid());
}

/* ---- the process that is to be recorded ------------------------------------------------------ */

struct target {
    pid_t pid;
    int folder; /* /proc/PID */
};

static struct target start(const char *root, uid_t user) {
    char path[64], ready;
    int ends[2];
    CHECK(pipe(ends) == 0);
    struct target target = {.pid = fork()};
    CHECK(target.pid >= 0);
    if (target.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        CHECK(root == NULL || (chroot(root) == 0 && chdir("/") == 0));
        CHECK(user == geteuid() || (setgid(user) == 0 && setuid(user) == 0));
        prctl(PR_SET_DUMPABLE, 1); /* else its folder in /proc is root's */
        CHECK(write(ends[1], "r", 1) == 1);
        for (;;) {
            pause();
        }
    }
    CHECK(read(ends[0], &ready, 1) == 1 && close(ends[0]) == 0 && close(ends[1]) == 0);
    snprintf(path, sizeof path, "/proc/%d", (int)target.pid);
    target.folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(target.folder >= 0);
    return target;
}

static void end(struct target *target) {
    CHECK(kill(target->pid, SIGKILL) == 0 && waitpid(target->pid, NULL, 0) == target->pid);
    close(target->folder);
}

/* ---- the tests ------------------------------------------------------------------------------- */

static void comes_and_goes(struct target *target, uid_t user) {
    struct record_pipe pipe;
    struct stat status;
    char folder[RECORD_PIPE_PATH_BYTES];
    CHECK_EQUAL(record_pipe_make(&pipe, target->folder), 0);
    CHECK(lstat(pipe.path, &status) == 0 && S_ISFIFO(status.st_mode));
    CHECK(status.st_uid == user && (status.st_mode & 07777) == 0600);
    snprintf(folder, sizeof folder, "/tmp/%s", pipe.name);
    CHECK(lstat(folder, &status) == 0 && S_ISDIR(status.st_mode));
    CHECK(status.st_uid == user && (status.st_mode & 0777) == 0700);
    int writer = open(pipe.path, O_WRONLY | O_NONBLOCK);
    char byte;
    CHECK(writer >= 0 && write(writer, "x", 1) == 1 && read(pipe.fd, &byte, 1) == 1);
    record_pipe_remove(&pipe);
    CHECK(lstat(folder, &status) == -1 && errno == ENOENT);
    CHECK(write(writer, "y", 1) == 1 && read(pipe.fd, &byte, 1) == 1);
    record_pipe_remove(&pipe);
    close(writer);
    close(pipe.fd);
}

static void refused(struct target *target) {
    struct record_pipe pipe;
    CHECK(record_pipe_make(&pipe, target->folder) < 0);
    CHECK(pipe.fd == -1 && pipe.tmp < 0 && pipe.folder < 0);
    check_victim();
}

static void swaps_lead_nowhere(const char *root) {
    struct target target = start(root, NOBODY);
    swaps_folder = true;
    refused(&target);
    swaps_folder = false;
    swaps_pipe = true;
    refused(&target);
    swaps_pipe = false;
    end(&target);
}

/* What has the folder's name by then is not removed. */
static void others_stay(const char *root) {
    struct target target = start(root, NOBODY);
    struct record_pipe pipe;
    CHECK_EQUAL(record_pipe_make(&pipe, target.folder), 0);
    CHECK(renameat(pipe.tmp, pipe.name, pipe.tmp, "moved again") == 0);
    CHECK(mkdirat(pipe.tmp, pipe.name, 0700) == 0);
    int tmp = dup(pipe.tmp);
    struct stat status;
    record_pipe_remove(&pipe);
    CHECK(fstatat(tmp, pipe.name, &status, AT_SYMLINK_NOFOLLOW) == 0);
    close(tmp);
    close(pipe.fd);
    end(&target);
}

/* A /tmp that is a link leads to what it means to the process, not to us. */
static void links_stay_below(const char *root) {
    char tmp[PATH_MAX];
    snprintf(tmp, sizeof tmp, "%s/tmp", root);
    struct target target = start(root, NOBODY);
    char other[PATH_MAX];
    write_path(other, sizeof other, "other");
    CHECK(rename(tmp, other) == 0 && symlink(victim, tmp) == 0);
    refused(&target);
    CHECK(unlink(tmp) == 0 && rename(other, tmp) == 0);
    end(&target);
}

static void make_places(char *ret_root, size_t bytes) {
    char path[PATH_MAX];
    snprintf(place, sizeof place, "/tmp/record-pipe-XXXXXX");
    CHECK(mkdtemp(place) != NULL && chmod(place, 0755) == 0);
    write_path(victim, sizeof victim, "victim");
    write_path(ret_root, bytes, "root");
    CHECK(mkdir(victim, 0700) == 0 && mkdir(ret_root, 0755) == 0);
    write_path(path, sizeof path, "root/tmp");
    CHECK(mkdir(path, 0700) == 0 && chown(path, NOBODY, NOBODY) == 0);
    write_path(path, sizeof path, "victim/file");
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0 && close(fd) == 0);
}

int main(void) {
    char root[PATH_MAX / 2], command[PATH_MAX];
    struct target own = start(NULL, geteuid());
    comes_and_goes(&own, geteuid());
    end(&own);
    if (geteuid() != 0) {
        test_skip("other users' processes are root's to record");
    }
    struct target other = start(NULL, NOBODY);
    comes_and_goes(&other, NOBODY);
    end(&other);
    make_places(root, sizeof root);
    swaps_lead_nowhere(root);
    others_stay(root);
    links_stay_below(root);
    snprintf(command, sizeof command, "rm -r '%s'", place);
    CHECK_EQUAL(system(command), 0);
    return 0;
}
