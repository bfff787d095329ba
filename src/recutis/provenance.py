"""What made a result: version, hash of the evidence, seed, inputs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from recutis import __version__


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Enough to make a result again."""

    version: str
    evidence_sha256: str
    seed: int
    inputs_sha256: str


@cache
def evidence_hash() -> str:
    """SHA-256 over all packaged tables, in name order."""
    digest = hashlib.sha256()
    folder = files("recutis.evidence") / "tables"
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".csv"):
            digest.update(entry.name.encode())
            digest.update(entry.read_bytes())
    return digest.hexdigest()


def provenance(inputs: object, *, seed: int) -> Provenance:
    """Provenance of a result made from JSON-like inputs and a seed."""
    text = json.dumps(inputs, sort_keys=True, default=str)
    return Provenance(
        version=__version__,
        evidence_sha256=evidence_hash(),
        seed=seed,
        inputs_sha256=hashlib.sha256(text.encode()).hexdigest(),
    )
