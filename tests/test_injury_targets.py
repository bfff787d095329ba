"""Rows of experiments: meaningless settings are refused in a sentence, trends that are numbers are computed."""

from __future__ import annotations

import pytest

from recutis import evidence
from recutis.injury import targets

ROW = dict(next(row.fields for row in evidence.rows("targets_physics") if row.id == "ER06"))


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"fluence_J_cm2": "-3"}, "fluence_J_cm2 is -3; it must be 0 or more"),
        ({"spot_diameter_mm": "0"}, "spot_diameter_mm is 0; it must be above 0"),
        ({"pulse_duration_s": "nan"}, "pulse_duration_s is 'nan'; give one finite number"),
        ({"wavelength_nm": "green"}, "wavelength_nm is 'green'; give one finite number"),
        ({"n_pulses": "2.5"}, "n_pulses is 2.5; it must be a whole number, at least 1"),
        ({"n_pulses": "0"}, "n_pulses is 0; it must be a whole number"),
        ({"pulse_energy_mJ": "-5"}, "pulse_energy_mJ is -5; it must be 0 or more"),
        ({"pulse_energy_mJ": "many"}, "pulse_energy_mJ is 'many'; give one number"),
        ({"n_pulses": "10", "pulse_duration_s": "0.2", "repetition_rate_Hz": "20"}, "longer than the period of 0.05 s at 20 Hz; shorten"),
        ({"wavelength_nm": "200"}, "200 nm"),
        ({"quantity": "colour"}, "does not compute 'colour'"),
        ({"family": "astrology"}, "has no model; families are ablation"),
    ],
)  # fmt: skip
def test_meaningless_rows_are_refused_in_a_sentence(changed: dict[str, str], text: str) -> None:
    """Column, value, what is allowed; nothing is computed."""
    found = targets.compute({**ROW, **changed})

    assert found.value is None
    assert text in found.reason
    assert "\n" not in found.reason


def test_a_trend_that_is_a_number_is_computed() -> None:
    """Other trends stay words."""
    number = targets.compute({**ROW, "tier": "trend"})
    words = targets.compute({**ROW, "tier": "trend", "quantity": "deeper than before"})

    assert number.value is not None
    assert words.reason == "a trend, not a number"
