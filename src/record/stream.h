/* SPDX-License-Identifier: MIT */
/* The stream that a process writes while it records: what the command makes a trace of.
 *
 * THEORY
 *
 *      process --events, in order--> pipe or file --cli/record_convert.h--> trace (replay/trace.h)
 *
 * A sequence of `struct stream_event`, in the byte order of the machine. Some kinds have a text
 * behind them, padded with zeros to whole 8 bytes. Pools, accounts and threads are announced
 * before they are first named. The first event is STREAM_BEGIN, with the magic word in `object`.
 * Then comes what there is already: pools, and what is live. The last one is STREAM_END; where it
 * is missing, the process was ended or could not write on, and what came is whole but for its
 * tail.
 *
 * Numbers of pools are used again after STREAM_DESTROY; addresses after STREAM_PUT. A put may be of
 * an address that was never told: something got in a signal handler that interrupted the recorder
 * itself. Then the get of a live address may come, too. */
#ifndef MEMPOOL_RECORD_STREAM_H
#define MEMPOOL_RECORD_STREAM_H

#include <stdint.h>

#define STREAM_MAGIC UINT64_C(0x6563617274706d31) /* "1mptrace" in memory, low byte first */

enum { STREAM_KIND_BITS = 8, STREAM_TEXT_BYTES_MAX = 512, STREAM_THREADS_MAX = (1 << 24) - 1 };

enum stream_kind {
    STREAM_BEGIN = 1,  /* object: STREAM_MAGIC; class: pid; text: program */
    STREAM_THREAD,     /* `thread` is new; object: the kernel's number; text: its name */
    STREAM_POOL,       /* class: its number; object: bytes of one; text: count, blank, name */
    STREAM_ACCOUNT,    /* class: its number; text: name */
    STREAM_LIVE,       /* object, class: got before the recording began */
    STREAM_LIVE_BLOCK, /* the same, of an account; bytes */
    STREAM_READY,      /* all that there was has been told */
    STREAM_GET,        /* object, class: a pool */
    STREAM_GET_ZEROED,
    STREAM_PUT,        /* object: of a pool, or a block */
    STREAM_DESTROY,    /* class: a pool */
    STREAM_MALLOC,     /* object, class: an account; bytes */
    STREAM_CALLOC,
    STREAM_MOVE,       /* object: a block that the next event, a STREAM_REALLOC, moves; its put
                        * follows */
    STREAM_REALLOC,    /* object, class: an account; bytes */
    STREAM_EXIT,       /* the thread has ended */
    STREAM_TIME,       /* object: nanoseconds that went by, beside the event's own */
    STREAM_END,        /* object: events lost; class: 0, or the errno why it ended */
    STREAM_KINDS
};

struct stream_event {
    uint32_t kind_and_thread; /* kind in the low bits; thread 0: nobody's */
    uint32_t ns;              /* since the event before */
    uint64_t object;          /* an address, mostly */
    uint32_t class;           /* pool or account */
    uint32_t bytes;           /* of a block; of the text */
};

static inline enum stream_kind stream_kind(const struct stream_event *event) {
    return (enum stream_kind)(event->kind_and_thread & ((1u << STREAM_KIND_BITS) - 1));
}
static inline uint32_t stream_thread(const struct stream_event *event) {
    return event->kind_and_thread >> STREAM_KIND_BITS;
}
static inline int stream_has_text(enum stream_kind kind) {
    return (kind >= STREAM_BEGIN && kind <= STREAM_ACCOUNT);
}
static inline uint32_t stream_text_padded(uint32_t bytes) {
    return (bytes + 7) & ~(uint32_t)7;
}

#endif
