/* SPDX-License-Identifier: MIT */
/* The text header of a trace. */
#include "replay/header.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    WORDS_MAX = 16, /* words of a line that are looked at; the longest line has seven */
    NAME_BYTES_MAX = 255,
    QUOTE_BYTES = 40, /* how much of a bad word a message repeats */
};

/* A run of text that is not NUL-terminated. */
struct word {
    const char *text;
    size_t bytes;
};

struct line {
    struct word word[WORDS_MAX];
    size_t n_words; /* WORDS_MAX: that many or more */
    const char *end;
};

/* The state of one parse. */
struct parse {
    struct trace *trace;
    struct header *header;
    struct trace_error *error;
    uint32_t line_number;
    int has_events, has_tick, has_columns;
    uint64_t last_phase;
    uint64_t n_slots;
    uint64_t ready_bytes;
};

static void make_printable(char *text) {
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte >= 0x7f) {
            *text = '?';
        }
    }
}

int trace_fail(struct trace_error *error, const struct trace *trace, const char *format, ...) {
    va_list arguments;
    int used = snprintf(error->text, sizeof(error->text), "%s: ", trace->path);
    size_t at = used < 0 ? 0 : (size_t)used;
    if (at >= sizeof(error->text) / 2) {
        /* A very long path must not crowd out the reason. */
        at = sizeof(error->text) / 2;
        memcpy(error->text + at - 5, "...: ", 5);
    }
    va_start(arguments, format);
    vsnprintf(error->text + at, sizeof(error->text) - at, format, arguments);
    va_end(arguments);
    make_printable(error->text);
    error->is_system = 0;
    return -EBADMSG;
}

int trace_fail_system(struct trace_error *error, const struct trace *trace, const char *doing,
                      int error_number) {
    trace_fail(error, trace, "cannot %s: %s", doing, strerror(error_number));
    error->is_system = 1;
    return -error_number;
}

#define fail_line(parse, format, ...)                                                              \
    trace_fail((parse)->error, (parse)->trace, "header line %u: " format, (parse)->line_number,    \
               __VA_ARGS__)

static int quote_bytes(struct word word) {
    return word.bytes < QUOTE_BYTES ? (int)word.bytes : QUOTE_BYTES;
}

static int equals(struct word word, const char *text) {
    return word.bytes == strlen(text) && memcmp(word.text, text, word.bytes) == 0;
}

static size_t line_bytes(const char *text, size_t bytes) {
    const char *end = memchr(text, '\n', bytes);
    return end ? (size_t)(end - text) : bytes;
}

static struct line split_line(const char *text, size_t bytes) {
    const char *end = text + bytes;
    struct line line = {.n_words = 0, .end = end};
    while (line.n_words < WORDS_MAX) {
        while (text < end && *text == ' ') {
            text++;
        }
        if (text == end) {
            break;
        }
        const char *start = text;
        while (text < end && *text != ' ') {
            text++;
        }
        line.word[line.n_words++] = (struct word){start, (size_t)(text - start)};
    }
    return line;
}

