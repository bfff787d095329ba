"""The clinical card: studies of n people, beside what the model says they would report."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from recutis import evidence
from recutis.errors import InputError
from recutis.scorecard.clinical import HEADS, clinical_card, clinical_row, line, summary
from recutis.scorecard.clinical_outcomes import graded_by, is_blinded, kindness
from recutis.scorecard.clinical_recovery import days_family
from recutis.scorecard.clinical_risks import care_of, events_of
from recutis.scorecard.clinical_sample import Population, at_quantile, mean, share_pct, told_gain
from recutis.scorecard.clinical_study import Lab, NotComputedError, treatment, treatments
from recutis.scorecard.clinical_table import COURSE, FILES, packaged, read_clinical
from recutis.scorecard.clinical_words import Threshold, anaesthesia_of, concern_of, number_in, panel_words, site_of, threshold_of
from recutis.scorecard.tables import Record, packaged_columns
from recutis.sites import phototypes_told

OUTCOME = {
    "id": "X-1", "indication": "atrophic acne scars", "device_class": "ablative_fractional_co2", "device_settings": "20 mJ 10 %",
    "sessions": "3", "interval_weeks": "4", "site": "face", "phototypes": "Korean", "n": "25", "scale": "quartile, blinded",
    "metric": "mean_improvement_pct", "value": "45", "unit": "pct", "followup_months": "6",
}  # fmt: skip
RECOVERY = {
    "id": "X-2", "device_class": "nonablative_fractional_1550", "intensity": "standard", "sign": "erythema", "statistic": "mean",
    "value": "3", "unit": "days", "site": "face", "n": "20",
}  # fmt: skip
RISK = {
    "id": "X-3", "device_class": "ablative_fractional_co2", "settings": "15 mJ, 10 %", "indication": "acne scars",
    "phototypes": "IV", "site": "face", "adverse_event": "PIH", "incidence_pct": "30", "denominator": "patients", "n": "30",
}  # fmt: skip
PAIN = {
    "id": "X-4", "modality": "vascular_pdl_595", "detail": "7-9 J/cm2 6 ms", "anaesthesia": "none", "scale": "0-10 VAS",
    "value": "4", "n": "20", "site": "face",
}  # fmt: skip
ONE_OF_EACH = dict(zip(FILES, (OUTCOME, RECOVERY, RISK, PAIN), strict=True))


@pytest.fixture(scope="module")
def lab() -> Lab:
    """A small laboratory that all tests share: what it keeps does not change its answers."""
    return Lab(n=320, blocks=80)


def row(lab: Lab, table: str, **changed: str) -> dict[str, object]:
    """A row of this table, with some cells changed, computed."""
    fields = dict.fromkeys(packaged_columns(table), "") | ONE_OF_EACH[table] | changed
    return clinical_row(lab, table, Record(place="here", fields=fields))


def number(found: dict[str, object], name: str) -> float:
    """A number of a computed row."""
    value = found[name]
    assert isinstance(value, float), found
    return value


def written(path: Path, *rows: dict[str, str]) -> Path:
    """A table with just the columns these rows have."""
    names = list(dict.fromkeys(name for one in rows for name in one))
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, names)
        table.writeheader()
        table.writerows(rows)
    return path


@pytest.mark.parametrize("table", FILES)
def test_one_row_from_outside_is_recognised_by_its_columns(table: str, tmp_path: Path, lab: Lab) -> None:
    """Each of the four kinds runs from a CSV with one row; what the row gives comes back beside the interval."""
    card = clinical_card(written(tmp_path / "mine.csv", ONE_OF_EACH[table]), lab=lab)

    (found,) = card.rows
    assert found["file"] == table
    assert found["inside"] is (number(found, "p10") <= number(found, "value") <= number(found, "p90"))
    assert number(found, "p10") <= number(found, "found") <= number(found, "p90")
    assert {"id", "tier", "comparator", "value", "low", "high", "found", "p10", "p50", "p90", "inside", "reason"} <= set(found)


def test_a_mixed_table_says_which_row_is_which(tmp_path: Path, lab: Lab) -> None:
    """With a column `file` rows of all four tables stand in one CSV and give what they give alone."""
    mixed = written(tmp_path / "all.csv", *({"file": f"{name}.csv"} | fields for name, fields in ONE_OF_EACH.items()))

    card = clinical_card(mixed, lab=lab)

    assert [found["file"] for found in card.rows] == list(FILES)
    for table, found in zip(FILES, card.rows, strict=True):
        alone = row(lab, table)
        assert found["p90"] == alone["p90"], table
    assert card.summary["computed"] == 4


@pytest.mark.parametrize("table", ["clinical_outcomes", "risks", "pain", "recovery"])
def test_a_larger_study_has_a_narrower_interval(table: str, lab: Lab) -> None:
    """The interval is that of a study's statistic: it narrows with n, down to the spread between studies."""
    found = [row(lab, table, n=n) for n in ("5", "40", "2000")]

    widths = [number(one, "p90") - number(one, "p10") for one in found]
    assert widths[0] > 0.97 * widths[1]  # drawn: as good as equal where what studies differ by is nearly all
    assert widths[0] > widths[2] > 0
    assert widths[1] > 0.97 * widths[2]


