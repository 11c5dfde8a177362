/* SPDX-License-Identifier: MIT */
/* A snapshot that was saved as JSON: by the same table of fields that it was written from. */
#include "inspect/file.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "export/fields.h"
#include "inspect/failure.h"
#include "inspect/objects.h"

enum {
    NAME_SHOWN = 100, /* of the file's name; its end tells more than its start */
    WHAT_BYTES = 160,
};

#define NO_ITEM SIZE_MAX

struct reader {
    const char *path;
    struct snapshot *snapshot;
    struct snapshot_error *error;
    /* where we are, for complaints */
    const char *list; /* NULL: not in one */
    size_t item;      /* NO_ITEM: it is one object */
};

/* ---- complaints ------------------------------------------------------------------------------ */

__attribute__((format(printf, 3, 4))) static int complain(const struct reader *reader, int code,
                                                          const char *format, ...) {
    char what[WHAT_BYTES];
    size_t length = strlen(reader->path);
    bool is_cut = length > NAME_SHOWN;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    return failure(reader->error, code, "%s%s: %s", is_cut ? "..." : "",
                   reader->path + (is_cut ? length - NAME_SHOWN : 0), what);
}

/* "pools[3].hot: is no count" */
static int complain_of(const struct reader *reader, const char *key, const char *what) {
    if (!reader->list) {
        return complain(reader, -EBADMSG, "%s: %s", key, what);
    }
    if (reader->item == NO_ITEM) {
        return complain(reader, -EBADMSG, "%s.%s: %s", reader->list, key, what);
    }
    return complain(reader, -EBADMSG, "%s[%zu].%s: %s", reader->list, reader->item, key, what);
}

