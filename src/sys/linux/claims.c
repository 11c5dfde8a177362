/* SPDX-License-Identifier: MIT */
/* Where memory lies that /proc/self/smaps shows without a name: threads' stacks, and the zeroed
 * data (bss) of images.
 *
 * The kernel knows no stacks but the first thread's. It does know each thread's list of robust
 * mutexes, whose head lies in the thread's descriptor, and that is in the last page of its stack,
 * wherever libc or the program put that. A stack reaches down to the start of its mapping (a guard
 * lies below), at most by the default size: so what is claimed is stack, but where threads run on
 * smaller ones, without a guard, inside a mapping that is used for other things, too. */
#include "sys/linux/claims.h"

#include <fcntl.h>
#include <link.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static uintptr_t page_up(uintptr_t address) {
    uintptr_t mask = sys_page_bytes() - 1;
    return (address + mask) & ~mask;
}

static void add(struct sys_residency *residency, struct sys_claim claim) {
    if (residency->n_claims < residency->claims_max && claim.start < claim.end) {
        residency->claims[residency->n_claims++] = claim;
    }
}

/* By the caller, whose claims come first. */
static bool is_claimed(const struct sys_residency *residency, size_t n, uintptr_t address) {
    for (size_t i = 0; i < n; i++) {
        const struct sys_claim *claim = &residency->claims[i];
        if (address >= claim->start && address < claim->end) {
            return true;
        }
    }
    return false;
}

/* ---- stacks -------------------------------------------------------------------------------- */

/* What is the same for all of them. */
struct stacks {
    struct sys_residency *residency;
    size_t n_callers;    /* claims */
    size_t default_bytes;
};

static size_t default_stack_bytes(void) {
    pthread_attr_t attributes;
    size_t bytes = 0;
    if (pthread_getattr_default_np(&attributes) == 0) {
        (void)pthread_attr_getstacksize(&attributes, &bytes);
        (void)pthread_attr_destroy(&attributes);
    }
    return bytes;
}

static void add_stack(const struct stacks *stacks, long thread) {
    struct sys_residency *residency = stacks->residency;
    struct robust_list_head *head = NULL;
    size_t head_bytes;
    if (syscall(SYS_get_robust_list, thread, &head, &head_bytes) != 0 || head == NULL) {
        return;
    }
    uintptr_t end = page_up((uintptr_t)head + 1);
    /* a program that named the mapping knows better */
    if (end > stacks->default_bytes && !is_claimed(residency, stacks->n_callers, end - 1)) {
        add(residency, (struct sys_claim){
            .start = end - stacks->default_bytes,
            .end = end,
            .in_last_mapping = true,
            .resident = &residency->stack,
        });
    }
}

/* A directory entry as the kernel gives it; readdir would allocate from malloc. */
struct entry {
    uint64_t inode;
    int64_t next;
    unsigned short bytes;
    unsigned char type;
    char name[];
};

static void add_stacks(struct sys_residency *residency) {
    _Alignas(struct entry) char entries[2048];
    const struct stacks stacks = {residency, residency->n_claims, default_stack_bytes()};
    int fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    long n;
    while ((n = syscall(SYS_getdents64, fd, entries, sizeof entries)) > 0) {
        for (long at = 0; at < n;) {
            const struct entry *entry = (const void *)&entries[at];
            long thread = strtol(entry->name, NULL, 10); /* 0 for "." and ".." */
            /* the first thread's descriptor is not on its stack */
            if (thread != 0 && thread != getpid()) {
                add_stack(&stacks, thread);
            }
            at += entry->bytes;
        }
    }
    close(fd);
}

/* ---- images -------------------------------------------------------------------------------- */

static int add_image(struct dl_phdr_info *info, size_t info_bytes, void *argument) {
    struct sys_residency *residency = argument;
    (void)info_bytes;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD) {
            uintptr_t start = info->dlpi_addr + segment->p_vaddr;
            add(residency, (struct sys_claim){
                .start = page_up(start + segment->p_filesz),
                .end = page_up(start + segment->p_memsz),
                .resident = &residency->files,
            });
        }
    }
    return 0;
}

/* ---- order --------------------------------------------------------------------------------- */

/* By insertion: qsort may allocate from malloc. */
static void sort(struct sys_claim *claims, size_t n) {
    for (size_t i = 1; i < n; i++) {
        struct sys_claim claim = claims[i];
        size_t at = i;
        for (; at > 0 && claims[at - 1].end > claim.end; at--) {
            claims[at] = claims[at - 1];
        }
        claims[at] = claim;
    }
}

void claims_complete(struct sys_residency *residency) {
    add_stacks(residency);
    (void)dl_iterate_phdr(add_image, residency);
    struct sys_claim *claims = residency->claims;
    sort(claims, residency->n_claims);
    for (size_t i = 1; i < residency->n_claims; i++) {
        if (claims[i].start < claims[i - 1].end) {
            claims[i].start = claims[i - 1].end;
        }
    }
}
