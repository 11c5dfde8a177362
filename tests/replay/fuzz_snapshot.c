/* SPDX-License-Identifier: MIT */
/* Damages a good snapshot in thousands of ways: each is refused, or is a whole snapshot still; and
 * each that was cut is refused. */
/* Usage: fuzz_snapshot [SEED] */
#define _GNU_SOURCE /* memfd_create */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/snapshot.h"
#include "cli/verb.h"
#include "rng.h"
#include "scale.h"

static const char good[] =
    "mempool-snapshot 2\nbytes count oldest-s what site image offset build-id\n"
    "4096\t64\t17\tserver:struct_session\tserve+0x1f\t/usr/sbin/server\t0x1234\t00ff00ff\n"
    "640\t10\t3\tplug (ended):text\tplug.so+0x10\t/opt/a\\x09b/plug.so\t0xfe0\t-\n"
    "64\t1\t0\tplug#2:text\\x5c\t?0x55ff\t-\t-\t-\n"
    "18\t9\t99999\t(rest)\t?\t-\t-\t-\n"
    "end 4\n";

enum {
    ROUNDS = 20000,
    TEXT_BYTES_MAX = 4 * sizeof(good),
};

struct text {
    size_t n;
    char bytes[TEXT_BYTES_MAX];
};

static int file;
static char file_path[64];
static struct rng rng;

static size_t below(size_t n) {
    return (size_t)rng_below(&rng, n);
}

static void flip(struct text *text) {
    text->bytes[below(text->n)] ^= (char)(1 << below(8));
}

static void set(struct text *text) {
    static const char likely[] = {0,   '\t', '\n', '\r', ' ',    '-',
                                  '0', '9',  'x',  '\\', '\x7f', '\xff'};
    text->bytes[below(text->n)] = likely[below(sizeof(likely))];
}

static void cut(struct text *text) {
    text->n = below(text->n);
}

static void remove_part(struct text *text) {
    size_t from = below(text->n), n = below(text->n - from);
    memmove(text->bytes + from, text->bytes + from + n, text->n - from - n);
    text->n -= n;
}

/* A part once more, somewhere. */
static void insert_part(struct text *text) {
    char part[sizeof(good)];
    size_t from = below(text->n), n = below(text->n - from), to = below(text->n);
    n = n < sizeof(part) ? n : sizeof(part);
    n = n < TEXT_BYTES_MAX - text->n ? n : TEXT_BYTES_MAX - text->n;
    memcpy(part, text->bytes + from, n);
    memmove(text->bytes + to + n, text->bytes + to, text->n - to);
    memcpy(text->bytes + to, part, n);
    text->n += n;
}

static void (*const damages[])(struct text *text) = {flip, set, cut, remove_part, insert_part};

static int is_text(const char *text) {
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            return 0;
        }
    }
    return 1;
}

/* Whether it was taken, after a look at all that came of it; ends the program if that is wrong. */
static int reads(const char *bytes, size_t n) {
    struct snapshot_set set = {.verb = "fuzz"};
    if (ftruncate(file, 0) != 0 || pwrite(file, bytes, n, 0) != (ssize_t)n) {
        _exit(2);
    }
    int status = snapshot_read(&set, file_path, 0);
    int is_sound = status == CLI_OK || status == CLI_BAD_USAGE;
    for (size_t i = 0; i < set.n_lines; i++) {
        const struct snapshot_line *line = &set.lines[i];
        is_sound = is_sound && line->what[0] && line->site[0] && is_text(line->what) &&
                   is_text(line->site) && (!line->image || line->image[0]) &&
                   (line->image || (!line->build_id && line->offset == 0));
    }
    snapshot_release(&set);
    if (!is_sound) {
        printf("status %d of:\n%.*s\n", status, (int)n, bytes);
        _exit(1);
    }
    return status == CLI_OK;
}

static unsigned check_cuts(void) {
    unsigned wrong = 0;
    for (size_t n = 0; n < sizeof(good) - 1; n++) {
        if (reads(good, n)) {
            printf("cut at %zu of %zu bytes, and taken for whole\n", n, sizeof(good) - 1);
            wrong++;
        }
    }
    return wrong;
}

int main(int argc, char **argv) {
    size_t n_rounds = test_scaled(ROUNDS), n_taken = 0;
    rng.state = argc > 1 ? strtoull(argv[1], NULL, 0) : rng_seed();
    file = memfd_create("snapshot", MFD_CLOEXEC);
    snprintf(file_path, sizeof(file_path), "/proc/self/fd/%d", file);
    /* Thousands of complaints are of no interest. */
    int nowhere = open("/dev/null", O_WRONLY);
    if (file < 0 || nowhere < 0 || dup2(nowhere, STDERR_FILENO) < 0) {
        return 2;
    }
    if (!reads(good, sizeof(good) - 1)) {
        puts("the good snapshot was refused");
        return 1;
    }
    unsigned wrong = check_cuts();
    for (size_t round = 0; round < n_rounds; round++) {
        struct text text = {.n = sizeof(good) - 1};
        memcpy(text.bytes, good, text.n);
        for (size_t n = 1 + below(3); n > 0 && text.n > 0; n--) {
            damages[below(sizeof(damages) / sizeof(damages[0]))](&text);
        }
        n_taken += (size_t)reads(text.bytes, text.n);
    }
    printf("%zu damaged: %zu of them whole snapshots still\n", n_rounds, n_taken);
    /* Digits may change unnoticed, so some are taken; were all, or none, nothing was damaged. */
    return wrong != 0 || n_taken == 0 || n_taken == n_rounds;
}
