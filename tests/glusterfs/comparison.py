# SPDX-License-Identifier: MIT
"""The same load with and without the library: pairs of runs, each on a new cluster, in turns.

What else the machine does changes figures from minute to minute. So a ratio is of two runs that
follow each other, every other pair begins with the library, and the median of the ratios counts.
"""
import os
import statistics
import time

import cluster
import load
import processor
import report as reporting

FIO_SECONDS = 20
MEGA = 1 << 20


def memory(pid):
    """(resident now, at its peak), in bytes."""
    with open(f'/proc/{pid}/status', encoding='utf-8') as file:
        values = dict(line.split(':', 1) for line in file)
    return tuple(int(values[key].split()[0]) * 1024 for key in ('VmRSS', 'VmHWM'))


def seconds_used(pids):
    """Of the processor, by some processes together."""
    return sum(map(cluster.cpu_ticks, pids)) / os.sysconf('SC_CLK_TCK')


def mixed_load(bed, mount, client, bricks):
    """Figures of the mixed load."""
    before = seconds_used([client]), seconds_used(bricks)
    begun = time.monotonic()
    load.mixed(mount, os.path.join(bed.work, 'data', 'local-cmp'), bed.source, bed.scale)
    return {'mixed load, s': time.monotonic() - begun,
            'client, mixed load: processor s': seconds_used([client]) - before[0],
            'bricks, mixed load: processor s': seconds_used(bricks) - before[1]}


def fio_load(bed, bricks, with_perf):
    """Figures of random reads and writes of 4 KiB through gfapi."""
    sampler = None
    if with_perf:
        sampler = processor.Sampler(bricks[0], os.path.join(bed.work, 'perf'), bed.library)
    before = seconds_used(bricks)
    jobs = load.fio('cmp', bed.environment(), 'compared',
                    ['--rw=randrw', '--bs=4k', '--size=32m', '--numjobs=2', '--iodepth=8',
                     f'--runtime={FIO_SECONDS}', '--time_based'], FIO_SECONDS + 120)['jobs']
    used = seconds_used(bricks) - before
    operations = sum(job[way]['total_ios'] for job in jobs for way in ('read', 'write'))
    figures = {'fio: operations per s': sum(job[way]['iops'] for job in jobs
                                            for way in ('read', 'write')),
               'bricks, fio: processor us per operation': used * 1e6 / operations}
    if sampler:
        within, samples = sampler.stop()
        figures['brick, fio: pools and gf_ functions, % of user time'] = 100 * within / samples
        figures['brick, fio: the same, user us per operation'] = \
            within * 1e6 / processor.HERTZ / operations
    return figures


def one_run(bed, library, with_perf):
    """One cluster, loaded: its figures."""
    bed.library = library
    with bed.running('cmp', 'replica 3') as mount:
        bed.check_preloaded('cmp')
        bricks, client = bed.cluster.brick_pids('cmp'), bed.cluster.mounts['cmp'][1]
        figures = mixed_load(bed, mount, client, bricks)
        figures.update(fio_load(bed, bricks, with_perf))
        bed.wait_for_rest([client, *bricks])
        resident, peak = zip(*map(memory, bricks))
        figures['brick: resident MiB, at rest'] = statistics.mean(resident) / MEGA
        figures['brick: resident MiB, at the peak'] = statistics.mean(peak) / MEGA
        resident, peak = memory(client)
        figures['client: resident MiB, at rest'] = resident / MEGA
        figures['client: resident MiB, at the peak'] = peak / MEGA
    return figures


def rows_of(pairs):
    """Each figure as (name, median without, median with, median of ratios, least, greatest)."""
    for name in pairs[0][0]:
        without, with_it = ([run[name] for run in runs] for runs in zip(*pairs))
        ratios = sorted(b / a for a, b in zip(without, with_it) if a)
        if ratios:
            yield (name, f'{statistics.median(without):.5g}', f'{statistics.median(with_it):.5g}',
                   f'{statistics.median(ratios):.2f}', f'{ratios[0]:.2f}', f'{ratios[-1]:.2f}')


def run(bed, n_pairs):
    """All pairs, and the table."""
    library, pairs = bed.library, []
    why_no_perf = processor.why_not()
    if why_no_perf:
        bed.report.skip('shares of processor time', why_no_perf)
    for number in range(n_pairs):
        order = (None, library) if number % 2 == 0 else (library, None)
        runs = {}
        for which in order:
            bed.report.say(f'--- pair {number + 1} of {n_pairs}, '
                           f'{"with the library" if which else "GlusterFS alone"}')
            runs[which] = one_run(bed, which, why_no_perf is None)
        pairs.append((runs[None], runs[library]))
    print()
    heads = ['median of pairs', 'without', 'with', 'ratio', 'least', 'greatest']
    print('\n'.join(reporting.table(heads, list(rows_of(pairs)))))
    print(flush=True)
