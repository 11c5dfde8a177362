/* SPDX-License-Identifier: MIT */
/* The files that a process had mapped, as its core file tells. */
#include "inspect/core_maps.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The note: how many, bytes of a page, then for each start, end, and offset in pages; then as many
 * names, each with a NUL. */
struct entry {
    uint64_t start, end, pages;
};

static const char *without_deleted(char *path, struct mapped *mapped) {
    static const char deleted[] = " (deleted)";
    size_t length = strlen(path), tail = sizeof(deleted) - 1;
    if (length > tail && strcmp(path + length - tail, deleted) == 0) {
        path[length - tail] = '\0';
        mapped->is_deleted = true;
    }
    return path;
}

static int add_entries(struct mapped_list *list, const char *entries, uint64_t n,
                       uint64_t page_bytes, char *names, const char *names_end) {
    int result = 0;
    for (uint64_t i = 0; i < n && result == 0 && names < names_end; i++) {
        struct entry entry;
        memcpy(&entry, entries + i * sizeof(entry), sizeof(entry));
        struct mapped mapped = {.start = entry.start, .end = entry.end};
        char *name = names;
        names += strlen(name) + 1;
        if (entry.start < entry.end &&
            (list->n == 0 || entry.start >= list->list[list->n - 1].end)) {
            mapped.file_offset = entry.pages * page_bytes;
            mapped.path = without_deleted(name, &mapped);
            result = mapped_add(list, &mapped);
        }
    }
    return result;
}

int core_maps_add(struct mapped_list *ret, const char *described, size_t n) {
    uint64_t head[2];
    if (ret->text || n < sizeof(head)) {
        return 0;
    }
    memcpy(head, described, sizeof(head));
    size_t room = (n - sizeof(head)) / sizeof(struct entry);
    if (head[0] > room) {
        return 0;
    }
    size_t names_at = sizeof(head) + (size_t)head[0] * sizeof(struct entry);
    ret->text = malloc(n - names_at + 1);
    if (!ret->text) {
        return -ENOMEM;
    }
    memcpy(ret->text, described + names_at, n - names_at);
    ret->text[n - names_at] = '\0';
    return add_entries(ret, described + sizeof(head), head[0], head[1], ret->text,
                       ret->text + (n - names_at));
}

void core_maps_add_rights(struct mapped_list *list, uint64_t start, uint64_t bytes,
                          unsigned flags) {
    unsigned rights = ((flags & PF_R) ? MAPPED_READ : 0u) | ((flags & PF_W) ? MAPPED_WRITE : 0u) |
                      ((flags & PF_X) ? MAPPED_EXECUTE : 0u);
    size_t low = 0, high = list->n;
    while (low < high) { /* the first that does not begin before the segment */
        size_t middle = low + (high - low) / 2;
        if (list->list[middle].start < start) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < list->n && list->list[low].start - start < bytes; low++) {
        list->list[low].rights = rights;
        list->list[low].has_rights = true;
    }
}
