/* SPDX-License-Identifier: MIT */
/* Whose live bytes are, and what code got them: in parts, for formats that nest. */
#ifndef MEMPOOL_EXPORT_OWNER_H
#define MEMPOOL_EXPORT_OWNER_H

#include "view/snapshot.h"

/* Part of a text; length 0: none. */
struct export_part {
    const char *text;
    size_t length;
};

struct export_owner {
    struct export_part component, type;
    struct export_part pool; /* the whole name, where it is a pool's */
};

/* Of a group or a stack: its first three members. */
void export_owner_of(const struct snapshot *snapshot, int32_t pool, int32_t account,
                     const char *what, struct export_owner *ret);

/* A code address. */
struct export_code {
    uint64_t address; /* 0: unknown */
    int32_t image;    /* index, or SNAPSHOT_NONE */
    struct export_part symbol;   /* as the snapshot has it */
    struct export_part function; /* of it the function's name */
};

void export_code_of_group(const struct snapshot *snapshot, const struct snapshot_group *group,
                          struct export_code *ret);
void export_code_of_frame(const struct snapshot *snapshot, uint64_t address,
                          struct export_code *ret);

#endif
