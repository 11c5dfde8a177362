/* SPDX-License-Identifier: MIT */
/* mempool_leak_report, mempool_snapshot: the census as text.
 *
 * Lines are made in a buffer on the stack and written when it fills up, while nothing is held. */
#include "base/attributes.h"
#include "base/bits.h"
#include "base/text.h"
#include "cache/thread.h"
#include "observe/census.h"
#include "pool/runtime.h"
#include "vm/space.h"

#include <mempool/observe.h>

#include <errno.h>
#include <string.h>

enum { TOP = 20, LINE_BYTES = 1024, NAME_BYTES = 160, SITE_BYTES = 640, STDERR = 2 };

/* What goes to a descriptor. */
struct output {
    int fd;
    int result; /* the first error */
    struct text text;
    char buffer[4096];
};

static void output_begin(struct output *output, int fd) {
    output->fd = fd;
    output->result = 0;
    text_init(&output->text, output->buffer, sizeof output->buffer);
}

static void flush(struct output *output) {
    if (output->result == 0 && output->text.length > 0) {
        output->result = sys_write(output->fd, output->buffer, output->text.length);
    }
    text_init(&output->text, output->buffer, sizeof output->buffer);
}

/* Room for one more line. */
static struct text *line(struct output *output) {
    if (output->text.length + LINE_BYTES > sizeof output->buffer) {
        flush(output);
    }
    return &output->text;
}

/* A number, right-aligned. */
static void add_column(struct text *text, uint64_t value, size_t width) {
    char digits[24];
    struct text number;
    text_init(&number, digits, sizeof digits);
    text_add_unsigned(&number, value);
    for (size_t i = number.length; i < width; i++) {
        text_add(text, " ");
    }
    text_add_bytes(text, digits, number.length);
}

static void add_left(struct text *text, const char *string, size_t width) {
    text_add(text, string);
    for (size_t i = strlen(string); i < width; i++) {
        text_add(text, " ");
    }
}

static void add_name(struct text *text, uint32_t whose, size_t width) {
    char name[NAME_BYTES];
    census_name(whose, name, sizeof name);
    add_left(text, name, width);
}

static void add_site(struct text *text, uint32_t site) {
    uintptr_t address = sys_code_address(site, true);
    if (address != 0) {
        /* However long the name is, the line has its end. */
        char buffer[SITE_BYTES];
        struct text symbol;
        text_init(&symbol, buffer, sizeof buffer);
        sys_symbol(address, &symbol, true);
        text_add_bytes(text, buffer, symbol.length);
    } else {
        text_add(text, "?");
        text_add_hex(text, site);
    }
}

static void write_sums(struct output *output, const struct census *census, size_t shown) {
    struct text *text = line(output);
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
    text_add(line(output), "       bytes       count  oldest-s  what                             "
                           "got at\n");
    for (size_t i = 0; i < shown; i++) {
        const struct census_group *group = &census->groups[i];
        struct text *text = line(output);
        add_column(text, group->bytes, 12);
        add_column(text, group->count, 12);
        add_column(text, (uint64_t)group->oldest_seconds, 10);
        text_add(text, "  ");
        add_name(text, group->whose, 32);
        text_add(text, " ");
        add_site(text, group->site);
        text_add(text, "\n");
    }
}

static void write_ages(struct output *output, const struct census *census, size_t most) {
    text_add(line(output), "mempool: ages:\n       <10 s       <1 m      <10 m       <1 h       "
                           "<1 d      older  what\n");
    for (size_t i = 0; i < census->n_groups && i < most; i++) {
        const struct census_group *group = &census->groups[i];
        struct text *text = line(output);
        for (size_t age = 0; age < CENSUS_AGES; age++) {
            add_column(text, group->ages[age], age == 0 ? 12 : 11);
        }
        text_add(text, "  ");
        add_name(text, group->whose, 0);
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
    flush(&output);
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

/* The first columns of a snapshot's line. */
static struct text *write_counts(struct output *output, const struct census_group *group) {
    struct text *text = line(output);
    text_add_unsigned(text, group->bytes);
    text_add(text, "\t");
    text_add_unsigned(text, group->count);
    text_add(text, "\t");
    text_add_signed(text, group->oldest_seconds);
    text_add(text, "\t");
    return text;
}

MEMPOOL_API int mempool_snapshot(int fd) {
    int saved_errno = errno;
    struct output output;
    struct census census = {.since = 0};
    int result = runtime_start();
    if (result == 0) {
        result = census_take(&census);
    }
    if (result == 0) {
        census_sort(&census);
        output_begin(&output, fd);
        text_add(line(&output), "mempool-snapshot 1\nbytes count oldest-s what site\n");
        for (size_t i = 0; i < census.n_groups; i++) {
            const struct census_group *group = &census.groups[i];
            struct text *text = write_counts(&output, group);
            add_name(text, group->whose, 0);
            text_add(text, "\t");
            add_site(text, group->site);
            text_add(text, "\n");
        }
        if (census.rest.count > 0) {
            text_add(write_counts(&output, &census.rest), "(rest)\t?\n");
        }
        flush(&output);
        result = output.result;
        census_end(&census);
    }
    errno = saved_errno;
    return result;
}

MEMPOOL_API mempool_mark_t mempool_mark(void) {
    return runtime_start() == 0 ? thread_clock_step() : 1;
}
