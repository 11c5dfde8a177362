/* SPDX-License-Identifier: MIT */
/* Processes whose publication is damaged, cut under the reader, or a lie: whatever they publish,
 * the reader says so or tells something, and stays alive. */
#include "subject.h"

#include "rng.h"
#include "scale.h"

#include "inspect/published.h"
#include "view/describe.h"
#include "vm/space.h"

#include <mempool/account.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

enum { FILE_BYTES = 1 << 20 };

/* A process that publishes what a test wants, and then does as it is told, a byte at a time. */
struct liar {
    pid_t pid;
    int to, from;
};

static void say_ready(int fd) {
    CHECK(write(fd, "!", 1) == 1);
}

static void liar_start(struct liar *ret, void (*run)(int from, int to, uint64_t argument),
                       uint64_t argument) {
    int to[2], from[2];
    char byte;
    CHECK(pipe(to) == 0 && pipe(from) == 0);
    fflush(NULL);
    ret->pid = fork();
    CHECK(ret->pid >= 0);
    if (ret->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(300);
        run(to[0], from[1], argument);
        _exit(0);
    }
    close(to[0]);
    close(from[1]);
    ret->to = to[1];
    ret->from = from[0];
    CHECK(read(ret->from, &byte, 1) == 1);
}

static void liar_tell(const struct liar *liar, char word) {
    CHECK(write(liar->to, &word, 1) == 1 && read(liar->from, &word, 1) == 1);
}

static void liar_end(const struct liar *liar) {
    CHECK(kill(liar->pid, SIGKILL) == 0 && waitpid(liar->pid, NULL, 0) == liar->pid);
    close(liar->to);
    close(liar->from);
}

/* Open, take, explain, name: all that a reader may do. */
static int look(pid_t pid, uint64_t address) {
    struct snapshot_error error = {.code = 0};
    struct process *process = NULL;
    struct snapshot *snapshot = NULL;
    struct view_description found;
    const struct snapshot_options options = {.want = SNAPSHOT_WANT_GROUPS | SNAPSHOT_WANT_OBJECTS};
    int result = process_open(&process, pid, &error);
    if (result != 0) {
        CHECK(error.code == result && error.text[0] != '\0');
        return result;
    }
    struct images *images = images_of_process(process);
    result = snapshot_take(&snapshot, process_source(process), &options, &error);
    if (result == 0) {
        CHECK(images_resolve(images, snapshot) == 0);
        snapshot_free(snapshot);
    } else {
        CHECK(error.code == result && error.text[0] != '\0');
    }
    if (view_describe(&found, process_source(process), address, &error) == 0) {
        CHECK((unsigned)found.state <= MEMPOOL_STATE_TAIL);
    }
    CHECK(process_check(process) <= 0);
    images_free(images);
    process_close(process);
    return result;
}

/* ---- headers by hand ------------------------------------------------------------------------- */

enum lie {
    ZEROS,
    WRONG_ADDRESS,
    MANY_RANGES,
    SOME_RANGES, /* more than there is room for, though they would fit */
    RANGES_OUTSIDE,
    LONG,
    SHORT,
    OTHER_MAJOR,
    WILD_RANGES,
    CUT_AT_ONCE,
    LIES,
};

