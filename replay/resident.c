/* SPDX-License-Identifier: MIT */
/* Measures a contender's resident memory in a child process. */
#include "replay/resident.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SAMPLES = 500,
    PROC_TEXT_BYTES = 4096,
    CHILD_DONE = 43, /* exit status of a child that filled in its report */
};

/* Shared by the child, which fills it, and the parent. */
struct report {
    const struct replay_engine *engine;
    const struct replay_contender *contender;
    struct resident_use use;
    struct replay_fault fault;
    int result;
};

/* The text of a small file in /proc, ended by NUL: how many bytes, 0 on any failure. */
static size_t read_proc(const char *path, char *text) {
    size_t have = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    while (have < PROC_TEXT_BYTES - 1) {
        ssize_t got = read(fd, text + have, PROC_TEXT_BYTES - 1 - have);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        have += (size_t)got;
    }
    close(fd);
    text[have] = '\0';
    return have;
}

static uint64_t parse_number(const char *text) {
    uint64_t value = 0;
    while (*text == ' ' || *text == '\t') {
        text++;
    }
    for (; *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (uint64_t)(*text - '0');
    }
    return value;
}

/* The bytes of a line "\nNAME:   N kB", in *ret; false: no such line. */
static bool find_kilobytes(const char *text, const char *name, uint64_t *ret) {
    const char *found = strstr(text, name);
    if (!found) {
        return false;
    }
    *ret = parse_number(found + strlen(name)) * 1024;
    return true;
}

uint64_t resident_now(bool *ret_is_exact) {
    char text[PROC_TEXT_BYTES];
    uint64_t anonymous, shared;
    *ret_is_exact = read_proc("/proc/self/smaps_rollup", text) > 0 &&
                    find_kilobytes(text, "\nAnonymous:", &anonymous) &&
                    find_kilobytes(text, "\nPss_Shmem:", &shared);
    if (*ret_is_exact) {
        return anonymous + shared;
    }
    if (read_proc("/proc/self/statm", text) == 0) {
        return 0;
    }
    const char *resident = strchr(text, ' ');
    return resident ? parse_number(resident) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static void note_before(void *arg) {
    struct report *report = arg;
    report->use.before_bytes = resident_now(&report->use.is_exact);
}

static uint64_t growth(struct report *report) {
    uint64_t now = resident_now(&report->use.is_exact);
    uint64_t grown = now > report->use.before_bytes ? now - report->use.before_bytes : 0;
    if (grown > report->use.peak_growth_bytes) {
        report->use.peak_growth_bytes = grown;
    }
    report->use.n_samples++;
    return grown;
}

static void note_sample(void *arg) {
    growth(arg);
}

static void note_end(void *arg, void *const *pools, size_t n_pools) {
    struct report *report = arg;
    (void)pools;
    (void)n_pools;
    report->use.end_growth_bytes = growth(report);
    if (report->contender->ledger) {
        report->use.has_ledger =
            report->contender->ledger(report->engine, &report->use.ledger) == 0;
    }
}

/* Touch what only the measuring itself needs, before it counts. */
static void warm_up(struct report *report) {
    report->use = (struct resident_use){0};
    bool is_exact;
    resident_now(&is_exact);
}

static void run_child(struct replay_engine *engine, const struct replay_contender *contender,
                      struct report *report) {
    struct replay_outcome outcome;
    struct replay_options options = {
        .verified = true,
        .n_samples = SAMPLES,
        .before_pools = note_before,
        .on_sample = note_sample,
        .at_end = note_end,
        .arg = report,
    };
    report->engine = engine;
    report->contender = contender;
    warm_up(report);
    report->result = replay_round(engine, contender, &options, &outcome);
    report->fault = outcome.fault;
    _exit(CHILD_DONE);
}

static int await_child(pid_t child, int *ret_signal) {
    int status = 0;
    pid_t waited;
    do {
        waited = waitpid(child, &status, 0);
    } while (waited < 0 && errno == EINTR);
    *ret_signal = waited == child && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return waited == child && WIFEXITED(status) && WEXITSTATUS(status) == CHILD_DONE ? 0 : -ECHILD;
}

int resident_measure(struct replay_engine *engine, const struct replay_contender *contender,
                     struct resident_use *ret, struct replay_fault *fault, int *ret_signal) {
    *ret_signal = 0;
    *fault = (struct replay_fault){0};
    if (!contender->run_verified) {
        return -ENOTSUP;
    }
    struct report *report =
        mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (report == MAP_FAILED) {
        return -ENOMEM;
    }
    fflush(NULL);
    pid_t child = fork();
    int result = child < 0 ? -errno : 0;
    if (child == 0) {
        run_child(engine, contender, report);
    }
    if (result == 0) {
        result = await_child(child, ret_signal);
    }
    if (result == 0) {
        result = report->result;
        *fault = report->fault;
        *ret = report->use;
    }
    munmap(report, sizeof(*report));
    return result;
}
