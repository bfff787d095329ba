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


def main() -> None:
    """Print one line a patient: candidates, seconds to plan and to write, candidates a second."""
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
