"""The patient file: what is accepted, what is asked, and what a wrong file is told."""

from __future__ import annotations

import copy
import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from recutis import evidence
from recutis.errors import InputError
from recutis.patient import Patient, parse_patient, questions, read_patient, screen, severity_fraction, unasked
from recutis.patient.words import Kind, Phototype, Scale, Site
from recutis.sites import CONCERN_KINDS, PHOTOTYPES, SITES

EXAMPLES = sorted((Path(__file__).parents[1] / "examples" / "patients").glob("*.yaml"))
TEXT = next(path for path in EXAMPLES if path.stem == "lines-and-age-spots").read_text(encoding="utf-8")
DATA: dict[str, Any] = yaml.safe_load(TEXT)

NEVER = "isotretinoin: never"
BAD = [
    # (text in the good file, what it becomes, what the sentence says)
    ("age: 46", "age: -1", r"patient\.age \(line 3 of p\.yaml\) is -1: it should be greater than or equal to 0"),
    ("age: 46", "age: 121", r"patient\.age .* is 121: it should be less than or equal to 120"),
    ("age: 46", "age: '46'", r"patient\.age .* is '46': write a plain number without a unit"),
    ("age: 46", "age: 46 years", r"patient\.age .* is '46 years': write a plain number"),
    ("age: 46", "age: true", r"patient\.age .* is true: write a plain number"),
    ("age: 46", "age: .nan", r"patient\.age .* is nan: write a finite number"),
    ("age: 46", "age: .inf", r"patient\.age .* is inf: write a finite number"),
    ("age: 46", "age: [46]", r"patient\.age .*: write a plain number"),
    ("age: 46", "age: " + "9" * 400, r"patient\.age .* is too long a number to show: write a finite number"),
    ("sex: female", "sex: F", r"patient\.sex .* is 'F': it should be 'female' or 'male'"),
    ("sex: female", "sex: Female", r"patient\.sex .* is 'Female': did you mean 'female'\?"),
    ("pregnant: false", "pregnant: true, sx: 1", r"Unknown key patient\.sx \(line 3 of p\.yaml\): did you mean 'sex'\?"),
    ("sex: female", "sex: male, pregnant: true #", r"not valid YAML"),
    ("phototype: III", "phototype: 3", r"patient\.phototype .* is 3: write the phototype as a Roman numeral, here III"),
    ("phototype: III", "phototype: VII", r"the phototype is one of I, II, III, IV, V, VI"),
    ("phototype: III", "phototype: iii", r"is 'iii': the phototype is one of"),
    ("tanned: false", "tanned: 'no'", r"patient\.tanned .* is 'no': answer true or false"),
    ("tanned: false", "tanned: 0", r"patient\.tanned .* is 0: answer true or false"),
    ("smoker: false", "smokr: false", r"Unknown key patient\.smokr .*: did you mean 'smoker'\?"),
    ("smoker: false", "smoker: false, weight_kg: 0.1", r"patient\.weight_kg .* is 0\.1: it should be greater than or equal to 2"),
    ("smoker: false", "smoker: false, last_sun_date: soon", r"last_sun_date .* is 'soon': write a day as year-month-day"),
    ("smoker: false", "smoker: false, last_sun_date: 2027-01-01", r"patient\.last_sun_date \(line 3 .* after the day of planning"),
    ("smoker: false", "smoker: false, smoker: true", r"the key 'smoker' stands twice \(line 3\)"),
    (NEVER, "isotretinoin: no", r"history\.isotretinoin .* is false: answer never, current, or the day of the last dose"),
    (NEVER, "isotretinoin: 2027-01-01", r"history\.isotretinoin \(line 4 .* after the day of planning 2026-11-22"),
    (NEVER, "isotretinoin: stopped", r"is 'stopped': answer never, current"),
    (NEVER, "isotretinoin: 0201-01-01", r"answer never, current, or the day"),
    ("medications: []", "medications: ramipril", r"history\.medications .* is 'ramipril': write a list in square brackets"),
    ("medications: []", "medications: ['']", r"history\.medications\.0 .* is '': an empty word says nothing"),
    ("medications: []", "medications: [3]", r"history\.medications\.0 .* is 3: write a word"),
    ("medications: []", "medications: [isotretinoin 20 mg]", r"medications lists isotretinoin but history\.isotretinoin is not"),
    ("melasma: false", "melasma: none", r"history\.melasma .* is 'none': answer true or false"),
    ("melasma: false", "melasma: false, diabetes: maybe", r"history\.diabetes .*: answer false, controlled, uncontrolled"),
    ("melasma: false", "melasma: false, diabetes: [1]", r"history\.diabetes .*: answer false, controlled, uncontrolled"),
    (NEVER, f"{NEVER}, radiotherapy_sites: [elbow]", r"history\.radiotherapy_sites\.0 .* is 'elbow': it should be 'forehead'"),
    (NEVER, f"{NEVER}, implants: [pacemakr]", r"history\.implants\.0 .* did you mean 'pacemaker'\?"),
    (NEVER, f"{NEVER}, fillers: [{{kind: permanent, sites: chin}}]", r"Unknown key history\.fillers\.0\.sites .*: did you mean 'site'\?"),
    (NEVER, f"{NEVER}, fillers: [{{kind: permanent}}]", r"Missing history\.fillers\.0\.site .*: this must be answered"),
    (NEVER, f"{NEVER}, fillers: true", r"history\.fillers .* is true: write a list"),
    (NEVER, f"{NEVER}, recent_procedures: [{{kind: peel, site: chin, date: 2026-01-01}}]", r"recent_procedures\.0\.kind .* is 'peel'"),
    (
        NEVER,
        f"{NEVER}, recent_procedures: [{{kind: laser, site: chin, date: 2027-01-01}}]",
        r"history\.recent_procedures\.0\.date .* is 2027-01-01, after the day of planning",
    ),
    (NEVER, f"{NEVER}, previous_laser: [{{device_class: ipl, result: fine}}]", r"previous_laser\.0\.result .* is 'fine'"),
    ("infection: none", "infection: no", r"active\.infection .* is false: it should be 'none', 'herpes'"),
    ("acne: none", "acne: None", r"active\.acne .* is 'None': did you mean 'none'\?"),
    ("kind: fine_lines", "kinds: fine_lines", r"Unknown key concerns\.0\.kinds \(line 7 .*: did you mean 'kind'\?"),
    ("kind: fine_lines", "kind: wrinkles", r"concerns\.0\.kind .* is 'wrinkles': it should be 'acne_scars'"),
    ("site: cheek", "site: cheeks", r"concerns\.1\.site \(line 8 .* did you mean 'cheek'\?"),
    (", site: cheek", "", r"Missing concerns\.1\.site \(line 8 of p\.yaml\): this must be answered"),
    ("value: 4", "value: 12", r"concerns\.0\.severity .*: the scale fitzpatrick_wrinkle runs from 1 to 9, not to 12"),
    ("value: 4", "value: four", r"concerns\.0\.severity\.value .* is 'four': write a plain number"),
    ("scale: fitzpatrick_wrinkle", "scale: ecca", r"the scale ecca suits acne_scars, not fine_lines"),
    ("scale: fitzpatrick_wrinkle", "scale: fitzpatrik_wrinkle", r"did you mean 'fitzpatrick_wrinkle'\?"),
    ("scale: fitzpatrick_wrinkle, value: 4", "scale: glogau", r"Missing concerns\.0\.severity\.value"),
    ("severity: {scale: fitzpatrick_wrinkle, value: 4}", "severity: 4", r"concerns\.0\.severity .* is 4: write keys and values here"),
    ("count: 9", "count: 0", r"concerns\.1\.count .* is 0: it should be greater than or equal to 1"),
    ("count: 9", "count: 9.5", r"concerns\.1\.count .* is 9\.5: write a whole number"),
    ("count: 9", "side: up", r"concerns\.1\.side .* is 'up'"),
    ("count: 9", "scar_type: rolling", r"scar_type belongs to acne_scars, not to age_spots; remove it"),
    ("count: 9", "vessel_diameter_mm: 0.4", r"vessel_diameter_mm belongs to facial_veins"),
    ("count: 9", "size_mm: -2", r"concerns\.1\.size_mm .* is -2: it should be greater than 0"),
    ("count: 9", "diagnosis: {what: lentigo, method: phone}", r"concerns\.1\.diagnosis\.method .* is 'phone'"),
    ("count: 9", "diagnosis: {date: 2027-02-01}", r"concerns\.1\.diagnosis\.date .* is 2027-02-01, after the day of planning"),
    (
        "diagnosis_confirmed: true",
        "diagnosis_confirmed: false, diagnosis: {what: lentigo, by: Dr A, method: histology, date: 2026-10-01}",
        r"diagnosis_confirmed is false but diagnosis says what, by whom, how and when",
    ),
    ("kind: age_spots", "kind: undiagnosed", r"kind is undiagnosed but diagnosis_confirmed is true"),
    ("kind: age_spots, site: cheek", "kind: fine_lines, site: periorbital", r"concerns .* lists fine_lines at periorbital twice"),
    ("{fine_lines: 2, age_spots: 1}", "{melasma: 1}", r"goals\.priorities \(line 9 .* names melasma, which is not among the concerns"),
    ("{fine_lines: 2, age_spots: 1}", "{fine_line: 1}", r"goals\.priorities\.fine_line .* did you mean 'fine_lines'\?"),
    ("{fine_lines: 2, age_spots: 1}", "{fine_lines: 0}", r"at least one priority must be above 0"),
    ("{fine_lines: 2, age_spots: 1}", "{fine_lines: -1}", r"goals\.priorities\.fine_lines .* is -1"),
    ("risk: cautious", "risk: careful", r"goals\.risk .* is 'careful': it should be 'cautious', 'balanced' or 'bold'"),
    ("max_sessions: 3", "max_sessions: 0", r"goals\.max_sessions .* is 0"),
    ("max_pain_0_10: 6", "max_pain_0_10: 11", r"goals\.max_pain_0_10 .* is 11: it should be less than or equal to 10"),
    ("max_social_downtime_days: 7", "max_social_downtime_days: a week", r"is 'a week': write a plain number"),
    ("date: 2026-11-22", "date: 0001-01-01", r"date \(line 2 of p\.yaml\) is 0001-01-01: the year must lie between 1900 and 2200"),
    ("date: 2026-11-22", "date: 2026-13-45", r"p\.yaml is not valid YAML: a value cannot be read \(month must be in 1\.\.12\)"),
    ("date: 2026-11-22", "date: 2026-11-22 10:00:00", r"write a day without a time"),
    ("date: 2026-11-22", "date: 20261122", r"date .* is 20261122: write a day as year-month-day"),
    ("date: 2026-11-22", "dates: 2026-11-22", r"Unknown key dates \(line 2 .*: did you mean 'date'\?"),
    ("patient: {", "patient: 3 #", r"patient \(line 3 of p\.yaml\) is 3: write keys and values here"),
    ("goals: {", "goals: [{", r"p\.yaml is not valid YAML at line"),
    ("patient: {", "? [1, 2]\n: 3\npatient: {", r"p\.yaml is not valid YAML"),
    ("patient: {", "patient: {7: 2, ", r"patient\.7 .*: keys must be words"),
    ("date: 2026-11-22", "date: !!python/object:os.system x", r"p\.yaml is not valid YAML"),
    ("date: 2026-11-22", "date: !!int ''", r"p\.yaml is not valid YAML"),
    ("date: 2026-11-22", "date: &a 2026-11-22\nx: *a", r"uses a YAML alias"),
    ("date: 2026-11-22", "---\na: 1\n---\ndate: 2026-11-22", r"p\.yaml is not valid YAML"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), BAD, ids=range(len(BAD)))
