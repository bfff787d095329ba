"""Devices, panel settings, and the exposure they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

Mode = Literal["full_field", "fractional", "spot"]
Profile = Literal["flat_top", "gaussian"]
Pattern = Literal["stamped", "random"]


@dataclass(frozen=True, kw_only=True)
class Limit:
    """What a panel allows for one setting, and where its typical value lies."""

    low: float
    high: float
    typical: float
    unit: str


@dataclass(frozen=True, kw_only=True)
class Device:
    """A laser as sold.

    `limits` maps a settings name (`energy_mJ`, `fluence_J_cm2`, `density_pct`, `columns_cm2`,
    `duration_ms`, `spot_mm`, `power_W`, `depth_um`, `coagulation_um`, `overlap_pct`, `stack`,
    `passes`) to its limit. `band_nm` is the emitted band of a broadband source (cut-on, end); a
    laser has (wavelength, wavelength). `second_wavelength_nm` is the coagulating line of a hybrid.
    `panel` names the settings a user sets, in order. A limit `total_density_pct` bounds the nominal
    density of all passes together. `pattern` says whether columns form a grid (`stamped`) or fall at
    random under a rolling tip (`random`). Cooling times are None where the kind's usual ones hold.
    """

    name: str
    device_class: str
    wavelength_nm: float
    band_nm: tuple[float, float]
    second_wavelength_nm: float | None
    mode: Mode
    profile: Profile
    microbeam_um: float | None
    limits: Mapping[str, Limit]
    panel: tuple[str, ...]
    cooling: str
    speed_cm2_min: float | None
    repetition_Hz: float | None
    notes: str
    sources: tuple[str, ...]
    pattern: Pattern = "stamped"
    cooling_before_ms: float | None = None
    cooling_delay_ms: float | None = None

    def __reduce__(self) -> tuple[Callable[[dict[str, object]], Device], tuple[dict[str, object]]]:
        """Devices travel between processes; their read-only limits cannot, so a plain copy does."""
        values: dict[str, object] = {one.name: getattr(self, one.name) for one in fields(self)}
        return _device, ({**values, "limits": dict(self.limits)},)


def _device(values: dict[str, object]) -> Device:
    return Device(**values)  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the panel shows. None: the device has no such knob, or it stays at the device's typical value."""

    energy_mJ: float | None = None
    fluence_J_cm2: float | None = None
    density_pct: float | None = None
    columns_cm2: float | None = None
    duration_ms: float | None = None
    spot_mm: float | None = None
    power_W: float | None = None
    depth_um: float | None = None
    coagulation_um: float | None = None
    overlap_pct: float | None = None
    stack: int | None = None
    passes: int = 1


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """One emission at one spot or microbeam.

    `spot_um` is the 1/e² diameter when `profile` is gaussian, else the flat-top diameter.
    """

    wavelength_nm: float
    energy_mJ: float
    spot_um: float
    profile: Profile
    duration_ms: float

    @property
    def fluence_J_cm2(self) -> float:
        """Mean radiant exposure over the spot (twice this on the axis of a gaussian)."""
        from recutis.units import mean_fluence_J_cm2

        return mean_fluence_J_cm2(energy_mJ=self.energy_mJ, spot_um=self.spot_um)


@dataclass(frozen=True, kw_only=True)
class Cooling:
    """Surface cooling: `kind` is none, cold_air, cryogen, contact or gel; times relative to the pulse."""

    kind: Literal["none", "cold_air", "cryogen", "contact", "gel"] = "none"
    heat_transfer_W_m2_K: float = 0.0
    medium_C: float = 22.0
    before_ms: float = 0.0
    delay_ms: float = 0.0
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """All that is delivered per pass at one place, with the arithmetic from panel to pulses shown.

    `coverage_per_pass` is the fraction of surface under a spot or column in one pass; (near) 1 for full
    field. `column_density_cm2` is columns per cm² per pass (fractional only). `stack` pulses hit
    the same place, `repetition_Hz` apart. `second` is the coagulating pulse of a hybrid.
    """

    device: Device
    settings: Settings
    pulse: Pulse
    second: Pulse | None
    coverage_per_pass: float
    column_density_cm2: float | None
    passes: int
    stack: int
    repetition_Hz: float
    cooling: Cooling
    arithmetic: tuple[str, ...] = field(default=())
