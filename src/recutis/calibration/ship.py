"""Draws from a fit, what they were made from, and whether what ships still belongs together."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recutis import __version__, posterior
from recutis.calibration.fit import Fit
from recutis.calibration.scale import Scale, lawful
from recutis.errors import InputError
from recutis.injury import Injury
from recutis.laser.types import Settings
from recutis.posterior import DRAWS, INJURIES, MANIFEST
from recutis.scorecard.clinical_study import Lab

Array = NDArray[np.float64]
COUNT: Final = 80
"""Draws that ship: one for each world of the clinical card."""
_SEED: Final = 5
_TABLES: Final = ("clinical_outcomes", "recovery", "risks", "pain", "model_response", "model_clinical")
_NUMBERS: Final = (
    "ablation_depth_um", "ablation_width_um", "coagulation_depth_um", "coagulation_rim_um", "lesion_depth_um", "lesion_width_um",
    "coverage_fraction", "epidermis_removed_fraction", "epidermis_killed_fraction", "injured_dermis_um", "purpura_ratio",
    "pigment_ratio", "epidermis_pigment_ratio", "gland_ratio", "bulk_rise_C",
)  # fmt: skip
_FLAGS: Final = ("selective", "fractional")
_SETTINGS: Final = tuple(field.name for field in fields(Settings))


@cache
def evidence_digest() -> str:
    """SHA-256 over the tables that the draws are made from."""
    digest = hashlib.sha256()
    for table in _TABLES:
        text = (files("recutis.evidence") / "tables" / f"{table}.csv").read_text(encoding="utf-8")
        digest.update("\n".join(text.splitlines()).encode())
    return digest.hexdigest()


def draws(mode: Array, covariance: Array, count: int = COUNT) -> Array:
    """Draws of the normal law about a mode, (count, parameters), in pairs on either side so that their mean is the mode."""
    half = np.random.default_rng(_SEED).standard_normal((count // 2, mode.size))
    values, vectors = np.linalg.eigh(covariance)
    step = half * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
    both = np.empty((2 * (count // 2), mode.size))
    both[0::2], both[1::2] = mode + step, mode - step
    return both


def in_units(scales: Sequence[Scale], carried: Array) -> dict[str, Array]:
    """Draws of each parameter in its own unit, by row id; `carried` (draws, parameters) counts prior standard deviations."""
    return lawful(
        {
            one.key: np.array([one.value(one.middle + one.sd * at) for at in carried[:, number]])
            for number, one in enumerate(scales)
        }
    )  # fmt: skip


def _injury_lines(lab: Lab) -> Iterator[list[str]]:
    yield ["device", *_SETTINGS, "site", "phototype", "lesion", *_FLAGS, *_NUMBERS]
    for (device, settings, site, phototype, lesion), injury in sorted(lab.injuries(), key=lambda item: repr(item[0])):
        panel = [getattr(settings, name) for name in _SETTINGS]
        yield [
            device, *("" if value is None else f"{value:g}" for value in panel), site, phototype, lesion,
            *(f"{getattr(injury, name):d}" for name in _FLAGS), *(f"{getattr(injury, name):.4g}" for name in _NUMBERS),
        ]  # fmt: skip


def numbers_of(injury: Injury) -> Array:
    """The numbers of an injury that are kept beside the draws."""
    return np.array([getattr(injury, name) for name in _NUMBERS])


def packed(found: Fit, version: str) -> dict[str, str]:
    """The files that ship, by name, as text."""
    scales = found.problem.scales
    mode, covariance = found.solve()
    table = in_units(scales, draws(mode, covariance))
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["row", *(f"draw_{number + 1}" for number in range(COUNT))])
    lines.writerows([key, *(f"{value:.5g}" for value in values)] for key, values in table.items())
    injuries = io.StringIO()
    csv.writer(injuries, lineterminator="\n").writerows(_injury_lines(found.problem.lab))
    manifest = {
        "version": version, "evidence_sha256": evidence_digest(),
        "injuries_sha256": hashlib.sha256(injuries.getvalue().encode()).hexdigest(), "rows": len(found.problem.data),
        "studies": len({row.study for row in found.problem.data}), "parameters": len(scales), "draws": COUNT,
        "spread": {family: round(value, 4) for family, value in found.spread.items()},
        "mode": [round(float(at), 5) for at in mode],
    }  # fmt: skip
    return {DRAWS: text.getvalue(), INJURIES: injuries.getvalue(), MANIFEST: json.dumps(manifest, indent=1) + "\n"}


def folder() -> Path:
    """Where the shipped files lie.

    Raises InputError when the package is not in a folder that can be written to.
    """
    place = files("recutis.posterior")
    if not isinstance(place, Path):
        msg = "The package is not in a folder, so that its draws cannot be replaced; install it from its source folder first."
        raise InputError(msg)
    return place


def stale() -> tuple[str, ...]:
    """Why the shipped draws no longer belong to the tables and injuries beside them; empty when they do."""
    made = posterior.manifest()
    if not made:
        return ("no draws ship; make them with 'recutis calibrate --write'",)
    reasons = []
    if made["evidence_sha256"] != evidence_digest():
        reasons.append("the tables have changed since the draws were made")
    kept = (folder() / INJURIES).read_text(encoding="utf-8")
    if made["injuries_sha256"] != hashlib.sha256(kept.encode()).hexdigest():
        reasons.append("the kept injuries are not those of the draws")
    return tuple(reasons)


def install(found: Fit) -> None:
    """Put the draws of a fit in the place of those that ship.

    Raises InputError when the package is not in a folder.
    """
    place = folder()
    for name, text in packed(found, __version__).items():
        (place / name).write_text(text, encoding="utf-8")
    posterior.draws.cache_clear()
    posterior.manifest.cache_clear()
