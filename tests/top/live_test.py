# SPDX-License-Identifier: MIT
"""A live process, watched: live_test.py MEMPOOL WATCHED, the command and the process."""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from screen_test import Terminal, start
from program import expect, run

N_LOOKS = 21
LOOK_MAX_MS = 50
ATTEMPTS = 3  # what else the machine does only adds


@contextlib.contextmanager
def watched(program, *sizes):
    """The process, from when it is ready."""
    with subprocess.Popen([program, *map(str, sizes)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as process:
        try:
            expect(process.stdout.readline() == 'ready\n', f'{program} is not ready')
            yield process.pid
        finally:
            process.kill()


def looks(command, pid, n, *options):
    """Frames as JSON."""
    said = run([command, 'top', '--batch', '--json', '--every=200ms', f'-n{n}', *options,
                str(pid)]).stdout
    return [json.loads(line) for line in said.splitlines()]


def numbers(command, pid):
    """What the process knows of itself, and what it does."""
    first, *_, last = looks(command, pid, 5)
    rows = {row['name'].partition(':')[2]: row for row in last['rows']}
    expect(rows['kind0']['live'] == 10 and rows['kind0']['live_bytes'] == 640, f'{rows}')
    expect(rows['kind0']['gets_per_second'] == 0 and rows['kind0']['growth_bytes'] == 0, f'{rows}')
    expect(rows['busy']['gets_per_second'] > 100, f'{rows}')
    leak = rows['leak']
    expect(leak['growth_bytes'] > 0 and leak['growth_bytes'] % 200 == 0, f'{rows}')
    expect(0 < leak['gets_per_second'] <= 150 and leak['puts_per_second'] == 0, f'{rows}')
    expect(last['growth_bytes'] == last['live_bytes'] - first['live_bytes'], f'{last}')
    expect(last['resident_bytes'] > last['live_bytes'] and last['misuses'] == 0, f'{last}')
    accounts = looks(command, pid, 1, '--view=accounts')[0]['rows']
    expect([(row['live'], row['live_bytes']) for row in accounts] == [(100, 100000)], f'{accounts}')
    sites = looks(command, pid, 2, '--view=sites', '--filter=watched_get')[1]['rows']
    expect(len(sites) == 4, f'{sites}')
    threads = looks(command, pid, 1, '--view=threads')[0]
    expect(len(threads['rows']) == threads['n_threads'] == 4, f'{threads}')
    expect(any(row['tid'] == pid for row in threads['rows']), f'{threads}')


def stopped(command, pid):
    """A process that stands still answers as well, and does not change."""
    os.kill(pid, signal.SIGSTOP)
    try:
        first, second = looks(command, pid, 2)
        for frame in (first, second):
            for name in ('frame', 'taken_seconds'):
                frame.pop(name)
            for row in frame['rows']:
                for name in ('gets_per_second', 'puts_per_second', 'misses_per_second'):
                    row.pop(name)
        expect(first == second, f'{first}\n{second}')
    finally:
        os.kill(pid, signal.SIGCONT)


def screen(command, pid):
    """By keys: to the call site of what grows."""
    if not shutil.which('tmux'):
        print('not on a screen: tmux is not installed')
        return
    with tempfile.TemporaryDirectory() as place:
        terminal = Terminal(place)
        try:
            start(terminal, command, 'top', '--every=200ms', '--sort=growth', str(pid))
            terminal.wait_for(r'^watched:leak .*[+]')
            terminal.keys('Enter')
            terminal.wait_for('^pool watched:leak')
            terminal.keys('End')
            terminal.wait_for(r'watched_get[+]0x')
            terminal.keys('q')
            terminal.wait_for('^status=0')
        finally:
            terminal.close()


def cpu_ms(command, pid, n):
    """Processor time of so many looks."""
    with subprocess.Popen([command, 'top', '--batch', '--rows=20', '--every=50ms', f'-n{n}',
                           str(pid)], stdout=subprocess.DEVNULL) as top:
        _, status, usage = os.wait4(top.pid, 0)
        top.returncode = os.waitstatus_to_exitcode(status)
    expect(top.returncode == 0, f'status {top.returncode}')
    return (usage.ru_utime + usage.ru_stime) * 1000


def cost(command, program):
    """A look at 10,000 pools and a million objects takes its time, and no more."""
    with watched(program, 10000, 1000000, 30) as pid:
        for _ in range(ATTEMPTS):
            before = cpu_ms(command, pid, 1)
            look_ms = (cpu_ms(command, pid, N_LOOKS) - before) / (N_LOOKS - 1)
            if look_ms <= LOOK_MAX_MS:
                break
    print(f'10,000 pools: {look_ms:.1f} ms of processor time a look')
    expect(look_ms <= LOOK_MAX_MS, f'{look_ms} ms')


def main(command, program):
    """The test."""
    command = os.path.abspath(command)  # the shell in the terminal is elsewhere
    with watched(program, 3, 30, 2) as pid:
        numbers(command, pid)
        stopped(command, pid)
        screen(command, pid)
    cost(command, program)


if __name__ == '__main__':
    main(*sys.argv[1:])
