/* SPDX-License-Identifier: MIT */
/* Files that are no snapshots, or damaged ones: each is refused with one line that says why. */
#include "unit.h"

#include "export/fields.h"
#include "inspect/objects.h"
#include "rng.h"
#include "sample.h"
#include "saved.h"

#include <jansson.h>

enum { MUTATIONS = 500, LARGE = (SNAPSHOT_JSON_BYTES_MAX >> 20) + 1 };

static struct saved sample;

/* Whatever was believed of objects, any address can be explained by it. */
static void explain_all(const struct snapshot *snapshot) {
    static const uint64_t steps[] = {0,     1,      175,    176,     65535,
                                     65536, 131072, 262143, 2097151, 2097152};
    for (size_t i = 0; i < snapshot->n_heap_lists + 2 && snapshot->has_objects; i++) {
        uint64_t start = i == 0 ? snapshot->arena_start : i == 1 ? 0x555600000000 : UINT64_MAX;
        for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
            struct view_description found;
            const struct snapshot_symbol *site;
            objects_describe(snapshot, start + steps[k], &found, &site);
            assert_true((unsigned)found.state <= MEMPOOL_STATE_TAIL && found.age_seconds >= -1);
            assert_true(site == NULL || site->symbol != NULL);
        }
    }
}

static int read_text(const char *text, struct snapshot_error *error) {
    static struct snapshot untouched;
    struct snapshot *read = &untouched;
    memset(error, 0, sizeof *error);
    int result = saved_read(text, strlen(text), &read, error);
    if (result == 0) {
        explain_all(read);
        snapshot_free(read);
    } else {
        assert_ptr_equal(read, &untouched);
        assert_int_equal(error->code, result);
        assert_non_null(strstr(error->text, "/proc/self/fd/"));
        assert_null(strchr(error->text, '\n'));
    }
    return result;
}

/* The complaint has this in it. */
static void check_refused(const char *text, const char *why) {
    struct snapshot_error error;
    assert_int_equal(read_text(text, &error), -EBADMSG);
    if (strstr(error.text, why) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error.text, why);
    }
}

static void check_json_refused(const json_t *whole, const char *why) {
    char *text = json_dumps(whole, 0);
    assert_non_null(text);
    check_refused(text, why);
    free(text);
}

static json_t *load_sample(void) {
    json_t *whole = json_loads(sample.text, 0, NULL);
    assert_non_null(whole);
    return whole;
}

/* ---- no snapshots ---------------------------------------------------------------------------- */

static void files_that_are_no_snapshots(void **state) {
    (void)state;
    check_refused("", "is no JSON");
    check_refused("mempool-snapshot 1\n", "is no JSON: line 1");
    check_refused("{\"format\": \"mempool-snapshot\", \"version\": 1", "is no JSON");
    check_refused("{} {}", "is no JSON");
    check_refused("\x7f"
                  "ELF\x02\x01",
                  "is no JSON");
    check_refused("{\"format\": \"mempool\xff\"}", "is no JSON");
    check_refused("{}", "is no snapshot of mempool");
    check_refused("[1, 2]", "is no snapshot of mempool");
    check_refused("{\"format\": 1}", "is no snapshot of mempool");
    check_refused("{\"format\": \"mempool-snapshot\", \"version\": 2}", "another version");
    check_refused("{\"format\": \"mempool-snapshot\", \"version\": \"1\"}", "another version");
    check_refused("{\"format\": \"mempool-snapshot\", \"version\": 1}", "pools: is missing");
    check_refused("{\"format\": \"mempool-snapshot\", \"format\": \"mempool-snapshot\"}",
                  "duplicate");
    check_refused("{\"format\": \"mempool-snapshot\", \"version\": 99999999999999999999}",
                  "is no JSON");
}

