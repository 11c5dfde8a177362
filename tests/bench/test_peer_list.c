/* SPDX-License-Identifier: MIT */
/* The list of allocators: names, choice, libraries given by hand. */
#include "bench/peer_list.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct peer_list list;

static int begin(void **state) {
    (void)state;
    peer_list_init(&list);
    return 0;
}

static void test_known(void **state) {
    (void)state;
    assert_int_equal(peer_list_find(&list, "mempool"), PEER_OURS);
    assert_true(peer_list_find(&list, "jemalloc") > 0);
    assert_int_equal(peer_list_find(&list, "nothing"), -1);
}

static void test_choose(void **state) {
    (void)state;
    assert_null(peer_list_choose(&list, "classic,glibc"));
    assert_int_equal(list.n, 3);
    /* Ours first, the others in the order of the list, not of the words. */
    assert_string_equal(list.peers[0].name, "mempool");
    assert_string_equal(list.peers[1].name, "glibc");
    assert_string_equal(list.peers[2].name, "classic");
}

static void test_choose_unknown(void **state) {
    (void)state;
    size_t before = list.n;
    assert_string_equal(peer_list_choose(&list, "glibc,hoard,classic"), "hoard");
    assert_string_equal(peer_list_choose(&list, "glib"), "glib");
    /* Longer than any name, and not cut to one that is known. */
    char name[300];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_non_null(peer_list_choose(&list, name));
    assert_int_equal(list.n, before);
}

static void test_library_of_known(void **state) {
    (void)state;
    size_t before = list.n;
    assert_int_equal(peer_list_library(&list, "jemalloc=/opt/libjemalloc.so.2"), 0);
    assert_int_equal(list.n, before);
    assert_string_equal(list.peers[peer_list_find(&list, "jemalloc")].preload,
                        "/opt/libjemalloc.so.2");
}

static void test_library_of_new(void **state) {
    (void)state;
    assert_int_equal(peer_list_library(&list, "snmalloc=libsnmalloc.so"), 0);
    int place = peer_list_find(&list, "snmalloc");
    assert_int_equal(place, (int)list.n - 1);
    assert_string_equal(list.peers[place].preload, "libsnmalloc.so");
    assert_string_equal(list.peers[place].worker, "mempool-bench-malloc");
}

static void test_library_refused(void **state) {
    (void)state;
    assert_int_equal(peer_list_library(&list, "jemalloc"), -EINVAL);
    assert_int_equal(peer_list_library(&list, "=file"), -EINVAL);
    assert_int_equal(peer_list_library(&list, "jemalloc="), -EINVAL);
    assert_int_equal(peer_list_library(&list, "mempool=libx.so"), -EINVAL);
    assert_int_equal(peer_list_library(&list, "classic=libx.so"), -EINVAL);
    assert_int_equal(peer_list_library(&list, "a-name-that-is-much-too-long=libx.so"), -EINVAL);
}

static void test_library_room(void **state) {
    (void)state;
    char text[32];
    for (size_t i = list.n; i < PEERS_MAX; i++) {
        (void)snprintf(text, sizeof(text), "new%zu=libx.so", i);
        assert_int_equal(peer_list_library(&list, text), 0);
    }
    assert_int_equal(peer_list_library(&list, "last=libx.so"), -ENOSPC);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_known, begin),
        cmocka_unit_test_setup(test_choose, begin),
        cmocka_unit_test_setup(test_choose_unknown, begin),
        cmocka_unit_test_setup(test_library_of_known, begin),
        cmocka_unit_test_setup(test_library_of_new, begin),
        cmocka_unit_test_setup(test_library_refused, begin),
        cmocka_unit_test_setup(test_library_room, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
