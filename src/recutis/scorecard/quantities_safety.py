"""Quantities of what is done and allowed: surface, setting, screening, diagnosis, eyewear, triage, pigment by sun."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from recutis import evidence
from recutis.classes import DEVICE_CLASSES, matches
from recutis.scorecard.panel import Panel, Treated, persons, spread
from recutis.scorecard.quantities_time import CHEST, FACE
from recutis.scorecard.registry import by_class, quantity
from recutis.scorecard.types import Answer, Computed

if TYPE_CHECKING:
    from recutis.patient import Ceiling

_FIRST_DAYS: Final = 3
"""Days that the statement 'redness and peeling for the first 2-3 days' speaks of."""
_STANDARD_SUNS: Final = ("treated_fair", "treated_phototype_III", "treated_phototype_IV", "treated_phototype_VI")


@quantity("skin_removed_flag")
def skin_removed_flag(panel: Panel, _concern: str) -> Computed:
    """Whether skin is ablated through the horny layer in one session at typical settings."""

    def removed(treated: Treated) -> Answer:
        horny = next(layer.thickness_um for layer in treated.place.skin.layers if layer.name == "stratum_corneum")
        return treated.injury.ablation_depth_um > horny

    return by_class(panel, FACE, "skin_removed_flag", "flag", removed, sources=_injury, note="ablated through the horny layer")


@quantity("coverage_pct")
def coverage_pct(panel: Panel, _concern: str) -> Computed:
    """Share of the surface with dead or missing tissue after all passes."""
    return by_class(panel, FACE, "coverage_pct", "pct", lambda treated: 100 * treated.injury.coverage_fraction, sources=_injury)


@quantity("ablation_depth_um")
def ablation_depth_um(panel: Panel, _concern: str) -> Computed:
    """Depth of the crater in each twin: the simulated depth with the model's stated error."""

    def depth(treated: Treated) -> Answer:
        error = np.log1p(treated.injury.error_pct / 100)
        return spread(treated.injury.ablation_depth_um * np.exp(error * treated.place.twins.depth_error))

    return by_class(panel, FACE, "ablation_depth_um", "um", depth, sources=_injury)


def _injury(treated: Treated) -> tuple[str, ...]:
    return treated.injury.sources


@quantity("anaesthesia_type")
def anaesthesia_type(panel: Panel, _concern: str) -> Computed:
    """The mildest anaesthesia that brings the median pain down to the planner's target, for a whole face."""
    return by_class(
        panel,
        FACE,
        "anaesthesia_type",
        "",
        lambda treated: treated.evaluation.care.anaesthesia.replace("_", " "),
        sources=("plan.pain_target",),
    )


@quantity("setting")
def setting(panel: Panel, _concern: str) -> Computed:
    """Where it is done: outpatient unless even sedation leaves more pain than the target."""

    def where(treated: Treated) -> Answer:
        enough = float(np.median(treated.response.pain_0_10)) <= evidence.value("plan.pain_target")
        return "outpatient" if enough else "hospital"

    note = "outpatient unless even sedation leaves more pain than the target"
    return by_class(panel, FACE, "setting", "", where, sources=("plan.pain_target",), note=note)


@quantity("escort_needed")
def escort_needed(panel: Panel, _concern: str) -> Computed:
    """Whether somebody must take the person home: after sedation."""
    return by_class(
        panel,
        FACE,
        "escort_needed",
        "flag",
        lambda treated: treated.evaluation.care.anaesthesia == "sedation",
        sources=("SCR-046",),
    )


def _ceiling_words(most: Ceiling) -> str:
    parts = [
        f"at most {value:g} {unit}"
        for value, unit in (
            (most.max_energy_mJ, "mJ"),
            (most.max_density_pct, "% density"),
            (most.max_fluence_J_cm2, "J/cm²"),
            (most.max_passes, "passes"),
        )
        if value is not None
    ]
    return ", ".join(parts) + (", test spot first" if most.test_spot else "")


