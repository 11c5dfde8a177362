# SPDX-License-Identifier: MIT
"""Frames as text and as JSON: batch_test.py TOP, the verb with a process that is made up."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'system'))
from program import expect, run  # pylint: disable=wrong-import-position

PID = str(os.getpid())
FAST = ['--batch', '--every=50ms']


def complaint(command, status=2, **env):
    """What a command says that does not work."""
    ended = run(command, wanted_status=status, **env)
    expect(ended.stdout == '', f'{command}: prints {ended.stdout}')
    expect(ended.stderr.startswith('mempool: top: '), f'{command}: {ended.stderr}')
    expect(ended.stderr.count('\n') == 1, f'{command}: {ended.stderr}')
    return ended.stderr


def text_frames(top):
    """Plain frames."""
    env = {'LC_ALL': 'C.UTF-8'}
    said = run([top, *FAST, '-n', '2', '--rows=5', PID], **env).stdout
    first, second = said.split('\n\n')
    lines = first.splitlines()
    expect(lines[0].startswith(f'fake (pid {PID})'), lines[0])
    expect(lines[3].startswith('NAME') and '▼BYTES' in lines[3], lines[3])
    expect(len(lines) == 9, f'{len(lines)} lines: {first}')
    expect(lines[4].split()[:3] == ['part1:pool1', '290', '28.3KiB'], lines[4])
    expect(lines[5].split()[:3] == ['part0:pool0', '200', '19.5KiB'], lines[5])
    expect(lines[4].split()[5] == '-', f'a rate from one look: {lines[4]}')
    grown = [line for line in second.splitlines() if line.startswith('part1:pool1')]
    expect(len(grown) == 1 and '+9.77KiB' in grown[0], f'pool 1 grew: {second}')
    expect(all(len(line) <= 120 for line in said.splitlines()), 'a line is too long')
    plain = run([top, *FAST, '-n', '1', '--sort=name', '--reverse', '--filter=POOL1', PID],
                LC_ALL='C').stdout
    expect(plain.isascii() and 'NAMEv' in plain, plain)
    names = [line.split()[0] for line in plain.splitlines()[4:]]
    expect(names == sorted(names, reverse=True) and len(names) == 11, f'{names}')
    narrow = run([top, *FAST, '-n1', '--width=40', PID], **env).stdout
    expect(all(len(line) <= 40 for line in narrow.splitlines()), narrow)
    tree = run([top, *FAST, '-n1', '--view=components', PID], **env).stdout
    expect('\n  storage' in tree and '\n    posix' in tree, tree)


def json_frames(top):
    """A JSON object a line."""
    said = run([top, *FAST, '--json', '-n3', PID]).stdout
    frames = [json.loads(line) for line in said.splitlines()]
    expect([frame['frame'] for frame in frames] == [1, 2, 3], said)
    first, last = frames[0], frames[2]
    expect(first['pid'] == int(PID) and first['n_rows'] == 20 == len(first['rows']), said)
    expect(first['rows'][0]['gets_per_second'] is None, said)
    by_name = {row['name']: row for row in last['rows']}
    row = by_name['part1:pool1']
    expect(row['live'] == 490 and row['live_bytes'] == 49000, f'{row}')
    expect(row['growth_bytes'] == 20000 and row['serial'] == 2, f'{row}')
    expect(0 < row['gets_per_second'] < 25000, f'{row}')
    in_pools = sum(row['live_bytes'] for row in first['rows'])
    expect(first['live_bytes'] == in_pools + 4096 * 21, said)
    for view in ('components', 'accounts', 'sites', 'threads'):
        frame = json.loads(run([top, *FAST, '--json', '-n1', f'--view={view}', PID]).stdout)
        expect(frame['view'] == view and frame['rows'], f'{frame}')
        expect(len(frame['rows']) == {'components': 4, 'accounts': 6, 'sites': 12,
                                      'threads': 3}[view], f'{frame}')


def ends(top):
    """How it ends, and with what."""
    still = run([top, '--batch', '--snapshot=some.json']).stdout
    expect('STILL' in still and still.startswith('some.json'), still)
    said = run([top, *FAST, PID], wanted_status=1, TOP_FAKE_TAKES='2')
    expect(said.stderr == 'mempool: top: the fake has nothing to say\n', said.stderr)
    expect(said.stdout.count('fake (pid') == 2, said.stdout)
    expect('nothing to say' in complaint([top, *FAST, PID], 1, TOP_FAKE_TAKES='0'), 'no reason')
    with subprocess.Popen(['sleep', '60']) as victim:
        with subprocess.Popen([top, *FAST, str(victim.pid)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as watcher:
            watcher.stdout.readline()
            victim.kill()
            victim.wait()
            _, error = watcher.communicate(timeout=60)
            expect(watcher.returncode == 0, f'status {watcher.returncode}: {error}')
            expect(error == f'mempool: top: fake (pid {victim.pid}) has ended\n', error)
    # One that nobody has waited for yet has ended, too.
    with subprocess.Popen(['sleep', '60']) as victim:
        victim.kill()
        os.waitid(os.P_PID, victim.pid, os.WEXITED | os.WNOWAIT)
        said = run([top, *FAST, str(victim.pid)], TOP_FAKE_TAKES='2').stderr
        expect('has ended' in said, said)
    with open('/dev/full', 'w', encoding='utf-8') as full:
        ended = subprocess.run([top, *FAST, '-n1', PID], stdout=full, stderr=subprocess.PIPE,
                               text=True, check=False, timeout=60)
    expect(ended.returncode == 1 and 'No space' in ended.stderr, ended.stderr)


def bad_options(top):
    """One line about each, and status 2."""
    expect('no process' in complaint([top]), 'no process')
    expect('one process' in complaint([top, PID, PID]), 'two processes')
    expect('--every' in complaint([top, '--every=1ms', PID]), '1ms')
    expect('--every' in complaint([top, '--every=-1s', PID]), '-1s')
    expect('--every' in complaint([top, '--every=5x', PID]), '5x')
    expect("'pool'" in complaint([top, '--view=pool', PID]), 'view')
    expect("'oldest'" in complaint([top, '--sort=oldest', PID]), 'sort')
    expect('--width' in complaint([top, '--batch', '--width=39', PID]), 'width')
    expect('--batch' in complaint([top, '--json', PID]), 'json')
    expect('shorter' in complaint([top, '--filter=' + 'x' * 64, PID]), 'filter')
    expect('--nonsense' in complaint([top, '--nonsense', PID]), 'unknown')
    expect('without one: --batch' in complaint([top, PID], 1), 'no terminal')


def main(top):
    """The test."""
    text_frames(top)
    json_frames(top)
    ends(top)
    bad_options(top)
    expect('--exit-with-process' in run([top, '--help']).stdout, 'help')


if __name__ == '__main__':
    main(*sys.argv[1:])