static int complain_of_memory(const struct reader *reader) {
    return complain(reader, -ENOMEM, "not enough memory");
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Nothing but digits of the base, as export_json writes a number, up to 64 bits. */
static bool read_digits(const char *text, unsigned base, uint64_t *ret) {
    static const char digits[] = "0123456789abcdef";
    uint64_t value = 0;
    if (!*text || (*text == '0' && text[1])) {
        return false;
    }
    for (; *text; text++) {
        const char *digit = strchr(digits, *text);
        uint64_t one = digit ? (uint64_t)(digit - digits) : base;
        if (one >= base || value > (UINT64_MAX - one) / base) {
            return false;
        }
        value = value * base + one;
    }
    *ret = value;
    return true;
}

static const char *read_unsigned(const json_t *value, uint64_t *ret) {
    if (json_is_integer(value)) {
        *ret = (uint64_t)json_integer_value(value);
        return json_integer_value(value) < 0 ? "is negative" : NULL;
    }
    /* Only those that do not fit are text. */
    bool is_large =
        json_is_string(value) && read_digits(json_string_value(value), 10, ret) && *ret > INT64_MAX;
    return is_large ? NULL : "is no count";
}

static const char *read_address(const json_t *value, uint64_t *ret) {
    const char *text = json_string_value(value);
    bool is_address = text && strncmp(text, "0x", 2) == 0 && read_digits(text + 2, 16, ret);
    return is_address ? NULL : "is no address (\"0x...\")";
}

static const char *read_word(const json_t *value, const struct field *field, uint32_t *ret) {
    const char *word = json_string_value(value);
    int number = word ? field_word_number(field->words, word) : -1;
    *ret = (uint32_t)number;
    return number >= 0 ? NULL : "is none of the words that it may be";
}

static const char *read_index(const struct reader *reader, const json_t *value,
                              const struct field *field, int32_t *ret) {
    size_t n;
    (void)field_items(reader->snapshot, &field_lists[field->of], &n);
    if (json_is_null(value)) {
        *ret = SNAPSHOT_NONE;
        return NULL;
    }
    json_int_t index = json_integer_value(value);
    if (!json_is_integer(value) || index < 0 || (uint64_t)index >= n || index > INT32_MAX) {
        return "is no item's number";
    }
    *ret = (int32_t)index;
    return NULL;
}

static const char *read_ages(const json_t *value, uint64_t ages[SNAPSHOT_AGES]) {
    const char *wrong = json_array_size(value) == SNAPSHOT_AGES ? NULL : "is no list of six counts";
    for (size_t i = 0; i < SNAPSHOT_AGES && !wrong; i++) {
        wrong = read_unsigned(json_array_get(value, i), &ages[i]);
    }
    return wrong;
}

static const char *read_frames(const json_t *value, struct snapshot_stack *stack) {
    size_t n = json_array_size(value);
    const char *wrong = NULL;
    if (!json_is_array(value) || n > SNAPSHOT_FRAMES) {
        return "is no list of up to 64 addresses";
    }
    for (size_t i = 0; i < n && !wrong; i++) {
        wrong = read_address(json_array_get(value, i), &stack->frames[i]);
    }
    stack->n_frames = (uint32_t)n;
    return wrong;
}

/* NULL also where there is no memory. */
static const char *copy_text(struct reader *reader, const json_t *value) {
    return view_take_text(&reader->snapshot->memory, json_string_value(value),
                          json_string_length(value));
}

/* Numbers go where the field is through `at`; NULL, or what is wrong. */
static const char *read_number(const struct reader *reader, const struct field *field,
                               const json_t *value, char *at) {
    uint64_t number = 0;
    uint32_t word = 0;
    int32_t index = 0;
    const char *wrong = NULL;
    switch (field->kind) {
    case FIELD_UNSIGNED_32:
        wrong = read_unsigned(value, &number);
        wrong = !wrong && number > UINT32_MAX ? "is too large" : wrong;
        word = (uint32_t)number;
        memcpy(at, &word, sizeof(word));
        break;
    case FIELD_WORD:
        wrong = read_word(value, field, &word);
        memcpy(at, &word, sizeof(word));
        break;
    case FIELD_INDEX:
        wrong = read_index(reader, value, field, &index);
        memcpy(at, &index, sizeof(index));
        break;
    case FIELD_SIGNED:
        wrong = json_is_integer(value) ? NULL : "is no integer";
        number = (uint64_t)json_integer_value(value);
        memcpy(at, &number, sizeof(number));
        break;
    default:
        wrong = field->kind == FIELD_ADDRESS ? read_address(value, &number)
                                             : read_unsigned(value, &number);
        memcpy(at, &number, sizeof(number));
        break;
    }
    return wrong;
}

static int read_value(struct reader *reader, const struct field *field, const json_t *value,
                      void *item) {
    char *at = (char *)item + field->offset;
    const char *wrong = NULL, *text;
    switch (field->kind) {
    case FIELD_BOOLEAN:
        *(bool *)at = json_is_true(value);
        wrong = json_is_boolean(value) ? NULL : "is neither true nor false";
        break;
    case FIELD_TEXT:
        if (!json_is_string(value)) {
            wrong = "is no text";
            break;
        }
        text = copy_text(reader, value);
        if (!text) {
            return complain_of_memory(reader);
        }
        memcpy(at, &text, sizeof(text));
        break;
    case FIELD_AGES:
        wrong = read_ages(value, (uint64_t *)(void *)at);
        break;
    case FIELD_FRAMES:
        wrong = read_frames(value, item);
        break;
    default:
        wrong = read_number(reader, field, value, at);
        break;
    }
    return wrong ? complain_of(reader, field->key, wrong) : 0;
}

/* ---- structs --------------------------------------------------------------------------------- */

static int read_fields(struct reader *reader, const struct fields *fields, const json_t *object,
                       void *item) {
    int result = 0;
    for (size_t i = 0; i < fields->n && result == 0; i++) {
        const struct field *field = &fields->list[i];
        const json_t *value = json_object_get(object, field->key);
        if (value) {
            result = read_value(reader, field, value, item);
        } else if (!field->is_later) { /* the item is all 0 */
            result = complain_of(reader, field->key, "is missing");
        }
    }
    return result;
}

/* Room for all items first: others' indices are checked against their counts. */
static int make_list(struct reader *reader, const struct field_list *list, const json_t *whole) {
    const json_t *array = json_object_get(whole, list->key);
    size_t n = json_array_size(array);
    /* An old file has no objects, and does not say so; one that has them has all of them. */
    bool may_miss = list->is_later && !json_is_true(json_object_get(whole, "has_objects"));
    if (!json_is_array(array) && (array || !may_miss)) {
        return complain_of(reader, list->key, array ? "is no list" : "is missing");
    }
    void *items = view_take_array(&reader->snapshot->memory, n, list->item_bytes);
    if (!items) {
        return complain_of_memory(reader);
    }
    memcpy((char *)reader->snapshot + list->offset, &items, sizeof(items));
    memcpy((char *)reader->snapshot + list->n_offset, &n, sizeof(n));
    return 0;
}

static int read_list(struct reader *reader, const struct field_list *list, const json_t *whole) {
    const json_t *array = json_object_get(whole, list->key);
    char *items;
    int result = 0;
    memcpy(&items, (char *)reader->snapshot + list->offset, sizeof(items));
    for (size_t i = 0; i < json_array_size(array) && result == 0; i++) {
        const json_t *object = json_array_get(array, i);
        reader->list = list->key;
        reader->item = i;
        result = json_is_object(object)
                     ? read_fields(reader, &list->item, object, items + i * list->item_bytes)
                     : complain(reader, -EBADMSG, "%s[%zu]: is no object", list->key, i);
    }
    reader->list = NULL;
    return result;
}

static int read_ledger(struct reader *reader, const json_t *whole) {
    const json_t *ledger = json_object_get(whole, "ledger");
    if (!json_is_object(ledger)) {
        return complain_of(reader, "ledger", ledger ? "is no object" : "is missing");
    }
    reader->list = "ledger";
    reader->item = NO_ITEM;
    int result = read_fields(reader, &fields_of_ledger, ledger, &reader->snapshot->ledger);
    reader->list = NULL;
    return result;
}

static int check_objects(struct reader *reader) {
    struct objects_fault fault;
    if (objects_check(reader->snapshot, &fault)) {
        return 0;
    }
    reader->list = fault.list;
    reader->item = fault.item;
    return complain_of(reader, fault.key, fault.what);
}

/* What those who use a snapshot rely on. */
static int check_whole(struct reader *reader) {
    struct snapshot *snapshot = reader->snapshot;
    for (size_t i = 0; i < snapshot->n_threads; i++) {
        snapshot->n_running += !snapshot->threads[i].is_processor;
    }
    if (snapshot->taken_microseconds >= 1000000) {
        return complain_of(reader, "taken_microseconds", "is a second or more");
    }
    for (size_t i = 0; i < snapshot->n_accounts; i++) {
        if (snapshot->accounts[i].component == SNAPSHOT_NONE) {
            return complain(reader, -EBADMSG, "accounts[%zu].component: is none", i);
        }
    }
    for (size_t i = 0; i < snapshot->n_components; i++) {
        /* Those who climb to the parent's parent come to an end. */
        if (snapshot->components[i].parent >= (int64_t)i) {
            return complain(reader, -EBADMSG, "components[%zu].parent: is not before it", i);
        }
    }
    for (size_t i = 1; i < snapshot->n_symbols; i++) {
        if (snapshot->symbols[i - 1].address >= snapshot->symbols[i].address) {
            return complain(reader, -EBADMSG, "symbols[%zu].address: is out of order", i);
        }
    }
    return 0;
}

static int read_whole(struct reader *reader, const json_t *whole) {
    const char *format = json_string_value(json_object_get(whole, "format"));
    const json_t *version = json_object_get(whole, "version");
    if (!format || strcmp(format, "mempool-snapshot") != 0) {
        return complain(reader, -EBADMSG, "is no snapshot of mempool");
    }
    if (!json_is_integer(version) || json_integer_value(version) != 1) {
        return complain(reader, -EBADMSG, "is a snapshot of another version than 1");
    }
    int result = 0;
    for (size_t i = 0; i < LISTS && result == 0; i++) {
        result = make_list(reader, &field_lists[i], whole);
    }
    if (result == 0) {
        result = read_fields(reader, &fields_of_snapshot, whole, reader->snapshot);
    }
    for (size_t i = 0; i < LISTS && result == 0; i++) {
        result = read_list(reader, &field_lists[i], whole);
    }
    if (result == 0) {
        result = read_ledger(reader, whole);
    }
    result = result == 0 ? check_whole(reader) : result;
    return result == 0 ? check_objects(reader) : result;
}

/* ---- the file -------------------------------------------------------------------------------- */

struct input {
    FILE *file;
    size_t taken;
    int result; /* a negative errno */
};

static size_t take(void *buffer, size_t n, void *arg) {
    struct input *input = arg;
    errno = 0;
    size_t got = fread(buffer, 1, n, input->file);
    input->taken += got;
    if (ferror(input->file)) {
        input->result = errno != 0 ? -errno : -EIO;
    } else if (input->taken > SNAPSHOT_JSON_BYTES_MAX) {
        input->result = -EFBIG;
    }
    return input->result == 0 ? got : (size_t)-1;
}

static json_t *parse(const struct reader *reader, FILE *file, int *ret) {
    struct input input = {.file = file};
    json_error_t error;
    json_t *whole = json_load_callback(take, &input, JSON_REJECT_DUPLICATES, &error);
    if (input.result == -EFBIG) {
        *ret = complain(reader, -EFBIG, "is larger than %d MiB", SNAPSHOT_JSON_BYTES_MAX >> 20);
    } else if (input.result != 0) {
        *ret = complain(reader, input.result, "%s", strerror(-input.result));
    } else if (!whole && json_error_code(&error) == json_error_out_of_memory) {
        *ret = complain_of_memory(reader);
    } else if (!whole) {
        *ret = complain(reader, -EBADMSG, "is no JSON: line %d: %s", error.line, error.text);
    }
    if (input.result != 0) {
        json_decref(whole);
        return NULL;
    }
    return whole;
}

static int read_file(struct reader *reader) {
    int result = 0;
    FILE *file = fopen(reader->path, "re");
    if (!file) {
        return complain(reader, -errno, "%s", strerror(errno));
    }
    json_t *whole = parse(reader, file, &result);
    fclose(file);
    if (whole) {
        result = read_whole(reader, whole);
        json_decref(whole);
    }
    return result;
}

int snapshot_read_json(struct snapshot **ret, const char *path, struct snapshot_error *error) {
    struct reader reader = {.path = path, .snapshot = snapshot_new(), .error = error};
    if (!reader.snapshot) {
        return complain_of_memory(&reader);
    }
    int result = read_file(&reader);
    if (result != 0) {
        snapshot_free(reader.snapshot);
        return result;
    }
    *ret = reader.snapshot;
    return 0;
}
