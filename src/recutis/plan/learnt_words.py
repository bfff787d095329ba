"""What a session taught, in lines for a terminal."""

from __future__ import annotations

from collections.abc import Callable

from recutis.plan.document import Quantity
from recutis.plan.prediction_document import Learnt
from recutis.response.update import WORDS
from recutis.sites import concern_key_words


def learnt_lines(learnt: Learnt, band: Callable[[Quantity, str], str]) -> list[str]:
    """What was seen beside what had been foreseen, and what the same session would now be foreseen to do.

    `band` writes a quantity with its unit.
    """
    units = {"pct": "%", "0-10": "of 10", "days": "days"}
    lines = []
    for item in learnt.seen:
        words, unit = WORDS[item.what]
        told = f"{item.value:g} {units[unit]}" if not isinstance(item.value, bool) else "came" if item.value else "did not come"
        of = item.concern or item.site
        name = f"seen: {words}"
        lines.append(f"{name:26}{told} ({of.replace('_', ' ').replace('@', ', ')}); foreseen {band(item.predicted, units[unit])}")
    drawn = f", drawn anew {learnt.refreshed} times" if learnt.refreshed > 1 else ", drawn anew once" if learnt.refreshed else ""
    lines.append(f"{'learnt':26}what was seen leaves {learnt.effective_twins:.0f} of {learnt.twins} twins' worth{drawn}")
    shifts = [
        ("redness", learnt.redness_days, "days"),
        ("social downtime", learnt.social_downtime_days, "days"),
        ("pain", learnt.pain_0_10, "of 10"),
        ("dark marks (PIH)", learnt.pih, "%"),
        *((concern_key_words(key), item, "% better") for key, item in learnt.improvement_pct.items()),
    ]
    lines += [f"{f'  {name}':26}{band(item.before, unit)} -> {band(item.after, unit)}" for name, item, unit in shifts]
    return lines
