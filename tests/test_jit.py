"""The cache folder of the kernels, with and without a home that can be written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("home", ["writable", "missing"])
def test_kernels_cache_with_and_without_a_home(home: str, tmp_path: Path) -> None:
    """The cache folder is the user's when it can be written, else a temporary one; a given folder is kept."""
    place = tmp_path if home == "writable" else Path("/proc/no-such-home")
    code = "import os; from recutis import jit; print(os.environ['NUMBA_CACHE_DIR'])"
    environment = {"HOME": str(place), "PATH": "", "TMPDIR": str(tmp_path / "tmp")}
    (tmp_path / "tmp").mkdir()
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()
    given = subprocess.run(
        [sys.executable, "-c", code], env={**environment, "NUMBA_CACHE_DIR": str(tmp_path / "own")}, capture_output=True, text=True,
        check=True,
    ).stdout.strip()  # fmt: skip

    assert found.startswith(str(tmp_path if home == "writable" else tmp_path / "tmp"))
    assert given == str(tmp_path / "own")
