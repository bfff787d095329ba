"""Monte Carlo in layers: exact limits, energy, symmetry, agreement of the engines, the same numbers on any number of threads."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recutis import evidence, jit
from recutis.errors import CancelledError, InputError, OutOfRangeError
from recutis.light import (
    Beam,
    Goal,
    Grid,
    LayeredLight,
    OpticalLayer,
    array,
    flat_top,
    gaussian,
    pencil,
    rectangle,
    ring,
    transport_layers,
    transport_wide,
)
from recutis.light.beams import parse
from recutis.light.layered import _Record
from recutis.light.stack import tally_rows
from recutis.skin import build, layer_optics

ENGINES = ("packet", "scalar")
SKIN = (
    OpticalLayer(thickness_um=100.0, mua_cm=8.0, mus_cm=300.0, g=0.8, n=1.4, name="upper"),
    OpticalLayer(thickness_um=900.0, mua_cm=0.6, mus_cm=200.0, g=0.8, n=1.37, name="lower"),
)
GRID = Grid(depth_um=1000.0, radius_um=2000.0, depth_cells=50, radius_cells=40)


def run(*layers: OpticalLayer, beam: Beam | None = None, photons: int = 40_000, **more: object) -> LayeredLight:
    """A run of the pencil beam unless another is given."""
    return transport_layers(layers, beam or pencil(), photons=photons, **more)  # type: ignore[arg-type]


def apart(one: tuple[float, float], other: tuple[float, float] | float) -> float:
    """Distance of two estimates in combined standard errors."""
    value, error = other if isinstance(other, tuple) else (other, 0.0)
    return abs(one[0] - value) / math.hypot(one[1], error)


def pair(light: LayeredLight, tally: str) -> tuple[float, float]:
    """Value and standard error of a tally."""
    return light.tallies[tally].value, light.tallies[tally].standard_error


def total(light: LayeredLight) -> float:
    """All energy found."""
    return sum(light.tallies[name].value for name in ("specular_reflectance", "diffuse_reflectance", "transmittance", "absorbed"))


@pytest.mark.parametrize("engine", ENGINES)
def test_pure_absorber_follows_beer(engine: str) -> None:
    """Without scattering light falls exponentially, nothing returns, and nothing leaves the beam's line."""
    light = run(OpticalLayer(thickness_um=1000.0, mua_cm=20.0, mus_cm=0.0, g=0.5, n=1.0), engine=engine, grid=GRID)
    edges_cm = light.grid.depth_edges_um * 1e-4
    exact = -np.diff(np.exp(-20.0 * edges_cm)) / np.diff(edges_cm)

    assert light.tallies["diffuse_reflectance"].value == 0.0
    assert apart(pair(light, "transmittance"), math.exp(-2.0)) < 4.0
    assert np.abs((light.absorbed_wide_cm - exact) / light.absorbed_wide_error_cm).max() < 4.5  # of 50 cells
    assert light.absorbed_cm3[:, 1:].max() == 0.0


@pytest.mark.parametrize("engine", ENGINES)
def test_without_absorption_all_light_comes_out(engine: str) -> None:
    """A conservative scatterer between two indices loses nothing, to rounding."""
    light = run(OpticalLayer(thickness_um=500.0, mua_cm=0.0, mus_cm=100.0, g=-0.5, n=1.4), engine=engine, photons=20_000)

    assert light.tallies["absorbed"].value == 0.0
    assert total(light) == pytest.approx(1.0, abs=2e-6)
    assert light.balance.standard_error == 0.0


@pytest.mark.parametrize("engine", ENGINES)
def test_slab_of_van_de_hulst(engine: str) -> None:
    """Reflectance and transmittance of the matched slab are the published ones."""
    row = evidence.get("L01-pub-R")
    layer = json.loads(row.fields["layers"])[0]
    slab = OpticalLayer(
        thickness_um=layer["thickness_mm"] * 1e3,
        mua_cm=layer["mua_per_mm"] * 10,
        mus_cm=layer["mus_per_mm"] * 10,
        g=layer["g"],
        n=1.0,
    )
    light = run(slab, engine=engine, photons=200_000, seed=1)

    assert row.value is not None
    assert apart(pair(light, "diffuse_reflectance"), row.value) < 4.0
    assert apart(pair(light, "transmittance"), evidence.value("L01-pub-T")) < 4.0