static void files_that_cannot_be_read(void **state) {
    struct snapshot *read = NULL;
    struct snapshot_error error;
    char path[400];
    (void)state;
    assert_int_equal(snapshot_read_json(&read, "/nonexistent/file", &error), -ENOENT);
    assert_string_equal(error.text, "/nonexistent/file: No such file or directory");
    assert_int_equal(snapshot_read_json(&read, "/", &error), -EISDIR);
    /* What is wrong is not cut off behind a long name. */
    memset(path, 'x', sizeof path);
    memcpy(path + sizeof path - 5, ".end", 5);
    path[0] = '/';
    assert_int_equal(snapshot_read_json(&read, path, &error), -ENAMETOOLONG);
    assert_non_null(strstr(error.text, "x.end: File name too long"));
    assert_null(read);
}

/* A file with a hole: it is larger than anything that makes sense. */
static void files_that_are_too_large(void **state) {
    struct snapshot *read = NULL;
    struct snapshot_error error;
    char path[40];
    int fd = memfd_create("large", MFD_CLOEXEC);
    (void)state;
    assert_true(fd >= 0);
    char *blanks = malloc(1 << 20);
    assert_non_null(blanks);
    memset(blanks, ' ', 1 << 20);
    for (int i = 0; i < LARGE; i++) {
        assert_int_equal(write(fd, blanks, 1 << 20), 1 << 20);
    }
    free(blanks);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    assert_int_equal(snapshot_read_json(&read, path, &error), -EFBIG);
    assert_non_null(strstr(error.text, ": is larger than 256 MiB"));
    close(fd);
}

/* ---- damaged ones ---------------------------------------------------------------------------- */

static void files_that_were_cut(void **state) {
    struct saved cut = {.text = NULL};
    (void)state;
    (void)saved_write(&cut, sample.text, sample.length);
    assert_string_equal(sample.text + sample.length - 4, "}\n}\n");
    for (size_t length = 0; length < sample.length - 1; length += 29 + length % 7) {
        char kept = cut.text[length];
        cut.text[length] = '\0';
        check_refused(cut.text, "is no JSON");
        cut.text[length] = kept;
    }
    free(cut.text);
}

static void check_json_read(const json_t *whole) {
    struct snapshot_error error;
    char *text = json_dumps(whole, 0);
    assert_int_equal(read_text(text, &error), 0);
    free(text);
}

/* In an object each of its keys is left out, and has a value of a wrong type. */
static void check_keys(json_t *whole, json_t *object, const struct fields *fields,
                       const char *place) {
    for (size_t i = 0; i < fields->n; i++) {
        char why[120];
        const char *key = fields->list[i].key;
        json_t *value = json_incref(json_object_get(object, key));
        assert_non_null(value);
        snprintf(why, sizeof why, ": %s%s: is missing", place, key);
        assert_int_equal(json_object_del(object, key), 0);
        /* Where there are objects, it has to be known where. */
        if (fields->list[i].is_later && strcmp(key, "arena_start") != 0) {
            check_json_read(whole); /* as a file of before */
        } else {
            check_json_refused(whole, why);
        }
        snprintf(why, sizeof why, ": %s%s: is ", place, key);
        for (int kind = 0; kind < 4; kind++) {
            json_t *wrong[] = {json_object(), json_real(1.5), json_pack("[i]", 1),
                               json_string("?")};
            for (int k = 0; k < 4; k++) {
                if (k == kind) {
                    json_object_set_new(object, key, wrong[k]);
                } else {
                    json_decref(wrong[k]);
                }
            }
            if (kind != 3 || fields->list[i].kind != FIELD_TEXT) {
                check_json_refused(whole, why);
            }
        }
        json_object_set_new(object, key, value);
    }
}

