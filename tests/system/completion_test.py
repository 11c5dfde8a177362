# SPDX-License-Identifier: MIT
"""Bash completes the command's words as its help lists them:
completion_test.py BASH COMPLETION MEMPOOL"""
import os
import re
import sys
import tempfile

from program import expect, run

# Complete as bash does where the cursor is behind the last word, and print what is offered.
ASK = '''source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
$(complete -p mempool | sed "s/.* -F \\([^ ]*\\) .*/\\1/"); printf "%s\\n" "${COMPREPLY[@]}"'''
NEW_HELP = '''Usage: mempool VERB
       mempool --help

Verbs:
  new-verb  does what is new
            and this too

Options are the verbs' own.
'''


def listed(text, section, pattern):
    """What a help text has below a heading, where a line begins so."""
    lines = text.partition(f'\n{section}:\n')[2].partition('\n\n')[0]
    return sorted(re.findall('^  ' + pattern, lines, re.M))


def main(bash, completion, command):
    """The test."""
    def offered(*words, of=command):
        return sorted(run([bash, '-c', ASK, bash, completion, of, *words]).stdout.split())

    def help_of(*words):
        return run([command, *words, '--help']).stdout

    verbs = listed(help_of(), 'Verbs', '([a-z-]+) ')
    expect({'diff', 'replay'} <= set(verbs), f'verbs listed: {verbs}')
    expect(offered('') == sorted(verbs + ['--help', '--version']), f'at first: {offered("")}')
    expect(offered('repl') == ['replay'], f'repl: {offered("repl")}')
    expect(offered('--v') == ['--version'], f'--v: {offered("--v")}')
    for verb in verbs:
        options = listed(help_of(verb), 'Options', '(?:-[a-z], )?(--[a-z-]+=?)')
        expect('--help' in options, f'options listed of {verb}: {options}')
        expect(offered(verb, '-') == options, f'{verb} -: {offered(verb, "-")}')
        expect(offered(verb, '') == [], f'{verb} and a file: {offered(verb, "")}')
    expect(offered('replay', '--wor') == ['--workers='], f'{offered("replay", "--wor")}')
    expect(offered('no-such-verb', '--') == [], 'options of a verb that there is not')

    with tempfile.TemporaryDirectory() as place:
        other = os.path.join(place, 'mempool')
        with open(other, 'w', encoding='utf-8') as file:
            file.write(f'#!/bin/sh\ncat <<END\n{NEW_HELP}END\n')
        os.chmod(other, 0o755)
        found = offered('', of=other)
        expect(found == ['--help', 'new-verb'], f'of another version: {found}')


if __name__ == '__main__':
    main(*sys.argv[1:])