@pytest.mark.parametrize("engine", ENGINES)
def test_isotropic_half_space_reflects_as_chandrasekhar_says(engine: str) -> None:
    """For g = 0 and matched indices a half space of albedo a reflects 1 - H(1) sqrt(1 - a) of a normal beam.

    Chandrasekhar, Radiative Transfer (1950); H from its integral equation, solved here by iteration.
    """
    albedo = 0.9
    nodes, weights = np.polynomial.legendre.leggauss(64)
    mu, weight = (nodes + 1) / 2, weights / 2
    h = np.ones_like(mu)
    for _ in range(300):
        kernel = (weight * h * mu) @ (1.0 / (mu[:, None] + mu[None, :]))
        h = 1.0 / (math.sqrt(1 - albedo) + albedo / 2 * kernel)
    at_one = 1.0 / (math.sqrt(1 - albedo) + albedo / 2 * float(np.sum(weight * h * mu / (mu + 1.0))))
    light = run(OpticalLayer(thickness_um=math.inf, mua_cm=10.0, mus_cm=90.0, g=0.0, n=1.0), engine=engine, photons=100_000)

    assert apart(pair(light, "diffuse_reflectance"), 1 - at_one * math.sqrt(1 - albedo)) < 4.0
    assert light.tallies["transmittance"].value == 0.0


def test_packets_agree_with_single_photons() -> None:
    """Both engines give the same light within errors: shares, wide fluence, fluence near the beam, what leaves by radius."""
    packet, scalar = (run(*SKIN, engine=engine, photons=150_000, grid=GRID, seed=5) for engine in ENGINES)

    assert (packet.engine, scalar.engine) == ENGINES
    for name in packet.tallies:
        if packet.tallies[name].standard_error:
            assert apart(pair(packet, name), pair(scalar, name)) < 4.0, name
    for field, error in (("fluence_wide", "fluence_wide_error"), ("reflected_cm2", "reflected_error_cm2")):
        gap = getattr(packet, field) - getattr(scalar, field)
        assert np.abs(gap / np.hypot(getattr(packet, error), getattr(scalar, error))).max() < 4.5, field
    near = (slice(0, 30), slice(0, 10))
    gap = packet.fluence_cm2[near] - scalar.fluence_cm2[near]
    sigma = np.hypot(packet.fluence_error_cm2[near], scalar.fluence_error_cm2[near])
    assert np.sqrt(np.mean((gap / sigma) ** 2)) == pytest.approx(1.0, abs=0.25)  # errors are neither too small nor too large


@pytest.mark.parametrize("engine", ENGINES)
def test_threads_do_not_change_the_numbers(engine: str) -> None:
    """The same seed on one, two and five threads gives the same result bit for bit, another seed another one."""
    first, *rest = (run(*SKIN, engine=engine, photons=10_001, grid=GRID, seed=9, threads=n) for n in (1, 2, 5))
    other = run(*SKIN, engine=engine, photons=10_001, grid=GRID, seed=10)

    for light in rest:
        assert np.array_equal(first.fluence_cm2, light.fluence_cm2)
        assert np.array_equal(first.fluence_error_cm2, light.fluence_error_cm2)
        assert first.tallies == light.tallies
        assert first.provenance == light.provenance
    assert not np.array_equal(first.fluence_cm2, other.fluence_cm2)


def test_a_goal_stops_at_the_same_block_on_any_number_of_threads() -> None:
    """`until_pct` reaches its error, and threads that ran ahead leave no trace."""
    one, two = (
        transport_layers(SKIN, pencil(), until_pct=0.3, tally="transmittance", grid=GRID, threads=n, seed=2) for n in (1, 2)
    )
    found = one.tallies["transmittance"]

    assert found.standard_error <= 0.003 * found.value
    assert found.standard_error > 0.0025 * found.value
    assert one.photons == two.photons
    assert np.array_equal(one.absorbed_cm3, two.absorbed_cm3)


def test_a_goal_out_of_reach_ends_at_the_bound() -> None:
    """No more photons than allowed are spent."""
    light = transport_layers(SKIN, pencil(), goals=[Goal(tally="absorbed", standard_error=1e-9)], most_photons=30_000, grid=GRID)

    assert light.photons == 30_000


