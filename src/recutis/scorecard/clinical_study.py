"""A published study as populations of twins, each with the injury that its device and settings make."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from recutis import evidence
from recutis.bands import Draws
from recutis.classes import DEVICE_CLASSES, matches
from recutis.errors import RecutisError
from recutis.injury import EnergyBalance, Injury
from recutis.laser import by_class, device, expose
from recutis.laser.types import Device, Exposure, Settings
from recutis.posterior import Parameters
from recutis.scorecard.clinical_sample import Population
from recutis.scorecard.clinical_words import (
    PanelWords,
    concern_of,
    number_in,
    panel_words,
    sessions_in,
    site_of,
    usual_phototypes,
)
from recutis.sites import phototypes_told
from recutis.skin.types import Lesion, Skin
from recutis.twins import Traits, Twins

if TYPE_CHECKING:
    from recutis.response import Care, Improvement, SiteResponse

USUAL: Final = "clinical.usual."
WOUND: Final = "clinical.wound."
_DOSES: Final = frozenset({"energy_mJ", "fluence_J_cm2", "depth_um"})
_SLICES: Final = 20  # into which a single world divides the devices of a group
_GOLDEN: Final = 0.6180339887498949
_MOST_SESSIONS: Final = 10
"""Sessions over which a course is followed; the tables' longest has six."""


class NotComputedError(RecutisError):
    """A row that the model cannot compute; the text is the reason."""


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """What was done in one arm: a device with settings (`as_told`: those of the row), or the wound of a comparator (`wound`)."""

    device_class: str
    device: Device | None
    settings: Settings
    wound: str = ""
    as_told: bool = False

    @property
    def key(self) -> tuple[str, Settings, str]:
        """What tells two treatments apart."""
        return (self.device.name if self.device else "", self.settings, self.wound)


@dataclass(frozen=True, kw_only=True, eq=False)
class Arm:
    """One phototype treated one way: twins, skin, lesion and injury."""

    treatment: Treatment
    twins: Twins
    skin: Skin
    lesion: Lesion | None
    injury: Injury


@dataclass(frozen=True, kw_only=True, eq=False)
class Study:
    """A study's arms (phototypes pooled with equal weight), its number of patients, sessions, and what had to be assumed.

    `alike`: every world holds all treatments that a group word stands for, in their shares.
    """

    arms: tuple[Arm, ...]
    n: int
    sessions: float
    interval_weeks: float
    area_cm2: float
    assumed: tuple[str, ...]
    alike: bool = False

    def population(self, values: list[Draws]) -> Population:
        """One value a twin and arm as a population.

        Phototypes are pooled. Where a group word stands for several treatments, each world holds one of them, the more often the
        more rows of the packaged tables speak of it: such a row tells of some device of the group, and nobody knows which. A
        single world, and worlds that are to be alike, hold all of them in these shares.
        """
        kinds = list(dict.fromkeys(arm.treatment.device_class for arm in self.arms))
        pooled = [
            np.stack([one for arm, one in zip(self.arms, values, strict=True) if arm.treatment.device_class == kind])
            for kind in kinds
        ]
        block = self.arms[0].twins.block
        ends = np.cumsum([written_of(kind) for kind in kinds])
        if self.alike or int(block.max()) == 0:
            counts = np.diff(np.round(_SLICES * ends / ends[-1]), prepend=0.0).astype(int)
            return Population(
                values=np.concatenate([np.tile(one, (n, 1)) for one, n in zip(pooled, counts, strict=True)]), block=block
            )
        place = (block * _GOLDEN + 0.5) % 1.0  # spreads the shares evenly over the worlds
        turn = np.searchsorted(ends / ends[-1], place, side="right")
        return Population(values=np.stack(pooled)[turn, :, np.arange(block.size)].T, block=block)


@cache
def written_of(device_class: str) -> int:
    """Rows of the packaged tables of results that speak of a class; one for a class that none does."""
    rows = (row.fields for table in ("clinical_outcomes", "recovery", "risks", "pain") for row in evidence.rows(table))
    return max(sum(device_class in (fields.get("device_class"), fields.get("modality")) for fields in rows), 1)


def wound_names() -> tuple[str, ...]:
    """Comparators whose wound is described (rows `clinical.wound.*`)."""
    rows = (row.id.removeprefix(WOUND) for row in evidence.rows("model_clinical") if row.id.startswith(WOUND))
    return tuple(dict.fromkeys(name.split(".")[0] for name in rows if "." in name))


