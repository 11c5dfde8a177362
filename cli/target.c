/* SPDX-License-Identifier: MIT */
/* What a verb looks at: a process, a core file, or a saved snapshot. */
#include "cli/target.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "cli/verb.h"
#include "inspect/core.h"
#include "inspect/file.h"
#include "inspect/images.h"
#include "inspect/ledger.h"
#include "inspect/objects.h"
#include "inspect/process.h"
#include "view/describe.h"

enum { PID_MAX = 1 << 22 }; /* Linux has no larger ones */

struct target_own {
    struct process *process;
    struct core *core;
    struct images *images;
    struct snapshot *described; /* of a file */
    bool has_warned;
    char name[512];
};

/* ---- the command line ------------------------------------------------------------------------ */

int target_option(struct target *target, int option, const char *value) {
    if (target->core || target->file) {
        complain(target->verb, "one file at a time; unexpected '%s' (see mempool %s --help)", value,
                 target->verb);
        return CLI_BAD_USAGE;
    }
    *(option == TARGET_OPTION_CORE ? &target->core : &target->file) = value;
    return CLI_OK;
}

static bool is_number(const char *word) {
    const char *at = word;
    while (isdigit((unsigned char)*at)) {
        at++;
    }
    return at != word && *at == '\0';
}

/* Behind a file's name a number can only be meant as a process. */
static int refuse_both(const struct target *target, int argc, char **argv) {
    if (optind < argc && is_number(argv[optind])) {
        return option_refuse(target->verb, "either a file or a process; unexpected", argv[optind]);
    }
    return CLI_OK;
}

int target_argument(struct target *target, int argc, char **argv) {
    unsigned pid;
    if (target->core || target->file) {
        return refuse_both(target, argc, argv);
    }
    if (optind >= argc) {
        complain(target->verb,
                 "no process given: its number, or --core or --snapshot with a file "
                 "(see mempool %s --help)",
                 target->verb);
        return CLI_BAD_USAGE;
    }
    int status = option_number(target->verb, "PID", argv[optind], 1, PID_MAX, &pid);
    if (status == CLI_OK) {
        target->pid = pid;
        optind++;
    }
    return status;
}

/* ---- opening --------------------------------------------------------------------------------- */

static int open_process(struct target *target, struct snapshot_error *error) {
    struct target_own *own = target->own;
    if (process_open(&own->process, target->pid, error) != 0) {
        return CLI_FAILED;
    }
    own->images = images_of_process(own->process);
    snprintf(own->name, sizeof(own->name), "%s (pid %lld)", process_program(own->process),
             (long long)target->pid);
    return CLI_OK;
}

static int open_core(struct target *target, struct snapshot_error *error) {
    struct target_own *own = target->own;
    if (core_open(&own->core, target->core, error) != 0) {
        return error->code == -ENOMEM ? CLI_FAILED : CLI_BAD_USAGE;
    }
    own->images = images_of_core(own->core);
    snprintf(own->name, sizeof(own->name), "%s", target->core);
    if (core_is_truncated(own->core)) {
        complain(target->verb, "%s: is cut: what lies behind its end is not known", target->core);
    }
    return CLI_OK;
}

int target_open(struct target *target) {
    struct snapshot_error error = {.code = 0};
    int status = CLI_OK;
    target->own = calloc(1, sizeof(*target->own));
    if (!target->own) {
        complain(target->verb, "%s", strerror(ENOMEM));
        return CLI_FAILED;
    }
    if (target->core) {
        status = open_core(target, &error);
    } else if (!target->file) {
        status = open_process(target, &error);
    } else {
        snprintf(target->own->name, sizeof(target->own->name), "%s", target->file);
    }
    if (status == CLI_OK && !target->file && !target->own->images) {
        snprintf(error.text, sizeof(error.text), "%s", strerror(ENOMEM));
        status = CLI_FAILED;
    }
    if (status != CLI_OK) {
        complain(target->verb, "%s", error.text);
        target_close(target);
    }
    return status;
}

void target_close(struct target *target) {
    struct target_own *own = target->own;
    if (own) {
        snapshot_free(own->described);
        images_free(own->images);
        process_close(own->process);
        core_close(own->core);
        free(own);
        target->own = NULL;
    }
}

const char *target_name(const struct target *target) {
    return target->own->name;
}

/* ---- taking ---------------------------------------------------------------------------------- */

static int take_file(struct target *target, struct snapshot **ret) {
    struct snapshot_error error = {.code = 0};
    int result = snapshot_read_json(ret, target->file, &error);
    if (result != 0) {
        complain(target->verb, "%s", error.text);
        return result == -ENOMEM ? CLI_FAILED : CLI_BAD_USAGE;
    }
    return CLI_OK;
}

/* Without the right to read all of its memory there are counters, and nothing of single objects. */
static unsigned readable(struct target *target, unsigned want) {
    struct target_own *own = target->own;
    if (!own->process || want == 0 || process_may_read_all(own->process) == 0) {
        return want;
    }
    if (!own->has_warned) {
        own->has_warned = true;
        complain(target->verb,
                 "of process %lld only the counters can be read, not who got what: its memory is "
                 "closed to others (as root it is not; see ptrace_scope in ptrace(2))",
                 (long long)target->pid);
    }
    return 0;
}

