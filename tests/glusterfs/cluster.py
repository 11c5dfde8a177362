# SPDX-License-Identifier: MIT
"""GlusterFS on one machine: its daemon, volumes of three bricks, a mount, and their processes."""
import glob
import os
import signal
import subprocess
import time

from sandbox import HOST

BRICKS = 3
CRASH_SIGNALS = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
VOLFILE = '''volume management
    type mgmt/glusterd
    option working-directory {state}
    option transport-type socket
    option transport.address-family inet
    option transport.socket.bind-address 127.0.0.1
    option transport.socket.listen-port 24007
    option base-port 49152
    option max-port 50151
end-volume
'''


class ClusterError(Exception):
    """GlusterFS did not do what it was asked."""


def read_pid(path):
    """The process id in a file, or None."""
    try:
        with open(path, encoding='ascii') as file:
            return int(file.read().strip() or 0) or None
    except (OSError, ValueError):
        return None


def process_state(pid):
    """Letter and exit status as wait(2) has it; (None, 0) where there is no such process."""
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8', errors='replace') as file:
            fields = file.read().rpartition(')')[2].split()
        return fields[0], int(fields[49])
    except (OSError, IndexError):
        return None, 0


def is_alive(pid):
    """Is it running? What waits to be reaped is not."""
    return process_state(pid)[0] not in (None, 'Z', 'X')


def cpu_ticks(pid):
    """What it has used of the processor so far."""
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8', errors='replace') as file:
            fields = file.read().rpartition(')')[2].split()
        return int(fields[11]) + int(fields[12])
    except (OSError, IndexError):
        return 0


