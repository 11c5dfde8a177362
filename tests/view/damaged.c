/* SPDX-License-Identifier: MIT */
/* Whatever a process publishes, the reader answers or refuses: it neither crashes nor hangs.
 *
 * The test's own books are read through a source that changes bytes on the way. */
#include "unit.h"

#include "rng.h"
#include "scale.h"
#include "threads.h"

#include "self.h"
#include <mempool/account.h>
#include <mempool/observe.h>
#include "view/layout.h"

enum { N_ROUNDS = 3000, SECONDS_MAX = 60 };

static struct view_source real;
static struct rng rng;
static unsigned per_mille; /* of reads that are damaged */
static int fails_from;     /* reads from this one on fail; 0: none */
static int n_reads;
static uint64_t head_start; /* a damaged header is refused at once: let it mostly pass */

static int read_damaged(struct view_source *source, uint64_t address, void *into, size_t n) {
    (void)source;
    int result = real.read(&real, address, into, n);
    n_reads++;
    if (fails_from != 0 && n_reads >= fails_from) {
        return -EIO;
    }
    if (result != 0 || n == 0 || address == head_start || rng_below(&rng, 1000) >= per_mille) {
        return result;
    }
    unsigned char *bytes = into;
    switch (rng_below(&rng, 4)) {
    case 0:
        bytes[rng_below(&rng, n)] ^= (unsigned char)(1 << rng_below(&rng, 8));
        break;
    case 1:
        memset(bytes, rng_chance(&rng, 50) ? 0xff : 0, n);
        break;
    case 2:
        for (size_t i = rng_below(&rng, n); i < n; i++) {
            bytes[i] = (unsigned char)rng_next(&rng);
        }
        break;
    default:
        /* an address of something else */
        if (n >= sizeof real.header) {
            uint64_t other = real.header + (rng_below(&rng, 1 << 20) & ~(uint64_t)7);
            memcpy(bytes + (rng_below(&rng, n - 7) & ~(size_t)7), &other, sizeof other);
        }
    }
    return 0;
}

static void use(const struct snapshot *snapshot) {
    size_t length = strlen(snapshot->program) + strlen(snapshot->version);
    for (size_t i = 0; i < snapshot->n_pools; i++) {
        length += strlen(snapshot->pools[i].name);
        assert_true(snapshot->pools[i].component < (int32_t)snapshot->n_components);
    }
    for (size_t i = 0; i < snapshot->n_accounts; i++) {
        length += strlen(snapshot->accounts[i].type);
        assert_in_range(snapshot->accounts[i].component, 0, snapshot->n_components - 1);
    }
    for (size_t i = 0; i < snapshot->n_components; i++) {
        length += strlen(snapshot->components[i].name);
        assert_true(snapshot->components[i].parent < (int32_t)i);
    }
    for (size_t i = 0; i < snapshot->n_threads; i++) {
        length += strlen(snapshot->threads[i].name);
    }
    for (size_t i = 0; i < snapshot->n_groups; i++) {
        const struct snapshot_group *group = &snapshot->groups[i];
        length += strlen(group->what) + strlen(group->symbol);
        assert_true(group->pool < (int32_t)snapshot->n_pools);
        assert_true(group->account < (int32_t)snapshot->n_accounts);
    }
    for (size_t i = 0; i < snapshot->n_stacks; i++) {
        const struct snapshot_stack *stack = &snapshot->stacks[i];
        length += strlen(stack->what) + stack->n_frames;
        assert_true(stack->n_frames <= SNAPSHOT_FRAMES);
        assert_true(stack->pool < (int32_t)snapshot->n_pools);
        assert_true(stack->account < (int32_t)snapshot->n_accounts);
    }
    assert_true(length < SIZE_MAX);
}

/* True: there was one. */
static bool take_damaged(void) {
    struct view_source source = {.read = read_damaged, .header = real.header};
    struct snapshot_options options = {.want = SNAPSHOT_WANT_GROUPS | SNAPSHOT_WANT_STACKS |
                                              SNAPSHOT_WANT_OBJECTS};
    struct snapshot_error error;
    struct snapshot *snapshot = NULL;
    n_reads = 0;
    int result = snapshot_take(&snapshot, &source, &options, &error);
    if (result != 0) {
        assert_true(result < 0 && error.code == result && error.text[0] != '\0');
        assert_null(snapshot);
        return false;
    }
    use(snapshot);
    snapshot_free(snapshot);
    return true;
}

static void damage_is_survived(void **state) {
    (void)state;
    static const unsigned rates[] = {2, 20, 200};
    time_t end = time(NULL) + SECONDS_MAX / 2;
    size_t n_taken = 0, n_refused = 0;
    head_start = real.header;
    for (size_t i = 0; i < test_scaled(N_ROUNDS) && time(NULL) < end; i++) {
        per_mille = rates[i % 3];
        if (take_damaged()) {
            n_taken++;
        } else {
            n_refused++;
        }
    }
    assert_true(n_taken > 0 && n_refused > 0);
}