static void keys_missing_or_of_a_wrong_type(void **state) {
    json_t *whole = load_sample();
    (void)state;
    check_keys(whole, whole, &fields_of_snapshot, "");
    check_keys(whole, json_object_get(whole, "ledger"), &fields_of_ledger, "ledger.");
    for (size_t i = 0; i < LISTS; i++) {
        char place[40], why[60];
        json_t *list = json_incref(json_object_get(whole, field_lists[i].key));
        snprintf(place, sizeof place, "%s[1].", field_lists[i].key);
        check_keys(whole, json_array_get(list, 1), &field_lists[i].item, place);
        snprintf(why, sizeof why, ": %s: is missing", field_lists[i].key);
        json_object_del(whole, field_lists[i].key);
        check_json_refused(whole, why);
        snprintf(why, sizeof why, ": %s: is no list", field_lists[i].key);
        json_object_set_new(whole, field_lists[i].key, json_object());
        check_json_refused(whole, why);
        json_array_insert_new(list, 1, json_null());
        json_object_set_new(whole, field_lists[i].key, list);
        snprintf(why, sizeof why, ": %s[1]: is no object", field_lists[i].key);
        check_json_refused(whole, why);
        json_array_remove(list, 1);
    }
    check_json_read(whole); /* all was put back */
    json_decref(whole);
}

/* One value is another: a path of a list, an item, a key; and JSON. */
static void check_value(const char *list, size_t item, const char *key, const char *value,
                        const char *why) {
    json_t *whole = load_sample();
    json_t *object = list != NULL ? json_array_get(json_object_get(whole, list), item) : whole;
    json_t *other = json_loads(value, JSON_DECODE_ANY, NULL);
    assert_non_null(other);
    assert_int_equal(json_object_set_new(object, key, other), 0);
    if (why != NULL) {
        check_json_refused(whole, why);
    } else {
        check_json_read(whole);
    }
    json_decref(whole);
}

static void values_out_of_range(void **state) {
    (void)state;
    check_value("pools", 0, "hot", "-1", "pools[0].hot: is negative");
    check_value("pools", 0, "hot", "\"18446744073709551615\"", NULL);
    check_value("pools", 0, "hot", "\"18446744073709551616\"", "pools[0].hot: is no count");
    check_value("pools", 0, "hot", "\"9223372036854775808\"", NULL);
    check_value("pools", 0, "hot", "\"9223372036854775807\"", "is no count"); /* it fits */
    check_value("pools", 0, "hot", "\"09223372036854775808\"", "is no count");
    check_value("pools", 0, "number", "4294967295", NULL);
    check_value("pools", 0, "number", "4294967296", "pools[0].number: is too large");
    check_value("pools", 0, "address", "\"0xffffffffffffffff\"", NULL);
    check_value("pools", 0, "address", "\"0x10000000000000000\"", "is no address");
    check_value("pools", 0, "address", "\"0xABC\"", "is no address");
    check_value("pools", 0, "address", "\"0x\"", "is no address");
    check_value("pools", 0, "address", "\"0x01\"", "is no address");
    check_value("pools", 0, "address", "12", "is no address");
    check_value("pools", 0, "kind", "\"unknown\"", NULL);
    check_value("pools", 0, "kind", "\"puddle\"", "pools[0].kind: is none of the words");
    check_value("pools", 0, "component", "3", NULL);
    check_value("pools", 0, "component", "4", "component: is no item's number");
    check_value("pools", 0, "component", "-1", "component: is no item's number");
    check_value("accounts", 1, "component", "null", "accounts[1].component: is none");
    check_value("components", 0, "parent", "0", "components[0].parent: is not before it");
    check_value("components", 1, "parent", "2", "components[1].parent: is not before it");
    check_value("groups", 0, "ages", "[1, 2, 3, 4, 5]", "groups[0].ages: is no list of six");
    check_value("groups", 0, "ages", "[1, 2, 3, 4, 5, -6]", "groups[0].ages: is negative");
    check_value("groups", 0, "oldest_seconds", "-9223372036854775808", NULL);
    check_value("stacks", 0, "frames", "[\"0x1\", 2]", "stacks[0].frames: is no address");
    check_value("symbols", 1, "address", "\"0x1\"", "symbols[1].address: is out of order");
    check_value(NULL, 0, "taken_microseconds", "1000000", "taken_microseconds: is a second");
    check_value(NULL, 0, "what_a_later_library_tells", "{}", NULL);
    check_value("pools", 0, "component_name", "7", NULL); /* it is for people */
}

