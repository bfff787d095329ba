"""A candidate as an option of the plan document: settings in panel words, injury, reasons, warnings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import numpy as np

from recutis import evidence
from recutis.bands import weighted_quantile
from recutis.classes import matches_any
from recutis.course import CourseDates
from recutis.injury import Injury
from recutis.laser import eyewear
from recutis.laser.types import Exposure
from recutis.plan.calendar import aftercare_entries
from recutis.plan.candidate import Candidate, PhasePlan
from recutis.plan.care import ANAESTHESIA_WORDS, prescribed_rows, prophylaxis
from recutis.plan.document import Ceiling as CeilingDocument
from recutis.plan.document import (
    Confirmed,
    Eyewear,
    InjuryDocument,
    Option,
    PassSettings,
    PhaseDocument,
    Predictions,
    Quantity,
    SkinLayer,
    TestSpot,
)  # fmt: skip
from recutis.plan.evaluate import STRENGTH, PhaseEvaluation, SiteEvaluation, course_draws, named_concerns
from recutis.plan.objectives import CourseDraws, Limits
from recutis.plan.predictions import chair_minutes, predictions
from recutis.plan.quantities import of_draws
from recutis.plan.setting_limits import place_energy_mJ, place_fluence_J_cm2, total_density_pct
from recutis.response.familiar import beyond_the_studies
from recutis.sites import concern_key_words
from recutis.skin.types import Skin
from recutis.twins import unfamiliar
from recutis.units import PERCENT, UM_PER_MM

if TYPE_CHECKING:
    from recutis.patient import Patient

_PANEL: Final = (
    "energy_mJ", "density_pct", "columns_cm2", "fluence_J_cm2", "duration_ms", "spot_mm", "power_W", "depth_um", "coagulation_um",
    "overlap_pct", "stack",
)  # fmt: skip
_FOLLOWS: Final = {"columns_cm2": ("density_pct",), "fluence_J_cm2": ("energy_mJ", "depth_um")}
"""Knobs that only say the same in another way, left out where the other one is shown."""
_ORBIT: Final = frozenset({"eyelid", "periorbital", "full_face"})
_COOLING: Final = {
    "none": "none",
    "cold_air": "forced cold air",
    "cryogen": "cryogen spray",
    "contact": "sapphire contact",
    "gel": "cooled gel",
}
CLASS_WORDS: Final = {
    "ablative_full": "full-field ablative",
    "ablative_fractional": "fractional ablative",
    "hybrid_fractional": "hybrid fractional",
    "nonablative_fractional": "non-ablative fractional",
    "nonablative_bulk": "non-ablative dermal",
    "sebaceous": "sebaceous-gland",
    "vascular": "vascular",
    "pigment": "pigment",
    "ipl": "intense pulsed light",
}


def class_words(device_class: str) -> str:
    """'fractional ablative' for `ablative_fractional_co2`, and so on."""
    return next(words for prefix, words in CLASS_WORDS.items() if device_class.startswith(prefix))


def pass_settings(exposure: Exposure) -> tuple[PassSettings, ...]:
    """One entry a pass: the panel's knobs and what follows from them."""
    whole = exposure.settings
    density = total_density_pct(exposure)
    panel = tuple(name for name in exposure.device.panel if name != "passes" and getattr(whole, name) is not None)
    panel = tuple(name for name in panel if name not in _FOLLOWS or not set(_FOLLOWS[name]) & set(panel))
    values = {name: getattr(whole, name) for name in _PANEL if name in panel}
    values |= {
        "energy_mJ": place_energy_mJ(exposure),
        "fluence_J_cm2": place_fluence_J_cm2(exposure),
        "duration_ms": exposure.pulse.duration_ms,
        "spot_mm": exposure.pulse.spot_um / UM_PER_MM,
    }
    if density is not None:
        values |= {"density_pct": density / exposure.passes, "columns_cm2": exposure.column_density_cm2}
    rounded = {
        name: value if isinstance(value, int) or value is None else float(f"{value:.4g}") for name, value in values.items()
    }
    one = PassSettings(panel=panel, cooling=_COOLING[exposure.cooling.kind], **rounded)
    return (one,) * exposure.passes


