/* SPDX-License-Identifier: MIT */
/* A program that does not link the library loads a plug-in that does, uses it on threads older and
 * younger than the load, and unloads it while the older ones, which hold caches, live on: three
 * times, and their end comes after the last unload. */
#define _GNU_SOURCE 1 /* RTLD_DEFAULT */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { OLD_THREADS = 3, YOUNG_THREADS = 3, LOADS = 3 };

struct plugin {
    void *handle;
    int (*begin)(void);
    int (*use)(int seed);
    size_t (*end)(void);
};

static struct plugin plugin;
static pthread_barrier_t barrier; /* the old threads and main, before and after each use */

static void fail(const char *what, const char *why) {
    fprintf(stderr, "dlopen_host: %s: %s\n", what, why ? why : "");
    exit(1);
}

static void use_plugin(int seed) {
    int wrong = plugin.use(seed);
    if (wrong != 0) {
        fprintf(stderr, "dlopen_host: seed %d: %d\n", seed, wrong);
        fail("the plug-in's objects", wrong < 0 ? "a get failed" : "wrong contents or pool");
    }
}

static void *old_thread(void *arg) {
    int seed = (int)(intptr_t)arg;
    for (int load = 0; load < LOADS; load++) {
        pthread_barrier_wait(&barrier); /* loaded */
        use_plugin(seed);
        pthread_barrier_wait(&barrier); /* used */
        pthread_barrier_wait(&barrier); /* unloaded */
    }
    return NULL;
}

static void *young_thread(void *arg) {
    use_plugin((int)(intptr_t)arg);
    return NULL;
}

static void find(const char *name, void *ret_function) {
    void *symbol = dlsym(plugin.handle, name);
    if (!symbol) {
        fail(name, dlerror());
    }
    *(void **)ret_function = symbol;
}

static void load(const char *path) {
    plugin.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!plugin.handle) {
        fail("dlopen", dlerror());
    }
    find("plugin_begin", &plugin.begin);
    find("plugin_use", &plugin.use);
    find("plugin_end", &plugin.end);
    if (plugin.begin() != 0) {
        fail("plugin_begin", "no pool");
    }
}

static void unload(void) {
    size_t live = plugin.end();
    if (live != 0) {
        fprintf(stderr, "dlopen_host: %zu\n", live);
        fail("plugin_end", "objects are live, or gets and puts differ");
    }
    if (dlclose(plugin.handle) != 0) {
        fail("dlclose", dlerror());
    }
}

static void start(pthread_t *thread, void *(*body)(void *), int seed) {
    if (pthread_create(thread, NULL, body, (void *)(intptr_t)seed) != 0) {
        fail("pthread_create", NULL);
    }
}

static void join_all(pthread_t *threads, int n_threads) {
    for (int i = 0; i < n_threads; i++) {
        pthread_join(threads[i], NULL);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fail("usage", "dlopen_host PLUGIN");
    }
    if (dlsym(RTLD_DEFAULT, "mempool_get")) {
        fail("this test", "the program links the library itself, and so proves nothing");
    }
    pthread_t old[OLD_THREADS], young[YOUNG_THREADS];
    pthread_barrier_init(&barrier, NULL, OLD_THREADS + 1);
    for (int i = 0; i < OLD_THREADS; i++) {
        start(&old[i], old_thread, 100 + i);
    }
    for (int i = 0; i < LOADS; i++) {
        load(argv[1]);
        pthread_barrier_wait(&barrier); /* loaded */
        for (int j = 0; j < YOUNG_THREADS; j++) {
            start(&young[j], young_thread, 200 + j);
        }
        use_plugin(300);
        join_all(young, YOUNG_THREADS);
        pthread_barrier_wait(&barrier); /* used */
        unload();
        pthread_barrier_wait(&barrier); /* unloaded */
    }
    join_all(old, OLD_THREADS);
    puts("loaded, used and unloaded on threads older and younger");
    return 0;
}
