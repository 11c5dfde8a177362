/* SPDX-License-Identifier: MIT */
/* Reading a series of snapshots, for a page. */
#ifndef CLI_REPORT_SERIES_H
#define CLI_REPORT_SERIES_H

/** report_series: make a page of these files, in the file `output`.  An exit status. */
int report_series(const char *verb, char *const *paths, int n, const char *output);

#endif