def test_standard_errors_shrink_as_the_root_of_the_photons() -> None:
    """Sixteen times the photons give a quarter of the error."""
    few, many = (run(*SKIN, photons=n, grid=GRID, seed=3) for n in (20_000, 320_000))
    ratio = [few.tallies[name].standard_error / many.tallies[name].standard_error for name in ("absorbed", "transmittance")]

    assert ratio == pytest.approx([4.0, 4.0], rel=0.3)


def test_cutting_a_layer_changes_nothing() -> None:
    """Two halves of a layer are the layer, for faces on and off the edges of the grid."""
    whole = run(*SKIN, photons=150_000, grid=GRID, seed=1)
    upper, lower = SKIN
    parts = (upper, replace(lower, thickness_um=333.3), replace(lower, thickness_um=566.7))
    cut = run(*parts, photons=150_000, grid=GRID, seed=2)
    gap = np.abs(whole.fluence_wide - cut.fluence_wide) / np.hypot(whole.fluence_wide_error, cut.fluence_wide_error)

    assert gap.max() < 4.5
    both = [cut.tallies[f"absorbed_layer_{n}"] for n in (2, 3)]
    joined = (sum(x.value for x in both), math.hypot(*(x.standard_error for x in both)))
    assert apart(pair(whole, "absorbed_layer_2"), joined) < 4.0


def test_transmittance_is_the_same_from_either_side() -> None:
    """Diffuse light passes a stack upwards as it passes it downwards (reciprocity), with equal indices outside."""
    down = run(*SKIN, beam=pencil(diffuse=True), photons=200_000, n_below=1.0, grid=GRID, seed=1)
    up = run(*reversed(SKIN), beam=pencil(diffuse=True), photons=200_000, n_below=1.0, grid=GRID, seed=2)

    assert apart(pair(down, "transmittance"), pair(up, "transmittance")) < 4.0


def test_tallies_fit_together() -> None:
    """Absorbed density over the grid and beyond is the absorbed share; fluence times absorption is absorbed density."""
    light = run(*SKIN, grid=GRID, photons=20_000)
    edges = light.grid.radius_edges_um * 1e-4
    volume = math.pi * np.diff(edges**2) * light.grid.depth_um * 1e-4 / light.grid.depth_cells
    inside = float((light.absorbed_cm3 * volume).sum())

    assert inside + light.outside.value == pytest.approx(light.tallies["absorbed"].value, rel=1e-9)
    assert light.absorbed_cm3[:5] == pytest.approx(light.fluence_cm2[:5] * 8.0, rel=1e-9)
    assert light.absorbed_cm3[5:] == pytest.approx(light.fluence_cm2[5:] * 0.6, rel=1e-9)
    assert total(light) == pytest.approx(1.0 + light.balance.value, abs=1e-5)


def test_fluence_in_clear_layers_is_scored() -> None:
    """Between matched clear layers the fluence of a beam is one over its cosine, wherever it goes."""
    clear = OpticalLayer(thickness_um=500.0, mua_cm=0.0, mus_cm=0.0, g=0.0, n=1.0)
    light = run(clear, clear, beam=pencil(angle_deg=60.0), grid=GRID, photons=60_000)

    assert np.abs((light.fluence_wide - 2.0) / light.fluence_wide_error).max() < 4.5
    assert light.tallies["transmittance"].value == pytest.approx(1.0, abs=1e-6)


def test_a_clear_depth_is_a_medium_below() -> None:
    """An infinite clear layer takes what enters it, as the same medium below the stack does."""
    depth = OpticalLayer(thickness_um=math.inf, mua_cm=0.0, mus_cm=0.0, g=0.0, n=1.33)
    layered, below = run(*SKIN, depth, grid=GRID), run(*SKIN, n_below=1.33, grid=GRID)

    assert layered.tallies["transmittance"] == below.tallies["transmittance"]
    assert layered.tallies["absorbed_layer_3"].value == 0.0


