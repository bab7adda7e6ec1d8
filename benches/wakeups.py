"""Wake-ups and system calls of transfers over a slow link. Run by wakeups.sh, which starts the servers and the link."""

import argparse
import collections
import glob
import os
import re
import sys
import tempfile

import report
from link import CLIENT_PREFIX, LINKS, TIMEOUT, LinkVariant, check_emulator, use
from runs import CA, FILES, NGINX_TLS, ROOT, SINK_TLS, WORK, RunFailed, interleave, numbers, run_lines

LINK = next(link for link in LINKS if link.name == "3G")
# Wake-ups a second.
LISTENED_LIMIT, UNHEARD_LIMIT = 10, 2
# Runs of the library whose wake-ups are counted; their median counts.
ROUNDS = 3
# The wake-ups per MiB, recorded. A line has the name of a run and the number.
RECORDED = os.path.join(ROOT, "benches", "recorded-wakeups.txt")
# The largest accepted ratio to the recorded number. The medians of unchanged code differ by less.
GROWTH = 1.25
GROWTH_GOAL = "wake-ups per MiB"
# While an idle session has timers, it wakes when its worker ends and when its connection is closed.
TIMERS_LIMIT = 3
# Name: MiB and arguments. Long enough that the start and the end of a transfer matter little.
TRANSFERS = {
    "4 MiB down": (4, ["download", "--url", f"{NGINX_TLS}/4MiB", "--ca", CA]),
    "4 MiB chunked down": (4, ["download", "--url", f"{NGINX_TLS}/chunked/4MiB", "--ca", CA]),
    "1 MiB up": (1, ["upload", "--url", f"{SINK_TLS}/sink", "--file", f"{FILES}/1MiB", "--ca", CA]),
}
IDLE = "idle"
# `name(arguments) = result`. Each thread has its own file, so calls are not interrupted by those of other threads.
CALL = re.compile(r"^(\w+)\((.*)\)\s+= (-?\w+)(?: (E\w+))?(.*)")
# The argument before the flags is the length to send.
SENDTO = re.compile(r", (\d+), \w+(?:\|\w+)*, NULL, 0$")
SENDS = ("send", "sendto", "sendmsg", "sendmmsg", "write", "writev")
# A descriptor and its events in the result of a wait, and the events that end the knowledge that a socket is full.
REPORTED = re.compile(r"\{fd=(\d+), revents=([A-Z|]+)\}")
WRITABLE = {"POLLOUT", "POLLERR", "POLLHUP"}


class Run:
    """One program, with or without a progress callback."""

    def __init__(self, name, mebibytes, program, *arguments):
        self.name, self.mebibytes, self.program, self.arguments = name, mebibytes, program, arguments
        self.key = name.replace(",", "").replace(" ", "-")
        self.wakeups, self.per_mebibyte, self.all_waits = None, None, []
        self.calls = collections.Counter()
        # `blocked`: sends that found no room. `known`: those to a socket that was known to have no room.
        self.blocked, self.known = 0, 0

    def measure(self, rounds):
        """Measures the wake-ups of some runs, then the system calls of another one, which strace slows down."""
        variant = LinkVariant(LINK, self.program, *self.arguments)
        interleave(rounds, variant)
        self.wakeups = variant.median("waits") / variant.median("wall_s")
        self.per_mebibyte = variant.median("waits") / self.mebibytes
        self.all_waits = [int(result["waits"]) for result in variant.results]
        with tempfile.TemporaryDirectory(dir=WORK) as traces:
            use(LINK, 0)
            # If strace is killed, its program must end too.
            tracing = ["strace", "-ff", "-qq", "-o", f"{traces}/thread", "setpriv", "--pdeathsig", "KILL"]
            run_lines(self.program, self.arguments, prefix=[*CLIENT_PREFIX, *tracing], timeout=TIMEOUT)
            for path in glob.glob(f"{traces}/thread.*"):
                with open(path, encoding="utf-8", errors="replace") as lines:
                    self.count(lines)

    def count(self, lines):
        """Counts the calls of one thread, including those of the program's start."""
        full = set()
        for call in filter(None, map(CALL.match, lines)):
            name, arguments, result, error, rest = call.groups()
            self.calls[name] += 1
            descriptor = arguments.split(",", 1)[0]
            if name in SENDS:
                if error == "EAGAIN":
                    self.blocked += 1
                    self.known += descriptor in full
                given = SENDTO.search(arguments) if name == "sendto" else None
                is_partial = given is not None and error is None and int(result) < int(given[1])
                (full.add if error == "EAGAIN" or is_partial else full.discard)(descriptor)
            elif name in ("poll", "ppoll"):
                full -= {waited for waited, events in REPORTED.findall(rest) if WRITABLE & set(events.split("|"))}
            elif name in ("close", "connect"):
                # A later socket can have the same descriptor.
                full.discard(descriptor)


