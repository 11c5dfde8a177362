/* SPDX-License-Identifier: MIT */
/* Lists that grow. */
#include "view/growing.h"

#include "base/bits.h"

#include <string.h>

enum { ITEMS_MIN = 256 };

void *growing_add(struct growing *list, struct view_memory *memory) {
    if (list->n == list->room) {
        size_t room = max_size(2 * list->room, ITEMS_MIN);
        void *items = view_take_array(memory, room, list->bytes);
        if (items == NULL) {
            return NULL;
        }
        if (list->n > 0) {
            memcpy(items, list->items, list->n * list->bytes);
        }
        list->items = items;
        list->room = room;
    }
    return (char *)list->items + list->n++ * list->bytes;
}
