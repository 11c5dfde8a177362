/* SPDX-License-Identifier: MIT */
/* SQLite: a database in memory, its inserts, an index, a join; on two threads in turn; a limit. */
#include "books.h"
#include "threads.h"

#include <mempool/adapt/sqlite.h>

enum { ROWS = 5000 };

static sqlite3 *database;

static void run_sql(const char *sql) {
    char *error = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &error) != SQLITE_OK) {
        fprintf(stderr, "%s\n", error);
        check_failed(__FILE__, __LINE__, sql);
    }
}

static int64_t query_number(const char *sql) {
    sqlite3_stmt *statement;
    CHECK(sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK);
    CHECK(sqlite3_step(statement) == SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    CHECK(sqlite3_finalize(statement) == SQLITE_OK);
    return number;
}

static void insert_rows(void) {
    sqlite3_stmt *statement;
    CHECK(sqlite3_prepare_v2(database, "insert into visit values (?, ?, ?)", -1, &statement,
                             NULL) == SQLITE_OK);
    run_sql("begin");
    for (int row = 0; row < ROWS; row++) {
        char *path = sqlite3_mprintf("/srv/files/%d/%s", row, "a name of some length");
        CHECK(path);
        sqlite3_bind_int(statement, 1, row);
        sqlite3_bind_int(statement, 2, row % 10);
        sqlite3_bind_text(statement, 3, path, -1, sqlite3_free);
        CHECK(sqlite3_step(statement) == SQLITE_DONE);
        CHECK(sqlite3_reset(statement) == SQLITE_OK);
    }
    run_sql("commit");
    CHECK(sqlite3_finalize(statement) == SQLITE_OK);
}

/* A thread in the process's component. */
static void *ask_from_thread(void *unused) {
    CHECK_EQUAL(query_number("select count(*) from visit join host on visit.host = host.id"
                             " where host.name like 'host %'"),
                ROWS);
    /* Grows from nothing to a row of some length, by realloc. */
    CHECK(query_number("select length(group_concat(path, ';')) from visit") > ROWS * 20);
    return unused;
}

static void work(struct mempool_component *component) {
    CHECK(sqlite3_open(":memory:", &database) == SQLITE_OK);
    run_sql("create table host (id integer primary key, name text);"
            "create table visit (id integer primary key, host integer, path text);"
            "create index visit_host on visit (host);"
            "with recursive n(i) as (select 0 union all select i + 1 from n where i < 9)"
            " insert into host select i, 'host ' || i from n");
    insert_rows();
    thread_run(ask_from_thread, NULL);
    CHECK(sqlite3_exec(database, "no such statement", NULL, NULL, NULL) == SQLITE_ERROR);

    uint64_t held = books_of(component, NULL).live_bytes;
    CHECK(sqlite3_memory_used() >= (int64_t)held); /* counts what rounding adds, too */
    CHECK(sqlite3_memory_used() <= (int64_t)(held + held / 4));
    books_check_live(component, "sqlite", (uint64_t)ROWS * 40);
}

/* What is beyond the component's limit is refused; the database goes on. */
static void reach_limit(struct mempool_component *component) {
    struct mempool_limits limits = {sizeof limits, 0, NULL, NULL,
                                    books_of(component, NULL).live_bytes + (1 << 20)};
    CHECK(mempool_component_limit(component, &limits) == 0);
    CHECK(sqlite3_exec(database, "insert into visit select -1, 0, hex(zeroblob(5000000))", NULL,
                       NULL, NULL) == SQLITE_NOMEM);
    CHECK_EQUAL(query_number("select count(*) from visit"), ROWS);
    CHECK(mempool_component_limit(component, NULL) == 0);
    run_sql("insert into visit select -1, 0, hex(zeroblob(5000000))");
    CHECK_EQUAL(query_number("select length(path) from visit where id = -1"), 10000000);
}

/* Sizes that applications may ask for. */
static void check_sizes(void) {
    CHECK(!sqlite3_malloc(0));
    CHECK(!sqlite3_malloc64(UINT64_C(1) << 40));
    for (int bytes = 1; bytes < 100000; bytes += bytes / 3 + 1) {
        unsigned char *block = sqlite3_malloc(bytes);
        CHECK(block);
        size_t usable = (size_t)sqlite3_msize(block);
        CHECK(usable >= (size_t)bytes);
        memset(block, 0x5a, usable); /* SQLite fills blocks up, and expects to find that again */
        block = sqlite3_realloc(block, 10 * bytes);
        CHECK(block && sqlite3_msize(block) >= (size_t)bytes * 10);
        for (size_t i = 0; i < usable && i < (size_t)bytes * 10; i++) {
            CHECK(block[i] == 0x5a);
        }
        CHECK(!sqlite3_realloc(block, 0));
    }
    sqlite3_free(NULL);
}

/* The largest that SQLite asks for: the block has more than an int can tell. */
static void check_largest(void) {
    const int64_t bytes = 0x7ffffeff;
    void *block = sqlite3_malloc64((uint64_t)bytes);
    if (!block) {
        return; /* not on a machine that has less */
    }
    CHECK(sqlite3_msize(block) >= (uint64_t)bytes && sqlite3_msize(block) < 1u << 31);
    CHECK(sqlite3_memory_used() >= bytes);
    sqlite3_free(block);
    CHECK_EQUAL(sqlite3_memory_used(), 0);
}

int main(void) {
    struct mempool_component *component = books_begin("database");
    CHECK(sqlite3_initialize() == SQLITE_OK);
    CHECK(mempool_adapt_sqlite(component) == -EBUSY);
    CHECK(sqlite3_shutdown() == SQLITE_OK);
    CHECK_EQUAL(books_of(component, NULL).total_blocks, 0);

    CHECK(mempool_adapt_sqlite(component) == 0);
    check_sizes();
    check_largest();
    work(component);
    reach_limit(component);
    CHECK(sqlite3_close(database) == SQLITE_OK);
    CHECK(sqlite3_shutdown() == SQLITE_OK);
    books_check_rest(component);
    return 0;
}
