/* SPDX-License-Identifier: MIT */
/* A fixed history of translators, and the statedumps it must give: statedump.txt, to the byte but
 * for the figures of libc's malloc; and what an options file leaves of it.
 *
 * usage: statedump EXPECTED-FILE */
#include "golden.h"

#include "check.h"

#include <mempool/glusterfs.h>

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum dump_mem_types { dump_mt_layout = gf_common_mt_end + 1, dump_mt_end };

struct layout {
    char bytes[100];
};

static char name_dht[] = "patchy-dht", type_dht[] = "cluster/distribute";
static char name_posix[] = "patchy-posix", type_posix[] = "storage/posix";
static xlator_t dht = {.name = name_dht, .type = type_dht};
static xlator_t posix = {.name = name_posix, .type = type_posix};
static xlator_t others; /* of another context */
static glusterfs_ctx_t others_ctx;

static char folder[] = "/tmp/mempool-compat-XXXXXX", run[64];
static char text[GOLDEN_TEXT_BYTES], masked[2 * GOLDEN_TEXT_BYTES];

static void *objects[3];

static void make_history(void) {
    char *kept = GF_MALLOC(1000, gf_common_mt_char);
    THIS = &dht;
    CHECK_EQUAL(xlator_mem_acct_init(THIS, dump_mt_end), 0);
    struct mem_pool *pool = mem_pool_new(struct layout, 2);
    for (int i = 0; i < 3; i++) {
        objects[i] = mem_get(pool);
    }
    mem_put(objects[0]);
    char *layouts[2] = {GF_CALLOC(1, 500, dump_mt_layout), GF_CALLOC(1, 300, dump_mt_layout)};
    GF_FREE(layouts[0]);
    THIS = &posix;
    CHECK(mem_pool_new_fn(4096, 1, "page") != NULL);
    char *freed = gf_strdup("freed again"); /* stays listed, with size 0 */
    GF_FREE(freed);
    others.ctx = &others_ctx;
    THIS = &others;
    CHECK(mem_pool_new(int, 1) != NULL && GF_MALLOC(1, dump_mt_layout) != NULL);
    THIS = NULL;
    CHECK(kept != NULL && layouts[1] != NULL);
}

/* Of [mallinfo], numbers become N. */
static const char *mask(const char *from) {
    char *to = masked;
    while (*from != '\0') {
        bool masks = strncmp(from, "mallinfo_", 9) == 0;
        while (*from != '\0' && *from != '\n') {
            *to++ = *from;
            if (*from++ == '=' && masks) {
                from += strspn(from, "0123456789");
                *to++ = 'N';
            }
        }
        if (*from != '\0') {
            *to++ = *from++;
        }
    }
    *to = '\0';
    return masked;
}

static char *path_of(const char *in_folder, const char *before, const char *after) {
    static char path[256];
    snprintf(path, sizeof path, "%s%s%d%s", in_folder, before, (int)getpid(), after);
    return path;
}

/* The dump under that name, which is the only file there; it is removed. */
static const char *take_dump(const char *name) {
    char *path = path_of(folder, name, ".dump");
    struct stat info;
    unsigned n_files = 0;
    CHECK(stat(path, &info) == 0);
    CHECK_EQUAL(info.st_mode & 0777, 0600);
    golden_read(fopen(path, "r"), text);
    DIR *files = opendir(folder);
    for (struct dirent *file = readdir(files); file != NULL; file = readdir(files)) {
        n_files += file->d_type == DT_REG;
    }
    closedir(files);
    CHECK_EQUAL(n_files, 1);
    CHECK(unlink(path) == 0);
    return mask(text);
}

static void write_file(const char *path, const char *words) {
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fputs(words, file) >= 0 && fclose(file) == 0);
}

static bool begins(const char *whole, const char *part) {
    return strncmp(whole, part, strlen(part)) == 0;
}

