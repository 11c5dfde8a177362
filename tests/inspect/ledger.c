/* SPDX-License-Identifier: MIT */
/* A process's ledger from outside beside the one that it makes itself. */
#include "subject.h"

#include "scale.h"

#include "inspect/ledger.h"

/* In the order of struct mempool_ledger. */
static const char *const names[] = {
    "resident", "live",      "padding", "cached", "free",  "untouched",
    "records",  "libc heap", "files",   "stack",  "named", "unexplained",
};
enum {
    RESIDENT,
    LIVE,
    PADDING,
    CACHED,
    FREE,
    UNTOUCHED,
    RECORDS,
    LIBC,
    FILES,
    STACK,
    NAMED,
    UNEXPLAINED,
    PARTS
};

static void of_itself(struct subject *subject, uint64_t ret[PARTS]) {
    const char *at = subject_ask(subject, "ledger");
    CHECK(strncmp(at, "ledger ", 7) == 0);
    at += 6;
    for (int i = 0; i < PARTS; i++) {
        char *end;
        ret[i] = strtoull(at, &end, 10);
        CHECK(end != at);
        at = end;
    }
}

static void from_outside(struct process *process, struct images *images, uint64_t ret[PARTS]) {
    struct snapshot *snapshot = taken(process_source(process), 0);
    const struct snapshot_ledger *ledger = &snapshot->ledger;
    CHECK(!ledger->is_known);
    CHECK(ledger_complete(process, images, snapshot) == 0 && ledger->is_known);
    const uint64_t values[PARTS] = {
        ledger->resident, ledger->live,      ledger->padding, ledger->cached,
        ledger->free,     ledger->untouched, ledger->records, ledger->libc_heap,
        ledger->files,    ledger->stack,     ledger->named,   ledger->unexplained,
    };
    memcpy(ret, values, sizeof values);
    snapshot_free(snapshot);
}

/* What the system says of the process as a whole. */
static uint64_t rss(pid_t pid) {
    char path[64], line[256];
    uint64_t bytes = 0;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "Rss:", 4) == 0) {
            bytes = strtoull(line + 4, NULL, 10) * 1024;
        }
    }
    fclose(file);
    return bytes;
}

static void check_sum(const uint64_t parts[PARTS]) {
    uint64_t sum = 0;
    for (int i = LIVE; i < PARTS; i++) {
        sum += i == UNTOUCHED ? 0 : parts[i];
    }
    CHECK_EQUAL(sum - parts[UNTOUCHED], parts[RESIDENT]);
}

/* The same memory, read in the same way. What only the process itself can tell counts elsewhere
 * outside: the mapping that it has named, and blocks of malloc's that have a mapping of their own,
 * of which there is one. */
static void compare(const uint64_t inside[PARTS], const uint64_t outside[PARTS]) {
    enum { NAMED_BYTES = 1 << 16, LARGE_BYTES = (1 << 20) + 4096 };
    for (int i = 0; i < PARTS; i++) {
        printf("%-12s %12" PRIu64 " inside %12" PRIu64 " outside\n", names[i], inside[i],
               outside[i]);
    }
    for (int i = 0; i < PARTS; i++) {
        if (i != LIBC && i != NAMED && i != UNEXPLAINED) {
            CHECK_EQUAL(outside[i], inside[i]);
        }
    }
    CHECK_EQUAL(outside[NAMED] + NAMED_BYTES, inside[NAMED]);
    CHECK_EQUAL(outside[LIBC] + LARGE_BYTES, inside[LIBC]);
    CHECK_EQUAL(outside[UNEXPLAINED], inside[UNEXPLAINED] + NAMED_BYTES + LARGE_BYTES);
    CHECK(outside[STACK] > 0 && outside[FILES] > 0 && outside[RECORDS] > 0 && outside[LIBC] > 0);
}

int main(int argc, char **argv) {
    struct subject subject;
    uint64_t inside[PARTS], outside[PARTS];
    CHECK(argc > 1);
    subject_path = argv[1];
    if (!test_runtime_is_plain()) {
        test_skip("a sanitizer has mappings of terabytes, and a malloc of its own");
    }
    subject_start(&subject, "5", "20");
    of_itself(&subject, inside);
    of_itself(&subject, inside); /* the first makes room for itself */
    subject_stop(&subject);
    struct process *process = process_opened(subject.pid);
    struct images *images = images_of_process(process);
    from_outside(process, images, outside);
    check_sum(inside);
    check_sum(outside);
    CHECK_EQUAL(outside[RESIDENT], rss(subject.pid));
    compare(inside, outside);
    images_free(images);
    process_close(process);
    subject_kill(&subject);
    return 0;
}
