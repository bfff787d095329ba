"""What screening makes of whole patients: the five examples, the statuses and their order, dates and medicines."""

from __future__ import annotations

import copy
import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from recutis.classes import DEVICE_CLASSES
from recutis.errors import InputError
from recutis.patient import make_override, parse_patient, questions, read_overrides, read_patient, screen, traits, unasked
from recutis.patient.medicines import classes_of

EXAMPLES = Path(__file__).parents[1] / "examples" / "patients"
LINES = yaml.safe_load((EXAMPLES / "lines-and-age-spots.yaml").read_text(encoding="utf-8"))


def _patient(**blocks: dict[str, Any]) -> Any:
    data = copy.deepcopy(LINES)
    for block, answers in blocks.items():
        data[block].update(answers)
    return parse_patient(data)


@pytest.mark.parametrize("name", ["acne-scars", "decolletage", "facial-veins", "lines-and-age-spots"])
def test_example_is_ready(name):
    """Four of the five examples may be planned, with every required answer given."""
    patient = read_patient(EXAMPLES / f"{name}.yaml")

    assert questions(patient) == ()
    assert screen(patient).status == "ready"


def test_changing_spot_is_referred_urgently():
    """The changing spot goes to a dermatologist: SCR-032 fires, says what lifts it, and no class is left."""
    found = screen(read_patient(EXAMPLES / "changing-spot.yaml"))
    entry = next(entry for entry in found.entries if entry.rule_id == "SCR-032")

    assert (found.status, found.urgent, entry.state, entry.override) == ("refer", True, "fires", "never")
    assert "benign by dated dermatoscopy or histology" in entry.lifts_when
    assert all(found.removed(name, "cheek") for name in DEVICE_CLASSES)


def test_confirmation_without_details_opens_the_gate_with_a_warning():
    """diagnosis_confirmed alone opens the pigment gate, and the entry says what the file leaves out."""
    found = screen(read_patient(EXAMPLES / "lines-and-age-spots.yaml"))
    gate = next(entry for entry in found.entries if entry.rule_id == "SCR-033")

    assert gate.state == "lifted"
    assert "does not say what it is, who found it, how and when" in gate.message
    assert not found.removed("pigment_qs_532", "cheek")


def test_changing_lesion_fires_in_spite_of_confirmation():
    """A bare 'confirmed' does not answer a lesion that changes."""
    spot = {"kind": "age_spots", "site": "cheek", "diagnosis_confirmed": True, "changing": True}
    patient = parse_patient({**LINES, "concerns": [spot], "goals": {}})

    assert screen(patient).status == "refer"


@pytest.mark.parametrize("what", ["lentigo maligna", "melanoma", "BCC", "suspicious naevus", "unclear", "actinic keratosis"])
def test_named_cancer_is_referred(what):
    """A complete diagnosis that names a cancer, a precursor or a doubt is a referral, not an open gate."""
    told = {"what": what, "by": "Dr Moor", "method": "dermatoscopy", "date": "2026-11-01"}
    spot = {"kind": "age_spots", "site": "cheek", "diagnosis_confirmed": True, "diagnosis": told}
    found = screen(parse_patient({**LINES, "concerns": [spot], "goals": {}}))

    assert found.status == "refer"
    assert found.removed("pigment_pico_532", "cheek")


@pytest.mark.parametrize("what", ["solar lentigo", "benign, no melanoma", "ephelides", "seborrhoeic keratosis"])
def test_benign_diagnosis_opens_the_gate(what):
    """A complete benign diagnosis is as good as the bare answer, and better: no warning is left."""
    told = {"what": what, "by": "Dr Moor", "method": "dermatoscopy", "date": "2026-11-01"}
    spot = {"kind": "age_spots", "site": "cheek", "diagnosis": told, "changing": True}
    patient = parse_patient({**LINES, "concerns": [spot], "goals": {}})

    assert questions(patient) == ()
    assert screen(patient).status == "ready"


