#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What does it cost a process that `mempool top` looks at it? watched_replay.py MEMPOOL TRACE

Pairs of replays of a trace: one alone, one with `mempool top` attached, once a second or as often
as asked. A ratio is of the two replays of a pair. What one look a second costs is the mean of the
ratios, less 1, divided by the looks that there were in a second, with its standard error: looks
four times a second, the most that top does, show it more sharply. The processor time of a look is a
bound beside: the process is not stopped, and would lose no more if it had to share its processor.
"""
import argparse
import glob
import json
import os
import statistics
import subprocess
import threading
import time

REST_S = 0.25
PUBLISHED = '/memfd:mempool '


def descendants(pid):
    """A process's children, and theirs."""
    found = []
    for path in glob.glob(f'/proc/{pid}/task/*/children'):
        try:
            with open(path, encoding='utf-8') as file:
                children = [int(word) for word in file.read().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *descendants(child)]
    return found


def publishes(pid):
    """Does it use the library?"""
    try:
        with open(f'/proc/{pid}/maps', encoding='utf-8', errors='replace') as file:
            return PUBLISHED in file.read()
    except OSError:
        return False


class Watcher(threading.Thread):
    """Attaches top to each process of a replay that has pools, as they come and go."""

    def __init__(self, command, replay, options):
        super().__init__()
        self.command, self.replay, self.options = command, replay, options
        self.tops, self.looks, self.cpu_s = {}, 0, 0.0

    def run(self):
        while self.replay.poll() is None:
            for pid in descendants(self.replay.pid):
                if pid not in self.tops and publishes(pid):
                    # pylint: disable-next=consider-using-with
                    self.tops[pid] = subprocess.Popen(
                        [self.command, 'top', '--batch', '--json', '--exit-with-process',
                         f'--every={self.options.every}', f'--view={self.options.view}',
                         '--rows=40', str(pid)],
                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            time.sleep(REST_S)
        for top in self.tops.values():
            self.looks += len(top.stdout.read().splitlines())
            _, status, usage = os.wait4(top.pid, 0)
            top.returncode = os.waitstatus_to_exitcode(status)
            self.cpu_s += usage.ru_utime + usage.ru_stime


def replay_ns(options, is_watched):
    """Nanoseconds a pair, of one run; its watcher; and how many seconds it ran."""
    begun = time.monotonic()
    with subprocess.Popen([options.mempool, 'replay', '--json', '--no-progress', '--against=none',
                           f'--rounds={options.rounds}', f'--workers={options.workers}',
                           options.trace], stdout=subprocess.PIPE, text=True) as replay:
        watcher = Watcher(options.mempool, replay, options)
        if is_watched:
            watcher.start()
        said = replay.communicate()[0]
        if is_watched:
            watcher.join()
    rounds = json.loads(said)['contenders'][0]['ns_per_pair']['rounds']
    return statistics.mean(rounds), watcher, time.monotonic() - begun  # a look is in few of them


def main():
    """The command line, and the table."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('mempool', help='the command')
    parser.add_argument('trace')
    parser.add_argument('--pairs', type=int, default=7)
    parser.add_argument('--rounds', type=int, default=40, help='of each replay (40)')
    parser.add_argument('--workers', type=int, default=1)
    parser.add_argument('--every', default='1s', help='from look to look (1s)')
    parser.add_argument('--view', default='pools', help='what top shows (pools)')
    options = parser.parse_args()
    ratios, looks, cpu_s, watched_s = [], 0, 0.0, 0.0
    for pair in range(options.pairs):
        order = (False, True) if pair % 2 == 0 else (True, False)
        found = {is_watched: replay_ns(options, is_watched) for is_watched in order}
        (alone, _, _), (watched, watcher, seconds) = found[False], found[True]
        ratios.append(watched / alone)
        looks, cpu_s, watched_s = looks + watcher.looks, cpu_s + watcher.cpu_s, watched_s + seconds
        print(f'alone {alone:.2f} ns, watched {watched:.2f} ns ({watcher.looks} looks): '
              f'{watched / alone:.4f}', flush=True)
    print(f'{looks} looks of {1000 * cpu_s / max(looks, 1):.2f} ms of processor time each, '
          'the beginning and end of top included')
    print(f'median {statistics.median(ratios):.4f} ({min(ratios):.4f} to {max(ratios):.4f})')
    if looks and len(ratios) > 1:
        scale = 100 * watched_s / looks
        error = statistics.stdev(ratios) / len(ratios) ** 0.5
        print(f'one look a second: {scale * (statistics.mean(ratios) - 1):.2f} % slower, '
              f'standard error {scale * error:.2f}')


if __name__ == '__main__':
    main()