@quantity("chest_dose_ceiling")
def chest_dose_ceiling(panel: Panel, _concern: str) -> Computed:
    """The hard ceiling of each class on the décolletage, or why it is refused."""
    from recutis.patient import ceiling

    place = panel.place(CHEST)
    limits = {name: ceiling(place.site, name, place.twins.traits.phototype) for name in DEVICE_CLASSES}
    by: dict[str, Answer] = {
        name: _ceiling_words(most) if most.allowed else f"refused: {most.reason}" for name, most in limits.items()
    }
    rows = tuple(dict.fromkeys(row for most in limits.values() for row in most.rule_ids))
    return Computed(name="chest_dose_ceiling", unit="", by=by, sources=rows)


@quantity("eligibility")
def eligibility(panel: Panel, _concern: str) -> Computed:
    """Whether screening and ceilings leave each class to persons with mild, moderate and severe acne."""
    from recutis.patient import ceiling, screen

    by: dict[str, Answer] = {}
    rules: dict[str, None] = {}
    for name in persons("check_acne_"):
        patient = panel.patient(name)
        screening = screen(patient)
        site, phototype = patient.concerns[0].site, patient.patient.phototype or "VI"
        for device_class in DEVICE_CLASSES:
            removed = screening.removed(device_class, site)
            rules |= dict.fromkeys(entry.rule_id for entry in removed)
            allowed = ceiling(site, device_class, phototype).allowed
            by[f"{device_class}, {name.removeprefix('check_acne_')} acne"] = not removed and allowed
    return Computed(name="eligibility", unit="flag", by=by, sources=tuple(rules), note="left by screening and ceilings")


@quantity("screening_result")
def screening_result(panel: Panel, _concern: str) -> Computed:
    """The outcome of screening for a healthy person and for persons with one contraindication each."""
    by, rules = _screened(panel)
    return Computed(
        name="screening_result", unit="", by=by, sources=rules, note="ready, or what stands in the way and which rule"
    )


@quantity("screening_clear")
def screening_clear(panel: Panel, _concern: str) -> Computed:
    """Whether a person may be treated with every resurfacing class that the ceilings allow."""
    from recutis.patient import screen

    classes = [name for name in DEVICE_CLASSES if matches("resurfacing_any", name)]
    by: dict[str, Answer] = {}
    for name in persons("check_"):
        patient = panel.patient(name)
        screening = screen(patient)
        site = patient.concerns[0].site
        by[_label(name)] = screening.status == "ready" and not any(screening.removed(item, site) for item in classes)
    return Computed(
        name="screening_clear", unit="flag", by=by, sources=_screened(panel)[1], note="no rule stops or removes resurfacing"
    )


def _label(name: str) -> str:
    return name.removeprefix("check_").replace("_", " ")


def _screened(panel: Panel) -> tuple[dict[str, Answer], tuple[str, ...]]:
    from recutis.patient import screen

    by: dict[str, Answer] = {}
    rules: dict[str, None] = {}
    for name in persons("check_"):
        screening = screen(panel.patient(name))
        firing = [entry for entry in screening.entries if entry.state == "fires" and entry.severity in {"absolute", "relative"}]
        rules |= dict.fromkeys(entry.rule_id for entry in firing)
        words = "; ".join(f"{entry.rule_id} {entry.condition}" for entry in firing)
        by[_label(name)] = f"{screening.status.replace('_', ' ')}" + (f" ({words})" if words else "")
    return by, tuple(rules)


@quantity("lesion_diagnosis_flag")
def lesion_diagnosis_flag(panel: Panel, _concern: str) -> Computed:
    """Whether screening stops a person with brown spots until they are diagnosed."""
    from recutis.patient import screen

    by: dict[str, Answer] = {}
    rules: dict[str, None] = {}
    for name in persons("check_spot_"):
        screening = screen(panel.patient(name))
        stops = [entry.rule_id for entry in screening.entries if entry.state == "fires" and entry.severity == "absolute"]
        rules |= dict.fromkeys(stops)
        by[_label(name)] = bool(stops)
    return Computed(
        name="lesion_diagnosis_flag", unit="flag", by=by, sources=tuple(rules), note="diagnosis asked for before light"
    )


@quantity("biopsy_flag")
def biopsy_flag(panel: Panel, _concern: str) -> Computed:
    """Whether each class is barred until an unconfirmed brown spot is diagnosed by dermatoscopy or biopsy."""
    from recutis.patient import screen

    patient = panel.patient("check_spot_unconfirmed")
    screening, site = screen(patient), patient.concerns[0].site
    removed = {name: screening.removed(name, site) for name in DEVICE_CLASSES}
    rules = tuple(dict.fromkeys(entry.rule_id for found in removed.values() for entry in found))
    by: dict[str, Answer] = {name: bool(found) for name, found in removed.items()}
    return Computed(name="biopsy_flag", unit="flag", by=by, sources=rules, note="barred until the spot has a dated diagnosis")


