/* SPDX-License-Identifier: MIT */
/* Machine facts from /proc, /sys and uname. */
#include "bench/machine.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__clang__)
#define COMPILER_NAME "clang "
#else
#define COMPILER_NAME "gcc "
#endif

#if defined(__OPTIMIZE__)
#define OPTIMIZED 1
#else
#define OPTIMIZED 0
#endif

/* The rest of the first line of the file that begins with key, blanks and colon skipped. */
static int find_line(const char *path, const char *key, char *ret, size_t bytes) {
    char line[512];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    int found = 0;
    while (!found && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0) {
            const char *text = line + strlen(key);
            text += strspn(text, " \t:");
            line[strcspn(line, "\n")] = '\0';
            (void)snprintf(ret, bytes, "%s", text);
            found = 1;
        }
    }
    (void)fclose(file);
    return found;
}

static double memory_kib(const char *key) {
    char text[64];
    return find_line("/proc/meminfo", key, text, sizeof(text)) ? strtod(text, NULL) : 0.0;
}

size_t machine_available_bytes(void) {
    return (size_t)memory_kib("MemAvailable") * 1024;
}

unsigned machine_n_cpus(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

void machine_cpus(int32_t ret_cpus[2]) {
    cpu_set_t set;
    ret_cpus[0] = -1;
    ret_cpus[1] = -1;
    if (sched_getaffinity(0, sizeof(set), &set) != 0) {
        return;
    }
    /* From the last on: interrupts and the like prefer the first. */
    int found = 0;
    for (int cpu = CPU_SETSIZE - 1; cpu >= 0 && found < 2; cpu--) {
        if (CPU_ISSET((size_t)cpu, &set)) {
            ret_cpus[found++] = cpu;
        }
    }
}

/* "always [madvise] never" -> "madvise" */
static void read_huge_pages(char *ret, size_t bytes) {
    char line[64] = "";
    (void)snprintf(ret, bytes, "unknown");
    if (find_line("/sys/kernel/mm/transparent_hugepage/enabled", "", line, sizeof(line))) {
        const char *begin = strchr(line, '[');
        if (begin != NULL) {
            (void)snprintf(ret, bytes, "%.*s", (int)strcspn(begin + 1, "]"), begin + 1);
        }
    }
}

void machine_read(struct machine_facts *ret) {
    struct utsname name;
    memset(ret, 0, sizeof(*ret));
    if (!find_line("/proc/cpuinfo", "model name", ret->cpu_model, sizeof(ret->cpu_model))) {
        (void)snprintf(ret->cpu_model, sizeof(ret->cpu_model), "unknown");
    }
    ret->cpus = machine_n_cpus();
    ret->memory_gib = memory_kib("MemTotal") / 1024.0 / 1024.0;
    if (uname(&name) == 0) {
        (void)snprintf(ret->kernel, sizeof(ret->kernel), "%.40s %.64s %.40s", name.sysname,
                       name.release, name.machine);
    }
    if (confstr(_CS_GNU_LIBC_VERSION, ret->libc, sizeof(ret->libc)) == 0) {
        (void)snprintf(ret->libc, sizeof(ret->libc), "unknown");
    }
    (void)snprintf(ret->compiler, sizeof(ret->compiler), "%s%s", COMPILER_NAME, __VERSION__);
    read_huge_pages(ret->huge_pages, sizeof(ret->huge_pages));
    if (getloadavg(&ret->load_average, 1) != 1) {
        ret->load_average = -1.0;
    }
    ret->optimized = OPTIMIZED;
}
