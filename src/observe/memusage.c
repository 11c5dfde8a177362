/* SPDX-License-Identifier: MIT */
/* mempool_statedump: the sections of a GlusterFS statedump that are about memory.
 *
 *      [mallinfo]                                      libc's malloc
 *      [component.NAME - Memory usage]                 for each component that has accounts
 *      [component.NAME - usage-type TYPE memusage]     for each type it ever had
 *      [mempool]                                       mempool_dump
 *      [mempool.ledger]                                ours
 *
 * Keys are those of release 3.3, sizes have 64 bits. A second component of one name is NAME#2. */
#include "observe/statedump.h"

#include "account/component.h"
#include "base/attributes.h"
#include "base/text.h"
#include "observe/ledger.h"
#include "sys/sys.h"

#include <errno.h>
#include <string.h>

enum { SECTION_BYTES = 1024, TITLE_BYTES = 96 };

struct section {
    int fd;
    int result;
    const struct mempool_component *component;
    const char *title; /* of the component's sections */
    unsigned n_types;
    struct text text;
    char buffer[SECTION_BYTES];
};

static void begin(struct section *section) {
    text_init(&section->text, section->buffer, sizeof section->buffer);
}

static void end(struct section *section) {
    if (section->result == 0) {
        section->result = sys_write(section->fd, section->buffer, section->text.length);
    }
}

static void add_entry(struct section *section, const char *key, uint64_t value) {
    text_add(&section->text, key);
    text_add(&section->text, "=");
    text_add_unsigned(&section->text, value);
    text_add(&section->text, "\n");
}

static void add_title(struct section *section) {
    text_add(&section->text, "\n[");
    text_add(&section->text, section->title);
}

static void dump_mallinfo(struct section *section) {
    static const char *const keys[10] = {
        "mallinfo_arena",   "mallinfo_ordblks", "mallinfo_smblks",   "mallinfo_hblks",
        "mallinfo_hblkhd",  "mallinfo_usmblks", "mallinfo_fsmblks",  "mallinfo_uordblks",
        "mallinfo_fordblks", "mallinfo_keepcost",
    };
    uint64_t values[10];
    sys_mallinfo(values);
    begin(section);
    text_add(&section->text, "\n[mallinfo]\n");
    for (int i = 0; i < 10; i++) {
        add_entry(section, keys[i], values[i]);
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
    add_title(section);
    text_add(&section->text, " - usage-type ");
    text_add(&section->text, account->type_name);
    text_add(&section->text, " memusage]\n");
    add_entry(section, "size", account->live_bytes);
    add_entry(section, "num_allocs", account->live_blocks);
    add_entry(section, "max_size", account->peak_bytes);
    add_entry(section, "max_num_allocs", account->peak_blocks);
    add_entry(section, "total_allocs", account->total_blocks);
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
        add_title(section);
        text_add(&section->text, " - Memory usage]\n");
        add_entry(section, "num_types", section->n_types);
        end(section);
        (void)mempool_accounts(dump_type, section);
    }
}

static void dump_components(struct section *section) {
    for (const struct mempool_component *at = components_first(); at != NULL;
         at = component_next(at)) {
        char title[TITLE_BYTES];
        struct text text;
        text_init(&text, title, sizeof title);
        text_add(&text, "component.");
        text_add(&text, at->name);
        if (at->generation > 1) {
            text_add(&text, "#");
            text_add_unsigned(&text, at->generation);
        }
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

static void add_ledger(struct section *section, const struct mempool_ledger *ledger) {
    add_entry(section, "resident", ledger->resident);
    add_entry(section, "live", ledger->live);
    add_entry(section, "padding", ledger->padding);
    add_entry(section, "cached", ledger->cached);
    add_entry(section, "free", ledger->free);
    add_entry(section, "untouched", ledger->untouched);
    add_entry(section, "records", ledger->records);
    add_entry(section, "libc-heap", ledger->libc_heap);
    add_entry(section, "files", ledger->files);
    add_entry(section, "stack", ledger->stack);
    add_entry(section, "named", ledger->named);
    add_entry(section, "unexplained", ledger->unexplained);
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
            add_entry(section, named->list[i].name, resident);
            end(section);
        }
    }
}

static void dump_ledger(struct section *section) {
    struct mempool_ledger ledger;
    struct ledger_room *room = ledger_room_take();
    bool is_known = room != NULL && ledger_take(&ledger, room) == 0;
    begin(section);
    text_add(&section->text, "\n[mempool.ledger]\n");
    if (is_known) {
        add_ledger(section, &ledger);
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
