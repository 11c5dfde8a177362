/* SPDX-License-Identifier: MIT */
/* Which classes of a trace are told by name in a chart. */
#include "analysis/tracks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Several classes under one name, or one. */
struct group {
    const char *name; /* as long as `bytes` says */
    size_t name_bytes;
    uint64_t weight;
    uint32_t first_class, rank;
};

static int compare_names(const struct group *a, const struct group *b) {
    size_t n = a->name_bytes < b->name_bytes ? a->name_bytes : b->name_bytes;
    int order = memcmp(a->name, b->name, n);
    return order ? order : (a->name_bytes > b->name_bytes) - (a->name_bytes < b->name_bytes);
}

static int by_name(const void *left, const void *right) {
    const struct group *a = left, *b = right;
    int order = compare_names(a, b);
    return order ? order : (a->first_class > b->first_class) - (a->first_class < b->first_class);
}

static int by_weight(const void *left, const void *right) {
    const struct group *a = left, *b = right;
    int order = (a->weight < b->weight) - (a->weight > b->weight);
    return order ? order : by_name(left, right);
}

static const char *copy(struct replay_memory *memory, const struct group *group) {
    char *text = replay_memory_take(memory, group->name_bytes + 1, 1);
    if (text) {
        memcpy(text, group->name, group->name_bytes);
    }
    return text;
}

/* The heaviest get tracks of their own. */
static int choose(struct tracks *tracks, struct group *groups, uint32_t n,
                  struct replay_memory *memory) {
    qsort(groups, n, sizeof(groups[0]), by_weight);
    uint32_t n_named = 0;
    while (n_named < n && n_named < TRACKS_NAMED && groups[n_named].weight > 0) {
        tracks->names[n_named] = copy(memory, &groups[n_named]);
        if (!tracks->names[n_named]) {
            return -ENOMEM;
        }
        n_named++;
    }
    tracks->has_rest = n > n_named && (n_named == 0 || groups[n_named].weight > 0);
    tracks->names[n_named] = "others";
    tracks->n = n_named + tracks->has_rest;
    for (uint32_t i = 0; i < n; i++) {
        /* What was never used may be anywhere. */
        groups[i].rank = i < n_named ? i : tracks->n - 1;
    }
    return 0;
}

static int assign(struct tracks *tracks, const struct usage *usage, struct replay_memory *memory,
                  size_t (*name_bytes)(const char *)) {
    uint32_t n_classes = usage->trace->n_classes, n = 0;
    struct replay_memory scratch = {0};
    struct group *classes = replay_memory_take(&scratch, n_classes, sizeof(*classes));
    struct group *groups = replay_memory_take(&scratch, n_classes, sizeof(*groups));
    uint32_t *group_of = replay_memory_take(&scratch, n_classes, sizeof(*group_of));
    uint8_t *track_of_group = replay_memory_take(&scratch, n_classes, 1);
    tracks->of_class = replay_memory_take(memory, n_classes, 1);
    int result = classes && groups && group_of && track_of_group && tracks->of_class ? 0 : -ENOMEM;
    for (uint32_t class = 0; result == 0 && class < n_classes; class ++) {
        const char *name = usage->trace->classes[class].name;
        classes[class] =
            (struct group){name, name_bytes(name),
                           usage->classes[class].peak_bytes + usage->classes[class].peak, class, 0};
    }
    if (result == 0) {
        qsort(classes, n_classes, sizeof(classes[0]), by_name);
    }
    for (uint32_t i = 0; result == 0 && i < n_classes; i++) {
        if (n == 0 || compare_names(&groups[n - 1], &classes[i]) != 0) {
            groups[n] = classes[i];
            groups[n].weight = 0;
            groups[n].first_class = n;
            n++;
        }
        groups[n - 1].weight += classes[i].weight;
        group_of[classes[i].first_class] = n - 1;
    }
    if (result == 0) {
        result = choose(tracks, groups, n, memory);
    }
    for (uint32_t i = 0; result == 0 && i < n; i++) {
        track_of_group[groups[i].first_class] = (uint8_t)groups[i].rank;
    }
    for (uint32_t class = 0; result == 0 && class < n_classes; class ++) {
        tracks->of_class[class] = track_of_group[group_of[class]];
    }
    replay_memory_release(&scratch);
    return result;
}

static size_t component_bytes(const char *name) {
    return strcspn(name, ":");
}

int tracks_of_classes(struct tracks *tracks, const struct usage *usage,
                      struct replay_memory *memory) {
    return assign(tracks, usage, memory, strlen);
}

int tracks_of_components(struct tracks *tracks, const struct usage *usage,
                         struct replay_memory *memory) {
    return assign(tracks, usage, memory, component_bytes);
}
