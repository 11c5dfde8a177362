/* SPDX-License-Identifier: MIT */
/* The command line of `mempool top`. */
#ifndef CLI_TOP_ARGUMENTS_H
#define CLI_TOP_ARGUMENTS_H

#include "cli/target.h"
#include "cli/top/batch.h"
#include "cli/top/screen.h"

struct top_arguments {
    struct target target;
    struct top_batch batch;
    struct top_screen screen;
    bool is_help, is_batch;
    int64_t interval_ns;
    enum top_view view;
    int sort; /* a column of the view; -1: as usual */
    bool is_reversed, has_all;
    const char *filter;
    const char *view_word, *sort_word; /* own: looked at when all are known */
};

/** top_arguments_parse: an exit status; with is_help, help is wanted and nothing else is set. */
int top_arguments_parse(struct top_arguments *arguments, int argc, char **argv);

/** top_print_help: to standard output. */
void top_print_help(void);

#endif
