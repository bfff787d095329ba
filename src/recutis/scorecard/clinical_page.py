"""The page `docs/clinical.md`: how far the predictions agree with the packaged studies, misses included.

`python -m recutis.scorecard.clinical_page [FILE]` writes it.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from recutis import evidence
from recutis.scorecard.clinical import clinical_card, half_width, kind_of, line
from recutis.scorecard.types import Card, number_text
from recutis.sites import phototypes_told
from recutis.units import PERCENT

DEFAULT: Final = Path("docs/clinical.md")
_HOW: Final = """# Clinical card: studies, beside what the model says they would report

`recutis validate clinical [--targets CSV] [--json]`. This page: `python -m recutis.scorecard.clinical_page docs/clinical.md`.

**The model is fitted to these same tables.** What follows shows where it stands with every row known; the
[calibration](calibration.md) predicts each row without its own study, which is nearer to what a new study will meet. The usual settings
that stand for text were chosen with all rows in view.

## How a row is computed

- A row becomes a small study: device class and settings → injury by the physics; phototypes → a mixture of twins (I to IV when
  unsaid, III to IV for East Asian series); site; sessions and interval; months after the last session; n (30 when unsaid).
- **Settings.** Numbers that can be plainly read ('20 mJ 10 %', '7-9 J/cm2, 6 ms') are set on the class's usual device, else on another
  of the class that allows them. Otherwise the documented usual setting of the class stands in (rows `clinical.usual.*`), turned down to
  the ceiling of the phototype where it lies above; words such as *light* or *aggressive* move it. The last column says which.
- A word such as `ablative_fractional_any` stands for some device of the group, nobody knows which: each world holds another class.
- Dermabrasion, peels and needles are described as wounds (rows `clinical.wound.*`) and heal by the same response.
- **The interval is that of the study's statistic at its n**, never of one person: {blocks} possible worlds, each with one of the joint
  draws of the response's parameters, moved further by what studies differ by (one spread a family, from the calibration), and in each
  world the luck of a sample of n.
- Each metric is its own statistic of the same gain: mean, share of responders over the stated threshold, quartile grade, change of a
  score. They are never averaged. How a gain was graded shifts it (`clinical.optimism.*`): open or blinded, by patients, by grades, by
  thresholds in percent or in words, by a score or an instrument, and in which decade. Courses of different length are drawn together
  (`response.gain.kept.*`), for doctors treat longer what answers less; sessions of one study's course are not.
- A responder's grade such as '51-75 %' means that grade or a better one, and the last column says so; where a study tells the shares
  of several grades (for the same laser and concern), each means that grade alone.
- Denominators: per treatment or lesion is one session, per patient a course. A mean, a typical value and an upper bound of days are the
  mean, the median and the ninth decile of persons.
- Not computed, each with its reason: findings in words, p-values and tests of equivalence, points of a score without its baseline, harms
  and signs outside the model, the highest figure of several studies.
"""
_READING: Final = """
## What the misses say

- **Gains** of the same treatment differ between studies by a factor of three in their odds and more; instruments of colour (spots, redness)
  tell a tenth of what the eye forgives, vessels graded by eye all but vanish.
- **Responder shares** near none or all miss most: a threshold turns a small error of the gain into a large one of the share.
- **Redness**: days of it differ most between studies of the same treatment, from resolved to noted and from mean to longest. Long-pulse
  Er:YAG, with half the patients red at three months, is not reached. The days taught for the first two weeks after full CO2 are slower.
