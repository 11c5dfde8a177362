/* SPDX-License-Identifier: MIT */
/* OpenSSL: a TLS context, a digest, big numbers, a key; and a late call. */
#include "books.h"
#include "child.h"

#include <mempool/adapt/openssl.h>

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

/* 2^(p-1) = 1 modulo a prime p (Fermat), and not of a product of two. */
static void check_big_numbers(void) {
    BN_CTX *context = BN_CTX_new();
    BIGNUM *modulus = NULL, *power = BN_new(), *two = BN_new(), *result = BN_new();
    CHECK(BN_set_word(two, 2));
    CHECK(BN_dec2bn(&modulus, "170141183460469231731687303715884105727")); /* 2^127 - 1 */
    CHECK(BN_sub(power, modulus, BN_value_one()));
    CHECK(BN_mod_exp(result, two, power, modulus, context) && BN_is_one(result));
    CHECK(BN_add_word(modulus, 2) && BN_add_word(power, 2)); /* divisible by three */
    CHECK(BN_mod_exp(result, two, power, modulus, context) && !BN_is_one(result));
    BN_free(modulus);
    BN_free(power);
    BN_free(two);
    BN_free(result);
    BN_CTX_free(context);
}

static void check_digest(void) {
    static const unsigned char wanted[4] = {0xba, 0x78, 0x16, 0xbf}; /* FIPS 180-4: "abc" */
    unsigned char digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    CHECK(EVP_DigestInit_ex(context, EVP_sha256(), NULL));
    CHECK(EVP_DigestUpdate(context, "abc", 3));
    CHECK(EVP_DigestFinal_ex(context, digest, NULL));
    CHECK(memcmp(digest, wanted, sizeof wanted) == 0);
    EVP_MD_CTX_free(context);
}

static void check_key(void) {
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    CHECK(key);
    BIO *text = BIO_new(BIO_s_mem());
    CHECK(PEM_write_bio_PrivateKey(text, key, NULL, NULL, 0, NULL, NULL));
    EVP_PKEY *again = PEM_read_bio_PrivateKey(text, NULL, NULL, NULL);
    CHECK(again && EVP_PKEY_eq(key, again) == 1);
    EVP_PKEY_free(key);
    EVP_PKEY_free(again);
    BIO_free(text);
}

/* What OpenSSL's own functions do of 0 bytes and NULL. */
static void check_sizes(void) {
    CHECK(!OPENSSL_malloc(0));
    OPENSSL_free(NULL);
    char *block = OPENSSL_realloc(NULL, 10);
    CHECK(block);
    memcpy(block, "123456789", 10);
    block = OPENSSL_realloc(block, 100000);
    CHECK(block && strcmp(block, "123456789") == 0);
    CHECK(!OPENSSL_realloc(block, 0));
    CHECK(!OPENSSL_realloc(NULL, 0));
}

static void *work_on_thread(void *unused) {
    check_digest();
    check_key();
    return unused;
}

static int adapt_late(void *component) {
    OPENSSL_free(OPENSSL_malloc(1));
    CHECK(mempool_adapt_openssl((struct mempool_component *)component) == -EBUSY);
    check_digest();
    CHECK_EQUAL(books_of((struct mempool_component *)component, NULL).total_blocks, 0);
    return 0;
}

/* As most programs end: what OpenSSL frees behind main is no misuse, and no crash. */
static int leave_to_exit(void *component) {
    CHECK(mempool_adapt_openssl((struct mempool_component *)component) == 0);
    check_key();
    return 0;
}

int main(void) {
    struct mempool_component *component = books_begin("tls");
    CHECK(child_status(adapt_late, component) == 0);
    CHECK(child_status(leave_to_exit, component) == 0);
    CHECK(mempool_adapt_openssl(component) == 0);
    check_sizes();
    CHECK_EQUAL(books_of(component, NULL).live_bytes, 0);

    SSL_CTX *context = SSL_CTX_new(TLS_method());
    CHECK(context);
    SSL *connection = SSL_new(context);
    CHECK(connection);
    check_big_numbers();
    check_digest();
    thread_run(work_on_thread, NULL);
    books_check_live(component, "openssl", 50000);
    SSL_free(connection);
    SSL_CTX_free(context);
    OPENSSL_cleanup();
    books_check_rest(component);
    return 0;
}
