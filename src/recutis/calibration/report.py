"""What a calibration found, in a few numbers and as the page `docs/calibration.md`."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from recutis import evidence
from recutis.calibration.fit import Fit
from recutis.calibration.held_out import held_out_card
from recutis.calibration.replicates import replicates, spreads_of_persons
from recutis.calibration.run import card_laboratory, difference
from recutis.calibration.ship import draws, in_units
from recutis.scorecard.clinical import clinical_card, line
from recutis.scorecard.clinical_page import counts_tables, widths_text
from recutis.scorecard.clinical_table import packaged
from recutis.scorecard.types import Card, number_text
from recutis.units import PERCENT

_MOVED: Final = 30  # parameters told on the page
_FAMILY_WORDS: Final = {
    "days.clock": "days of closure, downtime, make-up, in logarithms", "days.redness": "days of redness, in logarithms",
    "days.clock.told": "the same where a page tells what is usual", "days.redness.told": "the same where a page tells what is usual",
    "days.sign": "days of other signs, in logarithms", "share": "incidence of a sign, in log-odds",
    "gain.mean.blinded": "gain of persons behind means of blinded raters, in log-odds", "gain.mean.open": "the same, open raters",
    "gain.mean.meter": "the same, instruments", "gain.score": "gain of persons behind scores and grades",
    "gain.share": "gain of persons behind shares of responders",
    "pain": "pain, in log-odds of its scale", "course": "redness course, in log-odds", "risk": "incidence of a harm, in log-odds",
}  # fmt: skip
_ALIKE_WORDS: Final = _FAMILY_WORDS | {
    "days.clock.told": "days of closure, downtime, make-up, as a page tells them",
    "days.redness.told": "days of redness, as a page tells them",
    "gain.mean.blinded": "mean gain, blinded raters", "gain.mean.open": "mean gain, open raters",
    "gain.mean.meter": "mean gain, instruments", "gain.score": "scores and grades", "gain.share": "share of responders",
}  # fmt: skip
_HEAD: Final = """# Calibration: the response fitted to the studies, and each study predicted without itself

`recutis calibrate [--write] [--page docs/calibration.md]` fits the response anew, compares with the draws that ship, and writes this page.

## How

- **A study is a population of twins** under its own device, settings, phototypes, site, sessions and follow-up, as on the
  [clinical card](clinical.md). What is compared is the statistic that it reports, on a scale where it is roughly normal: logarithm of
  days, log-odds of shares and of gains. Nothing is averaged across metrics; denominators are those of the rows.
- **Parameters** ({parameters} rows of `model_response` and `model_clinical`) carry their rows' ranges as normal priors (95 %),
  on the scale of their kind (logarithm, log-odds, plain).
- **Deviations** of a row: luck of its sample of n, and what the study has of its own: Student's t with `calibration.robust` degrees
  of freedom and one spread a family, so that single odd studies pull little. Rows of one study and family share half of that; recalled and
  weak rows count less, a reviewer's prior least (`calibration.doubt.*`).
- **How a gain was graded** shifts it in log-odds, by amounts that are fitted too (`clinical.optimism.*`): open raters, patients
  themselves, quartile grades, thresholds in percent and in words, validated scores and instruments, which tell less, and the decade,
  for earlier studies of the same treatment told more. Gains are told without these shifts: as blinded raters of {year} would give
  them. Means by blinded raters, open ones and instruments have spreads of their own, and so have days that a page tells as usual
  beside days that a study measured. Grades scatter between raters (`clinical.grading.scatter`), signs between observers
  (`clinical.sign.scatter`); active acne and young scars change by themselves meanwhile (`response.untreated.*`).
- **What lasers differ by.** Taken at its word, the injury tells gains twice as far apart as studies do: where it said 17 % they
  reported 32, where it said 71 they reported 59, and lasers side by side in one study differed by a third of what it said. So a
  part of the difference (`response.gain.kept.*`) is left, for persons as for studies. Sessions are another matter: studies of
  longer courses report no more, for doctors go on until the end point is reached and treat longer what answers less, but in the
  same persons two further sessions add 1.2 log-odds in the mean (ten courses), more than is told. So what sessions add stays whole,
  and only courses of different studies are drawn together. Seven forms of this were compared by their left-out errors on these
  very rows, so the errors below flatter it; the one that ships was not the closest, but the one that keeps the laws.
