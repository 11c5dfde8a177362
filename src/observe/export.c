/* SPDX-License-Identifier: MIT */
/* mempool_export: a snapshot of the process itself, in a format. */
#include "base/attributes.h"
#include "export/export.h"
#include "observe/complete.h"
#include "pool/runtime.h"
#include "publish/self.h"

#include <mempool/observe.h>

#include <errno.h>

/* What a format tells. */
struct format {
    unsigned want; /* as snapshot_take has it */
    bool has_ledger;
    void (*write)(const struct snapshot *snapshot, struct export_output *output);
};

static void write_openmetrics(const struct snapshot *snapshot, struct export_output *output) {
    export_openmetrics(&snapshot, 1, output);
}

static const struct format formats[] = {
    [MEMPOOL_EXPORT_STATEDUMP] = {0, true, export_statedump},
    [MEMPOOL_EXPORT_JSON] = {SNAPSHOT_WANT_GROUPS | SNAPSHOT_WANT_STACKS, true, export_json},
    [MEMPOOL_EXPORT_OPENMETRICS] = {0, true, write_openmetrics},
    [MEMPOOL_EXPORT_PPROF] = {SNAPSHOT_WANT_GROUPS | SNAPSHOT_WANT_STACKS, false, export_pprof},
    [MEMPOOL_EXPORT_FOLDED] = {SNAPSHOT_WANT_GROUPS | SNAPSHOT_WANT_STACKS, false, export_folded},
    [MEMPOOL_EXPORT_HEAPPROFILE] = {SNAPSHOT_WANT_GROUPS | SNAPSHOT_WANT_STACKS, false,
                                    export_heapprofile},
};
enum { N_FORMATS = sizeof formats / sizeof formats[0] };

static int write_snapshot(struct snapshot *snapshot, int fd, const struct format *format) {
    struct export_output output;
    int result = format->want != 0 ? complete_code(snapshot) : 0;
    if (result == 0 && format->has_ledger) {
        result = complete_ledger(snapshot);
    }
    if (result != 0) {
        return result;
    }
    export_begin_fd(&output, fd);
    format->write(snapshot, &output);
    return export_end(&output);
}

static int export_self(int fd, const struct format *format) {
    const struct snapshot_options options = {.want = format->want};
    struct view_source source;
    struct snapshot *snapshot;
    struct snapshot_error error;
    int result = runtime_start();
    if (result != 0) {
        return result;
    }
    if (!view_source_self(&source)) {
        return -ENOMEM; /* there was no memory to describe the books */
    }
    result = snapshot_take(&snapshot, &source, &options, &error);
    if (result == 0) {
        result = write_snapshot(snapshot, fd, format);
        snapshot_free(snapshot);
    }
    return result;
}

MEMPOOL_API int mempool_export(int fd, enum mempool_export_format format) {
    int saved_errno = errno;
    int result = (unsigned)format < N_FORMATS ? export_self(fd, &formats[format]) : -EINVAL;
    errno = saved_errno;
    return result;
}
