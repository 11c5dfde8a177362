/* SPDX-License-Identifier: MIT */
/* Places where a tracer may look: a no-op each, until one is attached.
 *
 * THEORY
 *
 * A probe is one instruction that does nothing, and a note in the file (.note.stapsdt) that says
 * where it is, what it is called and in which registers its arguments are. gdb, perf, bpftrace and
 * SystemTap read such notes, and put a breakpoint there when asked. The notes are not loaded; names
 * and arguments are part of what the library promises (docs/probes.md). Of the system's header
 * sys/sdt.h; where that was missing at the build there are no probes.
 *
 * Arguments are numbers and pointers that are in registers there anyway: not memory, so that the
 * compiler does not keep one there for it. */
#ifndef MEMPOOL_SYS_PROBES_H
#define MEMPOOL_SYS_PROBES_H

#if defined(MEMPOOL_PROBES)
#define STAP_SDT_ARG_CONSTRAINT nr
#include <sys/sdt.h>
#define PROBE1(provider, name, a) DTRACE_PROBE1(provider, name, a)
#define PROBE2(provider, name, a, b) DTRACE_PROBE2(provider, name, a, b)
#define PROBE3(provider, name, a, b, c) DTRACE_PROBE3(provider, name, a, b, c)
#else
#define PROBE1(provider, name, a) ((void)(a))
#define PROBE2(provider, name, a, b) ((void)(a), (void)(b))
#define PROBE3(provider, name, a, b, c) ((void)(a), (void)(b), (void)(c))
#endif

/* Objects of pools. */
#define PROBE_GET(pool, object) PROBE2(mempool, get, pool, object)
#define PROBE_PUT(object) PROBE1(mempool, put, object)
/* Blocks of the accounted heap, by the names that tracers of memory know. */
#define PROBE_ALLOC(block, bytes) PROBE2(otel_memory, alloc, block, bytes)
#define PROBE_FREE(block) PROBE1(otel_memory, free, block)

#endif
