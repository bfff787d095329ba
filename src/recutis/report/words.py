"""Names as words: device classes, concerns, sites, settings, risks; clinical and plain."""

from __future__ import annotations

from typing import Final

from recutis.plan.document import PassSettings
from recutis.report.rows import exact

_PANEL: Final = {
    "energy_mJ": ("energy", "mJ"),
    "fluence_J_cm2": ("fluence", "J/cm²"),
    "power_W": ("power", "W"),
    "density_pct": ("density", "%"),
    "columns_cm2": ("columns", "/cm²"),
    "duration_ms": ("pulse", "ms"),
    "spot_mm": ("spot", "mm"),
    "depth_um": ("depth", "µm"),
    "coagulation_um": ("coagulation", "µm"),
    "overlap_pct": ("overlap", "%"),
    "stack": ("stacked", "pulses"),
}
_CLASS: Final = (
    ("ablative_full", "full-field ablative"),
    ("ablative_fractional", "fractional ablative"),
    ("hybrid_fractional", "hybrid fractional"),
    ("nonablative_fractional", "non-ablative fractional"),
    ("nonablative_bulk", "non-ablative dermal"),
    ("sebaceous", "sebaceous-gland"),
    ("vascular", "vascular"),
    ("pigment_qs", "Q-switched pigment"),
    ("pigment_pico", "picosecond pigment"),
    ("pigment_lp", "long-pulse pigment"),
    ("ipl", "intense pulsed light"),
)
_TAIL: Final = {"co2": "CO₂", "eryag": "Er:YAG", "erysgg": "Er:YSGG", "ktp": "KTP", "pdl": "pulsed dye", "ndyag": "Nd:YAG"}
_ACRONYMS: Final = {"tca": "TCA", "prp": "PRP", "rf": "RF", "ipl": "IPL", "led": "LED"}
_SITE_PLAIN: Final = {
    "periorbital": "around the eyes",
    "perioral": "around the mouth",
    "eyelid": "on the eyelids",
    "full_face": "on the whole face",
    "decolletage": "on the chest",
    "cheek": "on the cheeks",
    "temple": "on the temples",
    "hands": "on the hands",
}
_KIND_PLAIN: Final = {
    "facial_veins": "small visible veins",
    "hypertrophic_scar": "raised scar",
    "poikiloderma": "blotchy red-brown skin",
    "texture": "rough or dull skin",
    "acne_prone": "skin prone to acne",
    "undiagnosed": "a spot without a diagnosis",
    "diffuse_redness": "redness",
}
RISK_WORDS: Final = {
    "pih": "Dark marks (PIH)",
    "hypopigmentation": "Hypopigmentation",
    "bacterial_infection": "Bacterial infection",
    "herpes": "Herpes reactivation",
    "scarring": "Scarring",
    "ectropion": "Ectropion",
    "acneiform": "Acneiform flare",
    "prolonged_erythema": "Prolonged erythema",
    "blister": "Blister",
    "purpura": "Purpura",
}
RISK_PLAIN: Final = {
    "pih": ("Dark marks", "The treated skin turns darker for a while. It fades over weeks to months."),
    "hypopigmentation": ("Pale patches", "Skin loses some colour, often months later. This can be lasting."),
    "bacterial_infection": ("Infection by germs", "Needs treatment soon, or it can leave a scar."),
    "herpes": ("Cold sores", "The cold-sore virus wakes up. Tablets can prevent or treat it."),
    "scarring": ("A scar", "Skin heals thick, hard or raised. This can be lasting."),
    "ectropion": ("Lower lid pulled down", "The eyelid turns outwards. This can be lasting."),
    "acneiform": ("Spots and pimples", "They clear with simple treatment."),
    "prolonged_erythema": ("Redness that stays long", "Redness that lasts longer than planned. It fades slowly."),
    "blister": ("Blisters", "The skin got too hot. Keep it covered and call us."),
    "purpura": ("Bruising", "Purple spots that fade within two weeks or so."),
}
BALANCE_WORDS: Final = {
    "reflected": "reflected",
    "transmitted": "through the skin",
    "removed": "left with vapour",
    "stored": "heat in the skin",
    "surface": "taken by cooling",
    "residual": "unaccounted",
}


