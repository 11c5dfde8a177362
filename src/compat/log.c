/* SPDX-License-Identifier: MIT */
/* The log. */
#include "compat/log.h"

#include "base/atomics.h"
#include "base/text.h"
#include "cache/thread.h"
#include "sys/sys.h"

#include <errno.h>
#include <string.h>

enum {
    TEXT_BYTES = 4096,
    CALLERS_BYTES = 768,
    HEAD_BYTES = 1280, /* of a line, all before its text */
    CALLERS = 3,
};

static _Atomic uint32_t log_level = GF_LOG_INFO;
static _Atomic(mempool_gf_logger) logger;
static void *_Atomic logger_argument;

bool log_wants(gf_loglevel_t level) {
    return level != GF_LOG_NONE && (uint32_t)level <= load_relaxed(&log_level);
}

/* ---- the parts of a line --------------------------------------------------------------------- */

static void add_padded(struct text *text, uint64_t value, size_t n_digits, const char *after) {
    char digits[8];
    for (size_t i = n_digits; i-- > 0; value /= 10) {
        digits[i] = (char)('0' + value % 10);
    }
    text_add_bytes(text, digits, n_digits);
    text_add(text, after);
}

static uint64_t days_of_month(uint64_t year, unsigned month) {
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (uint64_t)(leap && month == 2);
}

/* UTC, as the classic has it; not by libc, whose conversions may take a lock and read files. */
static void add_time(struct text *text) {
    enum { DAY_SECONDS = 86400 };
    uint32_t microseconds;
    uint64_t seconds = (uint64_t)sys_wall_clock(&microseconds);
    uint64_t days = seconds / DAY_SECONDS, year = 1970;
    unsigned month = 1;
    seconds %= DAY_SECONDS;
    while (days >= days_of_month(year, month)) {
        days -= days_of_month(year, month);
        year += month == 12;
        month = month % 12 + 1;
    }
    add_padded(text, year, 4, "-");
    add_padded(text, month, 2, "-");
    add_padded(text, days + 1, 2, " ");
    add_padded(text, seconds / 3600, 2, ":");
    add_padded(text, seconds / 60 % 60, 2, ":");
    add_padded(text, seconds % 60, 2, ".");
    add_padded(text, microseconds, 6, "");
}

/* The addresses in functions that led to the message, nearest first; how many. */
static size_t find_callers(const struct log_origin *origin, uintptr_t ret[CALLERS]) {
    uintptr_t stack[SYS_CALLS_MAX];
    size_t n = 0, at = 0;
    size_t depth = sys_call_stack(stack, SYS_CALLS_MAX);
    while (at < depth && stack[at] != origin->site) {
        at++;
    }
    if (origin->with_site) {
        ret[n++] = origin->site;
    }
    for (at++; at < depth && n < CALLERS; at++) {
        ret[n++] = stack[at];
    }
    return n;
}

static void add_callers(struct text *text, const struct log_origin *origin) {
    uintptr_t callers[CALLERS];
    /* In a handler the dynamic linker's lock may be held by who waits for this thread. */
    size_t n = origin->site != 0 && !thread_interrupted() ? find_callers(origin, callers) : 0;
    for (size_t i = n; i-- > 0;) {
        text_add(text, i + 1 < n ? " (-->" : "(-->");
        sys_symbol(callers[i], text, true);
    }
    for (size_t i = 0; i < n; i++) {
        text_add(text, ")");
    }
}

static const char *without_folders(const char *file) {
    const char *slash = strrchr(file, '/');
    return slash != NULL ? slash + 1 : file;
}

static void add_head(struct text *text, const struct mempool_gf_log_message *message) {
    static const char letters[] = "?MACEWNIDT";
    text_add(text, "[");
    add_time(text);
    text_add(text, "] ");
    text_add_bytes(text, &letters[message->level], 1);
    text_add(text, " [");
    text_add(text, message->file);
    text_add(text, ":");
    text_add_signed(text, message->line);
    text_add(text, ":");
    text_add(text, message->function);
    text_add(text, "] ");
    text_add(text, message->callers);
    text_add(text, message->callers[0] != '\0' ? " 0-" : "0-");
    text_add(text, message->domain);
    text_add(text, ": ");
}

