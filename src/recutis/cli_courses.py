"""Commands about a course under way: `recutis update` and `recutis compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recutis.printing import folder, must_be_a_folder
from recutis.sites import concern_key_words
from recutis.terminal import Json, console, print_json, progress

if TYPE_CHECKING:
    from recutis.plan.compare_document import ComparedQuantity, PlanComparison
    from recutis.plan.document import PassSettings, Quantity
    from recutis.plan.update import Updated
    from recutis.plan.update_document import PlanUpdate, RestCourse

_COLOURS = {"keep": "green", "change": "yellow", "stop": "red", "finished": "green"}


def update_command(
    plan: Annotated[Path, typer.Argument(help="plan.json of the course under way.")],
    observation: Annotated[Path, typer.Argument(help="Observation file (YAML): what was seen after which session.")],
    option: Annotated[int, typer.Option("--option", help="The option of the plan that is being given.")] = 1,
    out: Annotated[
        Path,
        typer.Option("--out", parser=folder, metavar="FOLDER", help="Folder for update.json and the files of the new plan."),
    ] = Path("update"),
    as_json: Json = False,
) -> None:
    """Learn from what was seen of a course, and plan the rest of it again.

    Example: `recutis update plan/plan.json examples/observations/acne-scars-dark-mark.yaml --out update`
    """
    from recutis.plan.observation_file import read_observations
    from recutis.plan.processes import processes_at_hand
    from recutis.plan.update import update_plan, write_update
    from recutis.plan.write import read_plan
    from recutis.report import write_report

    must_be_a_folder(out)
    made, seen = read_plan(plan), read_observations(observation)
    with progress("Updating", quiet=as_json) as share:
        found = update_plan(made, seen, option=option, processes=processes_at_hand(), progress=share)
    with progress("Writing", quiet=as_json):
        write_update(found, out, report=write_report)
    if as_json:
        print_json(found.update.model_dump(mode="json"))
    else:
        _show_update(found, out)


def _show_update(found: Updated, out: Path) -> None:
    from rich.text import Text

    screen, told = console(), found.update
    screen.print(Text(told.verdict.upper(), style=f"bold {_COLOURS[told.verdict]}"))
    screen.print(Text(told.headline))
    for words in told.difference:
        screen.print(Text(f"  {words}"))
    for key, reached in told.reached_pct.items():
        screen.print(Text(f"{'reached by now':29}{concern_key_words(key)} {_band(reached, '% better')}"))
    if told.old is not None:
        _show_rest("The old rest", told.old, told)
    for number, one in enumerate(told.options, start=1):
        _show_rest(str(number), one, told)
    screen.print(Text(f"{'Update':10}{out / 'update.json'}"), soft_wrap=True)
    if found.plan is not None:
        for word, name in (("Report", "report.pdf"), ("Plan", "plan.json"), ("Calendar", "calendar.ics")):
            screen.print(Text(f"{word:10}{out / name}"), soft_wrap=True)


def _show_rest(lead: str, one: RestCourse, told: PlanUpdate) -> None:
    from rich.text import Text

    screen = console()
    screen.print(Text(f"{lead}  {one.label}", style="bold"))
    for phase in one.phases:
        for site, settings in phase.site_settings.items():
            where = f"{phase.device}, {site.replace('_', ' ')}" if len(one.phases) > 1 else site.replace("_", " ")
            screen.print(Text(f"   {where:25} {_panel(settings[0], len(settings))}"), soft_wrap=True)
    for key, total in one.total_pct.items():
        to_come = one.to_come_pct.get(key)
        more = f", {_band(to_come, 'points still to come')}" if to_come is not None and told.sessions_given else ""
        screen.print(Text(f"   {concern_key_words(key):26}{_band(total, '% better in all')}{more}"), soft_wrap=True)
    lines = (
        ("social downtime", _band(one.social_downtime_days, "days a session")),
        ("pain", _band(one.pain_0_10, "of 10")),
        ("dark marks (PIH)", _band(one.pih_pct, "% in the sessions to come")),
        *(("not any more", words) for words in one.breaks),
    )
    for name, words in lines:
        screen.print(Text(f"   {name:26}{words}"), soft_wrap=True)


def _band(quantity: Quantity, unit: str) -> str:
    from recutis.report.summary import band_words

    return band_words(quantity, unit)


def _panel(settings: PassSettings, passes: int) -> str:
    from recutis.plan.panel_words import panel_words

    return panel_words(settings, passes)


def compare_command(
    plan_a: Annotated[Path, typer.Argument(help="plan.json of the first plan (A).")],
    plan_b: Annotated[Path, typer.Argument(help="plan.json of the second plan (B); may be the same.")],
    option_a: Annotated[int, typer.Option("--option-a", help="Option of the first plan.")] = 1,
    option_b: Annotated[int, typer.Option("--option-b", help="Option of the second plan.")] = 1,
    as_json: Json = False,
) -> None:
    """Two plans point by point, and for one person the chance that A does better.

    Example: `recutis compare plan/plan.json plan/plan.json --option-b 2`
    """
    from recutis.plan.compare import compare_plans
    from recutis.plan.write import read_plan

    one, other = read_plan(plan_a), read_plan(plan_b)
    with progress("Comparing", quiet=as_json) as share:
        found = compare_plans(one, other, option_a=option_a, option_b=option_b, progress=share)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _show_comparison(found)


def _show_comparison(found: PlanComparison) -> None:
    from rich.table import Table
    from rich.text import Text

    screen = console()
    table = Table(box=None, pad_edge=False)
    for name in ("", "A", "B", "B less A", "A better"):
        table.add_column(name, overflow="fold")
    for words in found.words:
        table.add_row(Text(words.what), Text(words.a), Text("the same" if words.same else words.b), "", "")
    for row in found.predictions:
        table.add_row(Text(row.what), Text(_told(row.a, row)), Text(_told(row.b, row)), _signed(row.difference), _chance(row))
    for number in (*found.numbers, *found.injury):
        table.add_row(
            Text(number.what), _plain(number.a, number.unit), _plain(number.b, number.unit), _signed(number.difference), ""
        )
    screen.print(table)
    if found.same_twins:
        screen.print(Text("A better: the share of the same virtual patients in whom A does better; about the same counts half."))
    else:
        screen.print(Text(f"No chance that one does better is told: {found.why_not}."))


def _told(quantity: Quantity | None, row: ComparedQuantity) -> str:
    return "-" if quantity is None else _band(quantity, {"pct": "%", "0-10": "of 10"}.get(row.unit, row.unit))


def _plain(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.4g} {unit}".rstrip()


def _signed(value: float | None) -> str:
    return "" if value is None else f"{float(f'{value:.2g}'):+g}"


def _chance(row: ComparedQuantity) -> str:
    return "" if row.a_better_pct is None else f"{row.a_better_pct.p50:.0f} %"
