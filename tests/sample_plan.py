"""A made-up but plausible plan for the tests of the report; no number here is evidence."""

from __future__ import annotations

from recutis.plan.document import (
    Aftercare,
    CalendarEntry,
    Ceiling,
    ChairMinutes,
    CommissionedDevice,
    CommissionedSpot,
    Comparator,
    Confirmed,
    Explanation,
    Eyewear,
    FrontPoint,
    InjuryDocument,
    LooserLimit,
    NoTreatment,
    Option,
    PassSettings,
    PersonSummary,
    PhaseDocument,
    Plan,
    PlanProvenance,
    Predictions,
    ProtocolDistance,
    Quantity,
    QuartileOdds,
    Question,
    RedFlag,
    Refusal,
    Removed,
    Risk,
    Risks,
    RunnerUp,
    ScreeningEntry,
    Sensitivity,
    SkinLayer,
    Source,
    Status,
    SymptomDay,
    TestSpot,
)

LINES, SPOTS = "fine_lines@periorbital", "age_spots@cheek"


def quantity(middle: float, unit: str, *, spread: float = 0.4, provisional: bool = True) -> Quantity:
    """A quantity with a range of the given relative width."""
    return Quantity(
        p10=middle * (1 - spread),
        p50=middle,
        p90=middle * (1 + spread) if unit != "pct" else min(middle * (1 + spread), 97.0),
        unit=unit,
        sources=("REC-001",),
        provisional=provisional,
    )


def _odds(low: float) -> QuartileOdds:
    rest = 100 - low
    parts = (low, 0.5 * rest, 0.35 * rest, 0.15 * rest, 0.3 * low)
    names = ("below_25", "from_25_to_50", "from_50_to_75", "above_75", "no_visible_change")
    return QuartileOdds(**{name: quantity(value, "pct", spread=0.3) for name, value in zip(names, parts, strict=True)})


def _symptoms(strength: float) -> tuple[SymptomDay, ...]:
    days = []
    for day in (*range(15), 21, 28, 42, 56, 84):
        shapes = {
            "redness": 7 * 0.87**day,
            "swelling": 5 * 0.62**day,
            "crusting": 4 * max(0.0, 1 - abs(day - 3) / 4),
            "peeling": 5 * max(0.0, 1 - abs(day - 5) / 4),
            "bronzing": 3 * max(0.0, 1 - abs(day - 4) / 4),
            "pain": 5 * 0.35**day,
            "sting_itch": 4 * max(0.0, 1 - abs(day - 2) / 6),
        }
        days.append(SymptomDay(day=day, **{name: quantity(strength * value, "0-10") for name, value in shapes.items()}))
    return tuple(days)


def _risks(factor: float) -> Risks:
    per_session = {
        "pih": 4.0,
        "hypopigmentation": 0.3,
        "bacterial_infection": 0.6,
        "herpes": 1.1,
        "scarring": 0.15,
        "ectropion": 0.04,
        "acneiform": 6.0,
        "prolonged_erythema": 2.5,
        "blister": 0.8,
        "purpura": 0.5,
    }
    return Risks(
        **{
            name: Risk(
                per_session=quantity(factor * value, "pct", spread=0.7, provisional=name != "pih"),
                per_course=quantity(2 * factor * value, "pct", spread=0.7, provisional=name != "pih"),
            )
            for name, value in per_session.items()
        }
    )


