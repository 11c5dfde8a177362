/* SPDX-License-Identifier: MIT */
/* Which processes publish. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspect/proc_file.h"
#include "inspect/process.h"
#include "inspect/published.h"

struct found_list {
    struct process_found *list;
    size_t n, room;
};

static int add(struct found_list *found, int64_t pid, int folder, uint64_t header, int code) {
    if (found->n == found->room) {
        size_t room = found->room ? found->room * 2 : 32;
        struct process_found *larger = realloc(found->list, room * sizeof(*larger));
        if (!larger) {
            return -ENOMEM;
        }
        found->list = larger;
        found->room = room;
    }
    struct process_found *last = &found->list[found->n++];
    *last = (struct process_found){.pid = pid, .header = header, .code = code};
    proc_file_program(folder, last->program, sizeof(last->program));
    return 0;
}

static bool is_refusal(int code) {
    return code == -EACCES || code == -EPERM;
}

static int look(struct found_list *found, int64_t pid, int folder, const struct mapped_list *maps) {
    struct published published = {.header = 0};
    int file = -ENOENT, memory = proc_file_open(folder, "mem");
    int result = published_find(&published, &file, folder, maps, memory, false);
    if (file >= 0) {
        close(file);
    }
    if (memory >= 0) {
        close(memory);
    }
    bool is_one = result == 0 || is_refusal(result) || result == -EBADMSG;
    return is_one ? add(found, pid, folder, published.header, result) : 0;
}

/* One process; that it ends meanwhile is no failure. */
static int add_process(struct found_list *found, int64_t pid, int folder) {
    struct mapped_list maps = {.n = 0};
    int result = mapped_read(&maps, folder);
    if (result == 0) {
        result = look(found, pid, folder, &maps);
    } else if (is_refusal(result)) {
        result = add(found, pid, folder, 0, result);
    } else if (result != -ENOMEM) {
        result = 0;
    }
    mapped_release(&maps);
    return result;
}

static int compare(const void *left, const void *right) {
    const struct process_found *a = left, *b = right;
    if (a->pid != b->pid) {
        return a->pid < b->pid ? -1 : 1;
    }
    return (a->header > b->header) - (a->header < b->header);
}

static int add_all(struct found_list *found, DIR *folder) {
    const struct dirent *entry;
    int result = 0;
    while (result == 0 && (entry = readdir(folder))) {
        char *end;
        long long pid = strtoll(entry->d_name, &end, 10);
        if (*end != '\0' || pid <= 0) {
            continue;
        }
        int process = proc_file_process(pid);
        if (process >= 0) {
            result = add_process(found, pid, process);
            close(process);
        }
    }
    return result;
}

int process_list(struct process_found **ret, size_t *ret_n) {
    struct found_list found = {.n = 0};
    DIR *folder = opendir("/proc");
    if (!folder) {
        return -errno;
    }
    int result = add_all(&found, folder);
    closedir(folder);
    if (result != 0) {
        free(found.list);
        return result;
    }
    if (found.n > 1) {
        qsort(found.list, found.n, sizeof(*found.list), compare);
    }
    *ret = found.list;
    *ret_n = found.n;
    return 0;
}
