/* SPDX-License-Identifier: MIT */
/* Source lines of call sites, with elfutils' libdw.
 *
 * A snapshot names files by path and build id. A file that was built anew since is not looked into:
 * its addresses mean something else. Debug information that is kept apart is found as debuggers
 * find it, by build id or by the name that the file gives. */
#include "cli/source.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/message.h"

enum {
    DEPTH_MAX = 64, /* of functions that are inlined into each other */
};

/* A file of one build. */
struct image {
    struct image *next;
    const char *path, *build_id;
    Dwfl *session;       /* NULL: it cannot be looked into */
    Dwfl_Module *module; /* the file, as if it were loaded */
    GElf_Addr bias;      /* where: what to add to its own addresses */
};

struct source_reader {
    const char *verb;
    struct replay_memory memory;
    struct image *images;
};

static char *debug_folders; /* NULL: libdw's own list */

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
    .debuginfo_path = &debug_folders,
};

bool source_is_supported(void) {
    return true;
}

struct source_reader *source_open(const char *verb) {
    struct source_reader *reader = calloc(1, sizeof(*reader));
    if (reader) {
        reader->verb = verb;
    }
    return reader;
}

void source_close(struct source_reader *reader) {
    if (!reader) {
        return;
    }
    for (struct image *image = reader->images; image; image = image->next) {
        dwfl_end(image->session);
    }
    replay_memory_release(&reader->memory);
    free(reader);
}

/* ---- files ----------------------------------------------------------------------------------- */

/* A descriptor, or a negative errno. Not of a pipe, which would be waited for, or a device. */
static int open_regular(const char *path) {
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return -errno;
    }
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        return -EINVAL;
    }
    return fd;
}

/* The digits and the bytes are of one build id; or neither is known. */
static bool is_build_id(const char *digits, const unsigned char *bytes, int n_bytes) {
    static const char hex[] = "0123456789abcdef";
    if (!digits || n_bytes <= 0) {
        return !digits && n_bytes <= 0;
    }
    if (strlen(digits) != 2 * (size_t)n_bytes) {
        return false;
    }
    for (int i = 0; i < n_bytes; i++) {
        if (digits[2 * i] != hex[bytes[i] >> 4] || digits[2 * i + 1] != hex[bytes[i] & 15]) {
            return false;
        }
    }
    return true;
}

/* What libdw says was wrong; never NULL. */
static const char *last_error(void) {
    const char *text = dwfl_errmsg(-1);
    return text ? text : "cannot be read";
}

/* NULL, or why the image cannot be looked into. */
static const char *load(struct image *image) {
    const unsigned char *build_id;
    GElf_Addr build_id_at;
    int fd = open_regular(image->path);
    if (fd < 0) {
        return fd == -EINVAL ? "is not a regular file" : strerror(-fd);
    }
    image->session = dwfl_begin(&callbacks);
    if (image->session) {
        image->module = dwfl_report_offline(image->session, image->path, image->path, fd);
        dwfl_report_end(image->session, NULL, NULL);
    }
    if (!image->module) {
        const char *why = last_error();
        close(fd); /* else it is the session's */
        return why;
    }
    if (!dwfl_module_getelf(image->module, &image->bias)) {
        return last_error();
    }
    int n_bytes = dwfl_module_build_id(image->module, &build_id, &build_id_at);
    bool is_same = is_build_id(image->build_id, build_id, n_bytes);
    return is_same ? NULL : "has changed since the snapshot";
}

static bool is_same_build(const struct image *image, const struct snapshot_line *line) {
    const char *left = image->build_id ? image->build_id : "";
    const char *right = line->build_id ? line->build_id : "";
    return strcmp(image->path, line->image) == 0 && strcmp(left, right) == 0;
}

/* The line's image; NULL: it has none, or none that can be looked into. */
static struct image *find_image(struct source_reader *reader, const struct snapshot_line *line) {
    struct image *image = reader->images;
    while (image && line->image && !is_same_build(image, line)) {
        image = image->next;
    }
    if (!image && line->image) {
        image = replay_memory_take(&reader->memory, 1, sizeof(*image));
        if (!image) {
            return NULL;
        }
        image->path = line->image;
        image->build_id = line->build_id;
        image->next = reader->images;
        reader->images = image;
        const char *why = load(image);
        if (why) {
            complain(reader->verb, "%s: no source lines: %s", image->path, why);
            dwfl_end(image->session);
            image->session = NULL;
        }
    }
    return line->image && image->session ? image : NULL;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static const char *without_folder(const char *file, const char *folder) {
    size_t n = folder ? strlen(folder) : 0;
    bool is_below = n > 0 && strncmp(file, folder, n) == 0 && file[n] == '/' && file[n + 1];
    return is_below ? file + n + 1 : file;
}

static bool add_frame(struct source *source, const char *file, int line, const char *folder) {
    if (!file || line <= 0 || source->n_frames == SOURCE_FRAMES_MAX) {
        return false;
    }
    source->frames[source->n_frames++] = (struct source_frame){
        .file = without_folder(file, folder),
        .folder = folder,
        .line = (unsigned)line,
    };
    return true;
}

static bool is_function(Dwarf_Die *scope) {
    int tag = dwarf_tag(scope);
    return tag == DW_TAG_inlined_subroutine || tag == DW_TAG_subprogram ||
           tag == DW_TAG_entry_point;
}

/* Where an inlined function was called; false: not told. */
static bool add_caller(struct source *source, Dwarf_Die *inlined, const char *folder) {
    Dwarf_Attribute attribute;
    Dwarf_Word file, line;
    Dwarf_Die unit;
    Dwarf_Files *files;
    size_t n_files;
    if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &file) != 0 ||
        dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &line) != 0 ||
        !dwarf_diecu(inlined, &unit, NULL, NULL) ||
        dwarf_getsrcfiles(&unit, &files, &n_files) != 0 || file >= n_files || line > INT32_MAX) {
        return false;
    }
    return add_frame(source, dwarf_filesrc(files, file, NULL, NULL), (int)line, folder);
}

