#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Budgets: 800 lines a file, 60 a function, 100 columns; no #if in a function of the product."""
import re

import c_source

SPDX = '/* SPDX-License-Identifier: MIT */\n'
FILE_LINES, FUNCTION_LINES, COLUMNS = 800, 60, 100
C_FOLDERS = ['include', 'src', 'glusterfs', 'replay', 'analysis', 'report', 'cli', 'bench',
             'examples', 'tests']
# src/sys is the place for #if
PRODUCT = re.compile(r'(include|src|replay|analysis|report|cli)/(?!sys/)')
OTHER_FOLDERS = ['tools', 'tests', 'bench', 'report']
DIRECTIVE = re.compile(r'^[ \t]*#(?:[^\n\\]|\\.|\\\n)*', re.M)
CONDITION = re.compile(r'#[ \t]*(?:el)?(?:if|ifdef|ifndef)\b')
OPENING = re.compile(r'(?:\)|__attribute__\s*\(\(.*\)\))[\s\w]*\Z', re.S)


def outside_braces(code):
    """Each top-level {...} as (where its text begins, where { is, where } is)."""
    depth, begin, brace = 0, 0, 0
    for match in re.finditer(r'[{};]', code):
        mark = match.group()
        if mark == '{':
            head = code[begin:match.start()]
            if depth == 0 and re.search(r'extern\s*"', head):
                begin = match.end()
                continue
            if depth == 0:
                brace = match.start()
            depth += 1
        elif mark == '}' and depth > 0:
            depth -= 1
            if depth == 0:
                yield begin, brace, match.start()
        if depth == 0:
            begin = match.end()


def functions(code):
    """Each function as (name, first line, last line)."""
    bare = DIRECTIVE.sub(lambda match: c_source.blank(match.group()), code)
    for begin, brace, end in outside_braces(bare):
        head = bare[begin:brace]
        name = re.search(r'\b(\w+)\s*\(', head)
        if name and OPENING.search(head) and not re.search(r'=\s*\Z', head):
            first = begin + len(head) - len(head.lstrip())
            yield name.group(1), c_source.line_of(bare, first), c_source.line_of(bare, end)


def check_c(path, text):
    """Complaints about the functions of one C file."""
    code = c_source.code_only(text)
    conditions = [c_source.line_of(code, match.start() + match.group().index('#'))
                  for match in DIRECTIVE.finditer(code) if CONDITION.search(match.group())]
    for name, first, last in functions(code):
        if last - first + 1 > FUNCTION_LINES:
            yield f'{path}:{first}: {name} has {last - first + 1} lines, over {FUNCTION_LINES}'
        if PRODUCT.match(path):
            yield from (f'{path}:{line}: #if inside {name}'
                        for line in conditions if first < line < last)


def check(root):
    """Every budget that is overrun."""
    problems = []
    c_files = c_source.files(root, C_FOLDERS)
    others = c_source.files(root, OTHER_FOLDERS, ('.py', '.sh'))
    for path in c_files + others:
        text = c_source.read(root, path)
        lines = text.splitlines()
        if len(lines) > FILE_LINES:
            problems.append(f'{path}: {len(lines)} lines, over {FILE_LINES}')
        problems += [f'{path}:{number}: {len(line)} columns, over {COLUMNS}'
                     for number, line in enumerate(lines, 1) if len(line) > COLUMNS]
        if path in c_files:
            problems += check_c(path, text)
            first = lines[0] if lines else ''
            if first != SPDX.strip():
                problems.append(f'{path}:1: the first line is not {SPDX.strip()}')
    return problems


LONG = 'static int f(int a)\n{\n' + '    a++; /* } */\n' * 58 + '}\n'
SAMPLES = [
    ({'src/a.c': SPDX + 'struct s { int a; };\nint t[] = {\n' + '1,\n' * 90 + '};\n#if X\n#endif\n'
      + LONG.replace('    a++; /* } */\n', '', 1)}, None),
    ({'src/a.c': SPDX + 'extern "C" {\n\n' + LONG + '}\n'}, 'src/a.c:4: f has 61 lines'),
    ({'src/a.c': SPDX + 'char c = \'{\';\nvoid f(void) {\n' + '\n' * 60 + '}\n'}, 'f has 62 lines'),
    ({'src/a.c': SPDX + 'void f(void)\n{\n#ifdef X\n    g();\n#endif\n}\n'},
     'src/a.c:4: #if inside f'),
    ({'src/sys/a.c': SPDX + 'void f(void)\n{\n#ifdef X\n    g();\n#endif\n}\n'}, None),
    ({'bench/a.c': SPDX + 'void f(void)\n{\n#ifdef X\n    g();\n#endif\n}\n'}, None),
    ({'src/a.c': SPDX + '\n' * 800}, '801 lines, over 800'),
    ({'src/a.c': SPDX + 'x' * 101}, '101 columns'),
    ({'src/a.c': 'int a;\n'}, 'the first line'),
]

if __name__ == '__main__':
    c_source.main(check, SAMPLES, __doc__)
