/* SPDX-License-Identifier: MIT */
/* Memory of Lua states, each charged to a component, by what it is for. */
#ifndef MEMPOOL_ADAPT_LUA_H
#define MEMPOOL_ADAPT_LUA_H

#include <mempool/adapt/hook.h>

#include <lua.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Lua names the kind of a new object in place of the old size. */
static inline struct mempool_type *mempool_hook_lua_type(size_t kind) {
    switch (kind) {
    case LUA_TSTRING:
        return MEMPOOL_TYPE("lua string");
    case LUA_TTABLE:
        return MEMPOOL_TYPE("lua table");
    case LUA_TFUNCTION:
        return MEMPOOL_TYPE("lua function");
    case LUA_TUSERDATA:
        return MEMPOOL_TYPE("lua userdata");
    case LUA_TTHREAD:
        return MEMPOOL_TYPE("lua thread");
    default: /* arrays: parts of tables, stacks, code */
        return MEMPOOL_TYPE("lua array");
    }
}

/* A lua_Alloc: its user data is the component. */
static inline void *mempool_hook_lua_alloc(void *component, void *block, size_t old_bytes,
                                           size_t bytes) {
    if (bytes == 0) {
        mempool_free(block);
        return 0;
    }
    if (!block) {
        return mempool_hook_malloc((struct mempool_component *)component,
                                   mempool_hook_lua_type(old_bytes), bytes);
    }
    void *moved = mempool_realloc(block, bytes);
    /* Lua before 5.4 does not expect that a block cannot shrink: it stays as large as it is. */
    return moved || bytes > old_bytes ? moved : block;
}

/** mempool_adapt_lua: a new Lua state whose memory is charged to `component`, by the types "lua
 *  string", "lua table", "lua function", "lua userdata", "lua thread", and "lua array" for the
 *  inner parts of these. For Lua 5.1 to 5.4 (5.1 tells no types: all is "lua array"). In C++,
 *  include lua.hpp before this header.
 *      lua_State *state = mempool_adapt_lua(component);
 *      luaL_openlibs(state);
 *  When:    in place of luaL_newstate, at any time. Other than that one it sets no panic function:
 *           call scripts with lua_pcall.
 *  Errors:  NULL: no memory. Beyond the component's hard limit, scripts end with LUA_ERRMEM.
 *  Threads: a state is used by one thread at a time, as ever; each may have its own component.
 *  Rest:    0 bytes after lua_close.                                          Since: 0.1 */
static inline lua_State *mempool_adapt_lua(struct mempool_component *component) {
    return lua_newstate(mempool_hook_lua_alloc, component);
}

#ifdef __cplusplus
}
#endif
#endif
