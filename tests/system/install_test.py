# SPDX-License-Identifier: MIT
"""Install into a temporary place, then build and run an example against that with pkg-config,
shared and static, as a user would: install_test.py SOURCE_DIR BUILD_DIR COMPILER"""
import os
import shlex
import sys
import tempfile

from example_test import check_frames
from program import dynamic_entries, expect, fail, run

USER_FLAGS = ['-std=c11', '-D_POSIX_C_SOURCE=200809L', '-Wall', '-Wextra', '-pedantic', '-Werror',
              '-pthread']


def find(root, name):
    """The one file of that name below root."""
    found = [os.path.join(directory, name) for directory, folders, files in os.walk(root)
             if name in files + folders]
    if len(found) != 1:
        fail(f'{name} is installed {len(found)} times: {found}')
    return found[0]


def below(root):
    """Paths of all files below root."""
    return sorted(os.path.relpath(os.path.join(directory, name), root)
                  for directory, _, names in os.walk(root) for name in names)


def check_files(source_dir, build_dir, place):
    """Every public header, both libraries and their names are there."""
    headers = below(os.path.join(source_dir, 'include', 'mempool'))
    installed = below(os.path.dirname(find(place, 'mempool.h')))
    expect(installed == headers, f'headers installed: {installed}, wanted: {headers}')
    libraries = os.path.dirname(find(place, 'libmempool.a'))
    for name in ('libmempool.so', 'libmempool.so.0'):
        expect(os.path.exists(os.path.join(libraries, name)), f'{name} is not installed')
    pages = [page for page in os.listdir(os.path.join(source_dir, 'man')) if page[-1].isdigit()]
    for page in pages:
        find(place, page)
    if os.path.exists(os.path.join(build_dir, 'cli')):
        words = find(place, 'completions')
        expect(words.endswith('/share/bash-completion/completions')
               and os.listdir(words) == ['mempool'], 'no completion for bash')
    return libraries


def main(source_dir, build_dir, compiler):
    """The test."""
    with tempfile.TemporaryDirectory() as place:
        run(['meson', 'install', '-C', build_dir, '--no-rebuild', '--destdir', place])
        libraries = check_files(source_dir, build_dir, place)
        env = {'PKG_CONFIG_PATH': os.path.dirname(find(place, 'mempool.pc')),
               'PKG_CONFIG_SYSROOT_DIR': place}

        def ask(*options):
            return shlex.split(run(['pkg-config', *options, 'mempool'], **env).stdout)

        def compile_example(name, flags):
            program = os.path.join(place, name)
            source = os.path.join(source_dir, 'examples', 'frames.c')
            run([*shlex.split(compiler), *USER_FLAGS, source, *ask('--cflags'), *flags,
                 '-o', program])
            return program

        os.mkdir(os.path.join(place, 'shared'))
        os.mkdir(os.path.join(place, 'static'))
        shared = compile_example('shared/frames', ask('--libs'))
        expect('libmempool.so.0' in dynamic_entries(shared, 'NEEDED'), 'not linked shared')
        check_frames(run([shared], LD_LIBRARY_PATH=libraries))

        archive = ['-l:libmempool.a' if flag == '-lmempool' else flag
                   for flag in ask('--static', '--libs')]
        static = compile_example('static/frames', archive)
        expect('libmempool.so.0' not in dynamic_entries(static, 'NEEDED'), 'not linked static')
        check_frames(run([static]))


if __name__ == '__main__':
    main(*sys.argv[1:])