def wait_for(condition, seconds, what, interval=0.1):
    """Wait until condition() is true, which is asked for every so many seconds; its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise ClusterError(f'after {seconds} s still not: {what}')
        time.sleep(interval)


def crashed_processes():
    """Names of processes that ended by a signal that a fault brings. They are ours to reap, and
    nobody reaps them before we are asked."""
    found = []
    for path in glob.glob('/proc/[0-9]*'):
        pid = os.path.basename(path)
        letter, status = process_state(pid)
        if letter == 'Z' and os.WIFSIGNALED(status) and os.WTERMSIG(status) in CRASH_SIGNALS:
            try:
                with open(f'{path}/comm', encoding='utf-8') as file:
                    name = file.read().strip()
            except OSError:
                name = '?'
            found.append(f'{name} ({pid}): {signal.Signals(os.WTERMSIG(status)).name}')
    return found


class Cluster:
    """One GlusterFS; its directories are below `work`."""

    def __init__(self, work, environment):
        self.work = work
        self.environment = environment
        self.state = os.path.join(work, 'data', 'glusterd')
        self.logs = os.path.join(work, 'log')
        self.glusterd_pid_file = os.path.join(work, 'run', 'glusterd.pid')
        self.volumes = []
        self.mounts = {}  # volume: (directory, pid)

    # --- starting ---

    def start(self):
        """The daemon; returns when it answers."""
        os.makedirs(self.state, exist_ok=True)
        volfile = os.path.join(self.work, 'glusterd.vol')
        with open(volfile, 'w', encoding='utf-8') as file:
            file.write(VOLFILE.format(state=self.state))
        self._run(['glusterd', '-f', volfile, '-p', self.glusterd_pid_file,
                   '-l', os.path.join(self.logs, 'glusterd.log'), '-L', 'INFO'])
        wait_for(lambda: self.try_gluster('volume', 'list'), 30, 'glusterd answers')

    def create_volume(self, name, shape, options=()):
        """A volume of three bricks of some shape (such as 'replica 3'), started."""
        bricks = [f'{HOST}:{self.brick_directory(name, i)}' for i in range(BRICKS)]
        for i in range(BRICKS):
            os.makedirs(self.brick_directory(name, i))
        self.gluster('volume', 'create', name, *shape.split(), *bricks, 'force')
        self.volumes.append(name)
        for option, value in options:
            self.gluster('volume', 'set', name, option, value)
        self.gluster('volume', 'start', name)
        wait_for(lambda: len(self.brick_pids(name)) == BRICKS, 30, f'bricks of {name} run')
        wait_for(self.heal_daemon_pid, 30, 'the self-heal daemon runs')

    def mount(self, name):
        """Mount a volume: the directory."""
        directory = os.path.join(self.work, 'data', f'mount-{name}')
        os.makedirs(directory, exist_ok=True)
        pid_file = os.path.join(self.work, 'run', f'client-{name}.pid')
        self._run(['glusterfs', '--process-name', 'fuse', '--volfile-server=127.0.0.1',
                   f'--volfile-id={name}', '-p', pid_file,
                   '-l', os.path.join(self.logs, f'client-{name}.log'), directory])
        pid = wait_for(lambda: read_pid(pid_file), 30, f'the client of {name} runs')
        self.mounts[name] = (directory, pid)
        wait_for(lambda: os.path.ismount(directory), 30, f'{name} is mounted')
        return directory

    # --- what there is ---

    def brick_directory(self, name, i):
        """Where a brick keeps its files."""
        return os.path.join(self.work, 'data', f'brick-{name}-{i}')

    def brick_pids(self, name):
        """Of the bricks of a volume that run."""
        pids = [read_pid(path) for path in sorted(glob.glob(f'/run/gluster/vols/{name}/*.pid'))]
        return [pid for pid in pids if pid and is_alive(pid)]

    def heal_daemon_pid(self):
        """Of the one self-heal daemon, or None."""
        for path in glob.glob('/run/gluster/shd/*/*.pid'):
            pid = read_pid(path)
            if pid and is_alive(pid):
                return pid
        return None

    def processes(self, name):
        """{what it is: process id} of all that serves one volume."""
        found = {'glusterd': read_pid(self.glusterd_pid_file), 'self-heal': self.heal_daemon_pid()}
        for i, pid in enumerate(self.brick_pids(name)):
            found[f'brick-{i}'] = pid
        if name in self.mounts:
            found['client'] = self.mounts[name][1]
        return found

    # --- doing something ---

    def gluster(self, *arguments):
        """The command; raises where it fails."""
        ended = self._gluster(*arguments)
        if ended.returncode != 0:
            raise ClusterError(f'gluster {" ".join(arguments)}: '
                               f'{(ended.stdout + ended.stderr).strip()}')
        return ended.stdout

    def _gluster(self, *arguments):
        return subprocess.run(['gluster', '--mode=script', *arguments], env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120, check=False)

    def try_gluster(self, *arguments):
        """Whether the command did it."""
        return self._gluster(*arguments).returncode == 0

    def _run(self, command):
        """A program that becomes a daemon. What it says on the way goes to a log of its own."""
        with open(os.path.join(self.logs, 'started.log'), 'a', encoding='utf-8') as log:
            subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                           stderr=log, timeout=60, check=True)

    # --- stopping ---

    @staticmethod
    def kill(pid):
        """One of our processes, at once; and reap it: glusterd would take it for a running one."""
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)

    def unmount(self, name):
        """Unmount in good order; by force where that fails."""
        directory, pid = self.mounts.pop(name)
        ended = subprocess.run(['umount', directory], stdin=subprocess.DEVNULL, timeout=60,
                               capture_output=True, check=False)
        if ended.returncode != 0:
            subprocess.run(['umount', '--lazy', directory], stdin=subprocess.DEVNULL, timeout=60,
                           capture_output=True, check=False)
        return self._end([pid])

    def stop(self):
        """Everything; names of what had to be killed."""
        late = []
        for name in list(self.mounts):
            late += self.unmount(name)
        pids = [read_pid(self.glusterd_pid_file), self.heal_daemon_pid()]
        for name in self.volumes:
            pids += self.brick_pids(name)
        self.volumes = []
        return late + self._end([pid for pid in pids if pid])

    @staticmethod
    def _end(pids):
        """End processes, by id: those that did not listen and were killed."""
        for pid in pids:
            if is_alive(pid):
                os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + 20
        while time.monotonic() < end and any(is_alive(pid) for pid in pids):
            time.sleep(0.1)
        late = [pid for pid in pids if is_alive(pid)]
        for pid in late:
            os.kill(pid, signal.SIGKILL)
        return late
