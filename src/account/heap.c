/* SPDX-License-Identifier: MIT */
/* The accounted heap: blocks from size classes, booked in tallies.
 *
 * An allocation takes bytes from its thread's balance of the account, a slot from its thread's
 * cache of the class, and writes the tag. A free reads the tag first: once the slot is put it may
 * be somebody else's. Neither takes a lock or does an atomic read-modify-write where all three are
 * at hand. */
#include "account/books.h"
#include "account/class.h"
#include "account/heap.h"
#include "base/bits.h"
#include "cache/hit.h"
#include "misuse/explain.h"
#include "pool/reclaim.h"
#include "pool/registry.h"

#include <errno.h>
#include <string.h>

enum { RETURN_BYTES = 1 << 20 };

#define BLOCK_BYTES_LARGEST ((size_t)1 << CLASS_BYTES_MAX_SHIFT)

/* ---- slots, without the books --------------------------------------------------------------- */

/* A live slot of a class, its record in *ret_record; NULL with errno. */
static void *take_slot(uint32_t class, uintptr_t site, record **ret_record) {
    struct descriptor *descriptor;
    struct mempool *pool = class_pool(class);
    void *block = NULL;
    if (pool != NULL) {
        block = pool_get_slow(pool, site);
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

/* Any thread, any account, any class. */
MEMPOOL_NOINLINE static void *allocate_slow(uint32_t class, size_t bytes,
                                            struct mempool_type *type, uintptr_t site) {
    int saved_errno = errno;
    record *slot_record;
    if (account_init() != 0) {
        errno = ENOMEM;
        return NULL;
    }
    if (thread_current == &thread_none) {
        (void)thread_attach();
    }
    uint32_t account = account_current(thread_current, type != NULL ? type : type_untyped());
    struct thread *thread = thread_current;
    if (thread_attached(thread) && load_relaxed(&thread->component) == NULL) {
        store_relaxed(&thread->component, component_root());
        store_relaxed(&thread->account_numbers, component_root()->account_numbers);
    }
    if (!account_charge(account, bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = take_slot(class, site, &slot_record);
    if (block == NULL) {
        account_uncharge(account, bytes);
        return NULL;
    }
    store_relaxed(slot_tag(slot_record), tag_make(account, bytes));
    account_add_block(account);
    components_fire();
    errno = saved_errno;
    return block;
}

/* The balance allows it: a slot that the thread has at hand, tagged and booked; NULL: a miss. */
MEMPOOL_HOT_INLINE void *take_at_hand(struct thread *thread, uint32_t open, uint32_t class,
                                      size_t bytes, uint32_t account, uintptr_t site) {
    record *slot_record;
    thread_shut_door(thread);
    struct cache *cache = thread_heap_cache(thread, class * CACHE_BYTES);
    void *block = hit_take(thread, cache, open, site, &slot_record);
    if (MEMPOOL_LIKELY(block != NULL)) {
        struct tally *tally = thread_tally(thread, account);
        store_relaxed(slot_tag(slot_record), tag_make(account, bytes));
        bump_owned(&tally->balance, -(int64_t)bytes);
        tally_add_block(tally);
    }
    return block;
}

/* A new peak of the account, as far as this thread knows. */
MEMPOOL_NOINLINE static void *allocate_deeper(uint32_t class, size_t bytes,
                                              struct mempool_type *type, uintptr_t site) {
    struct thread *thread = thread_current;
    uint32_t account = account_known(load_relaxed(&thread->account_numbers), type);
    void *block = NULL;
    if (tally_deepen(thread, account, bytes) == NULL) {
        block = take_at_hand(thread, load_relaxed(&thread->open), class, bytes, account, site);
        components_fire();
    }
    return block != NULL ? block : allocate_slow(class, bytes, type, site);
}

/* Of a class that threads cache. All ways but one leave by a jump: so nothing has to be kept over a
 * call. */
MEMPOOL_HOT_INLINE void *allocate(uint32_t class, size_t bytes, struct mempool_type *type,
                                  uintptr_t site) {
    struct thread *thread = thread_current;
    uint32_t open = load_relaxed(&thread->open);
    if (MEMPOOL_UNLIKELY(type == NULL)) {
        return allocate_slow(class, bytes, type, site);
    }
    if (MEMPOOL_UNLIKELY(open == 0)) {
        return allocate_slow(class, bytes, type, site);
    }
    uint32_t account = account_known(load_relaxed(&thread->account_numbers), type);
    if (MEMPOOL_UNLIKELY(account >= load_relaxed(&thread->n_tallies))) {
        return allocate_slow(class, bytes, type, site);
    }
    const struct tally *tally = thread_tally(thread, account);
    if (MEMPOOL_UNLIKELY(load_relaxed(&tally->balance) - (int64_t)bytes <
                         load_relaxed(&tally->floor))) {
        return allocate_deeper(class, bytes, type, site);
    }
    void *block = take_at_hand(thread, open, class, bytes, account, site);
    return MEMPOOL_LIKELY(block != NULL) ? block : allocate_slow(class, bytes, type, site);
}

MEMPOOL_NOINLINE static void *allocate_large(size_t bytes, struct mempool_type *type,
                                             uintptr_t site) {
    if (bytes > BLOCK_BYTES_LARGEST) {
        errno = ENOMEM;
        return NULL;
    }
    return allocate_slow(class_of(bytes), bytes, type, site);
}

MEMPOOL_HOT_INLINE void *allocate_any(size_t bytes, struct mempool_type *type, uintptr_t site) {
    if (MEMPOOL_UNLIKELY(bytes > CLASS_BYTES_CACHED)) {
        return allocate_large(bytes, type, site);
    }
    return allocate(class_of(bytes), bytes, type, site);
}

MEMPOOL_API void *mempool_malloc_typed(size_t bytes, struct mempool_type *type) {
    return allocate_any(bytes, type, MEMPOOL_SITE());
}

void *heap_malloc(size_t bytes, struct mempool_type *type, uintptr_t site) {
    return allocate_any(bytes, type, site);
}

MEMPOOL_API void *mempool_calloc_typed(size_t n, size_t bytes, struct mempool_type *type) {
    uintptr_t site = MEMPOOL_SITE();
    size_t all;
    if (!multiply_checked(n, bytes, &all)) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = allocate_any(all, type, site);
    if (block != NULL) {
        memset(block, 0, all);
    }
    return block;
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
    return class < HEAP_CACHES ? allocate(class, bytes, type, site)
                               : allocate_slow(class, bytes, type, site);
}

/* What is so large goes back at once: the pages to come cost more than that. */
static void give_back_large(const struct depot *depot) {
    if (depot->shape.stride >= RETURN_BYTES) {
        while (reclaim_slab(depot->pool, UINT32_MAX) > 0) {
        }
    }
}

/* ---- freeing --------------------------------------------------------------------------------- */

MEMPOOL_NOINLINE static void free_slow(void *block, uintptr_t site) {
    int saved_errno = errno;
    const struct depot *depot = NULL;
    if (block == NULL) {
        return;
    }
    record *slot_record = find_block(block, &depot);
    uint64_t tag = slot_record != NULL ? load_relaxed(slot_tag(slot_record)) : 0;
    if (pool_put_slow(block, site, true) && slot_record != NULL) {
        account_credit(tag_account(tag), tag_bytes(tag));
        give_back_large(depot);
    }
    errno = saved_errno;
}

MEMPOOL_API void mempool_free(void *block) {
    uintptr_t site = MEMPOOL_SITE();
    struct descriptor *descriptor;
    record *slot_record;
    if (MEMPOOL_UNLIKELY(slot_find(block, &descriptor, &slot_record) != SLOT_FOUND)) {
        free_slow(block, site);
        return;
    }
    struct thread *thread = thread_current;
    uint32_t in_heap = load_folded(&descriptor->cache_offset) - CACHE_OFFSET_HEAP;
    uint32_t open = load_relaxed(&thread->open);
    if (MEMPOOL_UNLIKELY(in_heap >= HEAP_TABLE_BYTES || open == 0)) {
        free_slow(block, site);
        return;
    }
    uint64_t tag = load_relaxed(slot_tag(slot_record));
    uint32_t account = tag_account(tag);
    thread_shut_door(thread);
    struct cache *cache = thread_heap_cache(thread, in_heap);
    if (MEMPOOL_UNLIKELY(account >= load_relaxed(&thread->n_tallies))) {
        thread_open_door(thread, open);
        free_slow(block, site);
        return;
    }
    if (MEMPOOL_UNLIKELY(!hit_lay_in(thread, cache, open, block, slot_record, site))) {
        free_slow(block, site);
        return;
    }
    struct tally *tally = thread_tally(thread, account);
    int64_t balance = load_relaxed(&tally->balance) + (int64_t)tag_bytes(tag);
    store_relaxed(&tally->balance, balance);
    bump_owned(&tally->frees, 1);
    if (MEMPOOL_UNLIKELY(balance > load_relaxed(&tally->cap))) {
        tally_give_back(thread, account);
    }
}

/* ---- changing -------------------------------------------------------------------------------- */

MEMPOOL_API size_t mempool_usable_bytes(const void *block) {
    const struct depot *depot;
    return find_block(block, &depot) != NULL ? depot->shape.stride : 0;
}

/* To another slot; the books are the caller's. */
static void *move_block(void *block, const struct depot *depot, size_t bytes, uint64_t tag,
                        uintptr_t site) {
    record *to;
    void *moved = take_slot(class_of(bytes), site, &to);
    if (moved == NULL) {
        return NULL;
    }
    /* All that mempool_usable_bytes let the owner use, not only what was asked for. */
    memcpy(moved, block, min_size(depot->shape.stride, bytes));
    store_relaxed(slot_tag(to), tag_make(tag_account(tag), bytes));
    (void)pool_put_slow(block, site, true);
    give_back_large(depot);
    return moved;
}

static bool stays(const struct depot *depot, size_t bytes) {
    size_t stride = depot->shape.stride;
    return bytes <= stride && (class_bytes(class_of(bytes)) == stride || bytes > stride / 2);
}

/* Bytes are charged before they are there, and credited when they are not any more. A block that
 * cannot move to a smaller slot stays where it is. */
static void *resize(void *block, record *slot_record, const struct depot *depot, size_t bytes,
                    uintptr_t site) {
    int saved_errno = errno;
    uint64_t tag = load_relaxed(slot_tag(slot_record));
    uint32_t account = tag_account(tag);
    size_t before = tag_bytes(tag);
    if (bytes > before && !account_resize(account, before, bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    void *result = stays(depot, bytes) ? block : move_block(block, depot, bytes, tag, site);
    if (result == NULL && bytes > before) {
        (void)account_resize(account, bytes, before);
        return NULL;
    }
    if (result == NULL || result == block) {
        store_relaxed(slot_tag(slot_record), tag_make(account, bytes));
        result = block;
    }
    if (bytes < before) {
        (void)account_resize(account, before, bytes);
    }
    components_fire();
    errno = saved_errno;
    return result;
}

MEMPOOL_API void *mempool_realloc(void *block, size_t bytes) {
    uintptr_t site = MEMPOOL_SITE();
    const struct depot *depot = NULL;
    if (block == NULL) {
        return allocate_any(bytes, type_untyped(), site);
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
