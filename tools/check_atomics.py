#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Atomics say their order in the name, and every acquire and release names its partner.

A label stands in a comment at the operation, `A1 pairs with R1 in depot.c: why` (the file is left
out where the label is clear without; several partners are joined by commas). The partner's
comment must name this label in turn. The wrappers' own definitions, in src/base/atomics.h, need no
label; what they define is known by its name's end (load_acquire).
"""
import re

import c_source

WRAPPERS = 'src/base/atomics.h'
LABEL = re.compile(r'\b([A-Z]{1,3}\d+) pairs with ([A-Z]{1,3}\d+(?:(?:, | and )[A-Z]{1,3}\d+)*)'
                   r'(?: in ([\w/]+\.[ch]))?')
IMPLICIT = re.compile(r'\b(atomic_(?:load|store|exchange|flag_test_and_set|flag_clear|'
                      r'compare_exchange_(?:weak|strong)|fetch_\w+?))\s*\(')
STRONG = r'(?:acquire|release|acq_rel|seq_cst)'
DEFINED = re.compile(rf'#define (\w+_{STRONG})\(|\b(\w+_{STRONG})\([^;{{]*\{{')
ATOMIC_NAME = re.compile(r'(?:\b_Atomic\b(?:\([^)]*\))?[^;(){}=]*?|'
                         r'\batomic_(?:u?int|u?long|bool|size_t|uintptr_t)\w*\s+)'
                         r'\b(\w+)\s*(?:\[[^\]]*\])?\s*[;=,]')
CHANGE = r'\b%s\s*(\+\+|--|[-+|&^]=)|(\+\+|--)[\w.>-]*\b%s\b'
REACH_LINES = 6  # how far above its operation a label may stand


def labels_of(root, path, text):
    """Each label of a file as (name, partner names, partner file, first line, last line)."""
    for line, comment in c_source.comments(text):
        flat = re.sub(r'\s*\n\s*\*?\s*', ' ', comment)
        for own, partners, file in LABEL.findall(flat):
            yield own, re.split(', | and ', partners), file, line, line + comment.count('\n')


def means(file, path):
    """Whether a label that names `file` (or none) can mean the file at `path`."""
    return not file or ('/' + path).endswith('/' + file)


def ordered_uses(texts):
    """What an acquire or release looks like, with the wrappers that this tree defines."""
    names = {a or b for a, b in DEFINED.findall(c_source.code_only(texts.get(WRAPPERS, '')))}
    calls = '|'.join(sorted(names) + [rf'atomic_\w*{STRONG}'])
    return re.compile(rf'\b(?:{calls})\s*\(|\bmemory_order_{STRONG}\b')


def check_file(path, text, spans, ordered):
    """Complaints about one file's operations."""
    code = c_source.code_only(text)
    for match in IMPLICIT.finditer(code):
        if not match.group(1).endswith('_explicit'):
            line = c_source.line_of(code, match.start())
            yield f'{path}:{line}: {match.group(1)} without an order'
    for name in set(ATOMIC_NAME.findall(code)):
        for match in re.finditer(CHANGE % (name, name), code):
            line = c_source.line_of(code, match.start())
            yield f'{path}:{line}: {name} is atomic: no {match.group(1) or match.group(2)}'
    for match in ordered.finditer(code):
        line = c_source.line_of(code, match.start())
        if not any(first - 1 <= line <= last + REACH_LINES for first, last in spans):
            yield f'{path}:{line}: {match.group().rstrip("( ")} has no "X1 pairs with Y1" beside it'


def check(root):
    """All complaints about src/."""
    paths = c_source.files(root, ['src', 'glusterfs'])
    texts = {path: c_source.read(root, path) for path in paths}
    table, problems = {}, []
    for path, text in texts.items():
        for own, partners, file, first, last in labels_of(root, path, text):
            if (path, own) in table:
                problems.append(f'{path}:{first}: label {own} is used twice in this file')
            table[path, own] = (partners, file, first, last)
    for (path, own), (partners, file, first, _) in table.items():
        for partner in partners:
            backs = [row for (other, name), row in table.items()
                     if name == partner and means(file, other)]
            if not any(own in row[0] and means(row[1], path) for row in backs):
                problems.append(f'{path}:{first}: {own} pairs with {partner}'
                                f'{" in " + file if file else ""}, which does not pair with it')
    ordered = ordered_uses(texts)
    for path, text in texts.items():
        if path != WRAPPERS:
            spans = [(row[2], row[3]) for key, row in table.items() if key[0] == path]
            problems += check_file(path, text, spans, ordered)
    return problems


PAIR = ('/* A1 pairs with R1: the head */\nx = atomic_load_explicit(&h, memory_order_acquire);\n'
        '/* R1 pairs with A1: the head */\natomic_store_release(&h, x);\n')
SAMPLES = [
    ({'src/a.c': PAIR}, None),
    ({'src/d/a.c': '/* A1 pairs with R1 in b.c: x */ f(memory_order_acquire);',
      'src/d/b.c': '/*\n * R1 pairs with\n * A1 in a.c */\nf(memory_order_release);'}, None),
    ({'src/a.c': '/* A1 pairs with R1, R2: x */ f(memory_order_acquire);',
      'src/b.c': '/* R1 pairs with A1 */ f(memory_order_release);\n'
                 '/* R2 pairs with A1 in c.c */ f(memory_order_release);'},
     'R2 pairs with A1 in c.c, which does not'),
    ({'src/a.c': PAIR.replace('R1 pairs with A1', 'R1 pairs with A2')}, 'does not pair with it'),
    ({'src/a.c': PAIR + PAIR}, 'used twice'),
    ({'src/a.c': '/* A1 pairs with R1 in b.c */ f(memory_order_acquire);'}, 'does not pair with'),
    ({'src/base/atomics.h': '#define load_acquire(p) f((p), memory_order_acquire)',
      'src/a.c': 'y = load_acquire(&x);'}, 'src/a.c:1: load_acquire has no'),
    ({'src/a.c': 'f(memory_order_acquire);'}, 'no "X1 pairs with Y1"'),
    ({'src/a.c': '\n\nx = atomic_fetch_add(&y, 1);'}, 'src/a.c:3: atomic_fetch_add without'),
    ({'src/a.c': 'x = atomic_load(&y);'}, 'atomic_load without an order'),
    ({'src/a.c': 'static _Atomic uint64_t y;\nvoid f(void) { y++; }'}, 'y is atomic: no ++'),
    ({'src/a.c': 'struct s { _Atomic(int) y; };\nvoid f(struct s *s) { s->y |= 1; }'}, 'no |='),
]

if __name__ == '__main__':
    c_source.main(check, SAMPLES, __doc__)
