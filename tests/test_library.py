"""The response library: its grid and weights, what it is to the physics at nodes and between them, laws, limits, staleness."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from recutis import evidence, library_commands
from recutis.cli import app
from recutis.errors import OutOfRangeError
from recutis.injury.simulate import injure
from recutis.injury.types import Injury
from recutis.laser import candidate_settings, catalogue, device, expose
from recutis.laser.types import Device, Exposure, Limit, Settings
from recutis.plan.library import Library, library
from recutis.plan.library import build as making
from recutis.plan.library.check import errors, random_skin, sample
from recutis.plan.library.grid import Part, parts_of
from recutis.plan.library.provider import STATED
from recutis.plan.library.ship import stale
from recutis.plan.library.skins import SkinNode, nodes, stored_sites, weights
from recutis.plan.library.spots import dead_zone, death_of, equal_C
from recutis.plan.library.store import TABLES, key_of, shipped_file
from recutis.plan.library.table import Axis, Table, geometric, shortened
from recutis.sites import PHOTOTYPES, SITES
from recutis.skin import build, lesion
from recutis.skin.types import Skin

CHEEK = build(site="cheek", age_years=45, phototype="II", sex="female")
LARGEST_BYTES = 12e6
CELL_UM = 4.0  # of the grid on which the physics finds dead zones; the library's run through between cells
WILD_PCT = 50.0
DEEPEST_STACK = 8  # of 51 mJ pulses in 200 µm: beyond the tissue of the channel model in thin skin
QUICK = (  # devices of every kind whose exact runs take milliseconds
    "UltraPulse CPG", "Sciton Contour TRL", "UltraPulse DeepFX", "Lux2940", "Fraxel re:store", "Lux1540 / Icon XD", "SmoothBeam",
    "Candela Vbeam Perfecta", "excel V 532", "QS ruby", "PicoWay 1064", "Candela GentleLASE pigment", "1726 nm acne laser",
)  # fmt: skip
BUILT = st.builds(
    build, site=st.sampled_from(SITES), age_years=st.floats(18.0, 95.0), phototype=st.sampled_from(PHOTOTYPES),
    sex=st.sampled_from(("female", "male")), tanned=st.booleans(),
)  # fmt: skip


# -- what ships ------------------------------------------------------------------------------------------------------------------


def test_the_library_that_ships_belongs_to_this_physics() -> None:
    """Evidence, table of channels, devices and grids are those that it was made from, and every class states an error."""
    assert stale() == ()


def test_the_library_is_small() -> None:
    """It travels with the package."""
    assert shipped_file().stat().st_size < LARGEST_BYTES


def test_every_row_behind_an_injury_is_in_the_tables_of_the_key() -> None:
    """So no number can change without the library becoming stale."""
    skin = build(site="hands", age_years=50, phototype="V", sex="male", tanned=True)
    spot = lesion("age_spots", skin)
    behind = {
        evidence.get(row).table
        for one in catalogue()
        for exposure in [expose(one, candidate_settings(one)[0])]
        for row in (*library().injure(exposure, skin, lesion=spot).sources, *exposure.cooling.sources, *spot.sources)
    }

    assert behind <= set(TABLES)


# -- skins -----------------------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(skin=BUILT, melanin=st.booleans())
def test_weights_of_skins_add_up(skin: Skin, melanin: bool) -> None:
    """What is the same in all stored skins is the same in every other."""
    found = weights(skin, melanin=melanin)

    assert found is not None
    assert found.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("melanin", [False, True])
def test_a_stored_skin_is_itself(melanin: bool) -> None:
    """Its own weight is one, all others are nothing."""
    found = np.array([weights(node.skin(), melanin=melanin) for node in nodes(melanin=melanin)])

    assert found == pytest.approx(np.eye(len(found)), abs=1e-9)


def test_water_is_the_same_in_all_skins() -> None:
    """Sites, ages, sexes and phototypes do not differ in water, so the library needs no axis of it."""
    waters = {
        tuple(layer.water_fraction for layer in build(site=site, age_years=age, phototype=phototype, sex=sex).layers)
        for site in SITES for age in (20.0, 90.0) for phototype in ("I", "VI") for sex in ("female", "male")
    }  # fmt: skip

    assert len(waters) == 1


def test_every_site_is_stored_or_another_ones_twin() -> None:
    """The whole face is laid as the site that its row names."""
    assert set(SITES) - set(stored_sites()) == {"full_face"}


# -- tables ----------------------------------------------------------------------------------------------------------------------


@given(low=st.floats(0.01, 100.0), ratio=st.floats(1.0, 1000.0), step=st.floats(1.2, 3.0))
def test_nodes_run_from_end_to_end_in_equal_ratios(low: float, ratio: float, step: float) -> None:
    """No ratio is larger than asked for."""
    found = np.array(geometric(low, low * ratio, step=step))

    assert found[-1] == pytest.approx(low * ratio)
    assert found.size == 1 or found[0] == low
    assert (np.diff(np.log(found)) <= math.log(step) * (1 + 1e-4)).all()


@settings(max_examples=60)
@given(
    values=st.lists(st.integers(-5000, 5000), min_size=2, max_size=7), places=st.lists(st.floats(0.0, 1.0), min_size=2, max_size=9),
    other=st.floats(1.0, 10.0),
)  # fmt: skip
def test_between_nodes_nothing_overshoots(values: list[int], places: list[float], other: float) -> None:
    """Along the dose values that rise from node to node rise in between, and end at the nodes' own."""
    rising = np.sort(values) / 100.0
    dose = Axis(name="fluence_J_cm2", nodes=tuple(float(2.0**i) for i in range(rising.size)))
    outer = Axis(name="spot_mm", nodes=(1.0, 10.0))
    table = Table.of((outer,), dose, np.zeros((2, 0)), np.repeat(rising[None, :, None], 2, axis=0))
    asked = 2.0 ** (np.sort(places) * (rising.size - 1))
    _, found, known = table.at(np.column_stack((np.full(asked.size, other), asked)))

    assert known.all()
    assert (np.diff(found[:, 0]) >= -1e-9).all()
    assert found.min() >= rising[0] - 1e-9
    assert found.max() <= rising[-1] + 1e-9


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_shortened_numbers_lose_little(values: list[float]) -> None:
    """A few parts in ten thousand."""
    assert shortened(np.array(values)) == pytest.approx(np.array(values), rel=3e-4, abs=1e-30)


