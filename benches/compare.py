"""Compares this build with another one. Run by compare.sh, which starts the servers."""

import argparse
import statistics
import sys

from runs import CA, FILES, LARGE, MIB, NGINX_PLAIN, NGINX_TLS, SINK_PLAIN, SINK_TLS, Reserve, Variant, free_memory, interleave

# The largest accepted ratio of this build to the other one.
LIMIT = 1.03
UPLOAD = ["--file", f"{FILES}/200MiB"]
TEN = ["--count", 10, "--parallel", 10]
# Name: how often a round runs it (short runs are repeated, because a disturbance affects such a run entirely), arguments.
WORKLOADS = {
    "download-plain": (2, ["download", "--url", f"{NGINX_PLAIN}/200MiB"]),
    "download-tls": (2, ["download", "--url", f"{NGINX_TLS}/200MiB"]),
    "upload-plain": (2, ["upload", "--url", f"{SINK_PLAIN}/sink", *UPLOAD]),
    "upload-tls": (2, ["upload", "--url", f"{SINK_TLS}/sink", *UPLOAD]),
    "ten-downloads-tls": (1, ["download", "--url", f"{NGINX_TLS}/200MiB", *TEN]),
    "ten-uploads-tls": (1, ["upload", "--url", f"{SINK_TLS}/sink", *UPLOAD, *TEN]),
    "small-downloads-tls": (2, ["download", "--url", f"{NGINX_TLS}/4KiB", "--parallel", 10, "--count", 5000]),
    "medium-uploads-tls": (2, ["upload", "--url", f"{SINK_TLS}/sink", "--file", f"{FILES}/256KiB", "--parallel", 10, "--count", 800]),
    "first-byte-tls": (3, ["first-byte", "--url", f"{NGINX_TLS}/4KiB"]),
    "idle-after-small": (0, ["idle", "--url", f"{NGINX_TLS}/4KiB", "--count", 10]),
    "idle-after-16-MiB": (0, ["idle", "--url", f"{SINK_TLS}/bytes/{16 * MIB}", "--count", 10]),
}
# Key: unit, and whether it is judged. Wall times also depend on the server's core; memory has goals in measure.py.
KEYS = {"cpu_s": ("CPU s", True), "first_byte_ms": ("ms", True), "wall_s": ("wall s", False), "rss_kib": ("KiB", False)}


def ratios(key, theirs, ours):
    """One ratio for every two rounds, which run the programs in both orders: a program is faster after itself than after
    the other one. The four runs are within seconds, so a longer disturbance affects both programs."""
    for number in range(0, len(theirs), 2):
        a, b = (sum(result[key] for result in results[number : number + 2]) for results in (theirs, ours))
        if a:
            yield b / a


def compare(name, theirs, ours):
    """Prints one line per number; returns how many of the judged numbers exceed the limit."""
    over = 0
    for key, (unit, judged) in KEYS.items():
        if key not in ours.results[0]:
            continue
        ratio = statistics.median(ratios(key, theirs.results, ours.results))
        verdict = "" if not judged else "ok" if round(ratio, 2) <= LIMIT else "MISSED"
        over += verdict == "MISSED"
        print(f"{name:<20} {unit:<7} {theirs.median(key):>10.4g} {ours.median(key):>10.4g} {ratio:>7.3f} {verdict}", flush=True)
    return over


def main():
    """Runs the workloads, one after the other."""
    parser = argparse.ArgumentParser(prog="benches/compare.sh")
    parser.add_argument("other")
    parser.add_argument("rounds", nargs="?", type=int, default=10)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=", ".join(WORKLOADS))
    options = parser.parse_args()
    wanted = options.workloads or list(WORKLOADS)
    if options.rounds < 2 or options.rounds % 2:
        parser.error("the number of rounds must be even, because every second one has the opposite order")
    if not set(wanted) <= set(WORKLOADS):
        parser.error(f"the workloads are {', '.join(WORKLOADS)}")
    held = 10 * LARGE * 3 // 2
    reserve = Reserve(held) if held < free_memory() else None
    print(f"{'workload':<20} {'unit':<7} {'other':>10} {'this':>10} {'ratio':>7}")
    over = 0
    for name in wanted:
        times, arguments = WORKLOADS[name]
        theirs = Variant(f"{options.other}/bench_wxt", *arguments, "--ca", CA)
        ours = Variant("bench_wxt", *arguments, "--ca", CA)
        interleave(times * options.rounds or 1, theirs, ours)
        over += compare(name, theirs, ours)
    del reserve
    print(f"{over} over {LIMIT}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
