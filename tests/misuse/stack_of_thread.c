/* SPDX-License-Identifier: MIT */
/* Local variables of a second thread: put by that thread itself, then by the main thread.
 * expect: ^mempool: misuse: stack pool=- obj=0x
 * expect: ^mempool: misuse: mapped pool=- obj=0x */
#include "misuse.h"

#include <semaphore.h>

static sem_t is_ready, is_done;
static void *_Atomic shared_address;

static void *second(void *unused) {
    (void)unused;
    char local[64] = {0};
    PUT_MISUSED(local);
    shared_address = local;
    CHECK(sem_post(&is_ready) == 0 && sem_wait(&is_done) == 0);
    return NULL;
}

int main(void) {
    CHECK(sem_init(&is_ready, 0, 0) == 0 && sem_init(&is_done, 0, 0) == 0);
    pthread_t thread = thread_start(second, NULL);
    CHECK(sem_wait(&is_ready) == 0);
    PUT_MISUSED(shared_address);
    CHECK(sem_post(&is_done) == 0);
    thread_join(thread);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_STACK), 1);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_MAPPED), 1);
    CHECK_EQUAL(mempool_misuse_count(MEMPOOL_MISUSE_KINDS), 2);
    return 0;
}
