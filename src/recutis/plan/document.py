"""The plan as a document: what `plan.json` holds, and nothing else. Reports read only this."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Status = Literal["ready", "needs_answers", "deferred", "refer", "blocked"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Quantity(_Part):
    """One predicted quantity for this person."""

    p10: float
    p50: float
    p90: float
    unit: str
    sources: tuple[str, ...]
    provisional: bool


class SymptomDay(_Part):
    """What the person feels and sees on one day after a session, each 0 (none) to 10."""

    day: int
    redness: Quantity
    swelling: Quantity
    crusting: Quantity
    peeling: Quantity
    bronzing: Quantity
    pain: Quantity
    sting_itch: Quantity


class QuartileOdds(_Part):
    """Chance in percent of each quarter of improvement, and of no visible change (below 10 %)."""

    below_25: Quantity
    from_25_to_50: Quantity
    from_50_to_75: Quantity
    above_75: Quantity
    no_visible_change: Quantity


class ChairMinutes(_Part):
    """Minutes in the clinic per session."""

    numbing: Quantity
    laser: Quantity
    total: Quantity


class Risk(_Part):
    """Chance of one kind of harm, in percent."""

    per_session: Quantity
    per_course: Quantity
    note: str = ""


class Risks(_Part):
    """Harms kept apart; PIH passes, hypopigmentation stays."""

    pih: Risk
    hypopigmentation: Risk
    bacterial_infection: Risk
    herpes: Risk
    scarring: Risk
    ectropion: Risk
    acneiform: Risk
    prolonged_erythema: Risk
    blister: Risk
    purpura: Risk


class Predictions(_Part):
    """All predictions of one option; concern keys read `fine_lines@periorbital`."""

    improvement_pct: dict[str, Quantity]
    quartile_odds: dict[str, QuartileOdds]
    recurrence_pct: dict[str, Quantity]
    time_to_effect_weeks: dict[str, Quantity]
    improvement_by_session_pct: dict[str, tuple[Quantity, ...]]
    chair_minutes: ChairMinutes
    pain_0_10: Quantity
    closure_days: Quantity
    social_downtime_days: Quantity
    return_to_work_day: Quantity
    makeup_day: Quantity
    sunscreen_start_day: Quantity
    erythema_resolution_days: Quantity
    pih_duration_weeks: Quantity
    symptoms: tuple[SymptomDay, ...]
    risks: Risks


class PassSettings(_Part):
    """One pass at one place: what `panel` names is set on the device, the rest follows from it.

    `energy_mJ` and `fluence_J_cm2` count stacked and coagulating pulses together, `density_pct` is nominal and of
    this pass. Keys that do not apply are null.
    """

    panel: tuple[str, ...] = ()
    energy_mJ: float | None = None
    density_pct: float | None = None
    columns_cm2: float | None = None
    fluence_J_cm2: float | None = None
    duration_ms: float | None = None
    spot_mm: float | None = None
    power_W: float | None = None
    depth_um: float | None = None
    coagulation_um: float | None = None
    overlap_pct: float | None = None
    stack: int | None = None
    cooling: str = ""


class SkinLayer(_Part):
    """One layer for the drawing to scale."""

    name: str
    thickness_um: float


class InjuryDocument(_Part):
    """The injury of one session at one site, for the drawing to scale and the clinician's table."""

    site: str
    wavelength_nm: float
    layers: tuple[SkinLayer, ...]
    target: str
    target_top_um: float
    target_bottom_um: float
    ablation_depth_um: float
    ablation_width_um: float
    coagulation_depth_um: float
    coagulation_rim_um: float
    lesion_top_um: float
    lesion_depth_um: float
    lesion_width_um: float
    column_pitch_um: float | None
    coverage_pct: float
    epidermis_removed_pct: float
    epidermis_killed_pct: float
    injured_dermis_um: float
    vessel_closure: tuple[tuple[float, float, float], ...]
    pigment_ratio: float
    epidermis_pigment_ratio: float
    peak_surface_C: float
    peak_basal_C: float
    bulk_rise_C: float
    energy_balance: dict[str, float]
    fidelity: str
    error_pct: float
    warnings: tuple[str, ...]
    injured_by_depth: tuple[tuple[float, float], ...] = Field(
        default=(), description="depth in µm and share of the field dead or missing there in percent"
    )
    layer_injured_pct: dict[str, float] = Field(
        default_factory=dict, description="share of each layer's volume that is dead or missing, in percent"
    )


class TestSpot(_Part):
    """A trial on a small hidden area before the first session, with the device of the course that asks for one."""

    device: str = ""
    site: str
    made_on: str
    read_on: str
    pass_criteria: str


