/* SPDX-License-Identifier: MIT */
/* A core file as a source. */
#ifndef INSPECT_CORE_H
#define INSPECT_CORE_H

#include "view/snapshot.h"
#include "view/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct core;
struct mapped_list;

/** core_is_supported: whether this build reads core files (it was made with elfutils). */
bool core_is_supported(void);

/** core_open: of several publications in it the first. What a truncated file does not hold reads as
 *  -EFAULT.
 *  Shape: 0; or a negative errno and *error filled: -ENOEXEC: no core file, or of another kind of
 *         machine; -ENODATA: there is no publication in it; -ENOTSUP: not in this build; others as
 *         open(2) has them. */
int core_open(struct core **ret, const char *path, struct snapshot_error *error);

/** core_source: lives as long as the file is open. */
struct view_source *core_source(struct core *core);

/** core_program: the short name, printable. */
const char *core_program(const struct core *core);

/** core_pid: 0 where the file does not tell. */
int64_t core_pid(const struct core *core);

/** core_is_truncated: whether it ends before its segments do. */
bool core_is_truncated(const struct core *core);

/** core_mapped: the files that were mapped (inspect/mapped.h), as far as it tells. */
const struct mapped_list *core_mapped(const struct core *core);

/** core_close: NULL is ignored. */
void core_close(struct core *core);

#endif
