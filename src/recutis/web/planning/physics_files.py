"""Exposure files of the physics page: examples, files that are brought in, and the form taken out as a file."""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from django.conf import settings
from django.http import HttpRequest

from recutis.files import read_yaml, validate
from recutis.simulation import ExposureFile
from recutis.web.awake import CHORES
from recutis.web.uploads import uploaded

_LOG: Final = logging.getLogger("recutis.simulations")
LARGEST_BYTES: Final = 100_000
KEPT_DAYS: Final = 14
"""How long files that a simulation has written stay; they can be written again, and its numbers stay in any case."""
_SECONDS_A_DAY: Final = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Example:
    """An exposure to start from."""

    name: str
    words: str
    document: Mapping[str, Any]


EXAMPLES: Final = (
    Example(
        name="fractional-co2", words="Fractional CO₂ on a cheek: deep narrow columns",
        document={
            "skin": {"site": "cheek", "phototype": "II", "age": 52, "sex": "female"}, "device": "UltraPulse DeepFX",
            "settings": {"energy_mJ": 15, "density_pct": 10}, "passes": 1,
        },
    ),
    Example(
        name="non-ablative-1550", words="1550 nm on acne-scarred skin, four passes",
        document={
            "skin": {"site": "cheek", "phototype": "IV", "age": 29, "sex": "female"}, "device": "Fraxel re:store",
            "settings": {"energy_mJ": 40}, "passes": 4,
        },
    ),
    Example(
        name="pulsed-dye-vessels", words="Pulsed dye laser with cryogen on vessels of the nose",
        document={
            "skin": {"site": "nose", "phototype": "II", "age": 58, "sex": "male"}, "device": "Candela Vbeam Perfecta",
            "settings": {"fluence_J_cm2": 8, "duration_ms": 6, "spot_mm": 7}, "cooling": "cryogen",
        },
    ),
)  # fmt: skip
"""The same exposures as in the folder of examples."""


def read_upload(request: HttpRequest, name: str) -> dict[str, Any]:
    """The exposure file that was uploaded, as JSON values.

    Raises InputError: one sentence about what is wrong with it.
    """
    with uploaded(request, name, what="an exposure file", largest_bytes=LARGEST_BYTES) as path:
        document = read_yaml(path)
    validate(ExposureFile, document)
    found: dict[str, Any] = json.loads(json.dumps(document.data, default=str))
    return found


def yaml_text(document: Mapping[str, Any]) -> str:
    """An exposure as a file of `recutis simulate`."""
    text = yaml.safe_dump(json.loads(json.dumps(document)), sort_keys=False, allow_unicode=True, default_flow_style=False)
    return f"# An exposure for: recutis simulate\n{text}"


def folder_of_files() -> Path:
    """Where simulations write their files, each in a folder of its own."""
    return Path(settings.DATA) / "simulations"


def sweep() -> int:
    """Remove files of simulations that are older than they are kept. Returns how many folders went."""
    oldest = time.time() - KEPT_DAYS * _SECONDS_A_DAY
    gone = 0
    for path in folder_of_files().glob("*"):
        try:
            if path.is_dir() and path.stat().st_mtime < oldest:
                shutil.rmtree(path)
                gone += 1
        except OSError:
            _LOG.warning("files of a simulation could not be removed: %s", path)
    return gone


CHORES.append(sweep)