/* A sum that fits what was damaged. */
static void sum_again(struct publication *head) {
    const unsigned char *bytes = (const unsigned char *)head;
    size_t n = head->bytes < PUBLICATION_BYTES ? head->bytes : PUBLICATION_BYTES;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    head->checksum = 0;
    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    head->checksum = hash;
}

/* The header and its tables, too. */
static int read_own(struct view_source *source, uint64_t address, void *into, size_t n) {
    static char published[PUBLICATION_BYTES];
    (void)source;
    struct publication *head = (struct publication *)(void *)published;
    if (address != real.header) {
        return real.read(&real, address, into, n);
    }
    if (n == sizeof *head) {
        assert_int_equal(real.read(&real, address, published, sizeof published), 0);
        size_t bytes = head->bytes;
        for (uint64_t i = rng_below(&rng, 4); i < 5; i++) {
            published[rng_below(&rng, bytes)] ^= (char)(1 << rng_below(&rng, 8));
        }
        sum_again(head);
    }
    memcpy(into, published, n);
    return 0;
}

static void damaged_headers_are_survived(void **state) {
    (void)state;
    time_t end = time(NULL) + SECONDS_MAX / 2;
    size_t n_refused = 0;
    for (size_t i = 0; i < test_scaled(N_ROUNDS) && time(NULL) < end; i++) {
        struct view_source source = {.read = read_own, .header = real.header};
        struct snapshot_options options = {.want = SNAPSHOT_WANT_GROUPS | SNAPSHOT_WANT_STACKS |
                                              SNAPSHOT_WANT_OBJECTS};
        struct snapshot_error error;
        struct snapshot *snapshot = NULL;
        if (snapshot_take(&snapshot, &source, &options, &error) == 0) {
            use(snapshot);
            snapshot_free(snapshot);
        } else {
            n_refused++;
        }
    }
    assert_true(n_refused > 0);
}

/* ---- what is made to overflow ---------------------------------------------------------------- */

static struct layout sound; /* the real one */
static bool is_huge_asked;

/* Tallies' places of half of all addresses; how many bytes there are is told behind a thread. */
static void craft(struct publication *head) {
    struct publication_number *numbers =
        (struct publication_number *)(void *)((char *)head + head->numbers);
    struct publication_field *fields =
        (struct publication_field *)(void *)((char *)head + head->fields);
    for (uint32_t i = 0; i < head->n_numbers; i++) {
        if (strcmp(numbers[i].name, "place_shift") == 0) {
            numbers[i].value = 63;
        }
    }
    for (uint32_t i = 0; i < head->n_fields; i++) {
        if (strcmp(fields[i].structure, "thread") == 0 && fields[i].field[0] == '\0') {
            fields[i].bytes = sound.sizes[SIZE_thread] + (uint32_t)sizeof(uint64_t);
        }
        if (strcmp(fields[i].structure, "thread") == 0 &&
            strcmp(fields[i].field, "tally_bytes") == 0) {
            fields[i].offset = sound.sizes[SIZE_thread];
            fields[i].bytes = sizeof(uint64_t);
        }
    }
    sum_again(head);
}

/* One account: twice the bytes of its place are none. */
static int read_crafted(struct view_source *source, uint64_t address, void *into, size_t n) {
    static _Alignas(uint64_t) char published[PUBLICATION_BYTES];
    const uint64_t one = 1, half = UINT64_C(1) << 63;
    (void)source;
    if (n > SIZE_MAX / 4) {
        is_huge_asked = true;
        return -EIO;
    }
    if (address == real.header) {
        assert_int_equal(real.read(&real, address, published, sizeof published), 0);
        craft((struct publication *)(void *)published);
        memcpy(into, published, n);
        return 0;
    }
    int result = real.read(&real, address, into, n);
    if (result == 0 && address == sound.roots[ROOT_OF_n_accounts]) {
        memcpy(into, &one, sizeof one);
    }
    if (result == 0 && n == sound.sizes[SIZE_thread] + sizeof half) {
        memcpy((char *)into + sound.sizes[SIZE_thread], &half, sizeof half);
    }
    return result;
}

static void sizes_do_not_wrap(void **state) {
    (void)state;
    struct view_memory memory = {.newest = NULL};
    struct view_source source = {.read = read_crafted, .header = real.header};
    struct snapshot_options options = {.want = 0};
    struct snapshot_error error;
    struct snapshot *snapshot = NULL;
    assert_int_equal(layout_read(&sound, &real, &memory, &error), 0);
    view_give_all(&memory);
    int result = snapshot_take(&snapshot, &source, &options, &error);
    assert_false(is_huge_asked);
    assert_int_equal(result, -EBADMSG);
}

/* ---- what is made to take long --------------------------------------------------------------- */

/* As many as are believed; where time counts many times fewer, which would not take hours. */
enum { SAMPLES_PLAIN = 1 << 20, SAMPLES_WATCHED = 1 << 14 };

