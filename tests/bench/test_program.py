#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run mempool-bench as users do: options, exit statuses, a short measurement, its JSON."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1)


def bench(*options, **environment):
    return subprocess.run([PROGRAM, *options], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, env={**os.environ, **environment})


class Usage(unittest.TestCase):
    def refused(self, *options):
        run = bench(*options)
        self.assertEqual(run.returncode, 2, run.stdout + run.stderr)
        self.assertEqual(run.stdout, '')
        self.assertIn('--help', run.stderr)
        return run.stderr

    def test_help(self):
        run = bench('--help')
        self.assertEqual(run.returncode, 0)
        self.assertIn('--quick', run.stdout)

    def test_list(self):
        run = bench('--list')
        self.assertEqual(run.returncode, 0, run.stderr)
        for word in ('lifo-1/64', 'replay-2-workers', 'replay-heap-1-worker', 'mempool', 'glibc',
                     'classic'):
            self.assertIn(word, run.stdout)

    def test_unknown_option(self):
        self.assertIn('--nonsense', self.refused('--nonsense'))

    def test_stray_word(self):
        self.assertIn('word', self.refused('word'))

    def test_case_that_is_none(self):
        self.assertIn('lifo-9', self.refused('--cases=lifo-1/64,lifo-9'))

    def test_allocator_that_is_none(self):
        self.assertIn('hoard', self.refused('--peers=glibc,hoard'))

    def test_numbers(self):
        for text in ('0', '-1', '102', '3x', '', '99999999999999999999'):
            self.refused(f'--rounds={text}')
        self.refused('--slice-ms=0')

    def test_trace_that_is_not_there(self):
        run = bench('--cases=replay-1-worker', '--trace=/nonexistent/trace')
        self.assertEqual(run.returncode, 2)
        self.assertIn('/nonexistent/trace', run.stderr)
        run = bench('--cases=replay-heap-1-worker', '--heap-trace=/nonexistent/heap')
        self.assertEqual(run.returncode, 2)
        self.assertIn('/nonexistent/heap', run.stderr)


class Measurement(unittest.TestCase):
    def measure(self, *options, status=0, **environment):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'report.json')
            run = bench('--slice-ms=1', '--rounds=2', f'--json={path}', *options, **environment)
            self.assertEqual(run.returncode, status, run.stdout + run.stderr)
            with open(path, encoding='utf-8') as file:
                return run.stdout, json.load(file)

    def test_all_small_cases(self):
        text, report = self.measure(
            '--peers=glibc,classic',
            '--cases=*-1/64,*-8/64,*-1000/64,six*,in-*,*-32/64,*-10k/64,get0*,producer*/64,'
            'heap-lifo*')
        self.assertIn('Geometric mean', text)
        for case in report['cases']:
            if case['skipped']:
                self.assertEqual(case['threads'], 2)
                continue
            wanted = {'mempool'}
            if not case['name'].startswith('one-by-one'):
                wanted |= {'glibc', 'classic'}
            self.assertEqual(set(case['peers']), wanted, case['name'])
            for peer in case['peers'].values():
                self.assertEqual(len(peer['samples']), 2)
                self.assertGreater(peer['lowest'], 0.0)
        self.assertGreater(report['geometric_mean'], 0.0)

    def test_memory_cases(self):
        _, report = self.measure('--peers=classic', '--cases=pool-*,resident-replay')
        values = {case['name']: case['peers']['mempool']['median'] for case in report['cases']}
        # A pool with a live object holds at least that object's page, an idle one less than that.
        self.assertGreater(values['pool-one-live/64'], values['pool-idle/64'])
        # The trace has some 1.3 MB live at its peak: no honest measurement is below 1 MiB.
        self.assertGreater(values['resident-replay'], 1024)

    def test_heap_replay(self):
        """Every allocator that has a heap replays the trace with heap events."""
        _, report = self.measure('--peers=glibc,classic,glusterfs,dpdk', '--rounds=1',
                                 '--cases=replay-heap-1-worker,resident-replay-heap')
        here = {allocator['name'] for allocator in report['allocators']
                if allocator['available']} - {'dpdk'}
        for case in report['cases']:
            self.assertEqual({'mempool', 'glibc', 'classic'} - set(case['peers']), set())
            self.assertEqual(set(case['peers']) - here, set())
            # Some 8.4 MB are live at the trace's peak.
            if case['name'] == 'resident-replay-heap':
                self.assertGreater(case['peers']['mempool']['median'], 8 * 1024)

    def test_preloaded_library_is_used(self):
        """The malloc worker must say which library its malloc comes from."""
        _, report = self.measure('--cases=lifo-1/64')
        for allocator in report['allocators']:
            if allocator['name'] in ('jemalloc', 'mimalloc', 'tcmalloc'):
                if allocator['available']:
                    self.assertIn(allocator['name'], allocator['library'])
                else:
                    self.assertEqual(allocator['reason'], 'not installed')

    def test_library_that_is_not_there(self):
        text, report = self.measure('--cases=lifo-1/64', '--peers=ghost',
                                    '--library=ghost=/nonexistent/libghost.so')
        self.assertIn('not installed', text)
        self.assertEqual(list(report['cases'][0]['peers']), ['mempool'])

    def test_worker_that_fails(self):
        """A trace that is none: told for each allocator, and exit status 1."""
        text, report = self.measure('--peers=glibc', '--cases=replay-1-worker',
                                    f'--trace={__file__}', status=1)
        self.assertIn('failed: replay-1-worker, mempool: ', text)
        self.assertIn('failed', report['cases'][0]['peers']['glibc'])


if __name__ == '__main__':
    unittest.main(verbosity=2)
