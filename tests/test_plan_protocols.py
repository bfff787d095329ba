"""Published protocols: every row is used or says why not; what they mean on a panel, and how far an optimum lies from them."""

from __future__ import annotations

import pytest

from recutis import evidence
from recutis.classes import DEVICE_CLASSES, matches
from recutis.errors import UnknownNameError
from recutis.laser import Device, Settings, catalogue, device, expose
from recutis.laser.settings import given
from recutis.plan.protocol_rows import PARAMETERS
from recutis.plan.protocols import (
    Distance,
    KnobDistance,
    Outcome,
    Protocol,
    distance,
    protocols,
    protocols_for,
    row_uses,
    starting_settings,
    why_differs,
)
from recutis.plan.setting_limits import total_density_pct
from recutis.sites import CONCERN_KINDS, PHOTOTYPES

LEFT_OUT = {
    "PRO-037": "gives no number",
    "PRO-046": "'lower eyelid' names no concern that is planned for",
    "PRO-081": "settings that did harm are never a protocol; they stand behind the ceilings",
}
NOTES = {
    ("PRO-033", "interval_weeks"): (7, 7),
    ("PRO-041", "interval_weeks"): (3, 8),
    ("PRO-042", "interval_weeks"): (4, 4),
    ("PRO-042", "total_columns_cm2"): (252, 784),
    ("PRO-043", "interval_weeks"): (4.348, 4.348),
    ("PRO-044", "interval_weeks"): (4, 4),
    ("PRO-045", "interval_weeks"): (2, 2),
    ("PRO-047", "interval_weeks"): (2, 2),
    ("PRO-048", "interval_weeks"): (3, 4),
    ("PRO-050", "interval_weeks"): (3, 3),
    ("PRO-051", "interval_weeks"): (4, 6),
    ("PRO-052", "interval_weeks"): (6, 6),
    ("PRO-053", "interval_weeks"): (6, 6),
    ("PRO-054", "interval_weeks"): (4, 4),
    ("PRO-055", "interval_weeks"): (4, 6),
    ("PRO-067", "density_pct"): (13, 13),
    ("PRO-068", "energy_mJ"): (500, 1000),
    ("PRO-068", "spot_mm"): (2, 2),
    ("PRO-069", "overlap_pct"): (30, 30),
    ("PRO-074", "columns_cm2"): (125, 125),
    ("PRO-074", "energy_mJ"): (8, 16),
    ("PRO-075", "passes"): (6, 8),
    ("PRO-076", "duration_ms"): (7.5e-7, 7.5e-7),
    ("PRO-076", "spot_mm"): (3, 4),
    ("PRO-077", "duration_ms"): (6, 6),
    ("PRO-078", "passes"): (2, 2),
    ("PRO-078", "spot_mm"): (12, 12),
    ("PRO-079", "passes"): (3, 3),
    ("PRO-079", "spot_mm"): (6, 6),
}


def _protocol(begins: str) -> Protocol:
    (found,) = (one for one in protocols() if one.name.startswith(begins))
    return found


def test_no_row_is_dropped_in_silence():
    """Every row with settings, sessions, intervals or harm is in one protocol or says why it is in none."""
    wanted = [row.id for row in evidence.rows("procedure") if row.fields["parameter"] in {*PARAMETERS, "harm_observed"}]
    held = [key for one in protocols() for key in one.row_ids]

    assert [use.row_id for use in row_uses()] == wanted
    assert {use.row_id: use.reason for use in row_uses() if use.protocol is None} == LEFT_OUT
    assert sorted(held) == sorted(set(wanted) - set(LEFT_OUT))
    rows_of = {one.name: one.row_ids for one in protocols()}
    assert all(use.reason == "" and use.row_id in rows_of[use.protocol] for use in row_uses() if use.protocol)


