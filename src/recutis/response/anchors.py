"""How far the response lies from the published rows, with typical injuries in place of physics.

Each anchor names an evidence row, the typical injury that stands for its settings, who was treated
and which prediction it measures. `residuals` computes them all; `page` writes them as a table.
Clocks, pain and improvement are compared with the range of persons; risks with the range of
studies (means of blocks of twins), for a study reports an incidence, not a person's chance.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np

from recutis import evidence
from recutis.response import clocks, symptoms
from recutis.response.course import course_risk
from recutis.response.improve import improve
from recutis.response.parameters import number
from recutis.response.respond import respond
from recutis.response.types import Care, Draws
from recutis.response.typical import typical
from recutis.response.wound import read_wound
from recutis.sites import phototypes_in
from recutis.skin import build, lesion
from recutis.twins import Traits, Twins, draw
from recutis.units import PERCENT

_AGE_YEARS: Final = 45.0
_AREA_CM2: Final = 150.0
_TWINS: Final = 200


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """One row to compare with: typical injury, phototypes treated, and the quantity in the model's words.

    `quantity` is a clock of `SiteResponse`, `pain`, `noted:<symptom>` (days above the recorded
    level), `risk:<key>`, or `gain:<concern kind>` after `sessions`. `unselected` series hold the
    usual share of people with a history of cold sores.
    """

    row: str
    injury: str
    quantity: str
    phototypes: str = "I-IV"
    site: str = "cheek"
    sessions: int = 1
    anaesthesia: str = "topical"
    antiviral: bool = True
    steroid: bool = False
    bleaching: bool = False
    herpes: bool = False
    melasma: bool = False
    unselected: bool = False


@dataclass(frozen=True, kw_only=True)
class Residual:
    """An anchor with what the model found; `inside` when the row's value or range meets the model's 80 % band."""

    anchor: Anchor
    value: float
    low: float
    high: float
    p10: float
    p50: float
    p90: float

    @property
    def inside(self) -> bool:
        """Whether the model's band holds the row's value."""
        return self.p10 <= self.value <= self.p90


def _clock(quantity: str, **injuries: str) -> list[Anchor]:
    return [Anchor(row=row.replace("_", "-"), injury=injury, quantity=quantity) for row, injury in injuries.items()]


def _gain(kind: str, row: str, injury: str, sessions: int, site: str = "cheek", phototypes: str = "I-IV") -> Anchor:
    return Anchor(row=row, injury=injury, quantity=f"gain:{kind}", sessions=sessions, site=site, phototypes=phototypes)


def _risk(
    key: str,
    row: str,
    injury: str,
    phototypes: str = "I-IV",
    *,
    antiviral: bool = True,
    steroid: bool = False,
    bleaching: bool = False,
    herpes: bool = False,
    melasma: bool = False,
    unselected: bool = False,
    sessions: int = 1,
) -> Anchor:
    return Anchor(
        row=row, injury=injury, quantity=f"risk:{key}", phototypes=phototypes, antiviral=antiviral, steroid=steroid,
        bleaching=bleaching, herpes=herpes, melasma=melasma, unselected=unselected, sessions=sessions,
    )  # fmt: skip


ANCHORS: Final[tuple[Anchor, ...]] = (
    *_clock(
        "closure_days", REC_001="co2_full", REC_002="eryag_full", REC_005="co2_full_single", REC_006="eryag_full",
        REC_010="eryag_dual", REC_079="nafl_1550", REC_080="co2_columns", REC_081="co2_columns_dense", REC_082="eryag_columns",
    ),
    *_clock(
        "social_downtime_days", REC_030="co2_full", REC_087="co2_full", REC_088="eryag_full", REC_035="co2_columns_light",
        REC_036="co2_columns", REC_040="co2_columns", REC_041="co2_columns", REC_056="co2_columns", REC_083="eryag_columns",
        REC_085="co2_columns_dense", REC_057="nafl_1550", REC_077="nafl_1550_light", REC_078="nafl_1550_deep",
        REC_076="nafl_1927", REC_091="hybrid",
    ),
    *_clock("makeup_day", REC_031="co2_full", REC_037="co2_columns"),
    *_clock(
        "noted:redness", REC_003="eryag_full", REC_007="co2_full_single", REC_008="eryag_full", REC_042="co2_columns",
        REC_145="co2_columns", REC_084="eryag_columns", REC_051="nafl_1550", REC_147="nafl_1550", REC_101="pdl",
        REC_102="pdl_purpura",
    ),
    *_clock("erythema_resolution_days", REC_028="co2_full", REC_086="co2_columns_dense"),
    *_clock("noted:swelling", REC_047="co2_columns", REC_071="nafl_1550", REC_089="co2_full", REC_093="hybrid", REC_105="pdl"),
    *_clock(
        "noted:crusting", REC_018="co2_full", REC_019="eryag_full", REC_043="co2_columns", REC_099="qs", REC_100="pico",
        REC_150="qs",
    ),
    Anchor(row="REC-044", injury="co2_columns", quantity="noted:crusting", site="decolletage"),
    Anchor(row="REC-045", injury="co2_columns", quantity="noted:crusting", site="hands"),
    *(
        Anchor(row=row, injury=injury, quantity="pain", anaesthesia=care)
        for row, injury, care in (
            ("PAIN-001", "co2_columns", "topical"), ("PAIN-002", "co2_columns", "topical_cold_air"),
            ("PAIN-006", "nafl_1550", "none"), ("PAIN-010", "pdl", "none"), ("PAIN-022", "co2_full", "topical"),
            ("PAIN-023", "co2_full", "sedation"), ("PAIN-025", "eryag_full", "nerve_block"),
            ("PAIN-026", "co2_columns_light", "topical"), ("PAIN-027", "eryag_columns", "topical"),
            ("PAIN-028", "hybrid", "topical_cold_air"), ("PAIN-029", "nafl_1550_deep", "topical_cold_air"),
            ("PAIN-030", "nafl_1927", "topical"), ("PAIN-031", "ipl", "gel"), ("PAIN-032", "pdl", "gel"),
            ("PAIN-033", "qs", "none"), ("PAIN-040", "co2_columns", "topical"), ("PAIN-041", "nafl_1550", "topical"),
        )
    ),
    _risk("pih", "RSK-009", "co2_full", "I-III"),
    _risk("pih", "RSK-015", "co2_full"),
    _risk("pih", "RSK-020", "co2_full_single"),
    _risk("pih", "RSK-021", "eryag_full"),
    _risk("pih", "RSK-037", "co2_columns", "I-III"),
    _risk("pih", "RSK-041", "co2_columns", "IV"),
    _risk("pih", "RSK-043", "co2_columns", "IV"),
    _risk("pih", "RSK-044", "co2_columns", "IV", steroid=True),
    _risk("pih", "RSK-047", "co2_columns", "III-V", bleaching=True),
    _risk("pih", "RSK-052", "nafl_1550_light", "III-IV"),
    _risk("pih", "RSK-053", "nafl_1550_dense", "III-IV"),
    _risk("pih", "RSK-048", "nafl_1550", "III-V", bleaching=True, sessions=3),
    _risk("pih", "RSK-054", "nafl_1550", "III-IV"),
    _risk("pih", "RSK-055", "nafl_1550_dense", "IV", sessions=3),
    _risk("pih", "RSK-056", "nafl_1550_light", "IV", sessions=6),
    _risk("pih", "RSK-059", "nafl_1550", "II-IV", sessions=3),
    _risk("pih", "RSK-062", "nafl_1550", "III-IV"),
    _risk("pih", "RSK-071", "nafl_1550", "II-V", melasma=True),
    _risk("pih", "RSK-088", "qs", "III-IV"),
    _risk("pih", "RSK-092", "qs", "III-IV"),
    _risk("pih", "RSK-098", "qs", "III-V"),
    _risk("pih", "RSK-099", "pico", "III-IV"),
    _risk("pih", "RSK-104", "ipl", "III-IV", sessions=3),
    _risk("hypopigmentation", "RSK-010", "co2_full", "I-III"),
    _risk("hypopigmentation", "RSK-014", "co2_full"),
    _risk("hypopigmentation", "RSK-017", "eryag_full", "I-III"),
    _risk("bacterial_infection", "RSK-029", "co2_full"),
    _risk("bacterial_infection", "RSK-035", "co2_columns"),
    _risk("bacterial_infection", "RSK-075", "nafl_1550"),
    _risk("herpes", "RSK-034", "co2_columns", antiviral=False, unselected=True),
    _risk("herpes", "RSK-064", "nafl_1550", "III-IV", antiviral=False, unselected=True),
    _risk("herpes", "RSK-073", "co2_full", unselected=True),
    _risk("herpes", "RSK-079", "co2_full", herpes=True),
    _risk("herpes", "RSK-080", "co2_full"),
    _risk("acneiform", "RSK-008", "co2_full", "I-III"),
    _risk("acneiform", "RSK-033", "co2_columns"),
    _risk("acneiform", "RSK-065", "nafl_1550", "III-IV"),
    _risk("prolonged_erythema", "RSK-023", "eryag_dual", "III-V"),
    _risk("prolonged_erythema", "RSK-038", "co2_columns"),
    _risk("prolonged_erythema", "RSK-061", "nafl_1550", "III-IV"),
    _risk("blister", "RSK-103", "ipl", "III-IV", sessions=3),
    Anchor(row="RSK-117", injury="co2_full_single", quantity="risk:scarring", site="neck", phototypes="I-III"),
    Anchor(row="RSK-012", injury="co2_full", quantity="risk:ectropion", site="full_face", phototypes="I-III"),
    _gain("acne_scars", "OUT-002", "co2_full", 1, phototypes="I-V"),
    _gain("acne_scars", "OUT-009", "eryag_dual", 1, phototypes="III-V"),
    _gain("acne_scars", "OUT-015", "co2_columns", 3),
    _gain("acne_scars", "OUT-037", "co2_columns", 3),
    _gain("acne_scars", "OUT-038", "nafl_1550", 4),
    _gain("surgical_scar", "OUT-044", "nafl_1550", 4),
    _gain("fine_lines", "OUT-055", "co2_columns", 1, site="periorbital"),
    _gain("fine_lines", "OUT-056", "eryag_columns", 1, site="periorbital"),
    _gain("fine_lines", "OUT-059", "co2_columns", 2, site="eyelid"),
    _gain("fine_lines", "OUT-071", "co2_full", 1, site="perioral"),
    _gain("fine_lines", "OUT-072", "eryag_full", 1, site="perioral"),
    _gain("deep_lines", "OUT-068", "co2_full", 1),
    _gain("texture", "OUT-061", "co2_columns", 2, site="eyelid"),
    _gain("age_spots", "OUT-090", "qs", 1, phototypes="III-IV"),
    _gain("freckles", "OUT-091", "qs", 1, phototypes="III-IV"),
    _gain("facial_veins", "OUT-119", "pdl", 2),
    _gain("facial_veins", "OUT-120", "ipl", 4),
    _gain("facial_veins", "OUT-122", "ipl", 4),
    _gain("diffuse_redness", "OUT-121", "ipl", 4),
    _gain("melasma", "OUT-146", "nafl_1927", 3),
)  # fmt: skip


@cache
def _persons(anchor: Anchor) -> tuple[Twins, ...]:
    """Twins of each phototype treated, same person draws."""
    return tuple(
        draw(
            Traits(
                age_years=_AGE_YEARS,
                sex="female",
                phototype=phototype,
                site=anchor.site,
                herpes_history=anchor.herpes,
                melasma=anchor.melasma,
            ),
            n=_TWINS,
        )
        for phototype in sorted(phototypes_in(anchor.phototypes))
    )


def _noted(anchor: Anchor, twins: Twins) -> Draws:
    """Days a sign stays above the level that is recorded."""
    wound = read_wound(typical(anchor.injury), twins)
    level = twins.p("redness.noted")
    if anchor.quantity == "noted:redness":
        return clocks.redness_of(wound, twins).falls_below(level)
    answer = respond(typical(anchor.injury), twins, _care(anchor), area_cm2=_AREA_CM2)
    return symptoms.last_day_above(answer.symptoms[anchor.quantity.removeprefix("noted:")], level)


def _care(anchor: Anchor) -> Care:
    return Care(
        anaesthesia=anchor.anaesthesia,
        antiviral=anchor.antiviral,
        postop_steroid=anchor.steroid,
        bleaching=anchor.bleaching,
    )


def _predicted(anchor: Anchor, twins: Twins) -> Draws:
    """The quantity of an anchor in one population: persons, or block means for risks."""
    injury = typical(anchor.injury)
    kind, _, name = anchor.quantity.partition(":")
    if kind == "noted":
        return _noted(anchor, twins)
    if kind == "gain":
        skin = build(site=anchor.site, age_years=_AGE_YEARS, phototype=twins.traits.phototype, sex="female")
        course = improve(injury, lesion(name, skin), twins, sessions=anchor.sessions, interval_weeks=4)
        return np.asarray(course.by_session[-1])
    answer = respond(injury, twins, _care(anchor), area_cm2=_AREA_CM2)
    if kind == "risk":
        chance = course_risk(answer.risks[name], anchor.sessions, kind=name)
        blocks = np.bincount(twins.block)
        return np.asarray(PERCENT * np.bincount(twins.block, weights=chance) / blocks)
    return answer.pain_0_10 if kind == "pain" else np.asarray(getattr(answer, kind))


def _populations(anchor: Anchor) -> list[Draws]:
    found = [_predicted(anchor, twins) for twins in _persons(anchor)]
    if not anchor.unselected:
        return found
    share = number("typical.herpes_share")
    with_history = _populations(replace(anchor, herpes=True, unselected=False))
    return [(1 - share) * plain + share * known for plain, known in zip(found, with_history, strict=True)]


def _residual(anchor: Anchor) -> Residual:
    populations = _populations(anchor)
    is_risk = anchor.quantity.startswith("risk")
    draws = np.mean(populations, axis=0) if is_risk else np.concatenate(populations)
    low, value, high = evidence.numbers(anchor.row)
    p10, p50, p90 = np.quantile(draws, [0.1, 0.5, 0.9])
    return Residual(anchor=anchor, value=abs(value), low=abs(low), high=abs(high), p10=p10, p50=p50, p90=p90)


def residuals() -> Iterator[Residual]:
    """All anchors, computed."""
    return (_residual(anchor) for anchor in ANCHORS)


def page() -> str:
    """The residuals as a Markdown table, misses included, with a count in the last line."""
    found = list(residuals())
    head = "| row | typical injury | quantity | published | model p10 / p50 / p90 | inside |\n|---|---|---|---|---|---|\n"
    lines = []
    for item in found:
        anchor = item.anchor
        span = f" ({item.low:g} to {item.high:g})" if item.low != item.high else ""
        extra = f", {anchor.sessions} sessions" if anchor.sessions > 1 else ""
        where = "" if anchor.site == "cheek" else f", {anchor.site}"
        lines.append(
            f"| {anchor.row} | {anchor.injury} | {anchor.quantity}{extra}{where}, {anchor.phototypes} "
            f"| {item.value:g}{span} | {item.p10:.1f} / {item.p50:.1f} / {item.p90:.1f} | {'yes' if item.inside else 'no'} |"
        )
    hits = sum(item.inside for item in found)
    return head + "\n".join(lines) + f"\n\n{hits} of {len(found)} rows lie inside the 80 % band.\n"


if __name__ == "__main__":
    sys.stdout.write(page())
