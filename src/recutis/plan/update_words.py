"""What an update says: what was seen beside what was foreseen, what that changes, and how to go on, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recutis.response.update import EVENTS, WORDS
from recutis.sites import concern_key_words

if TYPE_CHECKING:
    from recutis.plan.document import PassSettings, Plan, Quantity
    from recutis.plan.prediction_document import SeenThing, Shift
    from recutis.plan.so_far import SoFar
    from recutis.plan.update_document import GivenSession, RestCourse, RestPhase, RestShifts

_UNITS: Final = {"pct": "%", "0-10": "of 10", "days": "days"}
_KNOBS: Final = {
    "energy_mJ": ("energy", "mJ"), "density_pct": ("density", "% a pass"), "columns_cm2": ("columns", "/cm²"),
    "fluence_J_cm2": ("fluence", "J/cm²"), "duration_ms": ("duration", "ms"), "spot_mm": ("spot", "mm"), "power_W": ("power", "W"),
    "depth_um": ("depth", "µm"), "coagulation_um": ("coagulation", "µm"), "overlap_pct": ("overlap", "%"), "stack": ("stacked pulses", ""),
}  # fmt: skip
_SAME_SHARE: Final = 0.02  # relative difference of two settings that print alike
_TELLING: Final = 0.1  # relative move of a median that is worth a word
_LEAST: Final = 0.1  # in the unit of what moved, below which nothing is said


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the sentences are made of."""

    verdict: str
    given: tuple[GivenSession, ...]
    sessions: int
    left: int
    reached: Mapping[str, Quantity]
    old: RestCourse | None
    shifts: RestShifts | None
    options: tuple[RestCourse, ...]
    nothing_more: float
    so_far: SoFar
    made: Plan | None


def _number(value: float) -> str:
    return f"{float(f'{value:.2g}'):g}"


def _seen(where: str, item: SeenThing) -> str:
    words, unit = WORDS[item.what]
    foreseen = f"{_number(item.predicted.p50)} ({_number(item.predicted.p10)} to {_number(item.predicted.p90)}) {_UNITS[unit]}"
    place = concern_key_words(item.concern) if item.concern else item.site.replace("_", " ")
    if item.what in EVENTS:
        told = "came" if item.value else "did not come"
        return f"{where}, {place}: {words} {told}; the chance foreseen was {foreseen}."
    return f"{where}, {place}: {words} {item.value:g} {_UNITS[unit]}; foreseen {foreseen}."


def _everything_seen(given: tuple[GivenSession, ...]) -> Iterator[str]:
    for one in given:
        if one.learnt is not None:
            where = "Test spot" if one.test_spot else f"Session {one.number}"
            yield from (_seen(where, item) for item in one.learnt.seen)


def _moved(shift: Shift) -> bool:
    change = abs(shift.after.p50 - shift.before.p50)
    return change >= max(_LEAST, _TELLING * abs(shift.before.p50))


def _moves(shifts: RestShifts) -> str:
    """What the twins now say of the old rest, where it moved."""
    parts = [
        ("dark marks (PIH)", shifts.pih_pct, "%"),
        ("redness", shifts.redness_days, "days"),
        ("social downtime", shifts.social_downtime_days, "days a session"),
        ("pain", shifts.pain_0_10, "of 10"),
        *((f"{concern_key_words(name)} in all", shift, "% better") for name, shift in shifts.total_pct.items()),
    ]
    return ", ".join(
        f"{name} {_number(shift.before.p50)} -> {_number(shift.after.p50)} {unit}" for name, shift, unit in parts if _moved(shift)
    )


def _knobs(site: str, old: tuple[PassSettings, ...], new: tuple[PassSettings, ...]) -> list[str]:
    found = []
    for name, (words, unit) in _KNOBS.items():
        one, other = getattr(old[0], name), getattr(new[0], name)
        if name in old[0].panel and one and other is not None and abs(other - one) > _SAME_SHARE * abs(one):
            found.append(f"{words} {one:.3g} -> {other:.3g} {unit}".rstrip())
    if len(old) != len(new):
        found.append(f"passes {len(old)} -> {len(new)}")
    return [f"{site.replace('_', ' ')}: {', '.join(found)}"] if found else []


def _settings(old: RestPhase, new: RestPhase) -> str:
    if old.device != new.device:
        return f"{old.device} -> {new.device}"
    found = [
        words
        for site, told in new.site_settings.items()
        if site in old.site_settings
        for words in _knobs(site, old.site_settings[site], told)
    ]
    found += [f"{site.replace('_', ' ')} is treated too" for site in new.site_settings if site not in old.site_settings]
    found += [f"{site.replace('_', ' ')} is not treated any more" for site in old.site_settings if site not in new.site_settings]
    return f"{new.device}: {'; '.join(found)}" if found else ""


def _reasons(old: RestCourse, new: RestCourse) -> str:
    """Old and new rest side by side, both with the twins of now."""
    pairs = [
        ("dark marks (PIH)", old.pih_pct, new.pih_pct, "%"),
        ("social downtime", old.social_downtime_days, new.social_downtime_days, "days a session"),
        ("pain", old.pain_0_10, new.pain_0_10, "of 10"),
        *((concern_key_words(key), old.total_pct[key], new.total_pct[key], "% better in all") for key in old.total_pct),
    ]
    return ", ".join(f"{name} {_number(one.p50)} -> {_number(two.p50)} {unit}" for name, one, two, unit in pairs)


