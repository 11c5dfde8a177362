/* SPDX-License-Identifier: MIT */
/* Reading what mempool_snapshot wrote: nothing in the file is trusted. */
#include "cli/snapshot.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/text_file.h"
#include "cli/verb.h"

static const char head[] = "mempool-snapshot 2\n"
                           "bytes count oldest-s what site image offset build-id\n";
static const char any_version[] = "mempool-snapshot ";
static const char end_word[] = "end ";
static const char ended[] = " (ended):";
static const char none[] = "-";

enum {
    PLACES = 1 << 18, /* of the table, twice as many as lines */
    LINES_MAX = PLACES / 2,
    FIRST_LINE = 3, /* behind the head */
    HEAD_BYTES = sizeof(head) - 1,
    END_WORD_BYTES = sizeof(end_word) - 1,
    COLUMNS = 8,
    BUILD_ID_DIGITS_MAX = 128,
};

enum column {
    BYTES,
    COUNT,
    OLDEST,
    WHAT,
    SITE,
    IMAGE,
    OFFSET,
    BUILD_ID,
};

/* One file being read. */
struct reading {
    struct snapshot_set *set;
    const char *path;
    unsigned side;
};

/* Digits and nothing else. */
static bool parse_number(const char *text, uint64_t *ret) {
    uint64_t value = 0;
    const char *digit = text;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        uint64_t next = (uint64_t)(*digit - '0');
        if (value > (UINT64_MAX - next) / 10) {
            return false;
        }
        value = value * 10 + next;
    }
    if (digit == text || *digit != '\0') {
        return false;
    }
    *ret = value;
    return true;
}

/* -1: no hexadecimal digit. */
static int hex_digit(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool parse_hex(const char *text, uint64_t *ret) {
    uint64_t value = 0;
    if (strncmp(text, "0x", 2) != 0 || text[2] == '\0') {
        return false;
    }
    for (text += 2; *text; text++) {
        int digit = hex_digit(*text);
        if (digit < 0 || value >> 60 != 0) {
            return false;
        }
        value = value << 4 | (unsigned)digit;
    }
    *ret = value;
    return true;
}

/* Undo the library's escapes, in place. */
static bool unescape(char *text) {
    char *to = text;
    for (; *text; text++) {
        if (*text != '\\') {
            *to++ = *text;
            continue;
        }
        int high = text[1] == 'x' ? hex_digit(text[2]) : -1;
        int low = high >= 0 ? hex_digit(text[3]) : -1;
        if (low < 0 || (high == 0 && low == 0)) {
            return false;
        }
        *to++ = (char)(high << 4 | low);
        text += 3;
    }
    *to = '\0';
    return true;
}

static bool is_build_id(const char *text) {
    size_t n = 0;
    while (text[n] && hex_digit(text[n]) >= 0) {
        n++;
    }
    return text[n] == '\0' && n % 2 == 0 && n <= BUILD_ID_DIGITS_MAX;
}

/* A component that ended between the snapshots is still the same one. */
static void drop_ended(char *what) {
    char *mark = strstr(what, ended);
    if (mark) {
        memmove(mark, mark + sizeof(ended) - 2, strlen(mark + sizeof(ended) - 2) + 1);
    }
}

/* Exactly so many columns, none of them empty, without control characters. */
static bool split(char *text, char *columns[COLUMNS]) {
    size_t n = 0;
    columns[0] = text;
    for (; *text; text++) {
        if (*text == '\t') {
            *text = '\0';
            if (columns[n][0] == '\0' || ++n == COLUMNS) {
                return false;
            }
            columns[n] = text + 1;
        } else if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            return false;
        }
    }
    return n + 1 == COLUMNS && columns[n][0] != '\0';
}

