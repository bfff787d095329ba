"""Input without meaning is answered by one clear sentence, whatever it is and wherever it is given."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recutis.errors import InputError, OutOfRangeError, RecutisError
from recutis.light import (
    Beam,
    Follicle,
    Goal,
    Grid,
    LayeredLight,
    Lentigo,
    Medium,
    OpticalLayer,
    Relief,
    Vessel,
    VoxelTissue,
    array,
    checks,
    flashlamp,
    flat_top,
    gaussian,
    lattice_um,
    on_axis,
    pencil,
    rectangle,
    rectangle_um,
    ring,
    side_by_side,
    transport_layers,
    transport_voxels,
    transport_wide,
    under,
    voxel_skin,
)
from recutis.light.beams import check_beam, parse
from recutis.light.blocks import check_seed, length_of, run_blocks
from recutis.light.lamps import check_lamp, planck
from recutis.light.spread import axis_share, ring_share, within
from recutis.light.stack import check_grid, check_outside, checked_layers, optical_layer
from recutis.light.superpose import moved_rings
from recutis.light.voxel_tissue import check_tissue
from recutis.skin import build, layer_optics

SKIN = build(site="cheek", age_years=40.0, phototype="II", sex="female")
SLAB = OpticalLayer(thickness_um=500.0, mua_cm=1.0, mus_cm=50.0, g=0.8, n=1.4, name="slab")
INK = Medium(mua_cm=1.0, mus_cm=1.0, g=0.0, n=1.4, name="ink")
LAMP = flashlamp(560.0, 1200.0)
GRID = Grid(depth_um=500.0, radius_um=500.0, depth_cells=5, radius_cells=10)

# Each constructor with values that are good; its numbers, whole numbers and truth values are then spoilt one by one.
GOOD: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "OpticalLayer": (OpticalLayer, {"thickness_um": 5.0, "mua_cm": 1.0, "mus_cm": 9.0, "g": 0.8, "n": 1.4}),
    "Medium": (Medium, {"mua_cm": 1.0, "mus_cm": 9.0, "g": 0.8, "n": 1.4, "name": "ink"}),
    "Grid": (Grid, {"depth_um": 9.0, "radius_um": 9.0, "depth_cells": 2, "radius_cells": 2}),
    "Beam": (Beam, {"shape": "ring", "size_um": 9.0, "second_um": 5.0, "angle_deg": 3.0, "pitch_um": 9.0, "columns": 2, "rows": 2}),
    "pencil": (pencil, {"angle_deg": 3.0}),
    "flat_top": (flat_top, {"diameter_um": 9.0, "angle_deg": 3.0}),
    "gaussian": (gaussian, {"diameter_um": 9.0, "angle_deg": 3.0}),
    "ring": (ring, {"inner_um": 5.0, "outer_um": 9.0, "angle_deg": 3.0}),
    "rectangle": (rectangle, {"width_um": 5.0, "height_um": 9.0, "angle_deg": 3.0}),
    "array": (array, {"beam": pencil(), "pitch_um": 9.0, "columns": 2, "rows": 2}),
    "flashlamp": (flashlamp, {"cut_on_nm": 560.0, "end_nm": 1200.0, "colour_temperature_K": 6000.0}),
    "planck": (planck, {"wavelength_nm": np.array([500.0]), "temperature_K": 6000.0}),
    "bands": (LAMP.bands, {"count": 3}),
    "drawn_nm": (LAMP.drawn_nm, {"block": 3, "seed": 1}),
    "Vessel": (Vessel, {"diameter_um": 9.0, "depth_um": 9.0, "x_um": 1.0, "y_um": 1.0, "saturation": 0.5}),
    "Lentigo": (
        Lentigo,
        {"diameter_um": 9.0, "rete_period_um": 9.0, "melanin_factor": 2.0, "rete_depth_um": 9.0, "x_um": 1.0, "y_um": 1.0},
    ),
    "Follicle": (
        Follicle,
        {
            "diameter_um": 9.0, "depth_um": 9.0, "x_um": 1.0, "y_um": 1.0, "hair_diameter_um": 2.0, "hair_melanin_fraction": 0.1,
        },
    ),
    "Relief": (Relief, {"depth_um": 9.0, "period_um": 9.0}),
    "Goal": (Goal, {"tally": "absorbed", "standard_error": 0.1, "relative_pct": 1.0}),
    "rectangle_um": (rectangle_um, {"beam": rectangle(width_um=9.0, height_um=9.0), "step_um": 3.0}),
    "transport_wide": (transport_wide, {"layers": [SLAB], "angle_deg": 3.0, "n_above": 1.0, "n_below": 1.3, "streams": 8}),
    "from_layers": (VoxelTissue.from_layers, {"layers": [SLAB], "width_um": 500.0, "height_um": 500.0, "voxel_um": 100.0}),
    "voxel_skin": (
        voxel_skin,
        {"skin": SKIN, "wavelength_nm": 532.0, "width_um": 50.0, "height_um": 50.0, "depth_um": 300.0, "voxel_um": 10.0},
    ),
    "check_outside": (check_outside, {"n_above": 1.0, "n_below": 1.4}),
    "check_seed": (check_seed, {"seed": 3}),
}  # fmt: skip
MAY_BE_NONE = {
    "colour_temperature_K", "saturation", "melanin_factor", "rete_depth_um", "n_below", "height_um", "depth_um of a follicle",
}  # fmt: skip
NUMBERS = [
    pytest.param(name, field, id=f"{name}-{field}")
    for name, (_, values) in GOOD.items()
    for field, value in values.items()
    if isinstance(value, (int, float))
]
WHOLE = [case for case in NUMBERS if isinstance(GOOD[case.values[0]][1][case.values[1]], int)]  # type: ignore[index]
NO_NUMBERS: tuple[object, ...] = ("x", "1.0", [1.0], [], {}, 1j, True, np.bool_(True), object(), np.timedelta64(3, "s"), math.sin)


def spoilt(name: str, field: str, value: object) -> object:
    """What a callable answers when one of its good values is replaced."""
    make, values = GOOD[name]
    return make(**(values | {field: value}))


def is_a_sentence(text: str) -> bool:
    """One line that ends as a sentence and says what to do."""
    return (
        text.endswith(".")
        and "\n" not in text
        and len(text) < 400
        and bool(re.search(r"\b(give|choose|change|leave|make)\b", text))
    )


@pytest.mark.parametrize(("name", "field"), NUMBERS)
def test_what_is_no_number_is_refused(name: str, field: str) -> None:
    """Text, lists, complex and truth values, nothing and others, each where a number belongs; nan everywhere."""
    none: tuple[object, ...] = () if {field, f"{field} of a {name.lower()}"} & MAY_BE_NONE else (None,)
    for value in (*NO_NUMBERS, *none, math.nan, np.float64("nan"), np.array([1.0, 2.0])):
        with pytest.raises(InputError) as caught:
            spoilt(name, field, value)
        assert is_a_sentence(str(caught.value)), (value, str(caught.value))


@pytest.mark.parametrize(("name", "field"), NUMBERS)
def test_numbers_of_numpy_and_whole_ones_are_taken(name: str, field: str) -> None:
    """The answer is that of Python's own number."""
    good = GOOD[name][1][field]
    expected = repr(spoilt(name, field, good)) if name not in {"transport_wide", "voxel_skin", "from_layers"} else None
    kinds: list[Callable[[Any], object]] = [np.int64, np.float64, float] if isinstance(good, int) else [np.float64]
    if good == int(good):
        kinds += [int, np.int32]

    for kind in kinds:
        found = spoilt(name, field, kind(good))
        assert expected is None or repr(found) == expected


