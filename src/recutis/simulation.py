"""The job behind `recutis simulate`: one exposure from a file to NetCDF, JSON, figures and rows."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from recutis.errors import CancelledError, RecutisError
from recutis.files import read_yaml, validate, writing_folder
from recutis.injury.slide import as_fixed
from recutis.injury.types import Injury
from recutis.laser import DeviceFile, PanelSettings, expose, surface_cooling
from recutis.laser.panel import quantity
from recutis.laser.types import Exposure
from recutis.provenance import Provenance, provenance
from recutis.sites import PHOTOTYPES, SITES
from recutis.skin import Layer, Skin, build
from recutis.units import MS_PER_S

if TYPE_CHECKING:
    import xarray as xr

    from recutis.injury.fields import Outline
    from recutis.injury.film import Film
    from recutis.injury.film_document import FilmDocument, Window


def not_a_truth_value(value: object) -> object:
    """A validator that refuses yes and no where a number belongs."""
    if isinstance(value, bool):
        msg = "must be a number, not yes or no"
        raise ValueError(msg)
    return value


_LAYER_NAMES = Literal["stratum_corneum", "epidermis", "basal_layer", "papillary_dermis", "reticular_dermis", "subcutis"]
_STRICT = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
_Number = Annotated[float, BeforeValidator(not_a_truth_value)]
_Fraction = Annotated[_Number, Field(ge=0, le=1)]
_THINNEST_UM = 1.0  # a cell membrane is thinner, a layer of skin is not
_THICKEST_EPIDERMIS_UM = 3000.0  # soles have half of it; below lies the grid of the light
_LEAST_MATRIX = 0.3  # of the volume; below this it is not skin
_ORDER = get_args(_LAYER_NAMES)
_PHYSICS_SEED = 0  # the physics draws nothing; provenance wants a seed


class LayerFile(BaseModel):
    """One layer given explicitly, top to bottom."""

    model_config = _STRICT

    name: _LAYER_NAMES
    thickness_um: Annotated[_Number, BeforeValidator(quantity("µm"))] = Field(ge=_THINNEST_UM, le=20000, description="thickness")
    water_fraction: _Fraction = Field(description="water by mass")
    melanin_fraction: _Number = Field(default=0.0, ge=0, le=0.5, description="melanosomes by volume")
    blood_fraction: _Number = Field(default=0.0, ge=0, le=0.5, description="blood by volume")

    @model_validator(mode="after")
    def _fits_in(self) -> LayerFile:
        if self.melanin_fraction + self.blood_fraction > 1 - _LEAST_MATRIX:
            msg = f"melanin and blood leave less than {_LEAST_MATRIX:.0%} for the tissue itself; lower one of them"
            raise ValueError(msg)
        return self


class SkinFile(BaseModel):
    """Skin by site, phototype, age and sex; explicit `layers` replace the layers of the site."""

    model_config = _STRICT

    site: str = Field(default="cheek", description="a site word")
    phototype: str = Field(default="II", description="I to VI")
    age: _Number = Field(default=40.0, gt=0, le=120, description="years")
    sex: Literal["female", "male"] = "female"
    tanned: bool = False
    layers: tuple[LayerFile, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _known(self) -> SkinFile:
        if self.site not in SITES:
            msg = f"there is no site '{self.site}'; give one of {', '.join(SITES)}"
            raise ValueError(msg)
        if self.phototype not in PHOTOTYPES:
            msg = f"there is no phototype '{self.phototype}'; give one of {', '.join(PHOTOTYPES)}"
            raise ValueError(msg)
        if self.layers is not None and not any(x.name == "epidermis" for x in self.layers):
            msg = "explicit layers need at least a layer named epidermis"
            raise ValueError(msg)
        thick = sum(x.thickness_um for x in self.layers or () if x.name in {"stratum_corneum", "epidermis", "basal_layer"})
        if thick > _THICKEST_EPIDERMIS_UM:
            msg = f"stratum corneum, epidermis and basal layer are {thick:g} µm together; give at most {_THICKEST_EPIDERMIS_UM:g} µm"
            raise ValueError(msg)
        places = [_ORDER.index(x.name) for x in self.layers or ()]
        if places != sorted(set(places)):
            msg = f"layers must stand from top to bottom, each once: {', '.join(_ORDER)}"
            raise ValueError(msg)
        return self

    def skin(self) -> Skin:
        """The skin this describes."""
        found = build(site=self.site, age_years=self.age, phototype=self.phototype, sex=self.sex, tanned=self.tanned)
        if self.layers is None:
            return found
        from dataclasses import replace

        layers = tuple(
            Layer(
                name=x.name, thickness_um=x.thickness_um, low_um=x.thickness_um, high_um=x.thickness_um,
                water_fraction=x.water_fraction, melanin_fraction=x.melanin_fraction, blood_fraction=x.blood_fraction, sources=(),
            )
            for x in self.layers
        )  # fmt: skip
        return replace(found, layers=layers)


class ExposureFile(BaseModel):
    """EXPOSURE.yaml: skin, device (catalogue name or definition), settings as on the panel, cooling, passes."""

    model_config = _STRICT

    skin: SkinFile = Field(default_factory=SkinFile)
    device: DeviceFile = Field(description="catalogue name, or a device of one's own")
    settings: PanelSettings = Field(default_factory=PanelSettings, description="as on the panel")
    cooling: Literal["none", "cold_air", "cryogen", "contact", "gel"] | None = Field(
        default=None, description="absent: what the device has built in"
    )
    passes: int | None = Field(default=None, ge=1, le=20, description="passes over the area; absent: as in settings")

    @model_validator(mode="after")
    def _fits(self) -> ExposureFile:
        if self.passes is not None and "passes" in self.settings.model_fields_set and self.passes != self.settings.passes:
            msg = f"passes is {self.passes} but settings.passes is {self.settings.passes}; give it once"
            raise ValueError(msg)
        try:
            self.exposure()
        except RecutisError as error:
            raise ValueError(str(error)) from error
        return self

    def exposure(self) -> Exposure:
        """What this panel delivers."""
        device = self.device.device()
        panel = self.settings if self.passes is None else self.settings.model_copy(update={"passes": self.passes})
        cooling = None if self.cooling is None else surface_cooling(self.cooling, device=device)
        return expose(device, panel.settings(), cooling=cooling)


@dataclass(frozen=True, kw_only=True)
class ResultRow:
    """One printed line: name, number (None where there is none), its text, unit."""

    name: str
    value: float | None
    text: str
    unit: str


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """A finished simulation: what was asked, the exposure it became, the injury, where it came from.

    `light_gap_pct` is the largest difference between the light that the planner uses and that of photons in these layers, on
    the axis of the upper millimetre; None where light does not scatter.
    """

    request: ExposureFile
    exposure: Exposure
    skin: Skin
    injury: Injury
    light_gap_pct: float | None
    provenance: Provenance

    def rows(self) -> tuple[ResultRow, ...]:
        """The injury as lines to print."""
        hurt = self.injury
        fixed_depth, fixed_width = as_fixed(depth_um=hurt.lesion_depth_um, width_um=hurt.lesion_width_um)
        lines = [
            ("Energy per pulse", self.exposure.pulse.energy_mJ, "mJ"),
            ("Exposure per pulse", self.exposure.pulse.fluence_J_cm2, "J/cm²"),
            ("Ablation depth", hurt.ablation_depth_um, "µm"),
            ("Ablation width", hurt.ablation_width_um, "µm"),
            ("Coagulated below", hurt.coagulation_depth_um, "µm"),
            ("Coagulated rim", hurt.coagulation_rim_um, "µm"),
            ("Lesion depth", hurt.lesion_depth_um, "µm"),
            ("Lesion width", hurt.lesion_width_um, "µm"),
            ("Lesion depth on a fixed slide", fixed_depth, "µm"),
            ("Lesion width on a fixed slide", fixed_width, "µm"),
            ("Surface injured", hurt.coverage_fraction * 100, "%"),
            ("Epidermis removed", hurt.epidermis_removed_fraction * 100, "%"),
            ("Epidermis killed in place", hurt.epidermis_killed_fraction * 100, "%"),
            ("Basal layer alive", hurt.basal_survival * 100, "%"),
            ("Mean depth of injured dermis", hurt.injured_dermis_um, "µm"),
            ("Bulk temperature rise", hurt.bulk_rise_C, "°C"),
            ("Peak surface temperature", hurt.peak_surface_C, "°C"),
            ("Peak basal temperature", hurt.peak_basal_C, "°C"),
            ("Best vessel ratio", max((x[2] for x in hurt.vessel_ratio), default=0.0), "delivered/needed"),
            ("Pigment ratio", hurt.pigment_ratio, "delivered/needed"),
            ("Gland ratio", hurt.gland_ratio, "delivered/needed"),
            ("Stated error of depths", hurt.error_pct, "%"),
        ]
        if self.light_gap_pct is not None:
            lines.append(("Planner's light off on the axis of the upper mm", self.light_gap_pct, "% at most"))
        told = [ResultRow(name=name, value=float(value), text=f"{value:.3g}", unit=unit) for name, value, unit in lines]
        return (*told, ResultRow(name="Model", value=None, text=hurt.fidelity, unit=""))

    def document(self) -> dict[str, object]:
        """The content of `injury.json`: JSON values only, None for what is not finite."""
        hurt = asdict(self.injury)
        return {
            "request": _plain(self.request.model_dump(mode="json", exclude_none=True)),
            "arithmetic": list(self.exposure.arithmetic),
            "injury": _plain(hurt),
            "rows": [_plain(asdict(row)) for row in self.rows()],
            "provenance": _plain(asdict(self.provenance)),
        }


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


def read_exposure(path: Path) -> ExposureFile:
    """Read an exposure file.

    Raises InputError: one sentence naming the place, the value and what is allowed.
    """
    return validate(ExposureFile, read_yaml(path))


def simulate(
    exposure: ExposureFile | Path,
    out: Path,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Simulation:
    """Simulate an exposure and write `injury.json`, `injury.nc` and `figures/` to `out`, all or nothing.

    Raises InputError for a bad file or an unwritable folder, CancelledError when `cancelled` says so.
    """
    return watch(exposure, out, progress=progress, cancelled=cancelled).simulation


def watch(
    exposure: ExposureFile | Path,
    out: Path | None = None,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Watched:
    """Simulate an exposure and keep what happened over time; files are written as `simulate` writes them where `out` is given.

    Raises as `simulate` does.
    """
    request = read_exposure(exposure) if isinstance(exposure, Path) else exposure
    made = _run(request, progress or _silent, cancelled or _never)
    if out is not None:
        with writing_folder(out) as folder:
            _write(made, folder)
    return Watched(simulation=made.simulation, film=made.film, outline=made.outline)


def compare(
    first: ExposureFile | Path,
    second: ExposureFile | Path,
    out: Path,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Comparison:
    """Simulate two exposures and write each to a folder of its own in `out`, with `comparison.json` and `comparison.png`.

    Raises as `simulate` does.
    """
    from recutis.injury.drawing import side_by_side

    requests = [read_exposure(x) if isinstance(x, Path) else x for x in (first, second)]
    report = progress or _silent
    one = _run(requests[0], lambda share: report(share / 2), cancelled or _never)
    two = _run(requests[1], lambda share: report((1 + share) / 2), cancelled or _never)
    result = Comparison(first=one.simulation, second=two.simulation)
    with writing_folder(out) as folder:
        for name, made in (("first", one), ("second", two)):
            (folder / name).mkdir()
            _write(made, folder / name)
        _write_json(result.document(), folder / "comparison.json")
        drawn = ((_title(x.simulation.exposure), x.simulation.injury, x.simulation.skin, x.outline) for x in (one, two))
        side_by_side(tuple(drawn)).savefig(folder / "comparison.png")  # type: ignore[arg-type]
    return result


@dataclass(frozen=True, kw_only=True, eq=False)
class Watched:
    """A finished simulation with its moments: temperature and damage by time, depth and radius."""

    simulation: Simulation
    film: Film
    outline: Outline

    @property
    def title(self) -> str:
        """Device, wavelength, energy or exposure, and duration."""
        return _title(self.simulation.exposure)

    @property
    def light_ms(self) -> float:
        """From the first light of a pass to the last."""
        delivered = self.simulation.exposure
        shown = delivered.second or delivered.pulse  # of a hybrid the film shows the coagulating line
        gaps = (delivered.stack - 1) / delivered.repetition_Hz * MS_PER_S if delivered.stack > 1 else 0.0
        return shown.duration_ms + gaps

    def document(self, window: Window | None = None) -> FilmDocument:
        """The moments as plain lists for a page; `window` where two are drawn to one scale."""
        from recutis.injury.film_document import film_document

        told = self.simulation
        return film_document(self.film, told.injury, told.skin, self.outline, light_ms=self.light_ms, window=window)


def films(*several: Watched) -> list[FilmDocument]:
    """The moments of one or more simulations to one scale of depth, width and temperature."""
    from functools import reduce

    from recutis.injury.film_document import joint_window, window_of

    window = reduce(joint_window, [window_of(one.film) for one in several])
    return [one.document(window) for one in several]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two finished simulations, to be read side by side."""

    first: Simulation
    second: Simulation

    def rows(self) -> tuple[tuple[ResultRow, ResultRow], ...]:
        """Lines that both have, in the order of the first."""
        others = {row.name: row for row in self.second.rows()}
        return tuple((row, others[row.name]) for row in self.first.rows() if row.name in others)

    def document(self) -> dict[str, object]:
        """The content of `comparison.json`: each line's name, unit, both values, and the second over the first."""
        lines = [
            {
                "name": one.name, "unit": one.unit, "first": one.value, "second": two.value,
                "ratio": two.value / one.value if one.value and two.value is not None else None,
            }
            for one, two in self.rows() if one.value is not None
        ]  # fmt: skip
        return {"first": self.first.document(), "second": self.second.document(), "rows": _plain(lines)}


