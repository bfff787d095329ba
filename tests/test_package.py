"""The package as shipped: wheel, versions, licences, locks, light start, shape of the code."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest

import recutis

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "recutis"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MODULES = sorted(path for path in SOURCE.rglob("*.py") if path.parent.name != "migrations")
LARGEST_FILE_LINES = 700
LARGEST_FUNCTION_LINES = 60
HEAVY = {"numba", "matplotlib", "scipy", "xarray", "pymoo", "typst", "pint", "pandas", "icalendar", "django", "ninja"}
# LGPL libraries that are used unmodified, each argued for in docs/decisions.md.
LGPL_ALLOWED = {"moocore", "psycopg", "psycopg-binary"}
FOLDERS_NOT_OURS = {".git", ".venv", "build", "dist", "demo-out", "out", "__pycache__", "node_modules"}
TEXT_SUFFIXES = {
    ".py",
    ".md",
    ".toml",
    ".yaml",
    ".yml",
    ".csv",
    ".txt",
    ".typ",
    ".cff",
    ".lock",
    ".sh",
    ".json",
    ".html",
    ".css",
    ".js",
    "",
}


def _clean_environment(**more: str) -> dict[str, str]:
    kept = {key: item for key, item in os.environ.items() if not key.startswith(("COV", "PYTEST", "CI"))}
    return kept | more


# The wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built here without any download."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    """Tables, templates, fonts and modules all travel inside the wheel."""
    expected = {
        path.relative_to(SOURCE.parent).as_posix()
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in {".pyc", ".nbi", ".nbc"}
    }
    inside = set(zipfile.ZipFile(wheel).namelist())

    assert expected <= inside, sorted(expected - inside)
    assert any(name.startswith("recutis/evidence/tables/") and name.endswith(".csv") for name in inside)


def test_the_wheel_holds_templates_and_fonts(wheel: Path) -> None:
    """A report can be set from the wheel alone: its typst templates and its fonts are inside."""
    inside = zipfile.ZipFile(wheel).namelist()

    assert any(name.startswith("recutis/report/") and name.endswith(".typ") for name in inside), "no typst template"
    assert any(name.startswith("recutis/report/") and name.endswith((".ttf", ".otf")) for name in inside), "no font"


def test_the_wheel_carries_the_licence(wheel: Path) -> None:
    """LICENSE and NOTICE lie in the wheel's metadata."""
    inside = zipfile.ZipFile(wheel).namelist()

    assert {name.rpartition("/")[2] for name in inside if "/licenses/" in name} == {"LICENSE", "NOTICE"}


