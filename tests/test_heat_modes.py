"""Heat of a round spot by exact modes: laws, exact solutions, and the stepping models."""

import math

import numpy as np
import pytest
from scipy.special import erfc

from recutis.errors import OutOfRangeError
from recutis.heat import modes
from recutis.heat.column import stretched_edges

K, CAPACITY = 0.45, 3.7e6
ALPHA = K / CAPACITY
DEPTHS = stretched_edges(fine_m=1e-6, fine_to_m=6e-5, stretch=1.08, end_m=1.2e-2)
WIDE = np.array([0.0, 1e-2])


def rings(radius_m, end_m, count=20, stretch=1.2):
    """Even rings to a radius, then wider ones."""
    found = np.linspace(0.0, radius_m, count + 1).tolist()
    step = found[1]
    while found[-1] < end_m:
        step *= stretch
        found.append(found[-1] + step)
    return np.array(found)


def even(z_edges, r_edges, perfusion=0.0):
    """Tissue that is the same everywhere."""
    n = z_edges.size - 1
    return modes.Medium(
        z_edges_m=z_edges, r_edges_m=r_edges, capacity_J_m3_K=np.full(n, CAPACITY), conductivity_W_m_K=np.full(n, K),
        perfusion_W_m3_K=np.full(n, perfusion),
    )  # fmt: skip


def top_source(medium, watt_m2=1e4):
    """Heat in the top cell, evenly over all rings [W/m³]."""
    heat = np.zeros((medium.dz_m.size, medium.r_m.size))
    heat[0] = watt_m2 / medium.dz_m[0]
    return heat


def content(medium, field):
    """Heat of a field [J]."""
    return float(((medium.capacity_J_m3_K * medium.dz_m)[:, None] * field * medium.area_m2).sum())


@pytest.mark.parametrize("seconds", [1e-6, 1e-3, 1.0])
def test_insulated_tissue_keeps_all_heat(seconds):
    """Without a cool surface and blood the stored heat is what was laid in, to a millionth, for any time."""
    medium = even(DEPTHS, rings(1e-3, 6e-3))
    heat = np.exp(-medium.z_m / 1e-4)[:, None] * np.exp(-2 * medium.r_m**2 / 1e-6)[None, :] * 1e7
    plan = (modes.Stretch(seconds=seconds, transfer_W_m2_K=0.0, heat_W_m3=heat), modes.Stretch(seconds=5.0, transfer_W_m2_K=0.0))

    _, _, ends = modes.follow(medium, plan, ((0.0, 0.0),), first_s=1e-7)

    put = float((heat * medium.dz_m[:, None] * medium.area_m2).sum()) * seconds
    assert [content(medium, x) for x in ends] == pytest.approx([put, put], rel=1e-6)


def test_blood_takes_heat_at_its_rate():
    """Evenly warm insulated tissue cools by the perfusion over the heat capacity."""
    medium = even(DEPTHS, WIDE, perfusion=7.6e3)
    heat = np.full((medium.dz_m.size, 1), 1e5)
    plan = (modes.Stretch(seconds=1e-3, transfer_W_m2_K=0.0, heat_W_m3=heat), modes.Stretch(seconds=60.0, transfer_W_m2_K=0.0))

    _, rise, _ = modes.follow(medium, plan, ((1e-3, 0.0),), first_s=1e-4)

    assert rise[-1, 0] / rise.max() == pytest.approx(math.exp(-7.6e3 / CAPACITY * 60.0), rel=1e-4)


@pytest.mark.parametrize("seconds", [1e-2, 0.1, 1.0])
def test_steady_flux_follows_the_exact_solution(seconds):
    """Surface and depth of a half space under a steady flux: 2 q sqrt(t / pi k rho c), less half a cell, and the ierfc below."""
    medium = even(DEPTHS, WIDE)
    plan = (modes.Stretch(seconds=seconds, transfer_W_m2_K=0.0, heat_W_m3=top_source(medium)),)
    deep = 1e-4

    _, rise, ends = modes.follow(medium, plan, ((deep, 0.0),), first_s=1e-5)

    length = math.sqrt(4 * ALPHA * seconds)
    exact = 1e4 / K * (length / math.sqrt(math.pi) * math.exp(-((deep / length) ** 2)) - deep * erfc(deep / length))
    assert rise[-1, 0] == pytest.approx(exact, rel=0.01)
    assert ends[0][0, 0] == pytest.approx(2e4 * math.sqrt(seconds / (math.pi * K * CAPACITY)) - 1e4 / K * 0.5e-6, rel=0.005)


