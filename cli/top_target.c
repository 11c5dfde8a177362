/* SPDX-License-Identifier: MIT */
/* Snapshots of a target for `mempool top`.
 *
 * Complaints would go to the terminal that frames are shown on: while a snapshot is taken, standard
 * error is a file, and what was said there becomes the feed's error. */
#include "cli/top_target.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/verb.h"

/* State and start of a process, as /proc/PID/stat has them. False: there is none. */
static bool read_stat(int64_t pid, char *ret_state, uint64_t *ret_start) {
    enum { FIELDS_BETWEEN = 19 }; /* state is the third field, the start the 22nd */
    char path[64], text[1024];
    snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    size_t n = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[n] = '\0';
    /* The name before it may have anything in it, brackets too. */
    char *at = strrchr(text, ')');
    if (at == NULL || at[1] == '\0') {
        return false;
    }
    at += 2;
    *ret_state = *at;
    for (int i = 0; at != NULL && i < FIELDS_BETWEEN; i++) {
        at = strchr(at + 1, ' ');
    }
    unsigned long long start = 0;
    bool has_start = at != NULL && sscanf(at, "%llu", &start) == 1;
    *ret_start = start;
    return has_start;
}

static bool has_ended(const struct top_target *feed) {
    char state;
    uint64_t start_ticks;
    return !feed->feed.is_still &&
           (!read_stat(feed->target->pid, &state, &start_ticks) || state == 'Z' || state == 'X' ||
            (feed->start_ticks != 0 && start_ticks != feed->start_ticks));
}

/* The first line of what was said, without "mempool: top: ". */
static void read_error(struct top_target *feed, int fd) {
    char *error = feed->feed.error;
    size_t room = sizeof(feed->feed.error);
    ssize_t n = pread(fd, error, room - 1, 0);
    error[n > 0 ? n : 0] = '\0';
    error[strcspn(error, "\n")] = '\0';
    char prefix[64];
    snprintf(prefix, sizeof(prefix), "mempool: %s: ", feed->target->verb);
    size_t skipped = strncmp(error, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
    memmove(error, error + skipped, strlen(error + skipped) + 1);
    if (error[0] == '\0') {
        snprintf(error, room, "no snapshot");
    }
}

static int take_quietly(struct top_target *feed, const struct snapshot_options *options,
                        unsigned want, struct snapshot **ret) {
    fflush(stderr);
    int said = memfd_create("mempool top", MFD_CLOEXEC);
    int before = said >= 0 ? dup(STDERR_FILENO) : -1;
    if (before >= 0) {
        dup2(said, STDERR_FILENO);
    }
    int status = target_take(feed->target, options, want, ret);
    fflush(stderr);
    if (before >= 0) {
        dup2(before, STDERR_FILENO);
        close(before);
    }
    if (status != CLI_OK) {
        read_error(feed, said);
    }
    if (said >= 0) {
        close(said);
    }
    return status;
}

static enum top_took take(struct top_feed *base, unsigned want, struct snapshot **ret) {
    struct top_target *feed = (struct top_target *)base;
    bool has_sites = (want & TOP_WANT_SITES) != 0;
    struct snapshot_options options = {.want = has_sites ? SNAPSHOT_WANT_GROUPS : 0};
    unsigned also =
        (has_sites ? TARGET_WANT_SYMBOLS : 0) | (want & TOP_WANT_LEDGER ? TARGET_WANT_LEDGER : 0);
    if (take_quietly(feed, &options, also, ret) == CLI_OK) {
        return TOP_TOOK;
    }
    return has_ended(feed) ? TOP_TOOK_LAST : TOP_TOOK_NOTHING;
}

void top_target_begin(struct top_target *feed, struct target *target) {
    char state;
    *feed = (struct top_target){
        .feed = {.take = take, .name = target_name(target), .is_still = target->pid == 0},
        .target = target,
    };
    if (!feed->feed.is_still) {
        read_stat(target->pid, &state, &feed->start_ticks);
    }
}
