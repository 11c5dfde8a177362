/* SPDX-License-Identifier: MIT */
/* Single slots as text, and back. */
#include "view/slots.h"

#include "base/bits.h"

#include <errno.h>
#include <string.h>

enum {
    HAS_SITE = 1 << 2,
    HAS_THREAD = 1 << 3,
    HAS_AGE = 1 << 4,
    HAS_ACCOUNT = 1 << 5,
    HAS_BYTES = 1 << 6,
    HAS_COUNT = 1 << 7,
    STATE_MASK = 3,
    STRETCH_BYTES_MAX = 56, /* a distance, the flags and six numbers */
    ROOM_MIN = 64 << 10,
    NUMBER_BITS = 7,
    DIGIT_BITS = 6,
    BYTE_BITS = 8,
};

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* ---- writing --------------------------------------------------------------------------------- */

bool slots_begin(struct slots_writer *writer, size_t n_slots) {
    size_t room = (n_slots + 1) * STRETCH_BYTES_MAX;
    if (room > writer->room) {
        room = max_size(room, max_size(2 * writer->room, ROOM_MIN));
        writer->bytes = view_take(writer->scratch, room);
        writer->room = writer->bytes != NULL ? room : 0;
    }
    writer->n = 0;
    writer->n_same = 0;
    memset(writer->last, 0, sizeof writer->last);
    return writer->bytes != NULL;
}

static void add_number(struct slots_writer *writer, uint64_t value) {
    while (value >= 1 << NUMBER_BITS) {
        writer->bytes[writer->n++] = (unsigned char)(value | 1 << NUMBER_BITS);
        value >>= NUMBER_BITS;
    }
    writer->bytes[writer->n++] = (unsigned char)value;
}

static unsigned flags_of(const struct slots_writer *writer) {
    const struct slot_past *past = &writer->past, *last = &writer->last[writer->state];
    return (unsigned)writer->state | (past->site != last->site ? HAS_SITE : 0) |
           (past->thread != last->thread ? HAS_THREAD : 0) |
           (past->age != last->age ? HAS_AGE : 0) |
           (past->account != last->account ? HAS_ACCOUNT : 0) |
           (past->bytes != last->bytes ? HAS_BYTES : 0) | (writer->n_same > 1 ? HAS_COUNT : 0);
}

static void end_stretch(struct slots_writer *writer) {
    const struct slot_past *past = &writer->past;
    unsigned flags = flags_of(writer);
    if (writer->n_same == 0) {
        return;
    }
    writer->bytes[writer->n++] = (unsigned char)flags;
    if (flags & HAS_SITE) {
        add_number(writer, past->site);
    }
    if (flags & HAS_THREAD) {
        add_number(writer, past->thread);
    }
    if (flags & HAS_AGE) {
        uint32_t before = writer->last[writer->state].age;
        bool is_more = past->age >= before;
        add_number(writer, is_more ? 2 * (uint64_t)(past->age - before)
                                   : 2 * (uint64_t)(before - past->age) - 1);
    }
    if (flags & HAS_ACCOUNT) {
        add_number(writer, past->account);
    }
    if (flags & HAS_BYTES) {
        add_number(writer, past->bytes);
    }
    if (flags & HAS_COUNT) {
        add_number(writer, writer->n_same - 2);
    }
    writer->last[writer->state] = *past;
    writer->n_same = 0;
}

static bool is_same(const struct slot_past *a, const struct slot_past *b) {
    return a->site == b->site && a->thread == b->thread && a->age == b->age &&
           a->account == b->account && a->bytes == b->bytes;
}

void slots_add(struct slots_writer *writer, enum slot_state state, const struct slot_past *past) {
    if (writer->n_same == 0 || state != writer->state || !is_same(past, &writer->past)) {
        end_stretch(writer);
        writer->state = state;
        writer->past = *past;
    }
    writer->n_same++;
}

void slots_add_at(struct slots_writer *writer, uint64_t distance, const struct slot_past *past) {
    end_stretch(writer);
    add_number(writer, distance);
    slots_add(writer, SLOT_LIVE, past);
}

const char *slots_end(struct slots_writer *writer, struct view_memory *memory) {
    end_stretch(writer);
    char *text = view_take(memory, writer->n / 3 * 4 + 5), *to = text;
    uint32_t bits = 0;
    unsigned n_bits = 0;
    if (text == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < writer->n; i++) {
        bits = bits << BYTE_BITS | writer->bytes[i];
        for (n_bits += BYTE_BITS; n_bits >= DIGIT_BITS; n_bits -= DIGIT_BITS) {
            *to++ = digits[bits >> (n_bits - DIGIT_BITS) & ((1 << DIGIT_BITS) - 1)];
        }
    }
    if (n_bits > 0) {
        *to++ = digits[bits << (DIGIT_BITS - n_bits) & ((1 << DIGIT_BITS) - 1)];
    }
    *to = '\0';
    return text;
}

/* ---- reading --------------------------------------------------------------------------------- */

void slots_open(struct slots_reader *reader, const char *text) {
    memset(reader, 0, sizeof *reader);
    reader->at = text;
}

