"""Light of the injury: the table of a half space against photons in the layers, limits, and what drying changes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from recutis.errors import InputError, OutOfRangeError
from recutis.injury import skin_light, thermal_zone
from recutis.injury.scattering import light_field, ridged
from recutis.laser import Cooling, Pulse
from recutis.light import flat_top, gaussian, rectangle, ring
from recutis.light.spread import DEPTHS, RADII, RATIOS, axis_share, ring_share, within
from recutis.skin import Skin, build

UPPER_M = np.array([60.0, 150.0, 300.0, 600.0, 1000.0]) * 1e-6


def cheek(phototype: str) -> Skin:
    """The cheek of a woman of 50."""
    return ridged(build(site="cheek", age_years=50.0, phototype=phototype, sex="female"))


@pytest.mark.parametrize(("phototype", "nm"), [("II", 595.0), ("V", 755.0), ("II", 1064.0)])
def test_table_agrees_with_photons_in_the_layers(phototype: str, nm: float) -> None:
    """The axis of spots in the upper millimetre, within the stated error."""
    for spot_mm, allowed in ((3.0, 0.17), (7.0, 0.04), (12.0, 0.03)):
        beam = flat_top(diameter_um=spot_mm * 1000.0)
        table, photons = (skin_light.spot_share(cheek(phototype), nm, beam, UPPER_M, source) for source in ("table", "photons"))  # type: ignore[arg-type]

        assert table == pytest.approx(photons, rel=allowed), spot_mm


@pytest.mark.parametrize(("nm", "waist_um"), [(1550.0, 130.0), (1927.0, 300.0)])
def test_table_agrees_with_photons_under_microbeams(nm: float, waist_um: float) -> None:
    """Light within 40 µm of the axis and within 190 µm, in the upper half millimetre."""
    z, r = (
        np.arange(0.0, 601.0, 50.0) * 1e-6,
        np.concatenate((np.arange(0.0, 200.0, 10.0), np.geomspace(200.0, 1200.0, 20))) * 1e-6,
    )
    beam = gaussian(diameter_um=waist_um)
    area = math.pi * np.diff(r**2)
    table, photons = (
        skin_light.microbeam_light(cheek("II"), nm, beam, z, r, source).fluence_m2 * area
        for source in ("table", "photons")  # type: ignore[arg-type]
    )

    for rings in (4, 19):
        assert table[:, :rings].sum(axis=1) == pytest.approx(photons[:, :rings].sum(axis=1), rel=0.2)


def test_no_light_is_lost_or_won_sideways() -> None:
    """Rings out to where no light comes hold all of it, at every depth and whatever the beam."""
    depth, edges = np.array([1e-5, 3e-4, 1e-3]), np.concatenate(([0.0], np.geomspace(1e-5, 0.05, 80)))
    for beam in (gaussian(diameter_um=100.0), flat_top(diameter_um=600.0)):
        shares = ring_share(beam, edges, depth_m=depth, musp_m=np.full(3, 1500.0), ratio=np.full(3, 0.3))
        assert shares.sum(axis=1) == pytest.approx(np.ones(3), abs=2e-3)
        assert (shares >= 0.0).all()


def test_light_spreads_with_depth_and_narrows_with_absorption() -> None:
    """The share within a radius falls with depth and rises with absorption and with the radius."""
    depth = np.linspace(1e-5, 3e-3, 12)
    radii = np.array([1e-4, 5e-4, 2e-3])
    pale, dark = (within(radii, depth_m=depth, musp_m=np.full(12, 2000.0), ratio=np.full(12, x)) for x in (0.02, 0.5))

    assert (np.diff(pale[:, :2], axis=0) <= 1e-3).all()
    assert (dark[:, 1:] >= pale[:, 1:]).all()
    assert (np.diff(pale, axis=1) >= 0.0).all()


def test_a_spot_wider_than_all_light_is_a_wide_beam() -> None:
    """The limit of large spots, for a flat top and for a gaussian."""
    for beam in (flat_top(diameter_um=2e5), gaussian(diameter_um=6e5)):
        assert skin_light.spot_share(cheek("II"), 755.0, beam, UPPER_M, "table") == pytest.approx(np.ones(5), abs=0.01)


def test_the_table_is_whole() -> None:
    """Every share lies between 0 and 1 and never falls with the radius."""
    from recutis.light.spread import _table

    table = _table()
    assert table.shape == (RATIOS.size, DEPTHS.size, RADII.size)
    assert np.isfinite(table).all()
    assert table.min() >= 0.0
    assert table.max() <= 1.0
    assert (np.diff(table, axis=2) >= 0.0).all()
    assert table[:, :, -1].min() > 0.9  # the rest lies beyond sixty mean free paths


def test_a_lesion_is_lit_through_the_skin_around_it() -> None:
    """Spread from the surroundings: with the same skin around, nothing changes; dark in fair skin, the fair spread."""
    fair, dark = cheek("II"), cheek("V")
    alone = light_field(dark, 755.0, (755.0, 755.0), 3000.0, False)
    same = light_field(dark, 755.0, (755.0, 755.0), 3000.0, False, around=dark)
    inside = light_field(dark, 755.0, (755.0, 755.0), 3000.0, False, around=fair)

    assert np.array_equal(alone.fluence, same.fluence)
    middle = (inside.edges_m[:-1] + inside.edges_m[1:]) / 2
    kept = skin_light.spot_share(fair, 755.0, flat_top(diameter_um=3000.0), middle, "table")
    assert inside.fluence[0] == pytest.approx(skin_light.wide_light(dark, 755.0, inside.edges_m).fluence_wide * kept, rel=1e-12)


def test_light_without_scattering_or_with_other_beams_is_refused() -> None:
    """Messages name what is missing."""
    with pytest.raises(OutOfRangeError, match="Light spreads by scattering: reduced scattering must be above 0"):
        within(np.ones(1), depth_m=np.ones(1), musp_m=np.zeros(1), ratio=np.ones(1))
    with pytest.raises(InputError, match="A beam 'rectangle' has no axis that the table knows"):
        axis_share(rectangle(width_um=1.0, height_um=1.0), depth_m=np.ones(1), musp_m=np.ones(1), ratio=np.ones(1))
    with pytest.raises(InputError, match="A beam 'ring' has no sum over rings"):
        ring_share(
            ring(inner_um=1.0, outer_um=2.0), np.array([0.0, 1.0]), depth_m=np.ones(1), musp_m=np.ones(1), ratio=np.ones(1)
        )


def test_heat_of_a_microbeam_counts_what_spreads_beyond_its_rings() -> None:
    """A column and its surroundings take up, over the upper half millimetre, what a wide beam of its energy would."""
    skin = build(site="cheek", age_years=40.0, phototype="II", sex="female")
    pulse = Pulse(wavelength_nm=1064.0, energy_mJ=5.0, spot_um=300.0, profile="gaussian", duration_ms=5.0)

    zone = thermal_zone.expose(pulse, skin, stack=1, repetition_Hz=1.0, cooling=Cooling())

    edges = np.linspace(0.0, 5e-4, 26)
    wide = skin_light.wide_light(skin, 1064.0, edges)
    upper = float((wide.absorbed_wide_cm * 100.0 * np.diff(edges)).sum()) * 5e-3
    assert zone.upper_J == pytest.approx(upper, rel=0.15)  # less what leaves the half millimetre during the pulse


def test_skin_that_is_epidermis_all_through_has_light() -> None:
    """Nothing lies below; the spread is that of the epidermis."""
    skin = cheek("II")
    only = replace(skin, layers=tuple(x for x in skin.layers if x.name in {"epidermis", "basal_layer"}))

    share = skin_light.spot_share(only, 595.0, flat_top(diameter_um=3000.0), UPPER_M, "table")

    assert np.isfinite(share).all()
    assert ((share > 0.0) & (share <= 1.0)).all()