@pytest.mark.parametrize(("name", "field"), WHOLE)
def test_parts_of_a_whole_number_are_refused(name: str, field: str) -> None:
    """One and a half columns are none, and neither are infinitely many or more digits than can be written."""
    for value in (1.5, math.inf, np.float64(2.5), 10**5000, -(10**5000), -1):
        with pytest.raises(InputError) as caught:
            spoilt(name, field, value)
        assert is_a_sentence(str(caught.value)), str(caught.value)


LIGHT = "light"  # stands for the light of a pencil
REFUSED: list[tuple[Callable[..., Any], dict[str, Any], str]] = [
    (OpticalLayer, GOOD["OpticalLayer"][1] | {"mua_cm": "x"}, r"^A layer has mua_cm = 'x', which is not a number; give a finite"),
    (OpticalLayer, GOOD["OpticalLayer"][1] | {"name": 5}, r"^The name of a layer is 5, which is not text; give a name in quotes"),
    (Medium, GOOD["Medium"][1] | {"name": None}, r"^The name of a medium is None, which is not text"),
    (Grid, {"depth_um": 1.0, "radius_um": 1.0, "depth_cells": 1.5}, r"A grid has depth_cells = 1\.5, which is not a whole number"),
    (Grid, {"depth_um": 1.0, "radius_um": 1.0, "depth_cells": math.nan}, r"depth_cells = nan, which is not a whole number"),
    (Beam, {"shape": None}, r"A beam cannot have the shape None; choose one of pencil"),
    (Beam, {"shape": ["ring"]}, r"A beam cannot have the shape \['ring'\]; choose one of pencil"),
    (Beam, {"shape": "pencil", "size_um": 1000.0}, r"A pencil beam has no size, but size_um is 1000 µm; leave it out"),
    (Beam, {"shape": "flat_top", "size_um": 9.0, "second_um": 5.0}, r"A flat_top beam has one size, but second_um is 5 µm; leave"),
    (Beam, {"shape": "gaussian", "size_um": 9.0, "second_um": 5.0}, r"A gaussian beam has one size, but second_um is 5 µm"),
    (Beam, {"shape": "pencil", "diffuse": "x"}, r"diffuse is 'x'; give True or False"),
    (array, {"beam": "x", "columns": 2, "rows": 2, "pitch_um": 9.0}, r"beam is 'x', which is not a Beam; make one with pencil"),
    (array, {"beam": pencil(), "columns": math.nan, "rows": 2, "pitch_um": 9.0}, r"has columns = nan, which is not a whole number"),
    (array, {"beam": pencil(), "columns": 9999, "rows": 9999, "pitch_um": 9.0}, r"9999 x 9999 beams is too large; give at most 10"),
    (array, {"beam": array(pencil(), columns=2, rows=1, pitch_um=1.0), "columns": 2, "rows": 2, "pitch_um": 9.0}, r"already an arr"),
    (parse, {"text": 5}, r"A beam in words is 5, which is not text"),
    (check_beam, {"beam": "pencil"}, r"beam is 'pencil', which is not a Beam; make one with pencil\(\), flat_top\(\)"),
    (check_beam, {"beam": None}, r"beam is None, which is not a Beam"),
    (check_grid, {"grid": 5}, r"grid is 5, which is not a Grid; make it with Grid"),
    (check_lamp, {"lamp": "ipl"}, r"lamp is 'ipl', which is not a Lamp; make it with flashlamp"),
    (check_tissue, {"tissue": [SLAB]}, r"tissue is \[OpticalLayer.*which is not a VoxelTissue; make it with VoxelTissue"),
    (checked_layers, {"layers": 5}, r"^layers is 5, not a list of OpticalLayer or LayerOptics; give layers from top to bottom"),
    (checked_layers, {"layers": None}, r"^layers is None, not a list of"),
    (checked_layers, {"layers": "x"}, r"^layers is 'x', not a list of"),
    (checked_layers, {"layers": np.array(1.0)}, r"^layers is array\(1\.\), not a list of"),
    (checked_layers, {"layers": [1, 2]}, r"^layers has 1 at place 1, which is no OpticalLayer or LayerOptics"),
    (checked_layers, {"layers": [SLAB, "x"]}, r"^layers has 'x' at place 2"),
    (checked_layers, {"layers": SLAB}, r"^layers is OpticalLayer\(.*not a list of"),
    (checked_layers, {"layers": ()}, r"^There are no layers; give at least one"),
    (optical_layer, {"optics": replace(layer_optics(SKIN, 532.0)[0], g=1.0)}, r"stratum_corneum' of skin has g = 1; give a number"),
    (optical_layer, {"optics": replace(layer_optics(SKIN, 532.0)[0], musp_cm="x")}, r"of skin has musp_cm = 'x', which is not a n"),  # type: ignore[arg-type]
    (flashlamp, {"cut_on_nm": 560.0, "end_nm": 600.0, "colour_temperature_K": 1.0}, r"A lamp of 1 K has no light from 560 to 600"),
    (flashlamp, {"cut_on_nm": 560.0, "end_nm": 600.0, "colour_temperature_K": 1e300}, r"A lamp of 1e\+300 K has no light"),
    (flashlamp, {"cut_on_nm": 560.0, "end_nm": 600.0, "colour_temperature_K": "hot"}, r"colour_temperature_K = 'hot', which is n"),
    (LAMP.bands, {"count": 0}, r"The number of bands is 0; give a whole number from 1 to 1e\+06"),
    (LAMP.bands, {"count": -1}, r"The number of bands is -1; give"),
    (LAMP.wavelength_nm, {"share": 1.5}, r"share reaches from 1\.5 to 1\.5; give shares of the energy from 0 to 1"),
    (LAMP.wavelength_nm, {"share": [-0.5, 0.5]}, r"share reaches from -0\.5 to 0\.5; give"),
    (LAMP.wavelength_nm, {"share": math.nan}, r"share holds nan; give"),
    (LAMP.wavelength_nm, {"share": "x"}, r"share is 'x', which is not made of numbers"),
    (planck, {"wavelength_nm": [500.0, 0.0], "temperature_K": 1.0}, r"wavelength_nm holds 0; give wavelengths above 0 nm"),
    (under, {"light": LIGHT, "beam": flat_top(diameter_um=9.0), "radius_edges_um": [0.0, math.nan]}, r"radius_edges_um holds nan"),
    (under, {"light": LIGHT, "beam": flat_top(diameter_um=9.0), "radius_edges_um": [20.0, 10.0]}, r"runs from 20 to 10 in 1 steps;"),
    (under, {"light": LIGHT, "beam": flat_top(diameter_um=9.0), "radius_edges_um": [5.0]}, r"runs from 5 to 5 in 0 steps; give a row"),
    (under, {"light": LIGHT, "beam": flat_top(diameter_um=9.0), "radius_edges_um": []}, r"radius_edges_um is empty; give a row of"),
    (under, {"light": LIGHT, "beam": flat_top(diameter_um=9.0), "radius_edges_um": [-5.0, 5.0]}, r"runs from -5 to 5 in 1 steps"),
    (under, {"light": LIGHT, "beam": flat_top(diameter_um=9.0), "radius_edges_um": 5.0}, r"radius_edges_um has the shape \(\)"),
    (under, {"light": LIGHT, "beam": "x", "radius_edges_um": [0.0, 5.0]}, r"beam is 'x', which is not a Beam"),
    (under, {"light": 5, "beam": pencil(), "radius_edges_um": [0.0, 5.0]}, r"light is 5, which is not a LayeredLight; give what tr"),
    (on_axis, {"light": None, "beam": flat_top(diameter_um=9.0)}, r"light is None, which is not a LayeredLight"),
    (on_axis, {"light": LIGHT, "beam": None}, r"beam is None, which is not a Beam"),
    (moved_rings, {"from_um": [0.0, 9.0], "beam": pencil(), "to_um": [0.0, 9.0]}, r"A beam 'pencil' has no sum over rings; give one"),
    (moved_rings, {"from_um": [0.0, 9.0], "beam": flat_top(diameter_um=1e4), "to_um": [0.0, 1e-9]}, r"The narrowest ring is 1e-09 µm wide"),
    (moved_rings, {"from_um": "x", "beam": pencil(), "to_um": [0.0, 9.0]}, r"from_um is 'x', which is not made of numbers"),
    (side_by_side, {"light": LIGHT, "places_um": [], "x_um": [0.0], "y_um": [0.0]}, r"Places of beams have the shape \(0,\); give fin"),
    (side_by_side, {"light": LIGHT, "places_um": [[math.nan, 0.0]], "x_um": [0.0], "y_um": [0.0]}, r"places_um holds nan; give pairs"),
    (side_by_side, {"light": LIGHT, "places_um": [[0.0, 0.0], [1.0]], "x_um": [0.0], "y_um": [0.0]}, r"which is not an even array; gi"),
    (side_by_side, {"light": LIGHT, "places_um": [[0.0, 0.0]], "x_um": [math.nan], "y_um": [0.0]}, r"x_um holds nan; give a row of at"),
    (side_by_side, {"light": LIGHT, "places_um": [[0.0, 0.0]], "x_um": 5.0, "y_um": [0.0]}, r"x_um has the shape \(\); give a row of"),
    (side_by_side, {"light": LIGHT, "places_um": [[0.0, 0.0]], "x_um": [0.0], "y_um": [[0.0]]}, r"y_um has the shape \(1, 1\); give a r"),
    (side_by_side, {"light": LIGHT, "places_um": [[0.0, 0.0]], "x_um": [], "y_um": [0.0]}, r"x_um is empty; give a row of at least one"),
    (side_by_side, {"light": LIGHT, "places_um": [[0.0, 0.0]], "x_um": ["a"], "y_um": [0.0]}, r"x_um is \['a'\], which is not made of"),
    (lattice_um, {"beam": 5}, r"beam is 5, which is not a Beam"),
    (rectangle_um, {"beam": rectangle(width_um=9.0, height_um=9.0), "step_um": 0.0}, r"step_um is 0; give a finite number above 0 µm"),
    (rectangle_um, {"beam": rectangle(width_um=9e3, height_um=9e3), "step_um": 1.0}, r"Steps of 1 µm make more than 4000000 points"),
    (rectangle_um, {"beam": rectangle(width_um=9.0, height_um=9.0, angle_deg=9.0), "step_um": 1.0}, r"stand for one upright rectang"),
    (within, {"radius_m": 1e-4, "depth_m": [1.0], "musp_m": [1.0], "ratio": [1.0]}, r"radius_m has the shape \(\); give a row of fini"),
    (within, {"radius_m": [1e-4], "depth_m": [1.0], "musp_m": [1.0, 2.0], "ratio": [1.0]}, r"There are 1 depths, 2 of musp_m and 1 of"),
    (within, {"radius_m": [1e-4], "depth_m": [-1.0], "musp_m": [1.0], "ratio": [1.0]}, r"depth_m holds -1; give lengths of at least 0"),
    (within, {"radius_m": [1e-4], "depth_m": [1.0], "musp_m": ["x"], "ratio": [1.0]}, r"musp_m is \['x'\], which is not made of number"),
    (axis_share, {"beam": "x", "depth_m": [1.0], "musp_m": [1.0], "ratio": [1.0]}, r"beam is 'x', which is not a Beam; make one with"),
    (
        ring_share, {"beam": pencil(), "radius_edges_m": [1.0, 0.0], "depth_m": [1.0], "musp_m": [1.0], "ratio": [1.0]},
        r"radius_edges_m runs from 1 to 0 in 1 steps; give a row",
    ),
    (VoxelTissue, {"labels": np.zeros((2, 2, 2), int), "voxel_um": "x", "media": (INK,)}, r"The edges of a voxel are 'x' µm; give on"),
    (VoxelTissue, {"labels": np.zeros((2, 2, 2), int), "voxel_um": True, "media": (INK,)}, r"The edges of a voxel are True µm; give"),
    (VoxelTissue, {"labels": np.zeros((2, 2, 2), int), "voxel_um": 1.0, "media": INK}, r"media is Medium\(.*, not a list of Medium; gi"),
    (VoxelTissue, {"labels": np.zeros((2, 2, 2), int), "voxel_um": 1.0, "media": ["ink"]}, r"media has 'ink' at place 1, which is no M"),
    (VoxelTissue, {"labels": np.zeros((2, 2, 2), int), "voxel_um": 1.0, "media": (INK,), "sources": 5}, r"sources is 5, not a list of"),
    (VoxelTissue, {"labels": [[1], [1, 2]], "voxel_um": 1.0, "media": (INK,)}, r"The labels are \[\[1\], \[1, 2\]\], which is not an even"),
    (VoxelTissue, {"labels": None, "voxel_um": 1.0, "media": (INK,)}, r"The labels are an array of 0 dimensions of object; give whole"),
    (VoxelTissue.from_layers, {"layers": [SLAB], "width_um": 500.0, "voxel_um": (50.0, 50.0)}, r"a voxel are \(50\.0, 50\.0\) µm; give"),
    (VoxelTissue.from_layers, {"layers": 5, "width_um": 500.0, "voxel_um": 50.0}, r"layers is 5, not a list of OpticalLayer or Layer"),
    (VoxelTissue.from_layers, {"layers": [SLAB] * 257, "width_um": 500.0, "voxel_um": 50.0}, r"There are 257 media; give 1 to 256"),
    (VoxelTissue.from_layers, {"layers": [SLAB], "width_um": "x", "voxel_um": 50.0}, r"The grid along x is|along y is 'x', which is not"),
    (Vessel, {"diameter_um": 9.0, "depth_um": 9.0, "direction": (0.0, 1.0)}, r"A vessel has the direction \(0\.0, 1\.0\); give three fini"),
    (Vessel, {"diameter_um": 9.0, "depth_um": 9.0, "direction": 5}, r"A vessel has the direction 5; give three finite numbers for z, y"),
    (Vessel, {"diameter_um": 9.0, "depth_um": 9.0, "direction": "down"}, r"direction is 'down', which is not made of numbers; give th"),
    (Vessel, {"diameter_um": 9.0, "depth_um": 9.0, "x_um": math.inf}, r"A vessel lies at x_um = inf, y_um = 0; give finite distances"),
    (Lentigo, {"diameter_um": 9.0, "rete_period_um": 9.0, "y_um": math.nan}, r"A lentigo lies at x_um = 0, y_um = nan; give finite"),
    (Follicle, {"diameter_um": 9.0, "x_um": "x"}, r"A follicle has x_um = 'x', which is not a number; give a finite distance from the"),
    (Relief, {"heights_um": "x"}, r"heights_um is 'x', which is not made of numbers; give lengths in µm in the order y, x"),
    (Relief, {"heights_um": 5.0}, r"heights_um has the shape \(\); give lengths in µm in the order y, x"),
    (Relief, {"heights_um": lambda _y: 0.0}, r"heights_um is a function of \(_y\), which cannot be called .*; give a function of two"),
    (Relief, {"heights_um": np.zeros((2, 2)), "depth_um": 5.0}, r"A relief needs either depth_um and period_um above 0, or heights"),
    (Relief(depth_um=9.0, period_um=9.0).below_um, {"y_um": "x", "x_um": np.zeros((2, 2))}, r"y_um is 'x', which is not made of nu"),
    (transport_wide, {"layers": 5}, r"layers is 5, not a list of OpticalLayer or LayerOptics"),
    (transport_wide, {"layers": [SLAB], "streams": 8.5}, r"streams is 8\.5, which is not a whole number; give an even number from 4"),
    (transport_wide, {"layers": [SLAB], "diffuse": "x"}, r"diffuse is 'x'; give True or False"),
    (transport_wide, {"layers": [SLAB], "depth_edges_um": ["a", "b"]}, r"depth_edges_um is \['a', 'b'\], which is not made of numbers"),
    (transport_wide([SLAB], streams=8).fluence_at, {"depth_um": "x"}, r"depth_um is 'x', which is not made of numbers; give finite d"),
    (transport_wide([SLAB], streams=8).fluence_at, {"depth_um": math.nan}, r"A depth of nan µm lies outside the layers"),
    (Goal, {"tally": 5, "relative_pct": 1.0}, r"The tally of a goal is 5, which is not text"),
    (Goal, {"tally": "absorbed", "standard_error": -1.0, "relative_pct": 1.0}, r"The goal for absorbed allows no error at all: stand"),
    (Goal, {"tally": "absorbed", "relative_pct": math.inf}, r"The goal for absorbed has relative_pct = inf; give a finite number"),
]  # fmt: skip


