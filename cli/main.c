/* SPDX-License-Identifier: MIT */
/* The command `mempool`: finds the verb and runs it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <mempool/mempool.h>

#include "cli/message.h"
#include "cli/verb.h"

static const struct verb verbs[] = {
    {"advise", "say which options the real use of pools asks for", verb_advise},
    {"ages", "how old what is live in a process is, and what grows old", verb_ages},
    {"describe", "tell whose an address in a process is, and who got it", verb_describe},
    {"diff", "compare two snapshots of a process's live memory", verb_diff},
    {"dump", "write a statedump of a process", verb_dump},
    {"export", "write what is known of a process for other programs: OpenMetrics, pprof, ...",
     verb_export},
    {"leaks", "rank what is live in a process or snapshot, by type and call site", verb_leaks},
    {"ledger", "what a process's memory consists of", verb_ledger},
    {"ls", "list the processes that use the library", verb_ls},
    {"record", "write a trace of a program that uses the library, while it runs", verb_record},
    {"replay", "run a recorded trace through our pools and others, and compare", verb_replay},
    {"report", "make a page with charts of a trace, or of snapshots", verb_report},
    {"run", "run a program with our pools in the place of its own: GlusterFS", verb_run},
    {"serve", "answer HTTP requests of a Prometheus about this machine's processes", verb_serve},
    {"show", "a process's pools, components, accounts and threads, or one pool", verb_show},
    {"sites", "the call sites that hold a process's memory", verb_sites},
    {"snapshot", "save all that is known of a process", verb_snapshot},
    {"top", "watch a process's pools, components, call sites and threads, live", verb_top},
    {"watch", "a snapshot of a process every so often, and what grows", verb_watch},
};

enum {
    N_VERBS = sizeof(verbs) / sizeof(verbs[0]),
};

static void print_help(FILE *stream) {
    fputs("Usage: mempool VERB [OPTION...] [ARGUMENT...]\n"
          "       mempool --help | --version\n"
          "\n"
          "Object pools for long-running programs: the tools.\n"
          "\n"
          "Verbs:\n",
          stream);
    for (size_t i = 0; i < N_VERBS; i++) {
        fprintf(stream, "  %-8s %s\n", verbs[i].name, verbs[i].summary);
    }
    fputs("\n`mempool VERB --help` explains a verb; mempool(1) explains all of it.\n", stream);
}

static const struct verb *find_verb(const char *name) {
    for (size_t i = 0; i < N_VERBS; i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    /* Children are waited for; an ignored SIGCHLD, which a parent may hand on, loses them. */
    signal(SIGCHLD, SIG_DFL);
    if (argc < 2) {
        print_help(stderr);
        return CLI_BAD_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        print_help(stdout);
        return finish_output(NULL);
    }
    if (strcmp(word, "--version") == 0) {
        printf("mempool %s\n", mempool_version());
        return finish_output(NULL);
    }
    const struct verb *verb = find_verb(word);
    if (!verb) {
        complain(NULL, "unknown %s '%s' (see mempool --help)", word[0] == '-' ? "option" : "verb",
                 word);
        return CLI_BAD_USAGE;
    }
    return verb->run(argc - 1, argv + 1);
}
