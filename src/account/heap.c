/* SPDX-License-Identifier: MIT */
/* The accounted heap: blocks from size classes, booked in tallies.
 *
 * An allocation takes from the room that its thread's tally of the account has, a slot from its
 * thread's cache of the class, and writes the tag. A free does the reverse. Both do all of it
 * behind the door, or nothing; neither takes a lock or does an atomic read-modify-write where
 * tally, cache and slot are at hand. */
#include "account/heap.h"
#include "account/books.h"
#include "account/class.h"
#include "account/sampled.h"
#include "account/tally.h"
#include "base/bits.h"
#include "base/prefetch.h"
#include "cache/hit.h"
#include "cache/park.h"
#include "cache/seat.h"
#include "misuse/explain.h"
#include "pool/reclaim.h"
#include "pool/recorder.h"
#include "pool/registry.h"
#include "sys/probes.h"

#include <errno.h>
#include <string.h>

enum { SHARED_STRIDE = 32 << 10 }; /* pages of blocks above this serve those of other sizes */

#define BLOCK_BYTES_LARGEST ((size_t)1 << CLASS_BYTES_MAX_SHIFT)

/* ---- slots, without the books --------------------------------------------------------------- */

/* A live slot of a class, its record in *ret_record; NULL with errno. */
static void *take_slot(uint32_t class, uintptr_t site, size_t zero_bytes, record **ret_record) {
    struct descriptor *descriptor;
    struct mempool *pool = class_pool(class);
    void *block = NULL;
    if (pool != NULL) {
        block = pool_get_slow(pool, site, zero_bytes);
    } else {
        errno = ENOMEM;
    }
    if (block != NULL) {
        (void)slot_find(block, &descriptor, ret_record);
    }
    return block;
}

/* Is it the start of a live block of the heap? Its record, or NULL. */
static record *find_block(const void *address, const struct depot **ret_depot) {
    struct descriptor *descriptor;
    record *slot_record;
    if (!space.ready || slot_find(address, &descriptor, &slot_record) != SLOT_FOUND) {
        return NULL;
    }
    const struct slab *slab = load_relaxed(&descriptor->slab);
    const struct depot *depot = slab != NULL ? load_relaxed(&slab->owner) : NULL;
    bool live = depot != NULL && depot->shape.tagged != 0 &&
                record_is_live(load_relaxed(slot_record));
    *ret_depot = depot;
    return live ? slot_record : NULL;
}

/* ---- allocating ------------------------------------------------------------------------------ */

/* Is there room in the thread's own tally, so that nothing has to be charged? */
static bool has_room(const struct thread *thread, uint32_t place, size_t bytes) {
    uint64_t room;
    return !thread_seated && thread_attached(thread) && thread_has_tally(thread, place) &&
           room_take(load_relaxed(&thread_tally(thread, place)->room), bytes, &room);
}

/* Count a block: as a hit does where that is possible. False: refused by a hard limit, which may be
 * although its bytes were reserved: the slow path may have used them for something else. */
static bool book(struct thread *thread, uint32_t place, size_t bytes) {
    uint64_t room;
    bool booked = false;
    if (!thread_seated && thread_door_open(thread)) {
        thread_shut_door(thread); /* first, as in take_at_hand */
        struct tally *tally =
            thread_has_tally(thread, place) ? thread_tally(thread, place) : NULL;
        booked = tally != NULL && room_take(load_relaxed(&tally->room), bytes, &room);
        if (booked) {
            store_relaxed(&tally->room, room);
        }
        thread_open_door(thread);
    }
    return booked || account_charge(place, bytes);
}

