/* SPDX-License-Identifier: MIT */
/* Core files: as a debugger and as the system write them, cut, damaged, and of other kinds.
 *
 * Arguments: the subject, and a debugger's gcore. */
#include "subject.h"

#include "scale.h"

#include "inspect/core.h"
#include "view/describe.h"
#include "view/publication.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char folder[512];

static struct core *opened(const char *path) {
    struct snapshot_error error;
    struct core *core = NULL;
    int result = core_open(&core, path, &error);
    if (result != 0) {
        printf("%s\n", error.text);
    }
    CHECK(result == 0);
    return core;
}

static void refused(const char *path, int code, const char *text) {
    struct snapshot_error error = {.code = 0};
    struct core *core = NULL;
    CHECK_EQUAL(core_open(&core, path, &error), code);
    if (strstr(error.text, text) == NULL) {
        printf("%s\n", error.text);
    }
    CHECK(core == NULL && strstr(error.text, text) != NULL && strstr(error.text, path) != NULL);
}

static void write_file(const char *path, const void *bytes, size_t n) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && write(fd, bytes, n) == (ssize_t)n && close(fd) == 0);
}

/* ---- a core says what the process said ------------------------------------------------------- */

static void compare(const struct snapshot *core, const struct snapshot *live) {
    CHECK_EQUAL(core->n_pools, live->n_pools);
    for (size_t i = 0; i < core->n_pools; i++) {
        CHECK(strcmp(core->pools[i].name, live->pools[i].name) == 0);
        CHECK_EQUAL(core->pools[i].hot, live->pools[i].hot);
        CHECK_EQUAL(core->pools[i].alloc_count, live->pools[i].alloc_count);
        CHECK_EQUAL(core->pools[i].cached, live->pools[i].cached);
    }
    CHECK_EQUAL(core->n_accounts, live->n_accounts);
    CHECK_EQUAL(core->accounts[0].live_bytes, live->accounts[0].live_bytes);
    CHECK_EQUAL(core->n_threads, live->n_threads);
    CHECK_EQUAL(core->n_groups, live->n_groups);
    for (size_t i = 0; i < core->n_groups; i++) {
        CHECK(strcmp(core->groups[i].what, live->groups[i].what) == 0);
        CHECK_EQUAL(core->groups[i].bytes, live->groups[i].bytes);
        CHECK_EQUAL(core->groups[i].site, live->groups[i].site);
        CHECK_EQUAL(core->groups[i].offset, live->groups[i].offset);
        CHECK(strcmp(core->groups[i].symbol, live->groups[i].symbol) == 0);
    }
    CHECK(core->source == SNAPSHOT_OF_CORE && core->pid == live->pid);
}

static struct snapshot *of_core(const char *path) {
    struct core *core = opened(path);
    struct images *images = images_of_core(core);
    struct snapshot *snapshot = taken(core_source(core), SNAPSHOT_WANT_GROUPS);
    CHECK(!core_is_truncated(core) && strcmp(core_program(core), "subject") == 0);
    CHECK(images_resolve(images, snapshot) == 0);
    images_free(images);
    core_close(core);
    return snapshot;
}

static struct snapshot *of_process(pid_t pid) {
    struct process *process = process_opened(pid);
    struct images *images = images_of_process(process);
    struct snapshot *snapshot = taken(process_source(process), SNAPSHOT_WANT_GROUPS);
    CHECK(images_resolve(images, snapshot) == 0);
    images_free(images);
    process_close(process);
    return snapshot;
}

static void describes(const char *path, uint64_t address) {
    struct core *core = opened(path);
    struct view_description found;
    struct snapshot_error error;
    CHECK(view_describe(&found, core_source(core), address, &error) == 0);
    CHECK(found.state == MEMPOOL_STATE_LIVE && found.object == address);
    CHECK(strcmp(found.what, "subject:object") == 0);
    core_close(core);
}

/* ---- cut and damaged ------------------------------------------------------------------------- */

static void look_at_what_is_left(const char *path) {
    struct snapshot_error error;
    struct core *core = NULL;
    struct snapshot *snapshot = NULL;
    const struct snapshot_options options = {.want = SNAPSHOT_WANT_GROUPS | SNAPSHOT_WANT_OBJECTS};
    if (core_open(&core, path, &error) != 0) {
        CHECK(error.text[0] != '\0');
        return;
    }
    struct images *images = images_of_core(core);
    if (snapshot_take(&snapshot, core_source(core), &options, &error) == 0) {
        (void)images_resolve(images, snapshot);
        snapshot_free(snapshot);
    } else {
        CHECK(error.text[0] != '\0' && error.code < 0);
    }
    images_free(images);
    core_close(core);
}

static void is_cut(const char *whole) {
    char path[PATH_MAX + 8];
    struct stat status;
    struct snapshot_error error;
    struct core *core = NULL;
    snprintf(path, sizeof path, "%s.cut", whole);
    CHECK(rename(whole, path) == 0 && stat(path, &status) == 0);
    for (off_t bytes = status.st_size; bytes > 0; bytes = bytes * 7 / 8) {
        CHECK(truncate(path, bytes - 1) == 0);
        look_at_what_is_left(path);
    }
    CHECK(core_open(&core, path, &error) < 0);
    CHECK(unlink(path) == 0);
}