/* A decimal number of at most `max`, or a failure that says which number was expected. */
static int parse_number(struct parse *parse, struct word word, const char *what, uint64_t min,
                        uint64_t max, uint64_t *ret) {
    uint64_t value = 0;
    if (word.bytes == 0 || word.bytes > 20) {
        return fail_line(parse, "%s is not a number: '%.*s'", what, quote_bytes(word), word.text);
    }
    for (size_t i = 0; i < word.bytes; i++) {
        if (word.text[i] < '0' || word.text[i] > '9') {
            return fail_line(parse, "%s is not a number: '%.*s'", what, quote_bytes(word),
                             word.text);
        }
        uint64_t digit = (uint64_t)(word.text[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            value = UINT64_MAX;
            break;
        }
        value = value * 10 + digit;
    }
    if (value < min || value > max) {
        return fail_line(parse, "%s is %.*s, outside %llu to %llu", what, quote_bytes(word),
                         word.text, (unsigned long long)min, (unsigned long long)max);
    }
    *ret = value;
    return 0;
}

static int need_words(struct parse *parse, const struct line *line, size_t n) {
    if (line->n_words != n) {
        return fail_line(parse, "'%.*s' takes %zu words, not %zu", quote_bytes(line->word[0]),
                         line->word[0].text, n - 1, line->n_words - 1);
    }
    return 0;
}

static int need_once(struct parse *parse, const struct line *line, int *seen) {
    if (*seen) {
        return fail_line(parse, "a second '%.*s'", quote_bytes(line->word[0]), line->word[0].text);
    }
    *seen = 1;
    return 0;
}

/* ---- one function for each kind of line ---- */

/* A copy of a word, or from one on to the line's end; NULL, with *error filled: no memory. */
static const char *copy_word(struct parse *parse, struct word word) {
    char *copy = replay_memory_take(&parse->trace->memory, word.bytes + 1, 1);
    if (!copy) {
        trace_fail_system(parse->error, parse->trace, "keep the header", ENOMEM);
        return NULL;
    }
    memcpy(copy, word.text, word.bytes);
    return copy;
}

static const char *copy_rest(struct parse *parse, const struct line *line, size_t first) {
    struct word rest = {"", 0};
    if (first < line->n_words) {
        rest.text = line->word[first].text;
        rest.bytes = (size_t)(line->end - rest.text);
    }
    return copy_word(parse, rest);
}

static int parse_info(struct parse *parse, const struct line *line) {
    struct trace *trace = parse->trace;
    struct word none = {"", 0};
    struct trace_info info = {
        .key = copy_word(parse, line->n_words > 1 ? line->word[1] : none),
        .text = copy_rest(parse, line, 2),
    };
    if (!info.key || !info.text) {
        return -ENOMEM;
    }
    trace->infos[trace->n_infos++] = info;
    return 0;
}

static int parse_phase(struct parse *parse, const struct line *line) {
    uint64_t at;
    struct trace *trace = parse->trace;
    if (line->n_words < 3) {
        return fail_line(parse, "'%s' needs an event number and a name", "phase");
    }
    int result = parse_number(parse, line->word[1], "the phase's first event", parse->last_phase,
                              TRACE_EVENTS_MAX, &at);
    if (result != 0) {
        return result;
    }
    parse->last_phase = at;
    const char *name = copy_rest(parse, line, 2);
    if (!name) {
        return -ENOMEM;
    }
    trace->phases[trace->n_phases++] = (struct trace_phase){name, (uint32_t)at};
    return 0;
}

static int parse_events(struct parse *parse, const struct line *line) {
    uint64_t n = 0;
    int result = need_once(parse, line, &parse->has_events);
    if (result == 0) {
        result = need_words(parse, line, 2);
    }
    if (result == 0) {
        result =
            parse_number(parse, line->word[1], "the number of events", 1, TRACE_EVENTS_MAX, &n);
    }
    parse->trace->n_events = (uint32_t)n;
    return result;
}

static int parse_tick(struct parse *parse, const struct line *line) {
    uint64_t tick = 0;
    int result = need_once(parse, line, &parse->has_tick);
    if (result == 0) {
        result = need_words(parse, line, 2);
    }
    if (result == 0) {
        result = parse_number(parse, line->word[1], "tick_ns", 1, 1000000000, &tick);
    }
    parse->trace->tick_ns = (uint32_t)tick;
    return result;
}

static int parse_columns(struct parse *parse, const struct line *line) {
    static const struct {
        const char *text;
        unsigned bytes;
    } known[HEADER_COLUMNS] = {
        [HEADER_OPERATION] = {"op:u8", 1}, [HEADER_THREAD] = {"thread:u16", 2},
        [HEADER_CLASS] = {"class:u16", 2}, [HEADER_SLOT] = {"slot:u32", 4},
        [HEADER_DELTA] = {"dt:u32", 4},    [HEADER_BYTES] = {"size:u32", 4},
    };
    int seen[HEADER_COLUMNS] = {0};
    uint64_t at = 0;
    int result = need_once(parse, line, &parse->has_columns);
    for (size_t i = 1; result == 0 && i < line->n_words; i++) {
        struct word word = line->word[i];
        size_t column = 0;
        while (column < HEADER_COLUMNS && !equals(word, known[column].text)) {
            column++;
        }
        if (column == HEADER_COLUMNS || seen[column]) {
            return fail_line(parse, "%s column '%.*s'",
                             column == HEADER_COLUMNS ? "unknown" : "a second", quote_bytes(word),
                             word.text);
        }
        seen[column] = 1;
        parse->header->column_bytes_at[column] = at;
        at += known[column].bytes;
    }
    for (size_t i = 0; result == 0 && i < HEADER_COLUMNS; i++) {
        if (!seen[i] && i != HEADER_BYTES) {
            return fail_line(parse, "column '%s' is missing", known[i].text);
        }
    }
    parse->header->has_bytes = seen[HEADER_BYTES];
    parse->header->event_bytes = at;
    return result;
}

static int parse_thread(struct parse *parse, const struct line *line) {
    uint64_t id;
    uint32_t next = parse->trace->n_threads;
    if (line->n_words < 3) {
        return fail_line(parse, "'%s' needs a number and a name", "thread");
    }
    int result =
        parse_number(parse, line->word[1], "the thread's number", 0, TRACE_THREADS_MAX - 1, &id);
    if (result != 0) {
        return result;
    }
    if (id != next) {
        return fail_line(parse, "thread %llu where %u is next", (unsigned long long)id, next);
    }
    const char *name = copy_rest(parse, line, 2);
    if (!name) {
        return -ENOMEM;
    }
    parse->trace->thread_names[parse->trace->n_threads++] = name;
    return 0;
}

/* Numbers of classes that together would ask for too much memory. */
static int check_class_sums(struct parse *parse, const struct trace_class *class) {
    parse->n_slots += class->slots;
    parse->ready_bytes += class->count * ((uint64_t) class->object_bytes + TRACE_OVERHEAD_BYTES);
    if (parse->n_slots > TRACE_EVENTS_MAX) {
        return fail_line(parse, "pools and sites have more than %llu slots together",
                         (unsigned long long)TRACE_EVENTS_MAX);
    }
    if (parse->ready_bytes > TRACE_READY_BYTES_MAX) {
        return fail_line(parse, "the pools ask for more than %llu MiB at their creation",
                         (unsigned long long)(TRACE_READY_BYTES_MAX >> 20));
    }
    return 0;
}

/* A class with the numbers of its line: ID NAME ... SLOTS. */
static int add_class(struct parse *parse, const struct line *line, struct trace_class class) {
    struct trace *trace = parse->trace;
    const char *kind = class.is_site ? "site" : "pool";
    uint64_t id, slots;
    int result = parse_number(parse, line->word[1], "its number", 0, TRACE_CLASSES_MAX - 1, &id);
    if (result == 0) {
        result =
            parse_number(parse, line->word[5], "the number of slots", 0, TRACE_EVENTS_MAX, &slots);
    }
    if (result != 0) {
        return result;
    }
    if (id != trace->n_classes) {
        return fail_line(parse, "%s %llu where %u is next", kind, (unsigned long long)id,
                         trace->n_classes);
    }
    if (line->word[2].bytes > NAME_BYTES_MAX) {
        return fail_line(parse, "a %s's name of more than %d bytes", kind, NAME_BYTES_MAX);
    }
    class.slots = (uint32_t)slots;
    class.first_object = (uint32_t)parse->n_slots;
    class.name = copy_word(parse, line->word[2]);
    if (!class.name) {
        return -ENOMEM;
    }
    trace->classes[trace->n_classes++] = class;
    return check_class_sums(parse, &class);
}

static int parse_pool(struct parse *parse, const struct line *line) {
    uint64_t bytes = 0;
    uint64_t count = 0;
    int result = need_words(parse, line, 6);
    if (result == 0) {
        result = parse_number(parse, line->word[3], "the object size", 1, TRACE_OBJECT_BYTES_MAX,
                              &bytes);
    }
    if (result == 0) {
        result = parse_number(parse, line->word[4], "the count", 0, TRACE_COUNT_MAX, &count);
    }
    if (result != 0) {
        return result;
    }
    parse->trace->n_pools++;
    struct trace_class pool = {.object_bytes = (uint32_t)bytes, .count = (uint32_t)count};
    return add_class(parse, line, pool);
}

static int parse_site(struct parse *parse, const struct line *line) {
    int result = need_words(parse, line, 6);
    if (result != 0) {
        return result;
    }
    if (!equals(line->word[3], "0") || !equals(line->word[4], "0")) {
        return fail_line(parse, "%s", "a site's third and fourth word are 0");
    }
    parse->trace->n_sites++;
    return add_class(parse, line, (struct trace_class){.is_site = true});
}

static const struct {
    const char *keyword;
    int (*parse)(struct parse *parse, const struct line *line);
} line_kinds[] = {
    {"info", parse_info},    {"phase", parse_phase},     {"events", parse_events},
    {"tick_ns", parse_tick}, {"columns", parse_columns}, {"thread", parse_thread},
    {"pool", parse_pool},    {"site", parse_site},
};

static int parse_line(struct parse *parse, const char *text, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 || byte >= 0x7f) {
            return fail_line(parse, "byte %zu is 0x%02x, not printable ASCII", i + 1,
                             (unsigned)byte);
        }
    }
    struct line line = split_line(text, bytes);
    if (line.n_words == 0) {
        return fail_line(parse, "%s", "an empty line");
    }
    for (size_t i = 0; i < sizeof(line_kinds) / sizeof(line_kinds[0]); i++) {
        if (equals(line.word[0], line_kinds[i].keyword)) {
            return line_kinds[i].parse(parse, &line);
        }
    }
    return fail_line(parse, "unknown word '%.*s'", quote_bytes(line.word[0]), line.word[0].text);
}

