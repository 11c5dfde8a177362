/* SPDX-License-Identifier: MIT */
/* `mempool ages`: how old what is live is, and what grows old. */
#include <stdio.h>
#include <string.h>

#include "cli/ages.h"
#include "cli/json_value.h"
#include "cli/message.h"
#include "cli/site_input.h"
#include "cli/verb.h"
#include "cli/view_job.h"
#include "cli/view_json.h"

static const char verb[] = "ages";

enum {
    OPTION_POOL = VIEW_OPTION_OWN,
    OPTION_COMPONENT,
    OPTION_TYPE,
    OPTION_OLD,
    OPTION_SITES,
    OLD_DEFAULT = 3, /* bucket: from 10 minutes on */
};

static const struct option long_options[] = {
    {"pool", required_argument, NULL, OPTION_POOL},
    {"component", required_argument, NULL, OPTION_COMPONENT},
    {"type", required_argument, NULL, OPTION_TYPE},
    {"old", required_argument, NULL, OPTION_OLD},
    {"sites", no_argument, NULL, OPTION_SITES},
    {"top", required_argument, NULL, VIEW_OPTION_TOP},
    {"all", no_argument, NULL, VIEW_OPTION_ALL},
    VIEW_LONG_OPTIONS,
    {NULL, 0, NULL, 0},
};

struct ages_job {
    struct view_job view;
    struct ages ages;
    const char *paths[2]; /* BEFORE and AFTER; NULL: one target */
};

static void print_help(void) {
    printf("Usage: mempool ages [OPTION...] PID\n"
           "       mempool ages [OPTION...] BEFORE AFTER\n"
           "\n"
           "Prints how old the live objects and blocks of a process are: of each pool and type,\n"
           "most bytes first, how many are younger than 10 seconds, 1 and 10 minutes, an hour, a\n"
           "day, and how many are older; which share of them is old, and the age of the oldest.\n"
           "\n"
           "BEFORE and AFTER are two snapshots that `mempool snapshot` wrote. Then what became\n"
           "more, and more of it old, is marked as a suspect, and comes first: that is how leaks\n"
           "look, and caches that fill.\n"
           "\n"
           "Options:\n");
    view_print_target_help();
    view_print_filter_help();
    printf("  --old=TIME     from what age on something is old: 10s, 1m, 10m (default), 1h or 1d\n"
           "  --sites        a line for each call site, too\n"
           "  --top=N        at most N lines (default: %d)\n"
           "  --all          all lines\n",
           VIEW_TOP_DEFAULT);
    view_print_help_end();
}

static int take_own(struct view_job *job, int option, const char *value) {
    struct ages_job *own = (struct ages_job *)job;
    switch (option) {
    case OPTION_POOL: own->ages.filter.pool = value; break;
    case OPTION_COMPONENT: own->ages.filter.component = value; break;
    case OPTION_TYPE: own->ages.filter.type = value; break;
    case OPTION_SITES: own->ages.is_by_site = true; break;
    default: return ages_old_parse(verb, value, &own->ages.old);
    }
    return CLI_OK;
}

static int take_words(struct view_job *job, int argc, char **argv) {
    struct ages_job *own = (struct ages_job *)job;
    if (argc - optind < 2 || view_job_has_file(job)) {
        return view_job_target(job, argc, argv);
    }
    own->paths[0] = argv[optind++];
    own->paths[1] = argv[optind++];
    return CLI_OK;
}

static int print(struct ages_job *job) {
    struct ages *ages = &job->ages;
    size_t most = view_job_most(&job->view);
    if (ages_add_up(ages) != 0) {
        complain(verb, "out of memory");
        return CLI_FAILED;
    }
    if (job->view.is_json) {
        json_t *whole = view_json_head(ages->snapshots[ages->n_snapshots - 1]);
        json_object_set_new(whole, "old_from_seconds",
                            json_integer(snapshot_age_limits[ages->old - 1]));
        json_object_set_new(whole, "n_rows", value_count(ages->n_rows));
        json_object_set_new(whole, "rows", ages_json(ages, most));
        ages_release(ages);
        return value_print(verb, whole);
    }
    struct table table;
    ages_table(ages, most, &table);
    int result = table_print(&table, stdout);
    table_release(&table);
    if (result == 0 && ages->n_rows > most) {
        printf("%zu of %zu lines shown\n", most, ages->n_rows);
    }
    ages_release(ages);
    if (result != 0) {
        complain(verb, "%s", strerror(-result));
        return CLI_FAILED;
    }
    return finish_output(verb);
}

static int run_two(struct ages_job *job) {
    const struct snapshot_options options = {.want = SNAPSHOT_WANT_GROUPS};
    struct site_input inputs[2] = {{.target.verb = verb}, {.target.verb = verb}};
    int status = CLI_OK;
    for (int i = 0; i < 2 && status == CLI_OK; i++) {
        inputs[i].path = job->paths[i];
        if (snapshot_is_text(job->paths[i])) {
            complain(verb, "%s: is no snapshot of `mempool snapshot`; others have no ages",
                     job->paths[i]);
            status = CLI_BAD_USAGE;
        } else {
            status = site_input_take(&inputs[i], &options);
            job->ages.snapshots[i] = inputs[i].snapshot;
        }
    }
    if (status == CLI_OK) {
        job->ages.n_snapshots = 2;
        status = print(job);
    }
    site_input_release(&inputs[0]);
    site_input_release(&inputs[1]);
    return status;
}

static int run_one(struct ages_job *job) {
    struct snapshot *snapshot;
    int status = view_job_take(&job->view, SNAPSHOT_WANT_GROUPS,
                               job->ages.is_by_site ? TARGET_WANT_SYMBOLS : 0, &snapshot);
    if (status == CLI_OK) {
        job->ages.n_snapshots = 1;
        job->ages.snapshots[0] = snapshot;
        status = print(job);
        snapshot_free(snapshot);
    }
    target_close(&job->view.target);
    return status;
}

int verb_ages(int argc, char **argv) {
    struct ages_job job = {
        .view = {.verb = verb,
                 .long_options = long_options,
                 .needs_groups = true,
                 .take_own = take_own,
                 .take_words = take_words},
        .ages = {.old = OLD_DEFAULT},
    };
    int status = view_job_parse(&job.view, argc, argv);
    if (status != CLI_OK) {
        return status;
    }
    if (job.view.is_help) {
        print_help();
        return finish_output(verb);
    }
    return job.paths[0] ? run_two(&job) : run_one(&job);
}
