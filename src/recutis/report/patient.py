"""The patient's part as plain data: plain words, natural frequencies, dates."""

from __future__ import annotations

from datetime import date
from typing import Final

from recutis.plan.document import Aftercare, CalendarEntry, Option, Plan, Predictions, Quantity, QuartileOdds
from recutis.report.calendar_file import entries_shown
from recutis.report.clinician import blocking_rules
from recutis.report.phases import change_weeks, currency, money, sessions_words, step_word
from recutis.report.rows import PROVISIONAL, frequency_range, number, plural, shares_of_ten
from recutis.report.words import RISK_PLAIN, concern_plain, sentence

View = dict[str, object]
_LITTLE_CHANGE: Final = 10.0  # percent; the document counts less as no visible change
_LONGER: Final = "after the part that keeps you in longer"
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LIGHT: Final = (
    ("ablative_full", "A laser takes off the very top of the skin, all over the treated part. New skin grows back over it."),
    (
        "ablative_fractional",
        "A laser makes many tiny holes, each about as wide as a hair. The skin between them stays whole and helps "
        "the holes to heal. Healing skin builds new firm tissue.",
    ),
    (
        "hybrid",
        "A laser makes many tiny holes and also warms tiny columns under the skin. The skin between them stays whole and helps it to heal.",
    ),
    (
        "nonablative",
        "A laser warms many tiny columns inside the skin. The surface stays in place. Healing skin builds new firm tissue.",
    ),
    ("sebaceous", "A laser warms the oil glands in the skin, so that they make less oil."),
    ("vascular", "Light goes through the skin and is taken up by the blood in small veins. The veins close and fade."),
    ("pigment", "Very short flashes of light break up the brown colour in the spots. The body then clears it away."),
    ("ipl", "Bright flashes of light are taken up by brown or red colour in the skin, which then fades."),
)
_URGENCY: Final = (
    ("immediate", "Call emergency services now"),
    ("same day", "Call us today"),
    ("24 h", "Call us within a day"),
    ("48 h", "Call us within two days"),
    ("", "Tell us within a week or two"),
)
_KINDLY: Final = {
    "refer": (
        "First, another doctor should look at your skin",
        "Before any laser is used, a skin doctor needs to look closely at something on your skin. A laser could hide it or make it "
        "harder to understand. Most such checks find nothing serious, but it is important to have this one done, and done soon.",
    ),
    "deferred": (
        "Not now, but perhaps later",
        "Laser treatment is safer for you at a later time. Waiting lowers the chance of marks, infection or scars. "
        "This is not a no: we will look again.",
    ),
    "blocked": (
        "We do not advise a laser for you",
        "With what we know today, a laser could do you more harm than good, or would not give you what you hope for. "
        "There may be other ways to help. Please talk them over with your clinician.",
    ),
    "needs_answers": (
        "We need a few answers first",
        "To plan safely we need to know a little more about you. No treatment has been planned yet.",
    ),
}

_NEXT: Final = {
    "refer": (
        "A skin doctor looks at the spot with a special magnifier. This does not hurt.",
        "If it is still not clear, a tiny piece of skin is taken with numbing and looked at under a microscope.",
        "When it is clear that the spot is harmless, we plan again.",
    ),
    "deferred": ("We wait until the reason below has passed.", "Then we look at your skin again and plan again."),
    "blocked": ("Talk with your clinician about other ways to help.", "If something changes, ask us to look again."),
    "needs_answers": ("Your clinician asks you these questions.", "Then we make your plan."),
}


def patient_view(plan: Plan) -> View:
    """Everything the patient's template prints."""
    first = plan.options[0] if plan.options and plan.status == "ready" else None
    return {
        "draft": not plan.released,
        "date": day_words(plan.date),
        "mark": PROVISIONAL,
        "flags": _flags(plan),
        "told": _told(plan, first) if first else None,
        "instead": None if first else _instead(plan),
    }