static int digit_of(char letter) {
    if (letter >= 'A' && letter <= 'Z') {
        return letter - 'A';
    }
    if (letter >= 'a' && letter <= 'z') {
        return letter - 'a' + 26;
    }
    if (letter >= '0' && letter <= '9') {
        return letter - '0' + 52;
    }
    return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

/* 1; 0: there are no more; -EBADMSG. What is left at the end are less than 6 bits, and 0. */
static int take_byte(struct slots_reader *reader, unsigned *ret) {
    while (reader->n_bits < BYTE_BITS) {
        if (*reader->at == '\0') {
            bool is_end = reader->n_bits < DIGIT_BITS &&
                          (reader->bits & ((1u << reader->n_bits) - 1)) == 0;
            return is_end ? 0 : -EBADMSG;
        }
        int digit = digit_of(*reader->at);
        if (digit < 0) {
            return -EBADMSG;
        }
        reader->at++;
        reader->bits = reader->bits << DIGIT_BITS | (unsigned)digit;
        reader->n_bits += DIGIT_BITS;
    }
    reader->n_bits -= BYTE_BITS;
    *ret = reader->bits >> reader->n_bits & ((1 << BYTE_BITS) - 1);
    return 1;
}

/* 1 or -EBADMSG: a number is cut, or longer than it need be, or above `most`. */
static int take_number(struct slots_reader *reader, uint64_t most, uint64_t *ret) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += NUMBER_BITS) {
        unsigned byte;
        if (take_byte(reader, &byte) != 1) {
            return -EBADMSG;
        }
        uint64_t part = byte & ((1 << NUMBER_BITS) - 1);
        if (part << shift >> shift != part || (byte == 0 && shift > 0)) {
            return -EBADMSG;
        }
        value |= part << shift;
        if (byte < 1 << NUMBER_BITS) {
            *ret = value;
            return value <= most ? 1 : -EBADMSG;
        }
    }
    return -EBADMSG;
}

static int take_32(struct slots_reader *reader, uint32_t *ret) {
    uint64_t value = 0;
    int result = take_number(reader, UINT32_MAX, &value);
    *ret = (uint32_t)value;
    return result;
}

static int take_age(struct slots_reader *reader, uint32_t *age) {
    uint64_t change = 0;
    int result = take_number(reader, 2 * SLOTS_AGES, &change);
    uint64_t by = change / 2 + change % 2;
    bool is_less = change % 2 != 0;
    if (result != 1 || (is_less ? by > *age : *age + by > SLOTS_AGES)) {
        return -EBADMSG;
    }
    *age = (uint32_t)(is_less ? *age - by : *age + by);
    return 1;
}

static int take_past(struct slots_reader *reader, unsigned flags, struct slot_past *past) {
    int result = 1;
    if (flags & HAS_SITE) {
        result = take_32(reader, &past->site);
    }
    if (result == 1 && (flags & HAS_THREAD)) {
        result = take_32(reader, &past->thread);
    }
    if (result == 1 && (flags & HAS_AGE)) {
        result = take_age(reader, &past->age);
    }
    if (result == 1 && (flags & HAS_ACCOUNT)) {
        result = take_32(reader, &past->account);
    }
    if (result == 1 && (flags & HAS_BYTES)) {
        result = take_number(reader, UINT64_MAX, &past->bytes);
    }
    return result;
}

/* Nothing is known of a virgin slot, and who got a block for how many bytes only while it lives. */
static bool is_sound(unsigned flags) {
    unsigned state = flags & STATE_MASK;
    unsigned wrong = state == SLOT_VIRGIN ? (unsigned)(~STATE_MASK & ~HAS_COUNT)
                     : state == SLOT_PUT  ? HAS_ACCOUNT | HAS_BYTES
                                          : 0;
    return state < SLOT_STATES && (flags & wrong) == 0;
}

int slots_next(struct slots_reader *reader, struct slots_stretch *ret) {
    unsigned flags;
    uint64_t more = 0;
    int result = take_byte(reader, &flags);
    if (result != 1) {
        return result;
    }
    if (!is_sound(flags)) {
        return -EBADMSG;
    }
    ret->distance = 0;
    ret->state = (enum slot_state)(flags & STATE_MASK);
    struct slot_past *last = &reader->last[ret->state];
    result = take_past(reader, flags, last);
    if (result == 1 && (flags & HAS_COUNT)) {
        result = take_number(reader, UINT32_MAX, &more);
    }
    ret->slots = flags & HAS_COUNT ? more + 2 : 1;
    ret->past = *last;
    return result;
}

int slots_next_at(struct slots_reader *reader, struct slots_stretch *ret) {
    uint64_t distance = 0;
    struct slots_reader before = *reader;
    unsigned first;
    int result = take_byte(&before, &first);
    if (result != 1) {
        return result;
    }
    result = take_number(reader, UINT64_MAX, &distance);
    result = result == 1 ? slots_next(reader, ret) : result;
    if (result != 1 || ret->state != SLOT_LIVE || ret->slots != 1) {
        return -EBADMSG;
    }
    ret->distance = distance;
    return 1;
}
