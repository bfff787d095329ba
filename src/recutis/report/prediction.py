"""Draws the figures of a prediction into a folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from recutis.sites import concern_key_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from recutis.plan.document import Quantity
    from recutis.plan.prediction_document import CoursePrediction, SessionPrediction

CLOCKS: Final = {
    "closure_days": "skin closed",
    "makeup_day": "make-up from",
    "return_to_work_day": "back at work",
    "social_downtime_days": "out of sight until",
}


def draw_prediction(prediction: CoursePrediction, folder: Path) -> None:
    """Write `figures/*.png`: the days after each kind of session, improvement by concern, quarters, and PIH.

    The same prediction gives the same pictures. A course that repeats a session has one calendar for it.
    """
    from recutis.report.figures.canvas import look, save_picture

    pictures = folder / "figures"
    pictures.mkdir(parents=True, exist_ok=True)
    with look():
        for name, make in _makers(prediction).items():
            save_picture(make(), name, pictures)


def _makers(prediction: CoursePrediction) -> dict[str, Callable[[], Figure]]:
    from recutis.report.figures.gain import gain_figure
    from recutis.report.figures.pigment import pigment_figure
    from recutis.report.figures.quarters import quarters_figure

    whole, curve = prediction.course, prediction.pigment
    makers: dict[str, Callable[[], Figure]] = {}
    for numbers, one in _kinds_of_session(prediction):
        makers[f"days-session-{one.number}"] = partial(_days, numbers, one)
    for key in whole.over_time:
        makers[f"improvement-{_file_word(key)}"] = partial(
            gain_figure,
            whole.by_session[key],
            whole.over_time[key],
            whole.over_time_without_sunscreen.get(key, ()),
            title=f"Improvement of {concern_key_words(key)}",
        )
    if whole.quartile_odds:
        odds = {concern_key_words(key).capitalize(): told for key, told in whole.quartile_odds.items()}
        makers["quarters"] = partial(quarters_figure, odds, title="How much better after the course, when matured")
    title = f"Dark marks (PIH) by phototype: {curve.device}, {curve.site.replace('_', ' ')}, session {curve.session}"
    makers["pigment"] = partial(pigment_figure, curve, title=title)
    return makers


def _kinds_of_session(prediction: CoursePrediction) -> list[tuple[list[int], SessionPrediction]]:
    """Sessions that are followed by the same days, told once with all their numbers."""
    found: list[tuple[list[int], SessionPrediction]] = []
    for one in prediction.sessions:
        same = next((numbers for numbers, other in found if other.symptoms == one.symptoms and other.device == one.device), None)
        if same is None:
            found.append(([one.number], one))
        else:
            same.append(one.number)
    return found


def _days(numbers: list[int], one: SessionPrediction) -> Figure:
    from recutis.report.figures.symptoms import symptoms_figure

    which = f"session {numbers[0]}" if len(numbers) == 1 else f"sessions {_listed(numbers)}"
    clocks: dict[str, Quantity] = {words: getattr(one, name) for name, words in CLOCKS.items()}
    title = f"Day by day after {which}: {one.device}, {', '.join(site.replace('_', ' ') for site in one.sites)}"
    return symptoms_figure(one.symptoms, clocks, title=title)


def _listed(numbers: list[int]) -> str:
    """'1 and 2', '4 to 8', '1, 3 and 6'."""
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]} to {numbers[-1]}"
    return f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


def _file_word(text: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text)[:60]
