/* SPDX-License-Identifier: MIT */
/* What a verb of the command is, and how it ends. */
#ifndef CLI_VERB_H
#define CLI_VERB_H

/* Exit statuses of the command. */
enum {
    CLI_OK = 0,
    CLI_FAILED = 1,    /* the work could not be done, or found something wrong */
    CLI_BAD_USAGE = 2, /* bad arguments, or an input that is not what it should be */
};

struct verb {
    const char *name;
    const char *summary;               /* one line, for the list of verbs */
    int (*run)(int argc, char **argv); /* argv[0] is the verb; returns an exit status */
};

/** verb_advise: mempool advise. */
int verb_advise(int argc, char **argv);
/** verb_ages: mempool ages. */
int verb_ages(int argc, char **argv);
/** verb_describe: mempool describe. */
int verb_describe(int argc, char **argv);
/** verb_diff: mempool diff. */
int verb_diff(int argc, char **argv);
/** verb_dump: mempool dump. */
int verb_dump(int argc, char **argv);
/** verb_export: mempool export. */
int verb_export(int argc, char **argv);
/** verb_leaks: mempool leaks. */
int verb_leaks(int argc, char **argv);
/** verb_ledger: mempool ledger. */
int verb_ledger(int argc, char **argv);
/** verb_ls: mempool ls. */
int verb_ls(int argc, char **argv);
/** verb_record: mempool record. */
int verb_record(int argc, char **argv);
/** verb_replay: mempool replay. */
int verb_replay(int argc, char **argv);
/** verb_report: mempool report. */
int verb_report(int argc, char **argv);
/** verb_run: mempool run; returns only where the program cannot be run. */
int verb_run(int argc, char **argv);
/** verb_serve: mempool serve. */
int verb_serve(int argc, char **argv);
/** verb_show: mempool show. */
int verb_show(int argc, char **argv);
/** verb_sites: mempool sites. */
int verb_sites(int argc, char **argv);
/** verb_snapshot: mempool snapshot. */
int verb_snapshot(int argc, char **argv);
/** verb_top: mempool top. */
int verb_top(int argc, char **argv);
/** verb_watch: mempool watch. */
int verb_watch(int argc, char **argv);

#endif