def test_bad_file_is_told_in_one_sentence(tmp_path, old, new, says):
    """One clear line with the place in the file, the value, and what is allowed."""
    assert old in TEXT
    path = tmp_path / "p.yaml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(InputError, match=says) as caught:
        read_patient(path)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("concerns", ["[]", "null", "fine_lines", "{kind: fine_lines}", "[3]", "[null]"])
def test_concerns_must_be_a_list_of_blocks(tmp_path, concerns):
    """Empty, absent or misshapen concerns are errors that name the place."""
    data = {key: item for key, item in DATA.items() if key not in {"concerns", "goals", "date"}}
    path = tmp_path / "p.yaml"
    path.write_text(yaml.safe_dump(data) + f"concerns: {concerns}\n", encoding="utf-8")

    with pytest.raises(InputError, match="concerns"):
        read_patient(path)


def test_missing_concerns_is_an_error():
    """A file without concerns asks for nothing."""
    with pytest.raises(InputError, match=r"Missing concerns .*this must be answered"):
        parse_patient({"patient": {"age": 40}})


@pytest.mark.parametrize("name", ["pregnant", "breastfeeding"])
def test_man_is_not_pregnant(name):
    """Answers that contradict each other are an error."""
    data = {**DATA, "patient": {**DATA["patient"], "sex": "male", name: True}}
    with pytest.raises(InputError, match=f"sex is male and {name} is true; these contradict each other"):
        parse_patient(data)


