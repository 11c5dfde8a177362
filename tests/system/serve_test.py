#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mempool serve, asked by HTTP clients of several kinds: usage: serve_test.py MEMPOOL PUBLISHED"""
import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

import published
from program import expect, run

MEMPOOL, PROGRAM = sys.argv[1:3]
SKIPPED = 77
OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'


@contextlib.contextmanager
def serving(*options, listen='127.0.0.1:0', how=signal.SIGTERM):
    """A server, with its host and port. It ends well when it is told to."""
    with subprocess.Popen([MEMPOOL, 'serve', f'--listen={listen}', *options], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        try:
            url = urllib.parse.urlsplit(server.stdout.readline().strip())
            expect(url.scheme == 'http' and url.port, f'no address: {url}')
            yield url.hostname, url.port
            if '--once' not in options:
                expect(server.poll() is None, 'the server ended by itself')
                server.send_signal(how)
            expect(server.wait(timeout=30) == 0, server.stderr.read())
        finally:
            server.kill()


def ask(place, path, method='GET', body=None, **headers):
    """An answer: status, headers, text."""
    connection = http.client.HTTPConnection(*place, timeout=60)
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def ask_raw(place, data):
    """What comes back to bytes."""
    with socket.create_connection(place, timeout=60) as client:
        client.sendall(data)
        parts = []
        with contextlib.suppress(ConnectionResetError):
            while part := client.recv(65536):
                parts.append(part)
    return b''.join(parts)


def check_pages(place, pids):
    """What there is."""
    status, headers, text = ask(place, '/metrics')
    expect((status, headers['Content-Type']) == (200, OPENMETRICS), f'{status} {headers}')
    expect(text.endswith('\n# EOF\n') and text.count('# EOF') == 1, 'one end')
    for pid in pids:
        line = next((line for line in text.splitlines()
                     if line.startswith('mempool_pool_live_objects{') and f'pid="{pid}"' in line
                     and 'pool="published:item"' in line), '')
        expect(line.endswith(f' {published.ITEMS}'), f'{pid}: {line}')
    expect('mempool_ledger_resident_bytes{' in text, 'with a ledger')
    status, _, text = ask(place, '/')
    expect(status == 200 and all(f'/snapshot/{pid}  ' in text for pid in pids), text)
    status, headers, text = ask(place, f'/snapshot/{pids[0]}')
    document = json.loads(text)
    expect((status, headers['Content-Type'], document['pid']) ==
           (200, 'application/json', pids[0]), 'a snapshot')
    expect({group['symbol'].split('+')[0] for group in document['groups']} ==
           {'take_item', 'take_block'}, 'with call sites')
    status, headers, text = ask(place, '/metrics', 'HEAD')
    expect(status == 200 and text == '' and int(headers['Content-Length']) > 100, 'HEAD')


def check_refusals(place):
    """What there is not."""
    for path in ('/snapshot/4194000', '/snapshot/', '/snapshot/1x', '/snapshot/-1', '/x',
                 '/metricsx', '/snapshot/99999999999999999999', '/..%2f', '//metrics'):
        status, _, text = ask(place, path)
        expect(status == 404 and text, f'{path}: {status}')
    for method in ('POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'BREW'):
        status, headers, _ = ask(place, '/metrics', method)
        expect((status, headers['Allow']) == (405, 'GET, HEAD'), f'{method}: {status}')
    expect(ask(place, '/metrics', body='x')[0] == 413, 'a body')
    expect(ask(place, '/', **{'Transfer-Encoding': 'chunked'})[0] == 413, 'a body in pieces')
    for host in ('attacker.example', 'localhost.example', '127.0.0.1.example:80', ''):
        expect(ask(place, '/metrics', Host=host)[0] in (400, 403), f'host {host}')
    for host in ('localhost', 'localhost:1', '127.0.0.1', '[::1]:80', '[::1]'):
        expect(ask(place, '/', Host=host)[0] == 200, f'host {host}')


def check_rubbish(place):
    """Requests that are none, or too large; the next one is answered all the same."""
    for data in (b'\0' * 100 + b'\r\n\r\n', b'GET\r\n\r\n', b'GET / HTTP/9.9\r\n\r\n',
                 b'GET /' + b'a' * 100000 + b' HTTP/1.1\r\nHost: localhost\r\n\r\n',
                 b'GET / HTTP/1.1\r\nHost: localhost\r\n' + b'X: y\r\n' * 20000 + b'\r\n'):
        answer = ask_raw(place, data)
        expect(not answer.startswith(b'HTTP/1.1 200'), answer[:100])
        expect(ask(place, '/')[0] == 200, f'after {data[:40]}')


def trickle(client, seconds):
    """Send a byte a second until nobody takes it; did that happen in time?"""
    end = time.monotonic() + seconds
    with contextlib.suppress(ConnectionError):
        while time.monotonic() < end:
            client.sendall(b'a')
            time.sleep(1)
        return False
    return True


def check_slow_clients(place):
    """Clients that say little hold up nobody, and are not waited for for ever."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(place, timeout=60))
                   for _ in range(8)]
        for client in clients:
            client.sendall(b'GET /')
        expect(ask(place, '/')[0] == 200, 'an answer beside idle clients')
        expect(trickle(clients[0], 45), 'a slow client is let go')
        for client in clients[1:]:
            client.settimeout(1)
            expect(not client.recv(1000).startswith(b'HTTP/1.1 200'), 'an idle client is let go')


def check_options():
    """Where it listens, and how it ends."""
    for words in ([], ['--listen=nowhere'], ['--listen=127.0.0.1'], ['--listen=127.0.0.1:x'],
                  ['--listen=0.0.0.0:0'], ['--listen=[::]:0'], ['--listen=192.0.2.1:0'],
                  ['--listen=127.0.0.1:70000'], ['--listen=127.0.0.1:0', 'more'], ['--bogus'],
                  ['--listen=::1:0'], ['--listen=[127.0.0.1:0']):
        run([MEMPOOL, 'serve', *words], wanted_status=2)
    with serving(how=signal.SIGINT) as place:
        taken = run([MEMPOOL, 'serve', f'--listen=127.0.0.1:{place[1]}'], wanted_status=1)
        expect('in use' in taken.stderr, taken.stderr)
        expect(ask(place, '/')[0] == 200, 'the first goes on')
    with serving('--once') as place:
        expect(ask(place, '/nothing')[0] == 404, 'once')
    with serving('--no-ledger') as place:
        expect('ledger_resident_bytes{' not in ask(place, '/metrics')[2], 'no ledger')
    with serving('--allow-remote', listen='0.0.0.0:0') as place:
        expect(ask(('127.0.0.1', place[1]), '/', Host='some.example')[0] == 200, 'any host')


def has_ipv6():
    """Is there an IPv6 loopback?"""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(('::1', 0))
        return True
    return False


def main():
    """The checks."""
    if 'made without libmicrohttpd' in run([MEMPOOL, 'serve', '--help']).stdout:
        print('skipped: this build has no mempool serve')
        return SKIPPED
    check_options()
    with published.running(PROGRAM) as first, published.running(PROGRAM) as second:
        with serving() as place:
            check_pages(place, [first, second])
            check_refusals(place)
            check_rubbish(place)
            check_slow_clients(place)
        if has_ipv6():
            with serving(listen='[::1]:0') as place:
                check_pages(place, [first, second])
    return 0


if __name__ == '__main__':
    sys.exit(main())