def _predictions(*, gain: float, downtime: float, sessions: int, strength: float, concerns: tuple[str, ...]) -> Predictions:
    improvement = {key: quantity(gain * (1 - 0.15 * number), "pct", spread=0.35) for number, key in enumerate(concerns)}
    return Predictions(
        improvement_pct=improvement,
        quartile_odds={key: _odds(18 + 6 * number) for number, key in enumerate(concerns)},
        recurrence_pct={key: quantity(15, "pct of gain") for key in concerns},
        time_to_effect_weeks={key: quantity(12, "weeks") for key in concerns},
        improvement_by_session_pct={
            key: tuple(quantity(value.p50 * (number + 1) / sessions, "pct") for number in range(sessions))
            for key, value in improvement.items()
        },
        chair_minutes=ChairMinutes(numbing=quantity(50, "min"), laser=quantity(14, "min"), total=quantity(82, "min")),
        pain_0_10=quantity(4.2 * strength, "0-10"),
        closure_days=quantity(3.2 * strength, "days"),
        social_downtime_days=quantity(downtime, "days"),
        return_to_work_day=quantity(downtime + 0.6, "day"),
        makeup_day=quantity(downtime + 1, "day"),
        sunscreen_start_day=quantity(3.8, "day"),
        erythema_resolution_days=quantity(24 * strength, "days"),
        pih_duration_weeks=quantity(10, "weeks"),
        symptoms=_symptoms(strength),
        risks=_risks(strength),
    )


LAYERS = (
    SkinLayer(name="stratum_corneum", thickness_um=10),
    SkinLayer(name="epidermis", thickness_um=45),
    SkinLayer(name="basal_layer", thickness_um=8),
    SkinLayer(name="papillary_dermis", thickness_um=120),
    SkinLayer(name="reticular_dermis", thickness_um=800),
    SkinLayer(name="subcutis", thickness_um=2000),
)


def injury(site: str, *, depth: float = 180, fractional: bool = True, target: str = "dermis") -> InjuryDocument:
    """A crater or, with target vessel or pigment, a selective injury."""
    selective = target in {"vessel", "pigment"}
    vessels = tuple((diameter, 300.0 + diameter, 150 / diameter) for diameter in (30.0, 60.0, 100.0, 200.0, 400.0))
    return InjuryDocument(
        site=site,
        wavelength_nm=532 if selective else 2940,
        layers=LAYERS,
        target=target,
        target_top_um=40 if target == "pigment" else 80,
        target_bottom_um=80 if target == "pigment" else 400,
        ablation_depth_um=0 if selective else depth,
        ablation_width_um=0 if selective else 140,
        coagulation_depth_um=0 if selective else 30,
        coagulation_rim_um=0 if selective else 20,
        lesion_top_um=0,
        lesion_depth_um=0 if selective else depth + 30,
        lesion_width_um=0 if selective else 180,
        column_pitch_um=560 if fractional and not selective else None,
        coverage_pct=8,
        epidermis_removed_pct=0 if selective else 5,
        epidermis_killed_pct=3,
        injured_dermis_um=11,
        vessel_closure=vessels if target == "vessel" else (),
        pigment_ratio=2.4 if target == "pigment" else 0,
        epidermis_pigment_ratio=0.7,
        peak_surface_C=64 if selective else 310,
        peak_basal_C=58,
        bulk_rise_C=3.2,
        energy_balance={
            "reflected": 0.03,
            "transmitted": 0.0,
            "removed": 0.71,
            "stored": 0.25,
            "surface": 0.01,
            "residual": 1e-9,
        },
        fidelity="one-dimensional enthalpy model with moving surface",
        error_pct=20,
        warnings=(),
        injured_by_depth=() if selective else ((0.0, 8.0), (depth / 2, 7.0), (depth + 30, 0.0)),
        layer_injured_pct={}
        if selective
        else {"stratum_corneum": 8.0, "epidermis": 7.8, "basal_layer": 7.4, "papillary_dermis": 4.1},
    )


AFTERCARE = (
    Aftercare(
        day_from=0,
        day_to=0,
        topic="cooling",
        instruction="wrapped ice 10-15 min each hour for the first 4 hours",
        source="AFT-001",
    ),
    Aftercare(
        day_from=0,
        day_to=7,
        topic="ointment",
        instruction="keep treated skin covered with plain petrolatum-type ointment",
        source="AFT-004",
    ),
    Aftercare(day_from=0, day_to=14, topic="picking", instruction="do not pick, rub or scrub", source="AFT-010"),
    Aftercare(
        day_from=4, day_to=84, topic="sunscreen", instruction="SPF 30 to 50 every morning, hat and shade", source="AFT-019"
    ),
)