def injury_document(evaluation: SiteEvaluation, injury: Injury) -> InjuryDocument:
    """The injury with the skin it lies in, for a drawing to scale."""
    key = next(name for name, item in evaluation.injuries.items() if item is injury)
    lesion = evaluation.place.lesions[key]
    density = evaluation.exposure.column_density_cm2
    pitch = 10 * UM_PER_MM / math.sqrt(density * evaluation.exposure.passes) if density else None
    energy = injury.energy
    return InjuryDocument(
        site=evaluation.place.site,
        wavelength_nm=injury.wavelength_nm,
        layers=tuple(SkinLayer(name=layer.name, thickness_um=layer.thickness_um) for layer in evaluation.place.skin.layers),
        target=lesion.target,
        target_top_um=lesion.top_um,
        target_bottom_um=lesion.bottom_um,
        ablation_depth_um=injury.ablation_depth_um,
        ablation_width_um=injury.ablation_width_um,
        coagulation_depth_um=injury.coagulation_depth_um,
        coagulation_rim_um=injury.coagulation_rim_um,
        lesion_top_um=injury.lesion_top_um,
        lesion_depth_um=injury.lesion_depth_um,
        lesion_width_um=injury.lesion_width_um,
        column_pitch_um=pitch,
        coverage_pct=PERCENT * injury.coverage_fraction,
        epidermis_removed_pct=PERCENT * injury.epidermis_removed_fraction,
        epidermis_killed_pct=PERCENT * injury.epidermis_killed_fraction,
        injured_dermis_um=injury.injured_dermis_um,
        vessel_closure=injury.vessel_ratio,
        pigment_ratio=injury.pigment_ratio,
        epidermis_pigment_ratio=injury.epidermis_pigment_ratio,
        peak_surface_C=injury.peak_surface_C,
        peak_basal_C=injury.peak_basal_C,
        bulk_rise_C=injury.bulk_rise_C,
        energy_balance={
            "reflected": energy.reflected,
            "transmitted": energy.transmitted,
            "removed": energy.removed,
            "stored": energy.stored,
            "surface": energy.surface,
            "residual": energy.residual,
        },
        fidelity=injury.fidelity,
        error_pct=injury.error_pct,
        warnings=injury.warnings,
        injured_by_depth=tuple((round(depth, 1), round(PERCENT * share, 3)) for depth, share in injury.injured_by_depth),
        layer_injured_pct=layer_injured_pct(injury, evaluation.place.skin),
    )


def layer_injured_pct(injury: Injury, skin: Skin) -> dict[str, float]:
    """Share of each layer's volume that is dead or missing, in percent: the mean over its depths of the share of the field.

    Straight lines between the depths told; nothing above the first and below the last of them.
    """
    if not injury.injured_by_depth:
        return {layer.name: 0.0 for layer in skin.layers}
    depth, share = (np.array(column, dtype=np.float64) for column in zip(*injury.injured_by_depth, strict=True))
    edges = np.concatenate([[0.0], np.cumsum([layer.thickness_um for layer in skin.layers])])
    found: dict[str, float] = {}
    for layer, top, bottom in zip(skin.layers, edges, edges[1:], strict=False):
        inside = np.unique(np.concatenate([[top, bottom], depth[(depth > top) & (depth < bottom)]]))
        middle = (inside[1:] + inside[:-1]) / 2
        mean = np.interp(middle, depth, share, left=share[0] if depth[0] <= 0 else 0.0, right=0.0)
        found[layer.name] = round(PERCENT * float(np.sum(mean * np.diff(inside)) / (bottom - top)), 3)
    return found


def _each_target_once(drawn: tuple[InjuryDocument, ...]) -> tuple[InjuryDocument, ...]:
    """One injury for each site and target: two concerns with the same target at one site get the same exposure."""
    return tuple({(item.site, item.target): item for item in reversed(drawn)}.values())[::-1]


def endpoint_row(device_class: str) -> evidence.Row:
    """The row of `endpoints.csv` for a class."""
    return next(row for row in evidence.rows("endpoints") if matches_any(row.fields["device_class"], device_class))


