"""Cooling of the surface without light."""

from __future__ import annotations

from recutis import evidence
from recutis.heat import column as heat
from recutis.heat import damage
from recutis.injury.targets.rows import Fields, UnknownQuantityError, plain_slab
from recutis.units import S_PER_MS


def compute(row: Fields) -> float:
    """Least surface temperature under a spurt.

    Raises UnknownQuantityError for a quantity that the family has not.
    """
    from recutis.laser import surface_cooling

    if not row["cooling"].startswith("cryogen_spray_"):
        raise UnknownQuantityError(row["cooling"])
    spurt_ms = float(row["cooling"].removeprefix("cryogen_spray_").removesuffix("ms"))
    spray = surface_cooling("cryogen")
    slab = plain_slab()
    plan = (heat.Segment(seconds=spurt_ms * S_PER_MS, transfer_W_m2_K=spray.heat_transfer_W_m2_K, medium_C=spray.medium_C),)
    law = heat.law_of(
        heat.heating_only(evidence.value("phys_boiling")), slab.start_C, first=damage.bulk_skin(), second=damage.collagen()
    )
    column = heat.new_column(slab, heat.stretched_edges(fine_m=2e-6, fine_to_m=1e-4, stretch=1.05, end_m=5e-3))
    run = heat.run(column, law, plan, probes_m=(0.0,))
    return float(run.probes_C.min())
