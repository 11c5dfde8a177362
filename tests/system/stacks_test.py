#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sampled call stacks of another process, as mempool export tells them.

usage: stacks_test.py MEMPOOL PUBLISHED FOLDER-OF-PROFILE-WIRE"""
import json
import os
import sys
import tempfile

import published
from program import expect, run

MEMPOOL, PROGRAM = sys.argv[1:3]
sys.path.insert(0, sys.argv[3])
import profile_wire  # noqa: E402 pylint: disable=wrong-import-position,import-error

WANTED = {'take_item': (published.ITEMS, published.ITEMS * published.ITEM_BYTES),
          'take_block': (published.BLOCKS, published.BLOCKS * published.BLOCK_BYTES)}


def exported(pid, kind):
    """What the command writes in one format."""
    return run([MEMPOOL, 'export', f'--format={kind}', str(pid)]).stdout


def check_folded(text):
    """Whole stacks: main is in each, outside of who called the library."""
    found = {}
    for line in text.splitlines():
        stack, held = line.rsplit(' ', 1)
        frames = stack.split(';')
        expect('main' in frames and frames.index('main') < len(frames) - 1, f'a stack: {line}')
        found[frames[-1]] = int(held)
    wanted = {name: held for name, (_, held) in WANTED.items()}
    expect(found == wanted, f'folded stacks: {found}, not {wanted}')


def check_json(document, mean):
    """Stacks with estimates, which are exact where everything is a sample."""
    expect(document['has_stacks'] and document['sample_bytes'] == mean, 'the mean')
    found = sorted((stack['samples'], stack['count'], stack['bytes'])
                   for stack in document['stacks'])
    wanted = sorted((n, n, held) for n, held in WANTED.values())
    expect(found == wanted, f'stacks: {found}, not {wanted}')
    expect(all(len(stack['frames']) > 2 for stack in document['stacks']), 'frames')


def check_profile(pid):
    """A profile has them in place of call sites."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'profile.pb.gz')
        run([MEMPOOL, 'export', '--format=pprof', f'--output={path}', str(pid)])
        with open(path, 'rb') as file:
            samples = profile_wire.samples(profile_wire.read(file.read()))
    found = {stack[0][1]: tuple(values) for stack, values, _ in samples}
    expect(found == WANTED, f'profile: {found}, not {WANTED}')
    expect(all(any(frame[1] == 'main' for frame in stack[1:]) for stack, _, _ in samples),
           'main is in each stack')


def main():
    """With everything a sample; and with nothing."""
    os.environ['MEMPOOL_SAMPLE_BYTES'] = '1'
    with published.running(PROGRAM) as pid:
        check_folded(exported(pid, 'folded'))
        check_json(json.loads(exported(pid, 'json')), 1)
        check_profile(pid)
    del os.environ['MEMPOOL_SAMPLE_BYTES']
    with published.running(PROGRAM) as pid:
        document = json.loads(exported(pid, 'json'))
        expect(document['sample_bytes'] == 0 and document['stacks'] == [], 'no stacks')


main()
