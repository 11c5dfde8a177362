/* SPDX-License-Identifier: MIT */
/* Find what was there, and decide. */
#include "original.h"

#include "misuse.h"
#include "sweeper.h"

#include "cache/seat.h"

#include <mempool/account.h>

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct original original;
_Atomic uint32_t original_state = ORIGINAL_UNKNOWN;
struct layout original_layout;
pthread_mutex_t glusterfs_lock = PTHREAD_MUTEX_INITIALIZER;

static pthread_mutex_t engage_lock = PTHREAD_MUTEX_INITIALIZER;

void original_say(const char *format, ...) {
    char line[512] = "mempool-glusterfs: ";
    size_t n = strlen(line);
    va_list list;
    va_start(list, format);
    int more = vsnprintf(line + n, sizeof line - n - 1, format, list);
    va_end(list);
    n = more < 0 ? n : n + (size_t)more;
    n = n < sizeof line - 2 ? n : sizeof line - 2;
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) < 0) {
        return; /* nobody to tell */
    }
}

/* What must be there, and where it goes; POSIX lets a dlsym'ed pointer be stored so. */
struct wanted {
    const char *name;
    void *where;
    bool needed;
};

static const struct wanted wanted[] = {
    {"__gf_malloc", &original.malloc, true},
    {"__gf_calloc", &original.calloc, true},
    {"__gf_realloc", &original.realloc, true},
    {"__gf_free", &original.free, true},
    {"gf_vasprintf", &original.vasprintf, true},
    {"mem_pool_new_fn", &original.pool_new, true},
    {"mem_get_malloc", &original.get, true},
    {"mem_get_calloc", &original.get0, true},
    {"mem_put_pool", &original.put, true},
    {"mem_pool_destroy", &original.pool_destroy, true},
    {"mem_pools_init", &original.pools_init, true},
    {"mem_pools_fini", &original.pools_fini, true},
    {"xlator_mem_acct_init", &original.records_init, true},
    {"xlator_mem_acct_unref", &original.records_unref, false},
    {"xlator_mem_acct_destroy", &original.records_destroy, false},
    {"__glusterfs_this_location", &original.this_location, true},
    {"gf_proc_dump_info", &original.dump, true},
    {"gf_proc_dump_mempool_info", &original.dump_pools, true},
    {"gf_proc_dump_mempool_info_to_dict", &original.dump_pools_to_dict, false},
    {"gf_proc_dump_xlator_meminfo", &original.dump_translator, false},
    {"gf_monitor_metrics", &original.monitor, false},
};

/* The first that is needed and missing; NULL: none. */
static const char *find_functions(void *library) {
    const char *missing = NULL;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        void *function = dlsym(library, wanted[i].name);
        memcpy(wanted[i].where, &function, sizeof function);
        if (function == NULL && wanted[i].needed && missing == NULL) {
            missing = wanted[i].name;
        }
    }
    return missing;
}

static void before_fork(void) {
    pthread_mutex_lock(&glusterfs_lock);
}

static void after_fork(void) {
    pthread_mutex_unlock(&glusterfs_lock);
}

static void in_child(void) {
    after_fork();
    sweeper_child();
}

/* Our lock is taken before the core's. What is to run before a fork runs in the reverse order of
 * its registration: so the core's comes first here. */
static void watch_forks(void) {
    (void)mempool_component_process();
    (void)pthread_atfork(before_fork, after_fork, in_child);
}

static enum original_state decide(void) {
    char release[RELEASE_TEXT_BYTES];
    void *library = dlopen("libglusterfs.so.0", RTLD_LAZY | RTLD_NOLOAD);
    if (library == NULL) {
        return ORIGINAL_UNKNOWN;
    }
    const char *missing = find_functions(library);
    void *function;
    memcpy(&function, &original.malloc, sizeof function);
    layout_release_of_library(function, release);
    const struct layout *layout = layout_of_release(release);
    const char *why = missing;
    if (why == NULL && layout == NULL) {
        why = "its layout is not known";
    } else if (why == NULL && !layout_fits(layout, original.records_init)) {
        why = "its layout is not that release's";
    }
    if (why != NULL) {
        original_say("glusterfs %s: %s%s; not engaged, its own pools stay in use",
                     release[0] != '\0' ? release : "of unknown release",
                     missing != NULL ? "has no " : "", why);
        return ORIGINAL_REFUSED;
    }
    original_layout = *layout;
    /* Its processes have dozens of threads, each with little to do. */
    seats_choose(SEATS_ALWAYS);
    misuse_connect();
    watch_forks();
    return ORIGINAL_ENGAGED;
}

bool original_engage(void) {
    pthread_mutex_lock(&engage_lock);
    if (load_relaxed(&original_state) == ORIGINAL_UNKNOWN) {
        /* E1 pairs with E2: `original` and the layout are written */
        store_release(&original_state, (uint32_t)decide());
    }
    pthread_mutex_unlock(&engage_lock);
    return load_relaxed(&original_state) == ORIGINAL_ENGAGED;
}

__attribute__((constructor)) static void loaded(void) {
    (void)original_engage();
}
