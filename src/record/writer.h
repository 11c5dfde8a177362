/* SPDX-License-Identifier: MIT */
/* Events on their way to a descriptor: a buffer, written when it is full, and when the last time
 * was a while ago. All under recorder_lock. */
#ifndef MEMPOOL_RECORD_WRITER_H
#define MEMPOOL_RECORD_WRITER_H

#include "record/stream.h"

#include <stddef.h>

void writer_begin(int fd);
void writer_event(enum stream_kind kind, uint32_t thread, uint64_t object, uint32_t class,
                  uint32_t bytes);
/* With a text of n bytes, cut where it is too long. */
void writer_text(enum stream_kind kind, uint32_t thread, uint64_t object, uint32_t class,
                 const char *text, size_t n);
void writer_flush(void);
/* 0, or what the first write that failed came to; nothing is written any more. */
int writer_result(void);

#endif
