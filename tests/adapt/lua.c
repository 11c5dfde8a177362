/* SPDX-License-Identifier: MIT */
/* Lua: a script that builds tables, closures, coroutines and strings; and one without bounds, in a
 * component with a limit. */
#include "books.h"

#include <mempool/adapt/lua.h>

#include <lauxlib.h>
#include <lualib.h>

static const char script[] =
    "kept, sum = {}, 0\n"
    "for i = 1, 5000 do\n"
    "  kept[i] = {name = 'row ' .. i, twice = function() return 2 * i end}\n"
    "end\n"
    "local co = coroutine.wrap(function()\n"
    "  for _, row in ipairs(kept) do coroutine.yield(row.twice()) end\n"
    "end)\n"
    "for _ = 1, #kept do sum = sum + co() end\n"
    "text = string.rep('x', 100000)\n";

static const char endless[] = "local t = {} for i = 1, math.huge do t[i] = 'row ' .. i end";

static void check_types(struct mempool_component *component) {
    static const char *const types[] = {"lua string", "lua table", "lua function", "lua thread",
                                        "lua array"};
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct books books = books_of(component, types[i]);
        printf("%s: %llu bytes\n", types[i], (unsigned long long)books.live_bytes);
        CHECK(books.live_bytes > 0);
        sum += books.live_bytes;
    }
    CHECK_EQUAL(sum + books_of(component, "lua userdata").live_bytes,
                books_of(component, NULL).live_bytes);
    CHECK(books_of(component, "lua string").live_bytes > 100000);
    CHECK(books_of(component, "lua table").live_blocks > 5000);
    CHECK(books_of(component, "lua function").live_blocks > 5000);
}

/* Lua counts, too: its books and ours are of the same bytes. */
static void check_bytes(lua_State *state, struct mempool_component *component) {
    uint64_t lua_bytes =
        (uint64_t)lua_gc(state, LUA_GCCOUNT, 0) * 1024 + (uint64_t)lua_gc(state, LUA_GCCOUNTB, 0);
    CHECK_EQUAL(books_of(component, NULL).live_bytes, lua_bytes);
}

static void work(void) {
    struct mempool_component *component = mempool_component_create("scripts", NULL);
    lua_State *state = mempool_adapt_lua(component);
    CHECK(state);
    luaL_openlibs(state);
    CHECK(luaL_dostring(state, script) == 0);
    lua_getglobal(state, "sum");
    CHECK_EQUAL(lua_tonumber(state, -1), 5000 * 5001);
    lua_newuserdata(state, 1000);
    CHECK(luaL_dostring(state, "no statement") != 0);
    check_types(component);
    check_bytes(state, component);
    lua_close(state);
    books_check_rest(component);
}

static void work_within_limit(void) {
    struct mempool_component *component = mempool_component_create("bounded scripts", NULL);
    struct mempool_limits limits = {sizeof limits, 0, NULL, NULL, 4 << 20};
    CHECK(mempool_component_limit(component, &limits) == 0);
    lua_State *state = mempool_adapt_lua(component);
    CHECK(state);
    luaL_openlibs(state);
    CHECK(luaL_loadstring(state, endless) == 0);
    CHECK(lua_pcall(state, 0, 0, 0) == LUA_ERRMEM);
    lua_settop(state, 0);
    CHECK(luaL_dostring(state, script) == 0); /* it goes on with what the other had */
    check_bytes(state, component);
    lua_close(state);
    books_check_rest(component);
}

int main(void) {
    books_begin("unused");
    work();
    work_within_limit();
    return 0;
}