@quantity("eyewear_check")
def eyewear_check(panel: Panel, _concern: str) -> Computed:
    """Optical density of eyewear that everyone in the room needs."""
    from recutis.laser import eyewear

    def density(treated: Treated) -> Answer:
        return float(eyewear(treated.evaluation.exposure)[0])

    return by_class(
        panel,
        FACE,
        "eyewear_check",
        "optical density",
        density,
        sources=lambda treated: eyewear(treated.evaluation.exposure)[2],
        note="for a direct hit; a welding shade's for broadband light",
    )


@quantity("medication_flags")
def medication_flags(panel: Panel, _concern: str) -> Computed:
    """What screening says to persons on one medicine each; it never says to stop one."""
    from recutis.patient import screen

    by: dict[str, Answer] = {}
    rules: dict[str, None] = {}
    for name in persons("check_medicine_"):
        screening = screen(panel.patient(name))
        firing = [entry for entry in screening.entries if entry.state == "fires"]
        rules |= dict.fromkeys(entry.rule_id for entry in firing)
        words = "; ".join(f"{entry.rule_id} {entry.condition}: {entry.required_action}" for entry in firing)
        by[name.removeprefix("check_medicine_").replace("_", " ")] = words or "nothing to do"
    return Computed(
        name="medication_flags", unit="", by=by, sources=tuple(rules), note="questions for the prescriber, never a stop"
    )


@quantity("infection_risk_ratio")
def infection_risk_ratio(panel: Panel, _concern: str) -> Computed:
    """How many times a medicine raises the chance of infection after full-field CO2, against no medicine."""
    base = panel.treat(FACE, "ablative_full_co2")
    by: dict[str, Answer] = {}
    missing: dict[str, str] = {}
    for name in persons("check_medicine_"):
        case = name.removeprefix("check_medicine_").replace("_", " ")
        if isinstance(base, str):
            missing[case] = base
            continue
        by[case] = spread(_with_medicine(panel, base, name) / base.response.risks["bacterial_infection"])
    rows = ("response.infection.immunosuppressed", "RSK-030", "RSK-031")
    return Computed(
        name="infection_risk_ratio", unit="times", by=by, missing=missing, sources=rows, note="full-field CO2, against none"
    )


