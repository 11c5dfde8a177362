#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prometheus takes our OpenMetrics text: its own parser reads every sample, its linter has no word.

usage: promtool_test.py FORMATS-PROGRAM

promtool reads OpenMetrics only to make blocks of a database, and wants timestamps for that: each
sample gets one. Its linter knows the older text format only: types are put into its words.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

import exposition

TIMESTAMP = '1700000000'
SAMPLE = re.compile(r'^(mempool_\S+\{.*\} \S+)$', re.M)


def run(command, text=''):
    """What a command said; a failed one ends the test."""
    ended = subprocess.run(command, input=text.encode('utf-8'), capture_output=True, check=False)
    said = (ended.stdout + ended.stderr).decode('utf-8')
    if ended.returncode != 0:
        print(f'exit status {ended.returncode} of: {" ".join(command)}\n{said}')
        sys.exit(1)
    return said


def check_parsed(promtool, text, families):
    """Its database has as many series as we wrote samples."""
    with tempfile.TemporaryDirectory() as folder:
        path = f'{folder}/metrics'
        with open(path, 'w', encoding='utf-8') as file:
            file.write(SAMPLE.sub(rf'\1 {TIMESTAMP}', text))
        os.makedirs(f'{folder}/data/wal')  # the dump wants one, if empty
        run([promtool, 'tsdb', 'create-blocks-from', 'openmetrics', path, f'{folder}/data'])
        dump = run([promtool, 'tsdb', 'dump', f'{folder}/data'])
    wanted = sum(len(family.samples) for family in families.values())
    found = len(dump.splitlines())
    if found != wanted:
        print(f'{found} series in the database, not {wanted}:\n{dump}')
        sys.exit(1)
    return found


def old_text(families):
    """The same in the format that the linter reads."""
    lines = []
    for family in families.values():
        name = family.name + exposition.SUFFIXES[family.type]
        kind = 'counter' if family.type == 'counter' else 'gauge'
        lines += [f'# HELP {name} {family.help}', f'# TYPE {name} {kind}']
        for pairs, value in family.samples:
            labels = ','.join(f'{key}="{escape(text)}"' for key, text in pairs)
            lines.append(f'{name}{{{labels}}} {value}')
    return '\n'.join(lines) + '\n'


def escape(text):
    """A label's value between quotes."""
    return text.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n')


def main():
    """The exit status."""
    promtool = shutil.which('promtool')
    if promtool is None:
        print('skipped: there is no promtool here (Debian: prometheus)')
        return 77
    text = subprocess.run([sys.argv[1], 'openmetrics'], capture_output=True,
                          check=True).stdout.decode('utf-8')
    families = exposition.read(text)
    found = check_parsed(promtool, text, families)
    said = run([promtool, 'check', 'metrics'], old_text(families))
    if said:
        print(said)
        return 1
    print(f'{found} series')
    return 0


if __name__ == '__main__':
    sys.exit(main())