REQUIRED = [
    *(f"patient.{name}" for name in ("age", "sex", "phototype", "tanned", "smoker", "pregnant", "breastfeeding")),
    *(
        f"history.{name}"
        for name in (
            "herpes_labialis", "keloid", "vitiligo", "psoriasis", "immunosuppressed", "melasma", "isotretinoin", "medications",
        )
    ),
    *(f"active.{name}" for name in ("infection", "acne", "dermatitis")),
    "concerns.1.diagnosis_confirmed",
]  # fmt: skip


@pytest.mark.parametrize("value", ["absent", "null"])
@pytest.mark.parametrize("place", REQUIRED)
def test_missing_required_answer_is_a_question(place, value):
    """A required answer that is absent or null is asked by its place and words; the file is still read and screened."""
    data = copy.deepcopy(DATA)
    here: Any = data
    *parts, last = place.split(".")
    for part in parts:
        here = here[int(part)] if part.isdigit() else here[part]
    if value == "null":
        here[last] = None
    else:
        del here[last]
    patient = parse_patient(data)
    asked = {item.place: item.question for item in questions(patient)}

    assert place in asked
    assert asked[place].endswith("?")
    assert screen(patient).status == "needs_answers"


@pytest.mark.parametrize(
    ("sex", "age", "asked"),
    [("female", 11.9, False), ("female", 12, True), ("female", 55.9, True), ("female", 56, False), ("male", 30, False)],
)
def test_pregnancy_is_asked_of_women_of_child_bearing_age(sex, age, asked):
    """Only women of 12 to 55 are asked about pregnancy and breastfeeding."""
    person = {name: item for name, item in DATA["patient"].items() if name not in {"pregnant", "breastfeeding"}}
    places = {item.place for item in questions(parse_patient({**DATA, "patient": {**person, "sex": sex, "age": age}}))}

    assert ("patient.pregnant" in places) == asked
    assert ("patient.breastfeeding" in places) == asked


