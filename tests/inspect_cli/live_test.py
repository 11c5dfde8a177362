# SPDX-License-Identifier: MIT
"""The verbs that look at a process, at one that runs, one that is stopped, and its snapshots:
live_test.py MEMPOOL LIVE [GCORE]"""
import json
import os
import re
import subprocess
import sys
import tempfile

from looking import LIVE_BYTES, POOLS, TEXT_BYTES, TEXTS, Command, Live, by
from program import expect


MOVING = ('taken_seconds', 'taken_microseconds', 'uptime_seconds')


def check_show(command, live):
    """Pools, accounts, components and threads have what live.c got."""
    shown = command.json('show', live.pid, '--json')
    expect(shown['pid'] == live.pid and shown['program'] == live.name, f'{shown["program"]}')
    expect(shown['live_bytes'] == LIVE_BYTES, f'live bytes {shown["live_bytes"]}')
    pools = by(shown['pools'], 'name')
    for name, (count, size, gets, puts) in POOLS.items():
        pool = pools[name]
        found = tuple(pool[key] for key in ('live_objects', 'object_bytes', 'alloc_count',
                                            'put_count'))
        expect(found == (count, size, gets, puts), f'{name}: {found}')
        expect(pool['live_bytes'] == count * size, f'{name}: {pool["live_bytes"]} bytes')
    account = by(shown['accounts'], 'component_name', 'type')['cart', 'text']
    expect((account['live_blocks'], account['live_bytes']) == (TEXTS, TEXTS * TEXT_BYTES),
           f'account: {account}')
    components = by(shown['components'], 'name')
    expect(components['cart']['parent_name'] == 'shop', f'{components["cart"]}')
    expect((components['shop']['soft_bytes'], components['shop']['hard_bytes']) ==
           (4 << 20, 64 << 20), f'limits: {components["shop"]}')
    expect([thread['id'] for thread in shown['threads']] == [live.pid], f'{shown["threads"]}')
    text = command.text('show', live.pid, '--bytes')
    expect(re.search(r'^ *4000 +40 +50 .* shop:struct item$', text, re.M), text)
    expect(re.search(r'^ *20000 +20 .* cart +text$', text, re.M), text)
    expect(re.search(r'^    cart +20000 +20 ', text, re.M), f'cart is not below shop:\n{text}')
    expect(command.text('show', live.pid, '--bytes', '--sort=name').index('cart:struct order') <
           command.text('show', live.pid, '--bytes', '--sort=name').index('shop:struct item'),
           'not by name')


def check_pool(command, live):
    """One pool by name, by name and serial, and by address."""
    one = command.json('show', live.pid, 'cart:struct order', '--json')['pools']
    expect(len(one) == 1 and sum(one[0]['ages']) == 7 and one[0]['n_sites'] == 1, f'{one}')
    expect(one[0]['sites'][0]['count'] == 7, f'{one[0]["sites"]}')
    for word in (f'cart:struct order#{one[0]["serial"]}', one[0]['address']):
        same = command.json('show', live.pid, word, '--json')['pools']
        expect(by(same, 'address').keys() == by(one, 'address').keys(), f'{word}: {same}')
    text = command.text('show', live.pid, '--bytes', '--no-lines', 'cart:struct order')
    for row in (r'live objects +7', r'live bytes +2100', r'gets +7', r'<10 s +7 +100\.0 %'):
        expect(re.search(f'^{row}$', text, re.M), f'{row} is not in\n{text}')
    command.refuses(f'show: {live.name} (pid {live.pid}): it has no pool \'nothing\'',
                    'show', live.pid, 'nothing', status=1)


def check_sites(command, live):
    """Who got what, with sums; by pool, component and type."""
    found = command.json('sites', live.pid, '--json')
    counts = {(site['what'], site['count'], site['bytes']) for site in found['sites']}
    expect(counts == {('shop:struct item', 40, 4000), ('cart:struct order', 7, 2100),
                      ('cart:text', TEXTS, TEXTS * TEXT_BYTES)}, f'{counts}')
    expect(found['total'] == {'bytes': LIVE_BYTES, 'count': 67}, f'{found["total"]}')
    expect([site['bytes'] for site in found['sites']] == [20000, 4000, 2100], 'not by bytes')
    for options, whats in (
            (['--pool=shop:struct item'], {'shop:struct item'}),
            (['--component=cart'], {'cart:struct order', 'cart:text'}),
            (['--component=cart', '--type=text'], {'cart:text'}),
            (['--type=none'], set()),
            (['--min-age=1h'], set())):
        some = command.json('sites', live.pid, '--json', *options)
        expect({site['what'] for site in some['sites']} == whats, f'{options}: {some["sites"]}')
    text = command.text('sites', live.pid, '--bytes', '--no-lines', '--top=1')
    expect(re.search(r'^20000 +76\.6 % +20 +1000 +\d+ s +cart:text ', text, re.M), text)
    expect(text.endswith('total      1 of 3 call sites shown\n'), text)


