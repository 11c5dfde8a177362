/* SPDX-License-Identifier: MIT */
/* A pool of call frames: got on one thread, put on another, dumped, and one forgotten.
 *
 * Build it against an installed mempool with
 *     cc frames.c $(pkg-config --cflags --libs mempool) -pthread -o frames
 */
#include <mempool/mempool.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { FRAMES = 3 };

struct frame {
    int number;
    char operation[60];
};

/* The other end of a server: answers each request and gives its frame back. */
static void *answer(void *arg) {
    struct frame **frames = arg;
    for (int i = 0; i < FRAMES; i++) {
        printf("answered %s %d\n", frames[i]->operation, frames[i]->number);
        mempool_put(frames[i]); /* any thread may put */
    }
    return NULL;
}

/* The one that is forgotten: its caller loses the pointer. */
static int forget_one(struct mempool *pool) {
    struct frame *frame = mempool_get0(pool); /* zeroed */
    return frame ? frame->number : -1;
}

int main(void) {
    struct mempool *pool = mempool_new(struct frame, 1024);
    if (!pool) {
        perror("frames: mempool_new");
        return 1;
    }
    struct frame *frames[FRAMES];
    for (int i = 0; i < FRAMES; i++) {
        frames[i] = mempool_get(pool);
        if (!frames[i]) {
            perror("frames: mempool_get");
            return 1;
        }
        frames[i]->number = i;
        strcpy(frames[i]->operation, "lookup");
    }

    pthread_t server;
    if (pthread_create(&server, NULL, answer, frames) != 0) {
        fputs("frames: no thread could be made\n", stderr);
        return 1;
    }
    pthread_join(server, NULL);

    if (forget_one(pool) != 0) {
        fputs("frames: mempool_get0 gave no zeroed frame\n", stderr);
        return 1;
    }
    fflush(stdout);
    mempool_dump(1); /* hot-count=1: the forgotten one */

    /* Reports on stderr who got it, where, and how long ago. */
    size_t live = mempool_destroy(pool);
    printf("still live: %zu\n", live);
    return live == 1 ? 0 : 1;
}
