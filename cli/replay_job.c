/* SPDX-License-Identifier: MIT */
/* The work of `mempool replay`. */
#include "cli/replay_job.h"

#include <errno.h>
#include <string.h>

#include <mempool/misuse.h>

#include "cli/message.h"
#include "cli/verb.h"

static const char verb[] = "replay";

enum {
    FAULT_TEXT_BYTES = 512,
};

static int complain_memory(void) {
    complain(verb, "out of memory");
    return CLI_FAILED;
}

static int complain_fault(const struct replay_job *job, const struct replay_contender *contender,
                          const struct replay_fault *fault) {
    char text[FAULT_TEXT_BYTES];
    replay_fault_text(fault, job->trace, text, sizeof(text));
    complain(verb, "%s: %s: %s", job->trace->path, contender->name, text);
    return CLI_FAILED;
}

static int load(struct replay_job *job) {
    struct trace_error error;
    if (trace_load(&job->trace, job->arguments->path, &error) != 0) {
        complain(verb, "%s", error.text);
        return error.is_system ? CLI_FAILED : CLI_BAD_USAGE;
    }
    if (trace_pairs(job->trace) == 0) {
        complain(verb, "%s: has no gets or allocations: nothing to replay", job->trace->path);
        return CLI_BAD_USAGE;
    }
    return CLI_OK;
}

static int prepare(struct replay_job *job) {
    const struct replay_arguments *arguments = job->arguments;
    job->plan = plan_create(job->trace, arguments->workers);
    job->engine = job->plan ? replay_engine_create(job->plan) : NULL;
    job->pools = replay_memory_take(&job->memory, job->trace->n_pools, sizeof(*job->pools));
    if (!job->engine || !job->pools) {
        return complain_memory();
    }
    for (unsigned i = 0; i < arguments->n_contenders; i++) {
        struct replay_result *result = &job->results[i];
        result->contender = arguments->contenders[i];
        result->round_ns = replay_memory_take(&job->memory, arguments->rounds, sizeof(double));
        if (!result->round_ns) {
            return complain_memory();
        }
    }
    return CLI_OK;
}

static int measure_resident(struct replay_job *job, struct replay_result *result) {
    struct replay_fault fault;
    int by_signal;
    int measured =
        resident_measure(job->engine, result->contender, &result->resident, &fault, &by_signal);
    result->has_resident = measured == 0;
    if (measured == 0 || measured == -ENOTSUP) {
        return CLI_OK;
    }
    if (measured == -EFAULT) {
        return complain_fault(job, result->contender, &fault);
    }
    const char *name = result->contender->name;
    const char *path = job->trace->path;
    if (measured == -ECHILD && by_signal) {
        complain(verb, "%s: %s: the process that measured its memory was ended by signal %d (%s)",
                 path, name, by_signal, strsignal(by_signal));
    } else {
        complain(verb, "%s: %s: cannot measure its memory in a child process: %s", path, name,
                 measured == -ECHILD ? "the child ended unexpectedly" : strerror(-measured));
    }
    return CLI_FAILED;
}

/* Our pools' counters, while the workers and their caches still exist. */
static void note_pools(void *arg, void *const *handles, size_t n_classes) {
    struct replay_job *job = arg;
    job->n_pools = 0;
    for (size_t i = 0; i < n_classes; i++) {
        struct mempool_stats *stats = &job->pools[job->n_pools];
        if (job->trace->classes[i].is_site) {
            continue;
        }
        stats->struct_size = sizeof(*stats);
        if (mempool_stats(handles[i], stats) != 0) {
            return;
        }
        job->n_pools++;
    }
}

static int run_round(struct replay_job *job, struct replay_result *result, unsigned round) {
    struct replay_outcome outcome;
    struct replay_options options = {.arg = job};
    if (result->contender == &contender_mempool && round + 1 == job->arguments->rounds) {
        options.at_end = note_pools;
    }
    if (replay_round(job->engine, result->contender, &options, &outcome) != 0) {
        return complain_fault(job, result->contender, &outcome.fault);
    }
    result->round_ns[round] = (double)outcome.elapsed_ns / (double)trace_pairs(job->trace);
    return CLI_OK;
}

/* The rounds in turn, so that what disturbs the machine disturbs all alike. */
static int run_rounds(struct replay_job *job, const struct progress *progress) {
    const struct replay_arguments *arguments = job->arguments;
    for (unsigned round = 0; round < arguments->rounds; round++) {
        for (unsigned i = 0; i < arguments->n_contenders; i++) {
            struct replay_result *result = &job->results[i];
            progress_show(progress, "round %u of %u: %s", round + 1, arguments->rounds,
                          result->contender->name);
            int status = run_round(job, result, round);
            if (status != CLI_OK) {
                return status;
            }
        }
    }
    return CLI_OK;
}

static int sum_up(struct replay_job *job) {
    const struct replay_arguments *arguments = job->arguments;
    double *sorted = replay_memory_take(&job->memory, arguments->rounds, sizeof(double));
    if (!sorted) {
        return complain_memory();
    }
    for (unsigned i = 0; i < arguments->n_contenders; i++) {
        struct replay_result *result = &job->results[i];
        memcpy(sorted, result->round_ns, arguments->rounds * sizeof(double));
        result->ns = spread_of(sorted, arguments->rounds);
    }
    uint64_t misuses = mempool_misuse_count(MEMPOOL_MISUSE_KINDS);
    if (misuses > 0) {
        complain(verb, "%s: our pools reported %llu misuses of a trace that has none",
                 job->trace->path, (unsigned long long)misuses);
        return CLI_FAILED;
    }
    return CLI_OK;
}

/* Memory first: it is measured in children that must not inherit a used heap. */
static int measure(struct replay_job *job, const struct progress *progress) {
    int status = CLI_OK;
    for (unsigned i = 0; status == CLI_OK && i < job->arguments->n_contenders; i++) {
        progress_show(progress, "resident memory: %s", job->results[i].contender->name);
        status = measure_resident(job, &job->results[i]);
    }
    if (status == CLI_OK) {
        status = run_rounds(job, progress);
    }
    progress_clear(progress);
    return status == CLI_OK ? sum_up(job) : status;
}

int replay_job_run(struct replay_job *job, const struct replay_arguments *arguments,
                   const struct progress *progress) {
    *job = (struct replay_job){.arguments = arguments};
    progress_show(progress, "reading the trace");
    int status = load(job);
    if (status == CLI_OK) {
        status = prepare(job);
    }
    if (status != CLI_OK) {
        progress_clear(progress);
        return status;
    }
    return measure(job, progress);
}

void replay_job_release(struct replay_job *job) {
    replay_engine_destroy(job->engine);
    plan_destroy(job->plan);
    trace_unload(job->trace);
    replay_memory_release(&job->memory);
}

double replay_job_ratio(const struct replay_job *job, const struct replay_result *result) {
    double ours = job->results[0].ns.median;
    return ours > 0 ? result->ns.median / ours : 0;
}
