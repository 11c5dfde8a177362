/* SPDX-License-Identifier: MIT */
/* The table of misuses: word, default action, what to tell the user to do. */
#ifndef MEMPOOL_MISUSE_KINDS_H
#define MEMPOOL_MISUSE_KINDS_H

#include <mempool/misuse.h>

#include <stdbool.h>

struct misuse_kind {
    const char *name;
    const char *meaning; /* what happened, one clause */
    const char *advice;  /* what to look for */
    enum mempool_misuse_action action; /* by default */
    bool foreign;        /* in the group `foreign` */
};
extern const struct misuse_kind misuse_kinds[MEMPOOL_MISUSE_KINDS];

#endif
