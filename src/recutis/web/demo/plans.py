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


def plan(number: int, day: datetime.date, *, short: bool = False) -> DemoPlan:
    """A plan as if it had been made on that day; all its days move together.

    With `short` the chart keeps its front only, which halves the document.
    """
    kept = _kept()
    shift = day - datetime.date.fromisoformat(kept["day"])
    one = kept["plans"][number % how_many()]
    text = json.dumps(one, ensure_ascii=False)
    moved = json.loads(_DAY.sub(lambda found: (datetime.date.fromisoformat(found[0]) + shift).isoformat(), text))
    document = dict(moved["document"])
    if short:
        document["front"] = [point for point in document["front"] if point["on_front"] or point["option_rank"]][:40]
    return DemoPlan(file=dict(moved["file"]), document=document)
