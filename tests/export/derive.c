/* SPDX-License-Identifier: MIT */
/* What formats tell of a pool beside its fields. */
#include "unit.h"

#include "export/derive.h"

static struct snapshot_component components[] = {
    {.name = "a", .generation = 1},
    {.name = "a:b", .generation = 3},
    {.name = "", .generation = 2},
};
static const struct snapshot snapshot = {.components = components, .n_components = 3};

static void check(const char *name, int32_t index, const char *component, const char *type,
                  uint32_t generation) {
    struct snapshot_pool pool = {.name = name, .component = index};
    size_t n;
    const char *found = derive_component(&snapshot, &pool, &n);
    assert_int_equal(n, strlen(component));
    assert_memory_equal(found, component, n);
    assert_string_equal(derive_type(&snapshot, &pool), type);
    assert_int_equal(derive_generation(&snapshot, &pool), generation);
}

static void names(void **state) {
    (void)state;
    check("a:frame", 0, "a", "frame", 1);
    check("a:frame", SNAPSHOT_NONE, "a", "frame", 0);
    check("a:b:frame", 1, "a:b", "frame", 3);
    check("a:b:frame", 0, "a", "b:frame", 1);
    check("a:b:frame", SNAPSHOT_NONE, "a", "b:frame", 0);
    check("heap:112", 1, "heap", "112", 0); /* charged to another than its name says */
    check("ab:frame", 0, "ab", "frame", 0);
    check(":frame", 2, "", "frame", 2);
    check("frame", 0, "", "frame", 0);
    check("frame", 2, "", "frame", 0);
    check("", SNAPSHOT_NONE, "", "", 0);
    check("a:", 0, "a", "", 1);
    check("a:frame", 3, "a", "frame", 0); /* no such component */
}

static void live(void **state) {
    struct snapshot_pool pool = {
        .hot = 3, .curr_stdalloc = 2, .object_bytes = 60, .padded_bytes = 64};
    (void)state;
    assert_int_equal(derive_live_objects(&pool), 5);
    assert_int_equal(derive_live_bytes(&pool), 300);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(live),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
