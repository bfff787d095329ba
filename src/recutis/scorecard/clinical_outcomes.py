"""Rows of improvement: each metric is its own statistic of the twins' gain; nothing is averaged across metrics."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from recutis import evidence
from recutis.bands import Draws
from recutis.scorecard import clinical_sample as sample
from recutis.scorecard.clinical_sample import Told
from recutis.scorecard.clinical_study import Arm, Lab, NotComputedError, Order, Study
from recutis.scorecard.clinical_table import COURSE, GRADES
from recutis.scorecard.clinical_words import number_in, threshold_of
from recutis.units import DAYS_PER_MONTH, DAYS_PER_WEEK, PERCENT

if TYPE_CHECKING:
    from recutis.response import Improvement

_QUARTERS: Final = (25.0, 50.0, 75.0)
_TENTHS: Final = 10.0
_GRADES: Final = 4.0
_LESIONS_OF_GLANDS: Final = frozenset({"gland"})
_SAME_DAY: Final = frozenset({"pigment", "vessel"})
_BY_GRADES: Final = frozenset({"quartile_mean_0_4", "score_of_5", "score_1_5"})
_IN_NUMBERS: Final = re.compile(r"\d")
_METERS: Final = (
    r"profilom|(mexa|chroma|color|colour|cuto|spectro|spectrophoto)i?meter|\bmeter\b|spectro|(erythema|melanin) index|image analysis"
    r"|visia|antera|\b3d\b"
)
_METER: Final = re.compile(_METERS)
_SCORE: Final = re.compile(
    r"ecca|goodman|vancouver|\bvss\b|posas|manchester|fitzpatrick|masi\b|score|severity|index|\biga\b|\bcea\b"
)
_YEAR: Final = re.compile(r"\b(19[89]|20[0-4])\d\b")
_YEARS_PER_DECADE: Final = 10.0
_COUNT: Final = re.compile(r"count")
_PATIENT: Final = re.compile(r"\b(patients?|self|subjects?|participants?)\b")
_RATER: Final = re.compile(r"physician|investigator|dermatolog|observer|assessor|clinician|blind|independent|both|photograph")
_BLIND: Final = re.compile(rf"(?<!un)(?<!non)(?<!not )blind|independent|{_METERS}|\brct\b")
_BASELINE: Final = re.compile(r"(?:baseline|untreated control)\s*(?:mean)?\s*(\d+(?:\.\d+)?)")


def order_of(fields: Mapping[str, str]) -> Order:
    """What a row of outcomes says of its study."""
    return Order(
        device_word=fields["device_class"], settings_text=fields["device_settings"], indication=fields["indication"],
        phototypes_text=fields["phototypes"], site_text=fields["site"], n_text=fields["n"], sessions_text=fields["sessions"],
        interval_text=fields["interval_weeks"],
    )  # fmt: skip


def _after(course: Improvement, sessions: float) -> Draws:
    """Matured gain after a number of sessions, between two whole numbers for a mean such as 2.4."""
    last = course.by_session.shape[0]
    low = min(max(int(sessions), 1), last)
    high = min(low + 1, last)
    share = min(max(sessions - low, 0.0), 1.0)
    return np.asarray((1 - share) * course.by_session[low - 1] + share * course.by_session[high - 1])


def _seen_share(arm: Arm, months: float) -> float:
    """Share of the matured gain seen so many months after the last session, before anything fades."""
    target = arm.lesion.target if arm.lesion else "dermis"
    if target in _SAME_DAY:
        return 1.0
    early = evidence.value("clinical.early.gland" if target in _LESIONS_OF_GLANDS else "clinical.early.dermis")
    mature = evidence.value("clinical.early.mature")
    return float(np.interp(months, [0.0, 1.0, mature], [0.0, early, 1.0]))


def _lost_pct(arm: Arm, course: Improvement, months: float) -> Draws:
    """Percent of the gain lost by then: melasma returns within the year, all else fades from half a year on."""
    group = "timeline.melasma" if arm.lesion is not None and arm.lesion.kind == "melasma" else "clinical.late"
    start, end = evidence.value(f"{group}.start"), evidence.value(f"{group}.end")
    return np.asarray(np.clip((months - start) / (end - start), 0.0, 1.0) * course.recurrence_pct)


def _kept(arm: Arm, course: Improvement, months: float) -> Draws:
    """Share of the gain that is left after fading."""
    return np.asarray(1 - _lost_pct(arm, course, months) / PERCENT)


def _months(fields: Mapping[str, str]) -> float:
    given = number_in(fields["followup_months"])
    return evidence.value("clinical.default.followup") if given is None else given


def _gains(
    lab: Lab, study: Study, fields: Mapping[str, str], months: float | None = None, by: sample.Grading = "mean.open"
) -> list[Draws]:  # fmt: skip
    when = _months(fields) if months is None else months
    shifts = [f"clinical.optimism.{word}" for word in (*(() if is_blinded(fields) else ("open",)), *kindness(fields))]
    graded, decades = fields["metric"] in _BY_GRADES or fields["metric"] == "responder_pct", _decades_before(fields["source"])
    scatter = sample.scatter_of_raters(lab.n, lab.copies) if graded else 0.0
    found = []
    for arm in study.arms:
        p = arm.twins.p
        optimism = (
            sum((p.row(key) for key in shifts), start=p.row("clinical.shift.gain")) + p.row("clinical.grading.scatter") * scatter
        )
        optimism = optimism + p.row("clinical.optimism.earlier") * decades
        course = lab.gain(arm, study.interval_weeks)
        optimism = optimism + _treated_on(arm, course, number_in(fields.get(COURSE, "")) or study.sessions)
        true = _after(course, study.sessions) * _seen_share(arm, when) * _kept(arm, course, when)
        true = _with_natural_course(arm, true, study, when)
        found.append(sample.told_gain(true, arm.twins.block, optimism=optimism, seed=lab.seed, by=by))
    return found


def _treated_on(arm: Arm, course: Improvement, sessions: float) -> Draws:
    """Shift [log-odds] of each twin by which a course of so many sessions is told nearer to one of a single session.

    Doctors go on until the end point is reached and treat longer what answers less: courses of different length differ in their
    gains as little as those of different lasers do (rows `response.gain.kept.*`). All sessions of a course move alike: what one more
    adds in the same persons stays whole.
    """
    from recutis.response import part_kept

    if arm.lesion is None:
        return np.zeros(arm.twins.n)
    block = arm.twins.block
    persons = np.bincount(block)

    def expected(count: float) -> Draws:
        return sample.log_odds(np.bincount(block, np.maximum(_after(course, count), 0.0)) / persons / PERCENT)

    return np.asarray((part_kept(arm.lesion, arm.twins.p) - 1) * (expected(sessions) - expected(1.0))[block])


def is_blinded(fields: Mapping[str, str]) -> bool:
    """Whether a row was graded blindly, by independent raters or by an instrument, and so is not kind to itself."""
    told = f"{fields['scale']} {fields['notes']} {fields['device_settings']} {fields['source']}".lower()
    return _BLIND.search(told) is not None


def graded_by(fields: Mapping[str, str]) -> sample.Grading:
    """Who graded a mean gain."""
    if _METER.search(fields["scale"].lower()):
        return "mean.meter"
    return "mean.blinded" if is_blinded(fields) else "mean.open"


def kindness(fields: Mapping[str, str]) -> tuple[str, ...]:
    """What shifts the grading of a row: grades, thresholds in numbers or in words, an instrument, a validated score, the patients."""
    scale, metric = fields["scale"].lower(), fields["metric"]
    grades: tuple[str, ...] = ("grades",) if metric in _BY_GRADES else ()
    if metric == "responder_pct":
        grades = ("thresholds" if _IN_NUMBERS.search(fields["threshold"] or scale) else "words",)
    if _METER.search(scale):
        return (*grades, "meter")
    if _PATIENT.search(scale) and not _RATER.search(scale):
        return (*grades, "patient")
    scored = metric.startswith("score_change") or metric == "score_after"
    return ("score",) if scored and _SCORE.search(scale) and not _COUNT.search(scale) else grades


def _decades_before(source: str) -> float:
    """Decades from a study's year to the reference year: earlier studies tell more gain of the same treatments."""
    told = _YEAR.search(source)
    year = float(told.group()) if told else evidence.value("clinical.default.year")
    return (evidence.value("clinical.reference.year") - year) / _YEARS_PER_DECADE