def _eyewear(exposure: Exposure, sites: list[str]) -> Eyewear:
    density, text, _ = eyewear(exposure)
    patient = (
        "intraocular metal shields (treatment inside or near the orbital rim)"
        if _ORBIT & set(sites)
        else "opaque external metal shields"
    )
    wavelengths = [exposure.pulse.wavelength_nm] + ([exposure.second.wavelength_nm] if exposure.second else [])
    band = exposure.device.band_nm
    name = f"{band[0]:g}-{band[1]:g}" if band[0] != band[1] else " and ".join(f"{nm:g}" for nm in wavelengths)
    return Eyewear(wavelength_nm=name, optical_density=density, patient=patient, arithmetic=text)


def _test_spot(dates: CourseDates, phase: PhasePlan, made: Predictions) -> TestSpot | None:
    if dates.test_spot is None or dates.test_spot_reading is None:
        return None
    red = made.erythema_resolution_days.p90
    where = {
        "decolletage": "upper outer chest under the collar",
        "neck": "behind the ear, low",
        "hands": "ulnar edge of the hand",
    }
    return TestSpot(
        device=phase.device.name,
        site=where.get(next(iter(phase.site_settings)), "in front of the ear or below the jaw line"),
        made_on=dates.test_spot.isoformat(),
        read_on=dates.test_spot_reading.isoformat(),
        pass_criteria=(
            f"closed within {made.closure_days.p90:.0f} days, no blister or crust beyond {made.social_downtime_days.p90:.0f} days, "
            f"redness fading (gone by about day {red:.0f}), no darker and no paler skin on the day of reading"
        ),
    )


def strongest(evaluations: Sequence[SiteEvaluation]) -> SiteEvaluation:
    """The site with the strongest anaesthesia: it sets the visit."""
    return max(evaluations, key=lambda item: STRENGTH.index(item.care.anaesthesia))


def why(
    candidate: Candidate, made: Predictions, course: CourseDraws, limits: Limits, phases: Sequence[PhaseEvaluation]
) -> tuple[str, ...]:
    """Reasons in sentences with numbers."""
    words = []
    for key in candidate.treats:
        if key not in made.improvement_pct:
            continue
        band = made.improvement_pct[key]
        evaluation = _reaching(key, phases)
        lesion, injury = evaluation.place.lesions[key], evaluation.injuries[key]
        words.append(
            f"{concern_key_words(key)}: {band.p50:.0f} % improvement expected ({band.p10:.0f} to {band.p90:.0f}) "
            f"after {candidate.sessions} session{'s' if candidate.sessions > 1 else ''}; the target lies {lesion.top_um:.0f} to "
            f"{lesion.bottom_um:.0f} µm deep and the injury reaches {_reaches(lesion.target, injury)}."
        )
    at = limits.limit_quantile
    downtime = course.quantile(course.social_downtime_days, at)
    words.append(
        f"Social downtime stays within {downtime:.1f} days for {at:.0%} of people like this one; the limit is "
        f"{limits.max_social_downtime_days:g} days."
    )
    return (*words, *_ceiling_words(candidate))


def _reaching(key: str, phases: Sequence[PhaseEvaluation]) -> SiteEvaluation:
    """The evaluation of a concern by the phase whose single session does most for it."""
    found = [item for phase in phases for item in phase.evaluations if key in item.injuries]
    return max(found, key=lambda item: float(np.median(item.improvement[key].by_session[0])))


def _ceiling_words(candidate: Candidate) -> list[str]:
    """One sentence for each different ceiling, with the sites it holds for."""
    places: dict[str, list[str]] = {}
    every = [(site, ceiling) for phase in candidate.phases for site, ceiling in phase.ceilings.items()]
    several = len(candidate.phases) > 1
    for site, ceiling in every:
        device = next(phase.device.name for phase in candidate.phases if phase.ceilings.get(site) is ceiling)
        parts = [
            f"{value:g} {unit}"
            for value, unit in (
                (ceiling.max_energy_mJ, "mJ"),
                (ceiling.max_density_pct, "%"),
                (ceiling.max_fluence_J_cm2, "J/cm²"),
            )
            if value is not None
        ]
        if parts:
            named = f" for {device}" if several else ""
            places.setdefault(f"{', '.join(parts)}{named} ({', '.join(ceiling.rule_ids)})", []).append(site.replace("_", " "))
    return [f"The hard ceiling for this skin on the {' and the '.join(sites)} is {text}." for text, sites in places.items()]


