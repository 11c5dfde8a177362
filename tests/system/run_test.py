# SPDX-License-Identifier: MIT
"""mempool run: what it sets up, from the build directory and installed elsewhere; what it refuses:
run_test.py BUILD_DIR"""
import os
import subprocess
import sys
import tempfile

from program import expect, fail, run

SHOW = ['sh', '-c', 'echo "$LD_PRELOAD|$MEMPOOL_GLUSTERFS_DIR|$MEMPOOL_LEAKS_AT_EXIT|$*"', 'sh']


def shown(command, options, **env):
    """What a program run by it finds: the preloaded, the directory, the leaks, its arguments."""
    said = run([command, 'run', '--glusterfs', *options, '--', *SHOW, '--top', 'a b'], **env)
    expect(said.stderr == '', f'said on standard error: {said.stderr!r}')
    return said.stdout.rstrip('\n').split('|')


def check_set_up(command, place):
    """The library is found, options and what was there before arrive."""
    library, directory, leaks, arguments = shown(command, [])
    expect(os.path.basename(library) == 'libmempool-glusterfs.so' and os.path.isabs(library)
           and os.path.exists(library), f'preloads {library!r}')
    expect((directory, leaks, arguments) == ('', '', '--top a b'), f'{directory} {leaks}')
    wanted = [f'{library}:{library}', os.path.realpath(place), '1', '--top a b']
    got = shown(command, [f'--dir={place}', '--leaks-at-exit'], LD_PRELOAD=library)
    expect(got == wanted, f'{got}, not {wanted}')
    expect(shown(command, ['--leaks-at-exit=/x'])[2] == '/x', 'the file of leaks is lost')
    return library


def check_refused(command):
    """Each has its own exit status and one line."""
    for status, arguments in ((2, []), (2, ['ls']), (2, ['--glusterfs']), (2, ['--nonsense']),
                              (2, ['--glusterfs', '--dir']),
                              (2, ['--glusterfs', '--dir=/nonexistent', 'true']),
                              (2, ['--glusterfs', '--dir=/dev/null', 'true']),
                              (127, ['--glusterfs', '/nonexistent/program']),
                              (126, ['--glusterfs', '/dev/null']), (3, ['--glusterfs', 'sh', '-c',
                                                                        'exit 3'])):
        said = run([command, 'run', *arguments], wanted_status=status)
        lines = said.stderr.splitlines()
        good = lines == [] if status == 3 else len(lines) == 1 and lines[0].startswith(
            'mempool: run: ')
        expect(good and said.stdout == '', f'{arguments}: {said.stdout!r} {said.stderr!r}')


def main(build_dir):
    """The test."""
    command = os.path.join(build_dir, 'cli', 'mempool')
    with tempfile.TemporaryDirectory() as place:
        built = check_set_up(command, place)
        check_refused(command)
        run(['meson', 'install', '-C', build_dir, '--no-rebuild', '--destdir', place])
        installed = subprocess.run(['find', place, '-name', 'mempool', '-path', '*/bin/*'],
                                   capture_output=True, text=True, check=True).stdout.split()
        expect(len(installed) == 1, f'installed: {installed}')
        library = check_set_up(installed[0], place)
        if library == built or not library.startswith(os.path.realpath(place)):
            fail(f'the installed command preloads {library}')


if __name__ == '__main__':
    main(*sys.argv[1:])