/* Where the code is: all of it, or nothing. */
static bool parse_image(char *columns[COLUMNS], struct snapshot_line *ret) {
    if (strcmp(columns[IMAGE], none) == 0) {
        return strcmp(columns[OFFSET], none) == 0 && strcmp(columns[BUILD_ID], none) == 0;
    }
    if (!unescape(columns[IMAGE]) || !parse_hex(columns[OFFSET], &ret->offset)) {
        return false;
    }
    ret->image = columns[IMAGE];
    if (strcmp(columns[BUILD_ID], none) != 0) {
        ret->build_id = columns[BUILD_ID];
        return is_build_id(ret->build_id);
    }
    return true;
}

static bool parse_line(char *text, struct snapshot_line *ret, unsigned side) {
    char *columns[COLUMNS];
    if (!split(text, columns) || !parse_number(columns[BYTES], &ret->bytes[side]) ||
        !parse_number(columns[COUNT], &ret->count[side]) ||
        !parse_number(columns[OLDEST], &ret->oldest_seconds[side]) || !parse_image(columns, ret)) {
        return false;
    }
    drop_ended(columns[WHAT]);
    ret->what = columns[WHAT];
    ret->site = columns[SITE];
    return true;
}

/* FNV-1a (Fowler, Noll, Vo). */
static uint32_t hash(uint32_t from, const char *text) {
    for (; *text; text++) {
        from = (from ^ (unsigned char)*text) * 16777619u;
    }
    return from * 16777619u;
}

static const char *image_of(const struct snapshot_line *line) {
    return line->image ? line->image : "";
}

/* Functions of one name in two files are two. */
static bool is_same(const struct snapshot_set *set, const struct snapshot_line *left,
                    const struct snapshot_line *right) {
    bool is_by_offset = set->is_by_offset && left->image && right->image;
    return strcmp(left->what, right->what) == 0 && strcmp(image_of(left), image_of(right)) == 0 &&
           (is_by_offset ? left->offset == right->offset : strcmp(left->site, right->site) == 0);
}

static size_t place_of(const struct snapshot_set *set, const struct snapshot_line *line) {
    uint32_t key = hash(hash(2166136261u, line->what), image_of(line));
    if (set->is_by_offset && line->image) {
        return (key ^ (uint32_t)line->offset) * 16777619u % PLACES;
    }
    return hash(key, line->site) % PLACES;
}

/* That line, which is a new one where nothing is known of it yet; NULL: there are too many. */
static struct snapshot_line *find(struct snapshot_set *set, const struct snapshot_line *line) {
    size_t at = place_of(set, line);
    while (set->places[at] != 0 && !is_same(set, &set->lines[set->places[at] - 1], line)) {
        at = (at + 1) % PLACES;
    }
    if (set->places[at] == 0) {
        if (set->n_lines == LINES_MAX) {
            return NULL;
        }
        struct snapshot_line *made = &set->lines[set->n_lines++];
        made->what = line->what;
        made->site = line->site;
        made->image = line->image;
        made->offset = line->offset;
        set->places[at] = (uint32_t)set->n_lines;
    }
    return &set->lines[set->places[at] - 1];
}

/* False: no memory. */
static bool make_room(struct snapshot_set *set) {
    if (!set->lines) {
        set->lines = replay_memory_take(&set->memory, LINES_MAX, sizeof(*set->lines));
        set->places = replay_memory_take(&set->memory, PLACES, sizeof(*set->places));
    }
    return set->lines && set->places;
}

const char *snapshot_add(struct snapshot_set *set, const struct snapshot_line *line,
                         unsigned side) {
    struct snapshot_line *place = make_room(set) ? find(set, line) : NULL;
    if (!place) {
        return set->places ? "too many lines" : "out of memory";
    }
    /* The program may have been built anew between two snapshots. */
    place->build_id = line->build_id;
    place->offset = line->offset;
    if (line->oldest_seconds[side] > place->oldest_seconds[side]) {
        place->oldest_seconds[side] = line->oldest_seconds[side];
    }
    if (__builtin_add_overflow(place->bytes[side], line->bytes[side], &place->bytes[side]) ||
        __builtin_add_overflow(place->count[side], line->count[side], &place->count[side]) ||
        place->bytes[side] > INT64_MAX / LINES_MAX || place->count[side] > INT64_MAX / LINES_MAX) {
        return "numbers that no memory has";
    }
    return NULL;
}

