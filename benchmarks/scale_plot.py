"""A bar chart of `benchmarks.scale`: the CPU cost of each read, on every data set.

Run `python -m benchmarks.scale_plot RESULTS.json PLOT.svg`.
"""

import json
import sys
from pathlib import Path
from typing import Final

from benchmarks.scale_tables import Runs

COLOURS: Final = ("#a6dba0", "#5aae61", "#1b7837")
MOST_US: Final = 12_000.0
"""The end of the scale; no read with a goal costs more."""

LEFT, WIDTH, BAR, GAP = 230, 420, 7, 6


def plot(runs: Runs) -> str:
    """Return the chart as SVG."""
    out = [_legend(runs)]
    top = 36
    reads = [read for read, row in next(iter(runs.values())).items() if row["flat"]]
    for read in reads:
        out.append(_text(LEFT - 8, top + 14, read, "end"))
        for rows, colour in zip(runs.values(), COLOURS, strict=True):
            spent = rows[read]["ours_us"] + rows[read]["postgres_us"]
            length = min(spent, MOST_US) / MOST_US * WIDTH
            out.append(_bar(LEFT, top, length, colour))
            out.append(_text(int(LEFT + length) + 4, top + BAR, f"{spent / 1000:.1f}"))
            top += BAR
        top += GAP
    size = f'width="{LEFT + WIDTH + 40}" height="{top}"'
    font = 'font-family="sans-serif" font-size="9"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>{"".join(out)}</svg>\n'


def _legend(runs: Runs) -> str:
    legend = _text(LEFT, 12, "CPU of the application and PostgreSQL for one read, ms")
    for place, (name, colour) in enumerate(zip(runs, COLOURS, strict=True)):
        x = LEFT + place * 92
        legend += _bar(x, 20, 8, colour) + _text(x + 11, 27, name)
    return legend


def _bar(x: int, y: int, length: float, colour: str) -> str:
    return f'<rect x="{x}" y="{y}" width="{length:.1f}" height="{BAR - 1}" fill="{colour}"/>'


def _text(x: int, y: int, said: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{said}</text>'


if __name__ == "__main__":
    results, file = map(Path, sys.argv[1:3])
    file.write_text(plot(json.loads(results.read_text())["sets"]))
