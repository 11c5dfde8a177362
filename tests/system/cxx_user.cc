/* SPDX-License-Identifier: MIT */
/* The public headers from C++: typed pools, options, a callback, statistics. */
#include <mempool/glusterfs.h>
#include <mempool/misuse.h>

#include <cstdio>
#include <cstring>

namespace {

struct frame {
    long number;
    alignas(64) char payload[64];
};

int misuses_seen;

void count_misuse(const struct mempool_misuse *misuse, void *) {
    misuses_seen += misuse->kind == MEMPOOL_MISUSE_DOUBLE_PUT;
}

int complain(const char *text) {
    std::fprintf(stderr, "cxx_user: %s\n", text);
    return 1;
}

/* What C++ can say of it: no member is called by a keyword. */
bool classic_names_work() {
    static char name[] = "patchy-cxx", type[] = "test/cxx";
    static xlator_t translator;
    translator.name = name;
    translator.type = type;
    translator.ctx = glusterfs_ctx_get();
    THIS = &translator;
    struct mem_pool *pool = mem_pool_new(frame, 1);
    void *got = pool ? mem_get0(pool) : NULL;
    char *text = gf_strdup("text");
    char *block = static_cast<char *>(GF_CALLOC(1, 10, gf_common_mt_char));
    gf_log("cxx", GF_LOG_DEBUG, "%s", text);
    bool listed = pool && !list_empty(&translator.ctx->mempool_list);
    mempool_gf_pool_refresh(pool);
    bool counted = pool && pool->hot_count == 1 && translator.mem_acct.component != NULL;
    GF_FREE(block);
    GF_FREE(text);
    mem_put(got);
    gf_log_set_loglevel(GF_LOG_WARNING);
    mem_pool_destroy(pool);
    THIS = NULL;
    return listed && counted;
}

} // namespace

int main() {
    struct mempool *pool = mempool_new(frame, 16);
    if (!pool) {
        return complain("mempool_new failed");
    }
    frame *got = static_cast<frame *>(mempool_get0(pool));
    if (!got || reinterpret_cast<uintptr_t>(got) % 64 != 0 || got->number != 0) {
        return complain("no zeroed frame, aligned to 64");
    }
    struct mempool_stats stats;
    std::memset(&stats, 0, sizeof stats);
    stats.struct_size = sizeof stats;
    if (mempool_stats(pool, &stats) != 0 || stats.hot != 1 ||
        std::strstr(stats.name, "frame") == NULL) {
        return complain("wrong statistics");
    }
    mempool_misuse_callback_set(count_misuse, NULL);
    mempool_misuse_action_set(MEMPOOL_MISUSE_DOUBLE_PUT, MEMPOOL_MISUSE_CALLBACK);
    mempool_put(got);
    mempool_put(got);
    if (misuses_seen != 1) {
        return complain("the second put was not seen");
    }
    if (!classic_names_work()) {
        return complain("the classic names do not work");
    }
    return mempool_destroy(pool) == 0 ? 0 : complain("an object is live");
}
