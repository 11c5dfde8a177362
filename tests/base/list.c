/* SPDX-License-Identifier: MIT */
/* The doubly linked list compared with an array. */
#include "unit.h"

#include "base/list.h"
#include "rng.h"

enum { N_ITEMS = 40, N_STEPS = 20000 };

struct item {
    int number;
    struct list link;
};

static struct item items[N_ITEMS];

/* What the list should be: numbers in order. */
static int model[N_ITEMS];
static size_t n_model;

static void model_insert(size_t place, int number) {
    memmove(&model[place + 1], &model[place], (n_model - place) * sizeof model[0]);
    model[place] = number;
    n_model++;
}

static size_t model_find(int number) {
    size_t place = 0;
    while (place < n_model && model[place] != number) {
        place++;
    }
    return place;
}

static void model_remove(int number) {
    size_t place = model_find(number);
    n_model--;
    memmove(&model[place], &model[place + 1], (n_model - place) * sizeof model[0]);
}

static void compare(struct list *head) {
    size_t place = 0;
    assert_true(list_empty(head) == (n_model == 0));
    for (struct list *at = head->next; at != head; at = at->next) {
        assert_true(place < n_model);
        assert_int_equal(list_entry(at, struct item, link)->number, model[place++]);
        assert_ptr_equal(at->previous->next, at);
        assert_ptr_equal(at->next->previous, at);
    }
    assert_int_equal(place, n_model);
}

static void insert_somewhere(struct rng *rng, struct list *head, struct item *item) {
    size_t place;
    switch (rng_below(rng, 3)) {
    case 0:
        list_push(head, &item->link);
        model_insert(0, item->number);
        break;
    case 1:
        list_append(head, &item->link);
        model_insert(n_model, item->number);
        break;
    default:
        place = rng_below(rng, n_model + 1);
        list_insert_after(place == 0 ? head : &items[model[place - 1]].link, &item->link);
        model_insert(place, item->number);
        break;
    }
}

static void random_steps_as_in_an_array(void **state) {
    (void)state;
    struct rng rng = {rng_seed()};
    struct list head;
    list_init(&head);
    for (int i = 0; i < N_ITEMS; i++) {
        items[i].number = i;
        list_init(&items[i].link);
    }
    for (int step = 0; step < N_STEPS; step++) {
        struct item *item = &items[rng_below(&rng, N_ITEMS)];
        if (model_find(item->number) == n_model) {
            insert_somewhere(&rng, &head, item);
        } else {
            list_remove(&item->link);
            model_remove(item->number);
            /* a second removal does no harm */
            list_remove(&item->link);
            assert_true(list_empty(&item->link));
        }
        compare(&head);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_steps_as_in_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
