"""Documents come back as they were kept, on every kind of database."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web_people import House, house

from recutis.web.patients.models import Patient
from recutis.web.planning.models import CoursePlan

pytestmark = pytest.mark.django_db
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**20), 10**20)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=4),
)


@pytest.fixture
def north() -> House:
    """A clinic."""
    return house("North")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(document=st.dictionaries(TEXT, DOCUMENTS, max_size=5))
def test_a_document_keeps_its_order_and_its_numbers(document: dict[str, object], north: House) -> None:
    """Text in, the same text out: the order of keys, whole numbers and fractions."""
    patient = north.patients[0]
    Patient.objects.filter(pk=patient.pk).update(file=document)
    assert json.dumps(Patient.objects.get(pk=patient.pk).file) == json.dumps(document)
    patient.file = document
    patient.save(update_fields=["file"])
    assert json.dumps(Patient.objects.get(pk=patient.pk).file) == json.dumps(document)


def test_parts_of_a_document_can_be_asked_for(north: House) -> None:
    """A part is read by the database, so that a plan of a megabyte need not be."""
    document = {"request": {"b": 1.0, "a": "text"}, "front": [1, 2], "none": None}
    plan = CoursePlan.objects.create(
        clinic=north.clinic, patient=north.patients[0], document=document, status="ready", made_by=north.people["nurse"]
    )
    found = CoursePlan.objects.values_list("document__request", "document__front", "document__request__a").get(pk=plan.pk)
    assert found == (document["request"], document["front"], "text")
    assert CoursePlan.objects.get().observation is None
