"""The only place where units are converted or parsed."""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Final

from recutis.errors import InputError

if TYPE_CHECKING:
    import pint

CM_PER_UM: Final = 1e-4
CM_PER_MM: Final = 0.1
M_PER_UM: Final = 1e-6
M_PER_NM: Final = 1e-9
UM_PER_MM: Final = 1e3
UM_PER_M: Final = 1e6
J_PER_MJ: Final = 1e-3
S_PER_MS: Final = 1e-3
MS_PER_S: Final = 1e3
MS_PER_PS: Final = 1e-9
PER_M_PER_CM: Final = 1e2
J_M2_PER_J_CM2: Final = 1e4
PER_CM2_PER_M2: Final = 1e-4  # of a quantity per area: 1/m² in 1/cm²
J_M3_PER_J_CM3: Final = 1e6
KELVIN_OFFSET: Final = 273.15
PERCENT: Final = 100.0
DAYS_PER_WEEK: Final = 7
DAYS_PER_MONTH: Final = 30.44  # mean month of the calendar
MONTHS_PER_YEAR: Final = 12
S_PER_MIN: Final = 60.0

# One number and one unit, no arithmetic: "20,5 mJ" must not become 205, nor "9**9**9" be computed.
_WORD = r"[A-Za-zµμ%°]+(?:(?:\*\*|\^)-?\d|[²³])?"
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?"
_UNIT = rf"(?:1?\s*/\s*)?{_WORD}(?:\s*[*/· ]\s*{_WORD})*"
_QUANTITY: Final = re.compile(rf"(?P<number>{_NUMBER})\s*(?P<unit>{_UNIT})?")
_LONGEST_TEXT: Final = 60  # characters; nobody types a longer quantity


def mean_fluence_J_cm2(*, energy_mJ: float, spot_um: float) -> float:
    """Mean radiant exposure of a pulse over a round spot of this diameter."""
    radius_cm = spot_um * CM_PER_UM / 2
    return energy_mJ * J_PER_MJ / (math.pi * radius_cm**2)


def energy_for_fluence_mJ(*, fluence_J_cm2: float, spot_um: float) -> float:
    """Pulse energy that gives this mean radiant exposure over a round spot."""
    radius_cm = spot_um * CM_PER_UM / 2
    return fluence_J_cm2 * math.pi * radius_cm**2 / J_PER_MJ


@cache
def _registry() -> pint.UnitRegistry[float]:
    import pint

    return pint.UnitRegistry()


def parse(text: str | float, unit: str, *, where: str) -> float:
    """A number in `unit` from what a person typed: "20 mJ", "0.9 ms", "12 J/cm²", or a bare number.

    Raises InputError naming the place, the text and the unit expected.
    """
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        return float(text)
    written = str(text).strip()
    match = _QUANTITY.fullmatch(written) if len(written) <= _LONGEST_TEXT else None
    import pint

    try:
        if match is None:
            raise ValueError
        unit_text = (match["unit"] or "").replace("·", "*")
        unit_text = f"1{unit_text}" if unit_text.startswith("/") else unit_text
        found = _registry().Quantity(float(match["number"]), unit_text).to(unit).magnitude
        if not math.isfinite(found):
            raise ValueError
        return float(found)
    except (pint.PintError, ValueError, TypeError, AssertionError, SyntaxError, AttributeError, OverflowError) as error:
        msg = f"{where}: '{text}' is not a quantity in {unit}; write for example '20 {unit}'."
        raise InputError(msg) from error
