"""Rows of recovery: days of a sign (mean, typical, upper bound), incidence on a day, redness in percent of its peak."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np

from recutis import evidence
from recutis.bands import Draws
from recutis.response import Care, SiteResponse, clocks, symptoms
from recutis.response.parameters import logistic
from recutis.response.wound import read_wound
from recutis.scorecard import clinical_sample as sample
from recutis.scorecard.clinical_sample import Told
from recutis.scorecard.clinical_study import Arm, Lab, NotComputedError, Order, Study
from recutis.scorecard.clinical_words import number_in
from recutis.units import DAYS_PER_WEEK, MONTHS_PER_YEAR, PERCENT

_CLOCKS: Final[tuple[tuple[str, str], ...]] = (
    (r"re-?epithel|closure|wound_healing|healing", "closure_days"), (r"makeup|make-up", "makeup_day"),
    (r"return_to_work|work", "return_to_work_day"), (r"downtime", "social_downtime_days"),
    (r"(erythema|redness)_resol", "erythema_resolution_days"),
)  # fmt: skip
_SYMPTOMS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (r"erythema|redness", ("redness",)), (r"oedema|edema|swelling", ("swelling",)), (r"peeling$|^peel|flak", ("peeling",)),
    (r"crust|bronz|scab|mend", ("crusting", "bronzing")), (r"pain|burning|sting", ("pain",)), (r"itch|prurit", ("sting_itch",)),
)  # fmt: skip
_QUANTILE: Final = {"range": 0.5, "point": 0.5, "median": 0.5, "typical": 0.5}
_FAINTEST: Final = 1e-6  # keeps logarithms finite where there is no sign
_DAYS_PER_YEAR: Final = 365.25  # calendar
_HOURS_PER_DAY: Final = 24.0
_UNITS: Final[Mapping[str, float]] = {
    "days": 1.0, "day": 1.0, "": 1.0, "weeks": 1 / DAYS_PER_WEEK, "months": MONTHS_PER_YEAR / _DAYS_PER_YEAR,
    "hours": _HOURS_PER_DAY,
}  # fmt: skip


def order_of(fields: Mapping[str, str]) -> Order:
    """What a row of recovery says of its study."""
    return Order(
        device_word=fields["device_class"], settings_text=fields["intensity"], phototypes_text=fields["phototypes"],
        site_text=fields["site"], n_text=fields["n"], detail=f"{fields['detail']} {_lesion_site(fields['site'])}".strip(),
    )  # fmt: skip


def _lesion_site(site: str) -> str:
    return site if "lentig" in site.lower() else ""


def _response(lab: Lab, arm: Arm, study: Study, *, by_day: bool = True) -> SiteResponse:
    care = Care(anaesthesia="topical", antiviral=True, postop_steroid=False, bleaching=False)
    return lab.response(arm, care, study.area_cm2, by_day=by_day)


def _redness(arm: Arm) -> clocks.Redness:
    return clocks.redness_of(read_wound(arm.injury, arm.twins), arm.twins)


def _noted(arm: Arm) -> Draws:
    return arm.twins.p("redness.noted")


def _recorded(arm: Arm, level: Draws) -> Draws:
    """Chance that a sign of this level is recorded: one half at the level usually noted, by `clinical.sign.scatter` between observers."""
    steps = np.log(np.maximum(level, _FAINTEST) / _noted(arm)) / arm.twins.p.row("clinical.sign.scatter")
    return np.asarray(np.where(level > 0, logistic(steps), 0.0))


def _symptom(sign: str) -> tuple[str, ...]:
    names = next((names for pattern, names in _SYMPTOMS if re.search(pattern, sign)), None)
    if names is None:
        msg = f"the sign '{sign}' is not modelled"
        raise NotComputedError(msg)
    return names


def _bruise(lab: Lab, arm: Arm, study: Study) -> Draws:
    """Bruise by day: what the shown redness has beyond that of inflammation."""
    response = _response(lab, arm, study)
    shown = response.symptoms["redness"]
    plain = _redness(arm).at(np.asarray(response.days, dtype=np.float64)[:, None])
    return np.asarray(np.where(shown > plain * (1 + 1e-9), shown, 0.0))  # beyond rounding


def _days(lab: Lab, arm: Arm, study: Study, sign: str) -> Draws:
    """Days a sign lasts in each twin; a symptom lasts while it is above what a clinician records."""
    name = next((name for pattern, name in _CLOCKS if re.search(pattern, sign)), None)
    if name == "closure_days" and "lesion" in sign:
        msg = f"the sign '{sign}' is not modelled apart from its crusts"
        raise NotComputedError(msg)
    if name is not None:
        return np.asarray(getattr(_response(lab, arm, study, by_day=False), name))
    if re.search(r"\bpih|hyperpigment", sign):
        return np.asarray(_response(lab, arm, study, by_day=False).pih_duration_weeks * DAYS_PER_WEEK)
    if re.search(r"purpura|bruis|ecchym", sign):
        return symptoms.last_day_above(_bruise(lab, arm, study), _noted(arm))
    names = _symptom(sign)
    if names == ("redness",):
        return _redness(arm).falls_below(_noted(arm))
    curves = _response(lab, arm, study).symptoms
    return np.asarray(np.maximum.reduce([symptoms.last_day_above(curves[one], _noted(arm)) for one in names]))


def present(lab: Lab, arm: Arm, study: Study, sign: str, day: float | None) -> Draws:
    """The chance that a sign is recorded on a day (at any time when None), for each twin: observers differ in what they note."""
    if re.search(r"blister|bulla", sign):
        return np.asarray(_response(lab, arm, study, by_day=False).risks["blister"])
    if re.search(r"purpura|bruis", sign):
        return np.asarray(_response(lab, arm, study, by_day=False).risks["purpura"])
    names = _symptom(sign)
    if names == ("redness",):
        return _recorded(arm, np.asarray(_redness(arm).at(0.0 if day is None else day)))
    response = _response(lab, arm, study)
    curve = np.maximum.reduce([response.symptoms[one] for one in names])
    if day is None or day <= 0:
        return _recorded(arm, curve.max(axis=0))
    nearest = int(np.argmin(np.abs(np.asarray(response.days) - day)))
    return _recorded(arm, curve[nearest])


def _day_of(fields: Mapping[str, str]) -> float | None:
    given = number_in(fields["time_day"])
    if given is not None:
        return given
    named = re.search(r"(\d+)\s*_?d", fields["sign"])
    return float(named.group(1)) if named else None


def _factor(unit: str) -> float:
    if unit not in _UNITS:
        msg = f"the unit '{unit}' of a duration is not known; known are {', '.join(word for word in _UNITS if word)}"
        raise NotComputedError(msg)
    return _UNITS[unit]


def _timecourse(lab: Lab, study: Study, fields: Mapping[str, str]) -> Told:
    """Redness on a day in percent of the peak."""
    day = _day_of(fields)
    if day is None or not re.search(r"erythema|redness", fields["sign"]):
        msg = "a time course is modelled for redness on a stated day (time_day) only"
        raise NotComputedError(msg)
    curves = [_redness(arm) for arm in study.arms]
    levels = [PERCENT * np.asarray(curve.at(day)) / np.maximum(curve.peak, 1e-9) for curve in curves]
    return sample.mean(study.population(levels), study.n, "course", seed=lab.seed)


def days_family(fields: Mapping[str, str]) -> sample.Family:
    """What days of a sign are spread with: closure, downtime, make-up and work; redness; any other sign.

    A row without a number of persons tells what a page gives as usual, which differs less from page to page than studies do.
    """
    small, measured = fields["sign"].lower(), number_in(fields.get("n", "")) is not None
    if re.search(r"erythema|redness", small):
        return "days.redness" if measured else "days.redness.told"
    if not any(re.search(pattern, small) for pattern, _ in _CLOCKS):
        return "days.sign"
    return "days.clock" if measured else "days.clock.told"


def _duration(lab: Lab, study: Study, fields: Mapping[str, str]) -> Told:
    days = study.population([_days(lab, arm, study, fields["sign"].lower()) for arm in study.arms])
    statistic, family = fields["statistic"] or "mean", days_family(fields)
    if statistic == "mean":
        found = sample.mean(days, study.n, family, seed=lab.seed)
    elif statistic in {"upper_bound", "maximum", "max"}:
        share = evidence.value("clinical.upper_bound.quantile")
        found = sample.at_quantile(days, study.n, family, seed=lab.seed, share=share)
    elif statistic in {"lower_bound", "minimum", "min"}:
        share = 1 - evidence.value("clinical.upper_bound.quantile")
        found = sample.at_quantile(days, study.n, family, seed=lab.seed, share=share)
    elif statistic in _QUANTILE:
        found = sample.at_quantile(days, study.n, family, seed=lab.seed, share=_QUANTILE[statistic])
    else:
        msg = f"the statistic '{statistic}' is not known; known are mean, incidence, timecourse, upper_bound, {', '.join(_QUANTILE)}"
        raise NotComputedError(msg)
    return found.scaled(_factor(fields["unit"]))


def compute(lab: Lab, fields: Mapping[str, str]) -> tuple[Told, tuple[str, ...]]:
    """The statistic of one row of recovery and what was assumed for it.

    Raises NotComputedError with the reason.
    """
    statistic, sign = fields["statistic"], fields["sign"].lower()
    if statistic in {"qualitative", "comparison"}:
        msg = "a finding in words has no number to compute"
        raise NotComputedError(msg)
    if "ooz" in sign:
        msg = "oozing is not modelled apart from closure"
        raise NotComputedError(msg)
    study = lab.study(order_of(fields))
    if statistic == "timecourse" or "pct_of_peak" in sign:
        return _timecourse(lab, study, fields), study.assumed
    if statistic == "incidence" or fields["unit"].startswith("pct"):
        day = None if sign.endswith("_any") else _day_of(fields)
        seen = study.population([present(lab, arm, study, sign, day) for arm in study.arms])
        return sample.share_pct(seen, study.n, "share", seed=lab.seed), study.assumed
    return _duration(lab, study, fields), study.assumed
