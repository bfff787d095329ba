"""The claims card: all statements computed by the models, judged by rule, printed as rows and as a page."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from recutis import evidence
from recutis.classes import DEVICE_CLASSES, matches
from recutis.errors import UnknownNameError
from recutis.patient import ceiling
from recutis.plan.setting_limits import above_ceiling
from recutis.scorecard import score_card
from recutis.scorecard.claims import claim_rows, concern_of, packaged
from recutis.scorecard.page import claim_text, page
from recutis.scorecard.panel import Panel, chance_pct, person, persons
from recutis.scorecard.tables import packaged_columns
from recutis.scorecard.types import Card, ClaimRow, Spread
from recutis.scorecard.verdict import propositions

TWINS = 40
PAGE = Path(__file__).parent.parent / "docs" / "claims.md"


@cache
def panel() -> Panel:
    """One small panel for all tests."""
    return Panel(n=TWINS)


@cache
def rows() -> tuple[ClaimRow, ...]:
    """All packaged statements, computed once."""
    return claim_rows(panel(), packaged())


@cache
def by_id() -> dict[str, ClaimRow]:
    """The same by id."""
    return {row.id: row for row in rows()}


def written(path: Path, *statements: dict[str, str]) -> Path:
    """A table of claims with these rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, packaged_columns("claims"))
        table.writeheader()
        table.writerows(statements)
    return path


def card(path: Path) -> Card:
    """The card of a table from outside."""
    return score_card("claims", targets=path, twins=TWINS)


def test_all_statements_are_computed_and_judged() -> None:
    """44 rows in the table's order, every one computed, every verdict one of three."""
    assert [row.id for row in rows()] == [row.id for row in evidence.rows("claims")]
    assert all(row.computed and not row.reason for row in rows()), [row.reason for row in rows() if row.reason]
    assert {row.verdict_computed for row in rows()} == {"supported", "depends", "contradicted"}


def test_most_verdicts_agree_with_the_literature() -> None:
    """The models and the literature tell the same story for at least 30 of 44; the rest is shown as differing."""
    differing = [(row.id, row.verdict_computed, row.verdict_literature) for row in rows() if not row.agrees]

    assert len(rows()) - len(differing) >= 30, differing


def test_every_quantity_that_a_statement_asks_for_is_there_with_spreads() -> None:
    """No quantity without cases; percentiles in order; a share is a share."""
    for row in rows():
        for quantity in row.quantities:
            assert quantity.by, (row.id, quantity.name)
            for case, answer in quantity.by.items():
                if isinstance(answer, Spread):
                    assert answer.p10 <= answer.p50 <= answer.p90, (row.id, quantity.name, case)
                    if quantity.name.startswith(("p(", "probability", "responder", "PIH_pct", "satisfaction")):
                        assert answer.p10 >= 0, (row.id, case)
                        assert answer.p90 <= 100, (row.id, case)


def test_every_source_is_an_evidence_row() -> None:
    """Each number leads back to rows that exist."""
    for row in rows():
        assert row.sources, row.id
        for key in row.sources:
            assert evidence.has(key), (row.id, key)


def test_what_the_models_must_say() -> None:
    """Signs that no refit may turn round."""
    found = by_id()

    assert found["CLM-06"].verdict_computed == "contradicted"  # full-field ablation can harm for good
    assert found["CLM-21"].verdict_computed == "contradicted"  # water-targeting lasers do not close vessels
    assert found["CLM-12"].verdict_computed == "depends"  # only ablative lasers remove skin
    removed = next(item for item in found["CLM-12"].quantities if item.name == "skin_removed_flag")
    for device_class, flag in removed.by.items():
        assert flag is matches("ablative_any", device_class), device_class


def test_prophylaxis_and_sunscreen_lower_risks_in_every_class() -> None:
    """An antiviral lowers the chance of a cold sore, history raises it; sunscreen never raises darkening."""
    herpes = next(item for item in by_id()["CLM-44"].quantities if item.name == "hsv_risk_pct").by
    for case, answer in herpes.items():
        if case.endswith("without antiviral"):
            assert isinstance(answer, Spread)
            guarded = herpes[case.replace("without", "with")]
            assert isinstance(guarded, Spread)
            assert guarded.p50 < answer.p50, case
    spared = next(item for item in by_id()["CLM-33"].quantities if item.name == "pigment_risk_reduction").by
    assert all(isinstance(answer, Spread) and answer.p10 >= 0 for answer in spared.values())


