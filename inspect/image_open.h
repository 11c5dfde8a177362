/* SPDX-License-Identifier: MIT */
/* The file of a program or library that a process has loaded. */
#ifndef INSPECT_IMAGE_OPEN_H
#define INSPECT_IMAGE_OPEN_H

#include "inspect/images.h"
#include "inspect/symbols.h"

/** image_open: as the process sees it, in a container too; `folder` is /proc/PID, or -1: by its path
 *  here. A descriptor of a regular file, or a negative errno. */
int image_open(int folder, const char *path);

/** image_read_symbols: of the file of that build, wherever it still is to be had; NULL: nowhere. */
struct symbols *image_read_symbols(int folder, const struct image *image);

#endif
