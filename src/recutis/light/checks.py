"""Is a value of the kind that is asked for? Each check gives it back as plain Python or refuses it in one sentence.

Numbers may be Python's or numpy's own, never truth values, text or arrays; a whole number may be written 2000.0.
"""

from __future__ import annotations

import inspect
import math
import reprlib
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from recutis.errors import InputError, OutOfRangeError

Array = NDArray[np.float64]
Kind = TypeVar("Kind")

_FLOATS: Final = (float, np.floating)
_WHOLES: Final = (int, np.integer)
_NO_NUMBERS: Final = (bool, np.timedelta64)  # which Python and numpy count among the whole numbers
_FARTHEST: Final = 1e100  # its square is a number
_SHORT: Final = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxlong = 40
_SHORT.maxother = 60
_SHORT.maxlevel = 2


def shown(value: object) -> str:
    """A value as messages show it: short, on one line."""
    if isinstance(value, float):
        return f"{value:g}" if not math.isfinite(value) or float(f"{value:g}") == value else repr(float(value))
    try:
        return " ".join(_SHORT.repr(value).split())
    except ValueError:  # Python writes no numbers of more than 4300 digits
        return f"a number of {value.bit_length()} bits" if isinstance(value, int) else f"some {type(value).__name__}"


def real(lead: str, value: object, wanted: str) -> float:
    """A number, finite or not; `lead` begins the message up to the value, as in 'n_above is'.

    Raises InputError when it is none.
    """
    if type(value) is float:
        return value
    if isinstance(value, (*_FLOATS, *_WHOLES)) and not isinstance(value, _NO_NUMBERS):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    msg = f"{lead} {shown(value)}, which is not a number; give {wanted}."
    raise InputError(msg)


def integer(lead: str, value: object, wanted: str) -> int:
    """A whole number. Raises InputError when it is none."""
    if type(value) is int:
        return value
    if isinstance(value, _WHOLES) and not isinstance(value, _NO_NUMBERS):
        return int(value)
    if isinstance(value, _FLOATS) and math.isfinite(value) and value == int(value):
        return int(value)
    msg = f"{lead} {shown(value)}, which is not a whole number; give {wanted}."
    raise InputError(msg)


def number(name: str, value: object, low: float = -math.inf, high: float = math.inf) -> float:
    """A finite number from `low` to `high`. Raises InputError for what is no number, OutOfRangeError outside."""
    wanted = _range("a number" if math.isfinite(low) and math.isfinite(high) else "a finite number", low, high)
    found = real(f"{name} is", value, wanted)
    if not (low <= found <= high and math.isfinite(found)):
        msg = f"{name} is {found:g}; give {wanted}."
        raise OutOfRangeError(msg)
    return found


def positive(name: str, value: object, unit: str = "µm") -> float:
    """A finite number above 0. Raises InputError for what is no number, OutOfRangeError for one that is not above 0."""
    found = real(f"{name} is", value, f"a finite number above 0 {unit}")
    if not 0.0 < found < math.inf:
        msg = f"{name} is {found:g}; give a finite number above 0 {unit}."
        raise OutOfRangeError(msg)
    return found


def whole(name: str, value: object, least: float = -math.inf, most: float = math.inf) -> int:
    """A whole number from `least` to `most`. Raises InputError for what is none, OutOfRangeError outside."""
    wanted = _range("a whole number", least, most)
    found = integer(f"{name} is", value, wanted)
    if not least <= found <= most:
        msg = f"{name} is {shown(found)}; give {wanted}."
        raise OutOfRangeError(msg)
    return found


def _range(what: str, low: float, high: float) -> str:
    if math.isfinite(low) and math.isfinite(high):
        return f"{what} from {low:g} to {high:g}"
    if math.isfinite(low):
        return f"{what} of at least {low:g}"
    return f"{what} of at most {high:g}" if math.isfinite(high) else what


