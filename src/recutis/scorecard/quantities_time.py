"""Quantities told in days, weeks, minutes and points of pain."""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np

from recutis import evidence
from recutis.bands import Draws
from recutis.laser import treatment_minutes
from recutis.scorecard.panel import Panel, Treated, share_pct, spread
from recutis.scorecard.registry import by_class, merged, quantity
from recutis.scorecard.types import Answer, Computed, Spread

FACE: Final = "treated_fair"
"""The reference person of statements that name no skin: fair, the whole face."""
EYES: Final = "treated_eyes"
CHEST: Final = "treated_chest"
_Z90: Final = 1.2815515655446004  # ninetieth percentile of the standard normal law


def _clock(panel: Panel, name: str, field: str, unit: str, *, person: str = FACE, note: str = "") -> Computed:
    return by_class(
        panel,
        person,
        name,
        unit,
        lambda treated: spread(getattr(treated.response, field)),
        sources=lambda treated: treated.response.sources[field],
        note=note,
    )


@quantity("social_downtime_days", "downtime_days")
def social_downtime_days(panel: Panel, _concern: str) -> Computed:
    """Days with signs that make-up does not hide, fair skin, whole face, one session."""
    return _clock(panel, "social_downtime_days", "social_downtime_days", "days", note="per session, visible signs")


@quantity("reepithelialisation_days")
def reepithelialisation_days(panel: Panel, _concern: str) -> Computed:
    """Days until the epithelium is whole again."""
    return _clock(panel, "reepithelialisation_days", "closure_days", "days", note="per session")


@quantity("return_to_work_day")
def return_to_work_day(panel: Panel, _concern: str) -> Computed:
    """Day on which work is possible."""
    return _clock(panel, "return_to_work_day", "return_to_work_day", "day")


@quantity("makeup_day")
def makeup_day(panel: Panel, _concern: str) -> Computed:
    """First day on which make-up is allowed."""
    return _clock(panel, "makeup_day", "makeup_day", "day")


@quantity("sunscreen_start_day")
def sunscreen_start_day(panel: Panel, _concern: str) -> Computed:
    """First day on which sunscreen may touch the treated skin."""
    return _clock(panel, "sunscreen_start_day", "sunscreen_start_day", "day", note="when the skin is closed")


@quantity("erythema_resolution_days")
def erythema_resolution_days(panel: Panel, _concern: str) -> Computed:
    """Days until the last redness has gone."""
    return _clock(
        panel, "erythema_resolution_days", "erythema_resolution_days", "days", note="full resolution, another clock than downtime"
    )


@quantity("PIH_weeks")
def pih_weeks(panel: Panel, _concern: str) -> Computed:
    """Weeks that darkening lasts in those who get it."""
    return _clock(panel, "PIH_weeks", "pih_duration_weeks", "weeks", note="in those who get it")


@quantity("chest_downtime_days")
def chest_downtime_days(panel: Panel, _concern: str) -> Computed:
    """Social downtime on the décolletage."""
    return _clock(panel, "chest_downtime_days", "social_downtime_days", "days", person=CHEST)


def _last_day(treated: Treated, symptom: str, threshold: float, *, after: int = 0) -> Spread:
    """Day on which a symptom is last above a threshold; days before `after` do not count."""
    from recutis.response.symptoms import last_day_above

    curve = np.array(treated.response.symptoms[symptom])
    skipped = np.array([day < after for day in treated.response.days])
    curve[skipped] = 0.0
    return spread(last_day_above(curve, threshold))


def _symptom(panel: Panel, name: str, symptom: str, row: str, *, after: int = 0, note: str = "") -> Computed:
    threshold = evidence.value(row)
    return by_class(
        panel,
        FACE,
        name,
        "days",
        lambda treated: _last_day(treated, symptom, threshold, after=after),
        sources=lambda treated: (*treated.response.sources[symptom], row),
        note=note or f"last day above {threshold:g} of 10",
    )


@quantity("erythema_days")
def erythema_days(panel: Panel, _concern: str) -> Computed:
    """Days on which redness can be seen without make-up."""
    return _symptom(panel, "erythema_days", "redness", "response.redness.visible")


@quantity("peeling_days")
def peeling_days(panel: Panel, _concern: str) -> Computed:
    """Last day of noticeable peeling."""
    return _symptom(panel, "peeling_days", "peeling", "claims.noticeable")


@quantity("pain_days")
def pain_days(panel: Panel, _concern: str) -> Computed:
    """Last day of noticeable pain; the session itself does not count."""
    return _symptom(panel, "pain_days", "pain", "claims.noticeable", after=1, note="after the day of the session")


@quantity("itch_days")
def itch_days(panel: Panel, _concern: str) -> Computed:
    """Last day of noticeable sting or itch."""
    return _symptom(panel, "itch_days", "sting_itch", "claims.noticeable")


@quantity("probability_downtime")
def probability_downtime(panel: Panel, _concern: str) -> Computed:
    """Share of twins that are back in company within a week."""
    return downtime_chance(panel, "<=", 7.0)


def downtime_chance(panel: Panel, compare: str, days: float) -> Computed:
    """Share of twins whose social downtime compares with a number of days."""

    def chance(treated: Treated) -> Answer:
        return share_pct(treated.response.social_downtime_days, compare, days, treated.place.twins.block)

    sources = ("REC-030", "REC-087", "response.crust.visible")
    return by_class(panel, FACE, f"probability(downtime{compare}{days:g} d)", "pct", chance, sources=sources)


