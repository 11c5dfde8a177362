/* SPDX-License-Identifier: MIT */
/* Writes the sample, in a format and a form, to standard output: for profile_test.py. */
#include "export/export.h"
#include "sample.h"
#include "sys/sys.h"

#include <errno.h>

enum { N_MANY = 3000 };

/* As many call sites as fill more than one block. */
static void make_many(struct snapshot *sample) {
    struct snapshot_group *groups = view_take_array(&sample->memory, N_MANY, sizeof *groups);
    CHECK(groups != NULL);
    for (size_t i = 0; i < N_MANY; i++) {
        groups[i] = sample_groups[1];
        groups[i].site = 0x7f1000002000 + i;
        groups[i].count = 1;
        groups[i].bytes = i;
    }
    sample->groups = groups;
    sample->n_groups = N_MANY;
}

static void *no_memory(size_t bytes) {
    (void)bytes;
    return NULL;
}

static struct snapshot *sample_in_form(const char *form) {
    struct snapshot *sample = sample_snapshot();
    sample->has_stacks = strcmp(form, "stacks") == 0;
    if (strcmp(form, "many") == 0) {
        make_many(sample);
    } else if (strcmp(form, "empty") == 0) {
        sample->has_groups = false;
        sample->n_groups = sample->n_images = 0;
    } else if (strcmp(form, "no-memory") == 0) {
        sys_operations.reserve = no_memory;
    } else {
        CHECK(strcmp(form, "groups") == 0 || sample->has_stacks);
    }
    return sample;
}

int main(int argc, char **argv) {
    struct export_output output;
    CHECK(argc == 3);
    struct snapshot *sample = sample_in_form(argv[2]);
    export_begin_fd(&output, 1);
    if (strcmp(argv[1], "pprof") == 0) {
        export_pprof(sample, &output);
    } else {
        CHECK(strcmp(argv[1], "folded") == 0);
        export_folded(sample, &output);
    }
    int result = export_end(&output);
    snapshot_free(sample);
    return -result;
}
