# SPDX-License-Identifier: MIT
"""mempool record: a command, a process that runs, a stream in a file; the trace replays, and its
counts are those of the program: record_test.py MEMPOOL PROGRAM"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

from program import expect, fail, run

TIMEOUT = 60


def totals(text):
    """The program's own, from its last line."""
    return {key: int(value) for key, value in re.findall(r'(\w+)=(\d+)', text)}


def replayed(command, trace):
    """What a replay says of the trace."""
    said = run([command, 'replay', '--json', '--rounds=1', '--against=harness', trace])
    return json.loads(said.stdout)['trace']


def check_against(command, trace, wanted, live_before=0):
    """The trace's counts are the program's."""
    got = replayed(command, trace)
    counts = {'gets': got['gets'], 'puts': got['puts'], 'mallocs': got['mallocs'],
              'frees': got['frees'], 'live_at_end': got['live_at_end']}
    if live_before == 0:
        expect(counts == wanted, f'{counts}, not {wanted}')
    else:
        expect(counts['live_at_end'] == wanted['live_at_end'],
               f'{counts["live_at_end"]} live, not {wanted["live_at_end"]}')
    return got


def lines_of(said):
    """Its complaints."""
    return [line for line in said.stderr.splitlines() if line.startswith('mempool: record: ')]


def check_command(command, program, place):
    """A program from its start to its end, with all its threads."""
    trace = os.path.join(place, 'command.trace.zst')
    said = run([command, 'record', '-o', trace, '--', program, '20000'])
    wanted = totals(said.stdout)
    expect(wanted['gets'] > 20000 and wanted['live_at_end'] > 0, f'{wanted}')
    got = check_against(command, trace, wanted)
    expect(got['threads'] == 5 and got['pools'] == 2 and got['sites'] == 2 and got['reallocs'] > 100
           and got['zeroed_gets'] > 100 and got['zeroed_mallocs'] > 100, f'{got}')
    expect(len(lines_of(said)) == 1 and f'{got["gets"]} gets' in said.stderr, said.stderr)
    quiet = run([command, 'record', '-q', '-o', trace, '--', program, '10'])
    expect(quiet.stderr == '', quiet.stderr)
    expect(sorted(os.listdir(place)) == ['command.trace.zst'], f'{os.listdir(place)}')


