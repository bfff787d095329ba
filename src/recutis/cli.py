"""The command line: parse, call one public function, print rows. Heavy imports happen inside commands."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recutis import __version__
from recutis.cli_courses import compare_command, update_command
from recutis.errors import InputError, RecutisError
from recutis.library_commands import app as _library
from recutis.printing import Seed
from recutis.printing import folder as _folder
from recutis.printing import must_be_a_folder as _must_be_a_folder
from recutis.sites import concern_key_words
from recutis.terminal import Json
from recutis.terminal import console as _console
from recutis.terminal import print_json as _print_json
from recutis.terminal import progress as _progress
from recutis.workstation_commands import audit as _audit
from recutis.workstation_commands import backup as _backup
from recutis.workstation_commands import demo as _demo
from recutis.workstation_commands import restore as _restore
from recutis.workstation_commands import serve

if TYPE_CHECKING:
    from recutis.evidence import Row
    from recutis.laser.types import Device
    from recutis.patient import Screening
    from recutis.plan.document import Plan, Quantity
    from recutis.plan.prediction_document import (
        CoursePrediction,
        CourseWarning,
        GainPoint,
        ScaleOutcome,
        SessionPrediction,
        WholeCourse,
    )
    from recutis.simulation import Comparison

app = typer.Typer(
    name="recutis",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Treatment planning and simulation for laser skin resurfacing. For research and education; not a cleared medical device.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    _version_flag: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Recutis."""


