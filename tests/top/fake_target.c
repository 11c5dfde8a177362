/* SPDX-License-Identifier: MIT */
/* A target for the program under test: a process whose pools are made up, and change by rule.
 *
 * The environment says what it is like: TOP_FAKE_POOLS, TOP_FAKE_MISUSES, TOP_FAKE_TAKES (after so
 * many snapshots none can be taken). It ends when the process of its number does. */
#include "cli/message.h"
#include "cli/target.h"
#include "cli/verb.h"
#include "made.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { N_COMPONENTS = 4, N_ACCOUNTS = 6, N_THREADS = 3 };

struct target_own {
    uint64_t n_takes;
    char name[64];
};

static struct target_own own;

static size_t setting(const char *name, size_t usual) {
    const char *text = getenv(name);
    return text ? strtoul(text, NULL, 10) : usual;
}

int target_option(struct target *target, int option, const char *value) {
    *(option == TARGET_OPTION_CORE ? &target->core : &target->file) = value;
    return CLI_OK;
}

int target_argument(struct target *target, int argc, char **argv) {
    unsigned pid = 0;
    if (target->core || target->file) {
        return CLI_OK;
    }
    if (optind >= argc) {
        complain(target->verb, "no process given (see mempool %s --help)", target->verb);
        return CLI_BAD_USAGE;
    }
    int status = option_number(target->verb, "PID", argv[optind], 1, 1 << 22, &pid);
    target->pid = pid;
    optind += status == CLI_OK;
    return status;
}

int target_open(struct target *target) {
    target->own = &own;
    if (target->pid == 0) {
        snprintf(own.name, sizeof(own.name), "%s", target->file ? target->file : target->core);
    } else {
        snprintf(own.name, sizeof(own.name), "fake (pid %lld)", (long long)target->pid);
    }
    return CLI_OK;
}

const char *target_name(const struct target *target) {
    return target->own->name;
}

void target_close(struct target *target) {
    target->own = NULL;
}

static void fill_pools(struct snapshot *made, uint64_t take) {
    for (size_t i = 0; i < made->n_pools; i++) {
        struct snapshot_pool *pool = &made->pools[i];
        pool->component = (int32_t)(i % N_COMPONENTS);
        pool->name = made_text(made, "part%zu:pool%zu", i % N_COMPONENTS, i);
        pool->hot = 10 * (made->n_pools - i) + (i == 1 ? 100 * take : 0); /* pool 1 grows */
        pool->max_alloc = pool->hot + 5;
        pool->alloc_count = 1000 * take;
        pool->put_count = 1000 * take - (i == 1 ? 100 * take : 0);
        pool->cached = 64;
    }
}

static void fill_rest(struct snapshot *made) {
    static const char *const names[N_COMPONENTS] = {"server", "storage", "posix", "network"};
    for (size_t i = 0; i < N_COMPONENTS; i++) {
        made->components[i].name = names[i];
        made->components[i].parent = i == 0 ? SNAPSHOT_NONE : i == 2 ? 1 : 0;
    }
    for (size_t i = 0; i < N_ACCOUNTS; i++) {
        made->accounts[i].component = (int32_t)(i % N_COMPONENTS);
        made->accounts[i].live_bytes = 4096 * (i + 1);
        made->accounts[i].live_blocks = i + 1;
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        made->threads[i].cached_bytes = 1000 * (i + 1);
        made->threads[i].attached_seconds = 60;
    }
    made->misuses = made_array(made, 1, sizeof(*made->misuses));
    made->misuses[0].kind = "double-put";
    made->misuses[0].count = setting("TOP_FAKE_MISUSES", 0);
    made->n_misuses = 1;
}

int target_take(struct target *target, const struct snapshot_options *options, unsigned want,
                struct snapshot **ret) {
    uint64_t take = ++target->own->n_takes;
    if (take > setting("TOP_FAKE_TAKES", UINT32_MAX) ||
        (target->pid != 0 && kill((pid_t)target->pid, 0) != 0)) {
        complain(target->verb, "the fake has nothing to say");
        return CLI_FAILED;
    }
    struct snapshot *made =
        made_snapshot(setting("TOP_FAKE_POOLS", 20), N_COMPONENTS, N_ACCOUNTS, N_THREADS);
    made->pid = target->pid;
    made->uptime_seconds = 3600 + take;
    fill_pools(made, take);
    fill_rest(made);
    if (options->want & SNAPSHOT_WANT_GROUPS) {
        made_groups(made, 12);
    }
    if (want & TARGET_WANT_LEDGER) {
        made->ledger = (struct snapshot_ledger){
            .is_known = true, .resident = 50 << 20, .live = 20 << 20, .files = 8 << 20};
    }
    *ret = made;
    return CLI_OK;
}
