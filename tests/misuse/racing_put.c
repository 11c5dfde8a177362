/* SPDX-License-Identifier: MIT */
/* Two threads put one object at the same moment, many times: never two owners.
 * never: mempool: misuse */
#define RACING_FLAGS 0
#include "racing_put.h"

int main(void) {
    race();
    return 0;
}
