"""What a clinic measures to calibrate a device: test spots on skin, and readings of a power meter."""

from __future__ import annotations

import datetime
import difflib
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from recutis.laser.panel import PanelSettings
from recutis.sites import PHOTOTYPES, SITES

INJURY_QUANTITIES: Final[tuple[str, ...]] = (
    "ablation_depth_um", "ablation_width_um", "coagulation_depth_um", "coagulation_rim_um", "lesion_depth_um", "lesion_width_um",
    "coverage_fraction", "epidermis_removed_fraction", "epidermis_killed_fraction", "injured_dermis_um", "ablated_volume_um",
)  # fmt: skip
"""Quantities of an injury that depend on energy and can be measured, by their names there."""
METER_QUANTITIES: Final[tuple[str, ...]] = ("energy_mJ", "fluence_J_cm2")
"""What a power meter reads: energy of one pulse, or its mean radiant exposure over the spot."""
QUANTITIES: Final[tuple[str, ...]] = (*INJURY_QUANTITIES, *METER_QUANTITIES)

USUAL_SITE: Final = "cheek"
USUAL_PHOTOTYPE: Final = "II"
USUAL_AGE: Final = 45.0
USUAL_SEX: Final = "female"
"""Skin of a test spot whose file does not say: the one that the tables of the injury models are made for."""


def _known(value: str, known: tuple[str, ...], what: str) -> str:
    if value not in known:
        near = difflib.get_close_matches(value.lower(), known, n=3, cutoff=0.4)
        hint = f"nearest: {', '.join(near)}" if near else f"known are {', '.join(known)}"
        msg = f"there is no {what} of this name; {hint}"
        raise ValueError(msg)
    return value


def _as_quantity(value: str) -> str:
    return _known(value, QUANTITIES, "quantity that calibrates a device")


def _as_site(value: str) -> str:
    return _known(value, SITES, "site")


def _as_phototype(value: str) -> str:
    return _known(value, PHOTOTYPES, "phototype")


def _one_of(names: tuple[str, ...]) -> dict[str, object]:
    return {"enum": list(names)}


class TestSpot(BaseModel):
    """One measurement with one of the clinic's devices: `value` ± `sd` of `quantity`, in the unit of its name.

    Site, phototype, age and sex say whose skin it was made on; a reading of a power meter needs none of them.
    """

    __test__ = False  # a noun of the domain, not a test case
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    device: str = Field(description="name of one of the clinic's devices")
    settings: PanelSettings = Field(description="as on the panel")
    quantity: Annotated[str, AfterValidator(_as_quantity)] = Field(
        description="what was measured, with its unit, such as ablation_depth_um; energy_mJ and fluence_J_cm2 of one pulse by a meter",
        json_schema_extra=_one_of(QUANTITIES),  # type: ignore[arg-type]
    )
    value: float = Field(ge=0, description="what was measured")
    sd: float = Field(gt=0, description="standard deviation of the measurement")
    site: Annotated[str, AfterValidator(_as_site)] = Field(
        default=USUAL_SITE,
        description="where on the body",
        json_schema_extra=_one_of(SITES),  # type: ignore[arg-type]
    )
    phototype: Annotated[str, AfterValidator(_as_phototype)] = Field(
        default=USUAL_PHOTOTYPE,
        description="of whom it was made on",
        json_schema_extra=_one_of(PHOTOTYPES),  # type: ignore[arg-type]
    )
    age: float = Field(default=USUAL_AGE, ge=18, le=100, description="of whom it was made on, in years")
    sex: Literal["female", "male"] = Field(default=USUAL_SEX, description="of whom it was made on")
    date: datetime.date | None = Field(default=None, description="day of the measurement")

    @model_validator(mode="after")
    def _is_a_fraction(self) -> TestSpot:
        if self.quantity.endswith("_fraction") and self.value > 1:
            msg = f"{self.quantity} runs from 0 to 1, but value is {self.value:g}; write per cent as a fraction, such as 0.35"
            raise ValueError(msg)
        return self

    @property
    def by_meter(self) -> bool:
        """Whether a power meter read it, so that no skin was in between."""
        return self.quantity in METER_QUANTITIES