@dataclass(frozen=True, eq=False, kw_only=True)
class _Made:
    """A simulation with its arrays."""

    simulation: Simulation
    data: xr.Dataset
    outline: Outline
    film: Film


def _run(request: ExposureFile, report: Callable[[float], None], cancelled: Callable[[], bool]) -> _Made:
    from recutis.injury.fields import fields
    from recutis.injury.labelled import dataset
    from recutis.injury.simulate import injure

    def go_on(share: float) -> None:
        report(share)
        if cancelled():
            msg = "The simulation was cancelled; nothing was written."
            raise CancelledError(msg)

    delivered, skin = request.exposure(), request.skin.skin()
    injury = injure(delivered, skin, light_spread="photons", progress=lambda share: go_on(0.4 * share), cancelled=cancelled)
    shown = fields(delivered, skin, light_spread="photons")
    go_on(0.8)
    result = Simulation(
        request=request, exposure=delivered, skin=skin, injury=injury, light_gap_pct=_light_gap_pct(delivered, skin),
        provenance=provenance(request.model_dump(mode="json"), seed=_PHYSICS_SEED),
    )  # fmt: skip
    go_on(1.0)
    data = shown.data.merge(shown.film.dataset()).merge(dataset(injury), compat="override")
    return _Made(simulation=result, data=data, outline=shown.outline, film=shown.film)


