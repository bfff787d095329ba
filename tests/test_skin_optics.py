"""Optical properties of the layers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recutis import evidence, skin
from recutis.errors import OutOfRangeError
from recutis.sites import PHOTOTYPES, SITES
from recutis.skin.optics import anisotropy, melanin_mua_cm

LASERS_NM = (
    308, 355, 532, 585, 595, 694, 755, 1064, 1320, 1340, 1410, 1440, 1450, 1470, 1540, 1550, 1565, 1726, 1927, 1940, 2010, 2500,
    2790, 2940, 3800, 6100, 6450, 9300, 10600,
)  # fmt: skip
CHEEK = skin.build(site="cheek", age_years=45, phototype="III", sex="female")
BARE = skin.Layer(
    name="reticular_dermis", thickness_um=1000, low_um=900, high_um=1100, water_fraction=0.0, melanin_fraction=0.0,
    blood_fraction=0.0, sources=(),
)  # fmt: skip


def skin_with(layer: skin.Layer) -> skin.Skin:
    """A skin of this one layer."""
    return skin.Skin(
        site="cheek", age_years=45, sex="female", phototype="III", layers=(layer,), follicle_density_cm2=1,
        surface_temperature_C=33, sources=(),
    )  # fmt: skip


def of_layer(name: str, nm: float, of: skin.Skin = CHEEK) -> skin.LayerOptics:
    """Optics of one layer of a skin."""
    return next(x for x in skin.layer_optics(of, nm) if x.name == name)


@pytest.mark.parametrize("nm", LASERS_NM)
@pytest.mark.parametrize("site", SITES)
def test_ranges_bracket_the_value_at_every_laser_line(nm, site):
    """Low ≤ value ≤ high for absorption and scattering, in all layers, sites and the extreme phototypes."""
    for phototype in ("I", "VI"):
        of = skin.build(site=site, age_years=60, phototype=phototype, sex="male")
        for x in skin.layer_optics(of, nm):
            assert 0 < x.mua_low_cm < x.mua_cm < x.mua_high_cm, x
            assert 0 < x.musp_low_cm <= x.musp_cm <= x.musp_high_cm, x
            assert 0 < x.g < 1
            assert 1 < x.n < 1.6
            assert {row.id for row in evidence.cite(x.sources)} == set(x.sources)


def test_water_absorbs_as_segelstein_says_at_1927_nm():
    """123/cm, not the 48/cm that the coarse Hale & Querry grid gives by interpolation."""
    assert skin.water_mua_cm(1927) == pytest.approx(123, rel=0.005)
    assert skin.water_mua_cm(1320) == pytest.approx(1.799, rel=0.005)


@given(nm=st.floats(300, 10700))
def test_water_lies_between_its_neighbouring_rows(nm):
    """Interpolation never leaves the interval of the two rows around it."""
    rows = sorted(
        (float(row.id.removeprefix("water_mua_").removesuffix("nm")), row.value)
        for row in evidence.rows("optics")
        if row.id.removeprefix("water_mua_").removesuffix("nm").isdigit()
    )
    before = max(x for x in rows if x[0] <= nm)
    after = min(x for x in rows if x[0] >= nm)

    low, high = sorted((before[1], after[1]))
    assert low * (1 - 1e-9) <= skin.water_mua_cm(nm) <= high * (1 + 1e-9)


# Segelstein 1981 at wavelengths (nm) between our rows, 1/cm, from the full tabulation from which the rows were picked.
HELD_OUT_WATER = (
    (427, 0.0003324), (487, 0.0001865), (523, 0.0003877), (607, 0.002432), (663, 0.003763), (727, 0.01788), (783, 0.02195),
    (843, 0.03873), (903, 0.06992), (969, 0.4525), (1033, 0.2321), (1117, 0.2824), (1187, 1.242), (1253, 1.096), (1293, 1.225),
    (1367, 4.858), (1397, 12.49), (1423, 29.44), (1457, 31.14), (1503, 18.07), (1611, 6.867), (1683, 5.625), (1777, 8.533),
    (1837, 10.33), (1893, 67.31), (1963, 105.1), (2057, 39.22),
)  # fmt: skip
HELD_OUT_FAR_WATER = (
    (317, 0.001295), (343, 0.0009878), (371, 0.0007103), (2213, 19.3), (2377, 40.69), (2555, 106.5), (2666, 337.0), (2715, 934.3),
    (2860, 9230.0), (3041, 10100.0), (3177, 4379.0), (3333, 1134.0), (3519, 297.5), (3800, 112.5), (4171, 196.1), (4777, 400.7),
    (5333, 232.3), (5911, 1407.0), (6111, 2613.0), (6452, 818.4), (7111, 565.4), (8234, 538.3), (9300, 573.4), (9604, 594.9),
    (10250, 694.9),
)  # fmt: skip
# Bosschaart et al. 2014, oxygenated and deoxygenated whole blood, in the same way.
HELD_OUT_BLOOD = (
    (408, 1107.0, 960.9), (427, 977.8, 1482.0), (446, 382.1, 743.0), (487, 127.3, 77.75), (523, 149.9, 148.6),
    (543, 270.5, 236.0), (567, 218.0, 244.0), (589, 112.0, 147.6), (607, 12.58, 49.58), (663, 1.44, 16.04), (727, 1.94, 7.12),
    (783, 3.36, 5.6), (843, 4.8, 4.3), (903, 5.66, 4.66), (969, 6.88, 3.24), (1033, 5.68, 2.4), (1187, 3.34, 2.1),
    (1293, 1.72, 1.72), (1397, 15.24, 14.06), (1503, 16.62, 17.66), (1683, 5.7, 5.66), (1837, 7.88, 9.16), (1963, 69.66, 69.38),
)  # fmt: skip
INTERPOLATION = 0.035  # the rows were picked so that lines between them stay within 3 %; values are rounded to four figures


@pytest.mark.parametrize(("nm", "expected"), HELD_OUT_WATER)
def test_interpolated_water_meets_the_full_tabulation(nm, expected):
    """Between the rows, log-linear interpolation gives what the full tabulation holds."""
    assert skin.water_mua_cm(nm) == pytest.approx(expected, rel=INTERPOLATION)


@pytest.mark.parametrize(("nm", "expected"), HELD_OUT_FAR_WATER)
def test_water_beyond_the_near_infrared_meets_the_full_tabulation_within_a_percent(nm, expected):
    """In the ultraviolet and from 2.1 to 10.7 µm the rows are dense enough for one per cent."""
    assert skin.water_mua_cm(nm) == pytest.approx(expected, rel=0.0105)


def test_ultraviolet_is_held_by_the_epidermis():
    """Epidermal absorption rises steeply below 340 nm, above that of the dermis; light reaches the basal layer in part."""
    upper = [of_layer("epidermis", nm).mua_cm for nm in (355, 330, 308, 300)]
    assert (np.diff(upper) > 0).all()
    assert of_layer("epidermis", 308).mua_cm > 3 * of_layer("reticular_dermis", 308).mua_cm


def test_index_beyond_the_near_infrared_follows_the_water_of_the_layer():
    """Continuous at 2.1 µm; a wet layer dips with water at 2.79 µm, a dry one hardly."""
    for name in ("stratum_corneum", "reticular_dermis"):
        assert of_layer(name, 2100.01).n == pytest.approx(of_layer(name, 2099.99).n, abs=1e-3)
    assert of_layer("reticular_dermis", 2790).n < of_layer("reticular_dermis", 2100).n - 0.08
    assert of_layer("stratum_corneum", 2790).n > of_layer("stratum_corneum", 2100).n - 0.05


@pytest.mark.parametrize(("nm", "oxygenated", "deoxygenated"), HELD_OUT_BLOOD)
def test_interpolated_blood_meets_the_full_tabulation(nm, oxygenated, deoxygenated):
    """The same for whole blood of either saturation, the Soret and Q bands included."""
    assert skin.vessel_blood_mua_cm(nm, saturation=1) == pytest.approx(oxygenated, rel=INTERPOLATION)
    assert skin.vessel_blood_mua_cm(nm, saturation=0) == pytest.approx(deoxygenated, rel=INTERPOLATION)


@pytest.mark.parametrize("form", ["HbO2", "Hb"])
@pytest.mark.parametrize("nm", [532, 577, 585, 595, 694, 755])
def test_haemoglobin_rows_are_decadic_and_absorption_is_napierian(form, nm):
    """Blood absorption is ln(10) times extinction times concentration; forgetting the 2.303 would show."""
    molar = evidence.value(f"{form}_molar_extinction_{nm}nm")
    grams = evidence.value("hemoglobin_concentration_whole_blood")
    expected = math.log(10) * molar * grams / 64500  # g/mol of the tetramer, as the rows say

    assert evidence.value(f"{form}_blood_mua_{nm}nm") == pytest.approx(expected, rel=1e-3)
    assert math.log(10) == pytest.approx(2.303, abs=1e-3)


@pytest.mark.parametrize("nm", [532, 577, 585])
def test_vessel_blood_agrees_with_haemoglobin_but_for_flattening(nm):
    """Whole blood absorbs as dissolved haemoglobin of 150 g/L does, less the flattening by cells: within 20 %."""
    assert skin.vessel_blood_mua_cm(nm, saturation=1) == pytest.approx(evidence.value(f"HbO2_blood_mua_{nm}nm"), rel=0.2)
    assert skin.vessel_blood_mua_cm(nm, saturation=0) == pytest.approx(evidence.value(f"Hb_blood_mua_{nm}nm"), rel=0.2)


def test_vessel_blood_is_a_mixture_by_saturation():
    """Absorption at a saturation lies on the straight line between full and none."""
    full, none = skin.vessel_blood_mua_cm(595, saturation=1), skin.vessel_blood_mua_cm(595, saturation=0)

    assert skin.vessel_blood_mua_cm(595, saturation=0.25) == pytest.approx(0.25 * full + 0.75 * none)
    assert skin.vessel_blood_mua_cm(595) == pytest.approx(0.67 * full + 0.33 * none)


def test_melanosomes_follow_the_formula_their_fractions_belong_to():
    """The values beside formula b in the tables come out in the visible; at 1064 nm melanin has fallen a little further."""
    for nm, expected in ((532, 552), (694, 228), (755, 172)):
        assert float(skin.melanosome_mua_cm(nm)) == pytest.approx(expected, rel=0.01)
    assert 0.6 * 55 < float(skin.melanosome_mua_cm(1064)) < 55


def test_melanin_falls_in_the_infrared_as_that_of_the_eye():
    """Thresholds of bovine melanosomes, 0.159, 0.5, 2.6 and 4.5 J/cm² at 800, 1000, 1319 and 1540 nm, are met within 40 %."""
    thresholds = {800.0: 0.159, 1000.0: 0.5, 1319.0: 2.6, 1540.0: 4.5}
    product = [float(skin.melanosome_mua_cm(nm)) * value for nm, value in thresholds.items()]
    middle = math.exp(np.mean(np.log(product)))

    assert all(middle / 1.4 < x < middle * 1.4 for x in product)


def test_absorption_of_melanosomes_has_no_kink():
    """Power law and exponential meet with one slope: the second difference of the logarithm stays small."""
    nm = np.arange(500.0, 1600.0, 5.0)
    slope = np.diff(np.log(skin.melanosome_mua_cm(nm))) / 5.0

    assert (slope < 0).all()
    assert np.abs(np.diff(slope)).max() < 1.5e-4


def test_clumps_shade_themselves_where_melanin_is_strong_only():
    """Beyond 1 µm all melanin counts, within 3 %; in the violet a fifth and more is lost; thin clumps lose nothing anywhere."""
    share = {nm: float(melanin_mua_cm(nm) / skin.melanosome_mua_cm(nm)) for nm in (355.0, 400.0, 694.0, 1064.0, 1540.0)}

    assert share[1064.0] > 0.97
    assert share[1540.0] > 0.99
    assert share[355.0] < share[400.0] < 0.8 < share[694.0] < 1.0


@given(nm=st.floats(400, 2000))
def test_shading_is_that_of_a_slab_of_melanosome(nm):
    """The closed form is the mean of exp(-mua s) over the clump: 400 even steps agree to a part in 10 000."""
    mua, deep = float(skin.melanosome_mua_cm(nm)), evidence.value("skin.melanin_clump") * 1e-4
    s = (np.arange(400) + 0.5) / 400 * deep

    assert float(melanin_mua_cm(nm)) == pytest.approx(mua * np.exp(-mua * s).mean(), rel=1e-4)


def test_epidermal_melanin_absorption_is_that_of_in_vivo_reflectance():
    """At 694 nm the whole-epidermis mean lies within what Svaasand 1995 measured: 3-12/cm fair, 25/cm African."""
    mean = {p: evidence.value(f"epidermal_melanosome_fraction_Fitzpatrick_{p}") * skin.melanosome_mua_cm(694) for p in PHOTOTYPES}

    assert all(3 <= mean[p] <= 12 for p in ("I", "II", "III"))
    assert mean["IV"] < evidence.value("epidermal_melanin_mua_694nm_African") < mean["VI"]


def test_mixture_is_linear_in_its_parts():
    """A layer half of blood and half of the rest absorbs the mean of both."""
    changed = {"thickness_um": 1000, "low_um": 900, "high_um": 1100, "melanin_fraction": 0.0, "sources": ()}
    mixed = skin.Layer(name="reticular_dermis", water_fraction=0.0, blood_fraction=0.5, **changed)
    rest = skin.layer_optics(skin_with(BARE), 585)[0].mua_cm

    expected = 0.5 * skin.vessel_blood_mua_cm(585) + 0.5 * rest
    assert skin.layer_optics(skin_with(mixed), 585)[0].mua_cm == pytest.approx(expected)


def test_dry_bloodless_layer_is_matrix_alone():
    """Without water, blood and melanin the baseline formula of Jacques 1998 remains."""
    found = skin.layer_optics(skin_with(BARE), 700)[0].mua_cm

    assert found == pytest.approx(0.244 + 85.3 * math.exp(-(700 - 154) / 66.2), rel=1e-3)


@pytest.mark.parametrize("nm", [500, 600, 755, 1064])
def test_basal_absorption_rises_with_phototype(nm):
    """More melanin absorbs more, all else equal; the dermis does not change."""
    skins = [skin.build(site="cheek", age_years=45, phototype=p, sex="female") for p in PHOTOTYPES]
    epidermis = [of_layer("epidermis", nm, x).mua_cm for x in skins]

    assert (np.diff(epidermis) > 0).all()
    assert len({of_layer("reticular_dermis", nm, x).mua_cm for x in skins}) == 1


def test_pigment_matters_less_and_less_towards_the_infrared():
    """Dark over light absorption of the epidermis falls from the green to 1064 nm and is nearly one at 1550 nm."""
    light, dark = (skin.build(site="cheek", age_years=45, phototype=p, sex="female") for p in ("I", "VI"))
    ratio = [of_layer("epidermis", nm, dark).mua_cm / of_layer("epidermis", nm, light).mua_cm for nm in (532, 755, 1064, 1550)]

    assert (np.diff(ratio) < 0).all()
    assert ratio[-1] < 1.5


def test_dermal_scattering_is_the_power_law_and_its_range_holds_the_rivals():
    """About 9.2/cm at 1550 nm, and the ex-vivo 17.3/cm within the range."""
    found = of_layer("reticular_dermis", 1550)

    assert found.musp_cm == pytest.approx(9.2, rel=0.01)
    assert found.musp_low_cm < found.musp_cm < 17.3 <= found.musp_high_cm * (1 + 1e-12)


def test_measured_dermal_absorption_lies_near_the_mixture_of_bloodless_dermis():
    """From 1320 nm on, the mixture meets what was measured ex vivo on drained dermis within 40 %."""
    for nm in (1320, 1440, 1550):
        measured = evidence.value(f"mua_dermis_exvivo_{nm}nm")
        assert of_layer("reticular_dermis", nm).mua_cm == pytest.approx(measured, rel=0.4)


def test_optics_are_continuous_in_wavelength():
    """A step of a tenth of a nanometre changes absorption and scattering by less than two percent, joints of sources included."""
    grid = np.unique(
        np.concatenate(
            [
                np.arange(c - 1, c + 1, 0.1)
                for c in (351, 400, 500, 577, 1100, 1320, 1557, 1602, 1927, 1995, 2099, 2101, 2780, 10500)
            ]
        )
    )
    table = skin.spectrum(CHEEK, [float(x) for x in grid])
    near = np.isclose(np.diff(grid), 0.1)

    for name in ("mua", "musp", "g"):
        change = np.abs(np.diff(np.log(table[name].values), axis=1))[:, near]
        assert change.max() < 0.02, name


def test_scattering_falls_with_wavelength():
    """Reduced scattering falls monotonically, in the epidermis faster than in proportion to 1/wavelength in the visible."""
    table = skin.spectrum(CHEEK, [float(x) for x in (*range(300, 2101, 25), 2800, 3800, 6000, 10600)])

    assert (np.diff(table["musp"].values, axis=1) < 0).all()


def test_anisotropy_never_reaches_one():
    """The visible line would pass 1 beyond 1300 nm; it is held at 0.9."""
    assert float(anisotropy(500)) == pytest.approx(0.765)
    assert float(anisotropy(2000)) == 0.9


def test_mid_infrared_penetration_is_as_quoted():
    """1/e depth in the dermis: about 17-20 µm at 10.6 µm by water alone, 1.2 µm at 2.94 µm, 3 µm at 2.79 µm."""
    depth = {nm: 1e4 / (of_layer("reticular_dermis", nm).mua_cm) for nm in (2790, 2940, 10600)}

    assert depth[2940] == pytest.approx(1.2, rel=0.1)
    assert depth[2790] == pytest.approx(3, rel=0.15)
    assert 8 < depth[10600] < 20


@pytest.mark.parametrize("nm", [193, 299.9, 10700.1, 11000])
def test_wavelength_outside_the_data_is_refused(nm):
    """The error names the covered range and the wavelength."""
    with pytest.raises(OutOfRangeError, match=rf"known at 300-10700 nm; asked for {nm:g} nm"):
        skin.layer_optics(CHEEK, nm)
    with pytest.raises(OutOfRangeError, match="asked for"):
        skin.vessel_blood_mua_cm(nm)


def test_spectrum_is_layer_optics_side_by_side():
    """The dataset holds the same numbers, with units and the skin in its attributes."""
    table = skin.spectrum(CHEEK, [532.0, 1550.0])
    one = skin.layer_optics(CHEEK, 1550.0)

    assert table["mua"].attrs["units"] == "1/cm"
    assert table.attrs["phototype"] == "III"
    assert list(table["mua"].sel(wavelength_nm=1550.0).values) == [x.mua_cm for x in one]
    assert list(table["musp_high"].sel(wavelength_nm=1550.0).values) == [x.musp_high_cm for x in one]
