"""One course as it would be given: phases of equal sessions, each with one device."""

from __future__ import annotations

from dataclasses import dataclass

from recutis.laser.types import Device, Settings
from recutis.patient import Ceiling


@dataclass(frozen=True, kw_only=True)
class PhasePlan:
    """Equal sessions with one device as they are given: settings by site, weeks between them, the ceilings that hold."""

    device: Device
    settings: Settings
    site_settings: dict[str, Settings]
    ceilings: dict[str, Ceiling]
    sessions: int
    interval_weeks: float


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One course: its phases in order, what it treats visibly, the limits it breaks, what it is worth to the person."""

    row: int
    phases: tuple[PhasePlan, ...]
    treats: tuple[str, ...]
    breaks: tuple[str, ...]
    gain: float
    median_gain: float
    score: float

    @property
    def sessions(self) -> int:
        """All sessions of the course."""
        return sum(phase.sessions for phase in self.phases)

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes of its devices in order."""
        return tuple(phase.device.device_class for phase in self.phases)

    @property
    def sites(self) -> tuple[str, ...]:
        """Sites treated in any phase."""
        return tuple(dict.fromkeys(site for phase in self.phases for site in phase.site_settings))