@pytest.mark.parametrize("g", [-0.99, 0.0, 0.5, 0.999])
@pytest.mark.parametrize("engine", ENGINES)
def test_mean_cosine_of_scattering_is_g(g: float, engine: str) -> None:
    """In a thin layer single scattering turns back the share that Henyey and Greenstein give."""
    depth_cm, mus = 1e-4, 100.0
    light = run(OpticalLayer(thickness_um=1.0, mua_cm=0.0, mus_cm=mus, g=g, n=1.0), engine=engine, photons=400_000)
    back = (1 - g) / (2 * g) * ((1 + g) / math.sqrt(1 + g * g) - 1) if g else 0.5
    once = 1 - math.exp(-mus * depth_cm)
    found, error = pair(light, "diffuse_reflectance")

    # Light that leaves sideways may scatter again: a correction of the order of the square of the optical depth.
    assert abs(found - once * back) < 4 * error + once**2


@pytest.mark.parametrize(
    ("beam", "mean_square_um2"),
    [
        (flat_top(diameter_um=1000.0), 500.0**2 / 2),
        (gaussian(diameter_um=1000.0), 500.0**2 / 2),
        (ring(inner_um=600.0, outer_um=1000.0), (300.0**2 + 500.0**2) / 2),
        (rectangle(width_um=800.0, height_um=400.0), (800.0**2 + 400.0**2) / 12),
    ],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_beams_have_their_shape(beam: Beam, mean_square_um2: float, engine: str) -> None:
    """Light that goes straight through keeps the beam's mean square radius and all its energy."""
    clear = OpticalLayer(thickness_um=100.0, mua_cm=0.0, mus_cm=0.0, g=0.0, n=1.0)
    grid = Grid(depth_um=100.0, radius_um=1500.0, depth_cells=1, radius_cells=600)
    light = run(clear, beam=beam, grid=grid, photons=60_000, engine=engine)
    edges = light.grid.radius_edges_um
    energy = light.transmitted_cm2 * math.pi * np.diff((edges * 1e-4) ** 2)
    middle2 = (edges[1:] ** 2 + edges[:-1] ** 2) / 2

    assert energy.sum() == pytest.approx(1.0, abs=1e-3)
    assert float((energy * middle2).sum()) == pytest.approx(mean_square_um2, rel=0.03)


def test_a_tilted_beam_refracts_and_shifts() -> None:
    """At 60 degrees light enters water-like tissue by Snell's and Fresnel's laws and leaves displaced by the tangent."""
    n, depth_um = 1.33, 100.0
    light = run(
        OpticalLayer(thickness_um=depth_um, mua_cm=0.0, mus_cm=0.0, g=0.0, n=n), beam=pencil(angle_deg=60.0), n_below=n,
        grid=Grid(depth_um=depth_um, radius_um=200.0, depth_cells=1, radius_cells=400), photons=2000,
    )  # fmt: skip
    inside = math.asin(math.sin(math.radians(60.0)) / n)
    s = math.sin(math.radians(60.0) - inside) / math.sin(math.radians(60.0) + inside)
    p = math.tan(math.radians(60.0) - inside) / math.tan(math.radians(60.0) + inside)
    where = light.grid.radius_edges_um[int(np.argmax(light.transmitted_cm2))]

    assert light.tallies["specular_reflectance"].value == pytest.approx((s * s + p * p) / 2, rel=1e-9)
    assert where == pytest.approx(depth_um * math.tan(inside), abs=0.51)


def test_diffuse_light_enters_as_the_hemispherical_average() -> None:
    """The surface reflects of diffuse light the cosine-weighted mean of Fresnel's law."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    mu, weight = (nodes + 1) / 2, weights / 2
    beyond = np.sqrt(1 - (1 - mu**2) / 1.4**2)
    s, p = (mu - 1.4 * beyond) / (mu + 1.4 * beyond), (beyond - 1.4 * mu) / (beyond + 1.4 * mu)
    mean = float(np.sum(weight * 2 * mu * (s * s + p * p) / 2))
    light = run(SKIN[0], beam=flat_top(diameter_um=500.0, diffuse=True), photons=100_000)

    assert apart(pair(light, "specular_reflectance"), mean) < 4.0
    assert total(light) == pytest.approx(1.0 + light.balance.value, abs=1e-5)


def test_total_reflection_lets_nothing_in() -> None:
    """Beyond the critical angle all light is reflected at the surface."""
    light = run(replace(SKIN[0], n=1.0), beam=pencil(angle_deg=60.0), n_above=1.5, photons=2000)

    assert light.tallies["specular_reflectance"].value == pytest.approx(1.0, abs=1e-9)
    assert light.tallies["absorbed"].value == 0.0


def test_skin_of_this_package_goes_in_as_it_is() -> None:
    """The layers that `layer_optics` gives are taken, and darker skin keeps more light in its epidermis."""
    epidermis = []
    for phototype in ("II", "V"):
        optics = layer_optics(build(site="cheek", age_years=40.0, phototype=phototype, sex="female"), 755.0)
        light = transport_layers(optics, flat_top(diameter_um=3000.0), photons=5000)
        names = [layer.name for layer in light.layers]
        epidermis.append(sum(light.tallies[f"absorbed_layer_{n + 1}"].value for n in range(names.index("papillary_dermis"))))

    assert epidermis[1] > 2 * epidermis[0]


def test_result_is_a_labelled_dataset() -> None:
    """Units, coordinates, errors and provenance stand in the Dataset."""
    light = run(*SKIN, grid=GRID, photons=5000, seed=4)
    data = light.to_xarray()

    assert data.fluence.dims == ("depth_um", "radius_um")
    assert data.fluence.shape == (50, 40)
    assert data.fluence.attrs["units"] == "1/cm**2"
    assert float(data.share.sel(tally="absorbed")) == light.tallies["absorbed"].value
    assert float(data.share_error.sel(tally="absorbed")) == light.tallies["absorbed"].standard_error
    assert data.attrs["seed"] == 4
    assert data.attrs["inputs_sha256"] == light.provenance.inputs_sha256


def test_progress_rises_to_one() -> None:
    """Progress is told in rising shares that end at one."""
    told: list[float] = []
    run(*SKIN, grid=GRID, photons=5000, progress=told.append)

    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 10


def test_a_run_can_be_cancelled_at_once() -> None:
    """Cancelling ends a run that would take hours, within a block."""
    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > 2

    slow = OpticalLayer(thickness_um=5e4, mua_cm=0.0, mus_cm=1000.0, g=0.0, n=1.4)
    with pytest.raises(CancelledError, match="The light transport was cancelled; nothing was kept"):
        run(slow, photons=100_000_000, cancelled=cancelled)


def test_lost_energy_is_an_error() -> None:
    """A tally from which energy is missing does not become a result."""
    rows = tally_rows(np.array([0.0]), GRID)
    record = _Record(rows, GRID, 1)
    leaving, account = np.zeros((2, 41)), np.zeros(4)
    leaving[0, 0] = 990.0
    record.add((np.zeros((51, 41)), np.zeros((51, 41)), leaving, account), 1000)

    with pytest.raises(Exception, match=r"The light does not add up: .*make 0\.9900000 of the energy"):
        record.check()


def test_rows_of_the_tally_never_span_two_layers() -> None:
    """Every cell has its rows in order, for faces on and between the edges of the grid, beyond it, and for thin layers."""
    grid = Grid(depth_um=100.0, radius_um=1.0, depth_cells=10, radius_cells=1)
    tops = np.array([0.0, 20.0, 33.0, 34.0, 35.0, 150.0]) * 1e-6
    rows = tally_rows(tops, grid)

    assert (np.diff(rows.cell) >= 0).all()
    assert (np.diff(rows.layer) >= 0).all()
    assert set(rows.cell) == set(range(11))
    assert set(rows.layer) == set(range(6))
    for depth_um in np.linspace(0.05, 199.95, 400):
        layer = int(np.searchsorted(tops * 1e6, depth_um) - 1)
        row = min(int(depth_um / 10), 10) + layer
        assert (rows.layer[row], rows.cell[row]) == (layer, min(int(depth_um / 10), 10)), depth_um


@pytest.mark.parametrize(("found", "engine"), [(["X86_V3", "X86_V4"], "packet"), (["AVX2"], "packet"), (["SSE3"], "scalar")])
def test_the_engine_follows_the_processor(monkeypatch: pytest.MonkeyPatch, found: list[str], engine: str) -> None:
    """Packets run where vector units are, single photons elsewhere."""
    monkeypatch.setattr(np, "show_config", lambda **_: {"SIMD Extensions": {"baseline": ["SSE"], "found": found}})

    assert run(*SKIN, grid=GRID, photons=1000).engine == engine


def test_a_changed_kernel_gets_a_cache_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The cache's name follows the text of all files with kernels, and of no other file."""
    monkeypatch.setattr(jit, "__file__", str(tmp_path / "jit.py"))
    (tmp_path / "part.py").write_text("from recutis.jit import inlined\nA = 1\n", encoding="utf-8")
    first = jit._state()
    (tmp_path / "other.py").write_text("A = 1\n", encoding="utf-8")
    second = jit._state()
    (tmp_path / "part.py").write_text("from recutis.jit import inlined\nA = 2\n", encoding="utf-8")

    assert first == second
    assert first != jit._state()


def test_importing_light_loads_no_compiler() -> None:
    """Numba is loaded by the first transport, not by the import."""
    code = "import sys, recutis.light; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"thickness_um": 0.0}, r"A layer has a thickness of 0 µm; give more than 0"),
        ({"mua_cm": -1.0}, r"mua_cm = -1 per centimetre; give a finite number of at least 0"),
        ({"mus_cm": math.inf}, r"mus_cm = inf per centimetre"),
        ({"g": 1.0}, r"g = 1; give a number from -0\.99 to 0\.999"),
        ({"n": 0.5, "name": "fog"}, r"The layer 'fog' has n = 0\.5; give a number from 1 to 4"),
    ],
)
def test_layers_without_meaning_are_refused(changes: dict[str, float], message: str) -> None:
    """Each value is named with what is allowed."""
    values = {"thickness_um": 100.0, "mua_cm": 1.0, "mus_cm": 10.0, "g": 0.5, "n": 1.4} | changes
    with pytest.raises(OutOfRangeError, match=message):
        OpticalLayer(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"engine": "steam"}, r"There is no engine 'steam'; choose auto, packet, scalar or cuda"),
        ({"until_pct": 1.0}, r"Give either a number of photons or a goal"),
        ({"photons": None, "until_pct": 1.0, "tally": "heat"}, r"There is no tally 'heat' in 2 layers; choose one of specular"),
        ({"photons": None, "until_pct": -1.0}, r"The goal for diffuse_reflectance allows no error at all"),
        ({"photons": 10}, r"photons is 10; standard errors need at least 1000"),
        ({"seed": -1}, r"The seed is -1; give a whole number from 0"),
        ({"threads": 0}, r"threads is 0; give a whole number of at least 1"),
        ({"n_below": 0.0}, r"n_below is 0; give a refractive index from 1 to 4"),
    ],
)
def test_runs_without_meaning_are_refused(more: dict[str, object], message: str) -> None:
    """Each argument is named with what is allowed."""
    with pytest.raises(InputError, match=message):
        run(*SKIN, **more)  # type: ignore[arg-type]


