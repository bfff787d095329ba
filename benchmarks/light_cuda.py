"""The engines of graphics cards against those of processors and against MCX: `python benchmarks/light_cuda.py`.

Needs an NVIDIA card and the extra recutis[gpu]. Prints as it goes, in about four minutes: versions; agreement with the packets
within standard errors; the same numbers again, bit for bit; millions of photons a second for shapes of a launch; `pmcx` on the
same jobs where it is installed. `--ptx` compiles the kernels for compute capability 9.0 instead, which needs no card.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import re
import sys
import time
import traceback
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
from light import CASES
from light_voxels import CASES as VESSEL

from recutis.light import Grid, OpticalLayer, flat_top, pencil, transport_layers, transport_voxels
from recutis.light.beams import Beam
from recutis.light.voxel_tissue import Medium, VoxelTissue

MILLION = 1e6
BITS = {"A1": 2_000_000, "A2": 400_000, "steps": 400_000, "B": 400_000, "A2 voxels": 200_000}
STEPS = (
    OpticalLayer(thickness_um=200.0, mua_cm=2.0, mus_cm=150.0, g=0.8, n=1.5),
    OpticalLayer(thickness_um=300.0, mua_cm=0.5, mus_cm=0.0, g=0.0, n=1.33),
    OpticalLayer(thickness_um=500.0, mua_cm=3.0, mus_cm=200.0, g=0.9, n=1.45),
)


def skin_with_vessel() -> VoxelTissue:
    """Case B: 100 voxels of 10 µm each way, gel, epidermis, dermis and a vessel at 532 nm, one index."""
    return VESSEL["B"]


def cube60() -> VoxelTissue:
    """The classic job of MCX: 60 voxels of 1 mm each way."""
    medium = Medium(name="cube", mua_cm=0.05, mus_cm=10.0, g=0.01, n=1.37)
    return VoxelTissue(labels=np.zeros((60, 60, 60), np.uint8), voxel_um=1000.0, media=(medium,))


def skin_voxels() -> VoxelTissue:
    """Case A2 in voxels of 20 µm, 200 x 200 x 100."""
    return VoxelTissue.from_layers(CASES["A2"][0], width_um=4000.0, voxel_um=20.0)


# Tissue, beam, indices above and below, photons of a timed block for us and of a run for MCX.
VOXEL_JOBS: dict[str, tuple[Callable[[], VoxelTissue], Beam, float, float, int, int]] = {
    "cube60": (cube60, pencil(), 1.37, 1.37, 2**23, 100_000_000),
    "B": (skin_with_vessel, flat_top(diameter_um=600.0), 1.0, 1.0, 2**22, 40_000_000),
    "A2 voxels": (skin_voxels, pencil(), 1.0, 1.4, 2**22, 20_000_000),
}


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


def versions() -> None:
    """What is compared."""
    from numba import cuda

    for name in ("numba", "numba_cuda", "numpy", "pmcx"):
        found = importlib.util.find_spec(name) and importlib.import_module(name)
        say(f"{name} {getattr(found, '__version__', '-') if found else 'not installed'}")
    device = cuda.get_current_device()
    say(f"{device.name}, compute capability {device.compute_capability}, {device.MULTIPROCESSOR_COUNT} multiprocessors")


def gap(one: Any, other: Any) -> float:
    """Distance of two estimates in combined standard errors."""
    error = math.hypot(one.standard_error, other.standard_error)
    return abs(one.value - other.value) / max(error, 1e-7)


def agreement() -> None:
    """Shares and maps of the card against those of packets."""

    def layers(case: str, engine: str) -> Any:
        stack, below, grid = CASES.get(
            case, (STEPS, 1.6, Grid(depth_um=1000.0, radius_um=2000.0, depth_cells=100, radius_cells=50))
        )
        beam = flat_top(diameter_um=500.0, angle_deg=30.0) if case == "steps" else pencil()
        return transport_layers(stack, beam, photons=BITS[case], n_below=below, grid=grid, seed=1, engine=engine)  # type: ignore[arg-type]

    def voxels(case: str, engine: str) -> Any:
        make, beam, above, below, _, _ = VOXEL_JOBS[case]
        return transport_voxels(make(), beam, photons=BITS[case], n_above=above, n_below=below, seed=1, engine=engine)  # type: ignore[arg-type]

    for case in BITS:
        run = voxels if case in VOXEL_JOBS else layers
        start = time.perf_counter()
        own = run(case, "cuda")
        middle = time.perf_counter()
        other = run(case, "packet")
        end = time.perf_counter()
        gaps = {name: gap(own.tallies[name], other.tallies[name]) for name in own.tallies}
        error = np.hypot(own.fluence_error_cm2, other.fluence_error_cm2)
        known = (error > 0.0) & (own.fluence_error_cm2 < 0.2 * own.fluence_cm2)
        spread = np.sqrt(np.mean(((own.fluence_cm2 - other.fluence_cm2)[known] / error[known]) ** 2))
        worst = max(gaps.values())
        say(
            f"{case:9} {'agrees' if worst < 4.0 else 'DIFFERS'}: worst share {worst:.1f} standard errors off; maps {spread:.2f} in "
            f"{known.sum()} cells (1 is right); balance {own.balance.value:.1e} ± {own.balance.standard_error:.1e}; collisions "
            f"{own.collisions:.2f}, {other.collisions:.2f}; {middle - start:.2f} s, {end - middle:.2f} s on processors"
        )
        if worst >= 4.0:
            say(f"   {gaps}")


def card_for(case: str, launch: Any) -> Any:
    """A run on the card, ready to take blocks."""
    from recutis.light import _layered_cuda, _photon, _voxel, _voxel_cuda
    from recutis.light.layered import _scale
    from recutis.light.stack import stack_arrays, tally_rows

    if case in VOXEL_JOBS:
        make, beam, above, below, _, _ = VOXEL_JOBS[case]
        tissue = make()
        nz, ny, nx = tissue.labels.shape
        dz, dy, dx = (edge * 1e-6 for edge in tissue.edges_um)
        box = _voxel.Box(nz=nz, ny=ny, nx=nx, dz=dz, dy=dy, dx=dx, n_above=above, n_below=below, sides=_voxel.OPEN)
        source = _photon.source_of(beam)
        return _voxel_cuda.Card(tissue.labels.reshape(-1), tissue.media_array(), source, box, 1, launch)
    layers, below, grid = CASES[case]
    stack = stack_arrays(layers, 1.0, below)
    rows = tally_rows(stack[_photon.TOP], grid)
    return _layered_cuda.Card(stack, _photon.source_of(pencil()), _scale(grid), rows, 1, launch)


def timed(case: str, launch: Any, photons: int, blocks: int = 3) -> tuple[float, Any]:
    """Photons a second over a few blocks after one of warming up, and the sums."""
    from numba import cuda

    card = card_for(case, launch)
    card.add(card.block(0, photons), photons)
    cuda.synchronize()
    start = time.perf_counter()
    tickets = [card.block(1 + number, photons) for number in range(blocks)]
    for ticket in tickets:
        card.add(ticket, photons)
    cuda.synchronize()
    return blocks * photons / (time.perf_counter() - start), card


def repeats() -> None:
    """The same numbers again, also with another shape of the launch."""
    from recutis.light._cuda import Launch

    for case in ("A2", "B"):
        sums = []
        for launch in (Launch(), Launch(), Launch(threads=64, resident=3, patience=1)):
            _, card = timed(case, launch, 300_001)
            sums.append([array.copy_to_host() for array in card._sums])
        same = all(np.array_equal(a, b) for other in sums[1:] for a, b in zip(sums[0], other, strict=True))
        say(f"{case:9} {'the same bit for bit' if same else 'NOT THE SAME'} on a second run and with another launch")


def rates() -> dict[str, float]:
    """Photons a second for shapes of a launch; the best for each case."""
    from recutis.light._cuda import Launch

    best: dict[str, float] = {}
    for case in ("A1", "A2", "cube60", "B", "A2 voxels"):
        photons = VOXEL_JOBS[case][4] if case in VOXEL_JOBS else 2**23 if case == "A1" else 2**22
        found = {}
        shapes = [
            (128, 9, 1),
            (128, 9, 2),
            (128, 9, 4),
            *((128, resident, 1) for resident in (6, 8, 10, 12, 16, 32)),
            (64, 18, 1),
            (256, 4, 1),
        ]
        for shape in shapes:
            threads, resident, patience = shape
            found[shape], _ = timed(case, Launch(threads=threads, resident=resident, patience=patience), photons)
        told = ", ".join(f"{t}/{r}/{p} {rate / MILLION:.1f}" for (t, r, p), rate in found.items())
        best[case] = max(found.values())
        say(f"{case:9} {best[case] / MILLION:8.1f} M/s; threads/resident/patience: {told}")
    return best


def other_program(best: dict[str, float], calls: dict[str, float]) -> None:
    """MCX on the voxel jobs: its own time in the kernels against ours, and the time of a whole call against ours."""
    pmcx = importlib.import_module("pmcx")
    for case, (make, beam, above, below, _, photons) in VOXEL_JOBS.items():
        tissue = make()
        edge_mm = tissue.edges_um[0] * 1e-3
        _, ny, nx = tissue.labels.shape
        job: dict[str, Any] = {
            "nphoton": photons, "vol": np.ascontiguousarray(tissue.labels.transpose(2, 1, 0) + 1), "unitinmm": edge_mm,
            "prop": [[0, 0, 1, above], *([m.mua_cm / 10, m.mus_cm / 10, m.g, m.n] for m in tissue.media)], "srcdir": [0, 0, 1],
            "srcpos": [nx / 2, ny / 2, 0], "tstart": 0, "tend": 5e-9, "tstep": 5e-9, "isreflect": int(above != tissue.media[0].n),
            "seed": 1, "gpuid": 1, "autopilot": 1, "issrcfrom0": 1,
        }  # fmt: skip
        if beam.shape == "flat_top":
            job |= {"srctype": "disk", "srcparam1": [beam.size_um / 2 / tissue.edges_um[0], 0, 0, 0]}
        pmcx.run({**job, "nphoton": 1_000_000})
        walls, kernels = [], []
        for _ in range(3):
            start = time.perf_counter()
            found = pmcx.run(job)
            walls.append(time.perf_counter() - start)
            kernels.append(found["stat"]["runtime"] / 1e3)
        call, kernel = photons / min(walls), photons / min(kernels)
        say(
            f"{case:9} pmcx: {kernel / MILLION:.1f} M/s in its kernel, ours {best.get(case, math.nan) / kernel:.2f} times that; "
            f"{call / MILLION:.1f} M/s by the wall, ours {calls.get(case, math.nan) / call:.2f} times that "
            f"(its index below is {above:g}, not {below:g})"
        )


def whole_calls(best: dict[str, float]) -> dict[str, float]:
    """Photons a second of whole calls, as a user makes them; the best of three."""
    from numba import cuda

    found = {}
    for case, (make, beam, above, below, _, photons) in VOXEL_JOBS.items():
        tissue, rates = make(), []
        for _ in range(3):
            start = time.perf_counter()
            light = transport_voxels(tissue, beam, photons=photons, n_above=above, n_below=below, engine="cuda")
            cuda.synchronize()
            rates.append(photons / (time.perf_counter() - start))
        found[case] = max(rates)
        shares = {name: round(found.value, 5) for name, found in light.tallies.items()}
        part = found[case] / best.get(case, math.nan)
        say(
            f"{case:9} a call for {photons / MILLION:g} M photons: {found[case] / MILLION:.1f} M/s ({part:.2f} of the best); {shares}"
        )
    return found


def compiled() -> None:
    """Compile the kernels for compute capability 9.0 without a card; tell where they use float64."""
    from numba import cuda, typeof
    from numba.cuda import dispatcher

    from recutis.light import _cuda, _layered_cuda, _photon, _voxel, _voxel_cuda

    whole, counts, sums, single = np.int32(1), np.zeros(1, np.uint64), np.zeros(1), np.zeros((1, 1), np.float32)
    source, units = _cuda.single_source(_photon.source_of(pencil())), _cuda.units_of(1)
    scale = _layered_cuda.single_scale(_photon.Scale(per_dz=1.0, per_dr=1.0, nz=1, nr=1))
    box = _voxel.Box(nz=1, ny=1, nx=1, dz=1.0, dy=1.0, dx=1.0, n_above=1.0, n_below=1.0, sides=0)
    start = (whole, whole, np.uint64(1), whole)
    jobs = (
        (_layered_cuda.follow, (*start, single, source, scale, units, counts, counts)),
        (_layered_cuda.add_cells, (counts, np.zeros(1, np.int32), sums, 1.0, sums, whole, 1.0, sums, sums, sums, sums)),
        (
            _voxel_cuda.follow,
            (*start, np.zeros(1, np.uint8), single, source, _voxel_cuda.field_of(box, 255), units, counts, counts),
        ),
        (_voxel_cuda.add_labels, (counts, np.zeros(1, np.uint8), counts)),
        (_cuda.add_rows, (counts, whole, whole, counts)),
        (_cuda.add_block, (counts, whole, 1.0, 1.0, sums, sums)),
        (_cuda.clear, (counts,)),
    )
    with mock.patch.object(dispatcher, "get_current_device", return_value=SimpleNamespace(compute_capability=(9, 0))):
        for kernel, arguments in jobs:
            function = kernel.py_func
            text, _ = cuda.compile_ptx(function, tuple(typeof(x) for x in arguments), cc=(9, 0), fastmath=True)
            doubles = len(re.findall(r"^\s+[a-z.0-9]*f64", text, re.MULTILINE))
            say(f"{function.__module__}.{function.__name__}: {len(text.splitlines())} lines of PTX, {doubles} with float64")


def main() -> int:
    """Run every part; one that fails does not stop the others."""
    if "--ptx" in sys.argv:
        compiled()
        return 0
    best: dict[str, float] = {}
    calls: dict[str, float] = {}
    failed = 0
    parts: tuple[tuple[str, Callable[[], Any]], ...] = (
        ("versions", versions), ("agreement", agreement), ("repeats", repeats), ("rates", lambda: best.update(rates())),
        ("whole calls", lambda: calls.update(whole_calls(best))), ("MCX", lambda: other_program(best, calls)),
    )  # fmt: skip
    begun = time.perf_counter()
    for name, part in parts:
        say(f"\n== {name} (after {time.perf_counter() - begun:.0f} s)")
        try:
            part()
        except Exception:  # noqa: BLE001  (told, and counted)
            failed += 1
            say(traceback.format_exc())
    say(f"\n{failed} parts failed; {time.perf_counter() - begun:.0f} s")
    return failed


if __name__ == "__main__":
    sys.exit(main())