def transfers(wanted):
    """All runs: down and up, with and without a progress callback, for the library and libcurl."""
    for what in filter(TRANSFERS.get, wanted):
        mebibytes, arguments = TRANSFERS[what]
        for heard, limit in (("progress", LISTENED_LIMIT), ("no progress", UNHEARD_LIMIT)):
            ours = [] if heard == "progress" else ["--no-progress"]
            curl = ["--progress"] if heard == "progress" else []
            runs = (("bench_wxt", ours), ("bench_curl", curl))
            yield *(Run(f"{what}, {heard}", mebibytes, program, *arguments, *options) for program, options in runs), limit


def read_recorded():
    """The recorded wake-ups per MiB by the key of the run."""
    with open(RECORDED, encoding="ascii") as file:
        return {key: float(number) for key, number in map(str.split, file)}


def write_recorded(recorded):
    """Replaces the recorded numbers."""
    with open(RECORDED, "w", encoding="ascii") as file:
        file.writelines(f"{key} {number:g}\n" for key, number in recorded.items())


def print_calls(ours, curl):
    """Prints the system calls of both by name."""
    print(f"\n{ours.name}: system calls          ours  libcurl")
    for name in sorted(ours.calls | curl.calls, key=lambda name: -max(ours.calls[name], curl.calls[name])):
        if max(ours.calls[name], curl.calls[name]) >= 10 or name == "sched_yield":
            print(f"  {name:<34} {ours.calls[name]:>8} {curl.calls[name]:>8}")
    print(f"  {'all':<34} {ours.calls.total():>8} {curl.calls.total():>8}")
    print(f"  {'sends that would block':<34} {ours.blocked:>8} {curl.blocked:>8}")
    print(f"  {'of them, known to block':<34} {ours.known:>8} {curl.known:>8}")
    print(f"  wake-ups of the library's runs: {', '.join(map(str, ours.all_waits))}")
    print(f"  {'wake-ups per MiB':<34} {ours.per_mebibyte:>8.1f} {curl.per_mebibyte:>8.1f}")
    print(f"  {'wake-ups a second':<34} {ours.wakeups:>8.1f} {curl.wakeups:>8.1f}\n", flush=True)


def measure(wanted, recorded):
    """Measures the wanted runs and returns their goals, in order, and their wake-ups per MiB."""
    goals, counted = [], {}
    for ours, curl, limit in transfers(wanted):
        ours.measure(ROUNDS)
        curl.measure(1)
        print_calls(ours, curl)
        counted[ours.key] = ours.per_mebibyte
        before = recorded.get(ours.key)
        growth = ours.per_mebibyte / before if before else None
        goals += [
            report.Goal.judge(f"{ours.name}: {GROWTH_GOAL}", growth, GROWTH, f"of {before:g}" if before else "not recorded"),
            report.Goal.judge(f"{ours.name}: wake-ups", ours.wakeups, limit, "a second"),
            # One when a task has ended, and one when the session is closed.
            report.Goal.judge(f"{ours.name}: sched_yield", ours.calls["sched_yield"], 2, "calls"),
            report.Goal.judge(f"{ours.name}: sends known to block", ours.known, 0, "calls"),
        ]
    if IDLE in wanted:
        goals += measure_idle()
    return goals, counted


def measure_idle():
    """Measures the wake-ups of an idle session while it has timers, and afterwards."""
    use(LINK, 0)
    idle = ["idle-waits", "--url", f"{NGINX_TLS}/1KiB", "--ca", CA]
    waits = numbers(run_lines("bench_wxt", idle, prefix=CLIENT_PREFIX)[-1])
    return [
        report.Goal.judge("an idle session: wake-ups in its first 17 seconds", waits["timer_waits"], TIMERS_LIMIT),
        report.Goal.judge("an idle session: wake-ups in the next 13 seconds", waits["idle_waits"], 0),
    ]


def main():
    """Measures, and compares the numbers with their goals."""
    parser = argparse.ArgumentParser(prog="benches/wakeups.sh")
    names = [*TRANSFERS, IDLE]
    parser.add_argument("--only", metavar="NAME", choices=names, help="one of: " + ", ".join(names))
    parser.add_argument("--record", action="store_true", help="also rewrites the recorded wake-ups per MiB")
    options = parser.parse_args()
    wanted = [options.only] if options.only else names
    print(LINK.describe())
    recorded = read_recorded()
    try:
        check_emulator()
        goals, counted = measure(wanted, recorded)
    except RunFailed as error:
        print(error, file=sys.stderr)
        return 1
    for goal in goals:
        print(goal.line())
    if options.record:
        write_recorded(recorded | counted)
    missed = [goal for goal in goals if not goal.ok]
    print(f"{len(goals)} goals, {len(missed)} missed")
    if any(GROWTH_GOAL in goal.line() for goal in missed):
        return 1
    return 2 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
