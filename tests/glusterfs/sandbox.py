# SPDX-License-Identifier: MIT
"""A machine of its own for one run: nothing outside is touched, all ends when the run ends.

The run is process 1 of new namespaces: of processes, so that whatever it started dies with it,
even where it is killed itself; of mounts, so that nothing stays mounted, and that /run, the logs
and /etc/hosts are its own and no earlier run is in the way; of the network, so that there is a
loopback interface and no other, and all ports are free; of the host name, which GlusterFS wants
to resolve to an address of the machine.
"""
import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import time
import traceback

HOST = 'testbed'
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
PR_SET_PDEATHSIG = 1
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
GRACE_SECONDS = 30  # to end in good order, before it is killed
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
BROKEN = 2  # exit status: there was no such machine, or function() raised

libc = ctypes.CDLL(None, use_errno=True)


def _call(function, *arguments):
    """A function of libc that returns 0, or raises what errno says."""
    if function(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f'{function.__name__}: {os.strerror(error)}')


def _mount(*arguments):
    subprocess.run(['mount', *arguments], check=True, stdin=subprocess.DEVNULL)


def _loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack('16sh22x', b'lo', 0)
        answer = fcntl.ioctl(control, SIOCGIFFLAGS, request)
        flags = struct.unpack('16sh22x', answer)[1] | IFF_UP
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack('16sh22x', b'lo', flags))


def may_make():
    """None, or why this machine has no such namespaces for us. In a process that ends at once."""
    pid = os.fork()
    if pid == 0:
        flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET
        may = libc.unshare(flags) == 0
        os._exit(0 if may and os.system('mount --make-rprivate / 2>/dev/null') == 0 else 1)
    if os.waitpid(pid, 0)[1] != 0:
        return 'the right to make namespaces, and to mount in them'
    return None


def _furnish(work):
    """Inside: mounts, network and name. Data are in memory: quick, and gone without a trace."""
    for folder in ('run/gluster', 'run/lock', 'log', 'dumps', 'data'):
        os.makedirs(os.path.join(work, folder), exist_ok=True)
    _mount('--make-rprivate', '/')
    _mount('-t', 'proc', 'proc', '/proc')
    _mount('-t', 'tmpfs', '-o', 'mode=755', 'testbed', os.path.join(work, 'data'))
    hosts = os.path.join(work, 'hosts')
    with open(hosts, 'w', encoding='utf-8') as file:
        file.write(f'127.0.0.1 localhost {HOST}\n')
    _mount('--bind', hosts, '/etc/hosts')
    os.makedirs('/var/log/glusterfs', exist_ok=True)
    _mount('--bind', os.path.join(work, 'log'), '/var/log/glusterfs')
    _mount('--bind', os.path.join(work, 'run'), '/run')
    socket.sethostname(HOST)
    _loopback_up()


def _interrupt(_number, _frame):
    """Once; what comes while the run tidies up is not to interrupt that."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _inside(work, function):
    """What the child does: its exit status."""
    for number in STOPPING:
        signal.signal(number, _interrupt)
    try:
        os.setsid()  # signals come through the parent, and only once
        _call(libc.prctl, PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        _call(libc.unshare, CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET)
        _furnish(work)
        return function()
    except BaseException:  # pylint: disable=broad-except
        traceback.print_exc()
        return BROKEN


def _wait(child, seconds):
    """The child's exit status; it is asked to end when it is late, and then killed."""
    begun, asked = time.monotonic(), None
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid != 0:
            return os.waitstatus_to_exitcode(status)
        now = time.monotonic()
        if asked is None and now > begun + seconds:
            print(f'no end after {seconds:.0f} s: stopping it', flush=True)
            os.kill(child, signal.SIGTERM)
            asked = now
        elif asked is not None and now > asked + GRACE_SECONDS:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.1)


def run(work, function, seconds):
    """Call function inside, as process 1 of the new namespaces: the exit status it returned, or
    BROKEN, or a signal's number, negative."""
    _call(libc.unshare, CLONE_NEWPID)
    child = os.fork()
    if child == 0:
        status = _inside(work, function)
        os.sync()
        os._exit(status)

    def forward(number, _frame):
        os.kill(child, number)

    for number in STOPPING:
        signal.signal(number, forward)
    return _wait(child, seconds)