def test_stacks_without_end_are_refused() -> None:
    """No layers, an infinite layer in the middle, an infinite layer without absorption."""
    endless = OpticalLayer(thickness_um=math.inf, mua_cm=0.0, mus_cm=10.0, g=0.5, n=1.4)
    with pytest.raises(InputError, match="There are no layers; give at least one"):
        run()
    with pytest.raises(InputError, match="Layer 1 of 2 is infinitely thick; only the lowest one may be"):
        run(replace(endless, mua_cm=1.0), SKIN[0])
    with pytest.raises(InputError, match="does not absorb, so photons never end in it"):
        run(SKIN[0], endless)
    with pytest.raises(OutOfRangeError, match=r"The grid has 3000 x 3000 cells; give at least 1 each way and at most 4000000"):
        Grid(depth_um=1.0, radius_um=1.0, depth_cells=3000, radius_cells=3000)
    with pytest.raises(OutOfRangeError, match=r"The grid is inf µm deep and 1 µm wide"):
        Grid(depth_um=math.inf, radius_um=1.0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"shape": "star"}, r"A beam cannot have the shape 'star'; choose one of pencil"),
        ({"shape": "pencil", "angle_deg": 90.0}, r"A beam at 90 degrees does not reach the surface"),
        ({"shape": "pencil", "angle_deg": 5.0, "diffuse": True}, r"Diffuse light has no angle, but angle_deg is 5"),
        ({"shape": "flat_top"}, r"The size of a flat_top beam is 0 µm; give more than 0"),
        ({"shape": "gaussian", "size_um": math.nan}, r"The sizes of a gaussian beam are nan"),
        ({"shape": "ring", "size_um": 1.0, "second_um": 2.0}, r"inner diameter of 2 µm but an outer one of 1 µm; exchange them"),
        ({"shape": "rectangle", "size_um": 1.0}, r"The height of a rectangle is 0 µm"),
    ],
)
def test_beams_without_meaning_are_refused(values: dict[str, object], message: str) -> None:
    """Each value is named with what is allowed."""
    with pytest.raises(InputError, match=message):
        Beam(**values)  # type: ignore[arg-type]


