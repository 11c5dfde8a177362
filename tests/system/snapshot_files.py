# SPDX-License-Identifier: MIT
"""Series of snapshots made of one: a process in which one type leaks and another goes up and
down."""
import copy
import json
import math
import os

LEAK_BYTES = 4096       # from one to the next
EVERY_SECONDS = 60


def at(template, step):
    """The snapshot of one moment."""
    snapshot = copy.deepcopy(template)
    wave = 200000 + int(150000 * math.sin(step / 3))
    leaked = 100000 + LEAK_BYTES * step
    snapshot['taken_seconds'] += EVERY_SECONDS * step
    snapshot['uptime_seconds'] += EVERY_SECONDS * step
    for account in snapshot['accounts']:
        if account['type'] == 'gf_common_mt_char':
            account.update(live_bytes=leaked, live_blocks=leaked // 64, peak_bytes=leaked,
                           peak_blocks=leaked // 64, total_blocks=leaked)
        elif account['component_name'] == 'dht' and account['live_bytes']:
            account.update(live_bytes=wave, peak_bytes=350000)
    snapshot['pools'][0]['alloc_count'] += 6000 * step
    snapshot['groups'][0].update(bytes=wave)
    leak = snapshot['groups'][1]
    leak.update(pool=None, account=0, what='brick:gf_common_mt_char', bytes=leaked,
                count=leaked // 64, symbol='remember+0x2a',
                ages=[10, 20, 30, 40, leaked // 64 - 100, 0])
    ledger = snapshot['ledger']
    live = leaked + wave
    parts = {'live': live, 'padding': live // 20, 'cached': 40000, 'free': 90000,
             'untouched': 30000, 'records': 60000, 'libc_heap': 300000, 'files': 900000,
             'stack': 120000, 'named': 0, 'unexplained': 16384}
    ledger.update(parts, resident=sum(parts.values()) - 2 * parts['untouched'])
    return snapshot


def write(folder, template_path, steps):
    """Files of that many moments; their paths, in order."""
    with open(template_path, encoding='utf-8') as file:
        template = json.load(file)
    paths = []
    for step in range(steps):
        snapshot = at(template, step)
        paths.append(os.path.join(folder, f'brick.4711.{snapshot["taken_seconds"]}.json'))
        with open(paths[-1], 'w', encoding='utf-8') as file:
            json.dump(snapshot, file)
    return paths
