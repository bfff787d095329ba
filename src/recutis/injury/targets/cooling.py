"""Cooling of the surface without light."""

from __future__ import annotations

import numpy as np

from recutis.errors import InputError
from recutis.injury import finite_spot
from recutis.injury.targets.rows import Fields, UnknownQuantityError, cooling_of, is_living, skin_of
from recutis.units import MS_PER_S

_DEPTHS_UM = np.concatenate(([0.0], np.geomspace(2.0, 5000.0, 160)))

_LOCALISED = 10.0  # cold counts as far down as a tenth of that of the surface


def compute(row: Fields) -> float:
    """Lowest temperature of the surface or the basal layer, or how deep the cold reaches (to a tenth of that of the surface).

    A cooler whose time its words leave open is on for the pulse length of the row, else as long as usual.

    Raises UnknownQuantityError for a quantity that the family has not, InputError for words without cooling.
    """
    cooler = cooling_of(row.get("cooling", ""))
    if cooler.kind == "none":
        msg = f"The row cools by '{row.get('cooling', '')}', which is no cooling; name a cooler such as cryogen_spray_60ms."
        raise InputError(msg)
    skin, words = skin_of(row["tissue"]), row.get("cooling", "").lower()
    given = row.get("pulse_duration_s", "").strip()
    if given and "ms" not in words:
        cooler = finite_spot.lasting(cooler, float(given) * MS_PER_S)
    basal = finite_spot.basal_um(skin)
    depths = np.append(_DEPTHS_UM, basal)
    cold, rest = finite_spot.cooled_C(skin, cooler, depths, living=is_living(row["tissue"]))
    quantity = row["quantity"]
    if quantity == "surface_temperature_min_C":
        return float(cold[:, 0].min())
    if quantity == "basal_temperature_min_C":
        return float(cold[:, -1].min())
    if quantity == "cooling_depth_um":
        ended = int(np.argmin(cold[:, 0]))
        fall = (rest - cold[ended])[:-1]
        return float(np.interp(-fall[0] / _LOCALISED, -fall, _DEPTHS_UM))
    raise UnknownQuantityError(quantity)