/* The path of the options has no slash between folder and name, as in the classic. */
static void check_options(const char *whole) {
    const char *path = path_of(run, "glusterdump.", ".options");
    char kept_path[256];
    snprintf(kept_path, sizeof kept_path, "%s", path);
    write_file(kept_path, "mem=YES-please fd=yes\n\n iobuf=no  mem colour=red =\n");
    gf_proc_dump_info(0);
    static const char echo[] = "[Debug]:key=mem, value=YES-please\n[Debug]:key=fd, value=yes\n"
                               "[Debug]:key=iobuf, value=no\n[Debug]:key=colour, value=red\n"
                               "[Warning]:None of the options matched key : colour\n";
    const char *dump = take_dump("/glusterdump.");
    CHECK(begins(dump, echo));
    CHECK(strcmp(dump + strlen(echo), whole) == 0);
    /* what is not named is off; translators' memory is not an option */
    write_file(kept_path, "priv=yes mem=no");
    gf_proc_dump_info(0);
    dump = take_dump("/glusterdump.");
    CHECK(begins(dump, "[Debug]:key=priv, value=yes\n[Debug]:key=mem, value=no\n\n[active graph"));
    CHECK(strstr(dump, "[mempool]") == NULL);
    write_file(kept_path, "ALL=whatever");
    gf_proc_dump_info(0);
    CHECK(strstr(take_dump("/glusterdump."), "\n[mempool]\n") != NULL);
    write_file(kept_path, "");
    gf_proc_dump_info(0);
    CHECK(begins(take_dump("/glusterdump."), "\n[active graph - 3]\n"));
    CHECK(unlink(kept_path) == 0);
    /* where it was meant to be */
    CHECK(mkdir(run, 0700) == 0);
    path = path_of(run, "/glusterdump.", ".options");
    write_file(path, "");
    gf_proc_dump_info(0);
    CHECK(begins(take_dump("/glusterdump."), "\n[active graph - 3]\n"));
    path = path_of(run, "/glusterdump.", ".options");
    CHECK(unlink(path) == 0 && rmdir(run) == 0);
}

static void check_names(glusterfs_ctx_t *ctx) {
    static char brick[] = "/bricks/b1/data";
    ctx->cmd_args.brick_name = brick;
    gf_proc_dump_info(0);
    CHECK(begins(take_dump("/bricks-b1-data."), "\n[mallinfo]\n"));
    ctx->cmd_args.brick_name = NULL;
    /* by default it is the folder of options too */
    ctx->statedump_path = NULL;
    CHECK_EQUAL(mempool_gf_run_directory_set(folder), 0);
    gf_proc_dump_info(0);
    CHECK(begins(take_dump("/glusterdump."), "\n[mallinfo]\n"));
    static char too_long[1025];
    memset(too_long, 'x', sizeof too_long - 1);
    CHECK_EQUAL(mempool_gf_run_directory_set(too_long), -EINVAL);
    ctx->statedump_path = folder;
    /* the context is the translator's */
    others_ctx.statedump_path = folder;
    THIS = &others;
    gf_proc_dump_info(0);
    const char *dump = take_dump("/glusterdump.");
    CHECK(strstr(dump, "pool-name=unnamed:int\n") != NULL);
    CHECK(strstr(dump, "patchy-dht:") == NULL);
    CHECK(strstr(dump, "[unknown.unnamed - usage-type dump_mt_layout memusage]\nsize=1\n") != NULL);
    THIS = NULL;
}

static unsigned warnings;
static void count_warning(const struct mempool_gf_log_message *message, void *arg) {
    (void)arg;
    CHECK_EQUAL(message->level, GF_LOG_WARNING);
    CHECK(begins(message->text, "no statedump "));
    warnings++;
}

static void check_failures(glusterfs_ctx_t *ctx) {
    static char nowhere[] = "/nowhere/at/all", too_long[3000];
    mempool_gf_log_set(count_warning, NULL);
    ctx->statedump_path = nowhere;
    errno = EXDEV;
    gf_proc_dump_info(0);
    CHECK_EQUAL(errno, EXDEV);
    CHECK_EQUAL(warnings, 1);
    memset(too_long, 'x', sizeof too_long - 1);
    ctx->statedump_path = too_long;
    gf_proc_dump_info(0);
    CHECK_EQUAL(warnings, 2);
    /* written, but not to be renamed: nothing is left of it */
    ctx->statedump_path = folder;
    CHECK(mkdir(path_of(folder, "/glusterdump.", ".dump"), 0700) == 0);
    gf_proc_dump_info(0);
    CHECK_EQUAL(warnings, 3);
    CHECK(rmdir(path_of(folder, "/glusterdump.", ".dump")) == 0);
    mempool_gf_log_set(NULL, NULL);
    CHECK_EQUAL(mempool_gf_dump(ctx, -1), -EBADF);
}

int main(int argc, char **argv) {
    glusterfs_ctx_t *ctx = glusterfs_ctx_get();
    CHECK(argc == 2 && mkdtemp(folder) != NULL);
    snprintf(run, sizeof run, "%s-run", folder);
    ctx->statedump_path = folder;
    ctx->graph_id = 3;
    dht.ctx = posix.ctx = ctx;
    CHECK_EQUAL(mempool_gf_run_directory_set(run), 0);
    gf_proc_dump_init();
    make_history();
    gf_proc_dump_info(10);
    static char whole[2 * GOLDEN_TEXT_BYTES];
    strcpy(whole, take_dump("/glusterdump."));
    int status = golden_compare(argv[1], whole);
    if (status == 0) {
        check_options(whole);
        check_names(ctx);
        check_failures(ctx);
        CHECK(rmdir(folder) == 0); /* nothing is left */
    }
    mem_put(objects[1]);
    mem_put(objects[2]);
    gf_proc_dump_fini();
    return status;
}
