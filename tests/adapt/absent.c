/* SPDX-License-Identifier: MIT */
/* In place of an adapter's test where its library is not installed: says so, and is skipped. */
#include "check.h"

int main(int argc, char **argv) {
    dprintf(STDOUT_FILENO, "%s is not installed\n", argc > 1 ? argv[1] : "the library");
    return TEST_SKIPPED;
}