class Eyewear(_Part):
    """Protection for everyone in the room."""

    wavelength_nm: str
    optical_density: float
    patient: str
    arithmetic: str


class Ceiling(_Part):
    """The hard limit that applied."""

    rule_id: str
    site: str
    max_energy_mJ: float | None
    max_density_pct: float | None
    max_fluence_J_cm2: float | None
    max_passes: int | None
    source: str


class Aftercare(_Part):
    """One instruction with its days after the session."""

    day_from: int
    day_to: int
    topic: str
    instruction: str
    source: str


class PhaseDocument(_Part):
    """Equal sessions with one device within a course; a course with two devices has two of them, in order."""

    device: str
    device_class: str
    treats: tuple[str, ...]
    first_session: int
    sessions: int
    interval_weeks: float
    settings: tuple[PassSettings, ...]
    passes: int
    site_settings: dict[str, tuple[PassSettings, ...]]
    ceilings: tuple[Ceiling, ...]
    arithmetic: tuple[str, ...]
    endpoint: str
    stop_if: str
    anaesthesia: str
    prophylaxis: tuple[str, ...]
    eyewear: Eyewear
    injuries: tuple[InjuryDocument, ...]
    chair_minutes: ChairMinutes
    pain_0_10: Quantity
    closure_days: Quantity
    social_downtime_days: Quantity
    makeup_day: Quantity
    sunscreen_start_day: Quantity
    erythema_resolution_days: Quantity
    aftercare: tuple[Aftercare, ...]


class Confirmed(_Part):
    """How the search's estimate compares with the simulation of the finalist, whose numbers are the ones told.

    `injury` by what was compared, library and simulation; `improvement_points` and `downtime_days` are median differences,
    simulation less search. `within` False: they differ by more than the stated error, and a warning says so.
    """

    fidelity: str
    stated_error_pct: float
    largest_difference_pct: float
    injury: dict[str, tuple[float, float]]
    improvement_points: float
    downtime_days: float
    within: bool


class Option(_Part):
    """One way to treat: a device or two, settings, the course, and what it would do.

    Device, settings, passes, end point, eyewear and injuries are those of the first of `phases`; `sessions` counts all,
    predictions are of the whole course (downtime and pain of the session with most of it).
    """

    rank: int
    label: str
    device: str
    device_class: str
    treats: tuple[str, ...]
    does_not_treat: tuple[str, ...]
    settings: tuple[PassSettings, ...]
    passes: int
    sessions: int
    interval_weeks: float
    site_settings: dict[str, tuple[PassSettings, ...]]
    ceilings: tuple[Ceiling, ...]
    arithmetic: tuple[str, ...]
    endpoint: str
    stop_if: str
    test_spot: TestSpot | None
    anaesthesia: str
    prophylaxis: tuple[str, ...]
    eyewear: Eyewear
    why: tuple[str, ...]
    warnings: tuple[str, ...]
    injury: InjuryDocument
    injuries: tuple[InjuryDocument, ...]
    predictions: Predictions
    limits_met: bool
    phases: tuple[PhaseDocument, ...]
    confirmed: Confirmed | None
    price: float | None
    gain_points: float
    score_points: float


class ScreeningEntry(_Part):
    """One rule that fired, is unanswered, or belongs on the checklist."""

    rule_id: str
    condition: str
    severity: str
    state: Literal["fires", "unanswered", "checklist", "overridden", "lifted"]
    applies_to: tuple[str, ...]
    message: str
    required_action: str
    source: str
    lifts_when: str
    override: str
    until: str | None


class Question(_Part):
    """A required answer that is missing."""

    place: str
    question: str


class Refusal(_Part):
    """A class of device that is not offered, and why."""

    device_class: str
    reason: str


class Removed(_Part):
    """How many candidate settings one limit removed."""

    limit: str
    candidates: int


class NoTreatment(_Part):
    """What happens with daily sunscreen and no laser."""

    description: str
    improvement_pct: dict[str, Quantity]
    sources: tuple[str, ...]


class Comparator(_Part):
    """An alternative, with the chance that it does better than the first option."""

    modality: str
    concern: str
    improvement_pct: Quantity | None
    probability_better_pct: Quantity | None
    downtime_days: Quantity | None
    pain_0_10: Quantity | None
    sessions: Quantity | None
    note: str
    sources: tuple[str, ...]


class UsualComparison(_Part):
    """What the clinician usually does, computed in the same way, beside the first option.

    `first_option_gain_points` is the improvement of the first option less that of the usual course,
    twin by twin, as a mean over the concerns they share.
    """

    device: str
    device_class: str
    settings: tuple[PassSettings, ...]
    sessions: int
    interval_weeks: float
    not_allowed: tuple[str, ...]
    breaks: tuple[str, ...]
    improvement_pct: dict[str, Quantity]
    social_downtime_days: Quantity
    pain_0_10: Quantity
    pih_per_course: Quantity
    first_option_gain_points: Quantity | None


