"""Prints the coverage of src by folder as a Markdown table, from cargo-llvm-cov's JSON report on standard input. With an argument,
writes the lines that no test runs to that file, as `path:line`."""

import json
import re
import sys
from collections import defaultdict
from pathlib import Path

SOURCES = Path("src").resolve()

# Test code, models, and code that only the fuzz targets run are not measured.
def is_test(path):
    return path.stem.endswith("_tests") or path.stem in ("fuzzing", "tests") or "tests" in path.parts or "models" in path.parts


# The tests of a file, which are its last item.
INLINE_TESTS = re.compile(r"^#\[cfg\((?:all\()?test\b.*\n(?:#.*\n)*mod tests \{$", re.MULTILINE)


def first_line_of_tests(text):
    found = INLINE_TESTS.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else sys.maxsize


# A segment: line, column, count, whether it has a count, whether a region begins, whether it is a gap. It lasts until the next one.
def line_counts(segments):
    """How often each line with code before the tests was run."""
    starting, counts, before = defaultdict(list), {}, None
    for segment in segments:
        starting[segment[0]].append(segment)
    for line in range(segments[0][0], segments[-1][0] + 1) if segments else ():
        here = starting[line]
        begun = [segment[2] for segment in here if segment[3] and segment[4] and not segment[5]]
        continued = [before[2]] if before is not None and before[3] else []
        is_left_out = bool(here) and not here[0][3] and here[0][4]
        if begun or (continued and not is_left_out):
            counts[line] = max(begun + continued)
        before = here[-1] if here else before
    return counts


def branch_counts(branches):
    """How often each branch was taken. A generic function has branches at the same place for each of its types."""
    counts = defaultdict(int)
    for branch in branches:
        place = tuple(branch[:4])
        counts[place, True] += branch[4]
        counts[place, False] += branch[5]
    return counts


def percent(covered, count):
    return f"{100 * covered / count:.1f} %" if count else "–"


report = json.load(sys.stdin)["data"][0]
folders = defaultdict(lambda: [0, 0, 0, 0])
missing = []
for file in report["files"]:
    path = Path(file["filename"])
    if SOURCES not in path.parents:
        continue
    path = path.relative_to(SOURCES)
    if is_test(path):
        continue
    end = first_line_of_tests((SOURCES / path).read_text())
    lines = [count for line, count in line_counts(file["segments"]).items() if line < end]
    branches = [count for ((line, *_), _), count in branch_counts(file["branches"]).items() if line < end]
    numbers = [sum(count > 0 for count in lines), len(lines), sum(count > 0 for count in branches), len(branches)]
    for folder in (path.parts[0], "all"):
        folders[folder] = [total + number for total, number in zip(folders[folder], numbers)]
    for line, _, count, has_count, begins, is_gap in file["segments"]:
        if line < end and has_count and begins and not is_gap and count == 0:
            missing.append(f"src/{path}:{line}")

print("| `src/` | lines | covered | branches | covered |")
print("|---|---|---|---|---|")
for folder in sorted(folders, key=lambda folder: (folder == "all", folder)):
    covered, count, branches_covered, branches = folders[folder]
    name = "**all**" if folder == "all" else f"`{folder}`"
    print(f"| {name} | {count} | {percent(covered, count)} | {branches} | {percent(branches_covered, branches)} |")
if len(sys.argv) > 1:
    Path(sys.argv[1]).write_text("".join(f"{line}\n" for line in sorted(set(missing))))
