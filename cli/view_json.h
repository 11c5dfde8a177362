/* SPDX-License-Identifier: MIT */
/* Parts of a snapshot as JSON, for the verbs that look at processes. Members are named as the
 * fields of the structs in view/snapshot.h. */
#ifndef CLI_VIEW_JSON_H
#define CLI_VIEW_JSON_H

#include <jansson.h>

#include "view/snapshot.h"

/** view_json_head: an object that says which process, and when. */
json_t *view_json_head(const struct snapshot *snapshot);

/** view_json_pool: all of one pool. */
json_t *view_json_pool(const struct snapshot *snapshot, const struct snapshot_pool *pool);

/** view_json_component, _account, _thread: all of one. */
json_t *view_json_component(const struct snapshot *snapshot,
                            const struct snapshot_component *component);
json_t *view_json_account(const struct snapshot *snapshot,
                          const struct snapshot_account *account);
json_t *view_json_thread(const struct snapshot_thread *thread);

/** view_json_ledger: the process's; what is not known is null. */
json_t *view_json_ledger(const struct snapshot_ledger *ledger);

#endif
