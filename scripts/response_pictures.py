"""Draws the pictures of docs/response.md: `python scripts/response_pictures.py docs/images`.

Typical injuries (`recutis.response.typical`) stand in the place of physics, so the pictures show what the response makes of a wound:
the days after fractional CO2, redness beside the time courses of the tables, improvement of acne scars and age spots, dark marks by
phototype and coverage, and the odds of quarters. Takes a few seconds.
"""

from __future__ import annotations

import datetime
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from recutis import evidence
from recutis.patient import Concern
from recutis.plan.document import QuartileOdds, SymptomDay
from recutis.plan.outlook import ConcernCourse, by_session, over_time
from recutis.plan.prediction_document import PigmentCurve, PigmentPoint
from recutis.plan.quantities import of_draws
from recutis.report.figures.canvas import look, save_picture
from recutis.report.figures.gain import gain_figure
from recutis.report.figures.pigment import pigment_figure
from recutis.report.figures.quarters import PARTS, quarters_figure
from recutis.report.figures.redness import RednessCourse, redness_figure
from recutis.report.figures.symptoms import LANES, symptoms_figure
from recutis.report.prediction import CLOCKS
from recutis.response import Care, improve, quartile_odds, respond
from recutis.response.clocks import redness_of
from recutis.response.risks import pih
from recutis.response.typical import typical
from recutis.response.wound import read_wound
from recutis.sites import PHOTOTYPES
from recutis.skin import build, lesion
from recutis.twins import Traits, Twins, draw

CARE: Final = Care(anaesthesia="topical", antiviral=True, postop_steroid=False, bleaching=False)
AREA_CM2: Final = 150.0
AGE_YEARS: Final = 45.0
START: Final = datetime.date(2027, 1, 4)
COURSES: Final = {
    "CO₂, full field": ("co2_full", "ablative_full_co2", 180),
    "Er:YAG, full field": ("eryag_full", "ablative_full_eryag", 90),
    "CO₂, columns": ("co2_columns", "ablative_fractional_co2", 90),
    "1550 nm, columns": ("nafl_1550", "nonablative_fractional_1550", 30),
}
GAINS: Final = {
    "Acne scars, three fractional CO₂ sessions": ("acne_scars", "co2_columns", 3, 8.0),
    "Acne scars, four 1550 nm sessions": ("acne_scars", "nafl_1550", 4, 4.0),
    "Age spots, one Q-switched session": ("age_spots", "qs", 1, 8.0),
    "Facial veins, two pulsed-dye sessions": ("facial_veins", "pdl", 2, 6.0),
}
DENSITIES_PCT: Final = (1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 25.0)


def person(phototype: str = "III", n: int = 400) -> Twins:
    """Twins of a woman of 45, cheek."""
    return draw(Traits(age_years=AGE_YEARS, sex="female", phototype=phototype, site="cheek"), n=n)


def calendar() -> Figure:
    """The days after fractional CO2."""
    answer = respond(typical("co2_columns"), person(), CARE, area_cm2=AREA_CM2)
    days = tuple(
        SymptomDay(
            day=int(day), **{name: of_draws(answer.symptoms[name][row], "0-10", answer.sources[name]) for _, name in LANES}
        )
        for row, day in enumerate(answer.days)
    )
    clocks = {words: of_draws(getattr(answer, name), "days", answer.sources[name]) for name, words in CLOCKS.items()}
    return symptoms_figure(days, clocks, title="Day by day after fractional CO₂ on the cheek (typical injury)")


def redness() -> Figure:
    """Modelled redness as percent of its peak beside the rows of the table of recovery."""
    found = []
    for name, (injury, device_class, last) in COURSES.items():
        days = np.unique([*range(15), *np.geomspace(14, last, 30)])
        twins = person()
        course = redness_of(read_wound(typical(injury), twins), twins)
        levels = 100 * np.array([course.at(day) / course.peak for day in days])
        p10, p50, p90 = np.quantile(levels, [0.1, 0.5, 0.9], axis=1)
        rows = [
            row.fields
            for row in evidence.rows("recovery")
            if row.unit == "pct_of_peak"
            and row.fields["statistic"] == "timecourse"
            and row.fields["device_class"] == device_class
        ]
        points = tuple((float(row["time_day"]), float(row["value"])) for row in rows)
        found.append(RednessCourse(name=name, days=tuple(days), p10=tuple(p10), p50=tuple(p50), p90=tuple(p90), points=points))
    return redness_figure(
        tuple(found),
        title="Redness over time: typical injuries beside the tables",
        points="time course as taught (table of recovery)",
    )


