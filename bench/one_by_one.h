/* SPDX-License-Identifier: MIT */
/* Bulk for peers that have none: a loop. Included after their peer_get and peer_put. */

static inline size_t peer_get_bulk(peer_pool pool, void **objects, size_t n) {
    for (size_t i = 0; i < n; i++) {
        objects[i] = peer_get(pool);
        if (objects[i] == NULL) {
            return i;
        }
    }
    return n;
}

static inline void peer_put_bulk(peer_pool pool, void *const *objects, size_t n) {
    for (size_t i = 0; i < n; i++) {
        peer_put(pool, objects[i]);
    }
}
