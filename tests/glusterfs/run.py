#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run an unmodified GlusterFS on the library, on this machine, and compare what both count.

A cluster of three bricks is started on a loopback interface of its own, loaded, and at rest asked
for its statedumps: the live objects of every pool and the live blocks of every translator and
type are to be what our records say. Data are compared with a local copy, misuse is to be nil.
Needs root, /dev/fuse, GlusterFS and fio; where one is missing, it says so and skips.
The last line is: N passed, N failed[, N skipped]. Exit status: 0, 1 (failed), 77 (skipped).
"""
import argparse
import os
import shutil
import sys
import tempfile
import traceback

import bed as test_bed
import cases
import comparison
import report as reporting
import sandbox

SKIPPED = 77  # as Meson has it
PROGRAMS = {'glusterd': 'glusterfs-server', 'glusterfs': 'glusterfs-client',
            'gluster': 'glusterfs-cli', 'fio': 'fio', 'mount': 'mount', 'tar': 'tar'}
LEAST_GETS = 5_000_000  # of all processes, at scale 1
# Before a run is stopped: at scale 1; at any; and more for each pair of a comparison.
SECONDS, SHORTEST_SECONDS, PAIR_SECONDS = 3600, 140, 300


def what_is_missing():
    """None, or in plain words what this machine lacks."""
    if os.geteuid() != 0:
        return 'root rights: clusters are mounted'
    try:
        os.close(os.open('/dev/fuse', os.O_RDWR))
    except OSError as error:
        return f'/dev/fuse, with which the volume is mounted: {error.strerror}'
    for program, package in PROGRAMS.items():
        if not shutil.which(program):
            return f'the program {program} (Debian: {package})'
    return sandbox.may_make()


def attempt(report, name, function, *arguments):
    """Call function; what goes wrong is a failure. False: we were asked to end."""
    try:
        function(*arguments)
    except KeyboardInterrupt:
        report.check(name, False, 'interrupted')
        return False
    except Exception as error:  # pylint: disable=broad-except
        where = [f'{frame.filename}:{frame.lineno}: {frame.name}'
                 for frame in traceback.extract_tb(error.__traceback__)[-3:]]
        # What a program or a child said comes last in the text.
        report.check(name, False, [type(error).__name__, *where, *str(error).splitlines()[-8:]])
    return True


def run_cases(bed, names):
    """Each case; where one fails, the next begins."""
    for name in names:
        bed.report.say(f'--- {name}: {cases.CASES[name].__doc__}')
        if not attempt(bed.report, name, cases.CASES[name], bed):
            return
    if bed.library and set(names) == set(cases.CASES):
        least = int(LEAST_GETS * bed.scale)
        bed.report.check(f'{bed.gets} gets in all', bed.gets >= least, f'fewer than {least}')


def parse(arguments):
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument('--library', help='libmempool-glusterfs.so')
    which.add_argument('--without', action='store_true',
                       help='GlusterFS alone: data and dumps are checked, counts are not')
    parser.add_argument('--command',
                        help='build/product/cli/mempool: each process is looked at from outside')
    parser.add_argument('--scale', type=float, default=1.0,
                        help='how much is done: 1 is some minutes (default), 0.05 the short form')
    parser.add_argument('--cases', nargs='+', choices=list(cases.CASES), default=list(cases.CASES),
                        metavar='CASE', help=f'of {", ".join(cases.CASES)} (default: all)')
    parser.add_argument('--keep', action='store_true',
                        help='keep logs and dumps; they are kept anyway where a check failed')
    parser.add_argument('--compare', nargs='?', type=int, const=3, metavar='PAIRS',
                        help='no cases, but so many pairs of runs (3), with the library and without'
                             ': what it costs, as a table')
    parsed = parser.parse_args(arguments)
    if parsed.compare and not parsed.library:
        parser.error('--compare needs --library')
    if parsed.library:
        parsed.library = os.path.realpath(parsed.library)
        if not os.path.isfile(parsed.library):
            parser.error(f'{parsed.library} is not a file')
    if parsed.command:
        parsed.command = os.path.realpath(parsed.command)
    return parsed


def main(arguments):
    """The whole run: its exit status."""
    options = parse(arguments)
    report = reporting.Report()
    missing = what_is_missing()
    if missing:
        report.skip('GlusterFS', f'missing: {missing}')
        print(f'missing: {missing}')
        print(report.last_line())
        return SKIPPED
    work = tempfile.mkdtemp(prefix='gl-')

    def inside():
        report.path = os.path.join(work, 'checks.txt')  # with logs and dumps, where they stay
        bed = test_bed.Bed(work, report, options.library, options.scale, options.command)
        if options.compare:
            attempt(report, 'comparison', comparison.run, bed, options.compare)
        else:
            run_cases(bed, options.cases)
        if options.keep or report.failed:
            report.say(f'logs and dumps stay in {work}')
        print(report.last_line(), flush=True)
        return 1 if report.failed or not report.passed else 0

    pairs = options.compare or 0
    seconds = max(SECONDS * options.scale, SHORTEST_SECONDS) * max(1, pairs) + PAIR_SECONDS * pairs
    status = sandbox.run(work, inside, seconds)
    if status not in (0, 1):
        print(f'the run did not come to its end: {status}; logs and dumps stay in {work}')
        print('0 passed, 1 failed')
    if status == 0 and not options.keep:
        shutil.rmtree(work)
    return 1 if status else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
