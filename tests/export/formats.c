/* SPDX-License-Identifier: MIT */
/* The sample in a format.
 *
 * usage: formats json|json-core|openmetrics|statedump [EXPECTED-FILE]
 *
 * Compared with a file to the byte, or written to standard output for other tests to read. */
#include "export/export.h"
#include "golden.h"
#include "sample.h"

struct written {
    char text[GOLDEN_TEXT_BYTES];
    size_t length;
};

static int write_to_text(void *arg, const char *bytes, size_t n) {
    struct written *written = arg;
    CHECK(n < sizeof written->text - written->length);
    memcpy(written->text + written->length, bytes, n);
    written->length += n;
    return 0;
}

static void write_format(const char *format, struct export_output *output) {
    struct snapshot *sample = sample_snapshot(), *core = sample_core();
    const struct snapshot *both[] = {sample, core};
    if (strcmp(format, "json") == 0) {
        export_json(sample, output);
    } else if (strcmp(format, "json-core") == 0) {
        export_json(core, output);
    } else if (strcmp(format, "openmetrics") == 0) {
        export_openmetrics(both, 2, output);
    } else {
        CHECK(strcmp(format, "statedump") == 0);
        export_statedump(sample, output);
    }
    snapshot_free(sample);
    snapshot_free(core);
}

int main(int argc, char **argv) {
    static struct written written;
    struct export_output output;
    CHECK(argc == 2 || argc == 3);
    if (argc == 2) {
        export_begin_fd(&output, STDOUT_FILENO);
    } else {
        export_begin(&output, write_to_text, &written);
    }
    write_format(argv[1], &output);
    CHECK_EQUAL(export_end(&output), 0);
    return argc == 2 ? 0 : golden_compare(argv[2], written.text);
}