def option(rank: int, *, concerns: tuple[str, ...] = (LINES, SPOTS)) -> Option:
    """One of four options: fractional Er:YAG, 1550 nm, fractional CO2, and one more."""
    device, device_class, nm, gain, downtime, sessions, strength = (
        ("ProFractional", "ablative_fractional_eryag", "2940", 52, 4.1, 2, 1.0),
        ("Fraxel DUAL 1550", "nonablative_fractional_1550", "1550", 38, 2.3, 3, 0.7),
        ("UltraPulse Encore, ActiveFX", "ablative_fractional_co2", "10600", 60, 6.2, 1, 1.4),
        ("Halo", "hybrid_fractional", "1470 and 2940", 45, 4.8, 2, 1.1),
    )[rank - 1]
    made = _predictions(gain=gain, downtime=downtime, sessions=sessions, strength=strength, concerns=concerns)
    setting = PassSettings(
        panel=("depth_um", "density_pct"),
        energy_mJ=18,
        density_pct=4,
        depth_um=180,
        spot_mm=0.12,
        duration_ms=0.3,
        cooling="forced cold air",
    )
    phase = PhaseDocument(
        device=device,
        device_class=device_class,
        treats=concerns,
        first_session=1,
        sessions=sessions,
        interval_weeks=6,
        settings=(setting, setting),
        passes=2,
        site_settings={"periorbital": (setting, setting), "cheek": (setting, setting)},
        ceilings=(
            Ceiling(
                rule_id="CEI-004",
                site="periorbital",
                max_energy_mJ=25,
                max_density_pct=15,
                max_fluence_J_cm2=None,
                max_passes=2,
                source="a review",
            ),
        ),
        arithmetic=("4 % × 1 cm² / 0.0113 mm² = 354 columns per cm²", "2 passes × 4 % = 8 % nominal"),
        endpoint="fine white dots with pinpoint bleeding in a few, light even redness within minutes",
        stop_if="grey or charred columns, confluent whitening, blistering, pain above 7 of 10",
        anaesthesia="anaesthetic cream for about an hour, and forced cold air during treatment",
        prophylaxis=(
            "Antiviral by the prescriber: start the day of treatment, 10 to 14 days (AFT-013).",
            "Broad-spectrum sunscreen SPF 30 to 50 from the first safe day, hat and shade before that.",
        ),
        eyewear=Eyewear(
            wavelength_nm=nm,
            optical_density=5,
            patient="intraocular metal shields",
            arithmetic="log10(180 / 0.01) = 4.3, rounded up",
        ),
        injuries=(injury("periorbital"), injury("cheek", depth=120)),
        chair_minutes=made.chair_minutes,
        pain_0_10=made.pain_0_10,
        closure_days=made.closure_days,
        social_downtime_days=made.social_downtime_days,
        makeup_day=made.makeup_day,
        sunscreen_start_day=made.sunscreen_start_day,
        erythema_resolution_days=made.erythema_resolution_days,
        aftercare=AFTERCARE,
    )
    shared = (
        "device", "device_class", "treats", "settings", "passes", "sessions", "interval_weeks", "site_settings", "ceilings",
        "arithmetic", "endpoint", "stop_if", "anaesthesia", "prophylaxis", "eyewear", "injuries",
    )  # fmt: skip
    return Option(
        rank=rank,
        label=f"{device}, {sessions} sessions",
        does_not_treat=(),
        test_spot=TestSpot(
            site="in front of the ear",
            made_on="2026-11-24",
            read_on="2026-12-22",
            pass_criteria="closed within 5 days, no darker skin",
        ),
        why=(
            f"Fine lines, periorbital: {gain} % improvement expected after {sessions} sessions; the injury reaches 210 µm over 8 %.",
            "Social downtime stays within 5.8 days for 90% of people like this one; the limit is 7 days.",
        ),
        warnings=("Dark marks afterwards (PIH) in about 8 of 100 (2 to 14); they fade over weeks to months.",),
        injury=injury("periorbital"),
        predictions=made,
        limits_met=rank != 3,
        phases=(phase,),
        confirmed=None,
        price=None,
        gain_points=float(gain),
        score_points=float(gain) / 2,
        **{name: getattr(phase, name) for name in shared},
    )


