"""A plan in lines for a terminal."""

from __future__ import annotations

from typing import Final

from recutis.plan.document import Option, Plan, Quantity
from recutis.plan.panel_words import panel_words
from recutis.report.explained import confirmed_view
from recutis.report.phases import change_weeks, money, sessions_words, step_word
from recutis.sites import concern_key_words

_WIDE: Final = 26  # letters of a line's name


def band_words(quantity: Quantity, unit: str) -> str:
    """'34 (13 to 69) % better'."""
    low, middle, high = (f"{float(f'{value:.2g}'):g}" for value in (quantity.p10, quantity.p50, quantity.p90))
    return f"{middle} ({low} to {high}) {unit}"


def option_lines(option: Option, unit: str) -> list[str]:
    """What is set, what it would do and what it costs; `unit` is the currency of prices."""
    told = option.predictions
    lines = _phase_lines(option)
    lines += [_line(concern_key_words(key), band_words(band, "% better")) for key, band in told.improvement_pct.items()]
    lines.append(_line("social downtime", band_words(told.social_downtime_days, "days a session")))
    pain = band_words(told.pain_0_10, "of 10")
    lines.append(_line("pain", pain if len(option.phases) > 1 else f"{pain}, {option.anaesthesia}"))
    lines.append(_line("dark marks (PIH)", band_words(told.risks.pih.per_course, "% in the course")))
    if option.price is not None:
        lines.append(_line("price of the course", money(option.price, unit)))
    if option.test_spot is not None:
        lines.append(_line("test spot", f"{option.test_spot.made_on}, read on {option.test_spot.read_on}"))
    confirmed = confirmed_view(option)
    if confirmed is not None and confirmed["warning"]:
        lines.append(_line("caution", str(confirmed["warning"])))
    return lines


def _line(name: str, text: str) -> str:
    return f"{name:{_WIDE}}{text}"


def _phase_lines(option: Option) -> list[str]:
    """The start setting; with two devices, each with its sessions, settings, end point, when to stop, and anaesthesia."""
    lines: list[str] = []
    several = len(option.phases) > 1
    for number, phase in enumerate(option.phases):
        weeks = f", every {phase.interval_weeks:g} weeks" if phase.sessions > 1 else ""
        setting = f"{panel_words(phase.settings[0], phase.passes)}{weeks}"
        if not several:
            lines.append(_line("start", setting))
            continue
        wait = f"; {change_weeks(option)[number - 1]:g} weeks after {option.phases[number - 1].device}" if number else ""
        lines.append(_line(f"{step_word(number).lower()}, {sessions_words(phase)}", f"{phase.device}: {setting}{wait}"))
        lines.append(_line("  end point", phase.endpoint))
        lines.append(_line("  stop if", phase.stop_if))
        lines.append(_line("  anaesthesia", phase.anaesthesia))
        lines.append(
            _line(
                "  eyewear", f"OD {phase.eyewear.optical_density:g} at {phase.eyewear.wavelength_nm} nm; {phase.eyewear.patient}"
            )
        )
    return lines


def plan_lines(plan: Plan) -> list[str]:
    """What holds the first option back and what a looser limit would buy, a sentence a line."""
    if plan.explanation is None:
        return []
    held = [f"Held back: {text}" for text in plan.explanation.binding]
    return [*held, *(f"Looser limit: {item.text}" for item in plan.explanation.looser)]
