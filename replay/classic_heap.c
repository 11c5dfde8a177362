/* SPDX-License-Identifier: MIT */
/* The classic accounted malloc. */
#include "replay/classic_heap.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "replay/memory.h"

enum {
    HEADER_BYTES = 32,
    TRAILER_BYTES = 8,
};

#define HEADER_MAGIC UINT32_C(0xcafebabe)
#define TRAILER_MAGIC UINT32_C(0xbaadf00d)

struct header {
    uint32_t type;
    size_t size;
    struct classic_component *component;
    uint32_t magic;
} __attribute__((aligned(16)));

_Static_assert(sizeof(struct header) == HEADER_BYTES || sizeof(void *) != 8, "as the original's");

struct record {
    pthread_mutex_t lock;
    struct classic_account account; /* under the lock */
};

struct classic_component {
    size_t n_types;
    struct record records[];
};

/* Its memory is the harness's, so that the heap holds nothing but blocks. */
static struct replay_memory component_memory;

struct classic_component *classic_component_create(size_t n_types) {
    struct classic_component *component = NULL;
    size_t bytes;
    if (__builtin_mul_overflow(n_types, sizeof(struct record), &bytes) ||
        __builtin_add_overflow(bytes, sizeof(*component), &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    component = replay_memory_take(&component_memory, 1, bytes);
    if (component) {
        component->n_types = n_types;
        for (size_t i = 0; i < n_types; i++) {
            pthread_mutex_init(&component->records[i].lock, NULL);
        }
    }
    return component;
}

static struct record *record_of(struct classic_component *component, uint32_t type) {
    if (type >= component->n_types) {
        abort();
    }
    return &component->records[type];
}

/* Under the record's lock. */
static void note_maxima(struct classic_account *account) {
    if (account->size > account->max_size) {
        account->max_size = account->size;
    }
    if (account->num_allocs > account->max_num_allocs) {
        account->max_num_allocs = account->num_allocs;
    }
}

static void write_trailer(struct header *header) {
    uint32_t magic = TRAILER_MAGIC;
    memcpy((char *)(header + 1) + header->size, &magic, sizeof(magic));
}

/* The header of a live block, whose both ends are as they were made. */
static struct header *checked_header_of(void *block) {
    struct header *header = (struct header *)block - 1;
    uint32_t magic;
    if (header->magic != HEADER_MAGIC) {
        abort();
    }
    memcpy(&magic, (char *)block + header->size, sizeof(magic));
    if (magic != TRAILER_MAGIC) {
        abort();
    }
    return header;
}

/* What malloc must give for a block; 0: too large. */
static size_t whole_bytes(size_t bytes) {
    return bytes > SIZE_MAX / 2 ? 0 : sizeof(struct header) + bytes + TRAILER_BYTES;
}

/* A block of memory that malloc or calloc gave. */
static void *make_block(struct header *header, struct classic_component *component, uint32_t type,
                        size_t bytes) {
    struct record *record = record_of(component, type);
    if (!header) {
        return NULL;
    }
    pthread_mutex_lock(&record->lock);
    record->account.size += bytes;
    record->account.num_allocs++;
    record->account.total_allocs++;
    note_maxima(&record->account);
    pthread_mutex_unlock(&record->lock);
    header->type = type;
    header->size = bytes;
    header->component = component;
    header->magic = HEADER_MAGIC;
    write_trailer(header);
    return header + 1;
}

void *classic_malloc(struct classic_component *component, uint32_t type, size_t bytes) {
    size_t whole = whole_bytes(bytes);
    return make_block(whole ? malloc(whole) : NULL, component, type, bytes);
}

void *classic_calloc(struct classic_component *component, uint32_t type, size_t bytes) {
    size_t whole = whole_bytes(bytes);
    return make_block(whole ? calloc(1, whole) : NULL, component, type, bytes);
}

void *classic_realloc(void *block, size_t bytes) {
    struct header *header = checked_header_of(block);
    size_t before = header->size;
    size_t whole = whole_bytes(bytes);
    struct header *moved = whole ? realloc(header, whole) : NULL;
    if (!moved) {
        return NULL;
    }
    struct record *record = record_of(moved->component, moved->type);
    pthread_mutex_lock(&record->lock);
    record->account.size = record->account.size - before + bytes;
    note_maxima(&record->account);
    pthread_mutex_unlock(&record->lock);
    moved->size = bytes;
    write_trailer(moved);
    return moved + 1;
}

void classic_free(void *block) {
    if (!block) {
        return;
    }
    struct header *header = checked_header_of(block);
    struct record *record = record_of(header->component, header->type);
    pthread_mutex_lock(&record->lock);
    record->account.size -= header->size;
    record->account.num_allocs--;
    pthread_mutex_unlock(&record->lock);
    header->magic = 0;
    free(header);
}

void classic_account_read(struct classic_component *component, uint32_t type,
                          struct classic_account *ret) {
    struct record *record = record_of(component, type);
    pthread_mutex_lock(&record->lock);
    *ret = record->account;
    pthread_mutex_unlock(&record->lock);
}
