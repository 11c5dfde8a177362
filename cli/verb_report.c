/* SPDX-License-Identifier: MIT */
/* `mempool report`: a page about a trace, or about snapshots. */
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "cli/input_kind.h"
#include "cli/message.h"
#include "cli/option.h"
#include "cli/report_series.h"
#include "cli/verb.h"
#include "cli/whole_file.h"
#include "report/trace_page.h"

static const char verb[] = "report";

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void print_help(void) {
    fputs(
        "Usage: mempool report [OPTION...] TRACE\n"
        "       mempool report [OPTION...] SNAPSHOT...\n"
        "\n"
        "Makes one page of HTML with charts and tables. Of a trace: what was live over time,\n"
        "rates, what each pool was used for and which options that asks for, lifetimes, sizes,\n"
        "which threads put what others got, and what was live at the end. Of snapshots: what was\n"
        "live and resident over time, what grew, and what the last one says. The page needs no\n"
        "network.\n"
        "\n"
        "TRACE is a file of the format `mempool-trace 1`, compressed with zstd; a SNAPSHOT was\n"
        "saved as JSON.\n"
        "\n"
        "Options:\n"
        "  -o, --output=FILE  where the page goes; - is standard output, which is also the\n"
        "                     default where that is not a terminal\n"
        "  -h, --help         print this\n"
        "\n"
        "Exit status: 0 done; 1 it failed while running; 2 bad options, or an input that cannot\n"
        "be read or is damaged.\n",
        stdout);
}

static int write_trace_page(const void *trace, FILE *stream) {
    return trace_page_write(trace, stream);
}

static int report_on_trace(const char *path, const char *output) {
    struct trace *trace = NULL;
    struct trace_error error;
    if (trace_load(&trace, path, &error) != 0) {
        complain(verb, "%s", error.text);
        return error.is_system ? CLI_FAILED : CLI_BAD_USAGE;
    }
    int status = whole_file_print(verb, output, write_trace_page, trace);
    trace_unload(trace);
    return status;
}

static int run(const char *output, int argc, char **argv) {
    if (optind == argc) {
        complain(verb, "no TRACE or SNAPSHOT given (see mempool report --help)");
        return CLI_BAD_USAGE;
    }
    if (!output && isatty(STDOUT_FILENO)) {
        complain(verb, "where to? -o FILE is missing (see mempool report --help)");
        return CLI_BAD_USAGE;
    }
    output = output ? output : "-";
    if (input_kind(argv[optind]) == INPUT_SNAPSHOT) {
        return report_series(verb, argv + optind, argc - optind, output);
    }
    if (optind + 1 < argc) {
        return option_refuse(verb, "one TRACE at a time; unexpected", argv[optind + 1]);
    }
    return report_on_trace(argv[optind], output);
}

int verb_report(int argc, char **argv) {
    const char *output = NULL;
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":o:h", long_options, NULL)) != -1) {
        switch (option) {
        case 'h':
            print_help();
            return finish_output(verb);
        case 'o':
            output = optarg;
            break;
        default:
            return option_unknown(verb, option, argv);
        }
    }
    return run(output, argc, argv);
}
