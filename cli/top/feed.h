/* SPDX-License-Identifier: MIT */
/* Where snapshots come from: an interface, so that what shows them needs no process. */
#ifndef CLI_TOP_FEED_H
#define CLI_TOP_FEED_H

#include <stdbool.h>

#include "view/snapshot.h"

/* What to read beside the counters. */
enum {
    TOP_WANT_SITES = 1,
    TOP_WANT_LEDGER = 2,
};

enum top_took {
    TOP_TOOK,
    TOP_TOOK_NOTHING, /* `error` says why; another time it may work */
    TOP_TOOK_LAST,    /* the process has ended */
};

struct top_feed {
    /* Read a snapshot; *ret is the caller's. */
    enum top_took (*take)(struct top_feed *feed, unsigned want, struct snapshot **ret);
    const char *name; /* of what is looked at */
    bool is_still;    /* a file: every snapshot is the same */
    char error[256];  /* one line */
};

#endif
