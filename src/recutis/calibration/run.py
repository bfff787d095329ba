"""The whole calibration: laboratory, rows, fit, kept on the way so that an interrupted run goes on where it stood."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recutis.calibration.card_spread import with_card_spreads
from recutis.calibration.fit import Fit, Problem, Progress, fit
from recutis.calibration.rows import data
from recutis.calibration.ship import draws, evidence_digest, in_units
from recutis.posterior import draws as shipped_draws
from recutis.scorecard.clinical_study import Lab
from recutis.scorecard.clinical_table import packaged
from recutis.scorecard.tables import Record

Array = NDArray[np.float64]
_PERSONS = 60  # of each phototype: middles of studies settle to a hundredth of their spread
_STATE = "calibration-state.json"
_SEARCH = 0.4  # share of the time that the search for the mode takes


def state_folder() -> Path:
    """Where an interrupted run is kept: the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "recutis"


def laboratory() -> Lab:
    """A laboratory without luck: one world, study draws in their middle."""
    return Lab(n=_PERSONS, blocks=1, seed=None)


def problem_of(records: tuple[tuple[str, Record], ...] | None = None) -> Problem:
    """The rows of the packaged tables, or those given, with a laboratory of their own."""
    lab = laboratory()
    return Problem(data(packaged() if records is None else records, lab), lab)


def _kept(file: Path, digest: str, parameters: int) -> Array | None:
    """The mode of an interrupted run on the same tables."""
    try:
        state = json.loads(file.read_text(encoding="utf-8"))
        mode = np.array(state["mode"], dtype=np.float64)
    except (OSError, ValueError, KeyError):
        return None
    return mode if state.get("evidence_sha256") == digest and mode.size == parameters else None


def card_laboratory(found: Fit) -> Lab:
    """The laboratory of the clinical card, with the injuries of a fit."""
    return replace(found.problem.lab, n=Lab.n, blocks=Lab.blocks, seed=0)


def calibrate(*, workers: int = 1, progress: Progress | None = None, state_folder: Path | None = None) -> Fit:
    """Fit the response to the packaged tables.

    state_folder : where the mode is kept after each round, and from where an interrupted run on the same tables goes on.

    Raises InputError as `fit` does.
    """
    problem = problem_of()

    def told(share: float, words: str) -> None:
        if progress is not None:
            progress(_SEARCH * share, words)

    if state_folder is None:
        return _on_the_card(fit(problem, workers=workers, progress=told), workers, progress)
    state_folder.mkdir(parents=True, exist_ok=True)
    file, digest = state_folder / _STATE, evidence_digest()

    def keep(mode: Array) -> None:
        file.write_text(json.dumps({"evidence_sha256": digest, "mode": mode.tolist()}), encoding="utf-8")

    found = fit(problem, workers=workers, progress=told, start=_kept(file, digest, len(problem.scales)), keep=keep)
    found = _on_the_card(found, workers, progress)
    file.unlink(missing_ok=True)
    return found


def _on_the_card(found: Fit, workers: int, progress: Progress | None) -> Fit:
    def told(share: float) -> None:
        if progress is not None:
            progress(_SEARCH + (1.0 - _SEARCH) * share, "spreads between studies")

    return with_card_spreads(found, lab=card_laboratory(found), workers=workers, progress=told)


def difference(found: Fit) -> float:
    """Largest difference of a median from that of the shipped draws, in standard deviations of these; infinite where rows differ."""
    mode, covariance = found.solve()
    mine, theirs = in_units(found.problem.scales, draws(mode, covariance)), shipped_draws()
    if set(mine) != set(theirs):
        return float("inf")
    gaps = [abs(np.median(mine[key]) - np.median(theirs[key])) / max(float(theirs[key].std()), 1e-12) for key in mine]
    return float(max(gaps))
