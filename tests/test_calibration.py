"""Calibration: scales, the fit on small tables, what a left-out study leaves, and whether the draws that ship belong together."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recutis import evidence, posterior
from recutis.calibration import run, ship
from recutis.calibration.fit import SPREAD, Fit, Problem, fit, leverage, spreads, touched
from recutis.calibration.held_out import held_out_card
from recutis.calibration.rows import FAMILIES, Datum, data, study_of
from recutis.calibration.scale import WITHIN, Scale, scales
from recutis.injury.simulate import injure
from recutis.laser import device, expose
from recutis.laser.types import Settings
from recutis.scorecard.clinical_sample import Told
from recutis.scorecard.clinical_study import Lab
from recutis.scorecard.clinical_table import packaged
from recutis.scorecard.tables import Record
from recutis.skin import build, lesion

FEW = ("REC-079", "REC-080", "REC-051", "PAIN-006", "PAIN-041", "RSK-054", "RSK-055", "OUT-038", "OUT-037")


def records(*ids: str) -> tuple[tuple[str, Record], ...]:
    """Packaged rows by id."""
    return tuple((table, record) for table, record in packaged() if record.fields["id"] in ids)


def changed(found: tuple[tuple[str, Record], ...], row: str, column: str, value: str) -> tuple[tuple[str, Record], ...]:
    """The same rows, one cell of one of them changed."""
    return tuple(
        (table, replace(record, fields={**record.fields, column: value}) if record.fields["id"] == row else record)
        for table, record in found
    )


@pytest.fixture(scope="module")
def few() -> Fit:
    """A fit of nine rows of seven studies."""
    return fit(run.problem_of(records(*FEW)))


@given(st.sampled_from(scales()), st.floats(-3.0, 3.0))
def test_parameters_keep_to_what_their_kind_allows(one: Scale, away: float) -> None:
    """The middle of a prior is the row's value; positive and shares stay so, however far."""
    row = evidence.get(one.key)
    found = one.value(one.middle + one.sd * away)

    if one.kind != "plain":
        assert found > 0.0
    if one.kind in {"share", "percent"}:
        assert found < (1.0 if one.kind == "share" else 100.0)
    elif one.kind in {"log", "plain"}:
        assert one.value(one.middle) == pytest.approx(row.value)


def test_ranges_are_read_as_what_is_plausible() -> None:
    """A row of 160 from 100 to 250 is carried as a logarithm whose 95 % interval is as wide as the range."""
    one = next(x for x in scales() if x.key == "response.closure.edge_speed")

    assert one.value(one.middle + 1.96 * one.sd) / one.value(one.middle - 1.96 * one.sd) == pytest.approx(2.5, rel=1e-3)


def test_no_parameter_is_read_past_the_twins() -> None:
    """What is calibrated is never read as a plain number: its draws would be lost."""
    keys = {one.key for one in scales()}
    folder = Path(ship.__file__).parent.parent / "response"
    texts = [line for file in folder.glob("*.py") for line in file.read_text(encoding="utf-8").splitlines()]
    plain = {word.split('"')[1] for line in texts for word in line.split("number(")[1:] if word.startswith('"')}

    assert plain
    assert not {f"response.{name}" for name in plain} & keys


def test_each_kind_of_row_has_a_family_and_each_study_a_name() -> None:
    """All families have a start; what a reviewer says of one class is one study, and so are the rows of a paper."""
    own = {"days.clock", "days.clock.told", "days.redness", "days.redness.told", "days.sign"}
    assert set(FAMILIES.values()) | own | {f"gain.mean.{by}" for by in ("blinded", "open", "meter")} == set(SPREAD)
    found = [record for _, record in packaged()]
    priors = [study_of(one) for one in found if "reviewer prior" in one.fields["source"].lower()]

    assert 5 < len(set(priors)) < len(priors)
    assert len({study_of(one) for one in found}) < len(found)


def test_middles_have_no_luck_and_are_compared_on_one_scale() -> None:
    """Without a seed a row tells its middle; a value told by the model is compared as equal to itself, in any units."""
    problem = run.problem_of(records(*FEW))
    told = [row.told(problem.lab) for row in problem.data]

    assert all(one is not None and one.p10 == one.p50 == one.p90 for one in told)
    days = Told(p10=1.0, p50=2.0, p90=3.0, log=True, top=100.0, sampling=0.1, slack=0.25)
    assert days.scaled(24.0).compared(48.0) == pytest.approx(days.compared(2.0))
    score = Told(p10=10.0, p50=20.0, p90=30.0, log=False, top=100.0, sampling=0.1, slack=2.0).scaled(-0.03, 3.0)
    assert score.compared(2.4) == pytest.approx(Told(**{**score.__dict__, "factor": 1.0, "shift": 0.0}).compared(20.0))
    assert score.compared(9.0) == score.compared(3.0)


