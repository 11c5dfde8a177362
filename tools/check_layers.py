#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Layers point one way: each #include goes to its own folder or a lower one, never in a circle."""
import os
import re

import c_source

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.M)


def ranks_of(root):
    """Folder -> rank, from tools/layers.txt."""
    lines = c_source.read(root, 'tools/layers.txt').splitlines()
    rows = [line.split() for line in lines if line.strip() and not line.startswith('#')]
    return {folder: rank for rank, row in enumerate(rows) for folder in row}


def folder_of(path, ranks):
    """The layer that a file belongs to, or None."""
    parts = path.split(os.sep)
    for depth in (2, 1):
        folder = '/'.join(parts[:depth])
        if len(parts) > depth and folder in ranks:
            return folder
    return None


def target_of(root, path, mark, name):
    """The file that an #include names; '' where it is none of ours, None where it is lost."""
    places = ['include'] if mark == '<' else [os.path.dirname(path), 'src', '.', 'include']
    for place in places:
        target = os.path.normpath(os.path.join(place, name))
        if os.path.isfile(os.path.join(root, target)):
            return target
    return '' if mark == '<' and not name.startswith('mempool/') else None


def circle_from(start, edges):
    """A way from a file back to itself, or None."""
    stack, seen = [(start, [start])], set()
    while stack:
        here, way = stack.pop()
        for target in edges.get(here, ()):
            if target == start:
                return way + [start]
            if target not in seen:
                seen.add(target)
                stack.append((target, way + [target]))
    return None


def check(root):
    """Every #include that climbs, and every circle."""
    ranks = ranks_of(root)
    problems, edges = [], {}
    for path in c_source.files(root, sorted({folder.split('/')[0] for folder in ranks})):
        folder = folder_of(path, ranks)
        if folder is None:
            problems.append(f'{path}: lies in no folder that tools/layers.txt names')
            continue
        text = c_source.code_only(c_source.read(root, path), keep_strings=True)
        for match in INCLUDE.finditer(text):
            where = f'{path}:{c_source.line_of(text, match.start(1))}'
            target = target_of(root, path, *match.groups())
            if target is None:
                problems.append(f'{where}: #include of "{match.group(2)}", which does not exist')
            elif target and target.endswith('.c'):
                problems.append(f'{where}: includes the source file {target}')
            elif target:
                edges.setdefault(path, []).append(target)
                to = folder_of(target, ranks)
                if to != folder and ranks.get(to, len(ranks)) >= ranks[folder]:
                    problems.append(f'{where}: {folder} includes {target}, which is not below it')
    circles = filter(None, (circle_from(path, edges) for path in sorted(edges)))
    unique = {frozenset(circle): circle for circle in circles}
    return problems + ['circle: ' + ' -> '.join(circle) for circle in unique.values()]


LAYERS = 'include\nsrc/low\nsrc/high src/twin\n'
SAMPLES = [
    ({'tools/layers.txt': LAYERS, 'src/low/a.h': '', 'src/high/b.c': '#include "low/a.h"\n',
      'include/mempool/x.h': '', 'src/low/c.c': '#include <mempool/x.h>\n#include <stdio.h>\n'},
     None),
    ({'tools/layers.txt': LAYERS, 'src/high/b.h': '', 'src/low/a.c': '#include "high/b.h"\n'},
     'src/low/a.c:1: src/low includes src/high/b.h'),
    ({'tools/layers.txt': LAYERS, 'src/low/a.h': '', 'src/low/a.c': '\n#include "../low/b.h"\n'},
     'src/low/a.c:2: #include of "../low/b.h", which does not exist'),
    ({'tools/layers.txt': LAYERS, 'src/twin/b.h': '', 'src/high/a.c': '# include "twin/b.h"\n'},
     'not below it'),
    ({'tools/layers.txt': LAYERS, 'src/low/a.h': '#include "b.h"\n', 'src/low/b.h':
      '#include "low/c.h"\n', 'src/low/c.h': '#include "low/a.h"\n'}, 'circle: '),
    ({'tools/layers.txt': LAYERS, 'src/other/a.c': ''}, 'lies in no folder'),
    ({'tools/layers.txt': LAYERS, 'src/low/a.c': '', 'src/low/b.c': '#include "a.c"\n'},
     'includes the source file'),
]

if __name__ == '__main__':
    c_source.main(check, SAMPLES, __doc__)
