"""Photons per second of the engines in one run: `python benchmarks/light.py`.

A1 is the slab of van de Hulst, A2 five layers of skin with 142 collisions a photon, pencil beams, 200 x 200 cells; B is skin
with a vessel in voxels (`light_voxels.py`). Discrete ordinates and the first answer of a fresh process are timed besides.
Graphics cards have a benchmark of their own (`light_cuda.py`). Machines are noisy: read the ratios, not the seconds.
Rates are by processor time of one thread, so that a busy machine changes
little, and by wall time of all processors; the figure of merit is 1 / (variance of the reflectance x processor time), itself
uncertain by a third.
`pmcx` and `pmcxcl` are timed on voxel copies of A2 and on B where they happen to be installed.
"""

from __future__ import annotations

import importlib.util
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from recutis.light import Grid, LayeredLight, OpticalLayer, VoxelTissue, pencil, transport_layers, transport_wide
from recutis.light.engines import vector_units

PHOTONS = {"A1": {"packet": 4_000_000, "scalar": 1_000_000}, "A2": {"packet": 400_000, "scalar": 80_000}}
REPEATS = 3
UM_PER_MM = 1e3


def layers(rows: Sequence[tuple[float, float, float, float, float]]) -> tuple[OpticalLayer, ...]:
    """Layers from thickness [mm], absorption and scattering [1/cm], g, n."""
    return tuple(OpticalLayer(thickness_um=d * UM_PER_MM, mua_cm=a, mus_cm=s, g=g, n=n) for d, a, s, g, n in rows)


CASES = {
    "A1": (layers([(0.2, 10.0, 90.0, 0.75, 1.0)]), 1.0, Grid(depth_um=200.0, radius_um=2000.0)),
    "A2": (
        layers(
            [
                (0.1, 4.3, 107.0, 0.79, 1.5),
                (0.2, 2.7, 187.0, 0.82, 1.4),
                (0.2, 3.3, 192.0, 0.82, 1.4),
                (0.9, 2.7, 187.0, 0.82, 1.4),
                (0.6, 3.4, 194.0, 0.82, 1.4),
            ]
        ),
        1.4,
        Grid(depth_um=2000.0, radius_um=2000.0),
    ),
}


def timed(case: str, engine: str, threads: int | None, seed: int) -> tuple[LayeredLight, float, float]:
    """One run: the light, seconds of the processors, seconds of the wall clock."""
    stack, below, grid = CASES[case]
    wall, used = time.perf_counter(), time.process_time()
    light = transport_layers(
        stack, pencil(), photons=PHOTONS[case][engine], n_below=below, grid=grid, seed=seed, threads=threads,
        engine=engine,  # type: ignore[arg-type]
    )  # fmt: skip
    return light, time.process_time() - used, time.perf_counter() - wall


def report(case: str) -> None:
    """Rates and figures of merit of both engines on one case, their ratios, and how far apart their answers are."""
    rates: dict[str, tuple[float, float, float]] = {}
    lights: dict[str, LayeredLight] = {}
    for engine in ("packet", "scalar"):
        one, several, merit = [], [], []
        for seed in range(REPEATS):
            lights[engine], used, _ = timed(case, engine, 1, seed)
            one.append(PHOTONS[case][engine] / used)
            merit.append(1.0 / (lights[engine].tallies["diffuse_reflectance"].standard_error ** 2 * used))
            _, _, wall = timed(case, engine, None, seed)
            several.append(PHOTONS[case][engine] / wall)
        rates[engine] = statistics.median(one), statistics.median(several), statistics.median(merit)
        told = lights[engine].tallies["diffuse_reflectance"]
        print(
            f"{case:3} {engine:7} {rates[engine][0] / 1e6:9.3f} {rates[engine][1] / 1e6:9.3f} {rates[engine][2]:9.2e}   "
            f"Rd {told.value:.5f} ± {told.standard_error:.5f}   {lights[engine].collisions:.1f} collisions"
        )
    alone, together, merits = (rates["packet"][i] / rates["scalar"][i] for i in (0, 1, 2))
    first, second = (lights[engine].tallies["diffuse_reflectance"] for engine in ("packet", "scalar"))
    apart = abs(first.value - second.value) / math.hypot(first.standard_error, second.standard_error)
    print(
        f"{case:3} packet / scalar: {alone:.2f} on one thread, {together:.2f} on all, {merits:.2f} in figure of merit; "
        f"{apart:.1f} standard errors apart\n"
    )