static uint64_t checksum(const void *bytes, size_t n) {
    const unsigned char *at = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static void write_lie(struct publication *header, enum lie lie) {
    *header = (struct publication){
        .order = PUBLICATION_ORDER,
        .major = lie == OTHER_MAJOR ? 77 : PUBLICATION_MAJOR,
        .pointer_bytes = sizeof(void *),
        .address = (uintptr_t)header + (lie == WRONG_ADDRESS ? 4096 : 0),
        .bytes = lie == LONG    ? UINT64_MAX
                 : lie == SHORT ? 8
                                : PUBLICATION_BYTES,
        .fields = sizeof *header,
        .numbers = sizeof *header,
        .ranges = lie == RANGES_OUTSIDE ? PUBLICATION_BYTES - 8 : sizeof *header,
        .n_ranges = lie == MANY_RANGES   ? UINT32_MAX
                    : lie == SOME_RANGES ? 1000
                                         : 3,
    };
    memcpy(header->magic, PUBLICATION_MAGIC, sizeof header->magic);
    struct publication_range *ranges = (struct publication_range *)(void *)(header + 1);
    for (int i = 0; i < 3 && lie == WILD_RANGES; i++) {
        ranges[i].start = i == 0 ? 0 : UINT64_MAX - 100;
        ranges[i].bytes = i == 1 ? UINT64_MAX : INT64_MAX;
        ranges[i].file_offset = i == 2 ? INT64_MAX : 1;
    }
    header->checksum = checksum(header, PUBLICATION_BYTES);
    if (lie == ZEROS) {
        memset(header, 0, FILE_BYTES);
    }
}

static void publish_lie(int from, int to, uint64_t lie) {
    char word;
    int fd = memfd_create(PUBLICATION_NAME, MFD_CLOEXEC);
    CHECK(fd >= 0 && ftruncate(fd, FILE_BYTES) == 0);
    void *start = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(start != MAP_FAILED);
    write_lie(start, (enum lie)lie);
    if (lie == CUT_AT_ONCE) {
        CHECK(ftruncate(fd, 0) == 0);
    }
    say_ready(to);
    while (read(from, &word, 1) == 1) {
        CHECK(ftruncate(fd, 0) == 0);
        say_ready(to);
    }
}

/* What the list of processes says of one; 1: nothing. */
static int listed(pid_t pid) {
    struct process_found *found = NULL;
    size_t n = 0;
    int code = 1;
    CHECK(process_list(&found, &n) == 0);
    for (size_t i = 0; i < n; i++) {
        code = found[i].pid == pid ? found[i].code : code;
    }
    free(found);
    return code;
}

static void by_hand(void) {
    static const int expected[LIES] = {
        [ZEROS] = -ENODATA,       [WRONG_ADDRESS] = -ENODATA,  [MANY_RANGES] = -EBADMSG,
        [SOME_RANGES] = -EBADMSG, [RANGES_OUTSIDE] = -EBADMSG, [LONG] = -EBADMSG,
        [SHORT] = -EBADMSG,       [OTHER_MAJOR] = -EBADMSG,    [WILD_RANGES] = -EBADMSG,
        [CUT_AT_ONCE] = -ENODATA,
    };
    static const int listed_as[LIES] = {
        [ZEROS] = 1,
        [WRONG_ADDRESS] = 1,
        [MANY_RANGES] = -EBADMSG,
        [SOME_RANGES] = -EBADMSG,
        [RANGES_OUTSIDE] = -EBADMSG,
        [LONG] = -EBADMSG,
        [SHORT] = -EBADMSG,
        [CUT_AT_ONCE] = 1, /* the others need a closer look */
    };
    for (int lie = 0; lie < LIES; lie++) {
        struct liar liar;
        liar_start(&liar, publish_lie, (uint64_t)lie);
        CHECK_EQUAL(look(liar.pid, 0x1000), expected[lie]);
        CHECK_EQUAL(listed(liar.pid), listed_as[lie]);
        liar_end(&liar);
    }
}

/* A file of that name that is no memfd is not even opened. */
static void publish_file(int from, int to, uint64_t argument) {
    char word;
    int fd = open("/memfd:mempool (deleted)", O_RDWR | O_CREAT | O_EXCL, 0600);
    (void)argument;
    if (fd >= 0) {
        unlink("/memfd:mempool (deleted)");
        CHECK(ftruncate(fd, FILE_BYTES) == 0);
        write_lie(mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), OTHER_MAJOR);
    }
    say_ready(to);
    while (read(from, &word, 1) == 1) {
        say_ready(to);
    }
}

static void a_file(void) {
    struct liar liar;
    liar_start(&liar, publish_file, 0);
    CHECK_EQUAL(look(liar.pid, 0x1000), -ENODATA);
    liar_end(&liar);
}

