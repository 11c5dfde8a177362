/* SPDX-License-Identifier: MIT */
/* mempool_dump_on_signal: a statedump to a file, made in a signal handler.
 *
 * Whatever the interrupted thread was doing, and whatever locks it holds: the books are read
 * without a lock, memory is the system's, and of libc only system calls are used. Buffers lie in
 * that memory, for a handler's stack may be small.
 *
 * There is one turn: who has it may write a dump, or change what is set, and nobody waits for it in
 * a handler. A signal that comes meanwhile leaves word, and whoever has the turn makes one more
 * dump when it gives it back, however many came. A fork waits for the turn, so that a child never
 * has half of a dump. */
#include "base/atomics.h"
#include "base/attributes.h"
#include "base/text.h"
#include "export/export.h"
#include "misuse/policy.h"
#include "pool/runtime.h"
#include "publish/self.h"
#include "sys/sys.h"

#include <mempool/observe.h>

#include <errno.h>

enum {
    NAME_BYTES = 96, /* of a file, behind the folder's */
    TRIES = 100,     /* of names that somebody else has */
};

static _Atomic uint32_t turn_taken;  /* 1: somebody has it */
static _Atomic uint32_t dump_wanted; /* 1: a signal came that no dump has followed */
/* what is set; by who has the turn */
static int signal_set; /* 0: none */
static struct sys_handler handler_before;
static char folder[SYS_PATH_BYTES];

/* ---- one dump ------------------------------------------------------------------------------ */

/* All that one needs, so that the stack holds little. */
struct dump {
    struct snapshot_error error;
    struct export_output output;
    char temporary[SYS_PATH_BYTES + NAME_BYTES], final[SYS_PATH_BYTES + NAME_BYTES];
};

/* FOLDER/PREFIX PID .dump. NUMBER */
static void make_name(char ret[SYS_PATH_BYTES + NAME_BYTES], const char *prefix, uint64_t number) {
    struct text text;
    text_init(&text, ret, SYS_PATH_BYTES + NAME_BYTES);
    text_add(&text, folder);
    text_add(&text, prefix);
    text_add_signed(&text, sys_process_id());
    text_add(&text, ".dump.");
    text_add_unsigned(&text, number);
}

/* A file that nobody else has: leftovers of a process that was killed are left alone. */
static int create_temporary(struct dump *dump) {
    int fd = -EEXIST;
    for (int i = 0; i < TRIES && fd == -EEXIST; i++) {
        make_name(dump->temporary, "/.mempool.", sys_clock_ns());
        fd = sys_create_new(dump->temporary);
    }
    return fd;
}

static int write_file(struct dump *dump, const struct snapshot *snapshot) {
    int fd = create_temporary(dump);
    if (fd < 0) {
        return fd;
    }
    export_begin_fd(&dump->output, fd);
    export_statedump(snapshot, &dump->output);
    int result = export_end(&dump->output);
    int closed = sys_close_written(fd);
    result = result != 0 ? result : closed;
    if (result == 0) {
        make_name(dump->final, "/mempool.", (uint64_t)snapshot->taken_seconds);
        result = sys_rename(dump->temporary, dump->final);
    }
    if (result != 0) {
        sys_remove(dump->temporary);
    }
    return result;
}

static int write_dump(struct view_memory *memory) {
    static const struct snapshot_options counters = {.want = 0};
    struct view_source source;
    struct snapshot *snapshot;
    struct dump *dump = view_take(memory, sizeof *dump);
    if (dump == NULL || !view_source_self(&source)) {
        return -ENOMEM;
    }
    int result = snapshot_take(&snapshot, &source, &counters, &dump->error);
    if (result == 0) {
        result = write_file(dump, snapshot);
        snapshot_free(snapshot);
    }
    return result;
}

