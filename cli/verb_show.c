/* SPDX-License-Identifier: MIT */
/* `mempool show`: a process's pools and accounts, or one pool. */
#include <stdio.h>
#include <string.h>

#include "cli/json_value.h"
#include "cli/message.h"
#include "cli/show.h"
#include "cli/site_place.h"
#include "cli/verb.h"
#include "cli/view_job.h"
#include "cli/view_json.h"
#include "cli/view_owner.h"

static const char verb[] = "show";

enum {
    OPTION_SORT = VIEW_OPTION_OWN,
};

static const struct option long_options[] = {
    {"sort", required_argument, NULL, OPTION_SORT},
    {"top", required_argument, NULL, VIEW_OPTION_TOP},
    {"all", no_argument, NULL, VIEW_OPTION_ALL},
    {"no-lines", no_argument, NULL, VIEW_OPTION_NO_LINES},
    VIEW_LONG_OPTIONS,
    {NULL, 0, NULL, 0},
};

struct show_job {
    struct view_job view;
    enum show_sort sort;
    const char *pool; /* NULL: the process */
};

static void print_help(void) {
    printf("Usage: mempool show [OPTION...] PID [POOL]\n"
           "\n"
           "Prints what a process has: components with their limits, pools, accounts, threads.\n"
           "With POOL all about one pool: its counters, how old its live objects are, and the\n"
           "call sites that got them. POOL is a name (COMPONENT:TYPE), NAME#SERIAL where several\n"
           "have it, or the pool's address (0x...).\n"
           "\n"
           "Options:\n");
    view_print_target_help();
    printf("  --sort=KEY     bytes (default), count, peak, cached, slabs, gets, misses, name, age\n"
           "  --top=N        at most N lines of each table (default: %d)\n"
           "  --all          all lines; also destroyed pools, classes of the accounted heap, and\n"
           "                 components and accounts that hold nothing\n"
           "  --no-lines     do not look for lines of the source: functions and offsets only\n",
           VIEW_TOP_DEFAULT);
    view_print_help_end();
}

static int take_own(struct view_job *job, int option, const char *value) {
    (void)option;
    return show_sort_parse(verb, value, &((struct show_job *)job)->sort);
}

static int take_words(struct view_job *job, int argc, char **argv) {
    int status = view_job_target(job, argc, argv);
    if (status == CLI_OK && optind < argc) {
        ((struct show_job *)job)->pool = argv[optind++];
        job->want = SNAPSHOT_WANT_GROUPS;
        job->target_want = TARGET_WANT_SYMBOLS;
    }
    return status;
}

static int print_process(const struct show_job *job, const struct show *show) {
    if (job->view.is_json) {
        return value_print(verb, show_process_json(show));
    }
    int result = show_process(show, stdout);
    if (result != 0) {
        complain(verb, "%s", strerror(-result));
        return CLI_FAILED;
    }
    return finish_output(verb);
}

static int print_pools(const struct show_job *job, const struct show *show,
                       struct source_reader *sources) {
    const struct snapshot *snapshot = show->snapshot;
    json_t *array = job->view.is_json ? json_array() : NULL;
    size_t n = 0;
    int result = 0;
    for (size_t i = 0; i < snapshot->n_pools && result == 0; i++) {
        const struct snapshot_pool *pool = &snapshot->pools[i];
        if (!view_pool_is(pool, job->pool)) {
            continue;
        }
        if (array) {
            json_array_append_new(array, show_pool_json(show, pool, sources));
        } else {
            fputs(n > 0 ? "\n" : "", stdout);
            result = show_pool(show, pool, sources, stdout);
        }
        n++;
    }
    if (n == 0) {
        complain(verb, "%s: it has no pool '%s'", target_name(&job->view.target), job->pool);
        json_decref(array);
        return CLI_FAILED;
    }
    if (array) {
        json_t *whole = view_json_head(snapshot);
        json_object_set_new(whole, "pools", array);
        return value_print(verb, whole);
    }
    if (result != 0) {
        complain(verb, "%s", strerror(-result));
        return CLI_FAILED;
    }
    return finish_output(verb);
}

static int print(const struct show_job *job, const struct snapshot *snapshot) {
    const struct show show = {
        .snapshot = snapshot,
        .sort = job->sort,
        .most = view_job_most(&job->view),
        /* Programs choose themselves. */
        .is_all = job->view.is_all || job->view.is_json,
        .is_exact = job->view.is_exact,
    };
    struct source_reader *sources = NULL;
    if (!job->pool) {
        return print_process(job, &show);
    }
    int status = site_sources_open(verb, job->view.is_without_lines, &sources);
    if (status == CLI_OK) {
        status = print_pools(job, &show, sources);
    }
    source_close(sources);
    return status;
}

static int use(const struct view_job *job, const struct snapshot *snapshot) {
    return print((const struct show_job *)job, snapshot);
}

int verb_show(int argc, char **argv) {
    struct show_job job = {
        .view = {.verb = verb,
                 .long_options = long_options,
                 .take_own = take_own,
                 .take_words = take_words,
                 .target_want = TARGET_WANT_LEDGER,
                 .print_help = print_help,
                 .use = use},
    };
    return view_job_run(&job.view, argc, argv);
}