@app.command(rich_help_panel="Plan")
def plan(
    patient: Annotated[Path, typer.Argument(help="Patient file (YAML).")],
    clinic: Annotated[Path | None, typer.Option("--clinic", help="Clinic file: devices owned, anaesthesia, test spots.")] = None,
    usual: Annotated[Path | None, typer.Option("--usual", help="What you usually do: device, settings, sessions.")] = None,
    overrides: Annotated[
        Path | None, typer.Option("--overrides", help="Screening rules lifted by a physician, with name and reason.")
    ] = None,
    out: Annotated[
        Path,
        typer.Option(
            "--out", parser=_folder, metavar="FOLDER", help="Folder for plan.json, report.pdf, calendar.ics and figures."
        ),
    ] = Path("plan"),
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Plan a course for one patient: **the main job**.

    Example: `recutis plan examples/patients/lines-and-age-spots.yaml --out plan`
    """
    from recutis.laser import read_clinic
    from recutis.patient import read_overrides, read_patient
    from recutis.plan.planner import Request, plan_course
    from recutis.plan.processes import processes_at_hand
    from recutis.plan.usual import read_usual
    from recutis.plan.write import write_plan
    from recutis.report import write_report

    _must_be_a_folder(out)
    owned = read_clinic(clinic) if clinic else None
    request = Request(
        patient=read_patient(patient),
        clinic=owned,
        overrides=read_overrides(overrides) if overrides else (),
        usual=read_usual(usual, clinic=owned) if usual else None,
        seed=seed,
        processes=processes_at_hand(),
    )
    with _progress("Planning", quiet=as_json) as progress:
        made = plan_course(request, progress=progress)
    with _progress("Writing", quiet=as_json):
        write_plan(made, out, report=write_report)
    if as_json:
        _print_json(made.model_dump(mode="json"))
    else:
        _show_plan(made, out)


def _show_plan(made: Plan, out: Path) -> None:
    from rich.text import Text

    from recutis.report.phases import currency
    from recutis.report.summary import option_lines, plan_lines

    console = _console()
    colour = "green" if made.status == "ready" else "red"
    console.print(Text(made.status.replace("_", " ").upper(), style=f"bold {colour}"))
    if not made.options:
        console.print(Text(made.headline))
    for question in made.questions:
        console.print(Text(f"  answer needed: {question.place}: {question.question}"))
    for option in made.options:
        console.print(Text(f"{option.rank}  {option.label}", style="bold"))
        for line in option_lines(option, currency(made)):
            console.print(Text(f"   {line}"), soft_wrap=True)
    for line in plan_lines(made):
        console.print(Text(line), soft_wrap=True)
    if made.refused and made.options:
        console.print(Text(f"Not offered: {', '.join(item.device_class for item in made.refused)} (reasons in the report)"))
    for word, name in (("Report", "report.pdf"), ("Plan", "plan.json"), ("Calendar", "calendar.ics")):
        console.print(Text(f"{word:10}{out / name}"), soft_wrap=True)


def _band(quantity: Quantity, unit: str) -> str:
    from recutis.report.summary import band_words

    return band_words(quantity, unit)


@app.command(rich_help_panel="Plan")
def predict(
    course: Annotated[Path, typer.Argument(help="Course file (YAML): a patient and the sessions somebody chose.")],
    out: Annotated[
        Path, typer.Option("--out", parser=_folder, metavar="FOLDER", help="Folder for prediction.json and figures.")
    ] = Path("prediction"),
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Predict a course somebody chose: healing, symptoms, improvement over time and in the field's scales, risks.

    Example: `recutis predict examples/courses/acne-scars.yaml --out prediction`
    """
    from recutis.plan.course_file import read_course
    from recutis.plan.predict import predict_course, write_prediction
    from recutis.report import draw_prediction

    _must_be_a_folder(out)
    with _progress("Predicting", quiet=as_json) as progress:
        made = predict_course(read_course(course), seed=seed, progress=progress)
    with _progress("Drawing", quiet=as_json):
        write_prediction(made, out, pictures=draw_prediction)
    if as_json:
        _print_json(made.model_dump(mode="json"))
    else:
        _show_prediction(made, out)


app.command("update", rich_help_panel="Plan")(update_command)
app.command("compare", rich_help_panel="Plan")(compare_command)


def _show_prediction(made: CoursePrediction, out: Path) -> None:
    from rich.text import Text

    from recutis.plan.learnt_words import learnt_lines

    console = _console()
    console.print(Text("ALLOWED" if made.allowed else "NOT ALLOWED", style=f"bold {'green' if made.allowed else 'red'}"))
    for text, severity, where in _grouped(made.warnings):
        lead, style = ("NOT ALLOWED", "bold red") if severity == "not_allowed" else ("caution", "")
        console.print(Text(f"{lead}: {f'{where}: ' if where else ''}{text}", style=style), soft_wrap=True)
    for one in made.sessions:
        kind = ", test spot" if one.test_spot else ""
        console.print(Text(f"{one.number}  {one.date}  {one.device}, {', '.join(one.sites)}{kind}", style="bold"))
        for line in [*_session_lines(one), *(learnt_lines(one.learnt, _band) if one.learnt else ())]:
            console.print(Text(f"   {line}"), soft_wrap=True)
    console.print(Text("The course", style="bold"))
    whole = made.course
    for key, band in whole.improvement_pct.items():
        console.print(Text(f"   {concern_key_words(key):26}{_band(band, '% better')}"))
        for line in _outlook_lines(whole, key):
            console.print(Text(f"      {line}"), soft_wrap=True)
    console.print(Text(f"   {'out of sight in all':26}{_band(whole.social_downtime_days_in_all, 'days')}"))
    for key, band in whole.risks.items():
        console.print(Text(f"   {key.replace('_', ' '):26}{_band(band, '% at least once')}"))
    console.print(Text(f"Prediction  {out / 'prediction.json'}"), soft_wrap=True)
    console.print(Text(f"Figures     {out / 'figures'}"), soft_wrap=True)


_MONTHS_SHOWN = (1.0, 3.0, 6.0, 12.0, 24.0)
_AFTER_SHOWN = 3.0  # months after the last session at which scales are printed


_GAIS = {1: "very much improved", 2: "much improved", 3: "improved", 4: "no change", 5: "worse"}


def _outlook_lines(whole: WholeCourse, key: str) -> list[str]:
    """The gain over two years, who does not respond, and the field's scales."""

    def told(points: tuple[GainPoint, ...]) -> str:
        shown = (point for point in points if point.months in _MONTHS_SHOWN)
        return ", ".join(f"{point.months:g}: {point.improvement_pct.p50:.0f} %" for point in shown)

    lines = [f"{'month after the last':23}{told(whole.over_time[key])}"]
    if key in whole.over_time_without_sunscreen:
        lines.append(f"{'without sunscreen':23}{told(whole.over_time_without_sunscreen[key])}")
    lines.append(f"{'no visible change':23}{_band(whole.non_responders_pct[key], '% of persons')}")
    return lines + [_scale_line(item) for item in whole.scales[key]]


def _scale_line(item: ScaleOutcome) -> str:
    after = next(one for one in item.after if one.months == _AFTER_SHOWN)
    if item.scale == "gais":
        best, middle, worst = (_GAIS[round(value)] for value in (after.score.p10, after.score.p50, after.score.p90))
        text = f"{item.words}: {middle} ({best} to {worst})"
    elif item.scale in {"clearance", "quartile"}:
        text = f"{item.words}: {_band(after.score, f'of {item.low:g}-{item.high:g}')}"
    else:
        start = f"{item.before.p50:g}, as stated" if item.baseline_stated else _band(item.before, "usual")
        text = f"{item.words} {item.low:g}-{item.high:g}: {start} -> {_band(after.score, 'at 3 months')}"
    if after.one_grade_better_pct is not None:
        text += f"; one grade better or more: {_band(after.one_grade_better_pct, '%')}"
    return text


def _grouped(warnings: tuple[CourseWarning, ...]) -> list[tuple[str, str, str]]:
    """Each warning once, with the sessions and sites it is about."""
    places: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    for item in warnings:
        sessions, sites = places.setdefault((item.text, item.severity), ([], []))
        sessions += [str(item.session)] if item.session and str(item.session) not in sessions else []
        sites += [item.site] if item.site and item.site not in sites else []
    found = []
    for (text, severity), (sessions, sites) in places.items():
        words = f"session {', '.join(sessions)}" if sessions else ""
        found.append((text, severity, ", ".join(word for word in (words, *sites) if word)))
    return found


def _session_lines(one: SessionPrediction) -> list[str]:
    from recutis.plan.panel_words import panel_words

    lines = [f"{'panel':26}{panel_words(one.settings[0], one.passes)}"]
    for key, band in one.improvement_pct.items():
        lines.append(f"{key.replace('_', ' ').replace('@', ', '):26}{_band(band, '% better by then')}")
    return [
        *lines,
        f"{'skin closed':26}{_band(one.closure_days, 'days')}",
        f"{'social downtime':26}{_band(one.social_downtime_days, 'days')}",
        f"{'make-up from':26}{_band(one.makeup_day, 'day')}",
        f"{'redness gone':26}{_band(one.erythema_resolution_days, 'days')}",
        f"{'pain':26}{_band(one.pain_0_10, 'of 10')}, {one.anaesthesia}",
        f"{'dark marks (PIH)':26}{_band(one.risks['pih'], '%')}",
    ]


@app.command(rich_help_panel="Plan")
def screen(
    patient: Annotated[Path, typer.Argument(help="Patient file (YAML).")],
    overrides: Annotated[Path | None, typer.Option("--overrides", help="Screening rules lifted by a physician.")] = None,
    as_json: Json = False,
) -> None:
    """Run every screening rule on a patient file.

    Example: `recutis screen examples/patients/changing-spot.yaml`
    """
    from recutis.patient import questions, read_overrides, read_patient, unasked
    from recutis.patient import screen as run_screen

    person = read_patient(patient)
    screening = run_screen(person, overrides=read_overrides(overrides) if overrides else ())
    asked = questions(person)
    if as_json:
        from recutis.plan.assemble import screening_entries

        _print_json(
            {
                "status": "needs_answers" if asked and screening.status == "ready" else screening.status,
                "questions": [{"place": item.place, "question": item.question} for item in asked],
                "unasked": list(unasked(person)),
                "screening": [entry.model_dump(mode="json") for entry in screening_entries(screening)],
            }
        )
        return
    _show_screening(screening, [f"{item.place}: {item.question}" for item in asked], list(unasked(person)))


def _show_screening(screening: Screening, asked: list[str], open_fields: list[str]) -> None:
    from rich.table import Table
    from rich.text import Text

    console = _console()
    console.print(Text(screening.status.replace("_", " ").upper(), style="bold"))
    table = Table(box=None, pad_edge=False)
    for name in ("Rule", "State", "Severity", "What", "Lifts when"):
        table.add_column(name, overflow="fold")
    for entry in screening.entries:
        if entry.state != "unanswered":
            until = f" (until {entry.until})" if entry.until else ""
            table.add_row(
                entry.rule_id,
                entry.state,
                entry.severity,
                f"{entry.condition}: {entry.required_action}",
                entry.lifts_when + until,
            )
    console.print(table)
    for line in asked:
        console.print(Text(f"answer needed: {line}"))
    if open_fields:
        console.print(Text("not asked: " + "; ".join(open_fields)))


@app.command(rich_help_panel="Physics")
def simulate(
    exposure: Annotated[Path, typer.Argument(help="Exposure file (YAML): skin, device, settings, cooling, passes.")],
    out: Annotated[
        Path, typer.Option("--out", parser=_folder, metavar="FOLDER", help="Folder for injury.json, injury.nc and figures.")
    ] = Path("simulation"),
    against: Annotated[
        Path | None, typer.Option("--against", help="A second exposure file: both are simulated and shown side by side.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Simulate one exposure: what it does to that skin. With --against, two of them side by side.

    Examples: `recutis simulate examples/exposures/fractional-co2.yaml --out simulation` ·
    `recutis simulate examples/exposures/fractional-co2.yaml --against examples/exposures/non-ablative-1550.yaml`
    """
    from recutis.simulation import compare, read_exposure
    from recutis.simulation import simulate as run

    _must_be_a_folder(out)
    if against is not None:
        one, two = read_exposure(exposure), read_exposure(against)
        with _progress("Simulating", quiet=as_json) as progress:
            both = compare(one, two, out, progress=progress)
        _show_comparison(both, out, as_json=as_json)
        return
    with _progress("Simulating", quiet=as_json) as progress:
        result = run(read_exposure(exposure), out, progress=progress)
    if as_json:
        _print_json(result.document())
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("Quantity", "Value", "Unit"):
        table.add_column(name, overflow="fold")
    for row in result.rows():
        table.add_row(row.name, row.text, row.unit)
    _console().print(table)
    typer.echo(f"Files: {out}")


def _show_comparison(both: Comparison, out: Path, *, as_json: bool) -> None:
    if as_json:
        _print_json(both.document())
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("Quantity", "First", "Second", "Unit"):
        table.add_column(name, overflow="fold")
    for one, two in both.rows():
        table.add_row(one.name, one.text, two.text, one.unit)
    _console().print(table)
    typer.echo(f"Files: {out}")


@app.command(rich_help_panel="Look up")
def evidence(
    key: Annotated[str | None, typer.Argument(help="Row id, table name, or words to search for.")] = None,
    as_json: Json = False,
) -> None:
    """Show evidence rows with their sources.

    Examples: `recutis evidence` · `recutis evidence RSK-043` · `recutis evidence "PIH fractional"`
    """
    from recutis import evidence as tables
    from recutis.errors import UnknownNameError

    if key is None:
        _show_tables(as_json=as_json)
        return
    if not key.strip():
        msg = "The evidence key is empty; give a row id, a table name or words to search for, or leave it out."
        raise InputError(msg)
    if key in tables.table_names():
        rows: tuple[Row, ...] = tables.rows(key)
    else:
        try:
            rows = (tables.get(key),)
        except UnknownNameError:
            rows = tables.find(key)
            if not rows:
                raise
    if as_json:
        _print_json([_row_document(row) for row in rows])
        return
    _show_rows(rows)


def _show_tables(*, as_json: bool) -> None:
    from recutis import evidence as tables

    counts = {name: (len(tables.rows(name)), sum(row.checked for row in tables.rows(name))) for name in tables.table_names()}
    if as_json:
        _print_json({name: {"rows": rows, "checked": checked} for name, (rows, checked) in counts.items()})
        return
    for name, (rows, checked) in counts.items():
        typer.echo(f"{name:20} {rows:4} rows, {checked:3} checked")


def _row_document(row: Row) -> dict[str, object]:
    names = ("id", "table", "value", "low", "high", "unit", "text", "conditions", "source", "confidence", "checked")
    return {name: getattr(row, name) for name in names}


def _show_rows(rows: tuple[Row, ...]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("Id", "Value", "Unit", "Conditions", "Source", "Confidence"):
        table.add_column(name, overflow="fold")
    for row in rows:
        item = _row_document(row)
        low_high = f" [{item['low']:g} to {item['high']:g}]" if item["low"] is not None and item["high"] is not None else ""
        value = f"{item['value']:g}{low_high}" if item["value"] is not None else str(item["text"])[:160]
        mark = "checked" if item["checked"] else "provisional"
        table.add_row(
            str(item["id"]),
            value,
            str(item["unit"]),
            str(item["conditions"]),
            str(item["source"]),
            f"{item['confidence']}, {mark}",
        )
    _console().print(table)


@app.command(rich_help_panel="Look up")
def devices(
    name: Annotated[str | None, typer.Argument(help="Device name, or a device class.")] = None,
    as_json: Json = False,
) -> None:
    """Show the laser catalogue with its limits.

    Examples: `recutis devices` · `recutis devices "UltraPulse DeepFX"` · `recutis devices vascular_any`
    """
    from recutis.laser import by_class, catalogue, device

    listed = catalogue() if name is None else by_class(name) or (device(name),)
    if as_json:
        _print_json([_device_document(item) for item in listed])
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("Device", "Class", "nm", "Limits", "Cooling"):
        table.add_column(column, overflow="fold")
    for item in listed:
        limits = "; ".join(f"{key} {limit.low:g} to {limit.high:g}" for key, limit in item.limits.items())
        table.add_row(item.name, item.device_class, f"{item.wavelength_nm:g}", limits, item.cooling)
    _console().print(table)


def _device_document(item: Device) -> dict[str, object]:
    from dataclasses import asdict, fields

    document = {field.name: getattr(item, field.name) for field in fields(item)}
    return {**document, "limits": {key: asdict(limit) for key, limit in item.limits.items()}}


@app.command(rich_help_panel="Check")
def validate(
    what: Annotated[str, typer.Argument(help="claims, clinical, light or physics.")],
    targets: Annotated[Path | None, typer.Option("--targets", help="A CSV with the same columns as the packaged table.")] = None,
    as_json: Json = False,
) -> None:
    """Compare what the models compute with published figures and claims.

    Examples: `recutis validate claims` · `recutis validate clinical --targets mine.csv` · `recutis validate physics --json`
    """
    from recutis.scorecard import score_card

    with _progress(f"Validating {what}", quiet=as_json) as progress:
        card = score_card(what, targets=targets, progress=progress)
    if as_json:
        _print_json(card.document())
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in card.columns():
        table.add_column(column, overflow="fold")
    for line in card.lines():
        table.add_row(*(Text(cell) for cell in line))
    console = _console()
    console.print(table)
    console.print(Text(card.closing()))


@app.command()
def calibrate(
    write: Annotated[bool, typer.Option("--write", help="Put the new draws in the place of those that ship.")] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="Processes that share the work.")] = 2,
    page: Annotated[Path | None, typer.Option("--page", help="Write the page of each row without its own study.")] = None,
    as_json: Json = False,
) -> None:
    """Fit the response to the published studies anew and compare with the draws that ship.

    An interrupted run goes on where it stood. Examples: `recutis calibrate` · `recutis calibrate --write --page docs/calibration.md`
    """
    if page is not None and not page.parent.is_dir():
        msg = f"The folder {page.parent} for --page does not exist; make it, or give another place."
        raise InputError(msg)
    from recutis.calibration.report import account, write_page
    from recutis.calibration.run import calibrate as run
    from recutis.calibration.run import state_folder
    from recutis.calibration.ship import install

    with _progress("Calibrating", quiet=as_json) as progress:
        found = run(
            workers=workers, progress=(lambda share, _: progress(share)) if progress else None, state_folder=state_folder()
        )
    told = account(found)
    if write:
        install(found)
    if page is not None:
        with _progress("Leaving studies out", quiet=as_json) as progress:
            write_page(found, page, progress=progress)
    if as_json:
        _print_json(told)
        return
    _console().print("\n".join(f"{name}: {value}" for name, value in told.items()))


app.add_typer(_library)
app.command(rich_help_panel="Workstation")(serve)
app.command(rich_help_panel="Workstation")(_demo)
app.command(rich_help_panel="Workstation")(_backup)
app.command(rich_help_panel="Workstation")(_restore)
app.add_typer(_audit, name="audit", rich_help_panel="Workstation")
_INTERRUPTED = 130
# Base class of what typer raises for a wrong command, option or argument; typer does not export it.
_USAGE_ERROR: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "UsageError")


def _show_usage_error(error: Exception) -> None:
    """One sentence for a wrong command, option or argument; the help where nothing was asked."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":  # has printed the help already
        return
    text = str(getattr(error, "format_message", lambda: error)()).replace("\n", " ").strip()
    command = context.command_path if context is not None else "recutis"
    text = text.replace("Value error, ", "").replace("Input should", "it should").rstrip(".")
    typer.echo(f"recutis: {text[:1].upper()}{text[1:]}; see '{command} --help'.", err=True)


def main() -> None:
    """Entry point: clean errors, exit 2 for bad input, 1 for a failure, 130 when interrupted."""
    try:
        status = app(standalone_mode=False)
        if status == _INTERRUPTED:  # typer turns Ctrl-C into this status
            raise KeyboardInterrupt
        if isinstance(status, int) and status:
            sys.exit(status)
    except _USAGE_ERROR as error:
        _show_usage_error(error)
        sys.exit(2)
    except RecutisError as error:
        typer.echo(f"recutis: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo("recutis: interrupted; nothing was written.", err=True)
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:  # reading and writing files raise InputError; what is left is the machine's
        typer.echo(f"recutis: the system refused: {error.strerror or error}. Free it and run again.", err=True)
        sys.exit(1)
    except Exception as error:  # the last line of defence: no traceback for a user
        if os.environ.get("RECUTIS_DEBUG"):
            raise
        typer.echo(
            f"recutis: an internal error ({type(error).__name__}: {error}). Please report it; RECUTIS_DEBUG=1 shows where.",
            err=True,
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
