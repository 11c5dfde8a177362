/* SPDX-License-Identifier: MIT */
/* Worker for DPDK's rte_mempool; built only where DPDK's development files are. */
#include "bench/worker.h"

#include <dlfcn.h>
#include <errno.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mempool.h>
#include <rte_version.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

typedef struct rte_mempool *peer_pool;

#define CACHE_OBJECTS 256u  /* per thread; the largest that DPDK allows is 512 */
#define SPARE_OBJECTS 4096u /* for what caches of threads hold, and of ended ones keep */

/* Threads that EAL did not start have a cache only once they are registered. */
#define PEER_THREAD_START() ((void)rte_thread_register())
#define PEER_THREAD_STOP() rte_thread_unregister()

/* One lcore, on any CPU that the process may use: the harness moves the thread where it wants. */
static int first_cpu(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0) {
        for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
            if (CPU_ISSET((size_t)cpu, &set)) {
                return cpu;
            }
        }
    }
    return 0;
}

int peer_start(struct worker_hello *hello) {
    Dl_info info;
    char lcores[32];
    char name[] = "mempool-bench-dpdk";
    char no_huge[] = "--no-huge";
    char unshared[] = "--no-shconf";
    char no_pci[] = "--no-pci";
    char no_telemetry[] = "--no-telemetry";
    char quiet[] = "--log-level=*:error";
    char memory[] = "-m";
    char memory_mib[] = "3072";
    char *arguments[] = {name,  no_huge, unshared,   no_pci, no_telemetry,
                         quiet, memory,  memory_mib, lcores, NULL};
    (void)snprintf(lcores, sizeof(lcores), "--lcores=0@%d", first_cpu());
    worker_text(hello->version, sizeof(hello->version), rte_version());
    if (dladdr((const void *)(uintptr_t)rte_mempool_create, &info) != 0 && info.dli_fname != NULL) {
        worker_text(hello->library, sizeof(hello->library), info.dli_fname);
    }
    if (rte_eal_init((int)(sizeof(arguments) / sizeof(arguments[0])) - 1, arguments) < 0) {
        (void)snprintf(hello->reason, sizeof(hello->reason), "rte_eal_init: %s",
                       rte_strerror(rte_errno));
        return -EIO;
    }
    return 0;
}

/* A DPDK pool never grows: all that may be needed is made now. */
static inline int peer_open(peer_pool *ret, size_t object_bytes, size_t count) {
    static unsigned number;
    char name[RTE_MEMPOOL_NAMESIZE];
    (void)snprintf(name, sizeof(name), "bench%u", number++);
    *ret = rte_mempool_create(name, (unsigned)count + SPARE_OBJECTS, (unsigned)object_bytes,
                              CACHE_OBJECTS, 0, NULL, NULL, NULL, NULL, SOCKET_ID_ANY, 0);
    return *ret != NULL ? 0 : -rte_errno;
}

static inline void peer_close(peer_pool pool) {
    rte_mempool_free(pool);
}

static inline void *peer_get(peer_pool pool) {
    void *object = NULL;
    return rte_mempool_get(pool, &object) == 0 ? object : NULL;
}

static inline void *peer_get0(peer_pool pool) {
    void *object = peer_get(pool);
    return object != NULL ? memset(object, 0, pool->elt_size) : NULL;
}

static inline void peer_put(peer_pool pool, void *object) {
    rte_mempool_put(pool, object);
}

static inline size_t peer_get_bulk(peer_pool pool, void **objects, size_t n) {
    return rte_mempool_get_bulk(pool, objects, (unsigned)n) == 0 ? n : 0;
}

static inline void peer_put_bulk(peer_pool pool, void *const *objects, size_t n) {
    rte_mempool_put_bulk(pool, objects, (unsigned)n);
}

#include "bench/no_heap.h"

#include "bench/cases_template.h"
