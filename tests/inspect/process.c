/* SPDX-License-Identifier: MIT */
/* A process looked at from another one: running, stopped, ended, forked, replaced, forbidden. */
#include "subject.h"

#include "view/describe.h"

#include <grp.h>
#include <limits.h>
#include <sys/resource.h>

static bool is_listed(int64_t pid, int code) {
    struct process_found *found = NULL;
    size_t n = 0;
    bool is_there = false;
    CHECK(process_list(&found, &n) == 0);
    for (size_t i = 0; i < n; i++) {
        is_there |= found[i].pid == pid && found[i].code == code;
        CHECK(i == 0 || found[i].pid > found[i - 1].pid);
    }
    free(found);
    return is_there;
}

static void refused(int64_t pid, int code, const char *text) {
    struct snapshot_error error = {.code = 0};
    struct process *process = NULL;
    CHECK_EQUAL(process_open(&process, pid, &error), code);
    CHECK(process == NULL && error.code == code);
    if (strstr(error.text, text) == NULL) {
        printf("%s\n", error.text);
    }
    CHECK(strstr(error.text, text) != NULL);
}

/* ---- counters and call sites ----------------------------------------------------------------- */

static void check_counters(const struct snapshot *snapshot, const struct subject *subject) {
    const struct snapshot_pool *pool = pool_named(snapshot, "subject:object");
    CHECK(pool != NULL);
    CHECK_EQUAL(pool->hot, SUBJECT_OBJECTS);
    CHECK_EQUAL(pool->alloc_count, SUBJECT_OBJECTS + 1 + 3);
    CHECK_EQUAL(pool->object_bytes, 100);
    CHECK_EQUAL(snapshot->pid, subject->pid);
    CHECK_EQUAL(snapshot->n_threads, 4);
    CHECK_EQUAL(snapshot->n_accounts, 1);
    CHECK_EQUAL(snapshot->accounts[0].live_blocks, SUBJECT_BLOCKS);
    CHECK_EQUAL(snapshot->accounts[0].live_bytes, SUBJECT_BLOCKS * 50);
    CHECK_EQUAL(pool_named(snapshot, "subject:spill")->curr_stdalloc, 1);
    CHECK(pool_named(snapshot, "subject:many19") != NULL);
    CHECK(strcmp(snapshot->program, "subject") == 0);
}

static uint64_t bytes_of(const struct snapshot *snapshot, const char *what) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < snapshot->n_groups; i++) {
        bytes += strcmp(snapshot->groups[i].what, what) == 0 ? snapshot->groups[i].bytes : 0;
    }
    return bytes;
}

static void check_sites(const struct subject *subject, struct process *process,
                        struct snapshot *snapshot) {
    char path[PATH_MAX];
    CHECK(realpath(subject_path, path) != NULL);
    struct images *images = images_of_process(process);
    CHECK(images_resolve(images, snapshot) == 0);
    const struct snapshot_group *group = group_of(snapshot, "subject:object");
    CHECK(group != NULL && group->count == SUBJECT_OBJECTS);
    CHECK_EQUAL(group->bytes, SUBJECT_OBJECTS * 100);
    const char *symbol = core_is_supported() ? "subject_get+0x" : "subject+0x"; /* elfutils */
    CHECK(strncmp(group->symbol, symbol, strlen(symbol)) == 0);
    CHECK(group->image >= 0 && (size_t)group->image < snapshot->n_images);
    const struct snapshot_image *image = &snapshot->images[group->image];
    CHECK(strcmp(image->path, path) == 0);
    CHECK_EQUAL(group->site, subject->site);
    CHECK_EQUAL(group->offset, group->site - image->start); /* of a program that can be moved */
    CHECK(strlen(image->build_id) == 40);
    for (size_t i = 1; i < snapshot->n_images; i++) {
        CHECK(snapshot->images[i].start > snapshot->images[i - 1].start);
    }
    group = group_of(snapshot, "parser:token");
    CHECK(group != NULL && group->count == SUBJECT_BLOCKS && group->bytes == SUBJECT_BLOCKS * 50);
    CHECK_EQUAL(bytes_of(snapshot, "subject:spill"), 2 * 200); /* one in a slot, one from malloc */
    images_free(images);
}

/* Stacks that a process makes up: addresses that come to one place of a table of sites, by the
 * inverse of the usual hash's factor, or by differing in their high bits only. */
