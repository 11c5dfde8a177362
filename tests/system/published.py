# SPDX-License-Identifier: MIT
"""The program published as something to look at."""
import contextlib
import subprocess

ITEMS, ITEM_BYTES, BLOCKS, BLOCK_BYTES = 990, 120, 50, 300


@contextlib.contextmanager
def running(program, *arguments):
    """The program while it waits, and its pid; it ends with this."""
    with subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        try:
            assert int(process.stdout.readline()) == process.pid
            yield process.pid
        finally:
            process.stdin.close()
            process.wait(timeout=60)