@given(death=st.floats(1e-6, 1e6))
def test_temperature_stands_for_damage(death: float) -> None:
    """There and back."""
    assert float(death_of(equal_C(np.array(death)))) == pytest.approx(death, rel=1e-6)


def test_a_dead_zone_lies_where_damage_passes_one() -> None:
    """On lines between depths; alive throughout is no zone, dead from the surface begins at 0."""
    edge = float(equal_C(np.array(1.0)))
    depths = np.array([2.0, 10.0, 20.0, 40.0])
    warm = edge + np.array([[-10.0, 10.0, 10.0, -10.0], [5.0, 5.0, -5.0, -9.0], [-1.0, -1.0, -1.0, -1.0]])
    found = dead_zone(warm, depths)

    assert found.top_um == pytest.approx([6.0, 0.0, 0.0])
    assert found.bottom_um == pytest.approx([30.0, 15.0, 0.0])


# -- agreement with the physics --------------------------------------------------------------------------------------------------


def _at_node(one: Device, part: Part, rng: np.random.Generator) -> Exposure:
    """The exposure of a random node that the device allows."""
    while True:
        place = tuple(int(rng.integers(size)) for size in part.shape)
        panel = part.values(place)
        if "depth_um" in one.panel and "fluence_J_cm2" not in one.panel:
            panel = {"depth_um": panel["fluence_J_cm2"] * evidence.value("LAS-ERYAG-RULE")}
        if "fluence_J_cm2" in panel and "fluence_J_cm2" not in one.panel:
            footprint = math.pi * (one.microbeam_um or 0.0) ** 2 / 4e8
            panel["energy_mJ"] = panel.pop("fluence_J_cm2") * footprint * 1e3
        count = {name: int(panel.pop(name)) for name in ("stack", "passes") if name in panel}
        try:
            return expose(one, Settings(**panel, **count))  # type: ignore[arg-type]
        except OutOfRangeError:
            continue


