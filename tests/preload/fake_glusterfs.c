/* SPDX-License-Identifier: MIT */
/* The stand-in: built as libglusterfs.so.0, of the release that FAKE_RELEASE names. */
#include "fake_glusterfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORTED __attribute__((visibility("default")))

EXPORTED struct fake_calls fake_calls;
EXPORTED bool fake_pool_is_strange;
EXPORTED void (*fake_dump_reads)(void);

/* As the real one's report of a crash has it. */
EXPORTED const char fake_release[] = "package-string: glusterfs " FAKE_RELEASE;

static struct fake_context global_context = {.accounting = 1};
static struct fake_translator global = {.name = "glusterfs", .context = &global_context};
static __thread struct fake_translator *current;
static uint32_t powers[32];

EXPORTED struct fake_translator **__glusterfs_this_location(void) {
    if (current == NULL) {
        current = &global;
    }
    return &current;
}

EXPORTED int xlator_mem_acct_init(struct fake_translator *translator, int n_types) {
    if (translator == NULL || translator->context == NULL) {
        return -1;
    }
    if (!translator->context->accounting) {
        return 0;
    }
    struct fake_records *records =
        malloc(sizeof *records + (size_t)n_types * sizeof(struct fake_record));
    /* Its padding stays what it was, as in the real one up to 10.3. */
    memset(records, 0x5a, sizeof *records);
    records->n_types = (uint32_t)n_types;
    records->references = 1;
    memset(records->records, 0, (size_t)n_types * sizeof(struct fake_record));
    translator->records = records;
    return 0;
}

#if FAKE_COUNT_FIRST
EXPORTED void xlator_mem_acct_destroy(struct fake_records *records) {
    fake_calls.unref++;
    free(records);
}

EXPORTED void fake_forget_records(struct fake_translator *translator) {
    if (--translator->records->references == 0) {
        xlator_mem_acct_destroy(translator->records);
    }
    translator->records = NULL;
}
#else
EXPORTED void xlator_mem_acct_unref(struct fake_records *records) {
    fake_calls.unref++;
    if (--records->references == 0) {
        free(records);
    }
}

EXPORTED void fake_forget_records(struct fake_translator *translator) {
    xlator_mem_acct_unref(translator->records);
    translator->records = NULL;
}
#endif

EXPORTED void *__gf_malloc(size_t bytes, uint32_t type, const char *type_name) {
    (void)type;
    (void)type_name;
    fake_calls.malloc++;
    return malloc(bytes);
}

EXPORTED void *__gf_calloc(size_t n, size_t bytes, uint32_t type, const char *type_name) {
    (void)type;
    (void)type_name;
    fake_calls.malloc++;
    return calloc(n, bytes);
}

EXPORTED void *__gf_realloc(void *block, size_t bytes) {
    fake_calls.realloc++;
    return realloc(block, bytes);
}

EXPORTED void __gf_free(void *block) {
    fake_calls.free++;
    free(block);
}

EXPORTED int gf_vasprintf(char **ret, const char *format, va_list list) {
    va_list again;
    va_copy(again, list);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    *ret = __gf_malloc((size_t)n + 1, 5, "fake_mt_asprintf");
    return vsnprintf(*ret, (size_t)n + 1, format, list);
}

EXPORTED int gf_asprintf(char **ret, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int n = gf_vasprintf(ret, format, list);
    va_end(list);
    return n;
}

EXPORTED struct fake_pool *mem_pool_new_fn(struct fake_context *context, unsigned long bytes,
                                           unsigned long count, char *name) {
    fake_calls.pool_new++;
    if (bytes == 0) {
        return NULL;
    }
    struct fake_pool *pool = __gf_calloc(1, sizeof *pool, 6, "fake_mt_pool");
    powers[9] = 9;
    pool->object_bytes = fake_pool_is_strange ? bytes + 1 : bytes;
    pool->count = count;
    pool->name = name;
    pool->context = context;
    pool->shared = &powers[9];
    return pool;
}

EXPORTED void *mem_get_malloc(struct fake_pool *pool) {
    fake_calls.get++;
    return pool != NULL ? malloc(pool->object_bytes) : NULL;
}

EXPORTED void *mem_get_calloc(struct fake_pool *pool) {
    fake_calls.get++;
    return pool != NULL ? calloc(1, pool->object_bytes) : NULL;
}

EXPORTED void mem_put_pool(void *object) {
    fake_calls.put++;
    free(object);
}

EXPORTED void mem_pool_destroy(struct fake_pool *pool) {
    fake_calls.pool_destroy++;
    if (pool != NULL) {
        __gf_free(pool);
    }
}

EXPORTED void mem_pools_init(void) {
    fake_calls.pools_init++;
}

EXPORTED void mem_pools_fini(void) {}

EXPORTED void gf_proc_dump_mempool_info(struct fake_context *context) {
    (void)context;
}

EXPORTED void gf_proc_dump_info(int signal, struct fake_context *context) {
    (void)signal;
    fake_calls.dump++;
    gf_proc_dump_mempool_info(context);
    if (fake_dump_reads != NULL) {
        fake_dump_reads();
    }
}
