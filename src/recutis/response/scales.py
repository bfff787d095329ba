"""The field's scales, computed from a gain and a baseline: what a clinician would write down.

Each scale is told by itself; nothing is averaged across scales. A score that counts (ECCA, MASI, Vancouver) falls in proportion to
the gain, a grade falls from its own lowest step up, and a comparison with the photograph before (quartile, GAIS) reads the gain
alone. How much of the gain a scale shows, and the baseline where none is stated, are rows `scales.*`, drawn over their ranges: most
are remembered, and say so.
"""

from __future__ import annotations

import difflib
import zlib
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from recutis import evidence
from recutis.errors import OutOfRangeError, UnknownNameError
from recutis.response.types import Draws
from recutis.sites import CONCERN_KINDS
from recutis.twins import Twins
from recutis.units import PERCENT

Form = Literal["score", "grade", "clearance", "quartile", "gais"]
_LEAST: Final = 1e-9  # keeps a division finite at full clearance
_HALF_GRADE: Final = 0.5
_QUARTERS_PCT: Final = (25.0, 50.0, 75.0)
_LEAST_QUARTER_PCT: Final = 1.0  # the lowest quarter is told as 1 to 25 %

_WORDS: Final[dict[str, tuple[str, Form]]] = {
    "ecca": ("ECCA", "score"),
    "goodman_baron": ("Goodman-Baron grade", "grade"),
    "goodman_baron_quantitative": ("Goodman-Baron score", "score"),
    "fitzpatrick_wrinkle": ("Fitzpatrick wrinkle score", "grade"),
    "clearance": ("clearance", "clearance"),
    "masi": ("MASI", "score"),
    "mmasi": ("mMASI", "score"),
    "vss": ("Vancouver scar scale", "score"),
    "cea": ("clinician's erythema assessment", "grade"),
    "telangiectasia": ("telangiectasia grade", "grade"),
    "iga": ("investigator's global assessment", "grade"),
    "quartile": ("quartile grade", "quartile"),
    "gais": ("GAIS", "gais"),
}
NAMES: Final = tuple(_WORDS)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A published scale.

    `kinds` are the concerns it serves; `low` and `high` its ends; `better` the direction of improvement; `form` how a gain is read:
    a score in proportion, a grade in whole steps, clearance as it is, or a comparison with the photograph before.
    """

    name: str
    words: str
    kinds: tuple[str, ...]
    low: float
    high: float
    unit: str
    better: Literal["lower", "higher"]
    form: Form
    sources: tuple[str, ...]

    @property
    def in_steps(self) -> bool:
        """Whether raters write whole grades, so that a chance of one grade better is told; quarters have their own odds."""
        return self.form in {"grade", "gais"}

    @property
    def compares(self) -> bool:
        """Whether the scale compares with before, so that its baseline is fixed and cannot be stated."""
        return self.form in {"clearance", "quartile", "gais"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """One scale before and after: `before`, `after` and `better_by_one` (chance, 0 to 1; None without grades), each of shape (n,)."""

    scale: Scale
    before: Draws
    after: Draws
    better_by_one: Draws | None
    stated: bool
    sources: tuple[str, ...]


def scale(name: str) -> Scale:
    """A scale by name (`NAMES`).

    Raises UnknownNameError naming the nearest.
    """
    if name not in _WORDS:
        near = difflib.get_close_matches(name, NAMES, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"choose one of {', '.join(NAMES)}."
        msg = f"There is no scale '{name}'; {hint}"
        raise UnknownNameError(msg)
    words, form = _WORDS[name]
    row = evidence.get(f"scale.{name}" if evidence.has(f"scale.{name}") else f"scales.{name}")
    listed = tuple(word.strip() for word in row.conditions.split(","))
    thresholds = tuple(f"scales.gais.{step}" for step in ("worse", "improved", "much", "very_much")) if form == "gais" else ()
    return Scale(
        name=name,
        words=words,
        kinds=CONCERN_KINDS if listed == ("any",) else listed,
        low=float(row.low or 0.0),
        high=float(row.high or 0.0),
        unit=row.unit,
        better="higher" if form in {"clearance", "quartile"} else "lower",
        form=form,
        sources=(row.id, *thresholds),
    )


def scales_for(kind: str) -> tuple[Scale, ...]:
    """Scales that serve a concern, its own first, quartile and GAIS last.

    Raises UnknownNameError for a concern that nobody treats.
    """
    if kind not in CONCERN_KINDS:
        msg = f"There is no concern '{kind}'; choose one of {', '.join(CONCERN_KINDS)}."
        raise UnknownNameError(msg)
    return tuple(found for found in map(scale, NAMES) if kind in found.kinds)


def _triangular(key: str, rank: Draws) -> Draws:
    """Values of a row at these ranks (0 to 1): a triangular law from low to high with its mode at the value."""
    low, mode, high = evidence.numbers(key)
    if not high > low:
        return np.full_like(rank, mode)
    turn = (mode - low) / (high - low)
    rising = low + np.sqrt(rank * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - rank) * (high - low) * (high - mode))
    return np.asarray(np.where(rank < turn, rising, falling))


def _ranks(key: str, seed: int, count: int) -> Draws:
    """Stratified ranks that depend on the seed and the name of the row alone."""
    order = np.random.default_rng([seed, zlib.crc32(key.encode())]).permutation(count)
    return np.asarray((order + 0.5) / count)


def _of_studies(key: str, twins: Twins) -> Draws:
    """A row as what is not known: one value a block, shape (n,)."""
    return _triangular(key, _ranks(key, twins.seed, int(twins.block.max()) + 1)[twins.block])


def usual_baseline(chosen: Scale, kind: str, twins: Twins) -> Draws:
    """The usual baseline of persons treated for a concern, shape (n,); whole grades where the scale has them."""
    if chosen.compares:
        return np.full(twins.n, 4.0 if chosen.form == "gais" else 0.0)
    key = _usual_row(chosen, kind)
    drawn = _triangular(key, _ranks(key, twins.seed, twins.n))
    return np.clip(np.round(drawn) if chosen.in_steps else drawn, chosen.low, chosen.high)


def _usual_row(chosen: Scale, kind: str) -> str:
    special = f"scales.{chosen.name}.usual.{kind}"
    return special if evidence.has(special) else f"scales.{chosen.name}.usual"


def _checked(chosen: Scale, baseline: float) -> float:
    if chosen.compares:
        msg = f"{chosen.words} compares with the photograph before, so it has no baseline; leave {baseline:g} out."
        raise OutOfRangeError(msg)
    if not chosen.low <= baseline <= chosen.high:
        msg = f"{chosen.words} runs from {chosen.low:g} to {chosen.high:g}; a baseline of {baseline:g} lies outside it."
        raise OutOfRangeError(msg)
    return baseline


def _grade_of_quarter(gain_pct: Draws) -> Draws:
    steps = [gain_pct > edge for edge in _QUARTERS_PCT]
    return np.asarray((gain_pct >= _LEAST_QUARTER_PCT).astype(np.float64) + np.sum(steps, axis=0))


def _global_grade(gain_pct: Draws, twins: Twins) -> Draws:
    better = [gain_pct >= _of_studies(f"scales.gais.{step}", twins) for step in ("improved", "much", "very_much")]
    worse = gain_pct < _of_studies("scales.gais.worse", twins)
    return np.asarray(4.0 - np.sum(better, axis=0) + worse)


def _one_better(chosen: Scale, before: Draws, share: Draws) -> Draws:
    """Chance that a rater writes a lower grade, shape (n,).

    A person of grade b lies anywhere from half a grade below to half a grade above b; the gain takes its share of the distance to the
    scale's lowest grade, and the rater rounds. Without a gain nobody moves.
    """
    to_edge = np.maximum(before - _HALF_GRADE - chosen.low, 0.0)  # distance of the next grade's edge from the lowest grade
    moved = np.where(to_edge > 0, to_edge * share / np.maximum(1 - share, _LEAST), 0.0)
    return np.clip(moved, 0.0, 1.0)


def read_scale(chosen: Scale, gain_pct: Draws, twins: Twins, *, kind: str, baseline: float | None = None) -> Reading:
    """A scale before and after a gain in percent, draw by draw; the usual baseline where none is stated.

    For grades `after` is the expected grade (the mean of what many raters would write) and `better_by_one` the chance of a whole grade
    less. A gain below zero raises the score, up to the scale's end.

    Raises OutOfRangeError for a baseline outside the scale or a gain of another shape; UnknownNameError for a concern the scale does not
    serve.
    """
    if kind not in chosen.kinds:
        msg = f"{chosen.words} serves {', '.join(chosen.kinds)}, not {kind}."
        raise UnknownNameError(msg)
    if gain_pct.shape != (twins.n,):
        msg = f"A scale needs one gain a twin, {twins.n}; got the shape {gain_pct.shape}."
        raise OutOfRangeError(msg)
    stated = baseline is not None
    before = np.full(twins.n, _checked(chosen, baseline)) if baseline is not None else usual_baseline(chosen, kind, twins)
    better: Draws | None = None
    own: tuple[str, ...] = ()
    if chosen.form == "clearance":
        after = np.clip(gain_pct, 0.0, PERCENT)
    elif chosen.form == "quartile":
        after = _grade_of_quarter(gain_pct)
    elif chosen.form == "gais":
        after = _global_grade(gain_pct, twins)
        better = (after < before).astype(np.float64)
    else:
        share = gain_pct / PERCENT * _of_studies(f"scales.{chosen.name}.shown", twins)
        after = np.clip(chosen.low + (before - chosen.low) * (1 - share), chosen.low, chosen.high)
        own = (f"scales.{chosen.name}.shown",) if stated else (f"scales.{chosen.name}.shown", _usual_row(chosen, kind))
        if chosen.in_steps:
            better = _one_better(chosen, before, np.clip(share, 0.0, 1.0))
    return Reading(
        scale=chosen, before=before, after=np.asarray(after), better_by_one=better, stated=stated, sources=(*chosen.sources, *own)
    )
