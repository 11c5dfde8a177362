# SPDX-License-Identifier: MIT
"""`mempool ls` and `mempool describe` on a live process, a stopped one, a core file, and none:
command_test.py MEMPOOL SUBJECT [GCORE]"""
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(__file__)), 'system'))
from program import expect, run  # pylint: disable=wrong-import-position,import-error

NOBODY = 65534


@contextlib.contextmanager
def subject(path):
    """A process to look at; yields its pid and the addresses that it tells."""
    with subprocess.Popen([path, '2', '5'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        try:
            line = process.stdout.readline()
            yield process.pid, dict(re.findall(r'(\w+)=(0x[0-9a-f]+)', line))
        finally:
            process.kill()


def listed(command, pid):
    """What `ls --json` has of a process, and all that cannot be looked at."""
    whole = json.loads(run([command, 'ls', '--json']).stdout)
    expect(sorted(whole) == ['processes', 'unreadable', 'version'], f'members: {sorted(whole)}')
    found = [process for process in whole['processes'] if process['pid'] == pid]
    return found[0] if found else None


def check_ls(command, pid):
    """Numbers in JSON and the same in the table."""
    found = listed(command, pid)
    expect(found == {'pid': pid, 'program': 'subject', 'live_bytes': 1000 * 100 + 300 * 50 + 200,
                     'pools': 7, 'threads': 3, 'misuses': 0,
                     'library_version': run([command, '--version']).stdout.split()[1]},
           f'ls --json: {found}')
    lines = run([command, 'ls']).stdout.splitlines()
    expect(lines[0].split() == ['pid', 'program', 'live', 'bytes', 'pools', 'threads', 'misuses',
                                'version'], f'ls: {lines[0]}')
    row = [line.split() for line in lines if line.split()[0] == str(pid)]
    expect(row == [[str(pid), 'subject', '115200', '7', '3', '0', found['library_version']]],
           f'ls: {row}')


def has_elfutils(command):
    """Whether the build reads core files and symbols."""
    said = run([command, 'describe', '--core=/no/such/file', '1'], 2).stderr
    return 'without elfutils' not in said


def check_describe(command, target, addresses):
    """Each kind of address, as text and as JSON."""
    symbol = 'subject_get+0x' if has_elfutils(command) else 'subject+0x'

    def described(name, *options):
        return run([command, 'describe', *options, *target, addresses[name]]).stdout

    text = described('live')
    for part in ('a live object\n', 'pool: subject:object\n', ', 100 bytes (with padding 112)\n',
                 'offset: 0\n', 'got at: ' + symbol, ' subject\n', 'seconds ago: '):
        expect(part in text, f'describe: no {part!r} in {text}')
    found = json.loads(described('live', '--json'))
    expect(found['state'] == 'live' and found['what'] == 'subject:object' and
           found['object'] == addresses['live'] and found['offset'] == 0 and
           found['object_bytes'] == 100 and found['symbol'].startswith(symbol) and
           found['thread_name'] == 'subject' and found['image'].endswith('/subject') and
           found['kind'] == 'object' and len(found['build_id']) == 40, f'describe: {found}')
    found = json.loads(described('put', '--json'))
    expect(found['state'] == 'free', f'describe: {found}')
    found = json.loads(described('heap', '--json'))
    expect(found['kind'] == 'heap object' and found['what'] == 'subject:spill',
           f'describe: {found}')
    found = json.loads(described('block', '--json'))
    expect(found['kind'] == 'block' and found['what'] == 'parser:token' and
           found['object_bytes'] == 50 and found['pool'] is None, f'describe: {found}')
    expect('account: parser:token\n' in described('block'), 'a block as text')
    found = json.loads(described('foreign', '--json'))
    expect(found['state'] == 'foreign' and 'site' not in found, f'describe: {found}')
    expect("none of the library's memory" in described('foreign'), 'a foreign address as text')


def check_names(command, path):
    """A path is the process's own to choose: a terminal obeys none of it."""
    with tempfile.TemporaryDirectory() as place:
        folder = os.path.join(place, 'red\x1b[31m\x7f')
        os.mkdir(folder)
        copy = shutil.copy(path, folder)
        with subject(copy) as (pid, addresses):
            text = run([command, 'describe', str(pid), addresses['live']]).stdout
            expect('/red?[31m?/subject+0x' in text and text.replace('\n', '').isprintable(),
                   f'describe: {text!r}')
            found = json.loads(run([command, 'describe', '--json', str(pid),
                                    addresses['live']]).stdout)
            expect(found['image'].endswith('/red?[31m?/subject') and
                   found['symbol'].startswith('subject'), f'describe: {found}')
            for words in (['sites'], ['show', '--all'], ['ledger'], ['leaks'], ['ages'], ['ls']):
                text = run([command, *words, *([str(pid)] if words != ['ls'] else [])]).stdout
                expect(text.replace('\n', '').isprintable(), f'{words}: {text!r}')


def check_core(command, gcore, pid, addresses):
    """The same of a core file; where no core file can be written, nothing."""
    with tempfile.TemporaryDirectory() as place:
        prefix = os.path.join(place, 'core')
        made = subprocess.run([gcore, '-o', prefix, str(pid)], capture_output=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=60)
        path = f'{prefix}.{pid}'
        if made.returncode != 0 or not os.path.exists(path):
            print('no core file could be written')
            return
        check_describe(command, [f'--core={path}'], addresses)
        os.truncate(path, 5000)
        said = run([command, 'describe', f'--core={path}', '0x1000'], 2).stderr
        expect(said.startswith('mempool: describe: ' + path + ': '), f'a cut core: {said}')


def check_refusals(command, pid):
    """What is said where there is nothing to see."""
    def said(status, *words):
        ended = run([command, *words], status)
        expect(ended.stdout == '' and ended.stderr.startswith(f'mempool: {words[0]}: ') and
               ended.stderr.count('\n') == 1, f'{words}: {ended.stdout}{ended.stderr}')
        return ended.stderr

    expect('no process given' in said(2, 'describe'), 'nothing given')
    expect('no address given' in said(2, 'describe', str(pid)), 'no address')
    expect('not an address' in said(2, 'describe', str(pid), 'hello'), 'no number')
    expect('one address at a time' in said(2, 'describe', str(pid), '0x1', '0x2'), 'two')
    expect('PID takes a number' in said(2, 'describe', 'me', '0x1'), 'no pid')
    expect('unexpected' in said(2, 'ls', 'me'), 'ls and a word')
    expect('unknown option' in said(2, 'ls', '--what'), 'ls and an option')
    if has_elfutils(command):
        expect('No such file' in said(2, 'describe', '--core=/no/such/file', '1'), 'no file')
        expect('is no core file' in said(2, 'describe', '--core=' + __file__, '1'), 'no core file')
    expect('publishes nothing' in said(1, 'describe', str(os.getpid()), '1'), 'not a user of ours')
    expect('there is no process' in said(1, 'describe', str((1 << 22) - 1), '1'), 'no process')
    for verb in ('ls', 'describe'):
        expect(run([command, verb, '--help']).stdout.startswith(f'Usage: mempool {verb} '), verb)
    full = subprocess.run(f'{command} ls > /dev/full', shell=True, capture_output=True, text=True,
                          check=False, timeout=60)
    expect(full.returncode == 1 and 'cannot write' in full.stderr, f'a full disk: {full}')


def check_nobody(command, pid):
    """Another user is told that there is something, and that it is not to be seen."""
    def nobody():
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)

    def tried(*words):
        return subprocess.run([command, *words], capture_output=True, text=True, check=False,
                              timeout=60, preexec_fn=nobody)  # pylint: disable=W1509

    try:
        ended = tried('ls', '--json')
    except (PermissionError, subprocess.SubprocessError):
        print('another user cannot run the command here')
        return
    found = [process for process in json.loads(ended.stdout)['unreadable']
             if process['pid'] == pid]
    expect(len(found) == 1 and "another user's" in found[0]['reason'] and
           found[0]['program'] == 'subject', f'to another user: {found}')
    expect('--all names them' in tried('ls').stdout, 'ls counts what it hides')
    expect(re.search(rf'^ *{pid} +subject .*another user', tried('ls', '--all').stdout, re.M),
           'ls --all names it')
    ended = tried('describe', str(pid), '0x1')
    expect(ended.returncode == 1 and 'may not be looked at' in ended.stderr, f'{ended}')


def main(command, path, gcore=None):
    """The test."""
    with subject(path) as (pid, addresses):
        check_ls(command, pid)
        check_describe(command, [str(pid)], addresses)
        check_refusals(command, pid)
        if gcore and has_elfutils(command):
            check_core(command, gcore, pid, addresses)
        if os.geteuid() == 0:
            check_nobody(command, pid)
        os.kill(pid, signal.SIGSTOP)
        check_ls(command, pid)
        check_describe(command, [str(pid)], addresses)
    check_names(command, path)
    expect(listed(command, pid) is None, 'ls knows of a process that has ended')


if __name__ == '__main__':
    main(*sys.argv[1:])
