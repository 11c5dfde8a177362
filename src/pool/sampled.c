/* SPDX-License-Identifier: MIT */
/* Samples of gets. */
#include "pool/sampled.h"

#include "base/bits.h"
#include "base/text.h"
#include "misuse/report.h"
#include "pool/interrupting.h"
#include "pool/runtime.h"

#include <mempool/observe.h>

#include <errno.h>
#include <string.h>

enum { OWN_FRAMES = SYS_CALLS_MAX - SAMPLE_FRAMES }; /* the library's, inside the public function */

static _Atomic uint32_t environment_read, prepared;

void pool_sample_prepare(void) {
    uintptr_t frames[1];
    if (sample_is_on() && exchange_relaxed(&prepared, 1) == 0) {
        (void)sys_call_stack(frames, 1);
    }
}

static int turn(uint64_t mean_bytes) {
    sample_seed(sys_clock_ns() ^ (uint64_t)sys_process_id() << 32);
    return sample_turn(mean_bytes);
}

/* "65536", "512K", "1M", "1G"; false: no such number. */
static bool read_bytes(const char *text, uint64_t *ret) {
    uint64_t bytes = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && bytes <= SAMPLE_MEAN_MAX; at++) {
        bytes = bytes * 10 + (uint64_t)(*at - '0');
    }
    const char *unit = *at != '\0' ? strchr("KMG", *at) : NULL;
    if (unit != NULL && at > text && bytes <= SAMPLE_MEAN_MAX) {
        static const unsigned shifts[] = {10, 20, 30};
        bytes <<= shifts[*at == 'K' ? 0 : *at == 'M' ? 1 : 2];
        at++;
    }
    *ret = bytes;
    return at > text && *at == '\0' && bytes <= SAMPLE_MEAN_MAX;
}

void pool_sample_init(void) {
    if (exchange_relaxed(&environment_read, 1) != 0) {
        return;
    }
    const char *text = sys_environment("MEMPOOL_SAMPLE_BYTES");
    uint64_t mean_bytes = 0;
    if (text != NULL && !read_bytes(text, &mean_bytes)) {
        report_bad_setting(text, strlen(text));
        mean_bytes = 0;
    }
    if (mean_bytes != 0) {
        (void)turn(mean_bytes);
    }
}

MEMPOOL_API int mempool_sample_stacks(size_t mean_bytes) {
    int saved_errno = errno;
    int result = (uint64_t)mean_bytes <= SAMPLE_MEAN_MAX ? runtime_start() : -EINVAL;
    if (result == 0) {
        struct sys_signals before;
        sys_signals_block(&before);
        result = turn(mean_bytes);
        sys_signals_restore(&before);
        pool_sample_prepare();
    }
    errno = saved_errno;
    return result;
}

bool pool_sample_draw(const struct mempool *pool) {
    struct thread *thread = thread_current;
    return thread_attached(thread) && !pool_is_heap_class(pool) &&
           sample_one(&thread->random, (double)pool->depot.shape.object_bytes);
}

/* From the caller of the public function outward: how many. */
static uint32_t read_stack(uintptr_t ret[SYS_CALLS_MAX], uintptr_t site,
                           const uintptr_t **ret_first) {
    size_t n = sys_call_stack(ret, SYS_CALLS_MAX);
    size_t first = 0;
    while (first < n && first < OWN_FRAMES && ret[first] != site) {
        first++;
    }
    if (first == n || first == OWN_FRAMES) {
        ret[0] = site; /* all that is known */
        first = 0;
        n = 1;
    }
    *ret_first = ret + first;
    return (uint32_t)min_size(n - first, SAMPLE_FRAMES);
}

void pool_sample(struct sample_subject *subject, uintptr_t site) {
    uintptr_t frames[SYS_CALLS_MAX];
    struct thread *thread = thread_current;
    struct pool_section section;
    int saved_errno = errno;
    if (!thread_attached(thread) || thread_is_inside(thread) || thread->sampling != 0) {
        return;
    }
    /* What the unwinder allocates, and handlers of signals that come meanwhile, are no samples. */
    thread->sampling = 1;
    subject->n_frames = read_stack(frames, site, &subject->frames);
    pool_section_begin(&section);
    sys_lock_take(&sample_lock);
    sample_enter(subject);
    sys_lock_drop(&sample_lock);
    thread->sampling = 0;
    pool_section_end(&section);
    errno = saved_errno;
}

void pool_sample_object(const struct mempool *pool, struct round round, uintptr_t site) {
    size_t bytes = pool->depot.shape.object_bytes;
    double probability = sample_probability((double)bytes);
    struct sample_subject subject = {.object = round.object,
                                     .slot_record = round.slot_record,
                                     .owner = &pool->depot,
                                     .bytes = bytes};
    if (probability > 0) {
        subject.weight = sample_weight(probability);
        pool_sample(&subject, site);
    }
}

void pool_unsample(struct round round) {
    struct pool_section section;
    pool_section_begin(&section);
    sys_lock_take(&sample_lock);
    sample_leave(round.object, round.slot_record, false);
    sys_lock_drop(&sample_lock);
    pool_section_end(&section);
}

bool pool_unsample_interrupting(struct round round) {
    bool locked = handler_lock(&sample_lock);
    if (locked) {
        sample_leave(round.object, round.slot_record, true);
        sys_lock_drop(&sample_lock);
    }
    return locked;
}