static int add_more(struct target_own *own, struct snapshot *snapshot, unsigned want) {
    int result = 0;
    if (want & TARGET_WANT_SYMBOLS) {
        result = images_resolve(own->images, snapshot);
    }
    if (result == 0 && (want & TARGET_WANT_LEDGER) && own->process) {
        result = ledger_complete(own->process, own->images, snapshot);
    }
    return result;
}

static int take_live(struct target *target, const struct snapshot_options *options, unsigned want,
                     struct snapshot **ret, struct snapshot_error *error) {
    struct target_own *own = target->own;
    struct snapshot_options possible = *options;
    struct view_source *source =
        own->process ? process_source(own->process) : core_source(own->core);
    possible.want = readable(target, possible.want);
    int result = own->process ? process_check(own->process) : 0;
    snprintf(error->text, sizeof(error->text), "what it publishes is damaged");
    if (result == 0) {
        result = snapshot_take(ret, source, &possible, error);
    }
    if (result == 0) {
        result = add_more(own, *ret, want);
        snprintf(error->text, sizeof(error->text), "%s", strerror(-result));
        if (result != 0) {
            snapshot_free(*ret);
        }
    }
    return result;
}

/* Why there is nothing: it has ended, or something else. */
static int fail(struct target *target, const struct snapshot_error *error) {
    struct process *process = target->own->process;
    if (process && process_check(process) == -ESRCH) {
        complain(target->verb, "process %lld has ended", (long long)target->pid);
    } else {
        complain(target->verb, "%s: %s", target_name(target), error->text);
    }
    return CLI_FAILED;
}

int target_take(struct target *target, const struct snapshot_options *options, unsigned want,
                struct snapshot **ret) {
    struct snapshot_error error = {.code = 0};
    struct snapshot *snapshot = NULL;
    if (target->file) {
        return take_file(target, ret);
    }
    int result = take_live(target, options, want, &snapshot, &error);
    struct process *process = target->own->process;
    if (result == 0 && process && process_check(process) == -ESRCH) {
        snapshot_free(snapshot);
        result = -ESRCH;
    }
    if (result != 0) {
        return fail(target, &error);
    }
    *ret = snapshot;
    return CLI_OK;
}

/* ---- single objects -------------------------------------------------------------------------- */

int target_need_objects(const struct target *target, const struct snapshot *snapshot) {
    if (snapshot->has_objects) {
        return CLI_OK;
    }
    if (target->file) {
        complain(target->verb,
                 "%s: holds no objects: take it with `mempool snapshot --objects` for that",
                 target->file);
        return CLI_BAD_USAGE;
    }
    complain(target->verb, "%s: single objects are not known", target_name(target));
    return CLI_FAILED;
}

static int describe_in_file(struct target *target, uint64_t address, struct view_description *ret,
                            struct target_site *ret_site) {
    struct target_own *own = target->own;
    const struct snapshot_symbol *site;
    int status = own->described ? CLI_OK : take_file(target, &own->described);
    status = status == CLI_OK ? target_need_objects(target, own->described) : status;
    if (status != CLI_OK) {
        return status;
    }
    objects_describe(own->described, address, ret, &site);
    *ret_site = (struct target_site){.symbol = "unknown"};
    if (site) {
        ret_site->address = site->address;
        ret_site->symbol = site->symbol;
    }
    if (site && site->image != SNAPSHOT_NONE) {
        const struct snapshot_image *image = &own->described->images[site->image];
        ret_site->path = image->path;
        ret_site->build_id = image->build_id;
        ret_site->offset = site->offset;
    }
    return CLI_OK;
}

static int find_site(struct target_own *own, uint64_t site, struct target_site *ret) {
    struct images_site found;
    (void)images_refresh(own->images); /* else it stays a number */
    int result = images_find(own->images, site, &found);
    if (result == 0) {
        *ret = (struct target_site){
            .address = found.address,
            .symbol = found.symbol,
            .path = found.image ? found.image->shown : NULL,
            .build_id = found.image ? found.image->layout.build_id : NULL,
            .offset = found.offset,
        };
    }
    return result;
}

int target_describe(struct target *target, uint64_t address, struct view_description *ret,
                    struct target_site *ret_site) {
    struct target_own *own = target->own;
    struct snapshot_error error = {.code = 0};
    if (target->file) {
        return describe_in_file(target, address, ret, ret_site);
    }
    struct view_source *source =
        own->process ? process_source(own->process) : core_source(own->core);
    (void)readable(target, 1);
    int result = view_describe(ret, source, address, &error);
    if (result == 0) {
        result = find_site(own, ret->site, ret_site);
        snprintf(error.text, sizeof(error.text), "%s", strerror(-result));
    }
    return result == 0 ? CLI_OK : fail(target, &error);
}