@pytest.mark.parametrize(
    ("blocks", "status"),
    [
        ({"patient": {"pregnant": True}}, "deferred"),
        ({"patient": {"breastfeeding": True}}, "deferred"),
        ({"active": {"infection": "fungal"}}, "deferred"),
        ({"active": {"dermatitis": True}}, "deferred"),
        ({"history": {"psoriasis": True}}, "deferred"),
        ({"patient": {"event_date": "2026-12-01"}}, "deferred"),
        ({"patient": {"age": 16}}, "blocked"),
        ({"history": {"body_dysmorphic_concern": True}}, "blocked"),
        ({"history": {"body_dysmorphic_concern": True}, "patient": {"pregnant": True}}, "blocked"),
        ({"patient": {"phototype": None}}, "needs_answers"),
        ({"patient": {"phototype": None, "pregnant": True}}, "deferred"),
        ({"patient": {"smoker": True}}, "ready"),
        ({"patient": {"phototype": "VI"}}, "ready"),
        ({"patient": {"tanned": True}}, "deferred"),
    ],
)  # fmt: skip
def test_status_order(blocks, status):
    """Refer before blocked before deferred before needs_answers before ready; removing some classes leaves ready."""
    assert screen(_patient(**blocks)).status == status


def test_tan_defers_only_what_it_removes():
    """Veins under a tan keep the 1064 nm laser; lines lose every laser until the tan has faded."""
    veins = yaml.safe_load((EXAMPLES / "facial-veins.yaml").read_text(encoding="utf-8"))
    veins["patient"]["tanned"] = True
    found = screen(parse_patient(veins))

    assert found.status == "ready"
    assert not found.removed("vascular_ndyag_1064", "nose")
    assert found.removed("vascular_pdl_595", "nose")


def test_until_counts_from_the_event():
    """The wait starts at the day of the sun when it is known, else at the day of planning."""
    known = {entry.rule_id: entry.until for entry in screen(_patient(patient={"last_sun_date": "2026-11-20"})).firing}
    open_day = {entry.rule_id: entry.until for entry in screen(_patient(patient={"tanned": True})).firing}

    assert known["SCR-010"] == datetime.date(2026, 12, 4)
    assert known["SCR-055"] == datetime.date(2026, 12, 18)
    assert open_day["SCR-055"] == datetime.date(2026, 12, 20)


def test_rules_of_a_site_leave_other_sites_free():
    """Ink on the cheek removes pigment lasers there and not around the eyes."""
    found = screen(_patient(history={"permanent_makeup_sites": ["full_face"]}))
    cheek = screen(_patient(history={"permanent_makeup_sites": ["cheek"]}))

    assert found.removed("ipl", "periorbital")
    assert cheek.removed("ipl", "cheek")
    assert not cheek.removed("ipl", "periorbital")


def test_perioral_fractional_is_a_caution_around_the_mouth_only():
    """'perioral fractional' covers fractional classes at the mouth and the full face, not on the cheek."""
    entry = next(entry for entry in screen(_patient()).entries if entry.rule_id == "SCR-007")

    assert entry.covers("nonablative_fractional_1550", "perioral")
    assert entry.covers("nonablative_fractional_1550", "full_face")
    assert not entry.covers("nonablative_fractional_1550", "cheek")
    assert entry.covers("ablative_fractional_co2", "cheek")


def test_things_that_are_no_lasers_still_speak():
    """A pacemaker removes no laser and is still told for radiofrequency."""
    found = screen(_patient(history={"implants": ["pacemaker"]}))
    entry = next(entry for entry in found.entries if entry.rule_id == "SCR-043")

    assert (entry.state, entry.applies_to) == ("fires", ("rf_any",))
    assert not any("SCR-043" in {rule.rule_id for rule in found.removed(name, "cheek")} for name in DEVICE_CLASSES)