def comparator_injury(name: str, epidermis_um: float) -> Injury:
    """The wound of dermabrasion, a peel or needles in the words of an injury, from its rows."""

    def number(part: str) -> float:
        key = f"{WOUND}{name}.{part}"
        return evidence.value(key) if evidence.has(key) else 0.0

    ablation, coagulation, width = number("ablation_um"), number("coagulation_um"), number("width_um")
    columns = number("columns")
    killed = min(number("killed"), 1 - columns)
    depth, dead = ablation + coagulation, columns + killed
    return Injury(
        wavelength_nm=0.0, duration_ms=0.0, ablation_depth_um=ablation, ablation_width_um=width if ablation > 0 else 0.0,
        coagulation_depth_um=coagulation, coagulation_rim_um=0.0, lesion_top_um=0.0, lesion_depth_um=depth, lesion_width_um=width,
        coverage_fraction=dead, epidermis_removed_fraction=columns, epidermis_killed_fraction=killed,
        injured_dermis_um=dead * max(depth - epidermis_um, 0.0), ablated_volume_um=columns * ablation, basal_survival=1 - dead,
        bulk_rise_C=0.0, vessel_ratio=(), purpura_ratio=0.0, pigment_ratio=0.0, epidermis_pigment_ratio=0.0, pigment_depth_um=0.0,
        gland_ratio=0.0, peak_surface_C=0.0, peak_basal_C=0.0, selective=False, fractional=columns < 1 and depth > 0, passes=1,
        energy=EnergyBalance(incident_J=0.0, reflected=0.0, transmitted=0.0, removed=0.0, stored=1.0, surface=0.0, residual=0.0),
        fidelity="wound of a comparator from rows, no physics", error_pct=evidence.value("clinical.wound.error"), warnings=(),
        sources=(),
    )  # fmt: skip


def _usual(device_class: str) -> tuple[Device, Settings]:
    """The documented usual setting of a class."""
    row = evidence.get(f"{USUAL}{device_class}")
    words = dict(part.strip().split("=", 1) for part in row.conditions.split(";"))
    panel = {name: float(text) for name, text in words.items() if name != "device"}
    return device(words["device"]), Settings(passes=int(row.value or 1), **panel)  # type: ignore[arg-type]


def _allowed(one: Device, settings: Settings) -> Exposure | None:
    try:
        return expose(one, settings)
    except RecutisError:
        return None


def _moved(one: Device, settings: Settings, strength: str, said: frozenset[str] = frozenset()) -> Settings | None:
    """Dose and density moved from typical towards the lowest or highest, for settings called light or aggressive."""
    share = evidence.value(f"clinical.panel.{'light' if strength == 'light' else 'strong'}")
    values: dict[str, float] = {}
    for name in ("energy_mJ", "fluence_J_cm2", "depth_um", "density_pct"):
        limit = one.limits.get(name)
        if limit is None or name not in one.panel or limit.low == limit.high or name in said:
            continue
        end = limit.low if strength == "light" else limit.high
        mix = 1 - share if strength == "light" else share
        values[name] = limit.typical + mix * (end - limit.typical)
    if {"energy_mJ", "depth_um"} & set(values) and "fluence_J_cm2" in values:  # two words for one dose
        values = {name: value for name, value in values.items() if name not in {"energy_mJ", "depth_um"}}
    found = replace(settings, **values) if values else None  # type: ignore[arg-type]
    return found if found is not None and _allowed(one, found) else None


def _said(words: PanelWords) -> frozenset[str]:
    """Knobs that a text has set: a dose in one unit settles the others."""
    named = frozenset(words.numbers) | ({"density_pct"} if words.total_columns_cm2 or "columns_cm2" in words.numbers else set())
    return named | _DOSES if named & _DOSES else named


