# SPDX-License-Identifier: MIT
"""`mempool leaks` names the line of the source that got what is live, in programs and libraries of
all kinds; and says so where the file has changed since: lines_test.py SOURCE_DIR BUILD_DIR COMPILER
"""
import os
import re
import shlex
import shutil
import sys
import tempfile

from program import expect, find_library, run

PLUGIN = '''\
#include <mempool/account.h>
#include <stddef.h>
void plugin_run(void);
static volatile int n_calls;
/* What follows the call at once is another line's. */
static __attribute__((noinline)) void plugin_leak(void) {
    (void)mempool_malloc(777, "text"); /* here */
    n_calls++;
}
void plugin_run(void) {
    plugin_leak();
}
'''

PROGRAM = '''\
#include <mempool/observe.h>
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>
struct session { char name[500]; };
static __attribute__((noinline)) void *serve(struct mempool *sessions) {
    void *volatile session = mempool_get(sessions); /* here */
    return session;
}
int main(int argc, char **argv) {
    struct mempool *sessions = mempool_new(struct session, 0);
    for (int i = 0; i < 1000; i++) {
        void *session = serve(sessions);
        if (i != 333)
            mempool_put(session);
    }
    void *plugin = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
    void (*plugin_run)(void) = plugin ? (void (*)(void))dlsym(plugin, "plugin_run") : NULL;
    if (plugin_run)
        plugin_run();
    if (argc > 2 && unlink(argv[2]) != 0)
        return 1;
    if (argc > 1 && (!plugin_run || chdir("/") != 0))
        return 1;
    return mempool_snapshot(STDOUT_FILENO) != 0;
}
'''


def line_here(source):
    """Where the leak is, in one of the sources."""
    return [n for n, text in enumerate(source.splitlines(), 1) if '/* here */' in text][0]


class Bench:
    """A folder with sources, and what is done with them."""

    def __init__(self, place, source_dir, build_dir, compiler):
        self.place = place
        self.command = os.path.join(build_dir, 'cli', 'mempool')
        self.compiler = shlex.split(compiler)
        library = os.path.dirname(find_library(build_dir))
        self.flags = ['-I', os.path.join(source_dir, 'include'), '-L', library, '-lmempool',
                      f'-Wl,-rpath,{library}', '-Wl,--build-id']
        for name, text in (('plugin.c', PLUGIN), ('program.c', PROGRAM)):
            with open(self.path(name), 'w', encoding='utf-8') as file:
                file.write(text)

    def path(self, name):
        """A file here."""
        return os.path.join(self.place, name)

    def run(self, *command):
        """Run a program in this folder: what it prints."""
        return run(['sh', '-c', 'cd "$0" && exec "$@"', self.place, *command]).stdout

    def build(self, name, source, *flags):
        """Compile one source into a program or library."""
        self.run(*self.compiler, *flags, source, *self.flags, '-o', name)

    def snapshot(self, *command):
        """Run a program that prints a snapshot: the path of that."""
        with open(self.path('snapshot'), 'w', encoding='utf-8') as file:
            file.write(self.run(*command))
        return self.path('snapshot')

    def leaks(self, snapshot, *options, complaint=''):
        """The rows of the command, which complains so; no debug information from elsewhere."""
        ended = run([self.command, 'leaks', *options, snapshot], DEBUGINFOD_URLS='')
        expect(ended.stderr == complaint, f'complaint {ended.stderr!r}, not {complaint!r}')
        return ended.stdout.splitlines()


def expect_row(rows, first_words, place):
    """One row begins with these words and ends with this place."""
    found = [row for row in rows if row.split()[:len(first_words)] == first_words]
    expect(len(found) == 1 and re.search('  ' + place + '$', found[0]),
           f'{first_words} at {place} is not in\n' + '\n'.join(rows))


def expect_places(rows, program_place, plugin_place):
    """The two leaks of the sources above, and nothing else."""
    expect(len(rows) == 4, f'{len(rows) - 2} lines, not 2:\n' + '\n'.join(rows))
    expect_row(rows, ['500', '1', '0', 'program:struct', 'session'], program_place)
    expect_row(rows, ['777', '1', '0', 'program:text'], plugin_place)