def two_device_option(*, sessions: tuple[int, int] = (1, 3), price: float | None = 1850.0) -> Option:
    """The first option with a second phase on another device: other settings, end point, anaesthesia, eyewear and aftercare."""
    one = option(1)
    first = one.phases[0].model_copy(update={"sessions": sessions[0], "interval_weeks": 12.0})
    second = first.model_copy(
        update={
            "device": "Fraxel re:store",
            "device_class": "nonablative_fractional_1550",
            "first_session": sessions[0] + 1,
            "sessions": sessions[1],
            "interval_weeks": 4.0,
            "settings": (PassSettings(panel=("energy_mJ", "density_pct"), energy_mJ=12.6, density_pct=2.875),),
            "passes": 1,
            "site_settings": {},
            "endpoint": "even redness and light swelling that feels warm",
            "stop_if": "whitening or a pattern of grid marks",
            "anaesthesia": "forced cold air during treatment",
            "eyewear": Eyewear(wavelength_nm="1550", optical_density=4, patient="opaque external shields", arithmetic="told"),
            "injuries": (injury("cheek", depth=300),),
            "social_downtime_days": quantity(1.6, "days"),
            "aftercare": (*AFTERCARE[2:], AFTERCARE[0].model_copy(update={"instruction": "cold compress ten minutes an hour"})),
        }
    )
    return one.model_copy(
        update={
            "label": "ProFractional (fractional ablative), 1 session, then Fraxel re:store (non-ablative fractional), 3 sessions",
            "phases": (first, second),
            "sessions": sum(sessions),
            "interval_weeks": 12.0,
            "injuries": (*first.injuries, *second.injuries),
            "price": price,
        }
    )


def confirmed(*, within: bool = True) -> Confirmed:
    """A comparison of library and simulation."""
    return Confirmed(
        fidelity="axisymmetric enthalpy model with a moving crater",
        stated_error_pct=8,
        largest_difference_pct=4.2 if within else 31,
        injury={"lesion_depth_um, ProFractional, fine_lines@periorbital": (210.0, 160.0)},
        improvement_points=-1.3,
        downtime_days=0.2,
        within=within,
    )


