"""Absorption, scattering, anisotropy and refractive index of skin layers at a wavelength.

All absorption is Napierian and per centimetre of path. A layer is a mixture: melanosomes, blood,
and the rest, which is water plus matrix (Jacques 2013; van Gemert et al. 1989).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from recutis import evidence
from recutis.skin._tabulated import WINDOWS_NM, Array, Spectrum, check_range, joined, nodes
from recutis.skin.types import Layer, LayerOptics, Skin

if TYPE_CHECKING:
    import xarray as xr

_REFERENCE_NM: Final = 500.0  # of the scattering law itself (Jacques 2013, eq. 1)
_FORMULA_NM: Final = (400.0, 1100.0)  # where baseline_skin_mua_formula holds within our windows
_FORMULA_STEP_NM: Final = 10.0  # its nodes; log-linear between them is exact to 0.1 %
_EPIDERMAL: Final = frozenset({"stratum_corneum", "epidermis", "basal_layer"})
_OPTICS: Final = ("optics",)
_OWN: Final = ("optics", "model_skin")
_CACHED: Final = 8192


@dataclass(frozen=True, kw_only=True, eq=False)
class _Ranged:
    """Arrays of low, value and high over wavelength."""

    low: Array
    value: Array
    high: Array

    def __add__(self, other: _Ranged) -> _Ranged:
        return _Ranged(low=self.low + other.low, value=self.value + other.value, high=self.high + other.high)

    def times(self, factor: float, low: float | None = None, high: float | None = None) -> _Ranged:
        """Scaled; the bounds by factors of their own where given."""
        return _Ranged(
            low=self.low * (factor if low is None else low),
            value=self.value * factor,
            high=self.high * (factor if high is None else high),
        )


def _ranged(spectrum: Spectrum, wavelength_nm: Array) -> _Ranged:
    low, value, high = spectrum.at(wavelength_nm)
    return _Ranged(low=low, value=value, high=high)


@cache
def _water() -> Spectrum:
    spread = evidence.value("skin.water_spread")
    return nodes(r"water_mua_(\d+)nm", _OPTICS, 1 - spread, 1 + spread)


@cache
def _blood(state: str) -> Spectrum:
    spread = evidence.value("skin.blood_spread")
    measured = nodes(rf"whole_blood_mua_{state}_(\d+)nm", _OPTICS, 1 - spread, 1 + spread)
    # Beyond the last measured point blood absorbs as its water does, scaled so that the curve stays continuous.
    last = float(measured.nm[-1])
    factor = float(measured.value[-1] / _water().at(np.array([last]))[1][0])
    beyond = [nm for nm in _water().nm if last < nm <= WINDOWS_NM[0][1]]
    content = evidence.value("water_content_blood")
    bounds = np.array([1 - spread, 1 + spread])
    near = joined(measured, lambda nm: factor * _water().at(nm)[1], beyond, measured.ids[-1], bounds)
    far = [nm for nm in _water().nm if nm > WINDOWS_NM[0][1]]
    return joined(near, lambda nm: content * _water().at(nm)[1], far, "water_content_blood", bounds)


def _baseline(wavelength_nm: Array) -> Array:
    offset, height, start, decay = evidence.coefficients(evidence.choice("matrix_absorption").id)
    return offset + height * np.exp(-(wavelength_nm - start) / decay)


@cache
def _matrix() -> Spectrum:
    low, _, high = evidence.numbers("skin.matrix_factor")
    own = nodes(r"matrix_mua_(\d+)nm", ("model_skin",), low, high)
    grid = np.arange(_FORMULA_NM[0], _FORMULA_NM[1] + _FORMULA_STEP_NM / 2, _FORMULA_STEP_NM)
    return joined(own, _baseline, list(grid), evidence.choice("matrix_absorption").id, np.array([low, high]))


@cache
def _fat() -> Spectrum:
    low, _, high = evidence.numbers("skin.matrix_factor")
    return nodes(r"fat_mua_(\d+)nm(?:_model)?", _OWN, low, high)


def _rest(layer: Layer, wavelength_nm: Array) -> Spectrum:
    """What absorbs beside water, melanin and blood: fat in the subcutis as far as fat is known, else matrix."""
    return _fat() if layer.name == "subcutis" and wavelength_nm.max() <= WINDOWS_NM[0][1] else _matrix()


def melanosome_mua_cm(wavelength_nm: float | Array) -> Array:
    """Absorption of the inside of a skin melanosome [1/cm] (formula b of Jacques 1998, to which the fractions are tied)."""
    scale, power = evidence.coefficients(evidence.choice("melanosome_absorption").id)
    return np.asarray(scale * np.asarray(wavelength_nm, dtype=np.float64) ** power)


def water_mua_cm(wavelength_nm: float) -> float:
    """Absorption of liquid water at room temperature [1/cm] (Segelstein 1981).

    Raises OutOfRangeError outside the data.
    """
    at = np.array([wavelength_nm], dtype=np.float64)
    check_range(at)
    return float(_water().at(at)[1][0])


def matrix_mua_cm(wavelength_nm: float) -> float:
    """Absorption of what is left of skin when its water has gone, per volume of the moist tissue [1/cm].

    Raises OutOfRangeError outside the data.
    """
    at = np.array([wavelength_nm], dtype=np.float64)
    check_range(at)
    return float(_matrix().at(at)[1][0])


def dermal_scattering_cm(wavelength_nm: float) -> float:
    """Reduced scattering of dermis [1/cm], by the power law of Jacques 2013."""
    scale, power = (evidence.value(evidence.choice(f"dermal_scattering.{x}").id) for x in ("a", "b"))
    return float(scale * (wavelength_nm / _REFERENCE_NM) ** -power)


def _blood_ranged(wavelength_nm: Array, saturation: tuple[float, float, float]) -> _Ranged:
    oxygenated, deoxygenated = (_ranged(_blood(state), wavelength_nm) for state in ("oxygenated", "deoxygenated"))
    low, middle, high = (
        (s * oxygenated.low + (1 - s) * deoxygenated.low,
         s * oxygenated.value + (1 - s) * deoxygenated.value,
         s * oxygenated.high + (1 - s) * deoxygenated.high)
        for s in saturation
    )  # fmt: skip
    return _Ranged(low=np.minimum(low[0], high[0]), value=middle[1], high=np.maximum(low[2], high[2]))


@cache
def vessel_blood_mua_cm(wavelength_nm: float, *, saturation: float | None = None) -> float:
    """Absorption of whole blood in a skin vessel [1/cm], haematocrit 45 % (Bosschaart et al. 2014).

    `saturation` is the oxygen saturation, 0 to 1; the mixed dermal value when None.

    Raises OutOfRangeError outside the data.
    """
    at = np.array([wavelength_nm], dtype=np.float64)
    check_range(at)
    s = evidence.value(evidence.choice("oxygen_saturation").id) if saturation is None else saturation
    return float(_blood_ranged(at, (s, s, s)).value[0])


def vessel_blood_scattering(wavelength_nm: float) -> tuple[float, float, float]:
    """Reduced scattering [1/cm], anisotropy and refractive index of whole blood in a skin vessel.

    Scattering and anisotropy are those with which blood was used in a voxel model of skin (rows musp_blood_a_fRay_bMie and
    anisotropy_g_NIR); the index is that of skin in general, since no row has one of blood.

    Raises OutOfRangeError outside the data.
    """
    at = np.array([wavelength_nm], dtype=np.float64)
    check_range(at)
    musp = float(_rayleigh_mie("musp_blood_a_fRay_bMie", at / _REFERENCE_NM)[0])
    return musp, evidence.value("anisotropy_g_NIR"), evidence.value("refractive_index_skin_generic")


def _relative(key: str | None) -> tuple[float, float]:
    """How far a row's range reaches below and above its value, as factors."""
    if key is None:
        return 1.0, 1.0
    low, value, high = evidence.numbers(key)
    return (low / value, high / value) if value else (1.0, 1.0)


