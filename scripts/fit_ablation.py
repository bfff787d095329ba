"""The few chosen numbers of wide-spot ablation over a grid: how many shared rows each choice meets, and what one row decides.

Run `python scripts/fit_ablation.py`. It prints the best choices, the median one, and for every source of rows what the best
choice without that source makes of it. Nothing is written: the choice is made by hand in `model_physics.csv`.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Mapping

from recutis import evidence
from recutis.injury import ablative, surface_injury, targets
from recutis.light import lines

GRID: Mapping[str, tuple[float, ...]] = {
    "phys_ablation_enthalpy": (1.7, 1.8, 1.9, 2.0, 2.1),
    "phys_superheat_time": (10.0, 20.0, 40.0, 80.0),
    "phys_steam_resistance": (0.5, 1.0, 2.0),
    "phys_wiped_water": (0.5, 0.65, 0.8),
}
Choice = tuple[float, ...]
Result = dict[str, tuple[bool, float]]


def rows() -> list[Mapping[str, str]]:
    """The shared rows of wide ablative beams that are numbers."""
    found = (record.fields for record in evidence.rows("targets_physics"))
    return [x for x in found if x["family"] == "ablation" and x["tier"] != "trend"]


def overridden(real: Callable[[str], float], numbers: Mapping[str, float]) -> Callable[[str], float]:
    """Evidence in which some numbers are others."""
    return lambda key: numbers[key] if key in numbers else real(key)


def off(row: Mapping[str, str], found: float) -> float:
    """Distance of a number from a row: the logarithm of its ratio to the value or to the middle of the range."""
    low, high = (float(row[x]) if row[x] else None for x in ("low", "high"))
    middle = float(row["value"]) if row["value"] else math.sqrt(low * high) if low and high else None
    one_sided = row["comparator"] in {">", ">=", "<", "<="}
    return 0.0 if middle is None or one_sided else math.log(max(found, 1e-3) / middle)


def judge(choice: Choice) -> Result:
    """Which rows a choice meets, and how far off it is."""
    lines.water_line.cache_clear()
    ablative.ablation_threshold_J_cm2.cache_clear()
    surface_injury.injury_threshold_J_cm2.cache_clear()
    real = evidence.value
    setattr(evidence, "value", overridden(real, dict(zip(GRID, choice, strict=True))))  # noqa: B010
    try:
        found = {row["id"]: (row, targets.compute(row).value) for row in rows()}
    finally:
        setattr(evidence, "value", real)  # noqa: B010
    return {
        name: (value is not None and targets.inside(row, value), off(row, value if value is not None else math.nan))
        for name, (row, value) in found.items()
    }


def score(result: Result, names: set[str]) -> tuple[int, float]:
    """Rows met, then the (negative) mean squared distance: greater is better."""
    return sum(result[x][0] for x in names), -statistics.fmean(result[x][1] ** 2 for x in names)


def main() -> None:
    """Run the grid and print it."""
    choices = list(itertools.product(*GRID.values()))
    results = {choice: judge(choice) for choice in choices}
    names = {row["id"] for row in rows()}
    order = sorted(choices, key=lambda x: score(results[x], names), reverse=True)
    print(f"{len(choices)} choices of {', '.join(GRID)}")
    for choice in order[:5]:
        missed = sorted(x for x in names if not results[choice][x][0])
        inside, distance = score(results[choice], names)
        print(f"{choice}: {inside} of {len(names)}, root mean square of ln ratio {math.sqrt(-distance):.2f}; outside {missed}")
    print("median of the grid:", statistics.median(score(results[x], names)[0] for x in choices))
    met = 0
    sources = sorted({row["source"] for row in rows()})
    for source in sources:
        own = {row["id"] for row in rows() if row["source"] == source}
        best = max(choices, key=lambda x: score(results[x], names - own))
        inside = sum(results[best][x][0] for x in own)
        met += inside
        print(f"without {source[:60]}: {best} meets {inside} of {len(own)} ({', '.join(sorted(own))})")
    print(f"leave one source out: {met} of {len(names)}")


if __name__ == "__main__":
    main()