def _reaches(target: str, injury: Injury) -> str:
    if target == "vessel":
        best = max((ratio for *_, ratio in injury.vessel_ratio), default=0.0)
        return f"vessels with up to {best:.1f} times the exposure that closes them"
    if target == "pigment" and injury.selective:
        return (
            f"the pigment with {injury.pigment_ratio:.1f} times its threshold (normal skin {injury.epidermis_pigment_ratio:.1f})"
        )
    if target == "gland":
        return f"the glands with {injury.gland_ratio:.1f} times the harming temperature rise"
    if injury.selective and injury.coverage_fraction <= 0:
        best = max((ratio for *_, ratio in injury.vessel_ratio), default=0.0)
        return f"its vessels only, with up to {best:.1f} times the exposure that closes them"
    return f"{injury.lesion_depth_um:.0f} µm over {PERCENT * injury.coverage_fraction:.0f} % of the surface"


def warnings(
    candidate: Candidate, made: Predictions, evaluations: Sequence[SiteEvaluation], patient: Patient, dates: CourseDates
) -> tuple[str, ...]:
    """What to look out for in this option."""
    words = list(
        dict.fromkeys(
            text
            for item in evaluations
            for injury in item.injuries.values()
            for text in (*injury.warnings, *beyond_the_studies(injury))
        )
    )
    words += dict.fromkeys(text for item in evaluations for text, _ in unfamiliar(item.place.twins.traits))
    words += [
        f"Not expected to help {key.replace('_', ' ').replace('@', ', ')}; another device would be needed."
        for key in named_concerns(patient)
        if key not in candidate.treats
    ]
    event = patient.patient.event_date
    if made.risks.pih.per_course.p50 >= evidence.value("plan.warn_pih"):
        words.append(
            f"Dark marks afterwards (PIH) in about {made.risks.pih.per_course.p50:.0f} of 100 "
            f"({made.risks.pih.per_course.p10:.0f} to {made.risks.pih.per_course.p90:.0f}); they fade over weeks to months."
        )
    if event is not None:
        late = [day for day in dates.sessions if day <= event and (event - day).days <= made.social_downtime_days.p90]
        if late:
            words.append(f"The session of {late[-1].isoformat()} would still show on {event.isoformat()}; move it.")
    if any(len(set(phase.site_settings.values())) > 1 for phase in candidate.phases):
        words.append("Settings differ between sites: read `site_settings` before changing site.")
    return tuple(words)


def ceiling_documents(phase: PhasePlan) -> tuple[CeilingDocument, ...]:
    """The ceilings that applied, site by site."""
    return tuple(
        CeilingDocument(
            rule_id=", ".join(item.rule_ids),
            site=site,
            max_energy_mJ=item.max_energy_mJ,
            max_density_pct=item.max_density_pct,
            max_fluence_J_cm2=item.max_fluence_J_cm2,
            max_passes=None if item.max_passes is None else int(item.max_passes),
            source=item.source,
        )
        for site, item in phase.ceilings.items()
    )


