"""Flash lamps: the spectrum behind the filter, and transport over the whole band in one run."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from recutis.errors import InputError, OutOfRangeError
from recutis.light import OpticalLayer, flashlamp, pencil, transport_layers
from recutis.skin import LayerOptics, build, layer_optics

LAMP = flashlamp(560.0, 1200.0)
SLAB = OpticalLayer(thickness_um=2000.0, mua_cm=1.0, mus_cm=0.0, g=0.0, n=1.0)


def clear(wavelength_nm: float) -> tuple[OpticalLayer]:
    """A slab that absorbs in proportion to the wavelength and does not scatter."""
    return (replace(SLAB, mua_cm=wavelength_nm / 200.0),)


def skin_layers(wavelength_nm: float) -> tuple[LayerOptics, ...]:
    """A light cheek."""
    return layer_optics(build(site="cheek", age_years=40.0, phototype="II", sex="female"), wavelength_nm)


def test_quantiles_run_from_the_cut_on_to_the_end() -> None:
    """No energy below the filter, all of it below the end, and more of it at shorter wavelengths than evenly spread."""
    assert float(LAMP.wavelength_nm(0.0)) == 560.0
    assert float(LAMP.wavelength_nm(1.0)) == 1200.0
    assert 560.0 < float(LAMP.wavelength_nm(0.5)) < 880.0


def test_bands_have_the_energy_of_the_quantiles() -> None:
    """Shares of many bands sum up to the cumulated spectrum."""
    middle, share = LAMP.bands(64)
    below = sum(part for nm, part in zip(middle, share, strict=True) if nm < 880.0)

    assert sum(share) == pytest.approx(1.0, abs=1e-12)
    assert float(LAMP.wavelength_nm(below)) == pytest.approx(880.0, abs=0.5)


def test_a_hot_lamp_is_blue() -> None:
    """Wien: the middle of the band moves to shorter wavelengths with the temperature."""
    cold, hot = (float(flashlamp(560.0, 1200.0, colour_temperature_K=kelvin).wavelength_nm(0.5)) for kelvin in (4000.0, 9000.0))

    assert hot < cold - 50.0


def test_wavelengths_of_a_block_cover_the_spectrum_evenly() -> None:
    """One in each eighth of the energy, another start for each block and seed."""
    starts = set()
    for block in range(4):
        for seed in range(3):
            drawn = LAMP.drawn_nm(block, seed)
            edges = LAMP.wavelength_nm(np.linspace(0.0, 1.0, len(drawn) + 1))
            assert all(low <= nm <= high for nm, low, high in zip(drawn, edges[:-1], edges[1:], strict=True))
            starts.add(drawn[0])
    assert len(starts) == 12


@pytest.mark.slow
def test_errors_of_a_lamp_are_those_of_repeated_runs() -> None:
    """Ten seeds scatter as one run says they do, within the error of such a scatter."""
    runs = [transport_layers(skin_layers, pencil(), lamp=LAMP, photons=5000, seed=seed).tallies["absorbed"] for seed in range(10)]
    scatter = float(np.std([x.value for x in runs], ddof=1))
    told = float(np.mean([x.standard_error for x in runs]))

    assert 0.45 < scatter / told < 1.8


def test_the_provenance_of_a_lamp_knows_the_optics_of_the_whole_band() -> None:
    """Layers that differ away from the middle wavelength are another input."""
    middle = float(LAMP.wavelength_nm(0.5))

    def bent(nm: float) -> tuple[OpticalLayer]:
        return (replace(SLAB, mua_cm=middle / 200.0 + abs(nm - middle) / 100.0),)

    def straight(_: float) -> tuple[OpticalLayer]:
        return (replace(SLAB, mua_cm=middle / 200.0),)

    one, other = (transport_layers(layers, pencil(), lamp=LAMP, photons=1000) for layers in (bent, straight))

    assert one.layers == other.layers
    assert one.provenance.inputs_sha256 != other.provenance.inputs_sha256


def test_transmission_of_a_band_is_the_mean_of_beers_law() -> None:
    """A clear absorber passes the spectrum's mean of exp(-mua d)."""
    middle, share = LAMP.bands(2000)
    exact = float(np.dot(share, np.exp(-np.array(middle) / 200.0 * 0.2)))

    light = transport_layers(clear, pencil(), lamp=LAMP, photons=200_000)

    found = light.tallies["transmittance"]
    assert found.value == pytest.approx(exact, abs=4 * found.standard_error)
    assert found.standard_error < 0.01
    assert light.lamp == LAMP


def test_one_run_over_the_band_is_the_mean_of_runs_at_its_wavelengths() -> None:
    """Reflectance of skin under an IPL against single wavelengths weighed by the spectrum."""
    middle, share = LAMP.bands(12)
    single = [transport_layers(skin_layers(nm), pencil(), photons=30_000, seed=1).tallies["diffuse_reflectance"] for nm in middle]
    mean = sum(x.value * part for x, part in zip(single, share, strict=True))
    error = math.sqrt(sum((x.standard_error * part) ** 2 for x, part in zip(single, share, strict=True)))

    found = transport_layers(skin_layers, pencil(), lamp=LAMP, photons=200_000).tallies["diffuse_reflectance"]

    assert found.value == pytest.approx(mean, abs=4 * math.hypot(error, found.standard_error))


def test_a_lamp_gives_the_same_numbers_on_any_number_of_threads() -> None:
    """Wavelengths belong to blocks, not to threads."""
    one, two = (transport_layers(clear, pencil(), lamp=LAMP, photons=20_000, threads=n, seed=3) for n in (1, 2))

    assert one.tallies == two.tallies
    assert np.array_equal(one.fluence_cm2, two.fluence_cm2)


@pytest.mark.parametrize(
    ("band", "words"),
    [((600.0, 600.0), "A lamp from 600 to 600 nm has no band"), ((-1.0, 600.0), "give a cut-on above 0")],
)
def test_bands_without_width_are_refused(band: tuple[float, float], words: str) -> None:
    """The message tells both ends."""
    with pytest.raises(OutOfRangeError, match=words):
        flashlamp(*band)


def test_a_lamp_without_temperature_is_refused() -> None:
    """Zero kelvin does not shine."""
    with pytest.raises(OutOfRangeError, match="The colour temperature of a lamp is 0 K"):
        flashlamp(560.0, 1200.0, colour_temperature_K=0.0)


def test_lamp_and_layers_must_fit() -> None:
    """A lamp needs layers by wavelength, and layers by wavelength need a lamp; their thickness must not change."""
    with pytest.raises(InputError, match="A lamp has many wavelengths; give its layers as a function"):
        transport_layers((SLAB,), pencil(), lamp=LAMP)
    with pytest.raises(InputError, match="Layers that depend on the wavelength need a lamp"):
        transport_layers(clear, pencil())
    with pytest.raises(InputError, match="are not as thick as those at the middle wavelength"):
        transport_layers(lambda nm: (replace(SLAB, thickness_um=nm),), pencil(), lamp=LAMP)
    with pytest.raises(InputError, match=r"There are 2 layers at 5\d\d\.\d nm but 1 at the middle wavelength"):
        transport_layers(lambda nm: (SLAB,) * (2 if nm < 600.0 else 1), pencil(), lamp=LAMP)