class FrontPoint(_Part):
    """One course on the Pareto chart; `then_device` and `then_class` of a second device, None without one."""

    device: str
    device_class: str
    then_device: str | None = None
    then_class: str | None = None
    improvement_pct: float
    social_downtime_days: float
    worst_risk_pct: float
    pain_0_10: float
    chair_minutes: float
    sessions: int
    price: float | None
    on_front: bool
    meets_limits: bool
    option_rank: int | None


class CommissionedSpot(_Part):
    """One measurement beside what the model says before and after commissioning, in the unit of `quantity`."""

    quantity: str
    panel: dict[str, float]
    site: str | None = Field(description="null for a reading of a power meter")
    phototype: str | None
    date: str | None
    measured: float
    sd: float
    predicted_before: float
    predicted_after: float
    model_error_pct: float
    used: bool
    note: str


class CommissionedDevice(_Part):
    """Delivered over set energy of one device, and the measurements behind it."""

    device: str
    energy_scale: Quantity
    sd_ln: float
    measured: bool
    spots: tuple[CommissionedSpot, ...]
    notes: tuple[str, ...]


class LooserLimit(_Part):
    """What one looser limit would buy: the best course then, beside the best course now, in medians over the twins."""

    limit: Literal["social_downtime_days", "sessions", "pain_0_10", "risk"]
    now: str
    then: str
    label: str
    improvement_points: float
    counted_points: float
    downtime_days: float
    pih_points: float
    text: str


class Sensitivity(_Part):
    """How the first option's middle figures move when something about the person or the device is not as assumed."""

    what: str
    improvement_points: float
    downtime_days: float
    pih_points: float
    breaks: tuple[str, ...]


class RunnerUp(_Part):
    """The second option: how far behind it lies by the score, and what would put it first."""

    label: str
    behind_points: float
    would_win: tuple[str, ...]


class ProtocolDistance(_Part):
    """A published protocol beside the first option."""

    name: str
    device_class: str
    text: str
    within: bool | None
    sources: tuple[str, ...]


class Explanation(_Part):
    """Why the first option is as it is, and what would change it."""

    binding: tuple[str, ...]
    looser: tuple[LooserLimit, ...]
    sensitivities: tuple[Sensitivity, ...]
    runner_up: RunnerUp | None
    protocols: tuple[ProtocolDistance, ...]


class CalendarEntry(_Part):
    """One dated entry."""

    day: str
    kind: Literal["test_spot", "test_spot_reading", "session", "aftercare", "sunscreen", "check_up", "medicine", "milestone"]
    title: str
    text: str
    session: int | None


class RedFlag(_Part):
    """When to call, and whom."""

    day_from: int
    day_to: int
    symptom: str
    action: str
    urgency: str
    source: str


class Source(_Part):
    """One evidence row that the plan used."""

    id: str
    table: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    text: str
    conditions: str
    source: str
    confidence: str
    checked: bool


class PersonSummary(_Part):
    """Who the plan is for, without a name."""

    age: float
    sex: str
    phototype: str
    concerns: tuple[str, ...]
    history: tuple[str, ...]
    goals: tuple[str, ...]


class PlanProvenance(_Part):
    """What made the plan."""

    version: str
    evidence_sha256: str
    seed: int
    inputs_sha256: str
    twins: int
    candidates: int
    seconds: float | None = Field(default=None, description="never part of the hash")


class Plan(_Part):
    """A plan; every key is always present. `blocked` is True unless `status` is ready."""

    date: str
    status: Status
    headline: str
    blocked: bool
    released: bool
    person: PersonSummary
    questions: tuple[Question, ...]
    unasked: tuple[str, ...]
    screening: tuple[ScreeningEntry, ...]
    checklist: tuple[str, ...]
    options: tuple[Option, ...]
    refused: tuple[Refusal, ...]
    removed: tuple[Removed, ...]
    front: tuple[FrontPoint, ...]
    no_treatment: NoTreatment | None
    comparators: tuple[Comparator, ...]
    usual: UsualComparison | None
    explanation: Explanation | None
    commissioned: tuple[CommissionedDevice, ...]
    calendar: tuple[CalendarEntry, ...]
    aftercare: tuple[Aftercare, ...]
    red_flags: tuple[RedFlag, ...]
    sources: tuple[Source, ...]
    provenance: PlanProvenance
    request: dict[str, JsonValue] = Field(
        description="what was planned, as given: patient file, clinic, overrides, usual settings, seed"
    )