static void sites_take_no_time(struct subject *subject) {
    enum { SITES = 1 << 19, SECONDS = 60 };
    struct process *process = process_opened(subject->pid);
    struct images *images = images_of_process(process);
    CHECK(images != NULL && images_refresh(images) == 0);
    alarm(SECONDS); /* hours, else */
    for (uint64_t i = 1; i <= SITES; i++) {
        struct images_site found;
        CHECK(images_find(images, i * UINT64_C(0xf1de83e19937733d), &found) == 0);
        CHECK(images_find(images, i << 44, &found) == 0);
    }
    alarm(0);
    images_free(images);
    process_close(process);
}

static void looks(struct subject *subject) {
    struct process *process = process_opened(subject->pid);
    CHECK(process_may_read_all(process) == 0 && process_check(process) == 0);
    CHECK(strcmp(process_program(process), "subject") == 0);
    struct snapshot *snapshot = taken(process_source(process), SNAPSHOT_WANT_GROUPS);
    check_counters(snapshot, subject);
    check_sites(subject, process, snapshot);
    snapshot_free(snapshot);
    process_close(process);
}

/* ---- single addresses ------------------------------------------------------------------------ */

static struct view_description described(struct process *process, uint64_t address) {
    struct view_description found;
    struct snapshot_error error;
    CHECK(view_describe(&found, process_source(process), address, &error) == 0);
    CHECK_EQUAL(found.address, address);
    return found;
}

static void describes(struct subject *subject, const char *line) {
    struct process *process = process_opened(subject->pid);
    uint64_t live = subject_address(line, "live"), heap = subject_address(line, "heap");
    struct view_description found = described(process, live + 30);
    CHECK(found.state == MEMPOOL_STATE_LIVE && found.object == live && found.offset == 30);
    CHECK(strcmp(found.what, "subject:object") == 0 && found.pool != 0 && !found.is_block);
    CHECK(found.object_bytes == 100 && found.padded_bytes == 112 && found.site != 0);
    CHECK(found.thread == subject->pid && strcmp(found.thread_name, "subject") == 0);
    CHECK(!found.has_thread_exited && found.age_seconds >= 0 && found.age_seconds < 100);
    found = described(process, subject_address(line, "put"));
    CHECK(found.state == MEMPOOL_STATE_FREE && found.thread == subject->pid);
    found = described(process, heap + 199);
    CHECK(found.state == MEMPOOL_STATE_LIVE && found.is_heap && found.object == heap);
    CHECK(strcmp(found.what, "subject:spill") == 0 && found.offset == 199);
    found = described(process, subject_address(line, "block"));
    CHECK(found.state == MEMPOOL_STATE_LIVE && found.is_block && found.object_bytes == 50);
    CHECK(strcmp(found.what, "parser:token") == 0 && found.pool == 0);
    found = described(process, subject_address(line, "foreign"));
    CHECK(found.state == MEMPOOL_STATE_FOREIGN && found.what[0] == '\0');
    CHECK(described(process, UINT64_MAX).state == MEMPOOL_STATE_FOREIGN);
    CHECK(described(process, 0).state == MEMPOOL_STATE_FOREIGN);
    /* far behind the last chunk that was ever used, and a slot that never was */
    CHECK(described(process, live + ((uint64_t)1 << 34)).state == MEMPOOL_STATE_FOREIGN);
    CHECK(described(process, live + 63 * 1024).state != MEMPOOL_STATE_LIVE);
    process_close(process);
}

/* ---- what it may do meanwhile ---------------------------------------------------------------- */

static void while_it_stands_still(struct subject *subject) {
    subject_stop(subject);
    looks(subject);
    subject_continue(subject);
}

static void while_it_is_busy(struct subject *subject) {
    struct process *process = process_opened(subject->pid);
    struct images *images = images_of_process(process);
    subject_tell(subject, "churn");
    for (int i = 0; i < 50; i++) {
        struct snapshot *snapshot = taken(process_source(process), SNAPSHOT_WANT_GROUPS);
        CHECK(images_resolve(images, snapshot) == 0);
        CHECK(pool_named(snapshot, "subject:object")->hot >= SUBJECT_OBJECTS);
        snapshot_free(snapshot);
    }
    subject_tell(subject, "rest");
    images_free(images);
    process_close(process);
}

