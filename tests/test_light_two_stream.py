"""Layered light: exact limits, energy, and its distance from exact references."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.light import two_stream
from recutis.light.lines import is_water_line, water_line

PER_MM = 1e3  # 1/mm as 1/m


def slab(mua: float, musp: float, g: float, thickness_m: float, *, cells: int = 1, n: float = 1.0) -> two_stream.Light:
    """A homogeneous slab cut into equal cells."""
    one = np.full(cells, 1.0)
    return two_stream.propagate(one * thickness_m / cells, one * mua, one * musp, one * g, n_surface=n)


@settings(max_examples=60, deadline=None)
@given(mua=st.floats(1.0, 1e5), musp=st.floats(0.0, 1e5), g=st.floats(0.0, 0.95), n=st.floats(1.0, 1.5), cells=st.integers(1, 30))
def test_energy_closes_to_rounding(mua: float, musp: float, g: float, n: float, cells: int) -> None:
    """Reflected, absorbed and transmitted light add up to the incident light for any tissue."""
    light = slab(mua, musp, g, 1e-3, cells=cells, n=n)

    assert light.reflected + light.transmitted + light.absorbed.sum() == pytest.approx(1.0, abs=1e-12)
    assert (light.absorbed >= -1e-12).all()


@pytest.mark.parametrize("cells", [1, 7])
def test_pure_absorber_follows_beer(cells: int) -> None:
    """Without scattering every cell absorbs what Beer's law says."""
    light = slab(1500.0, 0.0, 0.0, 1e-3, cells=cells)
    edges = np.linspace(0, 1e-3, cells + 1)

    assert light.absorbed == pytest.approx(-np.diff(np.exp(-1500.0 * edges)), abs=1e-12)
    assert light.reflected == 0.0


def test_conservative_scatterer_loses_nothing() -> None:
    """Without absorption all light comes out again, on either side."""
    light = slab(0.0, 2000.0, 0.8, 1e-3, cells=5, n=1.4)

    assert light.reflected + light.transmitted == pytest.approx(1.0, abs=1e-7)


def test_cutting_a_layer_changes_nothing() -> None:
    """The solution in a layer is exact: one cell or forty give the same reflectance."""
    whole, cut = slab(300.0, 2000.0, 0.8, 2e-3, n=1.4), slab(300.0, 2000.0, 0.8, 2e-3, cells=40, n=1.4)

    assert cut.reflected == pytest.approx(whole.reflected, rel=1e-9)
    assert cut.transmitted == pytest.approx(whole.transmitted, rel=1e-9)


def test_reflectance_grows_with_scattering_and_falls_with_absorption() -> None:
    """More scattering sends more light back, more absorption less."""
    by_scattering = [slab(200.0, musp, 0.8, 5e-3, n=1.4).reflected for musp in (500.0, 1000.0, 3000.0)]
    by_absorption = [slab(mua, 2000.0, 0.8, 5e-3, n=1.4).reflected for mua in (10.0, 100.0, 1000.0)]

    assert by_scattering == sorted(by_scattering)
    assert by_absorption == sorted(by_absorption, reverse=True)


def test_deviation_from_van_de_hulst_is_stated() -> None:
    """On the matched slab of van de Hulst the closed form is off by at most the stated ten per cent of the incident light."""
    row = evidence.get("L01-pub-R")
    layer = json.loads(row.fields["layers"])[0]
    light = slab(
        layer["mua_per_mm"] * PER_MM, layer["mus_per_mm"] * (1 - layer["g"]) * PER_MM, layer["g"], layer["thickness_mm"] / PER_MM
    )
    transmitted = evidence.value("L01-pub-T")

    assert row.value is not None
    assert abs(light.reflected - row.value) < 0.02
    assert abs(light.transmitted - transmitted) < 0.02


@pytest.mark.parametrize("case", ["L02", "L03", "L04"])
def test_layered_skin_within_ten_per_cent_of_monte_carlo(case: str) -> None:
    """Absorption of each layer of the reference skins lies within a tenth of the incident light."""
    rows = [
        row for row in evidence.rows("targets_light") if row.id.startswith(case) and row.fields["quantity"].startswith("absorbed")
    ]
    layers = json.loads(rows[0].fields["layers"])
    arrays = [np.array([float(layer[name]) for layer in layers]) for name in ("thickness_mm", "mua_per_mm", "mus_per_mm", "g")]
    thick, mua, mus, g = arrays
    light = two_stream.propagate(thick / PER_MM, mua * PER_MM, mus * (1 - g) * PER_MM, g, n_surface=float(layers[0]["n"]))
    expected = np.array([row.value for row in rows])

    assert rows
    assert np.abs(light.absorbed[: expected.size] - expected).max() < 0.1


@pytest.mark.parametrize("n", [0.25, 0.5, 0.9, 0.999, 1.0, 1.33, 1.5, 2.0, 2.5, 4.0])
def test_diffuse_light_is_reflected_as_fresnel_says(n: float) -> None:
    """From inside, for tissue thinner and denser than the medium outside, against Fresnel's law summed over directions."""
    cosine = (np.arange(200_000) + 0.5) / 200_000
    sine = n * np.sqrt(1 - cosine**2)
    beyond = np.sqrt(np.maximum(1 - sine**2, 0.0))
    s, p = (n * cosine - beyond) / (n * cosine + beyond), (n * beyond - cosine) / (n * beyond + cosine)
    expected = float(np.mean(2 * cosine * np.where(sine < 1, (s**2 + p**2) / 2, 1.0)))

    assert two_stream.internal_reflection(n) == pytest.approx(expected, abs=1e-6 if n < 1 or n > 2 else 2e-3)


@pytest.mark.parametrize("n", [0.25, 0.7, 1.0, 1.4, 4.0])
def test_any_surface_keeps_the_energy(n: float) -> None:
    """And reflects at least what it reflects of the beam."""
    light = slab(300.0, 2000.0, 0.8, 2e-3, cells=4, n=n)

    assert light.reflected + light.transmitted + light.absorbed.sum() == pytest.approx(1.0, abs=1e-12)
    assert light.reflected > two_stream.specular_reflection(n)


@pytest.mark.parametrize("mua", [1e-12, 1e-8, 1e-6, 1e-4])
def test_fluence_hardly_depends_on_absorption_that_is_next_to_none(mua: float) -> None:
    """It is not the rounding of a flux over an absorption."""
    faint, none = slab(mua, 2000.0, 0.8, 1e-3, cells=200, n=1.4), slab(0.0, 2000.0, 0.8, 1e-3, cells=200, n=1.4)

    assert faint.fluence == pytest.approx(none.fluence, rel=1e-3)


def test_bad_optics_are_refused() -> None:
    """Negative absorption is refused with what is allowed."""
    with pytest.raises(OutOfRangeError, match=r"absorption and scattering of at least 0 and 0 <= g < 1"):
        slab(-1.0, 10.0, 0.5, 1e-3)


def test_water_lines_are_named() -> None:
    """A line that is not dominated by water is refused with the known lines."""
    assert is_water_line(2940.0)
    assert not is_water_line(1550.0)
    with pytest.raises(OutOfRangeError, match=r"1550 nm is not a water-dominated line; these are 2790, 2940, 10600 nm"):
        water_line(1550.0)
