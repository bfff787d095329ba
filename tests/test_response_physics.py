"""The response to injuries that the physics makes at catalogue settings, not to hand-built ones."""

from __future__ import annotations

import numpy as np
import pytest

from recutis.injury.simulate import injure
from recutis.laser import Settings, device, expose
from recutis.response import Care, SiteResponse, respond
from recutis.response.symptoms import last_day_above
from recutis.skin import build, lesion
from recutis.twins import Traits, draw

CARE = Care(anaesthesia="topical", antiviral=True, postop_steroid=False, bleaching=False)
NOTICED = 2.0  # of 10: a faint sign


def session(
    name: str, settings: Settings | None = None, *, phototype: str = "III", age: float = 46, concern: str | None = None
) -> SiteResponse:
    """One session on the cheek at these settings (the device's typical ones by default)."""
    skin = build(site="cheek", age_years=age, phototype=phototype, sex="female")
    twins = draw(Traits(age_years=age, sex="female", phototype=phototype, site="cheek"), n=200)
    target = None if concern is None else lesion(concern, skin)
    injury = injure(expose(device(name), settings or Settings()), skin, lesion=target)
    return respond(injury, twins, CARE, area_cm2=150)


@pytest.mark.parametrize(("phototype", "low", "high"), [("III", 1, 5), ("IV", 5, 18), ("V", 8, 22)])
def test_eight_passes_darken_brown_skin_as_series_found(phototype, low, high):
    """1550 nm in eight passes, per session untreated: 7 to 12 % in Chinese skin (RSK-052, RSK-053), less elsewhere (RSK-062)."""
    found = session("Fraxel SR750", Settings(energy_mJ=16, passes=8), phototype=phototype)

    assert low < 100 * found.risks["pih"].mean() < high


@pytest.mark.parametrize("phototype", ["III", "IV"])
def test_green_q_switched_light_on_a_lentigo_bruises_briefly_at_most(phototype):
    """Whatever capillaries burst, nothing shows after a week but the crust, and blisters are rare."""
    found = session("QS Nd:YAG 532", phototype=phototype, concern="age_spots")

    assert np.quantile(found.return_to_work_day, 0.9) < 7
    assert np.median(found.social_downtime_days) < 10
    assert found.risks["blister"].mean() < 0.02


def test_long_pulses_spare_and_short_pulses_bruise():
    """595 nm at 6 ms and 8 J/cm² lies below purpura (OUT-100); 585 nm at 0.45 ms usually bruises, for most within two weeks (REC-108)."""
    spared = session("Candela Vbeam Perfecta", concern="facial_veins")
    bruised = session("SPTL-1 585", concern="facial_veins")

    assert spared.risks["purpura"].mean() < 0.1
    assert bruised.risks["purpura"].mean() > 0.5
    assert np.quantile(bruised.social_downtime_days, 0.9) < 14


def test_light_fractional_redness_in_an_older_fair_woman_is_short():
    """10 mJ at 5 % leaves no redness for months (REC-038, REC-146) and hardly ever a long one (RSK-038)."""
    found = session("UltraPulse DeepFX", Settings(energy_mJ=10, density_pct=5), phototype="II", age=66)

    assert np.quantile(found.erythema_resolution_days, 0.9) < 42
    assert found.risks["prolonged_erythema"].mean() < 0.02


def test_one_shallow_full_field_session_rarely_infects():
    """An erosion that closes in three days risks no more than fractional CO2 (RSK-035)."""
    found = session("Cutera Pearl")

    assert found.risks["bacterial_infection"].mean() < 0.015


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("Clear + Brilliant 1440", 7),
        ("Fraxel re:store", 7),
        ("Fraxel DUAL 1927", 7),
        ("UltraPulse DeepFX", 7.5),
        ("Sciton Halo", 7),
    ],
)
def test_peeling_ends_within_a_week(name, last):
    """Non-ablative 2 to 7 days, fractional ablative 5 to 7 (REC-043, REC-074, REC-079, REC-090)."""
    assert np.median(last_day_above(session(name).symptoms["peeling"], NOTICED)) < last


@pytest.mark.parametrize("phototype", ["III", "IV"])
def test_broad_light_blisters_as_in_the_trial(phototype):
    """540 nm broad light blistered 9.7 % of patients of phototype III to IV over a course (RSK-103)."""
    found = session("IPL 560", phototype=phototype, concern="facial_veins")

    assert 0.003 < found.risks["blister"].mean() < 0.2