/* Any thread, any account, any class. `zero_bytes`: so many are to be zero. */
static void *allocate_booked(size_t bytes, struct mempool_type *type,
                             uint32_t class, uintptr_t site, size_t zero_bytes) {
    int saved_errno = errno;
    record *slot_record;
    if (account_init() != 0) {
        errno = ENOMEM;
        return NULL;
    }
    if (thread_current == &thread_none) {
        (void)thread_attach();
    }
    uint32_t place = account_current(thread_current, type != NULL ? type : type_untyped());
    struct thread *thread = thread_current;
    if (thread_attached(thread) && load_relaxed(&thread->component) == NULL) {
        store_relaxed(&thread->component, component_root());
        store_relaxed(&thread->account_places, component_root()->account_places);
    }
    bool reserved = !has_room(thread, place, bytes);
    if (reserved && !account_reserve(place, bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = take_slot(class, site, zero_bytes, &slot_record);
    if (block == NULL) {
        if (reserved) {
            account_unreserve(place);
        }
        return NULL;
    }
    store_relaxed(slot_tag(slot_record), tag_make(place, bytes));
    if (!book(thread, place, bytes)) {
        (void)pool_put_slow(block, site, true);
        errno = ENOMEM;
        return NULL;
    }
    recorder_allocated(block, tag_make(place, bytes), zero_bytes != 0);
    components_fire();
    errno = saved_errno;
    return block;
}

MEMPOOL_NOINLINE static void *allocate_of_class(size_t bytes, struct mempool_type *type,
                                                uint32_t class, uintptr_t site,
                                                size_t zero_bytes) {
    void *block = allocate_booked(bytes, type, class, site, zero_bytes);
    if (sample_is_on()) {
        account_sample(block, bytes, site);
    }
    if (block != NULL) {
        PROBE_ALLOC(block, bytes);
    }
    return block;
}

/* Behind a shut door, with room in the tally: a slot of the cache, tagged and booked; NULL: a miss.
 * *ret_before: its record, before. */
MEMPOOL_HOT_INLINE void *take_booked(const struct thread *thread, struct cache *cache, uint64_t tag,
                                     struct tally *tally, uint64_t room, uintptr_t site,
                                     uint64_t *ret_before) {
    struct round *top = load_relaxed(&cache->top);
    void *block = NULL;
    record *slot_record = hit_may_take(cache, top, ret_before);
    if (MEMPOOL_LIKELY(slot_record != NULL)) {
        /* The tag first: who finds a live record finds its tag. */
        store_relaxed(slot_next_tag(slot_record), tag);
        block = hit_take(thread, cache, top, slot_record, site);
        store_relaxed(&tally->room, room);
    }
    return block;
}

/* The same of a class of the thread's own, whose door is open. Not before it is shut is the tally
 * looked at: a handler may allocate up to then, and have the tallies moved. *ret_wants_room: a miss
 * for want of room. */
MEMPOOL_HOT_INLINE void *take_at_hand(struct thread *thread, uint32_t place, size_t bytes,
                                      int32_t offset, uintptr_t site, uint64_t *ret_before,
                                      bool *ret_wants_room) {
    void *block = NULL;
    *ret_wants_room = false;
    thread_shut_door(thread);
    if (MEMPOOL_LIKELY(thread_has_tally(thread, place))) {
        struct tally *tally = thread_tally(thread, place);
        uint64_t room;
        if (room_take(load_folded(&tally->room), bytes, &room)) {
            block = take_booked(thread, thread_heap_cache(thread, offset), tag_make(place, bytes),
                                tally, room, site, ret_before);
        } else {
            *ret_wants_room = true;
        }
    }
    thread_open_door(thread);
    return block;
}

/* What follows when the slow half of a tally has been at work. */
static void after_making_room(const struct thread *thread) {
    components_fire();
    reclaim_if_due(thread->tick_ms);
}

/* Is a block at hand, as far as gates tell? Where none is, room is made when one is there, so that
 * peaks do not count what cannot be had. */
static bool is_at_hand(const struct cache *cache) {
    return load_relaxed(&cache->top) > load_relaxed(&cache->floor);
}

/* A seated thread's, from its processor's tally and cache (cache/seat.h); NULL: a miss. */
static void *take_seated(size_t bytes, uint32_t place, uintptr_t site, uint64_t *ret_before) {
    uint64_t room;
    void *block = NULL;
    bool made_room = false;
    struct thread *self = thread_current;
    struct thread *seat = seat_take();
    if (MEMPOOL_UNLIKELY(seat == NULL)) {
        return NULL;
    }
    if (MEMPOOL_LIKELY(thread_has_tally(seat, place))) {
        struct cache *cache = thread_heap_cache(seat, class_offset_of(bytes));
        struct tally *tally = thread_tally(seat, place);
        bool has_room = room_take(load_folded(&tally->room), bytes, &room);
        if (MEMPOOL_UNLIKELY(!has_room) && is_at_hand(cache)) {
            made_room = true;
            has_room = tally_make_room(seat, place, bytes, 1) == NULL &&
                       room_take(load_relaxed(&tally->room), bytes, &room);
        }
        if (MEMPOOL_LIKELY(has_room)) {
            block = take_booked(self, cache, tag_make(place, bytes), tally, room, site, ret_before);
            if (MEMPOOL_LIKELY(block != NULL)) {
                hit_prefetch_next(cache);
            }
        }
    }
    seat_leave(seat);
    if (MEMPOOL_UNLIKELY(made_room)) {
        after_making_room(self);
    }
    return block;
}

/* An allocation of a seated thread; NULL: a miss. */
static void *allocate_seated(size_t bytes, uint32_t place, uintptr_t site, size_t zero_bytes) {
    uint64_t before;
    void *block = bytes <= CLASS_BYTES_CACHED && place != PLACE_NONE
                      ? take_seated(bytes, place, site, &before)
                      : NULL;
    if (MEMPOOL_UNLIKELY(block == NULL)) {
        return NULL;
    }
    if (MEMPOOL_UNLIKELY(sample_is_on())) {
        account_sample(block, bytes, site);
    }
    PROBE_ALLOC(block, bytes);
    return zero_bytes == 0 || slot_is_fresh(before) ? block : memset(block, 0, zero_bytes);
}

MEMPOOL_NOINLINE static void *allocate_slow(size_t bytes, struct mempool_type *type, uintptr_t site,
                                            size_t zero_bytes) {
    if (bytes > BLOCK_BYTES_LARGEST) {
        errno = ENOMEM;
        return NULL;
    }
    if (thread_seated && type != NULL) {
        uint32_t place = account_known(load_relaxed(&thread_current->account_places), type);
        void *block = allocate_seated(bytes, place, site, zero_bytes);
        if (MEMPOOL_LIKELY(block != NULL)) {
            return block;
        }
    }
    return allocate_of_class(bytes, type, class_of(bytes), site, zero_bytes);
}

/* The room is not large enough, or the tick is due. Of a class that threads cache. */
MEMPOOL_NOINLINE static void *allocate_making_room(size_t bytes, struct mempool_type *type,
                                                   uintptr_t site, size_t zero_bytes) {
    seat_if_wanted();
    if (thread_seated) {
        return allocate_slow(bytes, type, site, zero_bytes);
    }
    struct thread *thread = thread_current;
    uint32_t place = account_known(load_relaxed(&thread->account_places), type);
    int32_t offset = class_offset(class_of(bytes));
    void *block = NULL;
    uint64_t before = 0;
    bool wants_room;
    struct thread *holder =
        is_at_hand(thread_heap_cache(thread, offset)) ? tally_enter(place) : NULL;
    bool made = holder != NULL && tally_make_room(holder, place, bytes, 1) == NULL;
    if (holder != NULL) {
        tally_leave(holder);
    }
    if (made && !thread_seated) {
        block = take_at_hand(thread, place, bytes, offset, site, &before, &wants_room);
        after_making_room(thread);
    }
    if (block == NULL) {
        return allocate_slow(bytes, type, site, zero_bytes);
    }
    if (zero_bytes > 0 && !slot_is_fresh(before)) {
        memset(block, 0, zero_bytes);
    }
    if (sample_is_on()) {
        account_sample(block, bytes, site);
    }
    PROBE_ALLOC(block, bytes);
    return block;
}

/* Of a class that threads cache, `offset` in their tables. All ways but one leave by a jump: so
 * nothing has to be kept over a call, and but for `bytes` and `type` nothing for later. */
MEMPOOL_HOT_INLINE void *allocate(size_t bytes, struct mempool_type *type, int32_t offset,
                                  uintptr_t site, size_t zero_bytes) {
    struct thread *thread = thread_current;
    uint64_t before;
    bool wants_room;
    if (MEMPOOL_UNLIKELY(type == NULL)) {
        return allocate_slow(bytes, type, site, zero_bytes);
    }
    uint32_t place = account_known(load_relaxed(&thread->account_places), type);
    if (!thread_door_open(thread)) {
        return allocate_slow(bytes, type, site, zero_bytes);
    }
    void *block = take_at_hand(thread, place, bytes, offset, site, &before, &wants_room);
    if (MEMPOOL_UNLIKELY(block == NULL)) {
        return wants_room ? allocate_making_room(bytes, type, site, zero_bytes)
                          : allocate_slow(bytes, type, site, zero_bytes);
    }
    PROBE_ALLOC(block, bytes);
    return zero_bytes == 0 || slot_is_fresh(before) ? block : memset(block, 0, zero_bytes);
}

MEMPOOL_NOINLINE static void *allocate_large(size_t bytes, struct mempool_type *type,
                                             uintptr_t site, size_t zero_bytes) {
    if (bytes > CLASS_BYTES_CACHED) {
        return allocate_slow(bytes, type, site, zero_bytes);
    }
    return allocate(bytes, type, class_offset(class_of(bytes)), site, zero_bytes);
}

MEMPOOL_HOT_INLINE void *allocate_any(size_t bytes, struct mempool_type *type, uintptr_t site,
                                      size_t zero_bytes) {
    if (MEMPOOL_UNLIKELY(bytes > CLASS_TABLE_BYTES)) {
        return allocate_large(bytes, type, site, zero_bytes);
    }
    return allocate(bytes, type, class_offsets[((uint32_t)bytes + 15) / 16], site, zero_bytes);
}

/* ---- of an account by its place -------------------------------------------------------------- */

MEMPOOL_NOINLINE static void *allocate_at_slow(size_t bytes, uint32_t place, uintptr_t site,
                                               size_t zero_bytes) {
    if (thread_seated) {
        void *block = allocate_seated(bytes, place, site, zero_bytes);
        if (MEMPOOL_LIKELY(block != NULL)) {
            return block;
        }
    }
    const struct account *account = account_at(account_of_place(place));
    (void)mempool_component_enter(account->component);
    return allocate_any(bytes, account->type, site, zero_bytes);
}

MEMPOOL_HOT_INLINE void *allocate_at(size_t bytes, uint32_t place, uintptr_t site,
                                     size_t zero_bytes) {
    struct thread *thread = thread_current;
    uint64_t before;
    bool wants_room;
    if (MEMPOOL_UNLIKELY(bytes > CLASS_BYTES_CACHED) || !thread_door_open(thread)) {
        return allocate_at_slow(bytes, place, site, zero_bytes);
    }
    int32_t offset = class_offset_of(bytes);
    void *block = take_at_hand(thread, place, bytes, offset, site, &before, &wants_room);
    if (MEMPOOL_UNLIKELY(block == NULL)) {
        return allocate_at_slow(bytes, place, site, zero_bytes);
    }
    PROBE_ALLOC(block, bytes);
    return zero_bytes == 0 || slot_is_fresh(before) ? block : memset(block, 0, zero_bytes);
}

void *heap_malloc_at(size_t bytes, uint32_t place, uintptr_t site) {
    return allocate_at(bytes, place, site, 0);
}

void *heap_calloc_at(size_t n, size_t bytes, uint32_t place, uintptr_t site) {
    size_t all;
    if (!multiply_checked(n, bytes, &all)) {
        errno = ENOMEM;
        return NULL;
    }
    return allocate_at(all, place, site, all);
}

/* ---- of the current component ---------------------------------------------------------------- */

MEMPOOL_API void *mempool_malloc_typed(size_t bytes, struct mempool_type *type) {
    return allocate_any(bytes, type, MEMPOOL_SITE(), 0);
}

void *heap_malloc(size_t bytes, struct mempool_type *type, uintptr_t site) {
    return allocate_any(bytes, type, site, 0);
}

void *heap_calloc(size_t n, size_t bytes, struct mempool_type *type, uintptr_t site) {
    size_t all;
    if (!multiply_checked(n, bytes, &all)) {
        errno = ENOMEM;
        return NULL;
    }
    return allocate_any(all, type, site, all);
}

MEMPOOL_API void *mempool_calloc_typed(size_t n, size_t bytes, struct mempool_type *type) {
    return heap_calloc(n, bytes, type, MEMPOOL_SITE());
}

MEMPOOL_API void *mempool_aligned_typed(size_t align, size_t bytes, struct mempool_type *type) {
    uintptr_t site = MEMPOOL_SITE();
    if (!is_power_of_two(align) || align > MEMPOOL_ALIGN_MAX) {
        errno = EINVAL;
        return NULL;
    }
    if (bytes > BLOCK_BYTES_LARGEST) {
        errno = ENOMEM;
        return NULL;
    }
    /* Slabs begin on 64 KiB; powers of two among the classes are multiples of all alignments. */
    uint32_t class = class_of(max_size(bytes, align));
    while (class_bytes(class) % align != 0) {
        class++;
    }
    return class == class_of(bytes) ? allocate_any(bytes, type, site, 0)
                                    : allocate_of_class(bytes, type, class, site, 0);
}

/* What is so large goes back to the arena at once. */
static void give_back_large(const struct depot *depot) {
    if (depot->shape.stride > SHARED_STRIDE && !thread_interrupted()) {
        reclaim_large(depot->pool);
    }
}

/* ---- freeing --------------------------------------------------------------------------------- */

/* The tally that a block's free is booked in, and its room then; NULL: the slow half is needed.
 * Before the put: after it the slot may be somebody else's. */
MEMPOOL_HOT_INLINE struct tally *find_room(const struct thread *holder, record *slot_record,
                                           uint64_t *ret_room) {
    uint64_t tag = load_relaxed(slot_next_tag(slot_record));
    uint32_t place = tag_place(tag);
    if (MEMPOOL_UNLIKELY(!thread_has_tally(holder, place))) {
        return NULL;
    }
    struct tally *tally = thread_tally(holder, place);
    return room_give(load_folded(&tally->room), tag - place, load_folded(&tally->cap), ret_room)
               ? tally
               : NULL;
}

/* Behind a shut door: true: put, and booked. */
MEMPOOL_HOT_INLINE bool free_at_hand(struct thread *thread, struct cache *cache, void *block,
                                     record *slot_record, uintptr_t site) {
    uint64_t room;
    struct round *top = load_relaxed(&cache->top);
    if (!hit_may_lay(thread, cache, top, slot_record)) {
        return false;
    }
    struct tally *tally = find_room(thread, slot_record, &room);
    if (tally == NULL) {
        return false;
    }
    hit_lay(thread, cache, top, block, slot_record, site);
    store_relaxed(&tally->room, room);
    return true;
}

/* Behind a shut door, a block that another thread got: true: parked, and booked. */
static bool free_parked(const struct thread *thread, const struct thread *holder,
                        struct cache *cache, struct round round, uintptr_t site) {
    uint64_t value = load_relaxed(round.slot_record);
    uint64_t room;
    /* What a pointer into the middle of a block leads to is a tag, and no live record. */
    if (!record_is_live(value) || thread_got(thread, value)) {
        return false;
    }
    struct tally *tally = find_room(holder, round.slot_record, &room);
    if (tally == NULL || !park_hit(thread, cache, round, value, site)) {
        return false;
    }
    store_relaxed(&tally->room, room);
    return true;
}

/* Behind a seat's door: true: put, and booked. */
static bool free_on_seat(const struct thread *self, const struct thread *seat, struct cache *cache,
                         struct round round, uint64_t value, uintptr_t site) {
    uint64_t room;
    struct round *top = load_relaxed(&cache->top);
    struct tally *tally =
        top < load_relaxed(&cache->ceiling) ? find_room(seat, round.slot_record, &room) : NULL;
    if (tally == NULL || !seat_lay(self, cache, top, round, value, site)) {
        return false;
    }
    store_relaxed(&tally->room, room);
    return true;
}

/* A seated thread's, to its processor's cache and tally. */
static bool free_seated(void *block, uintptr_t site) {
    struct descriptor *descriptor;
    struct round round = {.object = block};
    if (slot_find(block, &descriptor, &round.slot_record) != SLOT_FOUND) {
        return false;
    }
    prefetch_to_write(round.slot_record);
    int32_t offset = (int32_t)load_relaxed(&descriptor->cache_offset);
    struct thread *seat = offset < 0 ? seat_take() : NULL;
    if (MEMPOOL_UNLIKELY(seat == NULL)) {
        return false;
    }
    const struct thread *self = thread_current;
    struct cache *cache = thread_heap_cache(seat, offset);
    uint64_t value = load_relaxed(round.slot_record);
    bool freed = MEMPOOL_LIKELY(seat_may_lay(self, value))
                     ? free_on_seat(self, seat, cache, round, value, site)
                     : free_parked(self, seat, cache, round, site);
    seat_leave(seat);
    if (MEMPOOL_LIKELY(freed)) {
        PROBE_FREE(block);
    }
    return freed;
}

MEMPOOL_NOINLINE static void free_slow(void *block, uintptr_t site) {
    int saved_errno = errno;
    const struct depot *depot = NULL;
    if (block == NULL || (thread_seated && MEMPOOL_LIKELY(free_seated(block, site)))) {
        return;
    }
    record *slot_record = find_block(block, &depot);
    uint64_t tag = slot_record != NULL ? load_relaxed(slot_tag(slot_record)) : 0;
    if (pool_put_slow(block, site, true) && slot_record != NULL) {
        PROBE_FREE(block);
        account_credit(tag_place(tag), tag_bytes(tag));
        give_back_large(depot);
    }
    errno = saved_errno;
}

/* What is not the thread's own to put: most often a block that another thread got. */
MEMPOOL_NOINLINE static void free_others(void *block, uintptr_t site) {
    struct thread *thread = thread_current;
    struct descriptor *descriptor;
    struct round round = {.object = block};
    bool freed = false;
    if (slot_find(block, &descriptor, &round.slot_record) == SLOT_FOUND &&
        thread_door_open(thread)) {
        int32_t offset = (int32_t)load_relaxed(&descriptor->cache_offset);
        thread_shut_door(thread);
        freed = offset < 0 &&
                free_parked(thread, thread, thread_heap_cache(thread, offset), round, site);
        thread_open_door(thread);
    }
    if (!freed) {
        free_slow(block, site);
        return;
    }
    PROBE_FREE(block);
}

MEMPOOL_HOT_INLINE void free_any(void *block, uintptr_t site) {
    struct descriptor *descriptor;
    record *slot_record;
    if (MEMPOOL_UNLIKELY(slot_find(block, &descriptor, &slot_record) != SLOT_FOUND)) {
        free_slow(block, site);
        return;
    }
    struct thread *thread = thread_current;
    int32_t offset = (int32_t)load_folded(&descriptor->cache_offset);
    if (MEMPOOL_UNLIKELY(offset >= 0) || !thread_door_open(thread)) {
        free_slow(block, site);
        return;
    }
    thread_shut_door(thread);
    bool freed = free_at_hand(thread, thread_heap_cache(thread, offset), block, slot_record, site);
    thread_open_door(thread);
    if (MEMPOOL_UNLIKELY(!freed)) {
        free_others(block, site);
        return;
    }
    PROBE_FREE(block);
}

MEMPOOL_API void mempool_free(void *block) {
    free_any(block, MEMPOOL_SITE());
}

void heap_free(void *block, uintptr_t site) {
    free_any(block, site);
}

/* ---- changing -------------------------------------------------------------------------------- */

MEMPOOL_API size_t mempool_usable_bytes(const void *block) {
    const struct depot *depot;
    return find_block(block, &depot) != NULL ? depot->shape.stride : 0;
}

/* To another slot. NULL with errno: nothing changed. */
static void *move_block(void *block, const struct depot *depot, size_t bytes, uint64_t tag,
                        uintptr_t site) {
    record *to;
    void *moved = take_slot(class_of(bytes), site, 0, &to);
    if (moved == NULL) {
        return NULL;
    }
    if (bytes > tag_bytes(tag) && !account_resize(tag_place(tag), tag_bytes(tag), bytes)) {
        (void)pool_put_slow(moved, site, true);
        errno = ENOMEM;
        return NULL;
    }
    /* All that mempool_usable_bytes let the owner use, not only what was asked for. */
    memcpy(moved, block, min_size(depot->shape.stride, bytes));
    store_relaxed(slot_tag(to), tag_make(tag_place(tag), bytes));
    recorder_resized(block, moved, tag_make(tag_place(tag), bytes));
    (void)pool_put_slow(block, site, true);
    give_back_large(depot);
    if (sample_is_on()) {
        account_sample_moved(moved, bytes, site);
    }
    return moved;
}

static bool stays(const struct depot *depot, size_t bytes) {
    size_t stride = depot->shape.stride;
    return bytes <= stride && (class_bytes(class_of(bytes)) == stride || bytes > stride / 2);
}

/* A larger one, in its slot or in another. NULL with errno: nothing changed. */
static void *grow_block(void *block, const struct depot *depot, size_t bytes, uint64_t tag,
                        uintptr_t site) {
    uint32_t place = tag_place(tag);
    size_t before = tag_bytes(tag);
    bool in_place = stays(depot, bytes);
    if (in_place ? !account_resize(place, before, bytes)
                 : !account_reserve(place, bytes - before)) {
        errno = ENOMEM;
        return NULL;
    }
    void *result = in_place ? block : move_block(block, depot, bytes, tag, site);
    if (result == NULL) {
        account_unreserve(place);
    }
    return result;
}

/* A smaller one, or of the same size. One that cannot move to a smaller slot stays. */
static void *shrink_block(void *block, const struct depot *depot, size_t bytes, uint64_t tag,
                          uintptr_t site) {
    void *moved = stays(depot, bytes) ? NULL : move_block(block, depot, bytes, tag, site);
    return moved != NULL ? moved : block;
}

static void *resize(void *block, record *slot_record, const struct depot *depot, size_t bytes,
                    uintptr_t site) {
    int saved_errno = errno;
    uint64_t tag = load_relaxed(slot_tag(slot_record));
    uint32_t place = tag_place(tag);
    bool grows = bytes > tag_bytes(tag);
    void *result = grows ? grow_block(block, depot, bytes, tag, site)
                         : shrink_block(block, depot, bytes, tag, site);
    if (result == NULL) {
        return NULL;
    }
    if (result == block) {
        store_relaxed(slot_tag(slot_record), tag_make(place, bytes));
        recorder_resized(block, block, tag_make(place, bytes));
        account_sample_resized(block, slot_record, bytes);
    }
    if (!grows) {
        /* Credited when the bytes are not there any more. */
        (void)account_resize(place, tag_bytes(tag), bytes);
    }
    PROBE_FREE(block);
    PROBE_ALLOC(result, bytes);
    components_fire();
    errno = saved_errno;
    return result;
}

void *heap_realloc(void *block, size_t bytes, uintptr_t site) {
    const struct depot *depot = NULL;
    if (block == NULL) {
        return allocate_any(bytes, type_untyped(), site, 0);
    }
    if (bytes > BLOCK_BYTES_LARGEST) {
        errno = ENOMEM;
        return NULL;
    }
    record *slot_record = find_block(block, &depot);
    if (slot_record == NULL) {
        struct mempool *pool = mempool_of(block);
        pool_report_misput(block, site, pool != NULL);
        errno = EINVAL;
        return NULL;
    }
    return resize(block, slot_record, depot, bytes, site);
}

MEMPOOL_API void *mempool_realloc(void *block, size_t bytes) {
    return heap_realloc(block, bytes, MEMPOOL_SITE());
}

/* ---- describing ------------------------------------------------------------------------------ */

MEMPOOL_API int mempool_block_describe(const void *address, struct mempool_block *ret) {
    const struct depot *depot;
    size_t struct_size = ret != NULL ? ret->struct_size : 0;
    struct explanation explanation;
    record *slot_record = find_block(address, &depot);
    if (struct_size < sizeof *ret || slot_record == NULL) {
        return -EINVAL;
    }
    uint64_t tag = load_relaxed(slot_tag(slot_record));
    const struct account *account = account_at(tag_account(tag));
    const struct mempool_description *description = &explanation.description;
    explain_address(address, &explanation);
    *ret = (struct mempool_block){
        .struct_size = sizeof *ret,
        .block = description->object,
        .bytes = tag_bytes(tag),
        .usable_bytes = depot->shape.stride,
        .component = account->component,
        .type = account->type,
        .site = description->site,
        .thread = description->thread,
        .thread_exited = description->thread_exited,
        .age_seconds = description->age_seconds,
    };
    return 0;
}
