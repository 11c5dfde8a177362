# SPDX-License-Identifier: MIT
"""`mempool watch`: files, lines and ends: watch_test.py MEMPOOL LIVE"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

from looking import LIVE_BYTES, Command, Live
from program import expect

LINE = re.compile(r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  live (\d+)  ([+-]\d+)  since the start '
                  r'([+-]\d+)(?:  most: (.*) ([+-]\d+))?  (\S+)\n')


class Watch:
    """A watch that runs, as a context."""

    def __init__(self, command, *words):
        self.process = subprocess.Popen([command.path, 'watch', *map(str, words)], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def line(self):
        """Its next line, taken apart."""
        text = self.process.stdout.readline()
        match = LINE.fullmatch(text)
        expect(match, f'not a line of watch: {text!r}')
        return match.groups()

    def ends(self, status, complaint=''):
        """It ends, saying this on standard error: what else it printed."""
        out, err = self.process.communicate(timeout=60)
        expect(self.process.returncode == status, f'status {self.process.returncode}: {err}')
        expect(re.fullmatch(complaint, err), f'complaint {err!r}, not {complaint!r}')
        return out


def check_growth(command, live_path):
    """A line and a file for each; what grew most is named; the process's end is the end."""
    with Live(live_path) as live, tempfile.TemporaryDirectory() as place:
        folder = os.path.join(place, 'new')
        with Watch(command, '--every=200ms', '--bytes', '-o', folder, live.pid) as watch:
            first = watch.line()
            expect(first[:4] == (str(LIVE_BYTES), '+0', '+0', None), f'{first}')
            live.grow(500)
            line = watch.line()
            while line[1] == '+0':
                line = watch.line()
            expect(int(line[2]) == 50000 and line[3].startswith('shop:struct item '), f'{line}')
            name = rf'{live.name}\.{live.pid}\.\d+\.\d\d\d\.json'
            expect(re.fullmatch(name, line[5]), f'{line[5]} is not {name}')
            with open(os.path.join(folder, line[5]), encoding='utf-8') as file:
                expect(json.load(file)['pid'] == live.pid, 'another process')
            shown = command.text('diff', '--no-lines', os.path.join(folder, first[5]),
                                 os.path.join(folder, line[5]))
            expect('\n+50000 ' in shown, shown)
            live.end()
            rest = watch.ends(0, r'(mempool: watch: process \d+ has ended\n)?')
            said = rf'{live.name} \(pid {live.pid}\) has ended: (\d+) snapshots in {folder}\n'
            match = re.search(said, rest)
            expect(match and len(os.listdir(folder)) == int(match.group(1)), f'{rest!r}')


def check_interval(command, live_path):
    """Intervals do not add up what each one takes; names of files are by the second."""
    with Live(live_path) as live, tempfile.TemporaryDirectory() as place:
        start = time.monotonic()
        shown = command.text('watch', '--every=2s', '--count=2', '-o', place, live.pid)
        took = time.monotonic() - start
        expect(2 <= took < 20, f'{took} s')
        names = os.listdir(place)
        expect(len(names) == 2 and shown.count('\n') == 2, f'{names}: {shown}')
        for name in names:
            expect(re.fullmatch(rf'{live.name}\.{live.pid}\.\d+\.json', name), name)


def check_keep(command, live_path):
    """The oldest of its own files go, others' do not; lines as JSON."""
    with Live(live_path) as live, tempfile.TemporaryDirectory() as place:
        with open(os.path.join(place, 'other.json'), 'w', encoding='utf-8'):
            pass
        shown = command.text('watch', '--every=20ms', '--count=5', '--keep=2', '--json', '-o',
                             place, live.pid)
        lines = [json.loads(line) for line in shown.splitlines()]
        expect(len(lines) == 5 and all(line['live_bytes'] == LIVE_BYTES for line in lines),
               f'{lines}')
        kept = {os.path.basename(line['file']) for line in lines[3:]}
        expect(set(os.listdir(place)) == kept | {'other.json'}, f'{os.listdir(place)}')


def check_signals(command, live_path):
    """SIGINT and SIGTERM end it well, between two files."""
    with Live(live_path) as live:
        for number in (signal.SIGINT, signal.SIGTERM):
            with tempfile.TemporaryDirectory() as place:
                with Watch(command, '--every=1h', '--bytes', '-o', place, live.pid) as watch:
                    name = watch.line()[5]
                    watch.process.send_signal(number)
                    expect(watch.ends(0) == '', 'more lines')
                expect(os.listdir(place) == [name], f'{os.listdir(place)}')


def check_full_disk(command, live_path):
    """A file that cannot be written is said, leaves nothing, and does not end it; its status
    does tell."""
    with Live(live_path) as live, tempfile.TemporaryDirectory() as place:
        ended = subprocess.run(['sh', '-c', 'ulimit -f 1; exec "$0" "$@"', command.path, 'watch',
                                '--every=20ms', '--count=2', '--bytes', '-o', place,
                                str(live.pid)], capture_output=True, text=True, check=False,
                               timeout=60)
        expect(ended.returncode == 1, f'status {ended.returncode}: {ended.stderr}')
        expect(ended.stderr.count(': cannot write: File too large\n') == 2, ended.stderr)
        expect(ended.stdout.count('  (no file)\n') == 2, ended.stdout)
        expect(os.listdir(place) == [], f'{os.listdir(place)}')


def check_refused(command, live_path):
    """Bad words, and folders that are none."""
    see = ' (see mempool watch --help)'
    with Live(live_path) as live:
        command.refuses('watch: no directory given: -o DIRECTORY' + see, 'watch', live.pid)
        command.refuses("watch: --every takes a time such as 500ms, 10s, 2m or 1h, not 'soon'"
                        + see, 'watch', '--every=soon', '-o', '/tmp', live.pid)
        command.refuses('watch: --every=9ms is too short' + see, 'watch', '--every=9ms', '-o',
                        '/tmp', live.pid)
        command.refuses('watch: --every=400d is too long' + see, 'watch', '--every=400d', '-o',
                        '/tmp', live.pid)
        command.refuses('watch: /dev/null: is no directory', 'watch', '-o', '/dev/null', live.pid)
        command.refuses('watch: /nonexistent/folder: cannot make it: No such file or directory',
                        'watch', '-o', '/nonexistent/folder', live.pid, status=1)


def main(command_path, live_path):
    """The test."""
    command = Command(command_path)
    for check in (check_growth, check_interval, check_keep, check_signals, check_full_disk,
                  check_refused):
        check(command, live_path)


if __name__ == '__main__':
    main(*sys.argv[1:])
