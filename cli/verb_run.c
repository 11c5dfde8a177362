/* SPDX-License-Identifier: MIT */
/* `mempool run`: start a program with one of our preload libraries in it. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/verb.h"

static const char verb[] = "run";

enum { RUN_GLUSTERFS = 256, RUN_DIR, RUN_LEAKS, RUN_CANNOT = 126, RUN_NOT_FOUND = 127 };

static const struct option long_options[] = {
    {"glusterfs", no_argument, NULL, RUN_GLUSTERFS},
    {"dir", required_argument, NULL, RUN_DIR},
    {"leaks-at-exit", optional_argument, NULL, RUN_LEAKS},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct run_job {
    bool is_help, is_glusterfs;
    const char *dir;   /* NULL: as the environment says */
    const char *leaks; /* NULL: none */
};

static void print_help(void) {
    fputs("Usage: mempool run [OPTION...] [--] COMMAND [ARGUMENT...]\n"
          "\n"
          "Runs COMMAND, an unmodified program of GlusterFS or one that uses its libgfapi, with\n"
          "the pools and the accounted heap of mempool in the place of GlusterFS's own; so also\n"
          "what it starts: the bricks of a glusterd, say. Nothing is installed or changed.\n"
          "\n"
          "When such a process is told to write a statedump (SIGUSR1), it writes two files more:\n"
          "mempool.PID.dump, a statedump of ours with what is live by call site, and\n"
          "mempool.PID.snapshot, for `mempool leaks` and `mempool diff`. Misuse is reported in\n"
          "mempool.PID.misuse. In releases whose structures it does not know, the library says\n"
          "so in one line on standard error, and leaves everything to GlusterFS.\n"
          "\n"
          "Options:\n"
          "  --glusterfs    for GlusterFS (needed: there may be more to choose from one day)\n"
          "  --dir=DIR      where those files go (default: /var/run/gluster)\n"
          "  --leaks-at-exit[=FILE]\n"
          "                 at its normal end each process reports what is live: to standard\n"
          "                 error, or to FILE\n"
          "  -h, --help     this text\n"
          "\n"
          "Exit status: COMMAND's; 1 the library is missing, 2 wrong usage, 126 COMMAND cannot be\n"
          "run, 127 it was not found.\n",
          stdout);
}

static int parse(struct run_job *job, int argc, char **argv) {
    int option;
    opterr = 0;
    optind = 0;
    /* "+": options behind COMMAND are its own. */
    while ((option = getopt_long(argc, argv, "+h", long_options, NULL)) != -1) {
        switch (option) {
        case 'h': job->is_help = true; return CLI_OK;
        case RUN_GLUSTERFS: job->is_glusterfs = true; break;
        case RUN_DIR: job->dir = optarg; break;
        case RUN_LEAKS: job->leaks = optarg != NULL ? optarg : "1"; break;
        default:
            complain(verb, "unknown option or missing value: '%s' (see mempool run --help)",
                     argv[optind - 1]);
            return CLI_BAD_USAGE;
        }
    }
    if (!job->is_glusterfs || optind >= argc) {
        complain(verb, "%s (see mempool run --help)",
                 job->is_glusterfs ? "no COMMAND" : "what for? --glusterfs is needed");
        return CLI_BAD_USAGE;
    }
    return CLI_OK;
}

/* The library beside this command: as they are built, as they are installed, wherever the whole
 * was moved to; or where it was to be installed. */
static bool find_library(char *ret_path) {
    static const char *const places[] = {
        "../glusterfs/libmempool-glusterfs.so",
        "../" MEMPOOL_LIBDIR "/mempool/libmempool-glusterfs.so",
        "../lib/mempool/libmempool-glusterfs.so",
    };
    char command[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", command, sizeof command - 1);
    command[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(command, '/');
    for (size_t i = 0; slash != NULL && i < sizeof places / sizeof places[0]; i++) {
        char path[2 * PATH_MAX];
        snprintf(path, sizeof path, "%.*s/%s", (int)(slash - command), command, places[i]);
        if (realpath(path, ret_path) != NULL) {
            return true;
        }
    }
    return realpath(MEMPOOL_PREFIX "/" MEMPOOL_LIBDIR "/mempool/libmempool-glusterfs.so",
                    ret_path) != NULL;
}

/* What is there already stays, behind ours. */
static bool add_preload(const char *library) {
    const char *before = getenv("LD_PRELOAD");
    before = before != NULL ? before : "";
    size_t bytes = strlen(library) + strlen(before) + 2;
    char *all = malloc(bytes);
    if (all == NULL) {
        return false;
    }
    snprintf(all, bytes, "%s%s%s", library, before[0] != '\0' ? ":" : "", before);
    bool set = setenv("LD_PRELOAD", all, 1) == 0;
    free(all);
    return set;
}

static int prepare(const struct run_job *job) {
    char library[PATH_MAX], dir[PATH_MAX];
    struct stat status;
    if (!find_library(library)) {
        complain(verb, "libmempool-glusterfs.so is not there: neither beside this command nor in "
                 MEMPOOL_PREFIX "/" MEMPOOL_LIBDIR "/mempool");
        return CLI_FAILED;
    }
    if (strpbrk(library, ": ") != NULL) {
        complain(verb, "the dynamic linker cannot preload '%s': its path has a blank or a colon",
                 library);
        return CLI_FAILED;
    }
    if (job->dir != NULL &&
        (realpath(job->dir, dir) == NULL || stat(dir, &status) != 0 || !S_ISDIR(status.st_mode))) {
        complain(verb, "--dir=%s: no such directory", job->dir);
        return CLI_BAD_USAGE;
    }
    if (!add_preload(library) ||
        (job->dir != NULL && setenv("MEMPOOL_GLUSTERFS_DIR", dir, 1) != 0) ||
        (job->leaks != NULL && setenv("MEMPOOL_LEAKS_AT_EXIT", job->leaks, 1) != 0)) {
        complain(verb, "%s", strerror(ENOMEM));
        return CLI_FAILED;
    }
    return CLI_OK;
}

int verb_run(int argc, char **argv) {
    struct run_job job = {.is_help = false};
    int status = parse(&job, argc, argv);
    if (status != CLI_OK) {
        return status;
    }
    if (job.is_help) {
        print_help();
        return finish_output(verb);
    }
    status = prepare(&job);
    if (status != CLI_OK) {
        return status;
    }
    char **command = argv + optind;
    execvp(command[0], command);
    int why = errno;
    complain(verb, "%s: %s", command[0], strerror(why));
    return why == ENOENT ? RUN_NOT_FOUND : RUN_CANNOT;
}
