# SPDX-License-Identifier: MIT
"""Every number is the same in every format: same_numbers_test.py MEMPOOL PROGRAM, one that gets
and allocates all the time, until its standard input ends."""
import subprocess
import sys

import same_numbers
from program import expect

COMPARED_LEAST = 100


def main(command, program):
    """The test."""
    with subprocess.Popen([program, '20', '3000', '4'], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as process:
        try:
            expect(process.stdout.readline() == 'ready\n', f'{program} is not ready')
            for _ in range(3):
                n_compared, found = same_numbers.differences(command, process.pid)
                expect(not found, '\n'.join(found))
                expect(n_compared > COMPARED_LEAST, f'only {n_compared} numbers')
            print(f'{n_compared} numbers agree')
        finally:
            process.kill()


if __name__ == '__main__':
    main(*sys.argv[1:])
