"""Pages do not fall behind the package: links, commands, dependencies, rules and places that they name exist."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from recutis import evidence

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FEWEST_HAZARDS = 20
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _slug(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower().replace("`", ""))
    return kept.replace(" ", "-")


def _headings(path: Path) -> list[str]:
    return [line.lstrip("#").strip() for line in _FENCE.sub("", _text(path)).splitlines() if line.startswith("#")]


def _broken_links(page: Path) -> Iterator[str]:
    for target in _LINK.findall(_FENCE.sub("", _text(page))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        place = (page.parent / name).resolve() if name else page
        if not place.exists():
            yield f"{page.name}: {target} does not exist"
        elif anchor and place.suffix == ".md" and anchor not in {_slug(item) for item in _headings(place)}:
            yield f"{page.name}: {target} has no such heading"


def test_links_between_pages_lead_somewhere() -> None:
    """Every relative link in every page names a file, and a heading when it has an anchor."""
    assert len(PAGES) > 10
    assert [broken for page in PAGES for broken in _broken_links(page)] == []


def test_every_page_is_reached_from_the_index() -> None:
    """No page of the documentation is an orphan: links from README and the index lead to all of them."""
    waiting, reached = [ROOT / "README.md", DOCS / "index.md"], set()
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.is_file():
            continue
        reached.add(page)
        names = (target.partition("#")[0] for target in _LINK.findall(_text(page)) if not re.match(r"[a-z]+:", target))
        waiting += [(page.parent / name).resolve() for name in names if name]

    assert [page.relative_to(ROOT).as_posix() for page in PAGES if page not in reached] == []


def test_each_run_time_dependency_has_its_reason() -> None:
    """docs/decisions.md has a heading for every dependency, and none for what is no longer one."""
    names = {re.split(r"[\s<>=\[]", item, maxsplit=1)[0] for item in PROJECT["project"]["dependencies"]}
    text = _text(DOCS / "decisions.md")
    first = text.index("# Run-time dependencies, each with its reason")
    last = text.index("# Dependencies of the extras")

    assert set(re.findall(r"^## (\S+)$", text[first:last], re.MULTILINE)) == names


def test_each_extra_has_its_reason() -> None:
    """docs/decisions.md names every extra and every package of the extras that users install."""
    text = _text(DOCS / "decisions.md")
    extras = PROJECT["project"]["optional-dependencies"]
    packages = {
        re.split(r"[\s<>=\[]", item, maxsplit=1)[0] for name in ("web", "gpu", "cluster", "calibrate") for item in extras[name]
    }
    words = set(re.findall(r"[A-Za-z0-9-]+", text[text.index("# Dependencies of the extras") :]))

    assert packages <= words, packages - words
    assert {name for name in extras if f"\n| {name} |" not in text} == {"all"}


def _commands() -> set[str]:
    import typer.main

    from recutis.cli import app

    group = typer.main.get_command(app)
    return set(group.commands)  # type: ignore[attr-defined]


def test_each_command_has_its_heading() -> None:
    """docs/cli.md describes every command, and no command that does not exist."""
    described = {line for line in _headings(DOCS / "cli.md") if re.fullmatch(r"[a-z]+", line)}

    assert described == _commands()


def test_the_readme_shows_commands_and_files_that_exist() -> None:
    """Each `recutis` line of the README names a command, and each file it is given exists."""
    lines = re.findall(r"^recutis (.+)$", _text(ROOT / "README.md"), re.MULTILINE)

    assert lines
    assert {line.split()[0] for line in lines} <= _commands()
    files = [word for line in lines for word in line.split() if word.startswith("examples/")]
    assert files
    assert [name for name in files if not (ROOT / name).is_file()] == []


def test_each_make_target_in_the_pages_exists() -> None:
    """Pages name no `make` target that the Makefile does not have, and `make help` names each target."""
    makefile = _text(ROOT / "Makefile")
    targets = set(re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE).group(1).split())  # type: ignore[union-attr]
    named = {name for page in PAGES for name in re.findall(r"(?:^|`)make ([a-z]+)\b", _text(page), re.MULTILINE)}

    assert named <= targets, named - targets
    assert {name for name in targets - {"help"} if f"make {name} " not in makefile} == set()
    assert {name for name in targets if not re.search(rf"^{name}:", makefile, re.MULTILINE)} == set()


def _hazards() -> list[list[str]]:
    lines = [line for line in _text(DOCS / "hazard-log.md").splitlines() if line.startswith("| H-")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_hazards_are_complete() -> None:
    """Twenty hazards or more, numbered in order, each with cause, harm, severity, what stands against it and what is left."""
    hazards = _hazards()

    assert len(hazards) >= FEWEST_HAZARDS
    assert [row[0] for row in hazards] == [f"H-{number:02d}" for number in range(1, len(hazards) + 1)]
    assert {row[4] for row in hazards} <= {"minor", "moderate", "serious", "grave"}
    assert [row[0] for row in hazards if len(row) != 7 or not all(row)] == []


def _named_places(page: Path) -> set[str]:
    return set(re.findall(r"`(src/[\w/.]+)`", _text(page)))


@pytest.mark.parametrize("name", ["hazard-log.md", "conventions.md", "decisions.md", "intended-use.md", "index.md"])
def test_places_and_rows_that_pages_name_exist(name: str) -> None:
    """Source files, rule ids and tables that a page leans on are there."""
    page = DOCS / name
    rules = set(re.findall(r"\b[A-Z]{3}-\d{3}\b", _text(page)))
    tables = {item for item in re.findall(r"`(\w+)\.csv`", _text(page)) if item != "second_reading"}

    assert [place for place in sorted(_named_places(page)) if not (ROOT / place).exists()] == []
    assert [rule for rule in sorted(rules) if not evidence.get(rule)] == []
    assert tables <= set(evidence.table_names()), tables - set(evidence.table_names())


def test_symbols_are_used_in_the_code() -> None:
    """Each code name of the nomenclature occurs in the package."""
    table = re.findall(r"^\| [^|]+ \| ([^|]+) \|", _text(DOCS / "nomenclature.md"), re.MULTILINE)
    names = {name for cell in table for name in re.findall(r"`(\w+)`", cell)}
    code = "\n".join(_text(path) for path in (ROOT / "src").rglob("*.py"))

    assert len(names) > 10
    assert [name for name in sorted(names) if not re.search(rf"\b{name}\b", code)] == []


def test_intended_use_is_said_where_people_look() -> None:
    """README, intended use and NOTICE all say what it is for and that it is not a cleared device."""
    for path in (ROOT / "README.md", DOCS / "intended-use.md", ROOT / "NOTICE"):
        text = _text(path).lower().replace("*", "")
        assert "research and education" in text, path.name
        assert "not cleared" in text, path.name
