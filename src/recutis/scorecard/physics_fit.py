"""What the free constants of the physics were chosen from, and how the score stands when studies are left out of the choice.

A free constant is an evidence row marked as fitted; `physics_constants.csv` names the family of experiments that sets it and the
values tried. Every combination of a family's values was computed on all rows of the family, once, by
`python -m recutis.scorecard.physics_fit`,
and what was found lies in `physics_grid.csv`. From it follow, in milliseconds: which combination the rows ask for, what each
study says when its own rows are left out, and what halving cells and steps does.
"""

from __future__ import annotations

import csv
import itertools
import json
import math
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from recutis import evidence

Fields = Mapping[str, str]
GRID: Final = Path(__file__).parent / "physics_grid.csv"
CONSTANTS: Final = Path(__file__).parent / "physics_constants.csv"
_COLUMNS: Final = ("family", "fineness", "constants", "found")
_INFRARED_ERBIUM_NM: Final = (2600.0, 3500.0)  # the water band that erbium lines lie in
_TIE: Final = 0.1  # weight of being near the middle of a row against being inside it


@dataclass(frozen=True, kw_only=True)
class Constant:
    """A free number of the physics: its row, the family of experiments that sets it, its value and the values tried."""

    id: str
    family: str
    value: float
    tried: tuple[float, ...]


def family_of(fields: Fields) -> str:
    """The family of experiments with constants of its own: the table's family, ablation and microbeams parted by laser."""
    from recutis.light.lines import is_water_line

    family = fields["family"]
    try:
        wavelength = float(fields.get("wavelength_nm") or "nan")
    except ValueError:
        return family
    if family == "ablation":
        low, high = _INFRARED_ERBIUM_NM
        return "erbium" if low <= wavelength <= high else "co2"
    if family == "fractional":
        if not is_water_line(wavelength):
            return "columns"
        return "channels_erbium" if _INFRARED_ERBIUM_NM[0] <= wavelength <= _INFRARED_ERBIUM_NM[1] else "channels_co2"
    return family


@cache
def constants() -> tuple[Constant, ...]:
    """All free constants, family by family."""
    with CONSTANTS.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    return tuple(
        Constant(
            id=x["id"], family=x["family"], value=evidence.value(x["id"]), tried=tuple(float(value) for value in x["tried"].split())
        )
        for x in lines
    )  # fmt: skip


@cache
def experiments() -> tuple[evidence.Row, ...]:
    """The rows that can be fitted: quantitative ones of the packaged table, without the input PI18."""
    rows = evidence.rows("targets_physics")
    return tuple(
        row for row in rows if row.fields["tier"] != "trend" and "melanosome_threshold_temp" not in row.fields["quantity"]
    )


def families() -> tuple[str, ...]:
    """Families of the packaged experiments, in the order of the table."""
    return tuple(dict.fromkeys(family_of(row.fields) for row in experiments()))


def rows_of(family: str) -> tuple[evidence.Row, ...]:
    """The packaged experiments of a family."""
    return tuple(row for row in experiments() if family_of(row.fields) == family)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One combination of constants: the fineness of cells and steps, and what was found by row (None: not computed)."""

    family: str
    fineness: float
    constants: tuple[tuple[str, float], ...]
    found: Mapping[str, float | None]


def combinations(family: str) -> tuple[tuple[tuple[str, float], ...], ...]:
    """Every combination of the values tried for a family's constants; the shipped one first."""
    own = [x for x in constants() if x.family == family]
    shipped = tuple((x.id, x.value) for x in own)
    every = (tuple(zip((x.id for x in own), values, strict=True)) for values in itertools.product(*(x.tried for x in own)))
    return (shipped, *(x for x in every if x != shipped))


def _forget() -> None:
    """Empty what the models keep of earlier results, except photons, which depend on nothing but their own arguments."""
    from recutis.injury import skin_light

    for name, module in list(sys.modules.items()):
        if name.startswith("recutis.") and not name.startswith("recutis.evidence"):
            for item in list(vars(module).values()):
                if hasattr(item, "cache_clear") and item is not skin_light.thin_beam:
                    item.cache_clear()


def _compute(task: tuple[str, float, tuple[tuple[str, float], ...]]) -> Trial:
    from recutis.heat.resolution import set_fineness
    from recutis.injury import targets

    family, fineness, values = task
    evidence.assume(dict(values))
    _forget()
    set_fineness(fineness)
    found = {row.id: targets.compute(row.fields).value for row in rows_of(family)}
    return Trial(family=family, fineness=fineness, constants=values, found=found)


def tasks(names: Sequence[str]) -> tuple[tuple[str, float, tuple[tuple[str, float], ...]], ...]:
    """What the grid needs: all combinations at the models' own cells and steps, the shipped one also at half of them."""
    out: list[tuple[str, float, tuple[tuple[str, float], ...]]] = []
    for family in names:
        every = combinations(family)
        out.append((family, 2.0, every[0]))
        out.extend((family, 1.0, values) for values in every)
    return tuple(out)


