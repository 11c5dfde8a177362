#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reading and comparing dumps: pieces of real ones, and what a comparison is to find in them."""
import unittest

import dumps

STATEDUMP = '''DUMP-START-TIME: 2026-11-26 00:08:01.554881 +0000

[mallinfo]
mallinfo_arena=7708672

[global.glusterfs - Memory usage]
num_types=111

[global.glusterfs - usage-type gf_common_mt_event_pool memusage]
num_allocs=3

[mempool]
-----=-----
pool-name=fd_t
xlator-name=fuse
active-count=0
sizeof-type=120
padded-sizeof=256
size=0
shared-pool=0x7f8cb6cdb5a4
-----=-----
pool-name=struct saved_frame
xlator-name=rep-client-0
active-count=2
sizeof-type=88
padded-sizeof=128
size=256
shared-pool=0x7f8cb6cdb5a0
-----=-----
pool-name=struct saved_frame
xlator-name=rep-client-0
active-count=1
sizeof-type=88
padded-sizeof=128
size=128
shared-pool=0x7f8cb6cdb5a0

[iobuf.global]
iobuf_pool.request_hits=12

[active graph - 2]

[performance/md-cache.rep-md-cache - Memory usage]
num_types=115

[performance/md-cache.rep-md-cache - usage-type gf_mdc_mt_md_cache_t memusage]
num_allocs=154

[debug/io-stats./tmp/gl/data/brick-rep-0 - usage-type gf_io_stats_mt_ios_conf memusage]
num_allocs=1

[oldgraph[0]]

[performance/md-cache.rep-md-cache - Memory usage]
num_types=115

[performance/md-cache.rep-md-cache - usage-type 112]
num_allocs=4

[performance/md-cache.rep-md-cache - usage-type 114]
num_allocs=5

DUMP-END-TIME: 2026-11-26 00:08:01.574881 +0000
'''

OUR_DUMP = '''
[mallinfo]
mallinfo_arena=1220608

[component.rep-md-cache - Memory usage]
num_types=1

[component.rep-md-cache - usage-type gf_mdc_mt_md_cache_t memusage]
size=2128
num_allocs=154
max_size=2128
max_num_allocs=160
total_allocs=200

[component.rep-md-cache#2 - usage-type gf_mdc_mt_md_cache_t memusage]
size=56
num_allocs=4
max_size=56
max_num_allocs=4
total_allocs=4

[mempool]
-----=-----
pool-name=fuse:fd_t
hot-count=3
cold-count=61
padded_sizeof=120
alloc-count=1000
max-alloc=7
pool-misses=0
cur-stdalloc=1
max-stdalloc=1
-----=-----
pool-name=rep-client-0:struct saved_frame
hot-count=2
cold-count=30
padded_sizeof=96
alloc-count=17
max-alloc=2
pool-misses=0
cur-stdalloc=0
max-stdalloc=0

[mempool.ledger]
resident=14921728
live=1000

[mempool-glusterfs]
foreign-puts=2

mempool: leaks: 2 objects
'''

COLUMNS = 'bytes count oldest-s what site image offset build-id'


def snapshot(*rows):
    """The text of a snapshot with these (count, what)."""
    lines = [f'{count * 64}\t{count}\t19\t{what}\tfunction+0x5\t/lib/x.so\t0x5\tb24c'
             for count, what in rows]
    return '\n'.join(['mempool-snapshot 2', COLUMNS, *lines, f'end {len(lines)}', ''])


SAME = [(3, 'rep-client-0:struct saved_frame'), (3, 'glusterfs:gf_common_mt_event_pool'),
        (100, 'rep-md-cache:gf_mdc_mt_md_cache_t'), (54, 'rep-md-cache:gf_mdc_mt_md_cache_t'),
        (1, '/tmp/gl/data/brick-rep-0:gf_io_stats_mt_ios_conf'),
        (4, 'rep-md-cache#2:gf_common_mt_char'), (5, 'rep-md-cache#2:gf_mdc_mt_mdc_conf_t'),
        (38, 'mempool-glusterfs:translators')]


def compare(rows, statedump=STATEDUMP):
    """Differences of pools and of types."""
    return dumps.compare(dumps.read_statedump(statedump), dumps.read_snapshot(snapshot(*rows)))


