#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run a program with the library preloaded; what it must and must not say on standard error.

usage: check_said.py LIBRARY EXPECTED PROGRAM...   (EXPECTED "": nothing at all)
"""
import os
import subprocess
import sys


def main():
    library, expected, program = sys.argv[1], sys.argv[2], sys.argv[3:]
    environment = dict(os.environ, LD_PRELOAD=library)
    result = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=60,
                            check=False)
    lines = [line for line in result.stderr.splitlines() if 'mempool' in line]
    if result.returncode != 0:
        print(result.stdout, result.stderr, sep='\n')
        return f'{program[0]} ended with {result.returncode}'
    if lines != ([expected] if expected else []):
        return f'said {lines!r}, expected {expected!r}'
    return None


if __name__ == '__main__':
    sys.exit(main())