def _absorption(skin: Skin, layer: Layer, wavelength_nm: Array) -> _Ranged:
    melanin, blood = layer.melanin_fraction, layer.blood_fraction
    rest = 1 - melanin - blood
    matrix = _rest(layer, wavelength_nm)
    total = (_ranged(_water(), wavelength_nm).times(layer.water_fraction) + _ranged(matrix, wavelength_nm)).times(rest)
    if melanin:
        low, high = _relative(f"epidermal_melanosome_fraction_Fitzpatrick_{skin.phototype}")
        one = melanosome_mua_cm(wavelength_nm)
        total = total + _Ranged(low=one, value=one, high=one).times(melanin, melanin * low, melanin * high)
    if blood:
        low, high = _relative(_blood_row(layer))
        saturation = evidence.numbers(evidence.choice("oxygen_saturation").id)
        total = total + _blood_ranged(wavelength_nm, saturation).times(blood, blood * low, blood * high)
    return total


def _blood_row(layer: Layer) -> str | None:
    return next((key for key in layer.sources if "blood" in key and evidence.has(key)), None)


def _scattering(layer: Layer, wavelength_nm: Array) -> _Ranged:
    ratio = wavelength_nm / _REFERENCE_NM
    a_low, a, a_high = evidence.numbers(evidence.choice("dermal_scattering.a").id)
    if layer.name in _EPIDERMAL:
        value, measured = _rayleigh_mie(evidence.choice("epidermal_scattering").id, ratio), "epidermis"
    else:
        value, measured = a * ratio ** -evidence.value(evidence.choice("dermal_scattering.b").id), "dermis"
    low, high = value * (a_low / a), value * (a_high / a)
    rivals = nodes(rf"musp_{measured}_(\d+)nm", _OPTICS, 1.0, 1.0)
    rival_low, _, rival_high = rivals.at(wavelength_nm)
    far = evidence.value("skin.musp_far_range")
    known = wavelength_nm <= _last_measured(rivals)
    low = np.where(known, np.minimum(low, rival_low), value * (1 - far))
    high = np.where(known, np.maximum(high, rival_high), np.maximum(value * (1 + far), high))
    return _Ranged(low=low, value=value, high=high)