/* NULL, or what is wrong. */
static const char *add_line(const struct reading *reading, char *text) {
    struct snapshot_line line = {.what = NULL};
    if (!parse_line(text, &line, reading->side)) {
        return "not a line of a snapshot";
    }
    return snapshot_add(reading->set, &line, reading->side);
}

static int refuse(const struct reading *reading, const char *what) {
    complain(reading->set->verb, "%s: %s", reading->path, what);
    return CLI_BAD_USAGE;
}

static int refuse_line(const struct reading *reading, size_t number, const char *what) {
    complain(reading->set->verb, "%s: line %zu: %s", reading->path, number, what);
    return CLI_BAD_USAGE;
}

/* The last line, with how many went before it. */
static int check_end(const struct reading *reading, size_t number, char *text, char *line_end) {
    uint64_t n_said;
    if (line_end[1] != '\0') {
        return refuse_line(reading, number + 1, "text behind the end");
    }
    if (!parse_number(text + END_WORD_BYTES, &n_said)) {
        return refuse_line(reading, number, "not a line of a snapshot");
    }
    if (n_said != number - FIRST_LINE) {
        return refuse_line(reading, number, "lines are missing before it, or there are too many");
    }
    return CLI_OK;
}

static int add_lines(const struct reading *reading, char *text) {
    for (size_t number = FIRST_LINE; *text; number++) {
        char *line_end = strchr(text, '\n');
        if (!line_end) {
            return refuse_line(reading, number, "is truncated");
        }
        *line_end = '\0';
        if (strncmp(text, end_word, END_WORD_BYTES) == 0) {
            return check_end(reading, number, text, line_end);
        }
        const char *wrong = add_line(reading, text);
        if (wrong) {
            return refuse_line(reading, number, wrong);
        }
        text = line_end + 1;
    }
    return refuse(reading, "is truncated: its last line, 'end', is missing");
}

static int check_head(const struct reading *reading, const struct text_file *file) {
    const char *text = file->text;
    if (strlen(text) == file->n_bytes) {
        if (strncmp(text, head, HEAD_BYTES) == 0) {
            return CLI_OK;
        }
        if (strncmp(text, head, file->n_bytes) == 0) {
            return refuse(reading, "is truncated");
        }
        if (strncmp(text, any_version, sizeof(any_version) - 1) == 0) {
            return refuse(reading,
                          "is a snapshot of another version; this command reads version 2");
        }
    }
    return refuse(reading, "is not a snapshot of mempool_snapshot(3)");
}

int snapshot_read(struct snapshot_set *set, const char *path, unsigned side) {
    const struct reading reading = {set, path, side};
    struct text_file file = {
        .verb = set->verb,
        .path = path,
        .kind = "a snapshot",
        .max_bytes = SNAPSHOT_FILE_BYTES_MAX,
    };
    if (!make_room(set)) {
        complain(set->verb, "out of memory");
        return CLI_FAILED;
    }
    int status = text_file_read(&file, &set->memory);
    if (status == CLI_OK) {
        status = check_head(&reading, &file);
    }
    return status == CLI_OK ? add_lines(&reading, file.text + HEAD_BYTES) : status;
}

bool snapshot_is_text(const char *path) {
    char first = '\0';
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = 0;
    do {
        got = fd < 0 ? -1 : read(fd, &first, 1);
    } while (got == 1 && (first == ' ' || first == '\n' || first == '\t' || first == '\r'));
    if (fd >= 0) {
        close(fd);
    }
    return got != 1 || first != '{';
}

void snapshot_release(struct snapshot_set *set) {
    replay_memory_release(&set->memory);
    set->lines = NULL;
    set->places = NULL;
    set->n_lines = 0;
}
