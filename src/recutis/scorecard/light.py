"""The light card: layered cases with reference reflectance, transmittance and absorption, run and compared."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from recutis import evidence
from recutis.errors import CancelledError, InputError, RecutisError
from recutis.light import Beam, Estimate, Goal, OpticalLayer, transport_layers, transport_wide
from recutis.light.beams import parse
from recutis.light.layered import tally_names
from recutis.scorecard.tables import Record, read_targets
from recutis.scorecard.types import Card
from recutis.units import CM_PER_MM, UM_PER_MM

TABLE: Final = "targets_light"
REQUIRED: Final = ("id", "geometry", "layers", "n_above", "n_below", "beam", "quantity", "value")
MOST_PHOTONS: Final = 100_000_000  # for one case; about a minute of skin on two processors, spent on rare shares only
_ERRORS_ALLOWED: Final = 4.0
_RELATIVE_PCT: Final = 0.1
_ABSOLUTE: Final = 1e-4  # where a target of zero gives no scale
_ROUNDING: Final = 1e-6  # of packets in float32; matters where the light has no scatter at all
_DIGITS: Final = 7
_COARSEST_DIGIT: Final = 0.02  # of its value; a lone digit leaves more open than a comparison bears
_FACTORS: Final = (1.5, 2.0)
_LAYER_KEYS: Final = ("thickness_mm", "mua_per_mm", "mus_per_mm", "g", "n")


@dataclass(frozen=True)
class _Case:
    """What is run once for all rows that ask about it."""

    layers: tuple[OpticalLayer, ...]
    n_above: float
    n_below: float
    beam: Beam


@dataclass(frozen=True, kw_only=True)
class _Target:
    """One row that can be computed; `half_digit` is what the last digit leaves open where no standard error says it."""

    case: _Case
    tally: str
    value: float
    standard_error: float
    half_digit: float

    @property
    def goal(self) -> Goal:
        """The standard error to reach: the row's own, or 0.1 per cent of its value."""
        nothing = self.value == 0.0 and self.standard_error == 0.0
        return Goal(
            tally=self.tally,
            standard_error=_ABSOLUTE if nothing else max(self.standard_error, _RELATIVE_PCT / 100 * abs(self.value)),
        )

    def apart(self, found: Estimate) -> float:
        """Distance in combined standard errors, beyond what the table's digits leave open."""
        gap = max(abs(found.value - self.value) - max(self.half_digit, _ROUNDING), 0.0)
        error = math.hypot(found.standard_error, self.standard_error)
        return 0.0 if gap == 0.0 else gap / error if error > 0.0 else math.inf


def _number(fields: Mapping[str, str], name: str, *, default: float | None = None) -> float:
    """A finite number in a cell. Raises InputError naming the column and the text."""
    text = fields.get(name, "")
    if not text and default is not None:
        return default
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        msg = f"The column {name} holds '{text}', which is not a number."
        raise InputError(msg)
    return number


def _length(value: object) -> float:
    """A thickness; nothing or 'inf' is infinitely thick."""
    return math.inf if value is None or value == "inf" else float(value)  # type: ignore[arg-type]


def _layers(text: str) -> tuple[OpticalLayer, ...]:
    """Layers from their JSON. Raises InputError when it is not a list of layers."""
    try:
        found = json.loads(text)
        if not isinstance(found, list) or not found:
            raise ValueError
        made = []
        for layer in found:
            thickness, mua, mus, g, n = (layer[name] for name in _LAYER_KEYS)
            if unknown := set(layer) - {*_LAYER_KEYS, "name"}:
                msg = f"A layer has the unknown key '{min(unknown)}'; a layer has {', '.join(_LAYER_KEYS)}."
                raise InputError(msg)
            made.append(
                OpticalLayer(
                    thickness_um=_length(thickness) * UM_PER_MM,
                    mua_cm=float(mua) / CM_PER_MM,
                    mus_cm=float(mus) / CM_PER_MM,
                    g=float(g),
                    n=float(n),
                )
            )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        msg = f"The column layers is not a JSON list of layers with {', '.join(_LAYER_KEYS)}."
        raise InputError(msg) from error
    return tuple(made)


