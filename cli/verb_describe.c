/* SPDX-License-Identifier: MIT */
/* `mempool describe`: what an address in a process is, or was when a snapshot was taken. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <mempool/mempool.h>

#include "cli/message.h"
#include "cli/option.h"
#include "cli/target.h"
#include "cli/verb.h"
#include "view/describe.h"

static const char verb[] = "describe";

enum { OPTION_JSON = OPTION_LONG };

static const struct option long_options[] = {
    TARGET_LONG_OPTIONS,
    {"json", no_argument, NULL, OPTION_JSON},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct job {
    struct target target;
    uint64_t address;
    bool is_json, is_help;
};

static void print_help(void) {
    printf("Usage: mempool describe [OPTION...] PID ADDRESS\n"
           "       mempool describe [OPTION...] --core=FILE ADDRESS\n"
           "       mempool describe [OPTION...] --snapshot=FILE ADDRESS\n"
           "\n"
           "Tells what an address in a process is to the library: whose object or block it lies\n"
           "in, whether that is live, and which thread got it (or put it), where in the code, and\n"
           "when.\n"
           "\n"
           "ADDRESS is hexadecimal, with 0x before it or not.\n"
           "\n"
           "Options:\n"
           "  --core=FILE    look into a core file in place of a process\n"
           "  --snapshot=FILE\n"
           "                 look into a snapshot that `mempool snapshot --objects` saved, with\n"
           "                 ages as of then\n"
           "  --json         print JSON in place of text\n"
           "  -h, --help     print this\n"
           "\n"
           "Exit status: 0 done, also where the address is none of the library's; 1 it failed\n"
           "while running; 2 bad options, or a file that cannot be read, is no core file\n"
           "or snapshot, or is a snapshot without objects.\n");
}

/* ---- the command line ------------------------------------------------------------------------ */

static int take_address(struct job *job, int argc, char **argv) {
    if (optind >= argc) {
        complain(verb, "no address given (see mempool describe --help)");
        return CLI_BAD_USAGE;
    }
    const char *word = argv[optind++];
    const char *digits =
        strncmp(word, "0x", 2) == 0 || strncmp(word, "0X", 2) == 0 ? word + 2 : word;
    size_t n = strspn(digits, "0123456789abcdefABCDEF");
    if (n == 0 || n > 16 || digits[n] != '\0') {
        return option_refuse(verb, "not an address:", word);
    }
    job->address = strtoull(digits, NULL, 16);
    return optind < argc ? option_refuse(verb, "one address at a time; unexpected", argv[optind])
                         : CLI_OK;
}

