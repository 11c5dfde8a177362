/* SPDX-License-Identifier: MIT */
/* Types. */
#include "account/type.h"

#include "base/attributes.h"
#include "vm/blocks.h"

#include <errno.h>
#include <string.h>

enum { CHAINS = 1024 };

struct sys_lock account_lock;
static struct mempool_type *_Atomic chains[CHAINS];
static struct mempool_type *untyped, *other;
static uint32_t n_types; /* account_lock */

void account_name_copy(char *ret, const char *name) {
    size_t i = 0;
    for (; i + 1 < MEMPOOL_ACCOUNT_NAME_BYTES && name[i] != '\0'; i++) {
        ret[i] = (unsigned char)name[i] < ' ' || name[i] == '\x7f' ? '?' : name[i];
    }
    ret[i] = '\0';
}

/* FNV-1a (Fowler, Noll, Vo). */
static uint32_t chain_of(const char *name) {
    uint32_t hash = 2166136261u;
    for (; *name != '\0'; name++) {
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    }
    return hash % CHAINS;
}

static struct mempool_type *find(uint32_t chain, const char *name) {
    /* Y2 pairs with Y1: the type is whole */
    struct mempool_type *type = load_acquire(&chains[chain]);
    while (type != NULL && strcmp(type->name, name) != 0) {
        type = type->next;
    }
    return type;
}

static struct mempool_type *add(uint32_t chain, const char *name) {
    struct mempool_type *type = block_take(sizeof *type);
    if (type == NULL) {
        return NULL;
    }
    memcpy(type->name, name, sizeof type->name);
    type->number = n_types++;
    type->entry = type_entry(type->number);
    type->next = load_relaxed(&chains[chain]);
    /* Y1 pairs with Y2 */
    store_release(&chains[chain], type);
    return type;
}

static struct mempool_type *find_or_add(const char *name) {
    char kept[MEMPOOL_ACCOUNT_NAME_BYTES] = "";
    account_name_copy(kept, name);
    uint32_t chain = chain_of(kept);
    struct mempool_type *type = find(chain, kept);
    return type != NULL || n_types == TYPES_MAX ? type : add(chain, kept);
}

int types_init(void) {
    if (untyped == NULL) {
        untyped = find_or_add("untyped");
    }
    if (untyped != NULL && other == NULL) {
        other = find_or_add("other");
    }
    return other != NULL ? 0 : -ENOMEM;
}

struct mempool_type *type_untyped(void) {
    return untyped;
}

struct mempool_type *type_other(void) {
    return other;
}

MEMPOOL_API struct mempool_type *mempool_type(const char *name) {
    char kept[MEMPOOL_ACCOUNT_NAME_BYTES] = "";
    struct sys_signals before;
    if (account_init() != 0) {
        return NULL;
    }
    if (name == NULL) {
        return untyped;
    }
    account_name_copy(kept, name);
    struct mempool_type *type = find(chain_of(kept), kept);
    if (type == NULL) {
        sys_signals_block(&before);
        sys_lock_take(&account_lock);
        type = find_or_add(name);
        sys_lock_drop(&account_lock);
        sys_signals_restore(&before);
    }
    return type != NULL ? type : other;
}
