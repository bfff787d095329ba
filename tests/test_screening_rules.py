"""Every row of screening.csv: it can fire, it can be lifted, and the wrong person cannot lift it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from recutis import evidence
from recutis.errors import InputError
from recutis.patient import make_override, parse_patient, screen, unasked
from recutis.patient.profile import History, Person
from recutis.patient.rule import RULES

ROWS = evidence.rows("screening")
IDS = [row.id for row in ROWS]

HEALTHY: dict[str, Any] = {
    "date": "2026-11-22",
    "patient": {
        "age": 40, "sex": "female", "phototype": "II", "tanned": False, "smoker": False, "pregnant": False,
        "breastfeeding": False, "weight_kg": 70, "outdoor_work": False, "last_sun_date": "2026-08-01",
        "event_date": "2027-08-01", "sedation_needed": False,
    },
    "history": {
        "herpes_labialis": False, "keloid": False, "vitiligo": False, "psoriasis": False, "immunosuppressed": False,
        "melasma": False, "isotretinoin": "never", "medications": ["ramipril 5 mg"], "previous_pih": False,
        "gold_therapy": False, "lupus": False, "connective_tissue_disease": False, "diabetes": False,
        "bleeding_disorder": False, "epilepsy_photosensitive": False, "peripheral_vascular_disease": False,
        "radiotherapy_sites": [], "skin_cancer_sites": [], "body_dysmorphic_concern": False, "allergies": [], "implants": [],
        "permanent_makeup_sites": [], "fillers": [], "lid_laxity": False, "blepharoplasty": False, "recent_procedures": [],
        "previous_laser": [{"device_class": "ipl", "result": "good"}],
    },
    "active": {"infection": "none", "acne": "none", "dermatitis": False},
    "concerns": [
        {"kind": "fine_lines", "site": "periorbital", "changing": False, "area_cm2": 20},
        {
            "kind": "age_spots", "site": "cheek", "changing": False, "area_cm2": 5, "diagnosis_confirmed": True,
            "diagnosis": {"what": "solar lentigo", "by": "Dr Moor", "method": "dermatoscopy", "date": "2026-11-01"},
        },
        {"kind": "facial_veins", "site": "nose", "changing": False, "area_cm2": 4, "vessel_diameter_mm": 0.5},
    ],
}  # fmt: skip


def _changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    data = copy.deepcopy(HEALTHY)
    for place, value in changes:
        here: Any = data
        *parts, last = place.split(".")
        for part in parts:
            here = here[int(part)] if part.isdigit() else here[part]
        if last.isdigit():
            here[int(last)] = value
        else:
            here[last] = value
    return data


def _done(kind: str, site: str = "cheek", date: str = "2026-11-15") -> tuple[str, Any]:
    return ("history.recent_procedures", [{"kind": kind, "site": site, "date": date}])


SPOT = {"kind": "age_spots", "site": "cheek", "changing": False, "area_cm2": 5}
VEIN = {"kind": "facial_veins", "site": "nose", "changing": False, "area_cm2": 4}

# rule: (what makes it fire, the change of the file that lifts it)
CASES: dict[str, tuple[tuple[tuple[str, Any], ...], tuple[tuple[str, Any], ...]]] = {
    "SCR-001": ((("history.isotretinoin", "2026-03-20"),), (("history.isotretinoin", "2025-11-21"),)),
    "SCR-002": ((("history.isotretinoin", "current"),), (("history.isotretinoin", "2025-11-21"),)),
    "SCR-003": ((("history.isotretinoin", "2025-11-23"),), (("history.isotretinoin", "2025-11-22"),)),
    "SCR-004": ((("history.isotretinoin", "2026-05-27"),), (("history.isotretinoin", "2026-05-26"),)),
    "SCR-005": ((("active.infection", "bacterial"),), ()),
    "SCR-006": ((("active.infection", "herpes"),), (("active.infection", "fungal"),)),
    "SCR-007": ((("history.herpes_labialis", True),), ()),
    "SCR-008": ((("history.keloid", True),), ()),
    "SCR-009": ((("history.previous_laser", [{"device_class": "ipl", "result": "scarring"}]),), ()),
    "SCR-010": ((("patient.last_sun_date", "2026-11-09"),), (("patient.last_sun_date", "2026-11-08"),)),
    "SCR-011": ((_done("self_tanner", "cheek", "2026-11-09"),), (_done("self_tanner", "cheek", "2026-11-08"),)),
    "SCR-012": ((("patient.pregnant", True),), ()),
    "SCR-013": ((("patient.breastfeeding", True),), ()),
    "SCR-014": ((("history.medications", ["Doxycycline 100 mg"]),), (("history.medications", ["ramipril"]),)),
    "SCR-015": ((("history.gold_therapy", True),), ()),
    "SCR-016": ((("history.diabetes", "uncontrolled"),), (("history.diabetes", "controlled"),)),
    "SCR-017": ((("history.immunosuppressed", True),), ()),
    "SCR-018": ((("history.medications", ["aspirin"]),), ()),
    "SCR-019": ((("history.medications", ["Prednisolone"]),), ()),
    "SCR-020": ((("history.vitiligo", True),), ()),
    "SCR-021": ((("history.psoriasis", True),), ()),
    "SCR-022": ((("history.connective_tissue_disease", True),), ()),
    "SCR-023": ((("history.lupus", True),), ()),
    "SCR-024": ((("history.radiotherapy_sites", ["cheek"]),), (("history.radiotherapy_sites", ["neck"]),)),
    "SCR-025": ((("concerns.0", {"kind": "burn_scar", "site": "chin", "area_cm2": 5}),), ()),
    "SCR-026": ((_done("facelift", "cheek", "2026-05-27"),), (_done("facelift", "cheek", "2026-05-26"),)),
    "SCR-027": ((_done("dermabrasion", "full_face", "2026-05-27"),), (_done("dermabrasion", "neck", "2026-05-27"),)),
    "SCR-028": ((_done("neurotoxin", "periorbital"),), (_done("neurotoxin", "chin"),)),
    "SCR-029": (
        (("history.fillers", [{"kind": "permanent", "site": "cheek"}]),),
        (("history.fillers", [{"kind": "temporary", "site": "cheek"}]),),
    ),
    "SCR-030": ((("patient.age", 17.9),), (("patient.age", 18),)),
    "SCR-031": ((("history.body_dysmorphic_concern", True),), ()),
    "SCR-032": (
        (("concerns.1.changing", True), ("concerns.1.diagnosis", {"what": "lentigo"})),
        (("concerns.1.changing", True),),
    ),
    "SCR-033": ((("concerns.1", {**SPOT, "diagnosis_confirmed": False}),), (("concerns.1", {**SPOT, "diagnosis_confirmed": True}),)),
    "SCR-034": (
        (("concerns.1", {**SPOT, "diagnosis": {"what": "lentigo", "by": "Dr A", "method": "clinical", "date": "2026-11-01"}}),),
        (("concerns.1", {**SPOT, "diagnosis": {"what": "lentigo", "by": "Dr A", "method": "histology", "date": "2026-11-01"}}),),
    ),
    "SCR-035": ((("active.acne", "mild"),), ()),
    "SCR-036": ((("history.melasma", True),), ()),
    "SCR-037": ((("patient.phototype", "V"),), (("patient.phototype", "IV"),)),
    "SCR-038": ((_done("waxing", "cheek", "2026-11-09"),), (_done("waxing", "cheek", "2026-11-08"),)),
    "SCR-039": ((("patient.smoker", True),), ()),
    "SCR-040": (
        (("history.melasma", True), ("history.medications", ["the pill"])),
        (("history.melasma", False), ("history.medications", ["the pill"])),
    ),
    "SCR-041": ((("history.peripheral_vascular_disease", True),), ()),
    "SCR-042": ((("history.bleeding_disorder", True),), ()),
    "SCR-043": ((("history.implants", ["pacemaker"]),), (("history.implants", ["facial_implant"]),)),
    "SCR-044": ((("history.epilepsy_photosensitive", True),), ()),
    "SCR-046": ((("patient.sedation_needed", True),), ()),
    "SCR-047": ((("history.allergies", ["Lidocaine"]),), (("history.allergies", ["birch pollen"]),)),
    "SCR-048": ((("history.medications", ["hydroquinone 4 %"]),), ()),
    "SCR-049": ((("history.isotretinoin", "2026-05-27"),), (("history.isotretinoin", "2026-05-26"),)),
    "SCR-050": ((("patient.outdoor_work", True),), ()),
    "SCR-051": ((("concerns.0.site", "hands"),), (("concerns.0.site", "chin"),)),
    "SCR-052": ((("history.body_dysmorphic_concern", True),), ()),
    "SCR-053": ((("concerns.2", {**VEIN, "diagnosis_confirmed": False}),), (("concerns.2", {**VEIN, "diagnosis_confirmed": True}),)),
    "SCR-054": ((("active.dermatitis", True),), ()),
    "SCR-055": ((("patient.last_sun_date", "2026-10-26"),), (("patient.last_sun_date", "2026-10-25"),)),
    "SCR-056": ((("patient.phototype", "VI"),), (("patient.phototype", "V"),)),
    "SCR-057": ((("patient.phototype", "V"),), (("patient.phototype", "IV"),)),
    "SCR-058": (
        (("patient.phototype", "V"), ("history.keloid", True)),
        (("patient.phototype", "IV"), ("history.keloid", True)),
    ),
    "SCR-059": (
        (("concerns.0", {"kind": "melasma", "site": "forehead", "area_cm2": 9}),),
        (("concerns.0", {"kind": "texture", "site": "forehead", "area_cm2": 9}),),
    ),
    "SCR-060": ((("history.permanent_makeup_sites", ["periorbital"]),), (("history.permanent_makeup_sites", ["neck"]),)),
    "SCR-061": ((("history.lid_laxity", True),), (("history.lid_laxity", True), ("concerns.0.site", "chin"))),
    "SCR-062": ((("history.previous_pih", True),), ()),
    "SCR-063": ((("active.acne", "severe"),), (("active.acne", "moderate"),)),
    "SCR-064": (
        (("concerns.0", {"kind": "undiagnosed", "site": "chin", "changing": False, "area_cm2": 1}),),
        (("concerns.0", {"kind": "texture", "site": "chin", "changing": False, "area_cm2": 1}),),
    ),
    "SCR-065": ((("patient.event_date", "2026-12-20"),), (("patient.event_date", "2026-12-21"),)),
    "SCR-066": ((("history.skin_cancer_sites", ["nose"]),), (("history.skin_cancer_sites", ["hands"]),)),
}  # fmt: skip
MEDICAL = sorted(CASES)
SILENCED = {row.id for row in ROWS if row.fields["superseded_by"]}


def _states(data: dict[str, Any]) -> dict[str, str]:
    found = screen(parse_patient(data))
    return {entry.rule_id: entry.state for entry in (*found.entries, *found.silenced)}


def _override(rule_id: str, role: str = "physician", **more: object) -> Any:
    values = {"by": "Dr Moor", "role": role, "reason": "seen and discussed", "date": "2026-11-22", **more}
    return make_override(rule_id=rule_id, **values)


def test_every_row_is_a_rule_with_a_case():
    """Each row has a predicate and nothing else does; all but the checklist row have a case here."""
    assert set(IDS) == set(RULES)
    assert set(CASES) == set(IDS) - {"SCR-045"}


@pytest.mark.parametrize("rule_id", MEDICAL)
def test_rule_fires(rule_id):
    """The smallest change of a healthy patient that the row speaks of makes it fire."""
    assert _states(_changed(*CASES[rule_id][0]))[rule_id] == "fires"


@pytest.mark.parametrize("rule_id", MEDICAL)
def test_rule_is_lifted_by_the_file(rule_id):
    """The change that the row asks for (a day more, an answer, evidence) ends it."""
    assert _states(_changed(*CASES[rule_id][1])).get(rule_id) in {None, "lifted"}


@pytest.mark.parametrize("rule_id", MEDICAL)
@pytest.mark.parametrize("role", ["nurse", "front_desk", "researcher", "administrator"])
def test_wrong_person_cannot_lift(rule_id, role):
    """Nobody but a physician lifts a rule."""
    patient = parse_patient(_changed(*CASES[rule_id][0]))

    with pytest.raises(InputError, match=f"{rule_id} cannot be overridden by Dr Moor"):
        screen(patient, overrides=(_override(rule_id, role),))


@pytest.mark.parametrize("rule_id", MEDICAL)
def test_physician_lifts_what_may_be_lifted(rule_id):
    """A physician lifts a rule marked physician_with_reason and never one marked never; lifted rules remove nothing."""
    patient = parse_patient(_changed(*CASES[rule_id][0]))
    before = screen(patient)
    if rule_id in {entry.rule_id for entry in before.silenced}:
        with pytest.raises(InputError, match="already gives way to"):
            screen(patient, overrides=(_override(rule_id),))
        return
    if evidence.get(rule_id).fields["override"] == "never":
        with pytest.raises(InputError, match="nobody may lift it"):
            screen(patient, overrides=(_override(rule_id),))
        return

    after = screen(patient, overrides=(_override(rule_id),))

    entry = next(entry for entry in after.entries if entry.rule_id == rule_id)
    assert entry.state == "overridden"
    assert "Dr Moor (physician) on 2026-11-22: seen and discussed" in entry.message
    removed = [rule.rule_id for name, _ in entry.reach for site in ("cheek", "nose") for rule in after.removed(name, site)]
    assert rule_id not in removed


@pytest.mark.parametrize("rule_id", MEDICAL)
def test_removal_follows_severity(rule_id):
    """Absolute and relative rules remove each class they name where they hold; cautions remove nothing."""
    patient = parse_patient(_changed(*CASES[rule_id][0]))
    found = screen(patient)
    for entry in found.entries:
        if entry.rule_id != rule_id:
            continue
        sites = entry.sites or ("cheek",)
        removing = {rule.rule_id for name, _ in entry.reach for site in sites for rule in found.removed(name, site)}
        assert (rule_id in removing) == (entry.severity in {"absolute", "relative"} and bool(entry.reach))


def test_healthy_patient_is_blocked_by_nothing():
    """With every optional answer given harmlessly nothing is removed, open or referred."""
    patient = parse_patient(copy.deepcopy(HEALTHY))
    found = screen(patient)

    assert found.status == "ready"
    assert {entry.rule_id for entry in found.entries} == {"SCR-033", "SCR-034", "SCR-045"}
    assert [entry.state for entry in found.entries] == ["lifted", "lifted", "checklist"]
    assert unasked(patient) == ()


@pytest.mark.parametrize(
    "place", [f"patient.{name}" for name in Person.model_fields] + [f"history.{name}" for name in History.model_fields]
)
def test_every_answer_serves_a_rule(place):
    """No question is asked in vain: each key of patient and history is read by a rule (sex decides who is asked)."""
    read = {name for item in RULES.values() for name in item.reads}
    assert place in read | {"patient.sex"}


OPTIONAL = [
    "patient.outdoor_work", "patient.last_sun_date", "patient.event_date", "patient.sedation_needed", "patient.weight_kg",
    *(f"history.{name}" for name in History.model_fields if name not in {
        "herpes_labialis", "keloid", "vitiligo", "psoriasis", "immunosuppressed", "melasma", "isotretinoin", "medications", "test_spots",
    }),
]  # fmt: skip


@pytest.mark.parametrize("place", OPTIONAL)
def test_absent_answer_is_listed_and_blocks_nothing(place):
    """An optional answer that is absent is unasked: listed, never blocking, never taken as no."""
    patient = parse_patient(_changed((place, None)))
    found = screen(patient)

    assert found.status == "ready"
    assert place in unasked(patient)
    states = {entry.rule_id: entry.state for entry in found.entries if place in entry.asks}
    assert states
    assert set(states.values()) == {"unanswered"}


def test_newer_rule_silences_a_chain():
    """Isotretinoin four months ago: SCR-049 speaks, SCR-004 and through it SCR-003 keep silent."""
    found = screen(parse_patient(_changed(("history.isotretinoin", "2026-07-22"))))

    assert {"SCR-003", "SCR-004"} <= {entry.rule_id for entry in found.silenced}
    assert {entry.rule_id for entry in found.entries if entry.state == "fires"} == {"SCR-001", "SCR-002", "SCR-049"}


def test_older_rule_speaks_when_the_newer_does_not():
    """Isotretinoin eight months ago: the legacy rule of a year stands alone."""
    found = screen(parse_patient(_changed(("history.isotretinoin", "2026-03-20"))))

    assert not found.silenced
    assert "SCR-003" in {entry.rule_id for entry in found.firing}


@pytest.mark.parametrize("name", ["SCR-010", "SCR-999", "SCR-045", "SCR-033"])
def test_override_of_a_silent_rule_is_an_error(name):
    """Nobody overrides a rule that does not fire: absent, unknown, on the checklist, or a gate already open."""
    with pytest.raises(InputError, match=rf"{name} cannot be overridden by Dr Moor: (it does not fire|there is no such rule)"):
        screen(parse_patient(copy.deepcopy(HEALTHY)), overrides=(_override(name),))


def test_same_rule_twice_is_an_error():
    """One override a rule."""
    patient = parse_patient(_changed(("patient.tanned", True)))
    with pytest.raises(InputError, match="listed twice"):
        screen(patient, overrides=(_override("SCR-010"), _override("SCR-010")))


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("by", "  ", "an empty word says nothing"),
        ("reason", "", "an empty word says nothing"),
        ("role", "surgeon", "'physician', 'nurse'"),
        ("date", "yesterday", "year-month-day"),
    ],
)
def test_override_needs_name_reason_role_day(key, value, text):
    """An override without a name, a reason, a known role or a day is refused."""
    data = {"rule_id": "SCR-010", "by": "Dr A", "role": "physician", "reason": "winter", "date": "2026-11-22", key: value}
    with pytest.raises(InputError, match=text):
        make_override(**data)


@pytest.mark.parametrize("row", evidence.rows("medicines"), ids=lambda row: row.fields["name"])
def test_medicine_fires_exactly_the_rules_of_its_row(row):
    """Each name in medicines.csv fires the rules that its row lists and no other; harmless ones fire none."""
    name, group = row.fields["name"], row.fields["medicine_class"]
    listed = {word.strip() for word in row.fields["screening_rules"].split(",") if word.strip()}
    if group == "isotretinoin":
        data = _changed(("history.medications", [f"{name} 20 mg"]), ("history.isotretinoin", "current"))
    elif group == "local_anaesthetic":
        data = _changed(("history.allergies", [name.upper()]))
    else:
        data = _changed(("history.medications", [f"{name.capitalize()} 5 mg"]))
    if group == "hormone":
        data["history"]["melasma"] = True
    found = screen(parse_patient(data))
    firing = {entry.rule_id for entry in (*found.firing, *found.silenced)} - {"SCR-036", "SCR-059"}

    assert firing == listed
