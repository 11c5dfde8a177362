# SPDX-License-Identifier: MIT
"""The ledger closes on a real program's trace: ledger_test.py MEMPOOL TRACE...

Each trace is replayed by one and two workers. What the process that measured our memory consists
of adds up to what the system says, less than 2 % of it is unexplained, and less than 2 % also of
what is not the replay's own; what it grew by is pools, heap and bookkeeping.
"""
import json
import sys

from program import expect, run

OURS = ('live', 'padding', 'cached', 'free', 'records')
OTHERS = ('libc_heap', 'files', 'stack', 'named', 'unexplained')
SLACK_BYTES = 256 << 10  # of growth: stacks, libc


def check(ours, name):
    """One measurement of ours."""
    ledger, resident = ours['ledger'], ours['resident']
    expect(ledger, f'{name}: no ledger')
    text = f'{name}: {ledger}'
    of_pools = sum(ledger[key] for key in OURS) - ledger['untouched']
    expect(ledger['resident'] == of_pools + sum(ledger[key] for key in OTHERS),
           f'it does not add up: {text}')
    expect(ledger['live'] > 0 and ledger['named'] > 0, f'nothing live, or no trace: {text}')
    without_replay = ledger['resident'] - ledger['named']
    expect(ledger['unexplained'] < 0.02 * without_replay, f'2 % or more are unexplained: {text}')
    grown = resident['end_growth_bytes']
    expect(abs(grown - of_pools) < SLACK_BYTES,
           f'it grew by {grown} bytes, of which {of_pools} are ours: {text}')
    print(f"{name}: {ledger['unexplained'] / ledger['resident']:.3%} unexplained, "
          f"{ledger['unexplained'] / without_replay:.3%} without the replay's own; "
          f'grew by {grown}, explained {of_pools}')


def main(mempool, traces):
    """The test."""
    for trace in traces:
        for workers in (1, 2):
            ended = run([mempool, 'replay', '--json', '--rounds=1', '--against=malloc',
                         f'--workers={workers}', trace])
            ours, other = json.loads(ended.stdout)['contenders']
            check(ours, f'{trace} with {workers}')
            expect(other['ledger'] is None, 'malloc keeps no ledger')


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2:])
