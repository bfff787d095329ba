"""Writes the report of a plan into a folder."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from recutis.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from recutis.plan.document import Plan

Part = Literal["clinician", "patient"]
PARTS: Final[tuple[Part, ...]] = ("clinician", "patient")
_MOST_DRAWINGS: Final = 6
_LONG_WORD: Final = re.compile(r"\S{26,}")
_PIECE: Final = r"\S{1,13}"


def write_report(
    plan: Plan, folder: Path, *, parts: Sequence[Part] = PARTS, progress: Callable[[float], None] | None = None
) -> None:
    """Write `figures/*.png`, `report.pdf` and `calendar.ics` into `folder`, whatever the status of the plan.

    The same plan gives the same bytes. `parts` are those of the PDF: `clinician`, `patient` or both. `progress` is called with
    fractions from 0 to 1 and may raise CancelledError to stop.

    Raises InputError for a part that does not exist, or none.
    """
    from recutis.report.calendar_file import calendar_bytes

    wrong = [one for one in parts if one not in PARTS]
    if wrong or not parts:
        msg = f"A report has no part {wrong[0]!r}; give {' or '.join(PARTS)}." if wrong else f"Give a part: {' or '.join(PARTS)}."
        raise InputError(msg)

    told = progress or _silent
    told(0.0)
    (folder / "calendar.ics").write_bytes(calendar_bytes(plan))
    with tempfile.TemporaryDirectory(prefix="recutis-") as name:
        workplace = Path(name)
        drawn = _draw(plan, pictures=folder / "figures", vectors=workplace, told=told)
        told(0.6)
        (folder / "report.pdf").write_bytes(_typeset(plan, drawn, workplace, parts))
    told(1.0)


def _silent(_fraction: float) -> None:
    return None


def _draw(plan: Plan, *, pictures: Path, vectors: Path, told: Callable[[float], None]) -> dict[str, list[str]]:
    """All figures; returns the file names by part of the report."""
    from recutis.report.figures.canvas import look, save

    pictures.mkdir(parents=True, exist_ok=True)
    makers, sections, depths = _makers(plan)
    with look():
        for done, (name, make) in enumerate(makers.items(), start=1):
            save(make(), name, pictures=pictures, vectors=vectors)
            told(0.6 * done / len(makers))
    return {"sections": sections, "depths": depths, "all": list(makers)}


Makers = dict[str, "Callable[[], Figure]"]


def _makers(plan: Plan) -> tuple[Makers, list[str], list[str]]:
    """What draws each figure, and the names of the drawings to scale and of those by depth."""
    from recutis.report.figures.bought import bought_figure
    from recutis.report.figures.days import days_figure
    from recutis.report.figures.depths import depth_figure
    from recutis.report.figures.front import front_figure
    from recutis.report.figures.risks import risks_figure
    from recutis.report.figures.section import section_figure
    from recutis.report.figures.sensitivity import sensitivity_figure
    from recutis.report.figures.stops import screening_figure
    from recutis.report.injuries import depth_groups, named_injuries

    makers: Makers = {"screening": partial(screening_figure, plan)}
    sections: list[str] = []
    depths: list[str] = []
    if plan.front or plan.options:
        makers["choice"] = partial(front_figure, plan)
    if plan.explanation is not None and plan.explanation.looser:
        makers["looser"] = partial(bought_figure, plan.explanation.looser)
    if plan.explanation is not None and plan.explanation.sensitivities:
        makers["sensitivity"] = partial(sensitivity_figure, plan.explanation.sensitivities)
    if plan.options:
        first = plan.options[0]
        makers["risks"] = partial(risks_figure, first)
        makers["days"] = partial(days_figure, first.predictions.symptoms)
        for number, (_, injury) in enumerate(named_injuries(first)[:_MOST_DRAWINGS], start=1):
            sections.append(f"injury-{number}-{_file_word(injury.site)}")
            makers[sections[-1]] = partial(section_figure, injury)
        for number, (site, lines) in enumerate(depth_groups(first).items(), start=1):
            depths.append(f"depth-{number}-{_file_word(site)}")
            makers[depths[-1]] = partial(depth_figure, lines)
    return makers, sections, depths


def _file_word(text: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text)[:40]


def breakable(value: object) -> object:
    """The same nested data with very long words given places to break, so that nothing runs off the page."""
    if isinstance(value, str):
        return _LONG_WORD.sub(lambda word: "\u200b".join(re.findall(_PIECE, word[0])), value)
    if isinstance(value, list):
        return [breakable(item) for item in value]
    if isinstance(value, dict):
        return {key: breakable(item) for key, item in value.items()}
    return value


def _typeset(plan: Plan, drawn: dict[str, list[str]], workplace: Path, parts: Sequence[Part]) -> bytes:
    """The PDF. All text travels as JSON strings, which typst never reads as markup."""
    import typst

    from recutis.report.clinician import clinician_view
    from recutis.report.patient import patient_view

    view = {"parts": list(parts), "clinician": clinician_view(plan, drawn), "patient": patient_view(plan)}
    (workplace / "view.json").write_text(json.dumps(breakable(view), allow_nan=False), encoding="utf-8")
    for entry in (files("recutis.report") / "templates").iterdir():
        if entry.name.endswith(".typ"):
            (workplace / entry.name).write_bytes(entry.read_bytes())
    with as_file(files("recutis.report") / "fonts") as fonts:
        made = typst.compile(
            str(workplace / "report.typ"),
            root=str(workplace),
            font_paths=[str(fonts)],
            ignore_system_fonts=True,
            format="pdf",
            timestamp=int(datetime.fromisoformat(plan.date).replace(tzinfo=UTC).timestamp()),
        )
    return bytes(made)
