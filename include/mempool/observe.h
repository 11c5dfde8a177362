/* SPDX-License-Identifier: MIT */
/* Looking at what is live: leaks by call site, ages, snapshots to compare. */
#ifndef MEMPOOL_OBSERVE_H
#define MEMPOOL_OBSERVE_H

#include <mempool/account.h>

#if defined(__cplusplus) && defined(__GNUC__)
/* A struct and a function share a name, as stat and stat() do: no constructor is hidden. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#ifdef __cplusplus
extern "C" {
#endif

/*
 * THEORY
 *
 * Every live object and block has a record: who got it, where, when. A *census* reads all records,
 * without stopping anybody, and adds them up by what they are (a pool's objects, or an account's
 * blocks) and by the site that got them. For each slab it holds its pool's lock for a moment, which
 * no hit takes. What comes or goes meanwhile may be counted or not; what is live throughout is
 * counted once. It costs some nanoseconds for each slot, and 1 MiB of the library's own memory
 * while it lasts.
 */

/* A moment, for "only what is younger". */
typedef uint32_t mempool_mark_t;

/** mempool_mark: now. What is got from now on is younger than the mark; what was got before is not.
 *  To tell the two apart, the library's clock of whole seconds begins a new second: ages of what is
 *  older grow by up to a second with each mark.
 *  Shape:   never 0.  Threads: any; a get that is under way may be on either side.   Since: 0.1 */
mempool_mark_t mempool_mark(void);

/* What to report. Zero-fill it, set struct_size, and set what differs. */
struct mempool_leak_options {
    size_t struct_size;
    mempool_mark_t since;    /* only what is younger than this mark; 0: all */
    uint32_t min_age_seconds; /* only what is at least so old */
    uint32_t top;            /* at most so many call sites, most bytes first; 0: 20 */
    uint32_t flags;          /* MEMPOOL_LEAK_NO_AGES, or 0 */
};
#define MEMPOOL_LEAK_NO_AGES 1u /* without the table of ages */

/** mempool_leak_report: write what is live to fd: first a line of sums, then call sites with bytes,
 *  count and oldest age, most bytes first, then for each type how many are how old.
 *  Shape:   0; -EINVAL (struct_size), -ENOMEM (no memory for the census), or the errno of write(2),
 *           negative.
 *  Threads: any; stops nobody. Not in signal handlers.
 *  Environment: MEMPOOL_LEAKS_AT_EXIT=1 makes such a report to stderr at the process's normal end,
 *           any other word but 0: to a file of that name.                            Since: 0.1 */
int mempool_leak_report(int fd, const struct mempool_leak_options *options_or_null);

/** mempool_snapshot: write the census itself to fd, a line for each type and call site, for
 *  `mempool leaks` to rank one, and `mempool diff` to compare two of them: two lines of head, then
 *  bytes, count, age of the oldest in seconds, what, call site, and where its code is to be found:
 *  file, address in it, and the file's build id, with tabs between them; last a line "end N" behind
 *  N such lines. Control characters and backslashes are written as "\xHH". What found no place in
 *  the census's table of some 7000 lines is added up in one line, "(rest)".
 *  Shape:   0, or as mempool_leak_report.                                            Since: 0.1 */
int mempool_snapshot(int fd);

/* Mean bytes between samples that cost next to nothing and tell what holds megabytes. */
#define MEMPOOL_SAMPLE_DEFAULT ((size_t)512 << 10)

/** mempool_sample_stacks: from now on keep the whole call stack of one get or allocation in so many
 *  bytes, at random, as long as its object is live; 0: of no further ones, what is kept stays until
 *  it is put. Each cache and each thread's account takes it up at its next look at the clock, which
 *  is 256 gets later at most. Snapshots, pprof profiles and flame graphs have the stacks, and
 *  estimates of what each holds that are right on the average.
 *  Not sampled: single allocations of MEMPOOL_HEAP pools, and gets in signal handlers that
 *  interrupted a get or put.
 *  Shape:   0; -EINVAL (more than 4 GiB), -ENOMEM. Off until it is called.
 *  Threads: any. Not in signal handlers.
 *  Cost:    hits: none, on or off. A sample: some microseconds, for libc's walk of the stack; so
 *           about a nanosecond for each get of 64 bytes with MEMPOOL_SAMPLE_DEFAULT.
 *  Environment: MEMPOOL_SAMPLE_BYTES=512K does the same when the process makes its first pool; a
 *           number, K, M or G behind it.                                             Since: 0.1 */
int mempool_sample_stacks(size_t mean_bytes);

/* What resident memory consists of, in bytes. For the process:
 *      resident = live + padding + cached + free - untouched
 *                 + records + libc_heap + files + stack + named + unexplained
 * For one pool: the first line. */
struct mempool_ledger {
    size_t struct_size;
    uint64_t resident;    /* what the system says */
    uint64_t live;        /* objects and blocks, as asked for */
    uint64_t padding;     /* the rest of their slots */
    uint64_t cached;      /* free slots in threads' caches and depots */
    uint64_t free;        /* other resident parts of slabs */
    uint64_t untouched;   /* of the slots above: not resident, because never written */
    uint64_t records;     /* records, tags, descriptors, caches: all bookkeeping */
    uint64_t libc_heap;   /* of libc's own malloc, as far as it tells */
    uint64_t files;       /* programs and libraries with all their data, mapped files */
    uint64_t stack;       /* threads' */
    uint64_t named;       /* shared memory, and mappings that the program has named */
    uint64_t unexplained; /* other anonymous memory: mappings that nobody has named */
};

