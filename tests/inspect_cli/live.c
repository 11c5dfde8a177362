/* SPDX-License-Identifier: MIT */
/* A process to be looked at: its books are the same every time. A word on standard input makes it
 * do something; it answers with a line: "grow N": gets N more objects, "end": ends. An argument
 * names the component that is "shop" else. */
#include <mempool/account.h>
#include <mempool/mempool.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

struct item {
    char bytes[100];
};
struct order {
    char bytes[300];
};

enum { SOFT_BYTES = 4 << 20, HARD_BYTES = 64 << 20 };
enum { ITEMS = 50, PUT_BACK = 10, ORDERS = 7, TEXTS = 20, TEXT_BYTES = 1000 };

static struct mempool *items, *orders;

__attribute__((noinline)) static void *get_item(void) {
    void *volatile item = mempool_get(items); /* item */
    return item;
}

__attribute__((noinline)) static void *get_order(void) {
    void *volatile order = mempool_get(orders); /* order */
    return order;
}

__attribute__((noinline)) static void *make_text(void) {
    void *volatile text = mempool_malloc(TEXT_BYTES, "text"); /* text */
    return text;
}

/* Addresses that nobody uses, as sanitizers have them: a ledger is through them in no time. */
static void reserve(void) {
    size_t bytes = (size_t)8 << 40;
    void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start != MAP_FAILED) {
        madvise(start, bytes, MADV_DONTDUMP);
        *(volatile char *)start = 1;
    }
}

static void say(const char *word) {
    puts(word);
    fflush(stdout);
}

static void open_shop(const char *name) {
    struct mempool_component *shop = mempool_component_create(name, NULL);
    struct mempool_component *cart = mempool_component_create("cart", shop);
    const struct mempool_limits limits = {
        .struct_size = sizeof limits,
        .soft_bytes = SOFT_BYTES,
        .hard_bytes = HARD_BYTES,
    };
    if (!shop || !cart || mempool_component_limit(shop, &limits) != 0) {
        exit(1);
    }
    struct mempool_component *before = mempool_component_enter(shop);
    items = mempool_new(struct item, 16);
    mempool_component_enter(cart);
    orders = mempool_new(struct order, 0);
    for (int i = 0; i < TEXTS; i++) {
        make_text();
    }
    mempool_component_leave(before);
}

static void fill(void) {
    void *taken[ITEMS];
    for (int i = 0; i < ITEMS; i++) {
        taken[i] = get_item();
    }
    for (int i = 0; i < PUT_BACK; i++) {
        mempool_put(taken[i]);
    }
    for (int i = 0; i < ORDERS; i++) {
        get_order();
    }
}

int main(int argc, char **argv) {
    char line[64];
    /* Whoever tests may look at us: no parent does. */
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    reserve();
    open_shop(argc > 1 ? argv[1] : "shop");
    fill();
    say("ready");
    while (fgets(line, sizeof line, stdin) && strcmp(line, "end\n") != 0) {
        int n = strncmp(line, "grow ", 5) == 0 ? atoi(line + 5) : 0;
        for (int i = 0; i < n; i++) {
            get_item();
        }
        say("done");
    }
    return 0;
}
