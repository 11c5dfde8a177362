/* SPDX-License-Identifier: MIT */
/* `mempool sites`: what each call site holds. */
#include <stdio.h>
#include <string.h>

#include "cli/json_value.h"
#include "cli/message.h"
#include "cli/site_place.h"
#include "cli/sites.h"
#include "cli/verb.h"
#include "cli/view_job.h"
#include "cli/view_json.h"

static const char verb[] = "sites";

enum {
    OPTION_POOL = VIEW_OPTION_OWN,
    OPTION_COMPONENT,
    OPTION_TYPE,
};

static const struct option long_options[] = {
    {"pool", required_argument, NULL, OPTION_POOL},
    {"component", required_argument, NULL, OPTION_COMPONENT},
    {"type", required_argument, NULL, OPTION_TYPE},
    {"top", required_argument, NULL, VIEW_OPTION_TOP},
    {"all", no_argument, NULL, VIEW_OPTION_ALL},
    {"min-age", required_argument, NULL, VIEW_OPTION_MIN_AGE},
    {"no-lines", no_argument, NULL, VIEW_OPTION_NO_LINES},
    VIEW_LONG_OPTIONS,
    {NULL, 0, NULL, 0},
};

struct sites_job {
    struct view_job view;
    struct view_filter filter;
};

static void print_help(void) {
    printf("Usage: mempool sites [OPTION...] PID\n"
           "\n"
           "Prints the call sites that hold what is live in a process, most bytes first: bytes\n"
           "and their share of all, how many objects or blocks, their mean size, the age of the\n"
           "oldest, whose they are, and the line of the source that got them.\n"
           "\n"
           "Options:\n");
    view_print_target_help();
    view_print_filter_help();
    printf("  --min-age=TIME only what is at least so old: 90 (seconds), 10m, 2h; of a snapshot\n"
           "                 only call sites whose oldest is\n"
           "  --top=N        at most N lines (default: %d)\n"
           "  --all          all lines\n"
           "  --no-lines     do not look for lines of the source: functions and offsets only\n",
           VIEW_TOP_DEFAULT);
    view_print_help_end();
}

static int take_own(struct view_job *job, int option, const char *value) {
    struct sites_job *own = (struct sites_job *)job;
    switch (option) {
    case OPTION_POOL: own->filter.pool = value; break;
    case OPTION_COMPONENT: own->filter.component = value; break;
    default: own->filter.type = value; break;
    }
    return CLI_OK;
}

static int print_table(const struct sites_job *job, const struct sites *sites,
                       struct source_reader *sources) {
    struct table table;
    sites_table(sites, sources, view_job_most(&job->view), job->view.is_exact, &table);
    int result = table_print(&table, stdout);
    table_release(&table);
    if (result != 0) {
        complain(verb, "%s", strerror(-result));
        return CLI_FAILED;
    }
    return finish_output(verb);
}

static int print_json(const struct sites_job *job, const struct sites *sites,
                      struct source_reader *sources) {
    json_t *whole = view_json_head(sites->snapshot), *total = json_object();
    json_object_set_new(total, "bytes", value_count(sites->bytes));
    json_object_set_new(total, "count", value_count(sites->count));
    json_object_set_new(whole, "total", total);
    json_object_set_new(whole, "n_sites", value_count(sites->n_groups));
    json_object_set_new(whole, "sites", sites_json(sites, sources, view_job_most(&job->view)));
    return value_print(verb, whole);
}

static int print(const struct sites_job *job, const struct snapshot *snapshot) {
    struct source_reader *sources;
    struct sites sites;
    int status = site_sources_open(verb, job->view.is_without_lines, &sources);
    if (status != CLI_OK) {
        return status;
    }
    if (sites_choose(&sites, snapshot, &job->filter, job->view.min_age_seconds) != 0) {
        complain(verb, "out of memory");
        source_close(sources);
        return CLI_FAILED;
    }
    status = job->view.is_json ? print_json(job, &sites, sources)
                               : print_table(job, &sites, sources);
    sites_release(&sites);
    source_close(sources);
    return status;
}

static int use(const struct view_job *job, const struct snapshot *snapshot) {
    return print((const struct sites_job *)job, snapshot);
}

int verb_sites(int argc, char **argv) {
    struct sites_job job = {
        .view = {.verb = verb,
                 .long_options = long_options,
                 .needs_groups = true,
                 .take_own = take_own,
                 .want = SNAPSHOT_WANT_GROUPS,
                 .target_want = TARGET_WANT_SYMBOLS,
                 .print_help = print_help,
                 .use = use},
    };
    return view_job_run(&job.view, argc, argv);
}
