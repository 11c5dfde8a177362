# SPDX-License-Identifier: MIT
"""Checks, each of which counts one, and the last line: N passed, N failed[, N skipped]."""
import time

SHOWN = 15  # lines of what was found, of one check


class Report:
    """What was checked so far."""

    def __init__(self):
        self.path = None  # of a file that is to have all lines, too
        self.passed = self.failed = self.skipped = 0
        self.begun = time.monotonic()

    def say(self, text):
        """A line about what is being done, with the seconds since the beginning."""
        self._print(f'{time.monotonic() - self.begun:6.1f} s  {text}')

    def _print(self, line):
        print(line, flush=True)
        if self.path:
            with open(self.path, 'a', encoding='utf-8') as file:
                file.write(line + '\n')

    def check(self, name, holds, found=()):
        """One check; `found` are lines that say why it failed. Whether it held."""
        if holds:
            self.passed += 1
            self.say(f'ok      {name}')
            return True
        self.failed += 1
        self.say(f'FAILED  {name}')
        lines = [found] if isinstance(found, str) else list(found)
        for line in lines[:SHOWN]:
            self._print(f'            {line}')
        if len(lines) > SHOWN:
            self._print(f'            and {len(lines) - SHOWN} more')
        return False

    def check_none(self, name, found):
        """A check that nothing was found."""
        return self.check(name, not found, found)

    def skip(self, name, why):
        """What could not be checked."""
        self.skipped += 1
        self.say(f'skipped {name}: {why}')

    def last_line(self):
        """The sum."""
        line = f'{self.passed} passed, {self.failed} failed'
        return line + (f', {self.skipped} skipped' if self.skipped else '')


def table(heads, rows):
    """Lines of a table; the first column to the left, the rest to the right."""
    cells = [[str(cell) for cell in row] for row in [heads, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    for row in cells:
        yield '  '.join([row[0].ljust(widths[0])]
                        + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])])
