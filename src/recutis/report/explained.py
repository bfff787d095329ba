"""Why the first option is as it is and what would change it, as plain data; and what the devices deliver."""

from __future__ import annotations

import re
from typing import Final

from recutis.plan.commissioned_words import commissioned_words
from recutis.plan.document import Confirmed, Explanation, LooserLimit, Option, Plan, ProtocolDistance, Sensitivity
from recutis.report.rows import number, signed
from recutis.report.words import class_words, sentence

View = dict[str, object]
_LIMIT: Final = {
    "social_downtime_days": "Social downtime",
    "sessions": "Sessions",
    "pain_0_10": "Pain",
    "risk": "Attitude to risk",
}
_EVEN: Final = 0.5  # points of score below which two options are as good as each other
_INJURY_WORDS: Final = {
    "ablation_depth_um": ("crater depth", "µm"),
    "lesion_depth_um": ("lesion depth", "µm"),
    "coverage_fraction": ("surface injured, share", ""),
    "epidermis_killed_fraction": ("epidermis killed, share", ""),
    "pigment_ratio": ("pigment, times its threshold", ""),
    "gland_ratio": ("glands, times their threshold", ""),
    "vessel_ratio": ("vessels, times what closes them", ""),
}


def limit_words(item: LooserLimit) -> str:
    """'Social downtime', 'Sessions', 'Pain', 'Attitude to risk'."""
    return _LIMIT[item.limit]


def explained_view(plan: Plan) -> View | None:
    """The page that says what holds the plan back; None for a plan without an explanation."""
    found = plan.explanation
    if found is None:
        return None
    return {
        "binding": [sentence(text) for text in found.binding],
        "looser": [_looser(number, item) for number, item in enumerate(found.looser, start=1)],
        "runner_up": _runner_up(found),
        "sensitivities": bool(found.sensitivities),
        "breaks": _breaks(found.sensitivities),
        "steady": _steady(found.sensitivities),
        "protocols": [_protocol(item) for item in found.protocols],
    }


def _looser(number: int, item: LooserLimit) -> View:
    return {
        "number": str(number),
        "limit": limit_words(item),
        "now": item.now,
        "then": item.then,
        "course": item.label,
        "gain": signed(item.improvement_points),
        "days": signed(item.downtime_days),
        "pih": signed(item.pih_points),
    }


def _runner_up(found: Explanation) -> View | None:
    one = found.runner_up
    if one is None:
        return None
    even = one.behind_points < _EVEN
    return {
        "label": one.label,
        "behind": "as good as option 1" if even else f"{number(one.behind_points)} points behind option 1",
        "would_win": [sentence(text) for text in one.would_win],
    }


def _breaks(items: tuple[Sensitivity, ...]) -> list[View]:
    """What would break a limit, and which one."""
    return [{"what": sentence(item.what)[:-1], "limits": "; ".join(item.breaks)} for item in items if item.breaks]


def _steady(items: tuple[Sensitivity, ...]) -> str:
    if not items or any(item.breaks for item in items):
        return ""
    return "The plan keeps every limit in all of these."


def _protocol(item: ProtocolDistance) -> View:
    """A protocol, its name not said twice."""
    text = item.text.removeprefix(item.name).lstrip(" :")
    return {
        "name": item.name,
        "class": class_words(item.device_class),
        "text": sentence(text),
        "within": {True: "inside its range", False: "outside its range", None: "not comparable"}[item.within],
        "sources": ", ".join(item.sources),
    }


def confirmed_view(option: Option) -> View | None:
    """How the search's estimate compares with the full simulation; None where the search had simulated already."""
    one = option.confirmed
    if one is None:
        return None
    line = (
        f"Simulated in full ({one.fidelity}): library and simulation differ by at most {number(one.largest_difference_pct)} % in the "
        f"injury (stated error {number(one.stated_error_pct)} %), {signed(one.improvement_points)} points of improvement and "
        f"{signed(one.downtime_days)} days of downtime. The simulation's numbers are the ones told."
    )
    return {"line": line, "warning": "" if one.within else _differ(one)}


def _differ(one: Confirmed) -> str:
    def apart(pair: tuple[float, float]) -> float:
        return abs(pair[0] - pair[1]) / max(abs(pair[0]), abs(pair[1]), 1e-9)

    told = ""
    if one.injury:
        key, (guess, found) = max(one.injury.items(), key=lambda item: apart(item[1]))
        name, _, where = key.partition(", ")
        words, unit = _INJURY_WORDS.get(name, (re.sub(r"_(um|fraction)$", "", name).replace("_", " "), ""))
        place = where.replace("_", " ").replace("@", ", ")
        told = (
            f" Most apart: {words} ({place}), {number(guess)} by the library, {number(found)} {unit}".rstrip()
            + " by the simulation."
        )
    return (
        f"Library and simulation differ by {number(one.largest_difference_pct)} %, more than the stated {number(one.stated_error_pct)} %: "
        f"near a threshold a little more dose changes much, so start lower and judge by the end point.{told}"
    )


def delivered_view(plan: Plan) -> list[View]:
    """What the clinic's devices deliver by its measurements: the sentence that matters, then the measurements and notes."""
    found: list[View] = []
    for device in plan.commissioned:
        head, *rest = commissioned_words(device)
        found.append({"head": head, "rest": rest})
    return found