def day_words(text: str) -> str:
    """'Mon 5 January 2027' for an ISO date."""
    day = date.fromisoformat(text)
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def _range_words(band: Quantity, unit: str) -> str:
    low, high = (max(value, 0.0) for value in (band.p10, band.p90))
    mark = PROVISIONAL if band.provisional else ""
    first, last = f"{low:.0f}", f"{high:.0f}"
    if first == last:
        return (
            f"less than 1 {unit.removesuffix('s')}" if first == "0" else f"about {plural(round(high), unit.removesuffix('s'))}"
        ) + mark
    return f"{first} to {last} {unit}{mark}"


def _day_range(band: Quantity) -> str:
    low, high = (round(max(value, 0.0)) for value in (band.p10, band.p90))
    mark = PROVISIONAL if band.provisional else ""
    return (f"day {low}" if low == high else f"day {low} to {high}") + mark


def _facts(minutes: Quantity, pain: Quantity, downtime: Quantity, redness: Quantity) -> list[View]:
    """Four tiles: how long, how much it hurts, how long to stay in, how long it is red."""
    return [
        {"name": "In the clinic", "text": _range_words(minutes, "min"), "sub": "each visit, with numbing"},
        {
            "name": "Pain",
            "text": f"{number(pain.p50)} of 10{PROVISIONAL if pain.provisional else ''}",
            "sub": f"most say {pain.p10:.0f} to {min(pain.p90, 10):.0f}",
        },
        {"name": "Staying in", "text": _range_words(downtime, "days"), "sub": "until most people feel fine to be seen"},
        {"name": "Redness", "text": _range_words(redness, "days"), "sub": "until the last of it is gone"},
    ]


def _again(sunscreen: Quantity, makeup: Quantity) -> list[View]:
    return [
        {"name": "Wear sunscreen", "text": f"from {_day_range(sunscreen)}", "sub": "hat and shade before that"},
        {"name": "Wear make-up", "text": f"from {_day_range(makeup)}", "sub": "only when the skin is closed"},
    ]


def _work(made: Predictions) -> View:
    return {"name": "Go to work", "text": f"from {_day_range(made.return_to_work_day)}", "sub": "most people like you"}


def _facts_by_part(option: Option) -> list[View]:
    """The four tiles, once for each part of the treatment; a treatment in one part has no titles."""
    made = option.predictions
    if len(option.phases) == 1:
        tiles = _facts(made.chair_minutes.total, made.pain_0_10, made.social_downtime_days, made.erythema_resolution_days)
        return [{"title": "", "tiles": tiles}]
    return [
        {
            "title": f"{sessions_words(one).capitalize()}, {one.device}",
            "tiles": _facts(one.chair_minutes.total, one.pain_0_10, one.social_downtime_days, one.erythema_resolution_days),
        }
        for one in option.phases
    ]


def _again_by_part(option: Option) -> list[View]:
    """When sunscreen, make-up and work are possible; work is told once, for the part that keeps a person in longest."""
    made = option.predictions
    if len(option.phases) == 1:
        return [{"title": "", "tiles": [*_again(made.sunscreen_start_day, made.makeup_day), _work(made)]}]
    parts: list[View] = [
        {"title": f"After {sessions_words(one)}", "tiles": _again(one.sunscreen_start_day, one.makeup_day)}
        for one in option.phases
    ]
    parts[0]["tiles"] = [
        *_again(option.phases[0].sunscreen_start_day, option.phases[0].makeup_day),
        {**_work(made), "sub": _LONGER},
    ]
    return parts


def _how(device_class: str) -> str:
    return next((words for prefix, words in _LIGHT if device_class.startswith(prefix)), "Light from a laser treats the skin.")