@pytest.mark.parametrize("threshold", [">=26-50% improvement", ">50% improvement", ">75% clearance"])
def test_more_sessions_never_lower_a_responder_share(threshold: str, lab: Lab) -> None:
    """Each further session leaves the share of responders as it was or raises it."""
    shares = [
        number(row(lab, "clinical_outcomes", metric="responder_pct", threshold=threshold, sessions=str(count)), "p50")
        for count in (1, 2, 3, 5)
    ]

    assert shares == sorted(shares)
    assert shares[-1] > shares[0]


def test_a_stricter_threshold_has_fewer_responders(lab: Lab) -> None:
    """The share falls from a quarter to three quarters of improvement."""
    shares = [
        number(row(lab, "clinical_outcomes", metric="responder_pct", threshold=f">{edge}%"), "p50") for edge in (25, 50, 75)
    ]

    assert shares[0] > shares[1] > shares[2]


def test_metrics_of_one_study_agree(lab: Lab) -> None:
    """A score change is the mean gain with its sign turned, a 0-10 score a tenth of it, but for a spread of its own."""
    gain = row(lab, "clinical_outcomes")
    change = row(lab, "clinical_outcomes", metric="score_change_pct", value="-40")
    tenth = row(lab, "clinical_outcomes", metric="score_0_10", value="4")
    after = row(lab, "clinical_outcomes", metric="score_after", value="4", notes="baseline 8.0")

    assert number(change, "p10") == pytest.approx(-number(gain, "p90"))
    assert number(tenth, "p50") == pytest.approx(number(gain, "p50") / 10, rel=0.03)
    assert number(after, "p50") == pytest.approx(8 * (1 - number(gain, "p50") / 100), rel=0.03)


def test_an_open_study_reports_more_than_a_blinded_one(lab: Lab) -> None:
    """The same treatment graded openly gives a higher mean; the words of the row say which it is."""
    blind = row(lab, "clinical_outcomes")
    openly = row(lab, "clinical_outcomes", scale="clinician pct grading")

    assert number(openly, "p50") > number(blind, "p50")
    assert is_blinded(dict.fromkeys(packaged_columns("clinical_outcomes"), "") | {"scale": "blinded photo"})
    assert not is_blinded(dict.fromkeys(packaged_columns("clinical_outcomes"), "") | {"notes": "unblinded early series"})


def test_risk_per_patient_exceeds_risk_per_treatment(lab: Lab) -> None:
    """A course of four sessions harms at least as often as one session."""
    per_treatment = row(lab, "risks", denominator="treatments", settings="15 mJ, 10 %, 4 sessions")
    per_patient = row(lab, "risks", settings="15 mJ, 10 %, 4 sessions")

    assert number(per_patient, "p50") > number(per_treatment, "p50")