int header_begin(const struct trace *trace, const char *text, size_t bytes,
                 struct trace_error *error) {
    static const char magic[] = "mempool-trace ";
    size_t magic_bytes = sizeof(magic) - 1;
    struct word version = {text, line_bytes(text, bytes)};
    if (version.bytes < magic_bytes || memcmp(text, magic, magic_bytes) != 0) {
        return trace_fail(error, trace, "is not a trace: does not begin with 'mempool-trace 1'");
    }
    version.text += magic_bytes;
    version.bytes -= magic_bytes;
    if (!equals(version, "1")) {
        return trace_fail(error, trace,
                          "header line 1: format version '%.*s'; this program reads version 1",
                          quote_bytes(version), version.text);
    }
    return 0;
}

static int check_whole(struct parse *parse) {
    const struct trace *trace = parse->trace;
    const char *missing = !parse->has_events      ? "events"
                          : !parse->has_tick      ? "tick_ns"
                          : !parse->has_columns   ? "columns"
                          : trace->n_threads == 0 ? "thread"
                                                  : NULL;
    if (missing) {
        return trace_fail(parse->error, trace, "the header has no line '%s'", missing);
    }
    if (trace->n_sites > 0 && !parse->header->has_bytes) {
        return trace_fail(parse->error, trace, "has sites, but no column 'size:u32'");
    }
    if (parse->last_phase > trace->n_events) {
        return trace_fail(parse->error, trace, "a phase begins at event %llu, of %u",
                          (unsigned long long)parse->last_phase, trace->n_events);
    }
    /* Each slot was in use at some time, so there cannot be more of them than events. */
    if (parse->n_slots > trace->n_events) {
        return trace_fail(parse->error, trace, "pools and sites have %llu slots for %u events",
                          (unsigned long long)parse->n_slots, trace->n_events);
    }
    return 0;
}

