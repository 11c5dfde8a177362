/* SPDX-License-Identifier: MIT */
/* Types: what memory is for, by name. Registered on first use, never forgotten.
 *
 * THEORY
 *
 * A hash table of chains. It is read without a lock: a type is whole before it is linked, and never
 * changes again. `account_lock` makes registering exclusive. Number 0 is "untyped"; number 1 is
 * "other", for whatever comes when all numbers are taken. */
#ifndef MEMPOOL_ACCOUNT_TYPE_H
#define MEMPOOL_ACCOUNT_TYPE_H

#include "cache/thread.h"

#include <mempool/account.h>

enum { TYPE_UNTYPED = 0, TYPE_OTHER = 1, TYPES_MAX = THREAD_TYPES };

struct mempool_type {
    struct mempool_type *next; /* in its chain */
    uint32_t number;
    uint32_t entry;            /* in components' tables of accounts */
    char name[MEMPOOL_ACCOUNT_NAME_BYTES];
};

/* Where a type's entry is in a component's table. */
static inline uint32_t type_entry(uint32_t number) {
    return number / THREAD_TYPES_RUN * (THREAD_TYPES_RUN * THREAD_TABLES) +
           number % THREAD_TYPES_RUN;
}

/* Guards the registers of types, components and accounts. Rank: above the pools' locks; held across
 * a fork. */
extern struct sys_lock account_lock;

/* Make the registers ready: 0 or -ENOMEM. Any thread, any number of times. */
int account_init(void);

/* The first two, once account_init has succeeded; account_lock is held. */
int types_init(void);
struct mempool_type *type_untyped(void);
struct mempool_type *type_other(void);

/* A name as it is kept: printable, one line, cut to its place. */
void account_name_copy(char *ret, const char *name);

#endif