def explanation(*, label: str = "UltraPulse DeepFX (fractional ablative), 3 sessions") -> Explanation:
    """Every part of an explanation."""
    looser = (
        ("social_downtime_days", "7 days", "8 days", 11.5, 1.0, 2.9),
        ("social_downtime_days", "7 days", "9 days", 19.6, 2.0, 6.3),
        ("sessions", "3", "5", 7.0, 0.0, 0.1),
        ("risk", "cautious", "balanced", 18.3, -0.4, 4.2),
    )
    moved = (
        ("skin one phototype lighter (II)", 0.1, 0.0, -7.2, ()),
        ("skin one phototype darker (IV)", 1.0, 0.0, 6.8, ("hard cap: scarring of at most 3 % in a course",)),
        ("epidermis as thin as published", 0.5, 0.0, -0.1, ()),
        ("epidermis as thick as published", -0.2, 0.0, 0.0, ()),
        ("device delivering 17 % less than set", -3.2, -0.1, -1.0, ()),
        ("device delivering 20 % more than set", 3.5, 0.1, 0.8, ("social downtime of at most 7 days",)),
    )
    return Explanation(
        binding=("Sessions: all 3 that are allowed are used.", "Ceiling of density on the cheek: 23 of 23 % (CEI-008)."),
        looser=tuple(
            LooserLimit(
                limit=limit,  # type: ignore[arg-type]
                now=now,
                then=then,
                label=label,
                improvement_points=points,
                counted_points=points,
                downtime_days=days,
                pih_points=pih,
                text=f"{then} in place of {now}: {points:+.0f} points of improvement with {label}.",
            )
            for limit, now, then, points, days, pih in looser
        ),
        sensitivities=tuple(
            Sensitivity(what=what, improvement_points=points, downtime_days=days, pih_points=pih, breaks=breaks)
            for what, points, days, pih, breaks in moved
        ),
        runner_up=RunnerUp(
            label=label, behind_points=2.4, would_win=("if a session counted more than 2 points a session (now 1.5)",)
        ),
        protocols=(
            ProtocolDistance(
                name="Alexis 2012, acne scars, IV-VI",
                device_class="nonablative_fractional_1550",
                text="Alexis 2012, acne scars, IV-VI: energy 0.32 times the protocol's; inside its published range: no (energy).",
                within=False,
                sources=("PRO-070",),
            ),
        ),
    )


def commissioned(device: str = "ProFractional") -> CommissionedDevice:
    """A device that a meter has read once."""
    return CommissionedDevice(
        device=device,
        energy_scale=Quantity(p10=0.87, p50=0.92, p90=0.98, unit="ratio", sources=("plan.commissioning.tolerance",), provisional=True),
        sd_ln=0.05,
        measured=True,
        spots=(
            CommissionedSpot(
                quantity="energy_mJ", panel={"energy_mJ": 15.0}, site=None, phototype=None, date="2026-11-01", measured=13.5, sd=0.3,
                predicted_before=15.0, predicted_after=13.8, model_error_pct=5.0, used=True, note="",
            ),
        ),
        notes=("The measurement is three weeks old.",),
    )  # fmt: skip


def full_plan() -> Plan:
    """Everything that a plan can hold: two devices, explanation, a confirmed option, measured devices, prices."""
    plan = sample_plan()
    first = two_device_option().model_copy(update={"confirmed": confirmed(within=False)})
    second = plan.options[1].model_copy(update={"confirmed": confirmed(), "price": 1200.0})
    pairs = [
        point.model_copy(update={"then_device": "Fraxel re:store", "then_class": "nonablative_fractional_1550"})
        for point in plan.front[:12]
    ]
    far = plan.front[0].model_copy(update={"social_downtime_days": 60.0, "meets_limits": False})
    return plan.model_copy(
        update={
            "options": (first, second, *plan.options[2:]),
            "front": (*pairs, *plan.front[12:], far),
            "explanation": explanation(),
            "commissioned": (commissioned(),),
            "request": {"clinic": {"prices": {"currency": "EUR"}}},
        }
    )


def screening_entry(number: int, *, severity: str = "caution", state: str = "fires", until: str | None = None) -> ScreeningEntry:
    """A rule that fired, is unanswered or stands on the checklist."""
    return ScreeningEntry(
        rule_id=f"SCR-{number:03d}",
        condition="cold sores in the past",
        severity=severity,
        state=state,
        applies_to=("ablative_any", "fractional_any"),
        message="Herpes may come back after any wound of the face.",
        required_action="prescribe an antiviral from the day of treatment",
        source="textbook teaching",
        lifts_when="antiviral prescribed",
        override="physician_with_reason",
        until=until,
    )


