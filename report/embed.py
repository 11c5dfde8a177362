# SPDX-License-Identifier: MIT
"""Make a C file of files that are built into the command: embed.py OUTPUT NAME=FILE..."""
import base64
import hashlib
import sys

BYTES_A_LINE = 20
FORBIDDEN = {'program': b'</script', 'style': b'</style', 'licence': b'--'}


def definition(name, content):
    """The C text of one file's bytes."""
    kind = name.rpartition('_')[2]
    if FORBIDDEN[kind] in content.lower():
        sys.exit(f'embed.py: {name} has {FORBIDDEN[kind].decode()} in it, which would end it early')
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    lines = [','.join(map(str, content[at:at + BYTES_A_LINE])) + ','
             for at in range(0, len(content), BYTES_A_LINE)]
    return (f'static const unsigned char {name}[] = {{\n' + '\n'.join(lines) + '\n};\n'
            f'const struct asset asset_{name} = {{{name}, sizeof({name}), "sha256-{digest}"}};\n')


def main(output, *assignments):
    """Write the file."""
    parts = ['/* SPDX-License-Identifier: MIT */\n/* Made by embed.py. */\n#include '
             '"report/assets.h"\n\n']
    for assignment in assignments:
        name, _, path = assignment.partition('=')
        with open(path, 'rb') as file:
            parts.append(definition(name, file.read()))
    with open(output, 'w', encoding='ascii') as file:
        file.write('\n'.join(parts))


if __name__ == '__main__':
    main(*sys.argv[1:])
