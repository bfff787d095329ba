"""The fields of the physics page: those of the skin, those of a device's panel with its ranges, and that of the one thing changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from recutis.laser import Device, Limit
from recutis.laser.cooling import KINDS
from recutis.report.rows import exact
from recutis.sites import PHOTOTYPES, SITES
from recutis.web.accounts.models import Clinic
from recutis.web.planning.physics_form import (
    LABELS,
    LAYER_PARTS,
    LAYERS,
    SECOND,
    SETTINGS,
    SKIN,
    Exposures,
    by_use,
    changed_values,
    device_of,
)

COOLING_WORDS: Final = {
    "none": "none", "cold_air": "cold air", "cryogen": "cryogen spray", "contact": "contact (sapphire)", "gel": "gel",
}  # fmt: skip
_WHOLE: Final = frozenset({"stack", "passes", "age"})
_FROM_ENERGY: Final = ("energy_mJ", "fluence_J_cm2", "power_W", "depth_um")
"""Ways of saying the same dose: one of them is set, the others follow."""
_DENSITIES: Final = ("density_pct", "columns_cm2")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One entry of a list."""

    value: str
    words: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class Group:
    """Entries of a list under one heading."""

    words: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field: `kind` is number, select, groups or tick; `low` and `high` bound what its buttons set, `usual` is where they start."""

    name: str
    label: str
    kind: str
    value: str
    error: str = ""
    unit: str = ""
    hint: str = ""
    usual: str = ""
    low: str = ""
    high: str = ""
    whole: bool = False
    choices: tuple[Choice, ...] = ()
    groups: tuple[Group, ...] = ()


def _choices(pairs: Iterable[tuple[str, str]], value: str) -> tuple[Choice, ...]:
    return tuple(Choice(value=key, words=words, chosen=key == value) for key, words in pairs)


def skin_field(name: str, asked: Exposures, prefix: str = "") -> Field:
    """Site, phototype, age, sex or tan."""
    key = f"{prefix}{name}"
    value, error = asked.values.get(key, ""), asked.errors.get(key, "")
    if name == "age":
        return Field(
            name=key,
            label="Age",
            kind="number",
            value=value,
            error=error,
            unit="years",
            usual="40",
            low="1",
            high="120",
            whole=True,
        )
    if name == "tanned":
        return Field(name=key, label="Tanned", kind="tick", value=value, error=error)
    lists = {
        "site": [(site, site.replace("_", " ").capitalize()) for site in SITES],
        "phototype": [(one, one) for one in PHOTOTYPES],
        "sex": [("female", "Female"), ("male", "Male")],
    }
    known = lists[name]
    if value not in {one for one, _ in known}:
        known = [(value, value or "choose"), *known]
    return Field(name=key, label=LABELS[name], kind="select", value=value, error=error, choices=_choices(known, value))


def skin_fields(asked: Exposures) -> list[Field]:
    """Who is treated, and where."""
    return [skin_field(name, asked) for name in SKIN]


@dataclass(frozen=True, kw_only=True)
class LayerRow:
    """One layer that may be given explicitly."""

    words: str
    fields: tuple[Field, ...]


def layer_rows(asked: Exposures) -> list[LayerRow]:
    """Thickness, water, melanin and blood of each layer from the top."""
    labels = {"um": ("thickness", "µm"), "water": ("water by mass, 0 to 1", ""), "melanin": ("melanosomes by volume, 0 to 0.5", ""),
              "blood": ("blood by volume, 0 to 0.5", "")}  # fmt: skip
    rows = []
    for row, layer in enumerate(LAYERS):
        words = layer.replace("_", " ")
        fields = tuple(
            Field(
                name=f"l{row}_{part}", label=f"{words}, {labels[part][0]}", kind="number", unit=labels[part][1],
                value=asked.values.get(f"l{row}_{part}", ""), error=asked.errors.get(f"l{row}_{part}", ""),
            )
            for part in LAYER_PARTS
        )  # fmt: skip
        rows.append(LayerRow(words=words, fields=fields))
    return rows


def device_field(asked: Exposures, clinic: Clinic, prefix: str = "") -> Field:
    """The devices in groups by use."""
    key = f"{prefix}device"
    value = asked.values.get(key, "")
    groups = tuple(
        Group(words=words, choices=_choices([(name, name) for name in names], value))
        for words, names in by_use(clinic, asked.values)
    )
    return Field(name=key, label="Device", kind="groups", value=value, error=asked.errors.get(key, ""), groups=groups)


def panel_fields(device: Device | None, asked: Exposures, prefix: str = "") -> list[Field]:
    """What is set on the panel of a device, with its ranges; passes last."""
    if device is None:
        return []
    names = [*(name for name in device.panel if name != "passes"), "passes"]
    fields = [setting_field(name, device, asked, prefix) for name in names if name in device.limits]
    odd = [name for name in SETTINGS if name not in names and asked.values.get(f"{prefix}{name}")]
    return [*fields, *(setting_field(name, device, asked, prefix) for name in odd)]


def setting_field(name: str, device: Device, asked: Exposures, prefix: str = "") -> Field:
    """One setting with what the device allows."""
    key = f"{prefix}{name}"
    limit = device.limits.get(name)
    value, error = asked.values.get(key, ""), asked.errors.get(key, "")
    if limit is None or name not in {*device.panel, "passes"}:
        return Field(
            name=key, label=LABELS[name], kind="number", value=value, error=error, hint=f"not on the panel of {device.name}"
        )
    unit = {"stack": "", "passes": ""}.get(name, limit.unit)
    return Field(
        name=key, label=LABELS[name], kind="number", value=value, error=error, unit=unit, hint=_hint(name, limit, device, asked, prefix),
        usual=exact(limit.typical), low=_bound(limit.low), high=_bound(limit.high), whole=name in _WHOLE,
    )  # fmt: skip


def _bound(value: float) -> str:
    return exact(value)


def _hint(name: str, limit: Limit, device: Device, asked: Exposures, prefix: str) -> str:
    """'2.5 to 50 mJ, usually 15'; or that it follows from what is set instead."""
    unit = f" {limit.unit}" if name not in {"stack", "passes"} else ""
    allowed = f"only {exact(limit.low)}{unit}" if limit.low == limit.high else f"{exact(limit.low)} to {exact(limit.high)}{unit}"
    for kind in (_FROM_ENERGY, _DENSITIES):
        others = [other for other in kind if other != name and other in device.panel and asked.values.get(f"{prefix}{other}")]
        if name in kind and others and not asked.values.get(f"{prefix}{name}"):
            return f"{allowed}; follows from {LABELS[others[0]].lower()}"
    return allowed if limit.low == limit.high else f"{allowed}, usually {exact(limit.typical)}"


def cooling_field(device: Device | None, asked: Exposures, prefix: str = "") -> Field:
    """Cooling of the surface; nothing chosen is what the device has built in."""
    key = f"{prefix}cooling"
    value = asked.values.get(key, "")
    built_in = f"as built in ({COOLING_WORDS.get(device.cooling, device.cooling)})" if device is not None else "as built in"
    pairs = [("", built_in), *((kind, COOLING_WORDS.get(kind, kind)) for kind in KINDS)]
    if value not in {one for one, _ in pairs}:
        pairs = [*pairs, (value, value)]
    return Field(
        name=key, label="Cooling", kind="select", value=value, error=asked.errors.get(key, ""), choices=_choices(pairs, value)
    )


def changes_field(device: Device | None, asked: Exposures) -> Field:
    """What the second exposure changes."""
    value = asked.values.get("changes", "")
    panel = [name for name in (*(device.panel if device is not None else ()), "passes") if name in SETTINGS]
    groups = [
        Group(words="", choices=_choices([("", "nothing: one exposure")], value)),
        Group(words="The laser", choices=_choices(((name, LABELS[name]) for name in (*dict.fromkeys(panel), "cooling", "device")), value)),
        Group(words="The skin", choices=_choices(((name, LABELS[name]) for name in SKIN), value)),
    ]  # fmt: skip
    return Field(name="changes", label="Compare with the same, but for", kind="groups", value=value, groups=tuple(groups))


def second_fields(asked: Exposures, clinic: Clinic) -> list[Field]:
    """The one thing that the second exposure changes; with another device also what is set on its panel."""
    changes = asked.values.get("changes", "")
    device = device_of(asked.values, clinic)
    if changes in SKIN:
        return [skin_field(changes, asked, SECOND)]
    if changes == "cooling":
        return [cooling_field(device, asked, SECOND)]
    if changes == "device":
        other = device_of(changed_values(asked.values), clinic)
        return [device_field(asked, clinic, SECOND), *panel_fields(other, asked, SECOND)]
    if changes in SETTINGS and device is not None:
        return [setting_field(changes, device, asked, SECOND)]
    return []


def with_copy(values: Mapping[str, str]) -> dict[str, Any]:
    """The words, with the changed thing of the second exposure starting as the first has it."""
    changes = values.get("changes", "")
    key = f"{SECOND}{changes}"
    if changes and changes != "device" and not values.get(key):
        return {**values, key: values.get(changes, "")}
    return dict(values)
