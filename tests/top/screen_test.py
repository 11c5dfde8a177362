# SPDX-License-Identifier: MIT
"""The program in a terminal, by keys and by eye: screen_test.py TOP, the verb with a process that
is made up."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'system'))
from program import expect, fail  # pylint: disable=wrong-import-position

SKIPPED = 77
PATIENCE_S = 30


class Terminal:
    """A window of a tmux server of its own, with a shell in it, that programs are typed into."""

    def __init__(self, place, width=80, height=24, locale='C.UTF-8'):
        self.socket = os.path.join(place, 'socket')
        self.env = {'PATH': os.environ['PATH'], 'HOME': place, 'LC_ALL': locale,
                    'TERM': 'screen', 'SHELL': '/bin/sh', 'PS1': 'ready$ '}
        flags = ['-u'] if 'UTF' in locale else []
        self.tmux('-f', '/dev/null', *flags, 'new-session', '-d', '-c', place, '-x', str(width),
                  '-y', str(height), 'exec /bin/sh')
        self.wait_for(r'ready\$')

    def tmux(self, *words):
        """One command for the server; what it prints."""
        ended = subprocess.run(['tmux', '-S', self.socket, *words], capture_output=True, text=True,
                               check=False, timeout=60, env=self.env)
        expect(ended.returncode == 0, f'tmux {words}: {ended.stderr}')
        return ended.stdout

    def keys(self, *keys):
        """Press keys, by tmux's names."""
        self.tmux('send-keys', *keys)

    def text(self, with_attributes=False):
        """What the window shows."""
        return self.tmux('capture-pane', '-p', *(['-e'] if with_attributes else []))

    def wait_for(self, pattern, absent=False):
        """Until the window shows what the pattern tells, or does not any more."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            shown = self.text()
            if (re.search(pattern, shown, re.M) is None) == absent:
                return shown
            time.sleep(0.05)
        return fail(f'{"still there" if absent else "not there"}: {pattern}, in:\n{self.text()}')

    def resize(self, width, height):
        """Give the window another size."""
        self.tmux('resize-window', '-x', str(width), '-y', str(height))

    def modes(self):
        """What the shell's terminal is set to."""
        self.keys('clear; stty -g > modes; echo done', 'Enter')
        self.wait_for('^done')
        with open(os.path.join(self.env['HOME'], 'modes'), encoding='ascii') as file:
            return file.read()

    def close(self):
        """End the server, with all in it."""
        self.tmux('kill-server')


def start(terminal, *words, **env):
    """Type the program's command line, and wait for its screen."""
    settings = ' '.join(f'{name}={value}' for name, value in env.items())
    terminal.keys('clear', 'Enter')
    terminal.keys('-l', f'{settings} {" ".join(words)}; echo "status=$?"')
    terminal.keys('Enter')
    terminal.wait_for('NAME')