static size_t count_lines(const char *text, size_t bytes) {
    size_t n = 0;
    for (size_t i = 0; i < bytes; i++) {
        n += text[i] == '\n';
    }
    return n;
}

size_t header_end(const char *text, size_t bytes) {
    static const char end[] = "\nend\n";
    for (size_t i = 0; i + sizeof(end) - 1 <= bytes; i++) {
        if (text[i] == '\n' && memcmp(text + i, end, sizeof(end) - 1) == 0) {
            return i + sizeof(end) - 1;
        }
    }
    return 0;
}

/* Each takes a line: room for as many as there are lines is enough. */
static int make_room(struct trace *trace, size_t n_lines, struct trace_error *error) {
    struct replay_memory *memory = &trace->memory;
    trace->classes = replay_memory_take(memory, n_lines, sizeof(trace->classes[0]));
    trace->thread_names = replay_memory_take(memory, n_lines, sizeof(trace->thread_names[0]));
    trace->phases = replay_memory_take(memory, n_lines, sizeof(trace->phases[0]));
    trace->infos = replay_memory_take(memory, n_lines, sizeof(trace->infos[0]));
    bool is_made = trace->classes && trace->thread_names && trace->phases && trace->infos;
    return is_made ? 0 : trace_fail_system(error, trace, "keep the header", ENOMEM);
}

int header_parse(struct trace *trace, struct header *header, const char *text, size_t bytes,
                 struct trace_error *error) {
    struct parse parse = {.trace = trace, .header = header, .error = error, .line_number = 1};
    size_t at = line_bytes(text, bytes);
    int result = header_begin(trace, text, bytes, error);
    if (result != 0) {
        return result;
    }
    result = make_room(trace, count_lines(text, bytes), error);
    size_t last = bytes - strlen("end\n");
    for (at++; result == 0 && at < last;) {
        size_t length = line_bytes(text + at, last - at);
        parse.line_number++;
        result = parse_line(&parse, text + at, length);
        at += length + 1;
    }
    if (result == 0) {
        result = check_whole(&parse);
    }
    trace->n_objects = (uint32_t)parse.n_slots;
    return result;
}
