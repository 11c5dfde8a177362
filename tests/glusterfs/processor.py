# SPDX-License-Identifier: MIT
"""Whose processor time it is: samples of a process by perf, with the stack of each."""
import os
import re
import shutil
import signal
import subprocess

# GlusterFS's own; what they call into is below them on the stack.
FUNCTIONS = {'mem_get', 'mem_get0', 'mem_get_malloc', 'mem_get_calloc', 'mem_put', 'mem_put_pool',
             '__gf_malloc', '__gf_calloc', '__gf_realloc', '__gf_free'}
# Ours, on the way to GlusterFS's own formatting, which is not an allocator's work.
FORMATTING = {'gf_asprintf', 'gf_vasprintf', 'format_at'}
FRAME = re.compile(r'^\s*[0-9a-f]+ (?P<symbol>.*) \((?P<file>[^()]*)\)$')
HERTZ = 499  # no divisor of anything that may go on in step
STACK_BYTES = 4096


def why_not():
    """None, or why perf cannot sample here."""
    if not shutil.which('perf'):
        return 'there is no perf'
    tried = subprocess.run(['perf', 'record', '-q', '-N', '-e', 'cpu-clock:u', '-o', '/dev/null',
                            'true'], capture_output=True, text=True, check=False, timeout=30,
                           stdin=subprocess.DEVNULL)
    return None if tried.returncode == 0 else 'perf may not sample: ' + tried.stderr.strip()[:200]


class Sampler:
    """Samples one process from start to stop."""

    def __init__(self, pid, path, library):
        self.path = path
        self.library = library
        self.process = subprocess.Popen(
            ['perf', 'record', '-q', '-N', '-e', 'cpu-clock:u', '-F', str(HERTZ),
             '--call-graph', f'dwarf,{STACK_BYTES}', '-p', str(pid), '-o', path],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        """(samples in pools and accounted malloc, all samples)."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)
        script = subprocess.run(['perf', 'script', '--no-inline', '-F', 'ip,sym,dso', '-i',
                                 self.path], capture_output=True, text=True, errors='replace',
                                check=False, timeout=600, stdin=subprocess.DEVNULL)
        os.remove(self.path)
        return count_samples(script.stdout, self.library)


def is_allocator(line, library):
    """Is this frame of a stack in pools or accounted malloc, GlusterFS's or (a path) ours?"""
    frame = FRAME.match(line)
    if not frame:
        return False
    symbol = frame['symbol'].partition('+')[0].partition('@')[0]
    return symbol in FUNCTIONS or (frame['file'] == library and symbol not in FORMATTING)


def count_samples(text, library):
    """(samples with such a frame, all samples) of what perf script wrote."""
    stacks = [stack for stack in re.split(r'\n\s*\n', text) if stack.strip()]
    within = sum(any(is_allocator(line, library) for line in stack.splitlines())
                 for stack in stacks)
    return within, len(stacks)