def phase_document(phase: PhasePlan, evaluated: PhaseEvaluation, *, first_session: int) -> PhaseDocument:
    """One phase of a course: settings, what it does, what goes with it."""
    lead, one = evaluated.evaluations[0], evaluated.one
    end = endpoint_row(phase.device.device_class)
    weights = lead.place.twins.unequal
    visible = evidence.value("plan.visible_change")

    def clock(name: str, unit: str) -> Quantity:
        return of_draws(getattr(one, name), unit, one.sources.get(name, ()), weights=weights)

    sun, cover = clock("sunscreen_start_day", "day"), clock("makeup_day", "day")
    strong = strongest(evaluated.evaluations).care
    return PhaseDocument(
        device=phase.device.name,
        device_class=phase.device.device_class,
        treats=tuple(
            name
            for item in evaluated.evaluations
            for name, gain in item.improvement.items()
            if weighted_quantile(gain.by_session[evaluated.sessions - 1], 0.5, weights) >= visible
        ),
        first_session=first_session,
        sessions=phase.sessions,
        interval_weeks=phase.interval_weeks,
        settings=pass_settings(lead.exposure),
        passes=lead.exposure.passes,
        site_settings={item.place.site: pass_settings(item.exposure) for item in evaluated.evaluations},
        ceilings=ceiling_documents(phase),
        arithmetic=lead.exposure.arithmetic,
        endpoint=end.fields["endpoint"],
        stop_if=end.fields["stop_if"],
        anaesthesia=ANAESTHESIA_WORDS[strong.anaesthesia],
        prophylaxis=prophylaxis(lead.care),
        eyewear=_eyewear(lead.exposure, [item.place.site for item in evaluated.evaluations]),
        injuries=_each_target_once(
            tuple(injury_document(item, one) for item in evaluated.evaluations for one in item.injuries.values())
        ),
        chair_minutes=chair_minutes(evaluated.evaluations),
        pain_0_10=clock("pain_0_10", "0-10"),
        closure_days=clock("closure_days", "days"),
        social_downtime_days=clock("social_downtime_days", "days"),
        makeup_day=cover,
        sunscreen_start_day=sun,
        erythema_resolution_days=clock("erythema_resolution_days", "days"),
        aftercare=aftercare_entries(phase.device.device_class, prescribed_rows(strong), sun=sun, cover=cover),
    )


def course_label(candidate: Candidate) -> str:
    """'UltraPulse DeepFX (fractional ablative), 2 sessions', and so on for each phase, joined by 'then'."""
    return ", then ".join(
        f"{phase.device.name} ({class_words(phase.device.device_class)}), {phase.sessions} session{'s' if phase.sessions > 1 else ''}"
        for phase in candidate.phases
    )


def option(
    candidate: Candidate,
    phases: Sequence[PhaseEvaluation],
    *,
    rank: int,
    dates: CourseDates,
    spot: PhasePlan | None,
    limits: Limits,
    patient: Patient,
    confirmed: Confirmed | None,
    price: float | None,
) -> Option:
    """The option of the document for one candidate, evaluated with all twins; `spot` is the phase a test spot is made for."""
    made, course = predictions(phases), course_draws(phases)
    firsts = accumulate((phase.sessions for phase in candidate.phases[:-1]), initial=1)
    told = tuple(
        phase_document(phase, evaluated, first_session=first)
        for phase, evaluated, first in zip(candidate.phases, phases, firsts, strict=True)
    )
    lead, every = told[0], [item for phase in phases for item in phase.evaluations]
    return Option(
        rank=rank,
        label=course_label(candidate),
        device=lead.device,
        device_class=lead.device_class,
        treats=tuple(key for key in candidate.treats if key in made.improvement_pct),
        does_not_treat=tuple(name for name in named_concerns(patient) if name not in candidate.treats),
        settings=lead.settings,
        passes=lead.passes,
        sessions=candidate.sessions,
        interval_weeks=lead.interval_weeks,
        site_settings=lead.site_settings,
        ceilings=lead.ceilings,
        arithmetic=lead.arithmetic,
        endpoint=lead.endpoint,
        stop_if=lead.stop_if,
        test_spot=None if spot is None else _test_spot(dates, spot, made),
        anaesthesia=lead.anaesthesia,
        prophylaxis=tuple(dict.fromkeys(text for phase in told for text in phase.prophylaxis)),
        eyewear=lead.eyewear,
        why=why(candidate, made, course, limits, phases),
        warnings=warnings(candidate, made, every, patient, dates),
        injury=lead.injuries[0],
        injuries=tuple(injury for phase in told for injury in phase.injuries),
        predictions=made,
        limits_met=not candidate.breaks,
        phases=told,
        confirmed=confirmed,
        price=price,
        gain_points=round(candidate.gain, 2),
        score_points=round(candidate.score, 2),
    )
