"""Writes the pages that are made from the package: `python scripts/build_docs.py`, or `--check` to only compare.

Made pages: `docs/schema/*.json`, `docs/evidence.md`, `docs/patient-file.md`, `docs/screening.md`, and the catalogue at the
end of `docs/lasers.md`, the errors of the library in `docs/planning.md`.
`docs/claims.md` takes a simulation of every class; `python -m recutis.scorecard.page` writes it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from recutis.evidence.page import page
from recutis.laser.reference import catalogue_markdown
from recutis.patient.pages import patient_file_page, screening_page
from recutis.plan.library.ship import errors_markdown
from recutis.schema import models, schema_text

DOCS = Path(__file__).parents[1] / "docs"
CATALOGUE_MARK = "<!-- catalogue: made by recutis.laser.reference.catalogue_markdown -->"
ERRORS_MARK = "<!-- errors: made by recutis.plan.library.ship.errors_markdown -->"
END_MARK = "<!-- end of errors -->"


def _lasers() -> str:
    """The page on lasers with today's catalogue below its mark."""
    written, mark, _ = (DOCS / "lasers.md").read_text(encoding="utf-8").partition(CATALOGUE_MARK)
    if not mark:
        sys.exit(f"docs/lasers.md has lost its line '{CATALOGUE_MARK}'; put it back where the catalogue begins.")
    return f"{written}{mark}\n{catalogue_markdown()}"


def _planning() -> str:
    """The page on plans with the library's errors between their marks."""
    before, mark, rest = (DOCS / "planning.md").read_text(encoding="utf-8").partition(ERRORS_MARK)
    _, end, after = rest.partition(END_MARK)
    if not (mark and end):
        sys.exit(
            f"docs/planning.md has lost its lines '{ERRORS_MARK}' and '{END_MARK}'; put them back around the table of errors."
        )
    return f"{before}{mark}\n{errors_markdown()}{end}{after}"


def pages() -> dict[Path, str]:
    """Every made page with the text it should have."""
    made = {DOCS / "schema" / f"{name}.json": schema_text(name) for name in models()}
    made[DOCS / "evidence.md"] = page()
    made[DOCS / "lasers.md"] = _lasers()
    made[DOCS / "planning.md"] = _planning()
    made[DOCS / "patient-file.md"] = patient_file_page()
    made[DOCS / "screening.md"] = screening_page()
    return made


def main(*, check: bool) -> int:
    """Write what has changed, or name it; returns the exit status."""
    stale = {path: text for path, text in pages().items() if not path.is_file() or path.read_text(encoding="utf-8") != text}
    for path, text in stale.items():
        print(f"{'out of date' if check else 'written'}: {path.relative_to(DOCS.parent)}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if check and stale:
        print("Run 'make docs' and commit what it wrote.")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
