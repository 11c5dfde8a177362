/* SPDX-License-Identifier: MIT */
/* `mempool serve` in a build without libmicrohttpd. */
#include "cli/message.h"
#include "cli/serve.h"
#include "cli/verb.h"

bool serve_is_supported(void) {
    return false;
}

int serve_run(const struct serve_job *job) {
    complain(job->verb, "this build cannot serve (it was made without libmicrohttpd)");
    return CLI_FAILED;
}
