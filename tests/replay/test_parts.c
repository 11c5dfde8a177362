/* SPDX-License-Identifier: MIT */
/* Small parts of the harness: medians, mapped memory, names. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "replay/contenders.h"
#include "replay/memory.h"
#include "replay/own_site.h"
#include "replay/registry.h"
#include "replay/resident.h"
#include "replay/spread.h"

static void expect_near(double found, double wanted) {
    if (found < wanted - 1e-9 || found > wanted + 1e-9) {
        fail_msg("%f, not %f", found, wanted);
    }
}

static void test_spread(void **state) {
    (void)state;
    double odd[] = {5, 1, 4, 2, 3};
    struct spread spread = spread_of(odd, 5);
    expect_near(spread.median, 3);
    expect_near(spread.low_quartile, 2);
    expect_near(spread.high_quartile, 4);
    expect_near(spread.min, 1);
    expect_near(spread.max, 5);
    expect_near(spread_relative(&spread), 2.0 / 3);
    double even[] = {40, 10, 20, 30};
    spread = spread_of(even, 4);
    expect_near(spread.median, 25);
    expect_near(spread.low_quartile, 17.5);
    expect_near(spread.high_quartile, 32.5);
    double one[] = {7};
    spread = spread_of(one, 1);
    expect_near(spread.median, 7);
    expect_near(spread.max, 7);
    expect_near(spread_relative(&spread), 0);
    double none[] = {0, 0};
    spread = spread_of(none, 2);
    expect_near(spread_relative(&spread), 0);
}

static size_t n_visited, visited_bytes;

static void visit_mapping(void *start, size_t bytes) {
    assert_int_equal((uintptr_t)start % 4096, 0);
    n_visited++;
    visited_bytes += bytes;
}

static void test_memory(void **state) {
    (void)state;
    struct replay_memory memory = {0};
    char *small[3000];
    for (size_t i = 0; i < 3000; i++) {
        small[i] = replay_memory_take(&memory, i % 300, 1);
        assert_non_null(small[i]);
        assert_int_equal((uintptr_t)small[i] % 64, 0);
        memset(small[i], (int)(i % 127) + 1, i % 300);
    }
    char *large = replay_memory_take(&memory, 1000, 1000);
    assert_non_null(large);
    assert_int_equal(large[0], 0);
    assert_int_equal(large[999999], 0);
    memset(large, 1, 1000000);
    char *fresh = replay_memory_take(&memory, 100, 1);
    assert_int_equal(fresh[0], 0);
    for (size_t i = 0; i < 3000; i++) {
        for (size_t at = 0; at < i % 300; at++) {
            assert_int_equal(small[i][at], (char)((i % 127) + 1));
        }
    }
    errno = 0;
    assert_null(replay_memory_take(&memory, SIZE_MAX / 2, 3));
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    assert_null(replay_memory_take(&memory, SIZE_MAX - 10, 1));
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    assert_null(replay_memory_take(&memory, (SIZE_MAX >> 2) & ~(size_t)0xfff, 1));
    assert_int_equal(errno, ENOMEM);
    replay_memory_each(&memory, visit_mapping);
    assert_true(n_visited > 2 && visited_bytes >= 1000000 + 3000 * 64);
    replay_memory_release(&memory);
    assert_null(memory.blocks);
    n_visited = 0;
    replay_memory_each(&memory, visit_mapping);
    assert_int_equal(n_visited, 0);
    replay_memory_release(&memory);
}

/* What is touched counts, what is only reserved does not. */
static void test_resident_now(void **state) {
    (void)state;
    enum { BYTES = 32 << 20 };
    struct replay_memory memory = {0};
    bool is_exact;
    uint64_t before = resident_now(&is_exact);
    assert_true(before > 0);
    char *block = replay_memory_take(&memory, BYTES, 1);
    assert_non_null(block);
    uint64_t reserved = resident_now(&is_exact);
    assert_true(reserved < before + BYTES / 2);
    memset(block, 1, BYTES);
    uint64_t touched = resident_now(&is_exact);
    assert_true(touched >= before + BYTES - (1 << 20));
    replay_memory_release(&memory);
    assert_true(resident_now(&is_exact) < touched - BYTES / 2);
}

static void test_contender_names(void **state) {
    (void)state;
    assert_ptr_equal(contender_by_name("mempool"), &contender_mempool);
    assert_ptr_equal(contender_by_name("harness"), &contender_harness);
    assert_null(contender_by_name("mallo"));
    assert_null(contender_by_name(""));
    assert_ptr_equal(contender_at(0), &contender_mempool);
    assert_null(contender_at(4));
}

static void test_registry(void **state) {
    (void)state;
    struct registry registry = {.n = 0};
    void **first = registry_find(&registry, "name", 4);
    assert_null(*first);
    *first = &registry;
    /* Its length belongs to a name. */
    assert_null(*registry_find(&registry, "names", 5));
    assert_null(*registry_find(&registry, "nam", 3));
    assert_null(*registry_find(&registry, "", 0));
    assert_ptr_equal(registry_find(&registry, "names", 4), first);
    assert_ptr_equal(*first, &registry);
    assert_int_equal(registry.n, 4);
    replay_memory_release(&registry.memory);
    struct site_name parts = site_name_split("one:two:three");
    assert_int_equal(parts.component_bytes, 3);
    assert_string_equal(parts.type, "two:three");
    parts = site_name_split("alone");
    assert_int_equal(parts.component_bytes, 0);
    assert_string_equal(parts.type, "alone");
}

/* A block's component and type are those of its site, whichever was entered before. */
static void test_own_sites(void **state) {
    (void)state;
    struct replay_worker worker = {.own = NULL};
    struct own_site *text = own_site_create("first:text");
    struct own_site *node = own_site_create("first:node");
    struct own_site *other = own_site_create("second:text");
    struct own_site *none = own_site_create("text");
    assert_ptr_equal(own_site_create("first:text"), text);
    assert_ptr_equal(text->component, node->component);
    assert_ptr_not_equal(text->component, other->component);
    assert_ptr_equal(text->type, other->type);
    assert_null(none->component);
    struct own_site *const sites[] = {text, node, other, none, text};
    for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++) {
        void *block =
            i % 2 ? own_site_calloc(&worker, sites[i], 10) : own_site_malloc(&worker, sites[i], 10);
        struct mempool_block told = {.struct_size = sizeof(told)};
        assert_int_equal(mempool_block_describe(block, &told), 0);
        assert_ptr_equal(told.component,
                         sites[i] == none ? mempool_component_process() : sites[i]->component);
        assert_ptr_equal(told.type, sites[i]->type);
        mempool_free(block);
    }
    mempool_component_enter(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spread),       cmocka_unit_test(test_memory),
        cmocka_unit_test(test_resident_now), cmocka_unit_test(test_contender_names),
        cmocka_unit_test(test_registry),     cmocka_unit_test(test_own_sites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