def _with_natural_course(arm: Arm, gain: Draws, study: Study, months: float) -> Draws:
    """The gain with what acne and young scars do by themselves meanwhile: trials without a control arm see both as one."""
    from recutis.response import natural_course

    if arm.lesion is None or not evidence.has(f"response.untreated.{arm.lesion.kind}"):
        return gain
    whole = months + (study.sessions - 1) * study.interval_weeks * DAYS_PER_WEEK / DAYS_PER_MONTH
    alone = natural_course(arm.lesion.kind, arm.twins.p, whole) / PERCENT
    return np.asarray(PERCENT * (1 - (1 - gain / PERCENT) * (1 - alone)))


def _mean_gain(lab: Lab, study: Study, fields: Mapping[str, str]) -> Told:
    by = graded_by(fields) if "pct" in fields["metric"] or "improvement" in fields["metric"] else "score"
    return sample.mean(study.population(_gains(lab, study, fields, by=by)), study.n, "none", seed=lab.seed)


def _reached(fields: Mapping[str, str]) -> bool:
    """Whether a responder's grade means that grade or a better one: unless its study tells the shares of several grades."""
    band = threshold_of(fields["threshold"] or fields["scale"])
    return band is not None and band.is_grade and (number_in(fields.get(GRADES, "")) or 0.0) < 2.0


