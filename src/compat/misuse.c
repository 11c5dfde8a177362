/* SPDX-License-Identifier: MIT */
/* Misuse in the log. */
#include "compat/misuse.h"

#include "base/text.h"
#include "compat/log.h"
#include "compat/pool.h"
#include "misuse/kinds.h"
#include "misuse/policy.h"
#include "sys/sys.h"

#include <string.h>

enum { MESSAGE_BYTES = 2304 }; /* the classic's line, and the longest report */

/* The classic's own, of a second put. */
static void add_classic_line(struct text *text, const struct report *report) {
    const struct mem_pool *pool = classic_pool_of(report->pool);
    const void *handle = pool != NULL ? (const void *)pool : report->pool;
    text_add(text, "mem_put called on freed ptr ");
    text_add_hex(text, (uintptr_t)report->address);
    text_add(text, " of mem pool ");
    text_add_hex(text, (uintptr_t)handle);
}

/* `text`: the report, to be told here; NULL: it is told elsewhere. It has lines of its own, so that
 * who looks for its first line finds it at a line's start. */
static void log_misuse(const struct report *report, const char *text, const char *function,
                       bool second_put) {
    char buffer[MESSAGE_BYTES];
    struct text message;
    gf_loglevel_t level =
        report->kind == MEMPOOL_MISUSE_LIVE_AT_DESTROY ? GF_LOG_WARNING : GF_LOG_CRITICAL;
    if (text == NULL && !second_put) {
        return;
    }
    if (!log_wants(level)) {
        if (text != NULL) {
            (void)sys_write(SINK_DEFAULT, text, strlen(text)); /* never silent */
        }
        return;
    }
    text_init(&message, buffer, sizeof buffer);
    if (second_put) {
        add_classic_line(&message, report);
    } else {
        text_add(&message, misuse_kinds[report->kind].meaning);
    }
    if (text != NULL) {
        text_add(&message, "\n");
        text_add_bytes(&message, text, strlen(text) - 1); /* without its last newline */
    }
    log_text(LOG_ORIGIN("mem-pool", function, report->site), level, buffer);
}

void misuse_log_put(const struct report *report, const char *text) {
    bool second_put =
        report->kind == MEMPOOL_MISUSE_DOUBLE_PUT || report->kind == MEMPOOL_MISUSE_RACING_PUT;
    log_misuse(report, text, "mem_put", second_put);
}

void misuse_log(const struct report *report, const char *text) {
    log_misuse(report, text, __func__, false);
}