def _same(exact: Injury, near: Injury, skin: Skin) -> None:
    """Equal but for what single precision loses, and for dead zones that the physics tells cell by cell."""
    off = errors(exact, near, skin)
    by_cells = {"lesion_depth_um", "injured_dermis_um", "coverage_fraction", "epidermis_killed_fraction", "dead_zone"}
    loose = set() if exact.fractional or exact.ablation_depth_um > 0 else by_cells
    rest = {name: value for name, value in off.items() if name not in loose}

    assert max(rest.values(), default=0.0) < 0.6, rest
    if loose and exact.lesion_depth_um > 0 and near.lesion_depth_um > 0:
        deep = exact.lesion_depth_um
        assert abs(near.lesion_depth_um - deep) < CELL_UM + 0.08 * max(deep - 400.0, 0.0)


@pytest.mark.parametrize("name", QUICK)
def test_a_node_is_what_the_physics_says(name: str) -> None:
    """At stored settings in a stored skin there is nothing between the library and a fresh run."""
    one, rng = device(name), np.random.default_rng(len(name))
    part = parts_of(one)[0]
    held = nodes(melanin=part.kind == "spot")
    for _ in range(3):
        exposure, skin = _at_node(one, part, rng), held[int(rng.integers(len(held)))].skin()
        if part.kind == "channel":
            skin = CHEEK
        _same(injure(exposure, skin), library().injure(exposure, skin), skin)


def test_between_nodes_errors_are_as_stated() -> None:
    """Nine in ten stay below the stated error: of a sample from all quick devices, four in five at least, and none is wild."""
    rng = np.random.default_rng(11)
    below, worst = [], 0.0
    for name in QUICK:
        one = device(name)
        for _ in range(4):
            drawn = sample(one, library(), rng)
            assert drawn is not None
            exact = injure(drawn.exposure, drawn.skin, lesion=drawn.lesion)
            near = library().injure(drawn.exposure, drawn.skin, lesion=drawn.lesion)
            off = {key: value for key, value in errors(exact, near, drawn.skin).items() if key in STATED}
            below += [value <= library().error_pct(one) + 0.1 for value in off.values()]
            worst = max(worst, *off.values(), 0.0)

    assert np.mean(below) > 0.8
    assert worst < WILD_PCT


def test_the_error_told_holds_both_errors() -> None:
    """Root of the squares of the physics' own error and of the library's."""
    exposure = expose(device("Fraxel re:store"), Settings(energy_mJ=25.0, density_pct=5.0, passes=4))
    near, exact = library().injure(exposure, CHEEK), injure(exposure, CHEEK)

    assert near.error_pct == pytest.approx(math.hypot(exact.error_pct, library().error_pct(exposure.device)))
    assert near.fidelity == "interpolated in the response library: columns of coagulation"
    assert set(near.sources) == set(exact.sources)


# -- laws ------------------------------------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(
    skin=BUILT,
    shares=st.lists(st.floats(0.0, 1.0), min_size=2, max_size=6),
    name=st.sampled_from(("UltraPulse DeepFX", "Fraxel re:store")),
)
def test_more_energy_reaches_deeper(skin: Skin, shares: list[float], name: str) -> None:
    """In every skin."""
    one = device(name)
    low, high = one.limits["energy_mJ"].low, one.limits["energy_mJ"].high
    energies = low + (high - low) * np.sort(shares)
    exposures = [expose(one, Settings(energy_mJ=float(x), density_pct=5.0)) for x in energies]
    depths = [injury.lesion_depth_um for injury in library().injure_all(exposures, skin)]

    assert (np.diff(depths) >= -0.5).all()


@settings(max_examples=25)
@given(skin=BUILT, fluence=st.floats(2.0, 4.9), spot=st.floats(2.5, 4.9))
def test_targets_get_what_is_given(skin: Skin, fluence: float, spot: float) -> None:
    """Twice the exposure is twice the ratio of pigment."""
    one = device("QS ruby")
    few, twice = (
        library().injure(expose(one, Settings(fluence_J_cm2=x, spot_mm=spot)), skin, lesion=lesion("freckles", skin))
        for x in (fluence, 2 * fluence)
    )

    assert twice.pigment_ratio == pytest.approx(2 * few.pigment_ratio, rel=1e-6)
    assert twice.purpura_ratio == pytest.approx(2 * few.purpura_ratio, rel=1e-6)
    assert twice.pigment_depth_um >= few.pigment_depth_um


