"""Photons per second of the voxel engines in one run: `python benchmarks/light_voxels.py`.

Case B is the skin with a vessel of many voxel codes: 100 x 100 x 100 voxels of 10 µm, gel, epidermis, dermis and a vessel of
200 µm at 532 nm, a flat top of 600 µm, the same index everywhere; B4 has four times the scattering, BN steps of the index.
Machines are noisy: read the ratios, not the seconds. Rates are by processor time of one thread; the figure of merit is
1 / (variance of the light in the vessel x processor time), itself uncertain by a third. The `spread` is the mean
relative standard error of the voxels of the vessel's upper half, for the same photons.
"""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import replace

import numpy as np

from recutis.light import Medium, VoxelLight, VoxelTissue, flat_top, transport_voxels
from recutis.light.engines import vector_units

PHOTONS = {"packet": 400_000, "scalar": 100_000}
REPEATS = 3
CELLS, EDGE_UM = 100, 10.0
MEDIA = (
    Medium(mua_cm=0.00036, mus_cm=10.0, g=0.999, n=1.0, name="gel"),
    Medium(mua_cm=16.5724, mus_cm=375.94, g=0.9, n=1.0, name="epidermis"),
    Medium(mua_cm=0.458496, mus_cm=356.541, g=0.9, n=1.0, name="dermis"),
    Medium(mua_cm=230.543, mus_cm=93.985, g=0.9, n=1.0, name="vessel"),
)
INDEX = (1.0, 1.44, 1.38, 1.4)


def tissue(media: tuple[Medium, ...]) -> VoxelTissue:
    """The skin with a vessel along y, 500 µm deep."""
    centres = (np.arange(CELLS) + 0.5) * EDGE_UM
    z, x = np.meshgrid(centres, centres - CELLS * EDGE_UM / 2, indexing="ij")
    plane = np.digitize(z, [100.0, 160.0])
    plane[(z - 500.0) ** 2 + x**2 < 100.0**2] = 3
    labels = np.broadcast_to(plane[:, None, :], (CELLS,) * 3)
    return VoxelTissue(labels=labels, voxel_um=EDGE_UM, media=media)  # type: ignore[arg-type]


CASES = {
    "B": tissue(MEDIA),
    "B4": tissue(tuple(replace(medium, mus_cm=4 * medium.mus_cm) for medium in MEDIA)),
    "BN": tissue(tuple(replace(medium, n=n) for medium, n in zip(MEDIA, INDEX, strict=True))),
}


def timed(case: str, engine: str, threads: int | None, seed: int, photons: int) -> tuple[VoxelLight, float, float]:
    """One run: the light, seconds of the processors, seconds of the wall clock."""
    wall, used = time.perf_counter(), time.process_time()
    light = transport_voxels(
        CASES[case], flat_top(diameter_um=600.0), photons=photons, seed=seed, threads=threads,
        engine=engine,  # type: ignore[arg-type]
    )  # fmt: skip
    return light, time.process_time() - used, time.perf_counter() - wall


def report(case: str) -> None:
    """Rates and figures of merit of both engines on one case, and their ratios."""
    rates: dict[str, tuple[float, float, float]] = {}
    for engine, photons in PHOTONS.items():
        one, several, merit = [], [], []
        for seed in range(REPEATS):
            light, used, _ = timed(case, engine, 1, seed, photons)
            one.append(photons / used)
            merit.append(1.0 / (light.tallies["absorbed_vessel"].standard_error ** 2 * used))
            several.append(photons / timed(case, engine, None, seed, photons)[2])
        rates[engine] = statistics.median(one), statistics.median(several), statistics.median(merit)
        told = light.tallies["absorbed_vessel"]
        upper = (CASES[case].labels == 3) & (np.arange(CELLS) < CELLS // 2)[:, None, None]
        spread = float(np.mean(light.fluence_error_cm2[upper])) / float(np.mean(light.fluence_cm2[upper])) * photons**0.5
        print(
            f"{case:3} {engine:7} {rates[engine][0] / 1e6:9.3f} {rates[engine][1] / 1e6:9.3f} {rates[engine][2]:9.2e}   "
            f"vessel {told.value:.5f} ± {told.standard_error:.5f}   {light.collisions:.1f} collisions   spread {spread:.0f}"
        )
    alone, together, merits = (rates["packet"][i] / rates["scalar"][i] for i in (0, 1, 2))
    print(f"{case:3} packet / scalar: {alone:.2f} on one thread, {together:.2f} on all, {merits:.2f} in figure of merit\n")


def main() -> None:
    """Print rates and ratios."""
    for engine in PHOTONS:
        timed("B", engine, 1, 0, 2000)  # loads or compiles the kernels
    print(f"vector units: {'yes' if vector_units() else 'no'}; millions of photons a second")
    print(f"{'':3} {'engine':7} {'1 thread':>9} {'all':>9} {'merit':>9}")
    for case in CASES:
        report(case)


if __name__ == "__main__":
    sys.exit(main())
