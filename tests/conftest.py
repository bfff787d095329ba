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
