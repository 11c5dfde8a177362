/* SPDX-License-Identifier: MIT */
/* The options file of statedumps: words `key=yes` between blanks; all that it does not name is off.
 *
 * The classic forgets the slash between folder and file name, both where it writes the file and
 * where it reads it. That path is looked at first, and then the one that was meant. */
#include "compat/options.h"

#include "base/text.h"
#include "sys/sys.h"

#include <string.h>

enum {
    FILE_BYTES = 4096,
    PATH_BYTES = 1152, /* of folder and name */
    LINE_BYTES = 640,
    WORD_BYTES = 256,
};

static const char *const keys[] = {"all", "mem",   "iobuf",    "callpool", "priv",
                                   "fd",  "inode", "inodectx", "fdctx",    "history"};

static bool is_letter_same(char left, char right) {
    return left == right || (left >= 'A' && left <= 'Z' && left + ('a' - 'A') == right);
}

/* Does `text`, in capitals or not, begin with `lower`? */
static bool begins_with(const char *text, const char *lower) {
    while (*lower != '\0' && is_letter_same(*text, *lower)) {
        text++;
        lower++;
    }
    return *lower == '\0';
}

static bool is_same(const char *text, const char *lower) {
    return begins_with(text, lower) && strlen(text) == strlen(lower);
}

static bool is_known(const char *key) {
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (is_same(key, keys[i])) {
            return true;
        }
    }
    return false;
}

/* One word, which is changed. What has no key or no value says nothing. */
static int read_word(char *word, int fd, bool *memory) {
    char line[LINE_BYTES];
    struct text text;
    char *key = word + strspn(word, "=");
    char *value = key + strcspn(key, "=");
    if (*value != '\0') {
        *value++ = '\0';
        value += strspn(value, "=");
        value[strcspn(value, "=")] = '\0';
    }
    if (*key == '\0' || *value == '\0') {
        return 0;
    }
    text_init(&text, line, sizeof line);
    text_add(&text, "[Debug]:key=");
    text_add(&text, key);
    text_add(&text, ", value=");
    text_add(&text, value);
    text_add(&text, "\n");
    if (!is_known(key)) {
        text_add(&text, "[Warning]:None of the options matched key : ");
        text_add(&text, key);
        text_add(&text, "\n");
    } else if (is_same(key, "all")) {
        *memory = true; /* whatever its value is */
    } else if (is_same(key, "mem")) {
        *memory = begins_with(value, "yes");
    }
    return sys_write(fd, line, text.length);
}

static int read_words(const char *words, int fd, bool *memory) {
    static const char blanks[] = " \t\n\v\f\r";
    char word[WORD_BYTES];
    int result = 0;
    for (words += strspn(words, blanks); *words != '\0' && result == 0;
         words += strspn(words, blanks)) {
        struct text text;
        size_t length = strcspn(words, blanks);
        text_init(&text, word, sizeof word);
        text_add_bytes(&text, words, length);
        result = read_word(word, fd, memory);
        words += length;
    }
    return result;
}

int dump_options_read(const char *folder, int fd, bool *ret_memory) {
    char path[PATH_BYTES], words[FILE_BYTES];
    int64_t n = -1;
    for (int with_slash = 0; n < 0 && with_slash < 2; with_slash++) {
        struct text text;
        text_init(&text, path, sizeof path);
        text_add(&text, folder);
        text_add(&text, with_slash ? "/" : "");
        text_add(&text, "glusterdump.");
        text_add_signed(&text, sys_process_id());
        text_add(&text, ".options");
        n = text.cut ? -1 : sys_read_file(path, words, sizeof words);
    }
    *ret_memory = n < 0;
    return n < 0 ? 0 : read_words(words, fd, ret_memory);
}