def other_program(name: str) -> None:
    """Time pmcx or pmcxcl on A2 in voxels of 20 µm and on B, when installed and when a device answers."""
    if importlib.util.find_spec(name) is None:
        print(f"{name}: not installed, not timed")
        return
    import light_voxels
    import numpy as np

    module = importlib.import_module(name)
    stack, below, _ = CASES["A2"]
    skin = VoxelTissue.from_layers(stack, width_um=4000.0, voxel_um=20.0)
    jobs = {"A2": (skin, {}), "B": (light_voxels.CASES["B"], {"srctype": "disk", "srcparam1": [30, 0, 0, 0]})}
    photons = 1_000_000
    for case, (tissue, source) in jobs.items():
        media = [[m.mua_cm / 10, m.mus_cm / 10, m.g, m.n] for m in tissue.media]
        _, ny, nx = tissue.labels.shape
        job = {
            "nphoton": photons, "vol": np.ascontiguousarray(tissue.labels.transpose(2, 1, 0) + 1), "prop": [[0, 0, 1, 1.0], *media],
            "srcpos": [nx / 2, ny / 2, 0], "srcdir": [0, 0, 1], "tstart": 0, "tend": 5e-9, "tstep": 5e-9, "issrcfrom0": 1,
            "unitinmm": tissue.edges_um[0] / UM_PER_MM, "isreflect": int(case == "A2"), "seed": 1, **source,
        }  # fmt: skip
        try:
            module.run(job)  # compiles and warms up
            start = time.perf_counter()
            module.run(job)
        except (RuntimeError, OSError, ValueError) as error:
            print(f"{name}: installed, but does not run here ({error})")
            return
        rate = photons / (time.perf_counter() - start)
        print(f"{name}: {rate / 1e6:.3f} million photons a second on {case} in voxels (index below 1, not {below:g}, in A2)")


def ordinates() -> None:
    """Milliseconds of discrete ordinates on A2, and how far its reflectance is from that of photons."""
    stack, below, _ = CASES["A2"]
    transport_wide(stack, n_below=below)
    used = []
    for _ in range(20):
        start = time.perf_counter()
        light = transport_wide(stack, n_below=below)
        used.append(time.perf_counter() - start)
    photons = transport_layers(stack, pencil(), photons=PHOTONS["A2"]["packet"], n_below=below).tallies["diffuse_reflectance"]
    apart = abs(light.tallies["diffuse_reflectance"] - photons.value) / photons.standard_error
    print(f"A2 ordinates {1e3 * statistics.median(used):.1f} ms, {apart:.1f} standard errors of photons apart\n")


def first_answer() -> None:
    """Seconds until a fresh process has its first light, kernels being in the cache."""
    code = (
        "from recutis.light import OpticalLayer, pencil, transport_layers;"
        "layer = OpticalLayer(thickness_um=200.0, mua_cm=10.0, mus_cm=90.0, g=0.75, n=1.0);"
        "transport_layers((layer,), pencil(), photons=10_000)"
    )
    used = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        used.append(time.perf_counter() - start)
    print(f"a fresh process answers its first question in {min(used):.2f} s\n")


def main() -> None:
    """Print rates, ratios and, where installed, other programs beside them."""
    for engine in ("packet", "scalar"):
        timed("A1", engine, 1, 0)  # loads or compiles the kernels
    print(f"vector units: {'yes' if vector_units() else 'no'}; millions of photons a second")
    print(f"{'':3} {'engine':7} {'1 thread':>9} {'all':>9} {'merit':>9}")
    for case in CASES:
        report(case)
    import light_voxels

    light_voxels.report("B")
    ordinates()
    first_answer()
    for name in ("pmcx", "pmcxcl"):
        other_program(name)


if __name__ == "__main__":
    sys.exit(main())
