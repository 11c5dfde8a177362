/* SPDX-License-Identifier: MIT */
/* The operating system, as the library needs it: the whole contract in one header.
 *
 * THEORY
 *
 * This folder is the only one with system calls and `#ifdef`s of platforms; Meson chooses the
 * implementation (src/sys/linux). Conventions, once for all: sizes and addresses of memory calls
 * are multiples of the page size; results are 0 or a negative errno; nothing prints, nothing
 * allocates from malloc but sys_heap_allocate.
 *
 * The memory calls go through a table of functions, `sys_operations`, so that tests can fail the
 * n-th of them or watch them. They are on slow paths only. */
#ifndef MEMPOOL_SYS_SYS_H
#define MEMPOOL_SYS_SYS_H

#include "base/atomics.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- memory ------------------------------------------------------------------------------- */

struct sys_operations {
    /* Address space without access rights or backing; NULL where there is none. Kept out of core
     * dumps until committed. */
    void *(*reserve)(size_t bytes);
    void (*release)(void *start, size_t bytes); /* undo reserve */
    int (*commit)(void *start, size_t bytes);   /* readable, writable, zero where never used */
    int (*purge)(void *start, size_t bytes);    /* give the pages back; they read as zero again */
    /* Advice: back this range with huge pages where they are to be had; or no longer. */
    void (*huge)(void *start, size_t bytes, bool wanted);
    void *(*heap_allocate)(size_t bytes, size_t align); /* from libc's malloc; NULL: none */
    void (*heap_free)(void *block);
    uint64_t (*clock_ms)(void); /* coarse monotonic milliseconds */
};
extern struct sys_operations sys_operations;

size_t sys_page_bytes(void);
/* The most address space that a first attempt at the arena should ask for, bytes. */
size_t sys_arena_bytes_wanted(void);
uint64_t sys_clock_ns(void); /* monotonic, fine; for time budgets of slow work */
/* Time of day: seconds since 1970 (UTC), and microseconds. */
int64_t sys_wall_clock(uint32_t *ret_microseconds);

/* ---- sharing ------------------------------------------------------------------------------ */

/* Give a part of a reservation, once in a process, memory that other processes can be let look at:
 * a memfd of that name, readable by its owner. No rights on it yet, nothing is resident. 0, or a
 * negative errno and nothing has changed. sys_operations.commit and purge go on working on it. A
 * child of a fork shares it until sys_share_child. */
int sys_share(void *start, size_t bytes, const char *name);

struct sys_part {
    void *start; /* whole pages */
    size_t bytes;
};
/* Before a fork: copy what the parts hold. After it, in the parent; in the child: the copy takes
 * the place of what was shared, the parts readable and writable, the rest without rights. */
void sys_share_before_fork(const struct sys_part *parts, size_t n);
void sys_share_parent(void);
enum { SYS_SHARE_SHARED = 0, SYS_SHARE_PRIVATE = 1 };
int sys_share_child(void); /* what it is now; -ENOMEM: the parent's, not to be used */

/* ---- locks --------------------------------------------------------------------------------
 * Ranks, in the order in which locks may be taken (a thread holding one takes only later ones):
 *   registry   pool/registry.c: the list of pools, creating and destroying
 *   threads    cache/thread.c: the list of threads and their cache tables
 *   depot      depot/depot.h: one per pool
 *   sample     sample/table.c: sampled objects and their stacks
 *   slots      slab/slab.c: chunks and slabs (vm/arena.c), metadata blocks (vm/meta.c)
 *   report     misuse/report.c: one report at a time
 *   recorder   pool/recorder.h: one event at a time; also while another is held
 * Rules that keep signal handlers safe: a lock is held only with signals blocked, or by a thread
 * whose `stage` says so (cache/thread.h). */

/* 0 free, 1 held, 2 held and somebody may sleep on it. Zero-initialised is free. */
struct sys_lock {
    _Atomic uint32_t state;
};
void sys_lock_wait(struct sys_lock *lock);
void sys_lock_wake(struct sys_lock *lock);

static inline bool sys_lock_try(struct sys_lock *lock) {
    uint32_t expected = 0;
    /* L1 pairs with U1: what the last holder wrote is seen */
    return swap_if_acquire(&lock->state, &expected, 1);
}