@pytest.mark.parametrize(
    ("name", "medicine_class"),
    [
        ("Doxycycline 100 mg daily", "tetracycline"),
        ("doxycycline-hyclate", "tetracycline"),
        ("ramipril/hydrochlorothiazide 5/25", "thiazide"),
        ("ASPIRIN", "antiplatelet"),
        ("tretinoin 0.05 % cream", "topical_retinoid"),
        ("combined contraceptives", "hormone"),
        ("methotrexate 15 mg weekly", "methotrexate"),
    ],
)
def test_medicine_is_matched_by_word(name, medicine_class):
    """Names are matched word by word, whatever the case, dose or salt."""
    assert medicine_class in classes_of(name)


def test_part_of_a_word_is_no_match():
    """'goldenrod' is not gold, and 'spill' is not the pill."""
    assert classes_of("goldenrod") == classes_of("spill") == frozenset()


def test_unknown_medicine_goes_to_the_prescriber():
    """A name that the table does not know is never taken as harmless: the prescriber is asked."""
    listed = unasked(_patient(history={"medications": ["zzyzxmab"]}))

    assert any("'zzyzxmab' is not in the table of medicines; ask the prescriber" in text for text in listed)


def test_no_message_advises_to_stop_a_medicine():
    """Medicines of every class: what the entries demand is to ask the prescriber, not to stop."""
    names = ["doxycycline", "warfarin", "aspirin", "prednisolone", "methotrexate", "adalimumab", "ciclosporin", "estradiol"]
    found = screen(_patient(history={"medications": names, "melasma": True}))
    for entry in found.entries:
        if entry.rule_id in {"SCR-014", "SCR-018", "SCR-019", "SCR-040"}:
            assert "stop " not in entry.required_action.replace("never advise stopping", "")


def test_large_area_under_cream_depends_on_weight():
    """The area that may be numbed shrinks with a body below the weight of its row."""
    concern = {**LINES["concerns"][0], "area_cm2": 200}
    data = {**LINES, "concerns": [concern], "goals": {}}
    heavy = parse_patient({**data, "patient": {**LINES["patient"], "weight_kg": 60}})
    light = parse_patient({**data, "patient": {**LINES["patient"], "weight_kg": 30}})

    assert "SCR-047" not in {entry.rule_id for entry in screen(heavy).firing}
    assert "SCR-047" in {entry.rule_id for entry in screen(light).firing}


def test_new_large_spot_is_named_in_the_warning():
    """A confirmed spot that is wide or new opens the gate with a word about histology."""
    spot = {"kind": "age_spots", "site": "cheek", "side": "left", "size_mm": 9, "age_months": 3, "diagnosis_confirmed": True}
    found = screen(parse_patient({**LINES, "concerns": [spot], "goals": {}}))
    message = next(entry.message for entry in found.entries if entry.rule_id == "SCR-034")

    assert "left cheek" in message
    assert "9 mm wide: histology" in message
    assert "new (3 months)" in message


def test_ceiling_that_asks_for_a_physician_can_be_overridden():
    """CEI-002 is lifted by a physician in phototype IV, by nobody else, and not where it does not apply."""
    brown = _patient(patient={"phototype": "IV"})
    values = {"rule_id": "CEI-002", "by": "Dr Moor", "reason": "deep lines", "date": "2026-11-22"}

    assert screen(brown, (make_override(role="physician", **values),)).overridden == {"CEI-002"}
    with pytest.raises(InputError, match="the role nurse may not"):
        screen(brown, (make_override(role="nurse", **values),))
    with pytest.raises(InputError, match="no ceiling that asks for a physician"):
        screen(_patient(), (make_override(role="physician", **values),))


def test_overrides_come_from_a_file(tmp_path):
    """A YAML list of decisions is read; an empty one is an error with a hint."""
    path = tmp_path / "overrides.yaml"
    path.write_text(
        "overrides:\n  - {rule_id: SCR-010, by: Dr Moor, role: physician, reason: winter trip, date: 2026-11-22}\n",
        encoding="utf-8",
    )
    assert read_overrides(path)[0].reason == "winter trip"

    path.write_text("overrides: []\n", encoding="utf-8")
    with pytest.raises(InputError, match="lists no overrides"):
        read_overrides(path)


