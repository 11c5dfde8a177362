/* SPDX-License-Identifier: MIT */
/* Who records gets and puts. */
#include "pool/recorder.h"

const struct recorder *_Atomic pool_recorder;
struct sys_lock recorder_lock;
void (*_Atomic pool_recorder_child)(void);
