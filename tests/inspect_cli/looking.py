# SPDX-License-Identifier: MIT
"""What the tests of verbs that look at processes share: the command, and a process to look at."""
import json
import os
import signal
import subprocess

from program import expect, run

# What live.c has when it says that it is ready: pool -> (live objects, object's bytes, gets, puts).
POOLS = {'shop:struct item': (40, 100, 50, 10), 'cart:struct order': (7, 300, 7, 0)}
TEXTS, TEXT_BYTES = 20, 1000
LIVE_BYTES = 40 * 100 + 7 * 300 + TEXTS * TEXT_BYTES


class Command:
    """The command mempool."""

    def __init__(self, path):
        self.path = path

    def run(self, *words, status=0, **env):
        """Run it: what ended."""
        return run([self.path, *map(str, words)], wanted_status=status, DEBUGINFOD_URLS='', **env)

    def text(self, *words):
        """What it prints, without complaints."""
        ended = self.run(*words)
        expect(ended.stderr == '', f'{words}: {ended.stderr}')
        return ended.stdout

    def json(self, *words):
        """The JSON that it prints."""
        return json.loads(self.text(*words))

    def refuses(self, line, *words, status=2):
        """It ends with a status and this one line, and prints nothing."""
        ended = self.run(*words, status=status)
        expect(ended.stderr == f'mempool: {line}\n', f'{words}: {ended.stderr!r}, not {line!r}')
        expect(ended.stdout == '', f'{words}: {ended.stdout}')


class Live:
    """A process with known books, as a context."""

    def __init__(self, path, *arguments):
        self.process = subprocess.Popen([path, *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        self.name = os.path.basename(path)[:15]
        expect(self.process.stdout.readline() == 'ready\n', 'it is not ready')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def grow(self, count):
        """Let it get more objects of the pool shop:struct item."""
        self.process.stdin.write(f'grow {count}\n')
        self.process.stdin.flush()
        expect(self.process.stdout.readline() == 'done\n', 'it did not grow')

    def stop(self):
        """Stop it, as a debugger does: nothing in it runs."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)

    def end(self):
        """Let it end by itself, and be waited for."""
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.write('end\n')
        self.process.stdin.flush()
        expect(self.process.wait(timeout=60) == 0, 'it did not end well')


def by(rows, *keys):
    """Rows of JSON by one or more of their members."""
    return {tuple(row[key] for key in keys) if len(keys) > 1 else row[keys[0]]: row
            for row in rows}