static inline void sys_lock_take(struct sys_lock *lock) {
    if (!sys_lock_try(lock)) {
        sys_lock_wait(lock);
    }
}

static inline void sys_lock_drop(struct sys_lock *lock) {
    /* U1 pairs with L1 and L2: the next holder sees what was written under the lock */
    if (atomic_exchange_explicit(&lock->state, 0, memory_order_release) == 2) {
        sys_lock_wake(lock);
    }
}

/* ---- threads, signals, processes ---------------------------------------------------------- */

long sys_thread_id(void);
long sys_process_id(void);
/* The calling thread's name, NUL-ended, at most 16 bytes. */
void sys_thread_name(char *ret_name);
void sys_yield(void);
/* Tell the processor that we only look again and again. */
void sys_pause(void);
/* Call `exited` with `argument` when the calling thread ends; 0 or -errno. */
int sys_thread_exit_init(void (*exited)(void *argument));
int sys_thread_exit_watch(void *argument);
/* By constructors of these priorities, so that forks are watched before there is a lock to be held
 * across them. On the way into a fork they are called from the last on: locks come from above. */
enum { SYS_FORKS_OF_POOLS = 101, SYS_FORKS_OF_COMPAT, SYS_FORKS_OF_DUMPS };
int sys_fork_watch(void (*before)(void), void (*parent)(void), void (*child)(void));

/* All signals off, and on again as they were. */
struct sys_signals {
    uint64_t words[16];
};
void sys_signals_block(struct sys_signals *ret_before);
void sys_signals_restore(const struct sys_signals *before);

/* After this returns true, every thread of the process has executed a full memory barrier since
 * the call; false where the system has no such call. The caller's side of an asymmetric protocol:
 * the other side needs only a compiler barrier. */
bool sys_barrier_all_threads(void);
bool sys_barrier_available(void);

/* All signals off and the calling thread not cancelled: what is in between may run in a signal
 * handler of any thread, wherever that was. A file that grows beyond the process's limit and a pipe
 * without a reader are errors of the write, and no signals. errno stays as it was before. */
enum { SYS_WRITE_SIGNALS = 2 };
struct sys_quiet {
    struct sys_signals before;
    int cancelling, error;
    bool was_pending[SYS_WRITE_SIGNALS];
};
void sys_quiet_begin(struct sys_quiet *ret);
void sys_quiet_end(const struct sys_quiet *quiet);

/* What a signal does; a copy of the system's own. */
struct sys_handler {
    uint64_t words[24];
};
/* Have a function called, with all signals off, on the thread's signal stack where it has one; what
 * was done before; 0 or -errno. -EINVAL also for signals that tell of a fault of the thread. */
int sys_handler_set(int signal_number, void (*handle)(int number), struct sys_handler *ret_before);
/* Back to what was before, unless another function has taken the place of ours. */
void sys_handler_undo(int signal_number, void (*handle)(int number),
                      const struct sys_handler *before);

/* ---- what an address is ------------------------------------------------------------------- */

enum sys_region {
    SYS_REGION_UNMAPPED,
    SYS_REGION_TINY,
    SYS_REGION_NON_CANONICAL,
    SYS_REGION_STACK, /* of the calling thread */
    SYS_REGION_HEAP,  /* the brk heap */
    SYS_REGION_IMAGE, /* data or code of the program or a library */
    SYS_REGION_MAPPED,
};
/* `may_lock`, here and below: the dynamic linker's lock may be taken. Where it may not (a signal
 * handler whose thread may hold a lock of ours), the answer is poorer. */
enum sys_region sys_region_of(const void *address, bool may_lock);

/* "function+0x12", or "library.so+0x1234" where no symbol covers it, or the number. */
struct text;
void sys_symbol(uintptr_t code_address, struct text *text, bool may_lock);
/* The full code address whose low 32 bits are `low`, searched in the loaded images; 0: none.
 * Without the lock: the low bits alone. */
uintptr_t sys_code_address(uint32_t low, bool may_lock);

/* The return addresses of the calls under way on this thread, innermost first, at most `max` of
 * them; how many. May allocate from libc's malloc, and takes the dynamic linker's lock: for reports
 * that are made rarely, holding nothing, and not in a signal handler. 0 where it cannot be told. */
enum { SYS_CALLS_MAX = 96 };
size_t sys_call_stack(uintptr_t *ret_addresses, size_t max);

