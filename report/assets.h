/* SPDX-License-Identifier: MIT */
/* What is built into the command for pages; `report/embed.py` makes it. */
#ifndef REPORT_ASSETS_H
#define REPORT_ASSETS_H

#include <stddef.h>

struct asset {
    const unsigned char *bytes;
    size_t n;
    const char *hash; /* "sha256-...", as a policy names it */
};

extern const struct asset asset_plot_program, asset_plot_style, asset_plot_licence;
extern const struct asset asset_page_program, asset_page_style;

#endif
