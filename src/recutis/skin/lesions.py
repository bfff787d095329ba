"""Where the target of each concern lies in the skin."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Final

from recutis import evidence
from recutis.errors import InputError, OutOfRangeError, UnknownNameError
from recutis.sites import CONCERN_KINDS
from recutis.skin.types import Lesion, Skin, Target
from recutis.units import UM_PER_MM

SCAR_TYPES: Final = ("rolling", "boxcar", "ice_pick", "mixed")

_TARGETS: Final[dict[str, Target]] = {
    "acne_scars": "dermis", "surgical_scar": "dermis", "traumatic_scar": "dermis", "burn_scar": "dermis",
    "hypertrophic_scar": "dermis", "fine_lines": "dermis", "deep_lines": "dermis", "age_spots": "pigment", "freckles": "pigment",
    "facial_veins": "vessel", "diffuse_redness": "vessel", "poikiloderma": "vessel", "enlarged_pores": "gland",
    "acne_prone": "gland", "texture": "dermis", "melasma": "pigment",
}  # fmt: skip
_SHARED_ROWS: Final[dict[str, str]] = {
    "age_spots.melanin_factor": "lentigo_melanin_factor",
    "facial_veins.diameter": "telangiectasia_diameter_face",
}
_SHARED_DEPTHS: Final[dict[str, str]] = {"age_spots": "lentigo_depth", "facial_veins": "telangiectasia_depth_face"}


@dataclass(frozen=True, kw_only=True)
class _Depths:
    """Depth range of the target [µm] and the rows behind it."""

    top: float
    bottom: float
    sources: tuple[str, ...]


def _row(kind: str, quantity: str) -> str | None:
    key = _SHARED_ROWS.get(f"{kind}.{quantity}", f"lesion.{kind}.{quantity}")
    return key if evidence.has(key) else None


def _depths(kind: str, skin: Skin) -> _Depths:
    """Top and bottom: measured from the surface, or the pigmented basal layer for freckles and spots."""
    basal_top = skin.epidermis_um - next(x.thickness_um for x in skin.layers if x.name == "basal_layer")
    if kind == "freckles":
        return _Depths(top=basal_top, bottom=skin.epidermis_um, sources=("skin.basal_layer",))
    if kind in _SHARED_DEPTHS:
        low, middle, high = evidence.numbers(_SHARED_DEPTHS[kind])
        top = min(low, basal_top) if kind == "age_spots" else low
        return _Depths(top=top, bottom=max(middle, high), sources=(_SHARED_DEPTHS[kind],))
    bottom = f"lesion.{kind}.bottom"
    if kind == "melasma":
        return _Depths(top=basal_top, bottom=evidence.value(bottom), sources=(bottom,))
    upper = f"lesion.{kind}.top"
    return _Depths(top=evidence.value(upper), bottom=evidence.value(bottom), sources=(upper, bottom))


def _diameter(key: str | None, vessel_diameter_um: float | None) -> tuple[float, float, float] | None:
    if key is None:
        return None
    low, middle, high = evidence.numbers(key)
    if vessel_diameter_um is None:
        return low, middle, high
    if vessel_diameter_um <= 0:
        msg = f"A vessel diameter of {vessel_diameter_um:g} um is impossible; give a positive diameter."
        raise OutOfRangeError(msg)
    # A person's own vessels spread around the measured one as vessels of the face do around their middle.
    return vessel_diameter_um * low / middle, vessel_diameter_um, vessel_diameter_um * high / middle


def _named(kind: str, scar_type: str | None) -> str:
    """The word of the lesion rows for a concern, after checking the words."""
    if kind not in CONCERN_KINDS:
        near = difflib.get_close_matches(kind, CONCERN_KINDS, n=2, cutoff=0.4)
        hint = f"; nearest: {', '.join(near)}" if near else ""
        msg = f"There is no concern kind '{kind}'{hint}. Give one of {', '.join(CONCERN_KINDS)}."
        raise UnknownNameError(msg)
    if kind == "undiagnosed":
        msg = "An undiagnosed lesion cannot be modelled: it needs a diagnosis by a physician first."
        raise InputError(msg)
    if scar_type is not None and scar_type not in SCAR_TYPES:
        msg = f"There is no scar type '{scar_type}'. Give one of {', '.join(SCAR_TYPES)}."
        raise UnknownNameError(msg)
    return f"acne_scars.{scar_type or 'mixed'}" if kind == "acne_scars" else kind


def lesion(
    kind: str,
    skin: Skin,
    *,
    scar_type: str | None = None,
    vessel_diameter_um: float | None = None,
    size_mm: float | None = None,
) -> Lesion:
    """Where the pigment, the vessels, the scar or the line of a concern lies in this skin.

    `scar_type` matters for acne scars only (mixed when None). `vessel_diameter_um` replaces the
    typical vessel of the face. `size_mm` is the width of the lesion at the surface: a pore or gland
    takes it as its opening.
    Depths never pass the bottom of the dermis of this skin.

    Raises UnknownNameError for an unknown kind or scar type, InputError for an undiagnosed lesion,
    OutOfRangeError for an impossible diameter or size.
    """
    name = _named(kind, scar_type)
    if size_mm is not None and size_mm <= 0:
        msg = f"A lesion size of {size_mm:g} mm is impossible; give a positive size."
        raise OutOfRangeError(msg)
    depths = _depths(name, skin)
    diameter_row, melanin_row, difficulty_row = (_row(name, x) for x in ("diameter", "melanin_factor", "difficulty"))
    target = _TARGETS[kind]
    own = vessel_diameter_um
    if own is None and size_mm is not None and kind == "enlarged_pores":
        own = size_mm * UM_PER_MM
    floor = skin.epidermis_um + skin.dermis_um
    bottom = min(depths.bottom, floor)
    return Lesion(
        kind=kind,
        site=skin.site,
        target=target,
        top_um=min(depths.top, bottom),
        bottom_um=bottom,
        melanin_factor=evidence.value(melanin_row) if melanin_row else 1.0,
        diameter_um=_diameter(diameter_row, own),
        difficulty=evidence.value(difficulty_row) if difficulty_row else 0.0,
        sources=tuple(dict.fromkeys((*depths.sources, *(x for x in (melanin_row, diameter_row, difficulty_row) if x)))),
    )
