#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A profile in the program that it is made for: usage: pprof_test.py WRITER"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77


def pprof_command():
    """The standalone program, or the one that is part of Go; None where there is none."""
    if shutil.which('pprof'):
        return ['pprof']
    if shutil.which('go') and subprocess.run(['go', 'tool', '-n', 'pprof'], check=False,
                                             capture_output=True).returncode == 0:
        return ['go', 'tool', 'pprof']
    return None


def run(command, folder, profile, *options):
    """What pprof prints of a profile."""
    environment = dict(os.environ, HOME=folder, PPROF_TMPDIR=folder, GOFLAGS='')
    always = ['-nodefraction=0', '-symbolize=none']
    done = subprocess.run([*command, *options, *always, str(profile)], check=False,
                          capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(text):
    """Of a listing: function, and its own value."""
    return {line.split()[-1]: int(line.split()[0].rstrip('B')) for line in text.splitlines()
            if re.match(r'\s*\d+B?\s+[\d.]+%\s', line)}


def same(got, want):
    """A claim that says what differs."""
    assert got == want, f'\ngot    {got}\nwanted {want}'


def main():
    """Its listings of the sample's call sites and stacks."""
    writer, command = sys.argv[1], pprof_command()
    if command is None:
        print('skipped: there is no pprof here')
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        for form in ('groups', 'stacks'):
            data = subprocess.run([writer, 'pprof', form], check=True,
                                  stdout=subprocess.PIPE).stdout
            pathlib.Path(folder, form).write_bytes(data)
        groups, stacks = pathlib.Path(folder, 'groups'), pathlib.Path(folder, 'stacks')
        listed = rows(run(command, folder, groups, '-top', '-unit=B'))
        same([listed[name] for name in ('dht_layout_new', 'inode_new', 'main', 'read_line;all')],
             [2097152, 6384, 1680, 300])
        listed = rows(run(command, folder, groups, '-top', '-sample_index=inuse_objects'))
        same([listed[name] for name in ('dht_layout_new', 'inode_new', 'main')], [2, 38, 10])
        listed = rows(run(command, folder, groups, '-top', '-unit=B', '-tagfocus=pool=dht:inode'))
        same(listed, {'inode_new': 6384, 'main': 1680})
        listed = rows(run(command, folder, stacks, '-top', '-unit=B', '-cum'))
        same((listed['dht_layout_new'], listed['inode_new'], listed['main']),
             (2097152, 524288, 0))
        raw = run(command, folder, groups, '-raw')
        assert '/usr/sbin/brick 00112233445566778899aabbccddeeff00112233' in raw, raw
        assert 'Comment: brick (pid 4711), mempool 0.1.0' in raw, raw
    return 0


if __name__ == '__main__':
    sys.exit(main())
