/* SPDX-License-Identifier: MIT */
/* Whose live bytes are, and what code got them. */
#include "export/owner.h"

#include <string.h>

static struct export_part whole(const char *text) {
    return (struct export_part){text, strlen(text)};
}

/* "component:type"; what has no colon is a type. */
static void split_name(const char *name, struct export_owner *ret) {
    const char *colon = strchr(name, ':');
    ret->component = (struct export_part){name, colon != NULL ? (size_t)(colon - name) : 0};
    ret->type = whole(colon != NULL ? colon + 1 : name);
}

void export_owner_of(const struct snapshot *snapshot, int32_t pool, int32_t account,
                     const char *what, struct export_owner *ret) {
    int32_t component = SNAPSHOT_NONE;
    *ret = (struct export_owner){.type = whole(what)};
    if (pool >= 0 && (size_t)pool < snapshot->n_pools) {
        const struct snapshot_pool *found = &snapshot->pools[pool];
        split_name(found->name, ret);
        ret->pool = whole(found->name);
        /* what its name says goes before what it is charged to */
        component = ret->component.length == 0 ? found->component : SNAPSHOT_NONE;
    } else if (account >= 0 && (size_t)account < snapshot->n_accounts) {
        ret->type = whole(snapshot->accounts[account].type);
        component = snapshot->accounts[account].component;
    }
    if (component >= 0 && (size_t)component < snapshot->n_components) {
        ret->component = whole(snapshot->components[component].name);
    }
}

/* Is it the name of a file of the process? Then what stands behind it is an offset in that. */
static bool is_file(const struct snapshot *snapshot, const char *name, size_t length) {
    for (size_t i = 0; i < snapshot->n_images; i++) {
        const char *slash = strrchr(snapshot->images[i].path, '/');
        const char *base = slash != NULL ? slash + 1 : snapshot->images[i].path;
        if (strlen(base) == length && memcmp(base, name, length) == 0) {
            return true;
        }
    }
    return false;
}

/* Of "function+0x12" what is before the plus. */
static struct export_part function_of(const struct snapshot *snapshot, const char *symbol) {
    const char *plus = strrchr(symbol, '+');
    if (plus == NULL || plus == symbol || strncmp(plus + 1, "0x", 2) != 0 ||
        is_file(snapshot, symbol, (size_t)(plus - symbol))) {
        return (struct export_part){"", 0};
    }
    return (struct export_part){symbol, (size_t)(plus - symbol)};
}

static void fill_code(const struct snapshot *snapshot, uint64_t address, int32_t image,
                      const char *symbol, struct export_code *ret) {
    *ret = (struct export_code){
        .address = address,
        .image = image >= 0 && (size_t)image < snapshot->n_images ? image : SNAPSHOT_NONE,
        .symbol = whole(symbol),
        .function = function_of(snapshot, symbol),
    };
}

void export_code_of_group(const struct snapshot *snapshot, const struct snapshot_group *group,
                          struct export_code *ret) {
    fill_code(snapshot, group->site, group->image, group->symbol, ret);
}

void export_code_of_frame(const struct snapshot *snapshot, uint64_t address,
                          struct export_code *ret) {
    const struct snapshot_symbol *known = snapshot_symbol_at(snapshot, address);
    if (known != NULL) {
        fill_code(snapshot, address, known->image, known->symbol, ret);
    } else {
        fill_code(snapshot, address, SNAPSHOT_NONE, "", ret);
    }
}
