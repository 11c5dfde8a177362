# SPDX-License-Identifier: MIT
"""The shared library exports what the version map says, no more and no less, under its soname, and
needs nothing but libc and threads: symbols_test.py BUILD_DIR MAP"""
import re
import sys

from program import dynamic_entries, expect, find_library, run

ALLOWED = re.compile(r'(libc|libpthread|ld-linux[-\w]*|ld-musl[-\w]*)\.so(\.\d+)?$')


def map_of(path):
    """Symbol -> version node, of the version map."""
    with open(path, encoding='utf-8') as file:
        text = re.sub(r'/\*.*?\*/', '', file.read(), flags=re.S)
    symbols = {}
    for node, body in re.findall(r'(MEMPOOL_[\d.]+)\s*\{(.*?)\}', text, re.S):
        body = re.sub(r'local:.*', '', body, flags=re.S)
        symbols.update({name: node for name in re.findall(r'(\w+)\s*;', body)})
    return symbols


def exports_of(library):
    """Symbol -> version node, of the library."""
    lines = run(['nm', '--dynamic', '--defined-only', library], LC_ALL='C').stdout.splitlines()
    names = [line.split()[-1] for line in lines if line.split()[-2] != 'A']
    return dict((name.replace('@@', '@') + '@').split('@')[:2] for name in names)


def main(build_dir, map_path):
    """The test."""
    library = find_library(build_dir)
    wanted, exported = map_of(map_path), exports_of(library)
    expect(wanted, f'no symbol found in {map_path}')
    expect(exported == wanted, 'map and library differ in '
           f'{sorted(set(wanted.items()) ^ set(exported.items()))}')
    soname = dynamic_entries(library, 'SONAME')
    expect(soname == ['libmempool.so.0'], f'soname is {soname}')
    needed = dynamic_entries(library, 'NEEDED')
    expect(all(ALLOWED.match(name) for name in needed), f'the library needs {needed}')
    expect(not dynamic_entries(library, 'TEXTREL'), 'the library has text relocations')


if __name__ == '__main__':
    main(*sys.argv[1:])
