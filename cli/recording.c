/* SPDX-License-Identifier: MIT */
/* A recording, event by event. */
#include "cli/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/recording_trace.h"
#include "record/stream.h"
#include "replay/trace.h"

/* An event with its text. */
enum { PIECE_BYTES = sizeof(struct stream_event) + STREAM_TEXT_BYTES_MAX };

struct recording {
    struct recording_trace trace;
    uint64_t move_from; /* a block that the next event moves; 0: none */
    size_t have;        /* bytes of an event that is not whole yet */
    _Alignas(8) char piece[PIECE_BYTES];
};

int recording_new(struct recording **ret, const char *path, uint64_t events_max) {
    struct recording *recording = calloc(1, sizeof *recording);
    if (recording == NULL) {
        return -ENOMEM;
    }
    struct recording_trace *trace = &recording->trace;
    trace->events_max = events_max < TRACE_EVENTS_MAX ? events_max : TRACE_EVENTS_MAX;
    memset(trace->class_of_pool, 0xff, sizeof trace->class_of_pool);
    memset(trace->class_of_account, 0xff, sizeof trace->class_of_account);
    int result = trace_writer_new(&trace->writer, path);
    if (result != 0) {
        free(recording);
        return result;
    }
    *ret = recording;
    return 0;
}

const struct recording_sums *recording_sums(const struct recording *recording) {
    return &recording->trace.sums;
}

int recording_finish(struct recording *recording) {
    return recording_trace_finish(&recording->trace);
}

void recording_free(struct recording *recording) {
    if (recording != NULL) {
        recording_trace_free(&recording->trace);
        free(recording);
    }
}

/* ---- one event ------------------------------------------------------------------------------- */

static int take_begin(struct recording *recording, const struct stream_event *event,
                      const char *text) {
    struct recording_sums *sums = &recording->trace.sums;
    snprintf(sums->program, sizeof sums->program, "%.60s", text);
    sums->pid = (int64_t)event->class;
    sums->is_begun = true;
    return recording_trace_thread(&recording->trace, 0, "(before)");
}

/* "COUNT NAME" */
static int take_pool(struct recording_trace *trace, const struct stream_event *event,
                     uint32_t thread, const char *text) {
    char *name;
    errno = 0;
    uint64_t count = strtoull(text, &name, 10);
    if (name == text || *name != ' ' || event->object == 0) {
        return -EBADMSG;
    }
    return recording_trace_pool(trace, thread, event->class, event->object, count, name + 1);
}

static int take_got(struct recording_trace *trace, const struct stream_event *event,
                    uint32_t thread) {
    static const struct {
        uint8_t operation;
        uint8_t kind;
        bool is_block;
    } table[STREAM_KINDS] = {
        [STREAM_LIVE] = {TRACE_GET, LIVE_BEFORE, false},
        [STREAM_LIVE_BLOCK] = {TRACE_MALLOC, LIVE_BEFORE, true},
        [STREAM_GET] = {TRACE_GET, LIVE_GOT, false},
        [STREAM_GET_ZEROED] = {TRACE_GET0, LIVE_GOT, false},
        [STREAM_MALLOC] = {TRACE_MALLOC, LIVE_GOT, true},
        [STREAM_CALLOC] = {TRACE_CALLOC, LIVE_GOT, true},
    };
    enum stream_kind kind = stream_kind(event);
    struct live live = {.address = event->object, .kind = table[kind].kind};
    live.class = table[kind].is_block ? trace->class_of_account[event->class]
                                      : trace->class_of_pool[event->class];
    if (live.class != NO_CLASS && !trace->classes[live.class].exists) {
        trace->sums.unknown++; /* from a pool that was destroyed */
        return 0;
    }
    return recording_trace_got(trace, table[kind].operation, thread, live, event->bytes);
}

static int take_realloc(struct recording *recording, const struct stream_event *event,
                        uint32_t thread) {
    struct recording_trace *trace = &recording->trace;
    uint64_t from = recording->move_from != 0 ? recording->move_from : event->object;
    struct live live = {.address = event->object,
                        .kind = LIVE_GOT,
                        .class = trace->class_of_account[event->class]};
    recording->move_from = 0;
    return recording_trace_resized(trace, thread, from, live, event->bytes);
}

