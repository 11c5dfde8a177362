# SPDX-License-Identifier: MIT
"""examples/frames does what its comments say: example_test.py PROGRAM"""
import re
import sys

from program import expect, run


def check_frames(ended):
    """What a run of the example must have printed."""
    lines = ended.stdout.splitlines()
    for wanted in ('answered lookup 0', 'answered lookup 1', 'answered lookup 2', '[mempool]',
                   'pool-name=frames:struct frame', 'hot-count=1', 'alloc-count=4',
                   'still live: 1'):
        expect(wanted in lines, f'no line "{wanted}" on standard output:\n{ended.stdout}')
    report = ended.stderr.splitlines()
    expect(report, 'no report of the live object on standard error')
    expect(re.match(r'mempool: misuse: live-at-destroy pool=frames:struct.frame ', report[0]),
           f'not the report of a live object: {report[0]}')
    expect('forget_one' in ended.stderr or 'frames+0x' in ended.stderr,
           f'the report does not say where the object was got:\n{ended.stderr}')


if __name__ == '__main__':
    check_frames(run([sys.argv[1]]))
