"""Wall and CPU times over emulated phone links. Run by links.sh, which starts the servers and the link."""

import argparse
import dataclasses
import os
import sys

import report
from link import LINKS, LinkVariant, check_emulator, congestion_control
from runs import CA, FILES, MIB, NGINX_TLS, ROOT, SINK_TLS, RunFailed, interleave

ROUNDS = 3
QUICK_LINKS = ("Wi-Fi", "LTE")
WALL_LIMIT, CPU_LIMIT = 1.02, 0.9
# The links on which a download of 200 MiB takes less than half a minute.
FAST_LINKS = ("Wi-Fi", "5G-far")


@dataclasses.dataclass
class Workload:
    """A transfer; `file` is the name of a file of servers.sh, or empty for the link's large file."""

    name: str
    up: bool
    file: str
    count: int = 1
    parallel: int = 1

    def label(self, link):
        """The name of the workload on this link."""
        return self.name.replace("large", f"{link.large // MIB} MiB")

    def variants(self, link):
        """The library's and libcurl's run, both with a progress callback."""
        file = self.file or f"{link.large // MIB}MiB"
        where = ["--url", f"{SINK_TLS}/sink", "--file", f"{FILES}/{file}"] if self.up else ["--url", f"{NGINX_TLS}/{file}"]
        arguments = ["upload" if self.up else "download", *where, "--ca", CA]
        arguments += ["--count", self.count, "--parallel", self.parallel]
        # One after the other: a task is started when the last has ended, as libcurl's single handle does anyway.
        in_turn = ["--batch", 1] if self.parallel == 1 else []
        return LinkVariant(link, "bench_wxt", *arguments, *in_turn), LinkVariant(link, "bench_curl", *arguments, "--progress")


WORKLOADS = [
    Workload("large down", up=False, file=""),
    Workload("large up", up=True, file=""),
    Workload("20 × 256 KiB down", up=False, file="256KiB", count=20, parallel=10),
    Workload("20 × 256 KiB up", up=True, file="256KiB", count=20, parallel=10),
    Workload("10 × 1 KiB in turn", up=False, file="1KiB", count=10),
]


class Cell:
    """One workload on one link."""

    def __init__(self, workload, link):
        self.workload, self.link = workload, link
        self.ours, self.curl = workload.variants(link)
        self.goals = []

    def measure(self, rounds):
        """Runs both, alternating; if one fails, its goals are missed."""
        try:
            interleave(rounds, self.ours, self.curl)
            wall, cpu = self.ratio("wall_s"), self.ratio("cpu_s")
        except RunFailed as error:
            print(f"  {error}", file=sys.stderr)
            wall = cpu = None
        name = f"{self.link.name}, {self.workload.label(self.link)}"
        self.goals = [
            report.Goal.judge(f"{name}, wall", wall, WALL_LIMIT, "of libcurl"),
            report.Goal.judge(f"{name}, CPU", cpu, CPU_LIMIT, "of libcurl"),
        ]
        for goal in self.goals:
            print(goal.line(), flush=True)

    def ratio(self, key):
        """The library's value ÷ libcurl's."""
        return self.ours.median(key) / self.curl.median(key)

    def ratios(self):
        """`wall / CPU`; a missed goal is bold."""
        texts = ["failed" if goal.measured is None else f"{goal.measured:.3f}" for goal in self.goals]
        return " / ".join(text if goal.ok else f"**{text}**" for text, goal in zip(texts, self.goals))

    def medians(self):
        """Seconds and milliseconds of both."""
        if self.goals[0].measured is None:
            return "failed"
        values = [f"{v.median('wall_s'):.2f} s, {v.median('cpu_s') * 1e3:.1f} ms" for v in (self.ours, self.curl)]
        return "; ".join(values)


