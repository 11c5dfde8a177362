/* SPDX-License-Identifier: MIT */
/* A fixed history of components, and the whole statedump it must give: statedump_full.txt, to the
 * byte, but for the figures of libc's malloc and of the ledger, which are masked as N.
 *
 * usage: statedump_full EXPECTED-FILE */
#include "golden.h"

#include "check.h"
#include "pools.h"

#include <mempool/observe.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { N_BLOCKS = 16, PAGE_BYTES = 4096 };

static _Alignas(PAGE_BYTES) char pages[4][PAGE_BYTES];

/* Allocate n blocks, then free but for n_to_keep: those stay, for the dump. */
static void use(const char *type, size_t bytes, size_t n, size_t n_to_keep) {
    void *blocks[N_BLOCKS];
    CHECK(n <= N_BLOCKS);
    for (size_t i = 0; i < n; i++) {
        blocks[i] = mempool_malloc_typed(bytes, mempool_type(type));
        CHECK(blocks[i] != NULL);
    }
    for (size_t i = n_to_keep; i < n; i++) {
        mempool_free(blocks[i]);
    }
}

static struct mempool_component *enter_new(const char *name, struct mempool_component *parent) {
    struct mempool_component *component = mempool_component_create(name, parent);
    CHECK(component != NULL);
    (void)mempool_component_enter(component);
    return component;
}

static void make_history(void) {
    use("gf_common_mt_char", 100, 5, 3);
    use(NULL, 1, 1, 0);
    struct mempool_component *dht = enter_new("dht", NULL);
    use("gf_dht_mt_layout", 1000, 10, 0);
    use("gf_dht_mt_layout", 500, 4, 1);
    use("gf_dht_mt_loc", 1 << 20, 2, 2);
    CHECK_EQUAL(mempool_component_end(dht), 3);
    (void)enter_new("dht", NULL); /* loaded again */
    use("gf_dht_mt_loc", 48, 1, 1);
    (void)enter_new("io-stats", dht);
    (void)enter_new("idle", NULL);
    use("gf_idle_mt_once", 16, 3, 0);
    mempool_component_leave(NULL);
    struct mempool_options options =
        NAMED_POOL_OPTIONS("page", .object_bytes = 4096, .count = 2, .on_empty = MEMPOOL_FAIL);
    options.component = "io-cache";
    CHECK(mempool_get(pool_of_options(&options)) != NULL);
    /* static data is the program's too; names that are the same are one line */
    CHECK_EQUAL(mempool_mapping_name(pages[0], 2 * PAGE_BYTES, "index"), 0);
    CHECK_EQUAL(mempool_mapping_name(pages[2], PAGE_BYTES, "ring"), 0);
    CHECK_EQUAL(mempool_mapping_name(pages[3], PAGE_BYTES, "index"), 0);
}

/* In these sections numbers become N. */
static void mask(const char *from, char *to) {
    bool is_masked = false;
    while (*from != '\0') {
        if (*from == '[') {
            is_masked = strncmp(from, "[mallinfo]", 10) == 0 ||
                        strncmp(from, "[mempool.ledger]", 16) == 0;
        }
        *to++ = *from;
        if (*from++ == '=' && is_masked) {
            size_t digits = strspn(from, "0123456789");
            CHECK(digits > 0 && from[digits] == '\n');
            from += digits;
            *to++ = 'N';
        }
    }
    *to = '\0';
}

int main(int argc, char **argv) {
    static char written[GOLDEN_TEXT_BYTES], masked[2 * GOLDEN_TEXT_BYTES];
    CHECK(argc == 2);
    FILE *dump = tmpfile();
    CHECK(dump != NULL);
    make_history();
    CHECK_EQUAL(mempool_statedump(-1), -EBADF);
    CHECK_EQUAL(mempool_statedump(fileno(dump)), 0);
    rewind(dump);
    golden_read(dump, written);
    mask(written, masked);
    return golden_compare(argv[1], masked);
}
