"""Pictures of the physics for the documentation: `python scripts/physics_pictures.py docs/images`.

An erbium pulse, a fractional CO2 channel, a 1550 nm column, and a 595 nm pulse on a vessel resolved in voxels.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from recutis import evidence
from recutis.heat import block, damage
from recutis.heat.cells import Physics
from recutis.injury import absorbers, scattering
from recutis.injury.fields import fields
from recutis.injury.film import Film, moments_ms
from recutis.injury.film_drawing import steps
from recutis.laser import Settings, device, expose
from recutis.skin import Skin, build, layer_optics, vessel_blood_mua_cm
from recutis.units import J_M2_PER_J_CM2, M_PER_UM, PER_M_PER_CM, S_PER_MS

CELL_UM, HALF_UM, DEEP_UM = 4.0, 200.0, 480.0
DIAMETER_UM, DEPTH_UM = 100.0, 300.0
FLUENCE_J_CM2, DURATION_MS, SPOT_UM, NM = 8.0, 1.5, 7000.0, 595.0


def skin() -> Skin:
    """A cheek of forty years, phototype II."""
    return build(site="cheek", age_years=40.0, phototype="II", sex="female")


def vessel_film() -> Film:
    """A vessel across a plane of voxels, in the light of a wide spot; blood shades itself as in the planner."""
    ridged = scattering.ridged(skin())
    light = scattering.light_field(ridged, NM, (NM, NM), SPOT_UM, gaussian=False)
    z, x = np.arange(0.0, DEEP_UM + 1, CELL_UM), np.arange(0.0, HALF_UM + 1, CELL_UM)
    depth, across = (z[1:] + z[:-1]) / 2, (x[1:] + x[:-1]) / 2
    inside = (depth[:, None] - DEPTH_UM) ** 2 + across**2 < (DIAMETER_UM / 2) ** 2
    layer = np.searchsorted(np.cumsum([one.thickness_um for one in ridged.layers]), depth)
    optics = [one.mua_cm for one in layer_optics(ridged, NM)]
    blood = absorbers.mean_absorption_cm(vessel_blood_mua_cm(NM), DIAMETER_UM)
    mua = np.where(inside, blood, np.array(optics)[np.minimum(layer, len(optics) - 1)][:, None]) * PER_M_PER_CM
    labels = np.where(inside, len(ridged.layers), np.minimum(layer, len(ridged.layers) - 1)[:, None])[:, None, :]
    media = (
        *(block.HeatMedium(water_fraction=one.water_fraction) for one in ridged.layers),
        block.HeatMedium(water_fraction=evidence.value("water_content_blood")),
    )
    tissue = block.new_block(
        labels, media, z_edges_m=z * M_PER_UM, y_edges_m=np.array([0.0, CELL_UM]) * M_PER_UM, x_edges_m=x * M_PER_UM,
        start_C=ridged.surface_temperature_C, processes=1,
    )  # fmt: skip
    power = FLUENCE_J_CM2 * J_M2_PER_J_CM2 / (DURATION_MS * S_PER_MS) * mua * light.at(depth).sum(axis=0)[:, None]
    physics = Physics(boil_C=evidence.value("phys_blood_vaporisation"), processes=(damage.blood(),))
    wanted, frames, before = moments_ms(DURATION_MS), [], 0.0
    for moment in wanted:
        lit = power[:, None, :] if before < DURATION_MS - 1e-9 else None
        tissue = block.run_block(
            tissue, (block.Period(seconds=(moment - before) * S_PER_MS, power_W_m3=lit),), physics=physics
        ).block
        frames.append((tissue.temperature_C[:, 0, :], tissue.damage[0, :, 0, :]))
        before = float(moment)
    return Film(
        time_ms=wanted, depth_um=depth, radius_um=across, temperature_C=np.array([one for one, _ in frames]),
        damage=np.array([one for _, one in frames]), crater_um=np.zeros((len(frames), across.size)),
    )  # fmt: skip


def main(folder: Path) -> None:
    """Draw all four."""
    cases = {
        "erbium": (device("Sciton Contour TRL"), Settings(fluence_J_cm2=10.0), "2940 nm, 10 J/cm², wide spot"),
        "co2-channel": (device("UltraPulse DeepFX"), Settings(energy_mJ=20.0), "10600 nm, 20 mJ microbeam"),
        "column": (device("Fraxel re:store"), Settings(energy_mJ=20.0), "1550 nm, 20 mJ microbeam"),
    }
    for name, (laser, settings, title) in cases.items():
        film = fields(expose(laser, settings), skin(), light_spread="photons").film
        steps(film, skin(), title).savefig(folder / f"physics-{name}.png")
    title = f"{NM:g} nm, {FLUENCE_J_CM2:g} J/cm², {DURATION_MS:g} ms on a vessel of {DIAMETER_UM:g} µm; damage of blood"
    steps(vessel_film(), skin(), title, vessels=((DEPTH_UM, DIAMETER_UM),)).savefig(folder / "physics-vessel.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
