/* SPDX-License-Identifier: MIT */
/* Damages a good trace in thousands of ways: each is refused with a message, or can be replayed. */
/* Usage: fuzz_trace TRACE|mixed [ROUNDS [SEED]]
 * `mixed`: a trace with heap events, made here. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forge.h"
#include "replay/contenders.h"
#include "scale.h"

enum {
    KEPT_EVENTS = 6500, /* of the given trace, so that a round takes milliseconds */
    DEFAULT_ROUNDS = 3000,
};

/* What became of the damaged traces. */
struct tally {
    unsigned long refused, replayed;
    unsigned long wrong;
};

static size_t event_bytes = 13; /* of the trace's columns together */
static uint64_t random_state;

/* xorshift64*: the same numbers everywhere. */
static uint64_t random_number(void) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

static size_t random_below(size_t n) {
    return n ? (size_t)(random_number() % n) : 0;
}

/* ---- the good trace ---- */

/* Where the header ends, and how many events it says; ends the program if there is no header. */
static size_t find_header(struct forge_text text, size_t *ret_events) {
    for (size_t i = 0; i + 5 <= text.n; i++) {
        if (memcmp(text.bytes + i, "\nend\n", 5) == 0) {
            *ret_events = (text.n - i - 5) / event_bytes;
            return i + 5;
        }
    }
    fputs("fuzz_trace: the trace has no header\n", stderr);
    exit(2);
}

/* The same trace with its first events only. */
static struct forge_text cut_events(struct forge_text text) {
    size_t n_events;
    size_t header_bytes = find_header(text, &n_events);
    size_t kept = n_events < KEPT_EVENTS ? n_events : KEPT_EVENTS;
    struct forge_text cut = {malloc(header_bytes + 32 + kept * event_bytes), 0};
    if (!cut.bytes) {
        exit(2);
    }
    for (const char *line = text.bytes; line < text.bytes + header_bytes;) {
        const char *end = memchr(line, '\n', text.n);
        size_t bytes = (size_t)(end - line) + 1;
        if (memcmp(line, "events ", 7) == 0) {
            cut.n += (size_t)sprintf(cut.bytes + cut.n, "events %zu\n", kept);
        } else {
            memcpy(cut.bytes + cut.n, line, bytes);
            cut.n += bytes;
        }
        line = end + 1;
    }
    for (size_t plane = 0; plane < event_bytes; plane++) {
        memcpy(cut.bytes + cut.n, text.bytes + header_bytes + plane * n_events, kept);
        cut.n += kept;
    }
    return cut;
}

/* ---- damage ---- */

/* A copy with room to grow. */
static struct forge_text copy_text(struct forge_text text, size_t room) {
    struct forge_text copy = {malloc(text.n + room + 1), text.n};
    if (!copy.bytes) {
        exit(2);
    }
    memcpy(copy.bytes, text.bytes, text.n);
    return copy;
}

static void flip_bits(struct forge_text *text, size_t within) {
    for (size_t n = 1 + random_below(4); n > 0; n--) {
        text->bytes[random_below(within)] ^= (char)(1 << random_below(8));
    }
}

static void set_bytes(struct forge_text *text, size_t within) {
    static const char likely[] = {0, 1, 2, 5, 7, 8, 12, 127, '\x80', '\xff', '\n', ' ', '0', '9'};
    for (size_t n = 1 + random_below(3); n > 0; n--) {
        text->bytes[random_below(within)] = likely[random_below(sizeof(likely))];
    }
}

static void truncate_text(struct forge_text *text, size_t within) {
    text->n = random_below(within);
}

static void splice(struct forge_text *text, size_t within) {
    size_t bytes = 1 + random_below(40);
    if (bytes >= within) {
        return;
    }
    size_t from = random_below(within - bytes);
    size_t to = random_below(within - bytes);
    memmove(text->bytes + to, text->bytes + from, bytes);
}

static void remove_bytes(struct forge_text *text, size_t within) {
    size_t at = random_below(within);
    size_t bytes = 1 + random_below(20);
    bytes = bytes > text->n - at ? text->n - at : bytes;
    memmove(text->bytes + at, text->bytes + at + bytes, text->n - at - bytes);
    text->n -= bytes;
}

static void insert_bytes(struct forge_text *text, size_t within) {
    size_t at = random_below(within);
    size_t bytes = 1 + random_below(16);
    memmove(text->bytes + at + bytes, text->bytes + at, text->n - at);
    for (size_t i = 0; i < bytes; i++) {
        text->bytes[at + i] = (char)('0' + random_below(10));
    }
    text->n += bytes;
}