def _title(exposure: Exposure) -> str:
    pulse = exposure.pulse
    power = f"{pulse.energy_mJ:.3g} mJ" if exposure.device.mode == "fractional" else f"{pulse.fluence_J_cm2:.3g} J/cm²"
    return f"{exposure.device.name}: {pulse.wavelength_nm:g} nm, {power}, {pulse.duration_ms:.3g} ms"


def _light_gap_pct(exposure: Exposure, skin: Skin) -> float | None:
    """How far the planner's light is from photons for the line that scatters; None where none does."""
    from recutis.injury.scattering import bands_of, ridged
    from recutis.injury.skin_light import table_gap_pct
    from recutis.light import Beam
    from recutis.light.lines import is_water_line

    pulses = [x for x in (exposure.pulse, exposure.second) if x is not None and not is_water_line(x.wavelength_nm)]
    if not pulses:
        return None
    fractional = exposure.device.mode == "fractional"
    beam = Beam(shape=pulses[-1].profile, size_um=pulses[-1].spot_um)
    tissue = skin if fractional else ridged(skin)
    bands, _ = bands_of(pulses[-1].wavelength_nm, exposure.device.band_nm)
    return max(table_gap_pct(tissue, nm, beam, microbeam=fractional) for nm in bands)


def _write(made: _Made, folder: Path) -> None:
    from recutis.injury.drawing import cross_section, temperature
    from recutis.injury.film_drawing import animate, steps

    result = made.simulation
    labelled = made.data.assign_attrs(
        title="Injury by one laser exposure", fidelity=result.injury.fidelity, wavelength_nm=result.injury.wavelength_nm,
        version=result.provenance.version, evidence_sha256=result.provenance.evidence_sha256,
        inputs_sha256=result.provenance.inputs_sha256, energy_residual=result.injury.energy.residual,
    )  # fmt: skip
    _write_json(result.document(), folder / "injury.json")
    labelled.to_netcdf(folder / "injury.nc", engine="h5netcdf")
    figures = folder / "figures"
    figures.mkdir()
    cross_section(result.injury, result.skin, made.outline).savefig(figures / "cross-section.png")
    temperature(made.data, result.injury).savefig(figures / "temperature.png")
    steps(made.film, result.skin, _title(result.exposure)).savefig(figures / "moments.png")
    animate(made.film, result.skin, _title(result.exposure), figures / "film.gif")


def _write_json(document: dict[str, object], path: Path) -> None:
    path.write_text(f"{json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)}\n", encoding="utf-8")


def _never() -> bool:
    return False


def _silent(_share: float) -> None:
    """Progress nobody listens to."""


__all__ = [
    "Comparison",
    "ExposureFile",
    "LayerFile",
    "ResultRow",
    "Simulation",
    "SkinFile",
    "Watched",
    "compare",
    "films",
    "read_exposure",
    "simulate",
    "watch",
]
