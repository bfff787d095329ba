"""Time of the main job on the example patients, cold and warm in one run: `python benchmarks/plan.py`.

Machines are noisy: read the ratios, not the seconds.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from recutis.patient import read_patient
from recutis.plan.planner import Request, plan_course
from recutis.plan.write import write_plan
from recutis.report import write_report

EXAMPLES = Path(__file__).parent.parent / "examples" / "patients"
REPEATS = 3
TWINS = 1000


def response_ms() -> float:
    """Best time of the response of a thousand twins to one setting [ms]."""
    from recutis.response.respond import respond
    from recutis.response.types import Care
    from recutis.response.typical import typical
    from recutis.twins import Traits, draw

    twins = draw(Traits(age_years=46.0, sex="female", phototype="III", site="cheek"), n=TWINS)
    injury, care = typical("co2_columns"), Care(anaesthesia="topical", antiviral=False, postop_steroid=False, bleaching=False)
    best = float("inf")
    for _ in range(7):
        start = time.perf_counter()
        respond(injury, twins, care, area_cm2=100.0)
        best = min(best, time.perf_counter() - start)
    return best * 1e3


def main() -> None:
    """Print one line a patient: candidates, seconds to plan and to write, candidates a second."""
    print(f"response of {TWINS} virtual patients to one setting: {response_ms():.1f} ms")
    print(f"{'patient':24} {'candidates':>10} {'plan s':>8} {'report s':>9} {'per s':>8}")
    for path in sorted(EXAMPLES.glob("*.yaml")):
        planning, writing, candidates = [], [], 0
        for _ in range(REPEATS):
            start = time.perf_counter()
            made = plan_course(Request(patient=read_patient(path)))
            middle = time.perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                write_plan(made, Path(folder) / "plan", report=write_report)
            planning.append(middle - start)
            writing.append(time.perf_counter() - middle)
            candidates = made.provenance.candidates
        best = min(planning)
        rate = candidates / best if candidates else 0.0
        print(f"{path.stem:24} {candidates:10d} {statistics.median(planning):8.2f} {statistics.median(writing):9.2f} {rate:8.0f}")


if __name__ == "__main__":
    sys.exit(main())