- **Mode and law.** Gauss–Newton with numerical derivatives finds the mode, the curvature there gives a joint normal law; {draws} draws
  of it ship, and each block of twins lives in one of them. What no study tells keeps its prior's width.
- **A study left out**: its rows are taken from the curvature and the mode moves accordingly (to first order); its rows are then
  predicted by the same code as the card's. The spreads between studies are the least at which the share
  `calibration.inside` of a family's rows, so predicted, lies inside the 80 % interval. Families of few rows keep the spread they start
  with.
"""
_LIMITS: Final = """
## Studies that it had not seen

The rows came in three lots. The response as fitted to the first (126 studies) was asked for 232 further studies gathered from
abstracts before anything was changed: of 581 numeric rows it had 309 (53 %) inside its 80 % interval, outcomes 48, recovery 49,
risks 67, pain 35 %, where leaving studies out of the first lot had promised 76 %. What it lacked was seen there: light that calms
acne and evens the colour of sun-worn skin, sessions that add less and less, graders' habits and the decline of told gains over the
decades, and spreads between studies that were too small. With that built and refitted, 48 studies gathered after it was fixed lay
inside in 63 of 96 rows (66 %; outcomes 30 of 38, recovery 16 of 31, risks 14 of 21, pain 3 of 6); some of those rows were repeats
or microscopic end points, which are left out of the tables. How sessions saturate, what long pulses clear, how signs are
recorded and how far lasers differ was mended after that, and all three lots are in the fit now, so the figures above are again
those of leaving out. Of the rows of the second lot, 72 were read a second time without sight of the first reading: 69 agree, none differs.

## Limits

- The forms of the response, the priors' middles and the usual settings were chosen by hand with these rows in view (before the fit, and
  once after looking at its misses: redness of warmed vessels, the first days of an open wound, vessels of fresh scars; fifteen ranges were
  widened where a first fit ran against them). Leaving a study out of the fit does not undo that.
- That four of five of these rows lie inside is the making of the spreads, and leaving a study out of these too changes it little. The
  test is studies that no fit has seen; those gathered so far lay inside 10 to 23 points less often than leaving out had promised.
- The law is normal about one mode; parameters that only a product determines are told by their joint draws, not one by one.
- The spreads are common to a family: a study with settings in words is no worse known than one with numbers.
- Physics enters with its own stated error only, not with draws of its constants.
"""


_ALIKE: Final = """
Rows of different studies that agree in laser class, concern, what was measured, how it was graded, and in whether skin of phototype IV
or darker was treated. The mean of the other studies alike predicts a study without any model; it is set beside the response, both
without that study. Figures are root mean squares of what is left, on the scale of comparison of what was reported (logarithm of days, else
log-odds). *Apart* is the standard deviation of such studies about what they share, the luck of their samples taken out: it is left to
settings, sessions, sites, follow-up, patients and raters. For comparison: a prediction that errs by 0.27 in all in the logarithm of
days has an 80 % interval of 35 % to either side, one that errs by 0.59 in log-odds has 18 points about 50 %. Few studies have their like,
so the figures are rough.

| what | studies (treatments) | response leaves | mean of the others leaves | apart |
| --- | --- | --- | --- | --- |
"""


_PERSONS: Final = """

