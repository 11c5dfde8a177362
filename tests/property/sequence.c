/* SPDX-License-Identifier: MIT */
/* Random sequences of operations over several pools, on one thread, against the model. */
#include "check.h"
#include "model.h"
#include "one_processor.h"
#include "scale.h"

#include <mempool/misuse.h>

enum { N_PLACES = 8, N_GRAVES = 8, STEPS_PER_MOOD = 700 };

/* Pools that can be got from, and pools that were destroyed while objects were live. */
static struct model_pool *places[N_PLACES], *graves[N_GRAVES];
static struct rng rng;
static unsigned get_percent = 50; /* the mood: pools fill or drain */

static int check_listed(struct mempool *pool, void *argument) {
    bool exists = false;
    for (size_t i = 0; i < N_PLACES; i++) {
        exists = exists || (places[i] != NULL && places[i]->pool == pool);
    }
    CHECK(exists);
    ++*(size_t *)argument;
    return 0;
}

static void check_list(void) {
    size_t n_listed = 0, n_places = 0;
    for (size_t i = 0; i < N_PLACES; i++) {
        n_places += places[i] != NULL;
    }
    CHECK_EQUAL(mempool_list(check_listed, &n_listed), n_places);
    CHECK_EQUAL(n_listed, n_places);
}

static void put_all(struct model_pool *model) {
    while (model->n_live > 0) {
        mempool_put(model_take(model, rng_below(&rng, model->n_live)));
    }
}

/* A place's pool ends, with its objects live or not; a full grave is emptied first. */
static void destroy_place(size_t place) {
    struct model_pool *model = places[place];
    places[place] = NULL;
    if (rng_chance(&rng, 50)) {
        put_all(model);
    }
    model_destroy(model);
    size_t grave = rng_below(&rng, N_GRAVES);
    if (graves[grave] != NULL) {
        put_all(graves[grave]);
        model_bury(graves[grave]);
    }
    graves[grave] = model;
}

static void step_of_grave(struct model_pool *model) {
    if (model->n_live > 0 && rng_chance(&rng, 20)) {
        model_check_describe(model, &rng);
    } else if (rng_chance(&rng, 80)) {
        model_put(model, &rng);
    } else {
        model_put_bulk(model, &rng);
    }
}

static void rare_step(size_t place) {
    struct model_pool *model = places[place];
    switch (rng_below(&rng, 8)) {
    case 0:
        destroy_place(place);
        break;
    case 1:
        model_trim(model);
        break;
    case 2:
        mempool_trim(NULL);
        break;
    case 3:
        mempool_thread_flush();
        break;
    case 4:
        check_list();
        break;
    case 5:
        model_misuse(model, &rng);
        break;
    default:
        model_check_walk(model);
        break;
    }
}

static void step(void) {
    size_t place = rng_below(&rng, N_PLACES), grave = rng_below(&rng, N_GRAVES);
    struct model_pool *model = places[place];
    unsigned dice = (unsigned)rng_below(&rng, 1000);
    if (model == NULL) {
        places[place] = model_create(&rng);
    } else if (dice < 8) {
        rare_step(place);
    } else if (dice < 100) {
        model_check_stats(model);
    } else if (dice < 150) {
        model_check_describe(model, &rng);
    } else if (dice < 200 && graves[grave] != NULL) {
        step_of_grave(graves[grave]);
    } else if (dice < 230) {
        bool gets = rng_chance(&rng, get_percent);
        (gets ? model_get_bulk : model_put_bulk)(model, &rng);
    } else {
        bool gets = rng_chance(&rng, get_percent);
        (gets ? model_get : model_put)(model, &rng);
    }
}

static void end_all(void) {
    for (size_t i = 0; i < N_PLACES; i++) {
        if (places[i] != NULL) {
            model_check_walk(places[i]);
            destroy_place(i);
        }
    }
    for (size_t i = 0; i < N_GRAVES; i++) {
        if (graves[i] != NULL) {
            put_all(graves[i]);
            model_bury(graves[i]);
            graves[i] = NULL;
        }
    }
    check_list();
}

int main(void) {
    caches_stay();
    size_t n_steps = test_scaled(120000);
    rng.state = rng_seed();
    mempool_misuse_sink_set(-1);
    CHECK(mempool_misuse_action_set(MEMPOOL_MISUSE_KINDS, MEMPOOL_MISUSE_REPORT) == 0);
    for (size_t i = 0; i < n_steps; i++) {
        if (i % STEPS_PER_MOOD == 0) {
            get_percent = 20 + (unsigned)rng_below(&rng, 65);
        }
        step();
    }
    end_all();
    printf("%zu steps\n", n_steps);
    return 0;
}
