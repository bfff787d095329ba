"""Twins: draws of what is not known of one person's skin and of how it responds.

A number of the person (how fast they heal, how they pigment) depends on the seed and on the name of
the parameter alone, so two sites of one person share it draw by draw; the site moves medians only.
Correlations inside one person: epidermal with dermal thickness, redness with scarring, redness with
pigment (rows `twins.correlation.*`); everything else is independent. Draws are stratified (one per
equal slice of probability, in random order), so quantiles settle with few twins.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from functools import cache, cached_property
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.posterior import Parameters, parameters
from recutis.skin import Skin, build
from recutis.skin.anatomy import melanin_mean

_YEARS_PER_DECADE: Final = 10.0
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
    block; the response multiplies them with
    standard deviations from the evidence. `p` gives the parameters of the response, one a block where studies leave them open,
    with wider spreads between studies for people and sites that few have treated.
    `weights` sum to n; they differ once something was seen (`response.update`), and `refreshed` counts how often the cloud
    was drawn anew for it.
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
    p: Parameters
    sources: tuple[str, ...]
    refreshed: int = 0

    @cached_property
    def unequal(self) -> Draws | None:
        """Weights for what is told of the cloud, shape (n,); None where all are equal, as they are until something was seen."""
        return None if np.ptp(self.weights) == 0 else self.weights

    @property
    def block_weights(self) -> Draws:
        """Weight of each block, shape (blocks,): how far what was seen speaks for its study-level draws; 0 for one left empty."""
        return np.asarray(np.bincount(self.block, weights=self.weights), dtype=np.float64)

    @property
    def n(self) -> int:
        """Number of twins."""
        return int(self.weights.size)


@cache
def _normal_grid(count: int) -> Draws:
    """Standard-normal values at the middle of `count` equal slices of probability."""
    normal = NormalDist()
    return np.array([normal.inv_cdf((i + 0.5) / count) for i in range(count)])


def normal_draws(name: str, count: int, seed: int) -> Draws:
    """Stratified standard-normal draws that depend on the seed and the name only."""
    order = np.random.default_rng([seed, zlib.crc32(name.encode())]).permutation(count)
    return _normal_grid(count)[order]


def _healing(traits: Traits) -> float:
    """Median healing speed of a person with these traits; 1 for a healthy one of the reference age."""
    value = evidence.value
    decades = (traits.age_years - value("twins.healing.reference_age")) / _YEARS_PER_DECADE
    speed: float = (1 - value("twins.healing.loss_per_decade")) ** decades
    burdens = {
        "smoker": traits.smoker,
        "diabetes": bool(traits.diabetes),
        "immunosuppressed": traits.immunosuppressed,
        "radiotherapy": traits.radiotherapy,
    }
    for name, present in burdens.items():
        if present:
            speed *= value(f"twins.healing.{name}")
    return speed


def unfamiliar(traits: Traits) -> tuple[tuple[str, float], ...]:
    """What of a person and site few studies have treated: a sentence, and the factor by which what is not known is wider."""
    found = []
    for name, words in (("phototype", f"phototype {traits.phototype}"), ("site", f"the {traits.site.replace('_', ' ')}")):
        key = f"twins.unfamiliar.{name}.{getattr(traits, name)}"
        if evidence.has(key):
            found.append((f"Few published series treat {words}: ranges are wider than elsewhere.", evidence.value(key)))
    return tuple(found)


def _skin(traits: Traits) -> Skin:
    return build(site=traits.site, age_years=traits.age_years, phototype=traits.phototype, sex=traits.sex, tanned=traits.tanned)


def _check(n: int, blocks: int) -> None:
    if not 1 <= blocks <= n:
        msg = f"Twins need at least one block and one twin a block; got {n} twins in {blocks} blocks."
        raise OutOfRangeError(msg)


def draw(traits: Traits, *, n: int = 400, seed: int = 0, blocks: int = 20) -> Twins:
    """A cloud of `n` twins of one person at one site, in `blocks` blocks.

    `depth_error` is a standard-normal draw; the response multiplies depths by exp of it times the
    injury's own stated error. `healing_rate` has median 1 for a healthy person of the reference
    age. Thickness [µm], follicle density [1/cm²], fractions by volume (water by mass).

    Raises OutOfRangeError for impossible counts, and what `skin.build` raises for impossible traits.
    """
    _check(n, blocks)
    value = evidence.value
    block = np.arange(n, dtype=np.int64) * blocks // n

    def person(name: str) -> Draws:
        return normal_draws(name, n, seed)

    def study(name: str) -> Draws:
        return normal_draws(f"study.{name}", blocks, seed)[block]

    def mixed(name: str, other: Draws, correlation_row: str) -> Draws:
        rho = value(correlation_row)
        return rho * other + math.sqrt(1 - rho**2) * person(name)

    skin = _skin(traits)
    blood = next(layer.blood_fraction for layer in skin.layers if layer.name == "papillary_dermis")
    water = next(layer.water_fraction for layer in skin.layers if layer.name == "reticular_dermis")
    _, melanin, _ = melanin_mean(traits.phototype, tanned=traits.tanned)
    thickness_sd, epidermis_z = value("twins.thickness.sd_ln"), person("epidermis")
    redness = person("redness")
    return Twins(
        traits=traits,
        seed=seed,
        weights=np.ones(n),
        block=block,
        epidermis_um=skin.epidermis_um * np.exp(thickness_sd * epidermis_z),
        dermis_um=skin.dermis_um * np.exp(thickness_sd * mixed("dermis", epidermis_z, "twins.correlation.thickness")),
        melanin_fraction=melanin * np.exp(value("twins.melanin.sd_ln") * person("melanin")),
        blood_fraction=blood * np.exp(value("twins.blood.sd_ln") * person("blood")),
        water_fraction=water + value("twins.water.sd") * person("water"),
        follicle_density_cm2=skin.follicle_density_cm2 * np.exp(value("twins.follicles.sd_ln") * person("follicles")),
        healing_rate=_healing(traits) * np.exp(value("twins.healing.sd_ln") * person("healing")),
        depth_error=person("depth"),
        improvement_effect=person("improvement"),
        improvement_study=study("improvement"),
        redness_effect=redness,
        redness_study=study("redness"),
        pigment_effect=mixed("pigment", redness, "twins.correlation.redness_pigment"),
        pigment_study=study("pigment"),
        pain_effect=person("pain"),
        pain_study=study("pain"),
        scar_effect=mixed("scar", redness, "twins.correlation.redness_scar"),
        scar_study=study("scar"),
        infection_study=study("infection"),
        p=parameters(block, math.prod(factor for _, factor in unfamiliar(traits))),
        sources=tuple(dict.fromkeys((*skin.sources, "twins.healing.sd_ln"))),
    )
