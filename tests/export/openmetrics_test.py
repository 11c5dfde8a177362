#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""OpenMetrics text is what its standard, its documentation and the snapshot say.

usage: openmetrics_test.py FORMATS-PROGRAM DOCUMENT
"""
import json
import re
import subprocess
import sys

import exposition

GOOD = ('# TYPE a_bytes gauge\n# UNIT a_bytes bytes\n# HELP a_bytes What it is.\n'
        'a_bytes{b="c\\\\\\"d\\n",e=""} 1\na_bytes 2.5\n'
        '# TYPE f counter\n# HELP f It.\nf_total{g="h"} 3\n'
        '# TYPE i info\n# HELP i It.\ni_info{j="k"} 1\n# EOF\n')
# What is made of it, by replacing, must be refused for this reason.
FAULTS = [
    ('# EOF\n', '', 'end'),
    ('# EOF\n', '# EOF', 'end'),
    ('# EOF\n', '# EOF\n# EOF\n', 'no name'),
    ('f_total', 'f', 'no sample'),
    ('i_info', 'i', 'no sample'),
    ('# UNIT a_bytes bytes', '# UNIT a_bytes seconds', 'unit'),
    ('# HELP f It.\n', '', 'no HELP'),
    ('# TYPE f counter\n', '', 'no TYPE'),
    ('# TYPE f counter\n', '# TYPE f summary\n', 'type summary'),
    ('# TYPE f counter\n', '# TYPE f counter\n# TYPE f counter\n', 'second TYPE'),
    ('f_total{g="h"} 3\n', 'f_total{g="h"} 3\nf_total{g="h"} 4\n', 'twice'),
    ('f_total{g="h"} 3\n', 'f_total{g="h"} 3\na_bytes{b="1"} 1\n', 'no family'),
    ('f_total{g="h"} 3\n', 'f_total{g="h"} 3\n# HELP a_bytes Again.\n', 'goes on behind'),
    ('f_total{g="h"} 3\n', 'f_total{g="h"} 3\n# UNIT f h\n', 'behind its samples'),
    ('f_total{g="h"} 3\n', 'f_total{g="h"} -3\n', 'negative'),
    ('f_total{g="h"} 3\n', 'f_total{g="h"}  3\n', 'no number'),
    ('f_total{g="h"} 3\n', 'f_total{g="h"} 3\n\n', 'no family'),
    ('g="h"', 'g="h",g="i"', 'label twice'),
    ('g="h"', 'g="h",', 'no label'),
    ('g="h"', '', 'no label'),
    ('g="h"', 'g="h" ', 'behind a label'),
    ('g="h"', '__g="h"', 'no label'),
    ('g="h"', 'g="\\t"', 'a backslash'),
    ('{j="k"} 1', '{j="k"} 2', 'not 1'),
    ('{j="k"} 1', '{j="k} 1', 'without its end'),
]
LEDGER_PARTS = ('live', 'padding', 'cached', 'free', 'records', 'libc_heap', 'files', 'stack',
                'named', 'unexplained')


def check_reader():
    """The reader finds faults: those that it does not find, as text."""
    exposition.read(GOOD)
    missed = []
    for before, after, reason in FAULTS:
        try:
            exposition.read(GOOD.replace(before, after))
            missed.append(f'not found: {reason}')
        except exposition.Fault as fault:
            if reason not in str(fault):
                missed.append(f'found {fault}, not: {reason}')
    return missed


def documented(path):
    """Names of families that a table of the document has, with the type and the labels."""
    row = re.compile(r'^\| `(mempool_\w+)` \| (gauge|counter|info) \|([^|]*)\|', re.M)
    with open(path, encoding='utf-8') as file:
        return {name: (kind, {label.strip('` ') for label in labels.split(',')} - {''})
                for name, kind, labels in row.findall(file.read())}


def check_document(families, path):
    """Families have a row in the document, and rows a family."""
    rows = documented(path)
    wrong = [f'{name} is not documented' for name in families if name not in rows]
    wrong += [f'{name} is documented and does not exist' for name in rows if name not in families]
    for name, (kind, labels) in rows.items():
        family = families.get(name)
        if family is None:
            continue
        if family.type != kind:
            wrong.append(f'{name} is a {family.type}, not a {kind}')
        for pairs, _ in family.samples:
            if {key for key, _ in pairs} != labels | {'process', 'pid'}:
                wrong.append(f'{name} has the labels {pairs}')
    return wrong


def series(families, name, **labels):
    """The numbers of those series of a family that have these labels."""
    return [value for pairs, value in families[name].samples
            if labels.items() <= dict(pairs).items()]


def check_numbers(families, document):
    """What JSON and OpenMetrics say is the same."""
    wrong = []

    def expect(name, value, **labels):
        found = series(families, name, process=document['program'], pid=str(document['pid']),
                       **labels)
        wanted = [] if value is None else [str(value)]
        if found != wanted:
            wrong.append(f'{name}{labels}: {found}, not {wanted}')

    for pool in document['pools']:
        labels = {'number': str(pool['number']), 'pool': pool['name'], 'type': pool['type'],
                  'kind': pool['kind']}
        expect('mempool_pool_live_objects', pool['live_objects'], **labels)
        expect('mempool_pool_live_bytes', pool['live_bytes'], **labels)
        expect('mempool_pool_free_objects', pool['cold'], **labels)
        expect('mempool_pool_slabs_bytes', pool['slab_bytes'], **labels)
        expect('mempool_pool_gets', pool['alloc_count'], **labels)
        expect('mempool_pool_puts', pool['put_count'], **labels)
        expect('mempool_pool_refused', pool['refused'], **labels)
        expect('mempool_pool_misses', pool['pool_misses'], **labels)
        expect('mempool_pool_peak_objects', pool['max_alloc'], **labels)
        expect('mempool_pool_limit_objects', pool['limit'] or None, **labels)
    for account in document['accounts']:
        component = document['components'][account['component']]
        labels = {'component': component['name'], 'generation': str(component['generation']),
                  'type': account['type']}
        expect('mempool_account_live_bytes', account['live_bytes'], **labels)
        expect('mempool_account_allocations', account['total_blocks'], **labels)
        expect('mempool_account_frees', account['total_frees'], **labels)
    for component in document['components']:
        labels = {'component': component['name'], 'generation': str(component['generation'])}
        expect('mempool_component_charged_bytes', component['charged_bytes'], **labels)
        expect('mempool_component_hard_limit_bytes', component['hard_bytes'] or None, **labels)
    for misuse in document['misuses']:
        expect('mempool_misuses', misuse['count'], kind=misuse['kind'])
    known = document['ledger']['is_known']
    for part in LEDGER_PARTS:
        in_books = part in ('live', 'padding', 'cached')
        expect('mempool_ledger_bytes', document['ledger'][part] if known or in_books else None,
               part=part.replace('_', '-'))
    expect('mempool_ledger_resident_bytes', document['ledger']['resident'] if known else None)
    expect('mempool_process_threads',
           sum(not thread['is_processor'] for thread in document['threads']))
    return wrong


def main():
    """The exit status."""
    def output(name):
        return subprocess.run([sys.argv[1], name], capture_output=True,
                              check=True).stdout.decode('utf-8')

    families = exposition.read(output('openmetrics'))
    wrong = check_reader() + check_document(families, sys.argv[2])
    for name in ('json', 'json-core'):
        wrong += check_numbers(families, json.loads(output(name)))
    for text in wrong:
        print(text)
    print(f'{len(families)} families, {len(wrong)} problems')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
