/* SPDX-License-Identifier: MIT */
/* mempool_leak_report: the census as text for people. mempool_mark. */
#include "base/attributes.h"
#include "base/bits.h"
#include "cache/thread.h"
#include "observe/census.h"
#include "observe/output.h"
#include "pool/runtime.h"
#include "vm/space.h"

#include <mempool/observe.h>

#include <errno.h>
#include <string.h>

enum { TOP = 20, STDERR = 2 };

static void write_sums(struct output *output, const struct census *census, size_t shown) {
    struct text *text = output_line(output);
    text_add(text, "mempool: live: count=");
    text_add_unsigned(text, census->count);
    text_add(text, " bytes=");
    text_add_unsigned(text, census->bytes);
    text_add(text, " call-sites=");
    text_add_unsigned(text, census->n_groups);
    text_add(text, " shown=");
    text_add_unsigned(text, shown);
    if (census->since != 0) {
        text_add(text, " since-mark=");
        text_add_unsigned(text, census->since);
    }
    text_add(text, "\n");
}

static void write_sites(struct output *output, const struct census *census, size_t shown) {
    text_add(output_line(output), "       bytes       count  oldest-s  "
                                  "what                             got at\n");
    for (size_t i = 0; i < shown; i++) {
        const struct census_group *group = &census->groups[i];
        struct text *text = output_line(output);
        output_number(text, group->bytes, 12);
        output_number(text, group->count, 12);
        output_number(text, (uint64_t)group->oldest_seconds, 10);
        text_add(text, "  ");
        output_name(text, group->whose, 32);
        text_add(text, " ");
        (void)output_site(text, group->site);
        text_add(text, "\n");
    }
}

static void write_ages(struct output *output, const struct census *census, size_t most) {
    text_add(output_line(output), "mempool: ages:\n       <10 s       <1 m      <10 m       "
                                  "<1 h       <1 d      older  what\n");
    for (size_t i = 0; i < census->n_groups && i < most; i++) {
        const struct census_group *group = &census->groups[i];
        struct text *text = output_line(output);
        for (size_t age = 0; age < CENSUS_AGES; age++) {
            output_number(text, group->ages[age], age == 0 ? 12 : 11);
        }
        text_add(text, "  ");
        output_name(text, group->whose, 0);
        text_add(text, "\n");
    }
}

static int write_report(int fd, const struct mempool_leak_options *options) {
    struct output output;
    struct census census = {.since = options->since, .min_seconds = options->min_age_seconds};
    int result = census_take(&census);
    if (result != 0) {
        return result;
    }
    census_sort(&census);
    size_t shown = min_size(census.n_groups, options->top != 0 ? options->top : TOP);
    output_begin(&output, fd);
    write_sums(&output, &census, shown);
    if (shown > 0) {
        write_sites(&output, &census, shown);
    }
    if (shown > 0 && (options->flags & MEMPOOL_LEAK_NO_AGES) == 0) {
        census_join_sites(&census);
        write_ages(&output, &census, shown);
    }
    output_flush(&output);
    census_end(&census);
    return output.result;
}

MEMPOOL_API int mempool_leak_report(int fd, const struct mempool_leak_options *options_or_null) {
    static const struct mempool_leak_options all = {.struct_size = sizeof all};
    const struct mempool_leak_options *options = options_or_null;
    int saved_errno = errno;
    int result = -EINVAL;
    if (options == NULL) {
        options = &all;
    }
    if (options->struct_size >= sizeof *options && (options->flags & ~MEMPOOL_LEAK_NO_AGES) == 0) {
        result = runtime_start();
    }
    if (result == 0) {
        result = write_report(fd, options);
    }
    errno = saved_errno;
    return result;
}

/* The process ends normally, or the library is unloaded. */
__attribute__((destructor)) static void report_at_exit(void) {
    const char *setting = sys_environment("MEMPOOL_LEAKS_AT_EXIT");
    if (setting == NULL || setting[0] == '\0' || strcmp(setting, "0") == 0 || !space.ready) {
        return;
    }
    if (strcmp(setting, "1") == 0) {
        (void)mempool_leak_report(STDERR, NULL);
        return;
    }
    int fd = sys_create(setting);
    if (fd >= 0) {
        (void)mempool_leak_report(fd, NULL);
        sys_close(fd);
    }
}

MEMPOOL_API mempool_mark_t mempool_mark(void) {
    return runtime_start() == 0 ? thread_clock_step() : 1;
}
