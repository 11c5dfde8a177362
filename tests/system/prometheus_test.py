#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A Prometheus that asks mempool serve: usage: prometheus_test.py MEMPOOL PUBLISHED DASHBOARD

It takes what it is given, and each query of the dashboard."""
import contextlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import published
from program import expect, run

MEMPOOL, PROGRAM, DASHBOARD = sys.argv[1:4]
SKIPPED = 77
SECONDS_MAX = 60
CONFIGURATION = '''\
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: mempool
    static_configs: [{{targets: ['{place}']}}]
'''
VARIABLES = {'process': '.*', 'pool': '.*', '__rate_interval': '1m'}


@contextlib.contextmanager
def started(command, first_line, stream):
    """A program that runs until this ends; what the pattern found in its output."""
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT if stream else None) as process:
        try:
            for line in process.stdout:
                if found := re.search(first_line, line):
                    break
            else:
                expect(False, f'{command[0]} does not start')
            yield found[1]
        finally:
            process.terminate()
            process.stdout.close()
            process.wait(timeout=60)


def queried(place, text):
    """What Prometheus answers to a query; nothing while it starts."""
    url = f'http://{place}/api/v1/query?' + urllib.parse.urlencode({'query': text})
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.load(answer)['data']['result']
    except urllib.error.HTTPError as error:
        expect(error.code == 503, f'{text}: {error.read().decode()}')
    return []


def wait_for(place, text, value):
    """Until a query has one result, of this value."""
    result = None
    end = time.monotonic() + SECONDS_MAX
    while time.monotonic() < end:
        result = queried(place, text)
        if len(result) == 1 and result[0]['value'][1] == value:
            return
        time.sleep(0.3)
    expect(False, f'{text}: {result}')


def dashboard_queries():
    """All of the dashboard's, with something in the places of its variables."""
    document = json.loads(pathlib.Path(DASHBOARD).read_text(encoding='utf-8'))
    for panel in document['panels']:
        for target in panel.get('targets', []):
            yield re.sub(r'\$(?:\{(\w+)[^}]*\}|(\w+))',
                         lambda found: VARIABLES[found[1] or found[2]], target['expr'])


def check(place, pid):
    """What Prometheus knows of the process."""
    wait_for(place, 'up{job="mempool"}', '1')
    wait_for(place, f'mempool_pool_live_objects{{pid="{pid}",pool="published:item"}}',
             str(published.ITEMS))
    wait_for(place, f'mempool_account_live_bytes{{pid="{pid}",type="buffer"}}',
             str(published.BLOCKS * published.BLOCK_BYTES))
    wait_for(place, f'mempool_pool_gets_total{{pid="{pid}",pool="published:item"}}', '1000')
    queries = list(dashboard_queries())
    expect(queries, 'the dashboard has queries')
    wait_for(place, 'count_over_time(up{job="mempool"}[1m]) > bool 3', '1')
    empty = [query for query in queries if not queried(place, query)]
    expect(not empty, f'no data for {empty}')


def main():
    """The check, where there is a Prometheus."""
    if not shutil.which('prometheus'):
        print('skipped: there is no prometheus here')
        return SKIPPED
    if 'made without libmicrohttpd' in run([MEMPOOL, 'serve', '--help']).stdout:
        print('skipped: this build has no mempool serve')
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder, published.running(PROGRAM) as pid, \
            started([MEMPOOL, 'serve', '--listen=127.0.0.1:0'], r'http://([^/]*)/', False) as ours:
        pathlib.Path(folder, 'prometheus.yml').write_text(CONFIGURATION.format(place=ours),
                                                          encoding='utf-8')
        command = ['prometheus', f'--config.file={folder}/prometheus.yml',
                   f'--storage.tsdb.path={folder}/data', '--web.listen-address=127.0.0.1:0']
        with started(command, r'Listening on.*address=([0-9.:]+)', True) as place:
            check(place, pid)
    return 0


if __name__ == '__main__':
    sys.exit(main())
