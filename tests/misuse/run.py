#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run one misuse program and compare what it writes with what its header comment expects.

usage: run.py [--instrumented] PROGRAM SOURCE

Keys of the header comment, one a line:
  expect:       regular expression of a report's first line; one key for each report, in order
  expect-asan:  the same under AddressSanitizer and other tools that replace malloc; where present,
                these stand for all of the `expect` keys
  also:         regular expression that matches somewhere in all that is written to stderr
  never:        regular expression that matches nowhere in it
  environment:  NAME=value for the program
  exit:         `continues` (the default: status 0) or the name of a signal
A program without `expect` has to stay silent. Every report's first line must be of the documented
form, and be followed by nothing but indented lines.
"""
import os
import re
import signal
import subprocess
import sys

KEY = re.compile(r'^[ /]\*+ (expect|expect-asan|also|never|environment|exit): (.*?)(?: \*/)?$',
                 re.M)
REPORT = 'mempool: misuse: '
FORM = re.compile(r'mempool: misuse: [a-z-]+ pool=\S.*? obj=(0x[0-9a-f]+|-)'
                  r' site=\S+ thread=\d+( |$)')
SECONDS = 120


def read_expectations(source):
    """The keys of a source file's header comment, each with its values in order."""
    with open(source, encoding='utf-8') as file:
        header = file.read().split('#include', 1)[0]
    keys = {}
    for key, value in KEY.findall(header):
        keys.setdefault(key, []).append(value)
    return keys


def run(program, settings):
    """(status, what it wrote to stderr) of a program; a status below 0 is a signal."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith('MEMPOOL_ON')}
    environment.update(setting.split('=', 1) for setting in settings)
    done = subprocess.run([program], env=environment, stdin=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, timeout=SECONDS, check=False)
    return done.returncode, done.stderr.decode(errors='replace')


def complaints_about_form(lines, instrumented):
    """What is wrong with the lines as such."""
    for line in lines:
        if line.startswith(REPORT):
            if not FORM.match(line):
                yield f'a report does not have the documented form: {line}'
        elif not instrumented and not line.startswith((' ', '\t')):
            yield f'a line is neither a report nor indented under one: {line}'


def complaints(keys, status, text, instrumented):
    """Everything in which the run differs from the expectations."""
    lines = [line for line in text.splitlines() if not line.startswith('==')]
    yield from complaints_about_form(lines, instrumented)
    reports = [line for line in lines if line.startswith(REPORT)]
    wanted = keys.get('expect', [])
    if instrumented and 'expect-asan' in keys:
        wanted = keys['expect-asan']
    if len(reports) != len(wanted):
        yield f'{len(wanted)} reports expected, {len(reports)} written'
    for pattern, line in zip(wanted, reports):
        if not re.search(pattern, line):
            yield f'expected {pattern}\n     got {line}'
    yield from (f'nothing matches {pattern}' for pattern in keys.get('also', [])
                if not re.search(pattern, text, re.M))
    yield from (f'something matches {pattern}' for pattern in keys.get('never', [])
                if re.search(pattern, text, re.M))
    exit_wanted = keys.get('exit', ['continues'])[0]
    status_wanted = 0 if exit_wanted == 'continues' else -getattr(signal, exit_wanted)
    if status != status_wanted:
        yield f'{exit_wanted} expected (status {status_wanted}), status is {status}'


def main(arguments):
    """0: as expected. 1: not. 2: the test itself is wrong."""
    instrumented = '--instrumented' in arguments or 'vgpreload' in os.environ.get('LD_PRELOAD', '')
    files = [argument for argument in arguments if not argument.startswith('--')]
    if len(files) != 2:
        print(__doc__)
        return 2
    program, source = files
    keys = read_expectations(source)
    if not any(key in keys for key in ('expect', 'never', 'exit')):
        print(f'{source}: the header comment expects nothing: give expect, never or exit')
        return 2
    status, text = run(program, keys.get('environment', []))
    problems = list(complaints(keys, status, text, instrumented))
    for problem in problems:
        print(problem)
    if problems:
        print(f'--- stderr of {program}:\n{text}', end='')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
