"""Simulations for tests of the physics page: one real comparison, made once by a desk."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from recutis.web.work import Desk, JobState

FIRST = {"skin": {"site": "cheek", "phototype": "II"}, "device": "UltraPulse DeepFX", "settings": {"energy_mJ": 5.0}}
OTHER = {"skin": {"site": "cheek", "phototype": "II"}, "device": "Candela Vbeam Perfecta"}
VALUES = {
    "site": "cheek", "phototype": "II", "age": "40", "sex": "female", "device": "UltraPulse DeepFX", "energy_mJ": "5",
    "changes": "device", "b_device": "Candela Vbeam Perfecta",
}  # fmt: skip
LONG_S = 300.0  # nothing here takes so long; a test that would wait for ever fails


@cache
def simulated(folder: str) -> JobState:
    """A column and a wide spot side by side, with the files of both in a folder."""
    desk = Desk(1)
    try:
        return desk.wait(desk.submit("simulate", {"exposure": FIRST, "against": OTHER, "folder": folder}), LONG_S)
    finally:
        desk.close()


def result_of(state: JobState) -> dict[str, Any]:
    """What is kept of a simulation."""
    return {**dict(state.facts), **{name: json.loads(text) for name, text in state.documents.items()}}
