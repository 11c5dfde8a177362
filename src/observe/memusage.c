/* SPDX-License-Identifier: MIT */
/* mempool_statedump: the sections of a GlusterFS statedump that are about memory.
 *
 *      [mallinfo]                                      libc's malloc
 *      [component.NAME - Memory usage]                 for each component that has accounts
 *      [component.NAME - usage-type TYPE memusage]     for each type it ever had
 *      [mempool]                                       mempool_dump
 *      [mempool.ledger]                                ours
 *
 * export/statedump_text.h has the keys. A second component of one name is NAME#2. */
#include "observe/statedump.h"

#include "account/component.h"
#include "base/attributes.h"
#include "base/text.h"
#include "export/statedump_text.h"
#include "observe/ledger.h"
#include "sys/sys.h"

#include <errno.h>
#include <string.h>

struct section {
    int fd;
    int result;
    const struct mempool_component *component;
    const char *title; /* of the component's sections */
    unsigned n_types;
    struct text text;
    char buffer[STATEDUMP_PART_BYTES];
};

static void begin(struct section *section) {
    text_init(&section->text, section->buffer, sizeof section->buffer);
}

static void end(struct section *section) {
    if (section->result == 0) {
        section->result = sys_write(section->fd, section->buffer, section->text.length);
    }
}

static void dump_mallinfo(struct section *section) {
    static const char *const keys[10] = {
        "mallinfo_arena",    "mallinfo_ordblks",  "mallinfo_smblks",  "mallinfo_hblks",
        "mallinfo_hblkhd",   "mallinfo_usmblks",  "mallinfo_fsmblks", "mallinfo_uordblks",
        "mallinfo_fordblks", "mallinfo_keepcost",
    };
    uint64_t values[10];
    sys_mallinfo(values);
    begin(section);
    text_add(&section->text, "\n[mallinfo]\n");
    for (int i = 0; i < 10; i++) {
        statedump_add_entry(&section->text, keys[i], values[i]);
    }
    end(section);
}

static int count_type(const struct mempool_account *account, void *arg) {
    struct section *section = arg;
    section->n_types += account->component == section->component;
    return 0;
}

static int dump_type(const struct mempool_account *account, void *arg) {
    struct section *section = arg;
    if (account->component != section->component) {
        return 0;
    }
    begin(section);
    statedump_add_type(&section->text, section->title, account);
    end(section);
    return section->result != 0;
}

static void dump_component(struct section *section, const struct mempool_component *component,
                           const char *title) {
    section->component = component;
    section->title = title;
    section->n_types = 0;
    (void)mempool_accounts(count_type, section);
    if (section->n_types > 0) {
        begin(section);
        statedump_add_usage(&section->text, title, section->n_types);
        end(section);
        (void)mempool_accounts(dump_type, section);
    }
}

static void dump_components(struct section *section) {
    for (const struct mempool_component *at = components_first(); at != NULL;
         at = component_next(at)) {
        char title[STATEDUMP_TITLE_BYTES];
        statedump_title(title, at->name, at->generation);
        dump_component(section, at, title);
    }
}

int statedump_mallinfo(int fd) {
    struct section section = {.fd = fd};
    dump_mallinfo(&section);
    return section.result;
}

int statedump_memusage(int fd, const struct mempool_component *component, const char *title) {
    struct section section = {.fd = fd};
    dump_component(&section, component, title);
    return section.result;
}

/* A line for each name, at the first mapping that has it. */
static void dump_named(struct section *section, const struct mappings *named) {
    for (size_t i = 0; i < named->n; i++) {
        uint64_t resident = 0;
        bool is_first = true;
        for (size_t k = 0; k < named->n; k++) {
            if (strcmp(named->list[k].name, named->list[i].name) == 0) {
                resident += named->list[k].resident;
                is_first = is_first && k >= i;
            }
        }
        if (is_first) {
            begin(section);
            text_add(&section->text, "named.");
            statedump_add_entry(&section->text, named->list[i].name, resident);
            end(section);
        }
    }
}

static void dump_ledger(struct section *section) {
    struct mempool_ledger ledger;
    struct ledger_room *room = ledger_room_take();
    bool is_known = room != NULL && ledger_take(&ledger, room) == 0;
    begin(section);
    text_add(&section->text, STATEDUMP_LEDGER);
    if (is_known) {
        statedump_add_ledger(&section->text, &ledger);
    }
    end(section);
    if (is_known) {
        dump_named(section, &room->named);
    }
    ledger_room_give(room);
}

MEMPOOL_API int mempool_statedump(int fd) {
    int saved_errno = errno;
    struct section section = {.fd = fd};
    dump_mallinfo(&section);
    dump_components(&section);
    if (section.result == 0) {
        section.result = mempool_dump(fd);
    }
    if (section.result == 0) {
        dump_ledger(&section);
    }
    errno = saved_errno;
    return section.result;
}
