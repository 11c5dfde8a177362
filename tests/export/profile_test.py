#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The formats pprof and folded of a snapshot made by hand: usage: profile_test.py WRITER"""
import errno
import gzip
import subprocess
import sys

import profile_wire as wire

MAIN, DHT = '/usr/sbin/brick', '/usr/lib/dht "odd" �.so'
GROUPS = [
    ([(0x7f1000001233, 'dht_layout_new', DHT)], (2, 2097152),
     {'component': 'dht', 'type': 'gf_dht_mt_loc'}),
    ([(0x7f1000001fff, 'inode_new', DHT)], (30, 5040),
     {'component': 'dht', 'type': 'inode', 'pool': 'dht:inode'}),
    ([(0x555500001fff, 'main', MAIN)], (10, 1680),
     {'component': 'dht', 'type': 'inode', 'pool': 'dht:inode'}),
    ([(0x7f1000001fff, 'inode_new', DHT)], (8, 1344),
     {'component': 'dht', 'type': 'inode', 'pool': 'dht:inode'}),
    ([(0x7fffefffffff, '', '')], (6, 360),
     {'component': 'brick', 'type': 'struct frame', 'pool': 'brick:struct frame'}),
    ([(0x555500002fff, 'read_line;all', MAIN)], (3, 300),
     {'component': 'brick', 'type': 'gf_common_mt_char'}),
    ([(0, '', '')], (1, 48), {'type': '(rest)'}),
]
STACKS = [
    ([(0x7f1000001233, 'dht_layout_new', DHT), (0x7f1000005677, '', DHT),
      (0x555500000fff, 'main', MAIN)], (2, 2097152),
     {'component': 'dht', 'type': 'gf_dht_mt_loc'}),
    ([(0x7f1000001fff, 'inode_new', DHT), (0x555500000fff, 'main', MAIN)], (3120, 524288),
     {'component': 'dht', 'type': 'inode', 'pool': 'dht:inode'}),
    ([], (1, 524288), {'type': '(rest)'}),
]
FOLDED_GROUPS = '''\
brick;dht;gf_dht_mt_loc;dht_layout_new 2097152
brick;dht;inode;inode_new 5040
brick;dht;inode;main 1680
brick;dht;inode;inode_new 1344
brick;brick;struct frame;0x7ffff0000000 360
brick;brick;gf_common_mt_char;read_line,all 300
brick;(unknown);(rest);(unknown) 48
'''
FOLDED_STACKS = '''\
brick;dht;gf_dht_mt_loc;main;dht "odd" �.so+0x5678;dht_layout_new 2097152
brick;dht;inode;main;inode_new 524288
brick;(unknown);(rest);(unknown) 524288
'''


def written(writer, kind, form):
    """What the writer writes."""
    return subprocess.run([writer, kind, form], check=True, stdout=subprocess.PIPE).stdout


def same(got, want):
    """A claim that says what differs."""
    assert got == want, f'\ngot    {got}\nwanted {want}'


def check_head(profile, period):
    """What a profile says of itself."""
    text = profile['string']

    def named(value_type):
        return text[wire.one(value_type['type'])], text[wire.one(value_type['unit'])]

    same([named(kind) for kind in profile['sample_type']],
         [('inuse_objects', 'count'), ('inuse_space', 'bytes')])
    same(text[wire.one(profile['default_type'])], 'inuse_space')
    same(wire.one(profile['time_ns']), 1700000000 * 10 ** 9 + 42000)
    same(named(wire.one(profile['period_type'])), ('space', 'bytes'))
    same(wire.one(profile['period']), period)
    same([text[number] for number in profile['comment']], ['brick (pid 4711), mempool 0.1.0'])


def check_mappings(profile, has_all):
    """The images, in full; whether all places in the second have names."""
    text = profile['string']
    got = [tuple(wire.one(mapping[field]) for field in ('id', 'start', 'limit', 'offset')) +
           (text[wire.one(mapping['file'])], text[wire.one(mapping['build_id'])],
            wire.one(mapping['has_functions'])) for mapping in profile['mapping']]
    same(got, [(1, 0x555500000000, 0x555500010000, 0, MAIN,
                '00112233445566778899aabbccddeeff00112233', 1),
               (2, 0x7f1000000000, 0x7f1000200000, 0, DHT, '', has_all)])


def check_pprof(writer):
    """Call sites, stacks, none, and many."""
    for form, samples, period in (('groups', GROUPS, 1), ('stacks', STACKS, 524288)):
        profile = wire.read(written(writer, 'pprof', form))
        check_head(profile, period)
        check_mappings(profile, int(form == 'groups'))
        same(wire.samples(profile), samples)
    profile = wire.read(written(writer, 'pprof', 'empty'))
    check_head(profile, 1)
    same((wire.samples(profile), profile['mapping'], profile['location']), ([], [], []))
    data = written(writer, 'pprof', 'many')
    assert len(gzip.decompress(data)) > 2 * 32768, 'several blocks'
    samples = wire.samples(wire.read(data))
    same(len({stack[0][0] for stack, _, _ in samples}), 3000)
    same([values for _, values, _ in samples], [(1, number) for number in range(3000)])


def main():
    """The checks."""
    writer = sys.argv[1]
    check_pprof(writer)
    same(written(writer, 'folded', 'groups').decode(), FOLDED_GROUPS)
    same(written(writer, 'folded', 'stacks').decode(), FOLDED_STACKS)
    same(written(writer, 'folded', 'empty'), b'')
    # Lines of no bytes are left out: the first of them.
    same(written(writer, 'folded', 'many').decode(),
         ''.join(f'brick;dht;inode;inode_new {number}\n' for number in range(1, 3000)))
    failed = subprocess.run([writer, 'pprof', 'no-memory'], check=False, stdout=subprocess.PIPE)
    same((failed.returncode, failed.stdout), (errno.ENOMEM, b''))
    with open('/dev/full', 'wb') as full:
        failed = subprocess.run([writer, 'pprof', 'many'], check=False, stdout=full)
    same(failed.returncode, errno.ENOSPC)


if __name__ == '__main__':
    main()
