#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The dashboard for Grafana: it parses, its panels do not overlap, and what it asks for, names and
labels, is exported: usage: dashboard_test.py DASHBOARD OPENMETRICS"""
import json
import pathlib
import re
import sys

WORDS = {'process', 'pool'}
NEEDED = {'mempool_pool_live_bytes', 'mempool_account_live_bytes', 'mempool_pool_gets_total',
          'mempool_pool_misses_total', 'mempool_misuses_total', 'mempool_ledger_bytes'}


def exported(text):
    """Of each series in OpenMetrics text the names of its labels."""
    found = {}
    for name, labels in re.findall(r'^(\w+)\{(.*)\} [-0-9.e+]+$', text, re.M):
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return found


def queries(document):
    """Every query, of panels and of variables."""
    for panel in document['panels']:
        for target in panel.get('targets', []):
            yield target['expr']
    for variable in document['templating']['list']:
        if variable['type'] == 'query':
            yield variable['query']['query']


def check_query(query, series):
    """Names and labels of one; the names that it has."""
    names = re.findall(r'\bmempool_\w+', query)
    assert names, query
    for name in names:
        assert name in series, f'nothing exports {name}: {query}'
    for name, matchers in re.findall(r'\b(mempool_\w+)\{([^}]*)\}', query):
        for label in re.findall(r'(\w+)(?:=~|!=|!~|=)"', matchers):
            assert label in series[name], f'{name} has no label {label}: {query}'
    for labels in re.findall(r'\bby \(([^)]*)\)', query):
        for label in labels.split(', '):
            assert label in series[names[0]], f'{names[0]} has no label {label}: {query}'
    return names


def check_layout(panels):
    """No two panels have a place in common, and each has a number of its own."""
    assert len({panel['id'] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        place = panel['gridPos']
        assert place['x'] + place['w'] <= 24, panel['title']
        cells = {(x, y) for x in range(place['x'], place['x'] + place['w'])
                 for y in range(place['y'], place['y'] + place['h'])}
        assert not cells & taken, panel['title']
        taken |= cells


def main():
    """The checks."""
    document = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding='utf-8'))
    series = exported(pathlib.Path(sys.argv[2]).read_text(encoding='utf-8'))
    assert len(series) > 20, 'no export'
    used = {name for query in queries(document) for name in check_query(query, series)}
    assert NEEDED <= used, NEEDED - used
    check_layout(document['panels'])
    assert WORDS <= {variable['name'] for variable in document['templating']['list']}
    for panel in document['panels']:
        if panel['type'] != 'row':
            assert panel['targets'] and panel['title'] and panel['description'], panel
            assert panel['datasource'] == {'type': 'prometheus', 'uid': '${datasource}'}


if __name__ == '__main__':
    main()
