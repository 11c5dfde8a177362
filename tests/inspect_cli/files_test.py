# SPDX-License-Identifier: MIT
"""The verbs that look at processes, of snapshots that were saved: files_test.py MEMPOOL JSON CORE
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

from looking import Command, by
from program import expect

TEXT_HEAD = ('mempool-snapshot 2\nbytes count oldest-s what site image offset build-id\n')


def check_tables(command, sample):
    """Rows of a snapshot with something of everything."""
    for words, rows in (
            (['show'], [r'brick \(pid 4711\), mempool 0\.1\.0, for 1 d 1 h, as of .*',
                        r'misuse reports: 3, double-put 1, wrong-call 2',
                        r'  dht \(ended\) +2097152 +2 +0 +2097152 +- +- +0',
                        r'  dht #2 +48 +1 +65536 +65584 +1048576 +2097152 +7',
                        r' *6720 +40 +76 +268 +65536 +1000 +12 +0 +1  dht:inode',
                        r' *360 +6 +4 +60 +131072 +10 +3 +0 +0  brick:struct frame',
                        r'not shown: destroyed pools with live objects 1, '
                        r'classes of the accounted heap 1 \(--all\)',
                        r' *300 +3 +500 +5 +5 +2  brick +gf_common_mt_char',
                        r' *35200 +200 +3 +65536 +1 d 0 h  4711  brick']),
            (['show', '--all'], [r' *1000 +1 .* odd:zombie \(destroyed\)',
                                 r' *448 +4 .* \(heap class\)', r' *0 +0 .* brick +untyped']),
            (['show', '--sort=gets', '--top=1'], [r'1 of 3 pools shown: --all shows them']),
            (['show', 'dht:inode#11'], [r'dht:inode#11 at 0x7f0000200400',
                                        r'objects of 168 .* fail, limit 8, uncached, tight',
                                        r'refused +4', r'<10 min +8 +100\.0 %']),
            (['show', 'odd:zombie'], [r'odd:zombie#7 .*, destroyed while objects were live']),
            (['sites'], [r'2097152 +99\.6 % +2 +1048576 +1 d 1 h  dht:gf_dht_mt_loc +dht_layout_.*',
                         r' *48 +0\.0 % +1 +48 +(\?|0 s)  \(rest\) +\?',
                         r'2105924 +100\.0 % +60 .*  7 of 7 call sites shown']),
            (['sites', '--component=dht', '--type=inode'], [r'.* 3 of 3 call sites shown']),
            (['sites', '--min-age=90000'], [r'.* 1 of 1 call sites shown']),
            (['ages'], [r' *48 +15 +5 +18 +10 +0 +0 +20\.8 % +11 min  dht:inode']),
            (['ages', '--old=1d'], [r' *3 +1 +0 +0 +1 +0 +1 +33\.3 % +1 d 0 h  brick:gf_.*']),
            (['ledger'], [r'-1000 +11\.1 % +untouched .*', r' *9002 +100\.0 % +resident .*',
                          r'131072 +240 +16 +3840 +126976  brick:struct frame',
                          r' *65536 +6720 +320 +47168 +11328  dht:inode',
                          r'327680 +\d+ +\d+ +\d+ +\d+  total']),
            (['ledger', '--top=1'], [r'196608 .* \(others\)'])):
        ended = command.run(words[0], '--snapshot', sample, *words[1:], '--bytes', TZ='UTC')
        for row in rows:
            expect(re.search(f'^{row}$', ended.stdout, re.M), f'{words}: no {row}\n{ended.stdout}')
    check_order(command, sample)
    human = command.run('ledger', '--snapshot', sample).stdout
    expect(re.search(r'^320\.0 KiB .* total$', human, re.M), human)
    expect(re.search('UTC|2023-11-14 22:13:20',
                     command.run('show', '--snapshot', sample, TZ='UTC').stdout), 'when?')


def check_order(command, sample):
    """Rows are in the order that is asked for; columns are aligned by characters, not bytes."""
    for key, serials in (('bytes', [12, 11, 7, 2, 3]), ('gets', [12, 11, 3, 2, 7]),
                         ('cached', [12, 3, 2, 11, 7]), ('age', [2, 3, 7, 11, 12]),
                         ('name', [3, 12, 11, 2, 7])):
        pools = command.json('show', '--snapshot', sample, '--json', f'--sort={key}')['pools']
        expect([pool['serial'] for pool in pools] == serials,
               f'by {key}: {[pool["serial"] for pool in pools]}')
    lines = command.text('ledger', '--snapshot', sample, '--bytes').splitlines()
    rows = [line for line in lines if line.startswith(('component ', 'total ', '    odd '))]
    expect(len(rows) == 3 and 'ä' in rows[1] and len({len(row) for row in rows}) == 1, f'{rows}')


def check_core(command, core):
    """What is not known is said, and is null in JSON."""
    text = command.run('ledger', '--snapshot', core).stdout
    expect('\nwhat is resident is not known\n' in text, text)
    ledger = command.json('ledger', '--snapshot', core, '--json')['ledger']
    expect(ledger['resident'] is None and ledger['live'] is not None, f'{ledger}')
    for verb in ('sites', 'ages', 'leaks'):
        command.refuses(f'{verb}: {core}: call sites are not known', verb, '--snapshot', core)
    with open(core, encoding='utf-8') as file:
        pool = json.load(file)['pools'][0]['name']
    text = command.text('show', '--snapshot', core, pool)
    expect('\nages and call sites are not known\n' in text, text)


def changed(sample, path, change):
    """A copy of the snapshot, with something else in it."""
    with open(sample, encoding='utf-8') as file:
        whole = json.load(file)
    change(whole)
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(whole, file)
    return path


def grow_old(whole):
    """The pool dht:inode got 20 more that are old; its counters, too."""
    group = whole['groups'][1]
    group['count'] += 20
    group['bytes'] += 20 * 168
    group['ages'][3] += 20
    pool = whole['pools'][0]
    pool['hot'] += 20
    pool['alloc_count'] += 25
    pool['put_count'] += 5


def grow_young(whole):
    """As many more, but young."""
    grow_old(whole)
    whole['groups'][1]['ages'][3] -= 20
    whole['groups'][1]['ages'][0] += 20


def grow_older(whole):
    """No more, but more of them old."""
    whole['groups'][1]['ages'][0] -= 5
    whole['groups'][1]['ages'][3] += 5


def check_growth(command, sample, place):
    """What grew, by site, pool and account; what grew old is a suspect."""
    after = changed(sample, os.path.join(place, 'after.json'), grow_old)
    text = command.run('diff', '--no-lines', sample, after).stdout
    expect(re.search(r'^\+3360 +\+20 +6384 +9744 +58  dht:inode +inode_new\+0x10$', text, re.M),
           text)
    expect(re.search(r'^\+3360 +\+20 +\+0 +\+25 +\+5 +\+0 +\+0 +\+0  dht:inode$', text, re.M), text)
    text = command.run('diff', '--all', '--no-lines', sample, after).stdout
    expect(re.search(r'^ *\+0 +\+0 .*  dht:gf_dht_mt_loc$', text, re.M), text)
    text = command.text('ages', sample, after)
    first = text.splitlines()[1]
    expect(re.fullmatch(r' *68 +\+20 +15 +5 +18 +30 +0 +0 +44\.1 % +\+20  suspect +11 min  '
                        r'dht:inode', first), text)
    expect(text.count('suspect') == 1, text)
    rows = by(command.json('ages', '--json', sample, after)['rows'], 'what')
    expect([what for what, row in rows.items() if row['is_suspect']] == ['dht:inode'], f'{rows}')
    expect('suspect' not in command.text('ages', after, sample), 'a suspect that shrinks')
    for change in (grow_young, grow_older):
        changed(sample, after, change)
        expect('suspect' not in command.text('ages', sample, after), f'a suspect: {change}')


def check_two_kinds(command, sample, place):
    """A site is the same in both kinds of snapshots by its place, however it is called."""
    path = os.path.join(place, 'text.snapshot')
    build_id = '00112233445566778899aabbccddeeff00112233'
    with open(path, 'w', encoding='utf-8') as file:
        file.write(TEXT_HEAD + f'168\t1\t9\tdht:inode\tbrick+0x2000\t/usr/sbin/brick\t0x2000\t'
                   f'{build_id}\nend 1\n')
    text = command.run('diff', '--no-lines', '--all', path, sample).stdout
    expect(re.search(r'^ *\+1512 +\+9 +168 +1680 +10  dht:inode ', text, re.M), text)
    expect(' pool\n' not in text, f'pools of a snapshot that has none:\n{text}')
    command.refuses(f'ages: {path}: is no snapshot of `mempool snapshot`; others have no ages',
                    'ages', path, sample)
    expect(command.text('leaks', '--no-lines', path).startswith('bytes  count'), 'no table')


def check_writing(command, sample, place):
    """A file is whole or not there, and what was there stays."""
    path = os.path.join(place, 'copy.json')
    command.text('snapshot', '--snapshot', sample, '-o', path)
    with open(path, 'rb') as copy, open(sample, 'rb') as original:
        text = original.read()
        expect(copy.read() == text, 'the copy is another')
    expect(command.text('snapshot', '--snapshot', sample).encode() == text, 'not on stdout')
    expect(command.text('snapshot', '--snapshot', sample, '-o', '-').encode() == text, 'not by -')
    ended = subprocess.run(['sh', '-c', 'ulimit -f 1; exec "$0" "$@"', command.path, 'snapshot',
                            '--snapshot', sample, '-o', path], capture_output=True, text=True,
                           check=False, timeout=60)
    expect(ended.returncode == 1 and
           ended.stderr == f'mempool: snapshot: {path}: cannot write: File too large\n',
           f'{ended.returncode}: {ended.stderr}')
    with open(path, 'rb') as copy:
        expect(copy.read() == text, 'what was there is spoilt')
    expect([name for name in os.listdir(place) if name.endswith('.tmp')] == [], 'a piece is left')
    os.symlink('copy.json', os.path.join(place, 'link.json'))
    os.truncate(path, 0)
    command.text('snapshot', '--snapshot', sample, '-o', os.path.join(place, 'link.json'))
    with open(path, 'rb') as copy:
        expect(copy.read() == text and os.path.islink(os.path.join(place, 'link.json')),
               'not where the link leads')
    command.refuses('snapshot: /nonexistent/a: cannot write: No such file or directory',
                    'snapshot', '--snapshot', sample, '-o', '/nonexistent/a', status=1)
    if os.path.exists('/dev/full'):
        for verb in ('snapshot', 'dump'):
            command.refuses(f'{verb}: /dev/full: cannot write: No space left on device', verb,
                            '--snapshot', sample, '-o', '/dev/full', status=1)
    dump = os.path.join(place, 'dump')
    command.text('dump', '--snapshot', sample, '--output', dump)
    with open(dump, encoding='utf-8') as file:
        expect('pool-name=dht:inode\nhot-count=40\n' in file.read(), 'no pool in the dump')


def check_stalled(command, sample, place):
    """Who waits for the reader of a pipe can be interrupted: none has opened it, or it is full."""
    pipe = os.path.join(place, 'pipe')
    os.mkfifo(pipe)
    for is_open in (False, True):
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK) if is_open else -1
        filler = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK) if is_open else -1
        try:
            while is_open:
                os.write(filler, bytes(4096))
        except BlockingIOError:
            pass
        with subprocess.Popen([command.path, 'snapshot', '--snapshot', sample, '-o', pipe]) as one:
            try:
                time.sleep(0.5)
                one.send_signal(signal.SIGTERM)
                expect(one.wait(10) == -signal.SIGTERM, f'ended with {one.returncode}')
            finally:
                one.kill()
        for fd in (reader, filler):
            if fd >= 0:
                os.close(fd)


def check_refused(command, sample):
    """Bad words of all verbs."""
    for verb in ('show', 'sites', 'ages', 'ledger', 'snapshot', 'dump'):
        see = f' (see mempool {verb} --help)'
        expect(command.text(verb, '--help').startswith(f'Usage: mempool {verb} '), verb)
        command.refuses(f"{verb}: unknown option '--fast'" + see, verb, '--fast', '1')
        command.refuses(f"{verb}: unexpected '2'" + see, verb, *(['1', 'b'] if verb == 'show' else
                        ['1'] if verb != 'ages' else ['a', 'b']), '2')
        command.refuses(f'{verb}: no process given: its number, or --core or --snapshot with a '
                        'file' + see, verb)
        command.refuses(f"{verb}: PID takes a number from 1 to 4194304, not 'init'" + see, verb,
                        'init')
        command.refuses(f"{verb}: one file at a time; unexpected 'b'" + see, verb, '--core=a',
                        '--snapshot=b')
        ended = command.run(verb, '--snapshot=/nonexistent', status=2)
        expect(re.fullmatch(f'mempool: {verb}: /nonexistent: .*No such file or directory\n',
                            ended.stderr), ended.stderr)
    command.refuses("show: --sort takes one of bytes, count, peak, cached, slabs, gets, misses, "
                    "name and age, not 'size' (see mempool show --help)", 'show', '--sort=size',
                    '--snapshot', sample)
    command.refuses("ages: --old takes one of 10s, 1m, 10m, 1h and 1d, not '5m' "
                    "(see mempool ages --help)", 'ages', '--old=5m', '1')


def main(command_path, sample, core):
    """The test."""
    command = Command(command_path)
    check_tables(command, sample)
    check_core(command, core)
    check_refused(command, sample)
    with tempfile.TemporaryDirectory() as place:
        check_growth(command, sample, place)
        check_two_kinds(command, sample, place)
        check_writing(command, sample, place)
        check_stalled(command, sample, place)


if __name__ == '__main__':
    main(*sys.argv[1:])