Within studies: where one arm tells shares beyond two thresholds ({pairs} pairs), its persons as graded differ by {middle:.2f} log-odds in
the median (quartiles {low:.2f} and {high:.2f}); the model has {model:.2f}, of persons (`response.gain.sd_person`) and of raters
(`clinical.grading.scatter`). These two the fit between studies may not move, for it would put down to persons and raters what
studies differ by.
"""


def _alike(found: Fit) -> str:
    lines = (
        f"| {_ALIKE_WORDS[one.family]} | {one.studies} ({one.treatments}) | {one.ours:.2f} | {one.others:.2f} | {one.between:.2f} |"
        for one in replicates(found)
    )
    return _ALIKE + "\n".join(lines) + _persons()


def _persons() -> str:
    each = spreads_of_persons(packaged())
    model = math.hypot(evidence.value("response.gain.sd_person"), evidence.value("clinical.grading.scatter"))
    low, middle, high = np.quantile(each, (0.25, 0.5, 0.75))
    return _PERSONS.format(pairs=len(each), low=low, middle=middle, high=high, model=model)


def _fairly(found: Fit) -> tuple[str, ...]:
    if found.fairly_inside is None:
        return ()
    inside, count = found.fairly_inside
    share = f"{inside} of {count} rows ({PERCENT * inside / count:.0f} %)"
    return (
        "",
        f"The spreads are set so that four of five lie inside. At spreads that its own study has had no part in, {share} do.",
    )


def account(found: Fit) -> dict[str, object]:
    """The fit in a few numbers: rows, studies, parameters, spreads, and how far it lies from the draws that ship."""
    return {
        "rows": len(found.problem.data),
        "studies": len({row.study for row in found.problem.data}),
        "parameters": len(found.problem.scales),
        "spread_between_studies": {family: round(value, 3) for family, value in found.spread.items()},
        "largest_difference_from_shipped_sd": round(difference(found), 3),
    }


def held_out(found: Fit, *, progress: Callable[[float], None] | None = None) -> Card:
    """The card of rows without their own studies, with the twins of the clinical card."""
    return held_out_card(found, lab=card_laboratory(found), progress=progress)


def _moved(found: Fit) -> list[str]:
    """The parameters that the studies have moved or narrowed most."""
    scales = found.problem.scales
    mode, covariance = found.solve()
    table = in_units(scales, draws(mode, covariance))
    sd = np.sqrt(np.diag(covariance))
    order = np.argsort(-(np.abs(mode) + (1.0 - sd)))[:_MOVED]
    lines = []
    for number in order:
        key = scales[number].key
        low, middle, high = (number_text(float(x)) for x in np.quantile(table[key], (0.1, 0.5, 0.9)))
        row = evidence.get(key)
        lines.append(f"| `{key}` | {row.value:g} ({row.low:g} to {row.high:g}) | {middle} ({low} to {high}) | {sd[number]:.2f} |")
    return lines


def page(found: Fit, *, progress: Callable[[float], None] | None = None) -> str:
    """The whole page."""
    card = held_out(found, progress=progress)
    fitted = clinical_card(None)
    missed = [line(row) for row in card.rows if row["inside"] is False]
    count = card.summary["compared"]
    inside, within = card.summary["inside"], fitted.summary["inside"]
    parts = [
        _HEAD.format(
            parameters=len(found.problem.scales),
            draws=len(draws(*found.solve())),
            year=f"{evidence.value('clinical.reference.year'):.0f}",
        ),
        "## Without its own study",
        "",
        f"{inside} of {count} rows ({100 * int(str(inside)) / int(str(count)):.0f} %) lie inside the 80 % interval of a study of their "
        f"size when predicted without their study; {within} of {fitted.summary['compared']} do with it (`recutis validate clinical`). "
        f"Of {card.summary['two_sided']} rows, {card.summary['within_factor_1.5']} middles lie within a factor of 1.5 and "
        f"{card.summary['within_factor_2']} within 2.",
        *_fairly(found),
        "",
        widths_text(card),
        "",
        *counts_tables(card),
        "",
        "## Studies of the same treatment",
        _alike(found),
        "",
        "## Spread between studies",
        "",
        "| what | standard deviation |",
        "| --- | --- |",
        *(f"| {_FAMILY_WORDS[family]} | {value:.2f} |" for family, value in found.spread.items()),
        "",
        f"## The {_MOVED} parameters of which the studies say most",
        "",
        "The last column is the standard deviation left, as a share of the prior's.",
        "",
        "| row | prior (95 %) | calibrated (80 %) | left |",
        "| --- | --- | --- | --- |",
        *_moved(found),
        _LIMITS,
        f"## All {len(missed)} misses",
        "",
        "| row | class | quantity | published | model (80 % interval) | unit | settings and assumptions |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(f"| {' | '.join(cell.replace('|', '/') for cell in (*cells[:6], cells[7]))} |" for cells in missed),
        "",
    ]
    return "\n".join(parts)


def write_page(found: Fit, file: Path, *, progress: Callable[[float], None] | None = None) -> None:
    """Write the page to a file."""
    file.write_text(page(found, progress=progress), encoding="utf-8")
