"""A commissioned device as a document: what `plan.json` holds of it, and its sentences for a report."""

from __future__ import annotations

from recutis import evidence
from recutis.bands import Band
from recutis.plan.commissioning import EnergyScale, SpotCheck, quantity_words, told
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


def commissioned_words(device: CommissionedDevice) -> tuple[str, ...]:
    """Sentences for a report: what the device delivers, each measurement used beside the model, and the notes."""
    scale = device.energy_scale
    span = f"{scale.p10:.2f} to {scale.p90:.2f}"
    if not device.measured:
        return (
            f"{device.device}: no usable measurement; it is taken to deliver what it is set to ({span} times).",
            *device.notes,
        )
    count = sum(one.used for one in device.spots)
    head = (
        f"{device.device} delivers {scale.p50:.2f} times what it is set to ({span}), from {count} "
        f"measurement{'s' if count > 1 else ''}; predictions use the delivered energy."
    )
    return (head, *(_spot_words(one) for one in device.spots if one.used), *device.notes)


def _spot_words(spot: CommissionedSpot) -> str:
    return (
        f"{quantity_words(spot.quantity).capitalize()}: measured {told(spot.quantity, spot.measured)} ± {spot.sd:.2g}; predicted "
        f"{told(spot.quantity, spot.predicted_before)} before, {told(spot.quantity, spot.predicted_after)} after "
        f"(stated error ±{spot.model_error_pct:g} %)."
    )
