/* SPDX-License-Identifier: MIT */
/* Reading smaps: what the kernel writes, also in cases that this machine does not have. */
#include "unit.h"

#include "sys/linux/residency.h"

#include <sys/mman.h>

enum { N_CLAIMS = 4 };

struct reading {
    struct sys_residency found;
    struct residency_libc libc;
    struct sys_claim claims[N_CLAIMS];
    uint64_t claimed[N_CLAIMS];
};

/* Read a text. The claims are set by the test, sorted by address. */
static void read_text(struct reading *reading, const char *text) {
    int fd = memfd_create("smaps", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    reading->found.claims = reading->claims;
    for (size_t i = 0; i < N_CLAIMS; i++) {
        reading->claims[i].resident = &reading->claimed[i];
    }
    residency_read(fd, &reading->found, &reading->libc);
    close(fd);
}

#define KB * (uint64_t)1024
#define ANON " rw-p 00000000 00:00 0 \n"
#define NONE " ---p 00000000 00:00 0 \n"
#define RSS(kilobytes) "Size: 9999999 kB\nRss: " #kilobytes " kB\nVmFlags: rd wr\n"

static void kinds(void **state) {
    (void)state;
    struct reading reading = {
        .found = {.first_start = 0x10000000, .first_end = 0x20000000,
                  .second_start = 0x20000000, .second_end = 0x30000000},
    };
    read_text(&reading,
              "10000000-10001000" ANON RSS(1)
              "20000000-20001000" ANON RSS(2)
              "55a000000000-55a000001000 r-xp 00000000 fe:00 77   /usr/bin/a [b] c\n" RSS(4)
              "55a000010000-55a000031000 rw-p 00000000 00:00 0    [heap]\n" RSS(8)
              "7f0000000000-7f0000001000 rw-s 00000000 00:01 5    /memfd:ring (deleted)\n" RSS(16)
              "7f0000002000-7f0000003000 rw-s 00000000 00:01 6    /SYSV00000000 (deleted)\n" RSS(32)
              "7f0000004000-7f0000005000 rw-s 00000000 00:18 7    /dev/shm/board\n" RSS(64)
              "7f0000006000-7f0000007000 rw-p 00000000 00:00 0    [anon:stacks of mine]\n" RSS(128)
              "7f0000008000-7f0000009000 rw-s 00000000 00:01 8    [anon_shmem:ring]\n" RSS(256)
              "7f000000a000-7f000000b000 rw-s 00000000 00:01 9    /dev/zero (deleted)\n" RSS(512)
              "7f000000c000-7f000000d000" ANON RSS(1024)
              "7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0    [stack]\n" RSS(2048)
              "7ffd00040000-7ffd00042000 r-xp 00000000 00:00 0    [vdso]\n" RSS(4096));
    assert_int_equal(reading.found.first, 1 KB);
    assert_int_equal(reading.found.second, 2 KB);
    assert_int_equal(reading.found.files, (4 + 4096) KB);
    assert_int_equal(reading.found.libc_heap, 8 KB);
    assert_int_equal(reading.found.named, (16 + 32 + 64 + 128 + 256) KB);
    assert_int_equal(reading.found.anonymous, (512 + 1024) KB);
    assert_int_equal(reading.found.stack, 2048 KB);
    assert_int_equal(reading.found.total, 8191 KB);
    assert_int_equal(reading.libc.heap_bytes, 0x21000);
    assert_int_equal(reading.libc.private_bytes, 1024 KB); /* shared memory is no malloc's */
    assert_int_equal(reading.libc.arena_bytes, 0);
}

static void claims(void **state) {
    (void)state;
    struct reading reading = {
        .found = {.n_claims = 4},
        .claims = {
            {.start = 0x100000, .end = 0x200000},                           /* nothing is there */
            {.start = 0x200000, .end = 0x400000},                           /* over two mappings */
            {.start = 0x400000, .end = 0x600000, .in_last_mapping = true},  /* ends in a gap */
            {.start = 0x600000, .end = 0x800000, .in_last_mapping = true},  /* the second only */
        },
    };
    read_text(&reading,
              "200000-300000" ANON RSS(1)
              "300000-400000 rw-p 00000000 00:00 0    [anon:index]\n" RSS(2)
              "400000-500000" ANON RSS(4)
              "600000-700000" ANON RSS(8)
              "700000-800000" ANON RSS(16)
              "800000-900000 r--p 00000000 fe:00 77   /usr/bin/a\n" RSS(32));
    assert_int_equal(reading.claimed[0], 0);
    assert_int_equal(reading.claimed[1], 3 KB);
    assert_int_equal(reading.claimed[2], 0);
    assert_int_equal(reading.claimed[3], 16 KB);
    assert_int_equal(reading.found.anonymous, 12 KB);
    assert_int_equal(reading.found.named, 0);
    assert_int_equal(reading.found.total, 63 KB);
}

/* libc's arenas, in pieces of 64 MiB: used part, rest. */
static void arenas(void **state) {
    (void)state;
    struct reading reading = {0};
    read_text(&reading,
              "7f0000000000-7f0000100000" ANON RSS(1) /* one */
              "7f0000100000-7f0004000000" NONE RSS(0)
              "7f0004000000-7f0008000000" ANON RSS(2) /* used to its end */
              "7f0008000000-7f0008100000" ANON RSS(4) /* the rest is missing: another's */
              "7f000c000000-7f000c100000" ANON RSS(8) /* the rest is too short */
              "7f000c100000-7f000f000000" NONE RSS(0)
              "7f0010001000-7f0010100000" ANON RSS(16) /* not aligned */
              "7f0010100000-7f0014000000" NONE RSS(0)
              "7f0014000000-7f0014100000" ANON RSS(32) /* followed by something with a name */
              "7f0014100000-7f0018000000 ---p 00000000 fe:00 77   /usr/bin/a\n" RSS(0));
    assert_int_equal(reading.libc.arena_bytes, 3 KB);
    assert_int_equal(reading.libc.private_bytes, 63 KB);
    assert_int_equal(reading.found.anonymous, 63 KB);
}

/* While others allocate, mappings grow and shrink between two lines. */
static void changes_meanwhile(void **state) {
    (void)state;
    struct reading reading = {0};
    read_text(&reading,
              "7f0000000000-7f0000100000" ANON RSS(1)
              "7f0000000000-7f0000200000" ANON RSS(2) /* has grown: the same again */
              "7f0000200000-7f0004000000" NONE RSS(0)
              "7f0004000000-7f0004200000" ANON RSS(4)
              "7f0004100000-7f0008000000" NONE RSS(0) /* has shrunk */
              "7f0008000000-7f0008100000" ANON RSS(8)
              "7f0008200000-7f000c000000" NONE RSS(0) /* has grown, unseen */
              "7f000c000000-7f000c100000" ANON RSS(16));
    assert_int_equal(reading.found.total, 29 KB);
    assert_int_equal(reading.found.anonymous, 29 KB);
    assert_int_equal(reading.libc.arena_bytes, 13 KB);
}

static void odd_texts(void **state) {
    (void)state;
    struct reading reading = {0};
    read_text(&reading, "");
    assert_int_equal(reading.found.total, 0);
    read_text(&reading, "Rss: 4 kB\n-\n12-\nRss:\n12\nabc\n");
    assert_int_equal(reading.found.first + reading.found.second, 0);
    assert_int_equal(reading.found.total, 0); /* of no mapping */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),
        cmocka_unit_test(claims),
        cmocka_unit_test(arenas),
        cmocka_unit_test(changes_meanwhile),
        cmocka_unit_test(odd_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
