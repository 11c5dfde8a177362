/* SPDX-License-Identifier: MIT */
/* Power-of-two blocks for bookkeeping. */
#include "vm/blocks.h"

#include "base/bits.h"
#include "vm/space.h"

#include <string.h>

enum {
    CLASS_SHIFT_MIN = 6,
    CLASSES = 18, /* 64 bytes << 17 = 8 MiB */
    SMALL_PAGE_BYTES = 4096, /* what blocks below it are cut from; any page size is a multiple */
    PAGES_KEPT = 64,         /* free blocks of one page that stay resident: the largest magazines */
};
_Static_assert(BLOCK_BYTES_MIN << (CLASSES - 1) == BLOCK_BYTES_MAX, "the classes cover the sizes");
enum { PAGE_CLASS = 6 };
_Static_assert(BLOCK_BYTES_MIN << PAGE_CLASS == SMALL_PAGE_BYTES, "whose blocks are such pages");

struct free_block {
    struct free_block *next;
};

static struct free_block *free_blocks[CLASSES];
static unsigned pages_kept; /* about how many of one page are on the list and were not purged */

/* The same for blocks of records, linked through their first record. */
static _Atomic(uint64_t) *free_records[CLASSES];

/* What is left of each size's piece of huge pages. */
static struct {
    char *at;
    size_t left;
} huge_pieces[CLASSES];

size_t block_bytes(size_t bytes) {
    return (size_t)1 << log2_ceiling(max_size(bytes, BLOCK_BYTES_MIN));
}

static unsigned class_of(size_t bytes) {
    return log2_ceiling(max_size(bytes, BLOCK_BYTES_MIN)) - CLASS_SHIFT_MIN;
}

/* Cut a page into blocks of one class; all but the first go on the list. */
static void *cut_page(unsigned class) {
    size_t bytes = BLOCK_BYTES_MIN << class;
    char *page = block_take_locked(SMALL_PAGE_BYTES);
    if (page == NULL) {
        return NULL;
    }
    for (size_t at = SMALL_PAGE_BYTES - bytes; at > 0; at -= bytes) {
        struct free_block *block = (struct free_block *)(void *)(page + at);
        block->next = free_blocks[class];
        free_blocks[class] = block;
    }
    return page;
}

void *block_take_locked(size_t bytes) {
    if (bytes > BLOCK_BYTES_MAX) {
        return NULL;
    }
    unsigned class = class_of(bytes);
    size_t whole = BLOCK_BYTES_MIN << class;
    struct free_block *block = free_blocks[class];
    if (block == NULL) {
        return whole < SMALL_PAGE_BYTES ? cut_page(class) : area_extend(&space.blocks, whole);
    }
    free_blocks[class] = block->next;
    pages_kept -= whole == SMALL_PAGE_BYTES && pages_kept > 0;
    /* Larger blocks were purged or cleared: only the link is not zero. */
    memset(block, 0, whole < SMALL_PAGE_BYTES ? whole : sizeof *block);
    return block;
}

/* The next 2 MiB of the area from a multiple of 2 MiB on. What lies before it stays unused: it is
 * address space, nothing more. */
static char *take_piece(void) {
    size_t used = space.records.used_bytes;
    if (area_extend(&space.records, round_up(used, HUGE_BYTES) - used) == NULL) {
        return NULL;
    }
    char *piece = area_extend(&space.records, HUGE_BYTES);
    if (piece != NULL) {
        sys_operations.huge(piece, HUGE_BYTES, true);
    }
    return piece;
}

/* One from huge pages; NULL: not to be had, or not of use. */
static void *take_huge(unsigned class) {
    size_t whole = BLOCK_BYTES_MIN << class;
    /* Blocks below a page are not purged when they come back: a huge page would stay. */
    if (whole >= HUGE_BYTES || whole < SMALL_PAGE_BYTES) {
        return NULL;
    }
    if (huge_pieces[class].left < whole) {
        char *piece = take_piece();
        if (piece == NULL) {
            return NULL;
        }
        huge_pieces[class].at = piece;
        huge_pieces[class].left = HUGE_BYTES;
    }
    char *block = huge_pieces[class].at;
    huge_pieces[class].at += whole;
    huge_pieces[class].left -= whole;
    return block;
}

void block_give_locked(void *given, size_t bytes) {
    unsigned class = class_of(bytes);
    size_t whole = BLOCK_BYTES_MIN << class;
    struct free_block *block = given;
    /* A system call, and a fault when it is used again, cost more than to clear a page. */
    bool keep = whole == SMALL_PAGE_BYTES && pages_kept < PAGES_KEPT;
    pages_kept += keep;
    if (keep || (whole >= SMALL_PAGE_BYTES && sys_operations.purge(given, whole) != 0)) {
        memset(given, 0, whole);
    }
    block->next = free_blocks[class];
    free_blocks[class] = block;
}

static void clear_words(_Atomic(uint64_t) *words, size_t bytes) {
    for (size_t i = 0; i < bytes / sizeof words[0]; i++) {
        store_relaxed(&words[i], 0);
    }
}

