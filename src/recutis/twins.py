"""Twins: draws of what is not known of one person's skin and of how it responds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Draws = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What is known of a person at one site.

    `phototype` I to VI; `site` a site word; `sex` female or male. None means: was not answered.
    """

    age_years: float
    sex: str
    phototype: str
    site: str
    tanned: bool = False
    smoker: bool = False
    herpes_history: bool = False
    keloid: bool = False
    melasma: bool = False
    immunosuppressed: bool = False
    previous_pih: bool | None = None
    diabetes: bool | None = None
    outdoor_work: bool | None = None
    radiotherapy: bool = False
    acne: str = "none"


@dataclass(frozen=True, kw_only=True, eq=False)
class Twins:
    """A cloud of virtual patients: arrays of shape (n,), one entry a twin.

    Draws come in `block`s: twins of one block share the study-level (epistemic) draws, so the
    spread between blocks says how little is known and the spread within how people differ.
    `*_effect` are standard-normal draws (individual), `*_study` standard-normal draws shared in a
    block; the response multiplies them with standard deviations from the evidence.
    """

    traits: Traits
    seed: int
    weights: Draws
    block: NDArray[np.int64]
    epidermis_um: Draws
    dermis_um: Draws
    melanin_fraction: Draws
    blood_fraction: Draws
    water_fraction: Draws
    follicle_density_cm2: Draws
    healing_rate: Draws
    depth_error: Draws
    improvement_effect: Draws
    improvement_study: Draws
    redness_effect: Draws
    redness_study: Draws
    pigment_effect: Draws
    pigment_study: Draws
    pain_effect: Draws
    pain_study: Draws
    scar_effect: Draws
    scar_study: Draws
    infection_study: Draws
    sources: tuple[str, ...]

    @property
    def n(self) -> int:
        """Number of twins."""
        return int(self.weights.size)