@pytest.fixture(scope="module")
def light() -> LayeredLight:
    """The light of a pencil."""
    return transport_layers([SLAB], pencil(), photons=1000, grid=GRID)


@pytest.mark.parametrize(("call", "values", "message"), REFUSED)
def test_each_refusal_names_what_is_wrong(
    call: Callable[..., Any], values: dict[str, Any], message: str, light: LayeredLight
) -> None:
    """What, which value, what is allowed, what to do: in one sentence."""
    with pytest.raises(InputError, match=message) as caught:
        call(**{name: light if value is LIGHT else value for name, value in values.items()})
    assert is_a_sentence(str(caught.value))


PLAIN: dict[str, Any] = {"width_um": 100.0, "depth_um": 300.0, "voxel_um": 10.0}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"voxel_um": (5.0, 20.0)},
            r"The edges of a voxel are \(5\.0, 20\.0\) µm; give one length above 0, or three for z, y and x",
        ),
        ({"width_um": "x"}, r"width_um is 'x', which is not a number; give a finite number above 0 µm"),
        ({"wavelength_nm": None}, r"wavelength_nm is None, which is not a number"),
        ({"skin": "cheek"}, r"skin is 'cheek', which is not a Skin; make it with recutis\.skin\.build"),
        ({"vessels": 5}, r"vessels is 5, not a list of Vessel; give a list of vessels"),
        ({"vessels": Vessel(diameter_um=20.0, depth_um=200.0)}, r"vessels is Vessel\(.*not a list of Vessel"),
        ({"follicles": ["x"]}, r"follicles has 'x' at place 1, which is no Follicle"),
        ({"lentigo": "x"}, r"lentigo is 'x', which is not a Lentigo; give one Lentigo, or leave it out"),
        ({"relief": 5}, r"relief is 5, which is not a Relief"),
        (
            {"vessels": [Vessel(diameter_um=20.0, depth_um=200.0)] * 260},
            r"The medium 'vessel_251' is one more than the 256 media that labels tell apart; .* leave some out",
        ),
        (
            {"follicles": [Follicle(diameter_um=60.0, hair_diameter_um=19.0)]},
            r"The hair of follicle 1 is 19 µm wide, less than 2 voxels of 10 µm; make it wider",
        ),
        ({"follicles": [Follicle(diameter_um=60.0, depth_um=30.0)]}, r"Follicle 1, 30 µm deep, has no voxel of the dermis"),
        (
            {"lentigo": Lentigo(diameter_um=50.0, rete_period_um=50.0, x_um=500.0)},
            r"The lentigo at y = 0 µm, x = 500 µm lies beside the grid; move it inside",
        ),
        ({"lentigo": Lentigo(diameter_um=19.0, rete_period_um=50.0)}, r"The lentigo is 19 µm wide, less than 2 voxels"),
        ({"lentigo": Lentigo(diameter_um=50.0, rete_period_um=10.0)}, r"A rete_period_um of the lentigo is 10 µm wide, less"),
        ({"relief": Relief(depth_um=50.0, period_um=10.0)}, r"A furrow of the relief is 10 µm wide, less than 2 voxels of 10 µm"),
        (
            {"relief": Relief(depth_um=5.0, period_um=50.0)},
            r"The furrows of the relief are 5 µm deep, less than a voxel of 10 µm",
        ),
        ({"relief": Relief(heights_um=lambda _y, _x: "x")}, r"heights_um is 'x', which is not made of numbers"),
        ({"relief": Relief(heights_um=lambda y, _x: y[0])}, r"The relief has heights for \(10,\) columns"),
    ],
)
def test_skin_without_meaning_or_place_is_refused(more: dict[str, Any], message: str) -> None:
    """Nothing vanishes in silence between voxels or beside them."""
    with pytest.raises(InputError, match=message):
        voxel_skin(**({"skin": SKIN, "wavelength_nm": 532.0} | PLAIN | more))


