/* SPDX-License-Identifier: MIT */
/* mempool_snapshot: the census as text for programs.
 *
 * A line tells its end and a file its end, so that a file that was cut is never taken for a whole
 * one; columns hold no tab and no newline. */
#include "base/attributes.h"
#include "observe/census.h"
#include "observe/output.h"
#include "pool/runtime.h"
#include "sys/sys.h"

#include <mempool/observe.h>

#include <errno.h>

static const char head[] = "mempool-snapshot 2\n"
                           "bytes count oldest-s what site image offset build-id\n";

/* The first columns of a line. */
static struct text *write_counts(struct output *output, const struct census_group *group) {
    struct text *text = output_line(output);
    text_add_unsigned(text, group->bytes);
    text_add(text, "\t");
    text_add_unsigned(text, group->count);
    text_add(text, "\t");
    text_add_signed(text, group->oldest_seconds);
    text_add(text, "\t");
    return text;
}

static void add_build_id(struct text *text, const struct sys_image *image) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < image->build_id_bytes; i++) {
        text_add_bytes(text, &digits[image->build_id[i] >> 4], 1);
        text_add_bytes(text, &digits[image->build_id[i] & 15], 1);
    }
    if (image->build_id_bytes == 0) {
        text_add(text, "-");
    }
}

/* The last columns: where the code is to be found when the process is gone. */
static void write_image(struct output *output, uintptr_t address, struct sys_image *image) {
    if (address == 0 || !sys_image_of(address, image)) {
        text_add(output_line(output), "\t-\t-\t-\n");
        return;
    }
    text_add(output_line(output), "\t");
    output_escaped(output, image->path);
    struct text *text = output_line(output);
    text_add(text, "\t");
    text_add_hex(text, image->offset);
    text_add(text, "\t");
    add_build_id(text, image);
    text_add(text, "\n");
}

static void write_groups(struct output *output, const struct census *census) {
    struct sys_image image = {.offset = 0};
    for (size_t i = 0; i < census->n_groups; i++) {
        const struct census_group *group = &census->groups[i];
        struct text *text = write_counts(output, group);
        output_name(text, group->whose, 0);
        text_add(text, "\t");
        write_image(output, output_site(text, group->site), &image);
    }
}

static int write_snapshot(int fd) {
    struct output output;
    struct census census = {.since = 0};
    int result = census_take(&census);
    if (result != 0) {
        return result;
    }
    census_sort(&census);
    output_begin(&output, fd);
    text_add(output_line(&output), head);
    write_groups(&output, &census);
    if (census.rest.count > 0) {
        text_add(write_counts(&output, &census.rest), "(rest)\t?\t-\t-\t-\n");
    }
    struct text *text = output_line(&output);
    text_add(text, "end ");
    text_add_unsigned(text, census.n_groups + (census.rest.count > 0 ? 1 : 0));
    text_add(text, "\n");
    output_flush(&output);
    census_end(&census);
    return output.result;
}

MEMPOOL_API int mempool_snapshot(int fd) {
    int saved_errno = errno;
    int result = runtime_start();
    if (result == 0) {
        result = write_snapshot(fd);
    }
    errno = saved_errno;
    return result;
}