def views(terminal, top):
    """All views, sorting, filter, detail, help, pause; then q."""
    before = terminal.modes()
    start(terminal, top, '--every=100ms', str(os.getpid()), TOP_FAKE_MISUSES=3)
    shown = terminal.wait_for('part1:pool1 .*[+]')
    lines = shown.splitlines()
    expect(lines[0].startswith(f'fake (pid {os.getpid()})'), shown)
    expect('MISUSE 3  double-put 3' in lines[1], shown)
    expect(lines[2].startswith('resident 50.0MiB'), shown)
    expect(re.match(r'live +[▁-█]+ .* in ', lines[3]), shown)
    expect('1 Pools' in lines[4] and '5 Threads' in lines[4], shown)
    expect('▼BYTES' in lines[5] and 'SHARE' in lines[5], shown)
    expect(lines[23].startswith('q quit') and len(lines) == 24, shown)
    terminal.keys('Tab')
    terminal.wait_for(r'^  storage')
    terminal.keys('3')
    terminal.wait_for(r'^network:type3')
    terminal.keys('4')
    terminal.wait_for(r'function0[+]0x12 .* 12 ')
    terminal.keys('5')
    terminal.wait_for(r'^worker2 +1002 ')
    terminal.keys('1')
    terminal.keys('n')
    terminal.wait_for('^NAME▲')
    terminal.keys('r')
    terminal.wait_for('^part3:pool7')
    terminal.keys('/')
    terminal.keys('-l', 'pool1')
    terminal.wait_for('/pool1_')
    terminal.wait_for('part3:pool7', absent=True)
    terminal.keys('Enter')
    terminal.wait_for('/pool1$')
    terminal.keys('Down', 'Enter')
    shown = terminal.wait_for('^pool part3:pool15')
    expect('live (hot)' in shown and 'in the depot' in shown, shown)
    terminal.keys('End')
    shown = terminal.wait_for(r'^Call sites')
    expect('none' in shown, shown)
    terminal.keys('Escape')
    terminal.wait_for('^NAME')
    terminal.keys('?')
    terminal.wait_for('Columns of Pools')
    terminal.keys('Escape', 'Escape')
    terminal.wait_for('^part3:pool7')
    terminal.keys('p')
    terminal.wait_for('PAUSED')
    one = terminal.text()
    time.sleep(0.5)
    expect(terminal.text() == one, f'goes on while paused:\n{one}\n{terminal.text()}')
    terminal.keys('+', 'Space')
    terminal.wait_for('every 0.2s|every 200ms')
    terminal.keys('q')
    terminal.wait_for('^status=0')
    terminal.wait_for('NAME', absent=True)
    expect(terminal.modes() == before, 'the terminal is not as before')


def sizes(terminal, top):
    """Windows of all sizes, changed while it runs."""
    start(terminal, top, '--every=100ms', str(os.getpid()))
    for width, height in ((120, 40), (40, 10), (60, 14), (200, 50), (80, 24)):
        terminal.resize(width, height)
        # The window is full from the first line to the last, whatever the height.
        shown = terminal.wait_for(r'\A(?=fake)(?=(?s:.*part1:pool1 .*))(?:.*\n){%d}.*q quit'
                                  % (height - 1))
        terminal.wait_for('SHARE', absent=width < 80)
        terminal.wait_for('TREND', absent=width < 100)
        expect(len(shown.splitlines()) == height, f'{width}x{height}:\n{shown}')
    terminal.resize(20, 5)
    terminal.wait_for('needs 40x8')
    terminal.resize(80, 24)
    terminal.wait_for('SHARE')
    terminal.keys('q')
    terminal.wait_for('^status=0')


def signals(terminal, top):
    """A signal ends it as q does; a crash leaves the terminal whole, too."""
    before = terminal.modes()
    for number, status in ((signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGABRT, 134)):
        start(terminal, f'sh -c \'echo $$ > pid; exec "$0" "$@"\' {top}', '--every=100ms',
              str(os.getpid()))
        with open(os.path.join(terminal.env['HOME'], 'pid'), encoding='ascii') as file:
            os.kill(int(file.read()), number)
        terminal.wait_for(f'status={status}')
        flags = terminal.tmux('display-message', '-p', '#{alternate_on} #{cursor_flag}').strip()
        expect(flags == '0 1', f'alternate screen and cursor after {number.name}: {flags}')
        expect(terminal.modes() == before, f'the terminal is not as before, after {number.name}')
    start(terminal, top, str(os.getpid()))
    terminal.keys('C-c')
    terminal.wait_for('^status=0')
    start(terminal, top, str(os.getpid()))
    terminal.keys('C-z')
    terminal.wait_for(r'ready\$')
    terminal.keys('-l', 'clear; fg; echo "status=$?"')
    terminal.keys('Enter')
    terminal.wait_for('SHARE')
    terminal.keys('q')
    terminal.wait_for('^status=0')


