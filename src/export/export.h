/* SPDX-License-Identifier: MIT */
/* The formats of a snapshot, each in a file of its own.
 *
 * Every one is bounded work over plain data: no lock, no memory from anywhere, safe wherever
 * writing is. All numbers are the snapshot's own, so that all formats say the same.
 * docs/formats.md tells names and units. */
#ifndef MEMPOOL_EXPORT_EXPORT_H
#define MEMPOOL_EXPORT_EXPORT_H

#include "export/output.h"
#include "view/snapshot.h"

/* All of it, as JSON that inspect/file.h reads back; schema in docs/snapshot.schema.json. */
void export_json(const struct snapshot *snapshot, struct export_output *output);
/* OpenMetrics text of one process or several, with "# EOF" at its end. */
void export_openmetrics(const struct snapshot *const *snapshots, size_t n,
                        struct export_output *output);
/* pprof's profile.proto, compressed as gzip has it (in pieces that are stored, not packed): live
 * objects and bytes by call site, or by sampled stack where there are any. */
void export_pprof(const struct snapshot *snapshot, struct export_output *output);
/* "process;component;type;frame;frame bytes" a line, for flame graphs. */
void export_folded(const struct snapshot *snapshot, struct export_output *output);
/* gperftools' heap profile as text, for google-pprof: the same as export_pprof has, by address. */
void export_heapprofile(const struct snapshot *snapshot, struct export_output *output);
/* GlusterFS's statedump, as mempool_statedump writes it. */
void export_statedump(const struct snapshot *snapshot, struct export_output *output);

#endif
