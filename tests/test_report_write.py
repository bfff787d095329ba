"""The whole report: all files for every status, text in the PDF, escaping, determinism, no figure left open."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from sample_plan import LINES, SPOTS, injury, sample_plan, screening_entry, source

from recutis.errors import CancelledError, InputError
from recutis.plan.document import Plan, Refusal, Status
from recutis.report import write_report
from recutis.report.clinician import blocking_rules
from recutis.report.figures.front import best_trades
from recutis.report.write import Part

STATUSES: tuple[Status, ...] = ("ready", "needs_answers", "deferred", "refer", "blocked")
needs_pdftotext = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
NASTY = r"#let x = 1; *bold* _it_ $a^2$ @nobody <label> \n [x] `raw` // ~ é µ ≥ 漢 " + "w" * 120


def _text(pdf: Path) -> str:
    done = subprocess.run(["pdftotext", str(pdf), "-"], check=True, capture_output=True, text=True)
    return re.sub(r"\s+", " ", done.stdout)


def _pages(pdf: Path) -> list[str]:
    done = subprocess.run(["pdftotext", str(pdf), "-"], check=True, capture_output=True, text=True)
    return [re.sub(r"\s+", " ", page) for page in done.stdout.split("\f") if page.strip()]


def _crowded() -> Plan:
    """Four options, five concerns, thirty rules, twelve refused classes, 120 sources, long words everywhere."""
    concerns = (LINES, SPOTS, "acne_scars@cheek", "enlarged_pores@nose", "texture@forehead")
    plan = sample_plan(options=4, concerns=concerns)
    first = plan.options[0].model_copy(
        update={
            "device": NASTY,
            "endpoint": NASTY,
            "warnings": (NASTY,) * 9,
            "injuries": tuple(
                injury(site, target=target) for site in ("nose", "cheek") for target in ("dermis", "vessel", "pigment")
            ),
            "arithmetic": (NASTY,) * 4,
            "test_spot": None,
        }
    )
    return plan.model_copy(
        update={
            "options": (first, *plan.options[1:]),
            "headline": NASTY,
            "screening": tuple(screening_entry(number, severity="relative" if number % 2 else "caution") for number in range(30)),
            "refused": tuple(Refusal(device_class=f"vascular_pdl_{595 + number}", reason=NASTY * 4) for number in range(12)),
            "sources": tuple(source(number) for number in range(120)),
        }
    )


@pytest.mark.parametrize("status", STATUSES)
def test_all_files_are_there_whatever_the_status(status: Status, tmp_path: Path) -> None:
    """PDF, calendar and at least one figure; the PDF of a ready plan has both parts on several pages."""
    write_report(sample_plan(status), tmp_path)

    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "calendar.ics").read_bytes().startswith(b"BEGIN:VCALENDAR")
    pictures = sorted(path.name for path in (tmp_path / "figures").glob("*.png"))
    assert "screening.png" in pictures
    assert (status == "ready") == ({"choice.png", "risks.png", "days.png", "injury-1-periorbital.png"} <= set(pictures))
    assert all((tmp_path / "figures" / name).read_bytes().startswith(b"\x89PNG") for name in pictures)


@needs_pdftotext
def test_the_card_and_the_patient_part_say_what_matters(tmp_path: Path) -> None:
    """Page one holds device, setting, ceiling, end point, stop rule, test spot, eyewear; later pages the patient's words."""
    write_report(sample_plan(), tmp_path)
    pages = _pages(tmp_path / "report.pdf")
    card, patient = pages[0], " ".join(page for page in pages if "For the patient" in page)

    assert 6 <= len(pages) <= 10
    for words in (
        "ProFractional", "180 µm depth", "Hard ceiling", "at most 25 mJ, 15 % density, 2 passes", "STOP IF", "Grey or charred",
        "END POINT", "Made 2026-11-24, read 2026-12-22", "Optical density 5", "2 sessions, 6 weeks apart", "Antiviral", "Redness gone",
    ):  # fmt: skip
        assert words in card, words
    for words in (
        "DRAFT",
        "When to call",
        "Call emergency services now",
        "Fever over 38 C",
        "Out of 10 people like you",
        "in 100",
        "Session 1 of 2",
    ):
        assert words in patient, words
    assert all("not a cleared medical device" in page for page in pages)


@needs_pdftotext
@pytest.mark.parametrize("released", [True, False])
def test_each_part_can_be_printed_alone(tmp_path: Path, released: bool) -> None:
    """The clinician's part alone holds no page for the patient, and the other way round; both together are the usual report."""
    plan = sample_plan().model_copy(update={"released": released})
    pages: dict[str, list[str]] = {}
    for name in ("clinician", "patient", "both"):
        (tmp_path / name).mkdir()
        parts: tuple[Part, ...] = ("clinician", "patient") if name == "both" else (name,)  # type: ignore[assignment]
        write_report(plan, tmp_path / name, parts=parts)
        pages[name] = _pages(tmp_path / name / "report.pdf")
    assert len(pages["both"]) == len(pages["clinician"]) + len(pages["patient"])
    assert all("For the clinician" in page for page in pages["clinician"])
    assert all("For the patient" in page and ("DRAFT" in page) is not released for page in pages["patient"])