def _what(plan: Plan, option: Option) -> list[str]:
    """What is done, in how many sessions, and the price where it is given."""
    spot = " First we try it on a small spot and wait to see how your skin takes it." if option.test_spot else ""
    price = [f"The price of all sessions together is {money(option.price, currency(plan))}."] if option.price is not None else []
    if len(option.phases) == 1:
        apart = f", about {option.interval_weeks:g} weeks apart." if option.sessions > 1 else "."
        return [_how(option.device_class), f"The plan is {plural(option.sessions, 'session')}{apart}{spot}", *price]
    words = [f"The plan is {plural(option.sessions, 'session')} in two parts, with one laser after the other.{spot}"]
    for at, one in enumerate(option.phases):
        wait = f", about {change_weeks(option)[at - 1]:g} weeks after the first part" if at else ""
        apart = f", about {one.interval_weeks:g} weeks apart" if one.sessions > 1 else ""
        words.append(f"{step_word(at)}, {sessions_words(one)} ({one.device}){wait}{apart}: {_how(one.device_class)}")
    return [*words, *price]


def _numbing(option: Option) -> list[str]:
    """What is done against the pain, once where it is the same in every part."""
    if len({one.anaesthesia for one in option.phases}) == 1:
        return [sentence(f"For the pain: {option.anaesthesia}")]
    return [sentence(f"For the pain, {sessions_words(one)}: {one.anaesthesia}") for one in option.phases]


def _told(plan: Plan, option: Option) -> View:
    made = option.predictions
    concerns = [concern_plain(key) for key in option.treats] or [concern_plain(key) for key in made.improvement_pct]
    return {
        "title": f"Your treatment: {', '.join(concerns)}",
        "what": _what(plan, option),
        "facts": _facts_by_part(option),
        "numbing": _numbing(option),
        "again": _again_by_part(option),
        "odds": [_odds(concern_plain(key), odds, made.improvement_pct.get(key)) for key, odds in made.quartile_odds.items()],
        "later": _later(option),
        "risks": [
            {
                "name": RISK_PLAIN[name][0],
                "text": RISK_PLAIN[name][1],
                "chance": frequency_range(getattr(made.risks, name).per_course),
                "percent": min(max(getattr(made.risks, name).per_course.p50, 0.0), 100.0),
            }
            for name in sorted(RISK_PLAIN, key=lambda name: -getattr(made.risks, name).per_course.p50)
        ],
        "nothing": _nothing(plan),
        "dates": _dates(plan, option),
        "aftercare": _aftercare_by_part(plan, option),
        "has_days": bool(made.symptoms),
        "days_note": "" if len(option.phases) == 1 else "For each sign, the part of the treatment with more of it is shown.",
    }


def _later(option: Option) -> list[str]:
    lines = []
    for key, weeks in option.predictions.time_to_effect_weeks.items():
        lines.append(f"{concern_plain(key).capitalize()}: you see the full effect after about {_range_words(weeks, 'weeks')}.")
    for key, share in option.predictions.recurrence_pct.items():
        if share.p50 >= 1:
            mark = PROVISIONAL if share.provisional else ""
            lines.append(
                f"{concern_plain(key).capitalize()}: over time, about {share.p50:.0f} % of the gain may go again ({share.p10:.0f} to "
                f"{share.p90:.0f} %){mark}."
            )
    return lines


def _odds(name: str, odds: QuartileOdds, gain: Quantity | None) -> View:
    parts = (odds.above_75, odds.from_50_to_75, odds.from_25_to_50, odds.below_25)
    percents = tuple(min(max(part.p50, 0.0), 100.0) for part in parts)
    if sum(percents) <= 0:
        percents = (0.0, 0.0, 0.0, 100.0)
    shares = shares_of_ten(percents)
    words = ("Very much better", "Much better", "Somewhat better", "A little better or the same")
    none = min(max(odds.no_visible_change.p50, 0.0), 100.0)
    mark = PROVISIONAL if any(part.provisional for part in parts) else ""
    return {
        "name": name[:1].upper() + name[1:],
        "shares": [{"count": count, "words": text} for count, text in zip(shares, words, strict=True)],
        "none": f"About {max(round(none / 10), 1)} of 10 see no change at all."
        if none >= 5
        else "Hardly anyone sees no change at all.",
        "gain": f"On average about {gain.p50:.0f} % better; for most people between {gain.p10:.0f} and {gain.p90:.0f} %{mark}."
        if gain
        else "",
    }


