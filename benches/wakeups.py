"""Wake-ups and system calls of transfers over a slow link. Run by wakeups.sh, which starts the servers and the link."""

import collections
import glob
import os
import re
import sys
import tempfile

import report
from link import CLIENT_PREFIX, LINKS, TIMEOUT, LinkVariant, check_emulator, use
from runs import BUILD, CA, FILES, NGINX_TLS, SINK_TLS, WORK, RunFailed, numbers, run_lines

LINK = next(link for link in LINKS if link.name == "3G")
# Wake-ups a second.
LISTENED_LIMIT, UNHEARD_LIMIT = 10, 2
# The end of a chunked body is unknown, so its bytes may only gather for a small part of the time since its beginning.
CHUNKED_LIMIT = 20
# Long enough that the start and the end of a transfer matter little.
DOWN = ["download", "--url", f"{NGINX_TLS}/4MiB", "--ca", CA]
CHUNKED = ["download", "--url", f"{NGINX_TLS}/chunked/4MiB", "--ca", CA]
UP = ["upload", "--url", f"{SINK_TLS}/sink", "--file", f"{FILES}/1MiB", "--ca", CA]
# `name(arguments) = result`. Each thread has its own file, so calls are not interrupted by those of other threads.
CALL = re.compile(r"^(\w+)\((.*)\)\s+= (-?\w+)(?: (E\w+))?")
# The argument before the flags is the length to send.
SENDTO = re.compile(r", (\d+), \w+(?:\|\w+)*, NULL, 0$")
SENDS = ("send", "sendto", "sendmsg", "sendmmsg", "write", "writev")


class Run:
    """One program, with or without a progress callback."""

    def __init__(self, name, program, *arguments):
        self.name, self.program, self.arguments = name, program, arguments
        self.wakeups, self.calls = None, collections.Counter()
        # `blocked`: sends that found no room. `known`: those that directly followed a partial send.
        self.blocked, self.known = 0, 0

    def measure(self):
        """Measures the wake-ups of one run, then the system calls of another, which strace slows down."""
        variant = LinkVariant(LINK, self.program, *self.arguments)
        variant.run()
        self.wakeups = variant.median("waits") / variant.median("wall_s")
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
        is_full = False
        for call in filter(None, map(CALL.match, lines)):
            name, arguments, result, error = call.groups()
            self.calls[name] += 1
            if name in SENDS and error == "EAGAIN":
                self.blocked += 1
                self.known += is_full
            given = SENDTO.search(arguments) if name == "sendto" else None
            is_full = given is not None and error is None and int(result) < int(given[1])


def transfers():
    """All runs: down and up, with and without a progress callback, for the library and libcurl."""
    for what, arguments in (("4 MiB down", DOWN), ("4 MiB chunked down", CHUNKED), ("1 MiB up", UP)):
        for heard, limit in (("progress", LISTENED_LIMIT), ("no progress", UNHEARD_LIMIT)):
            limit = CHUNKED_LIMIT if arguments is CHUNKED else limit
            ours = [] if heard == "progress" else ["--no-progress"]
            curl = ["--progress"] if heard == "progress" else []
            name = f"{what}, {heard}"
            yield Run(name, "bench_wxt", *arguments, *ours), Run(name, "bench_curl", *arguments, *curl), limit


def print_calls(ours, curl):
    """Prints the system calls of both by name."""
    print(f"\n{ours.name}: system calls          ours  libcurl")
    for name in sorted(ours.calls | curl.calls, key=lambda name: -max(ours.calls[name], curl.calls[name])):
        if max(ours.calls[name], curl.calls[name]) >= 10 or name == "sched_yield":
            print(f"  {name:<34} {ours.calls[name]:>8} {curl.calls[name]:>8}")
    print(f"  {'all':<34} {ours.calls.total():>8} {curl.calls.total():>8}")
    print(f"  {'sends that would block':<34} {ours.blocked:>8} {curl.blocked:>8}")
    print(f"  {'of them, known to block':<34} {ours.known:>8} {curl.known:>8}")
    print(f"  {'wake-ups a second':<34} {ours.wakeups:>8.1f} {curl.wakeups:>8.1f}\n", flush=True)


def measure():
    """Measures all runs and returns their goals, in order."""
    goals = []
    for ours, curl, limit in transfers():
        ours.measure()
        curl.measure()
        print_calls(ours, curl)
        goals += [
            report.Goal.judge(f"{ours.name}: wake-ups", ours.wakeups, limit, "a second"),
            # One when a task has ended, and one when the session is closed.
            report.Goal.judge(f"{ours.name}: sched_yield", ours.calls["sched_yield"], 2, "calls"),
            report.Goal.judge(f"{ours.name}: sends known to block", ours.known, 0, "calls"),
        ]
    use(LINK, 0)
    idle = ["idle", "--url", f"{NGINX_TLS}/1KiB", "--ca", CA, "--count", "1"]
    waits = numbers(run_lines("bench_wxt", idle, prefix=CLIENT_PREFIX)[-1])["waits"]
    goals.append(report.Goal.judge("an idle session: wake-ups in three seconds", waits, 0))
    return goals


def main():
    """Measures, and compares the numbers with their goals."""
    if len(sys.argv) > 1:
        print("usage: benches/wakeups.sh", file=sys.stderr)
        return 2
    print(LINK.describe())
    try:
        check_emulator()
        goals = measure()
    except RunFailed as error:
        print(error, file=sys.stderr)
        return 1
    for goal in goals:
        print(goal.line())
    missed = sum(not goal.ok for goal in goals)
    print(f"{len(goals)} goals, {missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
