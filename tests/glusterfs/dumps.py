# SPDX-License-Identifier: MIT
"""GlusterFS's statedumps, ours and our snapshots: reading them, and comparing what is live.

Live counts are looked up by whose they are: (translator, pool) and (translator, type). GlusterFS
has several pools and translators of one name, of old graphs for instance, and our names of those
may end in #2: they are added up.

Of old graphs, GlusterFS tells the numbers of types and not their names. What we count of a
translator beyond its active graph is to be the same counts, whatever their names. The self-heal
daemon's statedump has its volumes' translators twice: as an old graph that is a part of the active.
"""
import collections
import re

Statedump = collections.namedtuple('Statedump', 'pools accounts old_accounts pool_count')
OurDump = collections.namedtuple('OurDump', 'pools accounts gets foreign_puts')

USAGE = re.compile(r'\[(?P<kind>[^.\]]*)\.(?P<name>.*) - usage-type (?P<type>.+?)( memusage)?\]$')
GENERATION = re.compile(r'#\d+$')
SNAPSHOT_HEAD = 'mempool-snapshot 2'
OWN_COMPONENT = 'mempool-glusterfs'  # the library's, of which GlusterFS knows nothing


class DumpError(Exception):
    """A dump that is not as it should be: cut, for instance."""


def plain(name):
    """A name as both write it: ours have no generation, and no spaces."""
    return GENERATION.sub('', name).replace(' ', '_')


def sections(text):
    """Each section as (its line, [(key, value)])."""
    head, entries = None, []
    for line in text.splitlines():
        if line.startswith('[') and line.endswith(']'):
            if head is not None:
                yield head, entries
            head, entries = line, []
        elif head is not None and line:
            key, _, value = line.partition('=')
            entries.append((key, value))
    if head is not None:
        yield head, entries


def _pool_groups(entries):
    """The [mempool] section's entries, pool by pool."""
    group = {}
    for key, value in entries:
        if key == '-----':
            if group:
                yield group
            group = {}
        else:
            group[key] = value
    if group:
        yield group


def read_statedump(text):
    """GlusterFS's own: live objects of each pool, live blocks of each type."""
    if 'DUMP-END-TIME' not in text:
        raise DumpError('the statedump has no end')
    pools, accounts, old, pool_count = (collections.Counter(), collections.Counter(),
                                        collections.Counter(), 0)
    for head, entries in sections(text):
        usage = USAGE.match(head)
        if usage:
            count = int(dict(entries)['num_allocs'])
            kind = plain(usage['type'])
            (old if kind.isdigit() else accounts)[plain(usage['name']), kind] += count
        elif head == '[mempool]':
            for group in _pool_groups(entries):
                key = plain(group['xlator-name']), plain(group['pool-name'])
                pools[key] += int(group['active-count'])
                pool_count += 1
    if not pool_count:
        raise DumpError('the statedump has no pools')
    return Statedump(pools, accounts, old, pool_count)


def split_name(what):
    """(component, type) of 'component:type'."""
    component, _, kind = what.rpartition(':')
    return plain(component), plain(kind)


def read_our_dump(text):
    """Ours: counters of each pool and type; gets so far, and puts of what no pool gave."""
    pools, accounts, gets, foreign_puts = collections.Counter(), collections.Counter(), 0, None
    seen = set()
    for head, entries in sections(text):
        seen.add(head)
        usage = USAGE.match(head)
        if usage and usage['kind'] == 'component':
            count = int(dict(entries)['num_allocs'])
            accounts[plain(usage['name']), plain(usage['type'])] += count
        elif head == '[mempool]':
            for group in _pool_groups(entries):
                live = int(group['hot-count']) + int(group['cur-stdalloc'])
                pools[split_name(group['pool-name'])] += live
                gets += int(group['alloc-count'])
        elif head == '[mempool-glusterfs]':
            foreign_puts = int(dict(entries)['foreign-puts'])
    if not {'[mempool]', '[mempool.ledger]', '[mempool-glusterfs]'} <= seen:
        raise DumpError('a section of our dump is missing')
    return OurDump(pools, accounts, gets, foreign_puts)


def read_snapshot(text):
    """Our snapshot: {(component, type): live count}. It says where it ends."""
    lines = text.splitlines()
    if len(lines) < 3 or lines[0] != SNAPSHOT_HEAD:
        raise DumpError('not a snapshot')
    if lines[-1] != f'end {len(lines) - 3}':
        raise DumpError(f'a snapshot of {len(lines) - 3} lines whose last is {lines[-1]!r}')
    counts = collections.Counter()
    for line in lines[2:-1]:
        columns = line.split('\t')
        if len(columns) != 8:
            raise DumpError(f'a line of {len(columns)} columns: {line!r}')
        counts[split_name(columns[3])] += int(columns[1])
    return counts


def differences(theirs, ours, who='GlusterFS', whom='ours'):
    """Where two counts of what is live differ: a line for each."""
    return [f'{component}:{kind}: {who} {theirs[component, kind]}, '
            f'{whom} {ours[component, kind]}'
            for component, kind in sorted(set(theirs) | set(ours))
            if theirs[component, kind] != ours[component, kind]]


def _by_component(counts):
    """{component: [its counts, in order]}."""
    groups = {}
    for (component, _), count in counts.items():
        if count:
            groups.setdefault(component, []).append(count)
    return {component: sorted(found) for component, found in groups.items()}


def compare_accounts(statedump, ours):
    """Differences of what is live of each type, in the active graph and in old ones."""
    beyond = collections.Counter(ours)
    beyond.subtract(statedump.accounts)
    old_counts, our_counts = _by_component(statedump.old_accounts), _by_component(beyond)
    active_counts = _by_component(statedump.accounts)
    found = []
    for component in sorted(set(old_counts) | set(our_counts)):
        theirs, rest = old_counts.get(component, []), our_counts.get(component, [])
        listed_twice = not rest and theirs == active_counts.get(component)
        if theirs == rest or listed_twice:
            continue
        if theirs:
            found.append(f'{component}, old graphs: GlusterFS {theirs}, ours {rest}')
        found += differences(
            {key: statedump.accounts[key] for key in beyond if key[0] == component},
            {key: ours[key] for key in beyond if key[0] == component})
    return found


def compare(statedump, snapshot):
    """Differences of pools, and of types. What no statedump knows of is a difference, too."""
    pools = collections.Counter({key: snapshot[key] for key in statedump.pools})
    accounts = collections.Counter({key: count for key, count in snapshot.items()
                                    if key not in pools and key[0] != OWN_COMPONENT})
    return differences(statedump.pools, pools), compare_accounts(statedump, accounts)