class Reading(unittest.TestCase):
    def test_statedump(self):
        found = dumps.read_statedump(STATEDUMP)
        self.assertEqual(found.pool_count, 3)
        self.assertEqual(found.pools, {('fuse', 'fd_t'): 0,
                                       ('rep-client-0', 'struct_saved_frame'): 3})
        self.assertEqual(found.accounts['rep-md-cache', 'gf_mdc_mt_md_cache_t'], 154)
        self.assertEqual(found.accounts['glusterfs', 'gf_common_mt_event_pool'], 3)
        self.assertEqual(found.accounts['/tmp/gl/data/brick-rep-0', 'gf_io_stats_mt_ios_conf'], 1)
        self.assertEqual(found.old_accounts, {('rep-md-cache', '112'): 4,
                                              ('rep-md-cache', '114'): 5})

    def test_statedump_that_was_cut(self):
        with self.assertRaises(dumps.DumpError):
            dumps.read_statedump(STATEDUMP[:-60])

    def test_statedump_without_pools(self):
        with self.assertRaises(dumps.DumpError):
            dumps.read_statedump(STATEDUMP.replace('[mempool]', '[memory pool]'))

    def test_our_dump(self):
        found = dumps.read_our_dump(OUR_DUMP)
        self.assertEqual(found.gets, 1017)
        self.assertEqual(found.pools, {('fuse', 'fd_t'): 4,
                                       ('rep-client-0', 'struct_saved_frame'): 2})
        self.assertEqual(found.accounts, {('rep-md-cache', 'gf_mdc_mt_md_cache_t'): 158})
        self.assertEqual(found.foreign_puts, 2)

    def test_our_dump_that_was_cut(self):
        for section in ('[mempool]', '[mempool.ledger]', '[mempool-glusterfs]'):
            with self.assertRaises(dumps.DumpError):
                dumps.read_our_dump(OUR_DUMP[:OUR_DUMP.index(section)])

    def test_snapshot(self):
        found = dumps.read_snapshot(snapshot(*SAME))
        self.assertEqual(found['rep-md-cache', 'gf_mdc_mt_md_cache_t'], 154)
        self.assertEqual(found['rep-client-0', 'struct_saved_frame'], 3)

    def test_snapshot_that_was_cut(self):
        text = snapshot(*SAME)
        for faulty in (text[:-8], text.replace('end 8', 'end 7'), text.replace('\tb24c', '', 1),
                       text.replace('snapshot 2', 'snapshot 1'), ''):
            with self.assertRaises(dumps.DumpError):
                dumps.read_snapshot(faulty)


class Comparing(unittest.TestCase):
    def test_same(self):
        self.assertEqual(compare(SAME), ([], []))

    def test_each_count_matters(self):
        for i, (count, what) in enumerate(SAME[:-1]):
            for changed in (count - 1, count + 1):
                rows = SAME[:i] + [(changed, what)] + SAME[i + 1:]
                pools, accounts = compare(rows)
                self.assertEqual(bool(pools), i == 0, (what, pools))
                self.assertEqual(bool(accounts), i != 0, (what, accounts))

    def test_says_what_differs(self):
        pools, _ = compare([(2, SAME[0][1])] + SAME[1:])
        self.assertEqual(pools, ['rep-client-0:struct_saved_frame: GlusterFS 3, ours 2'])
        _, accounts = compare([SAME[0], (4, SAME[1][1])] + SAME[2:])
        self.assertEqual(accounts, ['glusterfs:gf_common_mt_event_pool: GlusterFS 3, ours 4'])

    def test_live_in_a_pool_that_is_empty(self):
        self.assertEqual(compare(SAME + [(1, 'fuse:fd_t')])[0],
                         ['fuse:fd_t: GlusterFS 0, ours 1'])

    def test_what_no_statedump_knows(self):
        self.assertEqual(compare(SAME + [(1, 'rep-dht:dht_local_t')])[1],
                         ['rep-dht:dht_local_t: GlusterFS 0, ours 1'])

    def test_old_graph_that_ours_lacks(self):
        self.assertIn('rep-md-cache, old graphs: GlusterFS [4, 5], ours [4]',
                      compare(SAME[:6] + SAME[7:])[1])

    def test_translators_listed_twice(self):
        """As the self-heal daemon does; but only where all of them are."""
        twice = STATEDUMP.replace('num_allocs=4\n', 'num_allocs=154\n')
        rows = SAME[:5]
        self.assertTrue(compare(rows, twice)[1])
        twice = twice.replace('num_allocs=5\n', 'num_allocs=0\n')
        self.assertEqual(compare(rows, twice), ([], []))


if __name__ == '__main__':
    unittest.main()
