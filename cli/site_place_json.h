/* SPDX-License-Identifier: MIT */
/* What is at a call site and where it is, as JSON. */
#ifndef CLI_SITE_PLACE_JSON_H
#define CLI_SITE_PLACE_JSON_H

#include <jansson.h>

#include "cli/snapshot.h"
#include "cli/source.h"

/** site_place_add_json: the members "what", "site", "image", "offset", "build_id", "symbol" and
 *  "lines" of an object. sources NULL: without lines of the source. */
void site_place_add_json(json_t *object, struct source_reader *sources,
                         const struct snapshot_line *line);

#endif