def _with_medicine(panel: Panel, base: Treated, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Chance of infection with the same wound in a person on a medicine."""
    from recutis import twins
    from recutis.patient import traits
    from recutis.response import respond

    patient = panel.patient(name)
    cloud = twins.draw(traits(patient, base.place.site), n=panel.n, seed=panel.seed)
    return respond(base.injury, cloud, base.evaluation.care, area_cm2=base.evaluation.area_cm2).risks["bacterial_infection"]


@quantity("prophylaxis_plan")
def prophylaxis_plan(panel: Panel, _concern: str) -> Computed:
    """What is prescribed with each class to a person with a history of cold sores."""
    from recutis.patient import screen
    from recutis.plan.care import care_policy, prophylaxis

    patient = panel.patient("treated_herpes")
    policy = care_policy(patient, screen(patient))

    def words(treated: Treated) -> Answer:
        return " ".join(prophylaxis(policy(treated.device, treated.injury)))

    return by_class(panel, "treated_herpes", "prophylaxis_plan", "", words, sources=("AFT-013", "RSK-030"))


@quantity("red_flag_triage")
def red_flag_triage(_panel: Panel, _concern: str) -> Computed:
    """Each red flag with what to do and how soon."""
    from recutis.course import red_flags

    flags = {flag.row_id: flag for name in DEVICE_CLASSES for flag in red_flags(name)}
    by: dict[str, Answer] = {flag.symptom: f"{flag.action} ({flag.urgency})" for flag in flags.values()}
    return Computed(name="red_flag_triage", unit="", by=by, sources=tuple(flags))


@quantity("expected_vs_abnormal")
def expected_vs_abnormal(panel: Panel, _concern: str) -> Computed:
    """Signs of the first days: those the models expect in the median twin of some class, and those that are red flags."""
    from recutis.course import red_flags

    noticeable = evidence.value("claims.noticeable")
    peaks: dict[str, float] = {}
    flags: dict[str, str] = {}
    for name in DEVICE_CLASSES:
        treated = panel.treat(FACE, name)
        flags |= {flag.symptom: flag.row_id for day in range(_FIRST_DAYS + 1) for flag in red_flags(name, day=day)}
        if isinstance(treated, str):
            continue
        first = np.array([day <= _FIRST_DAYS for day in treated.response.days])
        for symptom, levels in treated.response.symptoms.items():
            peaks[symptom] = max(peaks.get(symptom, 0.0), float(np.median(levels[first].max(axis=0))))
    expected: dict[str, Answer] = {
        f"{symptom.replace('_', ' ')} (expected)": True for symptom, peak in peaks.items() if peak >= noticeable
    }
    by = expected | {f"{symptom} (red flag)": False for symptom in flags}
    return Computed(
        name="expected_vs_abnormal", unit="flag", by=by, sources=tuple(flags.values()), note="signs of the first three days"
    )


@quantity("triage_level")
def triage_level(_panel: Panel, _concern: str) -> Computed:
    """The highest urgency among the red flags of each class."""
    from recutis.course import red_flags

    by: dict[str, Answer] = {}
    for name in DEVICE_CLASSES:
        flags = red_flags(name)
        by[name] = flags[0].urgency if flags else "none"
    return Computed(name="triage_level", unit="", by=by, sources=tuple(flag.row_id for flag in red_flags("ablative_full_co2")))


@quantity("signs_to_consult_for")
def signs_to_consult_for(_panel: Panel, _concern: str) -> Computed:
    """How many signs of each class need a clinician."""
    from recutis.course import red_flags

    by: dict[str, Answer] = {name: float(len(red_flags(name))) for name in DEVICE_CLASSES}
    return Computed(
        name="signs_to_consult_for", unit="signs", by=by, sources=tuple(flag.row_id for flag in red_flags("ablative_full_co2"))
    )


@quantity("uv_exposure_index")
def uv_exposure_index(panel: Panel, _concern: str) -> Computed:
    """Melanin of sun-exposed over unexposed skin of the same person, by phototype.

    What the models hold of sun and pigment; how a spot comes about over decades is not modelled.
    """
    from dataclasses import replace

    from recutis import twins

    by: dict[str, Answer] = {}
    for name in _STANDARD_SUNS:
        traits = panel.place(name).twins.traits
        plain = twins.draw(traits, n=panel.n, seed=panel.seed)
        sunned = twins.draw(replace(traits, tanned=True), n=panel.n, seed=panel.seed)
        by[f"phototype {traits.phototype}"] = spread(sunned.melanin_fraction / plain.melanin_fraction)
    note = "melanin after recent sun over melanin without it; how a spot grows over decades is not modelled"
    return Computed(name="uv_exposure_index", unit="times", by=by, sources=("skin.tan_factor",), note=note)


@quantity("melanin_index")
def melanin_index(panel: Panel, _concern: str) -> Computed:
    """Melanin of the lesion over that of the skin around it."""
    lesions = panel.place(FACE).lesions
    pigmented = {key: item for key, item in lesions.items() if item.target == "pigment"}
    by: dict[str, Answer] = {
        key.partition("@")[0].replace("_", " "): float(item.melanin_factor) for key, item in pigmented.items()
    }
    rows = tuple(dict.fromkeys(row for item in pigmented.values() for row in item.sources))
    return Computed(name="melanin_index", unit="times", by=by, sources=rows, note="lesion over surrounding epidermis")


@quantity("brown_index")
def brown_index(_panel: Panel, _concern: str) -> Computed:
    """Added absorption of an age spot in blue over that in red light: above 1 it looks brown.

    Only pigment near the surface looks brown; deep pigment looks grey-blue.
    """
    from recutis.skin import melanosome_mua_cm

    blue, red = (float(melanosome_mua_cm(evidence.value(f"claims.wavelength.{name}"))) for name in ("blue", "red"))
    rows = ("claims.wavelength.blue", "claims.wavelength.red")
    return Computed(
        name="brown_index", unit="times", by={"age spots": blue / red}, sources=rows, note="melanin in blue over red light"
    )