def _half_digit(text: str) -> float:
    """Half of the last written digit: '0.0244' leaves 0.00005 open."""
    try:
        exponent = Decimal(text).as_tuple().exponent
    except InvalidOperation:
        return 0.0
    return 0.5 * 10.0**exponent if isinstance(exponent, int) else 0.0


def read_target(fields: Mapping[str, str]) -> _Target:
    """A row as something that can be run. Raises InputError that says why it cannot."""
    geometry = fields["geometry"]
    if geometry != "layers":
        msg = f"The geometry '{geometry}' has no model here; layers have one."
        raise InputError(msg)
    layers = _layers(fields["layers"])
    known = tally_names(len(layers))
    if fields["quantity"] not in known:
        msg = f"The quantity '{fields['quantity']}' is not tallied; {len(layers)} layers have {', '.join(known)}."
        raise InputError(msg)
    value, error = _number(fields, "value"), _number(fields, "standard_error", default=0.0)
    if error < 0.0:
        msg = f"The standard error is {error:g}; it must be at least 0."
        raise InputError(msg)
    case = _Case(layers, _number(fields, "n_above"), _number(fields, "n_below"), parse(fields["beam"]))
    half = 0.0 if error > 0.0 else min(_half_digit(fields["value"]), _COARSEST_DIGIT * abs(value))
    return _Target(case=case, tally=fields["quantity"], value=value, standard_error=error, half_digit=half)


def _row(
    record: Record, target: _Target | None, found: Estimate | None, second: float | None, photons: int, reason: str
) -> dict[str, object]:
    """One row of the card; `second` is the opinion of discrete ordinates, which takes no part in the judgement."""
    fields, inside, apart = record.fields, None, None
    if target is not None and found is not None:
        apart = target.apart(found)
        if target.goal.reached(found, photons):
            inside = apart <= _ERRORS_ALLOWED
        else:
            reason = (
                f"the standard error is {found.standard_error:.2g} after {photons} photons; the comparison asks for "
                f"{target.goal.standard_error:.2g}"
            )
    return {
        "id": fields["id"],
        "tier": fields["tier"],
        "quantity": fields["quantity"],
        "comparator": "=",
        "value": None if target is None else target.value,
        "low": None,
        "high": None,
        "target_standard_error": None if target is None else target.standard_error,
        "found": None if found is None else _digits(found.value),
        "standard_error": None if found is None else _digits(found.standard_error),
        "ordinates": None if second is None else _digits(second),
        "apart": None if apart is None or math.isinf(apart) else _digits(apart),
        "photons": photons,
        "inside": inside,
        "reason": reason,
    }


def _digits(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}") + 0.0


def light_rows(
    records: tuple[Record, ...], *, seed: int = 0, progress: Callable[[float], None] | None = None
) -> list[dict[str, object]]:
    """Every row computed, or with the reason why not. Rows about the same case share one run."""
    targets: list[_Target | None] = []
    reasons = []
    for record in records:
        try:
            targets.append(read_target(record.fields))
            reasons.append("")
        except InputError as error:
            targets.append(None)
            reasons.append(str(error))
    cases = list(dict.fromkeys(target.case for target in targets if target is not None))
    runs: dict[_Case, tuple[dict[str, Estimate], int, str]] = {}
    opinions = {case: _ordinates(case) for case in cases}
    for number, case in enumerate(cases):
        goals = [target.goal for target in targets if target is not None and target.case == case]
        runs[case] = _run(case, goals, seed, _part(progress, number, len(cases)))
    rows = []
    for record, target, reason in zip(records, targets, reasons, strict=True):
        tallies, photons, failed = runs[target.case] if target is not None else ({}, 0, reason)
        found = tallies.get(target.tally) if target is not None else None
        second = opinions[target.case].get(target.tally) if target is not None else None
        rows.append(_row(record, target, found, second, photons, failed))
    return rows


def _part(progress: Callable[[float], None] | None, number: int, of: int) -> Callable[[float], None] | None:
    """Progress within one of several cases."""
    if progress is None:
        return None
    return lambda share: progress((number + share) / of)