PROGRAM_LINE = rf'serve \(program\.c:{line_here(PROGRAM)}\)'
PLUGIN_LINE = rf'plugin_leak \(plugin\.c:{line_here(PLUGIN)}\)'
TABBED = 'the\tplug-in\\ö.so'


def check_kinds(bench):
    """Programs at any address and at one of their own, and libraries by whatever name."""
    bench.build(TABBED, 'plugin.c', '-g', '-O2', '-shared', '-fPIC')
    for flags in (['-O2', '-fPIE', '-pie'], ['-O2', '-fno-pie', '-no-pie'], ['-O0'],
                  ['-O2', '-gdwarf-4']):
        bench.build('program', 'program.c', '-g', *flags)
        for plugin in (bench.path(TABBED), './' + TABBED):
            snapshot = bench.snapshot('./program', plugin)
            expect_places(bench.leaks(snapshot), PROGRAM_LINE, PLUGIN_LINE)
            expect_places(bench.leaks(snapshot, '--no-lines'), r'program\+0x[0-9a-f]+',
                          r'the\\x09plug-in\\x5cö\.so\+0x[0-9a-f]+')


def check_less(bench):
    """Without debug information, symbols; without symbols, offsets; and what is kept apart."""
    bench.build('program', 'program.c', '-g', '-O2')
    bench.build('plugin.so', 'plugin.c', '-O2', '-shared', '-fPIC')
    snapshot = bench.snapshot('./program', './plugin.so')
    symbol = r'plugin_leak\+0x[0-9a-f]+'
    expect_places(bench.leaks(snapshot), PROGRAM_LINE, symbol)
    if shutil.which('objcopy') and shutil.which('strip'):
        bench.run('objcopy', '--only-keep-debug', 'program', 'program.debug')
        bench.run('strip', 'program')
        bench.run('objcopy', '--add-gnu-debuglink=program.debug', 'program')
        expect_places(bench.leaks(snapshot), PROGRAM_LINE, symbol)
        os.remove(bench.path('program.debug'))
        expect_places(bench.leaks(snapshot), r'program\+0x[0-9a-f]+', symbol)


def check_changed(bench):
    """A file that was built anew or removed is said, once, and not looked into."""
    bench.build('plugin.so', 'plugin.c', '-g', '-O2', '-shared', '-fPIC')
    bench.build('program', 'program.c', '-g', '-O2')
    snapshot = bench.snapshot('./program', './plugin.so')
    expect_places(bench.leaks(snapshot), PROGRAM_LINE, PLUGIN_LINE)
    with open(bench.path('program.c'), 'r+', encoding='utf-8') as file:
        text = file.read()
        file.seek(0)
        file.write('\n\n' + text)
    path = bench.path('program')
    begin = f'mempool: leaks: {path}: no source lines: '
    bench.build('program', 'program.c', '-g', '-O2')
    expect_places(bench.leaks(snapshot, complaint=begin + 'has changed since the snapshot\n'),
                  r'program\+0x[0-9a-f]+', PLUGIN_LINE)
    os.remove(path)
    expect_places(bench.leaks(snapshot, complaint=begin + 'No such file or directory\n'),
                  r'program\+0x[0-9a-f]+', PLUGIN_LINE)
    # While it still runs, too.
    bench.build('program', 'program.c', '-g', '-O2')
    snapshot = bench.snapshot('./program', './plugin.so', 'program')
    expect_places(bench.leaks(snapshot, complaint=begin + 'No such file or directory\n'),
                  r'program\+0x[0-9a-f]+', PLUGIN_LINE)


def main(source_dir, build_dir, compiler):
    """The test."""
    with tempfile.TemporaryDirectory() as place:
        bench = Bench(place, source_dir, build_dir, compiler)
        check_kinds(bench)
        check_less(bench)
        check_changed(bench)


if __name__ == '__main__':
    main(*sys.argv[1:])
