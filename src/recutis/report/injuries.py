"""The injuries of the first option as plain data: facts beside the drawing, the energy balance, shares by layer and depth."""

from __future__ import annotations

from typing import Final

from recutis.plan.document import InjuryDocument, Option
from recutis.report.figures.depths import Line, depth_lines
from recutis.report.rows import number
from recutis.report.words import BALANCE_WORDS

View = dict[str, object]
_NO_SHARE: Final = 0.005  # smaller shares of the energy are not drawn
_SELECTIVE: Final = frozenset({"vessel", "pigment", "gland"})
_KILLED_TELLS: Final = 10.0  # percent of the epidermis, dead above a basal layer that lives, from where it is told


def named_injuries(option: Option) -> list[tuple[str, InjuryDocument]]:
    """Each injury with what tells it apart: the device of a course with two, and the target."""
    if len(option.phases) < 2:
        return [("", one) for one in option.injuries or (option.injury,)]
    return [(f"{phase.device} · ", one) for phase in option.phases for one in phase.injuries]


def depth_groups(option: Option) -> dict[str, list[Line]]:
    """The lines of the depth figures by site, each named by device, wavelength and targets."""
    return depth_lines([(f"{device}{one.wavelength_nm:g} nm", one) for device, one in named_injuries(option)])


def injuries_view(option: Option, names: list[str]) -> list[View]:
    """Facts for each injury that was drawn."""
    return [_injury(device, one, name) for (device, one), name in zip(named_injuries(option), names, strict=False)]


def depths_view(option: Option, names: list[str]) -> list[View]:
    """Title and file of each depth figure."""
    return [
        {
            "site": f"{site.replace('_', ' ').capitalize()}: dead or missing, by layer and depth",
            "figure": f"{name}.svg",
            "alt": f"Share of each layer and share at each depth that is dead or missing, {site.replace('_', ' ')}",
        }
        for site, name in zip(depth_groups(option), names, strict=False)
    ]


def _injury(device: str, injury: InjuryDocument, name: str) -> View:
    facts = []
    if injury.ablation_depth_um > 0:
        facts.append(("Crater", f"{number(injury.ablation_depth_um)} µm deep, {number(injury.ablation_width_um)} µm wide"))
    if injury.lesion_depth_um > 0:
        facts.append(("Dead tissue", f"down to {number(injury.lesion_depth_um)} µm; rim {number(injury.coagulation_rim_um)} µm"))
    if injury.column_pitch_um is not None:
        facts.append(("Pattern", f"pitch {number(injury.column_pitch_um)} µm, {number(injury.coverage_pct)} % of the surface"))
    elif injury.coverage_pct > 0:
        facts.append(("Surface", f"{number(injury.coverage_pct)} % injured"))
    if injury.target == "pigment" and injury.pigment_ratio > 0:
        facts.append(
            ("Pigment", f"{number(injury.pigment_ratio)} × its threshold; normal skin {number(injury.epidermis_pigment_ratio)} ×")
        )
    peaks = f"surface {number(injury.peak_surface_C)} °C, basal layer {number(injury.peak_basal_C)} °C"
    facts.append(("Peak", f"{peaks}, bulk +{number(injury.bulk_rise_C)} °C"))
    return {
        "site": f"{device}{injury.site.replace('_', ' ').capitalize()} · {injury.wavelength_nm:g} nm · target: {injury.target}",
        "figure": f"{name}.svg",
        "alt": f"Cross-section of the skin, {injury.site}, with the injury drawn to scale",
        "facts": [{"name": key, "text": text} for key, text in facts],
        **_balance(injury),
        "fidelity": f"Model: {injury.fidelity}. Stated error on depths ±{number(injury.error_pct)} %.",
        "warnings": [*injury.warnings, *_unreached_basal(injury)],
    }


def _balance(injury: InjuryDocument) -> View:
    """Shares for the energy bar; a sentence instead where cooling moved more heat than the pulse brought."""
    parts = injury.energy_balance
    if any(value < -_NO_SHARE or value > 1 + _NO_SHARE for value in parts.values()):
        told = "; ".join(
            f"{BALANCE_WORDS.get(key, key)} {number(value)}" for key, value in parts.items() if abs(value) >= _NO_SHARE
        )
        text = f"In units of the pulse energy: {told}. Cooling also took heat that was in the skin before the pulse."
        return {"balance": [], "balance_text": text}
    shares = [
        {"name": BALANCE_WORDS.get(key, key), "share": value, "text": f"{number(100 * value)} %"}
        for key, value in parts.items()
        if value >= _NO_SHARE
    ]
    return {"balance": shares, "balance_text": ""}


def _unreached_basal(injury: InjuryDocument) -> list[str]:
    """A selective laser that heats the epidermis dead without its basal layer, which no limit on killed epidermis counts."""
    share = injury.layer_injured_pct.get("epidermis", 0.0)
    if (
        injury.target not in _SELECTIVE
        or injury.column_pitch_um is not None
        or share - injury.epidermis_killed_pct < _KILLED_TELLS
    ):
        return []
    return [
        f"Heat kills {number(share)} % of the epidermis above its basal layer; as the basal layer lives, only "
        f"{number(injury.epidermis_killed_pct)} % counts as killed. Watch for whitening."
    ]
