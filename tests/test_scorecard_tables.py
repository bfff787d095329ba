"""Tables of targets from outside: what is read, and what is refused in one clear sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from recutis.errors import InputError
from recutis.scorecard import score_card
from recutis.scorecard.tables import packaged_columns, read_targets

REQUIRED = ("id", "statement", "quantity_to_compute")


def read(path: Path) -> object:
    """The rows of a table of claims."""
    return read_targets(path, table="claims", required=REQUIRED)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"t\.csv is empty; its first line must name the columns id, section"),
        ("id,statement,quantity_to_compute\n", r"t\.csv has columns but no rows; add at least one"),
        ("id,statment,quantity_to_compute\na,b,c\n", r"unknown column 'statment'; did you mean 'statement'\?"),
        ("id,statement,quantity_to_compute,zzzz\na,b,c,d\n", r"unknown column 'zzzz'; the columns are id, section"),
        ("id,statement\na,b\n", r"the column 'quantity_to_compute' is missing"),
        ("id,id,statement,quantity_to_compute\na,a,b,c\n", r"the column 'id' stands twice; keep one"),
        ("id,statement,quantity_to_compute\na,b,c,d\n", r"t\.csv, row 2: 4 cells but 3 columns; put text with commas in quotes"),
        ('id,statement,quantity_to_compute\na,"b,c\n', r"t\.csv is not a CSV table"),
    ],
)
def test_a_bad_table_is_one_clear_sentence(tmp_path: Path, text: str, words: str) -> None:
    """The file, the column or row, and what to do."""
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match=words):
        read(path)


def test_a_table_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    """The path and the reason."""
    binary = tmp_path / "b.csv"
    binary.write_bytes(b"id,\xff\xfe\n")

    with pytest.raises(InputError, match=r"Cannot read .*nowhere\.csv: No such file"):
        read(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match=r"it is not UTF-8 text"):
        read(binary)
    with pytest.raises(InputError, match=r"Cannot read"):
        read(tmp_path)


def test_columns_may_be_in_any_order_and_left_out(tmp_path: Path) -> None:
    """Missing optional columns are empty, a byte-order mark and blank lines do no harm."""
    path = tmp_path / "t.csv"
    path.write_text('\ufeffstatement,quantity_to_compute,id\n\n"a, b",x,ID-1\n', encoding="utf-8")

    (row,) = read_targets(path, table="claims", required=REQUIRED)

    assert set(row.fields) == set(packaged_columns("claims"))
    assert (row.fields["id"], row.fields["statement"], row.fields["verdict"]) == ("ID-1", "a, b", "")
    assert row.place == "t.csv, row 3"


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("clams", r"There is no score card 'clams'; did you mean 'claims'\? choose claims, clinical, light or physics"),
    ],
)
def test_other_cards_are_refused(what: str, words: str) -> None:
    """By name, with what there is."""
    with pytest.raises(InputError, match=words) as caught:
        score_card(what)
    assert caught.value.exit_code == 2