def test_longer_healing_reported_moves_parameters_towards_longer_healing(few: Fit) -> None:
    """The same rows with one closure ten times as long: the model's middle for it rises, its neighbours follow."""
    longer = fit(run.problem_of(changed(records(*FEW), "REC-080", "value", "30")))
    ids = [row.id for row in few.problem.data]

    assert longer.model[ids.index("REC-080")] > few.model[ids.index("REC-080")] + 0.05
    assert longer.model[ids.index("REC-079")] >= few.model[ids.index("REC-079")] - 0.02


def test_a_fit_lies_between_prior_and_rows_and_narrows(few: Fit) -> None:
    """The mode reduces the deviations, no parameter runs away, and no law is wider than its prior."""
    start = few.problem.told(np.zeros(few.mode.size))
    before, after = start[1] - start[0], few.residual
    weight = 1.0 / (few.sampling**2 + 0.5**2)
    mode, covariance = few.solve()

    assert (weight * after**2).sum() < (weight * before**2).sum()
    assert np.abs(mode).max() < 3.0
    assert np.diag(covariance).max() <= 1.0 + 1e-9
    assert np.diag(covariance).min() < 0.8
    assert set(few.spread) == set(SPREAD)


def test_leaving_out_all_that_is_known_leaves_the_prior(few: Fit) -> None:
    """A table of one study without that study: mode and law are those of the priors."""
    same = tuple(replace(row, study="one") for row in few.problem.data)
    mode, covariance = replace(few, problem=replace_data(few.problem, same)).without("one")

    assert np.abs(mode).max() < 1e-9
    assert np.allclose(covariance, np.eye(mode.size))


def replace_data(problem: Problem, rows: tuple[Datum, ...]) -> Problem:
    """A problem with other rows."""
    return Problem(rows, problem.lab)


def test_leaving_a_study_out_is_what_a_fit_without_it_finds(few: Fit) -> None:
    """To first order: the study's own row moves as in a fit that never saw it, within a fifth of its spread."""
    at = next(i for i, row in enumerate(few.problem.data) if row.id == "REC-051")
    study = few.problem.data[at].study
    others = fit(run.problem_of(records(*(x for x in FEW if x != "REC-051"))))
    seen = others.problem.__class__(few.problem.data, few.problem.lab).told(others.solve()[0])[0][at]
    guess = few.model[at] + few.jacobian[at] @ (few.without(study)[0] - few.mode)

    assert guess == pytest.approx(float(seen), abs=0.3)


def test_only_rows_that_a_group_moves_are_asked_for_its_derivatives(few: Fit) -> None:
    """Pain moves pain, gains move gains."""
    rows = touched(few.problem)
    tables = {
        few.problem.scales[at].key: {few.problem.data[i].table for i in which} for group, which in rows.items() for at in group
    }

    assert tables["response.pain.gain"] == {"pain"}
    assert tables["response.gain.usual"] == {"clinical_outcomes"}
    assert "clinical_outcomes" not in tables["response.closure.edge_speed"]


def test_shares_of_responders_lever_the_spread_of_gains(few: Fit) -> None:
    """A step of what studies differ by moves days by one, gains by about one."""
    lever = leverage(few.problem, few.mode)

    days = np.array([row.family.startswith("days.") for row in few.problem.data])
    assert days.any()
    assert set(lever[days]) == {1.0}
    assert (lever[few.problem.family("gain.mean.open")] > 0.3).all()
    assert all(value >= 0.0 for value in spreads(few).values())


def test_draws_have_the_mode_in_their_middle_and_the_law_about_it() -> None:
    """Pairs on either side: the mean is the mode to rounding; many draws have the covariance asked for."""
    covariance = np.array([[1.0, 0.6], [0.6, 0.5]])
    mode = np.array([0.3, -2.0])
    found = ship.draws(mode, covariance, 4000)

    assert np.allclose(found.mean(axis=0), mode)
    assert np.allclose(np.cov(found.T), covariance, atol=0.05)
    assert np.array_equal(ship.draws(mode, covariance, 40), ship.draws(mode, covariance, 40))


def test_a_left_out_card_predicts_each_row_without_its_study(few: Fit) -> None:
    """All rows, in their order, with finite ends; the fit's own laboratory is not touched."""
    card = held_out_card(few, lab=replace(few.problem.lab, n=160, blocks=80, seed=0))

    assert [row["id"] for row in card.rows] == [row.id for row in few.problem.data]
    assert all(isinstance(row["p10"], float) and row["p10"] <= row["p90"] for row in card.rows)  # type: ignore[operator]
    assert card.summary["compared"] == len(card.rows)