/* Headers and notes are at the start, whatever they say. */
static void is_damaged(const char *whole) {
    enum { HEAD = 16384, TRIES = 300 };
    char path[PATH_MAX + 8];
    unsigned char head[HEAD], damaged[HEAD];
    uint64_t random = 88172645463325252u;
    int fd = open(whole, O_RDWR);
    CHECK(fd >= 0 && pread(fd, head, HEAD, 0) == HEAD);
    snprintf(path, sizeof path, "%s", whole);
    for (int i = 0; i < TRIES; i++) {
        memcpy(damaged, head, HEAD);
        for (int times = 0; times < 1 + i % 8; times++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            damaged[random % (i % 2 == 0 ? 1024 : HEAD)] = (unsigned char)(random >> 32);
        }
        CHECK(pwrite(fd, damaged, HEAD, 0) == HEAD);
        look_at_what_is_left(path);
    }
    CHECK(pwrite(fd, head, HEAD, 0) == HEAD && close(fd) == 0);
}

/* Two segments, one behind the other, and a publication in them. */
struct small_core {
    Elf64_Ehdr header;
    Elf64_Phdr segments[2];
    char memory[2][4096];
};

static void fill_small(struct small_core *ret) {
    enum { START = 0x10000 };
    *ret = (struct small_core){
        .header =
            {
                .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
                            EV_CURRENT},
                .e_type = ET_CORE,
                .e_version = EV_CURRENT,
                .e_phoff = offsetof(struct small_core, segments),
                .e_phentsize = sizeof ret->segments[0],
                .e_phnum = 2,
                .e_ehsize = sizeof ret->header,
            },
    };
    for (int i = 0; i < 2; i++) {
        /* the second one first */
        ret->segments[1 - i] = (Elf64_Phdr){
            .p_type = PT_LOAD,
            .p_vaddr = START + (uint64_t)i * sizeof ret->memory[0],
            .p_offset = offsetof(struct small_core, memory) + (uint64_t)i * sizeof ret->memory[0],
            .p_filesz = sizeof ret->memory[0],
            .p_memsz = 2 * sizeof ret->memory[0], /* the rest was not saved */
        };
        memset(ret->memory[i], 'a' + i, sizeof ret->memory[i]);
    }
    struct publication header = {.address = START};
    memcpy(header.magic, PUBLICATION_MAGIC, sizeof header.magic);
    memcpy(ret->memory[0], &header, sizeof header);
}

static void made_by_hand(void) {
    struct small_core small;
    char path[700], bytes[64];
    snprintf(path, sizeof path, "%s/small", folder);
    fill_small(&small);
    write_file(path, &small, sizeof small);
    struct core *core = opened(path);
    struct view_source *source = core_source(core);
    CHECK(source->header == 0x10000 && !core_is_truncated(core) && core_pid(core) == 0);
    CHECK(view_read(source, 0x11000 - 32, bytes, 64) == 0);
    CHECK(bytes[31] == 'a' && bytes[32] == 'b');
    CHECK(view_read(source, 0x12000 - 64, bytes, 64) == 0);
    CHECK(view_read(source, 0x12000 - 63, bytes, 64) == -EFAULT);
    CHECK(view_read(source, 0x10000 - 1, bytes, 1) == -EFAULT);
    core_close(core);
    write_file(path, &small, sizeof small - 4000);
    core = opened(path);
    CHECK(core_is_truncated(core));
    CHECK(view_read(core_source(core), 0x11000 - 32, bytes, 64) == 0);
    CHECK(view_read(core_source(core), 0x11000 + 90, bytes, 64) == -EFAULT);
    core_close(core);
    small.memory[0][0] = 'M';
    write_file(path, &small, sizeof small);
    refused(path, -ENODATA, "has no publication");
    CHECK(unlink(path) == 0);
}

/* Notes that no core file has so many bytes of, in holes of the file: each alone is possible. */
static void has_many_notes(void) {
    enum { NOTES = 6, NOTE_BYTES = 64 << 20, FIRST = 1 << 20 };
    struct {
        struct small_core small;
        Elf64_Phdr headers[2 + NOTES];
    } many;
    char path[700];
    const uint32_t end[3] = {UINT32_MAX, UINT32_MAX, UINT32_MAX}; /* a note that is none */
    snprintf(path, sizeof path, "%s/notes", folder);
    memset(&many, 0, sizeof many);
    fill_small(&many.small);
    memcpy(many.headers, many.small.segments, sizeof many.small.segments);
    many.small.header.e_phoff = (uint64_t)((char *)many.headers - (char *)&many);
    for (int n = 4; n <= NOTES; n += 2) {
        many.small.header.e_phnum = (uint16_t)(2 + n);
        for (int i = 0; i < n; i++) {
            many.headers[2 + i] = (Elf64_Phdr){
                .p_type = PT_NOTE,
                .p_offset = FIRST + (uint64_t)i * 4096,
                .p_filesz = NOTE_BYTES,
            };
        }
        write_file(path, &many, sizeof many);
        int fd = open(path, O_WRONLY);
        CHECK(fd >= 0 && ftruncate(fd, FIRST + NOTE_BYTES + NOTES * 4096) == 0);
        for (int i = 0; i < n; i++) {
            CHECK(pwrite(fd, end, sizeof end, FIRST + i * 4096) == sizeof end);
        }
        CHECK(close(fd) == 0);
        struct core *core = opened(path);
        CHECK(core_is_truncated(core) == (n > 4));
        core_close(core);
    }
    CHECK(unlink(path) == 0);
}

