"""Build the plans that the demo clinic shows: `python scripts/build_demo.py`, some ten seconds a plan.

Run it again when the plan's document has changed; a test says when. The patients are invented.
"""

from __future__ import annotations

import datetime
import gzip
import json
from pathlib import Path
from typing import Any

from recutis.files import Document, validate
from recutis.laser import Clinic
from recutis.patient import parse_patient
from recutis.plan.planner import Request, plan_course
from recutis.plan.processes import processes_at_hand

OUT = Path(__file__).parent.parent / "src" / "recutis" / "web" / "demo" / "plans.json.gz"
DAY = datetime.date(2026, 1, 5)
CLINIC: dict[str, Any] = {
    "name": "Demo clinic",
    "devices": ["UltraPulse DeepFX", "Fraxel re:store", "Candela Vbeam Perfecta", "PicoWay 532"],
    "anaesthesia": ["none", "topical", "cold_air", "topical_cold_air"],
    "cooling": ["cold_air", "gel"],
}
NO = {
    "herpes_labialis": False, "keloid": False, "vitiligo": False, "psoriasis": False, "immunosuppressed": False, "melasma": False,
    "isotretinoin": "never", "medications": [],
}  # fmt: skip
QUIET = {"infection": "none", "acne": "none", "dermatitis": False}
FILES: tuple[dict[str, Any], ...] = (
    {
        "patient": {
            "age": 46, "sex": "female", "phototype": "III", "tanned": False, "smoker": False, "pregnant": False,
            "breastfeeding": False,
        },
        "history": {**NO, "herpes_labialis": True},
        "concerns": [
            {"kind": "fine_lines", "site": "periorbital", "severity": {"scale": "fitzpatrick_wrinkle", "value": 4}},
            {"kind": "age_spots", "site": "cheek", "count": 9, "diagnosis_confirmed": True},
        ],
        "goals": {"max_social_downtime_days": 7, "max_sessions": 3, "max_pain_0_10": 6, "risk": "cautious"},
    },
    {
        "patient": {"age": 27, "sex": "male", "phototype": "IV", "tanned": False, "smoker": True},
        "history": NO,
        "concerns": [{"kind": "acne_scars", "site": "cheek", "severity": {"scale": "goodman_baron", "value": 3}}],
        "goals": {"max_social_downtime_days": 5, "max_sessions": 5, "risk": "balanced"},
    },
    {
        "patient": {"age": 58, "sex": "female", "phototype": "II", "tanned": False, "smoker": False},
        "history": {**NO, "medications": ["aspirin"]},
        "concerns": [{"kind": "facial_veins", "site": "nose"}, {"kind": "diffuse_redness", "site": "cheek"}],
        "goals": {"max_social_downtime_days": 4, "max_sessions": 4, "risk": "balanced"},
    },
    {
        "patient": {"age": 63, "sex": "female", "phototype": "II", "tanned": False, "smoker": False},
        "history": NO,
        "concerns": [{"kind": "age_spots", "site": "hands", "count": 14, "diagnosis_confirmed": True}],
        "goals": {"max_social_downtime_days": 10, "max_sessions": 2, "risk": "cautious"},
    },
    {
        "patient": {"age": 60, "sex": "female", "phototype": "II", "tanned": False, "smoker": False},
        "history": {**NO, "herpes_labialis": True},
        "concerns": [
            {"kind": "fine_lines", "site": "perioral", "severity": {"scale": "fitzpatrick_wrinkle", "value": 5}},
            {"kind": "texture", "site": "cheek"},
        ],
        "goals": {"max_social_downtime_days": 10, "max_sessions": 2, "risk": "bold"},
    },
)  # fmt: skip


def main() -> None:
    """Plan for each, and write all into one file."""
    clinic = validate(Clinic, Document(name="the demo clinic", data=dict(CLINIC), lines={}))
    plans = []
    for told in FILES:
        file = {"date": DAY.isoformat(), **told, "active": QUIET}
        made = plan_course(Request(patient=parse_patient(dict(file)), clinic=clinic, processes=processes_at_hand()))
        print(made.status, made.headline)
        plans.append({"file": file, "document": json.loads(made.model_dump_json())})
    text = json.dumps({"day": DAY.isoformat(), "clinic": CLINIC, "plans": plans}, ensure_ascii=False, separators=(",", ":"))
    OUT.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    print(f"{OUT.name}: {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
