"""The clinic file: devices owned, measured test spots, anaesthesia and cooling at hand, prices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from recutis.errors import RecutisError
from recutis.files import read_yaml, validate
from recutis.laser.cooling import CoolingKind
from recutis.laser.devices import pick
from recutis.laser.own_device import AnaesthesiaWord, DeviceFile
from recutis.laser.panel import PanelSettings
from recutis.laser.settings import expose
from recutis.laser.types import Device, Settings

_NAME = r"^[a-z][A-Za-z0-9_]*$"


class TestSpotFile(BaseModel):
    """One measurement on skin with one of the clinic's devices."""

    __test__ = False  # a noun of the domain, not a test case
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    device: str = Field(description="name of one of the clinic's devices")
    settings: PanelSettings
    quantity: str = Field(pattern=_NAME, description="what was measured, with its unit, such as ablation_depth_um")
    value: float
    sd: float = Field(gt=0, description="standard deviation of the measurement")


class Prices(BaseModel):
    """What one session costs, by device name."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    currency: str = Field(pattern="^[A-Z]{3}$", description="three letters such as EUR")
    per_session: dict[str, float] = Field(description="price of a session by device name")


class ClinicFile(BaseModel):
    """What the clinic file holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    devices: tuple[DeviceFile, ...] = Field(min_length=1, description="catalogue names or devices of one's own")
    test_spots: tuple[TestSpotFile, ...] = ()
    anaesthesia: tuple[AnaesthesiaWord, ...] = Field(default=(), description="at hand; absent: everything")
    cooling: tuple[CoolingKind, ...] = Field(default=(), description="cooling at hand beside what devices have built in")
    prices: Prices | None = None

    def built(self) -> tuple[Device, ...]:
        """The devices, in file order."""
        return tuple(one.device() for one in self.devices)

    @model_validator(mode="after")
    def _fits(self) -> ClinicFile:
        owned = self.built()
        names = [one.name.casefold() for one in owned]
        twice = next((one.name for one in owned if names.count(one.name.casefold()) > 1), None)
        if twice is not None:
            msg = f"the device '{twice}' stands twice; give each its own name"
            raise ValueError(msg)
        try:
            for spot in self.test_spots:
                expose(pick(spot.device, owned), spot.settings.settings())
            for name in self.prices.per_session if self.prices else ():
                pick(name, owned)
        except RecutisError as error:
            raise ValueError(str(error)) from error
        if self.prices and (below := [name for name, price in self.prices.per_session.items() if price < 0]):
            msg = f"the price of '{below[0]}' is negative; give zero or more"
            raise ValueError(msg)
        return self


@dataclass(frozen=True, kw_only=True)
class TestSpot:
    """A measured test spot: `value` ± `sd` of `quantity` after these settings."""

    __test__ = False  # a noun of the domain, not a test case

    device: Device
    settings: Settings
    quantity: str
    value: float
    sd: float


@dataclass(frozen=True, kw_only=True)
class Clinic:
    """A clinic's devices and means. `price_per_session` maps device names to prices in `currency`."""

    name: str
    devices: tuple[Device, ...]
    test_spots: tuple[TestSpot, ...]
    anaesthesia: tuple[str, ...]
    cooling: tuple[str, ...]
    currency: str | None
    price_per_session: tuple[tuple[str, float], ...]

    def device(self, name: str) -> Device:
        """The clinic's device of this name. Raises UnknownNameError naming the nearest."""
        return pick(name, self.devices)


def read_clinic(path: Path) -> Clinic:
    """Read a clinic file.

    Raises InputError: one sentence naming the place, the value and what is allowed.
    """
    written = validate(ClinicFile, read_yaml(path))
    owned = written.built()
    spots = tuple(
        TestSpot(
            device=pick(one.device, owned),
            settings=one.settings.settings(),
            quantity=one.quantity,
            value=one.value,
            sd=one.sd,
        )
        for one in written.test_spots
    )
    prices = written.prices.per_session if written.prices else {}
    return Clinic(
        name=written.name,
        devices=owned,
        test_spots=spots,
        anaesthesia=tuple(written.anaesthesia),
        cooling=tuple(written.cooling),
        currency=written.prices.currency if written.prices else None,
        price_per_session=tuple((pick(name, owned).name, price) for name, price in prices.items()),
    )


def read_device(path: Path) -> Device:
    """Read one device from a YAML file of its own.

    Raises InputError: one sentence naming the place, the value and what is allowed.
    """
    return validate(DeviceFile, read_yaml(path)).device()
