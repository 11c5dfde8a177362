#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Comments name only what exists: each word in `backquotes` is a word of the code or a file."""
import os
import re

import c_source

QUOTED = re.compile(r'`(\w[^`\n]*)`')  # what begins otherwise is a drawing
WORD = re.compile(r'[A-Za-z_]\w*')
FILE = re.compile(r'[\w./-]+\.(?:c|h|md|py|txt|map|build|\d)$')
COMMENT_FOLDERS = ['src', 'include', 'glusterfs', 'replay', 'analysis', 'report', 'cli']
CODE_FOLDERS = COMMENT_FOLDERS + ['bench', 'examples', 'tests']


def file_exists(root, path, name):
    """Whether a file of that name lies at the root, in src/, in include/ or beside the comment."""
    places = ['', 'src', 'include', os.path.dirname(path)]
    return any(os.path.exists(os.path.join(root, place, name)) for place in places)


def check(root):
    """Every backquoted word that nothing in the code is called."""
    words = set()
    for path in c_source.files(root, CODE_FOLDERS):
        words |= set(WORD.findall(c_source.code_only(c_source.read(root, path), keep_strings=True)))
    problems = []
    for path in c_source.files(root, COMMENT_FOLDERS):
        for first, comment in c_source.comments(c_source.read(root, path)):
            for match in QUOTED.finditer(comment):
                where = f'{path}:{first + comment.count(chr(10), 0, match.start())}'
                quoted = match.group(1)
                if FILE.match(quoted):
                    if not file_exists(root, path, quoted):
                        problems.append(f'{where}: `{quoted}`: there is no such file')
                    continue
                lost = [word for word in WORD.findall(quoted) if word not in words]
                problems += [f'{where}: `{quoted}`: nothing is called {word}' for word in lost]
    return problems


SAMPLES = [
    ({'src/a.c': '/* `count` and `struct s` and `f(x)`; see `b.h` */\n'
                 'struct s { int count; } f(x);', 'src/b.h': ''}, None),
    ({'src/a.c': '/* see\n * `gone_function` */\nint here;'}, 'src/a.c:2: `gone_function`'),
    ({'src/a.c': '/* `only_here` is named in a comment: only_here */'}, 'nothing is called'),
    ({'src/a.c': '/* `c.h` */'}, 'no such file'),
]

if __name__ == '__main__':
    c_source.main(check, SAMPLES, __doc__)
