# SPDX-License-Identifier: MIT
"""One stopped process, looked at in every way that there is: the numbers are to be the same.

Numbers are looked up by (what, which of its counters): pools of one name, and accounts of one
component and type, are added up, since not every format tells them apart.
"""
import collections
import contextlib
import json
import os
import re
import signal
import subprocess
import time

SECONDS = 60
SAMPLE = re.compile(r'(?P<name>\w+)\{(?P<labels>.*)\} (?P<value>\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
USAGE = re.compile(r'\[component\.(?P<component>.*) - usage-type (?P<type>.*) memusage\]$')
# what the formats have in common: in JSON, in OpenMetrics, in the statedump
POOL = {'live_objects': 'mempool_pool_live_objects', 'alloc_count': 'mempool_pool_gets_total',
        'put_count': 'mempool_pool_puts_total', 'max_alloc': 'mempool_pool_peak_objects',
        'pool_misses': 'mempool_pool_misses_total', 'cached': 'mempool_pool_cached_objects',
        'refused': 'mempool_pool_refused_total', 'slab_bytes': 'mempool_pool_slabs_bytes'}
POOL_DUMP = {'hot': 'hot-count', 'cold': 'cold-count', 'alloc_count': 'alloc-count',
             'max_alloc': 'max-alloc', 'pool_misses': 'pool-misses'}
ACCOUNT = {'live_bytes': 'mempool_account_live_bytes', 'live_blocks': 'mempool_account_live_blocks',
           'total_blocks': 'mempool_account_allocations_total',
           'total_frees': 'mempool_account_frees_total'}
ACCOUNT_DUMP = {'live_bytes': 'size', 'live_blocks': 'num_allocs', 'total_blocks': 'total_allocs'}


@contextlib.contextmanager
def stopped(pid):
    """It stands still."""
    os.kill(pid, signal.SIGSTOP)
    try:
        end = time.monotonic() + SECONDS
        while not all(is_stopped(task) for task in tasks(pid)):
            if time.monotonic() > end:
                raise TimeoutError(f'process {pid} does not stop')
            time.sleep(0.01)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def tasks(pid):
    """The status file of each thread."""
    return [f'/proc/{pid}/task/{task}/stat' for task in os.listdir(f'/proc/{pid}/task')]


def is_stopped(path):
    """Is a thread? One that has just ended does not run either."""
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            return file.read().rpartition(')')[2].split()[0] in 'TtZX'
    except (FileNotFoundError, ProcessLookupError):
        return True


def say(command, *words):
    """What the command prints."""
    return subprocess.run([command, *map(str, words)], check=True, capture_output=True, text=True,
                          timeout=SECONDS).stdout


def plain(name):
    """As the formats have it that allow least."""
    return name.replace(' ', '_')


class Numbers:
    """What one way of looking says: {(kind, name, counter): value}."""

    def __init__(self, way):
        self.way = way
        self.found = collections.Counter()

    def add(self, kind, name, counter, value):
        """One more of that name."""
        self.found[kind, plain(name), counter] += int(value)

    def differences(self, other):
        """What both have and say differently; what `other` has and we have not."""
        return [f'{" ".join(key)}: {self.way} {self.found.get(key)}, {other.way} {value}'
                for key, value in sorted(other.found.items()) if self.found.get(key, 0) != value]


def account_name(account, components):
    """component#generation:type"""
    component = components[account['component']]
    generation = component['generation']
    return f"{component['name']}{f'#{generation}' if generation > 1 else ''}:{account['type']}"


def of_json(text):
    """Everything that the others may have."""
    numbers, snapshot = Numbers('JSON'), json.loads(text)
    for pool in snapshot['pools']:
        for counter in set(POOL) | set(POOL_DUMP):
            numbers.add(pool['kind'], pool['name'], counter, pool[counter])
        numbers.add('any pool', pool['name'], 'live_objects', pool['live_objects'])
    for account in snapshot['accounts']:
        for counter in ACCOUNT:
            name = account_name(account, snapshot['components'])
            numbers.add('account', name, counter, account[counter])
    for misuse in snapshot['misuses']:
        numbers.add('misuse', misuse['kind'], 'count', misuse['count'])
    for part, value in snapshot['ledger'].items():
        numbers.add('ledger', part.replace('_', '-'), 'bytes', value)
    for group in snapshot['groups']:
        numbers.add('site', f"{group['what']} {group['symbol']}", 'count', group['count'])
        numbers.add('site', f"{group['what']} {group['symbol']}", 'bytes', group['bytes'])
    return numbers


def unescape(text):
    """A label's value."""
    return re.sub(r'\\(.)', lambda match: {'n': '\n'}.get(match[1], match[1]), text)


def of_openmetrics(text):
    """Pools, accounts, misuses, the ledger."""
    numbers = Numbers('OpenMetrics')
    pools = {family: counter for counter, family in POOL.items()}
    accounts = {family: counter for counter, family in ACCOUNT.items()}
    for line in text.splitlines():
        sample = SAMPLE.match(line)
        if not sample:
            continue
        labels = {key: unescape(value) for key, value in LABEL.findall(sample['labels'])}
        name, value = sample['name'], sample['value']
        if name in pools:
            numbers.add(labels['kind'], labels['pool'], pools[name], value)
        elif name in accounts:
            generation = labels['generation']
            tail = f'#{generation}' if generation != '1' else ''
            numbers.add('account', f"{labels['component']}{tail}:{labels['type']}",
                        accounts[name], value)
        elif name == 'mempool_misuses_total':
            numbers.add('misuse', labels['kind'], 'count', value)
        elif name == 'mempool_ledger_bytes':
            numbers.add('ledger', labels['part'], 'bytes', value)
        elif name == 'mempool_ledger_resident_bytes':
            numbers.add('ledger', 'resident', 'bytes', value)
    return numbers


def of_statedump(text):
    """Pools and accounts."""
    numbers, pool, account = Numbers('statedump'), None, None
    pools = {key: counter for counter, key in POOL_DUMP.items()}
    accounts = {key: counter for counter, key in ACCOUNT_DUMP.items()}
    for line in text.splitlines():
        usage = USAGE.match(line)
        key, _, value = line.partition('=')
        if usage:
            account, pool = f"{usage['component']}:{usage['type']}", None
        elif line.startswith('['):
            account = pool = None
        elif key == 'pool-name':
            pool, account = value, None
        elif pool is not None and key in pools:
            numbers.add('pool', pool, pools[key], value)
        elif account is not None and key in accounts:
            numbers.add('account', account, accounts[key], value)
    return numbers


def of_top(command, pid):
    """Its views of pools and accounts."""
    numbers = Numbers('top')
    for view, kind in (('pools', 'any pool'), ('accounts', 'account')):
        frame = json.loads(say(command, 'top', '--batch', '--json', '--all', '-n1',
                               f'--view={view}', pid))
        for row in frame['rows']:
            if view == 'pools':
                numbers.add(kind, row['name'], 'live_objects', row['live'])
            else:
                name = row['name'].replace(' (ended)', '')
                numbers.add(kind, name, 'live_bytes', row['live_bytes'])
                numbers.add(kind, name, 'live_blocks', row['live'])
    return numbers


def of_show(command, pid):
    """Its tables as JSON."""
    numbers, shown = Numbers('show'), json.loads(say(command, 'show', '--all', '--json', pid))
    for pool in shown['pools']:
        for counter in set(POOL) | set(POOL_DUMP):
            numbers.add(pool['kind'], pool['name'], counter, pool[counter])
    return numbers


def differences(command, pid):
    """Look at a process that stands still in every way: (how many numbers were compared, what
    differs)."""
    with stopped(pid):
        whole = of_json(say(command, 'export', '--format=json', pid))
        others = [of_openmetrics(say(command, 'export', '--format=openmetrics', pid)),
                  of_statedump(say(command, 'dump', pid)), of_top(command, pid),
                  of_show(command, pid)]
        again = of_json(say(command, 'export', '--format=json', pid))
    again.way = 'JSON once more'
    found = []
    for other in [*others, again]:
        found += whole.differences(other) if other.found else [f'{other.way} says nothing']
    return sum(len(other.found) for other in others), found
