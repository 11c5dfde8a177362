/* SPDX-License-Identifier: MIT */
/* mempool_dump: the [mempool] section of a GlusterFS statedump.
 *
 * One pool at a time: its counters are read without a lock, its text is made on the stack and
 * written while nothing is held, so that a slow reader of fd holds up nobody. Keys and order are
 * GlusterFS's (statedump.c of release 3.3 and cur-stdalloc of 3.6), so that its parsers work. */
#include "observe/statedump.h"

#include "base/attributes.h"
#include "base/text.h"
#include "sys/sys.h"

#include <mempool/mempool.h>

#include <errno.h>
#include <string.h>

enum { POOL_TEXT_BYTES = 1024, POOL_NAME_BYTES = 512 };

struct dump {
    int fd;
    int result;
};

static void add_entry(struct text *text, const char *key, uint64_t value) {
    text_add(text, key);
    text_add(text, "=");
    text_add_unsigned(text, value);
    text_add(text, "\n");
}

int statedump_pool(int fd, const struct mempool_stats *stats, const char *name) {
    char buffer[POOL_TEXT_BYTES];
    struct text text;
    text_init(&text, buffer, sizeof buffer);
    text_add(&text, "-----=-----\npool-name=");
    text_add_bytes(&text, name, strnlen(name, POOL_NAME_BYTES));
    text_add(&text, "\n");
    add_entry(&text, "hot-count", stats->hot);
    add_entry(&text, "cold-count", stats->cold);
    add_entry(&text, "padded_sizeof", stats->padded_bytes);
    add_entry(&text, "alloc-count", stats->alloc_count);
    add_entry(&text, "max-alloc", stats->max_alloc);
    add_entry(&text, "pool-misses", stats->pool_misses);
    add_entry(&text, "cur-stdalloc", stats->curr_stdalloc);
    add_entry(&text, "max-stdalloc", stats->max_stdalloc);
    return sys_write(fd, text.buffer, text.length);
}

static int dump_pool(struct mempool *pool, void *arg) {
    struct dump *dump = arg;
    struct mempool_stats stats = {.struct_size = sizeof stats};
    if (mempool_stats(pool, &stats) != 0) {
        return 0; /* destroyed meanwhile */
    }
    dump->result = statedump_pool(dump->fd, &stats, stats.name);
    return dump->result != 0;
}

MEMPOOL_API int mempool_dump(int fd) {
    static const char section[] = "\n[mempool]\n";
    int saved_errno = errno;
    struct dump dump = {.fd = fd};
    dump.result = sys_write(fd, section, sizeof section - 1);
    if (dump.result == 0) {
        (void)mempool_list(dump_pool, &dump);
    }
    errno = saved_errno;
    return dump.result;
}
