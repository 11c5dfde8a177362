/* SPDX-License-Identifier: MIT */
/* Recording. */
#include "record/recording.h"

#include "account/books.h"
#include "base/attributes.h"
#include "base/text.h"
#include "cache/thread.h"
#include "pool/hold.h"
#include "pool/interrupting.h"
#include "pool/recorder.h"
#include "record/control.h"
#include "record/writer.h"

#include <mempool/observe.h>

#include <errno.h>
#include <string.h>

enum { NAME_BYTES = 2 * MEMPOOL_ACCOUNT_NAME_BYTES + 32 };

/* What a thread is to the recording under way. */
struct own {
    uint32_t session; /* of its number */
    uint32_t number;
    bool is_writing;
};
static __thread struct own own MEMPOOL_TLS_MODEL;

/* recorder_lock, but for the first, which others peep at */
static _Atomic uint32_t state; /* enum recording_state */
static int descriptor;
static bool owns_descriptor;
static uint32_t session, n_threads;
static uint64_t announced[ACCOUNTS_MAX / 64];
static _Atomic uint64_t n_lost;
static int told_late; /* why one ended that nobody has ended yet; or 0 */
static void (*retiring_before)(struct thread *thread); /* threads_lock */

enum recording_state recording_state(void) {
    return (enum recording_state)load_relaxed(&state);
}

/* ---- one event ------------------------------------------------------------------------------- */

/* While a thread has the lock its handlers must not wait for any: others that hold those may wait
 * for this one. */
struct event {
    bool has_section; /* else it is inside an operation: its handlers wait for none anyway */
    struct pool_section section;
};

static void event_take(struct event *event) {
    event->has_section = !thread_interrupted();
    if (event->has_section) {
        pool_section_begin(&event->section);
    }
    own.is_writing = true;
    signal_fence();
    sys_lock_take(&recorder_lock);
}

static void event_drop(struct event *event) {
    sys_lock_drop(&recorder_lock);
    signal_fence();
    own.is_writing = false;
    if (event->has_section) {
        pool_section_leave(&event->section);
    }
}

/* False: the event is lost, or nobody records. */
static bool event_begin(struct event *event) {
    if (own.is_writing) {
        add_relaxed(&n_lost, 1);
        return false;
    }
    event_take(event);
    if (load_relaxed(&state) == RECORDING_ON) {
        return true;
    }
    event_drop(event);
    return false;
}

static void event_end(struct event *event) {
    if (writer_result() != 0) {
        store_relaxed(&state, RECORDING_BROKEN);
        store_relaxed(&pool_recorder, NULL);
    }
    event_drop(event);
}

/* The calling thread's number, announced if it is new. 0: none is left. */
static uint32_t thread_number(void) {
    if (own.session != session) {
        char name[THREAD_NAME_BYTES];
        if (n_threads == STREAM_THREADS_MAX) {
            return 0;
        }
        own.session = session;
        own.number = ++n_threads;
        sys_thread_name(name);
        writer_text(STREAM_THREAD, own.number, (uint64_t)sys_thread_id(), 0, name, strlen(name));
    }
    return own.number;
}

static void tell(enum stream_kind kind, const void *object, uint32_t class, size_t bytes) {
    struct event event;
    int saved_errno = errno;
    if (event_begin(&event)) {
        writer_event(kind, thread_number(), (uintptr_t)object, class, (uint32_t)bytes);
        event_end(&event);
    }
    errno = saved_errno;
}

/* ---- announcing ------------------------------------------------------------------------------ */

void recording_pool(const struct mempool *pool, uint32_t thread) {
    char line[MEMPOOL_NAME_BYTES + 32];
    struct text text;
    text_init(&text, line, sizeof line);
    text_add_unsigned(&text, pool->depot.count);
    text_add(&text, " ");
    text_add(&text, pool->name);
    writer_text(STREAM_POOL, thread, pool->depot.shape.object_bytes, pool->depot.number, line,
                text.length);
}

void recording_account(uint32_t number) {
    const struct account *account = account_at(number);
    uint64_t bit = (uint64_t)1 << (number % 64);
    char name[NAME_BYTES];
    struct text text;
    if ((announced[number / 64] & bit) != 0) {
        return;
    }
    announced[number / 64] |= bit;
    text_init(&text, name, sizeof name);
    text_add(&text, account->component->name);
    text_add(&text, ":");
    text_add(&text, account->type->name);
    writer_text(STREAM_ACCOUNT, 0, 0, number, name, text.length);
}

/* ---- the hooks ------------------------------------------------------------------------------- */

static void got(const struct mempool *pool, const void *object, bool zeroed) {
    tell(zeroed ? STREAM_GET_ZEROED : STREAM_GET, object, pool->depot.number, 0);
}

static void put(const void *object) {
    tell(STREAM_PUT, object, 0, 0);
}

static void allocated(const void *block, uint64_t tag, bool zeroed) {
    struct event event;
    int saved_errno = errno;
    if (event_begin(&event)) {
        recording_account(tag_account(tag));
        writer_event(zeroed ? STREAM_CALLOC : STREAM_MALLOC, thread_number(), (uintptr_t)block,
                     tag_account(tag), (uint32_t)tag_bytes(tag));
        event_end(&event);
    }
    errno = saved_errno;
}

