/* SPDX-License-Identifier: MIT */
/* `mempool top` alone, with the target that the test makes up. */
#include "cli/verb.h"

int main(int argc, char **argv) {
    return verb_top(argc, argv);
}
