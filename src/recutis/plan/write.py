"""Writing a plan: `plan.json`, `report.pdf`, `calendar.ics` and `figures/`, all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from recutis.errors import InputError
from recutis.files import writing_folder
from recutis.plan.document import Plan


def to_json(plan: Plan) -> str:
    """The document as JSON text; a number that is not finite becomes null."""
    return plan.model_dump_json(indent=1) + "\n"


def write_plan(
    plan: Plan, out: Path, *, report: Callable[[Plan, Path], None], progress: Callable[[float], None] | None = None
) -> None:
    """Write everything into `out`, which appears complete or not at all.

    `report` draws figures, PDF and calendar into the folder it is given.
    Raises InputError when the place cannot be written.
    """
    with writing_folder(out) as folder:
        (folder / "plan.json").write_text(to_json(plan), encoding="utf-8")
        report(plan, folder)
        if progress is not None:
            progress(1.0)


def read_plan(path: Path) -> Plan:
    """A plan from its JSON file.

    Raises InputError when the file cannot be read or is not a plan.
    """
    try:
        return Plan.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        msg = f"Cannot read {path}: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}. Give the path of a plan.json."
        raise InputError(msg) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        what = f"{place or 'top'}: {first['msg'].lower()}"
        msg = f"{path.name} is not a plan of this version ({what}); make it again with 'recutis plan'."
        raise InputError(msg) from error
