#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each header compiles alone, twice included, without a warning (compiler: $CC, else cc).

A *_template.h is no header: it is included once for each set of names, which it is given before.
"""
import os
import shlex
import subprocess
import tempfile

import c_source

FLAGS = ['-fsyntax-only', '-Wall', '-Wextra', '-Wundef', '-Werror', '-x', 'c']


def complaint(root, path):
    """The compiler's words about a file that only includes this header, or nothing."""
    name = os.path.abspath(os.path.join(root, path))
    with tempfile.NamedTemporaryFile('w', suffix='.c') as probe:
        probe.write(f'#include "{name}"\n#include "{name}"\nint probe;\n')
        probe.flush()
        places = [f'-I{os.path.join(root, place)}' for place in ('include', 'src', '.')]
        # What users include must be plain C11.
        standard = ['-std=c11', '-pedantic'] if path.startswith('include/') else ['-std=gnu11']
        compiler = shlex.split(os.environ.get('CC', 'cc'))
        command = compiler + standard + FLAGS + places + [probe.name]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.stderr if run.returncode else ''


def check(root):
    """Every header that does not stand alone."""
    problems = []
    for path in c_source.files(root, ['include', 'src', 'replay', 'cli'], ('.h',)):
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
]

if __name__ == '__main__':
    c_source.main(check, SAMPLES, __doc__)