def length(**more: object) -> object:
    """The length of a run of the tallies 'absorbed' and 'transmittance'."""
    usual: dict[str, Any] = {
        "photons": None, "until_pct": None, "tally": "absorbed", "goals": (), "most_photons": 5000,
        "known": ("absorbed", "transmittance"), "where": "this tissue",
        "nothing": (),
    }  # fmt: skip
    return length_of(**(usual | more))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"photons": "x"}, r"photons is 'x', which is not a whole number; give a whole number of at least 1000"),
        ({"photons": 2000.5}, r"photons is 2000\.5, which is not a whole number"),
        ({"photons": math.nan}, r"photons is nan, which is not a whole number"),
        ({"most_photons": None}, r"most_photons is None, which is not a whole number"),
        ({"most_photons": True}, r"most_photons is True, which is not a whole number"),
        ({"until_pct": "x"}, r"until_pct is 'x', which is not a number; give a finite number"),
        ({"until_pct": math.nan}, r"until_pct is nan; give a finite number"),
        ({"goals": 5}, r"goals is 5, not a list of Goal; give a list of them"),
        ({"goals": Goal(tally="absorbed", relative_pct=1.0)}, r"goals is Goal\(.*not a list of Goal"),
        ({"goals": ["absorbed"]}, r"goals has 'absorbed' at place 1, which is no Goal"),
        (
            {"goals": [Goal(tally="absorbed")]},
            r"The goal for absorbed allows no error at all: standard_error is 0, relative_pct 0; give a standard error or a",
        ),
        ({"tally": 5}, r"tally is 5, which is not text"),
        ({"tally": "heat"}, r"There is no tally 'heat' in this tissue; choose one of absorbed, transmittance"),
    ],
)
def test_runs_of_no_length_are_refused(more: dict[str, object], message: str) -> None:
    """Each number is named; a tally that there is not is refused even where it would not be used."""
    with pytest.raises(InputError, match=message):
        length(**more)


