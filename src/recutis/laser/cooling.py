"""Surface cooling: heat transfer, temperature and timing of each kind, from the thermal table."""

from __future__ import annotations

from typing import Final, Literal, get_args

from recutis import evidence
from recutis.errors import UnknownNameError
from recutis.laser.types import Cooling, Device

CoolingKind = Literal["none", "cold_air", "cryogen", "contact", "gel"]
KINDS: Final[tuple[str, ...]] = get_args(CoolingKind)

# kind: rows of heat transfer, temperature of the medium, time before the pulse, delay
_ROWS: Final[dict[CoolingKind, tuple[str, str, str | None, str | None]]] = {
    "none": ("h_air_natural", "LAS-AIR-C", None, None),
    "cold_air": ("h_cold_air", "LAS-COLD-AIR-C", "LAS-COLD-AIR-BEFORE", None),
    "cryogen": ("CSC_h_skin_effective_for_spurts", "CSC_boiling_point_R134a", "LAS-CRYOGEN-BEFORE", "LAS-CRYOGEN-DELAY"),
    "contact": ("h_sapphire_contact_effective", "LAS-CONTACT-C", "LAS-CONTACT-BEFORE", None),
    "gel": ("LAS-GEL-H", "LAS-GEL-C", "LAS-GEL-BEFORE", None),
}


def cooling_kind(text: str) -> CoolingKind:
    """The kind a person's word means.

    Raises UnknownNameError listing the kinds.
    """
    for kind in _ROWS:
        if kind == text.strip().lower().replace(" ", "_").replace("-", "_"):
            return kind
    msg = f"'{text}' is not a kind of cooling; choose one of {', '.join(KINDS)}."
    raise UnknownNameError(msg)


def surface_cooling(kind: str, *, device: Device | None = None) -> Cooling:
    """Cooling of one kind, with the device's own timing where the device has that kind built in.

    Cryogen pairs its heat transfer with a film at the boiling point of R134a, contact a window with a film between; both
    transfers are those with which layered skin cools as measured.

    Raises UnknownNameError for an unknown kind.
    """
    known = cooling_kind(kind)
    transfer, medium, before, delay = _ROWS[known]
    own = device is not None and device.cooling == known
    before_ms = evidence.value(before) if before else 0.0
    delay_ms = evidence.value(delay) if delay else 0.0
    if own and device is not None:
        before_ms = before_ms if device.cooling_before_ms is None else device.cooling_before_ms
        delay_ms = delay_ms if device.cooling_delay_ms is None else device.cooling_delay_ms
    return Cooling(
        kind=known,
        heat_transfer_W_m2_K=evidence.value(transfer),
        medium_C=evidence.value(medium),
        before_ms=before_ms,
        delay_ms=delay_ms,
        sources=tuple(key for key in (transfer, medium, before, delay) if key),
    )


def device_cooling(device: Device) -> Cooling:
    """The cooling a device has built in."""
    return surface_cooling(device.cooling, device=device)
