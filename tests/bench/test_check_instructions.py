#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_instructions.py with a program and a valgrind that are made up: what it lets through."""
import os
import stat
import subprocess
import sys
import tempfile
import unittest

CHECKER = sys.argv.pop(1)
ROWS = ('get', 'put', 'get0-64', 'get-batch-1000', 'put-batch-1000', 'get_bulk-32', 'put_bulk-32',
        'malloc', 'free', 'malloc-batch-1000', 'free-batch-1000')
PROGRAM = '#!/bin/sh\necho "testarch gcc 12"\n'
STRIP = '#!/bin/sh\ncp "$4" "$3"\n'  # strip --strip-debug -o COPY FILE
# 500 to begin with and 20 for each object, whatever function is asked for.
VALGRIND = '#!/bin/sh\nfor last; do :; done\necho "Collected : $((500 + 20 * last))" >&2\n'


class Check(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.golden = self.path('golden.txt')
        self.write('program', PROGRAM)
        self.write('valgrind', VALGRIND)
        self.write('strip', STRIP)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)
        os.chmod(self.path(name), stat.S_IRWXU)

    def write_golden(self, number, version=12):
        self.write('golden.txt',
                   ''.join(f'testarch gcc {version} {row} {number}\n' for row in ROWS))

    def check(self, *options, path=None):
        search = self.folder.name + ':/usr/bin:/bin' if path is None else path
        command = [sys.executable, CHECKER, self.path("program"), self.golden, *options]
        return subprocess.run(command,
                              capture_output=True, text=True, check=False,
                              env={**os.environ, 'PATH': search})

    def test_equal(self):
        self.write_golden(20.0)
        run = self.check()
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn('20.00', run.stdout)

    def test_within_tolerance(self):
        self.write_golden(19.1)
        self.assertEqual(self.check().returncode, 0)

    def test_too_many(self):
        self.write_golden(17.9)
        run = self.check()
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stdout.count('TOO MANY'), len(ROWS))

    def test_fewer_is_no_fault(self):
        self.write_golden(30.0)
        run = self.check()
        self.assertEqual(run.returncode, 0)
        self.assertIn('--update', run.stdout)

    def test_other_version_is_wider(self):
        self.write_golden(17.5, version=11)
        self.assertEqual(self.check().returncode, 0)
        self.write_golden(10.0, version=11)
        self.assertEqual(self.check().returncode, 1)

    def test_nothing_to_compare(self):
        run = self.check()
        self.assertEqual(run.returncode, 77)
        self.assertIn('--update', run.stderr)

    def test_update(self):
        self.write('golden.txt', ''.join(f'other clang 14 {row} 9\n' for row in ROWS))
        self.assertEqual(self.check('--update').returncode, 0)
        self.assertEqual(self.check().returncode, 0)
        with open(self.golden, encoding='utf-8') as file:
            text = file.read()
        self.assertIn('other clang 14 put 9.00\n', text)
        self.assertIn('testarch gcc 12 put 20.00\n', text)

    def test_no_valgrind(self):
        self.write_golden(20.0)
        run = self.check(path='/nonexistent')
        self.assertEqual(run.returncode, 77)

    def test_function_that_is_not_seen(self):
        self.write('valgrind', '#!/bin/sh\necho "Collected : 0" >&2\n')
        self.write_golden(20.0)
        self.assertEqual(self.check().returncode, 2)

    def test_damaged_golden_file(self):
        self.write('golden.txt', 'testarch gcc\n')
        run = self.check()
        self.assertEqual(run.returncode, 2)
        self.assertIn('golden.txt:1', run.stderr)


if __name__ == '__main__':
    unittest.main(verbosity=2)
