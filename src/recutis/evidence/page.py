"""Writes `docs/evidence.md` from the tables: `python -m recutis.evidence.page > docs/evidence.md`."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Final

from recutis import evidence

CONFIDENCES: Final = ("read", "recalled", "weak", "fitted", "computed")

_INTRODUCTION: Final = """\
# Evidence

*This page is written by `python -m recutis.evidence.page`; a test fails when it no longer matches the tables.*

Every physical and clinical number in Recutis is a row of a table in `src/recutis/evidence/tables`. A row has an id, a value,
a range, a unit, the conditions under which it holds, a source and a confidence. Look one up with `recutis evidence KEY` or
`recutis.evidence.get(KEY)`; an id that does not exist is an error that names the nearest ones.

| confidence | meaning |
|---|---|
| read | the figure, or the inputs of a stated derivation, was read in the source while the tables were made |
| recalled | well known and consistent with the rest, but the source was not opened again |
| weak | remembered loosely, or the judgement of the authors; used as a prior, never to pass or fail a test |
| fitted | chosen so that the model meets other rows, which are named |
| computed | a reference value computed with engines of our own |

A row is **checked** once a second reader, who had not seen the table, has found the same number. Until then it is
**provisional**, runs all the same, and is marked in every report that rests on it.

A value that the source gives in words ("0.10-0.20", "about 600") becomes the middle of the range, or the number. A formula stays
text, and the code reads its coefficients from it. "± sd" becomes a range of one standard deviation. A source without a range has
none: nothing is invented.

## Tables
"""

_DISAGREEMENTS: Final = """\
## Where the sources disagree

Rival figures stay rival rows; nothing is averaged silently. The larger disagreements:

- **Threshold and slope of erbium ablation.** Thresholds run from 0.4 to 1.6 J/cm²; slopes from 2 to 6 µm per J/cm².
- **Carbon dioxide.** Thresholds of 2.5 to 5 J/cm²; residual damage from tens to hundreds of micrometres.
- **Coagulation of blood.** Textbooks say 60-70 °C; a 10 ms pulse on whole blood needs 90-100 °C.
- **Melanosomes.** Two formulas for skin agree within a tenth, but melanosomes differ ten-fold among themselves.
- **Thickness of the epidermis.** Ultrasound reports 170-220 µm where histology finds 30-120 µm.
- **Scattering in the near infrared.** At 1550 nm a power law through all skin data gives 9/cm, an ex-vivo series 17.
- **Denaturation of collagen.** 306 kJ/mol needs more than 100 °C for a millisecond, the burn set 70 °C: two end points.

## Choices among rivals

| purpose | chosen row | rivals | reason |
|---|---|---|---|
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _counts() -> str:
    lines = [
        f"| table | rows | {' | '.join(CONFIDENCES)} | checked | provisional |",
        f"|---|{'---:|' * (len(CONFIDENCES) + 3)}",
    ]
    total: Counter[str] = Counter()
    for name in evidence.table_names():
        rows = evidence.rows(name)
        count = Counter(row.confidence for row in rows)
        count.update(rows=len(rows), checked=sum(row.checked for row in rows), provisional=sum(row.provisional for row in rows))
        total.update(count)
        lines.append(_count_line(f"`{name}`", count))
    lines.append(_count_line("**all**", total))
    return "\n".join(lines) + "\n"


def _count_line(name: str, count: Counter[str]) -> str:
    cells = [count[key] for key in ("rows", *CONFIDENCES, "checked", "provisional")]
    return f"| {name} | {' | '.join(str(cell) for cell in cells)} |"


def _choices() -> str:
    lines = []
    for row in evidence.rows("choices"):
        rivals = ", ".join(f"`{key.strip()}`" for key in row.fields["rivals"].split(";") if key.strip()) or "none"
        lines.append(f"| {row.fields['name']} | `{row.fields['chosen']}` | {rivals} | {_cell(row.fields['reason'])} |")
    return "\n".join(lines) + "\n"


def _readings() -> str:
    readings = evidence.readings()
    count = Counter(reading.outcome for reading in readings)
    words = {"agrees": "agree", "differs": "differ", "not found": "were not found", "other form": "came in another form"}
    said = ", ".join(f"{number} {words.get(outcome, outcome)}" for outcome, number in sorted(count.items()))
    known = [reading.id for reading in readings if "not strictly blind" in reading.note.lower()]
    lines = [
        "## Second readings\n",
        f"{len(readings)} figures were read again: {said}. Not strictly blind among them, because the second reader remembered "
        f"the figure: {', '.join(known)}. Those that did not agree stay provisional:\n",
        "| row | table | outcome | what the second reader found |",
        "|---|---|---|---|",
    ]
    lines += [f"| {x.id} | {x.table} | {x.outcome} | {_cell(x.note)} |" for x in readings if x.outcome != "agrees"]
    return "\n".join(lines) + "\n"


def page() -> str:
    """The whole page in Markdown."""
    return f"{_INTRODUCTION}\n{_counts()}\n{_readings()}\n{_DISAGREEMENTS}{_choices()}"


if __name__ == "__main__":
    sys.stdout.write(page())
