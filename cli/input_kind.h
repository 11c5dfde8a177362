/* SPDX-License-Identifier: MIT */
/* What a file that a verb is given holds, by its first byte. */
#ifndef CLI_INPUT_KIND_H
#define CLI_INPUT_KIND_H

enum input_kind {
    INPUT_TRACE,    /* or anything: reading it says what is wrong */
    INPUT_SNAPSHOT, /* JSON */
};

/** input_kind: what it looks like; of what cannot be read, INPUT_TRACE. */
enum input_kind input_kind(const char *path);

#endif