def test_a_length_is_whole_however_it_was_written() -> None:
    """2000.0 photons are 2000."""
    assert repr(length(photons=2000.0)) == repr(length(photons=np.int64(2000))) == repr(length(photons=2000))


@pytest.mark.parametrize("threads", ["x", 1.5, math.nan, [2], True, 10**6])
def test_threads_are_a_whole_number(threads: Any) -> None:
    """Before any block is run."""
    with pytest.raises(InputError, match="threads"):
        run_blocks(None, None, length(photons=2000), stop=np.zeros(1, np.int64), threads=threads)  # type: ignore[arg-type]


def test_numbers_of_any_kind_become_plain() -> None:
    """Kernels and provenance see the same types whatever was given."""
    layer = OpticalLayer(thickness_um=np.int64(5), mua_cm=1, mus_cm=np.float32(2.0), g=0, n=np.float64(1.5))
    beams = array(pencil(diffuse=np.bool_(True)), columns=np.int64(3), rows=2.0, pitch_um=5)  # type: ignore[arg-type]

    assert {type(getattr(layer, name)) for name in ("thickness_um", "mua_cm", "mus_cm", "g", "n")} == {float}
    assert layer == OpticalLayer(thickness_um=5.0, mua_cm=1.0, mus_cm=2.0, g=0.0, n=1.5)
    assert (type(beams.columns), type(beams.rows), type(beams.pitch_um), type(beams.diffuse)) == (int, int, float, bool)
    assert Vessel(diameter_um=9.0, depth_um=9.0, direction=np.array([0, 1, 0])) == Vessel(diameter_um=9.0, depth_um=9.0)  # type: ignore[arg-type]
    assert check_seed(np.uint64(7)) == 7  # type: ignore[arg-type]
    assert type(check_seed(np.uint64(7))) is int  # type: ignore[arg-type]
    assert OpticalLayer(thickness_um=10**400, mua_cm=1.0, mus_cm=0.0, g=0.0, n=1.0).thickness_um == math.inf


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (lambda: checks.callback("progress", 5), r"^progress is 5; give a function of one argument, or leave it out\.$"),
        (lambda: checks.callback("progress", lambda: None), r"progress is a function of \(\), which .*; give a function of one arg"),
        (lambda: checks.callback("cancelled", lambda share: share, takes=0), r"cancelled is a function of \(share\), which cannot be"),
        (lambda: checks.number("error_pct", -1, 0.0), r"^error_pct is -1; give a finite number of at least 0\.$"),
        (lambda: checks.number("n_above", 9, 1.0, 4.0), r"^n_above is 9; give a number from 1 to 4\.$"),
        (lambda: checks.number("error_pct", math.inf, 0.0), r"^error_pct is inf; give a finite number of at least 0\.$"),
        (lambda: checks.whole("photons", 3, 1000), r"^photons is 3; give a whole number of at least 1000\.$"),
        (lambda: checks.whole("photons", 3, most=1), r"^photons is 3; give a whole number of at most 1\.$"),
        (lambda: checks.whole("photons", 10**5000, 1, 5), r"^photons is a number of 16610 bits; give a whole number from 1 to 5\.$"),
        (lambda: checks.truth("compare", 1), r"^compare is 1; give True or False\.$"),
        (lambda: checks.text("sides", ["open"]), r"^sides is \['open'\], which is not text; give a name in quotes\.$"),
        (lambda: checks.number("g", "y" * 500), r"^g is 'y+\.\.\.y+', which is not a number; give a finite number\.$"),
        (lambda: checks.number("g", np.zeros((3, 3))), r"^g is array\(\[\[0\., 0\., 0\.\], \.\.\..*, which is not a number; give a fini"),
    ],
)  # fmt: skip
def test_each_check_says_what_is_allowed(check: Callable[[], object], message: str) -> None:
    """Values are shown short and on one line."""
    with pytest.raises(InputError, match=message) as caught:
        check()
    assert len(str(caught.value)) < 200


