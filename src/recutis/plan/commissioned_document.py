"""A commissioned device as a document: what `plan.json` holds of it."""

from __future__ import annotations

from recutis import evidence
from recutis.bands import Band
from recutis.plan.commissioning import EnergyScale, SpotCheck
from recutis.plan.document import CommissionedDevice, CommissionedSpot
from recutis.plan.quantities import quantity


def _spot(check: SpotCheck) -> CommissionedSpot:
    spot = check.spot
    panel = spot.settings.model_dump(exclude_none=True)
    return CommissionedSpot(
        quantity=spot.quantity,
        panel={name: float(value) for name, value in panel.items()},
        site=None if spot.by_meter else spot.site,
        phototype=None if spot.by_meter else spot.phototype,
        date=None if spot.date is None else spot.date.isoformat(),
        measured=spot.value,
        sd=spot.sd,
        predicted_before=float(f"{check.before:.4g}"),
        predicted_after=float(f"{check.after:.4g}"),
        model_error_pct=check.error_pct,
        used=check.used,
        note=check.note,
    )


def commissioned_device(scale: EnergyScale) -> CommissionedDevice:
    """The energy scale of a device as the plan's document holds it."""
    provisional = any(evidence.get(key).provisional for key in scale.sources)
    band = Band(p10=scale.low, p50=scale.median, p90=scale.high, unit="ratio", sources=scale.sources, provisional=provisional)
    return CommissionedDevice(
        device=scale.device,
        energy_scale=quantity(band),
        sd_ln=float(f"{scale.sd_ln:.4g}"),
        measured=scale.measured,
        spots=tuple(_spot(one) for one in scale.spots),
        notes=scale.notes,
    )