def test_beams_are_read_from_words() -> None:
    """Tables name beams in words; words that name none are refused."""
    assert parse("pencil") == pencil()
    assert parse("Pencil at 30 deg") == pencil(angle_deg=30.0)
    assert parse("diffuse") == pencil(diffuse=True)
    assert parse("gaussian 2 mm") == gaussian(diameter_um=2000.0)
    assert parse("flat-top 500 um at 10°") == flat_top(diameter_um=500.0, angle_deg=10.0)
    assert parse("ring 1 to 3 mm") == ring(inner_um=1000.0, outer_um=3000.0)
    assert parse("rectangle 2 x 3 mm") == rectangle(width_um=2000.0, height_um=3000.0)
    with pytest.raises(InputError, match="'lantern' is not a beam; write for example 'pencil'"):
        parse("lantern")
    with pytest.raises(InputError, match="'gaussian' does not have the sizes that its shape needs"):
        parse("gaussian")


def test_an_array_sends_equal_shares_to_the_points_of_its_lattice() -> None:
    """Three by three microbeams in a clear absorber: one ninth on the axis, four at one pitch, four at the corners."""
    clear = OpticalLayer(thickness_um=1000.0, mua_cm=1.0, mus_cm=0.0, g=0.0, n=1.0)
    beams = array(flat_top(diameter_um=100.0), columns=3, rows=3, pitch_um=500.0)
    grid = Grid(depth_um=1000.0, radius_um=1000.0, depth_cells=1, radius_cells=20)

    light = transport_layers((clear,), beams, photons=90_000, grid=grid)

    by_ring = light.absorbed_cm3[0] * math.pi * np.diff(grid.radius_edges_um**2) * 1e-12 * grid.depth_um
    by_ring /= by_ring.sum()
    shares = (by_ring[:2].sum(), by_ring[8:12].sum(), by_ring[12:].sum())
    assert shares == pytest.approx((1 / 9, 4 / 9, 4 / 9), abs=4 * math.sqrt(0.25 / 90_000))


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"columns": 0, "rows": 3, "pitch_um": 500.0}, "An array of 0 x 3 beams has no beam"),
        ({"columns": 2, "rows": 1, "pitch_um": 0.0}, "The pitch of an array of beams is 0 µm"),
    ],
)
def test_arrays_without_beams_or_pitch_are_refused(sizes: dict[str, float], words: str) -> None:
    """The message names what is missing."""
    with pytest.raises(OutOfRangeError, match=words):
        array(pencil(), **sizes)  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", ENGINES)
