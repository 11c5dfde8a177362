#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Documents hold what they promise: links lead somewhere, each function has a man page under its
name, quoted sources are the sources, and whole programs compile and run.

The programs are those of ```c blocks and of .Bd -literal displays that have a main. They are built
with $CC and, where $MEMPOOL_LIBRARY names a shared library, linked with it and run; else only
compiled."""
import os
import re
import shlex
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'tools'))
import c_source  # pylint: disable=wrong-import-position

FOLDERS = ['docs', 'bench', 'data', 'man', 'tests', 'tools', 'examples']
FENCE = re.compile(r'^```(\w*)\n(.*?)^```$', re.M | re.S)
LINK = re.compile(r'\]\(([^)\s]+)\)')
HEADING = re.compile(r'^#+ (.+)$', re.M)
DISPLAY = re.compile(r'^\.Bd -literal[^\n]*\n(.*?)^\.Ed$', re.M | re.S)
QUOTED = re.compile(r'^\.Pa (examples/\S+\.c)\n', re.M)
NAMES = re.compile(r'^\.Sh NAME\n(.*?)^\.Nd', re.M | re.S)
FLAGS = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-O2', '-pthread']
PROGRAM_SECONDS = 60


def documents(root, ending):
    """Files of that ending at the root and in the folders that have documents."""
    top = sorted(name for name in os.listdir(root) if name.endswith(ending))
    return top + c_source.files(root, FOLDERS, (ending,))


def anchor(heading):
    """How a heading is called in a link."""
    return re.sub(r'[^\w\- ]', '', heading.lower()).strip().replace(' ', '-')


def check_links(root, path, text):
    """Relative links that lead nowhere."""
    prose = FENCE.sub('', text)
    for target in LINK.findall(prose):
        if re.match(r'[a-z]+:', target):
            continue
        name, _, fragment = target.partition('#')
        full = os.path.normpath(os.path.join(root, os.path.dirname(path), name)) if name else None
        if full and not os.path.exists(full):
            yield f'{path}: the link {target} leads nowhere'
        elif fragment:
            there = c_source.read(root, os.path.relpath(full, root)) if full else text
            if fragment not in [anchor(heading) for heading in HEADING.findall(there)]:
                yield f'{path}: the link {target} leads to no heading'


def displays(page):
    """The literal displays of a man page, as a reader sees them."""
    for body in DISPLAY.findall(page):
        yield re.sub(r'^\\&', '', body.replace('\\e', '\\'), flags=re.M)


def check_page(root, path, text):
    """Links to a page that are not installed, and sources that it quotes otherwise than they are."""
    links = c_source.read(root, 'man/meson.build')
    for name in re.findall(r'^\.Nm (mempool_\w+)', ''.join(NAMES.findall(text)), re.M):
        if f"'{name[len('mempool_'):]}'" not in links:
            yield f'{path}: man/meson.build makes no link for {name}'
    for source in QUOTED.findall(text):
        wanted = c_source.read(root, source)
        wanted = wanted[wanted.index('#include'):]
        if wanted not in list(displays(text)):
            yield f'{path}: {source} is not quoted as it is'


def check_program(root, path, program):
    """What is wrong with one program."""
    library = os.environ.get('MEMPOOL_LIBRARY')
    with tempfile.TemporaryDirectory() as place:
        source, output = os.path.join(place, 'program.c'), os.path.join(place, 'program')
        with open(source, 'w', encoding='utf-8') as file:
            file.write(program)
        link = [library, f'-Wl,-rpath,{os.path.dirname(library)}'] if library else ['-c']
        command = [*shlex.split(os.environ.get('CC', 'cc')), *FLAGS,
                   '-I', os.path.join(root, 'include'), source, *link, '-o', output]
        built = subprocess.run(command, capture_output=True, text=True, check=False)
        if built.returncode != 0:
            return [f'{path}: a program does not compile:\n{built.stderr}']
        if not library:
            return []
        ran = subprocess.run([output], capture_output=True, text=True, check=False,
                             timeout=PROGRAM_SECONDS)
        if ran.returncode != 0:
            return [f'{path}: a program ends with {ran.returncode}:\n{ran.stdout}{ran.stderr}']
    return []


def check(root):
    """Every fault of every document."""
    problems, programs = [], []
    for path in documents(root, '.md'):
        text = c_source.read(root, path)
        problems += check_links(root, path, text)
        programs += [(path, body) for language, body in FENCE.findall(text) if language == 'c']
    for path in documents(root, '.3'):
        text = c_source.read(root, path)
        problems += check_page(root, path, text)
        programs += [(path, body) for body in displays(text)]
    for path, program in programs:
        if re.search(r'^int main\(', program, re.M):
            problems += check_program(root, path, program)
    return problems


PAGE = ('.Sh NAME\n.Nm mempool_x\n.Nd a page\n.Sh EXAMPLES\n.Pa examples/a.c\n'
        '.Bd -literal\n#include <stdio.h>\nint main(void) { return puts("\\en") < 0; }\n.Ed\n')
SOURCE = '/* a */\n#include <stdio.h>\nint main(void) { return puts("\\n") < 0; }\n'
GOOD = {
    'README.md': '# A b, `c`\n[x](docs/y.md) [z](#a-b-c) [web](https://example.org)\n'
                 '```\n[no](link)\n```\n',
    'docs/y.md': '[up](../README.md#a-b-c)\n```c\nint main(void) { return 0; }\n```\n',
    'man/mempool.3': PAGE, 'examples/a.c': SOURCE, 'man/meson.build': "['x']\n",
}
SAMPLES = [
    (GOOD, None),
    ({**GOOD, 'README.md': '[x](docs/gone.md)\n'}, 'docs/gone.md leads nowhere'),
    ({**GOOD, 'docs/y.md': '[up](../README.md#other)\n'}, 'leads to no heading'),
    ({**GOOD, 'README.md': '# A b, `c`\n[z](#b)\n'}, '#b leads to no heading'),
    ({**GOOD, 'examples/a.c': SOURCE.replace('puts', 'fputs')}, 'not quoted as it is'),
    ({**GOOD, 'man/meson.build': "['y']\n"}, 'no link for mempool_x'),
    ({**GOOD, 'docs/y.md': '```c\nint main(void) { return none; }\n```\n'}, 'does not compile'),
]

if __name__ == '__main__':
    c_source.main(check, SAMPLES, __doc__)