def class_words(device_class: str) -> str:
    """'fractional ablative CO₂' for `ablative_fractional_co2`; group words and unknown names lose only their underscores."""
    for prefix, words in _CLASS:
        if device_class.startswith(prefix) and not device_class.endswith("_any"):
            tail = device_class[len(prefix) :].strip("_").split("_")
            told = " ".join(f"{part} nm" if part.isdigit() else _TAIL.get(part, part) for part in tail if part)
            return f"{words} {told}".strip()
    return device_class.replace("_any", " (any)").replace("_", " ")


def classes_text(words: tuple[str, ...]) -> str:
    """Classes as a list; more than four shrink to their groups with a count: 'non-ablative fractional (9)'."""
    if len(words) <= 4:
        return ", ".join(class_words(word) for word in words)
    groups: dict[str, int] = {}
    for word in words:
        name = next((told for prefix, told in _CLASS if word.startswith(prefix)), class_words(word))
        groups[name] = groups.get(name, 0) + 1
    return ", ".join(f"{name} ({count})" if count > 1 else name for name, count in groups.items())


def modality_words(name: str) -> str:
    """'TCA peel' for `tca_peel`."""
    told = name.replace("_", " ")
    told = told[:1].upper() + told[1:]
    return " ".join(_ACRONYMS.get(word.lower(), word) for word in told.split(" "))


def concern_words(key: str) -> str:
    """'Fine lines, periorbital' for `fine_lines@periorbital`."""
    kind, _, site = key.partition("@")
    words = kind.replace("_", " ")
    return (words[:1].upper() + words[1:]) + (f", {site.replace('_', ' ')}" if site else "")


def concern_plain(key: str) -> str:
    """'fine lines around the eyes' for `fine_lines@periorbital`."""
    kind, _, site = key.partition("@")
    words = _KIND_PLAIN.get(kind, kind.replace("_", " "))
    where = _SITE_PLAIN.get(site, f"on the {site.replace('_', ' ')}") if site else ""
    return f"{words} {where}".strip()


def sentence(text: str) -> str:
    """The text with a capital at its start and a full stop at its end; empty stays empty."""
    told = text.strip()
    if not told:
        return ""
    told = told[0].upper() + told[1:]
    return told if told[-1] in ".!?" else f"{told}."


def _knob(name: str, value: float) -> str:
    _, unit = _PANEL[name]
    if name == "stack":
        return f"{exact(value)} × stacked"
    if name in {"depth_um", "coagulation_um", "overlap_pct", "density_pct"}:
        return f"{exact(value)}{' ' if unit else ''}{unit} {_PANEL[name][0]}"
    if name == "columns_cm2":
        return f"{exact(value)} columns{unit}"
    return f"{exact(value)} {unit}" + (" spot" if name == "spot_mm" else " pulse" if name == "duration_ms" else "")


def panel_parts(one: PassSettings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is set on the panel, and what follows from it; everything counts as set where no panel is named."""
    present = [name for name in _PANEL if getattr(one, name) is not None]
    if "stack" in present and one.stack == 1:
        present.remove("stack")
    chosen = [name for name in present if name in one.panel] or present
    told = tuple(_knob(name, getattr(one, name)) for name in chosen)
    follows = tuple(_knob(name, getattr(one, name)) for name in present if name not in chosen)
    return told, follows


def panel_text(one: PassSettings, passes: int) -> str:
    """'20 mJ · 10 % density · 2 passes'."""
    told, _ = panel_parts(one)
    return " · ".join((*told, f"{passes} pass{'' if passes == 1 else 'es'}"))


def ceiling_text(
    *, max_energy_mJ: float | None, max_density_pct: float | None, max_fluence_J_cm2: float | None, max_passes: int | None
) -> str:
    """'at most 40 mJ, 15 % density, 2 passes'; says so when no number stands in the table."""
    parts = [
        f"{exact(value)} {unit}"
        for value, unit in ((max_energy_mJ, "mJ"), (max_fluence_J_cm2, "J/cm²"), (max_density_pct, "% density"))
        if value is not None
    ]
    if max_passes is not None:
        parts.append(f"{max_passes} pass{'' if max_passes == 1 else 'es'}")
    return "at most " + ", ".join(parts) if parts else "no number of its own; the device's limits apply"
