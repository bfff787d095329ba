"""Seconds and errors of the heat solvers: `python benchmarks/heat.py [NAME ...]`.

Each case runs once cold (first use in this process: kernels come from the cache on disk, or are compiled where there is none)
and three times warm; the best of these counts. Ratios are to the case `disc` of the same run: machines differ, ratios less so.
The error is the largest difference in the final temperatures and in the peaks from a run with steps of half the change, over
the highest rise of that run.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from recutis.heat import block, disc
from recutis.heat.cells import Accuracy
from recutis.heat.column import Slab
from recutis.injury import ablative, channel
from recutis.laser.types import Pulse
from recutis.skin import Skin, build

REPEATS = 3
REFERENCE = "disc"
START_C = 33.0
PULSE_S, COOLING_S = 1e-3, 0.1


@dataclass(frozen=True, kw_only=True)
class Case:
    """A thing to time: `run(accuracy)` returns final and peak rises and the number of steps; `usual` is its own accuracy."""

    name: str
    what: str
    limit_s: float
    usual: Accuracy
    run: Callable[[Accuracy], tuple[np.ndarray, np.ndarray, int]]


def disc_case(accuracy: Accuracy) -> tuple[np.ndarray, np.ndarray, int]:
    """A microbeam of 1 ms in two layers, boiling on the axis, and 100 ms of cooling."""
    z, r = np.arange(513) * 4e-6, np.arange(257) * 4e-6
    skin = disc.new_disc(Slab(thickness_um=(80.0, 1e5), water_fraction=(0.6, 0.7), start_C=START_C), z, r)
    depth, radius = (z[1:] + z[:-1])[:, None] / 2, (r[1:] + r[:-1])[None, :] / 2
    power = 8e11 * np.exp(-depth / 2e-4 - 2 * (radius / 2.5e-4) ** 2)
    done = disc.run_disc(
        skin, (disc.Period(seconds=PULSE_S, power_W_m3=power, transfer_W_m2_K=10.0),
               disc.Period(seconds=COOLING_S, transfer_W_m2_K=10.0)), accuracy=accuracy,
    )  # fmt: skip
    return done.disc.temperature_C - START_C, done.disc.peak_K, done.steps


def block_case(accuracy: Accuracy) -> tuple[np.ndarray, np.ndarray, int]:
    """Gel, epidermis, dermis and a vessel under a pulse of 1 ms that boils in the vessel, and 100 ms of cooling."""
    count = 100
    edges = np.arange(count + 1) * 1e-5
    middle = (edges[1:] + edges[:-1]) / 2
    z, y, x = np.meshgrid(middle, middle - 5e-4, middle - 5e-4, indexing="ij")
    labels = np.digitize(z, [1e-4, 1.6e-4])
    labels[(z - 5e-4) ** 2 + x**2 < 1e-8] = 3
    media = tuple(block.HeatMedium(water_fraction=w) for w in (1.0, 0.6, 0.7, 0.8))
    skin = block.new_block(labels, media, z_edges_m=edges, y_edges_m=edges, x_edges_m=edges, start_C=START_C)
    power = np.array([0.0, 4e11, 1e10, 4.5e11])[labels] * np.exp(-(x**2 + y**2) / 3e-4**2)
    done = block.run_block(
        skin, (block.Period(seconds=PULSE_S, power_W_m3=power, transfer_W_m2_K=10.0),
               block.Period(seconds=COOLING_S, transfer_W_m2_K=10.0)), accuracy=accuracy,
    )  # fmt: skip
    return done.block.temperature_C - START_C, done.block.peak_K, done.steps


CASES = {
    case.name: case
    for case in (
        Case(
            name="disc", what="256 x 512 rings of 4 µm, 1 ms + 100 ms, latent heat, damage", limit_s=0.5, usual=Accuracy(),
            run=disc_case,
        ),
        Case(
            name="block", what="100^3 voxels of 10 µm, four media, 1 ms + 100 ms, latent heat, damage", limit_s=1.5,
            usual=block.BLOCK_ACCURACY, run=block_case,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Job:
    """A thing to time that chooses its own cells and steps."""

    name: str
    what: str
    limit_s: float
    run: Callable[[], object]


def skin() -> Skin:
    """A cheek of forty years, phototype II."""
    return build(site="cheek", age_years=40.0, phototype="II", sex="female")


def channel_job() -> object:
    """A fractional CO2 column of 20 mJ; computed anew each time."""
    channel.forget()
    pulse = Pulse(wavelength_nm=10600.0, energy_mJ=20.0, spot_um=120.0, profile="gaussian", duration_ms=1.0)
    return channel.expose(pulse, skin()).depth_um


def pass_job() -> object:
    """A clinical erbium pass of 10 J/cm²."""
    return ablative.expose_column(ablative.slab_of(skin()), wavelength_nm=2940.0, fluence_J_cm2=10.0, duration_ms=0.3)


def threshold_job() -> object:
    """The least exposure of CO2 that removes tissue, by root finding."""
    ablative.ablation_threshold_J_cm2.cache_clear()
    return ablative.ablation_threshold_J_cm2(ablative.slab_of(skin()), 10600.0, 0.8)


JOBS = {
    job.name: job
    for job in (
        Job(name="channel", what="fractional CO2 column of 20 mJ, 120 µm, 1 ms", limit_s=3.0, run=channel_job),
        Job(name="pass", what="erbium pass of 10 J/cm², one dimension", limit_s=0.1, run=pass_job),
        Job(name="threshold", what="ablation threshold of CO2 by root finding", limit_s=10.0, run=threshold_job),
    )
}


def timed_job(job: Job) -> tuple[float, float, float]:
    """Seconds of the first run, and the best wall and processor seconds of those that follow."""
    begun = time.perf_counter()
    job.run()
    cold = time.perf_counter() - begun
    walls, processors = [], []
    for _ in range(REPEATS):
        wall, processor = time.perf_counter(), time.process_time()
        job.run()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return cold, min(walls), min(processors)


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Seconds of one case."""

    cold_s: float
    warm_s: float
    processor_s: float
    steps: int
    final_error: float
    peak_error: float