def test_darkening_rises_with_phototype_for_each_resurfacing_laser() -> None:
    """II, III and IV under their own ceilings: fractional columns get fewer, yet darkening is likelier in IV than in II."""
    risk = next(item for item in by_id()["CLM-41"].quantities if item.name == "PIH_pct_by_phototype").by
    seen = 0
    for name in DEVICE_CLASSES:
        fair, brown = (risk.get(f"{name}, phototype {phototype}") for phototype in ("II", "IV"))
        if matches("fractional_any", name) and isinstance(fair, Spread) and isinstance(brown, Spread):
            assert brown.p50 > fair.p50, name
            seen += 1
    assert seen >= 5


def test_the_panel_keeps_to_the_ceilings_and_says_why_not() -> None:
    """Nothing in the panel lies above the ceiling of its site and phototype; a class that is left out has a reason."""
    used = 0
    for name in persons("treated_"):
        for device_class in DEVICE_CLASSES:
            treated = panel().treat(name, device_class)
            if isinstance(treated, str):
                assert len(treated) > 10, (name, device_class)
                continue
            place = treated.place
            most = ceiling(place.site, device_class, place.twins.traits.phototype)
            assert most.allowed
            assert above_ceiling(treated.evaluation.exposure, most) == (), (name, device_class)
            used += 1
    assert used > 100


def test_reference_persons_are_complete_patient_files() -> None:
    """Each row gives a patient whose required questions are answered; its own words win over the healthy ones."""
    from recutis.patient import questions

    for name in persons(""):
        assert questions(person(name)) == (), name
    assert person("treated_phototype_IV").patient.phototype == "IV"
    assert person("check_acne_severe").active.acne == "severe"
    with pytest.raises(UnknownNameError, match=r"claims\.person\.nobody"):
        person("nobody")


def test_sessions_follow_how_much_one_session_does() -> None:
    """A gentle laser needs more sessions than a full-field one; the usual course has one to three."""
    full, gentle = (panel().treat("treated_fair", name) for name in ("ablative_full_co2", "nonablative_fractional_1440"))
    assert not isinstance(full, str)
    assert not isinstance(gentle, str)

    assert np.median(full.sessions_needed("texture")) < np.median(gentle.sessions_needed("texture"))
    assert not full.sessions_needed("melasma").any()  # not among the concerns of this person
    for treated in (full, gentle):
        assert all(1 <= treated.usual_sessions(kind) <= 3 for kind in treated.kinds)
        assert set(treated.served) <= set(treated.kinds)


def test_pain_is_compared_with_what_hurts_least() -> None:
    """The chance against the mildest alternative is never above the chance against any other."""
    from recutis.scorecard.quantities_time import draws_of_row, pain_comparators
    from recutis.scorecard.registry import compute

    worst = compute("chance_against_mildest_alternative_pct", panel(), "").by["ablative_fractional_co2"]
    treated = panel().treat("treated_fair", "ablative_fractional_co2")
    assert isinstance(worst, Spread)
    assert not isinstance(treated, str)
    pain = treated.response.pain_0_10
    for row in pain_comparators():
        assert worst.p50 <= 100 * np.mean(pain < draws_of_row(row, pain.size, 0)) + 1e-9, row.id


def test_a_share_of_twins_has_its_range_from_the_blocks() -> None:
    """All blocks alike: no range; blocks that differ: a range around the mean."""
    block = np.repeat(np.arange(4), 5)

    assert chance_pct(np.tile([True, False, False, False, False], 4), block) == Spread(p10=20.0, p50=20.0, p90=20.0)
    mixed = chance_pct(block < 2, block)
    assert (mixed.p10, mixed.p50, mixed.p90) == (0.0, 50.0, 100.0)


