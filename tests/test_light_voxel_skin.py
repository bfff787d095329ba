"""Skin on voxels: layers, vessels, lentigines, follicles and relief have the place and size that was asked for."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from recutis import evidence
from recutis.errors import InputError, OutOfRangeError
from recutis.light import (
    Follicle,
    Grid,
    Lentigo,
    Relief,
    Vessel,
    VoxelTissue,
    transport_layers,
    transport_voxels,
    voxel_skin,
)
from recutis.skin import build, layer_optics, vessel_blood_mua_cm, vessel_blood_scattering

SKIN = build(site="cheek", age_years=40.0, phototype="II", sex="female")
EDGE = 5.0
DEEP = EDGE * 60
WIDE = EDGE * 60


def made(**more: object) -> VoxelTissue:
    """Skin on 60 voxels of 5 µm each way at 532 nm, unless told otherwise."""
    usual: dict[str, object] = {"width_um": WIDE, "depth_um": DEEP, "voxel_um": EDGE}
    return voxel_skin(SKIN, 532.0, **(usual | more))  # type: ignore[arg-type]


def where(tissue: VoxelTissue, name: str) -> np.ndarray:
    """Which voxels are of a medium."""
    return tissue.labels == [medium.name for medium in tissue.media].index(name)


def volume_um3(tissue: VoxelTissue, name: str) -> float:
    """Volume of a medium."""
    return float(where(tissue, name).sum()) * math.prod(tissue.edges_um)


def test_layers_keep_their_thickness() -> None:
    """Every layer is as thick as in the skin, within a voxel, and has the optics that the skin gives."""
    tissue = made(depth_um=1000.0)
    for layer in layer_optics(SKIN, 532.0)[:4]:
        column = where(tissue, layer.name)[:, 3, 7]
        medium = next(medium for medium in tissue.media if medium.name == layer.name)

        assert column.sum() * EDGE == pytest.approx(layer.thickness_um, abs=EDGE), layer.name
        assert medium.mua_cm == layer.mua_cm
        assert medium.mus_cm * (1 - medium.g) == pytest.approx(layer.musp_cm, rel=1e-12)
    assert set(layer_optics(SKIN, 532.0)[0].sources) <= set(tissue.sources)


def test_flat_skin_on_voxels_is_lit_as_in_layers() -> None:
    """Where whole voxels fit the layers, shares agree with the layered engine."""
    skin = replace(SKIN, layers=tuple(
        replace(layer, thickness_um=t) for layer, t in zip(SKIN.layers, (15.0, 45.0, 10.0, 140.0, 190.0, 5000.0), strict=True)
    ))  # fmt: skip
    tissue = voxel_skin(skin, 595.0, width_um=EDGE, depth_um=400.0, voxel_um=EDGE)
    stack = [replace(layer, thickness_um=min(layer.thickness_um, 190.0)) for layer in layer_optics(skin, 595.0)[:5]]
    light = transport_voxels(tissue, tissue.wide_beam(), sides="periodic", photons=100_000)
    beam = tissue.wide_beam()
    expected = transport_layers(stack, beam, photons=100_000, grid=Grid(depth_um=400.0, radius_um=100.0))

    for number, layer in enumerate(stack, start=1):
        one, other = light.tallies[f"absorbed_{layer.name}"], expected.tallies[f"absorbed_layer_{number}"]
        assert abs(one.value - other.value) < 4 * math.hypot(one.standard_error, other.standard_error), layer.name


@pytest.mark.parametrize("direction", [(0.0, 1.0, 0.0), (0.0, 0.0, -2.0)])
def test_a_vessel_is_a_cylinder_of_blood(direction: tuple[float, float, float]) -> None:
    """Its volume is that of the cylinder, its axis lies where it was put, and it absorbs and scatters as blood."""
    tissue = made(vessels=(Vessel(diameter_um=100.0, depth_um=180.0, x_um=12.5, y_um=-10.0, direction=direction),))
    cells = np.argwhere(where(tissue, "vessel_1")).mean(axis=0)
    blood = tissue.media[-1]
    musp, g, n = vessel_blood_scattering(532.0)
    across = 2 if direction[1] else 1
    expected_um = 12.5 if direction[1] else -10.0

    assert volume_um3(tissue, "vessel_1") == pytest.approx(math.pi * 50.0**2 * WIDE, rel=0.02)
    assert tissue.centres_um[0][int(cells[0])] == pytest.approx(180.0, abs=EDGE)
    assert (cells[across] + 0.5) * EDGE - WIDE / 2 == pytest.approx(expected_um, abs=0.6 * EDGE)
    assert (blood.mua_cm, blood.g, blood.n) == (vessel_blood_mua_cm(532.0), g, n)
    assert blood.mus_cm == pytest.approx(musp / (1 - g))
    assert "musp_blood_a_fRay_bMie" in tissue.sources


def test_a_slanted_vessel_has_its_cross_section() -> None:
    """Across a slanted cylinder the plane at right angles to y cuts an ellipse: the area grows by the inverse cosine."""
    tissue = made(vessels=(Vessel(diameter_um=100.0, depth_um=180.0, direction=(0.0, 1.0, 1.0)),))
    areas = where(tissue, "vessel_1").sum(axis=(0, 2)) * EDGE**2

    assert areas[25:35].mean() == pytest.approx(math.pi * 50.0**2 * math.sqrt(2.0), rel=0.02)


def test_arterial_blood_differs_from_venous() -> None:
    """Two vessels are two media, each with its own saturation."""
    first = Vessel(diameter_um=50.0, depth_um=180.0, x_um=-80.0, saturation=0.97)
    tissue = made(vessels=(first, replace(first, x_um=80.0, saturation=0.6)))

    assert [tissue.media[-2].name, tissue.media[-1].name] == ["vessel_1", "vessel_2"]
    assert tissue.media[-2].mua_cm == vessel_blood_mua_cm(532.0, saturation=0.97)
    assert tissue.media[-1].mua_cm < tissue.media[-2].mua_cm


def test_a_lentigo_is_darker_and_reaches_down() -> None:
    """Inside its disc the epidermis has more melanin and pegs that reach their depth, one basal layer thick; outside nothing changes."""
    plain = made()
    tissue = made(lentigo=Lentigo(diameter_um=200.0, rete_period_um=100.0, rete_depth_um=60.0))
    disc = (tissue.labels != plain.labels).any(axis=0)
    media = {medium.name: medium for medium in tissue.media}
    basal = where(tissue, "lentigo_basal_layer")
    lowest = np.where(basal.any(axis=0), 60 - np.argmax(basal[::-1], axis=0), 0) * EDGE

    assert disc.sum() * EDGE**2 == pytest.approx(math.pi * 100.0**2, rel=0.03)
    assert lowest.max() == pytest.approx(SKIN.epidermis_um + 60.0, abs=1.5 * EDGE)
    assert lowest[30, 30] == lowest.max()  # a peg at the centre
    assert lowest[disc].min() == pytest.approx(SKIN.epidermis_um, abs=EDGE)
    assert basal.sum(axis=0)[disc].mean() * EDGE == pytest.approx(10.0, abs=EDGE / 2)
    extra = media["lentigo_basal_layer"].mua_cm - media["basal_layer"].mua_cm
    fraction = next(layer.melanin_fraction for layer in SKIN.layers if layer.name == "basal_layer")
    own = extra / (evidence.value("lentigo_melanin_factor") - 1) / fraction
    assert own == pytest.approx(519.0 * (532.0 / 500.0) ** -3.0, rel=0.35)  # melanosomes, Jacques 2013, less what they displace
    assert {"lentigo_melanin_factor"} <= set(tissue.sources)


def test_a_follicle_is_a_tube_of_epidermis_with_a_dark_hair() -> None:
    """The tube replaces dermis down to its end, the hair runs from the surface to there."""
    plain = made()
    tissue = made(
        follicles=(Follicle(diameter_um=100.0, depth_um=200.0, x_um=50.0, hair_diameter_um=40.0, hair_melanin_fraction=0.1),)
    )
    added = volume_um3(tissue, "epidermis") - volume_um3(plain, "epidermis")
    hair = next(medium for medium in tissue.media if medium.name == "hair_1")
    inside = 200.0 - SKIN.epidermis_um

    assert volume_um3(tissue, "hair_1") == pytest.approx(math.pi * 20.0**2 * 200.0, rel=0.05)
    assert added + math.pi * 20.0**2 * 43.5 == pytest.approx(math.pi * (50.0**2 - 20.0**2) * inside, rel=0.06)
    assert hair.mua_cm > 10 * tissue.media[0].mua_cm
    deep = made(follicles=(Follicle(diameter_um=80.0),))
    assert where(deep, "epidermis")[-1].any()
    assert "pilosebaceous_unit_depth_face" in deep.sources


def test_relief_puts_air_above_and_sinks_the_layers() -> None:
    """Even furrows take half their depth of air on average; every column keeps its layers."""
    tissue = made(relief=Relief(depth_um=60.0, period_um=100.0))
    air, flat = where(tissue, "air"), made()

    assert volume_um3(tissue, "air") == pytest.approx(30.0 * WIDE**2, rel=0.03)
    assert not air[:, :, 30].any()  # a crest in the middle
    assert air[:, 0, :].sum(axis=0).max() * EDGE == pytest.approx(60.0, abs=EDGE)
    for name in ("stratum_corneum", "epidermis", "basal_layer"):
        assert volume_um3(tissue, name) == pytest.approx(volume_um3(flat, name), rel=0.1), name
    assert tissue.media[-1].n == 1.0
    stairs = made(relief=Relief(heights_um=lambda _, x: np.where(x > 0, 20.0, 0.0)))
    same = made(relief=Relief(heights_um=np.where(np.arange(60) >= 30, 20.0, 0.0) * np.ones((60, 1))))
    assert np.array_equal(stairs.labels, same.labels)
    assert where(stairs, "air").sum() == 4 * 30 * 60


def test_light_finds_the_vessel_and_the_lentigo() -> None:
    """At 532 nm a vessel takes light from the dermis, and a lentigo above it leaves it less."""
    vessel = Vessel(diameter_um=80.0, depth_um=200.0)
    clear = made(vessels=(vessel,), voxel_um=EDGE)
    spotted = made(
        vessels=(vessel,), lentigo=Lentigo(diameter_um=1000.0, rete_period_um=100.0), relief=Relief(depth_um=20.0, period_um=60.0)
    )
    first, second = (transport_voxels(t, t.wide_beam(), sides="periodic", photons=20_000) for t in (clear, spotted))

    assert first.tallies["absorbed_vessel_1"].value > 0.1
    assert second.tallies["absorbed_vessel_1"].value < 0.9 * first.tallies["absorbed_vessel_1"].value
    assert 0.02 < second.tallies["specular_reflectance"].value < 0.1


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"width_um": 302.0, "height_um": 300.0}, r"The grid along x is 302 µm, not a whole number of voxels of 5 µm"),
        (
            {"voxel_um": 20.0},
            r"The stratum_corneum is 16\.8 µm thick, less than a voxel of 20 µm; give voxels that are lower along z",
        ),
        ({"depth_um": 20_000.0}, r"The grid is 20000 µm deep, the skin only 73\d\d(\.\d+)? µm; make the grid less deep"),
        ({"vessels": (Vessel(diameter_um=9.0, depth_um=200.0),)}, r"Vessel 1 is 9 µm wide, less than 2 voxels of 5 µm"),
        ({"vessels": (Vessel(diameter_um=50.0, depth_um=400.0),)}, r"Vessel 1, 400 µm deep, lies outside the grid"),
        (
            {"vessels": (Vessel(diameter_um=50.0, depth_um=90.0),)},
            r"Vessel 1 reaches into the basal_layer at a depth of 67\.5 µm; vessels",
        ),
        ({"follicles": (Follicle(diameter_um=9.0),)}, r"Follicle 1 is 9 µm wide, less than 2 voxels of 5 µm"),
        ({"follicles": (Follicle(diameter_um=50.0, x_um=400.0),)}, r"Follicle 1 at y = 0 µm, x = 400 µm lies beside the grid"),
        (
            {"relief": Relief(heights_um=np.zeros((3, 3)))},
            r"The relief has heights for \(3, 3\) columns, the grid has \(60, 60\)",
        ),
        ({"relief": Relief(heights_um=np.full((60, 60), -1.0))}, r"The relief has heights from -1 to -1 µm; give finite lengths"),
        ({"relief": Relief(depth_um=400.0, period_um=50.0)}, r"The relief reaches \d+(\.\d+)? µm down, the grid only 300 µm"),
        (
            {"lentigo": Lentigo(diameter_um=100.0, rete_period_um=50.0, melanin_factor=99.0)},
            r"A melanin_factor of 99 would fill \d+%",
        ),
    ],
)
def test_what_has_no_place_is_refused(more: dict[str, object], message: str) -> None:
    """Each part is named with its place and what is allowed."""
    with pytest.raises(InputError, match=message):
        made(**more)


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (Vessel, {"diameter_um": 0.0, "depth_um": 1.0}, r"A vessel has a diameter_um of 0; give a finite length above 0 µm"),
        (
            Vessel,
            {"diameter_um": 1.0, "depth_um": 1.0, "direction": (0, 0, 0)},
            r"A vessel has the direction \(0, 0, 0\); give three",
        ),
        (
            Vessel,
            {"diameter_um": 1.0, "depth_um": 1.0, "saturation": 2.0},
            r"A vessel has an oxygen saturation of 2; give a fraction",
        ),
        (Lentigo, {"diameter_um": 1.0, "rete_period_um": math.inf}, r"A lentigo has a rete_period_um of inf"),
        (Lentigo, {"diameter_um": 1.0, "rete_period_um": 1.0, "melanin_factor": 0.0}, r"A lentigo has a melanin_factor of 0"),
        (Lentigo, {"diameter_um": 1.0, "rete_period_um": 1.0, "rete_depth_um": -1.0}, r"A lentigo has a rete_depth_um of -1"),
        (
            Follicle,
            {"diameter_um": 10.0, "hair_diameter_um": 10.0},
            r"A follicle of 10 µm has a hair of 10 µm; give a hair that is thinner",
        ),
        (Follicle, {"diameter_um": 10.0, "hair_melanin_fraction": 2.0}, r"A hair has a melanin fraction of 2"),
        (Relief, {}, r"A relief needs either depth_um and period_um above 0, or heights_um, and not both"),
        (Relief, {"depth_um": math.inf, "period_um": 1.0}, r"A relief has furrows of inf µm every 1 µm; give finite lengths"),
    ],
)
def test_parts_without_meaning_are_refused(kind: type, values: dict[str, object], message: str) -> None:
    """Each value is named with what is allowed."""
    with pytest.raises(InputError, match=message):
        kind(**values)


def test_grids_beyond_memory_are_refused_before_they_are_made() -> None:
    """The limit is told before memory is taken."""
    with pytest.raises(OutOfRangeError, match=r"The grid has 600 x 600 x 600 voxels; .* at most 64000000 in total"):
        made(width_um=3000.0, depth_um=3000.0)
