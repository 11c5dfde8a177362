/* SPDX-License-Identifier: MIT */
/* Starting and asking a subject (subject.c), whose path is the test's first argument. */
#ifndef TESTS_INSPECT_SUBJECT_H
#define TESTS_INSPECT_SUBJECT_H

#include "check.h"

#include "inspect/images.h"
#include "inspect/process.h"
#include "view/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SUBJECT_LINE_BYTES = 512, SUBJECT_OBJECTS = 1000, SUBJECT_BLOCKS = 300 };

static const char *subject_path;

struct subject {
    pid_t pid;
    uint64_t site; /* of the get of its objects, as it knows it */
    FILE *words, *answers;
    char line[SUBJECT_LINE_BYTES]; /* the last answer */
};

static inline const char *subject_read(struct subject *subject) {
    CHECK(fgets(subject->line, sizeof subject->line, subject->answers) != NULL);
    return subject->line;
}

/* One of the addresses that a line of it tells. */
static inline uint64_t subject_address(const char *line, const char *name) {
    const char *at = strstr(line, name);
    CHECK(at != NULL);
    return strtoull(at + strlen(name) + 1, NULL, 16);
}

static inline void subject_start(struct subject *ret, const char *threads, const char *pools) {
    int words[2], answers[2];
    CHECK(pipe(words) == 0 && pipe(answers) == 0);
    fflush(NULL);
    ret->pid = fork();
    CHECK(ret->pid >= 0);
    if (ret->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when it is stopped, and the test fails */
        dup2(words[0], STDIN_FILENO);
        dup2(answers[1], STDOUT_FILENO);
        close(words[1]);
        close(answers[0]);
        execl(subject_path, "subject", threads, pools, (char *)NULL);
        _exit(127);
    }
    close(words[0]);
    close(answers[1]);
    ret->words = fdopen(words[1], "w");
    ret->answers = fdopen(answers[0], "r");
    CHECK(strncmp(subject_read(ret), "ready ", 6) == 0);
    ret->site = subject_address(ret->line, "site");
}

static inline void subject_tell(struct subject *subject, const char *word) {
    CHECK(fprintf(subject->words, "%s\n", word) > 0 && fflush(subject->words) == 0);
}

static inline const char *subject_ask(struct subject *subject, const char *word) {
    subject_tell(subject, word);
    return subject_read(subject);
}

/* Until it stands still. */
static inline void subject_stop(const struct subject *subject) {
    int status;
    CHECK(kill(subject->pid, SIGSTOP) == 0);
    CHECK(waitpid(subject->pid, &status, WUNTRACED) == subject->pid && WIFSTOPPED(status));
}

static inline void subject_continue(const struct subject *subject) {
    CHECK(kill(subject->pid, SIGCONT) == 0);
}

static inline void subject_kill(struct subject *subject) {
    CHECK(kill(subject->pid, SIGKILL) == 0);
    CHECK(waitpid(subject->pid, NULL, 0) == subject->pid);
    fclose(subject->words);
    fclose(subject->answers);
}

static inline struct process *process_opened(int64_t pid) {
    struct snapshot_error error;
    struct process *process = NULL;
    int result = process_open(&process, pid, &error);
    if (result != 0) {
        printf("%s\n", error.text);
    }
    CHECK(result == 0);
    return process;
}

static inline struct snapshot *taken(struct view_source *source, unsigned want) {
    struct snapshot_error error;
    struct snapshot *snapshot = NULL;
    const struct snapshot_options options = {.want = want};
    int result = snapshot_take(&snapshot, source, &options, &error);
    if (result != 0) {
        printf("%s\n", error.text);
    }
    CHECK(result == 0);
    return snapshot;
}

static inline const struct snapshot_pool *pool_named(const struct snapshot *snapshot,
                                                     const char *name) {
    for (size_t i = 0; i < snapshot->n_pools; i++) {
        if (strcmp(snapshot->pools[i].name, name) == 0) {
            return &snapshot->pools[i];
        }
    }
    return NULL;
}

/* The largest of what has that name. */
static inline const struct snapshot_group *group_of(const struct snapshot *snapshot,
                                                    const char *what) {
    for (size_t i = 0; i < snapshot->n_groups; i++) {
        if (strcmp(snapshot->groups[i].what, what) == 0) {
            return &snapshot->groups[i];
        }
    }
    return NULL;
}

#endif
