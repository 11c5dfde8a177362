/* SPDX-License-Identifier: MIT */
/* What is done about each kind: actions, the callback, the sink, the environment variable. */
#ifndef MEMPOOL_MISUSE_POLICY_H
#define MEMPOOL_MISUSE_POLICY_H

#include "base/atomics.h"

#include <mempool/misuse.h>

enum mempool_misuse_action policy_action(enum mempool_misuse_kind kind);
/* The callback, or NULL; *ret_arg is its argument. */
mempool_misuse_callback policy_callback(void **ret_arg);
enum { SINK_DEFAULT = 2 }; /* standard error */
int policy_sink(void);
/* Read MEMPOOL_ON_MISUSE, once per process. */
void policy_init(void);

#endif
