# SPDX-License-Identifier: MIT
"""A program of the days of GlusterFS 3.3 does what it did: program_test.py PROGRAM"""
import os
import re
import subprocess
import sys
import tempfile

OUT = '''read hello
read returned 5, fd is 2 /rot13/three
patchy-rot:rot_fd_t hot=2 cold=0 size=32 allocs=3 misses=1 max=2 std=1 maxstd=1
patchy-rot:rot_local_t hot=0 cold=4 size=56 allocs=1 misses=0 max=1 std=0 maxstd=0
patchy-rot:rot_fd_t hot=1 cold=1 size=32 allocs=3 misses=1 max=2 std=1 maxstd=1
patchy-rot:rot_local_t hot=0 cold=4 size=56 allocs=1 misses=0 max=1 std=0 maxstd=0
patchy-rot:rot_fd_t hot=1 cold=1 size=32 allocs=3 misses=1 max=2 std=1 maxstd=1
patchy-rot:rot_local_t hot=0 cold=4 size=56 allocs=1 misses=0 max=1 std=0 maxstd=0
'''
TIME = r'\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\]'
# Each a pattern of one line, in order; indented ones stand for the report's.
LOG = [
    TIME + r' C \[\w+\.c:\d+:mem_put\] \(-->.*main\+0x[0-9a-f]+\)+ 0-mem-pool: '
    r'mem_put called on freed ptr (0x[0-9a-f]+) of mem pool 0x[0-9a-f]+',
    r'mempool: misuse: double-put pool=patchy-rot:rot_fd_t obj=0x[0-9a-f]+ site=main\+0x',
    r'  put of an object', r'  object ', r'  put before at (rot_release|main)\+0x',
    r'  one of the two',
    TIME + r' W \[classic_program\.c:\d+:main\] (\(-->.*\) )?0-rot: ends with 3',
    TIME + r' I \[\w+\.c:\d+:mem_pool_destroy\] 0-patchy-rot: size=32 max=2 total=3',
    TIME + r' I \[\w+\.c:\d+:mem_pool_destroy\] 0-patchy-rot: size=64 max=1 total=1',
]
DUMP = [
    r'\n\[mallinfo\]\nmallinfo_arena=\d+\n',
    r'\n\[mempool\]\n-----=-----\npool-name=patchy-rot:rot_fd_t\nhot-count=1\ncold-count=1\n'
    r'padded_sizeof=32\nalloc-count=3\nmax-alloc=2\npool-misses=1\ncur-stdalloc=1\n'
    r'max-stdalloc=1\n-----=-----\npool-name=patchy-rot:rot_local_t\n',
    r'\n\[active graph - 0\]\n\n\[encryption/rot-13\.patchy-rot - Memory usage\]\nnum_types=5\n',
    r'\n\[encryption/rot-13\.patchy-rot - usage-type gf_rot_mt_rot_private_t memusage\]\n'
    r'size=\d+\nnum_allocs=1\n',
    r'usage-type gf_common_mt_strdup memusage\]\nsize=7\nnum_allocs=1\n',
    r'usage-type gf_rot_mt_char memusage\]\nsize=0\nnum_allocs=0\nmax_size=18\n'
    r'max_num_allocs=1\ntotal_allocs=1\n',
]


def expect(condition, complaint):
    """End the test where the condition is false."""
    if not condition:
        sys.exit(complaint)


def main(program):
    """The test."""
    with tempfile.TemporaryDirectory() as folder:
        with subprocess.Popen([program, folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as process:
            out, log = process.communicate(timeout=60)
        expect(process.returncode == 0, f'status {process.returncode}\n{out}{log}')
        expect(out == OUT, f'it wrote\n{out}')
        lines = log.splitlines()
        expect(len(lines) == len(LOG), f'{len(lines)} lines for {len(LOG)}:\n{log}')
        for pattern, line in zip(LOG, lines):
            expect(re.match(pattern, line), f'wanted {pattern}\n   got {line}')
        name = f'glusterdump.{process.pid}.dump'
        expect(os.listdir(folder) == [name], f'files are {os.listdir(folder)}')
        with open(os.path.join(folder, name), encoding='utf-8') as file:
            dump = file.read()
        for pattern in DUMP:
            expect(re.search(pattern, dump), f'nothing matches {pattern} in\n{dump}')


if __name__ == '__main__':
    main(*sys.argv[1:])
