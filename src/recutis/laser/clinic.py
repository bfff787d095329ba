"""The clinic file: devices owned, measured test spots, anaesthesia and cooling at hand, prices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidatorFunctionWrapHandler, WrapValidator, model_validator

from recutis.errors import RecutisError
from recutis.files import read_yaml, validate
from recutis.laser.cooling import CoolingKind
from recutis.laser.devices import pick
from recutis.laser.measured import TestSpot
from recutis.laser.own_device import AnaesthesiaWord, DeviceFile
from recutis.laser.settings import expose
from recutis.laser.types import Device


def _built(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    """The device that a name or a description stands for; a device stays as it is."""
    if isinstance(value, Device):
        return value
    described = handler(value)
    return described.device()


if TYPE_CHECKING:
    OwnedDevice = Device
else:
    OwnedDevice = Annotated[DeviceFile, WrapValidator(_built)]  # files hold a description, the model the device


class Prices(BaseModel):
    """What one session costs, by device name."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    currency: str = Field(pattern="^[A-Z]{3}$", description="three letters such as EUR")
    per_session: dict[str, Annotated[float, Field(ge=0)]] = Field(description="price of a session by device name")


class Clinic(BaseModel):
    """A clinic: `devices` are built from catalogue names and descriptions, in file order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(default="", description="how the clinic is called in reports")
    devices: tuple[OwnedDevice, ...] = Field(min_length=1, description="catalogue names or devices of one's own")
    test_spots: tuple[TestSpot, ...] = Field(default=(), description="measurements that calibrate devices")
    anaesthesia: tuple[AnaesthesiaWord, ...] = Field(default=(), description="at hand; absent: everything")
    cooling: tuple[CoolingKind, ...] = Field(default=(), description="cooling at hand beside what devices have built in")
    prices: Prices | None = Field(default=None, description="prices, if plans should show them")

    @model_validator(mode="after")
    def _fits(self) -> Clinic:
        names = [one.name.casefold() for one in self.devices]
        twice = next((one.name for one in self.devices if names.count(one.name.casefold()) > 1), None)
        if twice is not None:
            msg = f"the device '{twice}' stands twice; give each its own name"
            raise ValueError(msg)
        place = ""
        try:
            for number, spot in enumerate(self.test_spots):
                place = f"test_spots.{number}"
                expose(self.device(spot.device), spot.settings.settings())
            for name in self.prices.per_session if self.prices else ():
                place = "prices.per_session"
                self.device(name)
        except RecutisError as error:
            msg = f"{place} does not fit: {error}"
            raise ValueError(msg) from error
        return self

    def device(self, name: str) -> Device:
        """The clinic's device of this name. Raises UnknownNameError naming the nearest."""
        return pick(name, self.devices)

    def price(self, device: Device) -> float | None:
        """What a session with this device costs; None where the file does not say."""
        prices = self.prices.per_session if self.prices else {}
        return next((price for name, price in prices.items() if self.device(name) == device), None)


def read_clinic(path: Path) -> Clinic:
    """Read a clinic file.

    Raises InputError: one sentence naming the place, the value and what is allowed.
    """
    return validate(Clinic, read_yaml(path))


def read_device(path: Path) -> Device:
    """Read one device from a YAML file of its own.

    Raises InputError: one sentence naming the place, the value and what is allowed.
    """
    return validate(DeviceFile, read_yaml(path)).device()