/* Cut a page into blocks of one class; all but the first go on the list. */
static void *cut_records(unsigned class) {
    size_t bytes = BLOCK_BYTES_MIN << class;
    char *page = area_extend(&space.records, SMALL_PAGE_BYTES);
    if (page == NULL) {
        return NULL;
    }
    for (size_t at = SMALL_PAGE_BYTES - bytes; at > 0; at -= bytes) {
        _Atomic(uint64_t) *block = (_Atomic(uint64_t) *)(void *)(page + at);
        store_relaxed(&block[0], (uintptr_t)free_records[class]);
        free_records[class] = block;
    }
    return page;
}

void *block_take_records_locked(size_t bytes, bool huge) {
    if (bytes > BLOCK_BYTES_MAX) {
        return NULL;
    }
    unsigned class = class_of(bytes);
    size_t whole = BLOCK_BYTES_MIN << class;
    _Atomic(uint64_t) *block = free_records[class];
    if (block == NULL) {
        void *fresh = huge ? take_huge(class) : NULL;
        if (fresh != NULL) {
            return fresh;
        }
        return whole < SMALL_PAGE_BYTES ? cut_records(class) : area_extend(&space.records, whole);
    }
    free_records[class] = (_Atomic(uint64_t) *)(uintptr_t)load_relaxed(&block[0]);
    clear_words(block, whole < SMALL_PAGE_BYTES ? whole : sizeof block[0]);
    return block;
}

void block_give_records_locked(void *given, size_t bytes) {
    unsigned class = class_of(bytes);
    size_t whole = BLOCK_BYTES_MIN << class;
    _Atomic(uint64_t) *block = given;
    if (whole >= SMALL_PAGE_BYTES && sys_operations.purge(given, whole) != 0) {
        clear_words(block, whole);
    }
    store_relaxed(&block[0], (uintptr_t)free_records[class]);
    free_records[class] = block;
}

/* ---- pages of small blocks ------------------------------------------------------------------- */

static struct free_block *merge(struct free_block *left, struct free_block *right) {
    struct free_block *merged = NULL;
    struct free_block **end = &merged;
    while (left != NULL && right != NULL) {
        struct free_block **lower = left < right ? &left : &right;
        *end = *lower;
        end = &(*lower)->next;
        *lower = (*lower)->next;
    }
    *end = left != NULL ? left : right;
    return merged;
}

/* By address. Bottom-up merge sort: runs[i] is sorted, and has 2^i blocks or none. */
static struct free_block *sort(struct free_block *list) {
    struct free_block *runs[32] = {NULL};
    while (list != NULL) {
        struct free_block *run = list;
        unsigned i = 0;
        list = list->next;
        run->next = NULL;
        for (; runs[i] != NULL; i++) {
            run = merge(runs[i], run);
            runs[i] = NULL;
        }
        runs[i] = run;
    }
    for (unsigned i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        list = merge(runs[i], list);
    }
    return list;
}

static uintptr_t page_of(const struct free_block *block) {
    return (uintptr_t)block & ~(uintptr_t)(SMALL_PAGE_BYTES - 1);
}

/* Is every block of a page on the sorted list, from `first` on? The last of them. */
static struct free_block *whole_page(struct free_block *first, size_t blocks_in_page) {
    struct free_block *at = first;
    size_t n = 1;
    while (at->next != NULL && page_of(at->next) == page_of(first)) {
        at = at->next;
        n++;
    }
    return n == blocks_in_page ? at : NULL;
}

/* Take the pages off the list of a class whose blocks are all free; how many bytes. */
static size_t give_back_pages(unsigned class) {
    size_t bytes = 0;
    struct free_block **link = &free_blocks[class];
    *link = sort(*link);
    while (*link != NULL) {
        struct free_block *first = *link;
        struct free_block *last = whole_page(first, SMALL_PAGE_BYTES / (BLOCK_BYTES_MIN << class));
        if (last == NULL) {
            link = &first->next;
            continue;
        }
        *link = last->next;
        if (sys_operations.purge(first, SMALL_PAGE_BYTES) == 0) {
            bytes += SMALL_PAGE_BYTES;
        } else {
            memset(first, 0, SMALL_PAGE_BYTES);
        }
        first->next = free_blocks[PAGE_CLASS];
        free_blocks[PAGE_CLASS] = first;
    }
    return bytes;
}

size_t blocks_trim(void) {
    size_t bytes = 0;
    sys_lock_take(&space.lock);
    for (unsigned class = 0; space.ready && class < PAGE_CLASS; class++) {
        bytes += give_back_pages(class);
    }
    sys_lock_drop(&space.lock);
    return bytes;
}

void *block_take(size_t bytes) {
    sys_lock_take(&space.lock);
    void *block = block_take_locked(bytes);
    sys_lock_drop(&space.lock);
    return block;
}

void block_give(void *block, size_t bytes) {
    sys_lock_take(&space.lock);
    block_give_locked(block, bytes);
    sys_lock_drop(&space.lock);
}
