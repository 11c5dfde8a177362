# SPDX-License-Identifier: MIT
"""What the system tests share: running programs, and failing with their output."""
import os
import subprocess
import sys


def fail(text):
    """End the test: it failed, and this is why."""
    print(f'FAILED: {text}')
    sys.exit(1)


def expect(condition, text):
    """Go on only where the condition holds."""
    if not condition:
        fail(text)


def run(command, wanted_status=0, **env):
    """Run a program to its end; fails where its exit status is another. Returns what it said."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120,
                           stdin=subprocess.DEVNULL, env=dict(os.environ, **env))
    if ended.returncode != wanted_status:
        print(ended.stdout + ended.stderr)
        fail(f'exit status {ended.returncode}, not {wanted_status}, of: {" ".join(command)}')
    return ended


def find_library(build_dir):
    """The shared library in the build directory."""
    path = os.path.join(build_dir, 'src', 'libmempool.so')
    expect(os.path.exists(path), f'{path} does not exist')
    return path


def dynamic_entries(path, tag):
    """The values of one tag (NEEDED, SONAME) in a program's or library's dynamic section."""
    lines = run(['readelf', '--dynamic', '--wide', path], LC_ALL='C').stdout.splitlines()
    return [line.partition('[')[2].rstrip(']') for line in lines if f'({tag})' in line]
