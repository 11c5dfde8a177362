/* SPDX-License-Identifier: MIT */
/* The classic pool. */
#include "replay/classic.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    OBJECT_ALIGN = 16,
};

struct link {
    struct link *next, *previous;
};

/* In front of every object. */
struct header {
    struct link link; /* in the pool's free list; meaningless while live */
    struct classic_pool *pool;
    uint32_t is_in_use;
    uint32_t unused; /* keeps the object behind it aligned */
};

_Static_assert(sizeof(struct header) % OBJECT_ALIGN == 0, "an object follows its header");

struct classic_pool {
    pthread_mutex_t lock;
    struct link free; /* circular, head of the list */
    /* immutable */
    char *slab, *slab_end;
    size_t object_bytes;
    size_t padded_bytes;
    size_t mapped_bytes; /* this struct and the slab */
    /* under the lock */
    uint64_t hot, cold, alloc_count, pool_misses, max_alloc, curr_stdalloc, max_stdalloc;
    uint64_t refused_puts;
};

static void list_push(struct link *head, struct link *link) {
    link->next = head->next;
    link->previous = head;
    head->next->previous = link;
    head->next = link;
}

static void list_remove(struct link *link) {
    link->previous->next = link->next;
    link->next->previous = link->previous;
}

static size_t round_up(size_t bytes, size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

static void *object_of(struct header *header) {
    return header + 1;
}

static struct header *header_of(void *object) {
    return (struct header *)object - 1;
}

static void init_slab(struct classic_pool *pool, size_t count) {
    pool->free.next = &pool->free;
    pool->free.previous = &pool->free;
    /* From the last to the first, so that the list begins with the lowest address. */
    for (size_t i = count; i-- > 0;) {
        struct header *header = (struct header *)(void *)(pool->slab + i * pool->padded_bytes);
        header->pool = pool;
        list_push(&pool->free, &header->link);
    }
    pool->cold = count;
}

struct classic_pool *classic_pool_create(size_t object_bytes, size_t count) {
    size_t head_bytes = round_up(sizeof(struct classic_pool), 64);
    size_t slab_bytes, mapped_bytes;
    if (object_bytes == 0 || object_bytes > SIZE_MAX / 2) {
        errno = EINVAL;
        return NULL;
    }
    size_t padded_bytes = sizeof(struct header) + round_up(object_bytes, OBJECT_ALIGN);
    if (__builtin_mul_overflow(count, padded_bytes, &slab_bytes) ||
        __builtin_add_overflow(head_bytes, slab_bytes, &mapped_bytes)) {
        errno = EINVAL;
        return NULL;
    }
    void *mapped =
        mmap(NULL, mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
        errno = ENOMEM;
        return NULL;
    }
    struct classic_pool *pool = mapped;
    pool->slab = (char *)mapped + head_bytes;
    pool->slab_end = pool->slab + slab_bytes;
    pool->object_bytes = object_bytes;
    pool->padded_bytes = padded_bytes;
    pool->mapped_bytes = mapped_bytes;
    pthread_mutex_init(&pool->lock, NULL);
    init_slab(pool, count);
    return pool;
}

void classic_pool_destroy(struct classic_pool *pool) {
    if (pool) {
        pthread_mutex_destroy(&pool->lock);
        munmap(pool, pool->mapped_bytes);
    }
}

/* The fallback, under the lock as the original has it. */
static struct header *get_from_heap(struct classic_pool *pool) {
    pool->pool_misses++;
    struct header *header = calloc(1, pool->padded_bytes);
    if (header) {
        header->pool = pool;
        if (++pool->curr_stdalloc > pool->max_stdalloc) {
            pool->max_stdalloc = pool->curr_stdalloc;
        }
    }
    return header;
}

static struct header *get_from_slab(struct classic_pool *pool) {
    struct header *header = (struct header *)(void *)pool->free.next;
    list_remove(&header->link);
    header->is_in_use = 1;
    pool->cold--;
    if (++pool->hot > pool->max_alloc) {
        pool->max_alloc = pool->hot;
    }
    return header;
}

void *classic_get(struct classic_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    pool->alloc_count++;
    struct header *header = pool->cold > 0 ? get_from_slab(pool) : get_from_heap(pool);
    pthread_mutex_unlock(&pool->lock);
    return header ? object_of(header) : NULL;
}

void *classic_get0(struct classic_pool *pool) {
    void *object = classic_get(pool);
    if (object) {
        memset(object, 0, pool->object_bytes);
    }
    return object;
}

static void put_to_slab(struct classic_pool *pool, struct header *header) {
    if ((size_t)((char *)header - pool->slab) % pool->padded_bytes != 0) {
        abort();
    }
    if (!header->is_in_use) {
        pool->refused_puts++;
        return;
    }
    header->is_in_use = 0;
    pool->hot--;
    pool->cold++;
    list_push(&pool->free, &header->link);
}

void classic_put(void *object) {
    if (!object) {
        return;
    }
    struct header *header = header_of(object);
    struct classic_pool *pool = header->pool;
    pthread_mutex_lock(&pool->lock);
    if ((char *)header >= pool->slab && (char *)header < pool->slab_end) {
        put_to_slab(pool, header);
    } else {
        pool->curr_stdalloc--;
        free(header);
    }
    pthread_mutex_unlock(&pool->lock);
}

void classic_stats_read(struct classic_pool *pool, struct classic_stats *ret) {
    pthread_mutex_lock(&pool->lock);
    *ret = (struct classic_stats){
        .padded_bytes = pool->padded_bytes,
        .hot = pool->hot,
        .cold = pool->cold,
        .alloc_count = pool->alloc_count,
        .pool_misses = pool->pool_misses,
        .max_alloc = pool->max_alloc,
        .curr_stdalloc = pool->curr_stdalloc,
        .max_stdalloc = pool->max_stdalloc,
        .refused_puts = pool->refused_puts,
    };
    pthread_mutex_unlock(&pool->lock);
}