/* Damage the first `within` bytes. */
static void damage(struct forge_text *text, size_t within) {
    static void (*const ways[])(struct forge_text *, size_t) = {
        flip_bits,     flip_bits, set_bytes,    set_bytes,
        truncate_text, splice,    remove_bytes, insert_bytes,
    };
    size_t way = random_below(sizeof(ways) / sizeof(ways[0]));
    ways[way](text, within < text->n ? within : text->n);
}

/* ---- judging ---- */

/* An accepted trace must really be replayable. */
static int replay(const struct trace *trace) {
    int result = -1;
    struct plan *plan = plan_create(trace, 1 + (unsigned)random_below(3));
    struct replay_engine *engine = plan ? replay_engine_create(plan) : NULL;
    if (engine) {
        struct replay_options options = {.verified = true};
        struct replay_outcome outcome;
        result = replay_round(engine, &contender_malloc, &options, &outcome);
    }
    replay_engine_destroy(engine);
    plan_destroy(plan);
    return result;
}

static int is_good_message(const char *text) {
    return memcmp(text, "/proc/self/fd/", 14) == 0 && strstr(text, ": ") && strlen(text) > 20 &&
           !strchr(text, '\n') && !strstr(text, "unexpectedly");
}

static void judge(struct forge_text bytes, unsigned long round, struct tally *tally) {
    struct trace *trace = NULL;
    struct trace_error error = {0};
    if (forge_load_raw(bytes.bytes, bytes.n, &trace, &error) == 0) {
        tally->replayed++;
        if (replay(trace) != 0) {
            fprintf(stderr, "round %lu: accepted, but cannot be replayed\n", round);
            tally->wrong++;
        }
        trace_unload(trace);
        return;
    }
    tally->refused++;
    if (error.is_system || !is_good_message(error.text)) {
        fprintf(stderr, "round %lu: bad message: %s\n", round, error.text);
        tally->wrong++;
    }
}

/* One third each: damage to the compressed bytes, to the header, to the columns. */
static void run_round(struct forge_text text, struct forge_text packed, unsigned long round,
                      struct tally *tally) {
    size_t n_events;
    size_t header_bytes = find_header(text, &n_events);
    if (round % 3 == 0) {
        struct forge_text damaged = copy_text(packed, 64);
        damage(&damaged, random_below(2) ? packed.n : 64);
        judge(damaged, round, tally);
        free(damaged.bytes);
        return;
    }
    struct forge_text damaged = copy_text(text, 64);
    if (round % 3 == 1) {
        damage(&damaged, header_bytes);
    } else {
        struct forge_text columns = {damaged.bytes + header_bytes, damaged.n - header_bytes};
        damage(&columns, columns.n);
        damaged.n = header_bytes + columns.n;
    }
    struct forge_text repacked = forge_compress(damaged);
    judge(repacked, round, tally);
    free(repacked.bytes);
    free(damaged.bytes);
}

int main(int argc, char **argv) {
    struct tally tally = {0};
    if (argc < 2) {
        fputs("Usage: fuzz_trace TRACE|mixed [ROUNDS [SEED]]\n", stderr);
        return 2;
    }
    unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : test_scaled(DEFAULT_ROUNDS);
    uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    bool is_mixed = strcmp(argv[1], "mixed") == 0;
    event_bytes += is_mixed ? 4 : 0;
    struct forge_text whole = is_mixed ? forge_mixed() : forge_unpack(argv[1]);
    struct forge_text text = cut_events(whole);
    struct forge_text packed = forge_compress(text);
    judge(packed, 0, &tally);
    if (tally.replayed != 1) {
        fputs("the trace is not good before it is damaged\n", stderr);
        tally.wrong++;
    }
    for (unsigned long round = 1; round <= rounds; round++) {
        run_round(text, packed, round, &tally);
    }
    printf("seed %llu, %lu rounds: %lu refused, %lu replayed, %lu wrong\n",
           (unsigned long long)seed, rounds, tally.refused, tally.replayed, tally.wrong);
    free(whole.bytes);
    free(text.bytes);
    free(packed.bytes);
    /* Damage that is never, or always, noticed would show that the damaging does not work. */
    return tally.wrong == 0 && tally.refused > rounds / 4 && tally.replayed > 1 ? 0 : 1;
}