def test_evidence_works_from_the_unpacked_wheel(wheel: Path, tmp_path: Path) -> None:
    """Without the source tree, the tables are found and a row can be looked up."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = "import recutis, recutis.evidence as e\nprint(recutis.__file__, len(e.table_names()), len(e.rows('claims')))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env=_clean_environment(PYTHONPATH=str(tmp_path))
    )

    assert done.returncode == 0, done.stderr
    place, tables, claims = done.stdout.rsplit(maxsplit=2)
    assert Path(place).is_relative_to(tmp_path)
    assert int(tables) == len(recutis_tables())
    assert int(claims) > 0


def recutis_tables() -> tuple[str, ...]:
    """The tables of the source tree."""
    from recutis import evidence

    return evidence.table_names()


# Versions, licences, locks


def test_version_is_the_same_everywhere() -> None:
    """pyproject, the package, the citation file and the newest changelog entry agree."""
    version = PROJECT["version"]
    citation = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    changes = re.search(r"^## (\d\S*)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert citation is not None
    assert changes is not None
    assert {recutis.__version__, citation.group(1), changes.group(1)} == {version}


def _requirement_name(requirement: str) -> str:
    return re.split(r"[\s<>=!~;\[(]", requirement, maxsplit=1)[0].lower().replace("_", "-").replace(".", "-")


def _closure(start: list[str]) -> dict[str, metadata.Distribution]:
    found: dict[str, metadata.Distribution] = {}
    waiting = [_requirement_name(item) for item in start]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # another platform's or another extra's
        waiting += [_requirement_name(item) for item in found[name].requires or [] if "extra ==" not in item]
    return found


def _licence(distribution: metadata.Distribution) -> str:
    told = distribution.metadata
    words = [item for item in told.get_all("Classifier") or [] if item.startswith("License")]
    words += [
        told.get("License-Expression") or "",
        (told.get("License") or "").strip().splitlines()[0] if told.get("License") else "",
    ]
    return " | ".join(word for word in words if word)


def test_no_dependency_is_under_the_gpl() -> None:
    """What Recutis needs at run time is free of the GPL; LGPL libraries are named one by one."""
    extras = PROJECT["optional-dependencies"]
    found = _closure(PROJECT["dependencies"] + extras["web"] + extras["cluster"])
    strong = re.compile(r"(?<![L\w])A?GPL|(?<!Lesser )General Public License", re.IGNORECASE)
    weak = re.compile(r"LGPL|Lesser General Public", re.IGNORECASE)

    assert _direct() <= set(found), sorted(_direct() - set(found))
    licences = {name: _licence(item) for name, item in found.items()}
    assert [name for name, text in licences.items() if strong.search(text)] == []
    assert {name for name, text in licences.items() if weak.search(text)} <= LGPL_ALLOWED


def _pins(lock: str) -> dict[str, list[str]]:
    pins: dict[str, list[str]] = {}
    name = ""
    for line in (ROOT / "requirements" / lock).read_text(encoding="utf-8").splitlines():
        pinned = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", line)
        if pinned:
            name = f"{pinned.group(1).lower()}=={pinned.group(2)}"
            pins[name] = []
        elif line.strip().startswith("--hash="):
            pins[name].append(line.strip())
        else:
            assert not line or line.startswith("#"), f"{lock}: '{line}' is neither a pin nor a hash"
    return pins


@pytest.mark.parametrize("lock", ["all.lock", "dev.lock"])
def test_locks_pin_with_hashes_and_name_no_index(lock: str) -> None:
    """Every requirement has one version and a hash, and no line says where files come from."""
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    pins = _pins(lock)

    assert pins
    assert [name for name, hashes in pins.items() if not hashes] == []
    assert re.findall(r"https?:|file:/|--(?:extra-)?index|--find-links|--trusted-host|^-i ", text, re.MULTILINE) == []


def test_locks_hold_what_the_project_asks_for() -> None:
    """all.lock covers core, web and cluster and the build backend; dev.lock covers all.lock and the tools."""
    extras = PROJECT["optional-dependencies"]
    everything, tools = _pins("all.lock"), _pins("dev.lock")
    names = {name.partition("==")[0] for name in everything}
    wanted = {_requirement_name(item) for item in PROJECT["dependencies"] + extras["web"] + extras["cluster"]}

    assert wanted | {"hatchling"} <= names
    assert set(everything) <= set(tools), "the same package is pinned twice, differently"
    assert {_requirement_name(item) for item in extras["dev"]} <= {name.partition("==")[0] for name in tools}


def _imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            names |= {item.name.partition(".")[0] for item in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"recutis"}


def test_the_package_imports_only_what_it_declares() -> None:
    """Core modules import core dependencies only; what an extra brings is imported in that extra's own part."""
    extras = PROJECT["optional-dependencies"]
    parts = {"web": extras["web"], "cohort.py": extras["cluster"]}
    providers = metadata.packages_distributions()

    def foreign(path: Path) -> set[str]:
        # pydantic's core is released with pydantic, version for version.
        own = parts.get(_name(path).partition("/")[0], [])
        allowed = _direct() | {"pydantic-core"} | {_requirement_name(item) for item in own}
        return {
            name for name in _imported(path) if not {_requirement_name(item) for item in providers.get(name, [name])} & allowed
        }

    assert {_name(path): names for path in MODULES if (names := foreign(path))} == {}


BACKENDS = {"h5py": "h5netcdf works through it and does not pull it in"}


def test_every_declared_dependency_is_used() -> None:
    """Nothing is installed on users' machines that no module names, but for backends with their reason."""
    providers = metadata.packages_distributions()
    imports = {item: {name for name, dists in providers.items() if item in {d.lower() for d in dists}} for item in _direct()}
    code = "\n".join(path.read_text(encoding="utf-8") for path in MODULES)
    unused = [item for item, names in imports.items() if not re.search(r"\b(?:" + "|".join({item, *names}) + r")\b", code)]

    assert set(unused) == set(BACKENDS)


def _direct() -> set[str]:
    return {_requirement_name(item) for item in PROJECT["dependencies"]}


# Start-up


@pytest.mark.parametrize("module", ["recutis", "recutis.cli", "recutis.evidence"])
def test_import_loads_nothing_heavy(module: str) -> None:
    """Importing the package or the command line leaves the large libraries alone."""
    code = f"import sys, {module}; print(' '.join(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=_clean_environment())

    assert done.returncode == 0, done.stderr
    assert HEAVY & set(done.stdout.split()) == set()


# Shape of the code


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def test_files_are_short() -> None:
    """No module is longer than 700 lines."""
    long = {
        _name(path): count for path in MODULES if (count := path.read_text(encoding="utf-8").count("\n")) > LARGEST_FILE_LINES
    }

    assert long == {}


def test_functions_are_short() -> None:
    """No function is longer than 60 lines, its docstring not counted."""
    long = {
        f"{_name(path)}:{node.lineno} {node.name}": _body_lines(node)
        for path in MODULES
        for node in _functions(path)
        if _body_lines(node) > LARGEST_FUNCTION_LINES
    }

    assert long == {}