static void its_child(struct subject *subject) {
    char line[SUBJECT_LINE_BYTES];
    snprintf(line, sizeof line, "%s", subject_ask(subject, "fork"));
    pid_t child = (pid_t)strtol(line + strlen("child "), NULL, 10);
    CHECK(strncmp(line, "child ", 6) == 0 && child > 0);
    struct process *parent = process_opened(subject->pid), *process = process_opened(child);
    struct snapshot *snapshot = taken(process_source(process), 0);
    CHECK_EQUAL(pool_named(snapshot, "subject:object")->hot, SUBJECT_OBJECTS + 1);
    CHECK_EQUAL(snapshot->n_threads, 1);
    CHECK_EQUAL(snapshot->pid, child);
    snapshot_free(snapshot);
    snapshot = taken(process_source(parent), 0);
    CHECK_EQUAL(pool_named(snapshot, "subject:object")->hot, SUBJECT_OBJECTS);
    snapshot_free(snapshot);
    process_close(parent);
    process_close(process);
    CHECK(kill(child, SIGKILL) == 0);
}

/* Open descriptors still lead to its counters; it must not be taken for a live one. */
static void its_end(void) {
    struct subject subject;
    subject_start(&subject, "1", "0");
    struct process *process = process_opened(subject.pid);
    CHECK(process_check(process) == 0);
    kill(subject.pid, SIGKILL);
    while (process_check(process) == 0) {
        usleep(1000);
    }
    CHECK(process_check(process) == -ESRCH); /* a zombie, */
    char byte;
    CHECK_EQUAL(view_read(process_source(process), (uintptr_t)&byte, &byte, 1), -ESRCH);
    subject_kill(&subject);
    CHECK(process_check(process) == -ESRCH); /* and gone */
    refused(subject.pid, -ESRCH, "there is no process");
    process_close(process);
}

/* Its first thread ends, and it goes on. */
static void without_its_first_thread(void) {
    struct subject subject;
    char state = 0, path[64];
    subject_start(&subject, "3", "20");
    struct process *before = process_opened(subject.pid);
    subject_tell(&subject, "leave");
    snprintf(path, sizeof path, "/proc/%d/stat", subject.pid);
    while (state != 'Z') {
        FILE *file = fopen(path, "r");
        CHECK(file != NULL && fscanf(file, "%*d (subject) %c", &state) == 1);
        fclose(file);
    }
    struct process *process = process_opened(subject.pid);
    CHECK(process_check(process) == 0 && is_listed(subject.pid, 0));
    CHECK(process_check(before) == 0);
    snapshot_free(taken(process_source(before), SNAPSHOT_WANT_GROUPS));
    struct snapshot *snapshot = taken(process_source(process), SNAPSHOT_WANT_GROUPS);
    CHECK_EQUAL(pool_named(snapshot, "subject:object")->hot, SUBJECT_OBJECTS);
    CHECK_EQUAL(snapshot->n_threads, 3);
    check_sites(&subject, process, snapshot);
    snapshot_free(snapshot);
    process_close(process);
    subject_kill(&subject);
    CHECK(process_check(before) == -ESRCH);
    process_close(before);
}

static void another_program(void) {
    struct subject subject;
    subject_start(&subject, "1", "0");
    struct process *process = process_opened(subject.pid);
    subject_tell(&subject, "exec");
    while (process_check(process) == 0) {
        usleep(1000);
    }
    CHECK(process_check(process) == -ESRCH);
    refused(subject.pid, -ENODATA, "publishes nothing");
    CHECK(!is_listed(subject.pid, 0));
    process_close(process);
    subject_kill(&subject);
}

/* Without a memfd it publishes in private memory. */
static void in_private_memory(void) {
    struct subject subject;
    struct rlimit limit, before;
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    limit = before;
    limit.rlim_cur = 1 << 20;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    subject_start(&subject, "3", "20");
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK(is_listed(subject.pid, 0));
    looks(&subject);
    subject_kill(&subject);
}

/* ---- who may look ---------------------------------------------------------------------------- */

/* As nobody, in a process of its own. */
static void others(const struct subject *subject) {
    enum { NOBODY = 65534 };
    int status;
    if (geteuid() != 0) {
        printf("not root: nobody else to be\n");
        return;
    }
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
        refused(subject->pid, -EPERM, "may not be looked at");
        CHECK(is_listed(subject->pid, -EACCES) || is_listed(subject->pid, -EPERM));
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(int argc, char **argv) {
    struct subject subject;
    char line[SUBJECT_LINE_BYTES];
    CHECK(argc > 1);
    subject_path = argv[1];
    subject_start(&subject, "3", "20");
    snprintf(line, sizeof line, "%s", subject.line);
    CHECK(is_listed(subject.pid, 0) && !is_listed(getpid(), 0));
    looks(&subject);
    sites_take_no_time(&subject);
    describes(&subject, line);
    while_it_stands_still(&subject);
    others(&subject);
    its_child(&subject);
    while_it_is_busy(&subject);
    subject_kill(&subject);
    in_private_memory();
    its_end();
    without_its_first_thread();
    another_program();
    return 0;
}