def test_good_values_pass_the_checks() -> None:
    """Callbacks of the right kind, built-in ones and none; numbers of every kind."""
    for function in (None, print, lambda _share: None, [].append, len):
        checks.callback("progress", function)
    checks.callback("cancelled", lambda: False, takes=0)
    checks.callback("cancelled", dict, takes=0)
    assert checks.number("g", np.float32(0.5), 0.0, 1.0) == 0.5
    assert checks.whole("photons", 2000.0, 1000) == 2000
    assert checks.truth("diffuse", np.bool_(True)) is True
    assert check_grid(None) is None
    assert check_lamp(None) is None
    assert check_lamp(LAMP) is LAMP
    assert issubclass(OutOfRangeError, InputError)


JUNK = st.one_of(
    st.none(), st.text(max_size=5), st.binary(max_size=3), st.booleans(), st.floats(), st.integers(), st.complex_numbers(),
    st.lists(st.one_of(st.floats(), st.text(max_size=2), st.none()), max_size=3),
    st.dictionaries(st.text(max_size=2), st.floats(), max_size=2),
    st.sampled_from([
        10**400, 10**5000, np.float32(2.0), np.int8(3), np.array([1.0, 2.0]), np.array("x"), np.zeros((2, 2)), np.datetime64("2020"),
        math.sin, int, object(), SLAB, pencil(), INK, (0.0, 1.0, 0.0), 5e-324, 1e308, range(3), iter(()), "ring", "pencil",
    ]),
)  # fmt: skip
CHEAP = [name for name in GOOD if name not in {"transport_wide", "from_layers", "voxel_skin", "bands", "rectangle_um"}]


