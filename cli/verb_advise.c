/* SPDX-License-Identifier: MIT */
/* `mempool advise`: what options a pool's real use asks for. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cli/advice_report.h"
#include "cli/input_kind.h"
#include "cli/message.h"
#include "cli/option.h"
#include "cli/target.h"
#include "cli/verb.h"

static const char verb[] = "advise";

enum {
    OPTION_ALL = OPTION_LONG,
    OPTION_JSON,
};

static const struct option long_options[] = {
    TARGET_LONG_OPTIONS,
    {"all", no_argument, NULL, OPTION_ALL},
    {"json", no_argument, NULL, OPTION_JSON},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct advise {
    struct target target;
    const char *path; /* of a trace; NULL: the target */
    bool is_all, is_json;
};

static void print_help(void) {
    fputs("Usage: mempool advise [OPTION...] TRACE\n"
          "       mempool advise [OPTION...] [PID]\n"
          "\n"
          "Prints for each pool the options that its real use asks for: how many objects to make\n"
          "ready (count), a limit for who wants one, and whether caches are worth their memory;\n"
          "what that saves, and why. Beside it, the size of the magazines that would be enough.\n"
          "\n"
          "TRACE is a file of the format `mempool-trace 1`, compressed with zstd: it tells all.\n"
          "Of a process PID, a core file or a snapshot the counters are known: they tell less.\n"
          "\n"
          "Options:\n"
          "  --core=FILE      look into a core file in place of a process\n"
          "  --snapshot=FILE  look into a snapshot that was saved as JSON\n"
          "  --all            pools whose options are right, too\n"
          "  --json           print JSON in place of a table\n"
          "  -h, --help       print this\n"
          "\n"
          "Exit status: 0 done; 1 it failed while running; 2 bad options, or an input that cannot\n"
          "be read or is damaged.\n",
          stdout);
}

static int print_report(const struct advise *advise, const struct advice_report *report) {
    int result =
        advise->is_json ? advice_report_json(report, stdout) : advice_report_table(report, stdout);
    int flushed = finish_output(verb);
    if (flushed == CLI_OK && result != 0) {
        complain(verb, "cannot write the advice: %s", strerror(-result));
        return CLI_FAILED;
    }
    return flushed;
}

static int advise_on_trace(const struct advise *advise, const struct trace *trace) {
    struct usage *usage = usage_of_trace(trace);
    struct magazines *magazines = magazines_of_trace(trace);
    struct advice *advice = usage && magazines ? advice_of_trace(usage, magazines) : NULL;
    int status = CLI_FAILED;
    if (advice) {
        struct advice_report report = {advice, advise->path, true, advise->is_all};
        status = print_report(advise, &report);
    } else {
        complain(verb, "out of memory");
    }
    advice_free(advice);
    magazines_free(magazines);
    usage_free(usage);
    return status;
}

static int run_trace(const struct advise *advise) {
    struct trace *trace = NULL;
    struct trace_error error;
    if (trace_load(&trace, advise->path, &error) != 0) {
        complain(verb, "%s", error.text);
        return error.is_system ? CLI_FAILED : CLI_BAD_USAGE;
    }
    int status = advise_on_trace(advise, trace);
    trace_unload(trace);
    return status;
}

static int run_target(struct advise *advise) {
    const struct snapshot_options options = {.want = 0};
    struct snapshot *snapshot = NULL;
    int status = target_open(&advise->target);
    if (status != CLI_OK) {
        return status;
    }
    status = target_take(&advise->target, &options, 0, &snapshot);
    struct advice *advice = status == CLI_OK ? advice_of_snapshot(snapshot) : NULL;
    if (status == CLI_OK && !advice) {
        complain(verb, "out of memory");
        status = CLI_FAILED;
    }
    if (status == CLI_OK) {
        struct advice_report report = {advice, target_name(&advise->target), false, advise->is_all};
        status = print_report(advise, &report);
    }
    advice_free(advice);
    snapshot_free(snapshot);
    target_close(&advise->target);
    return status;
}

static bool is_number(const char *word) {
    return word[0] != '\0' && word[strspn(word, "0123456789")] == '\0';
}

/* A number is a process, any other word a file. */
static int take_words(struct advise *advise, int argc, char **argv) {
    struct target *target = &advise->target;
    bool has_file = target->core || target->file;
    if (!has_file && optind == argc) {
        complain(verb, "no TRACE or PID given (see mempool advise --help)");
        return CLI_BAD_USAGE;
    }
    const char *word = argv[optind];
    if (!has_file && !is_number(word)) {
        optind++;
        *(input_kind(word) == INPUT_SNAPSHOT ? &target->file : &advise->path) = word;
    } else {
        int status = target_argument(target, argc, argv);
        if (status != CLI_OK) {
            return status;
        }
    }
    return optind < argc ? option_refuse(verb, "one at a time; unexpected", argv[optind]) : CLI_OK;
}

static int take_option(struct advise *advise, int option) {
    switch (option) {
    case OPTION_ALL:
        advise->is_all = true;
        return CLI_OK;
    case OPTION_JSON:
        advise->is_json = true;
        return CLI_OK;
    default:
        return target_option(&advise->target, option, optarg);
    }
}

int verb_advise(int argc, char **argv) {
    struct advise advise = {.target = {.verb = verb}};
    int option, status = CLI_OK;
    opterr = 0;
    optind = 1;
    while (status == CLI_OK && (option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            return finish_output(verb);
        }
        status = option == '?' || option == ':' ? option_unknown(verb, option, argv)
                                                : take_option(&advise, option);
    }
    status = status == CLI_OK ? take_words(&advise, argc, argv) : status;
    if (status != CLI_OK) {
        return status;
    }
    return advise.path ? run_trace(&advise) : run_target(&advise);
}