@cache
def _last_measured(rivals: Spectrum) -> float:
    """Longest wavelength whose row was read rather than extrapolated [nm]."""
    return max(float(nm) for nm, key in zip(rivals.nm, rivals.ids, strict=True) if evidence.get(key).confidence == "read")


def _rayleigh_mie(key: str, ratio: Array) -> Array:
    """Jacques 2013, eq. 2: a (f (λ/500)^-4 + (1 - f) (λ/500)^-b)."""
    a, rayleigh, power = evidence.coefficients(key)
    return np.asarray(a * (rayleigh * ratio**-4.0 + (1 - rayleigh) * ratio**-power))


def anisotropy(wavelength_nm: float | Array) -> Array:
    """Mean cosine of scattering: the visible line of van Gemert et al. 1989, held at the infrared value."""
    offset, slope = evidence.coefficients("anisotropy_g_formula")
    return np.minimum(offset + slope * np.asarray(wavelength_nm, dtype=np.float64), evidence.value("anisotropy_g_NIR"))


def _index(layer: Layer, wavelength_nm: Array) -> tuple[Array, str]:
    """Refractive index: Cauchy curves of epidermis and dermis to 2.1 µm; that of water in the mid infrared."""
    if wavelength_nm.min() > WINDOWS_NM[0][1]:
        return nodes(r"water_n_(\d+)nm", _OPTICS, 1.0, 1.0).at(wavelength_nm)[1], "water_n_2940nm"
    if layer.name in {"stratum_corneum", "subcutis"}:
        key = "refractive_index_stratum_corneum" if layer.name == "stratum_corneum" else "refractive_index_skin_generic"
        return np.full(wavelength_nm.shape, evidence.value(key)), key
    key = f"refractive_index_{'epidermis' if layer.name in _EPIDERMAL else 'dermis'}_Cauchy"
    first, second, third = evidence.coefficients(key)
    return np.asarray(first + second / wavelength_nm**2 + third / wavelength_nm**4), key