static int parse(struct job *job, int argc, char **argv) {
    int option, status = CLI_OK;
    opterr = 0;
    optind = 1;
    while (status == CLI_OK && (option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
        switch (option) {
        case 'h':
            job->is_help = true;
            return CLI_OK;
        case OPTION_JSON:
            job->is_json = true;
            break;
        case TARGET_OPTION_CORE:
        case TARGET_OPTION_SNAPSHOT:
            status = target_option(&job->target, option, optarg);
            break;
        default:
            status = option_unknown(verb, option, argv);
        }
    }
    /* An address may be all digits: it is no process where a file was named. */
    if (status == CLI_OK && !job->target.core && !job->target.file) {
        status = target_argument(&job->target, argc, argv);
    }
    return status == CLI_OK ? take_address(job, argc, argv) : status;
}

/* ---- text ------------------------------------------------------------------------------------ */

static const char *state_name(enum mempool_state state) {
    static const char *const names[] = {
        [MEMPOOL_STATE_FOREIGN] = "foreign", [MEMPOOL_STATE_UNUSED] = "unused",
        [MEMPOOL_STATE_VIRGIN] = "virgin",   [MEMPOOL_STATE_LIVE] = "live",
        [MEMPOOL_STATE_FREE] = "free",       [MEMPOOL_STATE_TAIL] = "tail",
    };
    return names[state];
}

static const char *state_text(const struct view_description *found) {
    switch (found->state) {
    case MEMPOOL_STATE_FOREIGN:
        return "none of the library's memory";
    case MEMPOOL_STATE_UNUSED:
        return "in the arena, where no pool has anything now";
    case MEMPOOL_STATE_VIRGIN:
        return "free, and never handed out";
    case MEMPOOL_STATE_LIVE:
        return found->is_block ? "a live block" : "a live object";
    case MEMPOOL_STATE_FREE:
        return found->is_block ? "a block that was freed" : "an object that was put";
    case MEMPOOL_STATE_TAIL:
        return "behind the last slot of a slab";
    }
    return "?";
}

static const char *whose_title(const struct view_description *found) {
    if (!found->is_block) {
        return "pool";
    }
    return found->state == MEMPOOL_STATE_LIVE ? "account" : "class";
}

static void print_past(const struct view_description *found, const struct target_site *site) {
    const char *undid = found->is_block ? "freed" : "put";
    const char *did = found->state == MEMPOOL_STATE_LIVE ? "got" : undid;
    if (found->site != 0 && site->path) {
        printf("%s at: %s (%s+0x%" PRIx64 ")\n", did, site->symbol, site->path, site->offset);
    } else {
        printf("%s at: %s\n", did, site->symbol);
    }
    if (found->thread != 0) {
        printf("by thread: %" PRId64 " %s%s\n", found->thread, found->thread_name,
               found->has_thread_exited ? " (ended)" : "");
    } else {
        printf("by thread: %s\n", found->has_thread_exited ? "one that has ended" : "unknown");
    }
    if (found->age_seconds >= 0) {
        printf("seconds ago: %" PRId64 "\n", found->age_seconds);
    } else {
        printf("seconds ago: unknown\n");
    }
}

static void print_text(const struct view_description *found, const struct target_site *site) {
    printf("0x%" PRIx64 ": %s\n", found->address, state_text(found));
    if (found->what[0] != '\0') {
        printf("%s: %s%s%s\n", whose_title(found), found->what,
               found->is_pool_destroyed ? " (destroyed)" : "",
               found->is_heap ? " (from malloc)" : "");
    }
    if (found->padded_bytes == 0) {
        return;
    }
    if (found->state != MEMPOOL_STATE_TAIL) {
        printf("%s: 0x%" PRIx64 ", %" PRIu64 " bytes (with padding %" PRIu64 ")\n",
               found->is_block ? "block" : "object", found->object, found->object_bytes,
               found->padded_bytes);
        printf("offset: %" PRIu64 "\n", found->offset);
    }
    if (found->state == MEMPOOL_STATE_LIVE || found->state == MEMPOOL_STATE_FREE) {
        print_past(found, site);
    }
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *text(const char *string) {
    json_t *made = string && string[0] != '\0' ? json_string(string) : NULL;
    return made ? made : json_null();
}

static json_t *address_text(uint64_t address) {
    return address != 0 ? json_sprintf("0x%llx", (unsigned long long)address) : json_null();
}

static json_t *count(uint64_t value) {
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static void add_slot(json_t *whole, const struct view_description *found) {
    json_object_set_new(whole, "object", address_text(found->object));
    json_object_set_new(whole, "offset", count(found->offset));
    json_object_set_new(whole, "object_bytes", count(found->object_bytes));
    json_object_set_new(whole, "padded_bytes", count(found->padded_bytes));
    json_object_set_new(whole, "slot", count(found->slot));
}

static void add_past(json_t *whole, const struct view_description *found,
                     const struct target_site *site) {
    json_object_set_new(whole, "site", address_text(site->address));
    json_object_set_new(whole, "symbol", text(found->site != 0 ? site->symbol : NULL));
    json_object_set_new(whole, "image", text(site->path));
    json_object_set_new(whole, "build_id", text(site->build_id));
    json_object_set_new(whole, "image_offset", site->path ? count(site->offset) : json_null());
    json_object_set_new(whole, "thread", found->thread ? json_integer(found->thread) : json_null());
    json_object_set_new(whole, "thread_name", text(found->thread_name));
    json_object_set_new(whole, "thread_exited", json_boolean(found->has_thread_exited));
    json_object_set_new(whole, "age_seconds",
                        found->age_seconds >= 0 ? json_integer(found->age_seconds) : json_null());
}

static int print_json(const struct view_description *found, const struct target_site *site) {
    json_t *whole = json_object();
    json_object_set_new(whole, "version", json_string(mempool_version()));
    json_object_set_new(whole, "address",
                        json_sprintf("0x%llx", (unsigned long long)found->address));
    json_object_set_new(whole, "state", json_string(state_name(found->state)));
    json_object_set_new(whole, "what", text(found->what));
    json_object_set_new(whole, "kind",
                        found->padded_bytes == 0 ? json_null()
                        : found->is_block        ? json_string("block")
                        : found->is_heap         ? json_string("heap object")
                                                 : json_string("object"));
    json_object_set_new(whole, "pool", address_text(found->pool));
    json_object_set_new(whole, "pool_destroyed", json_boolean(found->is_pool_destroyed));
    if (found->padded_bytes != 0) {
        add_slot(whole, found);
    }
    if (found->state == MEMPOOL_STATE_LIVE || found->state == MEMPOOL_STATE_FREE) {
        add_past(whole, found, site);
    }
    int result = whole ? json_dumpf(whole, stdout, JSON_INDENT(2)) : -1;
    json_decref(whole);
    putchar('\n');
    return result == 0 ? CLI_OK : CLI_FAILED;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int run(struct job *job) {
    struct view_description found;
    struct target_site site;
    int status = target_describe(&job->target, job->address, &found, &site);
    if (status != CLI_OK) {
        return status;
    }
    if (job->is_json) {
        status = print_json(&found, &site);
    } else {
        print_text(&found, &site);
    }
    int written = finish_output(verb);
    return status == CLI_OK ? written : status;
}

int verb_describe(int argc, char **argv) {
    struct job job = {.target = {.verb = verb}};
    int status = parse(&job, argc, argv);
    if (status == CLI_OK && job.is_help) {
        print_help();
        return finish_output(verb);
    }
    if (status == CLI_OK) {
        status = target_open(&job.target);
    }
    if (status == CLI_OK) {
        status = run(&job);
        target_close(&job.target);
    }
    return status;
}