def test_light_adds_up_where_a_thousand_scatterings_come_to_one_absorption(engine: str) -> None:
    """Weights in float32 lose nothing on the way: rounding goes to either side."""
    pale = OpticalLayer(thickness_um=math.inf, mua_cm=0.01, mus_cm=100.0, g=0.9, n=1.4)

    light = transport_layers((pale,), pencil(), photons=4000, engine=engine)  # type: ignore[arg-type]

    total = sum(
        light.tallies[name].value for name in ("specular_reflectance", "diffuse_reflectance", "transmittance", "absorbed")
    )
    assert total - light.balance.value == pytest.approx(1.0, abs=2e-6)


@pytest.mark.slow
def test_another_compilation_gives_the_same_bits(tmp_path: Path) -> None:
    """A seed fixes the numbers, whenever and in whatever order the kernels were compiled."""
    upper = OpticalLayer(thickness_um=80.0, mua_cm=8.0, mus_cm=250.0, g=0.9, n=1.5)
    lower = OpticalLayer(thickness_um=math.inf, mua_cm=0.5, mus_cm=150.0, g=0.9, n=1.37)
    here = transport_layers((upper, lower), pencil(), photons=20_000).fluence_cm2.sum().hex()
    code = (
        "import math; from recutis.light import OpticalLayer, pencil, transport_layers;"
        f"upper, lower = {upper!r}, {lower!r}".replace("inf", "math.inf")
        + ";"
        "print(transport_layers((upper, lower), pencil(), photons=20_000).fluence_cm2.sum().hex())"
    )
    anew = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONHASHSEED": "2"}
    there = subprocess.run([sys.executable, "-c", code], env=anew, capture_output=True, text=True, check=True).stdout

    assert there.strip() == here


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("mua_cm", "mus_cm"), [(1e-5, 500.0), (1e-4, 1000.0)])
def test_light_adds_up_where_absorption_is_below_the_rounding_of_a_weight(engine: str, mua_cm: float, mus_cm: float) -> None:
    """What single precision would swallow is carried along; both engines absorb the same."""
    pale = OpticalLayer(thickness_um=5000.0, mua_cm=mua_cm, mus_cm=mus_cm, g=0.9, n=1.4)

    light = transport_layers((pale,), pencil(), photons=4000, engine=engine)  # type: ignore[arg-type]

    total = sum(
        light.tallies[name].value for name in ("specular_reflectance", "diffuse_reflectance", "transmittance", "absorbed")
    )
    assert total - light.balance.value == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_fluence_of_thin_layers_is_no_matter_of_luck(engine: str) -> None:
    """A layer that one photon in twenty collides in has a fluence known to a few per cent."""
    thin = OpticalLayer(thickness_um=20.0, mua_cm=0.05, mus_cm=0.0, g=0.0, n=1.4)
    below = OpticalLayer(thickness_um=500.0, mua_cm=1.0, mus_cm=100.0, g=0.9, n=1.4)
    grid = Grid(depth_um=20.0, radius_um=1e4, depth_cells=4, radius_cells=2)

    light = transport_layers((thin, below), pencil(), photons=20_000, grid=grid, engine=engine)  # type: ignore[arg-type]

    exact = transport_wide((thin, below), depth_edges_um=grid.depth_edges_um)
    assert (light.fluence_wide_error < 0.05 * light.fluence_wide).all()
    assert np.abs(light.fluence_wide - exact.fluence_wide).max() < 4.5 * light.fluence_wide_error.max()
    found = light.tallies["absorbed_layer_1"]
    assert abs(found.value - exact.tallies["absorbed_layer_1"]) < 4 * found.standard_error


