"""Published schemas are current, and documents keep to them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from recutis.schema import models, schema_text

ROOT = Path(__file__).parent.parent
NAMES = sorted(models())


@pytest.mark.parametrize("name", NAMES)
def test_published_schema_is_current(name: str) -> None:
    """docs/schema holds what the code says; `make docs` writes it."""
    path = ROOT / "docs" / "schema" / f"{name}.json"

    assert schema_text(name) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted((ROOT / "examples" / "patients").glob("*.yaml")), ids=lambda path: path.stem)
def test_examples_keep_to_the_patient_schema(path: Path) -> None:
    """Each example patient is valid under the published schema."""
    schema = json.loads(schema_text("patient"))
    document = json.loads(json.dumps(yaml.safe_load(path.read_text()), default=str))

    jsonschema.validate(document, schema)
