"""Microbeams on depth and radius: energy, symmetry with the one-dimensional model, beam, Fresnel, guides, twins, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.heat import _crater_kernel as kernels
from recutis.heat import column as heat
from recutis.heat import crater, damage
from recutis.light.lines import PRESCRIBED, Line, water_line

SLAB = heat.Slab(thickness_um=(1e4,), water_fraction=(0.7,), start_C=33.0)
BARE = crater.Inside(polish=0.0, plume_mm=0.0, stanton=0.0)
CO2, ER = water_line(10600.0), water_line(2940.0)


def beam(spot_um: float = 120.0, *, nm: float = 10600.0, gaussian: bool = True, quality: float = 1.2) -> crater.Beam:
    """A microbeam focused on the surface."""
    return crater.Beam(gaussian=gaussian, spot_um=spot_um, wavelength_nm=nm, quality=quality)


def shot(
    energy_mJ: float, line: Line = CO2, where: crater.Beam | None = None, inside: crater.Inside = BARE, **more: float
) -> crater.Run:
    """A coarse run, quick enough for tests."""
    train = crater.Train(energy_mJ=energy_mJ, duration_ms=more.pop("duration_ms", 0.7), stack=int(more.pop("stack", 1)),
                         repetition_Hz=more.pop("rate", 1.0))  # fmt: skip
    return crater.run(SLAB, line, where or beam(), train, inside, fineness=0.5, after_s=more.pop("after_s", 0.01))


@pytest.mark.parametrize(("energy", "inside"), [(3.0, BARE), (6.0, crater.Inside(polish=0.7, plume_mm=1.0, stanton=0.02))])
def test_energy_of_a_channel_is_accounted_for(energy: float, inside: crater.Inside) -> None:
    """All that arrives is reflected, passed on, carried off, lost to the air or stored: to a millionth."""
    run = shot(energy, inside=inside)
    parts = run.reflected + run.through + run.removed + run.plume + run.surface + run.stored

    assert run.arrived == pytest.approx(energy * 1e-3, rel=1e-9)
    assert parts == pytest.approx(run.arrived, rel=1e-6)
    assert run.removed > 0.5 * run.arrived


def test_energy_of_stacked_pulses_is_accounted_for() -> None:
    """A second pulse on the hot, changed tissue closes its account too, and drills on."""
    once, twice = shot(3.0), shot(3.0, stack=2, rate=100.0)

    assert abs(twice.residual) < 1e-9 * twice.arrived
    assert twice.crater_m[0] > 1.5 * once.crater_m[0]


def test_a_wide_flat_beam_is_the_one_dimensional_model() -> None:
    """Far from its edge a wide beam digs as deep and kills as deep as a column of the one-dimensional model says."""
    spot, fluence, seconds = 4000.0, 12.0, 1e-3
    energy = fluence * math.pi * (spot * 1e-4 / 2) ** 2 * 1e3
    wide = crater.run(SLAB, CO2, beam(spot, gaussian=False), crater.Train(energy_mJ=energy, duration_ms=1.0), BARE, after_s=0.1)
    optics = crater.tissue_index(10600.0)
    reflected = kernels.fresnel(1.0, optics, 0.0)
    law = heat.law_of(
        CO2, SLAB.start_C, first=damage.cell_death(), second=damage.collagen(),
        irradiance_W_m2=fluence * 1e4 * (1 - reflected) / seconds, pulse_s=seconds,
    )  # fmt: skip
    edges = heat.stretched_edges(fine_m=2e-6, fine_to_m=3e-4, stretch=1.05, end_m=3e-3)
    plan = (heat.Segment(seconds=seconds, irradiance_W_m2=fluence * 1e4 * (1 - reflected) / seconds), heat.Segment(seconds=0.1))
    column = heat.run(heat.new_column(SLAB, edges), law, plan).column
    below = np.nonzero(wide.death[:, 0] >= 1.0)[0][-1]

    assert wide.crater_m[0] == pytest.approx(column.depth_m, rel=0.06)
    assert wide.z_edges_m[below + 1] * 1e6 == pytest.approx(heat.dead_to_um(column, column.death), rel=0.15)


def test_light_of_a_gaussian_and_of_a_flat_beam_is_all_shared_out() -> None:
    """Floors and walls of any tapered crater take what the beam carries, to rounding."""
    r = np.linspace(0.0, 400e-6, 81)
    grid = kernels.Grid(z=np.array([0.0, 1.0]), r=r, middle=(r[:-1] + r[1:]) / 2, area=np.pi * np.diff(r**2), solid=np.zeros(1))
    for gaussian in (True, False):
        where = beam(gaussian=gaussian)
        optics = kernels.Optics(gaussian=gaussian, wave_m=1e-5, waist_m=where.waist_m, rayleigh_m=where.rayleigh_m, refraction=1.2,
                                extinction=0.07, polish=0.0, plume_m=0.0, stanton=0.0, steam_K=67.0)  # fmt: skip
        work = kernels.Work(depth=1e-3 * np.exp(-((grid.middle / 6e-5) ** 2)), slope=np.zeros(80), floor=np.zeros(80),
                            wall=np.zeros(80), steam=np.zeros(1), lines=np.zeros((5, 80)), deepest=np.zeros(1, dtype=np.int64))  # fmt: skip
        missed = kernels.share_out(grid, optics, work)

        assert work.floor.min() >= 0.0
        assert work.wall.min() >= 0.0
        assert work.floor.sum() + work.wall.sum() + missed == pytest.approx(1.0, abs=1e-12)


def test_beam_spreads_as_its_quality_says() -> None:
    """At the Rayleigh length the area has doubled; worse beams have a shorter one."""
    where = beam()
    optics = crater._optics(CO2, where, BARE, 33.0)
    inside = kernels.enclosed(where.waist_m * math.sqrt(2.0), where.rayleigh_m, optics)

    assert inside == pytest.approx(1.0 - math.exp(-2.0))
    assert beam(quality=2.4).rayleigh_m == pytest.approx(where.rayleigh_m / 2)


def test_fresnel_has_its_limits() -> None:
    """Normal incidence by the closed form of a complex index, total reflection at grazing, Brewster's dip for glass."""
    n, k = 1.267, 0.28
    normal = ((n - 1) ** 2 + k**2) / ((n + 1) ** 2 + k**2)
    brewster = math.cos(math.atan(1.5))

    assert kernels.fresnel(1.0, n, k) == pytest.approx(normal)
    assert kernels.fresnel(1e-6, n, k) == pytest.approx(1.0, abs=1e-4)
    assert kernels.fresnel(brewster, 1.5, 0.0) == pytest.approx(0.5 * ((1.5**2 - 1) / (1.5**2 + 1)) ** 2)