def test_layers_too_thin_for_single_precision_go_to_single_photons() -> None:
    """A hundredth of a micrometre at a depth of a centimetre."""
    deep = OpticalLayer(thickness_um=10_000.0, mua_cm=0.1, mus_cm=1.0, g=0.9, n=1.4)
    thin = OpticalLayer(thickness_um=0.01, mua_cm=1e6, mus_cm=0.0, g=0.0, n=1.4)

    light = transport_layers((deep, thin, replace(deep, thickness_um=100.0)), pencil(), photons=20_000)

    assert light.engine == "scalar"
    exact = transport_wide(light.layers).tallies["absorbed_layer_2"]
    assert abs(light.tallies["absorbed_layer_2"].value - exact) < 4 * light.tallies["absorbed_layer_2"].standard_error


def test_a_goal_is_not_reached_by_finding_nothing() -> None:
    """A rare share goes on until it is found; one that cannot be found is refused; a single block knows no error."""
    thick = OpticalLayer(thickness_um=1500.0, mua_cm=20.0, mus_cm=100.0, g=0.9, n=1.4)
    rare = transport_layers((thick,), pencil(), until_pct=40.0, tally="transmittance", most_photons=400_000)
    assert rare.tallies["transmittance"].value > 0.0

    short = transport_layers((thick,), pencil(), until_pct=1.0, most_photons=1000)
    assert short.blocks >= 64
    assert short.tallies["absorbed"].standard_error > 0.0

    endless = replace(thick, thickness_um=math.inf)
    with pytest.raises(InputError, match="transmittance is zero here whatever the photons do"):
        transport_layers((endless,), pencil(), until_pct=1.0, tally="transmittance")


def test_progress_towards_a_goal_does_not_go_back() -> None:
    """Errors may grow for a while, the bar does not."""
    seen: list[float] = []
    layers = (replace(SKIN[0], thickness_um=50.0), SKIN[1])

    transport_layers(layers, pencil(), until_pct=1.0, seed=3, progress=seen.append)

    assert seen == sorted(seen)
    assert seen[-1] == 1.0