def check_limits(command, program, place):
    """--events and --seconds end the recording, not the program."""
    trace = os.path.join(place, 'limits.trace.zst')
    said = run([command, 'record', '--events=5000', '-o', trace, '--', program, '200000'])
    expect(totals(said.stdout)['gets'] > 100000, said.stdout)
    expect(replayed(command, trace)['events'] == 5000, 'not 5000 events')
    expect('ended early: as many events as were asked for' in said.stderr, said.stderr)
    begun = time.monotonic()
    with subprocess.Popen([command, 'record', '--seconds=0.5', '-o', trace, '--', program,
                           'forever'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as recorder:
        while not re.search(r'events in', recorder.stderr.readline()):
            expect(time.monotonic() < begun + TIMEOUT, 'it does not end by itself')
        said, _ = recorder.communicate('\n', timeout=TIMEOUT)
        expect(recorder.returncode == 0 and 'live_at_end' in said, said)
    expect(0.1 < replayed(command, trace)['recorded_seconds'] < 5, 'not half a second')


def check_endings(command, program, place):
    """The program's status; a program that is killed leaves what it had written."""
    trace = os.path.join(place, 'endings.trace.zst')
    status = run([command, 'record', '-q', '-o', trace, '--', 'sh', '-c',
                  f'{program} 10; exit 5'], wanted_status=5)
    expect('recorded nothing' in status.stderr and not os.path.exists(trace), status.stderr)
    run([command, 'record', '-o', trace, '--', '/nonexistent'], wanted_status=127)
    run([command, 'record', '-o', trace, '--', '/dev/null'], wanted_status=126)
    said = run([command, 'record', '-o', trace, '--', 'true'], wanted_status=1)
    expect(len(lines_of(said)) == 1 and 'recorded nothing' in said.stderr, said.stderr)
    with subprocess.Popen([command, 'record', '-o', trace, '--', program, 'forever'],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as recorder:
        expect(recorder.stdout.readline() == 'ready\n', 'not ready')
        time.sleep(0.5)
        recorder.send_signal(signal.SIGTERM)
        recorder.wait(TIMEOUT)
        _, said = recorder.communicate(timeout=TIMEOUT)
        expect(recorder.returncode == 128 + signal.SIGTERM, f'{recorder.returncode} {said}')
    expect(replayed(command, trace)['events'] > 100, 'what was written is lost')


def check_late_signals(command, program, place):
    """A signal that comes while the trace is saved, or before, is handed on, too."""
    trace = os.path.join(place, 'late.trace.zst')
    begun = time.monotonic()
    complaints, into = os.pipe()
    os.set_blocking(into, False)
    try:
        while True:  # it is full then, and the recorder is kept in saying what it saved
            os.write(into, bytes(4096))
    except BlockingIOError:
        os.set_blocking(into, True)
    with subprocess.Popen([command, 'record', '--events=100', '-o', trace, '--', program,
                           'forever'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=into) as recorder:
        try:
            while not os.path.exists(trace):
                expect(time.monotonic() < begun + TIMEOUT, 'it does not end by itself')
                time.sleep(0.01)
            time.sleep(0.3)
            recorder.send_signal(signal.SIGTERM)
            time.sleep(0.1)
            os.read(complaints, 1 << 20)
            status = recorder.wait(TIMEOUT / 4)
            expect(status == 128 + signal.SIGTERM, f'{status}')
        finally:
            recorder.kill()
            os.close(complaints)
            os.close(into)


def check_streams(command, program, place):
    """MEMPOOL_RECORD with a file, and what is no stream."""
    stream, trace = os.path.join(place, 'stream.%p'), os.path.join(place, 'from.trace.zst')
    said = run([program, '1000'], MEMPOOL_RECORD=stream)
    files = [name for name in os.listdir(place) if re.fullmatch(r'stream\.\d+', name)]
    expect(len(files) == 1, f'{files}')
    stream = os.path.join(place, files[0])
    run([command, 'record', '-q', f'--from={stream}', '-o', trace])
    check_against(command, trace, totals(said.stdout))
    again = run([program, '1'], MEMPOOL_RECORD=stream)
    expect('MEMPOOL_RECORD=' in again.stderr and 'not recorded' in again.stderr, again.stderr)
    other = run([program, '1'], MEMPOOL_RECORD='fd:2,1')
    expect(other.stderr == '', 'it wrote to a descriptor that is meant for another process')
    with open(stream, 'rb') as file:
        whole = file.read()
    bad = os.path.join(place, 'bad')
    for cut in (len(whole) // 2, len(whole) // 2 + 7, 24 + 16):
        with open(bad, 'wb') as file:
            file.write(whole[:cut])
        run([command, 'record', '-q', f'--from={bad}', '-o', trace])
        if cut > 1000:
            replayed(command, trace)
    for content in (b'', b'x', b'no stream at all, but long enough for an event', whole[24:]):
        with open(bad, 'wb') as file:
            file.write(content)
        said = run([command, 'record', f'--from={bad}', '-o', trace], wanted_status=2)
        expect(len(lines_of(said)) == 1, said.stderr)
    for at in range(16, len(whole), len(whole) // 80):
        with open(bad, 'wb') as file:
            file.write(whole[:at] + bytes([whole[at] ^ 0x15]) + whole[at + 1:])
        said = subprocess.run([command, 'record', '-q', f'--from={bad}', '-o', trace],
                              capture_output=True, text=True, check=False, timeout=TIMEOUT)
        expect(said.returncode in (0, 2), f'byte {at}: {said.returncode} {said.stderr}')


def start(program, what):
    """A program that goes on until told."""
    # The test ends it: see end.
    child = subprocess.Popen([program, what],  # pylint: disable=consider-using-with
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if child.stdout.readline() != 'ready\n':
        child.kill()
        fail('the program is not ready')
    return child


def end(child):
    """Its totals."""
    said, _ = child.communicate('\n', timeout=TIMEOUT)
    expect(child.returncode == 0, f'the program ended with {child.returncode}')
    return totals(said)


def check_process(command, program, place):
    """A process that runs: for a while, to its end, twice, and twice at once."""
    trace = os.path.join(place, 'process.trace.zst')
    child = start(program, 'forever')
    try:
        said = run([command, 'record', '--seconds=0.5', '-o', trace, str(child.pid)])
        before = int(re.search(r'(\d+) live before', said.stderr).group(1))
        expect(before > 0, said.stderr)
        got = replayed(command, trace)
        expect(got['gets'] > before and got['reallocs'] > 0, f'{got}')
        with subprocess.Popen([command, 'record', '-q', '-o', trace, str(child.pid)],
                              stderr=subprocess.PIPE, text=True) as recorder:
            time.sleep(1)
            busy = run([command, 'record', '-o', trace + '2', str(child.pid)], wanted_status=1)
            expect('is being recorded already' in busy.stderr, busy.stderr)
            wanted = end(child)
            expect(recorder.wait(TIMEOUT) == 0, recorder.stderr.read())
        check_against(command, trace, wanted, live_before=before)
    finally:
        child.kill()
        child.wait()
    expect(not [name for name in os.listdir('/tmp') if name.startswith('mempool-')
                and os.path.exists(f'/tmp/{name}/pipe')
                and os.stat(f'/tmp/{name}/pipe').st_mtime > begun], 'pipes are left')


def check_process_ended_by_signal(command, program, place):
    """SIGINT ends the recording, and what was in the process's buffer is not lost."""
    trace = os.path.join(place, 'signal.trace.zst')
    child = start(program, 'forever')
    try:
        with subprocess.Popen([command, 'record', '-o', trace, str(child.pid)],
                              stderr=subprocess.PIPE, text=True) as recorder:
            time.sleep(1)
            recorder.send_signal(signal.SIGINT)
            _, said = recorder.communicate(timeout=TIMEOUT)
            expect(recorder.returncode == 0 and ' events in ' in said, said)
        info = subprocess.run(['zstd', '-dc', trace], capture_output=True, check=False).stdout
        expect(not info or b'info end as it was ended\n' in info, 'its end is missing')
        run([command, 'record', '-q', '--seconds=0.2', '-o', trace, str(child.pid)])
        end(child)
    finally:
        child.kill()
        child.wait()


def check_process_refusals(command, program, place):
    """Processes that are not there, do not use the library, or do nothing."""
    trace = os.path.join(place, 'refused.trace.zst')
    child = start(program, 'idle')
    try:
        said = run([command, 'record', '--wait=0.3', '-o', trace, str(child.pid)], wanted_status=1)
        expect('did not answer' in said.stderr and len(lines_of(said)) == 1, said.stderr)
        child.send_signal(signal.SIGSTOP)
        run([command, 'record', '--wait=0.3', '-o', trace, str(child.pid)], wanted_status=1)
        child.send_signal(signal.SIGCONT)
        end(child)
    finally:
        child.kill()
        child.wait()
    for pid, text in ((str(os.getpid()), 'publishes nothing'),
                      (str(child.pid), 'there is no process')):
        said = run([command, 'record', '-o', trace, pid], wanted_status=1)
        expect(text in said.stderr and len(lines_of(said)) == 1, said.stderr)
    expect(not os.path.exists(trace), 'a trace of nothing')


def check_usage(command, place):
    """One line and status 2 each."""
    trace = os.path.join(place, 'usage')
    for arguments in ([], ['1'], ['-o'], ['-o', trace], ['-o', trace, '0'],
                      ['-o', trace, '1', '2'], ['-o', trace, '--'], ['-o', trace, '--seconds=0',
                                                                     '1'],
                      ['-o', trace, '--events=0', '1'], ['-o', trace, '--events=x', '1'],
                      ['-o', trace, '--from=a', '1'], ['-o', trace, '--nonsense', '1'],
                      ['-o', trace, '--from=/nonexistent'], ['-o', trace, '--wait=-1', '1']):
        said = run([command, 'record', *arguments], wanted_status=2)
        expect(len(lines_of(said)) == 1 and said.stdout == '', f'{arguments}: {said.stderr}')
    said = run([command, 'record', '-o', '/nonexistent/trace', '--', 'true'], wanted_status=1)
    expect('cannot write' in said.stderr, said.stderr)
    expect('Usage: mempool record' in run([command, 'record', '--help']).stdout, 'no help')


def main(command, program):
    """The test."""
    with tempfile.TemporaryDirectory() as place:
        check_command(command, program, place)
        check_limits(command, program, place)
        check_endings(command, program, place)
        check_late_signals(command, program, place)
        check_streams(command, program, place)
        check_usage(command, place)
        check_process(command, program, place)
        check_process_ended_by_signal(command, program, place)
        check_process_refusals(command, program, place)


if __name__ == '__main__':
    begun = time.time()
    main(*sys.argv[1:])
