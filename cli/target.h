/* SPDX-License-Identifier: MIT */
/* What a verb looks at: a process, a core file, or a saved snapshot. */
#ifndef CLI_TARGET_H
#define CLI_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/option.h"
#include "view/snapshot.h"

/* Numbers for getopt_long of the options that all verbs with a target have. */
enum {
    TARGET_OPTION_CORE = OPTION_LONG + 1000,
    TARGET_OPTION_SNAPSHOT,
};
#define TARGET_LONG_OPTIONS                                      \
    {"core", required_argument, NULL, TARGET_OPTION_CORE},       \
    {"snapshot", required_argument, NULL, TARGET_OPTION_SNAPSHOT}

struct target_own;

/* Zero-fill it and set verb. */
struct target {
    const char *verb; /* who complains */
    int64_t pid;      /* of a process; 0: a file */
    const char *core, *file;
    struct target_own *own;
};

/* What to add to a snapshot beside what snapshot_take gives. */
enum {
    TARGET_WANT_SYMBOLS = 1, /* images, offsets and symbols of groups and stacks */
    TARGET_WANT_LEDGER = 2,  /* what is resident */
};

/** target_option: take one of the options above; CLI_OK, or a complaint and CLI_BAD_USAGE. */
int target_option(struct target *target, int option, const char *value);

/** target_argument: take the argument PID where no option named a file, else none may be there;
 *  argv[optind] is looked at, and optind moved on.  An exit status. */
int target_argument(struct target *target, int argc, char **argv);

/** target_open: find what is published there. An exit status; the complaint says why not (no such
 *  process; it does not use the library, or publishes nothing; we may not look). */
int target_open(struct target *target);

/** target_take: a snapshot as of now, of a file the one that it holds. `options` as of
 *  snapshot_take, `want` as above.
 *  Shape: an exit status; *ret to be given back by snapshot_free. CLI_FAILED with a complaint also
 *  where the process has ended. */
int target_take(struct target *target, const struct snapshot_options *options, unsigned want,
                struct snapshot **ret);

/** target_need_objects: whether a snapshot of the target has single objects.
 *  An exit status; the complaint says how to get one that has. */
int target_need_objects(const struct target *target, const struct snapshot *snapshot);

struct view_description;

/* The call that got or put something. Texts live as long as the target. */
struct target_site {
    uint64_t address;     /* in full; 0: not known */
    const char *symbol;   /* never empty */
    const char *path;     /* of the image; NULL: in none */
    const char *build_id; /* ""; NULL: likewise */
    uint64_t offset;      /* in it */
};

/** target_describe: what an address is (view/describe.h).  An exit status. */
int target_describe(struct target *target, uint64_t address, struct view_description *ret,
                    struct target_site *ret_site);

/** target_name: "brick (pid 123)", or the file's name; lives as long as the target. */
const char *target_name(const struct target *target);

/** target_close: give everything back. */
void target_close(struct target *target);

#endif