def check_leaks(command, live):
    """The table of a process is that of its files."""
    text = command.text('leaks', live.pid, '--no-lines')
    expect(re.search(r'^ *20000 +20 +\d+ +cart:text ', text, re.M), text)
    expect(re.search(r'^26100 +67 .* 3 of 3 lines shown$', text, re.M), text)
    shown = command.json('leaks', live.pid, '--json')
    expect(shown['snapshots'] == [f'{live.name} (pid {live.pid})'], f'{shown["snapshots"]}')
    expect(command.json('leaks', live.pid, '--json', '--min-age=2h')['n_sites'] == 0, 'so old?')


def check_ledger(command, live):
    """The parts add up, of the process and of all slabs."""
    found = command.json('ledger', live.pid, '--json')
    parts = found['ledger']
    rest = sum(size for part, size in parts.items()
               if part not in ('is_known', 'resident', 'untouched')) - parts['untouched']
    expect(parts['is_known'] and parts['resident'] == rest > 0, f'{parts}')
    expect(parts['live'] == LIVE_BYTES, f'{parts}')
    for row in found['pools'] + [found['pools_total']]:
        expect(row['slab_bytes'] == row['live'] + row['padding'] + row['cached'] + row['free'],
               f'{row}')
    for part in ('slab_bytes', 'live', 'padding', 'cached', 'free'):
        expect(sum(row[part] for row in found['pools']) == found['pools_total'][part], part)
    expect(found['pools_total']['slab_bytes'] == found['slabs_bytes'], 'not all slabs')
    expect(found['pools_total']['live'] == LIVE_BYTES, f'{found["pools_total"]}')
    text = command.text('ledger', live.pid, '--bytes')
    expect(re.search(r'^ *26100 +\d+\.\d % +live ', text, re.M), text)


def check_same(command, live, place):
    """Of a process that stands still every verb says the same, and of its snapshot, too."""
    live.stop()
    path = os.path.join(place, 'stopped.json')
    expect(command.text('snapshot', live.pid, '-o', path) == '', 'words')
    expect(os.listdir(place) == ['stopped.json'], f'{os.listdir(place)}')
    for words in (['show'], ['show', 'shop:struct item'], ['sites'], ['ages'], ['ledger']):
        one = command.json(words[0], live.pid, *words[1:], '--json')
        two = command.json(words[0], '--snapshot', path, *words[1:], '--json')
        for key in MOVING:
            one.pop(key), two.pop(key)
        expect(without_ages(one) == without_ages(two), f'{words}:\n{one}\n{two}')
    expect(without_taken(command.text('dump', live.pid)) ==
           without_taken(command.text('dump', '--snapshot', path)), 'dumps differ')
    dump = command.text('dump', live.pid)
    for pool, (count, _, gets, _) in POOLS.items():
        expect(re.search(f'pool-name={pool}\nhot-count={count}\n(.*\n)*?alloc-count={gets}\n',
                         dump), dump)
    with open(path, encoding='utf-8') as file:
        expect(json.load(file)['pid'] == live.pid, 'not its snapshot')


def check_core(command, live, place, gcore):
    """A core file of a process that stands still says what the process does."""
    prefix = os.path.join(place, 'core')
    made = subprocess.run([gcore, '-o', prefix, str(live.pid)], capture_output=True, check=False,
                          text=True, timeout=120)
    path = f'{prefix}.{live.pid}'
    expect(os.path.exists(path), f'no core file: {made.stdout}{made.stderr}')
    for verb in ('show', 'sites', 'ages', 'ledger', 'leaks'):
        one = command.json(verb, live.pid, '--json')
        two = command.json(verb, '--core', path, '--json')
        # What is resident, who the threads are and the time, a core file does not tell.
        for shown in (one, two):
            for key in MOVING + ('source', 'ledger', 'threads', 'snapshots'):
                shown.pop(key, None)
        expect(without_ages(one) == without_ages(two), f'{verb} of the core file:\n{one}\n{two}')
    expect(command.json('show', '--core', path, '--json')['source'] == 'core', 'no core file?')
    saved = os.path.join(place, 'core.json')
    command.text('snapshot', '--core', path, '-o', saved)
    expect(command.json('sites', '--snapshot', saved, '--json')['sites'] ==
           command.json('sites', '--core', path, '--json')['sites'], 'a snapshot of a core file')


