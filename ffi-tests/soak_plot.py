#!/usr/bin/env python3
"""Draws the curves of soak.sh: soak_plot.py FILE.svg, with the program's lines as standard input."""

import re
import sys

LINE = re.compile(
    r"soak (\w+) (\d+) transfers (\d+) MiB ([\d.]+) s memory (\d+) KiB allocated \d+ KiB threads (\d+) descriptors (\d+)$", re.MULTILINE
)
# The name of a curve, the number of its field in the line, its unit, and the divisor of the field.
CURVES = [("memory without files", 5, "MiB", 1024), ("threads", 6, "", 1), ("descriptors", 7, "", 1)]
LEFT, WIDTH, HEIGHT, GAP, TOP = 60, 640, 110, 50, 60
BOTTOM = TOP + len(CURVES) * (HEIGHT + GAP) - GAP


def text(x, y, content, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{content}</text>'


def curve(name, values, unit, places, index):
    """One diagram: the axis from 0 to the largest value, and a line through the values."""
    bottom = TOP + index * (HEIGHT + GAP) + HEIGHT
    largest = max(values)
    points = " ".join(f"{x:.1f},{bottom - value / largest * HEIGHT:.1f}" for x, value in zip(places, values))
    return [
        text(LEFT, bottom - HEIGHT - 10, f"{name}, at most {largest:.4g} {unit}", 'font-weight="bold"'),
        f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{bottom}" y2="{bottom}" stroke="#888"/>',
        text(LEFT - 8, bottom + 4, "0", 'text-anchor="end"'),
        text(LEFT - 8, bottom - HEIGHT + 8, f"{largest:.4g}", 'text-anchor="end"'),
        f'<polyline points="{points}" fill="none" stroke="#3a7d44" stroke-width="1.5"/>',
    ]


def main():
    """Draws and writes."""
    lines = LINE.findall(sys.stdin.read())
    if not lines:
        sys.exit("no line of the soak program")
    seconds = [float(line[3]) for line in lines]
    places = [LEFT + WIDTH * second / seconds[-1] for second in seconds]
    transfers, mebibytes = lines[-1][1], int(lines[-1][2])
    marks = {line[0]: place for line, place in zip(lines, places) if line[0] in ("end", "idle", "closed")}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 30} {BOTTOM + 50}" font-family="sans-serif" font-size="13">',
        f'<rect width="{LEFT + WIDTH + 30}" height="{BOTTOM + 50}" fill="white"/>',
        text(LEFT, 20, f"{int(transfers):,} transfers and {mebibytes / 1024:.1f} GiB through one session in {seconds[-1]:.0f} s"),
    ]
    for index, (name, field, unit, divisor) in enumerate(CURVES):
        parts += curve(name, [int(line[field - 1]) / divisor for line in lines], unit, places, index)
    names = {"end": "idle", "idle": "closed"}
    for name, place in marks.items():
        if name in names:
            parts += [
                f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{TOP - 10}" y2="{BOTTOM}" stroke="#888" stroke-dasharray="4 3"/>',
                text(place, BOTTOM + 16, names[name], 'text-anchor="end" fill="#555"'),
            ]
    parts.append(text(LEFT, BOTTOM + 36, f"0 to {seconds[-1]:.0f} s", 'fill="#555"'))
    parts.append("</svg>")
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write("\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
