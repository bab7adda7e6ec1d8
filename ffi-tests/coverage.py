"""Prints the coverage of src by folder as a Markdown table, from cargo-llvm-cov's JSON report on standard input. With an argument,
writes the lines that no test runs to that file, as `path:line`."""

import json
import sys
from collections import defaultdict
from pathlib import Path

SOURCES = Path("src").resolve()

# Test code, which runs itself, and what only the fuzz targets run.
def is_test(path):
    return path.stem.endswith("_tests") or path.stem in ("fuzzing", "tests") or "tests" in path.parts or "models" in path.parts


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
    lines, branches = file["summary"]["lines"], file["summary"]["branches"]
    numbers = [lines["covered"], lines["count"], branches["covered"], branches["count"]]
    for folder in (path.parts[0], "all"):
        folders[folder] = [total + number for total, number in zip(folders[folder], numbers)]
    # A segment: line, column, count, whether it has a count, whether a region begins, whether it is a gap.
    for line, _, count, has_count, begins, is_gap in file["segments"]:
        if has_count and begins and not is_gap and count == 0:
            missing.append(f"src/{path}:{line}")

print("| `src/` | lines | covered | branches | covered |")
print("|---|---|---|---|---|")
for folder in sorted(folders, key=lambda folder: (folder == "all", folder)):
    covered, count, branches_covered, branches = folders[folder]
    name = "**all**" if folder == "all" else f"`{folder}`"
    print(f"| {name} | {count} | {percent(covered, count)} | {branches} | {percent(branches_covered, branches)} |")
if len(sys.argv) > 1:
    Path(sys.argv[1]).write_text("".join(f"{line}\n" for line in sorted(set(missing))))
