"""Injuries of all families: energy, limits, order, geometry, targets, cancelling, determinism, files."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recutis.errors import CancelledError, InputError, OutOfRangeError
from recutis.injury import targets
from recutis.injury.simulate import injure, spot_injury, spread
from recutis.injury.spot import SpotInjury
from recutis.injury.types import Injury
from recutis.laser import Cooling, Device, Exposure, Pulse, Settings, catalogue, device, expose, surface_cooling
from recutis.simulation import read_exposure, simulate
from recutis.skin import Lesion, Skin, build

EXAMPLES = Path(__file__).parents[1] / "examples" / "exposures"


@pytest.fixture(scope="module")
def skin() -> Skin:
    """A light cheek."""
    return build(site="cheek", age_years=45.0, phototype="II", sex="female")


def pulse(nm: float, energy_mJ: float, spot_um: float, ms: float, *, gaussian: bool = False) -> Pulse:
    """A pulse in short."""
    profile = "gaussian" if gaussian else "flat_top"
    return Pulse(wavelength_nm=nm, energy_mJ=energy_mJ, spot_um=spot_um, profile=profile, duration_ms=ms)  # type: ignore[arg-type]


def by_fluence(nm: float, fluence: float, spot_mm: float, ms: float) -> Pulse:
    """A flat pulse of this exposure."""
    return pulse(nm, fluence * math.pi * (spot_mm / 20) ** 2 * 1e3, spot_mm * 1e3, ms)


def check_energy(found: SpotInjury | Injury) -> None:
    """Fractions of the incident energy add up to one."""
    e = found.energy
    assert abs(e.residual) < 1e-6
    assert e.reflected + e.transmitted + e.removed + e.stored + e.surface == pytest.approx(1.0, abs=1e-6)


@settings(max_examples=12, deadline=None)
@given(
    nm=st.sampled_from([2790.0, 2940.0, 10600.0, 595.0, 1064.0, 1450.0, 755.0]), fluence=st.floats(0.1, 60.0),
    ms=st.floats(1e-5, 60.0), kind=st.sampled_from(["none", "cold_air", "cryogen", "contact"]),
)  # fmt: skip
def test_energy_of_wide_spots_closes(nm: float, fluence: float, ms: float, kind: str) -> None:
    """Whatever the wavelength, exposure, pulse length and cooling, energy closes to a millionth."""
    person = build(site="cheek", age_years=45.0, phototype="III", sex="female")
    found = spot_injury(by_fluence(nm, fluence, 6.0, ms), person, fractional=False, cooling=surface_cooling(kind))
    scale = max(1.0, abs(found.energy.surface))

    assert abs(found.energy.residual) < 1e-6 * scale
    assert found.lesion_depth_um >= found.ablation_depth_um >= 0


@settings(max_examples=10, deadline=None)
@given(
    nm=st.sampled_from([2940.0, 10600.0, 1550.0, 1927.0, 1440.0]), energy=st.floats(0.5, 60.0), spot=st.floats(70.0, 350.0),
    ms=st.floats(0.2, 12.0),
)  # fmt: skip
def test_energy_of_microbeams_closes(nm: float, energy: float, spot: float, ms: float) -> None:
    """Columns of any energy, width and pulse length keep their energy account and sane geometry."""
    person = build(site="cheek", age_years=45.0, phototype="III", sex="female")
    found = spot_injury(pulse(nm, energy, spot, ms, gaussian=True), person, fractional=True)

    check_energy(found)
    assert found.lesion_depth_um >= found.ablation_depth_um >= 0
    assert found.basal_area >= found.removed_area >= 0


@pytest.mark.parametrize("one", [x for x in catalogue() if x.device_class != "none"], ids=lambda x: x.name)
def test_every_catalogue_device_makes_an_injury(one: Device, skin: Skin) -> None:
    """Each device at its typical settings gives finite, bounded numbers."""
    found = injure(expose(one, Settings()), skin)
    shares = (
        found.coverage_fraction, found.epidermis_removed_fraction, found.epidermis_killed_fraction, found.basal_survival
    )  # fmt: skip

    check_energy(found)
    assert all(-1e-12 <= x <= 1 + 1e-12 for x in shares)
    assert 0 <= found.injured_dermis_um <= skin.dermis_um
    assert found.bulk_rise_C < 400
    assert all(math.isfinite(x) for triple in found.vessel_ratio for x in triple)
    assert found.sources


@pytest.mark.parametrize(("nm", "fractional"), [(10600.0, False), (2940.0, True), (595.0, False), (1550.0, True)])
def test_no_energy_no_injury(nm: float, fractional: bool, skin: Skin) -> None:
    """Without energy nothing is removed, nothing dies."""
    found = spot_injury(pulse(nm, 0.0, 200.0 if fractional else 5000.0, 1.0), skin, fractional=fractional)

    assert found.ablation_depth_um == found.lesion_depth_um == found.dermis_volume == 0.0
    assert found.basal_area < 1e-6


@pytest.mark.parametrize(
    ("nm", "spot", "fractional", "energies"),
    [
        (10600.0, 120.0, True, (5, 10, 20, 40)), (2940.0, 250.0, True, (5, 15, 40)), (1550.0, 135.0, True, (10, 25, 60)),
        (2940.0, 4000.0, False, (300, 700, 2000)), (10600.0, 3000.0, False, (200, 400, 800)),
    ],
)  # fmt: skip
def test_more_energy_reaches_deeper(nm: float, spot: float, fractional: bool, energies: tuple[float, ...], skin: Skin) -> None:
    """Depth of the lesion rises with energy in every family."""
    depths = [spot_injury(pulse(nm, e, spot, 1.0), skin, fractional=fractional).lesion_depth_um for e in energies]

    assert depths == sorted(depths)
    assert depths[-1] > depths[0]


def test_erbium_leaves_less_heat_than_co2(skin: Skin) -> None:
    """At equal exposure erbium ablates deeper and leaves a thinner dead layer than CO2."""
    erbium, carbon = (spot_injury(by_fluence(nm, 10.0, 3.0, 0.5), skin, fractional=False) for nm in (2940.0, 10600.0))

    assert erbium.ablation_depth_um > carbon.ablation_depth_um
    assert erbium.coagulation_depth_um < carbon.coagulation_depth_um / 2


def vessel(found: SpotInjury, diameter: float, depth: float) -> float:
    """The vessel ratio at a node of the map."""
    return next(ratio for d, z, ratio in found.vessel_ratio if (d, z) == (diameter, depth))


def test_dye_laser_closes_a_vessel_that_co2_cannot(skin: Skin) -> None:
    """8 J/cm² of 595 nm in 6 ms closes 100 µm at 300 µm; water-dominated light reaches no vessel."""
    dye = spot_injury(by_fluence(595.0, 8.0, 7.0, 6.0), skin, fractional=False)
    carbon = injure(expose(device("UltraPulse CPG"), Settings()), skin)
    near_infrared = injure(expose(device("Fraxel re:store"), Settings()), skin)

    assert vessel(dye, 100.0, 300.0) > 1
    assert max(ratio for _, _, ratio in carbon.vessel_ratio) == 0
    assert max(ratio for _, _, ratio in near_infrared.vessel_ratio) < 0.3


def test_long_pulses_spare_small_vessels(skin: Skin) -> None:
    """Confinement: lengthening the pulse costs a 20 µm vessel far more than a 300 µm one, and costs purpura."""
    short, long = (spot_injury(by_fluence(595.0, 8.0, 7.0, ms), skin, fractional=False) for ms in (0.45, 20.0))

    assert vessel(long, 20.0, 300.0) / vessel(short, 20.0, 300.0) < 0.3
    assert vessel(long, 300.0, 300.0) / vessel(short, 300.0, 300.0) > 0.5
    assert long.purpura_ratio < short.purpura_ratio


def test_darker_lesion_reacts_before_its_surroundings(skin: Skin) -> None:
    """A lentigo with twice the melanin has the higher pigment ratio, for nanoseconds and for milliseconds."""
    spot = Lesion(
        kind="age_spots", site="cheek", target="pigment", top_um=0.0, bottom_um=120.0, melanin_factor=2.0, diameter_um=None,
        difficulty=0.0, sources=(),
    )  # fmt: skip
    for nm, fluence, ms in ((694.0, 2.0, 4e-5), (755.0, 25.0, 3.0)):
        found = spot_injury(by_fluence(nm, fluence, 5.0, ms), skin, fractional=False, lesion=spot)

        assert found.pigment_ratio > 1.2 * found.epidermis_pigment_ratio > 0


def test_cooling_protects_the_basal_layer(skin: Skin) -> None:
    """Cryogen before the pulse leaves more of the basal layer alive and its peak lower."""
    bare, cooled = (
        spot_injury(by_fluence(595.0, 9.0, 7.0, 6.0), skin, fractional=False, cooling=surface_cooling(kind))
        for kind in ("none", "cryogen")
    )

    assert cooled.peak_basal_C < bare.peak_basal_C - 5
    assert cooled.basal_area < bare.basal_area


def test_density_and_passes_are_geometry(skin: Skin) -> None:
    """Few columns cover their sum; passes fall independently; the spot itself stays the same."""
    spot = spot_injury(pulse(1550.0, 20.0, 135.0, 4.0, gaussian=True), skin, fractional=True)

    def field(density: float, passes: int) -> Injury:
        return spread(spot, coverage_per_pass=0.1, column_density_cm2=density, passes=passes, energy_mJ=20.0, skin=skin)

    once, twice = field(200.0, 1), field(200.0, 2)
    assert once.coverage_fraction == pytest.approx(200e-8 * spot.surface_area)
    assert twice.coverage_fraction == pytest.approx(1 - (1 - once.coverage_fraction) ** 2)
    assert field(400.0, 1).coverage_fraction == pytest.approx(2 * once.coverage_fraction)
    assert twice.lesion_depth_um == once.lesion_depth_um
    assert twice.bulk_rise_C > once.bulk_rise_C


def test_passes_on_one_place_go_deeper(skin: Skin) -> None:
    """Two full-field erbium passes remove about twice as much as one."""
    one, two = (
        spot_injury(by_fluence(2940.0, 5.0, 4.0, 0.3), skin, fractional=False, passes_in_place=n).ablation_depth_um
        for n in (1, 2)
    )

    assert two == pytest.approx(2 * one, rel=0.35)


def test_identical_input_gives_identical_numbers(skin: Skin) -> None:
    """Computing again, without the cache, changes no bit."""
    exposure = expose(device("UltraPulse DeepFX"), Settings())
    first = injure(exposure, skin)
    spot_injury.cache_clear()

    assert injure(exposure, skin) == first


def test_cancelling_stops_with_a_sentence(skin: Skin) -> None:
    """A caller that says stop gets a CancelledError; progress runs from 0 to 1 otherwise."""
    exposure: Exposure = expose(device("UltraPulse DeepFX"), Settings())
    seen: list[float] = []
    injure(exposure, skin, progress=seen.append)

    assert (seen[0], seen[-1]) == (0.0, 1.0)
    with pytest.raises(CancelledError, match="cancelled before it began"):
        injure(exposure, skin, cancelled=lambda: True)
    answers = iter([False, True])
    with pytest.raises(CancelledError, match="its spot was computed, the field was not"):
        injure(exposure, skin, cancelled=lambda: next(answers))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"duration_ms": 0.0}, r"duration_ms above 0; got 0"), ({"spot_um": -5.0}, r"spot_um above 0; got -5"),
        ({"energy_mJ": -1.0}, r"energy_mJ of at least 0; got -1"), ({"energy_mJ": math.nan}, r"energy_mJ of at least 0; got nan"),
    ],
)  # fmt: skip
def test_impossible_pulses_are_refused(change: dict[str, float], text: str, skin: Skin) -> None:
    """A pulse without length, width or with negative energy names the field and the value."""
    with pytest.raises(OutOfRangeError, match=text):
        spot_injury(replace(pulse(2940.0, 10.0, 200.0, 0.3), **change), skin, fractional=True)


def test_missing_density_and_stack_are_refused(skin: Skin) -> None:
    """Fractional fields need a density; exposures need a pulse."""
    spot = spot_injury(pulse(1550.0, 20.0, 135.0, 4.0), skin, fractional=True)
    with pytest.raises(OutOfRangeError, match="needs column_density_cm2 of at least 0; got None"):
        spread(spot, coverage_per_pass=0.1, column_density_cm2=None, passes=1, energy_mJ=20.0, skin=skin)
    with pytest.raises(OutOfRangeError, match="got stack 0 and passes 1"):
        spot_injury(pulse(2940.0, 10.0, 200.0, 0.3), skin, fractional=True, stack=0)


def test_foreign_rows_get_a_reason() -> None:
    """Rows the model has no number for say why."""
    row = {"family": "ablation", "tier": "score", "wavelength_nm": "2940", "pulse_duration_s": "0.0002", "quantity": "noise_dB"}

    assert "does not compute 'noise_dB'" in targets.compute({**row, "fluence_J_cm2": "5"}).reason
    assert "'sound' has no model" in targets.compute({**row, "family": "sound"}).reason
    assert "fluence_J_cm2 is 'many'; give one finite number" in targets.compute({**row, "fluence_J_cm2": "many"}).reason
    assert "no wavelength" in targets.compute({**row, "wavelength_nm": ""}).reason
    assert targets.compute({**row, "tier": "trend"}).reason == "a trend, not a number"


@pytest.mark.parametrize(
    ("row", "found", "expected"),
    [
        ({"comparator": ">", "value": "3", "low": "3", "high": ""}, 3.1, True),
        ({"comparator": "<=", "value": "50", "low": "", "high": "50"}, 51.0, False),
        ({"comparator": "=", "value": "4", "low": "", "high": ""}, 4.9, True),
        ({"comparator": "=", "value": "4", "low": "", "high": ""}, 5.1, False),
        ({"comparator": "range", "value": "", "low": "1", "high": "2"}, 1.5, True),
    ],
)
def test_inside_follows_the_rule_of_the_row(row: dict[str, str], found: float, expected: bool) -> None:
    """Ranges, one-sided bounds, else 25 per cent."""
    assert targets.inside(row, found) is expected


@pytest.mark.parametrize("name", ["fractional-co2", "pulsed-dye-vessels", "non-ablative-1550"])
def test_example_exposures_write_everything(name: str, tmp_path: Path) -> None:
    """Each example gives JSON without NaN, NetCDF with units, and figures."""
    import xarray as xr

    result = simulate(EXAMPLES / f"{name}.yaml", tmp_path / "out")
    document = json.loads((tmp_path / "out" / "injury.json").read_text(encoding="utf-8"))

    assert document == json.loads(json.dumps(result.document()))
    assert {x.name for x in (tmp_path / "out" / "figures").iterdir()} >= {"cross-section.png", "temperature.png"}
    with xr.open_dataset(tmp_path / "out" / "injury.nc", engine="h5netcdf", decode_timedelta=False) as data:
        assert all("units" in data[x].attrs for x in data.variables)
        assert data.attrs["evidence_sha256"] == result.provenance.evidence_sha256


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("device: Fraxle re:store\n", r"device.*Fraxel re:store"),
        ("device: Fraxel re:store\nsettings: {energy_mJ: 400 mJ}\n", r"energy.*70"),
        ("device: Fraxel re:store\nskin: {site: knee}\n", r"skin.site|there is no site 'knee'"),
        ("device: Fraxel re:store\npases: 2\n", r"did you mean 'passes'"),
        ("device: Fraxel re:store\ncooling: ice\n", r"cooling"),
        ("skin: {site: cheek}\n", r"Missing device"),
        ("device: Fraxel re:store\npasses: 3\nsettings: {passes: 2}\n", r"give it once"),
    ],
)
def test_bad_exposure_files_name_the_place(text: str, message: str, tmp_path: Path) -> None:
    """Unknown names, keys and values are one sentence."""
    path = tmp_path / "exposure.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_exposure(path)


def test_explicit_layers_are_taken(tmp_path: Path) -> None:
    """Layers given in the file replace those of the site; without an epidermis they are refused."""
    path = tmp_path / "exposure.yaml"
    upper = "{name: epidermis, thickness_um: 80 µm, water_fraction: 0.65}"
    layers = f"[{upper}, {{name: reticular_dermis, thickness_um: 2 mm, water_fraction: 0.7}}]"
    path.write_text(f"device: Fraxel re:store\nskin: {{layers: {layers}}}\n", encoding="utf-8")
    found = read_exposure(path).skin.skin()

    assert [x.thickness_um for x in found.layers] == [80.0, 2000.0]
    path.write_text(
        "device: Fraxel re:store\nskin: {layers: [{name: subcutis, thickness_um: 80, water_fraction: 0.1}]}\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match="at least a layer named epidermis"):
        read_exposure(path)


def test_cancelled_simulation_writes_nothing(tmp_path: Path) -> None:
    """A cancelled run leaves no folder behind."""
    answers = iter([False, False, True])
    with pytest.raises(CancelledError, match="nothing was written"):
        simulate(EXAMPLES / "fractional-co2.yaml", tmp_path / "out", cancelled=lambda: next(answers))

    assert not (tmp_path / "out").exists()


def test_cooling_object_without_kind_is_air() -> None:
    """The default cooling is none: the surface loses heat to room air only."""
    assert Cooling().kind == "none"