class FirstByte:
    """A new session's first download on one link, from the request to the answer's first byte."""

    VARIANTS = ("without preparation", "prepared", "libcurl")
    # Without a connection in advance, TCP and TLS 1.3 take one round trip each before the request.
    SAVED = 2
    # The link's delay varies, and a handshake takes time.
    TOLERANCE = 0.1

    def __init__(self, link):
        self.link = link
        arguments = ["first-byte", "--url", f"{NGINX_TLS}/1KiB", "--ca", CA]
        without, prepared = LinkVariant(link, "bench_wxt", *arguments), LinkVariant(link, "bench_wxt", *arguments, "--prepare")
        self.variants = [without, prepared, LinkVariant(link, "bench_curl", *arguments)]
        self.goals = []

    def measure(self, rounds):
        """Runs all, alternating. The goal is in round trips of the link without its jitter."""
        measured, limit = None, self.SAVED
        try:
            interleave(rounds, *self.variants)
            without, measured = (variant.median("request_ms") / (2 * self.link.delay_ms) for variant in self.variants[:2])
            limit = round(without - self.SAVED + self.TOLERANCE, 3)
        except RunFailed as error:
            print(f"  {error}", file=sys.stderr)
        self.goals = [report.Goal.judge(f"{self.link.name}, first byte, prepared", measured, limit, "round trips")]
        print(self.goals[0].line(), flush=True)

    def text(self, variant):
        """The milliseconds of a variant; bold if its goal is missed."""
        if len(variant.results) == 0:
            return "failed"
        text = f"{variant.median('request_ms'):.0f} ms"
        return text if variant is not self.variants[1] or self.goals[0].ok else f"**{text}**"


class DigestCost:
    """A download of 200 MiB whose SHA-256 the library computes, and one without, on one link."""

    VARIANTS = ("with SHA-256", "without")
    WALL_LIMIT = 1.01

    def __init__(self, link):
        self.link = link
        arguments = ["download", "--url", f"{NGINX_TLS}/200MiB", "--ca", CA]
        self.variants = [LinkVariant(link, "bench_wxt", *arguments, *flags) for flags in (["--sha256"], [])]
        self.goals = []

    def measure(self, rounds):
        """Runs both, alternating."""
        measured = None
        try:
            interleave(rounds, *self.variants)
            with_digest, without = (variant.median("wall_s") for variant in self.variants)
            measured = with_digest / without
        except RunFailed as error:
            print(f"  {error}", file=sys.stderr)
        self.goals = [report.Goal.judge(f"{self.link.name}, 200 MiB down with SHA-256, wall", measured, self.WALL_LIMIT, "of that without")]
        print(self.goals[0].line(), flush=True)

    def text(self, variant):
        """Wall and CPU time of a variant."""
        if self.goals[0].measured is None:
            return "failed"
        return f"{variant.median('wall_s'):.2f} s, {variant.median('cpu_s'):.2f} s"

    def ratio(self):
        """A missed goal is bold."""
        measured = self.goals[0].measured
        text = "failed" if measured is None else f"{measured:.3f}"
        return text if self.goals[0].ok else f"**{text}**"


def digest_table(costs):
    """A table with one row per variant, and their ratios, and one column per link."""
    lines = ["| | " + " | ".join(cost.link.name for cost in costs) + " |", "|---" * (len(costs) + 1) + "|"]
    for index, name in enumerate(DigestCost.VARIANTS):
        lines.append(f"| {name} | " + " | ".join(cost.text(cost.variants[index]) for cost in costs) + " |")
    lines.append("| ratio of the wall times | " + " | ".join(cost.ratio() for cost in costs) + " |")
    return lines


def first_byte_table(cells):
    """A table with one row per variant and one column per link."""
    lines = ["| | " + " | ".join(cell.link.name for cell in cells) + " |", "|---" * (len(cells) + 1) + "|"]
    for index, name in enumerate(FirstByte.VARIANTS):
        lines.append(f"| {name} | " + " | ".join(cell.text(cell.variants[index]) for cell in cells) + " |")
    return lines