/* ---- the library's own, damaged bit by bit --------------------------------------------------- */

static void use_library(void) {
    struct mempool *pool = mempool_create_typed(72, 8, "thing", 0);
    for (int i = 0; i < 500; i++) {
        CHECK(mempool_get(pool) != NULL);
        CHECK(mempool_malloc_typed((size_t)i, mempool_type("block")) != NULL);
    }
}

/* A value that may mislead: a small one, a large one, an address of ours, a flipped bit. */
static uint64_t misleading(struct rng *rng, uint64_t before) {
    uint64_t random = rng_next(rng);
    switch (random % 5) {
    case 0:
        return random >> 8 & 0xff;
    case 1:
        return UINT64_MAX >> (random >> 8 & 63);
    case 2:
        return (uintptr_t)space.reservation + (random >> 8) % space.reservation_bytes;
    case 3:
        return (uintptr_t)space.shared + ((random >> 8) % space.shared_bytes & ~(uint64_t)7);
    default:
        return before ^ (uint64_t)1 << (random >> 8 & 63);
    }
}

static void damage(struct rng *rng) {
    const struct area *areas[] = {&space.publication,     &space.pools,  &space.slabs,
                                  &space.descriptor_area, &space.blocks, &space.publication};
    const struct area *area = areas[rng_next(rng) % 6];
    size_t words = area->used_bytes / sizeof(uint64_t);
    uint64_t *word = (uint64_t *)(void *)area->start + rng_next(rng) % (words > 0 ? words : 1);
    *word = misleading(rng, *word);
    struct publication *header = (struct publication *)(void *)space.publication.start;
    if (header->bytes <= PUBLICATION_BYTES) {
        header->checksum = 0;
        header->checksum = checksum(header, header->bytes);
    }
}

static void publish_damaged(int from, int to, uint64_t seed) {
    struct rng rng = {.state = seed};
    char word;
    use_library();
    say_ready(to);
    while (read(from, &word, 1) == 1) {
        for (int i = 0; i < word; i++) {
            damage(&rng);
        }
        say_ready(to);
    }
}

static void bit_by_bit(void) {
    enum { LIARS = 40, ROUNDS = 25 };
    uint64_t seed = rng_seed();
    unsigned n_good = 0, n_bad = 0;
    for (int i = 0; i < LIARS; i++) {
        struct liar liar;
        liar_start(&liar, publish_damaged, seed + (uint64_t)i);
        CHECK(look(liar.pid, 0x1000) == 0);
        for (int round = 0; round < ROUNDS; round++) {
            liar_tell(&liar, 1);
            *(look(liar.pid, 0x1000) == 0 ? &n_good : &n_bad) += 1;
        }
        liar_end(&liar);
    }
    printf("%u could be read, %u not\n", n_good, n_bad);
    CHECK(n_good > 0 && n_bad > 0);
}

/* Its file ends while it is open. (The library's own is sealed against that.) */
static void cut_meanwhile(void) {
    struct liar liar;
    struct snapshot_error error;
    struct snapshot *snapshot = NULL;
    struct publication header;
    const struct snapshot_options options = {.want = SNAPSHOT_WANT_GROUPS | SNAPSHOT_WANT_OBJECTS};
    liar_start(&liar, publish_lie, OTHER_MAJOR);
    struct process *process = process_opened(liar.pid);
    struct view_source *source = process_source(process);
    CHECK(process_check(process) == 0);
    CHECK(view_read(source, source->header, &header, sizeof header) == 0);
    liar_tell(&liar, 1);
    CHECK(view_read(source, source->header, &header, sizeof header) == -EFAULT);
    CHECK(snapshot_take(&snapshot, source, &options, &error) == -EFAULT);
    CHECK(process_check(process) == -EBADMSG);
    process_close(process);
    liar_end(&liar);
}

int main(void) {
    by_hand();
    a_file();
    bit_by_bit();
    cut_meanwhile();
    return 0;
}
