/* SPDX-License-Identifier: MIT */
/* The targets, each a function of the ratios or figures of some cases. */
#include "bench/targets.h"
#include "bench/geometric_mean.h"

/* What is compared with the limit. */
enum measure {
    MEAN_OF_BEST,    /* geometric mean of the ratios to the best peer */
    WORST_OF_BEST,   /* worst ratio to the best peer */
    WORST_OF_MALLOC, /* worst ratio to the best of the known mallocs */
    WORST_OF_PEER,   /* worst ratio to one peer */
    WORST_BULK,      /* worst ratio of ours in bulk to ours one by one */
    FIGURE,          /* our figure itself, times `scale` */
};

/* Which cases. */
enum scope { SINGLE_THREAD, GET_PUT, THREADS, REPLAY, KIND };

static const struct {
    const char *text;
    const char *unit;
    double limit;
    enum measure measure;
    enum scope scope;
    enum case_kind kind; /* for KIND */
    const char *peer;    /* for WORST_OF_PEER */
    double scale;        /* for FIGURE */
} definitions[] = {
    {"geometric mean of the single-thread cases, of the best peer", "x", 1.00, MEAN_OF_BEST,
     SINGLE_THREAD, 0, NULL, 1},
    {"worst single-thread case, of the best peer", "x", 1.15, WORST_OF_BEST, SINGLE_THREAD, 0, NULL,
     1},
    {"producer and consumer, of the best peer", "x", 0.60, WORST_OF_BEST, THREADS, 0, NULL, 1},
    {"replay, of the best peer", "x", 0.95, WORST_OF_BEST, REPLAY, 0, NULL, 1},
    {"get and put, of GlusterFS's pool", "x", 0.55, WORST_OF_PEER, GET_PUT, 0, "glusterfs", 1},
    {"replay, of GlusterFS's pool", "x", 0.80, WORST_OF_PEER, REPLAY, 0, "glusterfs", 1},
    {"malloc and free at once, of the best peer", "x", 1.20, WORST_OF_BEST, KIND, CASE_HEAP_LIFO,
     NULL, 1},
    {"replay with a heap, of the best malloc", "x", 1.00, WORST_OF_MALLOC, KIND, CASE_HEAP_REPLAY,
     NULL, 1},
    {"replay with a heap, of GlusterFS", "x", 0.50, WORST_OF_PEER, KIND, CASE_HEAP_REPLAY,
     "glusterfs", 1},
    {"growth in the replay with a heap, of the best malloc", "x", 1.15, WORST_OF_MALLOC, KIND,
     CASE_RESIDENT_HEAP, NULL, 1},
    {"bulk of 32, of ours one by one", "x", 0.50, WORST_BULK, KIND, CASE_BULK, NULL, 1},
    {"resident per live byte, 8 million objects of 64 bytes", " B/B", 1.14, FIGURE, KIND,
     CASE_RESIDENT_LIVE, NULL, 1},
    {"resident growth in the replay", " MiB", 3.0, FIGURE, KIND, CASE_RESIDENT_REPLAY, NULL,
     1.0 / 1024},
    {"a pool with one live object", " KiB", 16.0, FIGURE, KIND, CASE_POOL_ONE_LIVE, NULL, 1},
    {"an idle pool", " KiB", 1.0, FIGURE, KIND, CASE_POOL_IDLE, NULL, 1},
};

#define DEFINITIONS (sizeof(definitions) / sizeof(definitions[0]))

_Static_assert(DEFINITIONS <= TARGETS_MAX, "room for every target");

static bool in_scope(const struct bench_case *test, enum scope scope, enum case_kind kind) {
    switch (scope) {
    case SINGLE_THREAD:
        return case_is_single_thread(test);
    case GET_PUT:
        return test->group == GROUP_GET_PUT;
    case THREADS:
        return test->group == GROUP_THREADS;
    case REPLAY:
        return test->group == GROUP_REPLAY;
    case KIND:
        return test->kind == kind;
    }
    return false;
}

/* Ours in bulk / ours one by one, at the same size. */
static double bulk_ratio(const struct results *results, size_t bulk) {
    for (size_t i = 0; i < bench_n_cases; i++) {
        if (bench_cases[i].kind == CASE_ONE_BY_ONE &&
            bench_cases[i].object_bytes == bench_cases[bulk].object_bytes) {
            double single = results_median(results, i, PEER_OURS);
            return single > 0.0 ? results_median(results, bulk, PEER_OURS) / single : 0.0;
        }
    }
    return 0.0;
}

/* Ours / that of the best malloc. A malloc keeps no accounts: it is what is to be reached with
 * them, and other mallocs that are given by --library do not move the goal. */
static double malloc_ratio(const struct results *results, size_t case_index) {
    static const char *const mallocs[] = {"glibc", "jemalloc", "mimalloc", "tcmalloc"};
    double worst = 0.0;
    for (size_t i = 0; i < sizeof(mallocs) / sizeof(mallocs[0]); i++) {
        double ratio =
            results_ratio(results, case_index, peer_list_find(results->peers, mallocs[i]));
        worst = ratio > worst ? ratio : worst;
    }
    return worst;
}

/* One case's value for a target; 0 where it is not measured. */
static double case_value(const struct results *results, size_t definition, size_t case_index) {
    switch (definitions[definition].measure) {
    case MEAN_OF_BEST:
    case WORST_OF_BEST:
        return results_ratio(results, case_index, results_best_peer(results, case_index));
    case WORST_OF_MALLOC:
        return malloc_ratio(results, case_index);
    case WORST_OF_PEER:
        return results_ratio(results, case_index,
                             peer_list_find(results->peers, definitions[definition].peer));
    case WORST_BULK:
        return bulk_ratio(results, case_index);
    case FIGURE:
        return results_median(results, case_index, PEER_OURS) * definitions[definition].scale;
    }
    return 0.0;
}

static struct target evaluate(const struct results *results, size_t definition) {
    struct target target = {
        .text = definitions[definition].text,
        .unit = definitions[definition].unit,
        .limit = definitions[definition].limit,
        .worst_case = -1,
    };
    struct geometric_mean mean = {0};
    for (size_t i = 0; i < bench_n_cases; i++) {
        if (!in_scope(&bench_cases[i], definitions[definition].scope,
                      definitions[definition].kind)) {
            continue;
        }
        double value = case_value(results, definition, i);
        if (value <= 0.0) {
            continue;
        }
        geometric_mean_add(&mean, value);
        if (value > target.value) {
            target.value = value;
            target.worst_case = (int)i;
        }
    }
    target.n = mean.n;
    if (definitions[definition].measure == MEAN_OF_BEST) {
        target.value = geometric_mean_value(&mean);
        target.worst_case = -1;
    }
    if (target.n > 0) {
        target.state = target.value <= target.limit ? TARGET_REACHED : TARGET_MISSED;
    }
    return target;
}

size_t targets_evaluate(const struct results *results, struct target ret[TARGETS_MAX]) {
    for (size_t i = 0; i < DEFINITIONS; i++) {
        ret[i] = evaluate(results, i);
    }
    return DEFINITIONS;
}

double targets_mean(const struct results *results, bool with_bulk) {
    struct geometric_mean mean = {0};
    for (size_t i = 0; i < bench_n_cases; i++) {
        double ratio = results_ratio(results, i, results_best_peer(results, i));
        if (case_is_single_thread(&bench_cases[i]) && ratio > 0.0 &&
            (with_bulk || bench_cases[i].kind != CASE_BULK)) {
            geometric_mean_add(&mean, ratio);
        }
    }
    return geometric_mean_value(&mean);
}