def _nothing(plan: Plan) -> list[str]:
    found = plan.no_treatment
    if found is None:
        return []
    lines = [f"That is: {sentence(found.description)}"]
    for key, change in found.improvement_pct.items():
        name = sentence(concern_plain(key))[:-1]
        mark = PROVISIONAL if change.provisional else ""
        if abs(change.p50) < _LITTLE_CHANGE:
            lines.append(f"{name}: little or no change{mark}.")
        else:
            lines.append(f"{name}: about {abs(change.p50):.0f} % {'better' if change.p50 > 0 else 'worse'}{mark}.")
    return lines


def _dates(plan: Plan, option: Option) -> list[View]:
    """The dates; each session of a treatment in two parts says which laser it is with."""
    kinds = {"test_spot", "test_spot_reading", "session", "check_up"}
    shown = sorted((entry for entry in entries_shown(plan) if entry.kind in kinds), key=lambda entry: entry.day)

    def title(entry: CalendarEntry) -> str:
        if entry.kind != "session" or entry.session is None or len(option.phases) == 1:
            return entry.title
        return f"{entry.title}: {[one.device for one in option.phases if one.first_session <= entry.session][-1]}"

    return [{"day": day_words(entry.day), "title": title(entry), "session": entry.kind == "session"} for entry in shown]


def _aftercare_by_part(plan: Plan, option: Option) -> list[View]:
    """Instructions; with two parts first those of both, then those of each alone."""
    if len(option.phases) == 1:
        return [{"title": "", "rows": _aftercare(plan.aftercare)}]
    told = [set(map(_instruction, one.aftercare)) for one in option.phases]
    both = set.intersection(*told)
    groups = [("After every session", tuple(item for item in option.phases[0].aftercare if _instruction(item) in both))]
    for one in option.phases:
        own = tuple(item for item in one.aftercare if _instruction(item) not in both)
        groups.append((f"After {sessions_words(one)} ({one.device})", own))
    return [{"title": title, "rows": _aftercare(items)} for title, items in groups if items]


def _instruction(item: Aftercare) -> tuple[int, int, str, str]:
    return item.day_from, item.day_to, item.topic, item.instruction


def _aftercare(items: tuple[Aftercare, ...]) -> list[View]:
    rows: list[View] = []
    for item in sorted(items, key=lambda item: (item.day_from, item.day_to)):
        if item.day_from < 0:
            days = f"{-item.day_from} day{'s' if item.day_from < -1 else ''} before"
        else:
            days = f"Day {item.day_from}" if item.day_from == item.day_to else f"Day {item.day_from} to {item.day_to}"
        rows.append({"days": days, "topic": item.topic.replace("_", " ").capitalize(), "text": sentence(item.instruction)})
    return rows


def _flags(plan: Plan) -> list[View]:
    """Red flags grouped by how soon to call, most urgent first; empty groups are left out."""
    groups: list[View] = []
    left = list(plan.red_flags)
    for word, title in _URGENCY:
        mine = [flag for flag in left if not word or flag.urgency.strip().lower() == word]
        left = [flag for flag in left if flag not in mine]
        if mine:
            rows = [{"symptom": sentence(flag.symptom), "days": f"day {flag.day_from} to {flag.day_to}"} for flag in mine]
            groups.append({"title": title, "urgent": word == "immediate", "rows": rows})
    return groups


def _instead(plan: Plan) -> View:
    status = plan.status if plan.status in _KINDLY else "blocked"
    title, text = _KINDLY[status]
    stops = blocking_rules(plan)
    return {
        "title": title,
        "text": text,
        "reasons": list(dict.fromkeys(sentence(entry.condition) for entry in stops)),
        "next": list(_NEXT.get(status, ())),
        "told": list(dict.fromkeys(sentence(entry.required_action) for entry in stops if entry.required_action)),
        "questions": [sentence(item.question) for item in plan.questions],
        "dates": [{"day": day_words(entry.day), "title": entry.title} for entry in entries_shown(plan)],
        "meanwhile": "Protect your skin from the sun every day with sunscreen, a hat and shade. Do not stop any medicine that a "
        "doctor gave you. If a spot changes, bleeds or hurts, have it looked at at once.",
    }