def test_extinction_is_the_absorption_of_water() -> None:
    """The imaginary index of the walls is that of the tissue's water."""
    optics = crater._optics(CO2, beam(), BARE, 33.0)
    mua = 4 * math.pi * optics.extinction / 10.6e-6

    assert mua == pytest.approx(evidence.value("phys_reference_water") * CO2.water_mua_cm * 100)


def test_guiding_walls_make_deeper_channels_and_plume_shallower_ones() -> None:
    """Each of the two does what it should to the depth."""
    plain = shot(8.0).crater_m[0]

    assert shot(8.0, inside=crater.Inside(polish=1.0, plume_mm=0.0, stanton=0.0)).crater_m[0] > 1.1 * plain
    assert shot(8.0, inside=crater.Inside(polish=0.0, plume_mm=0.5, stanton=0.0)).crater_m[0] < 0.9 * plain


def test_steam_that_passes_heats_the_walls() -> None:
    """Steam in the channel leaves heat in the walls: more is stored, less leaves, the crater stays."""
    dry, steamed = shot(8.0), shot(8.0, inside=crater.Inside(polish=0.0, plume_mm=0.0, stanton=0.02))

    assert steamed.stored > 1.1 * dry.stored
    assert steamed.removed < dry.removed
    assert steamed.crater_m[0] == pytest.approx(dry.crater_m[0], rel=0.1)


def test_conduction_across_rings_matches_the_bessel_mode() -> None:
    """A radial mode J0 between axis and insulated edge decays as exp(-alpha k² t), to the order of the grid."""
    from scipy.special import j0

    radius, seconds, steps = 3e-4, 5e-3, 400
    errors = []
    for n in (20, 40):
        law = heat.law_of(heat.heating_only(1e4), 33.0, first=damage.cell_death(), second=damage.collagen())
        r, z = np.linspace(0.0, radius, n + 1), np.linspace(0.0, 1e-5, 3)
        matter = crater._Tissue(SLAB, z, r, law, crater._optics(CO2, beam(), BARE, 33.0), ())
        heat_capacity = matter.grid.solid[0] + law.water_heat_J_kg_K * matter.state.water[0, 0]
        alpha = kernels.conductivity(matter.state, law, 0, 0) / heat_capacity
        wave = 3.8317059702 / radius  # first zero of J1
        matter.state.e[:] = heat_capacity * j0(wave * matter.grid.middle)
        for _ in range(steps):
            kernels.conduct_across(matter.state, matter.grid, law, matter.work, 2, seconds / steps)
        exact = j0(wave * matter.grid.middle) * math.exp(-alpha * wave**2 * seconds)
        errors.append(float(np.abs(matter.state.e[0] / heat_capacity - exact).max()))

    assert errors[1] < 0.3 * errors[0]
    assert errors[1] < 2e-3


