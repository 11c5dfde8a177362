/* SPDX-License-Identifier: MIT */
/* What `mempool serve` answers. */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/serve.h"
#include "export/export.h"
#include "inspect/images.h"
#include "inspect/ledger.h"
#include "inspect/process.h"

static const char plain[] = "text/plain; charset=utf-8";
static const char openmetrics[] = "application/openmetrics-text; version=1.0.0; charset=utf-8";
static const char json[] = "application/json";
static const char snapshot_path[] = "/snapshot/";

enum {
    OK = 200,
    FORBIDDEN = 403,
    NOT_FOUND = 404,
    FAILED = 500,
    PID_DIGITS = 10,
    FIRST_BYTES = 64 << 10,
};

/* ---- memory that grows ---------------------------------------------------------------------- */

struct body {
    char *bytes;
    size_t n, room;
};

static int grow(struct body *body, size_t wanted) {
    size_t room = body->room ? body->room : FIRST_BYTES;
    while (room < wanted) {
        if (room > SIZE_MAX / 2) {
            return -ENOMEM;
        }
        room *= 2;
    }
    char *bytes = realloc(body->bytes, room);
    if (!bytes) {
        return -ENOMEM;
    }
    body->bytes = bytes;
    body->room = room;
    return 0;
}

static int add_bytes(void *arg, const char *bytes, size_t n) {
    struct body *body = arg;
    if (n > SIZE_MAX - body->n ||
        (body->n + n > body->room && grow(body, body->n + n) != 0)) {
        return -ENOMEM;
    }
    memcpy(body->bytes + body->n, bytes, n);
    body->n += n;
    return 0;
}

/* The page of a body that was written to the end; else there is none, and no body. */
static int finish(struct body *body, struct export_output *output, unsigned status,
                  const char *type, struct serve_page *ret) {
    int result = export_end(output);
    if (result != 0) {
        free(body->bytes);
        return result;
    }
    *ret = (struct serve_page){.status = status, .type = type, .bytes = body->bytes, .n = body->n};
    return 0;
}

int serve_page_text(unsigned status, const char *text, struct serve_page *ret) {
    struct body body = {.n = 0};
    struct export_output output;
    export_begin(&output, add_bytes, &body);
    export_text(&output, text);
    export_text(&output, "\n");
    return finish(&body, &output, status, plain, ret);
}

/* ---- processes ------------------------------------------------------------------------------ */

/* With `want` of snapshot_take: of call sites names, too. */
static int take(struct process *process, unsigned want, bool has_ledger, struct snapshot **ret,
                struct snapshot_error *error) {
    const struct snapshot_options options = {.want = want};
    int result = snapshot_take(ret, process_source(process), &options, error);
    if (result != 0 || (want == 0 && !has_ledger)) {
        return result;
    }
    /* What cannot be added is left out: it is not known, then. */
    struct images *images = images_of_process(process);
    if (images && want != 0) {
        (void)images_resolve(images, *ret);
    }
    if (images && has_ledger) {
        (void)ledger_complete(process, images, *ret);
    }
    images_free(images);
    return 0;
}

static int take_pid(int64_t pid, unsigned want, bool has_ledger, struct snapshot **ret,
                    struct snapshot_error *error) {
    struct process *process;
    int result = process_open(&process, pid, error);
    if (result == 0) {
        result = take(process, want, has_ledger, ret, error);
        process_close(process);
    }
    return result;
}

/* All that publish and let themselves be looked at: a process that ends meanwhile is not there. */
static size_t take_all(const struct serve_job *job, const struct process_found *found, size_t n,
                       struct snapshot **ret) {
    struct snapshot_error error;
    size_t n_taken = 0;
    for (size_t i = 0; i < n; i++) {
        if (found[i].header != 0 &&
            take_pid(found[i].pid, 0, !job->is_without_ledger, &ret[n_taken], &error) == 0) {
            n_taken++;
        }
    }
    return n_taken;
}

static int make_metrics(const struct serve_job *job, const struct process_found *found, size_t n,
                        struct serve_page *ret) {
    struct snapshot **snapshots = calloc(n + 1, sizeof(struct snapshot *));
    struct body body = {.n = 0};
    struct export_output output;
    if (!snapshots) {
        return -ENOMEM;
    }
    size_t n_taken = take_all(job, found, n, snapshots);
    export_begin(&output, add_bytes, &body);
    export_openmetrics((const struct snapshot *const *)snapshots, n_taken, &output);
    for (size_t i = 0; i < n_taken; i++) {
        snapshot_free(snapshots[i]);
    }
    free(snapshots);
    return finish(&body, &output, OK, openmetrics, ret);
}

/* ---- pages ---------------------------------------------------------------------------------- */

static int make_index(const struct process_found *found, size_t n, struct serve_page *ret) {
    struct body body = {.n = 0};
    struct export_output output;
    export_begin(&output, add_bytes, &body);
    export_text(&output, "/metrics  all processes, as OpenMetrics\n");
    for (size_t i = 0; i < n; i++) {
        if (found[i].header != 0) {
            export_text(&output, snapshot_path);
            export_signed(&output, found[i].pid);
            export_text(&output, "  ");
            export_text(&output, found[i].program);
            export_text(&output, ", as JSON\n");
        }
    }
    return finish(&body, &output, OK, plain, ret);
}

static int make_listed(const struct serve_job *job, bool is_metrics, struct serve_page *ret) {
    struct process_found *found;
    size_t n;
    int result = process_list(&found, &n);
    if (result != 0) {
        return result == -ENOMEM ? result
                                 : serve_page_text(FAILED, "the processes cannot be listed", ret);
    }
    result = is_metrics ? make_metrics(job, found, n, ret) : make_index(found, n, ret);
    free(found);
    return result;
}

/* Why a process could not be looked at, as a page. */
static int refuse(int code, const char *why, struct serve_page *ret) {
    switch (code) {
    case -ENOMEM:
        return code;
    case -ESRCH:
    case -ENODATA:
        return serve_page_text(NOT_FOUND, why, ret);
    case -EPERM:
    case -EACCES:
        return serve_page_text(FORBIDDEN, why, ret);
    default:
        return serve_page_text(FAILED, why, ret);
    }
}

static int make_snapshot(const struct serve_job *job, int64_t pid, struct serve_page *ret) {
    struct snapshot *snapshot;
    struct snapshot_error error;
    struct body body = {.n = 0};
    struct export_output output;
    int result = take_pid(pid, SNAPSHOT_WANT_GROUPS | SNAPSHOT_WANT_STACKS,
                          !job->is_without_ledger, &snapshot, &error);
    if (result != 0) {
        return refuse(result, error.text, ret);
    }
    export_begin(&output, add_bytes, &body);
    export_json(snapshot, &output);
    snapshot_free(snapshot);
    return finish(&body, &output, OK, json, ret);
}

/* The number, or 0. */
static int64_t pid_of(const char *text) {
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= PID_DIGITS && text[digits] == '\0'
               ? (int64_t)strtoll(text, NULL, 10)
               : 0;
}

int serve_page(const struct serve_job *job, const char *path, struct serve_page *ret) {
    size_t n = sizeof(snapshot_path) - 1;
    if (strcmp(path, "/") == 0 || strcmp(path, "/metrics") == 0) {
        return make_listed(job, path[1] != '\0', ret);
    }
    if (strncmp(path, snapshot_path, n) == 0 && pid_of(path + n) > 0) {
        return make_snapshot(job, pid_of(path + n), ret);
    }
    return serve_page_text(NOT_FOUND, "there is no such page: see /", ret);
}
