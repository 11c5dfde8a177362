/* SPDX-License-Identifier: MIT */
/* What each adapter's test claims: the library's memory is on its own component's books, whatever
 * the thread's component is, and is off them at the end; and no call was a misuse. */
#ifndef TESTS_ADAPT_BOOKS_H
#define TESTS_ADAPT_BOOKS_H

#include "check.h"

#include <mempool/account.h>
#include <mempool/misuse.h>

#include <string.h>

struct books {
    struct mempool_component *component;
    const char *type; /* NULL: of all types */
    uint64_t live_bytes, live_blocks, total_blocks;
};

static inline int books_add(const struct mempool_account *account, void *arg) {
    struct books *books = (struct books *)arg;
    if (account->component == books->component &&
        (!books->type || strcmp(account->type_name, books->type) == 0)) {
        books->live_bytes += account->live_bytes;
        books->live_blocks += account->live_blocks;
        books->total_blocks += account->total_blocks;
    }
    return 0;
}

static inline struct books books_of(struct mempool_component *component, const char *type) {
    struct books books = {component, type, 0, 0, 0};
    mempool_accounts(books_add, &books);
    return books;
}

/* The component that this thread is in while the library works. */
static inline struct mempool_component *books_elsewhere(void) {
    static struct mempool_component *elsewhere;
    if (!elsewhere) {
        elsewhere = mempool_component_create("elsewhere", NULL);
        CHECK(elsewhere);
    }
    return elsewhere;
}

/* A component for the library, and this thread in another one. */
static inline struct mempool_component *books_begin(const char *name) {
    struct mempool_component *component = mempool_component_create(name, NULL);
    CHECK(component);
    mempool_component_enter(books_elsewhere());
    return component;
}

/* The library holds at least `bytes`, all of them of this type. */
static inline void books_check_live(struct mempool_component *component, const char *type,
                                    uint64_t bytes) {
    struct books typed = books_of(component, type), all = books_of(component, NULL);
    printf("%s: %llu bytes in %llu blocks\n", type ? type : "all types",
           (unsigned long long)typed.live_bytes, (unsigned long long)typed.live_blocks);
    CHECK(typed.live_bytes >= bytes);
    CHECK(typed.live_blocks > 0);
    CHECK_EQUAL(typed.live_bytes, all.live_bytes);
}

/* The library holds nothing more, and nothing of its memory was charged elsewhere. */
static inline void books_check_rest(struct mempool_component *component) {
    struct books books = books_of(component, NULL);
    CHECK_EQUAL(books.live_bytes, 0);
    CHECK_EQUAL(books.live_blocks, 0);
    CHECK(books.total_blocks > 0);
    CHECK(mempool_component_current() == books_elsewhere());
    CHECK_EQUAL(books_of(books_elsewhere(), NULL).total_blocks, 0);
    CHECK_EQUAL(books_of(mempool_component_process(), NULL).total_blocks, 0);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 0);
}

#endif