def test_traits_keep_open_answers_open():
    """What was not answered is None in the traits, never False."""
    found = traits(_patient(), "cheek")

    assert (found.previous_pih, found.diabetes, found.outdoor_work) == (None, None, None)
    assert (found.phototype, found.herpes_history, found.site) == ("III", True, "cheek")


def test_traits_need_age_sex_and_phototype():
    """Nothing is drawn for a person of unknown age, sex or phototype."""
    with pytest.raises(InputError, match="must be answered before anything is predicted"):
        traits(_patient(patient={"sex": None}), "cheek")


def _spot(**more: object) -> dict[str, object]:
    made = {"device_class": "vascular_pdl_595", "site": "nose", "date": "2026-10-20", "read_on": "2026-11-17", "result": "clean"}
    return {**made, **more}


@pytest.mark.parametrize(
    ("spots", "freed"),
    [
        ([], False),
        ([_spot()], True),
        ([_spot(read_on="2026-11-16")], False),
        ([_spot(result="pigment_change")], False),
        ([_spot(), _spot(date="2026-09-01", read_on="2026-10-10", result="pigment_change")], False),
        ([_spot(site="cheek")], False),
        ([_spot(device_class="ipl")], False),
    ],
)
def test_clean_test_spot_frees_its_class_on_its_site(spots, freed):
    """Phototype V: a spot read clean after four weeks frees that class there, and nothing else does."""
    veins = yaml.safe_load((EXAMPLES / "facial-veins.yaml").read_text(encoding="utf-8"))
    veins["patient"]["phototype"] = "V"
    veins["history"]["test_spots"] = spots
    found = screen(parse_patient(veins))

    assert (not found.removed("vascular_pdl_595", "nose")) == freed
    assert found.removed("vascular_ktp_532", "nose")


def test_clean_test_spot_answers_earlier_pih():
    """Earlier dark marks remove peeling lasers until a test spot of that class was clean."""
    spot = _spot(device_class="nonablative_fractional_1550", site="periorbital")
    lines = {"concerns": [LINES["concerns"][0]], "goals": {}}
    shut = parse_patient({**LINES, **lines, "history": {**LINES["history"], "previous_pih": True}})
    freed = parse_patient({**LINES, **lines, "history": {**LINES["history"], "previous_pih": True, "test_spots": [spot]}})

    assert screen(shut).status == "blocked"
    assert screen(freed).status == "ready"


@pytest.mark.parametrize(
    ("spot", "text"),
    [
        (_spot(read_on="2026-10-01"), "was read on 2026-10-01, before it was made on 2026-10-20"),
        (_spot(read_on="2027-01-01"), r"history\.test_spots\.0\.read_on is 2027-01-01, after the day of planning"),
        (_spot(device_class="vascular_pdl_59"), "there is no such device class; did you mean 'vascular_pdl_595'"),
    ],
)
def test_wrong_test_spot_is_told(spot, text):
    """A test spot read before it was made, in the future, or of an unknown class is an error."""
    with pytest.raises(InputError, match=text):
        _patient(history={"test_spots": [spot]})


@pytest.mark.parametrize(("kind", "rule_id"), [("melasma", "SCR-064"), ("texture", "SCR-064"), ("facial_veins", "SCR-053")])
def test_denied_diagnosis_is_never_planned_over(kind, rule_id):
    """A concern whose diagnosis is denied is referred; redness loses vascular and ablative lasers until it has a name."""
    concern = {"kind": kind, "site": "nose", "diagnosis_confirmed": False}
    found = screen(parse_patient({**LINES, "concerns": [concern], "goals": {}}))

    assert rule_id in {entry.rule_id for entry in found.firing}
    assert found.removed("vascular_pdl_595", "nose")
