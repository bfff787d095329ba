"""What the words of a study's row mean: phototypes, site, concern, sessions, panel settings, anaesthesia, thresholds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from recutis import evidence
from recutis.sites import PHOTOTYPES, SITES
from recutis.units import PERCENT

_NUMBER: Final = r"\d+(?:\.\d+)?"
_SPAN: Final = rf"({_NUMBER})(?:\s*(?:-|–|to|vs\.?|or)\s*({_NUMBER}))?"
_SITES: Final[tuple[tuple[str, str], ...]] = (
    (r"upper lip|perioral|mouth|lip", "perioral"), (r"lower (eye)?lid|upper (eye)?lid|eyelid|\blids?\b", "eyelid"),
    (r"peri-?orbital|peri-?ocular|eye|crow", "periorbital"), (r"forehead", "forehead"), (r"temple", "temple"),
    (r"nose|nasal", "nose"), (r"chin", "chin"), (r"cheek|face|facial|mixed|other|lentigines|^$", "cheek"),
    (r"chest|decollet|décollet|body|trunk|\b(back|arms?|forearms?|legs?|thighs?|abdomen|limbs?)\b", "decolletage"),
    (r"neck", "neck"), (r"hand", "hands"),
)  # fmt: skip
_CONCERNS: Final[tuple[tuple[str, str], ...]] = (
    (r"laxity", ""), (r"hypertrophic", "hypertrophic_scar"), (r"burn", "burn_scar"), (r"traumatic", "traumatic_scar"),
    (r"surgical|thyroidectomy", "surgical_scar"), (r"acne scar|atrophic|scar", "acne_scars"),
    (r"deep .*(rhytid|line|wrinkl)", "deep_lines"), (r"rhytid|wrinkl|fine line|lines", "fine_lines"), (r"melasma", "melasma"),
    (r"poikiloderma", "poikiloderma"), (r"lentig|age spot|dermal pigment|photopigment|dyspigment", "age_spots"),
    (r"ephel|freck", "freckles"), (r"telangiect|angioma|vein|vessel|vascular", "facial_veins"),
    (r"redness|rosacea|erythema", "diffuse_redness"), (r"pore", "enlarged_pores"), (r"acne", "acne_prone"),
    (r"photoage|photodam|textur|rejuven|mixed|ageing|aging", "texture"),
)  # fmt: skip
_ANAESTHESIA: Final[tuple[tuple[str, str], ...]] = (
    (r"^none", "none"), (r"sedat|general|\bga\b", "sedation"), (r"block|infiltrat|tumescent|\blocal\b", "nerve_block"),
    (r"(topical|emla|cream|lidocaine).*(cold air|cool|chill|\bice\b)", "topical_cold_air"), (r"topical|emla|cream|lidocaine", "topical"),
    (r"(cold|cooled|chilled) air|zimmer|\bice\b", "cold_air"), (r"gel|dcd|cryogen|contact|cool", "gel"),
)  # fmt: skip
_VAGUE_WORDS: Final = ((r"any improvement", "any"), (r"improve|effective|respon", "improved"))
_MODELLED_WORDS: Final[tuple[tuple[str, str], ...]] = (
    (r"satisf|expectation|brighter", "satisfied"), (r"clear or almost|almost clear|complete", "clear"), (r"good", "good"),
    (r"excellent|marked|significant|best score", "excellent"), (r"fair|moderate", "fair"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A responder is graded from `low` to `high` percent improvement."""

    low: float
    high: float

    @property
    def is_grade(self) -> bool:
        """Whether it has a grade above and one below it, as '51-75 %' has and '0-25 %' has not."""
        return self.low > 0.0 and self.high < PERCENT

    def or_better(self) -> Threshold:
        """The grade and all above it."""
        return Threshold(low=self.low, high=PERCENT)


def number_in(text: str) -> float | None:
    """The number of a cell; the middle of a range such as '2-3'; None for other words and for counts such as '3/30'."""
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    if re.match(r"\s*\d+\s*/\s*\d+", text):
        return None
    match = re.match(rf"^\s*(?:about|mean|<=?|>=?|~)?\s*(-?{_NUMBER})(?:\s*(?:-|–|to)\s*({_NUMBER}))?", text)
    if match is None:
        return None
    low = float(match.group(1))
    return low if match.group(2) is None else (low + float(match.group(2))) / 2


def _middle(match: re.Match[str]) -> float:
    low = float(match.group(1))
    return low if match.group(2) is None else (low + float(match.group(2))) / 2


def first_match(table: tuple[tuple[str, str], ...], text: str) -> str | None:
    """The word of the first pattern found in a text; None when none is."""
    small = text.strip().lower()
    return next((word for pattern, word in table if re.search(pattern, small)), None)


def usual_phototypes() -> tuple[str, ...]:
    """Phototypes of a study that gives none."""
    low, high = (int(evidence.value(f"clinical.default.phototype_{end}")) for end in ("low", "high"))
    return PHOTOTYPES[low - 1 : high]


def site_of(text: str) -> str | None:
    """The site word of a study's site; 'face' stands for the cheek; None when unknown."""
    plain = text.strip().lower().replace(" ", "_")
    return plain if plain in SITES else first_match(_SITES, text)


