"""A device described by its owner."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import core_schema

from recutis.classes import DEVICE_CLASSES
from recutis.errors import RecutisError
from recutis.laser.cooling import CoolingKind
from recutis.laser.devices import UNITS, device, with_densities
from recutis.laser.panel import quantity
from recutis.laser.settings import expose
from recutis.laser.types import Device, Limit, Mode, Pattern, Profile, Settings
from recutis.units import PERCENT

_SHORTEST_NM, _LONGEST_NM = 400.0, 12000.0
_LINE_TOLERANCE: Final = 0.005  # relative: 595 ± 3 nm, 2940 ± 15 nm; classes 10 nm apart stay apart
_LARGEST: Final = 1e6  # of any setting in its unit; beyond it is a slip of the pen
_LEAST: Final = 1e-9  # in the setting's unit: a picosecond in ms
_MAY_BE_ZERO: Final = frozenset({"depth_um", "coagulation_um", "overlap_pct"})
_SPOT_FROM_MM, _MICROBEAM_UM = 0.01, (1.0, 10000.0)  # no beam is focused below a wavelength
_ABLATIVE_NM: Final[Mapping[str, float]] = {"co2": 10600.0, "eryag": 2940.0, "erysgg": 2790.0}
_COAGULATING_NM: Final = (1400.0, 2000.0)


class Range(BaseModel):
    """What a panel allows for one setting; `typical` is half-way when it is left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    low: float = Field(ge=0, le=_LARGEST)
    high: float = Field(ge=0, le=_LARGEST)
    typical: float | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.low > self.high:
            msg = f"a range needs low <= high, here low is {self.low:g} and high {self.high:g}"
            raise ValueError(msg)
        if self.typical is not None and not self.low <= self.typical <= self.high:
            msg = f"the typical value {self.typical:g} must lie from {self.low:g} to {self.high:g}"
            raise ValueError(msg)
        return self

    def limit(self, unit: str) -> Limit:
        """The limit this range states."""
        typical = (self.low + self.high) / 2 if self.typical is None else self.typical
        return Limit(low=self.low, high=self.high, typical=typical, unit=unit)


def _range_in(unit: str, shown: str | None = None) -> Callable[[object], object]:
    one = quantity(unit, shown)

    def read(value: object) -> object:
        if isinstance(value, (list, tuple)):
            if len(value) not in {2, 3}:
                msg = "must be one value, [low, high], [low, typical, high] or {low, high, typical}"
                raise ValueError(msg)
            words = [one(item) for item in value]
            return {"low": words[0], "high": words[-1], "typical": words[1] if len(words) == 3 else None}
        if isinstance(value, dict):
            return {key: one(item) for key, item in value.items()}
        if value is None or isinstance(value, Range):
            return value
        only = one(value)
        return {"low": only, "high": only, "typical": only}

    return read