def test_rows_keep_their_numbers():
    """Each row's own number and range stand in its protocol as in the table."""
    for one in protocols():
        own = {value.row_id: value for value in one.values if not value.from_note}
        assert set(own) == set(one.row_ids)
        for key, value in own.items():
            assert (value.low, value.value, value.high) == evidence.numbers(key)
            assert value.name == PARAMETERS[evidence.get(key).fields["parameter"]]


def test_notes_are_read_as_they_are_meant():
    """Of the notes exactly these figures are taken, and none of hydroquinone, sprays or a reviewer's recollection."""
    found = {
        (value.row_id, value.name): (value.low, value.high) for one in protocols() for value in one.values if value.from_note
    }

    assert found.keys() == NOTES.keys()
    for key, span in NOTES.items():
        assert found[key] == pytest.approx(span, rel=1e-3), key


def test_names_and_values_are_unique():
    """A protocol is known by its name, and gives each knob once."""
    names = [one.name for one in protocols()]

    assert len(names) == len(set(names))
    for one in protocols():
        assert len({value.name for value in one.values}) == len(one.values)


def test_words_are_words_of_the_project():
    """Classes match one that exists, kinds and phototypes exist, sources are those of the rows."""
    for one in protocols():
        assert any(matches(one.device_class, name) for name in DEVICE_CLASSES), one.name
        assert one.kinds
        assert set(one.kinds) < set(CONCERN_KINDS)
        assert one.phototypes
        assert set(one.phototypes) <= set(PHOTOTYPES)
        assert {evidence.get(key).source for key in one.row_ids} == {one.source}


def test_one_source_makes_one_protocol():
    """Alexis 2012: two rows of one source are one protocol with energy and density."""
    one = _protocol("Alexis 2012")

    assert one.name == "Alexis 2012, acne scars, IV-VI"
    assert one.row_ids == ("PRO-070", "PRO-071")
    assert (one.device_class, one.kinds, one.phototypes) == ("nonablative_fractional_1550", ("acne_scars",), ("IV", "V", "VI"))
    assert (one.get("energy_mJ").value, one.get("density_pct").low, one.get("density_pct").high) == (40, 11, 23)
    assert one.confidence == "read"
    assert one.get("spot_mm") is None


def test_protocols_for_a_person():
    """Brown skin with acne scars at 1550 nm: Alexis first; nobody's settings for light skin."""
    found = protocols_for("nonablative_fractional_1550", "acne_scars", "V")

    assert found[0].name == "Alexis 2012, acne scars, IV-VI"
    assert all("V" in one.phototypes for one in found)
    assert not any("Sherling" in one.name for one in found)


def test_wildcards_are_patterns():
    """A protocol for fractional_any or nonablative_fractional_any is found for each class that it covers."""
    teaching = protocols_for("nonablative_fractional_1340", "texture", "II")

    assert "nonablative_fractional_any" in {one.device_class for one in teaching}
    assert "fractional_any" in {
        one.device_class for one in protocols_for("hybrid_fractional", "surgical_scar", "III", site="neck")
    }
    assert protocols_for("vascular_ktp_532", "facial_veins", "II") == ()


def test_a_place_keeps_its_own():
    """Settings for the chest are not for the face, nor the face's for the chest."""
    chest = protocols_for("ablative_fractional_co2", "texture", "II", site="decolletage")
    face = protocols_for("ablative_fractional_co2", "texture", "II", site="periorbital")

    assert {one.site for one in chest} == {"decolletage"}
    assert {one.site for one in face} == {"face"}
    assert protocols_for("ablative_fractional_co2", "burn_scar", "II", site="hands")[0].site == "body"


def test_settings_come_before_counts():
    """Those that set a device stand before those that only say how often, the concern's own before `any`."""
    found = protocols_for("ablative_fractional_co2", "acne_scars", "III")

    assert [one.has_settings for one in found] == sorted((one.has_settings for one in found), reverse=True)
    assert found[0].name.startswith(("Wanitphakdeedecha", "Yuan"))


