# SPDX-License-Identifier: MIT
"""What all cases share: a cluster with or without the library, and what is checked of it."""
import collections
import contextlib
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'system'))
import same_numbers  # pylint: disable=wrong-import-position

import cluster
import dumps
import load

ATTEMPTS = 6  # to see a process at rest: something may happen between its dump and our snapshot
REST_SECONDS = 20
FAULTS = re.compile(r'signal received:|time of crash|Assertion failed|no memory available'
                    r'|\] [AM] \[')


def read(path):
    """A text file."""
    with open(path, encoding='utf-8', errors='replace') as file:
        return file.read()


class Bed:
    """One run: what it uses, and what it found."""

    def __init__(self, work, report, library, scale, command=None):
        self.work = work
        self.report = report
        self.library = library
        self.scale = scale
        self.command = command
        self.gets = 0
        self.dump_directory = os.path.join(work, 'dumps')
        self.source = os.path.join(work, 'data', 'source')
        self.cluster = None

    # --- a cluster ---

    def environment(self):
        """Of all programs of a cluster."""
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith('MEMPOOL_') and key != 'LD_PRELOAD'}
        if self.library:
            environment.update(LD_PRELOAD=self.library, MEMPOOL_GLUSTERFS_DIR=self.dump_directory)
        return environment

    def make_source(self):
        """The tree that is untarred; once."""
        if not os.path.isdir(self.source):
            load.make_source(self.source, 24 * self.scale)

    @contextlib.contextmanager
    def running(self, volume, shape, options=()):
        """A cluster with a volume that is mounted; afterwards it ends and is looked at."""
        self.make_source()
        self.cluster = cluster.Cluster(self.work, self.environment())
        try:
            self.cluster.start()
            self.cluster.create_volume(volume, shape, options)
            mount = self.cluster.mount(volume)
            self.report.say(f'volume {volume} ({shape}) is mounted')
            yield mount
        except BaseException:
            self.cluster.stop()
            raise
        else:
            self.check_end()
        finally:
            self._tidy()

    def _tidy(self):
        """What the next cluster would take for its own, and memory of data."""
        for path in glob.glob('/run/gluster/*'):
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif '.dump.' not in path:
                os.remove(path)
        for name in os.listdir(os.path.join(self.work, 'data')):
            path = os.path.join(self.work, 'data', name)
            if not path.startswith(self.source) and not os.path.ismount(path):
                shutil.rmtree(path)

    # --- checks ---

    def check_preloaded(self, volume):
        """Without this, all that follows would be of GlusterFS alone."""
        if self.library:
            missing = [f'{role} ({pid})' for role, pid in self.cluster.processes(volume).items()
                       if self.library not in read(f'/proc/{pid}/maps')]
            self.report.check_none('every process has the library', missing)

    def check_data(self, volume, mount, local, bricks_too):
        """The mount, and of a replicated volume each brick, hold what the local copy holds."""
        wanted = load.in_child(120, load.checksums, local)
        places = {'mount': mount}
        if bricks_too:
            places.update({f'brick {i}': self.cluster.brick_directory(volume, i)
                           for i in range(cluster.BRICKS)})
        for place, directory in places.items():
            found = load.in_child(300, load.checksums, directory)
            self.report.check_none(f'{volume}: {len(wanted)} files and directories in the {place}',
                                   load.tree_differences(wanted, found))

    def check_dumps(self, volume):
        """Live counts of all processes, when nothing goes on."""
        processes = self.cluster.processes(volume)
        self.wait_for_rest(processes.values())
        for role, pid in processes.items():
            try:
                self._check_process(f'{volume}, {role}', pid)
            except (dumps.DumpError, cluster.ClusterError, KeyError, ValueError) as error:
                self.report.check(f'{volume}, {role}: dumps', False, repr(error))

    def _check_process(self, name, pid):
        if not self.library:
            statedump = self.take_statedump(pid)
            self.report.check(f'{name}: statedump of {statedump.pool_count} pools and '
                              f'{len(statedump.accounts)} types', statedump.accounts)
            return
        for attempt in range(1, ATTEMPTS + 1):
            statedump = self.take_statedump(pid)
            ours, snapshot = self.take_ours(pid)
            pools, accounts = dumps.compare(statedump, snapshot)
            books = dumps.differences(ours.accounts + ours.pools, snapshot,
                                      'counters', 'records')
            if not pools and not accounts and not books:
                break
        self.gets += ours.gets
        live = sum(snapshot.values())
        said = f'{name}: live counts of'
        self.report.check_none(f'{said} {statedump.pool_count} pools (dump {attempt})', pools)
        types = len(statedump.accounts) + len(statedump.old_accounts)
        self.report.check_none(f'{said} {types} types', accounts)
        self.report.check_none(f'{name}: our counters and our {live} records', books)
        self.report.check(f'{name}: {ours.gets} gets, no foreign put',
                          ours.gets > 0 and ours.foreign_puts == 0, f'{ours.foreign_puts} were')

        if self.command:
            self._look_from_outside(name, pid)

    def _look_from_outside(self, name, pid):
        """A process that is stopped: every format says the same, and its records are those that it
        writes down itself."""
        n_compared, found = same_numbers.differences(self.command, pid)
        self.report.check_none(f'{name}: {n_compared} numbers from outside, in every format', found)
        for attempt in range(1, ATTEMPTS + 1):
            self.take_statedump(pid)
            _, inside = self.take_ours(pid)
            whole = json.loads(same_numbers.say(self.command, 'export', '--format=json', pid))
            outside = collections.Counter()
            for group in whole['groups']:
                outside[dumps.split_name(group['what'])] += group['count']
            found = dumps.differences(outside, inside, 'outside', 'inside')
            if not found:
                break
        self.report.check_none(f'{name}: {sum(outside.values())} records from outside and inside '
                               f'(dump {attempt})', found)

        self._ask_every_verb(name, pid, whole)

    def _ask_every_verb(self, name, pid, whole):
        """What an operator would type, of a process that is at work."""
        address = whole['pools'][0]['address']
        saved = os.path.join(self.work, f'saved-{pid}.json')
        asked = [['ls'], ['show', pid], ['leaks', pid], ['sites', pid], ['ages', pid],
                 ['ledger', pid], ['describe', pid, address], ['advise', pid],
                 ['top', '--batch', '-n2', '--every=100ms', '--view=sites', pid],
                 ['snapshot', pid, '-o', saved], ['diff', '--all', saved, saved],
                 ['export', '--format=folded', pid]]
        failed = []
        for words in asked:
            ended = subprocess.run([self.command, *map(str, words)], capture_output=True,
                                   text=True, check=False, timeout=60)
            if ended.returncode != 0 or (not ended.stdout and words[0] != 'snapshot'):
                failed.append(f'{words}: {ended.returncode}: {ended.stderr.strip()[:200]}')
        self.report.check_none(f'{name}: {len(asked)} verbs of the command', failed)

    def check_recording(self, name, pid):
        """Record a process under load, and replay that."""
        if not self.command:
            return
        trace = os.path.join(self.work, f'{name}.trace.zst')
        try:
            load.command(60, self.command, 'record', '--seconds=2', '-o', trace, str(pid))
            said = load.command(120, self.command, 'replay', '--json', '--rounds=1',
                                '--against=none', trace)
            events = json.loads(said)['trace']['events']
            self.report.check(f'{name}: a recording of {events} events is replayed', events > 0)
        except load.LoadError as error:
            self.report.check(f'{name}: a recording is replayed', False, str(error))

    def take_statedump(self, pid):
        """Ask a process for its dumps; GlusterFS's own."""
        for path in self._dumps_of(pid):
            os.remove(path)
        os.kill(pid, signal.SIGUSR1)
        path = cluster.wait_for(lambda: next(iter(self._dumps_of(pid)), None), 30,
                                f'a statedump of process {pid}')
        return dumps.read_statedump(read(path))

    def take_ours(self, pid):
        """Our dump and snapshot of what take_statedump asked for."""
        texts = []
        for kind in ('dump', 'snapshot'):
            path = os.path.join(self.dump_directory, f'mempool.{pid}.{kind}')
            cluster.wait_for(lambda: os.path.exists(path), 30, f'{path} exists')
            texts.append(read(path))
        return dumps.read_our_dump(texts[0]), dumps.read_snapshot(texts[1])

    def _dumps_of(self, pid):
        """All finished dumps of a process, GlusterFS's first."""
        return glob.glob(f'/run/gluster/*.{pid}.dump.*') + \
            [path for kind in ('dump', 'snapshot')
             for path in glob.glob(f'{self.dump_directory}/mempool.{pid}.{kind}')]

    @staticmethod
    def wait_for_rest(pids):
        """Until no process uses the processor any more, or long enough."""
        end = time.monotonic() + REST_SECONDS
        before, quiet = None, 0
        while quiet < 4 and time.monotonic() < end:
            time.sleep(0.5)
            now = [cluster.cpu_ticks(pid) for pid in pids]
            quiet = quiet + 1 if now == before else 0
            before = now

    def check_running(self, volume, before):
        """The processes are those that were there before."""
        now = self.cluster.processes(volume)
        self.report.check(f'{volume}: all {len(before)} processes still run', now == before
                          and all(cluster.is_alive(pid) for pid in now.values()),
                          f'before {before}, now {now}')

    def check_end(self):
        """The cluster ends when it is asked; nothing crashed, nothing was reported."""
        late = self.cluster.stop()
        self.report.check_none('all processes end when they are asked', [str(pid) for pid in late])
        self.report.check_none('no process crashed', cluster.crashed_processes())
        faults = [f'{os.path.basename(path)}: {line.strip()}'
                  for path in glob.glob(f'{self.work}/log/**/*.log', recursive=True)
                  for line in read(path).splitlines() if FAULTS.search(line)]
        self.report.check_none('no fault in any log', faults)
        if self.library:
            reports = glob.glob(f'{self.dump_directory}/*.misuse')
            self.report.check_none('no misuse was reported', [
                f'{os.path.basename(path)}: {line}' for path in sorted(reports)
                for line in read(path).splitlines()])
