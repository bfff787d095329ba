"""Alternatives that are not lasers, and doing nothing but sunscreen, beside the first option."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from recutis import evidence
from recutis.bands import Draws, band
from recutis.plan.document import Comparator, NoTreatment, Quantity
from recutis.plan.evaluate import Place
from recutis.plan.quantities import from_row, quantity
from recutis.twins import Twins
from recutis.units import PERCENT

_Z90: Final = 1.2815515655446004
_ROWS: Final = {"downtime": "downtime_days", "pain": "pain_0_10", "sessions": "sessions"}


def _row_for(modality: str, metric: str) -> evidence.Row | None:
    for row in evidence.rows("comparators"):
        if row.fields["modality"] == modality and row.fields["metric"] == metric and row.value is not None:
            return row
    return None


def alternative_draws(row: evidence.Row, n: int, *, seed: int) -> Draws:
    """Draws of what an alternative does in a person: normal within the row's tenth and ninetieth percentile."""
    generator = np.random.Generator(np.random.PCG64([seed, int(row.id.removeprefix("ALT-"))]))
    low, middle, high = evidence.numbers(row.id)
    normal = generator.standard_normal(n)
    spread = np.where(normal < 0, middle - low, high - middle) / _Z90
    return np.clip(middle + normal * spread, -20.0, 100.0)


def comparators(best: dict[str, Draws], kinds: Mapping[str, str], twins: Twins, *, seed: int) -> tuple[Comparator, ...]:
    """Alternatives for each concern, with the chance of doing better than the draws in `best`.

    The alternative's draws are independent of the option's: a person who responds well to one may
    respond well to the other, which would bring the chance nearer to 0 or 100 %.
    `kinds` gives the concern kind of each concern key, `twins` those of the draws: the spread of that chance is over their blocks.
    """
    found = []
    for key, draws in best.items():
        for row in evidence.rows("model_comparators"):
            if kinds[key] not in [word.strip() for word in row.fields["kinds"].split(",")]:
                continue
            modality = row.fields["modality"]
            other = alternative_draws(row, draws.size, seed=seed)
            mass = twins.block_weights
            better = np.bincount(twins.block, weights=PERCENT * twins.weights * (other > draws)) / np.where(mass > 0, mass, 1.0)
            rows = {name: _row_for(modality, metric) for metric, name in _ROWS.items()}
            parts: dict[str, Quantity | None] = {name: from_row(item) if item else None for name, item in rows.items()}
            used = [row.id, *(item.id for item in rows.values() if item)]
            found.append(
                Comparator(
                    modality=modality,
                    concern=key,
                    improvement_pct=quantity(band(other, "pct", [row.id])),
                    probability_better_pct=quantity(band(better, "pct", [row.id], weights=mass)),
                    downtime_days=parts["downtime_days"],
                    pain_0_10=parts["pain_0_10"],
                    sessions=parts["sessions"],
                    note=row.conditions,
                    sources=tuple(used),
                )
            )
    return tuple(found)


def no_treatment(people_places: dict[str, Place]) -> NoTreatment:
    """Twelve months of daily sunscreen and no procedure."""
    from recutis import response

    improvement = {}
    sources: list[str] = []
    for place in people_places.values():
        for key, lesion in place.lesions.items():
            result = response.no_treatment(lesion, place.twins)
            ids = ["CMP-047"]
            improvement[key] = quantity(band(result, "pct", ids, weights=place.twins.unequal))
            sources += ids
    return NoTreatment(
        description="Daily broad-spectrum sunscreen for twelve months and no procedure.",
        improvement_pct=improvement,
        sources=tuple(dict.fromkeys(sources)),
    )