def test_harm_is_never_a_protocol():
    """The settings that scarred the neck are offered to nobody."""
    assert not any("PRO-081" in one.row_ids or "Avram" in one.source for one in protocols())


@pytest.mark.parametrize(
    ("kind", "phototype", "message"), [("scars", "II", "no kind of concern"), ("melasma", "7", "no phototype")]
)
def test_unknown_words(kind, phototype, message):
    """A word that does not exist is refused with those that do."""
    with pytest.raises(UnknownNameError, match=message):
        protocols_for("ipl", kind, phototype)


PAIRS = [(one, laser) for one in protocols() for laser in catalogue() if matches(one.device_class, laser.device_class)]


@pytest.mark.parametrize(("protocol", "laser"), PAIRS, ids=lambda item: item.name)
def test_a_start_lies_within_limits_and_published_range(protocol: Protocol, laser: Device):
    """Each start is a panel the device takes, and its dose, density and passes lie in the published range; else there is a reason."""
    start = starting_settings(protocol, laser)

    if start.settings is None:
        assert start.reason
        return
    made = expose(laser, start.settings)
    sessions = protocol.get("sessions")
    far = distance(protocol, made, sessions.value if sessions else 1)
    assert protocol.has_settings
    assert far.knobs
    assert [one.name for one in far.knobs if not one.inside and one.name not in {"spot_mm", "duration_ms", "overlap_pct"}] == []
    for one in far.knobs:
        if not one.inside:
            assert any("the device has" in words for words in start.remarks)


def test_starts_by_hand():
    """What the panel shows for three protocols, worked out by hand."""
    alexis = starting_settings(_protocol("Alexis"), device("Fraxel re:store"))
    yuan = starting_settings(_protocol("Yuan"), device("UltraPulse DeepFX"))
    power = starting_settings(_protocol("Wanit"), device("SmartXide DOT"))

    assert given(alexis.settings) == {"energy_mJ": 40, "density_pct": 17 / 8, "passes": 8}
    assert "published 11 to 23 % for the whole treatment, shared among 8 passes" in alexis.remarks[-1]
    assert given(yuan.settings) == {"energy_mJ": 20, "density_pct": 10, "passes": 1}
    assert given(power.settings) == {"power_W": 20, "duration_ms": 0.5, "density_pct": 10, "passes": 1}


def test_a_rolling_tip_gets_the_published_density_in_all():
    """The density of all passes together is the published one, whatever the number of passes."""
    made = expose(device("Fraxel re:store"), starting_settings(_protocol("Alexis"), device("Fraxel re:store")).settings)

    assert total_density_pct(made) == pytest.approx(17)


@pytest.mark.parametrize(
    ("name", "laser", "reason"),
    [
        (
            "Alexis",
            "UltraPulse DeepFX",
            "is of class ablative_fractional_co2; Alexis 2012, acne scars, IV-VI is for nonablative_frac",
        ),
        ("Cachafeiro", "Fraxel re:store", "for nonablative_fractional_1340"),
        ("Manuskiatti", "UltraPulse DeepFX", "says how often to treat, not how to set a device"),
        ("Yuan", "UltraPulse SCAAR FX", "energy can be 60 to 150 mJ, but the protocol has 10 to 20 mJ"),
        ("Polder", "Clear + Brilliant 1927", "energy can be 5 mJ, but the protocol has 10 to 20 mJ"),
        ("Double-pass", "SmoothBeam", "fluence can be 8 to 14 J/cm², but the protocol has 7.8 J/cm²"),
    ],
)
def test_why_a_device_cannot(name, laser, reason):
    """No start without a reason that names the device's limits and the protocol's."""
    start = starting_settings(_protocol(name), device(laser))

    assert start.settings is None
    assert reason in start.reason