/* A file of before there were objects has no such keys, and none. */
static void files_of_before_there_were_objects(void **state) {
    static const char *const keys[] = {"arena_start", "slabs",        "heap_lists",
                                       "sites",       "thread_notes", "has_objects"};
    json_t *whole = load_sample();
    struct snapshot *read = NULL;
    struct snapshot_error error;
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_int_equal(json_object_del(whole, keys[i]), 0);
        if (i + 1 < sizeof keys / sizeof keys[0]) {
            check_json_refused(whole, "is missing"); /* it says that it has them */
        }
    }
    char *text = json_dumps(whole, 0);
    assert_int_equal(saved_read(text, strlen(text), &read, &error), 0);
    assert_false(read->has_objects);
    assert_int_equal(read->n_slabs + read->n_heap_lists + read->n_sites + read->n_thread_notes, 0);
    snapshot_free(read);
    free(text);
    json_decref(whole);
}

static void objects_that_do_not_agree(void **state) {
    (void)state;
    check_value("slabs", 0, "pool", "null", "slabs[0].pool: is none");
    check_value("slabs", 0, "pool", "5", "slabs[0].pool: is no item's number");
    check_value("slabs", 0, "address", "\"0x7f1fffff0000\"", "slabs[0].address: is not in the");
    check_value("slabs", 2, "address", "\"0x7f2000200000\"", "slabs[2].address: is not in the");
    check_value("slabs", 2, "bytes", "1900544", NULL); /* to the arena's end */
    check_value("slabs", 2, "bytes", "1900545", "slabs[2].bytes: is not in the arena");
    check_value("slabs", 2, "bytes", "\"18446744073709551615\"", "slabs[2].bytes: is not in");
    check_value("slabs", 2, "bytes", "0", "slabs[2].bytes: is not in the arena");
    check_value("slabs", 1, "bytes", "65537", "slabs[2].address: is out of order");
    check_value("slabs", 1, "address", "\"0x7f200000ffff\"", "slabs[1].address: is out of order");
    check_value("slabs", 1, "slots", "586", "slabs[1].slots: is more than there is room for");
    check_value("slabs", 1, "slots", "584", "slabs[1].records: is of more slots");
    check_value("slabs", 0, "slots", "371", "slabs[0].records: is of more slots");
    check_value("pools", 0, "padded_bytes", "0", "slabs[0].slots: is more than there is room");
    check_value("slabs", 2, "records", "\"AoA9\"", "slabs[2].records: is of fewer slots");
    check_value("slabs", 2, "records", "\"AoA\"", "slabs[2].records: is damaged");
    check_value("slabs", 2, "records", "\"BgKAPg\"", NULL); /* a site that there is */
    check_value("slabs", 2, "records", "\"BgOAPg\"", "records: names a site that is not there");
    check_value("slabs", 2, "records", "\"CgKAPg\"", NULL);
    check_value("slabs", 2, "records", "\"CgOAPg\"", "records: names a thread that is not there");
    check_value("slabs", 2, "records", "\"IgSAPg\"", NULL);
    check_value("slabs", 2, "records", "\"IgWAPg\"", "records: names an account that is not there");
    check_value("heap_lists", 0, "pool", "null", "heap_lists[0].pool: is none");
    check_value("heap_lists", 0, "count", "3", "heap_lists[0].records: is of another count");
    check_value("heap_lists", 0, "count", "1", "heap_lists[0].records: is of another count");
    check_value("heap_lists", 1, "records", "\"IAE\"", "heap_lists[1].records: is damaged");
    check_value("heap_lists", 1, "records", "\"////////////AQI\"", NULL);
    check_value("heap_lists", 1, "records", "\"////////////AQIBAg\"",
                "heap_lists[1].records: is damaged"); /* behind the last address */
    check_value("thread_notes", 0, "number", "0", "thread_notes[0].number: is out of order");
    check_value("thread_notes", 0, "number", "2", "thread_notes[1].number: is out of order");
    check_value(NULL, 0, "arena_start", "\"0x0\"", ": arena_start: is missing");
    check_value(NULL, 0, "arena_start", "\"0xffffffffffff0000\"", "is no place for an arena");
    check_value(NULL, 0, "arena_bytes", "65536", "slabs[1].address: is not in the arena");
    check_value(NULL, 0, "has_objects", "false", NULL);
}