def concern_of(text: str) -> str | None:
    """The kind of concern of an indication; '' for one that is not modelled, None when unknown."""
    return first_match(_CONCERNS, text)


def anaesthesia_of(text: str) -> str | None:
    """The anaesthesia a row names; None when it names none that is known."""
    return first_match(_ANAESTHESIA, text)


def sessions_in(text: str) -> float | None:
    """Number of sessions named in a text such as 'AFR, 3 sessions'; 1 for 'single session'."""
    match = re.search(rf"{_SPAN}\s*(?:monthly\s+|-)?(?:sessions?|treatments?)\b", text.lower())
    if match:
        return _middle(match)
    return 1.0 if re.search(r"single[- ](session|treatment)|one session", text.lower()) else None


def threshold_of(text: str) -> Threshold | None:
    """The band of improvement a responder must reach; None when the words are not known.

    '>=26-50 %' is the grade of that name or a better one; '51-75 %' that grade alone; '75-100 %' at least 75.
    """
    match = re.search(rf"([<>]=?|≥|≤)?\s*{_SPAN}\s*(?:%|pct|percent|improvement|clear|reduc|remov|$)", text.lower())
    if match:
        sign, low = match.group(1), float(match.group(2))
        high = float(match.group(3)) if match.group(3) else None
        if sign in {"<", "<=", "≤"}:
            return Threshold(low=-100.0, high=low)
        at_least = sign is not None or high is None
        return Threshold(low=low, high=100.0 if at_least or high is None else high)
    if re.search(r"\b(poor|no(n|t)?[- ]?(response|responder|improve))", text.lower()):
        return Threshold(low=-100.0, high=evidence.value("clinical.word.fair"))
    words = [word for pattern, word in _MODELLED_WORDS if re.search(pattern, text.lower())]
    vague = first_match(_VAGUE_WORDS, text)
    levels = [evidence.value(f"clinical.word.{word}") for word in words or ([vague] if vague else [])]
    return Threshold(low=min(levels), high=100.0) if levels else None


@dataclass(frozen=True, kw_only=True)
class PanelWords:
    """What a text says of the panel: numbers by settings name, columns of all passes, and how strong it sounds."""

    numbers: dict[str, float]
    total_columns_cm2: float | None
    passes: int | None
    strength: str
    dual_mode: bool


_QUANTITIES: Final[tuple[tuple[str, str], ...]] = (
    ("fluence_J_cm2", r"\s*j\s*/\s*cm\s*(?:2|²|\^2)"), ("energy_mJ", r"\s*mj\b"),
    ("density_pct", r"\s*(?:%|pct|percent)\s*(?:density|coverage|$|[,;)]|\()"), ("duration_ms", r"\s*ms\b(?!\s*cool)"),
    ("spot_mm", r"\s*-?mm\s*(?:spot|handpiece)"), ("power_W", r"\s*w\b"), ("depth_um", r"\s*(?:µm|um)\b"),
)  # fmt: skip


def panel_words(text: str) -> PanelWords:
    """The plainly readable settings in a text such as '20 mJ 10 %' or '6 ms, 7-9 J/cm2'."""
    small = text.lower()
    numbers: dict[str, float] = {}
    for name, unit in _QUANTITIES:
        match = re.search(_SPAN + unit, small)
        if match:
            numbers[name] = _middle(match)
    if "density_pct" not in numbers:
        match = re.search(rf"density\s*(?:of)?\s*{_SPAN}\s*%", small)
        if match:
            numbers["density_pct"] = _middle(match)
    columns = re.search(_SPAN + r"\s*mtz\s*/\s*cm\s*(?:2|²|\^2)(\s*[x×]\s*\d+ passes)?", small)
    total = None
    if columns and columns.group(3):
        numbers["columns_cm2"] = _middle(columns)
    elif columns:
        total = _middle(columns)
    passes = re.search(_SPAN + r"\s*passes\b", small)
    count = 1 if re.search(r"single[- ]pass", small) else round(_middle(passes)) if passes else None
    if count is None and re.search(r"multi-?(ple)?[- ]?pass", small):
        count = int(evidence.value("clinical.panel.multipass"))
    return PanelWords(
        numbers=numbers, total_columns_cm2=total, passes=count, strength=_strength(small), dual_mode=_dual(small)
    )  # fmt: skip


def _dual(small: str) -> bool:
    """Whether an erbium laser coagulates with long or added pulses."""
    return re.search(r"dual[- ]mode|long[- ]pulse|variable[- ]pulse", small) is not None


def _strength(small: str) -> str:
    """Light or strong, where a text says one of them and not both."""
    purpura = re.search(r"purpur", small) is not None and re.search(r"purpura-free|sub-?purpur", small) is None
    light = re.search(r"\b(light|mild|low|lowest|superficial|conservative)\b", small) is not None and not purpura
    strong = re.search(r"\b(aggressive|high|high-energy|highest|deep|strong)\b", small) is not None or purpura
    if light == strong or "moderate" in small:
        return ""
    return "light" if light else "strong"