def test_walls_are_insulated_and_absent_cells_take_nothing() -> None:
    """Conduction around a crater keeps the heat of the cells that are there."""
    law = heat.law_of(heat.heating_only(1e4), 33.0, first=damage.cell_death(), second=damage.collagen())
    r, z = np.linspace(0.0, 1e-4, 21), np.linspace(0.0, 2e-4, 41)
    matter = crater._Tissue(SLAB, z, r, law, crater._optics(CO2, beam(), BARE, 33.0), ())
    matter.state.front[:] = np.maximum(30 - 2 * np.arange(20), 0)
    matter.state.part[:5] = 0.4
    generator = np.random.default_rng(1)
    matter.state.e[:] = generator.uniform(0.0, 1e8, matter.state.e.shape)
    before = matter.stored()
    kernels.conduct_across(matter.state, matter.grid, law, matter.work, 40, 1e-4)
    kernels.conduct_down(matter.state, matter.grid, law, matter.work, 40, 1e-4, 0.0, 0.0)

    assert matter.stored() == pytest.approx(before, rel=1e-12)
    assert matter.state.e[39].std() < 1e8


def test_steam_condenses_in_the_nearest_cooler_tissue() -> None:
    """Steam fills cells up to the boiling point one after another, nearest first; the rest leaves; nothing is lost."""
    law = heat.law_of(CO2, 33.0, first=damage.cell_death(), second=damage.collagen())
    r, z = np.linspace(0.0, 1e-4, 21), np.linspace(0.0, 2e-4, 21)
    matter = crater._Tissue(SLAB, z, r, law, crater._optics(CO2, beam(), BARE, 33.0), ())
    room = kernels.room_in(matter.state, matter.grid, law, 1, 0)
    open_law, shut_law = law._replace(steam_return=1.0), law._replace(steam_return=1.0, steam_resistance=0.0)
    half = kernels.condense_back(matter.state, matter.grid, open_law._replace(steam_resistance=1.0), 0, 0, room, 1e-5)
    leaves = kernels.condense_back(matter.state, matter.grid, shut_law, 0, 0, 2.0 * room, 1e-5)
    full = matter.rise()

    assert half == pytest.approx(room / 2)  # as far to the crater as to the cooler cell
    assert leaves == pytest.approx(0.0, abs=1e-12 * room)
    assert matter.stored() == pytest.approx(2.5 * room)
    assert full[1, 0] == pytest.approx(law.boil_K)
    assert full[0, 1] == pytest.approx(law.boil_K / 2)  # three times the volume
    assert full[5, 5] == 0.0


@pytest.mark.parametrize("shape", ["square", "decaying", "free_running"])
def test_shaped_pulses_carry_the_energy_of_the_pulse(shape: crater.PulseShape) -> None:
    """Whatever its shape, a pulse delivers its energy; only its power moves."""
    parts = crater.pieces(crater.Train(energy_mJ=10.0, duration_ms=0.5, shape=shape))

    assert sum(t * w for t, w in parts) == pytest.approx(0.01)
    assert all(w > 0 for _, w in parts)


def test_moments_show_the_crater_grow() -> None:
    """Kept times come in order, the crater only grows, and the tissue is hot while the light is on."""
    train = crater.Train(energy_mJ=5.0, duration_ms=0.7)
    run = crater.run(SLAB, CO2, beam(), train, BARE, keep_s=(2e-4, 5e-4, 5e-3), fineness=0.5, after_s=0.01)
    depths = [m.crater_m[0] for m in run.moments]

    assert [m.time_s for m in run.moments] == [2e-4, 5e-4, 5e-3]
    assert 0 < depths[0] < depths[1] < depths[2]
    assert run.moments[1].temperature_C.max() > 100.0


def test_a_faint_beam_removes_nothing() -> None:
    """Below threshold there is no crater, only heat."""
    run = shot(0.1, ER, beam(200.0, nm=2940.0, gaussian=False), duration_ms=0.25)

    assert run.crater_m.max() == 0.0
    assert run.stored > 0.5 * run.arrived


@pytest.mark.parametrize(
    ("train", "where", "words"),
    [
        (crater.Train(energy_mJ=0.0, duration_ms=1.0), beam(), "energy"),
        (crater.Train(energy_mJ=5.0, duration_ms=-1.0), beam(), "length"),
        (crater.Train(energy_mJ=5.0, duration_ms=1.0), beam(math.nan), "spot"),
        (crater.Train(energy_mJ=5.0, duration_ms=1.0, stack=0), beam(), "stack"),
        (crater.Train(energy_mJ=5.0, duration_ms=1.0, stack=2, repetition_Hz=0.0), beam(), "rate"),
        (crater.Train(energy_mJ=5e4, duration_ms=1.0), beam(), "deeper than"),
    ],
)
def test_meaningless_exposures_say_what_is_wrong(train: crater.Train, where: crater.Beam, words: str) -> None:
    """One sentence names the setting, its value and what to do."""
    with pytest.raises(OutOfRangeError, match=words):
        crater.run(SLAB, CO2, where, train, BARE, fineness=0.5)


def test_prescribed_light_is_not_a_microbeam() -> None:
    """A law without Beer-Lambert light has no place here."""
    with pytest.raises(OutOfRangeError, match="water"):
        crater.run(SLAB, Line(mode=PRESCRIBED, water_mua_cm=0.0, dry_mua_cm=0.0, boil_C=100.0, ablation_kJ_cm3=1.0), beam(),
                   crater.Train(energy_mJ=1.0, duration_ms=1.0), BARE)  # fmt: skip
