"""`simulate` and `compare`: files that hold together, cancelling without leftovers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from recutis.errors import CancelledError
from recutis.injury.film import FRAMES
from recutis.simulation import compare, read_exposure, simulate

EXAMPLES = Path(__file__).parents[1] / "examples" / "exposures"


def test_simulation_writes_numbers_arrays_and_pictures(tmp_path: Path) -> None:
    """The film in the NetCDF file ends at the depths that the injury states; the account of energy is with it."""
    shares: list[float] = []

    made = simulate(EXAMPLES / "pulsed-dye-vessels.yaml", tmp_path / "out", progress=shares.append)

    figures = {x.name for x in (tmp_path / "out" / "figures").iterdir()}
    assert figures == {"cross-section.png", "temperature.png", "moments.png", "film.gif"}
    with xr.open_dataset(tmp_path / "out" / "injury.nc", engine="h5netcdf") as data:
        assert data["film_temperature"].sizes["moment"] == FRAMES
        assert abs(data.attrs["energy_residual"]) < 1e-6
        assert float(data["film_damage"].max()) <= float(data["damage"].max()) * 1.5
        assert bool(np.isfinite(data["moment"]).all())
    written = json.loads((tmp_path / "out" / "injury.json").read_text(encoding="utf-8"))
    assert written["injury"]["peak_basal_C"] == pytest.approx(made.injury.peak_basal_C)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_two_exposures_stand_side_by_side(tmp_path: Path) -> None:
    """Each has its folder; the comparison gives both values and their ratio; an exposure against itself gives ones."""
    path = EXAMPLES / "pulsed-dye-vessels.yaml"
    same = compare(read_exposure(path), path, tmp_path / "out")

    told = json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf-8"))
    assert (tmp_path / "out" / "comparison.png").stat().st_size > 10_000
    assert {x.name for x in (tmp_path / "out").iterdir()} == {"first", "second", "comparison.json", "comparison.png"}
    assert len(told["rows"]) > 10
    assert all(row["ratio"] in {1.0, None} for row in told["rows"])
    assert [one.value for one, _ in same.rows()] == [two.value for _, two in same.rows()]


def test_a_cancelled_simulation_leaves_nothing(tmp_path: Path) -> None:
    """Cancelled at once or on the way: a sentence, and no folder."""
    with pytest.raises(CancelledError, match="nothing was"):
        simulate(EXAMPLES / "pulsed-dye-vessels.yaml", tmp_path / "out", cancelled=lambda: True)
    asked = iter([False] * 3 + [True] * 99)
    with pytest.raises(CancelledError, match="cancelled"):
        simulate(EXAMPLES / "pulsed-dye-vessels.yaml", tmp_path / "out", cancelled=lambda: next(asked))

    assert list(tmp_path.iterdir()) == []
