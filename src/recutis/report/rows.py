"""Numbers as text: two significant figures, ranges, units, natural frequencies, the provisional mark."""

from __future__ import annotations

import math
from typing import Final

from recutis.errors import OutOfRangeError
from recutis.plan.document import Quantity

PROVISIONAL: Final = "◊"
NO_NUMBER: Final = "–"
MINUS: Final = "−"
_UNITS: Final = {"pct": "%", "pct of gain": "% of the gain", "0-10": "of 10", "0_10": "of 10", "day": "", "fraction": ""}
_SMALLEST_SHOWN: Final = 5e-4  # printing only
_NO_CHANGE: Final = 0.05  # smaller changes print as none
_WHOLE: Final = frozenset({"days", "day", "weeks", "min", "sessions"})


def unit_text(unit: str) -> str:
    """The unit as printed: '%' for pct, 'of 10' for a 0-10 score; other units as they are."""
    return _UNITS.get(unit, unit)


def number(value: float, unit: str = "") -> str:
    """A value to two significant figures without exponent; days, weeks and minutes whole from two up.

    Below 0.0005 it prints as 0; a value that is not finite prints as a dash.
    """
    if not math.isfinite(value):
        return NO_NUMBER
    size = abs(value)
    if size < _SMALLEST_SHOWN:
        return "0"
    if unit in _WHOLE and 1.95 <= size < 100:
        return f"{value:.0f}".replace("-", MINUS)
    return f"{float(f'{value:.2g}'):.6f}".rstrip("0").rstrip(".").replace("-", MINUS)


def exact(value: float) -> str:
    """A panel value as set: up to three significant figures, no exponent below a million; whole numbers stay whole."""
    if abs(value) < 1e6:
        return f"{value:.0f}" if float(value).is_integer() else f"{float(f'{value:.3g}'):g}"
    return f"{value:.3g}"


def signed(value: float) -> str:
    """A change with its sign, whole from ten up and else with one decimal: '+12', '−0.4'; '0' where nothing changes."""
    if abs(value) < _NO_CHANGE:
        return "0"
    text = f"{abs(value):.0f}" if abs(value) >= 9.95 else f"{abs(value):.1f}"
    return f"{'+' if value > 0 else MINUS}{text}"


def interval_text(quantity: Quantity) -> str:
    """Only the range of p10 to p90: '4–6 days', 'day 4–6', '5 days' when both ends print alike."""
    low, high = number(quantity.p10, quantity.unit), number(quantity.p90, quantity.unit)
    return _with_unit(low if low == high else _span(low, high), quantity)


def _span(low: str, high: str) -> str:
    """'3–8', but '−5 to 9' where a minus sign would sit beside the dash."""
    return f"{low} to {high}" if MINUS in low + high else f"{low}–{high}"


def quantity_text(quantity: Quantity) -> str:
    """Median, range and unit: '5 (3–8) days◊'; the lozenge says that a number behind it is provisional."""
    low, middle, high = (number(value, quantity.unit) for value in (quantity.p10, quantity.p50, quantity.p90))
    if quantity.unit == "pct" and quantity.p90 < 0.1:
        return _with_unit("<0.1", quantity)
    return _with_unit(middle if low == middle == high else f"{middle} ({_span(low, high)})", quantity)


def _with_unit(text: str, quantity: Quantity) -> str:
    unit = unit_text(quantity.unit)
    if quantity.unit == "days" and text == "1":
        unit = "day"
    prefix = "day " if quantity.unit == "day" else ""
    return f"{prefix}{text}{' ' + unit if unit else ''}{PROVISIONAL if quantity.provisional else ''}"


def _percent(value: float) -> float:
    if not 0 <= value <= 100:
        msg = f"A chance must be a percentage from 0 to 100; got {value:g}."
        raise OutOfRangeError(msg)
    return value


def natural_frequency(percent: float) -> str:
    """A chance in whole people: 'about 3 in 100', 'fewer than 1 in 100', 'fewer than 1 in 1000'.

    Raises OutOfRangeError outside 0 to 100.
    """
    chance = _percent(percent)
    if chance < 0.1:
        return "fewer than 1 in 1000"
    if chance < 1:
        return "fewer than 1 in 100"
    if chance > 99:
        return "more than 99 in 100"
    return f"about {round(chance)} in 100"


def frequency_range(quantity: Quantity) -> str:
    """A chance with its range, per 100 people: 'about 3 in 100 (1 to 6)', 'about 2 in 100 (up to 4)'."""
    words = natural_frequency(quantity.p50)
    ends = [min(max(value, 0.0), 100.0) for value in (quantity.p10, quantity.p90)]
    mark = PROVISIONAL if quantity.provisional else ""
    low, high = (round(value) for value in ends)
    if ends[1] < 1 or (low == high and ends[0] >= 1):
        return f"{words}{mark}"
    span = f"up to {high}" if ends[0] < 1 else f"{low} to {high}"
    return f"{words} ({span}){mark}"


def shares_of_ten(percents: tuple[float, ...]) -> tuple[int, ...]:
    """Whole people out of ten that add up to ten, by largest remainder; proportions need not add up to 100.

    Raises OutOfRangeError when a percentage is outside 0 to 100 or all are zero.
    """
    total = sum(_percent(value) for value in percents)
    if total <= 0:
        msg = f"Shares of ten people need at least one chance above zero; got {percents}."
        raise OutOfRangeError(msg)
    exact_shares = [10 * value / total for value in percents]
    whole = [math.floor(value) for value in exact_shares]
    order = sorted(range(len(whole)), key=lambda index: (whole[index] - exact_shares[index], index))
    for index in order[: 10 - sum(whole)]:
        whole[index] += 1
    return tuple(whole)


def plural(count: float, word: str) -> str:
    """'1 session', '3 sessions'."""
    return f"{count:g} {word}{'' if count == 1 else 's'}"
