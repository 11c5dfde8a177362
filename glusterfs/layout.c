/* SPDX-License-Identifier: MIT */
/* Layouts, and how to tell the release. */
#include "layout.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
enum { MACHINE_IS_KNOWN = 1 };
#else
enum { MACHINE_IS_KNOWN = 0 };
#endif

/* x86-64, without DEBUG. The fields: releases; xlator_t's name, ctx, mem_acct; glusterfs_ctx_t's
 * mem_acct_enable; a record's typestr, num_allocs. */
static const struct layout layouts[] = {
    {10, 0, 1, 0, 4040, 4080, 992, 0, 8},
    {10, 2, 3, 0, 3952, 3992, 992, 0, 8},
    {10, 4, 5, 0, 3952, 3992, 992, 8, 0},
    {11, 0, 1, 0, 176, 216, 668, 8, 0},
};

const struct layout *layout_of_release(const char *release) {
    char *end;
    unsigned long major = strtoul(release, &end, 10);
    if (end == release || *end != '.') {
        return NULL;
    }
    const char *from = end + 1;
    unsigned long minor = strtoul(from, &end, 10);
    /* "10.3" or "10.3-5", but not "10.3rc0". */
    if (end == from || (*end != '\0' && *end != '-' && *end != '.')) {
        return NULL;
    }
    for (size_t i = 0; MACHINE_IS_KNOWN && i < sizeof layouts / sizeof layouts[0]; i++) {
        if (layouts[i].major == major && layouts[i].minor_first <= minor &&
            minor <= layouts[i].minor_last) {
            return &layouts[i];
        }
    }
    return NULL;
}

struct search {
    uintptr_t address; /* in the library */
    char *release;
};

static void copy_release(char *ret, const char *from, const char *end) {
    size_t n = 0;
    while (from + n < end && from[n] > ' ' && from[n] <= '~' && n < RELEASE_TEXT_BYTES - 1) {
        ret[n] = from[n];
        n++;
    }
    ret[n] = '\0';
}

static void search_segment(const char *start, size_t bytes, char *ret_release) {
    static const char before[] = "package-string: glusterfs ";
    const char *at = memmem(start, bytes, before, sizeof before - 1);
    if (at != NULL) {
        copy_release(ret_release, at + sizeof before - 1, start + bytes);
    }
}

static int search_image(struct dl_phdr_info *image, size_t size, void *argument) {
    struct search *search = argument;
    (void)size;
    bool is_it = false;
    for (int i = 0; i < image->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &image->dlpi_phdr[i];
        uintptr_t start = image->dlpi_addr + header->p_vaddr;
        is_it = is_it || (header->p_type == PT_LOAD && search->address >= start &&
                          search->address - start < header->p_memsz);
    }
    for (int i = 0; is_it && i < image->dlpi_phnum && search->release[0] == '\0'; i++) {
        const ElfW(Phdr) *header = &image->dlpi_phdr[i];
        if (header->p_type == PT_LOAD && (header->p_flags & (PF_R | PF_W)) == PF_R) {
            search_segment((const char *)(image->dlpi_addr + header->p_vaddr), header->p_filesz,
                           search->release);
        }
    }
    return is_it;
}

void layout_release_of_library(const void *function, char ret_release[RELEASE_TEXT_BYTES]) {
    struct search search = {(uintptr_t)function, ret_release};
    ret_release[0] = '\0';
    (void)dl_iterate_phdr(search_image, &search);
}

/* A translator and a context as they would be, made of zeros. */
struct scratch {
    char context[SCRATCH_BYTES], translator[SCRATCH_BYTES];
};

static struct glusterfs_records *init_scratch(const struct layout *layout, struct scratch *scratch,
                                              int (*records_init)(void *translator, int n_types)) {
    const char *context = scratch->context;
    struct glusterfs_records *records = NULL;
    memset(scratch->translator, 0, sizeof scratch->translator);
    memcpy(scratch->translator + layout->translator_context, &context, sizeof context);
    if (records_init(scratch->translator, SCRATCH_TYPES) == 0) {
        memcpy(&records, scratch->translator + layout->translator_records, sizeof records);
    }
    return records;
}

bool layout_fits(const struct layout *layout, int (*records_init)(void *translator, int n_types)) {
    struct scratch *scratch = calloc(1, sizeof *scratch);
    int on = 1;
    if (scratch == NULL) {
        return false;
    }
    /* Off: none. On: some, where we expect them, and they say what they are. */
    bool fits = init_scratch(layout, scratch, records_init) == NULL;
    memcpy(scratch->context + layout->context_accounting, &on, sizeof on);
    struct glusterfs_records *records = init_scratch(layout, scratch, records_init);
    fits = fits && records != NULL && records->n_types == SCRATCH_TYPES &&
           records->references == 1;
    free(records);
    free(scratch);
    return fits;
}
