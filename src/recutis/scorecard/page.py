"""The page `docs/claims.md`: every statement, its answer with computed numbers, and both verdicts.

`python -m recutis.scorecard.page [FILE]` writes it.
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from typing import Final

from recutis import evidence
from recutis.classes import DEVICE_CLASSES
from recutis.scorecard.claims import claim_rows, packaged, summary
from recutis.scorecard.panel import Panel, Treated, spread
from recutis.scorecard.quantities_time import FACE
from recutis.scorecard.types import Answer, ClaimRow, Computed, Spread, answer_text, number_text
from recutis.scorecard.verdict import plain, printed_unit

DEFAULT: Final = Path("docs/claims.md")
_SAID: Final = {
    "supported": "**Supported**",
    "depends": "**It depends**",
    "contradicted": "**Contradicted**",
    None: "**No verdict**",
}
_WORDS_SHOWN: Final = 4  # cases of a quantity told in words


def rules_text() -> str:
    """How verdicts follow from numbers, with the shares of the table."""
    most, least = (100 * evidence.value(f"claims.share.{name}") for name in ("supported", "contradicted"))
    return f"""A statement is written as a *proposition*: conditions on computed quantities, looked at case by case (a case is
mostly a device class). Thresholds, device classes and words stand in the table `model_claims`; the classes are those that the
literature column of the statement's row speaks of. No verdict is copied.

- Said of all: *supported* when at least {most:.0f} % of the cases hold, *contradicted* when at most {least:.0f} % do, else *depends*.
- Said to never happen: one counterexample contradicts it.
- Said to differ: supported when the largest median is the stated factor above the smallest.
- Left unsaid: *depends* as soon as one case shows that it matters."""


def panel_text(panel: Panel) -> str:
    """Whom and what the numbers are for."""
    return f"""Numbers are for reference persons (rows `claims.person.*`; unless said otherwise a healthy woman of 45, phototype II,
whole face), {panel.n} twins each, treated with the first catalogue device of every class that the ceilings allow, at the catalogue's
typical settings turned down to the ceiling where they lie above it. Sunscreen is the only protection; anaesthesia is the mildest that
brings the median pain to {evidence.value("plan.pain_target"):g} of 10. Improvement is that of a usual course: sessions until
{100 * evidence.value("claims.enough_share"):.0f} % of what the sessions that fit into a year (six at most) could bring, but no more than
{evidence.value("claims.course_sessions"):g}.
Ranges in brackets run from the tenth to the ninetieth percentile. Satisfaction is not modelled: the share of twins that improve by
{evidence.value("claims.satisfying"):g} % or more stands in. Prices are not known: chair minutes stand in."""


def panel_table(panel: Panel) -> str:
    """What stands for each class, and its main numbers; then the classes that are not in the panel, with the reason."""
    lines = [
        "| class | device | passes | injury | closed, days | out of sight, days | pain of 10 | darkening, % | best concern, % better |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    absent: dict[str, list[str]] = {}
    for name in DEVICE_CLASSES:
        treated = panel.treat(FACE, name)
        if isinstance(treated, str):
            absent.setdefault(treated, []).append(plain(name))
        else:
            lines.append(_panel_line(name, treated))
    left_out = "; ".join(f"{', '.join(names)} ({reason})" for reason, names in absent.items())
    return "\n".join(lines) + (f"\n\nNot in the panel: {left_out}." if left_out else "")


def _panel_line(name: str, treated: Treated) -> str:
    response, injury = treated.response, treated.injury
    deep = f"{number_text(injury.lesion_depth_um)} µm on {number_text(100 * injury.coverage_fraction)} % of the surface"
    best = f"{plain(treated.main)} {answer_text(spread(treated.improvement(treated.main)))}" if treated.served else "none visible"
    pain = f"{answer_text(spread(response.pain_0_10))}, {plain(treated.evaluation.care.anaesthesia)}"
    cells = (
        plain(name),
        treated.device.name,
        str(treated.evaluation.settings.passes),
        deep if injury.coverage_fraction > 0 else "pigment or vessels only",
        answer_text(spread(response.closure_days)),
        answer_text(spread(response.social_downtime_days)),
        pain,
        answer_text(spread(treated.course_risk_pct("pih"))),
        best,
    )
    return f"| {' | '.join(cells)} |"


def quantity_text(quantity: Computed) -> str:
    """One line for a quantity: its lowest and highest case, or its words."""
    name = f"`{quantity.name}`"
    note = f" *({quantity.note})*" if quantity.note else ""
    if not quantity.by:
        reason = next(iter(quantity.missing.values()), "no case")
        return f"- {name}: not computed: {reason}"
    numbers: dict[str, Answer] = {
        case: answer for case, answer in quantity.by.items() if isinstance(answer, Spread) or type(answer) is float
    }
    if numbers:
        return f"- {name}: {_ends(quantity, numbers)}{note}"
    flags = [case for case, answer in quantity.by.items() if answer is True]
    if all(isinstance(answer, bool) for answer in quantity.by.values()):
        return f"- {name}: yes in {len(flags)} of {len(quantity.by)} cases{f' ({_cases(flags)})' if flags else ''}{note}"
    return f"- {name}: {_words(quantity)}{note}"


def _cases(cases: list[str]) -> str:
    shown = "; ".join(_slashed(case) for case in cases[:_WORDS_SHOWN])
    return f"{shown}; and {len(cases) - _WORDS_SHOWN} more" if len(cases) > _WORDS_SHOWN else shown


def _slashed(case: str) -> str:
    return plain(case).replace(", ", " / ")


def _ends(quantity: Computed, numbers: dict[str, Answer]) -> str:
    def middle(case: str) -> float:
        answer = numbers[case]
        return answer.p50 if isinstance(answer, Spread) else float(answer)

    order = sorted(numbers, key=middle)
    low, high = order[0], order[-1]
    unit = printed_unit(quantity.unit)
    unit = f" {unit}" if unit else ""
    if len(order) == 1 or answer_text(numbers[low]) == answer_text(numbers[high]):
        where = f" in {_slashed(low)}" if len(order) == 1 else f" in all {len(order)} cases"
        return f"{answer_text(numbers[low])}{unit}{where}"
    return f"{answer_text(numbers[low])} in {_slashed(low)} to {answer_text(numbers[high])}{unit} in {_slashed(high)} ({len(order)} cases)"


def _words(quantity: Computed) -> str:
    """Answers in words, equal ones together, the commonest first."""
    groups: dict[str, list[str]] = {}
    for case, answer in quantity.by.items():
        groups.setdefault(str(answer), []).append(case)
    order = sorted(groups.items(), key=lambda item: -len(item[1]))
    shown = [f"{words} ({_cases(cases)})" for words, cases in order[:_WORDS_SHOWN]]
    more = len(order) - _WORDS_SHOWN
    return "; ".join(shown) + (f"; and {more} more answers" if more > 0 else "")


def claim_text(row: ClaimRow) -> str:
    """One statement as a section of the page."""
    agrees = {True: "agrees", False: "differs", None: "not compared"}[row.agrees]
    quantities = "\n".join(quantity_text(quantity) for quantity in row.quantities)
    reason = f"\nNot computed: {row.reason}\n" if row.reason else ""
    return f"""### {row.id}: "{row.statement}"

