"""One-dimensional heat: exact conduction, order of convergence, latent heat, damage, slow twin, energy."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erfc

from recutis.errors import OutOfRangeError
from recutis.heat import _column_kernel as kernels
from recutis.heat import column as heat
from recutis.heat import damage, tissue
from recutis.light.lines import water_line

START = 33.0
SLAB = heat.Slab(thickness_um=(1e5,), water_fraction=(0.7,), start_C=START)
LAW = heat.law_of(heat.heating_only(1e4), START, first=damage.cell_death(), second=damage.collagen())


def conduct(e: np.ndarray, dz: np.ndarray, dt: float, steps: int, h: float = 0.0, medium: float = 0.0) -> np.ndarray:
    """Plain conduction by the kernel with the properties of wet skin."""
    wet = tissue.thermal(0.7)
    capacity, k = np.full(e.size, wet.capacity_J_m3_K), np.full(e.size, wet.conductivity_W_m_K)
    out = e.copy()
    for _ in range(steps):
        kernels.conduct(out, capacity, k, dz, 0, e.size, dt, h, medium, np.empty((2, e.size)))
    return out


def cosine_error(cells: int, steps: int) -> float:
    """Worst error of a cosine mode in an insulated slab against its exact decay."""
    length, time = 1e-3, 0.5
    alpha = tissue.thermal(0.7).diffusivity_m2_s
    z = (np.arange(cells) + 0.5) * length / cells
    mode = np.cos(np.pi * z / length)
    found = conduct(mode, np.full(cells, length / cells), time / steps, steps)
    return float(np.abs(found - mode * math.exp(-alpha * (np.pi / length) ** 2 * time)).max())


def test_conduction_is_second_order_in_space() -> None:
    """Halving the cells cuts the error of a cosine mode by four when time steps are fine enough."""
    error = [cosine_error(n, 20000) for n in (4, 8, 16)]
    rates = np.log2(np.divide(error[:-1], error[1:]))

    assert (rates > 1.85).all(), rates


def test_conduction_is_first_order_in_time() -> None:
    """Halving the step halves the error of backward Euler."""
    error = [cosine_error(400, n) for n in (10, 20, 40)]
    rates = np.log2(np.divide(error[:-1], error[1:]))

    assert ((rates > 0.9) & (rates < 1.1)).all(), rates


def test_half_space_with_surface_cooling_matches_the_exact_solution() -> None:
    """A wet half-space under a cold film cools as the closed form of Carslaw and Jaeger says."""
    h, medium, seconds = 5000.0, -40.0, 0.1
    wet = tissue.thermal(0.7)
    edges = heat.stretched_edges(fine_m=2e-6, fine_to_m=5e-4, stretch=1.05, end_m=8e-3)
    column = heat.new_column(SLAB, edges)
    run = heat.run(column, LAW, (heat.Segment(seconds=seconds, transfer_W_m2_K=h, medium_C=START + medium),))
    z = (edges[:-1] + edges[1:]) / 2
    alpha, k = wet.diffusivity_m2_s, wet.conductivity_W_m_K
    root = math.sqrt(alpha * seconds)
    exact = medium * (
        erfc(z / (2 * root)) - np.exp(h * z / k + (h / k) ** 2 * alpha * seconds) * erfc(z / (2 * root) + h / k * root)
    )
    found = run.column.heat_J_m3 / wet.capacity_J_m3_K

    assert np.abs(found - exact)[z < 1e-3].max() < 0.02 * abs(medium)


def test_latent_heat_accounts_for_every_joule() -> None:
    """Heat put in evenly boils exactly the water that its excess over boiling pays for."""
    wet = tissue.thermal(0.7)
    law = heat.law_of(heat.heating_only(100.0), START, first=damage.cell_death(), second=damage.collagen())
    edges = np.linspace(0, 1e-4, 11)
    column = heat.new_column(SLAB, edges)
    to_boil = wet.capacity_J_m3_K * (100.0 - START)
    joules = to_boil + 0.25 * wet.water_kg_m3 * tissue.latent_J_kg()  # per m³
    segments = (heat.Segment(seconds=0.01, irradiance_W_m2=joules * 1e-4 / 0.01),)
    run = heat.run(column, law, segments, source_m=np.full(10, 1e4))

    assert run.column.water_kg_m3 == pytest.approx(np.full(10, 0.75 * wet.water_kg_m3), rel=1e-9)
    assert run.column.peak_K.max() == pytest.approx(100.0 - START, rel=1e-9)


@pytest.mark.parametrize("celsius", [55.0, 60.0, 70.0])
def test_damage_at_constant_temperature_is_the_closed_form(celsius: float) -> None:
    """Held at one temperature, the integral is rate times time, and its inversion gives the temperature back."""
    process = damage.cell_death()
    edges = np.linspace(0, 1e-4, 11)
    column = heat.new_column(SLAB, edges)
    warm = replace(column, heat_J_m3=np.full(10, tissue.thermal(0.7).capacity_J_m3_K * (celsius - START)))
    run = heat.run(warm, LAW, (heat.Segment(seconds=0.5),))

    assert run.column.death == pytest.approx(np.full(10, 0.5 * process.rate_s(celsius)), rel=1e-9)
    assert process.rate_s(process.threshold_C(0.5)) * 0.5 == pytest.approx(1.0, rel=1e-9)


def test_processes_keep_their_published_thresholds() -> None:
    """The millisecond thresholds that the table states are those computed: 70 °C, 106 °C and 99 °C at 1 ms."""
    found = [round(p.threshold_C(1e-3)) for p in (damage.cell_death(), damage.collagen(), damage.blood())]

    assert found == [70, 106, 99]


def test_kernel_agrees_with_its_slow_twin() -> None:
    """The compiled column and the same text run by the Python interpreter give the same short erbium pulse."""
    law = heat.law_of(
        water_line(2940.0), START, first=damage.cell_death(), second=damage.collagen(), irradiance_W_m2=4e9, pulse_s=1e-5
    )._replace(steam_return=1.0)
    edges = heat.stretched_edges(fine_m=1e-6, fine_to_m=1e-5, stretch=1.3, end_m=1e-4)
    column = heat.new_column(SLAB, edges)
    fast = heat.run(column, law, (heat.Segment(seconds=1e-5, irradiance_W_m2=4e9, transfer_W_m2_K=8.0),)).column
    slow = slow_pulse(column, law, seconds=1e-5, irradiance=4e9, h=8.0, medium=22.0 - START)

    assert slow["depth"] == pytest.approx(fast.depth_m, rel=1e-9)
    assert slow["first"] == fast.first > 0
    assert slow["e"][fast.first :] == pytest.approx(fast.heat_J_m3[fast.first :], rel=1e-9, abs=1e-3)
    assert slow["water"][fast.first :] == pytest.approx(fast.water_kg_m3[fast.first :], rel=1e-9)


def slow_pulse(  # noqa: C901, PLR0915  (one pulse from top to bottom, to be read beside the kernel)
    column: heat.Column, law: kernels.Law, *, seconds: float, irradiance: float, h: float, medium: float
) -> dict:
    """One pulse written for reading: dense linear algebra, no windows, all cells, one step after the other."""
    dz, e, water, taken = (x.copy() for x in (column.dz_m, column.heat_J_m3, column.water_kg_m3, column.latent_J_m3))
    solid, cw, latent = column.solid_J_m3_K.copy(), law.water_heat_J_kg_K, law.latent_J_kg
    vapour = latent + cw * law.boil_K
    first, depth, left, shade, through = 0, 0.0, seconds, 0.0, 0.0

    def spent(i: int) -> float:
        return float(e[i] + taken[i] / latent * vapour)

    def share(i: int) -> float:
        start = water[i] + taken[i] / latent
        wet = solid[i] + cw * start
        slow = wet * law.boil_K + law.steam_share * start * latent
        return spent(i) / ((1 - law.burst) * slow + law.burst * min(wet * law.burst_K, slow))

    def mua(i: int) -> float:
        rise = e[i] / (solid[i] + cw * water[i])
        bleach = np.interp(rise, [0, law.bleach_hot_K, law.bleach_floor_K], [1, law.bleach_hot, law.bleach_floor])
        return float(law.mua_water_m * bleach * water[i] / 1000.0 + law.mua_dry_m)

    def light(energy: float) -> float:
        for i in range(first, dz.size):
            part = energy * (1 - math.exp(-mua(i) * dz[i]))
            e[i] += part / dz[i]
            energy -= part
        return energy

    def boil() -> None:
        for i in range(first, dz.size):
            excess = e[i] - (solid[i] + cw * water[i]) * law.boil_K
            if excess > 0:
                mass = min(excess / latent, water[i])
                water[i] -= mass
                e[i] -= mass * vapour
                taken[i] += mass * latent
                rooms = [((solid[j] + cw * water[j]) * law.boil_K - e[j]) * dz[j] for j in range(i + 1, dz.size)]
                j = next((i + 1 + n for n, room in enumerate(rooms) if room > 0), None)
                if j is not None:
                    above = dz[first : i + 1].sum() - dz[i] / 2
                    below = law.steam_resistance * ((dz[first : j + 1].sum() - dz[j] / 2) - above)
                    back = law.steam_return * above / (above + below) * mass * vapour * dz[i]
                    e[j] += min(back, rooms[j - i - 1]) / dz[j]

    def conduct(dt: float) -> None:
        cells = np.arange(first, dz.size)
        capacity = solid[cells] + cw * water[cells]
        k = law.conductivity_dry + law.conductivity_slope * water[cells] / law.density_full
        link = 1 / (0.5 * dz[cells][:-1] / k[:-1] + 0.5 * dz[cells][1:] / k[1:])
        top = 1 / (1 / h + 0.5 * dz[first] / k[0])
        matrix = np.diag(capacity * dz[cells] / dt)
        for j, conductance in enumerate(link):
            matrix[j : j + 2, j : j + 2] += conductance * np.array([[1, -1], [-1, 1]])
        matrix[0, 0] += top
        load = e[cells] * dz[cells] / dt
        load[0] += top * medium
        e[cells] = capacity * np.linalg.solve(matrix, load)

    while left > 0:
        power = irradiance * math.exp(-shade)
        k = law.conductivity_dry + law.conductivity_slope * water[first] / law.density_full
        capacity = solid[first] + cw * water[first]
        dt = min(
            seconds / 60, 0.5 * dz[first] * law.ablation_J_m3 / power, 0.3 * capacity * law.boil_K / (mua(first) * power),
            max(5 * capacity / k / mua(first) ** 2, seconds / 4000),
        )  # fmt: skip
        dt = left if dt > 0.999 * left else dt
        through += light(power * dt)
        boil()
        conduct(dt)
        boil()
        moved = dark = spare = 0.0
        while True:
            here, below, top = share(first), share(first + 1), dz[first]
            slope = min(20 / top, math.log(here / below) / (0.5 * (top + dz[first + 1]))) if here > below else 0.0
            surface = here * slope * top / (1 - math.exp(-slope * top)) if slope * top > 1e-9 else here
            if surface < 1:
                break
            gone = math.log(surface) / slope if slope * top > 1e-9 else top
            absorbing, energy, before = mua(first), spent(first), e[first]
            if gone > 0.999 * top:
                spare += min(energy * (1 - 1 / here), 0.5 * before) * top
                moved, dark, first = moved + top, dark + absorbing * top, first + 1
                continue
            kept = top - gone
            less = energy * max(1 - (1 - math.exp(-slope * kept)) / (slope * kept) / here, 0.0)
            if taken[first] > 0:
                rise = e[first] / (solid[first] + cw * water[first])
                mass = min(less / (latent + cw * (law.boil_K - rise)), taken[first] / latent)
                water[first] += mass
                taken[first] -= mass * latent
                e[first] += mass * cw * rise
                less -= mass * (latent + cw * (law.boil_K - rise))
            e[first] -= less
            lost = before * top - e[first] * kept
            spare += min(max(energy * top - spent(first) * kept - energy / here * gone, 0.0), 0.5 * max(lost, 0.0))
            dz[first], moved, dark = kept, moved + gone, dark + absorbing * gone
            if kept < 0.3 * dz[first + 1]:
                both = dz[first] + dz[first + 1]
                for field in (e, water, taken, solid):
                    field[first + 1] = (dz[first] * field[first] + dz[first + 1] * field[first + 1]) / both
                dz[first + 1] = both
                first += 1
            break
        if spare > 0:
            through += light(spare)
        depth += moved
        shade = shade * math.exp(-dt / law.ejecta_s) + dark * (1 - math.exp(-dt / law.ejecta_s)) / (dt / law.ejecta_s)
        left -= dt
    return {"first": first, "depth": depth, "e": e, "water": water, "through": through}


@settings(max_examples=25, deadline=None)
@given(
    nm=st.sampled_from([2790.0, 2940.0, 10600.0]), fluence=st.floats(0.05, 40.0), exponent=st.floats(-6.0, -1.5),
    h=st.floats(0.0, 1e4),
)  # fmt: skip
def test_every_ablation_run_closes_its_energy(nm: float, fluence: float, exponent: float, h: float) -> None:
    """Arrived = removed + stored + surface + through for any exposure, pulse length and cooling."""
    law = heat.law_of(water_line(nm), START, first=damage.cell_death(), second=damage.collagen())
    column = heat.new_column(SLAB, heat.stretched_edges(fine_m=1e-6, fine_to_m=2e-4, stretch=1.1, end_m=2e-3))
    seconds = 10.0**exponent
    run = heat.run(
        column,
        law,
        (heat.Segment(seconds=seconds, irradiance_W_m2=fluence * 1e4 / seconds, transfer_W_m2_K=h), heat.Segment(seconds=0.2)),
    )

    assert abs(run.residual) < 1e-9 * max(run.arrived, abs(run.surface))


def test_broken_account_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run whose energy does not close raises and says by how much."""
    genuine = kernels.run_column

    def leaky(*arguments: object) -> tuple[int, int]:
        result: tuple[int, int] = genuine(*arguments)
        arguments[-1][kernels.SURFACE] += 50.0  # type: ignore[index]
        return result

    monkeypatch.setattr(kernels, "run_column", leaky)
    column = heat.new_column(SLAB, np.linspace(0, 1e-3, 50))
    with pytest.raises(heat.EnergyError, match=r"misses -50 of 50 J/m²; more than 1e-06"):
        heat.run(column, LAW, (heat.Segment(seconds=0.1),))


def test_negative_time_is_refused() -> None:
    """A segment needs time and irradiance of at least zero."""
    column = heat.new_column(SLAB, np.linspace(0, 1e-3, 10))
    with pytest.raises(OutOfRangeError, match=r"at least 0; got -1 s, 0 W/m²"):
        heat.run(column, LAW, (heat.Segment(seconds=-1.0),))


def test_water_fraction_outside_unit_interval_is_refused() -> None:
    """Tissue cannot hold more water than all."""
    with pytest.raises(OutOfRangeError, match=r"between 0 and 1; got 1.2"):
        tissue.thermal(1.2)