def end_of_process(terminal, top):
    """The last look stays, or the program ends, too."""
    for flag in ('', '--exit-with-process'):
        with subprocess.Popen(['sleep', '60']) as victim:
            start(terminal, top, '--every=100ms', flag, str(victim.pid))
            victim.kill()
            victim.wait()
        if not flag:
            shown = terminal.wait_for('The process has ended')
            expect('part1:pool1' in shown and 'ENDED' in shown, shown)
            terminal.keys('2')
            terminal.wait_for('^  storage')
            terminal.keys('q')
        terminal.wait_for('^status=0')
        terminal.wait_for(f'fake .pid {victim.pid}. has ended')
    start(terminal, top, '--every=100ms', str(os.getpid()), TOP_FAKE_TAKES=2)
    terminal.wait_for('Cannot read: the fake has nothing to say')
    terminal.keys('q')
    terminal.wait_for('^status=0')


def colours(terminal, top):
    """Only where they are wanted."""
    for env, wanted in (({}, True), ({'NO_COLOR': 1}, False), ({'TERM': 'vt100'}, False)):
        start(terminal, top, str(os.getpid()), **env)
        shown = terminal.text(with_attributes=True)
        has_colours = re.search(r'\x1b\[[0-9;]*(?:3[0-7]|4[0-7])[;m]', shown) is not None
        expect(has_colours == wanted, f'colours with {env}: {has_colours}\n{shown}')
        terminal.keys('q')
        terminal.wait_for('^status=0')
    terminal.keys('-l', f'TERM=no-such {top} {os.getpid()}')
    terminal.keys('Enter')
    terminal.wait_for("no terminal that can show it .TERM is 'no-such'.")


def many_pools(terminal, top):
    """10,000 pools: the processor time that it takes, all looks and drawing included."""
    start(terminal, f'sh -c \'echo $$ > pid; exec "$0" "$@"\' {top}', '--every=1s',
          str(os.getpid()), TOP_FAKE_POOLS=10000)
    with open(os.path.join(terminal.env['HOME'], 'pid'), encoding='ascii') as file:
        stat = f'/proc/{int(file.read())}/stat'

    def cpu_s():
        with open(stat, encoding='utf-8') as file:
            fields = file.read().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')
    before, start_s = cpu_s(), time.monotonic()
    time.sleep(5)
    used = (cpu_s() - before) / (time.monotonic() - start_s)
    print(f'10,000 pools: {used * 1000:.0f} ms of processor time a second')
    # Making the snapshot up is a part of it.
    expect(used < 0.1, f'takes {used} of a processor')
    terminal.keys('End')
    terminal.wait_for('part3:pool9999')
    terminal.keys('q')
    terminal.wait_for('^status=0')


def ascii_only(top):
    """Where the locale has no more than ASCII."""
    with tempfile.TemporaryDirectory() as place:
        terminal = Terminal(place, locale='C')
        try:
            start(terminal, top, '--every=100ms', str(os.getpid()))
            shown = terminal.wait_for('part1:pool1 .*[+]')
            expect(shown.isascii() and 'vBYTES' in shown, shown)
            expect(re.search(r'^live +[_.:=+*#-]+ ', shown, re.M), shown)
            terminal.keys('q')
            terminal.wait_for('^status=0')
        finally:
            terminal.close()


def closed(top):
    """The terminal goes away, and no signal says so: the program ends all the same."""
    master, slave = os.openpty()
    env = dict(os.environ, TERM='xterm')
    with subprocess.Popen([top, '--every=100ms', str(os.getpid())], stdin=slave, stdout=slave,
                          stderr=slave, env=env) as process:
        try:
            os.close(slave)
            expect(os.read(master, 1), 'nothing shown')
            time.sleep(0.5)
            os.close(master)
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            fail('it goes on without a terminal')
        finally:
            process.kill()


def main(top):
    """The test."""
    top = os.path.abspath(top)  # the shell in the terminal is elsewhere
    closed(top)
    if not shutil.which('tmux'):
        print('skipped: tmux is not installed')
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as place:
        terminal = Terminal(place)
        try:
            for part in (views, sizes, signals, end_of_process, colours, many_pools):
                part(terminal, top)
                print(f'{part.__name__}: as it should be')
        finally:
            terminal.close()
    ascii_only(top)


if __name__ == '__main__':
    main(*sys.argv[1:])
