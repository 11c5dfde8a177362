/* SPDX-License-Identifier: MIT */
/* A daemon in small: a cache, a protocol and SQLite, and what each of them holds after some work.
 *
 * Build it against an installed mempool with
 *     cc daemon.c $(pkg-config --cflags --libs mempool sqlite3) -o daemon
 */
#include <mempool/account.h>
#include <mempool/adapt/sqlite.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { REQUESTS = 3000, BUCKETS = 256 };

static struct mempool_component *cache_component, *protocol_component;

/* ---- the cache: entries from a pool, their values from the accounted heap -------------------- */

struct entry {
    struct entry *next;
    char *value;
    int key;
};

static struct mempool *entries;
static struct entry *buckets[BUCKETS];

static int cache_open(void) {
    struct mempool_component *before = mempool_component_enter(cache_component);
    entries = mempool_new(struct entry, 1024); /* the pool is the cache's, too */
    mempool_component_leave(before);
    return entries ? 0 : -1;
}

static const char *cache_find(int key) {
    for (struct entry *entry = buckets[key % BUCKETS]; entry; entry = entry->next) {
        if (entry->key == key) {
            return entry->value;
        }
    }
    return NULL;
}

static const char *cache_keep(int key, const unsigned char *value) {
    struct mempool_component *before = mempool_component_enter(cache_component);
    struct entry *entry = mempool_get(entries);
    char *copy = mempool_strdup((const char *)value, "value");
    mempool_component_leave(before);
    if (!entry || !copy) {
        mempool_put(entry);
        mempool_free(copy);
        return NULL;
    }
    *entry = (struct entry){buckets[key % BUCKETS], copy, key};
    buckets[key % BUCKETS] = entry;
    return copy;
}

static void cache_close(void) {
    for (int i = 0; i < BUCKETS; i++) {
        while (buckets[i]) {
            struct entry *entry = buckets[i];
            buckets[i] = entry->next;
            mempool_free(entry->value); /* its owner's books, whoever frees */
            mempool_put(entry);
        }
    }
    mempool_destroy(entries);
}

/* ---- the database: all of SQLite's memory, through the adapter ------------------------------- */

static sqlite3 *database;
static sqlite3_stmt *look_up;

static int database_open(void) {
    return mempool_adapt_sqlite(mempool_component_create("sqlite", NULL)) == 0 &&
                   sqlite3_open(":memory:", &database) == SQLITE_OK &&
                   sqlite3_exec(database,
                                "create table user (id integer primary key, name text);"
                                "with recursive n(i) as (values (0) union all"
                                " select i + 1 from n where i < 999)"
                                " insert into user select i, 'user number ' || i from n",
                                NULL, NULL, NULL) == SQLITE_OK &&
                   sqlite3_prepare_v2(database, "select name from user where id = ?", -1, &look_up,
                                      NULL) == SQLITE_OK
               ? 0
               : -1;
}

static void database_close(void) {
    sqlite3_finalize(look_up);
    sqlite3_close(database);
    sqlite3_shutdown();
}

/* ---- the protocol: requests and their answers ------------------------------------------------ */

static const char *name_of(int id) {
    const char *name = cache_find(id);
    if (!name) {
        sqlite3_reset(look_up);
        sqlite3_bind_int(look_up, 1, id);
        if (sqlite3_step(look_up) == SQLITE_ROW) {
            name = cache_keep(id, sqlite3_column_text(look_up, 0));
        }
    }
    return name;
}

/* The last answers wait for slow clients. */
static char *unsent[10];

static int answer(int number) {
    struct mempool_component *before = mempool_component_enter(protocol_component);
    int *request = mempool_malloc(sizeof *request, "request");
    char **slot = &unsent[number % 10];
    int length = -1;
    if (request) {
        *request = number * 7 % 800;
        const char *name = name_of(*request);
        mempool_free(*slot);
        length = mempool_asprintf(slot, "answer", "%d: hello, %s", number, name ? name : "nobody");
        mempool_free(request);
    }
    mempool_component_leave(before);
    return length;
}

/* ---- the books ------------------------------------------------------------------------------- */

static int print_account(const struct mempool_account *account, void *unused) {
    (void)unused;
    printf("%-10s %-10s %8" PRIu64 " bytes live in %5" PRIu64 " blocks; peak %8" PRIu64
           " bytes; %" PRIu64 " blocks ever\n",
           account->component_name, account->type_name, account->live_bytes, account->live_blocks,
           account->peak_bytes, account->total_blocks);
    return 0;
}

static void print_books(const char *title) {
    printf("%s\n", title);
    mempool_accounts(print_account, NULL);
}

/* Objects of pools are no blocks: a component has their slabs on its books, pools tell the rest. */
static void print_pool(const struct mempool *pool, struct mempool_component *component) {
    struct mempool_stats objects = {.struct_size = sizeof objects};
    struct mempool_component_stats sums = {.struct_size = sizeof sums};
    if (mempool_stats(pool, &objects) == 0 && mempool_component_stats(component, &sums) == 0) {
        printf("%s: %" PRIu64 " objects live; slabs of all pools of %s: %" PRIu64 " bytes\n",
               objects.name, objects.hot, sums.name, sums.pool_bytes);
    }
}

int main(void) {
    cache_component = mempool_component_create("cache", NULL);
    protocol_component = mempool_component_create("protocol", NULL);
    if (!cache_component || !protocol_component || cache_open() != 0 || database_open() != 0) {
        fputs("daemon: could not start\n", stderr);
        return 1;
    }
    for (int number = 0; number < REQUESTS; number++) {
        if (answer(number) < 0) {
            fputs("daemon: no memory for an answer\n", stderr);
            return 1;
        }
    }
    print_books("at work:");
    print_pool(entries, cache_component);

    for (int i = 0; i < 10; i++) {
        mempool_free(unsent[i]);
    }
    database_close();
    cache_close();
    print_books("closed:");
    return 0;
}
