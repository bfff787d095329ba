"""Published settings: rows of `procedure.csv` of one source, class, concern, phototypes and place, put together as a protocol.

What a row's notes say plainly (a spot, a duration, the interval) is read with it; a row of its own goes before a note. Nothing
is averaged: two sources that disagree are two protocols.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from recutis import evidence
from recutis.sites import CONCERN_KINDS, OFF_FACE, PHOTOTYPES, ceiling_site, phototypes_told
from recutis.units import DAYS_PER_MONTH, DAYS_PER_WEEK, MS_PER_PS

PARAMETERS: Final[dict[str, str]] = {
    "energy_mJ": "energy_mJ",
    "fluence_jcm2": "fluence_J_cm2",
    "density_pct": "density_pct",
    "density_mtz": "total_columns_cm2",
    "passes": "passes",
    "sessions": "sessions",
    "interval_weeks": "interval_weeks",
}
"""Parameters of `procedure.csv` that make a protocol, and the knobs they stand for."""
HARM: Final = "harm_observed"
UNITS: Final[dict[str, str]] = {
    "energy_mJ": "mJ",
    "fluence_J_cm2": "J/cm²",
    "density_pct": "%",
    "columns_cm2": "columns/cm²",
    "total_columns_cm2": "1/cm²",
    "duration_ms": "ms",
    "spot_mm": "mm",
    "overlap_pct": "%",
    "passes": "passes",
    "sessions": "sessions",
    "interval_weeks": "weeks",
}
SETTINGS: Final = ("energy_mJ", "fluence_J_cm2", "density_pct", "columns_cm2", "total_columns_cm2", "passes")
"""What makes a protocol more than a number of sessions."""
_CONFIDENCES: Final = ("read", "recalled", "fitted", "computed", "weak")  # best first

_EVERY_KIND: Final = tuple(kind for kind in CONCERN_KINDS if kind != "undiagnosed")
_KINDS: Final[dict[str, tuple[str, ...]]] = {
    "any": _EVERY_KIND,
    "acne scars": ("acne_scars",),
    "atrophic acne scars": ("acne_scars",),
    "surgical scars": ("surgical_scar",),
    "hypertrophic burn scars": ("burn_scar",),
    "melasma": ("melasma",),
    "enlarged pores": ("enlarged_pores",),
    "acne": ("acne_prone",),
    "active acne": ("acne_prone",),
    "telangiectasia": ("facial_veins",),
    "facial telangiectasia": ("facial_veins",),
    "lentigines": ("age_spots",),
    "solar lentigines": ("age_spots",),
    "deep rhytides": ("deep_lines",),
    "photoageing": ("texture", "fine_lines"),
    "mixed": ("texture",),
}
_LIGHT_SKIN: Final = ("I", "II", "III")  # Fitzpatrick's white skins
_SPAN: Final = r"(?P<low>\d+(?:\.\d+)?)(?:\s*(?:-|–)\s*(?P<high>\d+(?:\.\d+)?))?"
_IN_PANEL_UNITS: Final = {"ps": MS_PER_PS, "month": DAYS_PER_MONTH / DAYS_PER_WEEK}
_COUNTED: Final = {"one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0}
_NOTES: Final[tuple[tuple[str, str, str], ...]] = (
    ("columns_cm2", rf"{_SPAN}\s*MTZ/cm2 per pass", ""),
    ("total_columns_cm2", rf"{_SPAN}\s*MTZ/cm2(?! per pass)", ""),
    ("energy_mJ", rf"{_SPAN}\s*mJ\b", ""),
    ("density_pct", rf"density {_SPAN}\s*pct", ""),
    ("density_pct", rf"{_SPAN}\s*pct density", ""),
    ("overlap_pct", rf"{_SPAN}\s*pct overlap", ""),
    ("spot_mm", rf"{_SPAN}\s*mm\b", ""),
    ("duration_ms", rf"(?<!DCD )\b{_SPAN}\s*ms\b", ""),
    ("duration_ms", rf"{_SPAN}\s*ps\b", "ps"),
    ("passes", rf"{_SPAN}\s*passes\b", ""),
    ("passes", r"\b(?P<word>one|two|three|four) passes\b", ""),
)
_INTERVALS: Final[tuple[tuple[str, str], ...]] = (
    (rf"interval {_SPAN} weeks\b", ""),
    (rf"{_SPAN}[- ]weeks? (?:apart|intervals?)\b", ""),
    (rf"every {_SPAN} weeks\b", ""),
    (rf"^{_SPAN} weeks\b", ""),
    (r"^(?P<word>monthly)\b", "month"),
)


@dataclass(frozen=True, kw_only=True)
class Published:
    """One published value with its range (the value itself where the source gives none) and the row it stands in.

    `name` is a panel's knob, `total_columns_cm2` (columns per cm² of all passes together), `sessions` or `interval_weeks`;
    `from_note` says that it was read in the notes of the row. `unit` is the knob's.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str
    row_id: str
    from_note: bool = False


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Settings that one source published for a class of device, kinds of concern, phototypes and a place.

    `device_class` may be a pattern such as `nonablative_fractional_any`. `phototypes_told` is False where the source does not say
    whom it treated and the usual phototypes of studies stand in. `site` is face, eyelid, neck, decolletage, hands, or body.
    """

    name: str
    device_class: str
    indication: str
    kinds: tuple[str, ...]
    phototypes: tuple[str, ...]
    phototypes_told: bool
    site: str
    values: tuple[Published, ...]
    row_ids: tuple[str, ...]
    source: str
    confidence: str

    def get(self, name: str) -> Published | None:
        """The published value of a knob; None where the source gives none."""
        return next((one for one in self.values if one.name == name), None)

    @property
    def has_settings(self) -> bool:
        """Whether it says how to set a device, and not only how often to treat."""
        return any(one.name in SETTINGS for one in self.values)

    @property
    def dose(self) -> Published | None:
        """Energy or fluence: the one that has a row of its own goes before one in a note."""
        found = [one for one in self.values if one.name in {"energy_mJ", "fluence_J_cm2"}]
        return min(found, key=lambda one: one.from_note, default=None)

    def suits(self, site: str) -> bool:
        """Whether it was published for this site; periorbital and perioral skin count as face, `body` as all that is off the face."""
        return self.site == ceiling_site(site) or (self.site == "body" and site in OFF_FACE)


@dataclass(frozen=True, kw_only=True)
class RowUse:
    """What became of one row: the name of the protocol that holds it, or the reason why none does."""

    row_id: str
    protocol: str | None
    reason: str = ""


def _match(name: str, match: re.Match[str], unit: str, row: evidence.Row) -> Published:
    parts = match.groupdict()
    if parts.get("word"):
        low = high = _COUNTED.get(parts["word"], 1.0)
    else:
        low = float(parts["low"])
        high = float(parts["high"] or low)
    if unit:
        low, high = (one * _IN_PANEL_UNITS[unit] for one in (low, high))
    return Published(
        name=name, value=(low + high) / 2, low=low, high=high, unit=UNITS[name], row_id=row.id, from_note=True
    )  # fmt: skip


def _in_notes(row: evidence.Row) -> list[Published]:
    """What the notes of a row say plainly, first reading of each knob."""
    text = row.fields["notes"]
    patterns = list(_NOTES)
    if row.fields["parameter"] == "sessions":
        patterns += [("interval_weeks", pattern, unit) for pattern, unit in _INTERVALS]
    found: dict[str, Published] = {}
    for name, pattern, unit in patterns:
        match = re.search(pattern, text)
        if match and name not in found:
            found[name] = _match(name, match, unit, row)
    return list(found.values())


def _own(row: evidence.Row) -> Published | None:
    name = PARAMETERS[row.fields["parameter"]]
    if row.value is None:
        return None
    low, value, high = evidence.numbers(row.id)
    return Published(name=name, value=value, low=low, high=high, unit=UNITS[name], row_id=row.id)


def _phototypes(row: evidence.Row) -> tuple[tuple[str, ...], bool]:
    """Phototypes treated, and whether the source says so; else those of studies that give none (`clinical.default.phototype_*`)."""
    told = phototypes_told(row.fields["phototypes"])
    if told:
        return told, True
    if "light skin" in row.fields["notes"]:
        return _LIGHT_SKIN, True
    low, high = (int(evidence.value(f"clinical.default.phototype_{end}")) for end in ("low", "high"))
    return PHOTOTYPES[low - 1 : high], False


def _site(row: evidence.Row) -> str:
    words = row.fields["site_area"]
    return {"lower eyelid": "eyelid", "": "face"}.get(words, words)


def _why_not(row: evidence.Row) -> str:
    """Why a row makes no protocol; empty when it does."""
    if row.fields["parameter"] == HARM:
        return "settings that did harm are never a protocol; they stand behind the ceilings"
    if row.fields["indication"] not in _KINDS:
        return f"'{row.fields['indication']}' names no concern that is planned for"
    if _own(row) is None:
        return "gives no number"
    return ""


def _named(source: str) -> str:
    """Author and year of a source, or how it begins."""
    year = re.search(r"\b(?:about )?(?:19|20)\d\d\b", source)
    author = re.match(r"([A-Z][a-z]+)(?: [A-Z]{1,3}\b|,)", source)
    head = author.group(1) if author else re.split(r"[.(,;]", source)[0].strip()
    return f"{head} {year.group(0)}" if year and year.group(0) not in head else head


def _protocol(rows: list[evidence.Row]) -> Protocol:
    first = rows[0]
    phototypes, told = _phototypes(first)
    values = [one for row in rows if (one := _own(row)) is not None]
    for row in rows:
        values += [one for one in _in_notes(row) if one.name not in {known.name for known in values}]
    place = _site(first)
    parts = (_named(first.source), first.fields["indication"], first.fields["phototypes"], "" if place == "face" else place)
    return Protocol(
        name=", ".join(part for part in parts if part),
        device_class=first.fields["device_class"],
        indication=first.fields["indication"],
        kinds=_KINDS[first.fields["indication"]],
        phototypes=phototypes,
        phototypes_told=told,
        site=place,
        values=tuple(values),
        row_ids=tuple(row.id for row in rows),
        source=first.source,
        confidence=max((row.confidence for row in rows), key=_CONFIDENCES.index),
    )


def _unique(made: list[Protocol]) -> tuple[Protocol, ...]:
    """Names made unique: a source with two classes of device tells them apart in its protocols' names."""
    names = [one.name for one in made]
    twice = {name for name in names if names.count(name) > 1}
    return tuple(replace(one, name=f"{one.name} ({one.device_class})") if one.name in twice else one for one in made)


def _speaks(row: evidence.Row) -> bool:
    return row.fields["parameter"] in {*PARAMETERS, HARM}


@cache
def protocols() -> tuple[Protocol, ...]:
    """Every published protocol, in the order of the table."""
    groups: dict[tuple[object, ...], list[evidence.Row]] = {}
    for row in evidence.rows("procedure"):
        if _speaks(row) and not _why_not(row):
            cell = row.fields
            key = (row.source, cell["device_class"], _KINDS[cell["indication"]], _phototypes(row)[0], _site(row))
            groups.setdefault(key, []).append(row)
    return _unique([_protocol(rows) for rows in groups.values()])


@cache
def row_uses() -> tuple[RowUse, ...]:
    """Each row of `procedure.csv` that gives settings, sessions or intervals: the protocol that holds it, or why none does."""
    holder = {key: one.name for one in protocols() for key in one.row_ids}
    return tuple(
        RowUse(row_id=row.id, protocol=holder.get(row.id), reason=_why_not(row))
        for row in evidence.rows("procedure")
        if _speaks(row)
    )
