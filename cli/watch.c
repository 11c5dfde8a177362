/* SPDX-License-Identifier: MIT */
/* A snapshot of a process every so often. */
#include "cli/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/amount.h"
#include "cli/group_line.h"
#include "cli/json_value.h"
#include "cli/live_bytes.h"
#include "cli/message.h"
#include "cli/verb.h"
#include "cli/watch_wait.h"
#include "cli/whole_file.h"
#include "export/export.h"

enum {
    MS_NS = 1000000,
    FINE_MS = 2000, /* below so long an interval, names of files have milliseconds */
};

struct watch {
    const struct watch_arguments *arguments;
    struct target *target;
    struct watch_wait wait;
    struct snapshot *before; /* the last one; NULL: there is none yet */
    uint64_t first_live_bytes;
    char **names; /* of the last files, a ring; NULL where all are kept */
    uint64_t n_written;
    int status; /* exit status so far */
};

/* What became most from the last snapshot to this one. */
struct grower {
    bool is_known;
    struct snapshot_line line; /* texts of both snapshots */
    int64_t bytes;
};

/* ---- files ----------------------------------------------------------------------------------- */

/* The program's name as a file's. */
static void clean_name(const char *program, char *ret, size_t bytes) {
    size_t n = 0;
    for (; program[n] && n + 1 < bytes; n++) {
        char letter = program[n];
        bool is_plain = (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
                        (letter >= 'A' && letter <= 'Z') || (letter == '.' && n > 0) ||
                        letter == '_' || letter == '-';
        ret[n] = is_plain ? letter : '_';
    }
    ret[n] = '\0';
}

static bool make_path(const struct watch *watch, const struct snapshot *snapshot, char *ret) {
    char program[64], fraction[8] = "";
    clean_name(snapshot->program, program, sizeof(program));
    if (watch->arguments->every_ms < FINE_MS) {
        snprintf(fraction, sizeof(fraction), ".%03u", snapshot->taken_microseconds / 1000 % 1000);
    }
    int n = snprintf(ret, PATH_MAX, "%s/%s.%lld.%lld%s.json", watch->arguments->folder,
                     program[0] ? program : "process", (long long)snapshot->pid,
                     (long long)snapshot->taken_seconds, fraction);
    return n > 0 && n < PATH_MAX;
}

/* Only what this run wrote is ever removed. */
static void keep(struct watch *watch, const char *path) {
    unsigned most = watch->arguments->keep;
    if (most > 0) {
        char **place = &watch->names[watch->n_written % most];
        if (*place && unlink(*place) != 0 && errno != ENOENT) {
            complain(watch->arguments->verb, "%s: cannot remove: %s", *place, strerror(errno));
            watch->status = CLI_FAILED;
        }
        free(*place);
        *place = strdup(path);
    }
    watch->n_written++;
}

/* Whether the file is there. */
static bool write_file(struct watch *watch, const struct snapshot *snapshot, char *ret_path) {
    if (!make_path(watch, snapshot, ret_path)) {
        complain(watch->arguments->verb, "%s: the path is too long", watch->arguments->folder);
        watch->status = CLI_FAILED;
        return false;
    }
    if (whole_file_write(watch->arguments->verb, ret_path, snapshot, export_json) != CLI_OK) {
        watch->status = CLI_FAILED;
        return false;
    }
    keep(watch, ret_path);
    return true;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static struct grower find_grower(const struct watch *watch, const struct snapshot *snapshot) {
    struct grower grower = {.is_known = false};
    struct snapshot_set set = {.verb = watch->arguments->verb};
    if (!watch->before || group_lines_add(&set, watch->before, 0) ||
        group_lines_add(&set, snapshot, 1)) {
        snapshot_release(&set);
        return grower;
    }
    for (size_t i = 0; i < set.n_lines; i++) {
        int64_t bytes = (int64_t)(set.lines[i].bytes[1] - set.lines[i].bytes[0]);
        if (bytes > grower.bytes) {
            grower = (struct grower){.is_known = true, .line = set.lines[i], .bytes = bytes};
        }
    }
    snapshot_release(&set);
    return grower;
}

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* From the last snapshot, and from the first. */
struct growth {
    uint64_t live_bytes;
    int64_t bytes, all_bytes;
};

static void print_text(const struct watch *watch, const struct snapshot *snapshot,
                       const struct growth *growth, const struct grower *grower,
                       const char *path) {
    bool is_exact = watch->arguments->is_exact;
    printf("%s  live %s  %s  since the start %s", amount_moment(snapshot->taken_seconds).text,
           amount_bytes(growth->live_bytes, is_exact).text,
           amount_growth(growth->bytes, is_exact).text,
           amount_growth(growth->all_bytes, is_exact).text);
    if (grower->is_known) {
        printf("  most: %s %s %s", grower->line.what, grower->line.site,
               amount_growth(grower->bytes, is_exact).text);
    }
    printf("  %s\n", path ? last_part(path) : "(no file)");
}

static int print_json(const struct watch *watch, const struct snapshot *snapshot,
                      const struct growth *growth, const struct grower *grower,
                      const char *path) {
    json_t *line = json_object(), *most = grower->is_known ? json_object() : json_null();
    if (grower->is_known) {
        json_object_set_new(most, "what", value_text(grower->line.what));
        json_object_set_new(most, "site", value_text(grower->line.site));
        json_object_set_new(most, "bytes", json_integer(grower->bytes));
    }
    json_object_set_new(line, "pid", json_integer(snapshot->pid));
    json_object_set_new(line, "taken_seconds", json_integer(snapshot->taken_seconds));
    json_object_set_new(line, "live_bytes", value_count(growth->live_bytes));
    json_object_set_new(line, "growth_bytes", json_integer(growth->bytes));
    json_object_set_new(line, "growth_since_start_bytes", json_integer(growth->all_bytes));
    json_object_set_new(line, "most", most);
    json_object_set_new(line, "file", value_text(path));
    return value_print_line(watch->arguments->verb, line);
}

static int print_line(const struct watch *watch, const struct snapshot *snapshot,
                      const char *path) {
    uint64_t live = live_bytes(snapshot);
    uint64_t last = watch->before ? live_bytes(watch->before) : live;
    const struct growth growth = {
        .live_bytes = live,
        .bytes = (int64_t)(live - last),
        .all_bytes = (int64_t)(live - watch->first_live_bytes),
    };
    const struct grower grower = find_grower(watch, snapshot);
    if (watch->arguments->is_json) {
        return print_json(watch, snapshot, &growth, &grower, path);
    }
    print_text(watch, snapshot, &growth, &grower, path);
    return finish_output(watch->arguments->verb);
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* One snapshot; false: it could not be taken, or nobody reads our lines. */
static bool look(struct watch *watch) {
    const struct snapshot_options options = {
        .want = SNAPSHOT_WANT_GROUPS | SNAPSHOT_WANT_STACKS,
    };
    struct snapshot *snapshot;
    char path[PATH_MAX];
    int status = target_take(watch->target, &options, TARGET_WANT_SYMBOLS | TARGET_WANT_LEDGER,
                             &snapshot);
    if (status != CLI_OK) {
        return false;
    }
    if (!watch->before) {
        watch->first_live_bytes = live_bytes(snapshot);
    }
    bool is_written = write_file(watch, snapshot, path);
    status = print_line(watch, snapshot, is_written ? path : NULL);
    snapshot_free(watch->before);
    watch->before = snapshot;
    return status == CLI_OK;
}

/* When the next is due: what was missed meanwhile is not made up for. */
static uint64_t next_due(const struct watch *watch, uint64_t start_ns, uint64_t due_ns) {
    uint64_t every_ns = watch->arguments->every_ms * MS_NS, now_ns = watch_now_ns();
    uint64_t next_ns = due_ns + every_ns;
    return next_ns > now_ns ? next_ns
                            : start_ns + ((now_ns - start_ns) / every_ns + 1) * every_ns;
}

static enum watch_event loop(struct watch *watch) {
    uint64_t start_ns = watch_now_ns(), due_ns = start_ns;
    unsigned n = 0;
    for (;;) {
        enum watch_event event = watch_wait_until(&watch->wait, due_ns);
        if (event != WATCH_DUE) {
            return event;
        }
        if (!look(watch)) {
            event = watch_wait_until(&watch->wait, 0);
            watch->status = event == WATCH_ENDED ? watch->status : CLI_FAILED;
            return event == WATCH_ENDED ? event : WATCH_STOPPED;
        }
        if (++n == watch->arguments->count) {
            return WATCH_STOPPED;
        }
        due_ns = next_due(watch, start_ns, due_ns);
    }
}

static void say_end(const struct watch *watch, enum watch_event event) {
    if (event == WATCH_ENDED && !watch->arguments->is_json) {
        printf("%s has ended: %llu snapshots in %s\n", target_name(watch->target),
               (unsigned long long)watch->n_written, watch->arguments->folder);
    } else if (event == WATCH_ENDED) {
        json_t *line = json_object();
        json_object_set_new(line, "pid", json_integer(watch->target->pid));
        json_object_set_new(line, "has_ended", json_true());
        value_print_line(watch->arguments->verb, line);
    }
}

int watch_run(const struct watch_arguments *arguments, struct target *target) {
    struct watch watch = {.arguments = arguments, .target = target, .status = CLI_OK};
    int result = watch_wait_begin(&watch.wait, target->pid);
    watch.names = calloc(arguments->keep + 1, sizeof(watch.names[0]));
    if (result != 0 || !watch.names) {
        complain(arguments->verb, "%s: %s", target_name(target),
                 strerror(result != 0 ? -result : ENOMEM));
        free(watch.names);
        return CLI_FAILED;
    }
    enum watch_event event = loop(&watch);
    watch_wait_end(&watch.wait);
    say_end(&watch, event);
    snapshot_free(watch.before);
    for (unsigned i = 0; i < arguments->keep; i++) {
        free(watch.names[i]);
    }
    free(watch.names);
    int status = finish_output(arguments->verb);
    return watch.status != CLI_OK ? watch.status : status;
}
