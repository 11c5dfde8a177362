/* SPDX-License-Identifier: MIT */
/* Where reports of misuse go.
 *
 * A daemon's stderr leads nowhere, or somewhere else. So each report is appended to a file of the
 * process, `mempool.PID.misuse`, beside its dumps (dump.h), made by the first one; of a flood as
 * many as misuse/report.h says. Actions are as MEMPOOL_ON_MISUSE and the defaults say. */
#ifndef GLUSTERFS_MISUSE_H
#define GLUSTERFS_MISUSE_H

/* Once, when engaging. */
void misuse_connect(void);

#endif
