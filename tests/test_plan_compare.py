"""Two plans point by point: nothing gained or lost between a plan and itself, and nobody compared with somebody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from recutis.errors import InputError
from recutis.laser import Clinic
from recutis.patient import read_patient
from recutis.plan.compare import compare_plans
from recutis.plan.document import Plan
from recutis.plan.planner import Request, plan_course
from recutis.plan.write import to_json
from recutis.schema import schema_text

PATIENT = Path(__file__).parents[1] / "examples" / "patients" / "acne-scars.yaml"
Run = Callable[..., tuple[int, str, str]]


def planned(device: str) -> Plan:
    """A plan of a clinic with one device."""
    return plan_course(Request(patient=read_patient(PATIENT), clinic=Clinic.model_validate({"devices": [device]})))


@pytest.fixture(scope="module")
def plan() -> Plan:
    """A plan that opens the skin."""
    return planned("Fraxel re:pair")


@pytest.fixture(scope="module")
def mild() -> Plan:
    """A plan for the same person that does not."""
    return planned("Fraxel re:store")


def test_a_plan_is_as_good_as_itself(plan: Plan) -> None:
    """No difference anywhere, and a chance of one half."""
    found = compare_plans(plan, plan)

    assert found.same_twins
    assert all(words.same for words in found.words)
    assert all(row.difference in {0, None} for row in (*found.predictions, *found.numbers, *found.injury))
    chances = [row.a_better_pct.p50 for row in found.predictions if row.a_better_pct is not None]
    assert len(chances) > 4
    assert set(chances) == {50.0}


def test_what_one_wins_the_other_loses(plan: Plan, mild: Plan) -> None:
    """Turned round, differences change their sign and chances add up to one."""
    there, back = compare_plans(plan, mild), compare_plans(mild, plan)

    assert [row.what for row in there.predictions] == [row.what for row in back.predictions]
    for one, other in zip(there.predictions, back.predictions, strict=True):
        if one.difference is not None:
            assert other.difference is not None
            assert one.difference == pytest.approx(-other.difference)
        if one.a_better_pct is not None:
            assert other.a_better_pct is not None
            assert one.a_better_pct.p50 + other.a_better_pct.p50 == pytest.approx(100, abs=0.1)


def test_the_surely_better_is_found(plan: Plan, mild: Plan) -> None:
    """A course with clearly more days out of sight does worse there in most people."""
    found = compare_plans(plan, mild)
    row = next(item for item in found.predictions if item.what == "social downtime a session")

    assert row.difference is not None
    assert row.a_better_pct is not None
    assert row.difference < -1
    assert row.a_better_pct.p50 < 20


def test_other_people_are_not_compared(plan: Plan) -> None:
    """Another person, or another seed: point by point, without a chance, and it says why."""
    person = read_patient(PATIENT)
    other = person.model_copy(update={"patient": person.patient.model_copy(update={"age": 40})})
    clinic = Clinic.model_validate({"devices": ["Fraxel re:pair"]})
    older = compare_plans(plan, plan_course(Request(patient=other, clinic=clinic)))
    reseeded = compare_plans(plan, plan_course(Request(patient=person, clinic=clinic, seed=3)))

    assert older.why_not == "they were made for different people"
    assert "different seeds (0 and 3)" in reseeded.why_not
    for found in (older, reseeded):
        assert not found.same_twins
        assert all(row.a_better_pct is None for row in found.predictions)


def test_an_option_that_is_not_there_is_one_sentence(plan: Plan) -> None:
    """The sentence says how many there are."""
    with pytest.raises(InputError, match="There is no option 9"):
        compare_plans(plan, plan, option_b=9)


def test_compare_prints_a_table_and_one_document(run: Run, tmp_path: Path, plan: Plan, mild: Plan) -> None:
    """A table for people, with --json what the schema says, and exit 2 for what is no plan."""
    path, other = tmp_path / "plan.json", tmp_path / "other.json"
    path.write_text(to_json(plan), encoding="utf-8")
    other.write_text(to_json(mild), encoding="utf-8")
    status, out, err = run("compare", path, other)
    assert (status, err) == (0, "")
    assert "A better" in out

    status, out, err = run("compare", path, other, "--option-b", 1, "--json")
    assert (status, err) == (0, "")
    jsonschema.validate(json.loads(out), json.loads(schema_text("comparison")))

    path.write_text("{}", encoding="utf-8")
    status, out, err = run("compare", path, path)
    assert (status, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
