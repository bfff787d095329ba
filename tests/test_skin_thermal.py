"""Thermal properties of the layers."""

import numpy as np
import pytest

from recutis import evidence, skin
from recutis.skin.thermal import conductivity_W_mK, density_kg_m3, heat_capacity_J_kgK, latent_heat_J_kg

CHEEK = skin.build(site="cheek", age_years=45, phototype="III", sex="female")


def test_pure_water_comes_out_as_water():
    """At a water fraction of one, the lines end within 6 % of liquid water."""
    assert conductivity_W_mK(1.0, 20.0) == pytest.approx(evidence.value("thermal_conductivity_water_20C"), rel=0.06)
    volumetric = density_kg_m3(1.0) * heat_capacity_J_kgK(1.0) / 1e6
    assert volumetric == pytest.approx(evidence.value("rho_cp_water"), rel=0.06)


def test_dermis_agrees_with_the_bulk_rows():
    """Dermis lies within the ranges of the rival bulk rows for conduction, storage and diffusivity."""
    dermis = next(x for x in skin.layer_thermal(CHEEK) if x.name == "reticular_dermis")
    low, _, high = evidence.numbers("k_skin")

    assert low <= dermis.conductivity_W_mK <= high
    assert dermis.density_kg_m3 * dermis.heat_capacity_J_kgK / 1e6 == pytest.approx(evidence.value("rho_cp_skin"), rel=0.05)
    assert 0.9e-7 <= dermis.diffusivity_m2_s <= 1.3e-7


def test_diffusivity_is_conduction_over_storage():
    """The diffusivity of each layer is its own conductivity over its volumetric heat capacity."""
    for x in skin.layer_thermal(CHEEK):
        assert x.diffusivity_m2_s == pytest.approx(x.conductivity_W_mK / (x.density_kg_m3 * x.heat_capacity_J_kgK))


def test_drying_lowers_conduction_and_storage():
    """Conductivity and specific heat rise with water, density falls; arrays work like floats."""
    water = np.linspace(0, 0.8, 9)

    assert (np.diff(conductivity_W_mK(water, np.full(9, 37.0))) > 0).all()
    assert (np.diff(heat_capacity_J_kgK(water)) > 0).all()
    assert (np.diff(density_kg_m3(water)) < 0).all()
    assert conductivity_W_mK(water, np.full(9, 37.0))[4] == conductivity_W_mK(float(water[4]), 37.0)


def test_warm_water_conducts_better_and_dry_matrix_does_not_change():
    """Temperature acts on the water part only, between 20 and 100 °C."""
    assert conductivity_W_mK(0.7, 100.0) > conductivity_W_mK(0.7, 37.0) > conductivity_W_mK(0.7, 20.0)
    assert conductivity_W_mK(0.7, 250.0) == conductivity_W_mK(0.7, 100.0)
    assert conductivity_W_mK(0.0, 100.0) == conductivity_W_mK(0.0, 20.0)


def test_latent_heat_is_that_of_the_layers_water():
    """Turning the water of dermis into steam takes about 1.7 kJ/cm³, as the tables derive; half the water, half the heat."""
    dermis = next(x for x in skin.layer_thermal(CHEEK) if x.name == "reticular_dermis")

    assert dermis.latent_J_m3 / 1e9 == pytest.approx(1.7, rel=0.05)
    assert latent_heat_J_kg() == 2.257e6


def test_blood_flows_in_the_dermis_only():
    """The epidermis is not perfused; the papillary dermis is perfused most."""
    flow = {x.name: x.perfusion_per_s for x in skin.layer_thermal(CHEEK)}

    assert flow["stratum_corneum"] == flow["epidermis"] == flow["basal_layer"] == 0
    assert flow["papillary_dermis"] > flow["reticular_dermis"] > flow["subcutis"] > 0
    assert flow["reticular_dermis"] == evidence.value("perfusion_skin")


def test_every_layer_cites_existing_rows():
    """All sources of the thermal properties are evidence rows."""
    for x in skin.layer_thermal(CHEEK, 60.0):
        assert {row.id for row in evidence.cite(x.sources)} == set(x.sources)
