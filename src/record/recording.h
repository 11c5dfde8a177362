/* SPDX-License-Identifier: MIT */
/* Recording: every get, put, allocation and free of the process, in order, to a descriptor.
 *
 * THEORY
 *
 * While somebody records nothing is a hit (pool/hold.h); each call takes its slow path, which
 * tells its event to `pool_recorder`. Events are written under `recorder_lock`, so they are in one
 * order, that of the lock: a put's is taken before its slot is free for others, a get's after it,
 * so that an address is put before it is got again. record/stream.h says what is written.
 *
 *      IDLE --begin--> RECORDING --end--> IDLE
 *                          `--a write failed--> BROKEN --end, or the next tick--> IDLE
 *
 * BROKEN: the hooks are gone; depots stay held until nobody holds a lock that letting go needs.
 *
 * To begin, all locks are taken, the hooks set, and all caches drawn in; then pools and live
 * objects are told, and then the locks are dropped. A get that is under way may be past its lock:
 * it is told with what is live, or by its hook, which waits, or by both; a second telling changes
 * nothing. The recorder takes a block for live once it has its tag; were the hooks set after it has
 * looked at the tags, a block that got its own between would be missed.
 *
 * A signal handler that interrupts the recorder itself, on the same thread, cannot wait for it:
 * its event is lost, and counted. Nor may it wait for a depot, whose lock another may hold who
 * waits for the recorder: so whoever has that is inside an operation, for its handlers
 * (pool/interrupting.h). Any other may wait: who has the lock waits for the reader at most.
 *
 * FORK. The lock is held across; in the child nobody records. */
#ifndef MEMPOOL_RECORD_RECORDING_H
#define MEMPOOL_RECORD_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

enum recording_state { RECORDING_IDLE = 0, RECORDING_ON = 1, RECORDING_BROKEN = 2 };
enum recording_state recording_state(void);

/* As mempool_record; `owned`: the descriptor is closed in the end, here and in children. Where it
 * fails the descriptor stays open. */
int recording_begin(int fd, bool owned);
/* As mempool_record_end. */
int recording_end(void);
/* Let go what is held for one that is broken; recording_end tells why it broke, later. */
void recording_clear(void);

/* What the recorder looks after on ticks: requests, and the end of what broke. */
void recording_attend(void);

/* All there is: pools and what is live. With the locks of hold_lock, and recorder_lock. */
void recording_existing(void);

/* For recording_existing, with recorder_lock. */
struct mempool;
void recording_pool(const struct mempool *pool, uint32_t thread);
void recording_account(uint32_t number);

#endif
