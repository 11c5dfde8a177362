/* SPDX-License-Identifier: MIT */
/* Logarithm and exponential, as exact as sampling needs: to 1e-12 of the value. */
#include "base/chance.h"

#include <string.h>

#define LN_2 0.693147180559945309417
#define SQRT_2 1.41421356237309504880

/* ln(x) of a normal number above 0: x = m * 2^e, and ln m = 2 artanh((m - 1) / (m + 1)). */
static double logarithm(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023;
    bits = (bits & UINT64_C(0x000fffffffffffff)) | UINT64_C(0x3ff0000000000000);
    memcpy(&x, &bits, sizeof x);
    if (x > SQRT_2) {
        x /= 2;
        exponent++;
    }
    double z = (x - 1) / (x + 1);
    double square = z * z;
    double sum = 0;
    for (int n = 17; n > 0; n -= 2) {
        sum = sum * square + 1.0 / n;
    }
    return 2 * z * sum + exponent * LN_2;
}

double chance_distance(uint64_t *state) {
    return -logarithm(chance_unit(state));
}

double chance_within(double distance) {
    enum { HALVINGS = 12 };
    if (distance > 40) {
        return 1;
    }
    double x = -distance / (1 << HALVINGS);
    /* exp(x) - 1, and from there up: (1 + r)^2 - 1 = r (2 + r) */
    double rest = x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5))));
    for (int i = 0; i < HALVINGS; i++) {
        rest *= 2 + rest;
    }
    return -rest;
}
