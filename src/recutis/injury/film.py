"""Temperature, damage and crater of one spot or column at chosen moments: what an animation or a row of pictures shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from recutis.errors import OutOfRangeError
from recutis.heat import column as heat
from recutis.heat._column_kernel import Law
from recutis.units import MS_PER_S, UM_PER_M

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
FRAMES: Final = 24
_IN_PULSE: Final = 10  # of the frames; the others lie on a scale that grows by equal factors
_LONGEST: Final = 100.0  # the film ends at so many pulse lengths, or earlier where the heat has gone
_AT_LEAST_MS: Final = 100.0
_AT_MOST_MS: Final = 2000.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Film:
    """Moments of one pulse, or of the last of several passes.

    time_ms : (t,) · since the light came on
    depth_um : (z,) · middles of cells, from the original surface down
    radius_um : (r,) · middles of rings
    temperature_C : (t, z, r) · not a number where tissue has gone
    damage : (t, z, r) · Arrhenius integral of cell death; 1 means 63 % dead
    crater_um : (t, r) · depth of the floor
    """

    time_ms: Array
    depth_um: Array
    radius_um: Array
    temperature_C: Array
    damage: Array
    crater_um: Array

    def dataset(self) -> xr.Dataset:
        """The film as labelled arrays."""
        import xarray as xr

        return xr.Dataset(
            {
                "film_temperature": (("moment", "film_depth", "film_radius"), self.temperature_C, {"units": "degC"}),
                "film_damage": (
                    ("moment", "film_depth", "film_radius"), self.damage, {"units": "1", "long_name": "Arrhenius damage, 1 = 63 % dead"},
                ),
                "film_crater": (("moment", "film_radius"), self.crater_um, {"units": "um", "long_name": "depth of the crater floor"}),
            },
            coords={
                "moment": ("moment", self.time_ms, {"units": "ms", "long_name": "time since the light came on"}),
                "film_depth": ("film_depth", self.depth_um, {"units": "um", "positive": "down"}),
                "film_radius": ("film_radius", self.radius_um, {"units": "um"}),
            },
        )  # fmt: skip


def moments_ms(light_ms: float) -> Array:
    """Moments worth seeing of a pulse (or train of pulses) of this length: evenly during the light, then in growing steps.

    Raises OutOfRangeError unless the length is above 0.
    """
    if not light_ms > 0:
        msg = f"A film needs light that lasts longer than 0 ms; got {light_ms:g} ms."
        raise OutOfRangeError(msg)
    lit = np.linspace(light_ms / _IN_PULSE, light_ms, _IN_PULSE)
    end = min(max(_LONGEST * light_ms, _AT_LEAST_MS), max(_AT_MOST_MS, 2 * light_ms))
    after = light_ms + np.geomspace(light_ms / 10, end, FRAMES - _IN_PULSE)
    return np.concatenate((lit, after))


def cut(plan: Sequence[heat.Segment], moments_s: Array) -> tuple[tuple[heat.Segment, ...], ...]:
    """The segments that lead from each moment to the next; time before the light counts as negative.

    The first part holds all that comes before the first moment.
    """
    from dataclasses import replace

    lead = 0.0
    for segment in plan:
        if segment.irradiance_W_m2 > 0:
            break
        lead += segment.seconds
    parts: list[list[heat.Segment]] = [[]]
    clock, waiting = -lead, list(moments_s)
    for segment in plan:
        left = segment.seconds
        while waiting and clock + left > waiting[0] * (1 + 1e-12):
            piece = max(waiting.pop(0) - clock, 0.0)
            parts[-1].append(replace(segment, seconds=piece))
            parts.append([])
            clock, left = clock + piece, left - piece
        parts[-1].append(replace(segment, seconds=left))
        clock += left
    return tuple(tuple(part) for part in parts[: len(moments_s)])


def film_of_column(
    column: heat.Column, law: Law, plan: Sequence[heat.Segment], *, light_ms: float, spot_um: float, deepest_um: float,
    source_m: Array | None = None,
) -> Film:  # fmt: skip
    """The film of a wide spot, from the one-dimensional model run from moment to moment.

    `column` is the tissue before this pass; the film reaches down to `deepest_um`.
    """
    wanted = moments_ms(light_ms)
    middle = (column.edges_m[:-1] + column.edges_m[1:]) / 2 * UM_PER_M
    shown = middle <= deepest_um
    temperature, damage, crater, seen = [], [], [], []
    for moment, part in zip(wanted, cut(plan, wanted / MS_PER_S), strict=False):
        run = heat.run(column, law, part, source_m=source_m)
        column = run.column
        rise = column.heat_J_m3 / (column.solid_J_m3_K + law.water_heat_J_kg_K * column.water_kg_m3)
        gone = np.arange(middle.size) < column.first
        temperature.append(np.where(gone, np.nan, rise + column.start_C)[shown])
        damage.append(np.where(gone, np.nan, column.death)[shown])
        crater.append(column.depth_m * UM_PER_M)
        seen.append(moment)
    rings = np.array([0.25, 0.75]) * spot_um / 2
    return Film(
        time_ms=np.array(seen), depth_um=middle[shown], radius_um=rings,
        temperature_C=np.repeat(np.array(temperature)[:, :, None], 2, axis=2),
        damage=np.repeat(np.array(damage)[:, :, None], 2, axis=2), crater_um=np.repeat(np.array(crater)[:, None], 2, axis=1),
    )  # fmt: skip


__all__ = ["FRAMES", "Film", "cut", "film_of_column", "moments_ms"]
