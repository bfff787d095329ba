"""JSON Schema of every file that people and programs read or write: `python -m recutis.schema FOLDER`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pydantic import BaseModel


def models() -> dict[str, type[BaseModel]]:
    """File kind to the model that describes it."""
    from recutis.laser.clinic import Clinic
    from recutis.patient import Patient
    from recutis.plan.compare_document import PlanComparison
    from recutis.plan.course_file import CourseFile
    from recutis.plan.document import Plan
    from recutis.plan.observation_file import ObservationFile
    from recutis.plan.prediction_document import CoursePrediction
    from recutis.plan.update_document import PlanUpdate
    from recutis.plan.usual import UsualSettings
    from recutis.simulation import ExposureFile

    return {
        "clinic": Clinic,
        "comparison": PlanComparison,
        "course": CourseFile,
        "exposure": ExposureFile,
        "observation": ObservationFile,
        "patient": Patient,
        "plan": Plan,
        "prediction": CoursePrediction,
        "update": PlanUpdate,
        "usual": UsualSettings,
    }


def schema_text(name: str) -> str:
    """JSON Schema (draft 2020-12) of one kind of file, as text."""
    return json.dumps(models()[name].model_json_schema(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def write_schemas(folder: Path) -> None:
    """Write one schema file a kind."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in models():
        (folder / f"{name}.json").write_text(schema_text(name), encoding="utf-8")


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
