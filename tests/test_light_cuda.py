"""The engines of graphics cards, in numba's simulator of a card; without a card they are refused and never chosen.

What needs a real card is in `benchmarks/light_cuda.py`.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from recutis.errors import InputError
from recutis.light import Goal, Grid, OpticalLayer, card, engines, flat_top, pencil, transport_layers, transport_voxels
from recutis.light.blocks import Length
from recutis.light.voxel_tissue import Medium, VoxelTissue

SKIN = (
    OpticalLayer(thickness_um=100.0, mua_cm=20.0, mus_cm=100.0, g=0.8, n=1.5, name="upper"),
    OpticalLayer(thickness_um=300.0, mua_cm=30.0, mus_cm=60.0, g=0.7, n=1.37, name="lower"),
)
GRID = Grid(depth_um=400.0, radius_um=400.0, depth_cells=8, radius_cells=5)
MEDIA = (
    Medium(name="glass", mua_cm=5.0, mus_cm=20.0, g=0.8, n=1.5),
    Medium(name="tissue", mua_cm=20.0, mus_cm=60.0, g=0.8, n=1.37),
    Medium(name="ink", mua_cm=400.0, mus_cm=100.0, g=0.5, n=1.37),
)
# Runs on the card of the simulator, in a process of its own: numba looks once at the variable that asks for it.
SIMULATED = """
import json, sys
import numpy as np
import test_light_cuda as t
from recutis.light import _cuda, _layered_cuda, _photon, _voxel, _voxel_cuda
from recutis.light.layered import _scale
from recutis.light.stack import stack_arrays, tally_rows

def told(light, map_name):
    map_ = getattr(light, map_name)
    return {"tallies": {name: (x.value, x.standard_error) for name, x in light.tallies.items()}, "engine": light.engine,
            "balance": light.balance.value, "balance_error": light.balance.standard_error, "collisions": light.collisions,
            "map": map_.ravel().tolist(), "map_error": getattr(light, t.ERROR[map_name]).ravel().tolist()}

def layers_card(launch):
    stack = stack_arrays(t.SKIN, 1.0, 1.6)
    rows = tally_rows(stack[_photon.TOP], t.GRID)
    return _layered_cuda.Card(stack, _photon.source_of(t.BEAM), _scale(t.GRID), rows, 7, launch)

def voxels_card(launch):
    tissue = t.tissue()
    nz, ny, nx = tissue.labels.shape
    box = _voxel.Box(nz=nz, ny=ny, nx=nx, dz=5e-5, dy=5e-5, dx=4e-5, n_above=1.0, n_below=1.37, sides=_voxel.PERIODIC)
    return _voxel_cuda.Card(tissue.labels.reshape(-1), tissue.media_array(), _photon.source_of(t.BEAM), box, 7, launch)

def sums(make, launch):
    card = make(launch)
    few = [card.add(card.block(number, 15 + number), 15 + number) for number in range(2)]
    return b"".join(np.ascontiguousarray(x).tobytes() for found in few for x in found) + b"".join(
        array.copy_to_host().tobytes() for array in card._sums)

launches = (_cuda.Launch(), _cuda.Launch(threads=1, resident=5, patience=1))
"""
WHOLE = 'print(json.dumps({"layers": told(t.layers("cuda"), "fluence_wide"), "voxels": told(t.voxel("cuda"), "fluence_cm2")}))'
SAME = "print(json.dumps([len({sums(make, x) for x in (launches[0], *launches)}) for make in (layers_card, voxels_card)]))"
ERROR = {"fluence_wide": "fluence_wide_error", "fluence_cm2": "fluence_error_cm2"}
BEAM = flat_top(diameter_um=150.0, angle_deg=20.0)


def tissue() -> VoxelTissue:
    """Glass on tissue with a block of ink."""
    labels = np.ones((4, 4, 5), np.uint8)
    labels[0] = 0
    labels[2, 1:3, 2:4] = 2
    return VoxelTissue(labels=labels, voxel_um=(50.0, 50.0, 40.0), media=MEDIA)


def layers(engine: str, photons: int = 1000) -> Any:
    """Two layers with steps of the index."""
    return transport_layers(SKIN, BEAM, photons=photons, n_below=1.6, grid=GRID, seed=3, engine=engine)  # type: ignore[arg-type]


def voxel(engine: str, photons: int = 1000) -> Any:
    """Voxels with steps of the index and open sides."""
    return transport_voxels(tissue(), BEAM, photons=photons, seed=3, engine=engine)  # type: ignore[arg-type]


def on_the_card(asked: str) -> Any:
    """What the simulated card answers."""
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    variables = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": paths}
    ran = subprocess.run([sys.executable, "-c", SIMULATED + asked], env=variables, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def simulated() -> dict[str, Any]:
    """Whole runs on the card."""
    found: dict[str, Any] = on_the_card(WHOLE)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "run"), [("layers", layers), ("voxels", voxel)])
def test_the_card_agrees_with_single_photons(simulated: dict[str, Any], kind: str, run: Any) -> None:
    """Shares, collisions and fluence of a thousand photons are those of the scalar twin within errors."""
    found, twin = simulated[kind], run("scalar", 40_000)

    assert found["engine"] == "cuda"
    for name, (value, error) in found["tallies"].items():
        other = twin.tallies[name]
        assert abs(value - other.value) < 4.0 * math.hypot(error, other.standard_error) + 1e-7, name
    assert found["collisions"] == pytest.approx(twin.collisions, rel=0.15)
    field = "fluence_wide" if kind == "layers" else "fluence_cm2"
    values, errors = np.array(found["map"]), np.hypot(found["map_error"], getattr(twin, ERROR[field]).ravel())
    known = np.array(found["map_error"]) < 0.3 * values
    assert known.sum() >= 6
    spread = (values - getattr(twin, field).ravel())[known] / errors[known]
    assert np.sqrt(np.mean(spread**2)) < 2.0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["layers", "voxels"])
def test_the_card_conserves_energy(simulated: dict[str, Any], kind: str) -> None:
    """All that was found makes one, but for what roulette has booked."""
    found = simulated[kind]
    names = ("specular_reflectance", "diffuse_reflectance", "transmittance", "absorbed", "sides")
    total = sum(found["tallies"][name][0] for name in names if name in found["tallies"])

    assert total - found["balance"] == pytest.approx(1.0, abs=1e-6)
    assert found["balance_error"] < 1e-3


def test_the_shape_of_a_launch_changes_no_bit() -> None:
    """A second run and one with smaller blocks of threads and another order of steps give the same numbers, bit for bit."""
    assert on_the_card(SAME) == [1, 1]


@pytest.fixture
def no_memory_of_cards() -> Iterator[None]:
    """Look for a card anew, and forget what the test has made of it."""
    remembered = card.obstacle  # a test may put another in its place
    remembered.cache_clear()
    yield
    remembered.cache_clear()


def package(there: bool) -> Any:
    """A stand-in for the search for packages."""
    return lambda _: SimpleNamespace() if there else None


@pytest.mark.usefixtures("no_memory_of_cards")
@pytest.mark.parametrize("run", [layers, voxel])
def test_without_a_card_the_engine_is_refused(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence says what is missing, where it comes from and what else there is."""
    monkeypatch.setattr(card, "find_spec", package(there=False))

    with pytest.raises(
        InputError,
        match=r"The engine 'cuda' needs an NVIDIA card with its driver and the extra recutis\[gpu\], but the package numba-cuda "
        r"is not installed; install what is missing, or choose auto, packet or scalar\.",
    ):
        run("cuda")