def _change(facts: Facts) -> Iterator[str]:
    old, new = facts.old, facts.options[0] if facts.options else None
    if old is None:
        return
    if facts.verdict != "keep":
        yield from (f"The old rest would break: {text}." for text in old.breaks)
    if new is None:
        return
    if facts.verdict == "keep":
        best = f"the best that could be planned now is {_ahead(new, old)} ahead"
        if new.score_points - old.score_points < _LEAST:
            best = "nothing that could be planned now is better"
        yield f"The rest stays as planned ({old.label}); {best}."
        return
    pieces = [words for one, two in zip(old.phases, new.phases, strict=False) if (words := _settings(one, two))]
    if old.sessions != new.sessions:
        pieces.append(f"sessions to come {old.sessions} -> {new.sessions}")
    if len(old.phases) != len(new.phases) or not pieces:
        pieces.append(f"{old.label} -> {new.label}")
    if facts.verdict == "change":
        worth = "" if old.breaks else f"; {_ahead(new, old)} ahead"
        yield f"{'; '.join(pieces)}: {_reasons(old, new)}{worth}."


def _ahead(new: RestCourse, old: RestCourse) -> str:
    return _points(max(new.score_points - old.score_points, 0.0))


def _points(value: float) -> str:
    text = _number(value)
    return f"{text} point{'' if text == '1' else 's'}"


def _lowered(so_far: SoFar) -> Iterator[str]:
    for name, most in so_far.lowered.items():
        parts = ((most.max_energy_mJ, "mJ"), (most.max_density_pct, "% in all passes"), (most.max_fluence_J_cm2, "J/cm²"))
        passes = "" if most.max_passes is None else f" in {most.max_passes} pass{'es' if most.max_passes > 1 else ''}"
        told = ", ".join(f"{value:.3g} {unit}" for value, unit in parts if value is not None)
        lead, then = ("An earlier", "") if name in so_far.clean else ("The", ", and a new spot comes first")
        yield (
            f"{lead} test spot failed: no device of its class ({name.replace('_', ' ')}) may pass {told}{passes} "
            f"(plan.update.spot_share){then}."
        )


def _stop(facts: Facts) -> Iterator[str]:
    if facts.verdict == "stop" and facts.options:
        best = facts.options[0]
        gains = ", ".join(f"{concern_key_words(key)} {_number(band.p50)} points" for key, band in best.to_come_pct.items())
        yield (
            f"What is still to come does not outweigh the dark marks it may cost: {best.label} would gain {gains}, with a chance of "
            f"{_number(best.pih_pct.p50)} % ({_number(best.pih_pct.p10)} to {_number(best.pih_pct.p90)})."
        )
    elif facts.verdict == "stop" and facts.made is not None:
        yield facts.made.headline
    elif facts.verdict == "finished":
        yield "Every session of the course has been given; more would need the person's leave (goals.max_sessions) and a new plan."


def difference(facts: Facts) -> tuple[str, ...]:
    """What was seen, what it changes in what is foreseen, and how and why to go on differently."""
    words = list(_everything_seen(facts.given))
    if facts.shifts is not None:
        moves = _moves(facts.shifts)
        words.append(
            f"The rest as it was planned: {moves}." if moves else "The rest as it was planned is foreseen much as before."
        )
    aside: list[str] = []
    chosen = facts.old if facts.verdict == "keep" else facts.options[0] if facts.options else None
    if facts.verdict in {"keep", "change"} and chosen is not None and facts.nothing_more > chosen.score_points:
        points = _points(facts.nothing_more - chosen.score_points)
        aside.append(
            f"By the prices of days, sessions and dark marks (plan.price.*) stopping here would be {points} ahead: weigh that too."
        )
    return (*words, *_lowered(facts.so_far), *_change(facts), *_stop(facts), *aside)


def reached_words(reached: Mapping[str, Quantity], sessions: int) -> str:
    """'Improvement counts from before the first session; reached by now, after 2 sessions: ...'; empty where nothing was given."""
    if not sessions:
        return ""
    gains = "; ".join(f"{concern_key_words(key)} {_number(band.p50)} %" for key, band in reached.items())
    count = f"{sessions} session{'s' if sessions > 1 else ''}"
    return f"Improvement counts from before the first session; reached by now, after {count}: {gains}."


def headline(facts: Facts) -> str:
    """The verdict in one sentence."""
    best = facts.options[0] if facts.options else None
    if facts.verdict == "keep" and facts.old is not None:
        return f"Keep the course: {_going_on(facts.old)}."
    if facts.verdict == "change" and best is not None:
        return f"Change the course: {_going_on(best)}."
    if facts.verdict == "finished":
        return "The course is finished: no session is left."
    return (
        "Stop here: nothing that is allowed is worth its price."
        if best is not None
        else "Stop here: nothing that is left is allowed."
    )


def _going_on(one: RestCourse) -> str:
    gains = "; ".join(
        f"{concern_key_words(key)} {_number(band.p50)} % better in all"
        + (f" (+{_number(one.to_come_pct[key].p50)} still to come)" if key in one.to_come_pct else "")
        for key, band in one.total_pct.items()
    )
    return f"{one.label}: {gains}; {_number(one.social_downtime_days.p50)} days of social downtime a session"
