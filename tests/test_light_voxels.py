"""Monte Carlo in voxels: exact limits, energy, symmetry, agreement with layers and between engines, the same numbers on any threads."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from recutis.errors import CancelledError, InputError, OutOfRangeError
from recutis.light import (
    Beam,
    Estimate,
    Goal,
    Grid,
    Medium,
    OpticalLayer,
    VoxelLight,
    VoxelTissue,
    array,
    flat_top,
    gaussian,
    pencil,
    rectangle,
    transport_layers,
    transport_voxels,
)
from recutis.light.voxel_tissue import MOST_VOXELS

ENGINES = ("packet", "scalar")
CLEAR = Medium(mua_cm=0.0, mus_cm=0.0, g=0.0, n=1.0, name="air")
GLASS = Medium(mua_cm=0.0, mus_cm=0.0, g=0.0, n=1.5, name="glass")
INK = Medium(mua_cm=40.0, mus_cm=0.0, g=0.0, n=1.0, name="ink")
UPPER = Medium(mua_cm=8.0, mus_cm=300.0, g=0.8, n=1.45, name="upper")
LOWER = Medium(mua_cm=0.6, mus_cm=200.0, g=0.8, n=1.37, name="lower")
BLOOD = Medium(mua_cm=200.0, mus_cm=90.0, g=0.9, n=1.4, name="blood")
SUMMARY = ("specular_reflectance", "diffuse_reflectance", "transmittance", "sides", "absorbed")


def uniform(medium: Medium, shape: tuple[int, int, int], voxel_um: float | tuple[float, float, float] = 10.0) -> VoxelTissue:
    """One medium everywhere."""
    return VoxelTissue(labels=np.zeros(shape, np.uint8), voxel_um=voxel_um, media=(medium,))  # type: ignore[arg-type]


def layered(*layers: Medium, counts: tuple[int, ...], across: int = 6, voxel_um: float = 20.0) -> VoxelTissue:
    """Layers of whole voxels."""
    column = np.repeat(np.arange(len(layers), dtype=np.uint8), counts)
    labels = np.broadcast_to(column[:, None, None], (column.size, across, across))
    return VoxelTissue(labels=labels, voxel_um=voxel_um, media=layers)  # type: ignore[arg-type]


def mixed(along: str = "y") -> VoxelTissue:
    """Air over uneven skin of two layers with a vessel along y or x: everything that a photon can meet."""
    labels = np.full((24, 20, 20), 2, np.uint8)
    labels[:7] = 1
    labels[0] = 0
    labels[1, :, 5:9] = 0
    z, x = np.mgrid[:24, :20]
    labels[np.broadcast_to(((z - 13) ** 2 + (x - 9) ** 2 < 12)[:, None, :], labels.shape)] = 3
    labels = labels if along == "y" else labels.transpose(0, 2, 1)
    return VoxelTissue(labels=labels, voxel_um=20.0, media=(CLEAR, UPPER, LOWER, BLOOD))  # type: ignore[arg-type]


def run(tissue: VoxelTissue, beam: Beam | None = None, *, photons: int = 20_000, **more: object) -> VoxelLight:
    """A run of the pencil beam unless another is given."""
    return transport_voxels(tissue, beam or pencil(), photons=photons, **more)  # type: ignore[arg-type]


def apart(one: Estimate, other: Estimate | float) -> float:
    """Distance of two estimates in combined standard errors."""
    value, error = (other.value, other.standard_error) if isinstance(other, Estimate) else (other, 0.0)
    return abs(one.value - value) / max(math.hypot(one.standard_error, error), 1e-12)


def total(light: VoxelLight) -> float:
    """All energy found."""
    return sum(light.tallies[name].value for name in SUMMARY)


def fresnel(n: float, angle_deg: float) -> float:
    """Unpolarised reflectance from air onto a medium, by Fresnel's sines and tangents."""
    outside = math.radians(angle_deg)
    inside = math.asin(math.sin(outside) / n)
    s, p = math.sin(outside - inside) / math.sin(outside + inside), math.tan(outside - inside) / math.tan(outside + inside)
    return (s * s + p * p) / 2


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("mua_cm", [0.5, 40.0, 4000.0])
def test_pure_absorber_follows_beer(engine: str, mua_cm: float) -> None:
    """Without scattering absorption is exact in every voxel, thin or thick, and nothing leaves the beam's line."""
    light = run(uniform(replace(INK, mua_cm=mua_cm), (20, 3, 3), 25.0), engine=engine, photons=2000)
    edges_cm = np.arange(21) * 25e-4
    exact = -np.diff(np.exp(-mua_cm * edges_cm))

    assert light.absorbed_cm3[:, 1, 1] * 25e-4**3 == pytest.approx(exact, rel=3e-6, abs=3e-5)  # roulette
    assert light.tallies["transmittance"].value == pytest.approx(math.exp(-mua_cm * 0.05), rel=1e-5, abs=1e-4)
    assert light.fluence_cm2[:, 1, 1].sum() == pytest.approx(light.fluence_cm2.sum(), rel=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("sides", ["open", "mirror", "periodic"])
def test_without_absorption_all_light_comes_out(engine: str, sides: str) -> None:
    """A conservative scatterer loses nothing, to rounding; only open sides let light out sideways."""
    fog = Medium(mua_cm=0.0, mus_cm=150.0, g=-0.5, n=1.4, name="fog")
    light = run(uniform(fog, (20, 10, 10)), flat_top(diameter_um=60.0), engine=engine, sides=sides, photons=4000)

    assert light.tallies["absorbed"].value == 0.0
    assert total(light) == pytest.approx(1.0, abs=2e-6)
    assert (light.tallies["sides"].value > 0.1) == (sides == "open")
    assert light.balance.standard_error == 0.0


@pytest.mark.parametrize(
    ("n_above", "media", "engine"),
    [(1.0, (UPPER, LOWER), "packet"), (1.0, (UPPER, LOWER), "scalar"), (1.37, (replace(UPPER, n=1.37), LOWER), "packet")],
)
def test_layers_of_voxels_are_layers(n_above: float, media: tuple[Medium, ...], engine: str) -> None:
    """Two layers with and without steps of the index agree with the layered engine: shares, and fluence by depth."""
    stack = [
        OpticalLayer(thickness_um=t, mua_cm=m.mua_cm, mus_cm=m.mus_cm, g=m.g, n=m.n, name=m.name)
        for m, t in zip(media, (100.0, 300.0), strict=True)
    ]
    grid = Grid(depth_um=400.0, radius_um=1000.0, depth_cells=20, radius_cells=4)
    expected = transport_layers(stack, pencil(), photons=300_000, n_above=n_above, n_below=1.0, grid=grid, seed=1)
    tissue = VoxelTissue.from_layers(stack, width_um=20.0, voxel_um=20.0)  # one voxel wide
    photons = 200_000 if engine == "packet" else 50_000
    light = run(
        tissue, tissue.wide_beam(), n_above=n_above, n_below=1.0, sides="periodic", photons=photons, engine=engine, seed=2
    )  # fmt: skip
    names = {"absorbed_upper": "absorbed_layer_1", "absorbed_lower": "absorbed_layer_2"}
    wide, error = light.fluence_wide[:, 0, 0], light.fluence_wide_error[:, 0, 0]

    for name in ("specular_reflectance", "diffuse_reflectance", "transmittance", "absorbed", *names):
        assert apart(light.tallies[name], expected.tallies[names.get(name, name)]) < 4.0, name
    assert light.tallies["sides"].value == 0.0
    assert (np.abs(wide - expected.fluence_wide) / np.hypot(error, expected.fluence_wide_error)).max() < 4.5


def test_packets_agree_with_single_photons() -> None:
    """Both engines give the same light within errors, share by share and voxel by voxel, in tissue with air, steps and a vessel."""
    beam = flat_top(diameter_um=300.0, angle_deg=20.0)
    packet, scalar = (run(mixed(), beam, engine=engine, photons=100_000, seed=5) for engine in ENGINES)

    assert (packet.engine, scalar.engine) == ENGINES
    for name in packet.tallies:
        assert apart(packet.tallies[name], scalar.tallies[name]) < 4.0, name
    sigma = np.hypot(packet.fluence_error_cm2, scalar.fluence_error_cm2)
    lit = np.minimum(packet.fluence_cm2, scalar.fluence_cm2) > 6 * sigma  # well known voxels, where errors are gaussian
    gap = (packet.fluence_cm2 - scalar.fluence_cm2)[lit] / sigma[lit]
    assert lit.sum() > 2000
    assert np.sqrt(np.mean(gap**2)) == pytest.approx(1.0, abs=0.15)  # errors are neither too small nor too large
    for field in ("reflected_cm2", "transmitted_cm2"):
        one, other = (float(getattr(x, field).sum()) for x in (packet, scalar))
        assert one == pytest.approx(other, rel=0.1)


@pytest.mark.parametrize("engine", ENGINES)
def test_threads_do_not_change_the_numbers(engine: str) -> None:
    """The same seed on one, two and three threads gives the same result bit for bit, another seed another one."""
    first, *rest = (run(mixed(), engine=engine, photons=3001, seed=9, threads=n) for n in (1, 2, 3))
    other = run(mixed(), engine=engine, photons=3001, seed=10)

    for light in rest:
        assert np.array_equal(first.fluence_cm2, light.fluence_cm2)
        assert np.array_equal(first.fluence_error_cm2, light.fluence_error_cm2)
        assert first.tallies == light.tallies
        assert first.provenance == light.provenance
    assert not np.array_equal(first.fluence_cm2, other.fluence_cm2)


@pytest.mark.parametrize("engine", ENGINES)
def test_mirrors_are_periodic_sides_for_what_is_symmetric(engine: str) -> None:
    """Layers under a wide beam look the same to mirrors as to endless repetition."""
    tissue = layered(UPPER, LOWER, counts=(4, 8), across=4)
    mirror, periodic = (
        run(tissue, tissue.wide_beam(), sides=sides, engine=engine, seed=seed)
        for seed, sides in enumerate(("mirror", "periodic"))
    )

    for name in ("diffuse_reflectance", "transmittance", "absorbed_upper", "absorbed_lower"):
        assert apart(mirror.tallies[name], periodic.tallies[name]) < 4.0, name


def test_standard_errors_shrink_as_the_root_of_the_photons() -> None:
    """Sixteen times the photons give a quarter of the error, in shares and in voxels."""
    few, many = (run(mixed(), flat_top(diameter_um=300.0), photons=n, seed=3) for n in (6_000, 96_000))
    ratio = [few.tallies[name].standard_error / many.tallies[name].standard_error for name in ("absorbed_blood", "sides")]
    voxels = few.fluence_error_cm2[4:12, 6:14, 6:14].mean() / many.fluence_error_cm2[4:12, 6:14, 6:14].mean()

    assert ratio == pytest.approx([4.0, 4.0], rel=0.4)
    assert voxels == pytest.approx(4.0, rel=0.1)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_tilted_beam_refracts_and_shifts(engine: str) -> None:
    """At 60 degrees light enters by Snell's and Fresnel's laws, leaves displaced by the tangent, and gains path by the cosine."""
    n, depth_um = 1.33, 100.0
    water = Medium(mua_cm=0.0, mus_cm=0.0, g=0.0, n=n, name="water")
    light = run(uniform(water, (10, 3, 61), (10.0, 10.0, 4.0)), pencil(angle_deg=60.0), engine=engine, photons=1000)
    inside = math.asin(math.sin(math.radians(60.0)) / n)
    where = light.tissue.centres_um[2][int(np.argmax(light.transmitted_cm2[1]))]
    path_cm = float(light.fluence_cm2.sum()) * 10.0 * 10.0 * 4.0 * 1e-12

    assert light.tallies["specular_reflectance"].value == pytest.approx(fresnel(n, 60.0), rel=1e-9)
    assert where == pytest.approx(depth_um * math.tan(inside), abs=2.01)
    assert path_cm == pytest.approx((1 - fresnel(n, 60.0)) * depth_um * 1e-4 / math.cos(inside), rel=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_upright_faces_reflect_and_refract(engine: str) -> None:
    """Light at 60 degrees in air meets an upright wall of glass at 30: Fresnel's share turns back, the rest steepens."""
    labels = np.zeros((40, 3, 40), np.uint8)
    labels[:, :, 23:] = 1
    tissue = VoxelTissue(labels=labels, voxel_um=10.0, media=(CLEAR, replace(INK, n=1.5, mua_cm=1e4)))  # type: ignore[arg-type]
    light = run(tissue, pencil(angle_deg=60.0), n_below=1.0, engine=engine)
    reflected = fresnel(1.5, 30.0)

    assert apart(light.tallies["absorbed_ink"], 1 - reflected) < 4.0
    assert apart(light.tallies["sides"], reflected) < 4.0  # back through the air, out on the other side
    assert light.tallies["specular_reflectance"].value == 0.0


@pytest.mark.parametrize("engine", ENGINES)
def test_light_from_the_steps_of_a_relief_is_specular(engine: str) -> None:
    """What the uneven surface under air voxels sends back counts as specular; what has been inside counts as diffuse."""
    labels = np.ones((12, 8, 8), np.uint8)
    labels[:2] = 0
    labels[:5, :, ::2] = 0
    ink = replace(INK, n=1.5, mua_cm=1e4)
    dark = VoxelTissue(labels=labels, voxel_um=10.0, media=(CLEAR, ink))  # type: ignore[arg-type]
    light = run(dark, dark.wide_beam(), engine=engine, sides="periodic")
    pane = run(replace(dark, media=(CLEAR, GLASS)), dark.wide_beam(), engine=engine, sides="periodic", n_below=1.0)
    once = fresnel(1.5, 1e-6)

    assert apart(light.tallies["specular_reflectance"], once) < 4.0
    assert light.tallies["diffuse_reflectance"].value == 0.0
    assert apart(pane.tallies["specular_reflectance"], once) < 4.0
    assert apart(pane.tallies["transmittance"], (1 - once) / (1 + once)) < 4.0  # all orders between two faces
    assert total(pane) == pytest.approx(1.0, abs=1e-6)


def test_exchanging_x_and_y_exchanges_the_result() -> None:
    """A vessel along x is lit as one along y."""
    along_y, along_x = (run(mixed(axis), flat_top(diameter_um=300.0), photons=60_000, seed=ord(axis)) for axis in "yx")
    turned = along_x.fluence_cm2.transpose(0, 2, 1)
    sigma = np.hypot(along_y.fluence_error_cm2, along_x.fluence_error_cm2.transpose(0, 2, 1))
    lit = np.minimum(along_y.fluence_cm2, turned) > 6 * sigma

    for name in along_y.tallies:
        assert apart(along_y.tallies[name], along_x.tallies[name]) < 4.0, name
    assert np.sqrt(np.mean(((along_y.fluence_cm2 - turned)[lit] / sigma[lit]) ** 2)) == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("engine", ENGINES)
def test_oblong_voxels_are_as_good_as_cubes(engine: str) -> None:
    """The same tissue cut into cubes and into slabs, half as high and twice as long, gives the same light."""
    cubes = layered(UPPER, LOWER, counts=(4, 8), across=12)
    labels = np.repeat(cubes.labels[:, ::2, :], 2, axis=0)
    slabs = VoxelTissue(labels=labels, voxel_um=(10.0, 40.0, 20.0), media=cubes.media)
    one, other = (run(t, flat_top(diameter_um=200.0), seed=i, engine=engine) for i, t in enumerate((cubes, slabs)))
    wide, fine = one.fluence_cm2.reshape(12, 6, 2, 12).mean(axis=2), other.fluence_cm2.reshape(12, 2, 6, 12).mean(axis=1)

    for name in one.tallies:
        assert apart(one.tallies[name], other.tallies[name]) < 4.0, name
    assert wide[:6].sum(axis=(1, 2)) == pytest.approx(fine[:6].sum(axis=(1, 2)), rel=0.04)


def test_a_vessel_in_clear_tissue_absorbs_as_its_chords_say() -> None:
    """Parallel light through a cylinder of ink loses one minus the exponential of each chord, integrated over its width."""
    edge, width, radius = 4.0, 400.0, 100.0
    z, x = np.mgrid[: int(width / edge), : int(width / edge)] * edge + edge / 2 - width / 2
    labels = np.broadcast_to((z**2 + x**2 < radius**2).astype(np.uint8)[:, None, :], (100, 2, 100))
    tissue = VoxelTissue(labels=labels, voxel_um=edge, media=(CLEAR, INK))  # type: ignore[arg-type]
    light = run(tissue, tissue.wide_beam(), sides="periodic", photons=200_000)
    across = np.linspace(-radius, radius, 20_001)
    chords_cm = 2 * np.sqrt(radius**2 - across**2) * 1e-4
    exact = float(np.trapezoid(1 - np.exp(-40.0 * chords_cm), across)) / width
    counts = labels[:, 0].sum(axis=0)
    stairs = float(np.mean(1 - np.exp(-40.0 * counts * edge * 1e-4)))

    assert apart(light.tallies["absorbed_ink"], stairs) < 4.0
    assert stairs == pytest.approx(exact, rel=0.01)
    assert light.tallies["transmittance"].value == pytest.approx(1 - light.tallies["absorbed_ink"].value, abs=1e-5)


@pytest.mark.parametrize(("sides", "lost"), [("open", 1 - math.erf(math.sqrt(2.0)) ** 2), ("mirror", 0.0), ("periodic", 0.0)])
@pytest.mark.parametrize("engine", ENGINES)
def test_tails_of_a_gaussian_follow_the_sides(engine: str, sides: str, lost: float) -> None:
    """Of a gaussian as wide as the grid, open sides lose the tails; mirrors fold them back, periodic sides wrap them."""
    light = run(uniform(CLEAR, (2, 10, 10)), gaussian(diameter_um=100.0), sides=sides, engine=engine, photons=10_000)
    edges = np.linspace(-math.sqrt(2.0), math.sqrt(2.0), 11)
    share = np.diff([math.erf(edge) for edge in edges]) / 2
    found = light.transmitted_cm2.sum(axis=0) / light.transmitted_cm2.sum()
    tails = np.zeros(10)
    tails[[0, 9]] = 0.0 if sides == "open" else (1 - share.sum()) / 2

    assert light.tallies["sides"].value == pytest.approx(lost, abs=0.012)
    assert found == pytest.approx((share + tails) / (share + tails).sum(), abs=0.02)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_pencil_between_voxels_keeps_to_one_of_them(engine: str) -> None:
    """On an even grid the centre is an edge; the pencil runs in the voxel behind it."""
    light = run(uniform(INK, (4, 4, 4)), photons=1000, engine=engine)

    assert np.argwhere(light.fluence_cm2[0]).tolist() == [[2, 2]]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_array_meets_the_voxels_of_its_lattice(engine: str) -> None:
    """Two by three pencils light six voxels of the top, each with its share."""
    beams = array(pencil(), columns=2, rows=3, pitch_um=20.0)
    light = run(uniform(INK, (2, 9, 8)), beams, engine=engine, photons=6000)

    assert np.argwhere(light.fluence_cm2[0]).tolist() == [[y, x] for y in (2, 4, 6) for x in (3, 5)]
    assert light.fluence_cm2[0, 2::2, 3:6:2][:3] == pytest.approx(np.full((3, 2), light.fluence_cm2[0].sum() / 6), rel=0.2)


@pytest.mark.parametrize("engine", ENGINES)
def test_diffuse_light_crosses_a_clear_medium_with_twice_the_fluence(engine: str) -> None:
    """Equal radiance from a half space: the fluence is twice the flux through the surface."""
    tissue = uniform(CLEAR, (5, 4, 4))
    light = run(tissue, tissue.wide_beam(diffuse=True), engine=engine, sides="periodic", photons=40_000)

    assert float(light.fluence_wide.mean()) == pytest.approx(2.0, rel=0.06)  # the mean of 1/cosine, of logarithmic variance
    assert light.tallies["transmittance"].value == pytest.approx(1.0, abs=1e-6)


def test_periodic_sides_take_beams_of_any_width() -> None:
    """A spot wider than the grid wraps and lights it evenly."""
    light = run(uniform(INK, (2, 5, 5)), flat_top(diameter_um=5000.0), sides="periodic", photons=50_000)

    assert light.fluence_cm2[0] == pytest.approx(np.full((5, 5), light.fluence_cm2[0].mean()), rel=0.1)


def test_fields_fit_together() -> None:
    """Fluence times absorption is absorbed density, its sum over a medium its share, and all energy is found."""
    light = run(mixed(), photons=5000)
    volume_cm3 = 20e-4**3

    assert light.absorbed_cm3 == pytest.approx(light.fluence_cm2 * light.tissue.mua_cm[light.tissue.labels], rel=1e-12)
    for label, medium in enumerate(light.tissue.media):
        inside = float(light.absorbed_cm3[light.tissue.labels == label].sum()) * volume_cm3
        assert inside == pytest.approx(light.tallies[f"absorbed_{medium.name}"].value, rel=1e-9)
    assert float(light.reflected_cm2.sum()) * 20e-4**2 == pytest.approx(light.tallies["diffuse_reflectance"].value, rel=1e-9)
    assert total(light) == pytest.approx(1.0 + light.balance.value, abs=1e-5)


def test_result_is_a_labelled_dataset() -> None:
    """Units, coordinates, media, errors and provenance stand in the Dataset; the labels enter the provenance."""
    light = run(mixed(), photons=2000, seed=4)
    data = light.to_xarray()
    other = run(mixed("x"), photons=2000, seed=4)

    assert data.fluence.dims == data.medium.dims == ("z_um", "y_um", "x_um")
    assert float(data.z_um[0]) == 10.0
    assert float(data.x_um.mean()) == pytest.approx(0.0, abs=1e-9)
    assert data.absorbed.attrs["units"] == "1/cm**3"
    assert data.medium.attrs["media"] == "0:air 1:upper 2:lower 3:blood"
    assert float(data.share_error.sel(tally="absorbed_blood")) == light.tallies["absorbed_blood"].standard_error
    assert data.attrs["inputs_sha256"] == light.provenance.inputs_sha256 != other.provenance.inputs_sha256


def test_a_goal_stops_at_the_same_block_on_any_number_of_threads() -> None:
    """`until_pct` reaches its error, and threads that ran ahead leave no trace."""
    one, two = (
        transport_voxels(mixed(), flat_top(diameter_um=200.0), until_pct=1.0, tally="absorbed_blood", threads=n) for n in (1, 2)
    )
    found = one.tallies["absorbed_blood"]

    assert 0.007 * found.value < found.standard_error <= 0.01 * found.value
    assert one.photons == two.photons
    assert np.array_equal(one.fluence_cm2, two.fluence_cm2)


def test_progress_rises_to_one() -> None:
    """Progress is told in rising shares that end at one."""
    told: list[float] = []
    run(mixed(), photons=3000, progress=told.append)

    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 10


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_can_be_cancelled_at_once(engine: str) -> None:
    """Cancelling ends a run that would take hours, within a block."""
    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > 2

    fog = Medium(mua_cm=0.0, mus_cm=5000.0, g=0.0, n=1.4, name="fog")
    with pytest.raises(CancelledError, match="The light transport was cancelled; nothing was kept"):
        run(uniform(fog, (200, 4, 4), 100.0), sides="mirror", photons=100_000_000, cancelled=cancelled, engine=engine)


def test_lost_energy_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tally from which energy is missing does not become a result."""
    from recutis.light import _voxel

    def leaky(fluence: np.ndarray, *_: object) -> None:
        fluence[:] = 0.0

    monkeypatch.setattr(_voxel, "fold", leaky)
    with pytest.raises(Exception, match=r"The light does not add up: .*please report it with the tissue"):
        run(mixed(), photons=1000)


def test_importing_light_loads_no_compiler() -> None:
    """Numba is loaded by the first transport, not by the import."""
    code = "import sys; from recutis.light import transport_voxels; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("beam", "more", "message"),
    [
        (None, {"engine": "steam"}, r"There is no engine 'steam'; choose auto, packet, scalar or cuda"),
        (None, {"sides": "soft"}, r"There are no soft sides; choose open, mirror or periodic"),
        (None, {"until_pct": 1.0}, r"Give either a number of photons or a goal"),
        (
            None,
            {"photons": None, "goals": [Goal(tally="heat")]},
            r"There is no tally 'heat' in this tissue; choose one of specular",
        ),
        (None, {"seed": -1}, r"The seed is -1; give a whole number from 0"),
        (None, {"threads": 0}, r"threads is 0; give a whole number of at least 1"),
        (None, {"n_above": 0.0}, r"n_above is 0; give a refractive index from 1 to 4"),
        (
            flat_top(diameter_um=500.0),
            {},
            r"The beam reaches 250 µm from its centre along x, the grid only 200 µm; make the beam",
        ),
        (
            rectangle(width_um=300.0, height_um=402.0),
            {},
            r"The beam reaches 201 µm from its centre along y, the grid only 200 µm",
        ),
    ],
)
def test_runs_without_meaning_are_refused(beam: Beam | None, more: dict[str, object], message: str) -> None:
    """Each argument is named with what is allowed."""
    with pytest.raises(InputError, match=message):
        run(mixed(), beam, **more)  # type: ignore[arg-type]


def test_what_lies_below_must_be_clear() -> None:
    """Where the lowest voxels differ in index, the index below has no default."""
    labels = np.zeros((2, 2, 2), np.uint8)
    labels[1, 1] = 1
    with pytest.raises(InputError, match=r"The lowest voxels have refractive indices from 1 to 1\.5; say with n_below"):
        run(VoxelTissue(labels=labels, voxel_um=1.0, media=(CLEAR, GLASS)))  # type: ignore[arg-type]


def test_only_a_wide_run_has_a_wide_fluence() -> None:
    """A spot or open sides give no fluence of a wide beam."""
    with pytest.raises(InputError, match=r"The run had a pencil beam and open sides, so its fluence is not that of a wide beam"):
        _ = run(mixed(), photons=1000).fluence_wide


@pytest.mark.parametrize(
    ("labels", "voxel_um", "media", "message"),
    [
        (np.zeros((2, 2)), 1.0, (CLEAR,), r"The labels are an array of 2 dimensions of float64; give whole numbers"),
        (np.full((2, 2, 2), 3), 1.0, (CLEAR, INK), r"A voxel has the label 3, but there are 2 media \(labels 0 to 1\)"),
        (np.full((2, 2, 2), -1), 1.0, (CLEAR,), r"A voxel has the label -1, but there are 1 media"),
        (
            np.zeros((0, 2, 2), int),
            1.0,
            (CLEAR,),
            r"The grid has 0 x 2 x 2 voxels; give at least 1 each way and at most 64000000",
        ),
        (np.zeros((2, 2, 2), int), 0.0, (CLEAR,), r"The edges of a voxel are 0\.0 µm; give one length above 0"),
        (np.zeros((2, 2, 2), int), (1.0, 2.0), (CLEAR,), r"The edges of a voxel are \(1\.0, 2\.0\) µm"),
        (np.zeros((2, 2, 2), int), 1.0, (), r"There are 0 media; give 1 to 256"),
        (np.zeros((2, 2, 2), int), 1.0, (CLEAR, CLEAR), r"Two media are called 'air'; give each a name of its own"),
    ],
)
def test_tissue_without_meaning_is_refused(labels: np.ndarray, voxel_um: float, media: tuple[Medium, ...], message: str) -> None:
    """Labels, edges and media are named with what is allowed."""
    with pytest.raises(InputError, match=message):
        VoxelTissue(labels=labels, voxel_um=voxel_um, media=media)  # type: ignore[arg-type]


def test_grids_beyond_memory_are_refused() -> None:
    """The limit is told before memory is taken."""
    labels = np.broadcast_to(np.uint8(0), (MOST_VOXELS + 1, 1, 1))
    with pytest.raises(OutOfRangeError, match=r"The grid has 64000001 x 1 x 1 voxels; .* at most 64000000 in total"):
        VoxelTissue(labels=labels, voxel_um=1.0, media=(CLEAR,))  # type: ignore[arg-type]


def test_media_without_meaning_are_refused() -> None:
    """A medium needs a name and the values a layer may have."""
    with pytest.raises(InputError, match="A medium has no name; give one"):
        replace(INK, name="")
    with pytest.raises(OutOfRangeError, match=r"The medium 'ink' has g = 1; give a number from -0\.99 to 0\.999"):
        replace(INK, g=1.0)


def test_layers_that_no_voxels_fit_are_refused() -> None:
    """A thickness must be a whole number of voxels."""
    layer = OpticalLayer(thickness_um=25.0, mua_cm=1.0, mus_cm=1.0, g=0.5, n=1.4, name="skin")
    with pytest.raises(InputError, match=r"The layer 'skin' is 25 µm, not a whole number of voxels of 10 µm; change the one"):
        VoxelTissue.from_layers([layer], width_um=100.0, voxel_um=10.0)
    with pytest.raises(InputError, match=r"The layer 'skin' is inf µm, not a whole number of voxels"):
        VoxelTissue.from_layers([replace(layer, thickness_um=math.inf)], width_um=100.0, voxel_um=10.0)
    tissue = VoxelTissue.from_layers([layer, layer_b()], width_um=40.0, height_um=20.0, voxel_um=(5.0, 10.0, 20.0))
    assert tissue.labels.shape == (7, 2, 2)
    assert tissue.labels[:, 0, 0].tolist() == [0] * 5 + [1] * 2
    assert tissue.size_um == (35.0, 20.0, 40.0)


def layer_b() -> OpticalLayer:
    """A second layer without a name."""
    return OpticalLayer(thickness_um=10.0, mua_cm=1.0, mus_cm=1.0, g=0.5, n=1.4)


def test_errors_by_depth_count_that_photons_cross_many_voxels() -> None:
    """Eight seeds scatter by depth as one run says; voxels of a plane are lit by the same photons."""
    layer = OpticalLayer(thickness_um=500.0, mua_cm=1.0, mus_cm=100.0, g=0.9, n=1.4)
    tissue = VoxelTissue.from_layers((layer,), width_um=500.0, voxel_um=50.0)
    runs = [transport_voxels(tissue, tissue.wide_beam(), sides="periodic", photons=4000, seed=seed) for seed in range(8)]

    scatter = np.std([x.fluence_by_depth for x in runs], axis=0, ddof=1)
    told = np.mean([x.fluence_by_depth_error for x in runs], axis=0)
    assert 0.6 < float(np.sqrt(np.mean(scatter**2) / np.mean(told**2))) < 1.5
    area = 500e-4**2
    assert runs[0].fluence_by_depth == pytest.approx(runs[0].fluence_cm2.mean(axis=(1, 2)) * area, rel=1e-9)


def test_mirrors_do_not_make_a_tilted_wide_beam() -> None:
    """Light between mirrors comes from both sides in turn; tails of a tilted gaussian would be folded without turning."""
    layer = OpticalLayer(thickness_um=100.0, mua_cm=1.0, mus_cm=10.0, g=0.9, n=1.4)
    tissue = VoxelTissue.from_layers((layer,), width_um=200.0, voxel_um=50.0)
    light = transport_voxels(tissue, tissue.wide_beam(angle_deg=30.0), sides="mirror", photons=1000)

    with pytest.raises(
        InputError, match="Between mirrors a beam at 30 degrees comes from both sides in turn; give periodic sides"
    ):
        _ = light.fluence_wide
    with pytest.raises(InputError, match="Mirrors would fold the tails of a gaussian beam at 30 degrees"):
        transport_voxels(tissue, gaussian(diameter_um=100.0, angle_deg=30.0), sides="mirror", photons=1000)
