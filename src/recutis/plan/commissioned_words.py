"""What a commissioned device delivers, in sentences, from the plan's document alone."""

from __future__ import annotations

from recutis.plan.document import CommissionedDevice, CommissionedSpot


def _unit(quantity: str) -> str:
    for end, word in (("_volume_um", "µm³ per µm²"), ("_um", "µm"), ("_mJ", "mJ"), ("_J_cm2", "J/cm²")):
        if quantity.endswith(end):
            return word
    return ""


def told(quantity: str, value: float) -> str:
    """A measured or predicted value with its unit, in words."""
    return f"{value:.3g} {_unit(quantity)}".strip()


def quantity_words(quantity: str) -> str:
    """A measured quantity in words, without its unit: 'ablation depth'."""
    return quantity.removesuffix("_um").removesuffix("_mJ").removesuffix("_J_cm2").replace("_", " ")


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