def _read(one: Device, words: PanelWords, passes: int, *, spot_fits: bool) -> Settings | None:
    """The numbers a text gives on this device, its spot left out unless it fits; None when the device cannot be set so."""
    count = words.passes or passes
    dense, most = words.numbers.get("density_pct"), one.limits.get("density_pct")
    if words.passes is None and dense is not None and most is not None and dense > most.high:
        count = math.ceil(dense / most.high)  # a density beyond one pass is that of several
    numbers = {name: value for name, value in words.numbers.items() if name in one.limits}
    if words.passes is None and count > passes and "density_pct" in numbers:
        numbers["density_pct"] /= count
    if "fluence_J_cm2" in numbers:
        numbers.pop("energy_mJ", None)
    if not spot_fits:
        numbers.pop("spot_mm", None)
    if words.total_columns_cm2 is not None and "columns_cm2" in one.limits:
        numbers["columns_cm2"] = words.total_columns_cm2 / count
    if words.passes is None and not numbers and not words.dual_mode:
        return None
    if words.dual_mode and "coagulation_um" in one.limits:
        numbers["coagulation_um"] = evidence.value("clinical.panel.dual_mode")
    settings = Settings(passes=count, **numbers)  # type: ignore[arg-type]
    return settings if _allowed(one, settings) else None


def treatment(device_class: str, text: str) -> tuple[Treatment, str]:
    """The device and settings that stand for a class in a study, and a note on what was assumed.

    Numbers plainly readable in `text` are set on the class's usual device, or on another of its catalogue devices that
    allows them; otherwise the class's usual setting stands in, moved where the text calls it light or aggressive.

    Raises NotComputedError for a class without a device.
    """
    if not evidence.has(f"{USUAL}{device_class}"):
        msg = f"no device of the class '{device_class}' is in the catalogue"
        raise NotComputedError(msg)
    usual, settings = _usual(device_class)
    words = panel_words(text)
    wanted = bool(words.numbers) or words.passes is not None or words.total_columns_cm2 is not None or words.dual_mode
    if wanted:
        for one, spot_fits in product((usual, *by_class(device_class)), (True, False)):
            found = _read(one, words, settings.passes, spot_fits=spot_fits)
            if found is not None:
                moved = _moved(one, found, words.strength, _said(words)) if words.strength else None
                found = moved or found
                return Treatment(
                    device_class=device_class, device=one, settings=found, as_told=True
                ), f"{one.name} as the row says"
    note = f"usual setting of the class ({usual.name})"
    if wanted:
        note += ", for no catalogue device of the class allows the row's numbers"
    moved = _moved(usual, settings, words.strength) if words.strength else None
    if moved is not None:
        settings, note = moved, f"{note}, {'lower' if words.strength == 'light' else 'higher'} as the row's words say"
    return Treatment(device_class=device_class, device=usual, settings=settings), note


def treatments(word: str, text: str) -> tuple[tuple[Treatment, ...], tuple[str, ...]]:
    """All treatments a class, a group word such as `ablative_fractional_any`, or a comparator stands for.

    Raises NotComputedError for a word that stands for nothing here.
    """
    plain = word.strip().replace("pigment_pico_any", "pigment_pico").replace("pigment_qs_any", "pigment_qs")
    comparators = {name: name for name in wound_names()} | {"microneedling_rf": "rf_microneedling"}
    if plain in comparators:
        wound = Treatment(device_class=plain, device=None, settings=Settings(), wound=comparators[plain])
        return (wound,), ("wound of the comparator as described in model_clinical",)
    if plain in {"any", "all", "all elective", ""}:
        msg = f"'{plain or 'no device class'}' stands for every device, which is no treatment"
        raise NotComputedError(msg)
    if evidence.has(f"{USUAL}{plain}"):
        one, note = treatment(plain, text)
        return (one,), (note,)
    classes = [name for name in DEVICE_CLASSES if matches(plain, name) and by_class(name)]
    if not classes:
        msg = f"'{plain}' is no device class, group or comparator that the model knows"
        raise NotComputedError(msg)
    found = [treatment(name, text) for name in classes]
    return tuple(one for one, _ in found), (f"some device of {len(found)} classes, each at its usual setting",)


_USUAL_CONCERNS: Final[Mapping[str, str]] = {
    "vascular_*": "facial_veins", "ipl": "facial_veins", "pigment_*": "age_spots", "sebaceous_*": "acne_prone",
    "nonablative_bulk_*": "acne_prone",
}  # fmt: skip


