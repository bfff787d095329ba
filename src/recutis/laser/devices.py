"""The devices of the catalogue table, with their limits."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from recutis import evidence
from recutis.classes import matches
from recutis.errors import UnknownNameError
from recutis.laser.pattern import columns_for_density, density_for_columns
from recutis.laser.types import Device, Limit, Mode, Pattern, Profile

UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "energy_mJ": "mJ",
        "fluence_J_cm2": "J/cm²",
        "density_pct": "%",
        "columns_cm2": "1/cm²",
        "total_density_pct": "%",
        "duration_ms": "ms",
        "spot_mm": "mm",
        "power_W": "W",
        "depth_um": "µm",
        "coagulation_um": "µm",
        "overlap_pct": "%",
        "stack": "pulses",
        "passes": "passes",
    }
)
_MODES: Final[dict[str, Mode]] = {"full_field": "full_field", "fractional": "fractional", "spot": "spot"}
_PROFILES: Final[dict[str, Profile]] = {"flat_top": "flat_top", "gaussian": "gaussian"}
_PATTERNS: Final[dict[str, Pattern]] = {"stamped": "stamped", "random": "random"}


def _limit(text: str, unit: str) -> Limit:
    words = [float(word) for word in text.split()]
    low, typical, high = words if len(words) == 3 else words * 3
    return Limit(low=low, high=high, typical=typical, unit=unit)


def with_densities(limits: Mapping[str, Limit], microbeam_um: float | None) -> dict[str, Limit]:
    """Limits completed: density and columns/cm² say the same thing once the microbeam is known."""
    full = dict(limits)
    if microbeam_um is None:
        return full
    if "density_pct" in full and "columns_cm2" not in full:
        one = full["density_pct"]
        low, high, typical = (
            columns_for_density(density_pct=value, spot_um=microbeam_um) for value in (one.low, one.high, one.typical)
        )
        full["columns_cm2"] = Limit(low=low, high=high, typical=typical, unit=UNITS["columns_cm2"])
    elif "columns_cm2" in full and "density_pct" not in full:
        one = full["columns_cm2"]
        low, high, typical = (
            density_for_columns(columns_cm2=value, spot_um=microbeam_um) for value in (one.low, one.high, one.typical)
        )
        full["density_pct"] = Limit(low=low, high=high, typical=typical, unit=UNITS["density_pct"])
    return full


def _optional(text: str) -> float | None:
    return float(text) if text else None


def _device(row: evidence.Row) -> Device:
    cell = row.fields
    microbeam = _optional(cell["microbeam_um"])
    limits = {name: _limit(cell[name], unit) for name, unit in UNITS.items() if cell[name]}
    wavelength = float(cell["wavelength_nm"])
    judged = f" Authors' judgement: {cell['judged']}." if cell["judged"] else ""
    return Device(
        name=cell["device"],
        device_class=cell["device_class"],
        wavelength_nm=wavelength,
        band_nm=(float(cell["band_start_nm"] or wavelength), float(cell["band_end_nm"] or wavelength)),
        second_wavelength_nm=_optional(cell["second_wavelength_nm"]),
        mode=_MODES[cell["mode"]],
        profile=_PROFILES[cell["profile"]],
        microbeam_um=microbeam,
        limits=MappingProxyType(with_densities(limits, microbeam)),
        panel=tuple(cell["panel"].split()),
        cooling=cell["cooling"],
        speed_cm2_min=_optional(cell["speed_cm2_min"]),
        repetition_Hz=_optional(cell["repetition_Hz"]),
        notes=f"{cell['notes']}{judged}".strip(),
        sources=(row.id, *re.split(r";\s*", row.source)),
        pattern=_PATTERNS[cell["pattern"]],
        cooling_before_ms=_optional(cell["cooling_before_ms"]),
        cooling_delay_ms=_optional(cell["cooling_delay_ms"]),
    )


@cache
def catalogue() -> tuple[Device, ...]:
    """All catalogue devices, in table order; one entry per device and wavelength."""
    return tuple(_device(row) for row in evidence.rows("catalogue"))


def pick(name: str, devices: Iterable[Device]) -> Device:
    """The device of this name among some devices; upper and lower case do not matter.

    Raises UnknownNameError naming the nearest.
    """
    known = {one.name.casefold(): one for one in devices}
    wanted = " ".join(name.split()).casefold()
    if wanted in known:
        return known[wanted]
    near = difflib.get_close_matches(wanted, list(known), n=4, cutoff=0.4)
    near += [key for key in known if wanted and wanted in key and key not in near]
    names = ", ".join(f"'{known[key].name}'" for key in near[:6])
    hint = f"; nearest: {names}" if names else ""
    msg = f"There is no device '{name}'{hint}. 'recutis devices' lists them; a device of your own is described in a YAML file."
    raise UnknownNameError(msg)


def device(name: str) -> Device:
    """The catalogue device of this name; upper and lower case do not matter.

    Raises UnknownNameError naming the nearest.
    """
    return pick(name, catalogue())


def by_class(pattern: str) -> tuple[Device, ...]:
    """Catalogue devices whose class a pattern covers (`fractional_any`, `vascular_pdl_595`, ...)."""
    return tuple(one for one in catalogue() if matches(pattern, one.device_class))