@given(st.sampled_from(CHEAP), st.data())
def test_whatever_is_given_only_our_own_errors_come_out(name: str, data: st.DataObject) -> None:
    """Any of the values replaced by anything."""
    make, good = GOOD[name]
    values = {field: data.draw(st.one_of(st.just(value), JUNK), label=field) for field, value in good.items()}
    try:
        make(**values)
    except RecutisError as caught:
        told = str(caught)
    else:
        told = ""

    assert "\n" not in told


ROWS = st.one_of(
    JUNK, st.lists(st.floats(), max_size=4), st.lists(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=2), max_size=3)
)


@given(
    st.sampled_from(["under", "side_by_side", "on_axis", "fluence_at", "wavelength_nm", "checked_layers", "moved_rings"]),
    st.data(),
)
def test_whatever_rows_are_given_only_our_own_errors_come_out(light: LayeredLight, name: str, data: st.DataObject) -> None:
    """Arrays of anything, where places, edges, depths, shares and layers belong."""
    row = [data.draw(ROWS) for _ in range(3)]
    wide = transport_wide([SLAB], streams=8)
    calls: dict[str, Callable[[], object]] = {
        "under": lambda: under(light, flat_top(diameter_um=50.0), row[0]),  # type: ignore[arg-type]
        "side_by_side": lambda: side_by_side(light, places_um=row[0], x_um=row[1], y_um=row[2]),  # type: ignore[arg-type]
        "on_axis": lambda: on_axis(light, row[0]),  # type: ignore[arg-type]
        "fluence_at": lambda: wide.fluence_at(row[0]),  # type: ignore[arg-type]
        "wavelength_nm": lambda: LAMP.wavelength_nm(row[0]),  # type: ignore[arg-type]
        "checked_layers": lambda: checked_layers(row[0]),
        "moved_rings": lambda: moved_rings(row[0], flat_top(diameter_um=50.0), row[1]),  # type: ignore[arg-type]
    }
    try:
        calls[name]()
    except RecutisError as caught:
        told = str(caught)
    else:
        told = ""

    assert "\n" not in told


