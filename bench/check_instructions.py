#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Count the instructions of each call with callgrind and compare with the golden numbers.

Exit status: 0 within the tolerance, 1 too many instructions, 2 wrong usage or a broken run,
77 nothing to compare (no valgrind, or no golden number for this architecture and compiler).
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

# Each row: name, mode of the program, function counted (with all it calls), tolerance in
# instructions per object. Hits never leave the thread's cache; batches of 1000 do, and their
# number is an average over both.
ROWS = [
    ("get", "pair", "mempool_get", 2.0),
    ("put", "pair", "mempool_put", 2.0),
    ("get0-64", "zeroed", "mempool_get0", 2.0),
    ("get-batch-1000", "batch", "mempool_get", 2.0),
    ("put-batch-1000", "batch", "mempool_put", 2.0),
    ("get_bulk-32", "bulk", "mempool_get_bulk", 1.0),
    ("put_bulk-32", "bulk", "mempool_put_bulk", 1.0),
    ("malloc", "block", "mempool_malloc_typed", 2.0),
    ("free", "block", "mempool_free", 2.0),
    ("malloc-batch-1000", "blocks", "mempool_malloc_typed", 2.0),
    ("free-batch-1000", "blocks", "mempool_free", 2.0),
]
# Multiples of 1000 and of 32. What both runs do alike (start, first slab, magazines that grow to
# their size) falls out of the difference.
FEW_OBJECTS, MANY_OBJECTS = 160000, 192000
# Golden numbers of another version of the same compiler say less.
OTHER_VERSION_FACTOR = 3.0


def fail(status, text):
    print(f"check_instructions: {text}", file=sys.stderr)
    sys.exit(status)


def without_debug_information(program, folder):
    """Copies of the program and its library that any valgrind can read: older ones give up on the
    debug information of newer compilers. The program's, and the environment that it needs."""
    listing = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    match = re.search(r"=> (\S*libmempool\S*)", listing)
    files = [os.path.realpath(program)] + ([match.group(1)] if match else [])
    copies = [os.path.join(folder, os.path.basename(file)) for file in files]
    for file, copy in zip(files, copies):
        stripped = subprocess.run(["strip", "--strip-debug", "-o", copy, file],
                                  capture_output=True, text=True, check=False)
        if stripped.returncode != 0:
            fail(2, f"strip {file} failed: {stripped.stderr}")
    # Preloaded, it satisfies the program's need of a library of that name, wherever that points.
    return copies[0], {**os.environ, "LD_PRELOAD": ":".join(copies[1:])}


def collected(program, environment, mode, function, objects):
    """Instructions in `function` and below, in one run of the program."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
               f"--toggle-collect={function}", program, mode, str(objects)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    match = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or not match:
        fail(2, f"{' '.join(command)} failed:\n{run.stderr}")
    return int(match.group(1))


def count(program):
    """Instructions per object, by row."""
    numbers = {}
    with tempfile.TemporaryDirectory() as folder:
        copy, environment = without_debug_information(program, folder)
        for name, mode, function, _ in ROWS:
            few = collected(copy, environment, mode, function, FEW_OBJECTS)
            many = collected(copy, environment, mode, function, MANY_OBJECTS)
            numbers[name] = (many - few) / (MANY_OBJECTS - FEW_OBJECTS)
            if numbers[name] < 1.0:
                fail(2, f"{function} was not seen by callgrind: is it not exported?")
    return numbers


def read_golden(path):
    """{(architecture, compiler, version): {row: number}}"""
    golden = {}
    if not os.path.exists(path):
        return golden
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            words = line.split("#")[0].split()
            if not words:
                continue
            try:
                golden.setdefault(tuple(words[:3]), {})[words[3]] = float(words[4])
            except (IndexError, ValueError):
                fail(2, f"{path}:{number}: not 'architecture compiler version row number'")
    return golden


def write_golden(path, golden):
    with open(path, "w", encoding="utf-8") as file:
        file.write("# SPDX-License-Identifier: MIT\n"
                   "# Instructions per object of each call, as bench/check_instructions.py counts"
                   " them.\n"
                   "# A larger number is a slower library: find out why before you update this"
                   " file.\n"
                   "# architecture compiler version row instructions\n")
        for key in sorted(golden):
            for name, *_ in ROWS:
                if name in golden[key]:
                    file.write(f"{' '.join(key)} {name} {golden[key][name]:.2f}\n")


def choose(golden, key):
    """The numbers to compare with, the factor for the tolerance, and whose numbers they are."""
    if key in golden:
        return golden[key], 1.0, key
    kin = sorted((other for other in golden if other[:2] == key[:2]), key=lambda k: int(k[2]))
    if kin:
        return golden[kin[-1]], OTHER_VERSION_FACTOR, kin[-1]
    return None, 0.0, None


def compare(numbers, wanted, factor):
    """Print the table; how many rows have too many instructions."""
    excesses = 0
    print(f"{'per object':<18} {'instructions':>12} {'golden':>8} {'tolerance':>10}")
    for name, _, _, tolerance in ROWS:
        if name not in wanted:
            fail(2, f"the golden file has no row {name}: write it anew with --update")
        verdict = ""
        if numbers[name] > wanted[name] + tolerance * factor:
            verdict = "  TOO MANY"
            excesses += 1
        elif numbers[name] < wanted[name] - tolerance * factor:
            verdict = "  fewer: --update keeps it so"
        print(f"{name:<18} {numbers[name]:12.2f} {wanted[name]:8.2f}"
              f" {tolerance * factor:10.2f}{verdict}")
    return excesses


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="the program mempool-instructions of an optimised build")
    parser.add_argument("golden", help="file of golden numbers")
    parser.add_argument("--update", action="store_true", help="write what is counted into it")
    arguments = parser.parse_args()
    if shutil.which("valgrind") is None:
        fail(77, "valgrind is not installed (Debian: apt-get install valgrind)")
    told = subprocess.run([arguments.program, "compiler"], capture_output=True, text=True,
                          check=False)
    key = tuple(told.stdout.split())
    if told.returncode != 0 or len(key) != 3:
        fail(2, f"{arguments.program} does not say how it was compiled: {told.stderr}")
    golden = read_golden(arguments.golden)
    wanted, factor, whose = choose(golden, key)
    if wanted is None and not arguments.update:
        fail(77, f"{arguments.golden} has no numbers for {' '.join(key)}; --update adds them")
    numbers = count(arguments.program)
    if arguments.update:
        golden[key] = numbers
        write_golden(arguments.golden, golden)
        wanted, factor, whose = numbers, 1.0, key
    print(f"{' '.join(key)}, golden numbers of {' '.join(whose)}")
    return 1 if compare(numbers, wanted, factor) > 0 else 0


if __name__ == "__main__":
    sys.exit(main())
