"""Quantities and panel settings as people write them in files: bare numbers or text with a unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from recutis.errors import InputError
from recutis.laser.types import Settings
from recutis.units import parse


def quantity(unit: str, shown: str | None = None) -> Callable[[object], object]:
    """A validator that turns "20 mJ" or 20 into a float in `unit`; `shown` is the unit as written in messages."""

    def read(value: object) -> object:
        if value is None or isinstance(value, (list, dict, tuple)):
            return value
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            try:
                return parse(value, unit, where="")
            except InputError:
                pass
        msg = f"must be a number or a quantity in {shown or unit}, for example '20 {shown or unit}'"
        raise ValueError(msg)

    return read


_ENERGY = BeforeValidator(quantity("mJ"))
_FLUENCE = BeforeValidator(quantity("J/cm²"))
_PERCENT = BeforeValidator(quantity("percent", "%"))
_PER_AREA = BeforeValidator(quantity("1/cm**2", "1/cm²"))
_TIME = BeforeValidator(quantity("ms"))
_WIDTH = BeforeValidator(quantity("mm"))
_DEPTH = BeforeValidator(quantity("µm"))
_POWER = BeforeValidator(quantity("W"))


def _whole(value: object) -> object:
    """True is no count, though Python takes it for 1; neither is text."""
    if isinstance(value, (bool, str)):
        msg = "write a whole number"
        raise ValueError(msg)
    return value


WholeNumber = Annotated[int, BeforeValidator(_whole)]


class PanelSettings(BaseModel):
    """Settings as on the panel. A key that is absent stays at the device's typical value."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    energy_mJ: Annotated[float, _ENERGY] | None = Field(default=None, description="energy per pulse or per microbeam")
    fluence_J_cm2: Annotated[float, _FLUENCE] | None = Field(default=None, description="mean radiant exposure over the spot")
    density_pct: Annotated[float, _PERCENT] | None = Field(default=None, description="nominal density of one pass")
    columns_cm2: Annotated[float, _PER_AREA] | None = Field(default=None, description="columns per cm² of one pass")
    duration_ms: Annotated[float, _TIME] | None = Field(default=None, description="pulse duration or dwell")
    spot_mm: Annotated[float, _WIDTH] | None = Field(default=None, description="spot diameter")
    power_W: Annotated[float, _POWER] | None = Field(default=None, description="power while the pulse lasts")
    depth_um: Annotated[float, _DEPTH] | None = Field(default=None, description="ablation depth dial")
    coagulation_um: Annotated[float, _DEPTH] | None = Field(default=None, description="coagulation depth dial")
    overlap_pct: Annotated[float, _PERCENT] | None = Field(default=None, description="overlap, percent of the spot diameter")
    stack: WholeNumber | None = Field(default=None, ge=1, description="pulses on the same place")
    passes: WholeNumber = Field(default=1, ge=1, description="passes over the area")

    def settings(self) -> Settings:
        """The settings as the laser layer takes them."""
        return Settings(**self.model_dump())
