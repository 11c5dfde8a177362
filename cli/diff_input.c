/* SPDX-License-Identifier: MIT */
/* Reading what mempool_snapshot wrote: nothing in the file is trusted. */
#include "cli/diff_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/verb.h"

static const char verb[] = "diff";
static const char head[] = "mempool-snapshot 1\nbytes count oldest-s what site\n";
static const char ended[] = " (ended):";

enum {
    PLACES = 1 << 18,          /* of the table, twice as many as */
    LINES_MAX = PLACES / 2,
    HEAD_BYTES = sizeof(head) - 1,
};

static int complain_memory(void) {
    complain(verb, "out of memory");
    return CLI_FAILED;
}

static int open_regular(const char *path, size_t *ret_bytes) {
    struct stat status;
    /* Without waiting: what is a pipe is refused, too. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        complain(verb, "%s: cannot open: %s", path, strerror(errno));
        return -1;
    }
    const char *why = NULL;
    if (fstat(fd, &status) != 0) {
        why = strerror(errno);
    } else if (S_ISDIR(status.st_mode)) {
        why = "is a directory";
    } else if (!S_ISREG(status.st_mode)) {
        why = "is not a regular file";
    } else if (status.st_size == 0) {
        why = "is empty";
    } else if (status.st_size > DIFF_FILE_BYTES_MAX) {
        why = "is not a snapshot: larger than 64 MiB";
    }
    if (why) {
        complain(verb, "%s: %s", path, why);
        close(fd);
        return -1;
    }
    *ret_bytes = (size_t)status.st_size;
    return fd;
}

/* The whole file, NUL behind it; NULL with *ret_status. */
static char *read_file(struct diff_input *input, const char *path, size_t *ret_bytes,
                       int *ret_status) {
    *ret_status = CLI_BAD_USAGE;
    int fd = open_regular(path, ret_bytes);
    if (fd < 0) {
        return NULL;
    }
    char *text = replay_memory_take(&input->memory, *ret_bytes + 1, 1);
    if (!text) {
        *ret_status = complain_memory();
        close(fd);
        return NULL;
    }
    size_t done = 0;
    while (done < *ret_bytes) {
        ssize_t got = read(fd, text + done, *ret_bytes - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            complain(verb, "%s: cannot read: %s", path,
                     got < 0 ? strerror(errno) : "it became shorter meanwhile");
            close(fd);
            return NULL;
        }
        done += (size_t)got;
    }
    close(fd);
    return text;
}

/* Digits and a tab behind them. */
static bool take_number(char **at, uint64_t *ret) {
    uint64_t value = 0;
    char *digit = *at;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        uint64_t next = (uint64_t)(*digit - '0');
        if (value > (UINT64_MAX - next) / 10) {
            return false;
        }
        value = value * 10 + next;
    }
    if (digit == *at || *digit != '\t') {
        return false;
    }
    *at = digit + 1;
    *ret = value;
    return true;
}

/* A component that ended between the snapshots is still the same one. */
static void drop_ended(char *what) {
    char *mark = strstr(what, ended);
    if (mark) {
        memmove(mark, mark + sizeof(ended) - 2, strlen(mark + sizeof(ended) - 2) + 1);
    }
}

static bool is_clean(const char *text) {
    for (; *text; text++) {
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool parse_line(char *text, struct diff_line *ret, unsigned side) {
    uint64_t oldest;
    if (!is_clean(text) || !take_number(&text, &ret->bytes[side]) ||
        !take_number(&text, &ret->count[side])) {
        return false;
    }
    text += *text == '-';
    if (!take_number(&text, &oldest)) {
        return false;
    }
    char *tab = strchr(text, '\t');
    if (!tab || tab == text || tab[1] == '\0' || strchr(tab + 1, '\t')) {
        return false;
    }
    *tab = '\0';
    ret->site = tab + 1;
    drop_ended(text);
    ret->what = text;
    return true;
}

/* FNV-1a (Fowler, Noll, Vo). */
static uint32_t hash(uint32_t from, const char *text) {
    for (; *text; text++) {
        from = (from ^ (unsigned char)*text) * 16777619u;
    }
    return from;
}

/* Where a line of that type and site is, or goes. */
static struct diff_line *find(struct diff_input *input, const struct diff_line *line) {
    size_t at = hash(hash(2166136261u, line->what) * 16777619u, line->site) % PLACES;
    struct diff_line *place = &input->lines[at];
    while (place->what &&
           (strcmp(place->what, line->what) != 0 || strcmp(place->site, line->site) != 0)) {
        at = (at + 1) % PLACES;
        place = &input->lines[at];
    }
    return place;
}

/* NULL, or what is wrong. Pools of one name are one line. */
static const char *add_line(struct diff_input *input, char *text, unsigned side) {
    struct diff_line line = {.what = NULL};
    if (!parse_line(text, &line, side)) {
        return "not a line of a snapshot";
    }
    struct diff_line *place = find(input, &line);
    if (!place->what) {
        if (input->n_lines == LINES_MAX) {
            return "too many lines";
        }
        input->n_lines++;
        place->what = line.what;
        place->site = line.site;
    }
    if (__builtin_add_overflow(place->bytes[side], line.bytes[side], &place->bytes[side]) ||
        __builtin_add_overflow(place->count[side], line.count[side], &place->count[side]) ||
        place->bytes[side] > INT64_MAX / LINES_MAX || place->count[side] > INT64_MAX / LINES_MAX) {
        return "numbers that no memory has";
    }
    return NULL;
}

static int complain_line(const char *path, size_t number, const char *what) {
    complain(verb, "%s: line %zu: %s", path, number, what);
    return CLI_BAD_USAGE;
}

static int add_lines(struct diff_input *input, const char *path, char *text, unsigned side) {
    for (size_t number = 3; *text; number++) {
        char *end = strchr(text, '\n');
        if (!end) {
            return complain_line(path, number, "is truncated");
        }
        *end = '\0';
        const char *wrong = add_line(input, text, side);
        if (wrong) {
            return complain_line(path, number, wrong);
        }
        text = end + 1;
    }
    return CLI_OK;
}

int diff_input_read(struct diff_input *input, const char *path, unsigned side) {
    size_t n_bytes;
    int status;
    if (!input->lines) {
        input->lines = replay_memory_take(&input->memory, PLACES, sizeof(*input->lines));
        input->n_places = PLACES;
        if (!input->lines) {
            return complain_memory();
        }
    }
    char *text = read_file(input, path, &n_bytes, &status);
    if (!text) {
        return status;
    }
    if (strncmp(text, head, HEAD_BYTES) != 0 || strlen(text) != n_bytes) {
        bool is_start = n_bytes < HEAD_BYTES && strncmp(text, head, n_bytes) == 0;
        complain(verb, "%s: %s", path,
                 is_start ? "is truncated" : "is not a snapshot of mempool_snapshot(3)");
        return CLI_BAD_USAGE;
    }
    return add_lines(input, path, text + HEAD_BYTES, side);
}

void diff_input_pack(struct diff_input *input) {
    size_t n = 0;
    for (size_t at = 0; at < input->n_places; at++) {
        if (input->lines[at].what) {
            input->lines[n++] = input->lines[at];
        }
    }
    input->n_places = n;
}