{_SAID[row.verdict_computed]} (literature: {row.verdict_literature}; {agrees}). {row.answer}

Proposition: {row.proposition}

Better said: {row.correction}.
{reason}
{quantities}
"""


def _summary_table(rows: tuple[ClaimRow, ...]) -> str:
    lines = ["| statement | computed | literature | |", "| --- | --- | --- | --- |"]
    for row in rows:
        mark = {True: "", False: "differs", None: "-"}[row.agrees]
        anchor = f"[{row.id}](#{_anchor(row)})"
        lines.append(f"| {anchor} {row.statement} | {row.verdict_computed or 'none'} | {row.verdict_literature} | {mark} |")
    return "\n".join(lines)


def _anchor(row: ClaimRow) -> str:
    kept = "".join(letter for letter in f'{row.id}: "{row.statement}"'.lower() if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")


def page(rows: tuple[ClaimRow, ...], panel: Panel) -> str:
    """The whole page as Markdown."""
    counts = summary(rows)
    sections = []
    for name, group in groupby(rows, key=lambda row: row.section):
        sections.append(f"## {name}\n")
        sections += [claim_text(row) for row in group]
    differing = ", ".join(row.id for row in rows if row.agrees is False) or "none"
    body = "\n".join(sections)
    return f"""# What is said about laser resurfacing, computed

*Written by `python -m recutis.scorecard.page`; `recutis validate claims --json` gives every number. For research and education;
not medical advice.*

{len(rows)} common statements, each answered by the models and set beside the verdict that the literature
suggested when the table was compiled. {counts["computed"]} are computed; {counts["agree"]} of {counts["judged"]} verdicts agree.
They differ in: {differing}. A difference is shown, not repaired: either the models or the reading of the statement is off. The
propositions were written by people who knew the literature's verdicts, and the models are fitted to the same literature: agreement
says that both tell the same story, it is no independent proof.

## How to read it

{rules_text()}

{panel_text(panel)}

## The panel

{panel_table(panel)}

## All statements

{_summary_table(rows)}

{body}"""


def write_page(path: Path = DEFAULT, *, twins: int = 200, seed: int = 0) -> None:
    """Compute all statements and write the page."""
    panel = Panel(n=twins, seed=seed)
    path.write_text(page(claim_rows(panel, packaged()), panel), encoding="utf-8")


if __name__ == "__main__":
    write_page(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT)
