/* SPDX-License-Identifier: MIT */
/* Running the command from outside: words in, texts and an exit status out. */
#ifndef TESTS_REPLAY_COMMAND_H
#define TESTS_REPLAY_COMMAND_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    OUTPUT_BYTES = 64 << 10,
    WORDS_MAX = 16,
};

static const char *command_path;

/* One run of the command. */
struct run {
    int status; /* exit status; -1: ended by a signal */
    char out[OUTPUT_BYTES];
    char err[OUTPUT_BYTES];
};

static inline void read_back(int fd, char *text) {
    ssize_t got = pread(fd, text, OUTPUT_BYTES - 1, 0);
    assert_true(got >= 0);
    text[got] = '\0';
    close(fd);
}

/* Run it with the given words; standard output goes to out_path where that is not NULL. */
static inline struct run run_to(const char *out_path, const char *const *words) {
    static struct run run;
    const char *argv[WORDS_MAX + 2] = {command_path};
    for (size_t i = 0; words[i]; i++) {
        assert_true(i < WORDS_MAX);
        argv[i + 1] = words[i];
    }
    int out = memfd_create("out", MFD_CLOEXEC);
    int err = memfd_create("err", MFD_CLOEXEC);
    pid_t child = fork();
    if (child == 0) {
        int target = out_path ? open(out_path, O_WRONLY) : out;
        dup2(target, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        execv(command_path, (char *const *)(uintptr_t)argv);
        _exit(126);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    run.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    read_back(out, run.out);
    read_back(err, run.err);
    return run;
}

#define RUN(...) run_to(NULL, (const char *const[]){__VA_ARGS__, NULL})

static inline void contains(const char *text, const char *part) {
    if (!strstr(text, part)) {
        fail_msg("'%s' is not in:\n%s", part, text);
    }
}

/* Status 2, nothing on standard output, and on standard error the one line that is given. */
static inline void is_refused(struct run run, const char *line) {
    assert_string_equal(run.err, line);
    assert_string_equal(run.out, "");
    assert_int_equal(run.status, 2);
}

#endif
