"""The phases of a course as plain data: a device, its settings and all that goes with it; a course with two devices has two."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from recutis.plan.document import Ceiling, CommissionedDevice, Option, PassSettings, PhaseDocument, Plan
from recutis.report.rows import exact, plural, quantity_text
from recutis.report.words import ceiling_text, class_words, panel_parts, panel_text, sentence

View = dict[str, object]
_MINUTES_PER_HOUR: Final = 60
_STEPS: Final = ("First", "Then")


def step_word(number: int) -> str:
    """'First' for 0, 'Then' for any later phase."""
    return _STEPS[min(number, 1)]


def sessions_words(phase: PhaseDocument) -> str:
    """'session 1', 'sessions 2 to 4', 'sessions 1 and 2'."""
    first, last = phase.first_session, phase.first_session + phase.sessions - 1
    if first == last:
        return f"session {first}"
    return f"sessions {first} {'and' if last == first + 1 else 'to'} {last}"


def course_words(phase: PhaseDocument) -> str:
    """'1 session', '3 sessions, 6 weeks apart'."""
    apart = f", {phase.interval_weeks:g} weeks apart" if phase.sessions > 1 else ""
    return plural(phase.sessions, "session") + apart


def whole_course_words(option: Option) -> str:
    """'3 sessions, 6 weeks apart'; with two devices 'session 1, then after 12 weeks sessions 2 to 4, 6 weeks apart'."""
    if len(option.phases) == 1:
        return course_words(option.phases[0])
    words = []
    for number, phase in enumerate(option.phases):
        apart = f", {phase.interval_weeks:g} weeks apart" if phase.sessions > 1 else ""
        lead = f"then after {change_weeks(option)[number - 1]:g} weeks " if number else ""
        words.append(f"{lead}{sessions_words(phase)}{apart}")
    return ", ".join(words)


def change_weeks(option: Option) -> tuple[float, ...]:
    """Weeks between the last session of each phase and the first of the next: the longer interval of both."""
    return tuple(max(one.interval_weeks, two.interval_weeks) for one, two in pairwise(option.phases))


def devices_words(option: Option) -> str:
    """'UltraPulse, then Fraxel'; one name for one device."""
    return ", then ".join(phase.device for phase in option.phases)


def site_lines(phase: PhaseDocument) -> list[View]:
    """One line of settings a site; sites with equal settings share a line."""
    groups: dict[tuple[PassSettings, ...], list[str]] = {}
    for site, passes in phase.site_settings.items():
        groups.setdefault(passes, []).append(site.replace("_", " "))
    if not groups:
        groups = {phase.settings: ["all sites"]}
    lines: list[View] = []
    for passes, sites in groups.items():
        one = passes[0] if passes else phase.settings[0]
        _, follows = panel_parts(one)
        cooling = (f"cooling: {one.cooling}",) if one.cooling else ()
        lines.append(
            {
                "site": ", ".join(sites),
                "panel": panel_text(one, len(passes) or phase.passes),
                "follows": " · ".join((*follows, *cooling)),
            }
        )
    return lines


def ceiling_lines(ceilings: Iterable[Ceiling]) -> list[str]:
    """Hard ceilings, sites with the same one together."""
    lines: dict[str, list[str]] = {}
    for ceiling in ceilings:
        text = ceiling_text(
            max_energy_mJ=ceiling.max_energy_mJ,
            max_density_pct=ceiling.max_density_pct,
            max_fluence_J_cm2=ceiling.max_fluence_J_cm2,
            max_passes=ceiling.max_passes,
        )
        lines.setdefault(f"{text} ({ceiling.rule_id})", []).append(ceiling.site.replace("_", " "))
    return [f"{', '.join(sites)}: {text}" for text, sites in lines.items()]


def phase_views(option: Option, commissioned: tuple[CommissionedDevice, ...] = ()) -> list[View]:
    """What the settings card prints of each phase; `step` is empty for a course with one device."""
    several = len(option.phases) > 1
    measured = {item.device: item for item in commissioned if item.measured}
    return [
        {
            "step": f"{step_word(number)}, {sessions_words(phase)}" if several else "",
            "device": phase.device,
            "device_class": class_words(phase.device_class),
            "delivers": _delivers(measured[phase.device]) if phase.device in measured else "",
            "settings": site_lines(phase),
            "course": _course(option, number),
            "ceilings": ceiling_lines(phase.ceilings),
            "endpoint": sentence(phase.endpoint),
            "stop_if": sentence(phase.stop_if),
            "anaesthesia": sentence(phase.anaesthesia),
            "eyewear": f"Optical density {exact(phase.eyewear.optical_density)} or more at {phase.eyewear.wavelength_nm} nm for everyone",
            "eyewear_patient": sentence(phase.eyewear.patient),
            "figures": _figures(phase),
            "arithmetic": list(phase.arithmetic),
            "eyewear_arithmetic": phase.eyewear.arithmetic,
        }
        for number, phase in enumerate(option.phases)
    ]


def _delivers(device: CommissionedDevice) -> str:
    return f"Delivers {device.energy_scale.p50:.2f} times what is set, by this clinic's measurements."


def _course(option: Option, number: int) -> str:
    words = course_words(option.phases[number])
    if number == 0:
        return words
    return f"{words}; the first {change_weeks(option)[number - 1]:g} weeks after {option.phases[number - 1].device}"


def _figures(phase: PhaseDocument) -> list[View]:
    """The clocks, pain and chair time of one session of a phase."""
    told = (
        ("Skin closed", phase.closure_days),
        ("Social downtime", phase.social_downtime_days),
        ("Make-up", phase.makeup_day),
        ("Redness gone", phase.erythema_resolution_days),
        ("Pain", phase.pain_0_10),
        ("Chair time", phase.chair_minutes.total),
    )
    return [{"name": name, "text": quantity_text(band)} for name, band in told]


def setting_lines(option: Option) -> list[str]:
    """The start settings for the table of options: a line a site, led by the sessions where there are two devices."""
    lines: list[str] = []
    for number, phase in enumerate(option.phases):
        lead = f"{step_word(number)}, {sessions_words(phase)}: " if len(option.phases) > 1 else ""
        found = site_lines(phase)
        lines += [f"{lead}{line['panel']}" + (f" ({line['site']})" if len(found) > 1 else "") for line in found]
    return lines


def phase_sentences(option: Option) -> list[str]:
    """For a course with two devices, a line each: sessions, device, what to watch for, when to stop, anaesthesia, eyewear."""
    if len(option.phases) == 1:
        return []
    return [
        f"{step_word(number)}, {sessions_words(one)}, {one.device}. End point: {sentence(one.endpoint)} Stop if: {sentence(one.stop_if)} "
        f"Anaesthesia: {sentence(one.anaesthesia)} Eyewear: optical density {exact(one.eyewear.optical_density)} at "
        f"{one.eyewear.wavelength_nm} nm; {sentence(one.eyewear.patient)}"
        for number, one in enumerate(option.phases)
    ]


def currency(plan: Plan) -> str:
    """The currency of the clinic's prices, as the clinic's file gives it; empty without one."""
    clinic = plan.request.get("clinic")
    prices = clinic.get("prices") if isinstance(clinic, dict) else None
    found = prices.get("currency") if isinstance(prices, dict) else None
    return found if isinstance(found, str) else ""


def money(amount: float, unit: str) -> str:
    """'EUR 1,850'; the number alone without a currency."""
    return f"{unit} {amount:,.0f}".strip()


def chair_words(option: Option) -> str:
    """The chair time of the whole course, about: '45 min', '4.5 h'."""
    minutes = sum(phase.sessions * phase.chair_minutes.total.p50 for phase in option.phases)
    if minutes < 1.5 * _MINUTES_PER_HOUR:
        return f"about {minutes:.0f} min"
    return f"about {round(2 * minutes / _MINUTES_PER_HOUR) / 2:g} h"