def test_more_passes_leave_less() -> None:
    """Of the living basal layer, in columns and under wide spots."""
    for name, given_ in (
        ("Fraxel re:store", {"energy_mJ": 20.0, "density_pct": 5.0}),
        ("Cynosure V-Star 585", {"fluence_J_cm2": 9.0}),
    ):
        left = [
            library().injure(expose(device(name), Settings(**given_, passes=count)), CHEEK).basal_survival  # type: ignore[arg-type]
            for count in (1, 2)
        ]
        assert left[1] < left[0]


# -- as a provider ---------------------------------------------------------------------------------------------------------------


def test_all_at_once_is_one_by_one() -> None:
    """Whatever the order, the devices and the lesions."""
    exposures, lesions = [], []
    for name in ("excel V 532", "UltraPulse DeepFX", "Sciton Halo"):
        some = candidate_settings(device(name))[::20]
        exposures += [expose(device(name), one) for one in some]
        lesions += [lesion("age_spots", CHEEK) if number % 2 else None for number in range(len(some))]
    order = np.random.default_rng(2).permutation(len(exposures))
    mixed = library().injure_all([exposures[i] for i in order], CHEEK, [lesions[i] for i in order])

    assert mixed == [library().injure(exposures[i], CHEEK, lesion=lesions[i]) for i in order]


@pytest.mark.parametrize("one", catalogue(), ids=lambda one: one.name)
def test_every_candidate_setting_is_covered(one: Device) -> None:
    """Of every device, in every kind of lesion that the planner lays into a skin; but for stacks deeper than the model's tissue."""
    skin = build(site="eyelid", age_years=71, phototype="VI", sex="male", tanned=True)
    exposures = [expose(one, item) for item in candidate_settings(one)]
    kinds = ("melasma", "age_spots", "freckles", "facial_veins", "acne_prone", "fine_lines")

    beyond = [one for i, one in enumerate(exposures) if not library().covers(one, skin, lesion=lesion(kinds[i % 6], skin))]

    assert {exposure.stack for exposure in beyond} <= {DEEPEST_STACK}
    assert len(beyond) <= len(exposures) / 4


def test_it_says_what_it_does_not_reach() -> None:
    """Other cooling, skins and lesions of one's own, ages beyond its line, devices without a part."""
    one = device("Candela Vbeam Perfecta")
    exposure = expose(one, Settings(fluence_J_cm2=8.0, spot_mm=7.0, duration_ms=6.0))
    thick = replace(CHEEK, layers=(replace(CHEEK.layers[0], thickness_um=40.0), *CHEEK.layers[1:]))
    old = build(site="cheek", age_years=101, phototype="II", sex="female")
    pale = replace(lesion("melasma", CHEEK), melanin_factor=1.3)
    own = replace(one, name="mine", repetition_Hz=3.0)

    assert library().covers(exposure, CHEEK)
    assert not library().covers(replace(exposure, cooling=replace(exposure.cooling, before_ms=99.0)), CHEEK)
    assert not library().covers(exposure, thick)
    assert not library().covers(exposure, old)
    assert not library().covers(exposure, CHEEK, lesion=pale)
    assert not library().covers(replace(exposure, device=own), CHEEK)
    with pytest.raises(OutOfRangeError, match="does not reach these settings of Candela Vbeam Perfecta"):
        library().injure(exposure, thick)
    with pytest.raises(OutOfRangeError, match="no part for mine; add the device to it, or run the exact physics"):
        library().injure(replace(exposure, device=own), CHEEK)


# -- making it -------------------------------------------------------------------------------------------------------------------


def _small(name: str, high: float) -> Device:
    """An erbium laser of one's own with few nodes."""
    pearl = device("Cutera Pearl")
    fixed = {
        "duration_ms": Limit(low=0.4, high=0.4, typical=0.4, unit="ms"),
        "passes": Limit(low=1, high=1, typical=1, unit="passes"),
    }
    fluence = {"fluence_J_cm2": Limit(low=2.0, high=high, typical=2.0, unit="J/cm²")}
    return replace(pearl, name=name, limits={**pearl.limits, **fixed, **fluence})


