#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What does it cost a process that `mempool top` looks at it? watched_replay.py MEMPOOL TRACE

Pairs of replays of a trace: one alone, one with `mempool top` attached, once a second or as often
as asked. A ratio is of the two replays of a pair; the median of the pairs counts.
"""
import argparse
import json
import statistics
import subprocess
import threading
import time

REST_S = 0.02


def parents():
    """{pid: parent's pid} of all processes."""
    listed = subprocess.run(['ps', '-e', '-o', 'pid=,ppid='], check=True, capture_output=True,
                            text=True).stdout
    return dict(map(int, line.split()) for line in listed.splitlines())


def is_below(pid, ancestor, parent_of):
    """Is it the ancestor or a descendant of it?"""
    while pid and pid != ancestor:
        pid = parent_of.get(pid, 0)
    return pid == ancestor


class Watcher(threading.Thread):
    """Attaches top to each process of a replay that has pools, as they come and go."""

    def __init__(self, command, replay, options):
        super().__init__()
        self.command, self.replay, self.options = command, replay, options
        self.tops, self.looks = {}, 0

    def run(self):
        while self.replay.poll() is None:
            listed = json.loads(subprocess.run([self.command, 'ls', '--json'], check=True,
                                               capture_output=True, text=True).stdout)
            parent_of = parents()
            for process in listed['processes']:
                pid = process['pid']
                if pid not in self.tops and is_below(pid, self.replay.pid, parent_of):
                    # pylint: disable-next=consider-using-with
                    self.tops[pid] = subprocess.Popen(
                        [self.command, 'top', '--batch', '--json', '--exit-with-process',
                         f'--every={self.options.every}', f'--view={self.options.view}',
                         '--rows=40', str(pid)],
                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            time.sleep(REST_S * 10)
        for top in self.tops.values():
            self.looks += len(top.communicate()[0].splitlines())


def replay_ns(options, is_watched):
    """Nanoseconds a pair, of one run; how often top looked."""
    with subprocess.Popen([options.mempool, 'replay', '--json', '--no-progress', '--against=none',
                           f'--rounds={options.rounds}', f'--workers={options.workers}',
                           options.trace], stdout=subprocess.PIPE, text=True) as replay:
        watcher = Watcher(options.mempool, replay, options)
        if is_watched:
            watcher.start()
        said = replay.communicate()[0]
        if is_watched:
            watcher.join()
    return json.loads(said)['contenders'][0]['ns_per_pair']['median'], watcher.looks


def main():
    """The command line, and the table."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('mempool', help='the command')
    parser.add_argument('trace')
    parser.add_argument('--pairs', type=int, default=7)
    parser.add_argument('--rounds', type=int, default=5, help='of each replay (5)')
    parser.add_argument('--workers', type=int, default=1)
    parser.add_argument('--every', default='1s', help='from look to look (1s)')
    parser.add_argument('--view', default='pools', help='what top shows (pools)')
    options = parser.parse_args()
    ratios = []
    for pair in range(options.pairs):
        order = (False, True) if pair % 2 == 0 else (True, False)
        found = {is_watched: replay_ns(options, is_watched) for is_watched in order}
        (alone, _), (watched, looks) = found[False], found[True]
        ratios.append(watched / alone)
        print(f'alone {alone:.2f} ns, watched {watched:.2f} ns ({looks} looks): '
              f'{watched / alone:.4f}', flush=True)
    print(f'median {statistics.median(ratios):.4f} ({min(ratios):.4f} to {max(ratios):.4f})')


if __name__ == '__main__':
    main()
