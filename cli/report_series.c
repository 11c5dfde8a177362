/* SPDX-License-Identifier: MIT */
/* Reading a series of snapshots, for a page. */
#include "cli/report_series.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "cli/message.h"
#include "cli/verb.h"
#include "cli/whole_file.h"
#include "inspect/file.h"
#include "report/series_page.h"

/* The series, and the snapshots at its ends. */
struct series_files {
    const char *verb;
    struct series *series;
    struct snapshot *first, *last; /* may be the same */
};

static double seconds_of(const struct snapshot *snapshot) {
    return (double)snapshot->taken_seconds + (double)snapshot->taken_microseconds / 1000000;
}

/* Keep it where it is the first or the last so far; give back what is neither any more. */
static void keep(struct series_files *files, struct snapshot *snapshot) {
    bool is_first = !files->first || seconds_of(snapshot) < seconds_of(files->first);
    bool is_last = !files->last || seconds_of(snapshot) >= seconds_of(files->last);
    struct snapshot *before[2] = {is_first ? files->first : NULL, is_last ? files->last : NULL};
    files->first = is_first ? snapshot : files->first;
    files->last = is_last ? snapshot : files->last;
    for (size_t i = 0; i < 2; i++) {
        if (before[i] && before[i] != files->first && before[i] != files->last &&
            (i == 0 || before[1] != before[0])) {
            snapshot_free(before[i]);
        }
    }
    if (!is_first && !is_last) {
        snapshot_free(snapshot);
    }
}

static void forget(struct series_files *files) {
    if (files->first != files->last) {
        snapshot_free(files->first);
    }
    snapshot_free(files->last);
    series_free(files->series);
}

static int add_file(struct series_files *files, const char *path) {
    struct snapshot *snapshot = NULL;
    struct snapshot_error error = {.code = 0};
    int result = snapshot_read_json(&snapshot, path, &error);
    if (result != 0) {
        complain(files->verb, "%s", error.text);
        return result == -ENOMEM ? CLI_FAILED : CLI_BAD_USAGE;
    }
    result = series_add(files->series, snapshot);
    keep(files, snapshot);
    if (result != 0) {
        complain(files->verb, "%s: %s", path, strerror(-result));
        return CLI_FAILED;
    }
    return CLI_OK;
}

/* Of more files than a series holds, evenly many, the first and the last with them. */
static int add_files(struct series_files *files, char *const *paths, int n) {
    int n_taken = n < SERIES_SNAPSHOTS ? n : SERIES_SNAPSHOTS, status = CLI_OK;
    for (int i = 0; status == CLI_OK && i < n_taken; i++) {
        int at = n_taken > 1 ? (int)((long long)i * (n - 1) / (n_taken - 1)) : 0;
        status = add_file(files, paths[at]);
    }
    return status;
}

static int write_page(const void *report, FILE *stream) {
    return series_page_write(report, stream);
}

int report_series(const char *verb, char *const *paths, int n, const char *output) {
    struct series_files files = {.verb = verb};
    files.series = series_new((size_t)(n < SERIES_SNAPSHOTS ? n : SERIES_SNAPSHOTS));
    if (!files.series) {
        complain(verb, "%s", strerror(errno));
        return CLI_FAILED;
    }
    int status = add_files(&files, paths, n);
    if (status == CLI_OK && series_finish(files.series) != 0) {
        complain(verb, "%s", strerror(ENOMEM));
        status = CLI_FAILED;
    }
    if (status == CLI_OK) {
        struct series_report report = {files.series, files.first, files.last, (size_t)n};
        status = whole_file_print(verb, output, write_page, &report);
    }
    forget(&files);
    return status;
}
