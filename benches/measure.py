"""Measures, and compares each number with its goal. Run by run.sh, which starts the servers."""

import argparse
import os
import subprocess
import sys

import report
from growth import growth
from library_size import size
from runs import ROOT, Reserve, RunFailed, free_memory
from sessions import abort, first_byte, idle
from transfers import downloads, medium, small, ten, uploads, verify

SECTIONS = [verify, downloads, uploads, ten, medium, small, abort, idle, first_byte, growth, size]


class Benchmark:
    """The measurements so far."""

    def __init__(self, quick):
        self.quick = quick
        self.rounds = 5 if quick else 9
        self.goals = []
        self.rows = []
        self.series = []
        self.size_table = ""
        self.reserve = None

    def hold(self, size):
        """Reserves memory for files of so many bytes and half as much again, if enough is free."""
        size = size * 3 // 2
        if (self.reserve is None or self.reserve.size < size) and size < free_memory():
            self.reserve = Reserve(size)

    def goal(self, name, measured, limit, unit="", below=False):
        """Compares a number with its goal."""
        self.goals.append(report.Goal.judge(name, measured, limit, unit, below))
        print(self.goals[-1].line(), flush=True)

    def row(self, what, ours, other, unit, command):
        """Adds a table row: the library's value, libcurl's (or None) and the command."""
        self.rows.append(report.Row(what, ours, other, unit, command))

    def memory(self, name, ours, curl, goal):
        """Adds the peak resident memory over idle, from the runs that measured the time."""
        mib = ours.largest("rss_kib") / 1024
        self.row(f"{name}, peak memory over idle", mib, curl.largest("rss_kib") / 1024, "MiB", ours.command())
        self.goal(f"memory, {name}", mib, goal, "MiB")


def main():
    """Runs the sections. A section that fails is a missed goal; the other sections still run."""
    parser = argparse.ArgumentParser(prog="benches/run.sh")
    parser.add_argument("--quick", action="store_true", help="5 runs of each, nothing is written")
    parser.add_argument("--only", help="sections of the quick run: " + ",".join(s.__name__ for s in SECTIONS))
    options = parser.parse_args()
    bench = Benchmark(options.quick or options.only is not None)
    names = [section.__name__ for section in SECTIONS]
    wanted = options.only.split(",") if options.only else names
    if not set(wanted) <= set(names):
        parser.error(f"the sections are {','.join(names)}")
    if os.getloadavg()[0] > 0.5:
        print(f"the machine is not quiet (load {os.getloadavg()[0]:.1f}): times will be off", file=sys.stderr)
    for section in SECTIONS:
        if section.__name__ not in wanted:
            continue
        try:
            section(bench)
        except (RunFailed, subprocess.CalledProcessError) as error:
            print(f"  {error}", file=sys.stderr)
            bench.goal(section.__name__.replace("_", " "), None, 0)
    if not bench.quick:
        report.write(bench, ROOT)
    missed = sum(not goal.ok for goal in bench.goals)
    print(f"{len(bench.goals)} goals, {missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
