"""What a careful dermatologist expects of a plan: no harm for little gain, no laser for another target, cautions said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recutis.classes import DEVICE_CLASSES
from recutis.patient import parse_patient
from recutis.plan.document import Plan
from recutis.plan.objectives import CourseDraws, Limits, broken
from recutis.plan.planner import Request, plan_course
from recutis.plan.search import foreign_targets

LIMITS = Limits(risk="cautious", max_social_downtime_days=7, max_sessions=3, max_pain_0_10=None)
KINDS = ("pih", "hypopigmentation", "bacterial_infection", "herpes", "scarring", "ectropion", "prolonged_erythema")


def person(
    *, concern: dict[str, object], who: dict[str, object] | None = None, history: dict[str, object] | None = None
) -> dict[str, object]:
    """A healthy, fully answered woman of 40 with phototype II, and what differs from that."""
    answers = ("herpes_labialis", "keloid", "vitiligo", "psoriasis", "immunosuppressed", "melasma")
    return {
        "date": "2026-11-22",
        "patient": {
            "age": 40, "sex": "female", "phototype": "II", "tanned": False, "smoker": False, "pregnant": False,
            "breastfeeding": False, **(who or {}),
        },
        "history": {**dict.fromkeys(answers, False), "isotretinoin": "never", "medications": [], **(history or {})},
        "active": {"infection": "none", "acne": "none", "dermatitis": False},
        "concerns": [concern],
        "goals": {"max_sessions": 2},
    }  # fmt: skip


def planned(data: dict[str, object]) -> Plan:
    """The plan for a patient given as a mapping."""
    return plan_course(Request(patient=parse_patient(data)))


def course(*, gain: float, pih: float) -> CourseDraws:
    """One session with this improvement [%] and this chance of dark marks, the same for every twin."""
    return CourseDraws(
        improvement_pct={"facial_veins@cheek": np.full(50, gain)},
        social_downtime_days=np.full(50, 1.0),
        pain_0_10=np.full(50, 2.0),
        risks={kind: np.full(50, pih if kind == "pih" else 0.0) for kind in KINDS},
        sessions=1,
    )


def test_a_little_gain_does_not_buy_dark_marks() -> None:
    """Twelve per cent better for an even chance of dark marks is no plan; for a small chance it is."""
    weights = {"facial_veins@cheek": 1.0}

    assert "the gain must outweigh the dark marks" in broken(course(gain=12, pih=0.5), LIMITS, weights)[0]
    assert broken(course(gain=12, pih=0.02), LIMITS, weights) == ()


def test_a_bolder_person_may_take_more_dark_marks_for_the_same_gain() -> None:
    """The weight of dark marks falls with the appetite for risk."""
    weights = {"facial_veins@cheek": 1.0}
    some = course(gain=20, pih=0.4)

    assert broken(some, LIMITS, weights)
    assert not broken(some, replace(LIMITS, risk="bold"), weights)


def test_each_selective_class_has_its_own_target() -> None:
    """Vascular lasers are not set on brown spots or relief nor pigment lasers on vessels; green light serves both, water lasers neither."""
    found = {name: foreign_targets(name) for name in DEVICE_CLASSES}

    assert found["vascular_ndyag_1064"] == found["vascular_pdl_595"] == {"pigment", "gland", "dermis"}
    assert found["pigment_qs_1064"] == found["pigment_pico_755"] == {"vessel", "gland", "dermis"}
    assert found["vascular_ktp_532"] == {"gland", "dermis"}
    assert found["ipl"] == {"gland"}
    assert found["ablative_full_co2"] == frozenset()


def test_vascular_lasers_are_refused_by_name_for_age_spots() -> None:
    """A person with brown spots alone is offered no vessel laser, and the refusal says why."""
    concern = {"kind": "age_spots", "site": "cheek", "diagnosis_confirmed": True}
    made = planned(person(concern=concern))
    refused = {item.device_class: item.reason for item in made.refused}

    assert made.status == "ready"
    assert "not for the pigment to be treated on the cheek" in refused["vascular_pdl_595"]
    assert not [item for item in made.options if item.device_class in {"vascular_pdl_595", "vascular_ndyag_1064"}]


def test_a_caution_of_screening_stands_in_the_option() -> None:
    """Recent isotretinoin allows fractional lasers with care: each such option says so and names the rule."""
    made = planned(person(concern={"kind": "acne_scars", "site": "cheek"}, history={"isotretinoin": "2026-09-22"}))
    rule = next(entry for entry in made.screening if entry.rule_id == "SCR-001")
    touched = [item for item in made.options if item.device_class in rule.applies_to]

    assert touched
    assert all(any("(SCR-001)" in text for text in item.warnings) for item in touched)


@pytest.mark.parametrize(
    ("who", "concern", "rule"),
    [
        ({"age": 16}, {"kind": "acne_scars", "site": "perioral"}, "SCR-030"),
        ({"pregnant": True}, {"kind": "age_spots", "site": "cheek", "diagnosis_confirmed": True, "changing": True}, "SCR-032"),
        ({"pregnant": True}, {"kind": "fine_lines", "site": "perioral"}, "SCR-012"),
    ],
)
def test_the_headline_names_the_rule_that_stops_the_plan(who: dict[str, object], concern: dict[str, object], rule: str) -> None:
    """Not a caution that fires beside it; and a referral comes before everything."""
    made = planned(person(concern=concern, who=who))

    assert made.blocked
    assert f"({rule})" in made.headline


def test_a_plan_that_nothing_fits_says_what_screening_keeps_back() -> None:
    """Earlier dark marks take most lasers away until a test spot was read: where no pain is allowed either, the headline says both."""
    concern = {"kind": "fine_lines", "site": "cheek"}
    data = person(concern=concern, who={"phototype": "IV"}, history={"previous_pih": True})
    made = planned({**data, "goals": {"max_sessions": 1, "max_pain_0_10": 0, "max_social_downtime_days": 0}})

    assert made.status == "blocked"
    assert "SCR-062" in made.headline
    assert "test spot" in made.headline


@pytest.mark.parametrize("herpes", [True, False])
def test_antivirals_are_a_caution_only_after_cold_sores(herpes: bool) -> None:
    """A full face without cold sores before is no reason to warn under lasers that leave the surface whole."""
    data = person(concern={"kind": "texture", "site": "full_face"}, history={"herpes_labialis": herpes})
    made = planned({**data, "goals": {"max_sessions": 2, "max_social_downtime_days": 4}})
    whole = [item for item in made.options if item.device_class.startswith("nonablative")]

    assert whole
    assert all(any("(SCR-007)" in text for text in item.warnings) is herpes for item in whole)
