#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mempool export of a live and of a stopped process: usage: export_test.py MEMPOOL PUBLISHED
FOLDER-OF-PROFILE-WIRE"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import published
from program import expect, fail, run

MEMPOOL, PROGRAM = sys.argv[1:3]
sys.path.insert(0, sys.argv[3])
import profile_wire  # noqa: E402 pylint: disable=wrong-import-position,import-error

ITEM_BYTES = published.ITEMS * published.ITEM_BYTES
BLOCK_BYTES = published.BLOCKS * published.BLOCK_BYTES


def same(got, want, what):
    """Fail where they differ."""
    expect(got == want, f'{what}: {got!r}, not {want!r}')


def exported(pid, kind):
    """What the command writes in one format."""
    return run([MEMPOOL, 'export', f'--format={kind}', str(pid)]).stdout


def pool_of(document):
    """The pool of items in a JSON document."""
    return next(pool for pool in document['pools'] if pool['name'] == 'published:item')


def check_json(text, pid):
    """All of it, with call sites."""
    document = json.loads(text)
    same((document['pid'], document['source']), (pid, 'process'), 'head')
    same((pool_of(document)['hot'], pool_of(document)['live_bytes']),
         (published.ITEMS, ITEM_BYTES), 'pool')
    sites = {group['symbol'].split('+')[0]: group['bytes'] for group in document['groups']}
    same(sites, {'take_item': ITEM_BYTES, 'take_block': BLOCK_BYTES}, 'sites')
    expect(document['ledger']['resident'] > ITEM_BYTES, 'a ledger')


def check_openmetrics(text):
    """Counters."""
    expect(text.endswith('\n# EOF\n'), 'openmetrics has an end')
    found = re.search(r'^mempool_pool_live_objects\{[^}]*pool="published:item"[^}]*\} (\d+)$', text,
                      re.M)
    same(found and int(found[1]), published.ITEMS, 'live objects')
    expect('\nmempool_ledger_resident_bytes{' in text, 'openmetrics has a ledger')


def check_pprof(pid):
    """A profile, by a reader of its own."""
    data = subprocess.run([MEMPOOL, 'export', '--format=pprof', str(pid)], check=True,
                          stdout=subprocess.PIPE).stdout
    samples = profile_wire.samples(profile_wire.read(data))
    same({(stack[0][1], values, labels['type']) for stack, values, labels in samples},
         {('take_item', (published.ITEMS, ITEM_BYTES), 'item'),
          ('take_block', (published.BLOCKS, BLOCK_BYTES), 'buffer')}, 'profile')
    same({os.path.basename(stack[0][2]) for stack, _, _ in samples}, {'published'}, 'image')


def check_heap_profile(pid):
    """By the program that it is for, where that is."""
    text = exported(pid, 'heapprofile')
    total = f'{published.ITEMS + published.BLOCKS}: {ITEM_BYTES + BLOCK_BYTES}'
    expect(text.startswith(f'heap profile: {total} [{total}] @ heapprofile\n'), text[:100])
    expect(re.search(r'^\d+: \d+ \[\d+: \d+\] @ 0x[0-9a-f]+$', text, re.M), text[:300])
    expect(re.search(r'\nMAPPED_LIBRARIES:\n[0-9a-f]+-[0-9a-f]+ r-xp .*/published\n', text), text)
    if not shutil.which('google-pprof'):
        print('not read by google-pprof: it is not installed')
        return
    with tempfile.NamedTemporaryFile('w', suffix='.heap') as file:
        file.write(text)
        file.flush()
        ended = run(['google-pprof', '--text', '--lines', os.readlink(f'/proc/{pid}/exe'),
                     file.name])
    for function in ('take_item', 'take_block'):
        expect(function in ended.stdout, f'google-pprof: {ended.stdout}{ended.stderr}')


def check_formats(pid):
    """Each of them says the same."""
    check_json(exported(pid, 'json'), pid)
    check_openmetrics(exported(pid, 'openmetrics'))
    same(set(exported(pid, 'folded').splitlines()),
         {f'published;published;item;take_item {ITEM_BYTES}',
          f'published;published;buffer;take_block {BLOCK_BYTES}'}, 'folded')
    check_heap_profile(pid)
    dump = exported(pid, 'statedump')
    expect(re.search(r'pool-name=published:item\nhot-count=990\n', dump), 'statedump')
    expect('[mempool.ledger]' in dump, 'statedump has a ledger')
    check_pprof(pid)


def check_files(pid, folder):
    """Output files, whole or not there; and a snapshot as what is exported."""
    path = os.path.join(folder, 'snapshot.json')
    run([MEMPOOL, 'export', str(pid), '-o', path])
    same(os.listdir(folder), ['snapshot.json'], 'no other file')
    with open(path, encoding='utf-8') as file:
        text = file.read()
    check_json(text, pid)
    same(run([MEMPOOL, 'export', f'--snapshot={path}']).stdout, text, 'a snapshot of a snapshot')
    again = run([MEMPOOL, 'export', f'--snapshot={path}', '--format=folded']).stdout
    same(again, exported(pid, 'folded'), 'folded of a snapshot')
    nowhere = run([MEMPOOL, 'export', str(pid), '-o', '/nowhere/at/all'], wanted_status=1)
    expect('/nowhere/at/all' in nowhere.stderr, nowhere.stderr)
    with open('/dev/full', 'wb') as full:
        done = subprocess.run([MEMPOOL, 'export', '--format=pprof', str(pid)], check=False,
                              stdout=full, stderr=subprocess.PIPE, text=True)
    same(done.returncode, 1, 'a full disk')
    expect('No space left' in done.stderr, done.stderr)


def check_terminal(pid):
    """What is binary does not go to a terminal."""
    leader, follower = os.openpty()
    done = subprocess.run([MEMPOOL, 'export', '--format=pprof', str(pid)], check=False,
                          stdout=follower, stderr=subprocess.PIPE, text=True)
    os.close(follower)
    os.close(leader)
    same(done.returncode, 2, 'pprof to a terminal')
    expect('--output' in done.stderr, done.stderr)


def check_refusals(pid):
    """Bad words."""
    for words in (['--format=xml', str(pid)], ['--format'], ['--bogus', str(pid)], [], ['abc'],
                  [str(pid), 'more']):
        run([MEMPOOL, 'export', *words], wanted_status=2)
    gone = run([MEMPOOL, 'export', '4194000'], wanted_status=1)
    expect('4194000' in gone.stderr, gone.stderr)
    text = run([MEMPOOL, 'export', '--help']).stdout
    for word in ('json', 'openmetrics', 'pprof', 'folded', 'heapprofile',
                 'statedump', '--core', '--output'):
        expect(word in text, f'--help does not name {word}')


def main():
    """The checks, of a process that runs, and of one that is stopped."""
    with published.running(PROGRAM) as pid, tempfile.TemporaryDirectory() as folder:
        check_formats(pid)
        check_files(pid, folder)
        check_terminal(pid)
        check_refusals(pid)
        os.kill(pid, signal.SIGSTOP)
        try:
            check_formats(pid)
        finally:
            os.kill(pid, signal.SIGCONT)


if __name__ == '__main__':
    if len(sys.argv) != 4:
        fail(__doc__)
    main()
