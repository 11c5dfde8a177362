# SPDX-License-Identifier: MIT
"""examples/daemon tells each part's memory apart: daemon_test.py PROGRAM"""
import re
import sys

from program import expect, run

ACCOUNT = re.compile(r'(\w+) +(\w+) +(\d+) bytes live in +(\d+) blocks; peak +(\d+) bytes; \d+ ')


def accounts(text):
    """Each account that was printed: (component, type) -> (live bytes, live blocks, peak)."""
    return {(row[0], row[1]): tuple(map(int, row[2:])) for row in ACCOUNT.findall(text)}


def main(program):
    """The test."""
    ended = run([program])
    work, _, closed = ended.stdout.partition('closed:')
    at_work, at_rest = accounts(work), accounts(closed)
    wanted = {('cache', 'value'), ('protocol', 'request'), ('protocol', 'answer'),
              ('sqlite', 'sqlite')}
    expect(set(at_work) == set(at_rest) == wanted, f'not these accounts: {wanted}\n{ended.stdout}')
    blocks = {account: row[1] for account, row in at_work.items()}
    expect(blocks[('cache', 'value')] == 800, f'not 800 values in the cache: {ended.stdout}')
    expect(blocks[('protocol', 'answer')] == 10, f'not the last 10 answers: {ended.stdout}')
    expect(blocks[('protocol', 'request')] == 0, f'requests are left: {ended.stdout}')
    expect(at_work[('sqlite', 'sqlite')][0] > 20000, f'no database in memory: {ended.stdout}')
    expect(re.search(r'^cache:struct entry: 800 objects live; .* cache: [1-9]\d+ bytes$', work,
                     re.M), f'not 800 entries in the pool of the cache:\n{ended.stdout}')
    for account, (live_bytes, live_blocks, peak) in at_rest.items():
        expect(live_bytes == live_blocks == 0, f'{account} is not at rest:\n{ended.stdout}')
        expect(peak >= at_work[account][0], f'{account} has too low a peak:\n{ended.stdout}')
    expect(not ended.stderr, f'words on standard error:\n{ended.stderr}')


if __name__ == '__main__':
    main(sys.argv[1])
