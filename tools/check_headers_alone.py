#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each header compiles alone, twice included, without a warning (compiler: $CC, else cc).

A *_template.h is no header: it is included once for each set of names, which it is given before.
An adapter needs the header of its library: it is compiled, and as its users' programs are, where
that is installed.
"""
import os
import re
import shlex
import subprocess
import tempfile

import c_source

FLAGS = ['-fsyntax-only', '-Wall', '-Wextra', '-Wundef', '-Werror', '-x', 'c']
ADAPTERS = 'include/mempool/adapt/'
FOREIGN = re.compile(r'^#include (<(?!mempool/).*>)$', re.M)
PACKAGES = {'<lua.h>': 'lua5.4'}  # of headers that lie where the compiler does not look


def errors_of(text, flags):
    """The compiler's words about a file, or nothing where it has none."""
    with tempfile.NamedTemporaryFile('w', suffix='.c') as probe:
        probe.write(text)
        probe.flush()
        command = shlex.split(os.environ.get('CC', 'cc')) + flags + [probe.name]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.stderr if run.returncode else ''


def package_flags(header):
    """Where pkg-config says that a header lies, as a place of others' headers."""
    if header not in PACKAGES:
        return []
    run = subprocess.run(['pkg-config', '--cflags-only-I', PACKAGES[header]], capture_output=True,
                         text=True, check=False)
    return shlex.split(run.stdout.replace('-I', '-isystem'))


def flags_of(root, path):
    """How to compile a header; None where it is an adapter whose library is not installed."""
    places = [f'-I{os.path.join(root, place)}' for place in ('include', 'src', '.')]
    # What users include must be plain C11.
    standard = ['-std=c11', '-pedantic'] if path.startswith('include/') else ['-std=gnu11']
    flags = standard + FLAGS + places
    if path.startswith(ADAPTERS):
        flags.append('-D_GNU_SOURCE')  # libraries' own headers want POSIX, and more
        for header in FOREIGN.findall(c_source.read(root, path)):
            flags += package_flags(header)
            if errors_of(f'#if !__has_include({header})\n#error\n#endif\nint probe;\n', flags):
                print(f'{path}: not compiled: there is no {header} here')
                return None
    return flags


def complaint(root, path):
    """The compiler's words about a file that only includes this header, or nothing."""
    name = os.path.abspath(os.path.join(root, path))
    flags = flags_of(root, path)
    text = f'#include "{name}"\n#include "{name}"\nint probe;\n'
    return errors_of(text, flags) if flags is not None else ''


def check(root):
    """Every header that does not stand alone."""
    problems = []
    folders = ['include', 'src', 'glusterfs', 'replay', 'analysis', 'report', 'cli']
    for path in c_source.files(root, folders, ('.h',)):
        text = '' if path.endswith('_template.h') else complaint(root, path)
        if text:
            problems.append(f'{path}: does not compile alone:\n{text}')
    return problems


GUARD = '#ifndef H\n#define H\n%s\n#endif\n'
SAMPLES = [
    ({'src/a/a.h': GUARD % '#include <stddef.h>\n#include "b/b.h"\nsize_t f(struct b b);',
      'src/b/b.h': 'struct b;\n'}, None),
    ({'src/a_template.h': 'size_t f(void);'}, None),
    ({'src/a.h': GUARD % 'size_t f(void);'}, 'src/a.h: does not compile alone'),
    ({'include/a.h': GUARD % 'struct s { char a[0]; };'}, 'include/a.h: does not compile alone'),
    ({'src/a.h': GUARD % 'struct s { char a[0]; };'}, None),
    ({'include/a.h': 'struct twice { int a; };'}, 'include/a.h: does not compile alone'),
    ({ADAPTERS + 'a.h': GUARD % '#include <no/library.h>\nstruct s { char a[0]; };'}, None),
    ({ADAPTERS + 'a.h': GUARD % '#include <errno.h>\nstruct s { char a[0]; };'},
     'adapt/a.h: does not compile alone'),
    ({ADAPTERS + 'a.h': GUARD % '#include <mempool/gone.h>'}, 'adapt/a.h: does not compile alone'),
]

if __name__ == '__main__':
    c_source.main(check, SAMPLES, __doc__)