def _undocumented(body: list[ast.stmt], inside: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            if ast.get_docstring(node) is None and not any("overload" in ast.dump(item) for item in node.decorator_list):
                yield f"{inside}{node.name}"
            if isinstance(node, ast.ClassDef):
                yield from _undocumented(node.body, f"{inside}{node.name}.")


def test_public_names_have_docstrings() -> None:
    """Every module, public class, function and method says what it is."""
    missing = [_name(path) for path in MODULES if ast.get_docstring(_tree(path)) is None]
    missing += [f"{_name(path)}: {name}" for path in MODULES for name in _undocumented(_tree(path).body, "")]

    assert missing == []


def _loose(path: Path) -> Iterator[str]:
    # The command line's entry point alone may catch everything: it is what keeps a traceback from a user.
    last_defence = {
        id(node) for top in _functions(path) if _name(path) == "cli.py" and top.name == "main" for node in ast.walk(top)
    }
    for node in ast.walk(_tree(path)):
        bare = isinstance(node, ast.ExceptHandler) and (node.type is None or getattr(node.type, "id", "") == "Exception")
        if (bare and id(node) not in last_defence) or isinstance(node, ast.Assert):
            yield f"{_name(path)}:{node.lineno}"


def test_no_bare_exception_and_no_assert_in_the_package() -> None:
    """Errors are caught and raised by name, and `assert` validates nothing (python -O drops it)."""
    assert [place for path in MODULES for place in _loose(path)] == []


def _texts() -> Iterator[tuple[str, str]]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(
            name for name in folders if name not in FOLDERS_NOT_OURS and not (name.startswith(".") and name != ".ci")
        )
        for name in sorted(names):
            path = Path(folder) / name
            if path.suffix in TEXT_SUFFIXES and not name.startswith("."):
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def test_nothing_is_left_undone_and_nothing_names_a_machine() -> None:
    """No to-do marks, no paths of one machine, no address of a package registry anywhere in the tree."""
    # Written in two halves so that this file does not find itself.
    words = [
        "TO" + "DO",
        "FIX" + "ME",
        "Not" + "ImplementedError",
        "/wo" + "rk/",
        "/ro" + "ot/",
        "pypi" + ".org",
        "python" + "hosted",
    ]
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(re.escape(word) for word in words) + r")")
    texts = dict(_texts())
    found = [f"{name}: {match.group(0)}" for name, text in texts.items() for match in pattern.finditer(text)]

    assert "pyproject.toml" in texts
    assert found == []


# The commands


def test_a_missing_python_is_said_in_one_sentence() -> None:
    """Without a Python that is new enough, the commands stop with a sentence that says what to do."""
    command = ["sh", str(ROOT / "scripts" / "find-python.sh")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_clean_environment(PYTHON="python3.99"))

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Recutis needs Python 3.11 or newer; found no python3.99.")


def test_a_python_that_fits_is_found() -> None:
    """The Python that runs these tests is accepted by name."""
    command = ["sh", str(ROOT / "scripts" / "find-python.sh")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_clean_environment(PYTHON=sys.executable))

    assert (done.returncode, done.stdout.strip()) == (0, sys.executable)


# The rule about skipped tests in CI

_SKIPPING = """
import pytest

@pytest.mark.skip(reason="no device here")
def test_sleeps():
    pass

@pytest.mark.xfail(reason="known", strict=True)
def test_fails_as_known():
    assert 1 == 2

def test_runs():
    pass
"""


def _run_pytest(folder: Path, *, ci: bool, allowed: str, test: str = _SKIPPING) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "allowed-skips.txt").write_text(allowed, encoding="utf-8")
    (folder / "test_it.py").write_text(test, encoding="utf-8")
    environment = _clean_environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", **({"CI": "true"} if ci else {}))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        str(folder),
        str(folder),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)


@pytest.mark.parametrize(
    ("ci", "allowed", "code"),
    [(False, "", 0), (True, "", 1), (True, "*::test_sleeps  needs a device\n", 0), (True, "*::test_other  needs a device\n", 1)],
)
def test_a_skip_counts_as_failure_in_ci_only_without_leave(tmp_path: Path, ci: bool, allowed: str, code: int) -> None:
    """Skips pass at home; in CI they fail unless listed; expected failures never count as skips."""
    done = _run_pytest(tmp_path, ci=ci, allowed=allowed)

    assert done.returncode == code, done.stdout + done.stderr
    assert ("test_sleeps was skipped in CI" in done.stdout) == (code == 1)


def test_a_module_that_skips_itself_fails_in_ci(tmp_path: Path) -> None:
    """A whole module that is skipped while being collected counts as well."""
    test = "import pytest\npytest.skip('not here', allow_module_level=True)\n"
    done = _run_pytest(tmp_path, ci=True, allowed="", test=test)

    assert done.returncode != 0
    assert "was skipped in CI" in done.stdout


def test_an_allowed_skip_needs_a_reason(tmp_path: Path) -> None:
    """A line without a reason stops the run and says what to write."""
    done = _run_pytest(tmp_path, ci=True, allowed="*::test_sleeps\n")

    assert done.returncode != 0
    assert "gives no reason" in done.stdout + done.stderr