def test_a_device_of_ones_own_is_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With progress; what is kept serves the next process, and is found by what the device is, not by its name."""
    own, told = _small("mine", 3.0), []
    first = Library(folder=tmp_path)
    assert not first.holds(own)
    first.add(own, progress=told.append)
    exposure = expose(own, Settings(fluence_J_cm2=2.0))
    off = errors(injure(exposure, CHEEK), first.injure(exposure, CHEEK), CHEEK)
    monkeypatch.setattr(making, "_done", None)  # nothing may be computed any more
    again = Library(folder=tmp_path)
    again.add(replace(own, name="renamed"))

    assert told[-1] == pytest.approx(1.0)
    assert max(value for name, value in off.items() if name in STATED) < 3.0
    assert again.injure(exposure, CHEEK) == first.injure(exposure, CHEEK)
    assert not again.holds(_small("mine", 4.0))
    assert 0.0 < again.error_pct(own) < 30.0


def test_what_is_finished_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was stopped goes on with the devices that are not whole."""
    devices, done = [_small("first", 2.5), _small("second", 3.0)], []
    making.make(devices, folder=tmp_path, cancelled=lambda: making.kept(devices[0], tmp_path) is not None)
    assert making.kept(devices[1], tmp_path) is None
    run = making._done

    def counted(job: making.Job) -> object:
        done.append(job.device.name)
        return run(job)

    monkeypatch.setattr(making, "_done", counted)
    making.make(devices, folder=tmp_path)

    assert set(done) == {"second"}
    assert making.kept(devices[1], tmp_path) is not None


def test_a_damaged_file_is_no_part(tmp_path: Path) -> None:
    """It is computed anew instead."""
    own = _small("mine", 3.0)
    (tmp_path / f"{key_of(own)}.nc").write_bytes(b"not a library")

    assert making.kept(own, tmp_path) is None
    assert not Library(folder=tmp_path).holds(own)


def test_the_key_is_of_the_device_and_the_physics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another spot, limit or cooling is another key; another name, density or speed is not."""
    one = device("Fraxel re:store")
    same = replace(one, name="x", notes="y", speed_cm2_min=None)
    denser = replace(one, limits={**one.limits, "density_pct": Limit(low=1.0, high=2.0, typical=1.0, unit="%")})

    assert key_of(one) == key_of(same) == key_of(denser)
    assert len({key_of(x) for x in (one, replace(one, microbeam_um=140.0), replace(one, cooling="none"))}) == 3
    before = key_of(one)
    monkeypatch.setattr("recutis.plan.library.store.physics_digest", lambda: "other")
    assert key_of(one) != before


def test_the_command_line_tells_the_errors() -> None:
    """As JSON: number of samples, median, 90 % and worst of each quantity."""
    arguments = ["library", "check", "--samples", "2", "--workers", "1", "--device", "Clear + Brilliant 1440", "--json"]
    done = CliRunner().invoke(app, arguments)
    document = json.loads(done.stdout)

    assert done.exit_code == 0
    assert document["nonablative_fractional_1440"]["lesion_depth_um"][0] == 2


def test_nodes_of_melanin_are_darker_and_darker() -> None:
    """The curve of the centre runs through all phototypes."""
    curve = [node for node in nodes(melanin=True) if node.site == "cheek" and node.sex == "female" and node.age_years == 25.0]

    assert [node.phototype for node in curve] == ["I", "II", "III", "IV", "IV", "V", "V", "VI"]
    assert SkinNode(site="cheek", phototype="I") in curve
    assert random_skin(np.random.default_rng(0)).site in SITES


def test_a_clinic_without_devices_of_its_own_needs_nothing_added(tmp_path: Path) -> None:
    """The command says that everything is there already; a file that is none is refused in a sentence."""
    clinic = tmp_path / "clinic.yaml"
    clinic.write_text("devices: [Fraxel re:store]\n", encoding="utf-8")
    runner = CliRunner()
    done, lost = (runner.invoke(library_commands.app, ["add", str(path)]) for path in (clinic, tmp_path / "nothing.yaml"))

    assert done.exit_code == 0
    assert "holds all devices of this clinic already" in done.output
    assert lost.exit_code != 0
