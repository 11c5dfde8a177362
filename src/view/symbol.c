/* SPDX-License-Identifier: MIT */
/* Looking code addresses up. */
#include "view/snapshot.h"

const struct snapshot_symbol *snapshot_symbol_at(const struct snapshot *snapshot,
                                                 uint64_t address) {
    size_t first = 0, end = snapshot->n_symbols;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (snapshot->symbols[middle].address < address) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    bool is_there = first < snapshot->n_symbols && snapshot->symbols[first].address == address;
    return is_there ? &snapshot->symbols[first] : NULL;
}