enum { SYS_PATH_BYTES = 4096, SYS_BUILD_ID_BYTES = 64 };

/* The file that a piece of code is from. Zero-fill it; filled once, it makes the next look-up in
 * the same image cheap. */
struct sys_image {
    char path[SYS_PATH_BYTES]; /* absolute where the system tells it */
    uintptr_t offset;          /* the address as the file has it: as if not moved at loading */
    uintptr_t start, end;      /* of all of the image in memory */
    size_t build_id_bytes;     /* 0: it has none, or an unusually long one */
    unsigned char build_id[SYS_BUILD_ID_BYTES];
    /* own: which image the path is of */
    const void *headers;
    uint64_t n_unloads;
};
/* Fill it for an address; false where that is in no image that has a file. Takes the dynamic
 * linker's lock. */
bool sys_image_of(uintptr_t code_address, struct sys_image *image);

/* vsnprintf. */
int sys_format(char *ret, size_t bytes, const char *format, va_list list)
    __attribute__((format(printf, 3, 0)));

/* ---- what is resident ----------------------------------------------------------------------- */

/* Addresses that belong to something which the system has no name for. */
struct sys_claim {
    uintptr_t start, end;  /* whole pages */
    bool in_last_mapping;  /* only what lies in the same mapping as the last byte */
    uint64_t *resident;    /* what is resident of it is added here */
};

/* Bytes resident, by what they belong to. Set the two ranges, whose mappings are counted apart, and
 * the caller's claims, with room for those that the system adds: threads' stacks, images. Zero the
 * rest. `resident_bytes` answers for another process what sys_resident_bytes does for this one. */
struct sys_residency {
    uintptr_t first_start, first_end, second_start, second_end;
    struct sys_claim *claims;
    size_t n_claims, claims_max;
    uint64_t (*resident_bytes)(void *process, uintptr_t start, size_t bytes); /* NULL: this one */
    void *process;
    uint64_t first, second;
    uint64_t libc_heap; /* of libc's own malloc, as far as it tells */
    uint64_t stack;     /* of threads */
    uint64_t files;     /* programs, libraries, mapped files */
    uint64_t named;     /* shared memory, and mappings whose name the system knows */
    uint64_t anonymous; /* the rest */
    uint64_t total;     /* of all: what the system calls resident */
};
/* 0 or -errno. Milliseconds. */
int sys_residency(struct sys_residency *ret);
uint64_t sys_resident_bytes(void *start, size_t bytes);
/* libc's mallinfo, in its order; zeros where there is none. */
void sys_mallinfo(uint64_t ret[10]);

/* ---- output, settings --------------------------------------------------------------------- */

/* The whole text, retried when interrupted: 0 or -errno. */
int sys_write(int fd, const char *bytes, size_t n);
/* The same where a failure must not end the process: -EPIPE and -EFBIG come without their signals.
 * A descriptor that does not wait is waited for. */
int sys_write_unsignalled(int fd, const char *bytes, size_t n);
bool sys_is_writable(int fd);        /* open for writing */
void sys_close_at_exec(int fd);      /* a program that is run does not get it */
/* A descriptor or -errno: a file that is not there yet (else -EEXIST; links are not followed), for
 * its owner only; */
int sys_create_new(const char *path);
/* or one that is there, to be written from its start; of a pipe, which must have a reader. */
int sys_open_existing(const char *path);
/* A new or emptied file that only its owner may read; a descriptor or -errno. */
int sys_create(const char *path);
/* The same under a name that no file has: the last six bytes of `path`, "XXXXXX", become it. */
int sys_create_unique(char *path);
int sys_rename(const char *from, const char *to); /* 0 or -errno; replaces a file of that name */
void sys_remove(const char *path);
/* The first capacity - 1 bytes of a file at most, and a NUL: how many, or -errno. */
int64_t sys_read_file(const char *path, char *ret, size_t capacity);
void sys_close(int fd);
int sys_close_written(int fd); /* 0, or the -errno of what could not be written after all */
/* The absolute path of a folder that we may make files in; 0 or -errno. */
int sys_folder(const char *path, char *ret, size_t capacity);
const char *sys_environment(const char *name); /* NULL where unset, or in a set-user-id program */
const char *sys_program_name(void);
_Noreturn void sys_abort(void);

#endif