@pytest.mark.parametrize(("parts", "words"), [((), "Give a part"), (("nurse",), "has no part 'nurse'")])
def test_a_part_that_does_not_exist_is_refused(tmp_path: Path, parts: tuple[Part, ...], words: str) -> None:
    """By name, and nothing is written."""
    with pytest.raises(InputError, match=words):
        write_report(sample_plan(), tmp_path, parts=parts)
    assert list(tmp_path.iterdir()) == []


@needs_pdftotext
def test_a_released_plan_is_no_draft(tmp_path: Path) -> None:
    """The draft mark goes away with the release, and only then."""
    write_report(sample_plan().model_copy(update={"released": True}), tmp_path)

    assert "DRAFT" not in _text(tmp_path / "report.pdf")


@needs_pdftotext
@pytest.mark.parametrize("status", STATUSES[1:])
def test_a_plan_that_is_not_ready_shows_what_to_do_and_no_session(status: Status, tmp_path: Path) -> None:
    """No device setting and no session date; the headline, what to do instead and the missing question are there."""
    plan = sample_plan(status)
    write_report(plan, tmp_path)
    text = _text(tmp_path / "report.pdf")

    assert plan.headline.split(":")[0] in text
    assert "WHAT TO DO INSTEAD" in text
    assert "Session 1" not in text
    assert "ProFractional" not in text
    assert ("Is the patient pregnant?" in text) == (status == "needs_answers")
    assert ("2027-01-20" in text) == (status in {"deferred", "refer"})


@needs_pdftotext
def test_text_is_printed_as_it_is(tmp_path: Path) -> None:
    """Characters that a typesetter reads as markup come out unchanged; a crowded plan still sets."""
    write_report(_crowded(), tmp_path)
    text = _text(tmp_path / "report.pdf")

    for words in ("#let x = 1; *bold* _it_ $a^2$ @nobody <label>", r"\n [x] `raw` // ~ é µ ≥"):
        assert words in text, words
    assert "SCR-029" in text
    assert "REC-119" in text.replace("\u200b", "")


def test_the_same_plan_gives_the_same_bytes(tmp_path: Path) -> None:
    """PDF, calendar and pictures repeat to the byte."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_report(sample_plan(), tmp_path / name)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())

    assert len(files) >= 7
    assert [name for name in files if (tmp_path / "one" / name).read_bytes() != (tmp_path / "two" / name).read_bytes()] == []


def test_no_figure_stays_open_and_settings_come_back(tmp_path: Path) -> None:
    """Drawing leaves matplotlib as it was."""
    import matplotlib as mpl
    from matplotlib import pyplot

    before = dict(mpl.rcParams)
    write_report(sample_plan(), tmp_path)

    assert pyplot.get_fignums() == []
    assert dict(mpl.rcParams) == before


def test_progress_rises_to_one_and_can_stop(tmp_path: Path) -> None:
    """Fractions never fall; an error raised there ends the work."""
    seen: list[float] = []
    write_report(sample_plan("blocked"), tmp_path, progress=seen.append)

    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 1.0)

    def stop(fraction: float) -> None:
        if fraction > 0:
            msg = "stopped"
            raise CancelledError(msg)

    with pytest.raises(CancelledError, match="stopped"):
        write_report(sample_plan("blocked"), tmp_path, progress=stop)


def test_best_trades_only_rise() -> None:
    """Along the dashed line more downtime always buys more improvement, and every point on it keeps the limits."""
    points = sample_plan().front
    edge = best_trades(points)

    assert len(edge) >= 2
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(edge))
    kept = {(point.social_downtime_days, point.improvement_pct) for point in points if point.meets_limits}
    assert set(edge) <= kept
    assert not [p for p in kept if any(p[0] < a[0] and p[1] > a[1] for a in edge)]


@needs_pdftotext
def test_a_plan_blocked_by_its_limits_blames_the_limits_and_no_caution(tmp_path: Path) -> None:
    """Where only a caution fired, the card shows what each limit removed; the caution stays under screening."""
    ready = sample_plan()
    plan = sample_plan("blocked").model_copy(
        update={
            "screening": (screening_entry(7),),
            "front": ready.front,
            "removed": ready.removed,
            "no_treatment": ready.no_treatment,
        }
    )
    write_report(plan, tmp_path)
    pages = _pages(tmp_path / "report.pdf")
    clinician = " ".join(page for page in pages if "For the clinician" in page)

    assert blocking_rules(plan) == []
    assert "What stands in the way" not in clinician
    assert "WHAT EACH LIMIT REMOVED" in clinician
    assert "hard cap on scarring" in clinician
    assert "No treatment, daily sunscreen" in clinician
    assert (tmp_path / "figures" / "choice.png").is_file()
    assert "Cold sores" not in pages[-1]


def test_the_card_names_a_rule_once():
    """A caution that stands in the option's warnings is not told again from screening."""
    from recutis.report.clinician import clinician_view

    plan = sample_plan()
    rule = next(entry for entry in plan.screening if entry.state == "fires")
    warned = plan.options[0].model_copy(update={"warnings": (f"{rule.condition}: {rule.required_action} ({rule.rule_id}).",)})
    view = clinician_view(plan.model_copy(update={"options": (warned, *plan.options[1:])}), {"sections": [], "depths": []})
    warnings = view["card"]["warnings"]

    assert sum(rule.rule_id in text for text in warnings) == 1
