/* SPDX-License-Identifier: MIT */
/* Where call sites are read from. */
#include "cli/site_input.h"

#include "cli/group_line.h"
#include "cli/message.h"
#include "cli/verb.h"

bool site_input_is_pid(const char *word) {
    size_t n = 0;
    while (word[n] >= '0' && word[n] <= '9') {
        n++;
    }
    return n > 0 && word[n] == '\0';
}

int site_input_take(struct site_input *input, const struct snapshot_options *options) {
    int status = CLI_OK;
    if (input->path && snapshot_is_text(input->path)) {
        return CLI_OK;
    }
    if (input->path) {
        status = target_option(&input->target, TARGET_OPTION_SNAPSHOT, input->path);
    }
    if (status == CLI_OK) {
        status = target_open(&input->target);
    }
    if (status == CLI_OK) {
        status = target_take(&input->target, options, TARGET_WANT_SYMBOLS, &input->snapshot);
    }
    if (status == CLI_OK && !input->snapshot->has_groups) {
        complain(input->target.verb, "%s: call sites are not known", site_input_name(input));
        status = input->target.pid ? CLI_FAILED : CLI_BAD_USAGE;
    }
    return status;
}

int site_input_add(const struct site_input *input, struct snapshot_set *set, unsigned side) {
    if (!input->snapshot) {
        return snapshot_read(set, input->path, side);
    }
    const char *wrong = group_lines_add(set, input->snapshot, side);
    if (wrong) {
        complain(set->verb, "%s: %s", site_input_name(input), wrong);
        return CLI_FAILED;
    }
    return CLI_OK;
}

const char *site_input_name(const struct site_input *input) {
    return input->path ? input->path : target_name(&input->target);
}

void site_input_release(struct site_input *input) {
    snapshot_free(input->snapshot);
    input->snapshot = NULL;
    target_close(&input->target);
}
