# SPDX-License-Identifier: MIT
"""`mempool snapshot --objects`; and `mempool describe --snapshot` as of the process that it is of,
stopped, and as of a core file: saved_test.py MEMPOOL SUBJECT CROWD [GCORE]"""
import base64
import collections
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(__file__)), 'system'))
from program import expect, run  # pylint: disable=wrong-import-position,import-error
from command_test import has_elfutils, subject  # pylint: disable=wrong-import-position

VIRGIN, PUT, LIVE = range(3)
NO_OBJECTS = 'holds no objects: take it with `mempool snapshot --objects` for that'
SLOTS = 12  # of each slab, that are asked for


# ---- the format, as docs/formats.md has it -------------------------------------------------------

def stretches(records, is_heap=False):
    """The stretches of a text: (slots, state, numbers); of a heap list distances, not slots."""
    data = iter(base64.b64decode(records + '=' * (-len(records) % 4), validate=True))
    last = [dict.fromkeys(('site', 'thread', 'age', 'account', 'bytes'), 0) for _ in range(3)]

    def number(byte=None):
        value, shift = 0, 0
        while True:
            byte = next(data) if byte is None else byte
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift, byte = shift + 7, None

    for first in data:
        distance = number(first) if is_heap else None
        flags = next(data) if is_heap else first
        past = last[flags & 3]
        for bit, key in enumerate(past, 2):
            if flags >> bit & 1:
                value = number()
                past[key] = value if key != 'age' else (
                    past[key] + (-(value + 1) // 2 if value % 2 else value // 2))
        slots = number() + 2 if flags & 128 else 1
        yield distance if is_heap else slots, flags & 3, dict(past)


def check_sums(path):
    """Slots add up to the counters, and live ones to call sites, whoever reads them."""
    with open(path, encoding='utf-8') as file:
        whole = json.load(file)
    live, accounts, sites = collections.Counter(), collections.Counter(), collections.Counter()
    for slab in whole['slabs']:
        pool = whole['pools'][slab['pool']]
        found = list(stretches(slab['records']))
        expect(sum(slots for slots, _, _ in found) == slab['slots'], f'slots of {slab}')
        for slots, state, past in found:
            if state == LIVE:
                live[slab['pool']] += slots
                account = past['account'] - 1 if pool['kind'] == 'heap-class' else None
                accounts[account] += slots * past['bytes']
                sites[slab['pool'] if account is None else None, account,
                      whole['sites'][past['site'] - 1]['address']] += slots
    for of_pool in whole['heap_lists']:
        found = list(stretches(of_pool['records'], True))
        expect(len(found) == of_pool['count'], f'{of_pool}')
        for _, _, past in found:
            live[of_pool['pool']] += 1
            sites[of_pool['pool'], None, whole['sites'][past['site'] - 1]['address']] += 1
    for number, pool in enumerate(whole['pools']):
        expect(live[number] == pool['live_objects'], f'{live[number]} live of {pool}')
    for number, account in enumerate(whole['accounts']):
        expect(accounts[number] == account['live_bytes'], f'{accounts[number]} of {account}')
    groups = {(group['pool'], group['account'], group['site']): group['count']
              for group in whole['groups']}
    expect(dict(sites) == groups, f'{sites}, not {groups}')
    return whole


# ---- the same answers ----------------------------------------------------------------------------

def interesting(whole, addresses):
    """Addresses of every kind: by what the process said, and around slots of every slab."""
    some = [int(address, 16) for address in addresses.values()]
    found = {address + distance for address in some for distance in (-1, 0, 1, 60, 300)}
    for slab in whole['slabs']:
        start = int(slab['address'], 16)
        stride = whole['pools'][slab['pool']]['padded_bytes']
        for slot in [0, slab['slots'] - 1, slab['slots'],
                     *(random.randrange(slab['slots']) for _ in range(SLOTS))]:
            found.add(start + slot * stride + random.choice((0, 0, 1, stride - 1)))
        found.add(start + slab['bytes'] - 1)
    end = int(whole['arena_start'], 16) + whole['arena_bytes']
    return sorted(found | {1, end - 1, end, (1 << 64) - 1})


def without_age(text):
    """The answer, and the age in it."""
    pattern = r'^(seconds ago: | *"age_seconds": )(\d+)'
    age = re.search(pattern, text, re.M)
    return re.sub(pattern, r'\1', text, flags=re.M), int(age.group(2)) if age else None


def check_same(command, target, path, addresses, is_still):
    """Word for word, as text and as JSON; a process's ages go on where it is no core file."""
    states = collections.Counter()
    for address in addresses:
        for options in ([], ['--json']):
            wanted = run([command, 'describe', *options, *target, hex(address)]).stdout
            found = run([command, 'describe', *options, f'--snapshot={path}', hex(address)]).stdout
            answer = wanted
            if not is_still:
                (wanted, now), (found, then) = without_age(wanted), without_age(found)
                expect((now is None) == (then is None) and
                       (now is None or 0 <= now - then < 100), f'{address:#x}: {then}, then {now}')
            expect(found == wanted, f'{address:#x}: {found}, and not {wanted}')
        states[json.loads(answer)['state'], json.loads(answer)['kind']] += 1
    return states


def check_states(states):
    """Whether there was something of everything."""
    expect({('live', 'object'), ('live', 'block'), ('live', 'heap object'), ('free', 'object'),
            ('virgin', 'object'), ('virgin', 'block'), ('tail', 'object'),
            ('foreign', None)} <= set(states), f'{states}')


def check_crowd(command, program, place):
    """Records that are all different."""
    path = os.path.join(place, 'crowd.json')
    with subprocess.Popen([program, '20000'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        try:
            expect(process.stdout.readline() == 'ready\n', 'it is not ready')
            process.send_signal(signal.SIGSTOP)
            run([command, 'snapshot', '--objects', '-o', path, str(process.pid)])
            whole = check_sums(path)
            expect(sum(pool['live_objects'] for pool in whole['pools']) > 15000 and
                   len(whole['sites']) >= 32 and len(whole['thread_notes']) >= 32, 'no crowd')
            check_same(command, [str(process.pid)], path,
                       random.sample(interesting(whole, {}), 100), False)
        finally:
            process.kill()


def check_core(command, gcore, pid, addresses, place):
    """A snapshot that was taken of a core file answers as that, ages and all."""
    prefix, saved = os.path.join(place, 'core'), os.path.join(place, 'core.json')
    made = subprocess.run([gcore, '-o', prefix, str(pid)], capture_output=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=60)
    core = f'{prefix}.{pid}'
    if made.returncode != 0 or not os.path.exists(core):
        print('no core file could be written')
        return
    run([command, 'snapshot', '--objects', '-o', saved, f'--core={core}'])
    check_same(command, [f'--core={core}'], saved, interesting(check_sums(saved), addresses), True)


# ---- files ---------------------------------------------------------------------------------------

def refused(command, words, wanted):
    """One line that says why, and nothing else."""
    ended = run([command, *words], 2)
    expect(ended.stdout == '' and ended.stderr == f'mempool: {words[0]}: {wanted}\n',
           f'{words}: {ended.stderr!r}, not {wanted!r}')


def write(path, whole):
    """A snapshot as a file."""
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(whole, file)
    return path


def check_without(command, pid, place, address):
    """Snapshots without objects say so: those of today, and those of before there were any."""
    path = os.path.join(place, 'without.json')
    run([command, 'snapshot', '-o', path, str(pid)])
    with open(path, encoding='utf-8') as file:
        whole = json.load(file)
    expect(not whole['has_objects'] and not whole['slabs'], 'objects that nobody asked for')
    refused(command, ['describe', f'--snapshot={path}', address], f'{path}: {NO_OBJECTS}')
    refused(command, ['snapshot', '--objects', f'--snapshot={path}'], f'{path}: {NO_OBJECTS}')
    for key in ('has_objects', 'arena_start', 'slabs', 'heap_lists', 'sites', 'thread_notes'):
        del whole[key]
    write(path, whole)
    refused(command, ['describe', f'--snapshot={path}', address], f'{path}: {NO_OBJECTS}')
    expect('subject:object' in run([command, 'show', f'--snapshot={path}']).stdout, 'an old file')
    return path


def check_damaged(command, path, whole, place, address):
    """Files that were cut or changed are refused, each with the place."""
    bad = os.path.join(place, 'bad.json')
    with open(path, 'rb') as file:
        text = file.read()
    for length in (0, 1, len(text) // 2, text.index(b'"slabs"') + 120, len(text) - 3):
        with open(bad, 'wb') as file:
            file.write(text[:length])
        ended = run([command, 'describe', f'--snapshot={bad}', address], 2)
        expect(ended.stdout == '' and
               re.fullmatch(f'mempool: describe: {bad}: is no JSON: .*\n', ended.stderr),
               f'cut at {length}: {ended.stderr}')
    slab = whole['slabs'][0]
    for key, value, wanted in (
            ('records', slab['records'][:-1], 'records: is damaged'),
            ('records', 'AA', 'records: is of fewer slots'),
            ('records', slab['records'] + 'AAAA', 'records: is of more slots'),
            ('slots', slab['slots'] - 1, 'records: is of more slots'),
            ('address', '0x1000', 'address: is not in the arena'),
            ('pool', None, 'pool: is none')):
        kept, slab[key] = slab[key], value
        refused(command, ['describe', f'--snapshot={write(bad, whole)}', address],
                f'{bad}: slabs[0].{wanted}')
        slab[key] = kept
    del whole['slabs']
    refused(command, ['describe', f'--snapshot={write(bad, whole)}', address],
            f'{bad}: slabs: is missing')


def check_others(command, path, old, place):
    """What reads snapshots reads those with objects, too, and the copy is the same."""
    copy = os.path.join(place, 'copy.json')
    for options in ([], ['--objects']):
        run([command, 'snapshot', *options, f'--snapshot={path}', '-o', copy])
        with open(path, 'rb') as one, open(copy, 'rb') as other:
            expect(one.read() == other.read(), 'the copy is another')
    for words in (['show'], ['sites'], ['ages'], ['leaks'], ['ledger'], ['dump'], ['advise'],
                  ['export', '--format=pprof', '-o', os.path.join(place, 'pprof')]):
        run([command, *words, f'--snapshot={path}'])
    run([command, 'diff', '--no-lines', old, path])
    run([command, 'diff', '--no-lines', path, old])
    run([command, 'report', '-o', os.path.join(place, 'page.html'), old, path])


def check_options(command, pid, address, place):
    """Objects without the sums of call sites have the call sites all the same."""
    path = os.path.join(place, 'bare.json')
    for options in (['--no-sites', '--objects'], ['--objects', '--no-sites']):
        run([command, 'snapshot', *options, '-o', path, str(pid)])
        with open(path, encoding='utf-8') as file:
            whole = json.load(file)
        expect(whole['has_objects'] and not whole['has_groups'], f'{options}')
        text = run([command, 'describe', f'--snapshot={path}', address]).stdout
        expect(re.search(r'^got at: subject(_get)?\+0x', text, re.M), text)
    said = run([command, 'describe', f'--snapshot={path}'], 2).stderr
    expect('no address given' in said, said)
    said = run([command, 'describe', f'--snapshot={path}', '--core=a', '1'], 2).stderr
    expect('one file at a time' in said, said)
    expect('--objects' in run([command, 'snapshot', '--help']).stdout, 'help')


def main(command, program, crowd, gcore=None):
    """The test."""
    with subject(program) as (pid, addresses), tempfile.TemporaryDirectory() as place:
        os.kill(pid, signal.SIGSTOP)
        path = os.path.join(place, 'with.json')
        run([command, 'snapshot', '--objects', '-o', path, str(pid)])
        whole = check_sums(path)
        check_states(check_same(command, [str(pid)], path, interesting(whole, addresses), False))
        check_options(command, pid, addresses['live'], place)
        if gcore and has_elfutils(command):
            check_core(command, gcore, pid, addresses, place)
        old = check_without(command, pid, place, addresses['live'])
        check_others(command, path, old, place)
        check_damaged(command, path, whole, place, addresses['live'])
        check_crowd(command, crowd, place)


if __name__ == '__main__':
    main(*sys.argv[1:])