def usual_concern(device_class: str) -> str:
    """What a class is mostly used for, where a row names no indication."""
    return next((kind for pattern, kind in _USUAL_CONCERNS.items() if matches(pattern, device_class)), "texture")


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a row says of its study, read from its cells."""

    device_word: str
    settings_text: str
    indication: str = ""
    phototypes_text: str = ""
    site_text: str = ""
    n_text: str = ""
    sessions_text: str = ""
    interval_text: str = ""
    detail: str = ""
    site: str | None = None
    herpes: bool = False


@dataclass(kw_only=True, eq=False)
class Lab:
    """Makes studies; keeps twins, injuries and responses that several rows share.

    `n` twins of each phototype in `blocks` worlds; the same seed gives the same numbers. Without a seed there is no luck: rows tell
    their middle alone. `parameters` of the response by block, those of the twins unless given. `copies`: each twin stands so many
    times, in worlds that differ by their parameters alone.
    """

    n: int = 800
    blocks: int = 80
    seed: int | None = 0
    parameters: Callable[[NDArray[np.int64]], Parameters] | None = None
    copies: int = 1
    _twins: dict[Traits, Twins] = field(default_factory=dict)
    _skins: dict[tuple[str, str], Skin] = field(default_factory=dict)
    _injuries: dict[tuple[tuple[str, Settings, str], str, str, str], Injury] = field(default_factory=dict)
    _used: dict[tuple[object, ...], Treatment] = field(default_factory=dict)
    _responses: dict[tuple[object, ...], SiteResponse] = field(default_factory=dict)
    _gains: dict[tuple[object, ...], Improvement] = field(default_factory=dict)

    def with_parameters(self, parameters: Callable[[NDArray[np.int64]], Parameters], copies: int = 1) -> Lab:
        """A laboratory with other parameters of the response that shares the injuries, which do not depend on them."""
        return Lab(
            n=self.n, blocks=self.blocks, seed=self.seed, parameters=parameters, copies=copies, _skins=self._skins,
            _injuries=self._injuries, _used=self._used,
        )  # fmt: skip

    def injuries(self) -> tuple[tuple[tuple[str, Settings, str, str, str], Injury], ...]:
        """Injuries by lasers that have been computed so far, with device, settings, site, phototype and lesion."""
        found = []
        for ((name, settings, wound), site, phototype, kind), injury in self._injuries.items():
            if not wound:
                found.append(((name, settings, site, phototype, kind), injury))
        return tuple(found)

    def twins(self, traits: Traits) -> Twins:
        """Twins of one phototype: persons of their own; worlds, which differ by their parameters, shared with all phototypes.

        What a study has of its own comes on top (see clinical_sample), so the twins' own draws for it are left out.
        """
        from recutis import twins
        from recutis.sites import PHOTOTYPES

        if traits not in self._twins:
            own = (self.seed or 0) + PHOTOTYPES.index(traits.phototype)
            drawn = twins.draw(traits, n=self.n, seed=own, blocks=self.blocks)
            none = np.zeros(self.n)
            found = replace(
                drawn, improvement_study=none, redness_study=none, pigment_study=none, pain_study=none, scar_study=none,
                infection_study=none,
            )  # fmt: skip
            if self.copies > 1:
                found = _copied(found, self.copies)
            self._twins[traits] = found if self.parameters is None else replace(found, p=self.parameters(found.block))
        return self._twins[traits]

    def skin(self, site: str, phototype: str) -> Skin:
        """Skin of a site and phototype at the usual age."""
        from recutis.skin import build

        key = (site, phototype)
        if key not in self._skins:
            self._skins[key] = build(site=site, age_years=_age(), phototype=phototype, sex="female")
        return self._skins[key]

    def _injury(self, one: Treatment, skin: Skin, lesion: Lesion | None) -> Injury:
        from recutis.injury.simulate import injure

        key = (one.key, skin.site, skin.phototype, lesion.kind if lesion else "")
        if key not in self._injuries:
            if one.device is None:
                self._injuries[key] = comparator_injury(one.wound, skin.epidermis_um)
            else:
                self._injuries[key] = injure(expose(one.device, one.settings), skin, lesion=lesion)
        return self._injuries[key]

    def response(self, arm: Arm, care: Care, area_cm2: float, *, by_day: bool = True) -> SiteResponse:
        """Response of an arm to one session; `by_day` as in `recutis.response.respond`."""
        from recutis.response import respond

        key = (arm.treatment.key, arm.twins.traits, arm.lesion.kind if arm.lesion else "", care, area_cm2)
        found = self._responses.get(key)
        if found is None or (by_day and not found.symptoms):
            self._responses[key] = respond(arm.injury, arm.twins, care, area_cm2=area_cm2, by_day=by_day)
        return self._responses[key]

    def gain(self, arm: Arm, interval_weeks: float) -> Improvement:
        """Improvement of an arm's lesion over sessions."""
        from recutis.response import improve

        if arm.lesion is None:
            msg = "the row names no concern that the model knows"
            raise NotComputedError(msg)
        key = (arm.treatment.key, arm.twins.traits, arm.lesion.kind, interval_weeks)
        if key not in self._gains:
            self._gains[key] = improve(arm.injury, arm.lesion, arm.twins, sessions=_MOST_SESSIONS, interval_weeks=interval_weeks)
        return self._gains[key]

    def _arm(self, one: Treatment, site: str, phototype: str, kind: str | None, *, herpes: bool) -> Arm:
        """One phototype treated one way."""
        from recutis.skin import lesion

        traits = Traits(
            age_years=_age(), sex="female", phototype=phototype, site=site, herpes_history=herpes, melasma=kind == "melasma"
        )
        skin = self.skin(site, phototype)
        key = (one.key, one.device_class, site, phototype)
        if key not in self._used:
            self._used[key] = _as_used(one, site, phototype)
        used = self._used[key]
        target = lesion(kind or usual_concern(one.device_class), skin)
        return Arm(treatment=used, twins=self.twins(traits), skin=skin, lesion=target, injury=self._injury(used, skin, target))

    def study(self, order: Order) -> Study:
        """The study a row speaks of.

        Raises NotComputedError where a word is not known to the model.
        """
        from recutis.plan.evaluate import interval_weeks

        chosen, notes = treatments(order.device_word, f"{order.settings_text} {order.detail}".strip())
        assumed = list(notes)
        types = phototypes_told(order.phototypes_text) or usual_phototypes()
        site = order.site or site_of(order.site_text)
        if site is None:
            msg = f"the site '{order.site_text}' is not known"
            raise NotComputedError(msg)
        if site == "decolletage" and re.search(r"chest|coll", order.site_text.lower()) is None and order.site_text != site:
            assumed.append("the decolletage stands for the body")
        kind = concern_of(f"{order.indication} {order.detail}".strip()) if order.indication or order.detail else None
        if kind == "":
            msg = f"'{order.indication}' is not modelled"
            raise NotComputedError(msg)
        arms = tuple(self._arm(one, site, phototype, kind, herpes=order.herpes) for one in chosen for phototype in types)
        given = number_in(order.sessions_text) or sessions_in(f"{order.settings_text} {order.detail}")
        n = number_in(order.n_text)
        if n is None or n < 1:
            n = evidence.value("clinical.default.n")
            assumed.append(f"n {n:g} assumed")
        first = chosen[0]
        usual_weeks = interval_weeks(first.device) if first.device else evidence.value("plan.interval.nonablative_any")
        whole_face = "full face" in f"{order.detail} {order.settings_text} {order.site_text}".lower()
        return Study(
            arms=arms,
            n=max(round(n), 1),
            sessions=min(max(given or usual_sessions(first.device_class), 1.0), _MOST_SESSIONS),
            interval_weeks=number_in(order.interval_text) or usual_weeks,
            area_cm2=evidence.value(f"plan.area.{'full_face' if whole_face else site}"),
            assumed=tuple(assumed),
            alike=self.seed is None,
        )


