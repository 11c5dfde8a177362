/* SPDX-License-Identifier: MIT */
/* Requests from outside. */
#include "record/control.h"

#include "pool/reclaim.h"
#include "pool/runtime.h"
#include "record/environment.h"
#include "record/recording.h"
#include "sys/sys.h"

#include <errno.h>
#include <string.h>

struct recording_control recording_control = {.bytes = sizeof recording_control};

/* Take a request, so that one thread carries it out. */
static enum control_request take_request(void) {
    uint32_t request = load_relaxed(&recording_control.request);
    if (request != CONTROL_BEGIN && request != CONTROL_END) {
        return CONTROL_NONE;
    }
    return swap_if_relaxed(&recording_control.request, &request, CONTROL_TAKEN)
               ? (enum control_request)request
               : CONTROL_NONE;
}

static int begin(void) {
    char path[CONTROL_PATH_BYTES];
    memcpy(path, recording_control.path, sizeof path);
    path[sizeof path - 1] = '\0';
    int fd = sys_open_existing(path);
    int result = fd < 0 ? fd : recording_begin(fd, true);
    if (fd >= 0 && result != 0) {
        sys_close(fd);
    }
    return result;
}

static void answer(int result) {
    uint32_t taken = CONTROL_TAKEN;
    store_relaxed(&recording_control.result, result);
    add_relaxed(&recording_control.answers, 1);
    (void)swap_if_relaxed(&recording_control.request, &taken, CONTROL_NONE);
}

void recording_attend(void) {
    enum control_request request = take_request();
    if (request == CONTROL_BEGIN) {
        answer(begin());
    } else if (request == CONTROL_END) {
        answer(recording_end());
    }
    if (recording_state() == RECORDING_BROKEN) {
        recording_clear();
    }
}

/* Before other constructors of this library, which may make accounts. */
__attribute__((constructor(1000))) static void attend_from_start(void) {
    store_relaxed(&reclaim_attend, recording_attend);
    if (recording_is_asked_for()) {
        store_relaxed(&runtime_first, recording_from_environment);
    }
}

/* The process ends normally, or the library is unloaded. */
__attribute__((destructor)) static void end_with_process(void) {
    if (recording_state() != RECORDING_IDLE) {
        (void)recording_end();
    }
}

void control_child(void) {
    store_relaxed(&recording_control.request, CONTROL_NONE);
}