def _sources(layer: Layer, wavelength_nm: float, index: str) -> tuple[str, ...]:
    matrix = _rest(layer, np.array([wavelength_nm]))
    keys = [*_water().sources(wavelength_nm), *matrix.sources(wavelength_nm)]
    if layer.melanin_fraction:
        keys.append(evidence.choice("melanosome_absorption").id)
    if layer.blood_fraction:
        keys += [*_blood("oxygenated").sources(wavelength_nm), *_blood("deoxygenated").sources(wavelength_nm)]
        keys.append(evidence.choice("oxygen_saturation").id)
    if layer.name in _EPIDERMAL:
        keys.append(evidence.choice("epidermal_scattering").id)
    else:
        keys += [evidence.choice("dermal_scattering.a").id, evidence.choice("dermal_scattering.b").id]
    return tuple(dict.fromkeys((*keys, "anisotropy_g_formula", "anisotropy_g_NIR", index, *layer.sources)))


@lru_cache(maxsize=_CACHED)
def layer_optics(skin: Skin, wavelength_nm: float) -> tuple[LayerOptics, ...]:
    """Optical properties of every layer at one wavelength [nm], top to bottom.

    Covers 400-2100 nm and the lines of Er:YSGG (2780-2800), Er:YAG (2930-2950) and CO2
    (10500-10700). Scattering of the dermis follows the all-skin power law of Jacques 2013, about
    9/cm at 1550 nm; the ex-vivo measurements that lie higher there widen the range. Values are of
    cold, moist tissue: how absorption falls on heating and drying is the heat model's matter.

    Raises OutOfRangeError outside these ranges.
    """
    at = np.array([wavelength_nm], dtype=np.float64)
    check_range(at)
    found = []
    for layer in skin.layers:
        absorbed, scattered = _absorption(skin, layer, at), _scattering(layer, at)
        index, index_row = _index(layer, at)
        found.append(
            LayerOptics(
                name=layer.name,
                thickness_um=layer.thickness_um,
                mua_cm=float(absorbed.value[0]),
                mua_low_cm=float(absorbed.low[0]),
                mua_high_cm=float(absorbed.high[0]),
                musp_cm=float(scattered.value[0]),
                musp_low_cm=float(scattered.low[0]),
                musp_high_cm=float(scattered.high[0]),
                g=float(anisotropy(at)[0]),
                n=float(index[0]),
                sources=_sources(layer, float(wavelength_nm), index_row),
            )
        )
    return tuple(found)


def spectrum(skin: Skin, wavelengths_nm: Sequence[float]) -> xr.Dataset:
    """Optical properties over wavelength as an xarray Dataset with dimensions (layer, wavelength_nm).

    Variables mua, mua_low, mua_high, musp, musp_low, musp_high [1/cm], g and n [1].

    Raises OutOfRangeError when any wavelength lies outside the data.
    """
    import xarray as xr

    grid = np.asarray(wavelengths_nm, dtype=np.float64)
    check_range(grid)
    table = [layer_optics(skin, float(nm)) for nm in grid]
    fields = {
        "mua": ("mua_cm", "1/cm"), "mua_low": ("mua_low_cm", "1/cm"), "mua_high": ("mua_high_cm", "1/cm"),
        "musp": ("musp_cm", "1/cm"), "musp_low": ("musp_low_cm", "1/cm"), "musp_high": ("musp_high_cm", "1/cm"),
        "g": ("g", "1"), "n": ("n", "1"),
    }  # fmt: skip
    variables = {
        name: (("layer", "wavelength_nm"), np.array([[getattr(x, field) for x in row] for row in table]).T, {"units": unit})
        for name, (field, unit) in fields.items()
    }
    coordinates = {"layer": [layer.name for layer in skin.layers], "wavelength_nm": grid}
    attributes = {"site": skin.site, "phototype": skin.phototype, "age_years": skin.age_years, "sex": skin.sex}
    return xr.Dataset(variables, coords=coordinates, attrs=attributes)
