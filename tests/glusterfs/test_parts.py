#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the cluster's test consists of beside dumps: trees, children, the sandbox, figures."""
import contextlib
import glob
import io
import os
import resource
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import cluster
import comparison
import load
import processor
import report
import sandbox

LIBRARY = '/build/glusterfs/libmempool-glusterfs.so'
STACKS = '''
\t    7f51c2a4e2f0 mem_put_pool+0x30 (/usr/lib/x86_64-linux-gnu/libglusterfs.so.0.0.1)
\t    7f51c2a3a1b1 dict_unref+0x51 (/usr/lib/x86_64-linux-gnu/libglusterfs.so.0.0.1)

\t    7f51c287d8e5 __memset_evex_unaligned_erms+0x105 (/usr/lib/x86_64-linux-gnu/libc.so.6)
\t    7f51c2a4e1c5 mem_get_calloc+0x25 (inlined)
\t    7f51c2a4e1c5 mem_get_calloc+0x25 (/usr/lib/x86_64-linux-gnu/libglusterfs.so.0.0.1)

\t    7f51c287d8e5 malloc+0x105 (/usr/lib/x86_64-linux-gnu/libc.so.6)
\t    7f51c2a4e1c5 gf_store_save+0x25 (/usr/lib/x86_64-linux-gnu/libglusterfs.so.0.0.1)

\t    7f51c287d8e5 [unknown] (/usr/lib/x86_64-linux-gnu/libc.so.6)

'''
OURS = f'''
\t    7f51c28700e5 take+0x5 ({LIBRARY})
\t    7f51c2a3a1b1 dict_new+0x51 (/usr/lib/x86_64-linux-gnu/libglusterfs.so.0.0.1)

\t    7f51c28700e5 take+0x5 (/tmp/other.so)

\t    7f51c28700e5 vsnprintf+0x5 (/usr/lib/x86_64-linux-gnu/libc.so.6)
\t    7f51c2a3a1b1 gf_vasprintf+0x51 (/usr/lib/x86_64-linux-gnu/libglusterfs.so.0.0.1)
\t    7f51c28700e5 gf_asprintf+0x5 ({LIBRARY})
'''


def answer(value):
    """A child's work."""
    return value + 1


def never(path):
    """Another's, which does not end."""
    with open(path, 'w', encoding='ascii') as file:
        file.write(str(os.getpid()))
    time.sleep(600)


