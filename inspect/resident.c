/* SPDX-License-Identifier: MIT */
/* What of another process is resident.
 *
 * The same reading of the same file as in the process itself (sys/linux/residency.c), and the same
 * claims: threads' stacks by their lists of robust mutexes, and the zeroed data of images. */
#include "inspect/resident.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inspect/proc_file.h"
#include "sys/linux/residency.h"

enum {
    LIMITS_BYTES_MAX = 16 << 10,
    PAGES_AT_ONCE = 512,
};

#define STACK_BYTES_UNLIMITED ((uint64_t)2 << 20) /* what glibc takes where there is no limit */
/* What programs have larger mappings for is not looked at page by page: a sanitizer's shadow, a
 * heap's reservation. None of them is a stack or malloc's. */
#define RANGE_BYTES_MAX ((uint64_t)1 << 34)
#define PAGE_PRESENT ((uint64_t)1 << 63) /* in pagemap */

static uint64_t page_up(uint64_t address) {
    uint64_t mask = (uint64_t)sys_page_bytes() - 1;
    return (address + mask) & ~mask;
}

/* ---- single pages ---------------------------------------------------------------------------- */

/* By /proc/PID/pagemap, whose descriptor `process` points to. */
static uint64_t resident_bytes(void *process, uintptr_t start, size_t bytes) {
    const int *pagemap = process;
    uint64_t page_bytes = sys_page_bytes(), resident = 0;
    uint64_t page = start / page_bytes, end = page + bytes / page_bytes;
    uint64_t entries[PAGES_AT_ONCE];
    if (bytes > RANGE_BYTES_MAX) {
        return 0;
    }
    while (page < end && *pagemap >= 0) {
        size_t wanted = end - page < PAGES_AT_ONCE ? (size_t)(end - page) : PAGES_AT_ONCE;
        ssize_t got = pread(*pagemap, entries, wanted * sizeof(entries[0]),
                            (off_t)(page * sizeof(entries[0])));
        if (got <= 0) {
            break;
        }
        size_t n = (size_t)got / sizeof(entries[0]);
        for (size_t i = 0; i < n; i++) {
            resident += (entries[i] & PAGE_PRESENT) ? page_bytes : 0;
        }
        page += n > 0 ? n : end - page;
    }
    return resident;
}

/* ---- claims ---------------------------------------------------------------------------------- */

static void add(struct sys_residency *ret, struct sys_claim claim) {
    if (ret->n_claims < ret->claims_max && claim.start < claim.end) {
        ret->claims[ret->n_claims++] = claim;
    }
}

static bool is_claimed(const struct sys_residency *ret, size_t n, uint64_t address) {
    for (size_t i = 0; i < n; i++) {
        if (address >= ret->claims[i].start && address < ret->claims[i].end) {
            return true;
        }
    }
    return false;
}

static uint64_t default_stack_bytes(int folder) {
    static const char name[] = "Max stack size";
    char *text = NULL;
    int64_t n = proc_file_read(folder, "limits", LIMITS_BYTES_MAX, &text);
    const char *line = n > 0 ? strstr(text, name) : NULL;
    uint64_t bytes = line ? strtoull(line + sizeof(name) - 1, NULL, 10) : 0;
    free(text);
    return bytes > 0 ? page_up(bytes) : STACK_BYTES_UNLIMITED;
}

/* A list's head lies in its thread's descriptor, and that in the last page of the stack. */
static void add_stack(struct sys_residency *ret, size_t n_callers, uint64_t stack_bytes,
                      long thread) {
    struct robust_list_head *head = NULL;
    size_t head_bytes;
    if (syscall(SYS_get_robust_list, thread, &head, &head_bytes) != 0 || !head) {
        return;
    }
    uint64_t end = page_up((uint64_t)(uintptr_t)head + 1);
    if (end > stack_bytes && !is_claimed(ret, n_callers, end - 1)) {
        add(ret, (struct sys_claim){
                     .start = end - stack_bytes,
                     .end = end,
                     .in_last_mapping = true,
                     .resident = &ret->stack,
                 });
    }
}

/* The first thread's descriptor is not on its stack, which has a name. */
static void add_stacks(struct sys_residency *ret, int folder, int64_t pid) {
    size_t n_callers = ret->n_claims;
    uint64_t stack_bytes = default_stack_bytes(folder);
    int fd = openat(folder, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *threads = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    while (threads && (entry = readdir(threads))) {
        long thread = strtol(entry->d_name, NULL, 10); /* 0 for "." and ".." */
        if (thread > 0 && thread != pid) {
            add_stack(ret, n_callers, stack_bytes, thread);
        }
    }
    if (threads) {
        closedir(threads);
    } else if (fd >= 0) {
        close(fd);
    }
}

static void add_image(const struct image *image, void *argument) {
    struct sys_residency *ret = argument;
    for (size_t i = 0; i < image->layout.n_segments; i++) {
        const struct image_segment *segment = &image->layout.segments[i];
        add(ret, (struct sys_claim){
                     .start = page_up(segment->file_end),
                     .end = page_up(segment->end),
                     .resident = &ret->files,
                 });
    }
}

static int compare(const void *left, const void *right) {
    const struct sys_claim *a = left, *b = right;
    return (a->end > b->end) - (a->end < b->end);
}

/* By address, without overlaps. */
static void sort_claims(struct sys_residency *ret) {
    if (ret->n_claims > 1) {
        qsort(ret->claims, ret->n_claims, sizeof(*ret->claims), compare);
    }
    for (size_t i = 1; i < ret->n_claims; i++) {
        if (ret->claims[i].start < ret->claims[i - 1].end) {
            ret->claims[i].start = ret->claims[i - 1].end;
        }
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

int resident_read(struct process *process, const struct images *images, struct sys_residency *ret,
                  uint64_t *ret_arenas) {
    struct residency_libc libc;
    int folder = process_folder(process);
    int smaps = proc_file_open(folder, "smaps");
    if (smaps < 0) {
        return smaps == -ENOENT ? -ESRCH : smaps;
    }
    int pagemap = proc_file_open(folder, "pagemap");
    ret->resident_bytes = resident_bytes;
    ret->process = &pagemap;
    add_stacks(ret, folder, process_pid(process));
    images_each(images, add_image, ret);
    sort_claims(ret);
    residency_read(smaps, ret, &libc);
    close(smaps);
    if (pagemap >= 0) {
        close(pagemap);
    }
    ret->resident_bytes = NULL;
    ret->process = NULL;
    *ret_arenas = libc.arena_bytes;
    return ret->total > 0 ? 0 : -ESRCH;
}