/* To where misuses are reported. */
static void tell_failure(struct view_memory *memory, int result) {
    char least[64];
    char *whole = view_take(memory, SYS_PATH_BYTES + NAME_BYTES);
    struct text text;
    text_init(&text, whole != NULL ? whole : least,
              whole != NULL ? SYS_PATH_BYTES + NAME_BYTES : sizeof least);
    text_add(&text, "mempool: no dump: errno=");
    text_add_signed(&text, -(int64_t)result);
    if (whole != NULL) {
        text_add(&text, " directory=");
        text_add(&text, folder);
    }
    text_add(&text, "\n");
    int sink = policy_sink();
    if (sink >= 0) {
        (void)sys_write(sink, text.buffer, text.length);
    }
}

static void make_dump(void) {
    struct view_memory memory = {.left = 0};
    int result = write_dump(&memory);
    if (result != 0) {
        tell_failure(&memory, result);
    }
    view_give_all(&memory);
}

/* ---- turns --------------------------------------------------------------------------------- */

/* It always writes: so whoever gives the turn back later sees what we left before. */
static bool try_turn(void) {
    /* D1 pairs with D2: what the last one did is seen, and it sees our word */
    return atomic_exchange_explicit(&turn_taken, 1, memory_order_acq_rel) == 0;
}

static void wait_for_turn(void) {
    while (!try_turn()) {
        sys_yield();
    }
}

static void give_turn(void) {
    /* D2 pairs with D1: as there */
    (void)atomic_exchange_explicit(&turn_taken, 0, memory_order_acq_rel);
}

/* Dumps as long as some are wanted. With signals off. */
static void make_wanted_dumps(void) {
    while (load_relaxed(&dump_wanted) != 0 && try_turn()) {
        if (exchange_relaxed(&dump_wanted, 0) != 0 && signal_set != 0) {
            make_dump();
        }
        give_turn();
    }
}

static void end_turn(void) {
    struct sys_quiet quiet;
    give_turn();
    sys_quiet_begin(&quiet);
    make_wanted_dumps();
    sys_quiet_end(&quiet);
}

static void handle(int number) {
    struct sys_quiet quiet;
    (void)number;
    sys_quiet_begin(&quiet);
    store_relaxed(&dump_wanted, 1);
    make_wanted_dumps();
    sys_quiet_end(&quiet);
}

/* What the parent was asked for is the parent's. */
static void end_turn_of_child(void) {
    store_relaxed(&dump_wanted, 0);
    give_turn();
}

/* By who has the turn, or while nobody is there yet. */
static bool watch_forks(void) {
    static bool watched;
    watched = watched || sys_fork_watch(wait_for_turn, end_turn, end_turn_of_child) == 0;
    return watched;
}

__attribute__((constructor(SYS_FORKS_OF_DUMPS))) static void watch_forks_from_start(void) {
    (void)watch_forks();
}

/* ---- what is set --------------------------------------------------------------------------- */

static int unset(int number) {
    if (signal_set == 0 || signal_set != number) {
        return -ENOENT;
    }
    sys_handler_undo(number, handle, &handler_before);
    signal_set = 0;
    return 0;
}

static int set(int number, const char *path) {
    if (!watch_forks()) {
        return -ENOMEM;
    }
    if (signal_set == 0) {
        int result = sys_handler_set(number, handle, &handler_before);
        if (result != 0) {
            return result;
        }
    }
    signal_set = number;
    struct text text;
    text_init(&text, folder, sizeof folder);
    text_add(&text, path);
    return 0;
}

static int change(int number, const char *directory_or_null) {
    char path[SYS_PATH_BYTES];
    int result = runtime_start();
    if (result == 0 && directory_or_null != NULL) {
        result = sys_folder(directory_or_null, path, sizeof path);
    }
    if (result != 0) {
        return result;
    }
    wait_for_turn();
    if (directory_or_null == NULL) {
        result = unset(number);
    } else {
        result = signal_set == 0 || signal_set == number ? set(number, path) : -EBUSY;
    }
    end_turn();
    return result;
}

MEMPOOL_API int mempool_dump_on_signal(int signal_number, const char *directory_or_null) {
    struct sys_quiet quiet;
    int saved_errno = errno;
    sys_quiet_begin(&quiet);
    int result = change(signal_number, directory_or_null);
    sys_quiet_end(&quiet);
    errno = saved_errno;
    return result;
}
