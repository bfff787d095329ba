"""Damage: equivalent minutes, and every Arrhenius pair of the evidence against the line of compensation."""

from __future__ import annotations

import csv
import math
from importlib.resources import files

import pytest

from recutis.heat import damage

ROWS = list(csv.DictReader((files("recutis.evidence") / "tables" / "damage.csv").read_text(encoding="utf-8").splitlines()))
PAIRS = [row["quantity"].removeprefix("Arrhenius_A_") for row in ROWS if row["quantity"].startswith("Arrhenius_A_")]


def strays(name: str) -> float:
    """Powers of ten by which a pair's frequency factor exceeds that of the compensation line."""
    process = damage.process(name)
    return math.log10(process.frequency_s) - damage.expected_log10_frequency(process, at_C=60.0)


@pytest.mark.parametrize("name", PAIRS)
def test_pair_lies_by_the_line_of_compensation(name: str) -> None:
    """Entropy and enthalpy of activation go together: no pair strays by more than four powers of ten from Jacques' line."""
    assert abs(strays(name)) < 4.0


@pytest.mark.parametrize(("process", "limit"), [
    (damage.cell_death(), 1.0), (damage.collagen(), 1.0), (damage.bulk_skin(), 2.0), (damage.blood(), 4.0),
], ids=lambda x: getattr(x, "name", str(x)))  # fmt: skip
def test_pairs_in_use_stray_as_documented(process: damage.Process, limit: float) -> None:
    """Cell death and collagen lie on the line within a power of ten; whole skin and haemoglobin stray further, as told."""
    assert abs(strays(process.name)) < limit


def test_a_slip_of_copying_is_found() -> None:
    """An activation energy of another pair leaves the line by tens of powers of ten."""
    mixed = damage.Process(name="mixed", frequency_s=3.1e98, energy_J_mol=306e3, sources=())

    assert abs(math.log10(mixed.frequency_s) - damage.expected_log10_frequency(mixed, at_C=60.0)) > 20.0


@pytest.mark.parametrize(("celsius", "minutes"), [(43.0, 1.0), (44.0, 2.0), (46.0, 8.0), (42.0, 0.25), (40.0, 1 / 64)])
def test_equivalent_minutes_follow_their_definition(celsius: float, minutes: float) -> None:
    """A minute counts double for each degree above 43 °C, and a quarter for each below."""
    assert damage.cem43_min(celsius, 60.0) == pytest.approx(minutes)


def test_minutes_and_cell_death_agree_where_both_are_meant() -> None:
    """Between 45 and 55 °C one degree halves the time that kills epidermal cells, as one degree doubles the minutes."""
    process = damage.cell_death()
    factor = [process.rate_s(t + 1) / process.rate_s(t) for t in (45.0, 50.0, 55.0)]

    assert all(1.7 < x < 2.4 for x in factor), factor
