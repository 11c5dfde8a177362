/* SPDX-License-Identifier: MIT */
/* What belongs to the processor that a thread runs on: a lock for each, taken without an atomic
 * instruction.
 *
 * THEORY
 *
 * Each processor has a word: not 0, it is free; 0, somebody has what the word stands for. To take
 * it is to load the processor's number, look at its word, and store 0. If the thread is moved to
 * another processor, or another runs on this one, or a signal comes before the store, the kernel
 * has the thread begin again: a restartable sequence (rseq(2), Linux 4.18; registered by glibc from
 * 2.35 on). So of all threads on one processor one succeeds, and nobody else stores 0 in that word.
 * Who has it may then be moved, and gives it back with a plain store from wherever it is.
 *
 *      0 announce: rseq_cs = the descriptor of 1 .. 2        abort: again from 0
 *      1 word = words[cpu_id]; free?
 *        *word = 0                                           the store that ends it
 *      2
 *
 * Sources: rseq(2) and <linux/rseq.h> of Linux; what tcmalloc's documents say of its mode of caches
 * per processor. */
#ifndef MEMPOOL_SYS_PROCESSOR_H
#define MEMPOOL_SYS_PROCESSOR_H

#include "base/atomics.h"
#include "base/attributes.h"

#include <stddef.h>

/* How many processors there may be, 0: none of this works here. Once, before the first take. */
uint32_t sys_processors(void);

/* How many of them the program might run on when the library was loaded: fewer than there are in a
 * container, as a rule. */
uint32_t sys_processors_allowed(void);

/* The calling thread's processor at this moment. After sys_processors said that it works. */
uint32_t sys_processor_now(void);

#if defined(MEMPOOL_RSEQ) && !defined(MEMPOOL_THREAD_SANITIZER)
#define SYS_HAS_RSEQ 1

extern ptrdiff_t sys_rseq_offset; /* of the kernel's struct, from the thread pointer */

/* Take the word of this processor, one of the first `n` of `words`: it is 0 now. NULL: it was, or
 * there is none. */
MEMPOOL_HOT_INLINE _Atomic(uint32_t) *
sys_processor_take(_Atomic(uint32_t) *_Atomic const *words, uint32_t n) {
    _Atomic(uint32_t) *word;
    /* 8 and 4 are where rseq_cs and cpu_id lie; the words before label 4 are what the kernel wants
     * to see there (RSEQ_SIG).
     * W2 pairs with W1 in cache/seat.c: what is read through the word depends on its load */
    __asm__ volatile(".pushsection __rseq_cs, \"aw\"\n\t"
                     ".balign 32\n"
                     "3:\n\t"
                     ".long 0, 0\n\t"
                     ".quad 1f, 2f - 1f, 4f\n\t"
                     ".popsection\n"
                     "0:\n\t"
                     "leaq 3b(%%rip), %[word]\n\t"
                     "movq %[word], %%fs:8(%[area])\n"
                     "1:\n\t"
                     "movl %%fs:4(%[area]), %k[word]\n\t"
                     "cmpl %[n], %k[word]\n\t"
                     "jae 5f\n\t"
                     "movq (%[words],%[word],8), %[word]\n\t"
                     "cmpl $0, (%[word])\n\t"
                     "je 5f\n\t"
                     "movl $0, (%[word])\n"
                     "2:\n\t"
                     ".pushsection __rseq_failure, \"ax\"\n\t"
                     ".byte 0x0f, 0xb9, 0x3d\n\t"
                     ".long 0x53053053\n"
                     "4:\n\t"
                     "jmp 0b\n"
                     "5:\n\t"
                     "xorl %k[word], %k[word]\n\t"
                     "jmp 2b\n\t"
                     ".popsection"
                     : [word] "=&r"(word)
                     : [area] "r"(sys_rseq_offset), [n] "r"(n), [words] "r"(words)
                     : "memory", "cc");
    return word;
}

#else

MEMPOOL_HOT_INLINE _Atomic(uint32_t) *
sys_processor_take(_Atomic(uint32_t) *_Atomic const *words, uint32_t n) {
    (void)words;
    (void)n;
    return NULL;
}

#endif

#endif
