# SPDX-License-Identifier: MIT
"""What is done to a volume. Whatever touches a mount is a process of its own, with a time limit:
a call into a mount whose server hangs cannot be interrupted from inside."""
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import traceback

SOURCES = ['/usr/include', os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))]
WRITERS = 4
FIO_PREFIX = 'fio.'  # of its files: it verifies them itself
FORK = multiprocessing.get_context('fork')


class LoadError(Exception):
    """Something that was done to a volume failed."""


def _child(connection, function, arguments):
    """In the child: the result, or what went wrong."""
    try:
        connection.send((True, function(*arguments)))
    except BaseException:  # pylint: disable=broad-except
        connection.send((False, traceback.format_exc()))
    connection.close()
    os._exit(0)


def start(function, *arguments):
    """Begin function in a child; finish() waits for it."""
    reader, writer = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_child, args=(writer, function, arguments))
    process.start()
    writer.close()
    return process, reader, function.__name__


def finish(job, seconds):
    """The child's result; it is killed when it is late."""
    process, reader, name = job
    try:
        if not reader.poll(seconds):
            raise LoadError(f'{name} did not end within {seconds:.0f} s')
        worked, value = reader.recv()
        if not worked:
            raise LoadError(f'{name}: {value}')
        return value
    except EOFError as error:
        raise LoadError(f'{name} died') from error
    finally:
        process.kill()
        process.join()
        reader.close()


def in_child(seconds, function, *arguments):
    """Call function in a child of ours: its result."""
    return finish(start(function, *arguments), seconds)


def command(seconds, *words, env=None):
    """A program; what it wrote. Raises where it fails or is late."""
    try:
        ended = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                               timeout=seconds, check=False, env=env)
    except subprocess.TimeoutExpired as error:
        raise LoadError(f'{words[0]} did not end within {seconds:.0f} s') from error
    if ended.returncode != 0:
        raise LoadError(f'{" ".join(words)}: status {ended.returncode}: '
                        f'{(ended.stdout + ended.stderr)[-2000:]}')
    return ended.stdout


# --- trees and their contents ---

def make_source(directory, megabytes):
    """A tree with the first so many megabytes of files that every machine has."""
    left = int(megabytes * (1 << 20))
    for source in SOURCES:
        for folder, folders, names in os.walk(source):
            folders[:] = sorted(name for name in folders if not name.startswith('.'))
            for name in sorted(names):
                path = os.path.join(folder, name)
                if left <= 0:
                    return
                if os.path.isfile(path) and not os.path.islink(path):
                    target = os.path.join(directory, os.path.relpath(path, os.path.dirname(source)))
                    os.makedirs(os.path.dirname(target), exist_ok=True)
                    shutil.copyfile(path, target)
                    left -= os.path.getsize(target)


def checksums(directory):
    """{path: what is there} of a tree; a brick's own files are left out, and fio's."""
    found = {}
    for folder, folders, names in os.walk(directory):
        folders[:] = [name for name in folders if not name.startswith('.glusterfs')]
        for name in folders + [name for name in names if not name.startswith(FIO_PREFIX)]:
            path = os.path.join(folder, name)
            relative = os.path.relpath(path, directory)
            if os.path.islink(path):
                found[relative] = 'link to ' + os.readlink(path)
            elif os.path.isdir(path):
                found[relative] = 'directory'
            else:
                with open(path, 'rb') as file:
                    found[relative] = hashlib.sha256(file.read()).hexdigest()
    return found


def tree_differences(wanted, found):
    """Where two trees' checksums differ: a line for each path."""
    return [f'{path}: {wanted.get(path, "nothing")} became {found.get(path, "nothing")}'
            for path in sorted(set(wanted) | set(found)) if wanted.get(path) != found.get(path)]


def small_files(directory, seed, count):
    """Make, append to, rename, link, read and remove small files: the same for the same seed."""
    chance = random.Random(seed)
    home = os.path.join(directory, f'writer-{seed}')
    os.makedirs(home)
    for i in range(count):
        folder = os.path.join(home, f'd{i % 10}')
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, f'f{i}')
        data = chance.randbytes(chance.choice([0, 10, 500, 4000, 20000]))
        with open(path, 'wb') as file:
            file.write(data)
        step = i % 6
        if step == 0:
            with open(path, 'ab') as file:
                file.write(data[:100])
        elif step == 1:
            os.rename(path, path + '.renamed')
        elif step == 2:
            os.symlink(f'f{i}', path + '.link')
        elif step == 3:
            os.link(path, path + '.hard')
        elif step == 4:
            os.truncate(path, len(data) // 2)
        else:
            with open(path, 'rb') as file:
                if file.read() != data:
                    raise LoadError(f'{path} is not what was written')
            os.unlink(path)
    return count


def list_and_stat(directory):
    """As find -ls does."""
    seen = 0
    for folder, folders, names in os.walk(directory):
        for name in folders + names:
            os.lstat(os.path.join(folder, name))
            seen += 1
    return seen


# --- loads ---

def mixed(mount, local, source, scale):
    """Untar, copy, find, small files by several processes, remove; the same in a local directory.
    What is then in both is to be the same."""
    archive = source + '.tar'
    if not os.path.exists(archive):
        command(120, 'tar', '-cf', archive, '-C', source, '.')
    writers = [start(small_files, mount, seed, max(12, int(150 * scale)))
               for seed in range(WRITERS)]
    for place, seconds in ((mount, 900), (local, 120)):
        os.makedirs(local, exist_ok=True)
        command(60, 'mkdir', f'{place}/untarred')
        command(seconds, 'tar', '-xf', archive, '-C', f'{place}/untarred')
        command(seconds, 'cp', '-r', f'{place}/untarred', f'{place}/copied')
    in_child(600, list_and_stat, mount)
    for writer in writers:
        finish(writer, 900)
    for seed in range(WRITERS):
        small_files(local, seed, max(12, int(150 * scale)))
    for place, seconds in ((mount, 900), (local, 120)):
        command(seconds, 'rm', '-rf', f'{place}/untarred', f'{place}/writer-0')


def fio(volume, environment, name, options, seconds):
    """fio through gfapi: its JSON."""
    text = command(seconds, 'fio', f'--name={name}', '--ioengine=gfapi', f'--volume={volume}',
                   '--brick=127.0.0.1', f'--filename_format={FIO_PREFIX}$jobname.$jobnum',
                   '--thread', '--group_reporting', '--output-format=json', '--direct=0',
                   '--fallocate=none', *options, env=environment)
    # GlusterFS may have said something before, and fio afterwards.
    return json.JSONDecoder().raw_decode(text, text.index('{'))[0]


def fio_verified(volume, environment, scale):
    """Random reads and writes of several threads, of data that are then checked."""
    size = max(2, int(24 * scale))
    return fio(volume, environment, 'verified',
               ['--rw=randrw', '--bsrange=4k-64k', f'--size={size}m', '--numjobs=3', '--iodepth=4',
                '--verify=crc32c', '--verify_fatal=1', '--verify_state_save=0'], 600)


if __name__ == '__main__':
    sys.exit('not a program: see run.py')
