"""Beams made of others: pencils and microbeams laid side by side agree with beams followed photon by photon."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recutis.errors import InputError, OutOfRangeError
from recutis.light import Beam, Grid, LayeredLight, OpticalLayer, array, flat_top, gaussian, pencil, rectangle, transport_layers
from recutis.light.superpose import lattice_um, moved_rings, on_axis, rectangle_um, side_by_side, under

SKIN = (
    OpticalLayer(thickness_um=100.0, mua_cm=5.0, mus_cm=300.0, g=0.8, n=1.4),
    OpticalLayer(thickness_um=1900.0, mua_cm=0.5, mus_cm=200.0, g=0.8, n=1.4),
)
GRID = Grid(depth_um=2000.0, radius_um=3000.0, depth_cells=20, radius_cells=150)


@pytest.fixture(scope="module")
def thin() -> LayeredLight:
    """The light of a pencil."""
    return transport_layers(SKIN, pencil(), photons=150_000, grid=GRID, seed=1)


@pytest.mark.parametrize("beam", [flat_top(diameter_um=1000.0), gaussian(diameter_um=1000.0)])
def test_the_axis_of_a_spot_agrees_with_photons_of_that_spot(thin: LayeredLight, beam: Beam) -> None:
    """Sums over the pencil's rings against the innermost cells of a run with the spot itself."""
    found, error = on_axis(thin, beam)
    direct = transport_layers(SKIN, beam, photons=400_000, grid=GRID, seed=2)
    peak = (2.0 if beam.shape == "gaussian" else 1.0) / (math.pi * (beam.size_um / 2 * 1e-4) ** 2)
    inner = direct.fluence_cm2[:, :3] @ np.diff(GRID.radius_edges_um[:4] ** 2) / GRID.radius_edges_um[3] ** 2 / peak
    noise = direct.fluence_error_cm2[:, 0] / peak

    apart = np.abs(found - inner) / np.hypot(error, noise)
    assert apart.max() < 5.0
    assert (error < 0.1 * found).all()


def test_a_spot_much_wider_than_light_spreads_is_a_wide_beam(thin: LayeredLight) -> None:
    """The limit of large diameters."""
    found, _ = on_axis(thin, flat_top(diameter_um=1e6))

    assert found == pytest.approx(thin.fluence_wide, rel=1e-12)


def test_a_larger_spot_never_has_less_light_on_its_axis(thin: LayeredLight) -> None:
    """Scattered light adds up."""
    rising = [on_axis(thin, flat_top(diameter_um=size))[0] for size in (200.0, 500.0, 2000.0, 5000.0)]

    assert (np.diff(rising, axis=0) >= 0.0).all()


@pytest.mark.parametrize("beam", [flat_top(diameter_um=300.0), gaussian(diameter_um=200.0)])
def test_rings_under_a_microbeam_agree_with_photons_of_that_beam(beam: Beam) -> None:
    """The pencil's light laid around every point of the beam against a run with the beam, ring by ring; energy is kept."""
    fine = Grid(depth_um=1000.0, radius_um=1500.0, depth_cells=10, radius_cells=300)
    coarse = Grid(depth_um=1000.0, radius_um=1500.0, depth_cells=10, radius_cells=60)
    thin = transport_layers(SKIN, pencil(), photons=200_000, grid=fine, seed=1)
    direct = transport_layers(SKIN, beam, photons=200_000, grid=coarse, seed=2)

    found = under(thin, beam, coarse.radius_edges_um)

    apart = np.abs(found - direct.fluence_cm2)[:, :20] / (1.5 * direct.fluence_error_cm2[:, :20] + 0.02 * found[:, :20])
    assert apart.max() < 4.0
    area = math.pi * np.diff(coarse.radius_edges_um**2) * 1e-8
    assert found @ area == pytest.approx(direct.fluence_cm2 @ area, rel=0.03)


def test_microbeams_side_by_side_agree_with_an_array_of_them() -> None:
    """Around the centre, an array followed as one beam is the sum of its microbeams."""
    one = gaussian(diameter_um=150.0)
    many = array(one, columns=3, rows=3, pitch_um=500.0)
    single = transport_layers(SKIN, one, photons=150_000, grid=GRID, seed=1)
    together = transport_layers(SKIN, many, photons=300_000, grid=GRID, seed=2)

    ring_um = (np.arange(6) + 0.5) * 20.0
    around = np.linspace(0.0, 2 * math.pi, 24, endpoint=False)
    found = np.zeros((20, ring_um.size))
    for number, r in enumerate(ring_um):
        values = [
            side_by_side(
                single, places_um=lattice_um(many), x_um=np.array([r * math.cos(a)]), y_um=np.array([r * math.sin(a)])
            ).to_numpy()[:, 0, 0]
            for a in around
        ]
        found[:, number] = np.mean(values, axis=0) / 9.0

    inner = together.fluence_cm2[:, :6]
    apart = np.abs(found - inner)[:12] / (together.fluence_error_cm2[:12, :6] + 0.06 * inner[:12])
    assert apart.max() < 4.0


