"""Plans of invented patients, made once by `scripts/build_demo.py` and moved to any day."""

from __future__ import annotations

import datetime
import gzip
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

_FRONT: Final = 40
_DAY: Final = re.compile(r'(?<=")\d{4}-\d{2}-\d{2}(?=")')


@dataclass(frozen=True, kw_only=True)
class DemoPlan:
    """A patient file and the plan that was made from it."""

    file: dict[str, Any]
    document: dict[str, Any]


@cache
def _kept() -> dict[str, Any]:
    return dict(json.loads(gzip.decompress((files("recutis.web.demo") / "plans.json.gz").read_bytes())))


def clinic_file() -> dict[str, Any]:
    """The devices of the demo clinic, as a clinic file."""
    return dict(_kept()["clinic"])


def how_many() -> int:
    """How many plans there are."""
    return len(_kept()["plans"])


def file(number: int, day: datetime.date) -> dict[str, Any]:
    """The patient file of a plan alone, as if it had been filled in on that day."""
    return dict(json.loads(_moved(_text(number % how_many(), "file"), day)))


def plan(number: int, day: datetime.date, *, short: bool = False) -> DemoPlan:
    """A plan as if it had been made on that day; all its days move together.

    With `short` the chart keeps its front only, which makes the document shorter by a quarter.
    """
    text = _text(number % how_many(), "short" if short else "document")
    return DemoPlan(file=file(number, day), document=dict(json.loads(_moved(text, day))))


@cache
def _text(number: int, what: str) -> str:
    kept = _kept()["plans"][number]
    if what != "short":
        return json.dumps(kept[what], ensure_ascii=False)
    front = [point for point in kept["document"]["front"] if point["on_front"] or point["option_rank"]]
    return json.dumps({**kept["document"], "front": front[:_FRONT]}, ensure_ascii=False)


def _moved(text: str, day: datetime.date) -> str:
    shift = day - datetime.date.fromisoformat(_kept()["day"])
    return _DAY.sub(lambda found: (datetime.date.fromisoformat(found[0]) + shift).isoformat(), text)
