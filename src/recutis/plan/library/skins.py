"""The skins of the library, and how any other skin is made up of them.

Everything is linear: a value in a skin is a sum of the stored values, each with a weight. Sites stand for themselves; ages lie on a line
between two, sexes add a difference; melanin follows a curve found in one site, and each site adds its own difference to it.
Water does not vary among skins that `skin.build` makes, so there is no axis of water.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.injury.scattering import mean_melanin
from recutis.sites import SITES
from recutis.skin import build
from recutis.skin.types import Skin

Array = NDArray[np.float64]
YOUNG_YEARS, OLD_YEARS = 25.0, 95.0  # ends of the line of ages; below the first the layers do not change
_SAME: Final = 1e-6  # relative: layers that differ by less are the same


@dataclass(frozen=True, kw_only=True)
class SkinNode:
    """A skin that is stored."""

    site: str
    sex: str = "female"
    age_years: float = YOUNG_YEARS
    phototype: str = "II"
    tanned: bool = False

    def skin(self) -> Skin:
        """The skin itself."""
        return build(site=self.site, age_years=self.age_years, phototype=self.phototype, sex=self.sex, tanned=self.tanned)

    def with_melanin_of(self, other: SkinNode) -> SkinNode:
        """The same skin with the melanin of another."""
        return replace(self, phototype=other.phototype, tanned=other.tanned)


_CENTRE: Final = "cheek"
_CURVE: Final = tuple(
    SkinNode(site=_CENTRE, phototype=phototype, tanned=tanned)
    for phototype, tanned in (
        ("I", False), ("II", False), ("III", False), ("IV", False), ("IV", True), ("V", False), ("V", True), ("VI", True),
    )
)  # fmt: skip
"""Melanin of the centre, from the palest to the darkest."""
_BESIDE: Final = (_CURVE[0], _CURVE[3], _CURVE[-1])
"""Melanin at which every site is stored."""
_MIDDLE: Final = _CURVE[3]
"""Melanin at which ages and sexes are stored."""


@cache
def stored_sites() -> tuple[str, ...]:
    """Sites with layers of their own."""
    return tuple(site for site in SITES if _own_site(site) == site)


@cache
def _own_site(site: str) -> str:
    """The site whose layers a site has: the whole face takes those of one."""
    return evidence.get("skin.full_face").text if site == "full_face" else site


@cache
def nodes(*, melanin: bool) -> tuple[SkinNode, ...]:
    """The stored skins: with `melanin` for light that it absorbs, else of one phototype."""
    found: list[SkinNode] = []
    for site in stored_sites():
        colours = (_CURVE if site == _CENTRE else _BESIDE) if melanin else (SkinNode(site=site),)
        found += [SkinNode(site=site).with_melanin_of(colour) for colour in colours]
        middle = SkinNode(site=site).with_melanin_of(_MIDDLE) if melanin else SkinNode(site=site)
        found += [replace(middle, age_years=OLD_YEARS), replace(middle, sex="male")]
    return tuple(found)


@cache
def _depth(node: SkinNode) -> float:
    """Logarithm of the melanin averaged over the epidermis."""
    return float(np.log(mean_melanin(node.skin())))


def _between(places: list[float], x: float) -> list[tuple[int, float]]:
    """Weights of the two nearest of rising places, on a line."""
    i = min(max(int(np.searchsorted(places, x)) - 1, 0), len(places) - 2)
    share = (x - places[i]) / (places[i + 1] - places[i])
    return [(i, 1.0 - share), (i + 1, share)]


@lru_cache(maxsize=512)
def is_built(skin: Skin) -> bool:
    """Whether `skin.build` makes this skin, at an age that the library reaches."""
    if skin.site not in SITES or not 0.0 < skin.age_years <= OLD_YEARS:
        return False
    for tanned in (False, True):
        own = build(site=skin.site, age_years=skin.age_years, phototype=skin.phototype, sex=skin.sex, tanned=tanned)
        if _alike(own, skin):
            return True
    return False


def _alike(one: Skin, other: Skin) -> bool:
    def numbers(skin: Skin) -> Array:
        rows = [(x.thickness_um, x.water_fraction, x.melanin_fraction, x.blood_fraction) for x in skin.layers]
        return np.array([*np.array(rows).ravel(), skin.surface_temperature_C])

    names = [tuple(x.name for x in skin.layers) for skin in (one, other)]
    return names[0] == names[1] and bool(np.allclose(numbers(one), numbers(other), rtol=_SAME, atol=0.0))


def _ageing(skin: Skin, site: str) -> float:
    """Where the dermis of this age and sex lies from young to old."""
    now = build(site=site, age_years=skin.age_years, phototype="II", sex=skin.sex).dermis_um
    young, old = (build(site=site, age_years=age, phototype="II", sex=skin.sex).dermis_um for age in (YOUNG_YEARS, OLD_YEARS))
    return (young - now) / (young - old)


@lru_cache(maxsize=512)
def weights(skin: Skin, *, melanin: bool) -> Array | None:
    """Weights of the stored skins whose sum this skin is; None for a skin that the library does not reach."""
    if not is_built(skin):
        return None
    known = {node: number for number, node in enumerate(nodes(melanin=melanin))}
    found = np.zeros(len(known))
    site = _own_site(skin.site)
    here, middle = SkinNode(site=site), SkinNode(site=site)
    if melanin:
        depth, middle = float(np.log(mean_melanin(skin))), here.with_melanin_of(_MIDDLE)
        for number, weight in _between([_depth(x) for x in _CURVE], depth):
            found[known[_CURVE[number]]] += weight
        for number, weight in _between([_depth(x) for x in _BESIDE], depth):
            found[known[here.with_melanin_of(_BESIDE[number])]] += weight
            found[known[SkinNode(site=_CENTRE).with_melanin_of(_BESIDE[number])]] -= weight
    else:
        found[known[here]] += 1.0
    ageing, man = _ageing(skin, site), float(skin.sex == "male")
    found[known[middle]] -= ageing + man
    found[known[replace(middle, age_years=OLD_YEARS)]] += ageing
    found[known[replace(middle, sex="male")]] += man
    return found


__all__ = ["OLD_YEARS", "YOUNG_YEARS", "SkinNode", "is_built", "nodes", "stored_sites", "weights"]
