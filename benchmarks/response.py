"""Time of the response of many twins to many settings, cold and warm in one run: `python benchmarks/response.py [NAME ...]`.

A thousand twins and a thousand injuries, made from the typical ones. Each case runs once cold (first use in this process) and
three times warm; the best of these counts. `one by one` is the time of the same for fifty injuries, each asked for alone, over
their share of the warm time; `respond` also draws up the symptoms by day, which `respond_many` leaves out.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from recutis.injury import Injury
from recutis.posterior import Parameters
from recutis.response import Care, improve, improve_many, respond, respond_many
from recutis.response.typical import NAMES, typical
from recutis.response.wound import read_wound
from recutis.skin import build, lesion
from recutis.twins import Traits, Twins, draw

REPEATS = 3
TWINS, SETTINGS, ALONE = 1000, 1000, 50
SESSIONS = 5
AREA_CM2 = 100.0
CARE = Care(anaesthesia="topical", antiviral=True, postop_steroid=False, bleaching=False)
SKIN = build(site="cheek", age_years=46.0, phototype="III", sex="female")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A thing to time: `many` takes all injuries at once, `one` each alone."""

    name: str
    what: str
    limit_s: float
    blocks: bool
    many: Callable[[list[Injury], Twins], object]
    one: Callable[[Injury, Twins], object]


def injuries() -> list[Injury]:
    """Typical injuries in turn, each with a depth, coverage and exposure of its own."""
    found = []
    steps = np.linspace(0.5, 1.5, SETTINGS)
    for index, by in enumerate(steps):
        usual = typical(NAMES[index % len(NAMES)])
        found.append(
            replace(
                usual,
                ablation_depth_um=usual.ablation_depth_um * by,
                lesion_depth_um=usual.lesion_depth_um * by,
                coverage_fraction=min(usual.coverage_fraction * by, 1.0),
                epidermis_removed_fraction=min(usual.epidermis_removed_fraction * by, 1.0),
                vessel_ratio=tuple((d, z, ratio * by) for d, z, ratio in usual.vessel_ratio),
                pigment_ratio=usual.pigment_ratio * by,
            )
        )
    return found


def people(*, blocks: bool) -> Twins:
    """Twins of one person; with `blocks`, every parameter of the response differs from block to block, as after calibration."""
    twins = draw(Traits(age_years=46.0, sex="female", phototype="III", site="cheek"), n=TWINS)
    return replace(twins, p=_Differing(twins.block)) if blocks else twins


class _Differing(Parameters):
    """Parameters that differ by up to a hundredth between blocks."""

    def __init__(self, block: np.ndarray) -> None:
        super().__init__({})
        self._factor = 1 + 0.01 * np.sin(1.0 + block)

    def row(self, key: str) -> np.ndarray:
        """The parameter of this row, one a twin."""
        return super().row(key) * self._factor


def improvement(kind: str) -> tuple[Callable[[list[Injury], Twins], object], Callable[[Injury, Twins], object]]:
    """Improvement of one concern, of many injuries and of one."""
    target = lesion(kind, SKIN)

    def many(found: list[Injury], twins: Twins) -> object:
        return improve_many(found, target, twins, sessions=SESSIONS, interval_weeks=4)

    def one(injury: Injury, twins: Twins) -> object:
        return improve(injury, target, twins, sessions=SESSIONS, interval_weeks=4)

    return many, one


def _respond_many(found: list[Injury], twins: Twins) -> object:
    return respond_many(found, twins, CARE, area_cm2=AREA_CM2)


def _respond(injury: Injury, twins: Twins) -> object:
    return respond(injury, twins, CARE, area_cm2=AREA_CM2)


def _gain(name: str, kind: str) -> Case:
    many, one = improvement(kind)
    what = f"improvement of {kind.replace('_', ' ')} after 1 to {SESSIONS} sessions"
    return Case(name=name, what=what, limit_s=2.0, blocks=False, many=many, one=one)


CASES = {
    case.name: case
    for case in (
        Case(name="respond", what="seven clocks, pain, ten risks", limit_s=2.0, blocks=False, many=_respond_many, one=_respond),
        Case(name="blocks", what="the same, all parameters by block", limit_s=4.0, blocks=True, many=_respond_many, one=_respond),
        _gain("scars", "acne_scars"),
        _gain("spots", "age_spots"),
        _gain("veins", "facial_veins"),
        _gain("melasma", "melasma"),
    )
}  # fmt: skip


def timed(case: Case) -> tuple[float, float, float, float]:
    """Seconds of the first run, best wall and processor seconds of those that follow, and seconds of `ALONE` injuries one by one."""
    found, twins = injuries(), people(blocks=case.blocks)
    begun = time.perf_counter()
    case.many(found, twins)
    cold = time.perf_counter() - begun
    walls, processors, alone = [], [], []
    for _ in range(REPEATS):
        fresh = [replace(injury) for injury in found]  # wounds of the same injuries are kept
        wall, processor = time.perf_counter(), time.process_time()
        case.many(fresh, twins)
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
        read_wound.cache_clear()
        wall = time.perf_counter()
        for injury in found[:ALONE]:
            case.one(injury, twins)
        alone.append(time.perf_counter() - wall)
    return cold, min(walls), min(processors), min(alone)


def main(names: list[str]) -> None:
    """Print a line for each case."""
    unknown = [name for name in names if name not in CASES]
    if unknown:
        sys.exit(f"Unknown case {', '.join(unknown)}; there are {', '.join(CASES)}.")
    print(f"{TWINS} twins, {SETTINGS} settings")
    print(f"{'case':10}{'cold s':>9}{'warm s':>9}{'cpu s':>9}{'limit s':>9}{'one by one':>12}")
    for name in names or CASES:
        case = CASES[name]
        cold, warm, processor, alone = timed(case)
        ratio = alone / (warm * ALONE / SETTINGS)
        print(f"{name:10}{cold:9.2f}{warm:9.3f}{processor:9.3f}{case.limit_s:9.1f}{ratio:11.1f}x   {case.what}")


if __name__ == "__main__":
    main(sys.argv[1:])