def _ordinates(case: _Case) -> dict[str, float]:
    """Tallies of a case by discrete ordinates; none where they refuse it. Shares do not depend on the shape of the beam."""
    try:
        return transport_wide(
            case.layers, angle_deg=case.beam.angle_deg, diffuse=case.beam.diffuse, n_above=case.n_above, n_below=case.n_below
        ).tallies
    except RecutisError:
        return {}


def _run(
    case: _Case, goals: list[Goal], seed: int, progress: Callable[[float], None] | None
) -> tuple[dict[str, Estimate], int, str]:
    """Tallies of a case, photons spent, and the reason when it cannot be run."""
    try:
        light = transport_layers(
            case.layers,
            case.beam,
            goals=goals,
            most_photons=MOST_PHOTONS,
            n_above=case.n_above,
            n_below=case.n_below,
            seed=seed,
            progress=progress,
        )
    except CancelledError:
        raise
    except RecutisError as error:
        return {}, 0, str(error)
    return light.tallies, light.photons, ""


def summary(rows: list[dict[str, object]]) -> dict[str, object]:
    """Rows, computed, inside, within factors of 1.5 and 2, and the median |ln(found/value)| of rows above zero."""
    pairs = [(row["found"], row["value"]) for row in rows]
    ratios = [
        abs(math.log(found / value))
        for found, value in pairs
        if isinstance(found, float) and isinstance(value, float) and found > 0.0 and value > 0.0
    ]
    return {
        "rows": len(rows),
        "computed": sum(row["found"] is not None for row in rows),
        "inside": sum(row["inside"] is True for row in rows),
        "two_sided": len(ratios),
        "within_factor_1.5": sum(ratio <= math.log(_FACTORS[0]) for ratio in ratios),
        "within_factor_2": sum(ratio <= math.log(_FACTORS[1]) for ratio in ratios),
        "median_abs_ln": _digits(statistics.median(ratios)) if ratios else None,
    }


_HEADS: Final = ("Id", "Quantity", "Target", "Found", "±", "Ordinates", "Off", "In", "Reason")


def _line(row: Mapping[str, object]) -> tuple[str, ...]:
    """A row as it is printed; a reason stands where the numbers would."""

    def number(value: object) -> str:
        return f"{value:.6f}" if isinstance(value, float) else "-"

    apart, error = row["apart"], row["standard_error"]
    return (
        str(row["id"]),
        str(row["quantity"]),
        number(row["value"]),
        number(row["found"]) if row["found"] is not None else "not computed",
        f"{error:.0e}" if isinstance(error, float) else "-",
        number(row["ordinates"]),
        f"{apart:.1f}" if isinstance(apart, float) else "-",
        {True: "yes", False: "no", None: "-"}[row["inside"]],  # type: ignore[index]
        str(row["reason"]),
    )


def _printed(rows: list[dict[str, object]]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Heads and lines; the reasons have a column only where there is one."""
    columns = len(_HEADS) if any(row["reason"] for row in rows) else len(_HEADS) - 1
    return _HEADS[:columns], tuple(_line(row)[:columns] for row in rows)


def light_card(targets: Path | None, *, seed: int = 0, progress: Callable[[float], None] | None = None) -> Card:
    """The card of all layered cases in the packaged table or in one from outside.

    A row is inside when it lies within four combined standard errors of its target, beyond half of the target's last digit.

    Raises InputError when the table cannot be read.
    """
    if targets is None:
        records = tuple(Record(place=row.id, fields=dict(row.fields)) for row in evidence.rows(TABLE))
    else:
        records = read_targets(targets, table=TABLE, required=REQUIRED)
    rows = light_rows(records, seed=seed, progress=progress)
    counts = summary(rows)
    words = (
        f"{counts['computed']} of {counts['rows']} rows computed, {counts['inside']} of them within "
        f"{_ERRORS_ALLOWED:g} standard errors of their targets."
    )
    heads, lines = _printed(rows)
    return Card(
        what="light",
        rows=tuple(rows),
        summary=counts,
        heads=heads,
        table=lines,
        closing_text=words,
    )