def build(names: Sequence[str], path: Path, *, workers: int, progress: Callable[[str], None]) -> None:
    """Compute what of the grid is missing in a file and add it there, a line a combination; can be stopped and resumed.

    Lines of combinations that are no longer asked for are dropped.
    """
    wanted = tasks(names)
    kept = [x for x in read_grid(path) if x.family not in names or (x.family, x.fineness, x.constants) in set(wanted)]
    have = {(x.family, x.fineness, x.constants) for x in kept}
    _write(path, kept)
    missing = [x for x in wanted if x not in have]
    context = multiprocessing.get_context("fork")
    with context.Pool(workers) as pool:
        for number, trial in enumerate(pool.imap_unordered(_compute, missing), start=1):
            with path.open("a", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerow(_line(trial))
            progress(f"{number} of {len(missing)} combinations: {trial.family}")
    order = {task: i for i, task in enumerate(wanted)}
    everything = read_grid(path)
    others = [x for x in everything if x.family not in names]
    own = [x for x in everything if x.family in names]
    _write(path, [*others, *sorted(own, key=lambda x: order[x.family, x.fineness, x.constants])])


def _line(trial: Trial) -> tuple[str, str, str, str]:
    found = {key: None if value is None else float(f"{value:.5g}") for key, value in trial.found.items()}
    return trial.family, f"{trial.fineness:g}", json.dumps(dict(trial.constants)), json.dumps(found)


def _write(path: Path, trials: Iterable[Trial]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(_line(x) for x in trials)


def read_grid(path: Path = GRID) -> tuple[Trial, ...]:
    """All trials of a grid file; none where there is no file."""
    return tuple(_trials(path)) if path.exists() else ()


def _trials(path: Path) -> Iterator[Trial]:
    with path.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            values = tuple((key, float(value)) for key, value in json.loads(line["constants"]).items())
            yield Trial(
                family=line["family"], fineness=float(line["fineness"]), constants=values, found=json.loads(line["found"])
            )  # fmt: skip


def loss(fields: Fields, found: float | None) -> float:
    """How far a number is from a row: logarithmic distance to its range, and a tenth of that to its middle.

    A row that is not computed, or whose signs allow no ratio, counts as a factor of two off.
    """
    from recutis.injury import targets
    from recutis.scorecard.physics import ONE_SIDED, plain, target_of

    if found is None:
        return math.log(2.0)
    row = plain(fields)
    off = 0.0
    if not targets.inside(row, found):
        edges = [float(row[name]) for name in ("low", "high") if row[name]]
        value = float(row["value"]) if row["value"] else None
        if not edges and value is not None:
            spread = targets.TOLERANCE if fields["comparator"] not in ONE_SIDED else 0.0
            edges = [value * (1 - spread), value * (1 + spread)]
        ratios = [abs(math.log(found / edge)) for edge in edges if found * edge > 0]
        off = min(ratios, default=math.log(2.0))
    middle = target_of(fields)
    near = abs(math.log(found / middle)) if middle and found / middle > 0 and fields["comparator"] not in ONE_SIDED else 0.0
    return off + _TIE * near


def best(trials: Sequence[Trial], rows: Sequence[evidence.Row]) -> Trial:
    """The combination with the least loss on these rows; the first, which is the shipped one, of equals."""
    return min(trials, key=lambda x: round(sum(loss(row.fields, x.found.get(row.id)) for row in rows), 9))


@dataclass(frozen=True, kw_only=True)
class FamilyFit:
    """How a family's constants were chosen and how the choice stands.

    `shipped` is the trial with the shipped constants, None where the grid has none. `left_out` maps a row to what is found
    for it by the constants that all rows of other studies ask for. `halved` maps a row to what is found with half the cells
    and steps.
    """

    family: str
    constants: tuple[Constant, ...]
    tried: int
    shipped: Trial | None
    left_out: Mapping[str, float | None]
    halved: Mapping[str, float | None]


def study(fields: Fields) -> str:
    """The study a row comes from."""
    return fields["source"]


def family_fit(family: str, trials: Sequence[Trial]) -> FamilyFit:
    """The fit of a family from its trials."""
    rows = rows_of(family)
    own = [x for x in trials if x.family == family and x.fineness == 1.0]
    shipped_constants = combinations(family)[0]
    shipped = next((x for x in own if x.constants == shipped_constants), None)
    left_out: dict[str, float | None] = {}
    for name in dict.fromkeys(study(row.fields) for row in rows) if own else ():
        chosen = best(own, [row for row in rows if study(row.fields) != name])
        left_out |= {row.id: chosen.found.get(row.id) for row in rows if study(row.fields) == name}
    finer = next((x for x in trials if x.family == family and x.fineness == 2.0 and x.constants == shipped_constants), None)
    return FamilyFit(
        family=family, constants=tuple(x for x in constants() if x.family == family), tried=len(own), shipped=shipped,
        left_out=left_out, halved=finer.found if finer else {},
    )  # fmt: skip


@cache
def fits() -> tuple[FamilyFit, ...]:
    """The fits of all families from the shipped grid."""
    trials = read_grid()
    return tuple(family_fit(family, trials) for family in families())


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    _names = sys.argv[1:] or list(families())
    build(_names, GRID, workers=os.cpu_count() or 1, progress=_say)