def test_darker_skin_and_missing_steroid_mean_more_pih(lab: Lab) -> None:
    """PIH rises with phototype and falls with a potent steroid after the session."""
    fair, dark = (number(row(lab, "risks", phototypes=text), "p50") for text in ("I-II", "IV-V"))
    guarded = number(row(lab, "risks", phototypes="IV-V", settings="15 mJ, 10 %, clobetasol 2 days"), "p50")

    assert fair < guarded < dark


@pytest.mark.parametrize(
    ("table", "changed", "reason"),
    [
        ("clinical_outcomes", {"metric": "qualitative"}, "no number to compute"),
        ("clinical_outcomes", {"metric": "significance", "unit": "p_value"}, "p-value"),
        ("clinical_outcomes", {"metric": "equivalence"}, "test of equivalence"),
        ("clinical_outcomes", {"metric": "score_change_abs"}, "need the baseline"),
        ("clinical_outcomes", {"metric": "magic"}, "metric 'magic' is not known"),
        ("clinical_outcomes", {"device_class": "any"}, "stands for every device"),
        ("clinical_outcomes", {"device_class": "moon_laser"}, "no device class, group or comparator"),
        ("clinical_outcomes", {"indication": "eyelid laxity"}, "is not modelled"),
        ("clinical_outcomes", {"site": "knee"}, "the site 'knee' is not known"),
        ("recovery", {"sign": "oozing"}, "not modelled apart from closure"),
        ("recovery", {"statistic": "comparison"}, "no number to compute"),
        ("recovery", {"unit": "moons"}, "the unit 'moons'"),
        ("risks", {"adverse_event": "candida infection"}, "is not modelled"),
        ("risks", {"device_class": "modifier"}, "an input of the model"),
        ("pain", {"scale": "relative"}, "no number to compute"),
        ("pain", {"scale": "smileys"}, "not one of 0-10, 0-100 or VAS"),
    ],
)
def test_what_cannot_be_computed_says_why(table: str, changed: dict[str, str], reason: str, lab: Lab) -> None:
    """A row outside the model is not computed, with the reason, and counts as neither inside nor outside."""
    found = row(lab, table, **changed)

    assert found["found"] is None
    assert found["inside"] is None
    assert reason in str(found["reason"])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"id": "1", "metric": "x", "devise_class": "ipl"}], "unknown column 'devise_class'; did you mean 'device_class'"),
        ([{"one": "1", "two": "2"}], "its columns are those of none of the tables clinical_outcomes, recovery, risks, pain"),
        ([{"id": "1", "modality": "ipl"}], "the column 'value' is missing"),
        ([{"id": "1", "file": "recover", "value": "1"}], "the column 'file' says 'recover', which is no table; did you mean 'recovery'"),
        ([{"id": "1", "file": "pain", "value": "1"}], "a row of pain needs the column 'modality'"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_one_clear_sentence(rows: list[dict[str, str]], message: str, tmp_path: Path) -> None:
    """Unknown or missing columns and unknown table words are named."""
    with pytest.raises(InputError, match=message):
        read_clinical(written(tmp_path / "bad.csv", *rows))


def test_numbers_of_the_panel_are_read() -> None:
    """Energies, densities, fluences, durations and passes plainly written are found; the rest is left."""
    assert panel_words("20 mJ 10 %").numbers == {"energy_mJ": 20.0, "density_pct": 10.0}
    assert panel_words("6 ms, 7-9 J/cm2, subpurpuric").numbers == {"fluence_J_cm2": 8.0, "duration_ms": 6.0}
    assert panel_words("10 mJ, 10% density").numbers == {"energy_mJ": 10.0, "density_pct": 10.0}
    assert panel_words("125 MTZ/cm2 x8 passes; 8 mJ").numbers["columns_cm2"] == 125.0
    assert panel_words("high energy (mean 16.3 mJ), 1000 MTZ/cm2").total_columns_cm2 == 1000.0
    assert panel_words("single pass").passes == 1
    assert panel_words("pulsed CO2").numbers == {}


def test_settings_of_the_row_are_used_or_the_fallback_is_told() -> None:
    """Readable settings go on a device that allows them; words fall back on the class's usual setting and say so."""
    told, note = treatment("ablative_fractional_co2", "20 mJ 10 %")
    assert (told.settings.energy_mJ, told.settings.density_pct) == (20.0, 10.0)
    assert "as the row says" in note

    usual, note = treatment("ablative_fractional_co2", "AFR CO2")
    assert usual.settings.energy_mJ is None
    assert note.startswith("usual setting of the class")

    _, note = treatment("vascular_pdl_595", "900 J/cm2")
    assert "no catalogue device of the class allows the row's numbers" in note


def test_groups_and_comparators_stand_for_treatments() -> None:
    """A group word stands for its classes, a comparator for a wound, an unknown word for nothing."""
    group, _ = treatments("ablative_fractional_any", "")
    assert {one.device_class for one in group} >= {"ablative_fractional_co2", "ablative_fractional_eryag"}
    (peel,), note = treatments("peel_deep", "phenol")
    assert peel.device is None
    assert "comparator" in note[0]
    with pytest.raises(NotComputedError, match="no device class, group or comparator"):
        treatments("leeches", "")


def test_words_of_a_study_are_understood() -> None:
    """Phototypes, sites, concerns, thresholds, anaesthesia and events as papers write them."""
    assert phototypes_told("III-V") == ("III", "IV", "V")
    assert phototypes_told("Korean") == phototypes_told("III-IV")
    assert site_of("lower eyelid") == "eyelid"
    assert site_of("neck and chest") == "decolletage"
    assert site_of("face and body") == "cheek"
    assert concern_of("fine periorbital rhytides") == "fine_lines"
    assert concern_of("ephelides") == "freckles"
    above, band, poor = threshold_of(">=26-50% improvement"), threshold_of("51-75% improvement"), threshold_of("poor")
    assert above is not None
    assert band is not None
    assert poor is not None
    assert (above.low, above.high) == (26, 100)
    assert (band.low, band.high, band.is_grade) == (51, 75, True)
    assert (band.or_better(), above.is_grade, poor.is_grade) == (Threshold(low=51, high=100), False, False)
    assert threshold_of("0-25 %") == Threshold(low=0, high=25)
    assert not Threshold(low=0, high=25).is_grade
    assert poor.high == 25
    assert anaesthesia_of("topical + forced cold air") == "topical_cold_air"
    assert anaesthesia_of("nerve block + sedation") == "sedation"
    assert events_of("PIH or hypopigmentation") == ("pih", "hypopigmentation")
    assert care_of(dict.fromkeys(packaged_columns("risks"), "") | {"settings": "famciclovir 250 mg"}).antiviral


@pytest.mark.parametrize("source", [True, False])
def test_a_grade_is_reached_by_those_who_do_better_unless_each_grade_is_told(lab: Lab, tmp_path: Path, source: bool) -> None:
    """'51-75 %' alone means 51 or more; beside the shares of other grades it means that grade alone."""
    told = {"metric": "responder_pct", "unit": "pct_patients", "source": "A study"}
    more, alone = (
        row(lab, "clinical_outcomes", **told, threshold="51-75 %"),
        row(lab, "clinical_outcomes", **told, threshold=">=51 %"),
    )
    several = tmp_path / "grades.csv"
    names = [*OUTCOME, "threshold", *(["source"] if source else [])]
    told = {name: text for name, text in told.items() if name in names}
    lines = [OUTCOME | told | {"id": f"G-{low}", "threshold": f"{low}-{low + 24} %"} for low in (51, 76)]
    with several.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(lines)
    bands = [clinical_row(lab, table, record) for table, record in read_clinical(several)]

    assert more["p50"] == alone["p50"]
    assert "the grade or a better one" in str(more["reason"])
    assert all("better" not in str(found["reason"]) for found in bands)
    assert sum(number(found, "p50") for found in bands) <= 100
    assert number(bands[0], "p50") < number(more, "p50")


def test_a_sign_told_as_a_harm_is_its_incidence(lab: Lab) -> None:
    """Crusting in a table of risks is the share in whom crusts are recorded: most after columns of CO2."""
    found = row(lab, "risks", adverse_event="crusting")

    assert number(found, "p50") > 75
    assert row(lab, "risks", adverse_event="candida")["found"] is None


def test_odd_cells_are_not_misread(lab: Lab) -> None:
    """Thousands have commas, '3/30' is no number, several words of a grading mean the lowest, a device is not ice."""
    fair, marked = threshold_of("moderate to excellent"), threshold_of("marked improvement")

    assert number_in("1,200") == 1200
    assert number_in("3/30") is None
    assert number_in("2-3") == 2.5
    assert fair is not None
    assert fair.low == 25
    assert marked is not None
    assert marked.low == 75
    assert anaesthesia_of("device cooling") == "gel"
    assert phototypes_told("III, IV") == ("III", "IV")
    assert "stands for the body" in str(row(lab, "risks", site="forearm")["reason"])


@pytest.mark.parametrize(("scale", "factor"), [("0-100 mm", 10.0), ("0-4", 0.4), ("VAS", 1.0), ("0-100 VAS / 10", 1.0)])
def test_pain_is_told_on_the_rows_scale(scale: str, factor: float, lab: Lab) -> None:
    """Scales from 0 to N are linear in that of ten."""
    ten, other = (number(row(lab, "pain", scale=text), "p50") for text in ("0-10", scale))

    assert other == pytest.approx(factor * ten, rel=1e-3)


def test_statistics_of_a_known_population() -> None:
    """Without spread between worlds a large study reports the population's own mean, share and median."""
    block = np.repeat(np.arange(20), 50)
    values = np.tile(np.linspace(10, 30, 50), 20)[None, :]
    population = Population(values=values, block=block)

    average = mean(population, 100_000, "none", seed=1)
    assert average.p50 == pytest.approx(20, abs=0.1)
    assert average.p90 - average.p10 < 0.2
    assert at_quantile(population, 100_000, "none", seed=1, share=0.5).p50 == pytest.approx(20, abs=0.3)
    halves = Population(values=(values > 20).astype(float), block=block)
    assert share_pct(halves, 100_000, "none", seed=1).p50 == pytest.approx(50, abs=0.5)


def test_a_graded_gain_keeps_its_order_and_no_gain_stays_none() -> None:
    """The shift of a world is one for all its people: order is kept, zero and losses stay."""
    block = np.zeros(5, dtype=np.int64)
    graded = told_gain(np.array([-3.0, 0.0, 10.0, 50.0, 90.0]), block, optimism=0.5, seed=0)

    assert graded[0] == -3.0
    assert graded[1] == 0.0
    assert np.all(np.diff(graded) > 0)
    assert graded[-1] < 100


def test_the_packaged_tables_are_computed_as_far_as_promised() -> None:
    """At least three of four numeric rows are computed, and none is left without a reason; of each seventh row, for time."""
    lab = Lab(n=80, blocks=20)
    rows = [clinical_row(lab, table, record) for table, record in packaged()[::7]]

    numeric = [found for found in rows if found["value"] is not None]
    assert sum(found["found"] is not None for found in numeric) >= 0.75 * len(numeric)
    assert all(found["reason"] or found["found"] is not None for found in rows)
    assert summary(rows)["compared"] == sum(found["inside"] is not None for found in rows)
    assert {len(line(found)) for found in rows} == {len(HEADS)}


@pytest.mark.slow
def test_no_packaged_row_is_dropped() -> None:
    """The whole card has the rows of the four tables in their order, each computed or with a reason."""
    card = clinical_card(None, lab=Lab(n=80, blocks=20))

    assert [found["id"] for found in card.rows] == [one.id for table in FILES for one in evidence.rows(table)]
    assert all(found["reason"] or found["found"] is not None for found in card.rows)
    assert card.summary["compared"] == sum(found["inside"] is not None for found in card.rows)
    assert all(len(one) == len(card.columns()) for one in card.lines())


@pytest.mark.parametrize("table", FILES)
def test_the_same_seed_gives_the_same_row(table: str, lab: Lab) -> None:
    """A fresh laboratory repeats the numbers; another seed changes them."""
    first, again = row(lab, table), row(Lab(n=320, blocks=80), table)
    other = row(Lab(n=320, blocks=80, seed=5), table)

    assert first == again
    assert first["p50"] != other["p50"]


@pytest.mark.parametrize(
    ("metric", "scale", "kinds", "by"),
    [
        ("mean_improvement_pct", "quartile, blinded", (), "mean.blinded"),
        ("mean_improvement_pct", "quartile, unblinded", (), "mean.open"),
        ("score_change_pct", "ECCA", ("score",), "mean.open"),
        ("score_change_pct", "Vancouver Scar Scale, independent", ("score",), "mean.blinded"),
        ("score_change_pct", "inflammatory lesion count", (), "mean.open"),
        ("score_change_pct", "erythema index", ("meter",), "mean.meter"),
        ("responder_pct", "patient self-assessment", ("words", "patient"), "mean.open"),
        ("responder_pct", "photographs, physician and patient", ("words",), "mean.open"),
        ("responder_pct", "more than 50 % by photographs, physician", ("thresholds",), "mean.open"),
        ("quartile_mean_0_4", "quartile, blinded", ("grades",), "mean.blinded"),
    ],
)  # fmt: skip
def test_how_a_gain_was_graded_is_read_from_its_scale(metric: str, scale: str, kinds: tuple[str, ...], by: str) -> None:
    """Instruments, scores, patients and grades are told apart; a count is no score, a parameter no meter."""
    fields = dict.fromkeys(packaged_columns("clinical_outcomes"), "") | {
        "metric": metric,
        "scale": scale,
        "notes": "IPL parameters",
    }

    assert kindness(fields) == kinds
    assert graded_by(fields) == by


def test_an_earlier_study_tells_more_of_the_same_treatment(lab: Lab) -> None:
    """The decade of the source moves the gain, and a study without a year counts as one of the middle."""
    early, late, unknown = (number(row(lab, "clinical_outcomes", source=text), "p50") for text in ("A. 1996", "A. 2024", "A"))

    assert early > unknown > late


def test_a_longer_course_of_another_study_tells_less_than_more_sessions_of_the_same(lab: Lab) -> None:
    """Doctors treat longer what answers less: two sessions more add more within a study than they tell between studies."""
    alone, longer = (number(row(lab, "clinical_outcomes", sessions=count), "p50") for count in ("1", "3"))
    first = number(row(lab, "clinical_outcomes", sessions="1", course_sessions="3"), "p50")

    assert first < alone < longer
    assert longer == number(row(lab, "clinical_outcomes", sessions="3", course_sessions="3"), "p50")


def test_a_row_knows_the_longest_course_of_its_study(tmp_path: Path) -> None:
    """By source, laser and concern; other studies, other lasers and rows without a source stand alone."""
    told = [
        ("A 2001", "pulsed", "1"),
        ("A 2001", "pulsed", "3"),
        ("A 2001", "other", "2"),
        ("B 2002", "pulsed", "5"),
        ("", "pulsed", "4"),
    ]
    lines = ["id,indication,device_class,sessions,metric,value,source"]
    lines += [f"X-{at},lines,{laser},{count},mean_improvement_pct,40,{source}" for at, (source, laser, count) in enumerate(told)]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(lines), encoding="utf-8")

    assert [record.fields[COURSE] for _, record in read_clinical(table)] == ["3", "3", "2", "5", ""]


def test_a_relapse_grows_with_the_follow_up(lab: Lab) -> None:
    """The lesion is back in as many as the gain is lost by then."""
    told = {
        "metric": "recurrence_pct",
        "indication": "melasma",
        "device_class": "nonablative_fractional_1927",
        "device_settings": "",
    }
    soon, year = (number(row(lab, "clinical_outcomes", followup_months=months, **told), "p50") for months in ("2", "12"))

    assert soon < 5 < year < 95


def test_days_that_a_page_tells_are_spread_apart_from_measured_ones() -> None:
    """By whether the row has a number of persons."""
    assert days_family(RECOVERY) == "days.redness"
    assert days_family(RECOVERY | {"n": ""}) == "days.redness.told"
    assert days_family(RECOVERY | {"sign": "reepithelialisation", "n": ""}) == "days.clock.told"
