/* SPDX-License-Identifier: MIT */
/* GlusterFS's log lines: to standard error, or to the program's own logger.
 *
 * THEORY
 *
 * A message is composed on the stack, without malloc or stdio, while nothing is held, and handed to
 * the logger or written with one write(2). Only what led to the calling function is found out by
 * libc, which may allocate; that is done where the message is logged, not where its level is off.
 * errno is preserved. */
#ifndef MEMPOOL_COMPAT_LOG_H
#define MEMPOOL_COMPAT_LOG_H

#include "base/attributes.h"

#include "compat/classic.h"

#include <stdbool.h>

/* Where a message is from. */
struct log_origin {
    const char *domain, *file, *function;
    int line;
    uintptr_t site; /* the return address that callers are told from; 0: no callers */
    bool with_site; /* the function of `site` is the first of them */
};

/* Of this library, for the caller of the exported function that has `caller_site`. */
#define LOG_ORIGIN(of_domain, of_function, caller_site)                                            \
    (&(const struct log_origin){.domain = (of_domain),                                             \
                                .file = __FILE__,                                                  \
                                .line = __LINE__,                                                  \
                                .function = (of_function),                                         \
                                .site = (caller_site),                                             \
                                .with_site = true})

bool log_wants(gf_loglevel_t level);
MEMPOOL_COLD void log_text(const struct log_origin *origin, gf_loglevel_t level, const char *text);
/* `no memory available for size (N)`. */
MEMPOOL_COLD void log_no_memory(const char *function, size_t bytes, uintptr_t site);

#endif