@pytest.mark.parametrize("run", ["layers", "voxels"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"beam": "pencil"}, "beam"),
        ({"beam": None}, "beam"),
        ({"tissue": 5}, "5"),
        ({"tissue": None}, "None"),
        ({"seed": "x"}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"threads": "x"}, "threads"),
        ({"threads": math.nan}, "threads"),
        ({"photons": 2000.5}, "photons"),
        ({"photons": math.nan}, "photons"),
        ({"until_pct": math.inf}, "until_pct"),
        ({"n_above": "x"}, "n_above"),
        ({"n_below": 0.0}, "n_below"),
        ({"engine": 3}, "engine"),
        ({"progress": 5}, "progress"),
        ({"cancelled": 5}, "cancelled"),
        ({"goals": 5}, "goals"),
    ],
)
def test_runs_name_what_they_cannot_begin_with(run: str, change: dict[str, object], words: str) -> None:
    """Photons in layers and in voxels answer alike."""
    layer = OpticalLayer(thickness_um=100.0, mua_cm=1.0, mus_cm=10.0, g=0.9, n=1.4)
    tissue: object = (layer,) if run == "layers" else VoxelTissue.from_layers((layer,), width_um=100.0, voxel_um=50.0)
    arguments = {"tissue": tissue, "beam": pencil(), **change}
    what = arguments.pop("tissue"), arguments.pop("beam")
    call = transport_layers if run == "layers" else transport_voxels

    with pytest.raises(RecutisError, match=words):
        call(*what, **arguments)  # type: ignore[operator]