/* The functions around an address, outermost first: how many. */
static size_t find_functions(Dwarf_Die *unit, Dwarf_Addr address, Dwarf_Die ret[DEPTH_MAX]) {
    size_t n = 0;
    Dwarf_Die scope;
    int status = dwarf_child(unit, &scope);
    while (status == 0 && n < DEPTH_MAX) {
        if (dwarf_haspc(&scope, address) <= 0) {
            status = dwarf_siblingof(&scope, &scope);
            continue;
        }
        if (is_function(&scope)) {
            ret[n++] = scope;
        }
        Dwarf_Die inner;
        status = dwarf_child(&scope, &inner);
        scope = inner;
    }
    return n;
}

/* Name the frame's function, and go on to where it was called as long as it was inlined. */
static void add_functions(struct source *source, Dwarf_Die *unit, Dwarf_Addr address,
                          const char *folder) {
    Dwarf_Die functions[DEPTH_MAX];
    for (size_t n = find_functions(unit, address, functions); n > 0; n--) {
        source->frames[source->n_frames - 1].function = dwarf_diename(&functions[n - 1]);
        if (dwarf_tag(&functions[n - 1]) != DW_TAG_inlined_subroutine ||
            !add_caller(source, &functions[n - 1], folder)) {
            return;
        }
    }
}

/* The compilation unit that has an address, of which *ret_bias is to be taken off; NULL: none. */
static Dwarf_Die *find_unit(Dwfl_Module *module, GElf_Addr address, Dwarf_Addr *ret_bias) {
    Dwarf_Die *unit = dwfl_module_addrdie(module, address, ret_bias);
    /* Some compilers write no index of addresses: then all units are asked. */
    if (!unit) {
        do {
            unit = dwfl_module_nextcu(module, unit, ret_bias);
        } while (unit && dwarf_haspc(unit, address - *ret_bias) <= 0);
    }
    return unit;
}

static const char *unit_folder(Dwarf_Die *unit) {
    Dwarf_Attribute attribute;
    return dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
}

/* The unit that has the functions, where they are in a file of their own. */
static Dwarf_Die full_unit(Dwarf_Die *unit) {
    Dwarf_Die full;
    uint8_t type;
    bool is_skeleton = dwarf_cu_info(unit->cu, NULL, &type, NULL, &full, NULL, NULL, NULL) == 0 &&
                       type == DW_UT_skeleton && full.cu;
    return is_skeleton ? full : *unit;
}

static void find_lines(const struct image *image, GElf_Addr address, struct source *ret) {
    Dwarf_Addr bias;
    Dwarf_Die *unit = find_unit(image->module, address, &bias);
    Dwarf_Line *line = unit ? dwarf_getsrc_die(unit, address - bias) : NULL;
    int number = 0;
    if (!line || dwarf_lineno(line, &number) != 0) {
        return;
    }
    const char *folder = unit_folder(unit);
    if (add_frame(ret, dwarf_linesrc(line, NULL, NULL), number, folder)) {
        Dwarf_Die full = full_unit(unit);
        add_functions(ret, &full, address - bias, folder);
    }
}

static void find_symbol(const struct image *image, GElf_Addr address, struct source *ret) {
    GElf_Off offset;
    GElf_Sym symbol;
    const char *name =
        dwfl_module_addrinfo(image->module, address, &offset, &symbol, NULL, NULL, NULL);
    /* What is beyond a symbol's end is another's, whose name was stripped. */
    if (name && offset < symbol.st_size) {
        ret->symbol = name;
        ret->symbol_offset = offset + 1;
    }
}

void source_find(struct source_reader *reader, const struct snapshot_line *line,
                 struct source *ret) {
    const struct image *image = find_image(reader, line);
    *ret = (struct source){.n_frames = 0};
    if (image) {
        /* The call ends where its site begins, which may be another line, or another function. */
        GElf_Addr call = image->bias + line->offset - 1;
        find_lines(image, call, ret);
        find_symbol(image, call, ret);
    }
}
