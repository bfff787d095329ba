"""The pages on the patient file and on screening keep up with the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from recutis import evidence
from recutis.patient.pages import _BLOCKS, patient_file_page, screening_page
from recutis.patient.profile import Patient, questions
from recutis.patient.rule import RULES

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize(("name", "made"), [("patient-file.md", patient_file_page), ("screening.md", screening_page)])
def test_page_is_current(name, made):
    """The page in docs/ is what the code would write; `make docs` writes it anew."""
    assert (DOCS / name).read_text(encoding="utf-8") == made()


def test_every_key_is_documented():
    """Each key of each block has a row with a meaning."""
    page = patient_file_page()
    for _, model in _BLOCKS:
        for key, field in model.model_fields.items():
            assert field.description, key
            assert f"| `{key}` |" in page


def test_every_rule_is_documented():
    """Each row has a heading and a sentence on what fires it."""
    page = screening_page()
    for row in evidence.rows("screening"):
        assert f"### {row.id} " in page
        assert len(RULES[row.id].fires_when) > 10


def test_answers_marked_must_are_those_that_are_asked():
    """The page's word 'must' and the questions agree."""
    patient = Patient.model_validate({"concerns": [{"kind": "texture", "site": "cheek"}]})
    page = patient_file_page().splitlines()
    asked = {item.place.rpartition(".")[2] for item in questions(patient)}
    marked = {line.split("`")[1] for line in page if "| must |" in line}

    assert marked == asked


def test_reads_name_places_that_exist():
    """What a rule says that it reads is a key of the patient file."""
    known = {f"{title.removesuffix(', each')}.{key}" for title, model in _BLOCKS for key in model.model_fields}
    for item in RULES.values():
        assert set(item.reads) <= known, item.id
