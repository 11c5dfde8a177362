/* SPDX-License-Identifier: MIT */
/* The shape of slabs, for every size that is interesting and every alignment. */
#include "unit.h"

#include "rng.h"

#include "base/divide.h"
#include "slab/shape.h"
#include "vm/space.h"

enum {
    STRIDE_OF_ONE_CHUNK = 8 << 10, /* up to this: one chunk */
    STRIDE_OF_EIGHT = 64 << 10,    /* up to this: eight slots */
};

static void check_chunks(const struct shape *shape, size_t stride) {
    if (stride <= STRIDE_OF_ONE_CHUNK) {
        assert_int_equal(shape->chunks, 1);
        assert_int_equal(shape->slots, CHUNK_BYTES / stride);
    } else if (stride <= STRIDE_OF_EIGHT) {
        assert_true(shape->slots >= 8 && (shape->slots - 8) * stride < CHUNK_BYTES);
    } else {
        assert_int_equal(shape->slots, 1);
        assert_true((size_t)(shape->chunks - 1) * CHUNK_BYTES < stride);
    }
}

static void check_shape(size_t object_bytes, size_t align) {
    struct shape shape;
    shape_init(&shape, object_bytes, align, SHAPE_PLAIN);
    size_t unit = align < SLOT_ALIGN_MIN ? SLOT_ALIGN_MIN : align;
    size_t bytes = shape_slab_bytes(&shape);
    assert_int_equal(shape.object_bytes, object_bytes);
    assert_int_equal(shape.stride % unit, 0);
    assert_true(shape.stride >= object_bytes && shape.stride - object_bytes < unit);
    assert_int_equal(bytes, (size_t)shape.chunks * CHUNK_BYTES);
    assert_true(shape.slots >= 1);
    size_t used = (size_t)shape.slots * shape.stride;
    assert_true(used <= bytes && bytes - used < shape.stride);
    /* every multiple of the stride inside the slab has a record */
    assert_int_equal(shape.records, shape.slots + (bytes > used ? 1 : 0));
    assert_true((bytes - used) * 8 <= bytes || shape.slots == 1);
    assert_int_equal(shape.reciprocal, reciprocal_of(shape.stride));
    check_chunks(&shape, shape.stride);
}

static void interesting_sizes(void **state) {
    (void)state;
    for (size_t align = 1; align <= MEMPOOL_ALIGN_MAX; align *= 2) {
        for (size_t bytes = 1; bytes <= 70000; bytes += bytes < 5000 ? 1 : 61) {
            check_shape(bytes, align);
        }
        for (size_t power = 1; power <= MEMPOOL_OBJECT_BYTES_MAX; power *= 2) {
            for (size_t bytes = power > 3 ? power - 3 : 1;
                 bytes <= power + 3 && bytes <= MEMPOOL_OBJECT_BYTES_MAX; bytes++) {
                check_shape(bytes, align);
            }
        }
    }
}

static void random_sizes(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    for (int i = 0; i < 100000; i++) {
        size_t bound = (size_t)1 << rng_below(&rng, 25);
        check_shape(1 + rng_below(&rng, bound), (size_t)1 << rng_below(&rng, 13));
    }
}

/* Some that are known, so that a change of the rules does not pass unseen. */
static void known_shapes(void **state) {
    (void)state;
    static const struct {
        size_t object_bytes, align;
        uint32_t stride, chunks, slots, records;
    } known[] = {
        {1, 16, 16, 1, 4096, 4096},
        {64, 16, 64, 1, 1024, 1024},
        {100, 16, 112, 1, 585, 586},
        {100, 64, 128, 1, 512, 512},
        {8192, 16, 8192, 1, 8, 8},
        {8193, 16, 8208, 2, 15, 16},
        {12120, 16, 12128, 2, 10, 11},
        {65536, 16, 65536, 8, 8, 8},
        {65537, 16, 65552, 2, 1, 2},
        {100000, 4096, 102400, 2, 1, 2},
        {MEMPOOL_OBJECT_BYTES_MAX, 4096, MEMPOOL_OBJECT_BYTES_MAX, 256, 1, 1},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct shape shape;
        shape_init(&shape, known[i].object_bytes, known[i].align, SHAPE_PLAIN);
        assert_int_equal(shape.stride, known[i].stride);
        assert_int_equal(shape.chunks, known[i].chunks);
        assert_int_equal(shape.slots, known[i].slots);
        assert_int_equal(shape.records, known[i].records);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interesting_sizes),
        cmocka_unit_test(random_sizes),
        cmocka_unit_test(known_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