- **Signs of a few hours** (sting, redness after IPL) are told in whole days.
- **PIH**: series of one treatment differ from 1.2 to 92 % (RSK-037, RSK-041); no interval of use holds both.
- **Herpes with an antiviral**: trials saw none in 60 to 120 patients; RSK-078 to RSK-080 saw 5 to 33 %.
- **Comparators** are described as wounds by the authors' judgement; their pain is not that of a laser.
"""


def _counts_table(title: str, found: Mapping[str, Mapping[str, object]]) -> list[str]:
    lines = [
        f"| {title} | rows | with a number | computed | compared | inside | median half-width |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, count in found.items():
        width = count["median_half_width"]
        share = f"{count['inside']} ({PERCENT * _int(count, 'inside') / max(_int(count, 'compared'), 1):.0f} %)"
        told = number_text(width) if isinstance(width, float) else "-"
        lines.append(
            f"| {name.replace('_', ' ')} | {count['rows']} | {count['numeric']} | {count['computed']} | {count['compared']} "
            f"| {share} | {told} |"
        )
    return lines


def _int(count: Mapping[str, object], name: str) -> int:
    value = count[name]
    return value if isinstance(value, int) else 0


def _fair(row: Mapping[str, object]) -> bool:
    """Whether a row of risks treats phototypes I to III only."""
    types = phototypes_told(evidence.get(str(row["id"])).fields["phototypes"])
    return bool(types) and set(types) <= {"I", "II", "III"}


def widths_text(card: Card) -> str:
    """Median half-widths against what they should stay under, in words."""
    compared = [row for row in card.rows if row["inside"] is not None]

    def median(rows: list[Mapping[str, object]], *, relative: bool = False) -> float:
        found = []
        for row in rows:
            width, middle = half_width(row), row["found"]
            if width is not None and isinstance(middle, float) and not (relative and middle <= 0):
                found.append(PERCENT * width / middle if relative else width)
        return statistics.median(found) if found else 0.0

    gains = median([row for row in compared if kind_of(row) == "mean improvement"])
    harms = median([row for row in compared if kind_of(row) == "risk incidence" and _fair(row)])
    days = median([row for row in compared if kind_of(row) == "days"], relative=True)
    return (
        f"Median half-widths: {gains:.1f} points for mean improvement (to stay under 18), {harms:.1f} points for incidences in phototypes "
        f"I to III (under 12), {days:.0f} % of the model's own value for days (under 35 %)."
    )


def counts_tables(card: Card) -> list[str]:
    """Counts of a card by table and by kind of quantity, as Markdown."""
    by_file, by_quantity = card.summary["by_file"], card.summary["by_quantity"]
    if not isinstance(by_file, Mapping) or not isinstance(by_quantity, Mapping):
        return []
    return [*_counts_table("table", by_file), "", *_counts_table("quantity", by_quantity)]


def page() -> str:
    """The whole page."""
    from recutis.scorecard.clinical_study import Lab

    lab = Lab()
    card = clinical_card(None, lab=lab)
    told = card.summary
    missed = [line(row) for row in card.rows if row["inside"] is False]
    absent = [line(row) for row in card.rows if row["found"] is None]
    numeric = sum(row["value"] is not None and row["found"] is not None for row in card.rows)
    parts = [
        _HOW.format(blocks=lab.blocks),
        "## Counts",
        "",
        f"{card.closing_text} {numeric} of the {told['numeric']} rows with a number are computed. Of {told['two_sided']} rows, "
        f"{told['within_factor_1.5']} middles lie within a factor of 1.5 of the published value and {told['within_factor_2']} within 2.",
        "",
        widths_text(card),
        "",
        *counts_tables(card),
        _READING,
        f"## All {len(missed)} misses",
        "",
        "| row | class | quantity | published | model (80 % interval) | unit | settings and assumptions |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(f"| {' | '.join(_cell(cell) for cell in (*cells[:6], cells[7]))} |" for cells in missed),
        "",
        f"## All {len(absent)} rows that are not computed",
        "",
        "| row | class | quantity | reason |",
        "| --- | --- | --- | --- |",
        *(f"| {' | '.join(_cell(cell) for cell in (*cells[:3], cells[7]))} |" for cells in absent),
        "",
    ]
    return "\n".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    target.write_text(page(), encoding="utf-8")