def without_taken(dump):
    """A dump without what tells the time."""
    return re.sub(r'^.*(time|date).*$', '', dump, flags=re.M)


def without_ages(shown):
    """JSON without what grows older meanwhile."""
    if isinstance(shown, dict):
        return {key: without_ages(value) for key, value in shown.items()
                if key not in ('ages', 'oldest_seconds', 'attached_seconds', 'old')}
    return [without_ages(value) for value in shown] if isinstance(shown, list) else shown


def check_growth(command, live, place):
    """What grew between two snapshots comes first, of pools, too; and it is no suspect when
    young."""
    before, after = os.path.join(place, 'before.json'), os.path.join(place, 'after.json')
    command.text('snapshot', live.pid, '-o', before)
    live.grow(100)
    command.text('snapshot', live.pid, '-o', after)
    text = command.text('diff', '--no-lines', before, after)
    expect(re.search(r'^\+10000 +\+100 +4000 +14000 +140 +shop:struct item ', text, re.M), text)
    expect(re.search(r'^\+10000 +\+100 +\+\d+ +\+100 +\+0 .* shop:struct item$', text, re.M), text)
    expect('account' not in text, f'accounts did not grow:\n{text}')
    grown = command.json('diff', '--json', before, after)
    pool = by(grown['pools'], 'name')['shop:struct item']
    expect((pool['live_objects'], pool['live_objects_before'], pool['gets_after']) ==
           (100, 40, 150), f'{pool}')
    expect(grown['accounts'][0]['live_bytes'] == 0, f'{grown["accounts"]}')
    ages = by(command.json('ages', '--json', before, after)['rows'], 'what')
    row = ages['shop:struct item']
    expect((row['count_before'], row['count'], sum(row['ages'])) == (40, 140, 140), f'{row}')
    expect(not any(row['is_suspect'] for row in ages.values()), f'{ages}')


def check_ages(command, live):
    """All is young, and whatever the way of adding up, nothing is lost."""
    for options in ([], ['--sites']):
        rows = command.json('ages', live.pid, '--json', *options)['rows']
        expect(sum(sum(row['ages']) for row in rows) == sum(row['count'] for row in rows) == 67,
               f'{rows}')
    text = command.text('ages', live.pid, '--pool=cart:struct order')
    expect(re.search(r'^ +7 +7 +0 +0 +0 +0 +0 +0\.0 % +\d+ s  cart:struct order$', text, re.M),
           text)


def check_bytes(command, live):
    """Names are bytes: what is no UTF-8 is null in JSON, and no member is missing for that."""
    pool, = [pool for pool in command.json('show', live.pid, '--json')['pools']
             if pool['object_bytes'] == 100 and pool['kind'] == 'pool']
    expect(pool['name'] is None, f'{pool}')
    one, = command.json('show', live.pid, pool['address'], '--json')['pools']
    for sites in (one['sites'], command.json('sites', live.pid, '--json')['sites']):
        site, = [site for site in sites if site['type'] == 'struct item']
        expect('component' in site and site['component'] is None and site['count'] == 40 and
               site['what'] is None, f'{site}')


def main(command_path, live_path, gcore=None):
    """The test."""
    command = Command(command_path)
    with Live(live_path) as live, tempfile.TemporaryDirectory() as place:
        for check in (check_show, check_pool, check_sites, check_leaks, check_ledger, check_ages):
            check(command, live)
        check_same(command, live, place)
        if gcore:
            check_core(command, live, place, gcore)
    with Live(live_path) as live, tempfile.TemporaryDirectory() as place:
        check_growth(command, live, place)
    with Live(live_path, b'sh\xffp') as live:
        check_bytes(command, live)
    for verb in ('show', 'sites', 'ages', 'ledger', 'dump', 'snapshot', 'leaks'):
        ended = command.run(verb, live.pid, status=1)
        expect(ended.stdout == '' and re.fullmatch(f'mempool: {verb}: .*\n', ended.stderr),
               f'{verb} of a process that has ended: {ended.stderr}')


if __name__ == '__main__':
    main(*sys.argv[1:])
