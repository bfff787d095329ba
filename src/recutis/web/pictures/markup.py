"""Markup made by hand: everything that is not markup already is escaped, and attributes never hold style or script."""

from __future__ import annotations

import re
from html import escape
from typing import Final

Value = str | float | None
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PAIRED: Final = frozenset({"tbody", "ul"})  # never written as one closed tag
_UNKNOWN: Final = "\ufffd"


class Markup(str):
    """Text that may stand in a page as it is; templates that know `__html__` do not escape it again."""

    __slots__ = ()

    def __html__(self) -> str:
        """The text itself."""
        return str(self)


def escaped(text: str) -> Markup:
    """Text as markup: signs of the language escaped, signs that XML does not allow replaced."""
    return text if isinstance(text, Markup) else Markup(escape(_NOT_XML.sub(_UNKNOWN, text), quote=True))


def joined(*parts: str) -> Markup:
    """Parts one after the other, each escaped unless it is markup."""
    return Markup("".join(map(escaped, parts)))


def element(name: str, *inside: str, **attributes: Value) -> Markup:
    """An element; `class_` stands for `class` and `a_b` for `a-b`.

    Attributes that are None are left out. Numbers get two decimals at most.
    """
    told = "".join(f' {_name(key)}="{_value(value)}"' for key, value in attributes.items() if value is not None)
    return Markup(f"<{name}{told}>{joined(*inside)}</{name}>" if inside or name in _PAIRED else f"<{name}{told}/>")


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    return escaped(value) if isinstance(value, str) else plain(value)


def plain(value: float) -> str:
    """A number for an attribute: two decimals at most, no exponent."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
