/* SPDX-License-Identifier: MIT */
/* A stand-in for libglusterfs: the functions that libmempool-glusterfs.so takes the place of, and
 * structs with the fields where a release of GlusterFS has them: FAKE_CONTEXT_AT, FAKE_RECORDS_AT,
 * FAKE_ACCOUNTING_AT, FAKE_COUNT_FIRST. It counts its calls, so that a test sees who was called. */
#ifndef TESTS_PRELOAD_FAKE_GLUSTERFS_H
#define TESTS_PRELOAD_FAKE_GLUSTERFS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_context {
    char before[FAKE_ACCOUNTING_AT];
    int accounting;
};

struct fake_record {
#if FAKE_COUNT_FIRST
    int64_t allocations;
    const char *type_name;
#else
    const char *type_name;
    int64_t allocations;
#endif
};

struct fake_records {
    uint32_t n_types;
    uint32_t padding;
    int64_t references;
    struct fake_record records[];
};

struct fake_translator {
    const char *name;
    char before_context[FAKE_CONTEXT_AT - sizeof(char *)];
    struct fake_context *context;
    char before_records[FAKE_RECORDS_AT - FAKE_CONTEXT_AT - sizeof(void *)];
    struct fake_records *records;
};

struct fake_pool {
    unsigned long object_bytes, count;
    char *name, *translator_name;
    int64_t active;
    void *links[2];
    void *context;
    uint32_t *shared;
};

/* How often the stand-in's own functions ran. */
struct fake_calls {
    int get, put, pool_new, pool_destroy, malloc, free, realloc, pools_init, unref, dump;
};
extern struct fake_calls fake_calls;
extern bool fake_pool_is_strange; /* the next pool's struct is not as known */
/* What the stand-in's dump finds: set by the test, called in it. */
extern void (*fake_dump_reads)(void);

/* GlusterFS's own names. */
struct fake_translator **__glusterfs_this_location(void);
#define THIS (*__glusterfs_this_location())
int xlator_mem_acct_init(struct fake_translator *translator, int n_types);
void xlator_mem_acct_unref(struct fake_records *records);   /* up to 10.3 */
void xlator_mem_acct_destroy(struct fake_records *records); /* later */
/* What ends a translator does: gives up its own reference. */
void fake_forget_records(struct fake_translator *translator);
void *__gf_malloc(size_t bytes, uint32_t type, const char *type_name);
void *__gf_calloc(size_t n, size_t bytes, uint32_t type, const char *type_name);
void *__gf_realloc(void *block, size_t bytes);
void __gf_free(void *block);
int gf_vasprintf(char **ret, const char *format, va_list list)
    __attribute__((format(printf, 2, 0)));
int gf_asprintf(char **ret, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct fake_pool *mem_pool_new_fn(struct fake_context *context, unsigned long bytes,
                                  unsigned long count, char *name);
void *mem_get_malloc(struct fake_pool *pool);
void *mem_get_calloc(struct fake_pool *pool);
void mem_put_pool(void *object);
void mem_pool_destroy(struct fake_pool *pool);
void mem_pools_init(void);
void mem_pools_fini(void);
void gf_proc_dump_info(int signal, struct fake_context *context);
void gf_proc_dump_mempool_info(struct fake_context *context);

#endif