class Ranges(BaseModel):
    """Limits of every knob, and of what is fixed (low equal to high)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    energy_mJ: Annotated[Range | None, BeforeValidator(_range_in("mJ"))] = None
    fluence_J_cm2: Annotated[Range | None, BeforeValidator(_range_in("J/cm²"))] = None
    density_pct: Annotated[Range | None, BeforeValidator(_range_in("percent", "%"))] = None
    columns_cm2: Annotated[Range | None, BeforeValidator(_range_in("1/cm**2", "1/cm²"))] = None
    total_density_pct: Annotated[Range | None, BeforeValidator(_range_in("percent", "%"))] = None
    duration_ms: Annotated[Range | None, BeforeValidator(_range_in("ms"))] = None
    spot_mm: Annotated[Range | None, BeforeValidator(_range_in("mm"))] = None
    power_W: Annotated[Range | None, BeforeValidator(_range_in("W"))] = None
    depth_um: Annotated[Range | None, BeforeValidator(_range_in("µm"))] = None
    coagulation_um: Annotated[Range | None, BeforeValidator(_range_in("µm"))] = None
    overlap_pct: Annotated[Range | None, BeforeValidator(_range_in("percent", "%"))] = None
    stack: Annotated[Range | None, BeforeValidator(_range_in("dimensionless", "pulses"))] = None
    passes: Annotated[Range | None, BeforeValidator(_range_in("dimensionless", "passes"))] = None

    @model_validator(mode="after")
    def _positive(self) -> Ranges:
        for name in UNITS:
            span = getattr(self, name)
            least = _SPOT_FROM_MM if name == "spot_mm" else 1.0 if name in {"stack", "passes"} else _LEAST
            if span is not None and name not in _MAY_BE_ZERO and span.low < least:
                msg = f"{name} must start at {least:g} or more, not at {span.low:g}"
                raise ValueError(msg)
        if self.density_pct is not None and self.density_pct.high > PERCENT:
            msg = f"density_pct is a share of the area in one pass and ends at 100 %, not at {self.density_pct.high:g} %"
            raise ValueError(msg)
        if self.overlap_pct is not None and self.overlap_pct.high >= PERCENT:
            msg = f"overlap_pct must stay below 100 % of the spot diameter, not reach {self.overlap_pct.high:g} %"
            raise ValueError(msg)
        return self

    def limits(self) -> dict[str, Limit]:
        """The limits by settings name; one pass where passes are not given."""
        found = {name: span.limit(unit) for name, unit in UNITS.items() if (span := getattr(self, name)) is not None}
        found.setdefault("passes", Limit(low=1, high=1, typical=1, unit=UNITS["passes"]))
        for name in ("stack", "passes"):
            if name in found:
                one = found[name]
                found[name] = Limit(
                    low=math.ceil(one.low), high=math.floor(one.high), typical=math.floor(one.typical), unit=one.unit
                )
        return found


_OWN_KEYS: Final = ("device_class", "wavelength_nm", "ranges")


class DeviceFile(BaseModel):
    """A device of one's own, or (with nothing but its name) one of the catalogue."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str = Field(min_length=1, description="name of the device; alone, a name of the catalogue")
    device_class: str | None = Field(default=None, description="one of the device classes")
    wavelength_nm: Annotated[float, BeforeValidator(quantity("nm"))] | None = Field(
        default=None, ge=_SHORTEST_NM, le=_LONGEST_NM, description="wavelength; for broadband light a nominal one"
    )
    band_nm: tuple[float, float] | None = Field(default=None, description="cut-on and end of broadband light")
    second_wavelength_nm: Annotated[float, BeforeValidator(quantity("nm"))] | None = Field(
        default=None, ge=_SHORTEST_NM, le=_LONGEST_NM, description="coagulating line of a hybrid"
    )
    mode: Mode | None = Field(default=None, description="full_field, fractional or spot; follows from the class if absent")
    profile: Profile = Field(default="flat_top", description="flat_top, or gaussian with 1/e² diameters")
    pattern: Pattern = Field(default="stamped", description="stamped (grid, scanner) or random (rolling tip)")
    microbeam_um: Annotated[float, BeforeValidator(quantity("µm"))] | None = Field(
        default=None, ge=_MICROBEAM_UM[0], le=_MICROBEAM_UM[1], description="diameter of one microbeam of a fractional device"
    )
    ranges: Ranges | None = Field(default=None, description="limits of the panel")
    panel: tuple[str, ...] | None = Field(default=None, description="knobs in order; absent: every range that is not one value")
    cooling: CoolingKind = Field(default="none", description="built-in cooling")
    cooling_before_ms: Annotated[float, BeforeValidator(quantity("ms"))] | None = Field(default=None, ge=0)
    cooling_delay_ms: Annotated[float, BeforeValidator(quantity("ms"))] | None = Field(default=None, ge=0)
    speed_cm2_min: Annotated[float, BeforeValidator(quantity("cm**2/min", "cm²/min"))] | None = Field(default=None, gt=0)
    repetition_Hz: Annotated[float, BeforeValidator(quantity("Hz"))] | None = Field(default=None, gt=0)
    notes: str = ""

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, data: object) -> object:
        return {"name": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _usable(self) -> DeviceFile:
        try:
            self.device()
        except RecutisError as error:
            raise ValueError(str(error)) from error
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A catalogue name is a plain string."""
        described = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [{"type": "string", "description": "name of a catalogue device"}, described]}

    def device(self) -> Device:
        """The device described, or the catalogue's.

        Raises InputError for what a device cannot be, UnknownNameError for a name nobody knows.
        """
        described = self.model_fields_set - {"name", "notes"}
        if not described:
            return device(self.name)
        missing = [key for key in _OWN_KEYS if getattr(self, key) is None]
        if missing:
            msg = f"a device of your own needs {', '.join(missing)}"
            raise ValueError(msg)
        return self._own()

    def _own(self) -> Device:
        kind, wavelength, ranges = self.device_class or "", self.wavelength_nm or 0.0, self.ranges or Ranges()
        _check_class(kind, wavelength, self.second_wavelength_nm, self.band_nm)
        mode = self.mode or _mode_of(kind)
        if mode == "fractional" and self.microbeam_um is None:
            msg = "a fractional device needs microbeam_um, the diameter of one microbeam"
            raise ValueError(msg)
        if mode != "fractional" and "fractional" in kind:
            msg = f"a device of class {kind} is fractional, not {mode}; drop mode or change device_class"
            raise ValueError(msg)
        limits = with_densities(ranges.limits(), self.microbeam_um if mode == "fractional" else None)
        made = Device(
            name=self.name,
            device_class=kind,
            wavelength_nm=wavelength,
            band_nm=self.band_nm or (wavelength, wavelength),
            second_wavelength_nm=self.second_wavelength_nm,
            mode=mode,
            profile=self.profile,
            microbeam_um=self.microbeam_um if mode == "fractional" else None,
            limits=MappingProxyType(limits),
            panel=_panel(self.panel, ranges, limits),
            cooling=self.cooling,
            speed_cm2_min=self.speed_cm2_min,
            repetition_Hz=self.repetition_Hz,
            notes=self.notes,
            sources=("LAS-ERYAG-RULE",) if "depth_um" in limits else (),
            pattern=self.pattern,
            cooling_before_ms=self.cooling_before_ms,
            cooling_delay_ms=self.cooling_delay_ms,
        )
        expose(made, Settings(passes=int(limits["passes"].typical)))  # the typical panel must hang together
        return made


def _panel(named: tuple[str, ...] | None, ranges: Ranges, limits: Mapping[str, Limit]) -> tuple[str, ...]:
    if named is None:
        spans = ranges.limits()
        return tuple(
            name for name in spans if name != "total_density_pct" and (spans[name].low < spans[name].high or name == "passes")
        )
    unknown = [name for name in named if name not in limits]
    if unknown:
        msg = f"the panel names {', '.join(unknown)}, for which there is no range; the ranges are {', '.join(limits)}"
        raise ValueError(msg)
    return named if "passes" in named else (*named, "passes")


def _mode_of(kind: str) -> Mode:
    if kind.startswith("ablative_full"):
        return "full_field"
    return "fractional" if "fractional" in kind else "spot"


def _line_nm(kind: str) -> float | None:
    """The wavelength a class stands for; None for broadband light."""
    last = kind.rpartition("_")[2]
    if last in _ABLATIVE_NM:
        return _ABLATIVE_NM[last]
    return float(last) if last.isdigit() else None


def _check_class(kind: str, wavelength_nm: float, second_nm: float | None, band_nm: tuple[float, float] | None) -> None:
    if kind not in DEVICE_CLASSES:
        import difflib

        near = difflib.get_close_matches(kind, DEVICE_CLASSES, n=3, cutoff=0.4) or DEVICE_CLASSES
        msg = f"'{kind}' is not a device class; nearest: {', '.join(near)}"
        raise ValueError(msg)
    if kind == "ipl":
        if band_nm is None or not _SHORTEST_NM <= band_nm[0] < band_nm[1] <= _LONGEST_NM:
            msg = "broadband light needs band_nm: [cut-on, end] in nm, the first below the second"
            raise ValueError(msg)
        return
    if band_nm is not None and band_nm[0] != band_nm[1]:
        msg = f"a laser of class {kind} has one wavelength; band_nm is for class ipl"
        raise ValueError(msg)
    allowed = tuple(_ABLATIVE_NM.values()) if kind == "hybrid_fractional" else (_line_nm(kind) or wavelength_nm,)
    if not any(abs(wavelength_nm - line) <= _LINE_TOLERANCE * line for line in allowed):
        lines = " or ".join(f"{line:.0f}" for line in allowed)
        msg = f"class {kind} means a wavelength of {lines} nm, not {wavelength_nm:g} nm; correct the class or the wavelength"
        raise ValueError(msg)
    second_wanted = kind == "hybrid_fractional"
    if second_wanted != (second_nm is not None):
        msg = "a hybrid needs second_wavelength_nm" if second_wanted else f"class {kind} has no second_wavelength_nm"
        raise ValueError(msg)
    low, high = _COAGULATING_NM
    if second_nm is not None and not low <= second_nm <= high:
        msg = f"the coagulating line of a hybrid lies from {low:g} to {high:g} nm, not at {second_nm:g} nm"
        raise ValueError(msg)


AnaesthesiaWord = Literal["none", "gel", "cold_air", "topical", "topical_cold_air", "nerve_block", "sedation"]