def test_empty_blocks_become_questions():
    """With nothing but concerns every required answer is asked, in the file's order."""
    patient = parse_patient({"concerns": [{"kind": "texture", "site": "cheek"}]})
    places = [item.place for item in questions(patient)]

    assert places == [place for place in REQUIRED if place not in {"patient.pregnant", "patient.breastfeeding", REQUIRED[-1]}]
    assert patient.date == datetime.date.today()


def test_documented_defaults():
    """Goals and severity left out take the documented defaults."""
    patient = parse_patient(
        {**{k: v for k, v in DATA.items() if k != "goals"}, "concerns": [{"kind": "texture", "site": "neck"}]}
    )

    assert (patient.goals.max_social_downtime_days, patient.goals.max_sessions) == (7, 3)
    assert (patient.goals.max_pain_0_10, patient.goals.risk, patient.goals.priorities) == (None, "cautious", {})
    assert severity_fraction(patient.concerns[0]) == evidence.value("scale.default")


@pytest.mark.parametrize(
    "row", [row for row in evidence.rows("model_patient") if row.id.startswith("scale.") and row.value != 0.5]
)
def test_severity_grows_along_each_scale(row):
    """The share of the scale rises with the value, ends at 1, and no value outside is accepted."""
    kind = row.conditions.split(",")[0] if row.conditions != "any" else "texture"
    scale = row.id.removeprefix("scale.")

    def share(value: float) -> float:
        severity = {"scale": scale, "value": value}
        return severity_fraction(parse_patient({"concerns": [{"kind": kind, "site": "cheek", "severity": severity}]}).concerns[0])

    assert 0 <= share(row.low) < share((row.low + row.high) / 2) < share(row.high)
    assert share(row.high) == pytest.approx(1)
    for outside in (row.low - 1, row.high + 1):
        with pytest.raises(InputError, match=f"the scale {scale} runs from"):
            share(outside)