void log_text(const struct log_origin *origin, gf_loglevel_t level, const char *text) {
    int saved_errno = errno;
    char callers[CALLERS_BYTES], whole[HEAD_BYTES + TEXT_BYTES];
    struct text callers_text, line;
    if (!log_wants(level)) {
        return;
    }
    text_init(&callers_text, callers, sizeof callers);
    add_callers(&callers_text, origin);
    struct mempool_gf_log_message message = {
        .struct_size = sizeof message,
        .level = level <= GF_LOG_TRACE ? level : GF_LOG_TRACE,
        .domain = origin->domain,
        .file = without_folders(origin->file),
        .function = origin->function,
        .line = origin->line,
        .callers = callers,
        .text = text,
        .whole = whole,
    };
    text_init(&line, whole, sizeof whole - 1);
    add_head(&line, &message);
    text_add(&line, text);
    line.capacity_bytes = sizeof whole; /* the last byte was kept for this */
    text_add(&line, "\n");
    /* G2 pairs with G1: the argument belongs to the function */
    mempool_gf_logger function = load_acquire(&logger);
    if (function != NULL) {
        function(&message, load_relaxed(&logger_argument));
    } else {
        (void)sys_write(2, whole, line.length);
    }
    errno = saved_errno;
}

void log_no_memory(const char *function, size_t bytes, uintptr_t site) {
    char buffer[64];
    struct text text;
    text_init(&text, buffer, sizeof buffer);
    text_add(&text, "no memory available for size (");
    text_add_unsigned(&text, bytes);
    text_add(&text, ")");
    log_text(LOG_ORIGIN("", function, site), GF_LOG_ALERT, buffer);
}

/* ---- public ---------------------------------------------------------------------------------- */

static int log_format(const struct log_origin *origin, gf_loglevel_t level, const char *format,
                      va_list list) __attribute__((format(printf, 3, 0)));
static int log_format(const struct log_origin *origin, gf_loglevel_t level, const char *format,
                      va_list list) {
    char text[TEXT_BYTES];
    int saved_errno = errno; /* for %m */
    if (origin->domain == NULL || origin->file == NULL || origin->function == NULL ||
        format == NULL) {
        return -1;
    }
    if (log_wants(level)) {
        if (sys_format(text, sizeof text, format, list) < 0) {
            text[0] = '\0';
        }
        log_text(origin, level, text);
    }
    errno = saved_errno;
    return 0;
}

MEMPOOL_API int mempool_gf_log(const char *domain, const char *file, const char *function, int line,
                               gf_loglevel_t level, const char *format, ...) {
    struct log_origin origin = {.domain = domain, .file = file, .function = function, .line = line};
    va_list list;
    va_start(list, format);
    int result = log_format(&origin, level, format, list);
    va_end(list);
    return result;
}

MEMPOOL_API int mempool_gf_log_callingfn(const char *domain, const char *file, const char *function,
                                         int line, gf_loglevel_t level, const char *format, ...) {
    struct log_origin origin = {
        .domain = domain, .file = file, .function = function, .line = line, .site = MEMPOOL_SITE()};
    va_list list;
    va_start(list, format);
    int result = log_format(&origin, level, format, list);
    va_end(list);
    return result;
}

MEMPOOL_API void mempool_gf_log_set(mempool_gf_logger function, void *arg) {
    store_relaxed(&logger_argument, arg);
    /* G1 pairs with G2 */
    store_release(&logger, function);
}

MEMPOOL_API void mempool_gf_log_level_set(gf_loglevel_t level) {
    store_relaxed(&log_level, (uint32_t)level);
}

MEMPOOL_API gf_loglevel_t mempool_gf_log_level(void) {
    return (gf_loglevel_t)load_relaxed(&log_level);
}
