"""A bar chart of one run: the CPU cost of a request, as a multiple of the floor.

Run `python -m benchmarks.plot RESULTS.json PLOT.svg`.
"""

import json
import sys
from pathlib import Path
from typing import Final

from benchmarks.ratios import Runs, by_scenario, cpu_ratio

FLOOR: Final = "floor-waitress-2"
COLOURS: Final = {
    "shop-waitress": "#1b7837",
    "shop-granian": "#7fbf7b",
    "fastify": "#878787",
    "fastapi": "#2166ac",
    "django-ninja": "#762a83",
    "flask-seed": "#b2182b",
}
MOST: Final = 20.0
"""The end of the scale; longer bars are cut off, with their value next to them."""

LEFT, WIDTH, BAR, GAP = 130, 560, 9, 16


def plot(runs: Runs) -> str:
    """Return the chart as SVG."""
    out: list[str] = []
    top = 40
    for scenario, targets in runs.items():
        out.append(_text(LEFT - 8, top + 24, scenario, "end"))
        for name, colour in COLOURS.items():
            ratio = cpu_ratio(targets, name, FLOOR)
            if ratio is not None:
                length = min(ratio, MOST) / MOST * WIDTH
                out.append(
                    f'<rect x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR - 1}"'
                    f' fill="{colour}"/>'
                )
                out.append(_text(int(LEFT + length) + 4, top + BAR - 1, f"{ratio:.1f}"))
            top += BAR
        top += GAP
    size = f'width="{LEFT + WIDTH + 60}" height="{top}"'
    font = 'font-family="sans-serif" font-size="9"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>{_legend()}{"".join(out)}</svg>\n'
    )


def _legend() -> str:
    legend = _text(LEFT, 12, "CPU of server and PostgreSQL for one request, × the floor")
    for place, (name, colour) in enumerate(COLOURS.items()):
        x = LEFT + place * 92
        legend += f'<rect x="{x}" y="20" width="8" height="8" fill="{colour}"/>'
        legend += _text(x + 11, 28, name)
    return legend


def _text(x: int, y: int, said: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{said}</text>'


if __name__ == "__main__":
    results, file = map(Path, sys.argv[1:3])
    file.write_text(plot(by_scenario(json.loads(results.read_text())["rows"])))
