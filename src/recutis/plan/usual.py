"""What the clinician usually does, read from a file and compared with the plan."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from recutis.files import read_yaml, validate
from recutis.laser import PanelSettings, device
from recutis.laser.types import Device, Settings


class UsualSettings(BaseModel):
    """A device with the settings, sessions and interval that a clinician usually takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    device: str = Field(description="catalogue name")
    settings: PanelSettings = Field(description="as on the panel; text such as '20 mJ' is understood")
    sessions: int = Field(default=1, ge=1, le=12, description="number of sessions")
    interval_weeks: float | None = Field(default=None, gt=0, le=104, description="weeks between sessions")

    def laser(self) -> Device:
        """The device. Raises UnknownNameError with the nearest names."""
        return device(self.device)

    def panel(self) -> Settings:
        """The settings as the laser layer takes them."""
        return self.settings.settings()


def read_usual(path: Path) -> UsualSettings:
    """Read a file of usual settings.

    Raises InputError naming the place, the value and what is allowed.
    """
    usual = validate(UsualSettings, read_yaml(path))
    usual.laser()
    return usual
