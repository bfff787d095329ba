"""Arrhenius damage and equivalent minutes: parameters from the evidence, closed forms, inversion, a check of pairs."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.units import KELVIN_OFFSET, S_PER_MIN

GAS_CONSTANT_J_MOL_K: Final = 8.314462618  # exact in the SI
BOLTZMANN_J_K: Final = 1.380649e-23  # exact in the SI
PLANCK_J_S: Final = 6.62607015e-34  # exact in the SI
_COMPENSATION: Final = re.compile(r"^deltaS = (-?[\d.]+) \+ ([\d.e+-]+)\*deltaH$")
_J_PER_KJ: Final = 1e3


@dataclass(frozen=True, kw_only=True)
class Process:
    """One damage process: frequency factor [1/s], activation energy [J/mol], evidence row ids."""

    name: str
    frequency_s: float
    energy_J_mol: float
    sources: tuple[str, ...]

    def rate_s(self, temperature_C: float) -> float:
        """Damage per second at a temperature: A exp(-E / R T)."""
        kelvin = temperature_C + KELVIN_OFFSET
        return math.exp(math.log(self.frequency_s) - self.energy_J_mol / (GAS_CONSTANT_J_MOL_K * kelvin))

    def threshold_C(self, seconds: float) -> float:
        """Temperature that gives damage 1 when held for this time (closed form)."""
        kelvin = self.energy_J_mol / (GAS_CONSTANT_J_MOL_K * math.log(self.frequency_s * seconds))
        return kelvin - KELVIN_OFFSET


@cache
def process(name: str) -> Process:
    """A damage process of the evidence by the end of its row names, such as `HenriquesMoritz_epidermis`.

    Raises UnknownNameError when there is no such pair of rows.
    """
    frequency, energy = f"Arrhenius_A_{name}", f"Arrhenius_Ea_{name}"
    return Process(
        name=name,
        frequency_s=evidence.value(frequency),
        energy_J_mol=evidence.value(energy) * _J_PER_KJ,
        sources=(frequency, energy),
    )


def cell_death() -> Process:
    """Death of epidermal cells and the edge of coagulated tissue below ablated surfaces (Henriques & Moritz 1947)."""
    return process("HenriquesMoritz_epidermis")


def bulk_skin() -> Process:
    """Coagulation of whole skin by seconds and milliseconds of heat; used for the near infrared."""
    return process("bulk_skin_backcalculated")


def visible_burn() -> Process:
    """The least burn that an eye sees, of first degree: the damage of `bulk_skin` at which it shows counts as 1."""
    bulk, share = bulk_skin(), "Omega_first_degree_burn"
    return Process(
        name="visible_burn", frequency_s=bulk.frequency_s / evidence.value(share), energy_J_mol=bulk.energy_J_mol,
        sources=(*bulk.sources, share),
    )  # fmt: skip


def collagen() -> Process:
    """Loss of birefringence of skin collagen (Pearce 1993)."""
    return process("Pearce_collagen_birefringence_rat_skin")


def blood() -> Process:
    """Denaturation of haemoglobin (Lepock 1989)."""
    return process("Lepock_hemoglobin")


def wall() -> Process:
    """Coagulation of the wall of a vessel (Agah et al. 1994, artery)."""
    return process("Agah_artery")


def cem43_law() -> tuple[float, float, float]:
    """Factor of equivalent minutes above and below the break, and the temperature of the break [°C]."""
    return evidence.value("phys_cem43_above"), evidence.value("phys_cem43_below"), evidence.value("phys_cem43_break")


def cem43_min(temperature_C: float, seconds: float) -> float:
    """Minutes at 43 °C that do as much as this temperature held for this time: t R^(43 - T).

    Meant for heating of seconds and longer; above about 57 °C it is an extrapolation.
    """
    above, below, broken_C = cem43_law()
    factor = above if temperature_C > broken_C else below
    return float(seconds / S_PER_MIN * factor ** (broken_C - temperature_C))


@cache
def compensation_J_mol_K() -> tuple[float, float]:
    """Intercept [J/mol K] and slope [1/K] of the line of entropy against enthalpy of activation (Jacques 2006).

    Raises OutOfRangeError when the row is not such a line.
    """
    text = evidence.get("Arrhenius_compensation_relation").text
    match = _COMPENSATION.match(text)
    if match is None:
        msg = f"Evidence row 'Arrhenius_compensation_relation' should read 'deltaS = a + b*deltaH'; found '{text}'."
        raise OutOfRangeError(msg)
    return float(match.group(1)), float(match.group(2))


def expected_log10_frequency(process: Process, *, at_C: float) -> float:
    """Decimal logarithm of the frequency factor [1/s] that the compensation line gives for a process's activation energy.

    Eyring: A = (k T / h) exp(1 + dS / R) with dH = E - R T at the temperature `at_C`. Pairs that stray by several powers of
    ten are slips of copying, or of another kind of process.
    """
    kelvin = at_C + KELVIN_OFFSET
    intercept, slope = compensation_J_mol_K()
    entropy = intercept + slope * (process.energy_J_mol - GAS_CONSTANT_J_MOL_K * kelvin)
    return (math.log(BOLTZMANN_J_K * kelvin / PLANCK_J_S) + 1.0 + entropy / GAS_CONSTANT_J_MOL_K) / math.log(10.0)
