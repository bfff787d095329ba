"""What the response layer takes and gives: care, the response of one site, improvement of one concern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis.errors import InputError

Draws = NDArray[np.float64]

ANAESTHESIA: Final[tuple[str, ...]] = ("none", "gel", "cold_air", "topical", "topical_cold_air", "nerve_block", "sedation")
RISKS: Final[tuple[str, ...]] = (
    "pih", "hypopigmentation", "bacterial_infection", "herpes", "scarring", "ectropion", "acneiform", "prolonged_erythema",
    "blister", "purpura",
)  # fmt: skip
SYMPTOMS: Final[tuple[str, ...]] = ("redness", "swelling", "crusting", "peeling", "bronzing", "pain", "sting_itch")
SYMPTOM_DAYS: Final[tuple[int, ...]] = (*range(31), 35, 42, 56, 70, 84)


@dataclass(frozen=True, kw_only=True)
class Care:
    """What is done around a session beside the laser itself.

    `anaesthesia` is one of `ANAESTHESIA`; `antiviral` prophylaxis against herpes; `postop_steroid`
    two days of potent topical steroid; `bleaching` routine bleaching cream after the session;
    `sunscreen` daily broad-spectrum protection; `antibiotic` oral prophylaxis (changes nothing:
    RSK-030, RSK-031).

    Raises InputError for an unknown anaesthesia.
    """

    anaesthesia: str
    antiviral: bool
    postop_steroid: bool
    bleaching: bool
    sunscreen: bool = True
    antibiotic: bool = False

    def __post_init__(self) -> None:
        if self.anaesthesia not in ANAESTHESIA:
            msg = f"Anaesthesia '{self.anaesthesia}' is not known; choose one of {', '.join(ANAESTHESIA)}."
            raise InputError(msg)


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteResponse:
    """Response of one site to one session, draw by draw: arrays of shape (n,), one entry a twin.

    Four clocks in days after the session: `closure_days` (epithelium), `social_downtime_days`
    (visible signs that make-up does not hide), `makeup_day` (first day make-up is allowed),
    `erythema_resolution_days`. `symptoms` maps each of `SYMPTOMS` to levels 0 to 10 of shape
    (len(days), n); day 0 of pain is the session itself. `risks` maps each of `RISKS` to a
    probability per session, 0 to 1. `sources` maps each quantity to evidence row ids.
    """

    days: tuple[int, ...]
    closure_days: Draws
    social_downtime_days: Draws
    return_to_work_day: Draws
    makeup_day: Draws
    sunscreen_start_day: Draws
    erythema_resolution_days: Draws
    pih_duration_weeks: Draws
    pain_0_10: Draws
    symptoms: Mapping[str, Draws]
    risks: Mapping[str, Draws]
    sources: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Improvement:
    """Improvement of one concern over a course, draw by draw.

    `by_session` has shape (sessions, n): percent improvement after that many sessions, matured
    (three to six months after the last). `time_to_effect_weeks` from the last session until the
    change can be seen; `recurrence_pct` is the share of the gain lost after one to two years.
    """

    by_session: Draws
    time_to_effect_weeks: Draws
    recurrence_pct: Draws
    sources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class ManyResponses:
    """Responses of one site to each of many injuries: arrays of shape (settings, n), one row an injury, one column a twin.

    What `SiteResponse` says of one injury, but for the symptoms by day.
    """

    closure_days: Draws
    social_downtime_days: Draws
    return_to_work_day: Draws
    makeup_day: Draws
    sunscreen_start_day: Draws
    erythema_resolution_days: Draws
    pih_duration_weeks: Draws
    pain_0_10: Draws
    risks: Mapping[str, Draws]
    sources: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True, eq=False)
class ManyImprovements:
    """Improvement of one concern by courses of each of many injuries.

    `by_session` has shape (settings, sessions, n); `time_to_effect_weeks` and `recurrence_pct` have shape (n,), for no injury
    changes them. Otherwise as `Improvement`.
    """

    by_session: Draws
    time_to_effect_weeks: Draws
    recurrence_pct: Draws
    sources: tuple[str, ...]
