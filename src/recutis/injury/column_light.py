"""Light of a microbeam while the tissue under it changes: warm, coagulated, dried.

Two ways. `Remapped` looks fresh light up at the optical depth that the changed tissue leaves: microseconds, without chance, for
plans. `Traced` sends photons through the changed tissue itself, for reference. How far apart they are stands in
`tests/test_injury_zone.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.heat import tissue
from recutis.injury._remap_kernel import remap
from recutis.injury.skin_light import LightSpread, Microlight, layers_of, microbeam_light
from recutis.light import Beam
from recutis.light.rings import RingLight, normal_mirror, photons_in_rings
from recutis.skin import layer_optics, warmed_nm, water_mua_cm
from recutis.skin.types import Skin
from recutis.units import M_PER_UM, PER_M_PER_CM, UM_PER_M

Array = NDArray[np.float64]
_DERMAL: Final = frozenset({"papillary_dermis", "reticular_dermis"})
_PHOTONS: Final = 6000  # a map; more photons and other seeds move depths of columns by 2 %
_SAME: Final = 0.01  # of the fresh coefficients: what has changed less is lit by the same photons
_NOTHING: Final = 1e-30  # stands for zero in a division
SOURCES: Final = ("water_band_shift", "phys_coagulated_scattering", "phys_dry_scattering_power")


@dataclass(frozen=True, eq=False, kw_only=True)
class Matter:
    """Skin on the depth grid, SI, one number a depth: absorption dry and by water, scattering, heat, water.

    `dermal` is 1 where collagen scatters.
    """

    mua_dry: Array
    mua_water: Array
    musp: Array
    g: Array
    solid: Array
    water: Array
    conductivity: Array
    dermal: Array

    def absorbing(self, mua_m: Array) -> Matter:
        """The same with this absorption of fresh cells [1/m]: where a face cuts a cell, transport knows its mean better."""
        factor = mua_m / np.maximum(self.mua_dry + self.mua_water, _NOTHING)
        return replace(self, mua_dry=self.mua_dry * factor, mua_water=self.mua_water * factor)

    @property
    def fresh_mua(self) -> Array:
        """Absorption of fresh skin [1/m]."""
        return self.mua_dry + self.mua_water

    @property
    def fresh_mus(self) -> Array:
        """Scattering of fresh skin [1/m]."""
        return np.asarray(self.musp / (1.0 - self.g))


def matter_of(skin: Skin, wavelength_nm: float, z_edges_m: Array) -> Matter:
    """The skin's layers on cells of depth."""
    middle = (z_edges_m[:-1] + z_edges_m[1:]) / 2 * UM_PER_M
    bottoms = np.cumsum([x.thickness_um for x in skin.layers])
    layer = np.minimum(np.searchsorted(bottoms, middle, side="right"), len(skin.layers) - 1)
    optics = layer_optics(skin, wavelength_nm)
    liquid = water_mua_cm(wavelength_nm)
    wet = [min(liquid * x.water_fraction, o.mua_cm) for x, o in zip(skin.layers, optics, strict=True)]
    warm = [tissue.thermal(x.water_fraction) for x in skin.layers]
    return Matter(
        mua_dry=np.array([o.mua_cm - w for o, w in zip(optics, wet, strict=True)])[layer] * PER_M_PER_CM,
        mua_water=np.array(wet)[layer] * PER_M_PER_CM,
        musp=np.array([o.musp_cm for o in optics])[layer] * PER_M_PER_CM,
        g=np.array([o.g for o in optics])[layer],
        solid=np.array([t.solid_J_m3_K for t in warm])[layer],
        water=np.array([t.water_kg_m3 for t in warm])[layer],
        conductivity=np.array([t.conductivity_W_m_K for t in warm])[layer],
        dermal=np.array([float(x.name in _DERMAL) for x in skin.layers])[layer],
    )


def warm_water(wavelength_nm: float, warmer_K: float) -> float:
    """Absorption of warmer water over that of cold water, by the shift of its near-infrared bands."""
    at = np.array([wavelength_nm])
    return water_mua_cm(float(warmed_nm(at, warmer_K)[0])) / water_mua_cm(wavelength_nm)


@dataclass(frozen=True, eq=False, kw_only=True)
class Changed:
    """Absorption and scattering of the tissue as it is now [1/m], (z, r)."""

    mua_m: Array
    mus_m: Array

    def ahead(self, before: Changed | None) -> Changed:
        """Half a step on, as from `before` to now, so that light laid for a step is that of its middle."""
        if before is None:
            return self
        return Changed(
            mua_m=np.maximum(1.5 * self.mua_m - 0.5 * before.mua_m, 0.0),
            mus_m=np.maximum(1.5 * self.mus_m - 0.5 * before.mus_m, 0.0),
        )