def test_cooled_surface_follows_the_exact_solution():
    """A cold medium on a half space: 1 - exp(x²) erfc(x) of the difference at the surface, x = h sqrt(t / k rho c)."""
    medium = even(DEPTHS, WIDE)
    h, seconds = 7000.0, 0.06
    link = modes.surface_link(medium, h)
    plan = (modes.Stretch(seconds=seconds, transfer_W_m2_K=h, pull_W_m2=-50.0 * link),)

    _, rise, _ = modes.follow(medium, plan, ((0.0, 0.0),), first_s=1e-5)

    x = h * math.sqrt(seconds / (K * CAPACITY))
    assert rise[-1, 0] == pytest.approx(-50.0 * (1 - math.exp(x * x) * erfc(x)), rel=0.015)


@pytest.mark.parametrize("seconds", [0.3, 3.0, 30.0])
def test_gaussian_flux_spreads_sideways_as_it_should(seconds):
    """On the axis of a gaussian flux: q w / k sqrt(1 / 2 pi) atan(sqrt(8 alpha t) / w) (Carslaw & Jaeger)."""
    w = 1e-3
    medium = even(stretched_edges(fine_m=4e-6, fine_to_m=1e-4, stretch=1.1, end_m=3e-2), rings(w, 3e-2, count=24))
    heat = top_source(medium, 1e4) * np.exp(-2 * medium.r_m**2 / w**2)
    plan = (modes.Stretch(seconds=seconds, transfer_W_m2_K=0.0, heat_W_m3=heat),)

    _, _, ends = modes.follow(medium, plan, ((0.0, 0.0),), first_s=1e-5)

    exact = 1e4 * w / K / math.sqrt(2 * math.pi) * math.atan(math.sqrt(8 * ALPHA * seconds) / w)
    assert ends[0][0, 0] == pytest.approx(exact, rel=0.015)


def test_time_may_be_cut_anywhere():
    """One stretch and ten pieces of it end in the same field: there is no step."""
    medium = even(DEPTHS, rings(5e-4, 4e-3))
    heat = top_source(medium) * np.exp(-2 * medium.r_m**2 / 2.5e-7)
    one = (modes.Stretch(seconds=0.1, transfer_W_m2_K=10.0, heat_W_m3=heat),)
    ten = (modes.Stretch(seconds=0.01, transfer_W_m2_K=10.0, heat_W_m3=heat),) * 10

    whole, pieces = (modes.follow(medium, x, ((0.0, 0.0),), first_s=1e-5)[2][-1] for x in (one, ten))

    assert pieces == pytest.approx(whole, rel=1e-8, abs=1e-9)


def test_cells_converge_in_second_order():
    """Halving the cells of depth takes at least three quarters of the error."""
    errors = []
    for cell in (4e-5, 2e-5, 1e-5):
        medium = even(np.arange(0.0, 4e-3, cell), WIDE)
        heat = np.exp(-medium.z_m / 2e-4)[:, None] * 1e7
        rise = modes.follow(
            medium, (modes.Stretch(seconds=0.1, transfer_W_m2_K=0.0, heat_W_m3=heat),), ((3e-4, 0.0),), first_s=1e-3
        )[1]
        errors.append(rise[-1, 0])
    assert abs(errors[2] - errors[1]) < 0.3 * abs(errors[1] - errors[0])


def test_linear_in_the_light():
    """Twice the heat, twice the rise."""
    medium = even(DEPTHS, WIDE)
    ends = []
    for factor in (1.0, 2.0):
        plan = (modes.Stretch(seconds=0.1, transfer_W_m2_K=8.0, heat_W_m3=factor * top_source(medium)),)
        ends.append(modes.follow(medium, plan, ((0.0, 0.0),), first_s=1e-4)[1])
    assert ends[1] == pytest.approx(2 * ends[0])


def test_what_is_no_tissue_is_refused():
    """One clear sentence for missing cells, dead numbers and a surface that gives heat for nothing."""
    with pytest.raises(OutOfRangeError, match="needs as many of each property"):
        modes.Medium(
            z_edges_m=DEPTHS,
            r_edges_m=WIDE,
            capacity_J_m3_K=np.ones(3),
            conductivity_W_m_K=np.ones(3),
            perfusion_W_m3_K=np.ones(3),
        )
    n = DEPTHS.size - 1
    with pytest.raises(OutOfRangeError, match="must be above 0"):
        modes.Medium(
            z_edges_m=DEPTHS,
            r_edges_m=WIDE,
            capacity_J_m3_K=np.zeros(n),
            conductivity_W_m_K=np.ones(n),
            perfusion_W_m3_K=np.ones(n),
        )
    with pytest.raises(OutOfRangeError, match="at least 0 W/m²K; got -1"):
        modes.basis_of(even(DEPTHS, WIDE), -1.0)
