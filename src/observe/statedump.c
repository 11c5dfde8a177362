/* SPDX-License-Identifier: MIT */
/* mempool_dump: the [mempool] section of a GlusterFS statedump.
 *
 * One pool at a time: its counters are read without a lock, its text is made on the stack and
 * written while nothing is held, so that a slow reader of fd holds up nobody. */
#include "observe/statedump.h"

#include "base/attributes.h"
#include "base/text.h"
#include "export/statedump_text.h"
#include "sys/sys.h"

#include <mempool/mempool.h>

#include <errno.h>

struct dump {
    int fd;
    int result;
};

int statedump_pool(int fd, const struct mempool_stats *stats, const char *name) {
    char buffer[STATEDUMP_PART_BYTES];
    struct text text;
    text_init(&text, buffer, sizeof buffer);
    statedump_add_pool(&text, stats, name);
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
    static const char section[] = STATEDUMP_POOLS;
    int saved_errno = errno;
    struct dump dump = {.fd = fd};
    dump.result = sys_write(fd, section, sizeof section - 1);
    if (dump.result == 0) {
        (void)mempool_list(dump_pool, &dump);
    }
    errno = saved_errno;
    return dump.result;
}