/* All there was before has come. */
static int take_ready(struct recording_trace *trace) {
    int result = recording_trace_exit(trace, 0);
    trace->first_recorded = trace->sums.events;
    trace->sums.duration_ns = 0;
    return result;
}

static int take_event(struct recording *recording, const struct stream_event *event,
                      const char *text) {
    struct recording_trace *trace = &recording->trace;
    uint32_t thread = stream_thread(event);
    switch (stream_kind(event)) {
    case STREAM_BEGIN: return take_begin(recording, event, text);
    case STREAM_THREAD: return recording_trace_thread(trace, thread, text);
    case STREAM_POOL: return take_pool(trace, event, thread, text);
    case STREAM_ACCOUNT: return recording_trace_account(trace, event->class, text);
    case STREAM_READY: return take_ready(trace);
    case STREAM_PUT: return recording_trace_put(trace, thread, event->object);
    case STREAM_DESTROY: return recording_trace_destroy(trace, thread, event->class);
    case STREAM_MOVE: recording->move_from = event->object; return 0;
    case STREAM_REALLOC: return take_realloc(recording, event, thread);
    case STREAM_EXIT: return recording_trace_exit(trace, thread);
    case STREAM_TIME: return 0;
    case STREAM_END:
        trace->sums.is_ended = true;
        trace->sums.lost = event->object;
        return 0;
    default: return take_got(trace, event, thread);
    }
}

/* Is it one that can be? Its class is a number of the process's, not of the trace's. */
static bool is_sound(const struct recording *recording, const struct stream_event *event) {
    const struct recording_sums *sums = &recording->trace.sums;
    enum stream_kind kind = stream_kind(event);
    if (kind == STREAM_BEGIN) {
        return event->object == STREAM_MAGIC && !sums->is_begun &&
               event->bytes <= STREAM_TEXT_BYTES_MAX;
    }
    bool is_known = kind >= STREAM_BEGIN && kind < STREAM_KINDS && sums->is_begun;
    bool is_new = kind == STREAM_THREAD;
    return is_known && (is_new || stream_thread(event) < sums->threads) &&
           event->class < NUMBERS_MAX &&
           (!stream_has_text(kind) || event->bytes <= STREAM_TEXT_BYTES_MAX);
}

static void pass_time(struct recording_trace *trace, const struct stream_event *event) {
    uint64_t ns = event->ns;
    if (stream_kind(event) == STREAM_TIME) {
        ns += event->object;
    }
    trace->now_ns += ns;
    trace->sums.duration_ns += ns;
}

/* How many bytes the event takes whose first part is there. */
static size_t piece_bytes(const struct stream_event *event) {
    size_t text = stream_has_text(stream_kind(event)) ? stream_text_padded(event->bytes) : 0;
    return sizeof *event + text;
}

static int take_piece(struct recording *recording) {
    struct stream_event event;
    char text[STREAM_TEXT_BYTES_MAX + 1];
    memcpy(&event, recording->piece, sizeof event);
    size_t bytes = stream_has_text(stream_kind(&event)) ? event.bytes : 0;
    memcpy(text, recording->piece + sizeof event, bytes);
    text[bytes] = '\0';
    recording->have = 0;
    pass_time(&recording->trace, &event);
    int result = take_event(recording, &event, text);
    const struct recording_sums *sums = &recording->trace.sums;
    return result != 0 ? result
           : sums->is_ended || sums->limit != NULL ? RECORDING_DONE
                                                   : RECORDING_MORE;
}

/* Move up to `wanted` bytes of the event; true: they are there. */
static bool gather(struct recording *recording, size_t wanted, const char **bytes, size_t *n) {
    size_t missing = wanted - recording->have;
    size_t some = missing < *n ? missing : *n;
    memcpy(recording->piece + recording->have, *bytes, some);
    recording->have += some;
    *bytes += some;
    *n -= some;
    return some == missing;
}

int recording_read(struct recording *recording, const void *bytes, size_t n) {
    const char *at = bytes;
    int result = RECORDING_MORE;
    struct stream_event event;
    while (result == RECORDING_MORE) {
        if (recording->have < sizeof event && !gather(recording, sizeof event, &at, &n)) {
            break;
        }
        memcpy(&event, recording->piece, sizeof event);
        if (!is_sound(recording, &event)) {
            return -EBADMSG;
        }
        if (!gather(recording, piece_bytes(&event), &at, &n)) {
            break;
        }
        result = take_piece(recording);
    }
    return result;
}
