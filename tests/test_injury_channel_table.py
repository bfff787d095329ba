"""Ablative microbeams out of the table: how far from the model, monotone, limits, staleness, areas by depth."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from recutis.injury import channel, channel_table
from recutis.injury.simulate import injure, spot_injury
from recutis.injury.spot import SpotInjury
from recutis.laser import device, expose
from recutis.laser.types import Cooling, Profile, Pulse, Settings
from recutis.skin import build
from recutis.units import J_PER_MJ, energy_for_fluence_mJ

SKIN = build(site="cheek", age_years=40, phototype="II", sex="female")


def pulse(nm: float, profile: Profile, spot_um: float, fluence_J_cm2: float, ms: float) -> Pulse:
    """A microbeam of a mean fluence."""
    energy = energy_for_fluence_mJ(fluence_J_cm2=fluence_J_cm2, spot_um=spot_um)
    return Pulse(wavelength_nm=nm, energy_mJ=energy, spot_um=spot_um, profile=profile, duration_ms=ms)


BETWEEN = (  # as far from all nodes as can be, where a run is quick
    pulse(10600.0, "gaussian", 118.0, 17.0, 0.75),
    pulse(10600.0, "gaussian", 118.0, 71.0, 0.75),
    pulse(10600.0, "flat_top", 1265.0, 8.1, 0.57),
    pulse(2940.0, "gaussian", 126.0, 22.6, 0.42),
    pulse(2940.0, "flat_top", 240.0, 35.0, 0.35),
    pulse(2790.0, "flat_top", 296.0, 90.0, 0.42),
)


def looked_up(one: Pulse) -> SpotInjury:
    """What the table has."""
    found = channel_table.table_injury(one, SKIN)
    assert found is not None
    return found


@pytest.mark.parametrize("one", BETWEEN, ids=lambda one: f"{one.wavelength_nm:.0f}-{one.energy_mJ:.3g}mJ")
def test_between_nodes_the_table_is_near_the_model(one: Pulse) -> None:
    """Depths within 5 %, widths and rim within 8 %, or three micrometres; volumes and shares of energy likewise."""
    table, model = looked_up(one), channel.channel_injury(one, SKIN)

    for name, share in (("ablation_depth_um", 0.05), ("lesion_depth_um", 0.05), ("ablation_width_um", 0.08),
                        ("lesion_width_um", 0.08), ("coagulation_rim_um", 0.08)):  # fmt: skip
        assert getattr(table, name) == pytest.approx(getattr(model, name), rel=share, abs=3.0), name
    for name, share in (("ablated_volume", 0.1), ("dermis_volume", 0.12), ("basal_area", 0.1), ("removed_area", 0.12)):
        assert getattr(table, name) == pytest.approx(getattr(model, name), rel=share, abs=1000.0), name
    for name in ("reflected", "removed", "stored", "surface"):
        assert getattr(table.energy, name) == pytest.approx(getattr(model.energy, name), abs=0.03), name


def test_a_node_is_the_models_own_run() -> None:
    """Cheap nodes computed anew are those of the file: the file is not stale."""
    for name, place in (("co2_gaussian", (0, 1, 2)), ("erbium_flat_top", (0, 0, 3))):
        one = channel_table.GRIDS[name].pulse(place)
        seen = channel.outline(channel.expose(one, channel_table.usual_slab()))

        kept = channel_table.stored()[1][name][place]
        assert channel_table.condensed(seen, one.energy_mJ) == pytest.approx(kept, rel=2e-3, abs=0.5), name


def test_the_table_was_made_from_todays_constants() -> None:
    """Another physical number asks for another table: run `python scripts/build_channels.py`."""
    assert channel_table.stored()[0] == channel_table.fingerprint()


@pytest.mark.parametrize("name", channel_table.GRIDS)
def test_more_energy_reaches_deeper_and_wider(name: str) -> None:
    """Depths and volumes rise with energy at every spot and duration, between nodes too."""
    grid = channel_table.GRIDS[name]
    spot, ms = math.sqrt(grid.spots_um[0] * grid.spots_um[1]), math.sqrt(grid.durations_ms[-2] * grid.durations_ms[-1])
    fluences = np.geomspace(grid.fluences_J_cm2[0], grid.fluences_J_cm2[-3], 40)
    seen = [channel_table.outline(pulse(grid.wavelength_nm, grid.profile, spot, float(f), ms)) for f in fluences]
    found = [one for one in seen if one is not None]

    assert len(found) > 20
    for below, above in pairwise(found):
        assert above.depth_um >= below.depth_um - 1e-9
        assert above.dead_to_um >= below.dead_to_um - 1e-9
        assert above.ablated_um3 >= below.ablated_um3 * (1 - 1e-9)


def test_outside_the_grid_the_model_runs() -> None:
    """Nothing is clipped: another line, spot, length or profile is not in the table, and the planner gets a run."""
    inside = BETWEEN[0]
    outside = (
        pulse(9300.0, "gaussian", 118.0, 17.0, 0.75), pulse(10600.0, "gaussian", 60.0, 17.0, 0.75),
        pulse(10600.0, "gaussian", 118.0, 17.0, 8.0), pulse(10600.0, "flat_top", 118.0, 17.0, 0.75),
        pulse(10600.0, "gaussian", 118.0, 0.5, 0.75), pulse(10600.0, "gaussian", 118.0, 3000.0, 0.75),
    )  # fmt: skip

    assert looked_up(inside).fidelity.endswith("from a table")
    assert all(channel_table.table_injury(one, SKIN) is None for one in outside)
    assert spot_injury(outside[4], SKIN, fractional=True).fidelity == channel.FIDELITY


def test_simulation_and_stacks_ask_the_model() -> None:
    """Stacked pulses and `photons` run the model; a single pulse of a plan is looked up."""
    one = pulse(2940.0, "flat_top", 240.0, 5.0, 0.35)
    plan = spot_injury(one, SKIN, fractional=True)
    runs = [spot_injury(one, SKIN, fractional=True, light_spread="photons"), spot_injury(one, SKIN, fractional=True, stack=2)]

    assert plan.fidelity.endswith("from a table")
    assert all(run.fidelity == channel.FIDELITY for run in runs)
    assert runs[1].ablation_depth_um > 1.5 * plan.ablation_depth_um


def test_no_energy_no_column() -> None:
    """Without energy there is neither crater nor heat."""
    none = spot_injury(pulse(10600.0, "gaussian", 120.0, 0.0, 0.8), SKIN, fractional=True)

    assert none.lesion_depth_um == none.lesion_width_um == none.heat == none.ablated_volume == 0.0
    assert none.area_by_depth == ()


def test_energy_of_the_table_closes() -> None:
    """Shares between nodes still add up to the light."""
    for one in BETWEEN:
        energy = looked_up(one).energy

        assert abs(energy.residual) < 1e-9
        assert energy.incident_J == pytest.approx(one.energy_mJ * J_PER_MJ)


def test_fat_that_lies_elsewhere_is_left_to_the_model() -> None:
    """A crater into the fat of a thin skin is not in the table; a shallow one is."""
    thin = build(site="eyelid", age_years=40, phototype="II", sex="female")
    deep, shallow = (pulse(10600.0, "gaussian", 120.0, f, 0.8) for f in (400.0, 20.0))

    assert channel_table.table_injury(deep, SKIN) is not None
    assert channel_table.table_injury(deep, thin) is None
    assert channel_table.table_injury(shallow, thin) is not None


def test_coarser_cells_are_near_the_model() -> None:
    """Stacks of a plan are run on coarser cells: depth within 5 %, widths and rim within 12 %."""
    one = pulse(2940.0, "flat_top", 240.0, 20.0, 0.35)
    plan = spot_injury(one, SKIN, fractional=True, stack=3, repetition_Hz=20.0)
    model = channel.channel_injury(one, SKIN, stack=3, repetition_Hz=20.0)

    assert plan.ablation_depth_um == pytest.approx(model.ablation_depth_um, rel=0.05)
    assert plan.lesion_width_um == pytest.approx(model.lesion_width_um, rel=0.05)
    assert plan.coagulation_rim_um == pytest.approx(model.coagulation_rim_um, rel=0.12)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(lambda: looked_up(BETWEEN[1]), id="table"),
        pytest.param(lambda: channel.channel_injury(BETWEEN[4], SKIN), id="model"),
        pytest.param(lambda: spot_injury(_coagulating(), SKIN, fractional=True), id="zone"),
        pytest.param(lambda: _wide(2940.0, 5.0), id="ablative"),
        pytest.param(lambda: _wide(1064.0, 150.0), id="wide"),
    ],
)
def test_areas_by_depth_hold_the_volume_of_dermis(found) -> None:
    """The integral of dead area over depth below the epidermis is the injured volume."""
    spot = found()
    depths, areas = (np.array(x) for x in zip(*spot.area_by_depth, strict=True))
    fine = np.linspace(SKIN.epidermis_um, max(depths[-1], SKIN.epidermis_um), 4000)
    whole = np.interp(fine, depths, areas, left=0.0, right=0.0)

    assert np.trapezoid(whole, fine) == pytest.approx(spot.dermis_volume, rel=0.06)
    assert (np.diff(depths) > 0).all()
    assert areas.min() >= 0.0
    assert depths[-1] == pytest.approx(spot.lesion_depth_um, abs=30.0)


def _coagulating() -> Pulse:
    return Pulse(wavelength_nm=1550.0, energy_mJ=20.0, spot_um=135.0, profile="gaussian", duration_ms=4.0)


def _wide(nm: float, fluence: float) -> SpotInjury:
    energy = energy_for_fluence_mJ(fluence_J_cm2=fluence, spot_um=5000.0)
    one = Pulse(wavelength_nm=nm, energy_mJ=energy, spot_um=5000.0, profile="flat_top", duration_ms=0.3 if nm > 2000 else 30.0)
    return spot_injury(one, SKIN, fractional=False, cooling=Cooling())


def test_a_field_tells_the_share_dead_by_depth() -> None:
    """Shares of a field fall with depth and do not pass the coverage."""
    injury = injure(expose(device("UltraPulse DeepFX"), Settings()), SKIN)
    shares = [share for _, share in injury.injured_by_depth]

    assert shares
    assert shares[0] == pytest.approx(max(shares), rel=0.05)
    assert max(shares) <= injury.coverage_fraction + 1e-9
