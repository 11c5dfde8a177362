/* SPDX-License-Identifier: MIT */
/* Doubly linked list with a sentinel: the links live in the listed struct, which is never in
 * memory that callers of the library can reach. */
#ifndef MEMPOOL_BASE_LIST_H
#define MEMPOOL_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *previous;
};

/* The struct that `link` is the member `member` of. */
#define list_entry(link, type, member) ((type *)(void *)((char *)(link) - offsetof(type, member)))

static inline void list_init(struct list *head) {
    head->next = head->previous = head;
}

static inline bool list_empty(const struct list *head) {
    return head->next == head;
}

static inline void list_insert_after(struct list *where, struct list *link) {
    link->next = where->next;
    link->previous = where;
    where->next->previous = link;
    where->next = link;
}

static inline void list_push(struct list *head, struct list *link) {
    list_insert_after(head, link);
}

static inline void list_append(struct list *head, struct list *link) {
    list_insert_after(head->previous, link);
}

/* Unlink; the link may then be removed again or inserted elsewhere. */
static inline void list_remove(struct list *link) {
    link->next->previous = link->previous;
    link->previous->next = link->next;
    list_init(link);
}

#endif
