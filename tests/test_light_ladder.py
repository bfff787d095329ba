"""One call for light at any fidelity: the rung that is chosen, what neighbours say, and what a rung cannot answer."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from recutis.errors import InputError, OutOfRangeError
from recutis.light import (
    LADDER,
    Grid,
    Medium,
    OpticalLayer,
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


@pytest.mark.parametrize("rung", LADDER)
def test_every_rung_keeps_the_energy(rung: str) -> None:
    """Reflected, transmitted, absorbed and what leaves by the sides make one."""
    light = transport(VOXELS if rung == "voxel" else SKIN, fidelity=rung, photons=20_000)  # type: ignore[arg-type]

    total = sum(
        light.tallies.get(name, light.tallies["absorbed"]).value for name in ("specular_reflectance", "diffuse_reflectance")
    )
    total += light.tallies["transmittance"].value + light.tallies["absorbed"].value
    total += light.tallies["sides"].value if "sides" in light.tallies else 0.0
    assert total == pytest.approx(1.0, abs=1e-9 if rung in LADDER[:2] else 5e-3)


def test_neighbours_of_ordinates_are_told() -> None:
    """Closed form and photons are run beside; photons agree within their errors, two streams only roughly."""
    light = transport(SKIN, compare=True, photons=100_000)

    by_rung = {rung: [x for x in light.differences if rung in {x.lower, x.upper}] for rung in ("closed_form", "layered")}
    assert light.not_compared == ()
    for one in by_rung["layered"]:
        assert abs(one.lower_value - one.upper_value) <= 5 * one.standard_error + 1e-9, one.quantity
    coarse = {one.quantity: one for one in by_rung["closed_form"]}
    assert 0.5 < abs(coarse["diffuse_reflectance"].relative_pct) < 30.0
    assert any(name.startswith("fluence at ") for name in coarse)
    assert next(row for row in light.rows() if row[0] == "diffuse_reflectance")[2].count(";") == 1


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
    deep = (SKIN[0], replace(SKIN[1], thickness_um=math.inf))

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
