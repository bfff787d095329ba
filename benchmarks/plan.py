"""The planner: evaluations a second, time to a plan, a moved limit, and the front against exhaustive search: `python benchmarks/plan.py`.

Parts can be named: `python benchmarks/plan.py rate patients limit front`. Machines are noisy: read the ratios, not the seconds.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from pymoo.indicators.hv import HV

from recutis.laser import Clinic, candidates, device
from recutis.patient import read_patient, screen
from recutis.plan.courses import objectives
from recutis.plan.explore import Explored, explore
from recutis.plan.planner import Request, plan_course
from recutis.plan.write import write_plan
from recutis.report import write_report

EXAMPLES = Path(__file__).parent.parent / "examples" / "patients"
REPEATS = 3
REDUCED = {
    "acne-scars": ("Fraxel re:store", "UltraPulse DeepFX"),
    "lines-and-age-spots": ("Fraxel DUAL 1927", "PicoWay 532"),
    "facial-veins": ("Candela Vbeam Perfecta", "excel V 532"),
}
FINE = (13, 9)  # doses and densities of the exhaustive search: about as fine as panels are


def explored(name: str, devices: tuple[str, ...] = ()) -> Explored:
    """All courses of an example patient, in a clinic with these devices or with the whole catalogue."""
    patient = read_patient(EXAMPLES / f"{name}.yaml")
    clinic = Clinic(devices=tuple(device(one) for one in devices)) if devices else None
    return explore(Request(patient=patient, clinic=clinic), screen(patient))


def rate() -> None:
    """Settings x twins evaluated a second by the search, injuries known: improvement, healing, pain and every harm of each."""
    one = explored("lines-and-age-spots")
    looked, _ = one.search.run(one.devices)
    best = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        tables = one.search.tables([(number, item, None) for number, item in enumerate(looked)])
        best = min(best, time.perf_counter() - start)
    count = sum(len(table.settings) * table.place.twins.n for each in tables for table in each.tables.values())
    print(f"evaluations: {count} (setting x twin) in {best:.2f} s, {count / best / 1e6:.2f} million a second")


def patients() -> None:
    """Time to plan and to write, first and later plans of this process."""
    print(f"{'patient':24} {'courses':>8} {'first s':>8} {'plan s':>8} {'files s':>8}")
    for path in sorted(EXAMPLES.glob("*.yaml")):
        planning, writing, courses = [], [], 0
        for _ in range(REPEATS + 1):
            start = time.perf_counter()
            made = plan_course(Request(patient=read_patient(path)))
            middle = time.perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                write_plan(made, Path(folder) / "plan", report=write_report)
            planning.append(middle - start)
            writing.append(time.perf_counter() - middle)
            courses = made.provenance.candidates
        later, files = statistics.median(planning[1:]), statistics.median(writing[1:])
        print(f"{path.stem:24} {courses:8d} {planning[0]:8.2f} {later:8.2f} {files:8.2f}")


def limit() -> None:
    """Time of an answer when a limit is moved: best course, its kinds, what each limit removes."""
    one = explored("lines-and-age-spots")
    found, times = one.landscape, []
    for days in np.linspace(1.0, 12.0, 23):
        start = time.perf_counter()
        limits = replace(one.limits, max_social_downtime_days=float(days))
        found.best(limits), found.best_of_each_kind(limits), found.removed(limits), found.front(limits)
        times.append(time.perf_counter() - start)
    print(
        f"a moved limit: {1e3 * statistics.median(times):.0f} ms, at most {1e3 * max(times):.0f} ms, {len(found.courses)} courses"
    )


def _points(one: Explored, days: float) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], float]:
    """Gain, downtime and dark marks of all courses with one device that keep every limit, and the best score."""
    found, limits = one.landscape, replace(one.limits, max_social_downtime_days=days)
    verdict = found.judged(limits)
    kept = [row for row in np.flatnonzero(verdict.kept).tolist() if len(found.courses.phases[row]) == 1]
    return objectives(found.courses, limits, found.weights)[kept][:, :3], max(verdict.score[kept], default=float("nan"))


def front() -> None:
    """Hypervolume of the front that the search finds over that of exhaustive search on panels of fine steps."""
    print(f"{'reduced problem':24} {'settings':>9} {'exhaustive':>10} {'hypervolume':>11} {'best score':>12}")
    for name, devices in REDUCED.items():
        usual = explored(name, devices)
        kept = candidates.GRID
        candidates.GRID = replace(kept, doses=FINE[0], densities=FINE[1], most=100_000)
        fine = explored(name, devices)
        candidates.GRID = kept
        for days in (usual.limits.max_social_downtime_days, 14.0):
            (mine, score), (all_of_them, best) = _points(usual, days), _points(fine, days)
            low, high = np.minimum(mine.min(0), all_of_them.min(0)), np.maximum(mine.max(0), all_of_them.max(0))
            hypervolume = HV(ref_point=np.ones(3))
            share = hypervolume((mine - low) / (high - low)) / hypervolume((all_of_them - low) / (high - low))
            sizes = [sum(len(table.settings) for table in one.landscape.devices) for one in (usual, fine)]
            print(f"{name:18} {days:3g} d {sizes[0]:9d} {sizes[1]:10d} {share:11.4f} {score:6.2f}/{best:.2f}")


PARTS = {"rate": rate, "patients": patients, "limit": limit, "front": front}


def main() -> int:
    """Run the parts that are named, or all."""
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
