# SPDX-License-Identifier: MIT
"""C++ programs may use the library: cxx_test.py SOURCE_DIR BUILD_DIR COMPILER"""
import os
import re
import sys
import tempfile

from program import expect, find_library, run

# What an adapter includes of its library, which may not be installed.
FOREIGN = re.compile(r'^#include (<(?!mempool/).*>)$', re.M)
FLAGS = ['-Wall', '-Wextra', '-Wshadow', '-pedantic', '-Werror', '-x', 'c++']
STANDARDS = ['-std=c++11', '-std=c++17']


def main(source_dir, build_dir, compiler):
    """Each header compiles alone as C++; a program that uses them links and runs."""
    include = os.path.join(source_dir, 'include')
    headers = [os.path.relpath(os.path.join(folder, name), include)
               for folder, _, names in os.walk(include) for name in sorted(names)]
    expect(headers, 'there are no public headers')
    libraries = os.path.dirname(find_library(build_dir))
    with tempfile.TemporaryDirectory() as place:
        for header in headers:
            probe = os.path.join(place, 'probe.cc')
            with open(os.path.join(include, header), encoding='utf-8') as file:
                there = [f'__has_include({name})' for name in FOREIGN.findall(file.read())]
            with open(probe, 'w', encoding='utf-8') as file:
                file.write(f'#if {" && ".join(there) or 1}\n'
                           + f'#include <{header}>\n' * 2 + '#endif\n')
            for standard in STANDARDS:
                run([compiler, standard, *FLAGS, '-fsyntax-only', '-I', include, probe])
        program = os.path.join(place, 'user')
        run([compiler, STANDARDS[0], *FLAGS, '-I', include,
             os.path.join(source_dir, 'tests', 'system', 'cxx_user.cc'),
             '-L', libraries, '-lmempool', '-pthread', '-o', program])
        run([program], LD_LIBRARY_PATH=libraries)


if __name__ == '__main__':
    main(*sys.argv[1:])
