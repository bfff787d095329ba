"""Water-dominated laser lines: absorption and removal laws from the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from recutis import evidence
from recutis.errors import OutOfRangeError

WATER_LINES_NM = (2790.0, 2940.0, 10600.0)
_CLOSE_NM = 60.0  # lines of one class differ by less (2936 and 2940, 10.57 and 10.6 µm)

PRESCRIBED = 0  # heat source given per cell, boiling cap, no removal
EXPLOSIVE = 1  # Beer-Lambert from the moving surface, a cell leaves at the ablation enthalpy
DRYING = 2  # Beer-Lambert from the moving surface, a cell leaves when dry and hot


@dataclass(frozen=True, kw_only=True)
class Line:
    """How a water-dominated laser line meets tissue: absorption [1/cm of liquid water], drying, removal."""

    mode: int
    water_mua_cm: float
    dry_mua_cm: float
    boil_C: float
    bleach_hot: float = 1.0
    bleach_floor: float = 1.0
    bleach_kJ_cm3: float = 1.0
    ablation_kJ_cm3: float
    dry_C: float = 0.0
    pyrolysis_kJ_cm3: float = 0.0
    steam_return: float = 0.0
    sources: tuple[str, ...] = ()


def is_water_line(wavelength_nm: float) -> bool:
    """Whether water absorbs so strongly that Beer-Lambert from the surface suffices (2.79, 2.94, 10.6 µm)."""
    return any(abs(wavelength_nm - line) <= _CLOSE_NM for line in WATER_LINES_NM)


@cache
def water_line(wavelength_nm: float) -> Line:
    """Absorption, drying and removal at a water-dominated line.

    Raises OutOfRangeError when no such line is near.
    """
    near = [line for line in WATER_LINES_NM if abs(wavelength_nm - line) <= _CLOSE_NM]
    if not near:
        known = ", ".join(f"{line:g}" for line in WATER_LINES_NM)
        msg = f"{wavelength_nm:g} nm is not a water-dominated line; these are {known} nm. Use the scattering model."
        raise OutOfRangeError(msg)
    nm = int(near[0])
    mua = f"water_mua_{nm}nm"
    if nm == 10600:
        keys = (
            "phys_dry_mua_co2",
            "phys_boiling",
            "phys_dry_removal_temperature",
            "phys_pyrolysis_enthalpy",
            "phys_steam_return_co2",
        )
        dry, boil, removal, pyrolysis, steam = (evidence.value(key) for key in keys)
        enthalpy = evidence.value("effective_ablation_enthalpy_CO2_pulsed_skin")
        return Line(
            mode=DRYING, water_mua_cm=evidence.value(mua), dry_mua_cm=dry, boil_C=boil, ablation_kJ_cm3=enthalpy, dry_C=removal,
            pyrolysis_kJ_cm3=pyrolysis, steam_return=steam, sources=(mua, *keys),
        )  # fmt: skip
    rows = ("phys_dry_mua_erbium", "phys_boiling_erbium", "phys_ablation_enthalpy_erbium")
    dry, boil, enthalpy = (evidence.value(key) for key in rows)
    if nm == 2790:  # its absorption does not fall as the band at 2.94 µm does
        return Line(
            mode=EXPLOSIVE,
            water_mua_cm=evidence.value(mua),
            dry_mua_cm=dry,
            boil_C=boil,
            ablation_kJ_cm3=enthalpy,
            sources=(mua, *rows),
        )
    bleach = ("phys_bleach_at_100C", "phys_bleach_floor", "phys_bleach_latent")
    hot, floor, latent = (evidence.value(key) for key in bleach)
    return Line(
        mode=EXPLOSIVE, water_mua_cm=evidence.value(mua), dry_mua_cm=dry, boil_C=boil, bleach_hot=hot, bleach_floor=floor,
        bleach_kJ_cm3=latent, ablation_kJ_cm3=enthalpy, sources=(mua, *rows, *bleach),
    )  # fmt: skip
