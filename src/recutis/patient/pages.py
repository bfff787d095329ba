"""The pages on the patient file and on screening, written from the models and rules themselves.

`python -m recutis.patient.pages docs` writes `patient-file.md` and `screening.md` into a folder.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from recutis import evidence
from recutis.patient.override import Override
from recutis.patient.profile import (
    ASKED,
    ASKED_OF_WOMEN,
    Active,
    Concern,
    Diagnosis,
    Filler,
    Goals,
    History,
    Patient,
    Person,
    PreviousLaser,
    RecentProcedure,
    Severity,
    TrialSpot,
)
from recutis.patient.rule import RULES
from recutis.patient.screening import RULE_MODULES

_BLOCKS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("", Patient),
    ("patient", Person),
    ("history", History),
    ("history.recent_procedures, each", RecentProcedure),
    ("history.previous_laser, each", PreviousLaser),
    ("history.fillers, each", Filler),
    ("history.test_spots, each", TrialSpot),
    ("active", Active),
    ("concerns, each", Concern),
    ("severity", Severity),
    ("diagnosis", Diagnosis),
    ("goals", Goals),
)

_FILE_INTRODUCTION = """# The patient file

A patient file is YAML with the blocks below; `examples/patients/` holds five. It carries no name. Unknown keys are errors
that name the nearest known key, numbers are plain numbers in the unit of their name, days read `2026-11-22`, yes and no are
`true` and `false`, and an empty list `[]` says *none*.

- **must**: a plan needs the answer. Leaving it out is no error: `recutis plan` and `recutis screen` list it as a question,
  and no settings are given until it is answered.
- **women**: must be answered for women of 12 to 55.
- **spots**: must be answered for age_spots and freckles, unless `diagnosis` is complete.
- **file**: without it the file cannot be read.
- **may**: optional. A rule that would use the answer lists it under `unasked`; it blocks nothing and is never taken as *no*.

Answers that contradict each other are errors: a pregnant man, isotretinoin among the medicines but not `current`, a day after
the day of planning, the same kind at the same site and side twice, a priority for a kind that is not among the concerns,
`diagnosis_confirmed: false` beside a complete diagnosis. A diagnosis is complete when it says what, by whom, when, and by
dermatoscopy, histology or confocal microscopy; the bare eye is not enough.
"""

_SCREENING_INTRODUCTION = """# Screening

Each row of `screening.csv` is a rule held against the patient file. A rule **fires**, stays **unanswered** (an optional answer
is absent: it is listed under `unasked`, never blocks and is never taken as *no*), or does not apply. What a firing rule does
follows its severity:

- *absolute* and *relative* remove the device classes of the row, at the sites where the rule holds;
- *caution* warns and changes defaults;
- a *gate* (SCR-033, SCR-034) is absolute until its evidence is there, and is then listed as *lifted*;
- a *checklist* row goes to the pre-treatment list and blocks nothing.

When two rules fire and the older names the newer in `superseded_by`, the older keeps silent, also when a physician has lifted
the newer. Waiting times count from the event where its day is known, else from the day of planning; no day is promised for
medicines, because the way there is to ask the prescriber, never to stop one.

**Status**, in order of precedence: `refer` (SCR-032 or SCR-064 fires: urgent), `blocked` (everything that could help with the
concerns is removed, and time alone does not change that), `deferred` (everything is removed, and some of it comes back when
rules marked *passes* are over), `needs_answers` (a required answer is missing), `ready` (also when only some classes or sites
are removed).

**Overrides.** A rule marked *physician* may be lifted by a physician with name, reason and day; *never* means nobody. Nurses,
front desk, researchers and administrators lift nothing, and a rule that does not fire cannot be lifted. The file has the key
`overrides:` and under it a list with `rule_id`, `by`, `role`, `reason`, `date`. The ceiling CEI-002 asks for a physician in the
same way. A lifted rule stays in the plan with who lifted it and why.

