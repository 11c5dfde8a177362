/* SPDX-License-Identifier: MIT */
/* What a process has mapped where. */
#include "inspect/mapped.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "inspect/proc_file.h"

enum { MAPS_BYTES_MAX = 256 << 20 };

int mapped_add(struct mapped_list *list, const struct mapped *mapped) {
    if (list->n == list->room) {
        size_t room = list->room ? list->room * 2 : 256;
        struct mapped *larger = realloc(list->list, room * sizeof(*larger));
        if (!larger) {
            return -ENOMEM;
        }
        list->list = larger;
        list->room = room;
    }
    list->list[list->n++] = *mapped;
    return 0;
}

/* A number in base 10 or 16 and the byte that has to be behind it. */
static bool take_number(char **at, int base, char behind, uint64_t *ret) {
    char *end;
    *ret = strtoull(*at, &end, base);
    if (end == *at || *end != behind) {
        return false;
    }
    *at = end + 1;
    return true;
}

static bool take_rights(char **at, unsigned *ret) {
    const char *word = *at;
    if (strnlen(word, 5) < 5 || word[4] != ' ') {
        return false;
    }
    *ret = (word[0] == 'r' ? MAPPED_READ : 0u) | (word[1] == 'w' ? MAPPED_WRITE : 0u) |
           (word[2] == 'x' ? MAPPED_EXECUTE : 0u) | (word[3] == 's' ? MAPPED_SHARED : 0u);
    *at += 5;
    return true;
}

static void take_path(struct mapped *mapped, char *path) {
    static const char deleted[] = " (deleted)";
    size_t length = strlen(path), tail = sizeof(deleted) - 1;
    if (length > tail && strcmp(path + length - tail, deleted) == 0) {
        path[length - tail] = '\0';
        mapped->is_deleted = true;
    }
    mapped->path = path;
}

/* "start-end rwxp offset major:minor inode   path" */
static bool parse_line(struct mapped *mapped, char *line) {
    uint64_t major, minor;
    *mapped = (struct mapped){.path = "", .has_rights = true};
    if (!take_number(&line, 16, '-', &mapped->start) ||
        !take_number(&line, 16, ' ', &mapped->end) || !take_rights(&line, &mapped->rights) ||
        !take_number(&line, 16, ' ', &mapped->file_offset) ||
        !take_number(&line, 16, ':', &major) || !take_number(&line, 16, ' ', &minor) ||
        mapped->start >= mapped->end) {
        return false;
    }
    mapped->device = makedev((unsigned)major, (unsigned)minor);
    mapped->inode = strtoull(line, &line, 10);
    take_path(mapped, line + strspn(line, " "));
    return true;
}

int mapped_parse(struct mapped_list *ret, char *text) {
    struct mapped mapped;
    int result = 0;
    ret->text = text;
    for (char *line = text; line && *line && result == 0;) {
        char *end = strchr(line, '\n');
        if (end) {
            *end = '\0';
        }
        /* A file that was read while it changed may tell one twice. */
        if (parse_line(&mapped, line) &&
            (ret->n == 0 || mapped.start >= ret->list[ret->n - 1].end)) {
            result = mapped_add(ret, &mapped);
        }
        line = end ? end + 1 : NULL;
    }
    return result;
}

int mapped_read(struct mapped_list *ret, int folder) {
    char *text = NULL;
    int64_t n = proc_file_read(folder, "maps", MAPS_BYTES_MAX, &text);
    return n < 0 ? (int)n : mapped_parse(ret, text);
}

const struct mapped *mapped_find(const struct mapped_list *list, uint64_t address) {
    size_t low = 0, high = list->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (address < list->list[middle].start) {
            high = middle;
        } else if (address >= list->list[middle].end) {
            low = middle + 1;
        } else {
            return &list->list[middle];
        }
    }
    return NULL;
}

void mapped_release(struct mapped_list *list) {
    free(list->list);
    free(list->text);
    *list = (struct mapped_list){.n = 0};
}
