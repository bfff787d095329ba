"""A patient file that is still being filled in: what can be read is kept, what cannot is named at its place."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_people import FILE

from recutis.files import Document, problems
from recutis.patient import parse_patient, physician_ceilings, questions, read_draft
from recutis.patient.profile import Patient

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _file(**changes: object) -> dict[str, Any]:
    """The example with values at places such as `patient__age`."""
    made = copy.deepcopy(FILE)
    for place, value in changes.items():
        *blocks, last = place.split("__")
        here: Any = made
        for part in blocks:
            here = here[int(part)] if part.isdigit() else here[part]
        here[last] = value
    return made


def test_a_right_file_is_read_whole() -> None:
    """Nothing is left out, and the patient is the one that the file holds."""
    draft = read_draft(FILE)
    assert draft.complete
    assert draft.patient == parse_patient(FILE)
    assert problems(Patient, Document(name="a file", data=dict(FILE), lines={})) == ()


@pytest.mark.parametrize(
    ("changes", "places", "says"),
    [
        ({"patient__age": "4o"}, ["patient.age"], "is '4o': write a plain number"),
        ({"patient__sex": "male", "patient__pregnant": True}, ["patient.sex", "patient.pregnant"], "contradict each other"),
        (
            {"history__isotretinoin": "never", "history__medications": ["isotretinoin"]},
            ["history.medications", "history.isotretinoin"],
            "medications lists isotretinoin",
        ),
        ({"concerns__0__severity": {"scale": "goodman_baron", "value": 3}}, ["concerns.0.severity"], "suits acne_scars"),
        ({"concerns__0__kind": "age_spots", "concerns__0__site": "cheek", "concerns__0__severity": None}, ["concerns.1"], "twice"),
        ({"concerns__1__vessel_diameter_mm": 0.4}, ["concerns.1.vessel_diameter_mm"], "remove it"),
        ({"concerns__0__kind": "undiagnosed", "concerns__0__severity": None, "concerns__0__diagnosis_confirmed": True},
         ["concerns.0.diagnosis_confirmed"], "name the kind"),
        ({"patient__last_sun_date": "2026-12-01"}, ["patient.last_sun_date"], "after the day of planning"),
        ({"goals__priorities": {"texture": 2}}, ["goals.priorities"], "not among the concerns"),
        ({"patient__shoe_size": 41}, ["patient.shoe_size"], "Unknown key"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_left_out_and_named(changes: dict[str, object], places: list[str], says: str) -> None:
    """Each problem stands at the answers that it concerns; everything else is still read."""
    draft = read_draft(_file(**changes))
    assert [item.place for item in draft.problems] == places
    assert all(says in item.sentence and not item.missing for item in draft.problems)
    assert draft.patient.active == parse_patient(FILE).active


def test_rows_keep_their_numbers_while_others_are_left_out() -> None:
    """A wrong row behind another wrong row is named by its number in the file, not by what is left of the list."""
    rows = [{}, {"kind": "laser", "site": "cheek", "date": "2030-01-01"}, {"kind": "x", "site": "cheek", "date": "2020-01-01"},
            {"kind": "laser", "site": "nose", "date": "2020-01-01"}]  # fmt: skip
    draft = read_draft(_file(history__recent_procedures=rows))
    assert {item.place for item in draft.problems} == {
        "history.recent_procedures.0.kind", "history.recent_procedures.2.kind", "history.recent_procedures.1.date",
    }  # fmt: skip
    assert [item.site for item in draft.patient.history.recent_procedures or ()] == ["nose"]


@pytest.mark.parametrize("concerns", [None, []])
def test_without_a_concern_the_other_answers_are_read(concerns: list[object] | None) -> None:
    """The draft says that a concern is missing and asks the other questions as always."""
    draft = read_draft({"patient": {"age": 46, "sex": "female"}, "concerns": concerns, "goals": {"priorities": {"texture": 2}}})
    assert draft.patient.concerns == ()
    assert [(item.place, item.missing) for item in draft.problems] == [("concerns", True)]
    assert "patient.pregnant" in {item.place for item in questions(draft.patient)}


@given(place=st.sampled_from(["date", "patient", "history", "active", "concerns", "goals", "other"]), value=JSON)
def test_any_block_can_be_anything(place: str, value: Any) -> None:
    """Whatever stands in a block, a draft is made, and a draft without problems is a patient file."""
    data = {**FILE, place: value}
    draft = read_draft(data)
    if draft.complete:
        assert parse_patient(data) == draft.patient


@given(data=st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_any_mapping_can_be_a_draft(data: dict[str, Any]) -> None:
    """Every key that a patient file does not have is named."""
    named = {item.location[0] for item in read_draft(data).problems}
    assert {key for key in data if key not in Patient.model_fields} <= named


def test_ceilings_that_wait_for_a_physician_are_listed_by_phototype() -> None:
    """Full-field ablation of the face in phototype IV waits for a physician; in II nothing does, in VI nobody may."""
    found = {one: dict(physician_ceilings(parse_patient(_file(patient__phototype=one)))) for one in ("II", "IV", "VI")}
    assert found["II"] == found["VI"] == {}
    assert "ablative full co2 on the periorbital" in found["IV"]["CEI-002"]
