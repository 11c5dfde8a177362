/* SPDX-License-Identifier: MIT */
/* A frame as JSON: one object, on one line. */
#ifndef CLI_TOP_JSON_H
#define CLI_TOP_JSON_H

#include "cli/top/draw.h"

/** top_json_print: the frame of a number, with the first rows of its view.  0 or -ENOMEM. */
int top_json_print(const struct top_scene *scene, unsigned frame, size_t n_rows, FILE *stream);

#endif
