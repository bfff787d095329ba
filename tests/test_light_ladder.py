"""One call for light at any fidelity: the rung that is chosen, what neighbours say, and what a rung cannot answer."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from recutis.errors import CancelledError, InputError, OutOfRangeError
from recutis.light import (
    LADDER,
    Grid,
    LayeredLight,
    Medium,
    OpticalLayer,
    VoxelLight,
    VoxelTissue,
    gaussian,
    mean_layers,
    optical_range,
    pencil,
    transport,
    transport_wide,
)
from recutis.light.ladder import scattering_error_pct
from recutis.skin import LayerOptics, build, layer_optics

SKIN = (
    OpticalLayer(thickness_um=100.0, mua_cm=8.0, mus_cm=150.0, g=0.8, n=1.4, name="upper"),
    OpticalLayer(thickness_um=900.0, mua_cm=1.0, mus_cm=100.0, g=0.8, n=1.37, name="lower"),
)
EVEN = (SKIN[0], replace(SKIN[1], n=1.4))
WATERY = (OpticalLayer(thickness_um=500.0, mua_cm=800.0, mus_cm=20.0, g=0.9, n=1.3),)
VESSEL = np.zeros((20, 12, 12), np.uint8)
VESSEL[8:12, :, 4:8] = 1
VOXELS = VoxelTissue(
    labels=VESSEL,
    voxel_um=50.0,
    media=(
        Medium(mua_cm=0.5, mus_cm=100.0, g=0.8, n=1.4, name="dermis"),
        Medium(mua_cm=50.0, mus_cm=50.0, g=0.9, n=1.4, name="blood"),
    ),
)


def optics(nm: float) -> tuple[LayerOptics, ...]:
    """A light cheek."""
    return layer_optics(build(site="cheek", age_years=40.0, phototype="II", sex="female"), nm)


def test_each_need_gets_its_rung() -> None:
    """Water: closed form. Wide on scattering layers: ordinates. Finite: photons. Voxels: voxels. The reason is told."""
    found = [
        transport(WATERY), transport(SKIN), transport(SKIN, gaussian(diameter_um=500.0), photons=2000),
        transport(VOXELS, photons=2000),
    ]  # fmt: skip

    assert tuple(x.fidelity for x in found) == LADDER
    for light, words in zip(found, ("at most 0.25 %", "the depth only", "needs photons", "needs voxels"), strict=True):
        assert words in light.reason


def test_a_stricter_error_takes_the_next_rung() -> None:
    """The closed form answers only while scattering may change no more than is allowed."""
    share = scattering_error_pct(WATERY)

    assert share == pytest.approx(100 * 2.0 / 802.0)
    assert transport(WATERY, error_pct=share * 1.01).fidelity == "closed_form"
    assert transport(WATERY, error_pct=share * 0.99).fidelity == "deterministic"


ENERGY = {
    "even index": (EVEN, {}),
    "denser above": (EVEN, {"n_above": 2.0}),
    "deep": ((EVEN[0], replace(EVEN[1], thickness_um=math.inf)), {}),
    "steps of the index": (SKIN, {"n_below": 1.0}),
    "backward": ((replace(EVEN[0], g=-0.5), EVEN[1]), {}),
}


ANSWERS = [(x, y) for x in ENERGY for y in LADDER if y != "closed_form" or x not in {"steps of the index", "backward"}]


@pytest.mark.parametrize(("name", "rung"), ANSWERS)
def test_every_rung_keeps_the_energy(name: str, rung: str) -> None:
    """Reflected, transmitted, absorbed and what leaves by the sides make one; of photons, but for what roulette has won."""
    layers, outside = ENERGY[name]
    light = transport(VOXELS if rung == "voxel" else layers, fidelity=rung, photons=20_000, **outside)  # type: ignore[arg-type]

    parts = [light.tallies[x].value for x in ("specular_reflectance", "diffuse_reflectance", "transmittance", "absorbed")]
    if rung == "voxel":
        parts.append(light.tallies["sides"].value)
    won = light.light.balance.value if isinstance(light.light, (LayeredLight, VoxelLight)) else 0.0
    by_part = [x.value for key, x in light.tallies.items() if key.startswith("absorbed_")]
    assert sum(parts) - won == pytest.approx(1.0, abs=1e-9 if rung in LADDER[:2] else 1e-5)
    assert sum(by_part) == pytest.approx(light.tallies["absorbed"].value, abs=1e-9)
    assert min(parts) > -1e-12


def test_neighbours_of_ordinates_are_told() -> None:
    """Closed form and photons are run beside; photons agree within their errors, two streams only roughly."""
    light = transport(EVEN, compare=True, photons=100_000)

    by_rung = {rung: [x for x in light.differences if rung in {x.lower, x.upper}] for rung in ("closed_form", "layered")}
    assert light.not_compared == ()
    for one in by_rung["layered"]:
        assert abs(one.lower_value - one.upper_value) <= 5 * one.standard_error + 1e-9, one.quantity
    coarse = {one.quantity: one for one in by_rung["closed_form"]}
    assert 0.1 < abs(coarse["diffuse_reflectance"].relative_pct) < 30.0
    assert any(name.startswith("fluence at ") for name in coarse)
    assert next(row for row in light.rows() if row[0] == "diffuse_reflectance")[2].count(";") == 1


def test_index_steps_take_ordinates() -> None:
    """Steps inside or below reflect light that the closed form would let pass; it says so and is not chosen."""
    plate = (OpticalLayer(thickness_um=100.0, mua_cm=1.0, mus_cm=0.0, g=0.9, n=1.5),)
    inner = (*plate, replace(plate[0], n=1.3))

    assert [transport(x, n_below=y).fidelity for x, y in ((plate, None), (plate, 1.5), (plate, 1.0), (inner, None))] == [
        "closed_form", "closed_form", "deterministic", "deterministic",
    ]  # fmt: skip
    assert transport(plate, n_below=1.0).tallies["transmittance"].value == pytest.approx(0.9139, abs=1e-4)
    with pytest.raises(InputError, match=r"n_below has the refractive index 1 and .* choose the deterministic rung"):
        transport(plate, n_below=1.0, fidelity="closed_form")
    with pytest.raises(InputError, match=r"Layer 2 has the refractive index 1\.3 and the first layer 1\.5"):
        transport(inner, fidelity="closed_form")
    beside = transport(SKIN, compare=True, photons=2000)
    assert any("counts reflection at the surface only" in words for words in beside.not_compared)
    assert any(x.lower == "closed_form" for x in beside.differences)


@pytest.mark.parametrize("n_above", [1.0, 1.33, 1.5, 2.0, 4.0])
def test_closed_form_is_close_to_ordinates_under_any_medium(n_above: float) -> None:
    """Also where the medium above is denser than the tissue."""
    layers = (OpticalLayer(thickness_um=2000.0, mua_cm=50.0, mus_cm=10.0, g=0.9, n=1.33),)
    coarse, exact = (transport(layers, n_above=n_above, fidelity=rung).tallies for rung in LADDER[:2])

    for name in ("specular_reflectance", "diffuse_reflectance", "transmittance", "absorbed"):
        assert coarse[name].value == pytest.approx(exact[name].value, abs=3e-4), name


@pytest.mark.parametrize("mua_cm", [1e-2, 1e-4, 1e-6, 1e-9])
@pytest.mark.parametrize("mus_cm", [0.0, 100.0])
def test_no_light_passes_a_weak_infinite_layer(mua_cm: float, mus_cm: float) -> None:
    """However little it absorbs; and the fluence near the surface is that of ordinates."""
    upper = OpticalLayer(thickness_um=100.0, mua_cm=1.0, mus_cm=0.0, g=0.9, n=1.4)
    layers = (upper, OpticalLayer(thickness_um=math.inf, mua_cm=mua_cm, mus_cm=mus_cm, g=0.9, n=1.4))
    coarse, exact = (transport(layers, fidelity=rung) for rung in LADDER[:2])

    assert coarse.tallies["transmittance"].value < 1e-12
    assert coarse.fluence_wide == pytest.approx(exact.fluence_wide, rel=0.2 if mus_cm else 1e-6)


def test_a_clear_infinite_layer_takes_what_enters_it() -> None:
    """In closed form as in ordinates."""
    layers = (OpticalLayer(thickness_um=100.0, mua_cm=10.0, mus_cm=0.0, g=0.0, n=1.4),)
    deep = (*layers, OpticalLayer(thickness_um=math.inf, mua_cm=0.0, mus_cm=0.0, g=0.0, n=1.4))
    coarse, exact = (transport(deep, fidelity=rung).tallies for rung in LADDER[:2])

    assert {name: x.value for name, x in coarse.items()} == pytest.approx({name: x.value for name, x in exact.items()}, abs=1e-12)


def test_backward_scattering_takes_ordinates() -> None:
    """Where it matters: without scattering g has no meaning."""
    layer = OpticalLayer(thickness_um=100.0, mua_cm=10.0, mus_cm=0.01, g=-0.5, n=1.4, name="odd")

    assert transport((layer,)).fidelity == "deterministic"
    assert transport((replace(layer, mus_cm=0.0),)).fidelity == "closed_form"
    with pytest.raises(InputError, match=r"Layer 1 'odd' has g = -0\.5, but the closed form .* choose the deterministic rung"):
        transport((layer,), fidelity="closed_form")


def test_wide_beams_may_be_tilted_or_diffuse() -> None:
    """Ordinates answer for them, also where an upright beam has the closed form; voxels get the same beam."""
    for more in ({"angle_deg": 40.0}, {"diffuse": True}):
        light = transport(WATERY, **more)  # type: ignore[arg-type]

        assert light.fidelity == "deterministic"
        assert light.tallies["absorbed"].value == transport_wide(WATERY, **more).tallies["absorbed"]  # type: ignore[arg-type]
    voxels = transport(VOXELS, angle_deg=30.0, photons=2000).light
    assert isinstance(voxels, VoxelLight)
    assert (voxels.beam.angle_deg, voxels.sides) == (30.0, "periodic")
    with pytest.raises(InputError, match="angle_deg and diffuse are those of a wide beam, but a beam is given too"):
        transport(SKIN, pencil(), diffuse=True)


def test_a_rung_for_wide_beams_says_that_yours_is_not() -> None:
    """The reason names the beam, and what the mean of voxels is."""
    light = transport(VOXELS, gaussian(diameter_um=300.0), fidelity="deterministic")

    assert "your gaussian of 300 µm is not" in light.reason
    assert "each plane of voxels counts with its mean" in light.reason


def test_light_that_leaves_by_the_sides_is_not_a_difference_of_method() -> None:
    """Voxels that lose light sideways are not compared with layers, which have no sides."""
    for rung in ("voxel", "layered"):
        light = transport(VOXELS, gaussian(diameter_um=300.0), fidelity=rung, photons=5000, compare=True)  # type: ignore[arg-type]

        assert not any("voxel" in {x.lower, x.upper} for x in light.differences)
        assert any("leaves by the sides of the voxels, and layers have none" in words for words in light.not_compared)


@pytest.mark.parametrize(("rung", "compare"), [(x, y) for x in LADDER for y in (False, True)])
def test_progress_rises_to_one_over_all_runs(rung: str, compare: bool) -> None:
    """Once, at the very end, whatever runs."""
    seen: list[float] = []
    transport(VOXELS, fidelity=rung, compare=compare, photons=2000, progress=seen.append)  # type: ignore[arg-type]

    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert seen[:-1] == [] or rung in LADDER[2:] or compare


def test_any_rung_can_be_cancelled() -> None:
    """Before it begins, where it is too quick to be asked again."""
    for rung in LADDER:
        with pytest.raises(CancelledError, match="The light transport was cancelled; nothing was kept"):
            transport(VOXELS, fidelity=rung, cancelled=lambda: True)


def test_photons_of_a_finite_beam_agree_with_ordinates_in_what_no_shape_changes() -> None:
    """Tallies and the fluence summed over each depth."""
    light = transport(SKIN, gaussian(diameter_um=800.0), photons=100_000, compare=True)
    exact = transport_wide(SKIN, depth_edges_um=light.depth_edges_um)

    assert {x.lower for x in light.differences} == {"deterministic"}
    errors = light.fluence_wide_error
    apart = np.abs(light.fluence_wide - exact.fluence_wide)[errors > 0] / errors[errors > 0]
    assert apart.max() < 5.0


def test_a_vessel_takes_less_than_its_blood_spread_over_its_depth() -> None:
    """Means of planes have no shadow: they absorb more than the vessel does, and the difference says so."""
    light = transport(VOXELS, photons=60_000, compare=True)

    absorbed = next(x for x in light.differences if x.quantity == "absorbed")
    assert absorbed.lower_value - absorbed.upper_value > 4 * absorbed.standard_error


def test_mean_layers_keep_the_amount_of_everything() -> None:
    """Three layers for a vessel in the middle, whose absorption over the area is that of the voxels."""
    layers = mean_layers(VOXELS)

    assert [x.thickness_um for x in layers] == [400.0, 200.0, 400.0]
    assert layers[1].mua_cm == pytest.approx((0.5 * 8 + 50.0 * 4) / 12)
    assert layers[1].mus_cm * layers[1].g == pytest.approx((100.0 * 0.8 * 8 + 50.0 * 0.9 * 4) / 12)


def test_an_infinite_layer_in_closed_form_lets_nothing_through() -> None:
    """The light ends in it."""
    deep = (EVEN[0], replace(EVEN[1], thickness_um=math.inf))

    light = transport(deep, fidelity="closed_form", grid=Grid(depth_um=3000.0, radius_um=1000.0))

    assert light.tallies["transmittance"].value < 1e-12
    exact = transport_wide(deep, depth_edges_um=light.depth_edges_um)
    assert light.fluence_wide == pytest.approx(exact.fluence_wide, rel=0.35, abs=0.01)


def test_range_of_optics_holds_the_middle_and_is_wider_than_any_error_of_method() -> None:
    """Skin is known worse than light."""
    found, middle = optical_range(optics(595.0)), transport_wide(optics(595.0)).tallies

    assert set(found) == set(middle)
    assert all(low <= middle[name] <= high for name, (low, high) in found.items())
    low, high = found["diffuse_reflectance"]
    assert high - low > 0.1


def test_rungs_say_what_they_cannot_answer() -> None:
    """Each refusal names the way out."""
    with pytest.raises(InputError, match="There is no fidelity 'best'; choose auto, closed_form"):
        transport(SKIN, fidelity="best")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"Layers have no voxels; make them with VoxelTissue\.from_layers"):
        transport(SKIN, fidelity="voxel")
    with pytest.raises(InputError, match="The closed form knows upright beams only; choose the deterministic rung"):
        transport(SKIN, pencil(angle_deg=30.0), fidelity="closed_form")
    with pytest.raises(OutOfRangeError, match="The allowed error is -1 %; give a finite percentage of at least 0"):
        transport(SKIN, error_pct=-1.0)
    with pytest.raises(InputError, match="There are no layers; give at least one"):
        transport(())
    tilted = transport(SKIN, pencil(angle_deg=30.0), fidelity="deterministic", compare=True, photons=2000)
    assert any("upright beams only" in words for words in tilted.not_compared)


ONE = SKIN[:1]


@pytest.mark.parametrize(
    ("tissue", "more", "message"),
    [
        (5, {}, "layers is 5, not a list of OpticalLayer"),
        (None, {}, "layers is None, not a list of OpticalLayer"),
        ("x", {}, "layers is 'x', not a list of OpticalLayer"),
        (ONE[0], {}, "layers is OpticalLayer.*, not a list of OpticalLayer"),
        ([ONE[0], 3], {}, "layers has 3 at place 2"),
        (ONE, {"photons": -5}, "photons is -5; give a whole number of at least 1000"),
        (ONE, {"photons": 2000.5}, r"photons is 2000\.5, which is not a whole number"),
        (ONE, {"seed": "x"}, "The seed is 'x', which is not a whole number"),
        (ONE, {"seed": -1}, "The seed is -1; give a whole number from 0"),
        (ONE, {"n_below": 0.0}, "n_below is 0; give a refractive index from 1 to 4"),
        (VOXELS, {"n_below": 0.0}, "n_below is 0; give a refractive index from 1 to 4"),
        (ONE, {"n_above": "air"}, "n_above is 'air', which is not a number"),
        (ONE, {"error_pct": None}, "The allowed error is None, which is not a number"),
        (ONE, {"fidelity": [1]}, r"There is no fidelity '\[1\]'; choose auto"),
        (ONE, {"beam": 3.0}, "beam is 3, which is not a Beam; make one with pencil"),
        (ONE, {"grid": 3.0}, "grid is 3, which is not a Grid"),
        (VOXELS, {"grid": Grid(depth_um=9.0, radius_um=9.0)}, "Voxels bring their own cells, but a grid is given too"),
    ],
)
@pytest.mark.parametrize("rung", ["auto", "closed_form", "deterministic"])
def test_input_without_meaning_is_refused_on_every_rung(tissue: object, more: dict[str, object], message: str, rung: str) -> None:
    """One sentence each, also where the rung would not use what is wrong."""
    with pytest.raises(InputError, match=message):
        transport(tissue, **{"fidelity": rung, **more})  # type: ignore[arg-type]


def test_ranges_need_layers_that_have_them() -> None:
    """Plain layers have none."""
    with pytest.raises(
        InputError, match="OpticalLayer has no range of optical properties; give the layers that layer_optics returns"
    ):
        optical_range(SKIN)  # type: ignore[arg-type]
