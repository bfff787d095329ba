"""`score_card`: which card, which targets, and the finished card."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from recutis.errors import InputError
from recutis.scorecard.types import Card

READY: Final = ("claims", "clinical", "light", "physics")
_CHOICES: Final = "claims, clinical, light or physics"


def score_card(
    what: str,
    *,
    targets: Path | None = None,
    progress: Callable[[float], None] | None = None,
    twins: int = 200,
    seed: int = 0,
) -> Card:
    """Compare what the models compute with a table of statements or of measurements.

    `what` is claims, clinical, light or physics; `targets` a CSV with the columns of the packaged table (which
    is used when None). Same input, `twins` and `seed`: same card.

    Raises InputError for another `what`, and for a table that cannot be read.
    """
    if what not in READY:
        near = difflib.get_close_matches(what, READY, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'? " if near else ""
        msg = f"There is no score card '{what}'; {hint}choose {_CHOICES}."
        raise InputError(msg)
    if what == "clinical":
        from recutis.scorecard.clinical import clinical_card

        return clinical_card(targets, progress=progress, seed=seed)
    if what == "light":
        from recutis.scorecard.light import light_card

        return light_card(targets, seed=seed, progress=progress)
    if what == "physics":
        from recutis.scorecard.physics import physics_card

        return physics_card(targets, progress=progress)
    from recutis.scorecard import claims
    from recutis.scorecard.panel import Panel
    from recutis.scorecard.tables import read_targets

    records = claims.packaged() if targets is None else read_targets(targets, table=claims.TABLE, required=claims.REQUIRED)
    panel = Panel(n=twins, seed=seed, progress=progress)
    return claims.card(claims.claim_rows(panel, records))
