/* SPDX-License-Identifier: MIT */
/* libcurl: URLs, headers, and transfers of a file, by the easy and the multi interface. */
#include "books.h"

#include <mempool/adapt/curl.h>

#include <stdlib.h>

enum { FILE_BYTES = 300000 };

static struct mempool_component *component;
static size_t received;

static size_t on_bytes(char *bytes, size_t size, size_t n, void *unused) {
    (void)bytes;
    (void)unused;
    books_check_live(component, "curl", 20000); /* its buffer, for one */
    received += size * n;
    return size * n;
}

static CURL *transfer_new(const char *url) {
    CURL *easy = curl_easy_init();
    CHECK(easy);
    CHECK(curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK);
    CHECK(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes) == CURLE_OK);
    return easy;
}

static void transfer_alone(const char *url) {
    CURL *easy = transfer_new(url);
    received = 0;
    CHECK(curl_easy_perform(easy) == CURLE_OK);
    CHECK_EQUAL(received, FILE_BYTES);
    CHECK(curl_easy_setopt(easy, CURLOPT_URL, "file:///nowhere/at/all") == CURLE_OK);
    CHECK(curl_easy_perform(easy) == CURLE_FILE_COULDNT_READ_FILE);
    char *escaped = curl_easy_escape(easy, "a text, and more", 0);
    CHECK(escaped && strcmp(escaped, "a%20text%2C%20and%20more") == 0);
    curl_free(escaped);
    curl_easy_cleanup(easy);
}

static void transfer_two(const char *url) {
    CURLM *multi = curl_multi_init();
    CURL *easy[2] = {transfer_new(url), transfer_new(url)};
    CHECK(curl_multi_add_handle(multi, easy[0]) == CURLM_OK);
    CHECK(curl_multi_add_handle(multi, easy[1]) == CURLM_OK);
    received = 0;
    int running = 1;
    while (running) {
        CHECK(curl_multi_perform(multi, &running) == CURLM_OK);
    }
    CHECK_EQUAL(received, 2 * FILE_BYTES);
    for (int i = 0; i < 2; i++) {
        CHECK(curl_multi_remove_handle(multi, easy[i]) == CURLM_OK);
        curl_easy_cleanup(easy[i]);
    }
    CHECK(curl_multi_cleanup(multi) == CURLM_OK);
}

static void make_file(char *path) {
    static char bytes[FILE_BYTES];
    int file = mkstemp(path);
    CHECK(file >= 0);
    CHECK(write(file, bytes, FILE_BYTES) == FILE_BYTES);
    close(file);
}

int main(void) {
    component = books_begin("transfers");
    CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    CHECK(mempool_adapt_curl(component) == -EBUSY);
    curl_global_cleanup();
    CHECK_EQUAL(books_of(component, NULL).total_blocks, 0);

    CHECK(mempool_adapt_curl(component) == 0);
    char path[] = "/tmp/mempool_adapt_curl_XXXXXX", url[80];
    make_file(path);
    snprintf(url, sizeof url, "file://%s", path);
    transfer_alone(url);
    transfer_two(url);
    CHECK(unlink(path) == 0);
    curl_global_cleanup();
    books_check_rest(component);
    return 0;
}
