/* SPDX-License-Identifier: MIT */
/* What an address is: which mapping, which symbol. Reads /proc/self/maps without malloc. */
#include "base/bits.h"
#include "base/text.h"
#include "sys/linux/proc.h"
#include "sys/sys.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <unistd.h>
/* Not every C library has it. */
#if __has_include(<execinfo.h>)
#include <execinfo.h>
#define HAS_BACKTRACE 1
#endif

enum {
    TINY_BYTES = 64 << 10, /* below this Linux maps nothing by default (vm.mmap_min_addr) */
};

/* One line of /proc/self/maps. */
struct mapping {
    uintptr_t start, end;
    char path[PROC_LINE_BYTES];
};

static bool find_mapping(uintptr_t address, struct mapping *ret) {
    struct proc_reader reader = {.fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)};
    if (reader.fd < 0) {
        return false;
    }
    char line[PROC_LINE_BYTES];
    bool found = false;
    while (!found && proc_next_line(&reader, line, sizeof line)) {
        const char *at = proc_hex(line, &ret->start);
        (void)proc_hex(*at == '-' ? at + 1 : at, &ret->end);
        found = address >= ret->start && address < ret->end;
        if (found) {
            const char *path = strpbrk(line, "/[");
            memcpy(ret->path, path != NULL ? path : "", path != NULL ? strlen(path) + 1 : 1);
        }
    }
    close(reader.fd);
    return found;
}

/* An address looked for among the loaded images, in full or by its low 32 bits. */
struct image_query {
    uintptr_t address;
    bool low_only;
    bool found;
};

static int visit_image(struct dl_phdr_info *info, size_t info_bytes, void *argument) {
    struct image_query *query = argument;
    (void)info_bytes;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD) {
            continue;
        }
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        if (!query->low_only) {
            query->found = query->address - start < segment->p_memsz;
        } else if ((segment->p_flags & PF_X) != 0) {
            /* the first address from `start` on with these low bits */
            uintptr_t offset = (uint32_t)((uint32_t)query->address - (uint32_t)start);
            if (offset < segment->p_memsz) {
                query->address = start + offset;
                query->found = true;
            }
        }
        if (query->found) {
            return 1;
        }
    }
    return 0;
}

uintptr_t sys_code_address(uint32_t low, bool may_lock) {
    if (!may_lock) {
        return low;
    }
    struct image_query query = {.address = low, .low_only = true};
    (void)dl_iterate_phdr(visit_image, &query);
    return query.found ? query.address : 0;
}

/* Beyond what user space gets unless it asks for more. */
static bool beyond_user_space(uintptr_t address) {
    return sizeof address == 8 && (uint64_t)address >> 47 != 0;
}

enum sys_region sys_region_of(const void *pointer, bool may_lock) {
    uintptr_t address = (uintptr_t)pointer;
    char here;
    struct mapping mapping;
    if (address < TINY_BYTES) {
        return SYS_REGION_TINY;
    }
    if (!find_mapping(address, &mapping)) {
        return beyond_user_space(address) ? SYS_REGION_NON_CANONICAL : SYS_REGION_UNMAPPED;
    }
    if (strcmp(mapping.path, "[heap]") == 0) {
        return SYS_REGION_HEAP;
    }
    if (strcmp(mapping.path, "[stack]") == 0 ||
        ((uintptr_t)&here >= mapping.start && (uintptr_t)&here < mapping.end)) {
        return SYS_REGION_STACK;
    }
    struct image_query query = {.address = address, .found = mapping.path[0] == '/'};
    if (may_lock) {
        query.found = false;
        (void)dl_iterate_phdr(visit_image, &query);
    }
    return query.found ? SYS_REGION_IMAGE : SYS_REGION_MAPPED;
}

#if defined(HAS_BACKTRACE)
size_t sys_call_stack(uintptr_t *ret_addresses, size_t max) {
    void *addresses[SYS_CALLS_MAX + 1];
    size_t wanted = min_size(max, SYS_CALLS_MAX) + 1;
    int n = backtrace(addresses, (int)wanted);
    /* the first is in this function */
    for (int i = 1; i < n; i++) {
        ret_addresses[i - 1] = (uintptr_t)addresses[i];
    }
    return n > 0 ? (size_t)n - 1 : 0;
}
#else
size_t sys_call_stack(uintptr_t *ret_addresses, size_t max) {
    (void)ret_addresses;
    (void)max;
    return 0;
}
#endif

void sys_symbol(uintptr_t code_address, struct text *text, bool may_lock) {
    Dl_info info;
    if (code_address == 0) {
        text_add(text, "unknown");
        return;
    }
    if (!may_lock || dladdr((void *)code_address, &info) == 0) {
        text_add_hex(text, code_address);
        return;
    }
    if (info.dli_sname != NULL) {
        text_add(text, info.dli_sname);
        text_add(text, "+");
        text_add_hex(text, code_address - (uintptr_t)info.dli_saddr);
        return;
    }
    const char *slash = strrchr(info.dli_fname, '/');
    text_add(text, slash != NULL ? slash + 1 : info.dli_fname);
    text_add(text, "+");
    text_add_hex(text, code_address - (uintptr_t)info.dli_fbase);
}
