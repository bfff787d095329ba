"""Quantities by name: which function computes what the column `quantity_to_compute` asks for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from recutis.classes import DEVICE_CLASSES
from recutis.scorecard.panel import Panel, Treated
from recutis.scorecard.types import Answer, Computed

Quantity = Callable[[Panel, str], Computed]
"""Computes one quantity from the panel; the word is the kind of concern a statement speaks of, or empty."""

_REGISTRY: dict[str, Quantity] = {}
_SEPARATOR: Final = re.compile(r",(?![^()]*\))|;|\bvs\b(?!_)|\band\b(?![^()]*\))")
_PROBABILITY: Final = re.compile(
    r"^p(?:robability)?\s*\(\s*([a-z_]*)\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?)\s*(.*?)\s*\)$", re.IGNORECASE
)
_IDENTIFIER: Final = re.compile(r"^[A-Za-z][A-Za-z0-9_]*")


def quantity(*names: str) -> Callable[[Quantity], Quantity]:
    """Register a function under one or more names."""

    def keep(function: Quantity) -> Quantity:
        for name in names:
            _REGISTRY[name] = function
        return function

    return keep


def known_names() -> tuple[str, ...]:
    """All names that can be computed, sorted; probabilities such as `p(>=50 pct)` come on top."""
    _load()
    return tuple(sorted(_REGISTRY))


def _load() -> None:
    """Fill the registry: the functions register themselves on import."""
    from recutis.scorecard import quantities_outcome, quantities_risk, quantities_safety, quantities_time

    del quantities_outcome, quantities_risk, quantities_safety, quantities_time


def split_names(text: str) -> tuple[str, ...]:
    """Names in a cell of `quantity_to_compute`, without remarks in brackets or after the name.

    'PIH_pct and PIH_weeks' gives two; 'p(>=50 pct)' and 'probability(downtime<=7 d)' stay whole.
    """
    found = []
    for part in _SEPARATOR.split(text):
        word = part.strip()
        if not word:
            continue
        if _PROBABILITY.match(word) or _is_bare_probability(word):
            found.append(word)
            continue
        match = _IDENTIFIER.match(word)
        name = match.group(0) if match else word
        rest = word[len(name) :]
        by = re.match(r"^\s+by\s+(phototype|scar type)", rest)
        found.append(f"{name}_by_{by.group(1).replace(' ', '_')}" if by else name)
    return tuple(dict.fromkeys(found))


def _is_bare_probability(word: str) -> bool:
    return re.match(r"^p(?:robability)?\s*\(", word) is not None


def probability_of(word: str) -> tuple[str, str, float] | None:
    """('improvement', '>=', 75.0) of 'p(>=75 pct improvement)'; None when the word is no probability that is known."""
    match = _PROBABILITY.match(word)
    if match is None:
        return None
    what = match.group(1).lower() or (match.group(4).split()[-1].lower() if match.group(4) else "improvement")
    what = {"pct": "improvement", "d": "downtime", "days": "downtime"}.get(what, what)
    return what, match.group(2), float(match.group(3))


def compute(name: str, panel: Panel, concern: str) -> Computed:
    """A quantity by name. A name that nothing computes gives a quantity without cases and with the reason."""
    _load()
    word = probability_of(name)
    if word is not None:
        from recutis.scorecard.quantities_outcome import probability

        found = probability(panel, concern, *word)
        if found is not None:
            return found
    for known in (name, name.partition("_by_")[0]):
        if known in _REGISTRY:
            return _REGISTRY[known](panel, concern)
    return Computed(name=name, unit="", by={}, missing={"any": f"nothing here computes '{name}'"})


def by_class(
    panel: Panel,
    person: str,
    name: str,
    unit: str,
    value: Callable[[Treated], Answer | dict[str, Answer]],
    *,
    sources: Callable[[Treated], tuple[str, ...]] | tuple[str, ...] = (),
    note: str = "",
    label: str = "",
    pattern: Callable[[str], bool] = lambda _name: True,
) -> Computed:
    """One quantity of one reference person over all device classes.

    `value` gives the answer of a class, or several by sub-case; `label` is added to the case
    (`phototype IV`). A class that is not used in this person is listed as missing, with the reason.
    """
    by: dict[str, Answer] = {}
    missing: dict[str, str] = {}
    rows: dict[str, None] = {}
    for device_class in filter(pattern, DEVICE_CLASSES):
        case = f"{device_class}, {label}" if label else device_class
        treated = panel.treat(person, device_class)
        if isinstance(treated, str):
            missing[case] = treated
            continue
        answer = value(treated)
        if isinstance(answer, dict) and not answer:
            missing[case] = "no visible change on the concern asked about"
        elif isinstance(answer, dict):
            by |= {f"{case}, {part}": item for part, item in answer.items()}
        else:
            by[case] = answer
        rows |= dict.fromkeys(sources(treated) if callable(sources) else sources)
    return Computed(name=name, unit=unit, by=by, missing=missing, sources=tuple(rows), note=note)


def merged(name: str, parts: list[Computed]) -> Computed:
    """Several quantities of one name as one, cases side by side."""
    return Computed(
        name=name,
        unit=parts[0].unit,
        by={case: answer for part in parts for case, answer in part.by.items()},
        missing={case: reason for part in parts for case, reason in part.missing.items()},
        sources=tuple(dict.fromkeys(row for part in parts for row in part.sources)),
        note=parts[0].note,
    )