def _calendar() -> tuple[CalendarEntry, ...]:
    rows = (
        ("2026-11-24", "test_spot", "Test spot", "In front of the ear.", None),
        ("2026-12-22", "test_spot_reading", "Test spot is read", "Go on only if it has healed.", None),
        ("2027-01-05", "session", "Session 1 of 2", "ProFractional.", 1),
        ("2027-01-05", "aftercare", "Aftercare from day 0", "Cooling.", 1),
        ("2027-01-09", "sunscreen", "Sunscreen from today", "SPF 50.", 1),
        ("2027-01-10", "milestone", "Back to work likely", "Day 5.", 1),
        ("2027-02-16", "session", "Session 2 of 2", "ProFractional.", 2),
        ("2027-05-18", "check_up", "Result is judged", "Photograph in the same light.", None),
    )
    return tuple(
        CalendarEntry(day=day, kind=kind, title=title, text=text, session=session) for day, kind, title, text, session in rows
    )  # type: ignore[arg-type]


RED_FLAGS = (
    RedFlag(
        day_from=0,
        day_to=14,
        symptom="fever over 38 C, rapidly spreading redness",
        action="emergency department",
        urgency="immediate",
        source="AFT-043",
    ),
    RedFlag(
        day_from=0,
        day_to=30,
        symptom="eye pain, visual change or light sensitivity",
        action="emergency eye assessment",
        urgency="immediate",
        source="AFT-044",
    ),
    RedFlag(
        day_from=2,
        day_to=10,
        symptom="grouped blisters, severe burning pain",
        action="urgent antiviral same day",
        urgency="same day",
        source="AFT-042",
    ),
    RedFlag(
        day_from=2,
        day_to=14,
        symptom="a patch that heals slower than the skin around it",
        action="clinic review",
        urgency="24 h",
        source="AFT-040",
    ),
    RedFlag(
        day_from=14,
        day_to=90,
        symptom="darkening",
        action="start depigmenting plan",
        urgency="routine within 1 week",
        source="AFT-052",
    ),
)


def _front() -> tuple[FrontPoint, ...]:
    points = []
    for number in range(40):
        downtime = 1 + 9 * ((number * 7) % 40) / 40
        gain = 15 + 45 * (downtime / 10) ** 0.6 - 9 * ((number * 11) % 5) / 5
        points.append(
            FrontPoint(
                device="ProFractional",
                device_class="ablative_fractional_eryag",
                improvement_pct=gain,
                social_downtime_days=downtime,
                worst_risk_pct=1 + downtime,
                pain_0_10=3.0,
                chair_minutes=60.0,
                sessions=2,
                price=None,
                on_front=number % 5 == 0,
                meets_limits=downtime < 7,
                option_rank=None,
            )
        )
    chosen = ((1, 52, 4.1, 8.0), (2, 38, 2.3, 5.6), (3, 60, 6.2, 11.0))
    points += [
        FrontPoint(
            device=f"Option {rank}",
            device_class="ablative_fractional_eryag",
            improvement_pct=gain,
            social_downtime_days=downtime,
            worst_risk_pct=risk,
            pain_0_10=3.0,
            chair_minutes=60.0,
            sessions=2,
            price=None,
            on_front=True,
            meets_limits=rank != 3,
            option_rank=rank,
        )
        for rank, gain, downtime, risk in chosen
    ]
    return tuple(points)


def source(number: int) -> Source:
    """One evidence row."""
    return Source(
        id=f"REC-{number:03d}",
        table="recovery",
        value=5.5 + number / 10,
        low=4,
        high=8.5,
        unit="days",
        text="",
        conditions="ablative_full_eryag, face, mean",
        source="Walia S, Alster TS. 1999. Dermatol Surg (133 patients). doi 10.1000/made.up.0001",
        confidence="read" if number % 3 else "weak",
        checked=number % 4 == 0,
    )


