/* SPDX-License-Identifier: MIT */
/* In place of the JSON report, in a build without the JSON library. */
#include <errno.h>

#include "cli/replay_report.h"

int replay_report_json(const struct replay_job *job, FILE *stream) {
    (void)job;
    (void)stream;
    return -ENOTSUP;
}

bool replay_report_has_json(void) {
    return false;
}