def test_distance_by_hand():
    """Ratios are here over published, and what lies outside the range is named."""
    made = expose(device("Fraxel re:store"), Settings(energy_mJ=24, density_pct=2.2, passes=8))
    far = distance(_protocol("Alexis"), made, sessions=3)

    assert {one.name: round(one.ratio, 3) for one in far.knobs} == {"energy_mJ": 0.6, "density_pct": 1.035}
    assert {one.name: one.inside for one in far.knobs} == {"energy_mJ": False, "density_pct": True}
    assert far.words == "energy 0.6 times, density 1.04 times the protocol's; inside its published range: no (energy)"
    assert far.furthest.name == "energy_mJ"
    assert not far.inside


def test_a_protocol_lies_at_no_distance_from_itself():
    """The published settings, sessions and interval have ratio 1 everywhere."""
    polder = _protocol("Polder")
    made = expose(device("Fraxel DUAL 1927"), starting_settings(polder, device("Fraxel DUAL 1927")).settings)
    far = distance(polder, made, sessions=3.5, interval_weeks=4)

    assert [one.ratio for one in far.knobs] == pytest.approx([1] * len(far.knobs), rel=1e-3)
    assert {one.name for one in far.knobs} == {"energy_mJ", "columns_cm2", "passes", "sessions", "interval_weeks"}
    assert far.words == "energy, density, passes, sessions, interval as in the protocol; inside its published range: yes"


def test_nothing_to_compare():
    """A source that says nothing that the course says is told so."""
    made = expose(device("UltraPulse DeepFX"), Settings())
    far = distance(_protocol("Intra-individual"), made, sessions=2)

    assert far.knobs == ()
    assert far.furthest is None
    assert far.words == "nothing in the protocol can be compared"


FAR = Distance(
    protocol="Alexis 2012",
    knobs=(KnobDistance(name="energy_mJ", here=24, published=40, low=40, high=40, ratio=0.6, inside=False),),
    words="energy 0.6 times the protocol's; inside its published range: no (energy)",
)


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        (
            Outcome(improvement_pct=40, downtime_days=3, pih_pct=8),
            Outcome(improvement_pct=45, downtime_days=6, pih_pct=22, breaks=("social downtime of at most 4 days",)),
            "has 3 fewer days of downtime, 14 fewer points in the chance of dark marks, at the price of 5 fewer points of improvement",
        ),
        (
            Outcome(improvement_pct=50, downtime_days=3, pih_pct=8),
            Outcome(improvement_pct=45, downtime_days=3.2, pih_pct=8.5),
            "has 5 more points of improvement, and pays nothing for it",
        ),
        (
            Outcome(improvement_pct=40, downtime_days=3, pih_pct=8),
            Outcome(improvement_pct=45, downtime_days=3, pih_pct=8),
            "The protocol does better here: the plan has 5 fewer points of improvement.",
        ),
        (
            Outcome(improvement_pct=40, downtime_days=3, pih_pct=8),
            Outcome(improvement_pct=45, downtime_days=3, pih_pct=8, breaks=("at most 2 sessions",)),
            "Keeping the limits costs 5 fewer points of improvement.",
        ),
        (
            Outcome(improvement_pct=40, downtime_days=3, pih_pct=8),
            Outcome(improvement_pct=41, downtime_days=3, pih_pct=8),
            "about the same",
        ),
    ],
)
def test_why_the_optimum_differs(ours, theirs, words):
    """The last sentence weighs won against paid, honestly where the protocol does better."""
    told = why_differs(FAR, ours, theirs)

    assert told[0] == f"Alexis 2012: {FAR.words}."
    assert words in told[-1]
    assert any("published settings break" in line for line in told) == bool(theirs.breaks)


def test_a_plan_that_breaks_limits_itself_says_so():
    """What the plan's own settings break is not hidden behind the protocol's."""
    broken = Outcome(improvement_pct=40, downtime_days=3, pih_pct=8, breaks=("pain of at most 3 of 10",))

    assert "The plan's own settings break: pain of at most 3 of 10." in why_differs(FAR, broken, broken)
