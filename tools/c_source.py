# SPDX-License-Identifier: MIT
"""What the checks share: finding the C files, taking comments apart from code, running a check."""
import argparse
import contextlib
import os
import re
import sys
import tempfile

# One pass over comments, strings and character constants: what starts first wins.
TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(text):
    """The same number of characters and lines, with nothing in them."""
    return re.sub(r'[^\n]', ' ', text)


def code_only(text, keep_strings=False):
    """`text` with comments (and the insides of strings) blanked out, line numbers unchanged."""
    def replace(match):
        token = match.group()
        if token.startswith('/'):
            return blank(token)
        return token if keep_strings else token[0] + blank(token[1:-1]) + token[-1]
    return TOKEN.sub(replace, text)


def comments(text):
    """Each comment of `text` as (number of its first line, its text)."""
    for match in TOKEN.finditer(text):
        if match.group().startswith('/'):
            yield text.count('\n', 0, match.start()) + 1, match.group()


def line_of(text, position):
    """Number of the line that holds a position."""
    return text.count('\n', 0, position) + 1


def read(root, path):
    """Text of one file of the tree."""
    with open(os.path.join(root, path), encoding='utf-8') as file:
        return file.read()


def files(root, folders, endings=('.c', '.h')):
    """Paths, relative to root and sorted, of the files below some folders."""
    found = []
    for folder in folders:
        for directory, _, names in os.walk(os.path.join(root, folder)):
            found += [os.path.relpath(os.path.join(directory, name), root)
                      for name in names if name.endswith(tuple(endings))]
    return sorted(found)


def write_tree(root, sample):
    """Lay a sample tree, a dictionary of path and text, below root."""
    for path, text in sample.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, 'w', encoding='utf-8') as file:
            file.write(text)


def self_test(check, samples):
    """Run the check on small trees: each sample is (tree, piece of the complaint or None)."""
    wrong = []
    for sample, wanted in samples:
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, sample)
            problems = check(root)
        hit = any(wanted in problem for problem in problems) if wanted else not problems
        if not hit:
            wrong.append(f'wanted {wanted!r}, got {problems} for {sample}')
    return wrong


def main(check, samples, summary):
    """The command line of every check: the tree's root, or --self-test."""
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument('root', nargs='?', help='root of the source tree',
                        default=os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
    parser.add_argument('--self-test', action='store_true',
                        help='show that the check finds what it is for')
    arguments = parser.parse_args()
    root = os.path.abspath(arguments.root)
    problems = self_test(check, samples) if arguments.self_test else check(root)
    for problem in problems:
        print(problem)
    with contextlib.suppress(BrokenPipeError):
        print(f'{os.path.basename(sys.argv[0])}: {len(problems)} problems')
    sys.exit(1 if problems else 0)
