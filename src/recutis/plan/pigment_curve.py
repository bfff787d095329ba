"""PIH by phototype against the density of the pattern: what another person, or another density, would risk with this device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from recutis.errors import OutOfRangeError
from recutis.laser import expose
from recutis.plan.prediction_document import PigmentCurve, PigmentPoint
from recutis.plan.quantities import of_draws
from recutis.sites import PHOTOTYPES
from recutis.units import PERCENT

if TYPE_CHECKING:
    from recutis.injury import Injury
    from recutis.laser.types import Exposure
    from recutis.plan.evaluate import InjuryProvider, SiteEvaluation
    from recutis.skin.types import Lesion, Skin
    from recutis.twins import Twins

_STEPS: Final = 8  # densities between the device's ends, closer together where they are low


def _densities(evaluation: SiteEvaluation) -> Iterator[tuple[float, Exposure]]:
    """Densities of a pass that the device allows with these passes, and the exposure of each; the chosen one among them."""
    exposure = evaluation.exposure
    limit = exposure.device.limits["density_pct"]
    for density in np.unique([*_spread(limit.low, limit.high), _chosen(exposure) or limit.low]):
        settings = replace(evaluation.settings, density_pct=float(density), columns_cm2=None)
        try:
            yield float(density), expose(exposure.device, settings, cooling=exposure.cooling)
        except OutOfRangeError:  # more than the device allows with so many passes
            continue


def _spread(low: float, high: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return low + (high - low) * np.linspace(0.0, 1.0, _STEPS) ** 2


def _twins(evaluation: SiteEvaluation) -> dict[str, Twins]:
    """The same person in each phototype: what is known of the rest stays, draw by draw."""
    from recutis.response.cloud import with_traits

    mine = evaluation.place.twins
    return {phototype: with_traits(mine, replace(mine.traits, phototype=phototype)) for phototype in PHOTOTYPES}


def _skins(evaluation: SiteEvaluation) -> dict[str, Skin]:
    from recutis import skin as skins

    known = evaluation.place.twins.traits
    return {
        phototype: skins.build(
            site=known.site, age_years=known.age_years, phototype=phototype, sex=known.sex, tanned=known.tanned
        )
        for phototype in PHOTOTYPES
    }


def pigment_curve(
    number: int, evaluation: SiteEvaluation, injure: InjuryProvider, *, ceiling_density_pct: float | None
) -> PigmentCurve:
    """The curve of one session (its number) at one site, with that session's care in every phototype.

    A pattern of columns is followed over its densities in the person's own skin, for water takes up its light; a device without a density
    has one point, computed in the skin of each phototype. `ceiling_density_pct` is of all passes together.
    """
    exposure = evaluation.exposure
    lesion = _lesion(evaluation)
    people = _twins(evaluation)

    def hit(given: Exposure, skin: Skin) -> Injury:
        return injure(given, skin, lesion=lesion)

    if "density_pct" in exposure.device.limits:
        mine = evaluation.place.skin
        made = [
            (density, {phototype: hit(given, mine) for phototype in PHOTOTYPES[:1]}) for density, given in _densities(evaluation)
        ]
    else:
        made = [(0.0, {phototype: hit(exposure, skin) for phototype, skin in _skins(evaluation).items()})]
    points = []
    for density, injuries in made:
        first = next(iter(injuries.values()))
        risk = {phototype: _risk(injuries.get(phototype, first), people[phototype], evaluation) for phototype in PHOTOTYPES}
        own = injuries.get(evaluation.place.twins.traits.phototype, first)
        points.append(
            PigmentPoint(
                density_pct=round(density, 3),
                coverage_pct=round(PERCENT * own.coverage_fraction, 2),
                risk_pct={
                    phototype: of_draws(
                        PERCENT * draws, "pct", evaluation.response.sources.get("pih", ()), weights=people[phototype].unequal
                    )
                    for phototype, draws in risk.items()
                },
            )
        )
    return PigmentCurve(
        session=number,
        site=evaluation.place.site,
        device=exposure.device.name,
        phototype=evaluation.place.twins.traits.phototype,
        passes=exposure.passes,
        chosen_density_pct=_chosen(exposure),
        ceiling_density_pct=None if ceiling_density_pct is None else round(ceiling_density_pct / exposure.passes, 3),
        points=tuple(points),
    )


def _chosen(exposure: Exposure) -> float | None:
    limit = exposure.device.limits.get("density_pct")
    return None if limit is None else round(exposure.settings.density_pct or limit.typical, 3)


def _lesion(evaluation: SiteEvaluation) -> Lesion | None:
    """The lesion whose injury the site answers to."""
    worst = evaluation.injury
    return next((evaluation.place.lesions[name] for name, injury in evaluation.injuries.items() if injury is worst), None)


def _risk(injury: Injury, twins: Twins, evaluation: SiteEvaluation) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    from recutis.response.risks import pih
    from recutis.response.wound import read_wound

    return np.asarray(pih(read_wound(injury, twins), twins, evaluation.care))
