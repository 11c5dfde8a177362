# SPDX-License-Identifier: MIT
"""`mempool advise` and `mempool report` from outside, without a browser:
advise_test.py MEMPOOL TRACE SNAPSHOT SUBJECT"""
import html.parser
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile

import snapshot_files
import trace_file
from program import expect, run
from trace_file import GET, POOL_NEW, PUT, THREAD_START

KNOWN = ['thread 0 one', 'pool 0 known:thing 136 10000 1000', 'pool 1 known:unused 2000 100 0']
VOID = {'meta', 'br', 'hr', 'link', 'img'}


def known_events():
    """1000 objects are got, and live for a second."""
    start = [(THREAD_START, 0, trace_file.NO_CLASS, 0, 0, 0), (POOL_NEW, 0, 0, 0, 1, 0),
             (POOL_NEW, 0, 1, 0, 1, 0)]
    return (start + [(GET, 0, 0, slot, 1, 0) for slot in range(1000)]
            + [(PUT, 0, 0, slot, 1000000 if slot == 0 else 1, 0) for slot in range(1000)])


class Page(html.parser.HTMLParser):
    """What a page is made of; ends where tags do not match."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.cells, self.bad = [], [], [], []
        self.feed(text)
        self.close()
        self.bad += [f'{tag} stays open' for tag in self.open]

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == 'td':
            self.cells.append('')
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.bad.append(f'</{tag}> in {self.open[-3:]}')
        else:
            self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] == 'td':
            self.cells[-1] += data


def refused(words, part, status=2):
    """The command says why not, in one line."""
    ended = run(words, wanted_status=status)
    expect(part in ended.stderr and ended.stderr.count('\n') == 1, f'{words}: {ended.stderr!r}')
    expect(ended.stdout == '', f'{words} prints {ended.stdout[:200]!r}')


def check_advice(command, place):
    """Numbers that are known."""
    path = os.path.join(place, 'known.trace.zst')
    trace_file.write(path, KNOWN, known_events())
    advice = json.loads(run([command, 'advise', '--json', path]).stdout)
    pools = {pool['pool']: pool for pool in advice['pools']}
    thing = pools['known:thing']
    expect(thing['verdict'] == 'lower', f'{thing}')
    expect(thing['advised']['count'] == 1000 and thing['now']['count'] == 10000, f'{thing}')
    expect(thing['saved_bytes'] == (22 - 3) * 65536, f'{thing}')
    expect(thing['use']['peak_live'] == 1000 and thing['use']['steady_live'] == 1000, f'{thing}')
    expect(thing['shrink_bytes'] == 8, f'{thing}')
    expect(pools['known:unused']['verdict'] == 'unused', f'{pools}')
    expect(pools['known:unused']['use']['hit_share'] is None, f'{pools}')
    expect(advice['saved_bytes'] == sum(pool['saved_bytes'] for pool in pools.values()), 'sum')
    table = run([command, 'advise', path]).stdout
    expect('known:thing' in table and 'lower' in table and 'with 8 bytes less' in table, table)


def check_page(command, place, trace):
    """The page is whole, the same each time, small, and its tables are plain HTML."""
    first, second = os.path.join(place, 'a.html'), os.path.join(place, 'b.html')
    run([command, 'report', trace, '-o', first])
    run([command, 'report', f'--output={second}', trace])
    with open(first, encoding='utf-8') as file:
        text = file.read()
    with open(second, encoding='utf-8') as file:
        expect(text == file.read(), 'two pages of one trace differ')
    expect(run([command, 'report', trace]).stdout == text, 'standard output differs')
    expect(os.listdir(place).count('a.html') == 1 and not any(
        name.endswith('.tmp') for name in os.listdir(place)), f'left over: {os.listdir(place)}')
    expect(len(text) < 3 << 20, f'{len(text)} bytes')
    page = Page(text)
    expect(not page.bad, f'tags: {page.bad[:5]}')
    expect(any('call_frame_t' in cell for cell in page.cells), 'no cell names a pool')
    for tag, attributes in page.tags:
        expect(tag not in ('link', 'img', 'iframe', 'object'), f'the page has <{tag}>')
        expect('src' not in attributes and 'href' not in attributes, f'{tag} {attributes}')
    expect("default-src 'none'" in text and text.count('sha256-') == 2, 'no policy')


def check_series(command, place, template):
    """Snapshots in any order give the same page; what leaks comes first."""
    paths = snapshot_files.write(place, template, 20)
    pages = []
    for order in (paths, paths[::-1], paths[10:] + paths[:10]):
        pages.append(run([command, 'report', *order]).stdout)
    expect(pages[0] == pages[1] == pages[2], 'the order of files changes the page')
    page = Page(pages[0])
    expect(not page.bad, f'tags: {page.bad[:5]}')
    first = page.cells.index('remember+0x2a')
    others = [cell for cell in page.cells[:first] if cell == 'dht_layout_new+0x34']
    expect(not others, 'what leaks is not the first call site')
    # 4096 bytes a minute.
    expect('+240 KiB' in page.cells[first:first + 6], f'slope: {page.cells[first:first + 8]}')
    expect('100.0 %' in page.cells[first:first + 8], f'fit: {page.cells[first:first + 8]}')
    expect('brick (pid 4711)' in pages[0] and '20 snapshots of 20' in pages[0], 'head')
    one = Page(run([command, 'report', paths[0]]).stdout)
    expect(not one.bad and '1 snapshot of 1' in run([command, 'report', paths[0]]).stdout, 'one')
    damaged = os.path.join(place, 'damaged.json')
    with open(paths[0], encoding='utf-8') as file, open(damaged, 'w', encoding='utf-8') as bad:
        bad.write(file.read()[:-100])
    refused([command, 'report', paths[0], damaged], damaged)
    refused([command, 'report', damaged], damaged)
    refused([command, 'advise', damaged], damaged)


def advised(command, *words):
    """The JSON of `mempool advise`, and its pools by name."""
    whole = json.loads(run([command, 'advise', '--json', *words]).stdout)
    return whole, {pool['pool']: pool for pool in whole['pools']}


def check_counters(command, template, subject):
    """A snapshot, by option and by its first byte, and a process, running and stopped."""
    whole, pools = advised(command, template)
    expect(whole['from'] == 'counters' and whole['source'] == template, f'{whole}')
    expect(pools['brick:struct frame']['verdict'] == 'raise', f'{pools}')
    expect(advised(command, f'--snapshot={template}')[0] == whole, 'by option it is another')
    with subprocess.Popen([subject, '2', '5'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        try:
            process.stdout.readline()
            whole, pools = advised(command, str(process.pid))
            expect(f'(pid {process.pid})' in whole['source'], f'{whole["source"]}')
            objects = pools['subject:object']
            expect(objects['use']['live'] == 1000 and objects['use']['peak_live'] >= 1000,
                   f'{objects}')
            expect(objects['use']['steady_live'] is None, f'{objects}')
            spill = pools['subject:spill']
            expect(spill['verdict'] == 'raise' and
                   spill['advised']['count'] == spill['use']['peak_live'] and
                   'came from malloc' in spill['reasons'][0], f'{spill}')
            os.kill(process.pid, signal.SIGSTOP)
            expect(advised(command, str(process.pid))[1] == pools, 'stopped, it is another')
        finally:
            process.kill()


def check_failures(command, place, trace):
    """Bad words, and outputs that cannot be."""
    see = ' --help)'
    for verb in ('advise', 'report'):
        refused([command, verb], 'given' + ' (see mempool ' + verb + see)
        refused([command, verb, '--fast', trace], "unknown option '--fast'")
        refused([command, verb, '/nonexistent'], 'No such file')
        refused([command, verb, __file__], __file__)
        refused([command, verb, trace, trace], 'unexpected')
        ended = subprocess.run([command, verb, trace], stdout=open('/dev/full', 'w',
                               encoding='ascii'), stderr=subprocess.PIPE, text=True, check=False)
        expect(ended.returncode == 1 and 'No space left' in ended.stderr, f'{ended}')
    missing = os.path.join(place, 'no-such-folder', 'a.html')
    refused([command, 'report', trace, '-o', missing], 'cannot write', status=1)
    kept = os.path.join(place, 'kept.html')
    with open(kept, 'w', encoding='ascii') as file:
        file.write('before')
    def small():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    ended = subprocess.run([command, 'report', trace, '-o', kept], preexec_fn=small,
                           capture_output=True, text=True, check=False)
    expect(ended.returncode == 1 and 'File too large' in ended.stderr, f'{ended}')
    with open(kept, encoding='ascii') as file:
        expect(file.read() == 'before', 'what was there is gone')
    expect(sorted(os.listdir(place)) == sorted(set(os.listdir(place))) and not any(
        name.endswith('.tmp') for name in os.listdir(place)), f'left over: {os.listdir(place)}')


def main(command, trace, template, subject):
    """The test."""
    check_counters(command, template, subject)
    refused([command, 'advise', str(1 << 22)], 'there is no process', status=1)
    with tempfile.TemporaryDirectory() as place:
        check_series(command, place, template)
        check_advice(command, place)
        check_page(command, place, trace)
        check_failures(command, place, trace)


if __name__ == '__main__':
    main(*sys.argv[1:])
