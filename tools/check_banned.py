#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library calls nothing that allocates, prints or overruns: no malloc, stdio or strcpy in src/.

src/sys/ is the seam to libc and may; everything else goes through it.
"""
import re

import c_source

BANNED = {
    'allocates': 'malloc calloc realloc reallocarray free aligned_alloc posix_memalign memalign '
                 'valloc strdup strndup asprintf vasprintf alloca getline open_memstream',
    'prints': 'printf fprintf vprintf vfprintf dprintf vdprintf sprintf vsprintf snprintf '
              'vsnprintf puts fputs putchar putc fputc fwrite perror fopen fdopen fclose fflush '
              'syslog',
    'may overrun': 'strcpy strcat strncpy strncat gets scanf sscanf fscanf',
    'has hidden state': 'strtok strerror rand srand setenv unsetenv putenv',
    'is for tests': 'assert',
}
REASONS = {name: reason for reason, names in BANNED.items() for name in names.split()}
CALL = re.compile(r'(?<![\w.>])(' + '|'.join(sorted(REASONS)) + r')\s*\(')


def check(root):
    """Every banned call."""
    problems = []
    for path in c_source.files(root, ['src']):
        code = c_source.code_only(c_source.read(root, path))
        if not path.startswith('src/sys/'):
            problems += [f'{path}:{c_source.line_of(code, match.start())}: {match.group(1)}'
                         f' {REASONS[match.group(1)]}' for match in CALL.finditer(code)]
    return problems


SAMPLES = [
    ({'src/a.c': '/* free(x) */ ops->free(x); slab_free(x); s = "malloc(3)"; ops.malloc(4);',
      'src/sys/a.c': 'x = malloc(3);'}, None),
    ({'src/a.c': '\nx = malloc (3);'}, 'src/a.c:2: malloc allocates'),
    ({'src/pool/a.h': 'snprintf(x, 3, "y");'}, 'snprintf prints'),
    ({'src/a.c': 'strcpy(a, b);'}, 'strcpy may overrun'),
]

if __name__ == '__main__':
    c_source.main(check, SAMPLES, __doc__)