def test_file_words_are_those_of_the_package():
    """Kinds, sites, phototypes and scales of the file are those of the tables."""
    assert Kind.__args__ == CONCERN_KINDS
    assert Site.__args__ == SITES
    assert Phototype.__args__[0].__args__ == PHOTOTYPES
    scales = {row.id.removeprefix("scale.") for row in evidence.rows("model_patient") if row.id.startswith("scale.")}
    assert set(Scale.__args__) == scales - {"default"}


def test_quoted_and_plain_dates_are_the_same():
    """'2026-03-20' in quotes is the day that it says, as JSON needs."""
    for written in ("2026-03-20", datetime.date(2026, 3, 20)):
        patient = parse_patient({**DATA, "history": {**DATA["history"], "isotretinoin": written}})
        assert patient.history.isotretinoin == datetime.date(2026, 3, 20)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_patient_survives_json(path):
    """A patient written as JSON and parsed again is the same patient."""
    patient = read_patient(path)

    assert Patient.model_validate(parse_patient(patient.model_dump(mode="json"))) == patient


def test_patient_is_frozen():
    """Nothing changes after reading."""
    with pytest.raises(ValueError, match="frozen"):
        parse_patient(DATA).date = datetime.date(2020, 1, 1)


_WORDS = st.sampled_from(
    ["patient", "history", "active", "concerns", "goals", "age", "sex", "kind", "site", "date", "severity", "scale", "never",
     "fine_lines", "cheek", "III", "diagnosis", "fillers", "", "a.b", "[key]", "\x07", "none", "priorities", "medications"]
)  # fmt: skip
_LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | _WORDS | st.dates()
    | st.datetimes() | st.binary(max_size=3)
)  # fmt: skip
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS | st.integers(), inner, max_size=4),
    max_leaves=12,
)


def _only_input_errors(data: Any) -> None:
    told = "read"
    try:
        patient = parse_patient(data)
        questions(patient)
        screen(patient)
        unasked(patient)
    except InputError as error:
        told = str(error)
    assert told.isprintable()


@given(st.dictionaries(_WORDS, _TREES, min_size=1, max_size=6))
@settings(max_examples=150)
def test_any_mapping_gives_a_patient_or_an_input_error(data):
    """Whatever the tree, there is a patient that can be screened or one clear sentence; never another exception."""
    _only_input_errors(data)


@given(block=st.sampled_from(["patient", "history", "active", "goals"]), data=st.data())
@settings(max_examples=200)
def test_any_answer_in_a_good_file(block, data):
    """One answer of a good file replaced by anything at all."""
    made = copy.deepcopy(DATA)
    key = data.draw(st.sampled_from(sorted(Patient.model_fields[block].annotation.model_fields)))
    made[block][key] = data.draw(_TREES)
    _only_input_errors(made)


@given(key=st.sampled_from(["kind", "site", "severity", "count", "diagnosis", "changing", "side", "size_mm"]), value=_TREES)
@settings(max_examples=150)
def test_any_answer_in_a_concern(key, value):
    """One answer of a concern replaced by anything at all."""
    made = copy.deepcopy(DATA)
    made["concerns"][1][key] = value
    _only_input_errors(made)


@given(st.integers(0, len(TEXT)), st.integers(0, 30), st.text(max_size=12))
@settings(max_examples=200)
def test_any_damage_to_the_text(tmp_path_factory, start, length, put):
    """A good file with a piece cut out and anything put in is read, or told in one printable line."""
    path = tmp_path_factory.getbasetemp() / "damaged.yaml"
    path.write_bytes((TEXT[:start] + put + TEXT[start + length :]).encode("utf-8", "surrogatepass"))
    told = "read"
    try:
        read_patient(path)
    except InputError as error:
        told = str(error)
    assert told.isprintable()