def _responders(lab: Lab, study: Study, fields: Mapping[str, str]) -> Told:
    words = fields["threshold"] or fields["scale"]
    band = threshold_of(words)
    if band is None:
        msg = f"the threshold '{words}' of a responder is not known"
        raise NotComputedError(msg)
    if _reached(fields):
        band = band.or_better()
    inside = [((gain >= band.low) & (gain <= band.high)).astype(np.float64) for gain in _gains(lab, study, fields, by="share")]
    return sample.share_pct(study.population(inside), study.n, "none", seed=lab.seed)


def _grades(gain: Draws) -> Draws:
    """Quartile grade 0 to 4: 1 for 1-25 %, 2 for 26-50, 3 for 51-75, 4 above."""
    return np.asarray((gain >= 1).astype(np.float64) + np.sum([gain > edge for edge in _QUARTERS], axis=0))


def _quartile_mean(lab: Lab, study: Study, fields: Mapping[str, str]) -> Told:
    graded = study.population([_grades(gain) for gain in _gains(lab, study, fields, by="score")])
    return sample.mean(graded, study.n, "none", seed=lab.seed, top=_GRADES)


def _change_pct(lab: Lab, study: Study, fields: Mapping[str, str]) -> Told:
    value = number_in(fields["value"])
    return _mean_gain(lab, study, fields).scaled(1.0 if value is not None and value > 0 else -1.0)


def _baseline(fields: Mapping[str, str]) -> float:
    match = _BASELINE.search(fields["notes"].lower())
    if match is None:
        msg = "points of a score need the baseline, which the row does not give ('baseline 5.9' in notes)"
        raise NotComputedError(msg)
    return float(match.group(1))


def _score_after(lab: Lab, study: Study, fields: Mapping[str, str]) -> Told:
    start = _baseline(fields)
    return _mean_gain(lab, study, fields).scaled(-start / PERCENT, start)


def _change_abs(lab: Lab, study: Study, fields: Mapping[str, str]) -> Told:
    return _mean_gain(lab, study, fields).scaled(-_baseline(fields) / PERCENT)


