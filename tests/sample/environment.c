/* SPDX-License-Identifier: MIT */
/* MEMPOOL_SAMPLE_BYTES: numbers with and without a unit; what is none is told. */
#include "unit.h"

#include "child.h"
#include "samples.h"

#include <mempool/observe.h>

struct setting {
    const char *text; /* NULL: unset */
    uint64_t mean;
    bool is_bad;
};

static int make_a_pool(void *argument) {
    const struct setting *setting = argument;
    mempool_misuse_sink_set(-1);
    CHECK(setting->text == NULL ? unsetenv("MEMPOOL_SAMPLE_BYTES") == 0
                                : setenv("MEMPOOL_SAMPLE_BYTES", setting->text, 1) == 0);
    struct mempool *pool = pool_of(100);
    CHECK_EQUAL(load_relaxed(&sample_mean_bytes), setting->mean);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_BAD_SETTING), setting->is_bad);
    void *object = mempool_get(pool);
    CHECK(setting->mean > 1 || is_sample(object) == (setting->mean == 1)); /* above, by chance */
    CHECK((samples_table() != NULL) == (setting->mean != 0));
    mempool_put(object);
    /* The call has the last word. */
    CHECK_EQUAL(mempool_sample_stacks(MEMPOOL_SAMPLE_DEFAULT), 0);
    (void)pool_of(200);
    CHECK_EQUAL(load_relaxed(&sample_mean_bytes), 512 << 10);
    return 0;
}

static void settings(void **state) {
    (void)state;
    const struct setting all[] = {
        {NULL, 0, false},       {"0", 0, false},
        {"1", 1, false},        {"65536", 65536, false},
        {"512K", 512 << 10, false}, {"3M", 3 << 20, false},
        {"4G", SAMPLE_MEAN_MAX, false}, {"4294967296", SAMPLE_MEAN_MAX, false},
        {"", 0, true},          {"K", 0, true},
        {"5G", 0, true},        {"4294967297", 0, true},
        {"1KB", 0, true},       {"-1", 0, true},
        {"1 ", 0, true},        {"123456789012345678901234567890", 0, true},
        {"yes", 0, true},       {"99999999999999999999G", 0, true},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct setting one = all[i];
        print_message("%s\n", one.text != NULL ? one.text : "(unset)");
        assert_int_equal(child_status(make_a_pool, &one), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