static void is_none(void) {
    char path[PATH_MAX];
    Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_CORE,
        .e_version = EV_CURRENT,
    };
    snprintf(path, sizeof path, "%s/none", folder);
    refused(path, -ENOENT, "No such file");
    refused(folder, -ENOEXEC, "no regular file");
    refused(subject_path, -ENOEXEC, "no core file");
    write_file(path, "", 0);
    refused(path, -ENOEXEC, "no core file");
    write_file(path, "hello, world\n", 13);
    refused(path, -ENOEXEC, "no core file");
    write_file(path, &header, sizeof header);
    refused(path, -ENOEXEC, "32-bit");
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2MSB;
    header.e_type = 0x0400; /* ET_CORE in the other order */
    header.e_version = 0x01000000;
    write_file(path, &header, sizeof header);
    refused(path, -ENOEXEC, "another order of bytes");
    CHECK(unlink(path) == 0);
}

/* ---- who writes them ------------------------------------------------------------------------- */

static void by_debugger(const char *gcore) {
    char prefix[600], path[700], command[PATH_MAX];
    struct subject subject;
    subject_start(&subject, "3", "20");
    uint64_t address = subject_address(subject.line, "live");
    snprintf(prefix, sizeof prefix, "%s/core", folder);
    snprintf(path, sizeof path, "%s.%d", prefix, subject.pid);
    snprintf(command, sizeof command, "'%.2000s' -o '%s' %d >/dev/null 2>&1", gcore, prefix,
             subject.pid);
    subject_stop(&subject);
    struct snapshot *live = of_process(subject.pid);
    subject_continue(&subject);
    if (system(command) != 0 || access(path, R_OK) != 0) {
        printf("%s writes no core file here\n", gcore);
        subject_kill(&subject);
        snapshot_free(live);
        return;
    }
    subject_kill(&subject);
    struct snapshot *core = of_core(path);
    compare(core, live);
    describes(path, address);
    is_damaged(path);
    is_cut(path);
    snapshot_free(core);
    snapshot_free(live);
    printf("a debugger's: looked at\n");
}

/* The file of that name, or one whose name begins so; false: the system put none here. */
static bool find_core(char *ret, size_t bytes) {
    DIR *here = opendir(folder);
    const struct dirent *entry;
    bool is_found = false;
    CHECK(here != NULL);
    while (!is_found && (entry = readdir(here)) != NULL) {
        is_found = strncmp(entry->d_name, "core", 4) == 0;
        snprintf(ret, bytes, "%s/%s", folder, entry->d_name);
    }
    closedir(here);
    return is_found;
}

static void by_system(void) {
    char path[PATH_MAX];
    struct subject subject;
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_CORE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    CHECK(setrlimit(RLIMIT_CORE, &limit) == 0 && chdir(folder) == 0);
    subject_start(&subject, "3", "20");
    subject_stop(&subject);
    struct snapshot *live = of_process(subject.pid);
    CHECK(kill(subject.pid, SIGABRT) == 0 && kill(subject.pid, SIGCONT) == 0);
    CHECK(waitpid(subject.pid, NULL, 0) == subject.pid);
    fclose(subject.words);
    fclose(subject.answers);
    if (find_core(path, sizeof path)) {
        struct snapshot *core = of_core(path);
        compare(core, live);
        snapshot_free(core);
        CHECK(unlink(path) == 0);
        printf("the system's: looked at\n");
    } else {
        printf("the system writes no core files into the working folder\n");
    }
    snapshot_free(live);
}

int main(int argc, char **argv) {
    char path[PATH_MAX];
    const char *temporary = getenv("TMPDIR");
    CHECK(argc > 1 && realpath(argv[1], path) != NULL);
    subject_path = path;
    if (!core_is_supported()) {
        test_skip("made without elfutils");
    }
    snprintf(folder, sizeof folder, "%.400s/mempool-core-XXXXXX", temporary ? temporary : "/tmp");
    CHECK(mkdtemp(folder) != NULL);
    is_none();
    made_by_hand();
    has_many_notes();
    if (argc > 2) {
        by_debugger(argv[2]);
    } else {
        printf("no gcore (install gdb), or a sanitizer's terabytes\n");
    }
    if (test_runtime_is_plain()) {
        by_system();
    }
    CHECK(chdir("/") == 0 && rmdir(folder) == 0);
    return 0;
}