def _copied(twins: Twins, copies: int) -> Twins:
    """The same persons several times over, each copy in a world of its own; for twins of a single world."""
    own = {one.name: getattr(twins, one.name) for one in fields(twins)}
    told: dict[str, Any] = {name: np.tile(value, copies) for name, value in own.items() if isinstance(value, np.ndarray)}
    told["block"] = np.repeat(np.arange(copies), twins.n)
    return replace(twins, **told)


def _as_used(one: Treatment, site: str, phototype: str) -> Treatment:
    """The usual setting as a careful study uses it: turned down to the ceiling of site and phototype where it lies above.

    Settings read from the row stay as they are, and so does a usual setting that no ceiling allows at all.
    """
    from recutis.patient import ceiling
    from recutis.plan.setting_limits import under_ceiling

    if one.device is None or one.as_told:
        return one
    most = ceiling(site, one.device.device_class, phototype)
    settings = under_ceiling(one.device, one.settings, most) if most.allowed else None
    return one if settings is None else replace(one, settings=settings)


def _age() -> float:
    return evidence.value("clinical.default.age")


def usual_sessions(device_class: str) -> float:
    """Sessions of a study that gives none."""
    key = f"clinical.sessions.{device_class}"
    return evidence.value(key) if evidence.has(key) else 1.0
