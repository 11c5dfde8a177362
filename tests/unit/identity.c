/* SPDX-License-Identifier: MIT */
/* Names of pools, mempool_new, and the library's version. */
#include "unit.h"

struct inode {
    char bytes[200];
};

struct wide {
    _Alignas(256) char bytes[300];
};

static void destroy_clean(struct mempool *pool) {
    assert_int_equal(mempool_destroy(pool), 0);
}

static void name_is_component_and_type(void **state) {
    (void)state;
    struct mempool *pool = pool_of(64);
    assert_string_equal(pool_stats(pool).name, "test:thing");
    destroy_clean(pool);
}

static void defaults_stand_in_for_missing_names(void **state) {
    (void)state;
    struct mempool *pool = pool_of_options(&(struct mempool_options){
        .struct_size = sizeof(struct mempool_options), .object_bytes = 64});
    char expected[MEMPOOL_NAME_BYTES];
    snprintf(expected, sizeof expected, "%s:unnamed", program_invocation_short_name);
    assert_string_equal(pool_stats(pool).name, expected);
    destroy_clean(pool);
}

static void names_are_copied(void **state) {
    (void)state;
    char name[] = "first", component[] = "second";
    struct mempool_options options = POOL_OPTIONS(.object_bytes = 64);
    options.name = name;
    options.component = component;
    struct mempool *pool = pool_of_options(&options);
    memset(name, 'x', sizeof name - 1);
    memset(component, 'x', sizeof component - 1);
    assert_string_equal(pool_stats(pool).name, "second:first");
    destroy_clean(pool);
}

static void long_names_are_cut(void **state) {
    (void)state;
    char name[4 * MEMPOOL_NAME_BYTES], expected[sizeof name + sizeof "test:"];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct mempool *pool = pool_of_options(&NAMED_POOL_OPTIONS(name, .object_bytes = 64));
    struct mempool_stats stats = pool_stats(pool);
    snprintf(expected, sizeof expected, "test:%s", name);
    assert_int_equal(stats.name[MEMPOOL_NAME_BYTES - 1], '\0');
    assert_true(strlen(stats.name) > MEMPOOL_NAME_BYTES / 2);
    assert_int_equal(strncmp(stats.name, expected, strlen(stats.name)), 0);
    struct mempool_description description = address_description(pool);
    assert_string_equal(description.pool_name, "");
    void *object = mempool_get(pool);
    assert_string_equal(address_description(object).pool_name, stats.name);
    mempool_put(object);
    destroy_clean(pool);
}

static void two_pools_may_share_a_name(void **state) {
    (void)state;
    struct mempool *pool = pool_of(64), *other = pool_of(64);
    assert_ptr_not_equal(pool, other);
    void *object = mempool_get(pool);
    assert_ptr_equal(mempool_of(object), pool);
    assert_int_equal(pool_stats(other).hot, 0);
    mempool_put(object);
    destroy_clean(pool);
    destroy_clean(other);
}

static void new_takes_all_from_the_type(void **state) {
    (void)state;
    struct mempool *inodes = mempool_new(struct inode, 10), *wides = mempool_new(struct wide, 0);
    assert_non_null(inodes);
    assert_non_null(wides);
    char expected[MEMPOOL_NAME_BYTES];
    snprintf(expected, sizeof expected, "%s:struct inode", program_invocation_short_name);
    struct mempool_stats stats = pool_stats(inodes);
    assert_string_equal(stats.name, expected);
    assert_int_equal(stats.object_bytes, sizeof(struct inode));
    assert_int_equal(stats.count, 10);
    assert_true(stats.cold >= 10);
    struct wide *wide = mempool_get(wides);
    assert_non_null(wide);
    assert_int_equal((uintptr_t)wide % 256, 0);
    assert_int_equal(pool_stats(wides).object_bytes, sizeof(struct wide));
    mempool_put(wide);
    destroy_clean(inodes);
    destroy_clean(wides);
}

static void typed_without_name(void **state) {
    (void)state;
    struct mempool *pool = mempool_create_typed(64, 64, NULL, 0);
    assert_non_null(pool);
    assert_non_null(strstr(pool_stats(pool).name, ":unnamed"));
    destroy_clean(pool);
}

static void version_is_the_headers(void **state) {
    (void)state;
    char expected[32];
    snprintf(expected, sizeof expected, "%d.%d.%d", MEMPOOL_VERSION_MAJOR, MEMPOOL_VERSION_MINOR,
             MEMPOOL_VERSION_PATCH);
    assert_string_equal(MEMPOOL_VERSION, expected);
    assert_string_equal(mempool_version(), MEMPOOL_VERSION);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_is_component_and_type),
        cmocka_unit_test(defaults_stand_in_for_missing_names),
        cmocka_unit_test(names_are_copied),
        cmocka_unit_test(long_names_are_cut),
        cmocka_unit_test(two_pools_may_share_a_name),
        cmocka_unit_test(new_takes_all_from_the_type),
        cmocka_unit_test(typed_without_name),
        cmocka_unit_test(version_is_the_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