/** mempool_ledger: of the whole process. 0, -EINVAL (struct_size), or a negative errno where
 *  /proc cannot be read, or -ENOMEM.
 *  Threads: any; while others allocate, the parts are of slightly different moments.
 *  Cost:    the system's walk through the page tables: milliseconds and more.        Since: 0.1 */
int mempool_ledger(struct mempool_ledger *ret);
/** mempool_pool_ledger: of one pool's slabs. 0 or -EINVAL.
 *  Cost:    a system call for each of its chunks of 64 KiB.                          Since: 0.1 */
int mempool_pool_ledger(const struct mempool *pool, struct mempool_ledger *ret);

/** mempool_mapping_name: tell the ledger what a mapping is that the program made itself, by mmap or
 *  an allocator of its own: it counts as `named`, and mempool_statedump lists it. NULL takes the
 *  name away again; do that before the mapping ends.
 *  Shape:   0; -EINVAL (start not at a page, or bytes 0), -EEXIST (a part of it has a name),
 *           -ENOSPC (256 have one), -ENOENT (to take away: not named so), -ENOMEM. The name is
 *           copied, up to 47 bytes; several mappings may have the same.
 *  Threads: any.                                                                     Since: 0.1 */
int mempool_mapping_name(const void *start, size_t bytes, const char *name_or_null);

/** mempool_statedump: a statedump with GlusterFS's keys: [mallinfo], what each component has in
 *  use by type, [mempool] as mempool_dump, and the ledger.
 *  Shape:   0, or a negative errno of write(2).                                      Since: 0.1 */
int mempool_statedump(int fd);

/* Formats of a snapshot of all that the books tell; docs/formats.md has their names and units. */
enum mempool_export_format {
    MEMPOOL_EXPORT_STATEDUMP = 0,   /* as mempool_statedump, without [mallinfo] */
    MEMPOOL_EXPORT_JSON = 1,        /* all of it: what `mempool` reads back */
    MEMPOOL_EXPORT_OPENMETRICS = 2, /* text for Prometheus and its kin */
    MEMPOOL_EXPORT_PPROF = 3,       /* profile.proto in gzip: live objects and bytes by call site */
    MEMPOOL_EXPORT_FOLDED = 4,      /* a line for each call site, for flame graphs */
    MEMPOOL_EXPORT_HEAPPROFILE = 5, /* gperftools' heap profile as text, for google-pprof */
};

/** mempool_export: write a snapshot of this process to fd, in a format: the numbers that the
 *  command `mempool export` writes of another process.
 *  Shape:   0; -EINVAL (format), -ENOMEM, or the errno of write(2), negative; with the ledger (of
 *           statedump, JSON and OpenMetrics) also as mempool_ledger. What was written by then stays
 *           written.
 *  Threads: any; takes no pool's lock, stops nobody. Not in signal handlers.
 *  Cost:    as a census where call sites are told, plus the ledger's; memory of the system's own
 *           while it lasts.                                                          Since: 0.1 */
int mempool_export(int fd, enum mempool_export_format format);

/** mempool_dump_on_signal: have a signal write a statedump, without the ledger, as a new file
 *  "mempool.PID.dump.SECONDS" in a directory (SECONDS since 1970; one more in the same second takes
 *  its place). It is made in the signal handler, on whatever thread that runs, even one that is
 *  inside a get or holds a lock of the library's. The file has another name (".mempool...") until
 *  it is whole; where it cannot be, it is removed, and a line "mempool: no dump: errno=N
 *  directory=..." goes to where misuses are reported. Signals that come while one is being made
 *  make one more, together. What the signal did before is not done. A child of a fork dumps under
 *  its own number. The handler runs on the thread's signal stack, where it has one: that has to
 *  have room for 16 KiB.
 *      NULL: no longer; the signal does again what it did before the first of these calls.
 *  Shape:   0; -EINVAL (no signal that can be caught, or one of a fault, as SIGSEGV), -EBUSY
 *           (another signal is set), -ENOENT (there is no such directory; to undo: this signal is
 *           not set), -ENOTDIR, -EACCES (no file can be made there), -ENAMETOOLONG, -ENOMEM. The
 *           path is copied, and made absolute.
 *  Threads: any; while a dump is under way, it waits for it, as fork(2) does.        Since: 0.1 */
int mempool_dump_on_signal(int signal_number, const char *directory_or_null);

/** mempool_record: from now on write every get, put, allocation and free of the process to fd,
 *  until mempool_record_end or the process's normal end; `mempool record --from` makes a trace of
 *  it that `mempool replay` runs. First comes what is live already. fd may be a file or a pipe; who
 *  calls keeps it open, and closes it after the end.
 *  Shape:   0; -EBADF (fd is not open for writing), -EBUSY (somebody records already), -ENOSYS (no
 *           membarrier(2)), -EAGAIN (in a signal handler that interrupted the library), -ENOMEM, or
 *           the errno of write(2), negative.
 *  Threads: any; stops all that get or put while what is live is written. Not in signal handlers.
 *  Signals: events of a handler that interrupted the writing of another are lost, and counted in
 *           the stream. A closed pipe or a full disk ends the recording, and sends no signal.
 *  Fork:    the child does not record.
 *  Cost:    while it lasts no call is a hit; each takes a lock and waits for the writing of events
 *           before it: see docs/recording.md. None before and after.
 *  Environment: MEMPOOL_RECORD=fd:N records from the start to a descriptor, any other text to a new
 *           file of that name, with "%p" for the process's number.                Since: 0.1 */
int mempool_record(int fd);

/** mempool_record_end: end it.
 *  Shape:   0; -ENOENT (nobody records); -EAGAIN (in a signal handler that interrupted the
 *           library); or the errno of the write(2) that ended it before, negative.   Since: 0.1 */
int mempool_record_end(void);

#ifdef __cplusplus
}
#endif
#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
#endif