def course(kind: str, injury: str, sessions: int, interval_weeks: float) -> ConcernCourse:
    """A course of equal sessions for one concern."""
    twins = person()
    target = lesion(kind, build(site="cheek", age_years=AGE_YEARS, phototype="III", sex="female"))
    gain = improve(typical(injury), target, twins, sessions=sessions, interval_weeks=interval_weeks)
    return ConcernCourse(
        concern=Concern(kind=kind, site="cheek"),
        lesion=target,
        twins=twins,
        sessions=tuple(range(1, sessions + 1)),
        days=tuple(START + datetime.timedelta(weeks=interval_weeks * number) for number in range(sessions)),
        by_session_pct=gain.by_session,
        recurrence_pct=gain.recurrence_pct,
        sources=gain.sources,
    )


def improvement(name: str) -> Figure:
    """Gain of one of `GAINS` over time."""
    told = course(*GAINS[name])
    return gain_figure(by_session(told), over_time(told), over_time(told, sunscreen=False), title=name)


def quarters() -> Figure:
    """Odds of quarters for all of `GAINS`."""
    odds = {}
    for name, given in GAINS.items():
        told = course(*given)
        found = quartile_odds(told.by_session_pct[-1], told.twins)
        parts = {}
        for part, draws in zip((*(part for part, _, _ in PARTS), "no_visible_change"), found, strict=True):
            spread = of_draws(draws, "pct", told.sources)
            parts[part] = spread.model_copy(update={"p50": float(np.mean(draws))})
        odds[name] = QuartileOdds(**parts)
    return quarters_figure(odds, title="Odds of each quarter of improvement (typical injuries)")


def pigment() -> Figure:
    """Dark marks after fractional CO2 by phototype, its columns made rarer and denser."""
    one = typical("co2_columns")
    people = {phototype: person(phototype) for phototype in PHOTOTYPES}
    points = []
    for density in DENSITIES_PCT:
        by = density / 100 / one.epidermis_removed_fraction
        injury = replace(
            one,
            coverage_fraction=min(one.coverage_fraction * by, 1.0),
            epidermis_removed_fraction=density / 100,
            epidermis_killed_fraction=min(one.epidermis_killed_fraction * by, 1 - density / 100),
            injured_dermis_um=one.injured_dermis_um * by,
            ablated_volume_um=one.ablated_volume_um * by,
        )
        risk = {
            phototype: of_draws(100 * pih(read_wound(injury, twins), twins, CARE), "pct", ("RSK-043", "RSK-037"))
            for phototype, twins in people.items()
        }
        points.append(PigmentPoint(density_pct=density, coverage_pct=100 * injury.coverage_fraction, risk_pct=risk))
    curve = PigmentCurve(
        session=1, site="cheek", device="fractional CO₂", phototype="IV", passes=1, chosen_density_pct=10.0,
        ceiling_density_pct=None, points=tuple(points),
    )  # fmt: skip
    return pigment_figure(
        curve, title="Dark marks (PIH) by phototype after fractional CO₂, plain aftercare (typical injury)", own=""
    )


def main(folder: Path) -> None:
    """Write every picture."""
    scars, _, spots, _ = GAINS
    with look():
        for name, make in {
            "response-calendar": calendar,
            "response-redness": redness,
            "response-improvement": lambda: improvement(scars),
            "response-improvement-spots": lambda: improvement(spots),
            "response-pih": pigment,
            "response-quartiles": quarters,
        }.items():
            save_picture(make(), name, folder)
            print(folder / f"{name}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