@quantity("pain_vas")
def pain_vas(panel: Panel, _concern: str) -> Computed:
    """Pain during the session without anaesthesia, with cream, with cream and cold air, and as planned."""
    from recutis.response import ANAESTHESIA

    shown = [name for name in ANAESTHESIA if name in {"none", "topical", "topical_cold_air"}]

    def pains(treated: Treated) -> dict[str, Answer]:
        found: dict[str, Answer] = {name: spread(treated.respond(anaesthesia=name).pain_0_10) for name in shown}
        chosen = treated.evaluation.care.anaesthesia
        return found | {f"as planned ({chosen})": spread(treated.response.pain_0_10)}

    return by_class(panel, FACE, "pain_vas", "0-10", pains, sources=lambda treated: treated.response.sources["pain_0_10"])


def draws_of_row(row: evidence.Row, n: int, seed: int) -> Draws:
    """Draws between persons of a table row whose low and high are read as tenth and ninetieth percentile."""
    low, middle, high = evidence.numbers(row.id)
    normal = np.random.default_rng([seed, zlib.crc32(row.id.encode())]).standard_normal(n)
    return np.asarray(middle + normal * np.where(normal < 0, middle - low, high - middle) / _Z90)


def pain_comparators() -> list[evidence.Row]:
    """The first pain row of each alternative of the comparator table that is not a laser."""
    found: dict[str, evidence.Row] = {}
    for row in evidence.rows("comparators"):
        if row.fields["metric"] == "pain" and row.value is not None and row.fields["modality"] != "ipl":
            found.setdefault(row.fields["modality"], row)
    return list(found.values())


@quantity("pain_vs_comparator_difference")
def pain_vs_comparator_difference(panel: Panel, _concern: str) -> Computed:
    """Pain with the planned anaesthesia less the pain of each alternative; positive: the laser hurts more."""

    def differences(treated: Treated) -> dict[str, Answer]:
        pain = treated.response.pain_0_10
        return {
            f"against {row.fields['modality']}": spread(pain - draws_of_row(row, pain.size, panel.seed))
            for row in pain_comparators()
        }

    rows = tuple(row.id for row in pain_comparators())
    return by_class(
        panel, FACE, "pain_vs_comparator_difference", "0-10", differences, sources=rows, note="positive: the laser hurts more"
    )


@quantity("chance_against_mildest_alternative_pct")
def chance_against_mildest_alternative_pct(panel: Panel, _concern: str) -> Computed:
    """Chance that the laser hurts less than the alternative that hurts least."""

    def least(treated: Treated) -> Answer:
        pain, block = treated.response.pain_0_10, treated.place.twins.block
        chances = [share_pct(pain, "<", draws_of_row(row, pain.size, panel.seed), block) for row in pain_comparators()]
        return min(chances, key=lambda item: item.p50)

    rows = tuple(row.id for row in pain_comparators())
    note = "against the alternative that hurts least; to hurt less than 'other procedures' is to hurt less than each of them"
    return by_class(panel, FACE, "chance_against_mildest_alternative_pct", "pct", least, sources=rows, note=note)


def _minutes(treated: Treated, seed: int) -> tuple[Draws, Draws, Draws, tuple[str, ...]]:
    """Numbing, laser and room minutes of one session, draw by draw, and the rows behind them."""
    from recutis.response import numbing_minutes

    twins = treated.place.twins
    low, middle, high, rows = treatment_minutes(treated.evaluation.exposure, treated.evaluation.area_cm2)
    generator = np.random.default_rng([seed, zlib.crc32(treated.device.name.encode())])
    laser = generator.triangular(
        low, min(max(middle, low), high), max(high, low * (1 + 1e-6)), twins.n
    )  # a triangle needs a width
    room = generator.triangular(*evidence.numbers("PRO-032"), twins.n)
    return numbing_minutes(treated.evaluation.care, twins), laser, room, (*rows, "PRO-012", "PRO-015", "PRO-032")


@quantity("procedure_minutes")
def procedure_minutes(panel: Panel, _concern: str) -> Computed:
    """Laser and room time of a whole face, without the numbing before."""

    def minutes(treated: Treated) -> Answer:
        _, laser, room, _ = _minutes(treated, panel.seed)
        return spread(laser + room)

    return by_class(
        panel, FACE, "procedure_minutes", "min", minutes, sources=("PRO-032",), note="whole face; laser and room, no numbing"
    )


@quantity("anaesthesia_minutes")
def anaesthesia_minutes(panel: Panel, _concern: str) -> Computed:
    """Numbing before the laser, with the mildest anaesthesia that brings pain down to the target."""
    return by_class(
        panel,
        FACE,
        "anaesthesia_minutes",
        "min",
        lambda treated: spread(_minutes(treated, panel.seed)[0]),
        sources=("PRO-012", "PRO-015"),
    )


def chair_minutes_draws(treated: Treated, seed: int) -> Draws:
    """Minutes in the chair of one session: numbing, laser, room."""
    numbing, laser, room, _ = _minutes(treated, seed)
    return numbing + laser + room


@quantity("chair_time_minutes")
def chair_time_minutes(panel: Panel, _concern: str) -> Computed:
    """Numbing, laser and room together, for the whole face and for the skin around the eyes."""
    parts = [
        by_class(
            panel,
            person,
            "chair_time_minutes",
            "min",
            lambda treated: spread(chair_minutes_draws(treated, panel.seed)),
            sources=lambda treated: _minutes(treated, panel.seed)[3],
            label=label,
        )
        for person, label in ((FACE, "whole face"), (EYES, "around the eyes"))
    ]
    return merged("chair_time_minutes", parts)
