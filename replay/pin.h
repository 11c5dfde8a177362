/* SPDX-License-Identifier: MIT */
/* Keeps a worker on one processor. */
#ifndef REPLAY_PIN_H
#define REPLAY_PIN_H

/** pin_thread: keep the calling thread on one of the processors that the process may use: number
 *  `worker` of them, counted round and round. Left to itself the scheduler often keeps two workers
 *  that wait for each other on one processor, or moves them there in the middle of a round: they
 *  then take turns, and what is measured has two values far apart. Where it cannot be done the
 *  thread stays as it is. */
void pin_thread(unsigned worker);

#endif