def test_the_same_card_twice_and_the_verdict_column_is_never_read(tmp_path: Path) -> None:
    """Turning the literature's verdict round changes the agreement, not the computed verdict or a number."""
    row = next(item for item in evidence.rows("claims") if item.id == "CLM-03")
    first = card(written(tmp_path / "a.csv", dict(row.fields)))
    turned = card(written(tmp_path / "b.csv", {**row.fields, "verdict": "supported", "literature": "", "correction": ""}))
    blank = card(written(tmp_path / "c.csv", {**row.fields, "verdict": ""}))

    one, two, three = first.rows[0], turned.rows[0], blank.rows[0]
    assert first.document() == card(written(tmp_path / "a.csv", dict(row.fields))).document()
    assert one["verdict_computed"] == two["verdict_computed"] == three["verdict_computed"] == "depends"
    assert one["quantities"] == two["quantities"]
    assert (one["agrees"], two["agrees"], three["agrees"]) == (True, False, None)


def test_a_statement_from_outside_is_computed_but_not_judged_by_another_statements_rule(tmp_path: Path) -> None:
    """An id that is reused does not bring its proposition; the words do, and the concern is read from them."""
    path = written(
        tmp_path / "own.csv",
        {
            "id": "CLM-03",
            "statement": "Freckles fade",
            "quantity_to_compute": "clearance_pct, p(>=50 pct)",
            "verdict": "supported",
        },
        {"id": "X", "statement": "minimal  downtime is a main advantage", "quantity_to_compute": "downtime_days"},
        {"id": "Y", "statement": "It makes people happy", "quantity_to_compute": "happiness_pct"},
        {"id": "Z", "statement": "Nothing asked", "quantity_to_compute": ""},
    )

    own, known, unknown, nothing = card(path).rows

    assert own["computed"]
    assert own["verdict_computed"] is None
    assert "no proposition is written" in str(own["reason"])
    assert known["verdict_computed"] == "depends"
    assert not unknown["computed"]
    assert "nothing here computes 'happiness_pct'" in str(unknown["reason"])
    assert nothing["reason"] == "The row names no quantity to compute."


def test_the_card_prints_and_is_json() -> None:
    """As many cells as columns, one line a row, JSON without NaN, a summary that counts."""
    made = score_card("claims", twins=TWINS)
    document = made.document()

    assert all(len(line) == len(made.columns()) for line in made.lines())
    assert len(made.lines()) == len(made.rows) == 44
    assert json.loads(json.dumps(document, allow_nan=False))["summary"]["rows"] == 44
    summary = made.summary
    assert summary["computed"] == 44
    assert sum(summary["by_verdict"].values()) == 44  # type: ignore[attr-defined]
    assert "44 of 44 statements computed" in made.closing()


def test_progress_runs_from_zero_to_one() -> None:
    """Progress never falls and ends at 1."""
    seen: list[float] = []
    claim_rows(Panel(n=TWINS, progress=seen.append), packaged()[23:26])

    assert seen == sorted(seen)
    assert seen[-1] == 1.0


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("It can eliminate freckles on the face", "freckles"),
        ("Age spots can be removed", "age_spots"),
        ("It can eliminate small lines around the eyes", "fine_lines"),
        ("This is normal", ""),
    ],
)
def test_the_concern_is_read_from_the_words(statement: str, kind: str) -> None:
    """The first word that names a concern decides; none gives an empty word."""
    assert concern_of(statement) == kind


def test_the_page_in_the_documents_is_current() -> None:
    """docs/claims.md holds every statement with its proposition, correction and the literature's verdict.

    Written by `python -m recutis.scorecard.page`; numbers are not compared, they move with the models.
    """
    text = PAGE.read_text(encoding="utf-8")

    for row in evidence.rows("claims"):
        assert f'### {row.id}: "{row.fields["statement"]}"' in text, row.id
        assert f"(literature: {row.fields['verdict']};" in text
        assert f"Better said: {row.fields['correction']}." in text, row.id
        assert f"Proposition: {propositions()[row.id].words}" in text, row.id
    assert "not computed" not in text


def test_a_fresh_page_has_the_headings_of_the_one_in_the_documents() -> None:
    """The writer and the file have the same structure."""
    fresh = [line for line in page(rows(), panel()).splitlines() if line.startswith("#")]

    assert fresh == [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert claim_text(rows()[0]).startswith('### CLM-01: "Laser skin resurfacing has many benefits"')
