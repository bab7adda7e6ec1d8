"""Prints measurements as lines, as a Markdown table and as a plot."""

import dataclasses
import html
import os
import platform
import re
import subprocess

import growth
import transfers


@dataclasses.dataclass
class Goal:
    """A number and its limit."""

    name: str
    measured: float
    limit: float
    unit: str
    below: bool
    ok: bool

    def line(self):
        """`name measured goal ok|MISSED`"""
        measured = "failed" if self.measured is None else f"{self.measured:g}"
        return f"{self.name:<52} {measured:>8} {self.bound():>10} {self.unit:<14} {'ok' if self.ok else 'MISSED'}"

    @staticmethod
    def judge(name, measured, limit, unit="", below=False):
        """Judges the number as it is printed; `None` is a number that could not be measured."""
        rounded = None if measured is None else round(measured, 3)
        ok = rounded is not None and (rounded < limit if below else rounded <= limit)
        return Goal(name, rounded, limit, unit, below, ok)

    def bound(self):
        """The goal as text."""
        return f"{'<' if self.below else '≤'} {self.limit:g}"


@dataclasses.dataclass
class Row:
    """A table row."""

    what: str
    ours: float
    other: float
    unit: str
    command: str

    def markdown(self):
        """The row as Markdown."""
        ratio = f"{self.ours / self.other:.2f}" if self.ours is not None and self.other else ""
        cells = [self.what, number(self.ours), number(self.other), ratio, self.unit, f"`{self.command}`"]
        return "| " + " | ".join(cells) + " |"


def number(value):
    """Three significant digits."""
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def write_block(root, script, lines):
    """Replaces the script's block in docs/performance.md with the lines."""
    path = os.path.join(root, "docs", "performance.md")
    begin, end = f"<!-- begin: written by {script} -->", "<!-- end -->"
    with open(path, encoding="utf-8") as file:
        before, rest = file.read().split(begin)
    after = rest.split(end, 1)[1]
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + begin + "\n".join(["", *lines, end]) + after)


def write_plot(root, name, goals):
    """Writes the plot of goals that are ratios to libcurl into docs."""
    with open(os.path.join(root, "docs", name), "w", encoding="utf-8") as file:
        file.write(plot([goal for goal in goals if goal.unit == "of libcurl" and goal.measured is not None]))


def write(bench, root):
    """Writes the measured part of docs/performance.md and the plot."""
    write_plot(root, "performance.svg", bench.goals)
    how = (
        f"Measured on {machine()}; {bench.rounds} runs of each, {transfers.MORE_ROUNDS * bench.rounds} of a single file, "
        f"{growth.LONG_ROUNDS} of the measurements by file size. "
        "CPU and wall times are their medians. The column `other` is libcurl with its defaults, unless the row names another program."
    )
    lines = ["![The ratios to libcurl](performance.svg)", "", how, "", "| what | measured | goal | |", "|---|---|---|---|"]
    for goal in bench.goals:
        measured = "failed" if goal.measured is None else f"{goal.measured:g}"
        lines.append(f"| {goal.name} | {measured} | {goal.bound()} {goal.unit} | {'ok' if goal.ok else '**missed**'} |")
    lines += ["", "| | ours | other | ratio | unit | command |", "|---|---|---|---|---|---|"]
    lines += [row.markdown() for row in bench.rows]
    lines += ["", "The shared library for this machine, by `benches/size.sh`:", "", bench.size_table]
    write_block(root, "benches/run.sh", lines)


def machine():
    """Describes the machine in general words."""
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        found = re.search(r"model name\s*:\s*(.*)", lines.read())
    model = found[1] if found else platform.machine()
    kernel = ".".join(platform.release().split(".")[:2])
    versions = [f"Linux {kernel}", output("curl-config", "--version"), output("nginx", "-v").replace("nginx version: ", "")]
    versions.append(output("rustc", "--version").split(" (")[0])
    return f"{os.cpu_count()} cores ({model}), server and client on one each, " + ", ".join(filter(None, versions))


def output(*command):
    """The first line that a command prints; empty if the program is missing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return (done.stdout + done.stderr).strip().splitlines()[0]


def plot(goals):
    """A bar for each ratio to libcurl, with its goal."""
    left, width, bar, gap, top = 240, 420, 16, 10, 40
    scale = width / max(1.25, *(goal.measured for goal in goals)) if goals else width
    height = top + len(goals) * (bar + gap) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 70} {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{left + width + 70}" height="{height}" fill="white"/>',
        f'<text x="{left}" y="20" font-weight="bold">wxtransfer ÷ libcurl (shorter is better)</text>',
    ]
    for index, goal in enumerate(goals):
        y = top + index * (bar + gap)
        end, limit = left + goal.measured * scale, left + goal.limit * scale
        colour = "#3a7d44" if goal.ok else "#c0392b"
        parts += [
            f'<text x="{left - 8}" y="{y + 13}" text-anchor="end">{html.escape(goal.name)}</text>',
            f'<rect x="{left}" y="{y}" width="{goal.measured * scale:.1f}" height="{bar}" fill="{colour}"/>',
            f'<text x="{max(end, limit) + 6:.1f}" y="{y + 13}">{goal.measured:.2f}</text>',
            f'<line x1="{limit:.1f}" x2="{limit:.1f}" y1="{y - 3}" y2="{y + bar + 3}" stroke="black" stroke-width="2"/>',
        ]
    one = left + scale
    bottom = height - 24
    parts += [
        f'<line x1="{one:.1f}" x2="{one:.1f}" y1="{top - 8}" y2="{bottom}" stroke="#888" stroke-dasharray="4 3"/>',
        f'<text x="{one:.1f}" y="{bottom + 14}" text-anchor="middle" fill="#555">libcurl</text>',
        f'<text x="{left}" y="{bottom + 14}" fill="#555">black marks: goals</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