def test_a_rectangle_of_pencils_keeps_the_energy(thin: LayeredLight) -> None:
    """Summed over the map, each depth has the energy that the pencil's grid holds."""
    beam = rectangle(width_um=1200.0, height_um=600.0)
    places = rectangle_um(beam, step_um=60.0)
    x = np.arange(-3200.0, 3201.0, 50.0)

    found = side_by_side(thin, places_um=places, x_um=x, y_um=x).to_numpy().sum(axis=(1, 2)) * 50e-4**2 / len(places)

    held = thin.fluence_cm2 @ (math.pi * np.diff(GRID.radius_edges_um**2) * 1e-8)
    assert found[1:10] == pytest.approx(held[1:10], rel=0.03)


def test_a_rectangle_is_even_when_its_points_lie_a_cell_apart() -> None:
    """In the middle of several millimetres, at shallow depth, the sum varies by under 5 % and is about that of a wide beam."""
    grid = Grid(depth_um=500.0, radius_um=2500.0, depth_cells=10, radius_cells=50)
    slab = OpticalLayer(thickness_um=2000.0, mua_cm=2.0, mus_cm=100.0, g=0.8, n=1.4)
    light = transport_layers((slab,), pencil(), photons=20_000, grid=grid, seed=1)
    beam = rectangle(width_um=4020.0, height_um=2990.0)
    places = rectangle_um(beam, step_um=50.0)
    x = np.linspace(-170.0, 170.0, 18)

    shallow = side_by_side(light, places_um=places, x_um=x, y_um=x).to_numpy()[0]

    steps = [np.diff(np.unique(places[:, axis])) for axis in (0, 1)]
    assert len(places) == 81 * 60
    assert max(step.max() for step in steps) <= 50.0
    assert places.mean(axis=0) == pytest.approx((0.0, 0.0), abs=1e-9)
    assert np.abs(places).max(axis=0) == pytest.approx(((4020.0 - 4020.0 / 81) / 2, (2990.0 - 2990.0 / 60) / 2))
    assert np.abs(shallow / shallow.mean() - 1.0).max() < 0.05
    assert shallow.mean() / len(places) * 4020e-4 * 2990e-4 == pytest.approx(light.fluence_wide[0], rel=0.1)


def test_rings_need_not_begin_at_the_axis(thin: LayeredLight) -> None:
    """The outer rings of a row are the same without the inner ones."""
    beam = flat_top(diameter_um=300.0)
    whole = under(thin, beam, np.array([0.0, 100.0, 250.0, 600.0]))

    assert under(thin, beam, np.array([100.0, 250.0, 600.0])) == pytest.approx(whole[:, 1:], rel=1e-12)
    assert under(thin, beam, np.array([250.0, 600.0])) == pytest.approx(whole[:, 2:], rel=1e-12)


def test_shares_that_are_kept_cannot_be_changed() -> None:
    """The next caller gets the same array."""
    shares = moved_rings((0.0, 10.0, 30.0), flat_top(diameter_um=20.0), (0.0, 15.0, 60.0))

    with pytest.raises(ValueError, match="read-only"):
        shares[0, 0] = 5.0
    assert shares.sum(axis=1) == pytest.approx(1.0)


def test_only_upright_round_light_can_be_summed(thin: LayeredLight) -> None:
    """Each refusal says what is needed."""
    tilted = transport_layers(SKIN, pencil(angle_deg=30.0), photons=1000, grid=GRID)
    with pytest.raises(InputError, match="needs the light of a pencil, straight down, not a pencil beam at 30 degrees"):
        on_axis(tilted, flat_top(diameter_um=100.0))
    with pytest.raises(InputError, match="A beam 'rectangle' has no sum over rings"):
        on_axis(thin, rectangle(width_um=1.0, height_um=1.0))
    with pytest.raises(OutOfRangeError, match=r"Places of beams have the shape \(3,\)"):
        side_by_side(thin, places_um=np.zeros(3), x_um=np.zeros(1), y_um=np.zeros(1))
    with pytest.raises(InputError, match="The beam is a pencil, not a rectangle"):
        rectangle_um(pencil(), step_um=10.0)