def table(cells, text_of):
    """A table with one row per workload and one column per link."""
    links = list(dict.fromkeys(cell.link.name for cell in cells))
    lines = ["| | " + " | ".join(links) + " |", "|---" * (len(links) + 1) + "|"]
    for workload in WORKLOADS:
        row = [text_of(cell) for cell in cells if cell.workload is workload]
        lines.append(f"| {workload.name} | " + " | ".join(row) + " |")
    return lines


def write(cells, first_bytes, digest_costs, rounds):
    """Writes the block of docs/performance.md, and the plot."""
    report.write_plot(ROOT, "links.svg", [goal for cell in cells for goal in cell.goals])
    lines = [
        "![The ratios to libcurl over links](links.svg)",
        "",
        f"Measured on {report.machine()}, congestion control {congestion_control()}; medians of {rounds} runs. "
        "The 20 transfers are ten at once.",
        "",
        *[f"- {link.describe()}; large is {link.large // MIB} MiB" for link in LINKS],
        "",
        f"Ours ÷ libcurl, wall / CPU; goals: wall ≤ {WALL_LIMIT}, CPU ≤ {CPU_LIMIT}; missed goals are bold.",
        "",
        *table(cells, Cell.ratios),
        "",
        "Wall and CPU time, ours; libcurl's:",
        "",
        *table(cells, Cell.medians),
        "",
        f"From a new session's first request (1 KiB) to the first byte of the answer; goal: {FirstByte.SAVED} round trips less with "
        "`wxt_session_prepare`:",
        "",
        *first_byte_table(first_bytes),
        "",
        f"A download of 200 MiB with `want_sha256` and one without, wall and CPU time; goal: wall ≤ {DigestCost.WALL_LIMIT}:",
        "",
        *digest_table(digest_costs),
        "",
    ]
    report.write_block(ROOT, "benches/links.sh", lines)


def main():
    """Measures and prints; a full run also writes the results."""
    parser = argparse.ArgumentParser(prog="benches/links.sh")
    names = [link.name for link in LINKS]
    parser.add_argument("--quick", action="store_true", help=f"one run of each, on {' and '.join(QUICK_LINKS)}")
    parser.add_argument("--only", metavar="LINK", choices=names, help="one link: " + ", ".join(names))
    options = parser.parse_args()
    wanted = [options.only] if options.only else QUICK_LINKS if options.quick else names
    rounds = 1 if options.quick else ROUNDS
    if os.getloadavg()[0] > 0.5:
        print(f"the machine is not quiet (load {os.getloadavg()[0]:.1f}): times will be off", file=sys.stderr)
    try:
        check_emulator()
    except RunFailed as error:
        print(error, file=sys.stderr)
        return 1
    cells = [Cell(workload, link) for link in LINKS if link.name in wanted for workload in WORKLOADS]
    first_bytes = [FirstByte(link) for link in LINKS if link.name in wanted]
    digest_costs = [DigestCost(link) for link in LINKS if link.name in wanted and link.name in FAST_LINKS]
    measurements = [*cells, *first_bytes, *digest_costs]
    for measurement in measurements:
        measurement.measure(rounds)
    print(f"\nours ÷ libcurl, wall / CPU; goals: wall ≤ {WALL_LIMIT}, CPU ≤ {CPU_LIMIT}; congestion control {congestion_control()}\n")
    print("\n".join(table(cells, Cell.ratios)))
    print("\nfrom the first request to the first byte:\n")
    print("\n".join(first_byte_table(first_bytes)))
    if digest_costs:
        print("\n200 MiB down, with SHA-256 and without:\n")
        print("\n".join(digest_table(digest_costs)))
    if not options.quick and not options.only:
        write(cells, first_bytes, digest_costs, rounds)
    goals = [goal for measurement in measurements for goal in measurement.goals]
    missed = sum(not goal.ok for goal in goals)
    print(f"\n{len(goals)} goals, {missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
