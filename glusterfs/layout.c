/* SPDX-License-Identifier: MIT */
/* Layouts, and how to tell the release. */
#include "layout.h"

#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* x86-64. */
static const struct layout layouts[] = {
    {
        .major = 10,
        .minor_first = 0,
        .minor_last = 3,
        .translator_name = 0,
        .translator_context = 3952,
        .translator_records = 3992,
        .context_accounting = 992,
        .record_type_name = 0,
        .record_allocations = 8,
    },
};

const struct layout *layout_of_release(const char *release) {
#if defined(__x86_64__)
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
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        if (layouts[i].major == major && layouts[i].minor_first <= minor &&
            minor <= layouts[i].minor_last) {
            return &layouts[i];
        }
    }
#else
    (void)release;
#endif
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
