#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The probes: listed in the library, and where gdb stops at them the arguments are right.

usage: probes_test.py BUILD-DIR TRACED

TRACED prints what it does; gdb prints each probe that it stops at. The two must tell the same, in
the same order, of each kind of probe."""
import collections
import re
import shutil
import subprocess
import sys
import tempfile

from program import expect, fail, find_library, run

BUILD_DIR, TRACED = sys.argv[1:3]
# How many arguments each has, and how gdb prints them: those that the program says, too.
PROBES = {
    'mempool:get': (2, '%#lx %#lx', '$_probe_arg0, $_probe_arg1'),
    'mempool:put': (1, '%#lx', '$_probe_arg0'),
    'mempool:miss': (1, '%#lx', '$_probe_arg0'),
    'mempool:refill': (2, '%#lx %#lx', '$_probe_arg0, $_probe_arg1'),
    'mempool:misuse': (3, '%s', '(char *)$_probe_arg0'),
    'mempool:pool_create': (3, '%#lx %#lx', '$_probe_arg0, $_probe_arg1'),
    'mempool:pool_destroy': (3, '%#lx %#lx', '$_probe_arg0, $_probe_arg1'),
    'otel_memory:alloc': (2, '%#lx %#lx', '$_probe_arg0, $_probe_arg1'),
    'otel_memory:free': (1, '%#lx', '$_probe_arg0'),
}
TOLD = ('get', 'put', 'pool_create', 'pool_destroy', 'alloc', 'free')


def skip(text):
    """This machine cannot run the test."""
    print(f'skipped: {text}')
    sys.exit(77)


def check_notes(library):
    """What readelf lists."""
    notes = run(['readelf', '--notes', '--wide', library], LC_ALL='C').stdout
    if 'stapsdt' not in notes:
        skip('the library was built without sys/sdt.h')
    found = collections.defaultdict(set)
    for provider, name, arguments in re.findall(
            r'Provider: (\S+)\s+Name: (\S+)\s+.*?Arguments: ([^\n]*)', notes, re.S):
        found[f'{provider}:{name}'].add(len(arguments.split()))
    wanted = {probe: {n} for probe, (n, _, _) in PROBES.items()}
    expect(dict(found) == wanted, f'probes {dict(found)}, not {wanted}')
    expect('(' not in ''.join(re.findall(r'Arguments: ([^\n]*)', notes)),
           'an argument is in memory')


def trace():
    """What gdb sees: (what the program printed, what gdb printed), as lists of lines."""
    if shutil.which('gdb') is None:
        skip('gdb is not installed (Debian: apt-get install gdb)')
    # Stopped in main, the library is loaded, and its probes are known.
    script = ['set pagination off', 'set breakpoint pending on', 'set debuginfod enabled off',
              'set startup-with-shell off', 'set print inferior-events off', 'break main', 'run']
    for probe, (_, form, arguments) in PROBES.items():
        name = probe.partition(':')[2]
        script += [f'break -probe-stap {probe}', 'commands', 'silent',
                   f'printf "gdb: {name} {form}\\n", {arguments}', 'continue', 'end']
    script += ['continue']
    with tempfile.NamedTemporaryFile('w', suffix='.gdb') as file:
        file.write('\n'.join(script) + '\n')
        file.flush()
        ended = subprocess.run(['gdb', '-nx', '-batch', '-x', file.name, TRACED],
                               capture_output=True, text=True, check=False, timeout=120,
                               stdin=subprocess.DEVNULL)
    if re.search(r'ptrace|not permitted|Could not trace', ended.stderr):
        skip(f'gdb may not trace here: {ended.stderr.splitlines()[-1]}')
    lines = ended.stdout.splitlines()
    seen = [line[len('gdb: '):] for line in lines if line.startswith('gdb: ')]
    said = [line for line in lines if line.split(' ')[0] in TOLD]
    if not seen:
        fail(f'gdb saw nothing:\n{ended.stdout}{ended.stderr}')
    return said, seen


def by_kind(lines):
    """The lines of each kind, in their order."""
    kinds = collections.defaultdict(list)
    for line in lines:
        kinds[line.split(' ')[0]].append(line)
    return kinds


def main():
    """Both."""
    check_notes(find_library(BUILD_DIR))
    said, seen = (by_kind(lines) for lines in trace())
    for kind in TOLD:
        expect(len(said[kind]) > 0, f'the program says no {kind}')
        expect(seen[kind] == said[kind], f'{kind}: gdb saw {seen[kind]}, not {said[kind]}')
    pool = said['pool_create'][0].split(' ')[1]
    expect(seen['miss'] and f'miss {pool}' in seen['miss'], 'a miss of the pool')
    refills = [line.split(' ') for line in seen['refill']]
    expect(any(line[1] == pool and int(line[2], 16) > 0 for line in refills), 'a refill')
    expect(seen['misuse'] == ['misuse double-put', 'misuse live-at-destroy'],
           f'misuses: {seen["misuse"]}')


main()
