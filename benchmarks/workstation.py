"""The workstation's worker processes: first and later plans, moved goals, single courses, films: `python benchmarks/workstation.py`.

Each line gives the time, the limit it is held to and time over limit. Machines are noisy: read the ratios, not the seconds.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from recutis.web.work import Desk

EXAMPLES = Path(__file__).parent.parent / "examples"
PLAN_S, MOVED_S, OPTION_S, FILM_S = 6.0, 0.1, 1.5, 20.0
REPEATS = 25


def read(path: str) -> dict[str, Any]:
    """A YAML file of the examples as JSON values."""
    found: dict[str, Any] = json.loads(json.dumps(yaml.safe_load((EXAMPLES / path).read_text(encoding="utf-8")), default=str))
    return found


def tell(what: str, seconds: list[float], limit: float) -> None:
    """One line: median and longest of some times, beside their limit."""
    middle, longest = statistics.median(seconds), max(seconds)
    print(f"{what:46} {1e3 * middle:8.0f} {1e3 * longest:8.0f} {1e3 * limit:8.0f} {middle / limit:6.2f} {longest / limit:6.2f}")


@contextmanager
def timed(times: list[float]) -> Iterator[None]:
    """Add the time that a block takes."""
    start = time.perf_counter()
    yield
    times.append(time.perf_counter() - start)


def job(desk: Desk, kind: Any, document: Any, times: list[float]) -> dict[str, Any]:
    """Run a job to its end; its facts.

    Raises SystemExit where it fails.
    """
    with timed(times):
        state = desk.wait(desk.submit(kind, document))
    if state.error is not None:
        sys.exit(f"{kind}: {state.error}")
    return dict(state.facts)


def plans(desk: Desk, patient: dict[str, Any]) -> str:
    """First plan of a process that is warm, later ones, one under a moved limit; the key of the first."""
    warming, first, later, again = [], [], [], []
    with timed(warming):
        desk.warm()
        while not desk.warmed():
            time.sleep(0.05)
    key = str(job(desk, "plan", {"request": {"patient": patient}}, first)["key"])
    for seed in (1, 2, 3):
        job(desk, "plan", {"request": {"patient": patient, "seed": seed}}, later)
    for days in (5.0, 4.0, 3.0):
        goals = {**patient["goals"], "max_social_downtime_days": days}
        job(desk, "plan", {"request": {"patient": {**patient, "goals": goals}}}, again)
    print(f"{'two processes started and warm, in background':46} {1e3 * warming[0]:8.0f}")
    tell("plan, first of a process, whole catalogue", first, PLAN_S)
    tell("plan, later, whole catalogue", later, PLAN_S)
    tell("plan, the same person under a moved limit", again, PLAN_S)
    return key


def questions(desk: Desk, patient: dict[str, Any], key: str) -> None:
    """Moved goals with processes idle and at work; one course in short, and simulated in full."""

    def moved(number: int) -> dict[str, Any]:
        goals = {**patient["goals"], "max_social_downtime_days": 1.5 + (0.37 * number) % 20}
        return desk.judge(key, goals)  # type: ignore[arg-type]

    def several(ask: Callable[[int], object], numbers: range) -> list[float]:
        times: list[float] = []
        for number in numbers:
            with timed(times):
                ask(number)
        return times

    idle = several(moved, range(REPEATS))
    rows = [point["row"] for point in moved(0)["points"] if point["on_front"]][:REPEATS]
    tell("a moved goal, processes idle", idle, MOVED_S)
    tell("one course in short", several(lambda k: desk.course(key, rows[k]), range(len(rows))), MOVED_S)
    tell("one course as an option, simulated", several(lambda k: desk.option(key, rows[k]), range(len(rows))), OPTION_S)
    jobs = [desk.submit("plan", {"request": {"patient": patient, "seed": seed}}) for seed in (11, 12)]  # type: ignore[typeddict-item]
    busy: list[float] = []
    while not all(desk.state(one).over for one in jobs):
        busy += several(moved, range(1000 + len(busy), 1001 + len(busy)))
        time.sleep(0.05)
    tell(f"a moved goal, {len(jobs)} plans at work", busy, MOVED_S)


def others(desk: Desk, patient: dict[str, Any]) -> None:
    """Report and films."""
    state = desk.wait(desk.submit("plan", {"request": {"patient": patient}}))  # type: ignore[typeddict-item]
    files, films = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(3):
            job(desk, "report", {"plan": state.documents["plan"], "folder": f"{folder}/{number}"}, files)
    for name in ("fractional-co2", "non-ablative-1550", "pulsed-dye-vessels"):
        job(desk, "simulate", {"exposure": read(f"exposures/{name}.yaml")}, films)
    tell("report and figures", files, PLAN_S)
    tell("simulation with its film", films, FILM_S)


def main() -> int:
    """Run all parts."""
    patient = read("patients/lines-and-age-spots.yaml")
    desk = Desk(2)
    print(f"{'':46} {'median':>8} {'longest':>8} {'limit ms':>8} {'of limit':>13}")
    key = plans(desk, patient)
    questions(desk, patient, key)
    others(desk, patient)
    desk.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