class Trees(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name

    def tree(self, name):
        """A directory with what several writers made."""
        directory = os.path.join(self.root, name)
        os.makedirs(directory)
        load.small_files(directory, 1, 24)
        return directory

    def differences(self, change):
        """Those of two trees, of which one was changed."""
        trees = self.tree('one'), self.tree('other')
        self.assertEqual(*map(load.checksums, trees))
        change(os.path.join(trees[1], 'writer-1'))
        return load.tree_differences(*map(load.checksums, trees))

    def test_a_byte(self):
        def change(home):
            with open(os.path.join(home, 'd0', 'f0'), 'ab') as file:
                file.write(b'x')
        found = self.differences(change)
        self.assertEqual(len(found), 1)
        self.assertIn('writer-1/d0/f0: ', found[0])

    def test_lost(self):
        found = self.differences(lambda home: os.remove(os.path.join(home, 'd3', 'f3.hard')))
        self.assertEqual([line.endswith('became nothing') for line in found], [True])

    def test_another_link(self):
        def change(home):
            os.remove(os.path.join(home, 'd2', 'f2.link'))
            os.symlink('elsewhere', os.path.join(home, 'd2', 'f2.link'))
        self.assertEqual(len(self.differences(change)), 1)

    def test_empty_directory(self):
        self.assertEqual(len(self.differences(lambda home: os.mkdir(home + '/new'))), 1)

    def test_what_belongs_to_a_brick(self):
        def change(home):
            os.mkdir(os.path.join(os.path.dirname(home), '.glusterfs'))
        self.assertEqual(self.differences(change), [])

    def test_source_ends(self):
        directory = os.path.join(self.root, 'source')
        load.make_source(directory, 0.5)
        size = sum(os.path.getsize(os.path.join(folder, name))
                   for folder, _, names in os.walk(directory) for name in names)
        self.assertGreater(size, 1 << 19)
        self.assertLess(size, 8 << 20)


class Children(unittest.TestCase):
    def test_result(self):
        self.assertEqual(load.in_child(10, answer, 1), 2)

    def test_exception(self):
        with self.assertRaisesRegex(load.LoadError, 'TypeError'):
            load.in_child(10, answer, 'one')

    def test_late(self):
        with tempfile.NamedTemporaryFile() as file:
            with self.assertRaisesRegex(load.LoadError, 'did not end'):
                load.in_child(1, never, file.name)
            self.assertFalse(cluster.is_alive(cluster.read_pid(file.name)))

    def test_crash_is_found(self):
        pid = os.fork()
        if pid == 0:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.signal(signal.SIGSEGV, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGSEGV)
        try:
            cluster.wait_for(lambda: not cluster.is_alive(pid), 10, 'the child died')
            self.assertTrue([line for line in cluster.crashed_processes() if f'({pid})' in line])
        finally:
            os.waitpid(pid, 0)


def inside(kind, report_path):
    """What a run may come to; first it leaves something behind."""
    left = subprocess.Popen(['sleep', '612'], start_new_session=True)
    with open(report_path, 'w', encoding='ascii') as file:
        file.write(f'{os.getpid()} {left.pid} {socket.gethostname()} {len(os.listdir("/run"))}')
    if kind == 'raises':
        raise ValueError('on purpose')
    if kind == 'hangs':
        signal.pthread_sigmask(signal.SIG_BLOCK, sandbox.STOPPING)
        time.sleep(600)
    return 5


def sleepers():
    """Processes of the whole machine, as we see it, that inside() left."""
    found = []
    for path in glob.glob('/proc/[0-9]*/cmdline'):
        with contextlib.suppress(OSError), open(path, 'rb') as file:  # some end meanwhile
            if file.read() == b'sleep\0612\0':
                found.append(path)
    return found


@unittest.skipIf(os.geteuid() != 0 or sandbox.may_make(), 'namespaces may not be made here')
class Sandbox(unittest.TestCase):
    def run_inside(self, kind, seconds=30):
        """In a child, because it cannot be undone: the status, and what inside() saw."""
        with tempfile.TemporaryDirectory() as work, open(os.devnull, 'w', encoding='ascii') as null:
            path = os.path.join(work, 'seen')
            pid = os.fork()
            if pid == 0:
                os.dup2(null.fileno(), 1)
                os.dup2(null.fileno(), 2)
                sandbox.GRACE_SECONDS = 1
                os._exit(sandbox.run(work, lambda: inside(kind, path), seconds) & 255)
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            with open(path, encoding='ascii') as file:
                seen = file.read().split()
            with open('/proc/mounts', encoding='utf-8') as file:
                self.assertNotIn(work, file.read())
        self.assertEqual(sleepers(), [])
        return status, seen

    def test_ends(self):
        status, seen = self.run_inside('ends')
        self.assertEqual(status, 5)
        self.assertEqual((seen[0], seen[2], seen[3]), ('1', sandbox.HOST, '2'))

    def test_raises(self):
        self.assertEqual(self.run_inside('raises')[0], sandbox.BROKEN)

    def test_hangs(self):
        self.assertEqual(self.run_inside('hangs', 1)[0], -signal.SIGKILL & 255)


class Figures(unittest.TestCase):
    def test_samples(self):
        self.assertEqual(processor.count_samples(STACKS, None), (2, 4))
        self.assertEqual(processor.count_samples(STACKS + OURS, LIBRARY), (3, 7))

    def test_rows(self):
        pairs = [({'a': 10.0}, {'a': 20.0}), ({'a': 100.0}, {'a': 100.0}), ({'a': 10}, {'a': 5})]
        self.assertEqual(list(comparison.rows_of(pairs)),
                         [('a', '10', '20', '1.00', '0.50', '2.00')])

    def test_table(self):
        self.assertEqual(list(report.table(['a', 'bb'], [('long', 1)])), ['a     bb', 'long   1'])

    def test_sum(self):
        found, output = report.Report(), io.StringIO()
        with contextlib.redirect_stdout(output):
            found.check('good', True)
            self.assertFalse(found.check_none('bad', ['because'] * 100))
            self.assertEqual(found.last_line(), '1 passed, 1 failed')
            found.skip('this', 'it is not there')
        self.assertEqual(found.last_line(), '1 passed, 1 failed, 1 skipped')
        self.assertIn(f'and {100 - report.SHOWN} more', output.getvalue())


if __name__ == '__main__':
    unittest.main()
