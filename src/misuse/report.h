/* SPDX-License-Identifier: MIT */
/* Reports: one text, first line for machines, written whole; then the kind's action.
 *
 * THEORY
 *
 * A report is made on the stack without malloc or stdio and written with one write(2), so that
 * reports of several threads do not mix. Nothing is held while it is made: the callers have opened
 * their door and dropped their locks, so the callback may use any pool. All of it preserves errno.
 * A flood is thinned, never silenced: of each kind the first 1000 are written, then every 1000th;
 * all are counted, and each written one after the first 1000 says how many there were. */
#ifndef MEMPOOL_MISUSE_REPORT_H
#define MEMPOOL_MISUSE_REPORT_H

#include "base/attributes.h"
#include "cache/thread.h"

#include <mempool/misuse.h>

#include <stdbool.h>
#include <stdint.h>

enum { REPORT_WRITTEN_IN_FULL = 1000 }; /* of each kind; then one in so many */

/* Is the n-th of a kind to be written? */
static inline bool report_is_due(uint64_t n) {
    return n <= REPORT_WRITTEN_IN_FULL || n % REPORT_WRITTEN_IN_FULL == 0;
}

/* One place that objects were got at, for live-at-destroy. */
struct report_site {
    uintptr_t site;
    size_t count;
};
enum { REPORT_SITES = 5 };

struct report {
    enum mempool_misuse_kind kind;
    const void *address;
    struct mempool *pool;
    const char *pool_name; /* NULL: unknown */
    uintptr_t site;
    const struct mempool_description *past; /* NULL: nothing known */
    /* live-at-destroy */
    size_t live;
    int64_t oldest_seconds;
    struct report_site sites[REPORT_SITES];
    /* bad-setting */
    const char *word;
    size_t word_length;
};

/* Who else is told of what the calling thread misuses, before it aborts where it must: set and
 * taken back by the layer of classic names around its calls, which logs misuses. `text` is the
 * report, where the program has not said where reports go: then it is the listener's and not
 * written. NULL: it goes where the program wants it, or the callback has it, or it is one of a
 * flood. */
typedef void (*report_listener)(const struct report *report, const char *text);
extern __thread report_listener report_listener_here MEMPOOL_TLS_MODEL;

/* Count, write or call back, abort: as the policy says. Returns unless it aborts. */
MEMPOOL_COLD void report_misuse(const struct report *report);
MEMPOOL_COLD void report_bad_setting(const char *word, size_t length);

#endif