class Optics:
    """How heat changes tissue for light.

    Water absorbs where it still is, by its temperature up to boiling. Coagulated collagen scatters less. Where water has left, what
    lay between the fibres comes close to them in refractive index and scattering falls with a power of the water that is left.
    """

    def __init__(self, matter: Matter, wavelength_nm: float, start_C: float) -> None:
        self._matter = matter
        self._span_K = evidence.value("phys_boiling") - start_C
        self._hot = warm_water(wavelength_nm, self._span_K)
        self._clear = evidence.value("phys_coagulated_scattering")
        self._power = evidence.value("phys_dry_scattering_power")

    def now(self, rise_K: Array, water: Array, collagen: Array) -> Changed:
        """The present coefficients for a rise of temperature, water [kg/m³] and damage of collagen, (z, r)."""
        matter = self._matter
        left = water / np.maximum(matter.water[:, None], _NOTHING)
        warm = 1.0 + (self._hot - 1.0) * np.clip(rise_K / self._span_K, 0.0, 1.0)
        coagulated = matter.dermal[:, None] * -np.expm1(-collagen)
        return Changed(
            mua_m=matter.mua_dry[:, None] + matter.mua_water[:, None] * warm * left,
            mus_m=matter.fresh_mus[:, None] * np.minimum(left, 1.0) ** self._power * (1.0 - (1.0 - self._clear) * coagulated),
        )


class Lit(Protocol):
    """Light of energy one in changed tissue."""

    def through(self, now: Changed) -> tuple[Array, Array, float]:
        """Volume integral of the fluence in the cells (z, r) and beyond the rings (z,) [m]; share that is reflected."""
        ...


class Remapped:
    """Fresh light, looked up at the depth that holds as many free paths of fresh skin as the changed tissue above has.

    A ring goes by the mean of all rings within it; what a clear core does not scatter is missing around it.
    """

    def __init__(self, fresh: Microlight, matter: Matter, beam: Beam, z_edges_m: Array, r_edges_m: Array) -> None:
        self._middle, self._thick = (z_edges_m[:-1] + z_edges_m[1:]) / 2, np.diff(z_edges_m)
        self._area = math.pi * np.diff(r_edges_m**2)
        self._log = np.log(np.maximum(fresh.fluence_m2, _NOTHING))
        self._fresh = np.ascontiguousarray(fresh.fluence_m2)
        self._extinction = np.maximum(matter.fresh_mua + matter.fresh_mus, _NOTHING)
        ring = (r_edges_m[:-1] + r_edges_m[1:]) / 2 / (beam.size_um / 2 * M_PER_UM)
        self._aside = -np.expm1(-2.0 * ring**2)
        self._reflected = fresh.reflected
        held = (self._fresh * self._area).sum(axis=1) * self._thick
        self._beyond = np.maximum(fresh.wide * self._thick - held, 0.0)
        self._beyond_taken = float((fresh.mua_m * self._beyond).sum())

    def through(self, now: Changed) -> tuple[Array, Array, float]:
        """As in `Lit`."""
        path = np.empty_like(self._log)
        taken = remap(
            now.mua_m,
            now.mus_m,
            self._extinction,
            self._middle,
            self._thick,
            self._area,
            self._log,
            self._fresh,
            self._aside,
            path,
        )
        room = max(1.0 - self._reflected - self._beyond_taken, 0.0)
        if taken > room:
            path *= room / taken
        return path, self._beyond, self._reflected


class Traced:
    """Photons through the tissue as it is; sent again when it has changed by more than a per cent somewhere."""

    def __init__(self, skin: Skin, wavelength_nm: float, matter: Matter, beam: Beam, z_edges_m: Array, r_edges_m: Array) -> None:
        self._matter, self._beam, self._z, self._r = matter, beam, z_edges_m, r_edges_m
        self._mirrored = normal_mirror(tuple(layer.n for layer in layers_of(skin, wavelength_nm)))
        self._index = evidence.value("refractive_index_skin_generic")
        self._at: Changed | None = None
        self._light: RingLight | None = None

    def _traced(self, now: Changed) -> RingLight:
        if self._light is None or self._at is None or self._differs(now, self._at):
            self._at = now
            self._light = photons_in_rings(
                self._beam, mua_m=now.mua_m, mus_m=now.mus_m, g=self._matter.g, z_edges_m=self._z, r_edges_m=self._r,
                index=self._index, mirrored=self._mirrored, photons=_PHOTONS,
            )  # fmt: skip
        return self._light

    def _differs(self, now: Changed, then: Changed) -> bool:
        mua = np.abs(now.mua_m - then.mua_m).max(axis=1) > _SAME * self._matter.fresh_mua
        mus = np.abs(now.mus_m - then.mus_m).max(axis=1) > _SAME * self._matter.fresh_mus
        return bool((mua | mus).any())

    def through(self, now: Changed) -> tuple[Array, Array, float]:
        """As in `Lit`."""
        light = self._traced(now)
        # Roulette keeps energy only on average; no more than entered may be taken up.
        total = float((light.path_m * now.mua_m).sum() + light.beyond_m @ now.mua_m[:, -1]) + light.reflected + light.transmitted
        scale = min(1.0 / total, 1.0)
        return light.path_m * scale, light.beyond_m * scale, light.reflected * scale


def column_light(
    skin: Skin, wavelength_nm: float, beam: Beam, z_edges_m: Array, r_edges_m: Array, light_spread: LightSpread
) -> tuple[Matter, Lit]:
    """The skin on the grid, and light in it as it changes."""
    fresh = microbeam_light(skin, wavelength_nm, beam, z_edges_m, r_edges_m, "table")
    matter = matter_of(skin, wavelength_nm, z_edges_m).absorbing(fresh.mua_m)
    if light_spread == "table":
        return matter, Remapped(fresh, matter, beam, z_edges_m, r_edges_m)
    return matter, Traced(skin, wavelength_nm, matter, beam, z_edges_m, r_edges_m)


__all__ = ["Changed", "Lit", "Matter", "Optics", "Remapped", "Traced", "column_light", "matter_of", "warm_water"]