def timed(case: Case) -> Timing:
    """Time a case and compare it with a run of half the change a step."""
    begun = time.perf_counter()
    case.run(case.usual)
    cold = time.perf_counter() - begun
    walls, processors = [], []
    for _ in range(REPEATS):
        wall, processor = time.perf_counter(), time.process_time()
        final, peak, steps = case.run(case.usual)
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    finer_final, finer_peak, _ = case.run(case.usual.halved())
    highest = float(finer_peak.max())
    return Timing(
        cold_s=cold, warm_s=min(walls), processor_s=min(processors), steps=steps,
        final_error=float(np.abs(final - finer_final).max()) / highest, peak_error=float(np.abs(peak - finer_peak).max()) / highest,
    )  # fmt: skip


def main(names: list[str]) -> None:
    """Print a line for each case."""
    unknown = [name for name in names if name not in CASES and name not in JOBS]
    if unknown:
        sys.exit(f"Unknown case {', '.join(unknown)}; there are {', '.join((*CASES, *JOBS))}.")
    wanted = [CASES[name] for name in names if name in CASES] if names else list(CASES.values())
    jobs = [JOBS[name] for name in names if name in JOBS] if names else list(JOBS.values())
    if CASES[REFERENCE] not in wanted:
        wanted.insert(0, CASES[REFERENCE])
    wanted.sort(key=lambda case: case.name != REFERENCE)
    reference = 0.0
    print(f"{'case':10}{'cold s':>9}{'warm s':>9}{'cpu s':>9}{'limit s':>9}{'ratio':>8}{'steps':>7}{'final':>9}{'peak':>9}")
    for case in wanted:
        found = timed(case)
        reference = reference or found.warm_s
        print(
            f"{case.name:10}{found.cold_s:9.2f}{found.warm_s:9.3f}{found.processor_s:9.3f}{case.limit_s:9.1f}"
            f"{found.warm_s / reference:8.2f}{found.steps:7d}{found.final_error:9.2%}{found.peak_error:9.2%}   {case.what}"
        )
    for job in jobs:
        cold, warm, processor = timed_job(job)
        print(f"{job.name:10}{cold:9.2f}{warm:9.3f}{processor:9.3f}{job.limit_s:9.1f}{warm / reference:8.2f}{'':25}   {job.what}")


if __name__ == "__main__":
    main(sys.argv[1:])
