/* SPDX-License-Identifier: MIT */
/* Reports. */
#include "misuse/report.h"

#include "base/text.h"
#include "cache/thread.h"
#include "misuse/kinds.h"
#include "misuse/policy.h"
#include "sys/probes.h"
#include "sys/sys.h"

#include <errno.h>
#include <string.h>

enum { REPORT_BYTES = 2048 };

__thread report_listener report_listener_here MEMPOOL_TLS_MODEL;

static _Atomic uint64_t counts[MEMPOOL_MISUSE_KINDS];

static void add_site(struct text *text, uintptr_t site) {
    sys_symbol(site, text, !thread_interrupted());
}

/* A pool's name as one word: names of types have blanks. */
static void add_name(struct text *text, const char *name) {
    for (; *name != '\0'; name++) {
        text_add_bytes(text, *name == ' ' ? "_" : name, 1);
    }
}

static void add_first_line(struct text *text, const struct report *report, long thread) {
    text_add(text, "mempool: misuse: ");
    text_add(text, misuse_kinds[report->kind].name);
    text_add(text, " pool=");
    add_name(text, report->pool_name != NULL ? report->pool_name : "-");
    text_add(text, " obj=");
    text_add_hex(text, (uintptr_t)report->address);
    text_add(text, " site=");
    add_site(text, report->site);
    text_add(text, " thread=");
    text_add_signed(text, thread);
    if (report->kind == MEMPOOL_MISUSE_LIVE_AT_DESTROY) {
        text_add(text, " live=");
        text_add_unsigned(text, report->live);
        text_add(text, " oldest-seconds=");
        text_add_signed(text, report->oldest_seconds);
    }
    if (report->word != NULL) {
        text_add(text, " word=");
        text_add_bytes(text, report->word, report->word_length);
    }
    text_add(text, "\n  ");
    text_add(text, misuse_kinds[report->kind].meaning);
    text_add(text, "\n");
}

static void add_past(struct text *text, const struct mempool_description *past) {
    static const char *const verbs[] = {
        [MEMPOOL_STATE_VIRGIN] = "never got",
        [MEMPOOL_STATE_LIVE] = "got",
        [MEMPOOL_STATE_FREE] = "put before",
        [MEMPOOL_STATE_TAIL] = "behind the last slot",
    };
    if (past->object != NULL) {
        text_add(text, "  object ");
        text_add_hex(text, (uintptr_t)past->object);
        text_add(text, " of ");
        text_add_unsigned(text, past->object_bytes);
        text_add(text, " bytes, offset ");
        text_add_unsigned(text, past->offset);
        text_add(text, past->pool_destroyed ? ", pool destroyed\n" : "\n");
    }
    if (past->state < MEMPOOL_STATE_VIRGIN) {
        return;
    }
    text_add(text, "  ");
    text_add(text, verbs[past->state]);
    if (past->state == MEMPOOL_STATE_LIVE || past->state == MEMPOOL_STATE_FREE) {
        text_add(text, " at ");
        add_site(text, past->site);
        text_add(text, " by thread ");
        text_add_signed(text, past->thread);
        text_add(text, past->thread_exited ? " (ended)" : "");
        text_add(text, ", ");
        text_add_signed(text, past->age_seconds);
        text_add(text, " s ago");
    }
    text_add(text, "\n");
}

static void add_live_sites(struct text *text, const struct report *report) {
    for (int i = 0; i < REPORT_SITES && report->sites[i].count > 0; i++) {
        text_add(text, "  ");
        text_add_unsigned(text, report->sites[i].count);
        text_add(text, " got at ");
        add_site(text, report->sites[i].site);
        text_add(text, "\n");
    }
}

static void compose(struct text *text, const struct report *report, long thread, uint64_t count) {
    add_first_line(text, report, thread);
    if (report->past != NULL) {
        add_past(text, report->past);
    }
    add_live_sites(text, report);
    text_add(text, "  ");
    text_add(text, misuse_kinds[report->kind].advice);
    text_add(text, "\n");
    if (count > REPORT_WRITTEN_IN_FULL) {
        text_add(text, "  number ");
        text_add_unsigned(text, count);
        text_add(text, " of this kind; one in ");
        text_add_unsigned(text, REPORT_WRITTEN_IN_FULL);
        text_add(text, " is written now\n");
    }
    if (text->cut) {
        text->buffer[text->length - 1] = '\n';
    }
}

static bool call_back(const struct report *report, const struct text *text, long thread) {
    void *argument;
    mempool_misuse_callback callback = policy_callback(&argument);
    if (callback == NULL) {
        return false;
    }
    struct mempool_misuse misuse = {
        .struct_size = sizeof misuse,
        .kind = report->kind,
        .address = report->address,
        .pool = report->pool,
        .pool_name = report->pool_name != NULL ? report->pool_name : "-",
        .site = report->site,
        .thread = thread,
        .has_past = report->past != NULL && report->past->state >= MEMPOOL_STATE_LIVE,
        .live = report->live,
        .text = text->buffer,
    };
    if (report->past != NULL) {
        misuse.past = *report->past;
    }
    callback(&misuse, argument);
    return true;
}

/* `wanted`: it is to be written. A listener is told of it in any case, and of none by its own
 * doing; not in a handler, where it may have been interrupted itself. */
static void give_out(const struct report *report, const struct text *text, bool wanted) {
    report_listener listener = report_listener_here;
    int sink = policy_sink();
    bool heard = listener != NULL && !thread_interrupted();
    bool handed_over = heard && wanted && sink == SINK_DEFAULT;
    if (heard) {
        report_listener_here = NULL;
        listener(report, handed_over ? text->buffer : NULL);
        report_listener_here = listener;
    }
    if (wanted && !handed_over && sink >= 0) {
        (void)sys_write(sink, text->buffer, text->length);
    }
}

void report_misuse(const struct report *report) {
    int saved_errno = errno;
    policy_init();
    uint64_t count = add_relaxed(&counts[report->kind], 1) + 1;
    space_root_raise(ROOT_MISUSES + report->kind, count);
    PROBE3(mempool, misuse, misuse_kinds[report->kind].name, report->address, report->site);
    enum mempool_misuse_action action = policy_action(report->kind);
    bool due = report_is_due(count);
    if (due || action != MEMPOOL_MISUSE_REPORT || report_listener_here != NULL) {
        char buffer[REPORT_BYTES];
        struct text text;
        long thread = sys_thread_id();
        text_init(&text, buffer, sizeof buffer);
        compose(&text, report, thread, count);
        bool taken = action == MEMPOOL_MISUSE_CALLBACK && call_back(report, &text, thread);
        give_out(report, &text, !taken && (due || action == MEMPOOL_MISUSE_ABORT));
        if (action == MEMPOOL_MISUSE_ABORT) {
            sys_abort();
        }
    }
    errno = saved_errno;
}

void report_bad_setting(const char *word, size_t length) {
    struct report report = {
        .kind = MEMPOOL_MISUSE_BAD_SETTING, .word = word, .word_length = length};
    report_misuse(&report);
}

MEMPOOL_API uint64_t mempool_misuse_count(enum mempool_misuse_kind kind) {
    uint64_t total = 0;
    for (unsigned i = 0; i < MEMPOOL_MISUSE_KINDS; i++) {
        if (i == (unsigned)kind || kind == MEMPOOL_MISUSE_KINDS) {
            total += load_relaxed(&counts[i]);
        }
    }
    return total;
}
