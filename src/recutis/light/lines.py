"""Laser lines that water absorbs near the surface: absorption and removal laws from the evidence.

Which law holds follows from absorption. Where dried tissue is far more transparent than moist tissue (the erbium lines),
light goes through what has dried and steam from below throws it off: explosive removal. Where dried tissue goes on absorbing
much of the light (carbon dioxide lasers, the amide II band), it stays, chars and leaves by pyrolysis: drying removal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.skin import optics

WATER_LINES_NM = (2790.0, 2940.0, 10600.0)  # those of devices
_BAND_NM = 2600.0, 3400.0  # the stretching band of water, whose absorption heat shifts

PRESCRIBED = 0  # heat source given per cell, boiling cap, no removal
EXPLOSIVE = 1  # Beer-Lambert from the moving surface, a cell leaves at the ablation enthalpy
DRYING = 2  # Beer-Lambert from the moving surface, a cell leaves when dry and pyrolysed


@dataclass(frozen=True, kw_only=True)
class Line:
    """How a water-dominated laser line meets tissue: absorption [1/cm of liquid water], drying, removal.

    `boil_C` and `limit_C` are the temperatures at which slowly and very quickly heated water leaves, `superheat_us` the time
    that tells slow from quick; pulses shorter than `venting_us` burst tissue at the limit. `steam_return` is 1
    where dried tissue lies on the boiling zone, so that steam condenses below as far as `steam_resistance` (that of moist over
    that of dried tissue) lets it, and 0 where the surface is open. Ejecta shade the surface for `ejecta_us`.
    """

    mode: int
    water_mua_cm: float
    dry_mua_cm: float
    boil_C: float
    limit_C: float = 0.0
    superheat_us: float = 0.0
    venting_us: float = 0.0
    ejecta_us: float = 0.0
    bleach_hot: float = 1.0
    bleach_floor: float = 1.0
    ablation_kJ_cm3: float
    dry_C: float = 0.0
    pyrolysis_kJ_cm3: float = 0.0
    steam_return: float = 0.0
    steam_resistance: float = 1.0
    water_diffusion_m2_s: float = 0.0
    sources: tuple[str, ...] = ()

    def wet_mua_cm(self, water_fraction: float) -> float:
        """Absorption of cold moist tissue [1/cm]; a water mass fraction counts as one of volume."""
        return self.water_mua_cm * water_fraction + self.dry_mua_cm


_SHARED = {
    "boil_C": "phys_boiling",
    "limit_C": "phys_superheat_limit",
    "superheat_us": "phys_superheat_time",
    "venting_us": "phys_venting_time",
    "ejecta_us": "phys_ejecta_time",
    "ablation_kJ_cm3": "phys_ablation_enthalpy",
    "steam_resistance": "phys_steam_resistance",
    "water_diffusion_m2_s": "phys_water_diffusion",
}
_DRYING = {"dry_C": "phys_dry_removal_temperature", "pyrolysis_kJ_cm3": "phys_pyrolysis_enthalpy"}
_PEAK_NM = 2850.0  # absorption rises with heat on the short side of the band (2.79 µm), falls at its top (2.94 µm)
_BLEACH = {
    True: {"bleach_hot": "phys_bleach_hot_2790", "bleach_floor": "phys_bleach_floor_2790"},
    False: {"bleach_hot": "phys_bleach_at_100C", "bleach_floor": "phys_bleach_floor"},
}


def is_water_line(wavelength_nm: float) -> bool:
    """Whether water absorbs so strongly that Beer-Lambert from the surface suffices.

    So it is where liquid water absorbs `phys_water_dominates` times as much as dermis scatters: from about 2.6 µm on. A
    wavelength at which the optics of skin are not known is none.
    """
    try:
        water = optics.water_mua_cm(wavelength_nm)
    except OutOfRangeError:
        return False
    return water > evidence.value("phys_water_dominates") * optics.dermal_scattering_cm(wavelength_nm)


@cache
def water_line(wavelength_nm: float) -> Line:
    """Absorption, drying and removal at a water-dominated line.

    Raises OutOfRangeError when water does not dominate there.
    """
    if not is_water_line(wavelength_nm):
        known = ", ".join(f"{line:g}" for line in WATER_LINES_NM)
        msg = (
            f"{wavelength_nm:g} nm is not a water-dominated line; these are {known} nm and others at which water absorbs "
            f"{evidence.value('phys_water_dominates'):g} times as much as skin scatters. Use the scattering model."
        )
        raise OutOfRangeError(msg)
    water, dry = optics.water_mua_cm(wavelength_nm), optics.matrix_mua_cm(wavelength_nm)
    moist = water * evidence.value("phys_reference_water")
    drying = dry > evidence.value("phys_drying_share") * moist
    rows = dict(_SHARED)
    if drying:
        rows.update(_DRYING)
    if _BAND_NM[0] < wavelength_nm < _BAND_NM[1]:
        rows.update(_BLEACH[wavelength_nm < _PEAK_NM])
    numbers = {name: evidence.value(key) for name, key in rows.items()}
    nearest = min(WATER_LINES_NM, key=lambda line: abs(line - wavelength_nm))
    return Line(
        mode=DRYING if drying else EXPLOSIVE, water_mua_cm=water, dry_mua_cm=dry, steam_return=1.0 if drying else 0.0, **numbers,
        sources=(f"water_mua_{nearest:g}nm", *rows.values()),
    )  # fmt: skip
