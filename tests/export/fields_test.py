#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The struct, the JSON and its schema have the same fields.

usage: fields_test.py SNAPSHOT-HEADER SCHEMA FORMATS-PROGRAM
"""
import json
import re
import subprocess
import sys

# Of a snapshot: what is no field of its own in JSON, and what has another name there.
STRUCTS = {
    'snapshot_pool': 'pool',
    'snapshot_component': 'component',
    'snapshot_account': 'account',
    'snapshot_thread': 'thread',
    'snapshot_misuse': 'misuse',
    'snapshot_group': 'group',
    'snapshot_stack': 'stack',
    'snapshot_image': 'image',
    'snapshot_symbol': 'symbol',
    'snapshot_slab': 'slab',
    'snapshot_heap_list': 'heap_list',
    'snapshot_thread_note': 'thread_note',
    'snapshot_ledger': 'ledger',
}
RENAMED = {'version': 'library_version'}
NOT_IN_JSON = {'memory'}
# Beyond the struct's: names of indices, what is derived, and the format's own.
ADDED = {'component_name', 'parent_name', 'image_path', 'type', 'live_objects', 'live_bytes',
         'format', 'version', 'age_limits_seconds'}


def members(header, name):
    """The names of a struct's members, without counts of what is a list in JSON."""
    body = re.search(r'^struct ' + name + r' \{\n(.*?)^\};', header, re.M | re.S).group(1)
    body = re.sub(r'/\*.*?\*/', '', body, flags=re.S)
    names = set()
    for declaration in body.split(';'):
        for part in declaration.split(','):
            found = re.search(r'(\w+)\s*(\[\w+\])?\s*$', part.strip())
            if found:
                names.add(found.group(1))
    return {field for field in names if not field.startswith('n_')}


def compare(what, wanted, found):
    """The differences, as text."""
    return ([f'{what}: {key} is missing' for key in sorted(wanted - found)] +
            [f'{what}: {key} is too much' for key in sorted(found - wanted - ADDED)])


def check(header, schema, document):
    """All differences, as text."""
    wrong = []
    for struct, name in STRUCTS.items():
        wanted = members(header, struct)
        described = schema['$defs'][name]
        wrong += compare(f'schema of {name}', wanted, set(described['properties']))
        wrong += compare(f'required of {name}', set(described['properties']),
                         set(described['required']))
        items = [document['ledger']] if name == 'ledger' else document[name + 's']
        for item in items:
            wrong += compare(f'JSON of {name}', set(described['required']), set(item))
    wanted = {RENAMED.get(key, key) for key in members(header, 'snapshot') - NOT_IN_JSON}
    wrong += compare('schema', wanted, set(schema['properties']))
    wrong += compare('required', set(schema['properties']), set(schema['required']))
    wrong += compare('JSON', set(schema['required']), set(document))
    return wrong


def main():
    """The exit status."""
    with open(sys.argv[1], encoding='utf-8') as file:
        header = file.read()
    with open(sys.argv[2], encoding='utf-8') as file:
        schema = json.load(file)
    output = subprocess.run([sys.argv[3], 'json'], capture_output=True, check=True).stdout
    document = json.loads(output.decode('utf-8'))
    wrong = check(header, schema, document)
    # The check itself: a member more is found.
    more = header.replace('uint32_t magazine_rounds;', 'uint32_t magazine_rounds, is_new;')
    if 'schema of pool: is_new is missing' not in check(more, schema, document):
        wrong.append('a new member of a struct is not found')
    print('\n'.join(wrong) if wrong else 'the same fields')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
