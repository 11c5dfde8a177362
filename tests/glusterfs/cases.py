# SPDX-License-Identifier: MIT
"""The cases: what is done to a cluster, and when it is looked at."""
import os
import time

import cluster
import load

# Options of the client's side: with each the client gets a new graph.
SWITCHES = [('performance.write-behind', 'off'), ('performance.quick-read', 'off'),
            ('performance.io-cache', 'on'), ('performance.write-behind', 'on'),
            ('performance.stat-prefetch', 'off'), ('performance.readdir-ahead', 'on'),
            ('performance.client-io-threads', 'on'), ('performance.quick-read', 'on'),
            ('performance.open-behind', 'off'), ('performance.read-ahead', 'on'),
            ('performance.client-io-threads', 'off'), ('performance.stat-prefetch', 'on')]

GRAPH_SECONDS = 5  # for the client to use a new graph


def local_copy(bed, name):
    """Where a case keeps what is to be in its volume."""
    return os.path.join(bed.work, 'data', f'local-{name}')


def check_fio(bed, volume, scale):
    """Random reads and writes through gfapi, verified by fio itself."""
    jobs = load.fio_verified(volume, bed.environment(), scale)['jobs']
    errors = [f'job {job["jobname"]}: error {job["error"]}' for job in jobs if job['error']]
    done = sum(job[way]['total_ios'] for job in jobs for way in ('read', 'write'))
    bed.report.check(f'{volume}: fio verified what it wrote, {done} operations',
                     not errors and done, errors)


def replicate(bed):
    """Three replicas, all kinds of load."""
    with bed.running('rep', 'replica 3') as mount:
        bed.check_preloaded('rep')
        before = bed.cluster.processes('rep')
        local = local_copy(bed, 'rep')
        load.mixed(mount, local, bed.source, bed.scale)
        bed.report.say('mixed load ended')
        check_fio(bed, 'rep', bed.scale)
        bed.check_data('rep', mount, local, bricks_too=True)
        bed.check_dumps('rep')
        bed.check_running('rep', before)


def disperse(bed):
    """Three bricks, any two of which have all data."""
    with bed.running('dis', 'disperse 3 redundancy 1') as mount:
        before = bed.cluster.processes('dis')
        local = local_copy(bed, 'dis')
        load.mixed(mount, local, bed.source, bed.scale / 3)
        check_fio(bed, 'dis', bed.scale / 3)
        bed.check_data('dis', mount, local, bricks_too=False)
        bed.check_dumps('dis')
        bed.check_running('dis', before)


def graphs(bed):
    """The client's graph changes under load."""
    with bed.running('graph', 'replica 3') as mount:
        before = bed.cluster.processes('graph')
        local = local_copy(bed, 'graph')
        job = load.start(load.mixed, mount, local, bed.source, bed.scale / 3)
        bed.check_recording('graph, brick-0', bed.cluster.brick_pids('graph')[0])
        switches = SWITCHES[:max(4, int(len(SWITCHES) * min(1, bed.scale)))]
        for number, (option, value) in enumerate(switches, 1):
            bed.cluster.gluster('volume', 'set', 'graph', option, value)
            wait_for_graph(bed, mount, number)
        load.finish(job, 900)
        check_graphs(bed, mount, len(switches))
        bed.check_data('graph', mount, local, bricks_too=True)
        bed.check_dumps('graph')
        bed.check_running('graph', before)


def graphs_used(bed, mount):
    """How often the client changed its graph: it logs each. Only a next call makes it use the
    last."""
    load.in_child(60, os.listdir, mount)
    path = os.path.join(bed.work, 'log', 'client-graph.log')
    with open(path, encoding='utf-8', errors='replace') as file:
        return sum('switched to graph' in line for line in file)


def wait_for_graph(bed, mount, number):
    """A busy client passes over graphs that the next follows at once. It may take its time."""
    end = time.monotonic() + GRAPH_SECONDS
    while graphs_used(bed, mount) < number and time.monotonic() < end:
        time.sleep(0.1)


def check_graphs(bed, mount, least):
    """The client did change its graph."""
    seen = graphs_used(bed, mount)
    bed.report.check(f'the client used {seen} graphs', seen > least / 2,
                     f'{least} options were set')


def heal(bed):
    """A brick is killed, misses changes, comes back, and is healed by the daemon."""
    with bed.running('heal', 'replica 3') as mount:
        local = local_copy(bed, 'heal')
        victim = bed.cluster.brick_pids('heal')[0]
        bed.cluster.kill(victim)
        load.mixed(mount, local, bed.source, bed.scale / 3)
        bed.cluster.gluster('volume', 'start', 'heal', 'force')
        cluster.wait_for(lambda: len(bed.cluster.brick_pids('heal')) == cluster.BRICKS, 30,
                         'the killed brick runs again')
        cluster.wait_for(lambda: bed.cluster.try_gluster('volume', 'heal', 'heal'), 30,
                         'the self-heal daemon knows all bricks again')
        cluster.wait_for(lambda: is_healed(bed), 600, 'nothing is left to heal',
                         interval=2)  # the question is work for all bricks
        before = bed.cluster.processes('heal')
        bed.check_data('heal', mount, local, bricks_too=True)
        bed.check_dumps('heal')
        bed.check_running('heal', before)


def is_healed(bed):
    """Does every brick say that it has nothing to heal?"""
    text = bed.cluster.gluster('volume', 'heal', 'heal', 'info', 'summary')
    entries = [line.partition(':')[2].strip() for line in text.splitlines()
               if line.startswith('Total Number of entries:')]
    return entries == ['0'] * cluster.BRICKS


CASES = {function.__name__: function for function in (replicate, disperse, graphs, heal)}
