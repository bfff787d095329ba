"""What a worker does before anybody asks: libraries, kernels and the response library are loaded by planning for an invented person."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

_DEVICES: Final = ("Fraxel re:store", "UltraPulse DeepFX", "PicoWay 532", "Candela Vbeam Perfecta")
"""One of each way in which light and heat are computed."""
_INVENTED: Final[dict[str, Any]] = {
    "date": "2026-01-05",
    "patient": {
        "age": 45, "sex": "male", "phototype": "II", "tanned": False, "smoker": False,
    },
    "history": {
        "herpes_labialis": False, "keloid": False, "vitiligo": False, "psoriasis": False, "immunosuppressed": False,
        "melasma": False, "isotretinoin": "never", "medications": [],
    },
    "active": {"infection": "none", "acne": "none", "dermatitis": False},
    "concerns": [
        {"kind": "fine_lines", "site": "periorbital"},
        {"kind": "age_spots", "site": "cheek", "count": 3, "diagnosis_confirmed": True},
        {"kind": "facial_veins", "site": "cheek"},
    ],
}  # fmt: skip


def warm(go_on: Callable[[], bool]) -> None:
    """Plan, judge and report for an invented person; between the steps it stops where `go_on` says no."""
    from recutis.laser import Clinic, device
    from recutis.patient import parse_patient
    from recutis.plan.judgement import judgement
    from recutis.plan.moved import as_searched
    from recutis.plan.planner import planned
    from recutis.plan.request import Request
    from recutis.plan.write import write_plan
    from recutis.report import write_report

    clinic = Clinic(devices=tuple(device(name) for name in _DEVICES))
    made = planned(Request(patient=parse_patient(_INVENTED), clinic=clinic), cancelled=lambda: not go_on())
    if made.explored is None or not go_on():
        return
    judgement(as_searched(made.explored))
    if go_on():
        with tempfile.TemporaryDirectory(prefix="recutis-") as folder:
            write_plan(made.plan, Path(folder) / "plan", report=write_report)
