"""The page docs/physics.md, written by hand, names only rows and modules that exist."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import recutis
from recutis import evidence

PAGE = Path(__file__).parents[1] / "docs" / "physics.md"
TEXT = re.sub(r"^```.*?^```", "", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
NAMED = set(re.findall(r"`([^`\n]+)`", TEXT))
NO_ROW = {"refine", *evidence.table_names()}
_MODULE = re.compile(r"(recutis\.)?(injury|heat)\.\w+")
_EXPERIMENT = re.compile(r"\b(?:ER|YS|CO|FC|FE|NF|IR|IRM|VA|VM|CL|CLM|PI|PM|XW|XC|XE|XY|NM)\d\d\b")


def _is_row(name: str) -> bool:
    return not (name in NO_ROW or name.startswith(("recutis", "python ")) or _MODULE.fullmatch(name))


def test_every_row_named_exists() -> None:
    """Names in backticks are rows of the evidence unless they are commands, modules or tables; so are the ids of experiments."""
    rows, experiments = {x for x in NAMED if _is_row(x)}, set(_EXPERIMENT.findall(TEXT))

    assert len(rows) > 40
    assert len(experiments) > 40
    assert sorted(x for x in rows | experiments if not evidence.has(x)) == []


def test_every_module_named_exists() -> None:
    """Modules of the models are those of the package."""
    modules = {f"recutis.{x.removeprefix('recutis.')}" for x in NAMED if _MODULE.fullmatch(x)}

    assert len(modules) > 10
    assert sorted(x for x in modules if importlib.util.find_spec(x) is None) == []


def test_every_command_named_exists() -> None:
    """Commands shown in the text are those of the program."""
    from typer.main import get_command

    from recutis.cli import app

    shown = {x.split()[1] for x in NAMED if x.startswith("recutis ")}
    assert shown
    assert shown <= set(get_command(app).commands)  # type: ignore[attr-defined]


def test_the_package_names_each_model_of_an_injury() -> None:
    """No module that computes an injury is left out: each is named, or is known to be a helper."""
    here = Path(recutis.__file__).parent / "injury"
    helpers = {
        "absorbers", "drawing", "fields", "film_document", "film_drawing",
        "labelled", "scaling", "scattering", "schedule", "skin_light", "spot", "types",
    }  # fmt: skip
    found = {x.stem for x in here.glob("*.py") if not x.stem.startswith("_")} - helpers

    assert sorted(x for x in found if f"injury.{x}" not in TEXT) == []
