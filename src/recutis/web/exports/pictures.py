"""The picture of predicted against seen improvement: where each point stands, in the units of its drawing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from recutis.web.exports.outcomes import Outcome

WIDTH: Final = 480
HEIGHT: Final = 300
SQUARE: Final = 8
_LEFT: Final = 46
_RIGHT: Final = 12
_TOP: Final = 20
_BOTTOM: Final = 42
_LOWEST, _HIGHEST = -20.0, 100.0
_TICKS: Final = (0, 25, 50, 75, 100)
_MOST: Final = 300


@dataclass(frozen=True, kw_only=True)
class Point:
    """One person's concern: across the predicted median, up the predicted interval and what was seen."""

    x: float
    low: float
    high: float
    seen: float
    inside: bool

    @property
    def corner(self) -> tuple[float, float]:
        """Where a square around the point begins."""
        return round(self.x - SQUARE / 2, 1), round(self.seen - SQUARE / 2, 1)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Points and ticks; `more` are points that are left out for want of room."""

    points: tuple[Point, ...]
    ticks_x: tuple[tuple[float, int], ...]
    ticks_y: tuple[tuple[float, int], ...]
    diagonal: tuple[float, float, float, float]
    more: int
    width: int = WIDTH
    height: int = HEIGHT
    left: float = _LEFT
    bottom: float = HEIGHT - _BOTTOM
    right: float = WIDTH - _RIGHT
    top: float = _TOP


def _x(percent: float) -> float:
    share = min(max(percent, 0.0), _HIGHEST) / _HIGHEST
    return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)


def _y(percent: float) -> float:
    share = (min(max(percent, _LOWEST), _HIGHEST) - _LOWEST) / (_HIGHEST - _LOWEST)
    return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 1)


def calibration_points(rows: Iterable[Outcome]) -> Picture | None:
    """The picture of all rows with a seen improvement; None where there is none."""
    made = [_point(row) for row in rows]
    points = [one for one in made if one is not None]
    if not points:
        return None
    return Picture(
        points=tuple(points[:_MOST]), more=max(len(points) - _MOST, 0), ticks_x=tuple((_x(tick), tick) for tick in _TICKS),
        ticks_y=tuple((_y(tick), tick) for tick in _TICKS), diagonal=(_x(0), _y(0), _x(_HIGHEST), _y(_HIGHEST)),
    )  # fmt: skip


def _point(row: Outcome) -> Point | None:
    low, middle, high, seen = row.improvement_p10_pct, row.improvement_p50_pct, row.improvement_p90_pct, row.improvement_seen_pct
    if low is None or middle is None or high is None or seen is None:
        return None
    return Point(x=_x(middle), low=_y(low), high=_y(high), seen=_y(seen), inside=low <= seen <= high)
