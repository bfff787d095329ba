"""The flat public door."""

from __future__ import annotations

from pathlib import Path

import pytest

import recutis

REFERENCE = (Path(__file__).parent.parent / "docs" / "reference.md").read_text(encoding="utf-8")


def test_names_are_sorted() -> None:
    """`__all__` is in order, so that a merge is never a puzzle."""
    assert sorted(recutis.__all__) == recutis.__all__


@pytest.mark.parametrize("name", recutis.__all__)
def test_public_name_loads_and_is_documented(name: str) -> None:
    """Each public name exists, has a docstring, and a heading in the reference."""
    thing = getattr(recutis, name)

    assert thing.__doc__
    assert f"\n### {name}\n" in REFERENCE


def test_unknown_name_is_an_attribute_error() -> None:
    """A wrong name is an ordinary attribute error."""
    with pytest.raises(AttributeError, match="module 'recutis' has no attribute 'lazer'"):
        recutis.lazer  # noqa: B018