static void resized(const void *from, const void *to, uint64_t tag) {
    struct event event;
    int saved_errno = errno;
    if (event_begin(&event)) {
        recording_account(tag_account(tag));
        uint32_t thread = thread_number();
        if (from != to) {
            writer_event(STREAM_MOVE, thread, (uintptr_t)from, 0, 0);
        }
        writer_event(STREAM_REALLOC, thread, (uintptr_t)to, tag_account(tag),
                     (uint32_t)tag_bytes(tag));
        event_end(&event);
    }
    errno = saved_errno;
}

static void created(const struct mempool *pool) {
    struct event event;
    if (!pool_is_heap_class(pool) && event_begin(&event)) {
        recording_pool(pool, thread_number());
        event_end(&event);
    }
}

static void destroyed(const struct mempool *pool) {
    tell(STREAM_DESTROY, NULL, pool->depot.number, 0);
}

static const struct recorder hooks = {
    .got = got,
    .put = put,
    .allocated = allocated,
    .resized = resized,
    .created = created,
    .destroyed = destroyed,
};

/* A thread ends; what its other destructors do is a new thread's. threads_lock is held. */
static void retire(struct thread *thread) {
    struct event event;
    if (own.session == session && event_begin(&event)) {
        writer_event(STREAM_EXIT, own.number, 0, 0, 0);
        own.session = 0;
        event_end(&event);
    }
    if (retiring_before != NULL) {
        retiring_before(thread);
    }
}

/* ---- beginning and ending -------------------------------------------------------------------- */

static void watch_threads(void) {
    if (thread_retiring != retire) {
        retiring_before = thread_retiring;
        thread_retiring = retire;
    }
}

/* Signals are blocked, all locks held. */
static void start_child(void) {
    if (load_relaxed(&state) != RECORDING_IDLE && owns_descriptor) {
        sys_close(descriptor);
    }
    store_relaxed(&state, RECORDING_IDLE);
    store_relaxed(&pool_recorder, NULL);
    told_late = 0;
    own = (struct own){.is_writing = false};
    control_child();
}

/* With the locks of hold_lock. */
static int start(int fd, bool owned) {
    if (load_relaxed(&state) != RECORDING_IDLE) {
        return -EBUSY;
    }
    /* H1 pairs with H2 in pool/recorder.h, by the barrier of hold_begin: who still found nobody
     * recording, its block's tag is seen by recording_existing. */
    store_relaxed(&pool_recorder, &hooks);
    if (!hold_begin()) {
        store_relaxed(&pool_recorder, NULL);
        return -ENOSYS;
    }
    sys_lock_take(&recorder_lock);
    session = session + 1 != 0 ? session + 1 : 1;
    n_threads = 0;
    memset(announced, 0, sizeof announced);
    store_relaxed(&n_lost, 0);
    told_late = 0;
    descriptor = fd;
    owns_descriptor = owned;
    writer_begin(fd);
    const char *program = sys_program_name();
    writer_text(STREAM_BEGIN, 0, STREAM_MAGIC, (uint32_t)sys_process_id(), program,
                strlen(program));
    recording_existing();
    writer_event(STREAM_READY, 0, 0, 0, 0);
    writer_flush();
    int result = writer_result();
    if (result == 0) {
        store_relaxed(&state, RECORDING_ON);
        watch_threads();
        store_relaxed(&pool_recorder_child, start_child);
    }
    sys_lock_drop(&recorder_lock);
    if (result != 0) {
        store_relaxed(&pool_recorder, NULL);
        hold_end();
    }
    return result;
}

int recording_begin(int fd, bool owned) {
    struct sys_signals before;
    int result = account_init();
    if (result == 0 && thread_interrupted()) {
        result = -EAGAIN;
    }
    if (result == 0) {
        hold_lock(&before);
        result = start(fd, owned);
        hold_unlock(&before);
    }
    return result;
}

/* With the locks of hold_lock. */
static int stop(void) {
    if (load_relaxed(&state) == RECORDING_IDLE) {
        int result = told_late != 0 ? told_late : -ENOENT;
        told_late = 0;
        return result;
    }
    store_relaxed(&pool_recorder, NULL);
    sys_lock_take(&recorder_lock);
    writer_event(STREAM_END, 0, load_relaxed(&n_lost), 0, 0);
    writer_flush();
    int result = writer_result();
    store_relaxed(&state, RECORDING_IDLE);
    if (owns_descriptor) {
        sys_close(descriptor);
    }
    sys_lock_drop(&recorder_lock);
    hold_end();
    return result;
}

int recording_end(void) {
    struct sys_signals before;
    if (!account_ready()) {
        return -ENOENT;
    }
    if (thread_interrupted() || own.is_writing) {
        return -EAGAIN;
    }
    hold_lock(&before);
    int result = stop();
    hold_unlock(&before);
    return result;
}

void recording_clear(void) {
    struct sys_signals before;
    hold_lock(&before);
    if (load_relaxed(&state) == RECORDING_BROKEN) {
        told_late = stop();
    }
    hold_unlock(&before);
}

MEMPOOL_API int mempool_record(int fd) {
    int saved_errno = errno;
    int result = sys_is_writable(fd) ? recording_begin(fd, false) : -EBADF;
    errno = saved_errno;
    return result;
}

MEMPOOL_API int mempool_record_end(void) {
    int saved_errno = errno;
    int result = recording_end();
    errno = saved_errno;
    return result;
}