def _of_ten(lab: Lab, study: Study, fields: Mapping[str, str]) -> Told:
    return _mean_gain(lab, study, fields).scaled(_TENTHS / PERCENT)


def _of_five(lab: Lab, study: Study, fields: Mapping[str, str]) -> Told:
    """Five grades, 1 for none to 5 for all: one more than the quartile grade."""
    return _quartile_mean(lab, study, fields).scaled(1.0, 1.0)


def _recurrence(lab: Lab, study: Study, fields: Mapping[str, str]) -> Told:
    """Share of persons in whom the lesion has come back by the follow-up: as large as the share of the gain that is lost by then."""
    when = number_in(fields["followup_months"])
    months = evidence.value("clinical.late.end") if when is None else when
    courses = [(arm, lab.gain(arm, study.interval_weeks)) for arm in study.arms]
    lost = [_lost_pct(arm, course, months) / PERCENT for arm, course in courses]
    return sample.share_pct(study.population(lost), study.n, "share", seed=lab.seed)


def _durability(lab: Lab, study: Study, fields: Mapping[str, str]) -> Told:
    when = _months(fields)
    kept = [PERCENT * _kept(arm, lab.gain(arm, study.interval_weeks), when) for arm in study.arms]
    return sample.mean(study.population(kept), study.n, "none", seed=lab.seed)


def _sessions_needed(lab: Lab, study: Study, fields: Mapping[str, str]) -> Told:
    """Sessions until the threshold is reached, at most those that are followed."""
    band = threshold_of(fields["threshold"])
    if band is None:
        msg = f"the threshold '{fields['threshold']}' is not known"
        raise NotComputedError(msg)
    counts = []
    for arm in study.arms:
        reached = lab.gain(arm, study.interval_weeks).by_session >= band.low
        first = np.argmax(reached, axis=0) + 1.0
        counts.append(np.where(reached.any(axis=0), first, float(reached.shape[0])))
    return sample.mean(study.population(counts), study.n, "none", seed=lab.seed)


_METRICS: Final[Mapping[str, Callable[[Lab, Study, Mapping[str, str]], Told]]] = {
    "mean_improvement_pct": _mean_gain,
    "mean_improvement_range": _mean_gain,
    "median_improvement_pct": _mean_gain,
    "clearance_pct": _mean_gain,
    "mean_clearance_pct": _mean_gain,
    "mean_improvement": _mean_gain,
    "responder_pct": _responders,
    "quartile_mean_0_4": _quartile_mean,
    "score_change_pct": _change_pct,
    "score_after": _score_after,
    "score_change_abs": _change_abs,
    "score_0_10": _of_ten,
    "score_of_5": _of_five,
    "score_1_5": _of_five,
    "recurrence_pct": _recurrence,
    "durability_pct_of_gain": _durability,
    "sessions_to_target": _sessions_needed,
}
_GRADE_WORDS: Final = "the grade or a better one"
_WORDS_ONLY: Final = {
    "qualitative": "a finding in words has no number to compute",
    "significance": "a p-value is a statement about a test, not about skin",
    "equivalence": "a test of equivalence compares two arms; no number of one arm is given",
}


def compute(lab: Lab, fields: Mapping[str, str]) -> tuple[Told, tuple[str, ...]]:
    """The statistic of one row of outcomes and what was assumed for it.

    Raises NotComputedError with the reason.
    """
    metric = fields["metric"]
    if fields["unit"] == "p_value" or metric in _WORDS_ONLY:
        raise NotComputedError(_WORDS_ONLY.get(metric, _WORDS_ONLY["significance"]))
    if metric not in _METRICS:
        msg = f"the metric '{metric}' is not known; known are {', '.join(_METRICS)}"
        raise NotComputedError(msg)
    study = lab.study(order_of(fields))
    assumed = (*study.assumed, _GRADE_WORDS) if metric == "responder_pct" and _reached(fields) else study.assumed
    return _METRICS[metric](lab, study, fields), assumed
