# SPDX-License-Identifier: MIT
"""A strict reader of OpenMetrics text, of the kinds of metrics that mempool writes.

Nothing is forgiven: an exposition that this accepts has each family once and in one piece, a TYPE
and a HELP before its samples, names as its type wants them, units, and each series once.
"""
import re

TYPES = ('gauge', 'counter', 'info')
SUFFIXES = {'gauge': '', 'counter': '_total', 'info': '_info'}
NAME = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*\Z')
LABEL_NAME = re.compile(r'[a-zA-Z_][a-zA-Z0-9_]*')
VALUE = re.compile(r'-?[0-9]+(\.[0-9]+)?\Z')
ESCAPES = {'\\': '\\', '"': '"', 'n': '\n'}


class Fault(Exception):
    """What is wrong, and where."""


class Family:
    """A family's metadata, and its samples: (labels as sorted pairs, value as text)."""

    def __init__(self, name):
        self.name, self.type, self.unit, self.help = name, None, None, None
        self.samples = []
        self.seen = set()

    def take_metadata(self, keyword, value):
        """Of one of its lines that begin with #."""
        attribute = keyword.lower()
        if attribute not in ('type', 'unit', 'help'):
            raise Fault(f'{keyword} is no metadata')
        if getattr(self, attribute) is not None:
            raise Fault(f'a second {keyword} of {self.name}')
        if self.samples:
            raise Fault(f'{keyword} of {self.name} behind its samples')
        if not value:
            raise Fault(f'{keyword} of {self.name} is empty')
        setattr(self, attribute, value)
        if attribute == 'type' and value not in TYPES:
            raise Fault(f'{self.name} is of type {value}')
        if attribute == 'unit' and not self.name.endswith('_' + value):
            raise Fault(f'{self.name} does not end with its unit {value}')

    def take_sample(self, name, labels, value):
        """One of its lines with a number."""
        if self.type is None or self.help is None:
            raise Fault(f'{self.name} has no TYPE or no HELP')
        if name != self.name + SUFFIXES[self.type]:
            raise Fault(f'{name} is no sample of {self.name}, a {self.type}')
        if not VALUE.match(value):
            raise Fault(f'{value} is no number of ours')
        if self.type == 'counter' and value.startswith('-'):
            raise Fault(f'the counter {name} is negative')
        if self.type == 'info' and value != '1':
            raise Fault(f'the info {name} is not 1')
        pairs = tuple(sorted(labels))
        if len({key for key, _ in pairs}) != len(pairs):
            raise Fault(f'a label twice in {name}')
        if pairs in self.seen:
            raise Fault(f'{name}{dict(pairs)} twice')
        self.seen.add(pairs)
        self.samples.append((pairs, value))


def read_quoted(text, at):
    """A label's value that begins behind a quote, and where its end is."""
    value = ''
    while text[at:at + 1] != '"':
        character = text[at:at + 1]
        if character == '\\':
            at += 1
            if text[at:at + 1] not in ESCAPES:
                raise Fault(f'a backslash before {text[at:at + 1]!r}')
            character = ESCAPES[text[at]]
        elif not character:
            raise Fault('a label without its end')
        value += character
        at += 1
    return value, at + 1


def read_labels(text):
    """Labels as pairs, and what is behind them."""
    labels, at = [], 1
    while True:
        name = LABEL_NAME.match(text, at)
        if not name or name.group().startswith('__') or text[name.end():name.end() + 2] != '="':
            raise Fault(f'no label at {text[at:at + 20]!r}')
        value, at = read_quoted(text, name.end() + 2)
        labels.append((name.group(), value))
        if text[at:at + 1] == '}':
            return labels, text[at + 1:]
        if text[at:at + 1] != ',':
            raise Fault(f'{text[at:at + 20]!r} behind a label')
        at += 1


class Reader:
    """Line by line; families in order in `families`."""

    def __init__(self):
        self.families = {}
        self.current = None

    def family(self, name):
        """The family that a line is of: the current one, or a new one."""
        if not NAME.match(name):
            raise Fault(f'{name!r} is no name')
        if self.current is None or self.current.name != name:
            if name in self.families:
                raise Fault(f'{name} goes on behind another family')
            self.current = self.families[name] = Family(name)
        return self.current

    def take_line(self, line):
        """One line without its end."""
        if line.startswith('#'):
            mark, keyword, name, value = (line.split(' ', 3) + ['', '', ''])[:4]
            if mark != '#':
                raise Fault(f'{line!r} is no metadata')
            self.family(name).take_metadata(keyword, value)
            return
        match = re.match(r'[^{ ]*', line)
        labels, rest = [], line[match.end():]
        if rest.startswith('{'):
            labels, rest = read_labels(rest)
        if self.current is None or not match.group().startswith(self.current.name):
            raise Fault(f'{match.group()} is of no family that was begun')
        if not rest.startswith(' '):
            raise Fault(f'{rest!r} behind the labels')
        self.current.take_sample(match.group(), labels, rest[1:])


def read(text):
    """All families by name; raises a Fault with the line's number."""
    if not text.endswith('\n# EOF\n'):
        raise Fault('the end is not # EOF')
    reader = Reader()
    for number, line in enumerate(text[:-len('# EOF\n')].split('\n')[:-1], 1):
        try:
            reader.take_line(line)
        except Fault as fault:
            raise Fault(f'line {number}: {fault}') from None
    names = [family.name + SUFFIXES[family.type] for family in reader.families.values()]
    for name in names:
        if names.count(name) > 1 or (name in reader.families and
                                     reader.families[name].type != 'gauge'):
            raise Fault(f'{name} is of two families')
    return reader.families