static uint32_t n_samples;
static const uint64_t samples_start = UINT64_C(1) << 62; /* where nothing else is */
static size_t n_sampled;                                 /* samples that were read */
static uint64_t (*object_of)(uint64_t number);

static uint64_t same_object(uint64_t number) {
    (void)number;
    return 0x1000;
}

/* What multiplies to a number below 1 << 32 in the hash of view/index.c, whose upper half counts:
 * the second factor is the inverse of its own. */
static uint64_t same_place(uint64_t number) {
    return (number * UINT64_C(0xf1de83e19937733d)) << 3;
}

/* A table of as many samples as are believed. */
static int read_sampled(struct view_source *source, uint64_t address, void *into, size_t n) {
    size_t bytes = sound.sizes[SIZE_sample];
    uint32_t used = n_samples;
    (void)source;
    if (address >= samples_start) {
        memset(into, 0, n);
        for (size_t i = 0; i < n / bytes; i++) {
            uint64_t object = object_of((address - samples_start) / bytes + i);
            memcpy((char *)into + i * bytes + sound.fields[FIELD_sample_object].offset, &object,
                   sizeof object);
            n_sampled++;
        }
        return 0;
    }
    int result = real.read(&real, address, into, n);
    if (result == 0 && n == sound.sizes[SIZE_sample_table]) {
        memcpy((char *)into + sound.fields[FIELD_sample_table_samples].offset, &samples_start,
               sizeof samples_start);
        memcpy((char *)into + sound.fields[FIELD_sample_table_samples_used].offset, &used,
               sizeof used);
    }
    return result;
}

static void samples_take_no_time(void **state) {
    (void)state;
    static uint64_t (*const objects_of[])(uint64_t number) = {same_object, same_place};
    struct view_memory memory = {.newest = NULL};
    struct view_source source = {.read = read_sampled, .header = real.header};
    struct snapshot_options options = {.want = SNAPSHOT_WANT_OBJECTS};
    struct snapshot_error error;
    assert_int_equal(layout_read(&sound, &real, &memory, &error), 0);
    assert_int_equal(sound.fields[FIELD_sample_table_samples_used].bytes, sizeof(uint32_t));
    n_samples = test_runtime_is_plain() ? SAMPLES_PLAIN : SAMPLES_WATCHED;
    view_give_all(&memory);
    for (size_t i = 0; i < 2; i++) {
        struct snapshot *snapshot = NULL;
        object_of = objects_of[i];
        n_sampled = 0;
        watchdog_set(test_runtime_is_plain() ? SECONDS_MAX : 0); /* hours, else */
        assert_int_equal(snapshot_take(&snapshot, &source, &options, &error), 0);
        watchdog_set(0);
        assert_int_equal(n_sampled, n_samples + 1);
        snapshot_free(snapshot);
    }
}

/* Every read fails in turn. */
static void failing_reads_are_said(void **state) {
    (void)state;
    per_mille = 0;
    bool taken = false;
    for (fails_from = 1; !taken; fails_from++) {
        taken = take_damaged();
        assert_true(taken || n_reads >= fails_from);
    }
    assert_true(fails_from > 20);
    fails_from = 0;
}

static void a_wrong_sum_is_refused(void **state) {
    (void)state;
    struct view_source source = {.read = read_damaged, .header = real.header};
    struct snapshot_options options = {.want = 0};
    struct snapshot_error error;
    struct snapshot *snapshot = NULL;
    per_mille = 1000;
    head_start = 0;
    assert_int_equal(snapshot_take(&snapshot, &source, &options, &error), -EBADMSG);
    head_start = real.header;
}

void *objects[100]; /* where a sanitizer finds them */

static void *hold(void *pool) {
    void *object = mempool_get(pool);
    mempool_put(mempool_get(pool));
    return object;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_sum_is_refused),
        cmocka_unit_test(failing_reads_are_said),
        cmocka_unit_test(sizes_do_not_wrap),
        cmocka_unit_test(samples_take_no_time),
        cmocka_unit_test(damage_is_survived),
        cmocka_unit_test(damaged_headers_are_survived),
    };
    rng.state = rng_seed();
    mempool_misuse_sink_set(-1);
    CHECK_EQUAL(mempool_sample_stacks(200), 0);
    for (int i = 0; i < 40; i++) {
        struct mempool *pool = pool_of((size_t)i * 24 + 1);
        thread_run(hold, pool);
        (void)hold(pool);
        if (i % 10 == 0) {
            (void)mempool_destroy(pool);
        }
    }
    struct mempool *heap = pool_of_options(
        &POOL_OPTIONS(.object_bytes = 70, .count = 1, .on_empty = MEMPOOL_HEAP));
    for (int i = 0; i < 100; i++) {
        objects[i] = mempool_get(heap);
        struct mempool_component *component = mempool_component_create("part", NULL);
        (void)mempool_component_enter(component);
        CHECK(mempool_malloc((size_t)i * 50, "text") != NULL);
    }
    CHECK(view_source_self(&real));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