_HEADLINES: dict[str, str] = {
    "ready": "ProFractional (fractional ablative), 2 sessions: fine lines 52 % better (34 to 70); 4 days of downtime a session (2 to 6).",
    "needs_answers": "Required answers are missing; nothing is planned until they are given.",
    "deferred": "Defer treatment: tanned skin (SCR-030). Wait four weeks without sun. It lifts when: no tan.",
    "refer": "Refer before any laser: changing pigmented lesion (SCR-021). Dermatoscopy within two weeks. It lifts when: benign diagnosis.",
    "blocked": "No laser treatment: pregnancy (SCR-018). Wait until after delivery and breastfeeding.",
}


def _stopping(status: Status) -> tuple[ScreeningEntry, ...]:
    until = "2027-01-20" if status in {"deferred", "refer"} else None
    if status in {"ready", "needs_answers"}:
        return (screening_entry(7), screening_entry(8, severity="relative", state="unanswered"))
    return (screening_entry(21, severity="absolute", until=until), screening_entry(7))


def sample_plan(status: Status = "ready", *, options: int = 3, concerns: tuple[str, ...] = (LINES, SPOTS)) -> Plan:
    """A plan of the given status; options, front, comparators and aftercare only when ready."""
    ready = status == "ready"
    recheck = (CalendarEntry(day="2027-01-20", kind="check_up", title="Look again", text="Is the tan gone?", session=None),)
    return Plan(
        date="2026-11-22",
        status=status,
        headline=_HEADLINES[status],
        blocked=not ready,
        released=False,
        person=PersonSummary(
            age=46,
            sex="female",
            phototype="III",
            concerns=tuple(concerns),
            history=("herpes labialis",),
            goals=("at most 7 days of social downtime", "at most 3 sessions", "pain at most 6 of 10", "cautious"),
        ),
        questions=(Question(place="patient.pregnant", question="Is the patient pregnant? true or false"),)
        if status == "needs_answers"
        else (),
        unasked=("patient.last_sun_date", "history.gold_therapy", "history.lid_laxity"),
        screening=_stopping(status),
        checklist=("Photograph in standard light before the first session.", "Signed consent."),
        options=tuple(option(rank, concerns=concerns) for rank in range(1, options + 1)) if ready else (),
        refused=(
            Refusal(device_class="vascular_pdl_595", reason="Does not reach the target: fine lines hold no vessels to close."),
        ),
        removed=(
            Removed(limit="social downtime of at most 7 days", candidates=84),
            Removed(limit="hard cap on scarring", candidates=12),
        )
        if ready
        else (),
        front=_front() if ready else (),
        no_treatment=NoTreatment(
            description="With daily sunscreen alone, fine lines and age spots stay as they are or deepen slowly.",
            improvement_pct={key: quantity(4, "pct", spread=0.8) for key in concerns},
            sources=("CMP-040",),
        )
        if ready
        else None,
        comparators=(
            Comparator(
                modality="microneedling",
                concern=LINES,
                improvement_pct=quantity(30, "pct"),
                probability_better_pct=quantity(21, "pct", spread=0),
                downtime_days=quantity(2, "days"),
                pain_0_10=quantity(3, "0-10"),
                sessions=quantity(4, "sessions"),
                note="",
                sources=("CMP-010",),
            ),
            Comparator(
                modality="medium_peel",
                concern=SPOTS,
                improvement_pct=None,
                probability_better_pct=None,
                downtime_days=quantity(7, "days"),
                pain_0_10=None,
                sessions=None,
                note="no comparable trial",
                sources=("CMP-011",),
            ),
        )
        if ready
        else (),
        usual=None,
        explanation=None,
        commissioned=(),
        calendar=_calendar() if ready else recheck if status in {"deferred", "refer"} else (),
        aftercare=AFTERCARE if ready else (),
        red_flags=RED_FLAGS,
        sources=tuple(source(number) for number in range(1, 13)) if ready else (source(1),),
        provenance=PlanProvenance(
            version="0.1.0", evidence_sha256="a1" * 32, seed=0, inputs_sha256="b2" * 32, twins=400, candidates=312
        ),
        request={},
    )
