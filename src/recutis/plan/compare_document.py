"""Two plans side by side, as a document: what `recutis compare --json` prints."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from recutis.plan.document import Quantity


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ComparedWords(_Part):
    """Something of both plans in words: device, settings, sessions."""

    what: str
    a: str
    b: str
    same: bool


class ComparedNumber(_Part):
    """A number of both plans; `difference` is B less A. Null where a plan does not have it."""

    what: str
    unit: str
    a: float | None
    b: float | None
    difference: float | None


class ComparedQuantity(_Part):
    """A prediction of both plans; `difference` is B less A in the middle, `a_better_pct` the chance that A does better.

    That chance is the share of the same twins in whom A does better; twins that do about the same count half, so that 50 % says that
    neither is better. Its range is over what is not known of the studies. Null where plans were made for different people, and for
    what is not told as a chance.
    """

    what: str
    unit: str
    a: Quantity | None
    b: Quantity | None
    difference: float | None
    a_better_pct: Quantity | None


class PlanComparison(_Part):
    """Two options of two plans point by point; `same_twins` says whether both were evaluated on the same twins, else `why_not`."""

    a: str
    b: str
    same_twins: bool
    why_not: str
    words: tuple[ComparedWords, ...]
    predictions: tuple[ComparedQuantity, ...]
    numbers: tuple[ComparedNumber, ...]
    injury: tuple[ComparedNumber, ...]