**How answers are read.** `history.vitiligo` and `history.psoriasis` ask for disease that is active, unstable or in the field, so
that *true* fires SCR-021 (SCR-020 gives way to it). `history.melasma: true` counts as melasma in the field for every treated
site of the face. Any grade of inflammatory acne is active acne. Medicines are matched word by word against
`medicines.csv`; a name that the table does not know is listed with the request to ask the prescriber.
`diagnosis_confirmed: true` opens the pigment gate, with a warning when `diagnosis` does not say who, how and when; a changing
lesion needs the complete diagnosis, and a diagnosis that names a cancer, a precursor or a doubt is a referral.
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").strip()


def _need(place: str, *, required_by_model: bool) -> str:
    if required_by_model:
        return "file"
    if place == "concerns.diagnosis_confirmed":
        return "spots"
    if place in ASKED_OF_WOMEN:
        return "women"
    return "must" if place in ASKED else "may"


def _rules_that_read(place: str) -> str:
    return ", ".join(sorted(item.id for item in RULES.values() if place in item.reads))


def _key_tables() -> Iterator[str]:
    for title, model in _BLOCKS:
        yield f"\n## {title or 'top of the file'}\n"
        yield "| key | needed | meaning | rules |\n|---|---|---|---|"
        block = title.removesuffix(", each")
        for name, field in model.model_fields.items():
            place = f"{block}.{name}" if block else name
            rules = _rules_that_read(place)
            need = _need(place, required_by_model=field.is_required())
            yield f"| `{name}` | {need} | {_cell(field.description or '')} | {rules} |"


def patient_file_page() -> str:
    """The page on the patient file, as Markdown: every key with its meaning and the rules that read it, and the scales."""
    lines = [
        _FILE_INTRODUCTION.rstrip(),
        *_key_tables(),
        "\n## Scales\n",
        "| scale | from | to | for | source |\n|---|---|---|---|---|",
    ]
    for row in evidence.rows("model_patient"):
        if row.id.startswith("scale.") and row.id != "scale.default":
            name = row.id.removeprefix("scale.")
            lines.append(f"| `{name}`: {row.fields['quantity']} | {row.low:g} | {row.high:g} | {row.conditions} | {row.source} |")
    share = evidence.value("scale.default")
    lines.append(
        f"\nWithout `severity` a concern counts as moderate: {share:g} of the way from nothing to the worst (row scale.default)."
    )
    return "\n".join(lines) + "\n"


def _rule_text(row: evidence.Row) -> Iterator[str]:
    item, fields = RULES[row.id], row.fields
    who = "never" if fields["override"] == "never" else "physician"
    yield f"\n### {row.id} {fields['condition']}\n"
    yield f"*{fields['severity']}* on {fields['applies_to']} · override: {who}" + (" · passes" if item.passes else "")
    fires = " ".join(item.fires_when.split())
    yield f"\n- **rule**: {fields['rule']}\n- **fires**: {fires}"
    if item.reads:
        yield f"- **reads**: {', '.join(f'`{place}`' for place in item.reads)}"
    days = fields["wait_days_min"]
    if days and days != "0":
        yield f"- **wait**: {days} days"
    lifts = fields["lifts_when"] or fields["wait_text"]
    if lifts:
        yield f"- **lifts when**: {lifts}"
    if fields["superseded_by"]:
        yield f"- **gives way to**: {fields['superseded_by']}"
    yield f"- **action**: {fields['required_action']}\n- **source**: {row.source} ({row.confidence})"


def screening_page() -> str:
    """The page on screening, as Markdown: every rule with what fires it, what lifts it and who may."""
    lines = [_SCREENING_INTRODUCTION.rstrip(), "\n## Override file\n", "| key | meaning |\n|---|---|"]
    lines += [f"| `{name}` | {_cell(field.description or '')} |" for name, field in Override.model_fields.items()]
    lines.append(f"\n## Rules\n\n{len(RULES)} rules, in {len(RULE_MODULES)} files of `recutis/patient/`.")
    for row in evidence.rows("screening"):
        lines += _rule_text(row)
    return "\n".join(lines) + "\n"


def write(folder: Path) -> None:
    """Write both pages into a folder."""
    (folder / "patient-file.md").write_text(patient_file_page(), encoding="utf-8")
    (folder / "screening.md").write_text(screening_page(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
