"""Arrhenius damage: parameters from the evidence, closed forms at constant temperature, and inversion."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Final

from recutis import evidence
from recutis.units import KELVIN_OFFSET

GAS_CONSTANT_J_MOL_K: Final = 8.314462618  # exact in the SI
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
