/* SPDX-License-Identifier: MIT */
/* `mempool record`: what its ways share. */
#include "cli/record_job.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/verb.h"

const char record_verb[] = "record";

enum {
    READ_BYTES = 256 << 10,
    LOOK_MS = 100,
};

static volatile sig_atomic_t interrupted;

static void note_signal(int number) {
    (void)number;
    interrupted = 1;
}

void record_catch_signals(void) {
    struct sigaction action = {.sa_handler = note_signal};
    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
}

void record_hold_signals(sigset_t *ret_before) {
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &held, ret_before);
}

bool record_is_interrupted(void) {
    return interrupted != 0;
}

double record_now(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int complain_of(const struct record_job *job, int result) {
    if (result == -EBADMSG) {
        complain(record_verb, "%s: is not a recording, or is damaged",
                 job->from != NULL ? job->from : "what the process writes");
        return job->from != NULL ? CLI_BAD_USAGE : CLI_FAILED;
    }
    complain(record_verb, "%s: cannot write: %s", job->output, strerror(-result));
    return CLI_FAILED;
}

enum step { STEP_READ, STEP_EMPTY, STEP_END };

/* What is there now. *ret_status where it is the end. */
static enum step read_some(struct record_source *source, int *ret_status) {
    static char bytes[READ_BYTES];
    ssize_t n = read(source->fd, bytes, sizeof bytes);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return STEP_EMPTY;
    }
    if (n < 0) {
        complain(record_verb, "cannot read the recording: %s", strerror(errno));
        *ret_status = CLI_FAILED;
        return STEP_END;
    }
    if (n == 0) {
        return source->is_open_late ? STEP_EMPTY : STEP_END;
    }
    source->is_open_late = false;
    int result = recording_read(source->job->recording, bytes, (size_t)n);
    if (result < 0) {
        *ret_status = complain_of(source->job, result);
    }
    return result == RECORDING_MORE ? STEP_READ : STEP_END;
}

static void wait_for_more(const struct record_source *source) {
    struct pollfd wanted = {.fd = source->fd, .events = POLLIN};
    if (poll(&wanted, 1, LOOK_MS) > 0 && (wanted.revents & POLLIN) == 0) {
        /* Nobody writes: that is no reason to look all the time. */
        (void)poll(NULL, 0, LOOK_MS / 10);
    }
}

int record_read_all(struct record_source *source) {
    int status = CLI_OK;
    bool going_on = true;
    double looked = record_now();
    double end = source->job->seconds > 0 ? looked + source->job->seconds : 0;
    for (;;) {
        enum step step = read_some(source, &status);
        double now = record_now();
        bool is_over = source->is_stopped || (end > 0 && now >= end);
        if (step == STEP_END || (step == STEP_EMPTY && !going_on)) {
            return status;
        }
        if (is_over && source->is_going_on == NULL) {
            return status;
        }
        if (source->is_going_on != NULL && (is_over || now - looked >= LOOK_MS / 1e3)) {
            looked = now;
            source->is_stopped = source->is_stopped || is_over;
            going_on = source->is_going_on(source) && going_on;
        }
        if (step == STEP_EMPTY && going_on) {
            wait_for_more(source);
        }
    }
}

static void say_sums(const struct record_job *job) {
    const struct recording_sums *sums = recording_sums(job->recording);
    fprintf(stderr,
            "mempool: record: %s: %" PRIu64 " events in %.3f s: %" PRIu64 " gets, %" PRIu64
            " puts, %" PRIu64 " allocations, %" PRIu64 " reallocs, %" PRIu64 " frees; %" PRIu64
            " live before; %u threads, %u pools, %u sites\n",
            job->output, sums->events, (double)sums->duration_ns / 1e9, sums->gets, sums->puts,
            sums->allocations, sums->reallocations, sums->frees, sums->live_before,
            sums->threads, sums->pools, sums->sites);
    if (sums->lost + sums->unknown + sums->mended + sums->cut_sizes + sums->cut_waits > 0) {
        fprintf(stderr,
                "mempool: record: %s: %" PRIu64 " events were lost in signal handlers, %" PRIu64
                " puts of unknown objects left out, %" PRIu64 " missing puts added, %" PRIu64
                " sizes and %" PRIu64 " waits cut\n",
                job->output, sums->lost, sums->unknown, sums->mended, sums->cut_sizes,
                sums->cut_waits);
    }
    if (sums->limit != NULL) {
        fprintf(stderr, "mempool: record: %s: ended early: %s\n", job->output, sums->limit);
    }
}

int record_save(struct record_job *job) {
    int result = recording_finish(job->recording);
    if (result != 0) {
        return complain_of(job, result);
    }
    if (!job->is_quiet) {
        say_sums(job);
    }
    return CLI_OK;
}