@pytest.mark.usefixtures("no_memory_of_cards")
def test_a_missing_driver_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With numba-cuda but without a driver the sentence says so."""
    monkeypatch.setattr(card, "find_spec", package(there=True))
    monkeypatch.setattr(ctypes, "CDLL", lambda _: (_ for _ in ()).throw(OSError()))

    with pytest.raises(InputError, match=r"but no driver of an NVIDIA card was found; install"):
        card.require()


@pytest.mark.usefixtures("no_memory_of_cards")
@pytest.mark.parametrize(
    ("answer", "told"),
    [(RuntimeError, r"the driver does not answer \(RuntimeError\)"), (False, "the driver reports no card"), (True, "^$")],
)
def test_a_driver_is_asked(answer: Any, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken driver, one without a card, and one with a card are told apart."""

    def asked() -> bool:
        if answer is RuntimeError:
            raise RuntimeError
        return bool(answer)

    monkeypatch.setattr(card, "find_spec", package(there=True))
    monkeypatch.setattr(ctypes, "CDLL", lambda _: None)
    monkeypatch.setattr(importlib, "import_module", lambda _: SimpleNamespace(is_available=asked))

    assert re.search(told, card.obstacle()) is not None


@pytest.mark.usefixtures("no_memory_of_cards")
def test_auto_takes_no_card_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the run, without a card the processor does it; with one, only long runs go to the card."""
    monkeypatch.setattr(card, "find_spec", package(there=False))
    long = Length(photons=10**9, goals=())
    assert engines.chosen("auto", long, on_card=True, in_single=True) in {"packet", "scalar"}

    monkeypatch.setattr(card, "obstacle", lambda: "")
    assert not card.worth_it(card.WORTH_PHOTONS - 1)
    assert card.worth_it(card.WORTH_PHOTONS)
    assert engines.chosen("auto", long, on_card=True, in_single=True) == "cuda"
    assert engines.chosen("auto", long, on_card=False, in_single=True) != "cuda"
    open_end = Length(photons=10**9, goals=(Goal(tally="absorbed", relative_pct=1.0),))
    assert engines.chosen("auto", open_end, on_card=True, in_single=True) != "cuda"


def test_looking_for_a_card_loads_nothing() -> None:
    """Without numba-cuda, or without a driver, the question costs no import of numba."""
    code = (
        "import sys; from recutis.light import card; card.find_spec = lambda _: None; card.obstacle(); "
        "card.obstacle.cache_clear(); card.find_spec = lambda _: card; card.ctypes.CDLL = None\n"
        "def fail(_): raise OSError\n"
        "card.ctypes.CDLL = fail; card.obstacle(); print('numba' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "False"


def test_units_leave_room_and_lose_nothing() -> None:
    """Whatever the block, a mean of 4096 a photon in one place fits into 64 bits and an entry is known to 1e-8."""
    from recutis.light._cuda import ROOM, units_of

    for photons in (1, 1000, 2**17, 2**22, 2**23 - 1):
        for longest in (1.0, 2e-5, 3e-3):
            units = units_of(photons, longest)
            assert photons * ROOM * longest * float(units.fluence) <= 2.0**63
            assert photons * float(units.weight) < 2.0**63
            if photons <= 2**22:
                assert 0.5 / float(units.fluence) < 1e-8 * longest


def test_the_pencil_is_no_special_case() -> None:
    """A beam without width is one in the engines' own numbers of 32 bits too."""
    from recutis.light._cuda import single_source
    from recutis.light._photon import source_of

    source = single_source(source_of(pencil()))

    assert (float(source.first), float(source.second), int(source.shape)) == (0.0, 0.0, 0)
    assert {type(x) for x in source} == {np.int32, np.float32}