def test_an_interrupted_run_goes_on_where_it_stood(few: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mode is kept after each round, used by the next run on the same tables, and gone when that has finished."""
    monkeypatch.setattr(run, "problem_of", lambda: few.problem)
    state = tmp_path / "calibration-state.json"

    class StoppedError(Exception):
        """What stops a run."""

    def stopped(_: Problem, **words: object) -> Fit:
        words["keep"](few.mode)  # type: ignore[operator]
        raise StoppedError

    monkeypatch.setattr(run, "fit", stopped)
    with pytest.raises(StoppedError):
        run.calibrate(state_folder=tmp_path)
    assert json.loads(state.read_text(encoding="utf-8"))["evidence_sha256"] == ship.evidence_digest()

    begun: list[object] = []
    monkeypatch.setattr(run, "fit", lambda _, **words: (begun.append(words["start"]), few)[1])
    run.calibrate(state_folder=tmp_path)
    assert np.allclose(np.asarray(begun[0]), few.mode)
    assert not state.exists()


def test_shipped_draws_belong_to_the_tables_beside_them() -> None:
    """When this fails, make them anew: `recutis calibrate --write --page docs/calibration.md`."""
    assert ship.stale() == ()
    assert set(posterior.draws()) == {one.key for one in scales()}
    assert {values.size for values in posterior.draws().values()} == {ship.COUNT}
    assert set(posterior.manifest()["spread"]) == set(SPREAD)


def test_shipped_draws_belong_to_the_physics_of_today() -> None:
    """Injuries that the draws were made from, computed anew, one in twenty: the same numbers within a hundredth."""
    text = (ship.folder() / posterior.INJURIES).read_text(encoding="utf-8")
    lines = list(csv.DictReader(text.splitlines()))
    names = [
        name
        for name in lines[0]
        if name not in {"device", "site", "phototype", "lesion", "selective", "fractional", *Settings.__dataclass_fields__}
    ]
    for line in lines[::20]:
        panel = {
            name: int(line[name]) if name in {"passes", "stack"} else float(line[name])
            for name in Settings.__dataclass_fields__
            if line[name]
        }
        skin = build(
            site=line["site"], age_years=evidence.value("clinical.default.age"), phototype=line["phototype"], sex="female"
        )
        target = lesion(line["lesion"], skin) if line["lesion"] else None
        injury = injure(expose(device(line["device"]), Settings(**panel)), skin, lesion=target)  # type: ignore[arg-type]
        assert ship.numbers_of(injury) == pytest.approx([float(line[name]) for name in names], rel=0.01, abs=1e-4), line


def test_the_difference_from_what_ships_is_told(few: Fit) -> None:
    """A fit of a few rows is not the one that ships; one of other parameters cannot be compared."""
    assert run.difference(few) > 0.1
    other = replace(few, problem=Problem(few.problem.data, few.problem.lab, few.problem.scales[:3]), mode=few.mode[:3],
                    jacobian=few.jacobian[:, :3])  # fmt: skip
    assert run.difference(other) == float("inf")


def test_spreads_that_ship_are_those_the_card_uses() -> None:
    """The card's samples ask the manifest; without one they fall back on the rows."""
    for family in SPREAD:
        assert posterior.spread(family) == pytest.approx(posterior.manifest()["spread"][family])


def test_rows_without_numbers_are_not_data() -> None:
    """A row in words is no datum."""
    lab = Lab(n=40, blocks=1, seed=None)
    assert data(records("REC-079"), lab)[0].reported > 0.0
    assert not data(changed(records("REC-079"), "REC-079", "value", ""), lab) or records("REC-079")[0][1].fields.get("value_low")


def test_worlds_of_one_cloud_tell_what_single_runs_tell(few: Fit) -> None:
    """Many places of the parameters at once give, number for number, what each place gives alone."""
    rng = np.random.default_rng(3)
    modes = rng.normal(0.0, 0.5, (3, few.mode.size))
    rows = range(len(few.problem.data))
    together = few.problem.told_each(modes, rows)

    for at, mode in enumerate(modes):
        assert together[:, at] == pytest.approx(few.problem.told(mode)[0], abs=1e-9)


def test_what_ships_has_the_spreads_of_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """A calibration ends with the spreads that the card asks for, and keeps them in what it installs."""
    monkeypatch.setattr(run, "problem_of", lambda: Problem(data(records(*FEW), lab := run.laboratory()), lab))
    monkeypatch.setattr(
        run,
        "with_card_spreads",
        lambda found, **_: replace(found, spread={name: 2.0 * spread for name, spread in found.spread.items()}),
    )
    found = run.calibrate()

    assert found.spread == {name: 2.0 * spread for name, spread in fit(run.problem_of()).spread.items()}
    assert json.loads(ship.packed(found, "0")["manifest.json"])["spread"]["risk"] == pytest.approx(found.spread["risk"], abs=1e-4)


def test_what_only_persons_tell_is_not_moved_by_studies() -> None:
    """Shares of responders of three studies leave the spread of persons and of raters where their rows have it, as sure as before."""
    found = fit(run.problem_of(records("OUT-203", "OUT-204", "OUT-517", "OUT-518", "OUT-228")))
    mode, covariance = found.solve()
    places = [number for number, one in enumerate(found.problem.scales) if one.key in WITHIN]

    assert len(places) == len(WITHIN)
    assert np.abs(mode).max() > 0.1
    assert np.all(mode[places] == 0.0)
    assert np.all(np.diag(covariance)[places] == 1.0)