static void stacks_of_too_many_frames(void **state) {
    char frames[SNAPSHOT_FRAMES * 8 + 20] = "[\"0x1\"";
    (void)state;
    for (int i = 1; i < SNAPSHOT_FRAMES; i++) {
        strcat(frames, ", \"0x1\"");
    }
    check_value("stacks", 0, "frames", strcat(frames, "]"), NULL);
    frames[strlen(frames) - 1] = '\0';
    check_value("stacks", 0, "frames", strcat(frames, ", \"0x1\"]"), "list of up to 64 addresses");
}

static void control_characters_in_names(void **state) {
    json_t *whole = load_sample();
    struct snapshot *read = NULL;
    struct snapshot_error error;
    (void)state;
    json_object_set_new(whole, "program", json_string("a\x1b[31m\n\xc3\xa4"));
    char *text = json_dumps(whole, 0);
    assert_int_equal(saved_read(text, strlen(text), &read, &error), 0);
    assert_string_equal(read->program, "a?[31m?\xc3\xa4");
    snapshot_free(read);
    free(text);
    json_decref(whole);
}

/* Random bytes: whatever comes of it, the reader lives, and has one line to say. */
static void damage_anywhere(void **state) {
    struct rng rng = {.state = rng_seed()};
    struct snapshot_error error;
    struct saved damaged = {.text = NULL};
    size_t refused = 0;
    (void)state;
    (void)saved_write(&damaged, sample.text, sample.length);
    for (int i = 0; i < MUTATIONS; i++) {
        memcpy(damaged.text, sample.text, sample.length);
        for (uint64_t k = rng_below(&rng, 4) + 1; k > 0; k--) {
            static const char bytes[] = "\"\\{}[],:0123456789-.eE \xff\x01xntf";
            damaged.text[rng_below(&rng, sample.length)] = bytes[rng_below(&rng, sizeof bytes - 1)];
        }
        refused += read_text(damaged.text, &error) != 0;
    }
    assert_true(refused > MUTATIONS / 4);
    free(damaged.text);
}

/* Digits of records that are others: refused, or one can go on with what they say. */
static void damage_in_records(void **state) {
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct rng rng = {.state = rng_seed()};
    size_t refused = 0;
    (void)state;
    for (int i = 0; i < MUTATIONS; i++) {
        struct snapshot_error error;
        json_t *whole = load_sample();
        json_t *item = json_array_get(json_object_get(whole, i % 4 == 0 ? "heap_lists" : "slabs"),
                                      (size_t)i % 2);
        char *records = strdup(json_string_value(json_object_get(item, "records")));
        assert_non_null(records);
        for (uint64_t k = rng_below(&rng, 2) + 1; k > 0; k--) {
            records[rng_below(&rng, strlen(records))] = digits[rng_below(&rng, 64)];
        }
        json_object_set_new(item, "records", json_string(records));
        char *text = json_dumps(whole, 0);
        refused += read_text(text, &error) != 0;
        free(text);
        free(records);
        json_decref(whole);
    }
    assert_true(refused > MUTATIONS / 4 && refused < MUTATIONS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_that_are_no_snapshots),
        cmocka_unit_test(files_that_cannot_be_read),
        cmocka_unit_test(files_that_are_too_large),
        cmocka_unit_test(files_that_were_cut),
        cmocka_unit_test(keys_missing_or_of_a_wrong_type),
        cmocka_unit_test(values_out_of_range),
        cmocka_unit_test(files_of_before_there_were_objects),
        cmocka_unit_test(objects_that_do_not_agree),
        cmocka_unit_test(stacks_of_too_many_frames),
        cmocka_unit_test(control_characters_in_names),
        cmocka_unit_test(damage_anywhere),
        cmocka_unit_test(damage_in_records),
    };
    struct snapshot *snapshot = sample_snapshot();
    sample = saved_json(snapshot);
    snapshot_free(snapshot);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(sample.text);
    return failed;
}
