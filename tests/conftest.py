"""Settings that every test shares, and the rule that in CI a skipped test is a failure."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Generator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

import django
import pytest
from hypothesis import settings

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

os.environ.setdefault("MPLBACKEND", "Agg")  # no test needs a screen
# The workstation's tests never touch anybody's data: the folder is new for each run.
os.environ["RECUTIS_DATA"] = tempfile.mkdtemp(prefix="recutis-tests-")
os.environ["RECUTIS_SECRET_KEY"] = "tests" * 16
os.environ["DJANGO_SETTINGS_MODULE"] = "recutis.web.settings"
atexit.register(shutil.rmtree, os.environ["RECUTIS_DATA"], ignore_errors=True)
django.setup()
IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}

# Time limits per example would make a slow machine fail; in CI the examples are the same each time.
settings.register_profile("recutis", deadline=None, derandomize=IN_CI, print_blob=True)
settings.load_profile("recutis")


def allowed_skips(path: Path) -> dict[str, str]:
    """Patterns of test ids that may be skipped in CI, each with its reason."""
    if not path.is_file():
        return {}
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            pattern, _, reason = line.partition("  ")
            if not reason.strip():
                msg = f"{path.name}: '{pattern}' gives no reason; write the pattern, two spaces, the reason."
                raise pytest.UsageError(msg)
            found[pattern.strip()] = reason.strip()
    return found


ALLOWED = allowed_skips(Path(__file__).with_name("allowed-skips.txt"))


def _judged(report: Report) -> Report:
    """The report, turned into a failure when the test was skipped in CI without leave."""
    expected_failure = hasattr(report, "wasxfail")
    if IN_CI and report.skipped and not expected_failure and not any(fnmatchcase(report.nodeid, glob) for glob in ALLOWED):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} was skipped in CI ({reason}); run it, or give the reason in tests/allowed-skips.txt."
    return report


# Files whose tests take longest, longest first: begun last, one of them would keep a worker busy while the others have done.
LONG = (
    "test_web_looks", "test_web_physics", "test_web_browser", "test_plan_search", "test_web_work", "test_light_cuda",
    "test_injury_simulate", "test_web_walk", "test_web_demo", "test_web_backup", "test_web_killed", "test_web_planning",
    "test_light_layered", "test_web_api", "test_report_write", "test_calibration", "test_web_pictures", "test_web_diary_phone",
    "test_web_delivery_tablet", "test_plan_landscape", "test_plan_examples", "test_scorecard_clinical", "test_package",
)  # fmt: skip


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of long files first, in whatever order pytest-randomly has given to the others."""
    places = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONG)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge each test's report."""
    return _judged((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Judge modules that skip themselves as a whole."""
    return _judged((yield))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in this process; returns exit status, stdout and stderr."""
    from recutis.cli import main

    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["recutis", *map(str, words)])
        status = 0
        try:
            main()
        except SystemExit as stopped:
            status = int(stopped.code or 0)
        out = capsys.readouterr()
        return status, out.out, out.err

    return call