def truth(name: str, value: object) -> bool:
    """True or False. Raises InputError for anything else."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    msg = f"{name} is {shown(value)}; give True or False."
    raise InputError(msg)


def text(name: str, value: object) -> str:
    """Text. Raises InputError for anything else."""
    if isinstance(value, str):
        return value
    msg = f"{name} is {shown(value)}, which is not text; give a name in quotes."
    raise InputError(msg)


def kind(name: str, value: object, wanted: type[Kind], advice: str) -> Kind:
    """An object of a class; `advice` tells where to get one. Raises InputError for anything else."""
    if isinstance(value, wanted):
        return value
    msg = f"{name} is {shown(value)}, which is not a {wanted.__name__}; {advice}."
    raise InputError(msg)


def several(name: str, value: object, wanted: type[Kind] | tuple[type[Kind], ...], advice: str) -> tuple[Kind, ...]:
    """Any number of objects of a class, as a list, a tuple or the like. Raises InputError for anything else."""
    classes = wanted if isinstance(wanted, tuple) else (wanted,)
    called = " or ".join(one.__name__ for one in classes)
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        msg = f"{name} is {shown(value)}, not a list of {called}; {advice}."
        raise InputError(msg)
    try:
        found = tuple(value)
    except TypeError as error:  # numpy's arrays without a dimension
        msg = f"{name} is {shown(value)}, not a list of {called}; {advice}."
        raise InputError(msg) from error
    for place, one in enumerate(found, start=1):
        if not isinstance(one, classes):
            msg = f"{name} has {shown(one)} at place {place}, which is no {called}; {advice}."
            raise InputError(msg)
    return found


def callback(name: str, value: object, takes: int = 1) -> None:
    """Refuse what is neither None nor a function that can be called with so many arguments. Raises InputError."""
    if value is None:
        return
    wanted = f"a function of {('no arguments', 'one argument', 'two arguments')[takes]}"
    if not callable(value):
        msg = f"{name} is {shown(value)}; give {wanted}, or leave it out."
        raise InputError(msg)
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):  # compiled functions may not tell
        return
    try:
        signature.bind(*range(takes))
    except TypeError as error:
        msg = f"{name} is a function of {signature}, which cannot be called as it will be; give {wanted}."
        raise InputError(msg) from error


def numbers(name: str, value: object, wanted: str, *, dimensions: int | None = None, finite: bool = True) -> Array:
    """An array of numbers, of so many dimensions. Raises InputError for what is none, OutOfRangeError for nan and infinity."""
    try:
        found = np.asarray(value)
    except (TypeError, ValueError, OverflowError) as error:  # rows of different lengths
        msg = f"{name} is {shown(value)}, which is not an even array; give {wanted}."
        raise InputError(msg) from error
    if found.dtype.kind not in "iuf":
        msg = f"{name} is {shown(value)}, which is not made of numbers; give {wanted}."
        raise InputError(msg)
    if dimensions is not None and found.ndim != dimensions:
        msg = f"{name} has the shape {found.shape}; give {wanted}."
        raise InputError(msg)
    found = found.astype(np.float64)
    if finite and not np.isfinite(found).all():
        wrong = float(found[~np.isfinite(found)].flat[0])
        msg = f"{name} holds {wrong:g}; give {wanted}, all finite."
        raise OutOfRangeError(msg)
    return found


def rising(name: str, value: object) -> Array:
    """Edges of rings or cells: at least two finite distances of at least 0 that rise.

    Raises InputError for what is no row of numbers, OutOfRangeError for what does not rise.
    """
    wanted = f"a row of at least two distances from 0 to {_FARTHEST:g} that rise"
    found = numbers(name, value, wanted, dimensions=1)
    if found.size < 2 or found[0] < 0.0 or found[-1] > _FARTHEST or not (np.diff(found) > 0.0).all():
        ends = f"runs from {found[0]:g} to {found[-1]:g} in {found.size - 1} steps" if found.size else "is empty"
        msg = f"{name} {ends}; give {wanted}."
        raise OutOfRangeError(msg)
    return found


def floats(thing: object, called: str, wanted: Mapping[str, str]) -> None:
    """Make fields of a frozen dataclass floats; `wanted` tells by name what is allowed.

    Raises InputError for what is no number.
    """
    for name, allowed in wanted.items():
        value = getattr(thing, name)
        if type(value) is not float:
            object.__setattr__(thing, name, real(f"{called} has {name} =", value, allowed))


def wholes(thing: object, called: str, wanted: Mapping[str, str]) -> None:
    """Make fields of a frozen dataclass whole numbers, as `floats` does. Raises InputError for what is none."""
    for name, allowed in wanted.items():
        value = getattr(thing, name)
        if type(value) is not int:
            object.__setattr__(thing, name, integer(f"{called} has {name} =", value, allowed))
