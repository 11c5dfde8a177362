/* SPDX-License-Identifier: MIT */
/* How the results of `mempool replay` are written. */
#ifndef CLI_REPLAY_REPORT_H
#define CLI_REPLAY_REPORT_H

#include <stdio.h>

#include "cli/replay_job.h"

/** replay_report_text: two tables for people.  0 or a negative errno. */
int replay_report_text(const struct replay_job *job, FILE *stream);

/** replay_report_json: everything, for programs.  0 or a negative errno. */
int replay_report_json(const struct replay_job *job, FILE *stream);

#endif
