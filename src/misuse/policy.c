/* SPDX-License-Identifier: MIT */
/* What is done about each kind. */
#include "misuse/policy.h"

#include "base/attributes.h"
#include "misuse/kinds.h"
#include "misuse/report.h"
#include "sys/sys.h"

#include <errno.h>
#include <string.h>

/* An action plus one; 0: the kind's default. */
static _Atomic uint32_t actions[MEMPOOL_MISUSE_KINDS];
static _Atomic(mempool_misuse_callback) callback;
static void *_Atomic callback_argument;
static _Atomic int sink = SINK_DEFAULT;
static _Atomic uint32_t initialised;

static const char *const action_names[] = {
    [MEMPOOL_MISUSE_REPORT] = "report",
    [MEMPOOL_MISUSE_ABORT] = "abort",
    [MEMPOOL_MISUSE_CALLBACK] = "callback",
};
enum { ACTIONS = sizeof action_names / sizeof action_names[0] };

enum mempool_misuse_action policy_action(enum mempool_misuse_kind kind) {
    uint32_t set = load_relaxed(&actions[kind]);
    return set != 0 ? (enum mempool_misuse_action)(set - 1) : misuse_kinds[kind].action;
}

mempool_misuse_callback policy_callback(void **ret_arg) {
    /* P2 pairs with P1: the argument belongs to the function */
    mempool_misuse_callback function = load_acquire(&callback);
    *ret_arg = load_relaxed(&callback_argument);
    return function;
}

int policy_sink(void) {
    return load_relaxed(&sink);
}

static bool same(const char *word, const char *text, size_t n) {
    return strlen(word) == n && memcmp(word, text, n) == 0;
}

/* Set the action of every kind that the word names; false: it names none. */
static bool set_named(const char *word, size_t n, uint32_t action) {
    bool all = same("all", word, n);
    bool foreign = same("foreign", word, n);
    bool any = false;
    for (int kind = 0; kind < MEMPOOL_MISUSE_KINDS; kind++) {
        if (all || (foreign && misuse_kinds[kind].foreign) ||
            same(misuse_kinds[kind].name, word, n)) {
            store_relaxed(&actions[kind], action + 1);
            any = true;
        }
    }
    return any;
}

/* One "kind=action"; false: it means nothing. */
static bool set_one(const char *setting, size_t n) {
    const char *equals = memchr(setting, '=', n);
    if (equals == NULL) {
        return false;
    }
    const char *action = equals + 1;
    size_t action_length = n - (size_t)(action - setting);
    for (uint32_t i = 0; i < ACTIONS; i++) {
        if (same(action_names[i], action, action_length)) {
            return set_named(setting, (size_t)(equals - setting), i);
        }
    }
    return false;
}

static int configure(const char *text) {
    int result = 0;
    while (*text != '\0') {
        size_t n = strcspn(text, ",");
        if (n > 0 && !set_one(text, n)) {
            report_bad_setting(text, n);
            result = -EINVAL;
        }
        text += n + (text[n] == ',');
    }
    return result;
}

void policy_init(void) {
    if (exchange_relaxed(&initialised, 1) == 0) {
        const char *text = sys_environment("MEMPOOL_ON_MISUSE");
        if (text != NULL) {
            (void)configure(text);
        }
    }
}

MEMPOOL_API int mempool_misuse_configure(const char *text) {
    if (text == NULL) {
        return -EINVAL;
    }
    policy_init(); /* so that the environment does not come later and win */
    return configure(text);
}

MEMPOOL_API int mempool_misuse_action_set(enum mempool_misuse_kind kind,
                                          enum mempool_misuse_action action) {
    if ((unsigned)kind > MEMPOOL_MISUSE_KINDS || (unsigned)action >= ACTIONS) {
        return -EINVAL;
    }
    policy_init(); /* as above */
    for (unsigned i = 0; i < MEMPOOL_MISUSE_KINDS; i++) {
        if (i == (unsigned)kind || kind == MEMPOOL_MISUSE_KINDS) {
            store_relaxed(&actions[i], (uint32_t)action + 1);
        }
    }
    return 0;
}

MEMPOOL_API void mempool_misuse_callback_set(mempool_misuse_callback function, void *arg) {
    store_relaxed(&callback_argument, arg);
    /* P1 pairs with P2 */
    store_release(&callback, function);
}

MEMPOOL_API void mempool_misuse_sink_set(int fd) {
    store_relaxed(&sink, fd);
}
